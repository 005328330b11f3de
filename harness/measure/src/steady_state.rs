//! When a quantity has settled (docs/models.md, section 11): the first window in which a line
//! through the points is flat and the points stay together. That it never settled is a result.

use std::collections::VecDeque;

/// What counts as settled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SteadyCriteria {
    /// Length of the window, s: five time constants of the meter at least.
    pub window_s: f64,
    /// Most that the line through the window may climb or fall from its begin to its end.
    pub drift: f64,
    /// Most that the largest value in the window may exceed the smallest.
    pub range: f64,
}

impl SteadyCriteria {
    /// The criteria for a quantity with rating `rated` in points of standard deviation `sigma`,
    /// `count` of them in a window of `window_s`: a drift of 0.5 % of the rating, or what noise
    /// alone feigns (the line's climb has a standard deviation of σ√(12/count)), if that is more;
    /// a range of twice 0.5 % and 7 σ.
    pub fn of_rating(rated: f64, sigma: f64, count: usize, window_s: f64) -> Self {
        let share = 0.005 * rated.abs();
        Self {
            window_s,
            drift: share.max(3.0 * sigma * (12.0 / count.max(1) as f64).sqrt()),
            range: 2.0 * share + 7.0 * sigma,
        }
    }
}

/// Figures of one window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SteadyWindow {
    /// Time of the first point, s.
    pub from_s: f64,
    /// Time of the last point, s.
    pub to_s: f64,
    /// Mean of the points.
    pub mean: f64,
    /// Climb of the least-squares line from the first to the last point.
    pub drift: f64,
    /// Largest less smallest value.
    pub range: f64,
    /// Points in it.
    pub count: usize,
}

/// Whether and when it settled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Settling {
    /// The first window that meets both criteria.
    Settled(SteadyWindow),
    /// None does; the window that came nearest (smallest of the larger excess).
    Unsettled(SteadyWindow),
    /// Less than a window was recorded, or a point is not a number.
    Unknown,
}

/// Looks for the first settled window in (s, value) points, ascending in time.
pub fn settling(points: &[(f64, f64)], criteria: &SteadyCriteria) -> Settling {
    let bad = |p: &(f64, f64)| !p.0.is_finite() || !p.1.is_finite();
    let usable = criteria.window_s > 0.0 && criteria.drift > 0.0 && criteria.range > 0.0;
    if !usable || points.iter().any(bad) || points.windows(2).any(|p| p[1].0 <= p[0].0) {
        return Settling::Unknown;
    }
    let mut window = Running::default();
    let mut nearest: Option<(f64, SteadyWindow)> = None;
    for k in 0..points.len() {
        window.push(points, k);
        // As short as the window may be and still be `window_s` long.
        while window.first < k && points[k].0 - points[window.first + 1].0 >= criteria.window_s {
            window.pop(points);
        }
        if points[k].0 - points[window.first].0 < criteria.window_s || k < window.first + 2 {
            continue;
        }
        let found = window.figures(points, k);
        let excess = (found.drift.abs() / criteria.drift).max(found.range / criteria.range);
        if excess <= 1.0 {
            return Settling::Settled(found);
        }
        if nearest.is_none_or(|(least, _)| excess < least) {
            nearest = Some((excess, found));
        }
    }
    nearest.map_or(Settling::Unknown, |(_, found)| Settling::Unsettled(found))
}

/// Sums and extremes of the points `first..=k`, each point entering and leaving once.
#[derive(Default)]
struct Running {
    first: usize,
    count: usize,
    /// Sums of y, t, ty, tt with t and y from the first point of the record.
    sums: [f64; 4],
    highs: VecDeque<usize>,
    lows: VecDeque<usize>,
}

impl Running {
    fn terms(points: &[(f64, f64)], k: usize) -> [f64; 4] {
        let (t, y) = (points[k].0 - points[0].0, points[k].1 - points[0].1);
        [y, t, t * y, t * t]
    }

