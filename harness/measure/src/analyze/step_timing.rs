//! Figures of one step, by the shape that explains it or, where none does, by its points alone.

use super::step_accepted::{Accepted, Noise};
use super::step_fit::{SMOOTHED, commencement, drift, reach, slope_at, smoothed, window};
use super::step_groups::grouped;
use super::step_held::held_timing;
use super::step_regress::{Fitted, Point, best_shape, first_order};
use super::step_shapes::{BAND, LEVEL};
use super::step_updates::{Samples, updates};
use crate::math::{exp, ln};
use crate::uncertainty::Budget;

/// A step as shares of its change, times after it.
pub(super) struct Step<'a> {
    /// (time in s, share), from the settled part before the step to the next step.
    pub(super) shares: &'a [(f64, f64)],
    /// Standard deviation of one sample, share.
    pub(super) noise: f64,
    /// The same of the calmer of both levels, which no step of the converter adds to.
    pub(super) dither: f64,
    /// What noise that stays alike from sample to sample widens uncertainties by.
    pub(super) widen: f64,
    /// Samples that show the noise.
    pub(super) noise_count: usize,
    /// A converter's step, share.
    pub(super) quantum: f64,
    /// When the step was made is known; else it begins with what is seen of it first.
    pub(super) marked: bool,
    /// Rating as a share of the change.
    pub(super) rated: Option<f64>,
    /// When the settled part after the step begins and ends, s.
    pub(super) settled: (f64, f64),
    /// Time between two samples, s.
    pub(super) spacing: f64,
}

impl Step<'_> {
    /// Variance of one observation of this standard deviation, with the converter's step.
    pub(super) fn variance(&self, deviation: f64) -> f64 {
        deviation.powi(2) + self.quantum.powi(2) / 12.0 + FLOOR.powi(2)
    }

    /// What is known of the noise of samples.
    pub(super) fn noise(&self) -> Noise {
        Noise {
            deviation: self.noise,
            variance: self.variance(self.noise),
            count: self.noise_count,
            widen: self.widen,
            unseen: self.unseen_bound() / 3.0_f64.sqrt(),
        }
    }

    /// What a level that rests may be off by the converter's step, ± share.
    fn unseen_bound(&self) -> f64 {
        unseen_bound(self.quantum, self.dither)
    }
}

/// A figure with its budget where it has one.
pub(super) type Figure = (f64, Option<Budget>);

/// A figure that has one.
pub(super) fn known((value, budget): (f64, Budget)) -> Figure {
    (value, Some(budget))
}

/// Figures of a step as shares of its change, times after it in s.
pub(super) struct Timing {
    pub(super) t90: f64,
    /// Of `t90`, s.
    pub(super) budget: Budget,
    pub(super) commence: Option<Figure>,
    pub(super) overshoot: Figure,
    pub(super) tau: Option<Figure>,
    pub(super) settling: Option<Figure>,
    /// Levels before and after; where they have no budget of their own, that of the settled samples
    /// holds.
    pub(super) levels: [Figure; 2],
}

/// What no fit is asked to resolve, share of the change.
const FLOOR: f64 = 1e-4;

/// Times that points are grouped anew about the corners of the shape that fitted before.
const REGROUPED: usize = 2;

/// Share by which noise does not average the error of a converter's step out. `sigma` is what the
/// samples scatter by, the converter's own q²/12 with it.
fn undithered(quantum: f64, sigma: f64) -> f64 {
    let ratio = sigma / quantum.max(f64::MIN_POSITIVE);
    let own = (ratio.powi(2) - 1.0 / 12.0).max(0.0);
    exp(-2.0 * std::f64::consts::PI.powi(2) * own)
}

/// What a level that rests in noise of `sigma` may be off by a converter's step of `quantum`, ±.
pub(super) fn unseen_bound(quantum: f64, sigma: f64) -> f64 {
    0.5 * quantum * undithered(quantum, sigma)
}

