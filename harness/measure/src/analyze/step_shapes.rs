//! Shapes a step response may have, and what follows from one: its figures in closed form.

use crate::math::{exp, ln, sin_cos};

/// Level that is timed, share of the change.
pub(super) const LEVEL: f64 = 0.9;
/// Half width of the band that a settled response stays in, share of the change.
pub(super) const BAND: f64 = 0.05;

/// How the response goes, with one number of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Towards the target at a rate in proportion to what is missing, but no faster than a limit.
    /// Its number is the share that is missing when the limit is left: 1 is first order, 0 a ramp.
    Limited,
    /// A second-order system; its number is the damping ratio.
    SecondOrder,
}

impl Shape {
    /// Range of its number.
    pub(super) fn range(self) -> (f64, f64) {
        match self {
            Self::Limited => (0.0, 1.0),
            Self::SecondOrder => (0.05, 3.0),
        }
    }

    /// Share of the change at `x`, time in units of the shape, after its begin.
    pub(super) fn unit(self, x: f64, z: f64) -> f64 {
        if x <= 0.0 {
            return 0.0;
        }
        match self {
            Self::Limited => {
                let rest = x - (1.0 - z);
                if rest <= 0.0 {
                    x
                } else if z < 1e-9 {
                    1.0
                } else {
                    1.0 - z * exp(-rest / z)
                }
            }
            Self::SecondOrder => {
                let r = 1.0 - z * z;
                if r.abs() < 1e-6 {
                    1.0 - exp(-x) * (1.0 + x)
                } else if r > 0.0 {
                    let root = r.sqrt();
                    let (s, c) = sin_cos(root * x);
                    1.0 - exp(-z * x) * (c + z / root * s)
                } else {
                    let root = (-r).sqrt();
                    let slow = (z + root) * exp(-(z - root) * x);
                    let fast = (z - root) * exp(-(z + root) * x);
                    1.0 - (slow - fast) / (2.0 * root)
                }
            }
        }
    }

    /// `x` at which [`Self::unit`] first reaches 90 %: on its first rise.
    fn reaches(self, z: f64) -> f64 {
        match self {
            Self::Limited => {
                if z <= 1.0 - LEVEL {
                    LEVEL
                } else {
                    1.0 - z + z * ln(z / (1.0 - LEVEL))
                }
            }
            Self::SecondOrder => {
                let peak = if z < 1.0 {
                    std::f64::consts::PI / (1.0 - z * z).sqrt()
                } else {
                    f64::INFINITY
                };
                crossing(0.0, peak.min(20.0), |x| self.unit(x, z) < LEVEL)
            }
        }
    }

    /// Largest excursion beyond the target, share of the change.
    fn overshoot(self, z: f64) -> f64 {
        match self {
            Self::SecondOrder if z < 1.0 => exp(-z * std::f64::consts::PI / (1.0 - z * z).sqrt()),
            Self::SecondOrder | Self::Limited => 0.0,
        }
    }

    /// `x` from which on [`Self::unit`] stays within [`BAND`] of the target.
    fn settles(self, z: f64) -> f64 {
        let outside = |x: f64| (self.unit(x, z) - 1.0).abs() > BAND;
        // The envelope of the slowest shape of the range is inside by then.
        let end = match self {
            Self::Limited => 4.0,
            Self::SecondOrder => 70.0,
        };
        let steps = 1400;
        let grid = |k: usize| end * k as f64 / steps as f64;
        let last = (0..steps).rev().find(|&k| outside(grid(k)));
        last.map_or(0.0, |k| crossing(grid(k), grid(k + 1), outside))
    }
}

