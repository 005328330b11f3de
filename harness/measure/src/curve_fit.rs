//! A measured characteristic as straight pieces with free break points (docs/models.md,
//! section 11): where a droop begins and ends, how steep it is, and by how much the way up
//! differs from the way down.
//!
//! The curve is y = c0 + c1·x + Σ s_j·max(0, x − k_j). It is linear but for the break points k_j,
//! which are found by Gauss–Newton steps: the derivative with respect to k_j is −s_j right of it.

use crate::linear::regression;
use crate::math::RootSum;
use crate::uncertainty::student;

/// Most rounds of the search; five to ten are usual.
const ROUNDS: usize = 60;

/// A break point of the curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Knee {
    /// Where it lies, unit of x.
    pub x: f64,
    /// Standard uncertainty from the scatter of the points, unit of x.
    pub x_u: f64,
    /// Height of the curve there, unit of y.
    pub y: f64,
    /// Slope right of it less the slope left of it.
    pub bend: f64,
}

/// Straight pieces through measured points.
#[derive(Debug, Clone, PartialEq)]
pub struct CurveFit {
    /// Break points, ascending in x.
    pub knees: Vec<Knee>,
    /// Slopes of the pieces from left to right, one more than knees.
    pub slopes: Vec<f64>,
    /// Standard uncertainties of the slopes from the scatter.
    pub slopes_u: Vec<f64>,
    /// Standard deviation of the points about the curve, unit of y.
    pub sigma: f64,
}

/// Why points do not make a curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CurveError {
    /// Not one to four break points in ascending order with room to move.
    #[error("a curve needs one to four break points in ascending order, each with room to move")]
    Guess,
    /// Too few points, or points that are not numbers.
    #[error("too few points: each straight piece needs at least three with different x")]
    Points,
    /// A break point left its reach: the curve does not bend where it was expected.
    #[error("no bend within reach of break point {0} (counted from 1)")]
    NoBend(usize),
}

/// Fits (x, y) points, in any order, with break points near `guesses` (ascending, one to four),
/// each searched within ±`reach`.
///
/// # Errors
/// See [`CurveError`]. A break point whose bend is not at least twice its uncertainty is none.
pub fn fit_curve(
    points: &[(f64, f64)],
    guesses: &[f64],
    reach: f64,
) -> Result<CurveFit, CurveError> {
    let ascending = guesses.windows(2).all(|g| g[1] > g[0]);
    if !ascending || reach.is_nan() || reach <= 0.0 {
        return Err(CurveError::Guess);
    }
    // Two coefficients of the first piece, a bend and a shift for each knee.
    match guesses.len() {
        1 => search::<4>(points, guesses, reach),
        2 => search::<6>(points, guesses, reach),
        3 => search::<8>(points, guesses, reach),
        4 => search::<10>(points, guesses, reach),
        _ => Err(CurveError::Guess),
    }
}

fn search<const N: usize>(
    points: &[(f64, f64)],
    guesses: &[f64],
    reach: f64,
) -> Result<CurveFit, CurveError> {
    let count = guesses.len();
    let origin = guesses[0];
    if points.iter().any(|p| !p.0.is_finite() || !p.1.is_finite()) {
        return Err(CurveError::Points);
    }
    let mut knots = guesses.to_vec();
    // Unit bends until the first solution: the shifts then mean nothing, and are not used.
    let mut bends: Option<Vec<f64>> = None;
    let mut best = None;
    for round in 0..ROUNDS {
        let row = |x: f64| {
            let mut row = [0.0; N];
            (row[0], row[1]) = (1.0, x - origin);
            for j in 0..count {
                let right = f64::from(u8::from(x > knots[j]));
                row[2 + j] = right * (x - knots[j]);
                row[2 + count + j] = -right * bends.as_ref().map_or(1.0, |b| b[j]);
            }
            row
        };
        let found = regression(points.iter().map(|p| (row(p.0), p.1))).ok_or(CurveError::Points)?;
        let now: Vec<f64> = found.x[2..2 + count].to_vec();
        let first = bends.is_none();
        let shifts: Vec<f64> = (0..count)
            .map(|j| {
                let shift = found.x[2 + count + j];
                // In the first round the column was not scaled by the bend.
                if first && now[j] != 0.0 {
                    shift / now[j]
                } else {
                    shift
                }
            })
            .collect();
        let largest = shifts.iter().map(|s| s.abs()).fold(0.0, f64::max);
        // Later rounds move less, so that a knee between two points comes to rest.
        let damping = if round < 20 { 1.0 } else { 0.3 };
        for j in 0..count {
            let to = knots[j] + (damping * shifts[j]).clamp(-0.5 * reach, 0.5 * reach);
            knots[j] = to.clamp(guesses[j] - reach, guesses[j] + reach);
        }
        if knots.windows(2).any(|k| k[1] <= k[0]) {
            return Err(CurveError::NoBend(count));
        }
        bends = Some(now);
        best = Some(found);
        if !first && largest < 1e-7 * reach {
            break;
        }
    }
    let found = best.ok_or(CurveError::Points)?;
    report(points, guesses, reach, &knots, &found)
}