    fn push(&mut self, points: &[(f64, f64)], k: usize) {
        for (sum, term) in self.sums.iter_mut().zip(Self::terms(points, k)) {
            *sum += term;
        }
        self.count += 1;
        let y = |k: usize| points[k].1;
        while self.highs.back().is_some_and(|&b| y(b) <= y(k)) {
            self.highs.pop_back();
        }
        self.highs.push_back(k);
        while self.lows.back().is_some_and(|&b| y(b) >= y(k)) {
            self.lows.pop_back();
        }
        self.lows.push_back(k);
    }

    fn pop(&mut self, points: &[(f64, f64)]) {
        for (sum, term) in self.sums.iter_mut().zip(Self::terms(points, self.first)) {
            *sum -= term;
        }
        self.count -= 1;
        for ends in [&mut self.highs, &mut self.lows] {
            if ends.front() == Some(&self.first) {
                ends.pop_front();
            }
        }
        self.first += 1;
    }

    fn figures(&self, points: &[(f64, f64)], k: usize) -> SteadyWindow {
        let n = self.count as f64;
        let [y, t, ty, tt] = self.sums;
        let spread = tt - t * t / n;
        let slope = if spread > 0.0 {
            (ty - t * y / n) / spread
        } else {
            0.0
        };
        let at = |ends: &VecDeque<usize>| ends.front().map_or(0.0, |&e| points[e].1);
        SteadyWindow {
            from_s: points[self.first].0,
            to_s: points[k].0,
            mean: points[0].1 + y / n,
            drift: slope * (points[k].0 - points[self.first].0),
            range: at(&self.highs) - at(&self.lows),
            count: self.count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CRITERIA: SteadyCriteria = SteadyCriteria {
        window_s: 2.0,
        drift: 5.0,
        range: 10.0,
    };

    fn series(of: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        (0..400)
            .map(|k| (f64::from(k) * 0.05, of(f64::from(k) * 0.05)))
            .collect()
    }

    #[test]
    fn an_exponential_settles_when_its_drift_is_small() {
        let points = series(|t| 1000.0 * (1.0 - (-t / 1.5).exp()));
        let Settling::Settled(found) = settling(&points, &CRITERIA) else {
            panic!("did not settle");
        };
        // The line through a window of 2 s from t climbs by about 0.72 · 1000 e^(−t/1.5): 5 at 7.45 s.
        assert!((found.from_s - 7.45).abs() < 0.3, "{found:?}");
        assert!((found.to_s - found.from_s - 2.0).abs() < 0.051);
        assert!(found.drift > 0.0 && found.drift <= 5.0 && found.mean > 990.0);
    }

    #[test]
    fn ripple_and_creep_never_settle() {
        let ripple = series(|t| 500.0 + 6.0 * (4.0 * std::f64::consts::TAU * t).sin());
        let creep = series(|t| 500.0 + 3.0 * t);
        for (points, drift) in [(ripple, false), (creep, true)] {
            let Settling::Unsettled(near) = settling(&points, &CRITERIA) else {
                panic!("settled");
            };
            assert_eq!(near.drift.abs() > CRITERIA.drift, drift, "{near:?}");
            assert!(near.range > CRITERIA.range || drift);
        }
    }

    #[test]
    fn too_little_is_unknown() {
        assert_eq!(
            settling(&series(|_| 1.0)[..30], &CRITERIA),
            Settling::Unknown
        );
        let mut points = series(|_| 1.0);
        points[7].1 = f64::NAN;
        assert_eq!(settling(&points, &CRITERIA), Settling::Unknown);
        assert_eq!(settling(&[], &CRITERIA), Settling::Unknown);
    }

    #[test]
    fn running_figures_are_those_of_the_window_itself() {
        let points = series(|t| (t * 7.3).sin() * 40.0 - 3.0 * t);
        let mut window = Running::default();
        for k in 0..points.len() {
            window.push(&points, k);
            if k >= 60 {
                window.pop(&points);
            }
            let part = &points[window.first..=k];
            let found = window.figures(&points, k);
            let high = part.iter().map(|p| p.1).fold(f64::MIN, f64::max);
            let low = part.iter().map(|p| p.1).fold(f64::MAX, f64::min);
            assert!((found.range - (high - low)).abs() < 1e-9);
            let mean = part.iter().map(|p| p.1).sum::<f64>() / part.len() as f64;
            assert!((found.mean - mean).abs() < 1e-9);
        }
    }
}