/// Where `before` turns false between `low` and `high`, by bisection.
fn crossing(mut low: f64, mut high: f64, before: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        if before(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// Numbers that place a shape: T90 and delay after the step (s), the shape's own number, the
/// value before and the target.
pub(super) type Numbers = [f64; 5];

/// A shape with its numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Placed {
    pub(super) shape: Shape,
    pub(super) p: Numbers,
    /// Units of the shape per second.
    scale: f64,
}

impl Placed {
    pub(super) fn new(shape: Shape, p: Numbers) -> Self {
        let scale = shape.reaches(p[2]) / (p[0] - p[1]);
        Self { shape, p, scale }
    }

    /// Share of the change done at time `t` after the step, s.
    pub(super) fn share(&self, t: f64) -> f64 {
        self.shape.unit(self.scale * (t - self.p[1]), self.p[2])
    }

    pub(super) fn value(&self, t: f64) -> f64 {
        self.p[3] + (self.p[4] - self.p[3]) * self.share(t)
    }

    /// Slope where 90 % are reached, share of the change per second.
    pub(super) fn slope(&self) -> f64 {
        self.slope_at(self.p[0])
    }

    /// Time constant, s: of a response of first order, with or without a limit at first.
    pub(super) fn tau(&self) -> Option<f64> {
        let z = self.p[2];
        (self.shape == Shape::Limited && z > 0.0).then(|| z / self.scale)
    }

    /// Times at which it bends within no time, s: where it begins and, of a ramp, ends.
    pub(super) fn corners(&self) -> Vec<f64> {
        match self.shape {
            Shape::SecondOrder => Vec::new(),
            Shape::Limited if self.p[2] < 0.05 => {
                vec![self.p[1], self.p[1] + (1.0 - self.p[2]) / self.scale]
            }
            Shape::Limited => vec![self.p[1]],
        }
    }

    /// Slope at `t`, share of the change per second.
    pub(super) fn slope_at(&self, t: f64) -> f64 {
        let d = 1e-3 * (self.p[0] - self.p[1]);
        (self.share(t + d) - self.share(t - d)) / (2.0 * d)
    }

    pub(super) fn overshoot(&self) -> f64 {
        self.shape.overshoot(self.p[2])
    }

    /// Time from the step from which on the value stays within [`BAND`], s.
    pub(super) fn settling(&self) -> f64 {
        self.p[1] + self.shape.settles(self.p[2]) / self.scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_forms() {
        let first = Placed::new(Shape::Limited, [2.0, 0.5, 1.0, 0.0, 1.0]);
        let tau = 1.5 / 10_f64.ln();
        assert!((first.tau().expect("first order") - tau).abs() < 1e-12);
        assert!((first.value(0.5 + tau) - (1.0 - (-1.0_f64).exp())).abs() < 1e-12);
        assert!((first.settling() - 0.5 - tau * 20_f64.ln()).abs() < 1e-9);
        assert!((first.slope() - 0.1 / tau).abs() < 1e-5);
        let ramp = Placed::new(Shape::Limited, [1.8, 0.0, 0.0, 3.0, 5.0]);
        assert!((ramp.value(1.0) - 4.0).abs() < 1e-12 && ramp.value(2.5) == 5.0);
        assert!((ramp.settling() - 1.9).abs() < 1e-9 && ramp.tau().is_none());
        // Slope 1 down to what is missing, then first order: without a corner.
        let both = Placed::new(Shape::Limited, [1.0, 0.0, 0.4, 0.0, 1.0]);
        let corner = 0.6 / both.scale;
        assert!((both.value(corner - 1e-6) - both.value(corner + 1e-6)).abs() < 1e-5);
        assert!((both.value(1.0) - 0.9).abs() < 1e-12);
        for z in [0.3, 0.7, 0.999_999_9, 1.000_01, 2.5] {
            let second = Placed::new(Shape::SecondOrder, [1.0, 0.0, z, 0.0, 1.0]);
            assert!((second.value(1.0) - 0.9).abs() < 1e-9, "{z}");
            // y'' = ω²(1 − y) − 2zω y'
            let (w, h, t) = (second.scale, 1e-4, 0.7);
            let y = [t - h, t, t + h].map(|t| second.value(t));
            let (d1, d2) = (
                (y[2] - y[0]) / (2.0 * h),
                (y[2] - 2.0 * y[1] + y[0]) / (h * h),
            );
            let right = w * w * (1.0 - y[1]) - 2.0 * z * w * d1;
            assert!((d2 - right).abs() < 1e-4 * w * w, "{z}: {d2} {right}");
            let t = second.settling();
            assert!(((second.value(t) - 1.0).abs() - BAND).abs() < 1e-6, "{z}");
        }
        let peak = Placed::new(Shape::SecondOrder, [1.0, 0.0, 0.5, 0.0, 1.0]);
        let highest = (0..400)
            .map(|k| peak.value(0.01 * f64::from(k)))
            .fold(0.0, f64::max);
        assert!((highest - 1.0 - peak.overshoot()).abs() < 1e-4);
    }
}