/// The last step taken once more without shifts, for the curve itself; uncertainties from the
/// step with them.
fn report<const N: usize>(
    points: &[(f64, f64)],
    guesses: &[f64],
    reach: f64,
    knots: &[f64],
    found: &crate::linear::Regression<N>,
) -> Result<CurveFit, CurveError> {
    let count = knots.len();
    let widen = student(found.freedom);
    let mut fit = CurveFit {
        knees: Vec::new(),
        slopes: vec![found.x[1]],
        slopes_u: vec![found.u(1) * widen],
        sigma: found.sigma,
    };
    let mut y = found.x[0] + found.x[1] * (knots[0] - guesses[0]);
    for j in 0..count {
        let (bend, bend_u) = (found.x[2 + j], found.u(2 + j) * widen);
        let edge = (knots[j] - guesses[j]).abs() >= reach * (1.0 - 1e-9);
        if edge || bend.abs() <= 2.0 * bend_u {
            return Err(CurveError::NoBend(j + 1));
        }
        let slope = fit.slopes[j];
        if j > 0 {
            y += slope * (knots[j] - knots[j - 1]);
        }
        fit.knees.push(Knee {
            x: knots[j],
            x_u: found.u(2 + count + j) * widen,
            y,
            bend,
        });
        fit.slopes.push(slope + bend);
        let (from, to) = (knots[j], knots.get(j + 1).copied().unwrap_or(f64::INFINITY));
        fit.slopes_u
            .push(piece_u(points, from, to, found.sigma).unwrap_or(f64::INFINITY) * widen);
    }
    Ok(fit)
}

/// Standard uncertainty of the slope of the points with x in (from, to).
fn piece_u(points: &[(f64, f64)], from: f64, to: f64, sigma: f64) -> Option<f64> {
    let inside = || {
        points
            .iter()
            .filter(|p| p.0 > from && p.0 < to)
            .map(|p| p.0)
    };
    let n = inside().count() as f64;
    let mean = inside().sum::<f64>() / n;
    let spread: f64 = inside().map(|x| (x - mean).powi(2)).sum();
    (spread > 0.0).then(|| sigma / spread.sqrt())
}

impl CurveFit {
    /// The curve at `x`.
    pub fn at(&self, x: f64) -> f64 {
        let Some(first) = self.knees.first() else {
            return f64::NAN;
        };
        let mut y = first.y + self.slopes[0] * (x - first.x);
        for knee in self.knees.iter().filter(|k| x > k.x) {
            y += knee.bend * (x - knee.x);
        }
        y
    }

    /// Edges of the flattest piece between two knees: the deadband. `None` with fewer than two.
    pub fn deadband(&self) -> Option<(Knee, Knee)> {
        let inner = 1..self.slopes.len().saturating_sub(1);
        let flat = inner.min_by(|&a, &b| self.slopes[a].abs().total_cmp(&self.slopes[b].abs()))?;
        Some((self.knees[flat - 1], self.knees[flat]))
    }
}

/// How far a knee lies apart on the way up and on the way down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hysteresis {
    /// Mean of the two positions, unit of x.
    pub x: f64,
    /// Position on the way up less the one on the way down, unit of x.
    pub width: f64,
    /// Standard uncertainty of the width from the scatter, unit of x.
    pub width_u: f64,
}

