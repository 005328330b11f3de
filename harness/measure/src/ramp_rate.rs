//! Linearity of a power ramp (AS/NZS 4777.2 clause 3.3.4: within ±4 % of rated of the line).

use crate::linear::least_squares;

/// A ramp as measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RampFigures {
    /// Slope of the least-squares line, unit per second.
    pub slope_per_s: f64,
    /// Largest distance from the least-squares line.
    pub worst_from_fit: f64,
    /// Largest distance from the ideal line through the first point.
    pub worst_from_ideal: f64,
    /// Time of that distance, s.
    pub worst_at_s: f64,
    /// Steepest slope between two points at least `window_s` apart, unit per second.
    pub steepest_per_s: f64,
    /// Standard uncertainty of the slope from the scatter, unit per second.
    pub slope_u: f64,
}

/// Fits (s, value) points, ascending in time, against an ideal slope per second. `None` with
/// fewer than three points or points that are not numbers.
pub fn ramp(points: &[(f64, f64)], ideal_per_s: f64, window_s: f64) -> Option<RampFigures> {
    let first = *points.first()?;
    if points.len() < 3 {
        return None;
    }
    let rows = points.iter().map(|p| ([1.0, p.0 - first.0], p.1));
    let [c0, slope] = least_squares(rows)?;
    let (mut fit, mut ideal, mut at, mut squares) = (0.0_f64, 0.0_f64, first.0, 0.0);
    for (t, y) in points {
        let e = y - c0 - slope * (t - first.0);
        squares += e * e;
        fit = fit.max(e.abs());
        let from_ideal = (y - first.1 - ideal_per_s * (t - first.0)).abs();
        if from_ideal > ideal {
            (ideal, at) = (from_ideal, *t);
        }
    }
    let mut steepest = 0.0_f64;
    let mut left = 0;
    for right in points {
        while points[left + 1].0 + window_s <= right.0 {
            left += 1;
        }
        let span = right.0 - points[left].0;
        if span >= window_s && span > 0.0 {
            steepest = steepest.max(((right.1 - points[left].1) / span).abs());
        }
    }
    let n = points.len() as f64;
    let mean = points.iter().map(|p| p.0).sum::<f64>() / n;
    let spread: f64 = points.iter().map(|p| (p.0 - mean).powi(2)).sum();
    Some(RampFigures {
        slope_per_s: slope,
        worst_from_fit: fit,
        worst_from_ideal: ideal,
        worst_at_s: at,
        steepest_per_s: steepest,
        slope_u: (squares / (n - 2.0) / spread).sqrt(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_a_bump() {
        let mut points: Vec<_> = (0..361)
            .map(|t| (f64::from(t), 8.33 * f64::from(t)))
            .collect();
        points[200].1 += 90.0;
        let found = ramp(&points, 8.33, 60.0).expect("a ramp");
        assert!((found.slope_per_s - 8.33).abs() < 0.01);
        assert!((found.worst_from_ideal - 90.0).abs() < 1e-6 && found.worst_at_s == 200.0);
        assert!((found.steepest_per_s - 8.33 - 1.5).abs() < 1e-6);
        assert!(ramp(&points[..2], 1.0, 1.0).is_none());
        assert!(ramp(&[(0.0, f64::NAN); 5], 1.0, 1.0).is_none());
    }
}
