//! A fitted shape that explains a response, and what its figures are uncertain by.

use super::step_regress::{Fitted, Point};
use super::step_shapes::Placed;
use super::step_timing::{Figure, known};
use crate::math::RootSum;
use crate::uncertainty::Budget;

/// Squares of the difference from a shape that pass beside noise, of one observation on the rise:
/// 0.2 % of the change.
const MISFIT: f64 = 0.002;

/// What is known of the noise of observations.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noise {
    /// Standard deviation of one observation without the converter's step.
    pub(super) deviation: f64,
    /// Variance of one observation, with the converter's step and what no fit resolves.
    pub(super) variance: f64,
    /// Observations it is known from.
    pub(super) count: usize,
    /// What noise that stays alike from one to the next widens uncertainties by.
    pub(super) widen: f64,
    /// Standard uncertainty of a level that rests, by the converter's step.
    pub(super) unseen: f64,
}

/// A fit with what is left beside noise.
pub(super) struct Accepted {
    pub(super) fit: Fitted,
    /// Standard deviation from the shape beside noise, share.
    misfit: f64,
    /// What correlated residuals widen uncertainties by.
    widen: f64,
    /// The shape as it would be fitted if the level before or after were off by what the
    /// converter's step leaves of it: all samples at rest are off alike.
    rest: [Placed; 2],
}

impl Accepted {
    /// The fit, if it leaves no more than noise and a little.
    pub(super) fn new(fit: Fitted, points: &[Point], noise: Noise) -> Option<Self> {
        let placed = fit.placed;
        // A ringing goes on after 90 %.
        let end = (2.0 * placed.p[0]).max(1.5 * placed.settling());
        let rise: f64 = points
            .iter()
            .filter(|p| (0.0..=end).contains(&p.t))
            .map(|p| p.weight)
            .sum();
        let freedom = fit.freedom as f64;
        let scatter = (2.0 / freedom + 2.0 / noise.count.max(1) as f64).sqrt();
        // Samples within one step of the converter are off alike: their mean is no better.
        let beside_noise = MISFIT.root_sum(noise.unseen);
        let most = noise.variance * freedom * (1.0 + 3.0 * scatter) + rise * beside_noise.powi(2);
        if fit.left > most {
            return None;
        }
        let beside =
            (fit.left - noise.variance * freedom * (1.0 + scatter)).max(0.0) / rise.max(1.0);
        let residuals: Vec<f64> = points
            .iter()
            .map(|p| p.weight.sqrt() * p.residual(&placed))
            .collect();
        let along: f64 = residuals.windows(2).map(|w| w[0] * w[1]).sum();
        let rho = (along / fit.left.max(f64::MIN_POSITIVE)).min(0.9);
        let alike = if rho > 2.0 / (points.len() as f64).sqrt() {
            ((1.0 + rho) / (1.0 - rho)).sqrt()
        } else {
            1.0
        };
        // Of noise that is held, the groups of samples show a part.
        let held = noise.widen * noise.variance.sqrt() / fit.sigma().max(f64::MIN_POSITIVE);
        let widen = if noise.widen > 1.0 {
            alike.max(held)
        } else {
            alike
        };
        let resting = 0.5 * noise.unseen * 12.0_f64.sqrt();
        let rests = |p: &Point| (placed.share(p.t) - 1.0).abs() < resting && p.t > placed.p[0];
        let shift = |at: bool| if at { noise.unseen } else { 0.0 };
        let rest = [
            fit.moved(points, |p| shift(p.t < placed.p[1].max(0.0))),
            fit.moved(points, |p| shift(rests(p))),
        ];
        Some(Self {
            fit,
            misfit: beside.sqrt(),
            widen,
            rest,
        })
    }

    /// Standard uncertainty of an instant at which the shape has this `slope` by what is no noise.
    pub(super) fn misfit_u(&self, slope: f64) -> f64 {
        self.misfit / slope.max(1e-12) / 3.0_f64.sqrt()
    }

    /// A figure in `unit` with its budget: noise, a shape that is not quite one, and what the converter
    /// leaves of the levels.
    pub(super) fn figure(
        &self,
        unit: &'static str,
        figure: impl Fn(&Placed) -> f64,
    ) -> (f64, Budget) {
        let own = figure(&self.fit.placed);
        let [before, after] = self
            .rest
            .map(|moved| 3.0_f64.sqrt() * (figure(&moved) - own));
        let budget = Budget::new(unit)
            .normal("noise", self.noise_u(&figure))
            .normal("shape", self.fit.shape_u(&figure))
            .rectangular("converter's step, before", before)
            .rectangular("converter's step, after", after);
        (own, budget)
    }

    /// Standard uncertainty of a figure by noise.
    fn noise_u(&self, figure: impl Fn(&Placed) -> f64) -> f64 {
        self.widen * self.fit.u_of(figure)
    }

    /// Standard uncertainty of T90 by noise and by a shape that is not quite one, s.
    pub(super) fn t90_u(&self) -> f64 {
        let misfit = self.misfit_u(self.fit.placed.slope());
        let shape = self.fit.shape_u(|p| p.p[0]);
        self.noise_u(|p| p.p[0]).root_sum(misfit).root_sum(shape)
    }

    /// Time constant, of a shape that has one.
    pub(super) fn tau(&self) -> Option<(f64, Budget)> {
        let tau = self.fit.placed.tau()?;
        Some(self.figure("s", |p| p.tau().unwrap_or(tau)))
    }

    /// Levels before and after.
    pub(super) fn levels(&self) -> [Figure; 2] {
        [3, 4].map(|n| known(self.figure("1", |p| p.p[n])))
    }
}