/// Fits a sweep up and a sweep down on their own and compares knee by knee.
///
/// # Errors
/// Those of [`fit_curve`], of the way up first.
pub fn hysteresis(
    up: &[(f64, f64)],
    down: &[(f64, f64)],
    guesses: &[f64],
    reach: f64,
) -> Result<Vec<Hysteresis>, CurveError> {
    let (up, down) = (
        fit_curve(up, guesses, reach)?,
        fit_curve(down, guesses, reach)?,
    );
    let pairs = up.knees.iter().zip(&down.knees);
    Ok(pairs
        .map(|(u, d)| Hysteresis {
            x: 0.5 * (u.x + d.x),
            width: u.x - d.x,
            width_u: u.x_u.root_sum(d.x_u),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Volt-var of AS/NZS 4777.2, Australia A, % of rated.
    fn curve(v: f64) -> f64 {
        let knots = [(207.0, 44.0), (220.0, 0.0), (240.0, 0.0), (258.0, -60.0)];
        let part = knots.windows(2).find(|k| v <= k[1].0);
        match part {
            _ if v <= 207.0 => 44.0,
            Some(k) => k[0].1 + (v - k[0].0) * (k[1].1 - k[0].1) / (k[1].0 - k[0].0),
            None => -60.0,
        }
    }

    fn sweep(shift: f64, noise: f64, seed: u64) -> Vec<(f64, f64)> {
        let mut seed = seed;
        (0..130)
            .map(|k| {
                let mut sum = -6.0;
                for _ in 0..12 {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    sum += (seed >> 11) as f64 / (1_u64 << 53) as f64;
                }
                let v = 200.0 + 0.5 * f64::from(k);
                (v, curve(v - shift) + noise * sum)
            })
            .collect()
    }

    #[test]
    fn edges_of_a_volt_var_curve_within_a_fifth_of_a_volt() {
        for seed in 1..200 {
            let fit = fit_curve(&sweep(0.7, 0.5, seed), &[207.0, 220.0, 240.0, 258.0], 2.0)
                .expect("a curve");
            for (knee, v) in fit.knees.iter().zip([207.7, 220.7, 240.7, 258.7]) {
                assert!(
                    (knee.x - v).abs() < 0.4 && knee.x_u < 0.15,
                    "{seed}: {knee:?}"
                );
            }
            let (left, right) = fit.deadband().expect("two knees");
            assert!((left.x - 220.7).abs() < 0.3 && (right.x - 240.7).abs() < 0.3);
            assert!((fit.slopes[3] + 60.0 / 18.0).abs() < 0.1 && fit.slopes[2].abs() < 0.1);
            assert!((fit.at(230.0) - 0.0).abs() < 0.3 && (fit.sigma - 0.5).abs() < 0.15);
        }
    }

    #[test]
    fn exact_points_give_the_exact_curve_and_hysteresis() {
        let guesses = [206.3, 221.0, 239.2, 258.4];
        let found =
            hysteresis(&sweep(0.6, 1e-9, 1), &sweep(-0.6, 1e-9, 2), &guesses, 3.0).expect("both");
        for (h, v) in found.iter().zip([207.0, 220.0, 240.0, 258.0]) {
            assert!(
                (h.width - 1.2).abs() < 1e-4 && (h.x - v).abs() < 1e-4,
                "{h:?}"
            );
        }
    }

    #[test]
    fn what_does_not_bend_is_said() {
        let line: Vec<_> = (0..50)
            .map(|k| (f64::from(k), 3.0 * f64::from(k % 7)))
            .collect();
        assert!(matches!(
            fit_curve(&line, &[25.0], 5.0),
            Err(CurveError::NoBend(1))
        ));
        assert_eq!(fit_curve(&line[..3], &[1.0], 5.0), Err(CurveError::Points));
        assert_eq!(fit_curve(&line, &[], 5.0), Err(CurveError::Guess));
        assert_eq!(fit_curve(&line, &[2.0, 1.0], 5.0), Err(CurveError::Guess));
    }
}
