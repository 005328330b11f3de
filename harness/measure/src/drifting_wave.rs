//! A sine whose amplitude and phase change over some half cycles, fitted by least squares.

use crate::linear::least_squares;
use crate::math::{RootSum, exp, sin_cos};

/// How the amplitude of a fitted wave changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Shape {
    /// Amplitude and phase change linearly.
    Linear,
    /// The amplitude falls to 1/e within as many half cycles.
    Exponential(f64),
}

/// A sine that changes, with a direct part.
pub(crate) struct Drifting {
    origin: f64,
    turn: f64,
    shape: Shape,
    /// Direct, sine, cosine, and the change of the latter two per radian.
    pub(crate) terms: [f64; 5],
    /// RMS of what the model leaves.
    pub(crate) residual: f64,
}

impl Drifting {
    /// Fits samples `first..end`.
    pub(crate) fn new(
        amps: &[f64],
        first: usize,
        end: usize,
        half_cycle: usize,
        shape: Shape,
    ) -> Option<Self> {
        let window = amps.get(first..end).filter(|w| w.len() >= 8)?;
        let mut fit = Self {
            origin: 0.5 * (first + end - 1) as f64,
            turn: std::f64::consts::PI / half_cycle as f64,
            shape,
            terms: [0.0; 5],
            residual: 0.0,
        };
        let rows = window.iter().enumerate().map(|(k, &x)| {
            let (angle, fall) = fit.progress((first + k) as f64);
            let (s, c) = sin_cos(angle);
            ([1.0, fall * s, fall * c, angle * s, angle * c], x)
        });
        fit.terms = match shape {
            Shape::Linear => least_squares(rows)?,
            Shape::Exponential(_) => {
                let [direct, a, b] =
                    least_squares(rows.map(|([one, s, c, ..], x)| ([one, s, c], x)))?;
                [direct, a, b, 0.0, 0.0]
            }
        };
        let sum: f64 = window
            .iter()
            .enumerate()
            .map(|(k, x)| (x - fit.at((first + k) as f64)).powi(2))
            .sum();
        fit.residual = (sum / window.len() as f64).sqrt();
        Some(fit)
    }

    /// Angle at a position and the factor of an exponential.
    fn progress(&self, at: f64) -> (f64, f64) {
        let angle = (at - self.origin) * self.turn;
        let fall = match self.shape {
            Shape::Linear => 1.0,
            Shape::Exponential(halves) => exp(-angle / (std::f64::consts::PI * halves)),
        };
        (angle, fall)
    }

    /// Amplitudes of sine and cosine at a position, and both there.
    fn parts(&self, at: f64) -> (f64, f64, f64, f64) {
        let (angle, fall) = self.progress(at);
        let (s, c) = sin_cos(angle);
        let [_, a, b, da, db] = self.terms;
        (a * fall + da * angle, b * fall + db * angle, s, c)
    }

    pub(crate) fn at(&self, at: f64) -> f64 {
        let (a, b, s, c) = self.parts(at);
        self.terms[0] + a * s + b * c
    }

    pub(crate) fn envelope(&self, at: f64) -> f64 {
        let (a, b, ..) = self.parts(at);
        a.root_sum(b)
    }
}