/// Times a step; `None` if 90 % are never reached.
pub(super) fn timing(step: &Step<'_>) -> Option<Timing> {
    let span = step.settled.1;
    let rough = reach(step.shares, LEVEL, step.noise, span)?.at;
    let noise = step.noise();
    let fitted = |corners: &[f64], before: Option<&Fitted>| {
        let points = grouped(step.shares, rough, corners);
        let fit = best_shape(&points, rough, noise.variance, before);
        (points, fit)
    };
    let (mut points, mut smooth) = fitted(&[], None);
    // A corner within a group of samples would lie where the group's mean puts it.
    for _ in 0..REGROUPED {
        let corners = smooth.map_or(Vec::new(), |fit| fit.placed.corners());
        if !corners.is_empty() && points.len() < step.shares.len() {
            (points, smooth) = fitted(&corners, smooth.as_ref());
        }
    }
    let mut samples = Samples {
        shares: step.shares,
        noise: step.noise,
        quantum: step.quantum,
        smooth: None,
    };
    samples.smooth = smooth.map(|fit| {
        let left = |p: &(f64, f64)| (p.1 - fit.placed.value(p.0)).powi(2);
        samples.rise(rough).iter().map(left).sum()
    });
    if let Some(held) = updates(&samples, rough) {
        return held_timing(step, &held, rough);
    }
    match smooth.and_then(|fit| Accepted::new(fit, &points, noise)) {
        Some(fit) => Some(shaped_timing(&fit, &points)),
        None => pointwise_timing(step, &points),
    }
}

fn shaped_timing(fit: &Accepted, points: &[Point]) -> Timing {
    let placed = &fit.fit.placed;
    // What is no noise moves the other times about as far as T90.
    let beside = fit.misfit_u(placed.slope());
    let time = |(t, budget): (f64, Budget)| (t, budget.normal("beside the shape", beside));
    let (t90, budget) = time(fit.figure("s", |p| p.p[0]));
    let fitted = || first_order(points, t90).map(|tau| (tau, None));
    let (commence, commence_budget) = time(fit.figure("s", |p| p.p[1]));
    Timing {
        t90,
        budget,
        commence: Some((commence.max(0.0), Some(commence_budget))),
        overshoot: known(fit.figure("1", |p| p.overshoot())),
        tau: fit.tau().map(|tau| known(time(tau))).or_else(fitted),
        settling: Some(known(time(fit.figure("s", |p| p.settling())))),
        levels: fit.levels(),
    }
}

/// Where no known shape explains the response: first crossings of the smoothed points.
fn pointwise_timing(step: &Step<'_>, points: &[Point]) -> Option<Timing> {
    let (shares, noise, span) = (step.shares, step.noise, step.settled.1);
    let reached = reach(shares, LEVEL, noise, span)?;
    let t90 = reached.at;
    let slope = slope_at(shares, LEVEL, noise, t90, span);
    let inside = (0.1 * t90 / step.spacing).max(1.0);
    let scatter = reached.scatter.unwrap_or(noise / slope / inside.sqrt());
    let drift = drift(shares, step.settled);
    let level = drift.max(step.widen * noise / (0.5 * step.noise_count.max(2) as f64).sqrt());
    let converter = step.unseen_bound() / slope;
    let mut budget = Budget::new("s")
        .normal("noise", scatter)
        .normal("settled levels", level / slope)
        .rectangular("converter's step, before", converter)
        .rectangular("converter's step, after", converter)
        .sampling("sampling", step.spacing);
    if noise >= SMOOTHED {
        // Smoothing bends a little over whatever is not smooth.
        budget = budget.rectangular("smoothing", 0.004 * t90);
    }
    let width = window(shares, noise, t90, 0.1);
    let wide = smoothed(shares, width);
    let over = wide
        .iter()
        .filter(|p| p.0 > 0.5 * t90)
        .map(|p| p.1 - 1.0)
        .fold(0.0, f64::max);
    // The largest of many noisy points lies √(2 ln n) standard deviations above.
    let extreme = (2.0 * ln(wide.len().max(2) as f64)).sqrt();
    let left = (0.5 + extreme) * noise / (width as f64).sqrt();
    let band = BAND.max(left);
    let settling = wide
        .iter()
        .rposition(|p| (p.1 - 1.0).abs() > band)
        .and_then(|k| wide.get(k + 1))
        .map(|p| (p.0.max(0.0), None));
    Some(Timing {
        t90,
        budget,
        commence: commencement(shares, noise, t90, step.rated).map(|t| (t, None)),
        overshoot: (if over > left { over } else { 0.0 }, None),
        tau: first_order(points, t90).map(|tau| (tau, None)),
        settling,
        levels: [
            (0.0, None),
            known((
                1.0,
                Budget::new("1")
                    .normal("noise", level)
                    .rectangular("converter's step", step.unseen_bound()),
            )),
        ],
    })
}
