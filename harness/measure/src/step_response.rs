//! Times of a step response: commencement, completion inside a corridor, T90, overshoot.

/// A response as (time relative to the step in s, value), ascending in time.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    points: Vec<(f64, f64)>,
}

/// A settled level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// Mean.
    pub mean: f64,
    /// Standard deviation of single points.
    pub sigma: f64,
    /// Number of points.
    pub count: usize,
}

impl Response {
    /// Wraps points, ascending in time.
    pub fn new(points: Vec<(f64, f64)>) -> Self {
        Self { points }
    }

    /// The points.
    pub fn points(&self) -> &[(f64, f64)] {
        &self.points
    }

    /// Time of the last point, s.
    pub fn end(&self) -> f64 {
        self.points.last().map_or(0.0, |p| p.0)
    }

    /// Level over `from ≤ t ≤ to`; `None` with fewer than three points.
    pub fn level(&self, from: f64, to: f64) -> Option<Level> {
        let inside = || {
            self.points
                .iter()
                .filter(|p| p.0 >= from && p.0 <= to)
                .map(|p| p.1)
        };
        let count = inside().count();
        if count < 3 {
            return None;
        }
        let mean = inside().sum::<f64>() / count as f64;
        let square = inside().map(|y| (y - mean) * (y - mean)).sum::<f64>();
        Some(Level {
            mean,
            sigma: (square / (count - 1) as f64).sqrt(),
            count,
        })
    }

    /// Level over the last `fraction` of the time after the step.
    pub fn settled(&self, fraction: f64) -> Option<Level> {
        self.level((1.0 - fraction) * self.end(), self.end())
    }

    /// First time after the step from which the value satisfies `inside` to the end of the
    /// record: `Some(0)` if it always does, `None` if it does not at the end. Between the last
    /// point outside and the first inside the instant is interpolated at the bound between them.
    pub fn stays(&self, bounds: (f64, f64)) -> Option<f64> {
        let inside = |y: f64| y >= bounds.0 && y <= bounds.1;
        let after: Vec<_> = self.points.iter().filter(|p| p.0 >= 0.0).collect();
        let last = after.iter().rposition(|p| !inside(p.1));
        match last {
            None => (!after.is_empty()).then_some(0.0),
            Some(k) => {
                let (a, b) = (after[k], after.get(k + 1)?);
                let bound = if a.1 > bounds.1 { bounds.1 } else { bounds.0 };
                Some(interpolate(*a, **b, bound))
            }
        }
    }

    /// Whether the value could have been inside `bounds` by `latest` and stayed, if the level
    /// were off by `guard`.
    pub fn may_stay(&self, bounds: (f64, f64), guard: f64, latest: f64) -> bool {
        self.stays((bounds.0 - guard, bounds.1 + guard))
            .is_some_and(|at| at <= latest)
    }

    /// First time after the step at which the value reaches `level` in direction `sign` (±1).
    pub fn reaches(&self, level: f64, sign: f64) -> Option<f64> {
        let after: Vec<_> = self.points.iter().filter(|p| p.0 >= 0.0).collect();
        let k = after.iter().position(|p| sign * (p.1 - level) >= 0.0)?;
        match k.checked_sub(1) {
            None => Some(0.0),
            Some(j) => Some(interpolate(*after[j], *after[k], level)),
        }
    }

    /// Largest excursion beyond `y1` in the direction from `y0`, as a fraction of |y1 − y0|.
    pub fn overshoot(&self, y0: f64, y1: f64) -> f64 {
        let span = y1 - y0;
        if span == 0.0 {
            return 0.0;
        }
        self.points
            .iter()
            .filter(|p| p.0 >= 0.0)
            .map(|p| (p.1 - y1) / span)
            .fold(0.0, f64::max)
    }
}

/// Time between two points at which the line between them has value `y`.
fn interpolate(a: (f64, f64), b: (f64, f64), y: f64) -> f64 {
    if a.1 == b.1 || !y.is_finite() {
        return b.0;
    }
    a.0 + (b.0 - a.0) * ((y - a.1) / (b.1 - a.1)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_times() {
        let tau = 0.8;
        let points: Vec<_> = (-50..600)
            .map(|k| {
                let t = f64::from(k) * 0.01;
                (
                    t,
                    if t < 0.3 {
                        0.0
                    } else {
                        -0.5 * (1.0 - (-(t - 0.3) / tau).exp())
                    },
                )
            })
            .collect();
        let response = Response::new(points);
        let t90 = response.reaches(-0.45, -1.0).expect("reached");
        assert!((t90 - 0.3 - tau * 10.0_f64.ln()).abs() < 1e-3, "{t90}");
        let inside = response.stays((-0.6, -0.46)).expect("inside");
        assert!(
            (inside - 0.3 - tau * 12.5_f64.ln()).abs() < 1e-3,
            "{inside}"
        );
        assert!(response.stays((0.1, 0.2)).is_none());
        assert_eq!(response.stays((-1.0, 1.0)), Some(0.0));
        assert!(response.overshoot(0.0, -0.5) < 1e-9);
    }
}
