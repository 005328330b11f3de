//! Figures of one step, by the shape that explains it or, where none does, by its points alone.

use super::step_fit::{SMOOTHED, commencement, drift, level, reach, slope_at, smoothed, window};
use super::step_regress::{Fitted, Point, best_shape, first_order};
use super::step_shapes::{BAND, LEVEL, Placed};
use super::step_updates::{Samples, Updates, updates};
use crate::uncertainty::Budget;

/// A step as shares of its change, times after it.
pub(super) struct Step<'a> {
    /// (time in s, share), from the settled part before the step to the next step.
    pub(super) shares: &'a [(f64, f64)],
    /// Standard deviation of one sample, share.
    pub(super) noise: f64,
    /// Samples that show the noise.
    pub(super) noise_count: usize,
    /// A converter's step, share.
    pub(super) quantum: f64,
    /// Rating as a share of the change.
    pub(super) rated: Option<f64>,
    /// When the settled part after the step begins and ends, s.
    pub(super) settled: (f64, f64),
    /// Time between two samples, s.
    pub(super) spacing: f64,
}

/// Figures of a step as shares of its change, times after it in s; with each its standard
/// uncertainty where it has one.
pub(super) struct Timing {
    pub(super) t90: f64,
    /// Of `t90`, s.
    pub(super) budget: Budget,
    pub(super) commence: Option<(f64, Option<f64>)>,
    pub(super) overshoot: (f64, Option<f64>),
    pub(super) tau: Option<(f64, Option<f64>)>,
    pub(super) settling: Option<(f64, Option<f64>)>,
    /// Levels before and after; where they have no uncertainty of their own, that of the settled
    /// samples holds.
    pub(super) levels: [(f64, Option<f64>); 2],
}

/// Squares of the difference from a shape that pass beside noise, of one observation on the rise:
/// 0.2 % of the change.
const MISFIT: f64 = 0.002;
/// What no fit is asked to resolve, share of the change.
const FLOOR: f64 = 1e-4;

/// Points a shape is fitted to: few groups of samples, as many as show it, fewer where it has
/// settled.
fn grouped(shares: &[(f64, f64)], t90: f64) -> Vec<Point> {
    let begin = shares.partition_point(|p| p.0 < 0.0);
    let late = shares.partition_point(|p| p.0 <= 8.0 * t90).max(begin);
    let mut points = Vec::new();
    for (part, most) in [
        (&shares[..begin], 40),
        (&shares[begin..late], 320),
        (&shares[late..], 60),
    ] {
        for group in part.chunks(part.len().div_ceil(most).max(1)) {
            let n = group.len() as f64;
            let sum = group.iter().fold((0.0, 0.0), |s, p| (s.0 + p.0, s.1 + p.1));
            points.push(Point {
                t: sum.0 / n,
                y: sum.1 / n,
                weight: n,
            });
        }
    }
    points
}

/// A fit with what is left beside noise.
struct Accepted {
    fit: Fitted,
    /// Standard deviation from the shape beside noise, share.
    misfit: f64,
    /// What correlated residuals widen uncertainties by.
    widen: f64,
}

impl Accepted {
    /// The fit, if it leaves no more than noise and a little. `variance` is that of one
    /// observation, known from `count`.
    fn new(fit: Fitted, points: &[Point], variance: f64, count: usize) -> Option<Self> {
        let t90 = fit.placed.p[0];
        let rise: f64 = points
            .iter()
            .filter(|p| (0.0..=2.0 * t90).contains(&p.t))
            .map(|p| p.weight)
            .sum();
        let freedom = fit.freedom as f64;
        let scatter = (2.0 / freedom + 2.0 / count.max(1) as f64).sqrt();
        let most = variance * freedom * (1.0 + 3.0 * scatter) + rise * MISFIT.powi(2);
        if fit.left > most {
            return None;
        }
        let beside = (fit.left - variance * freedom).max(0.0) / rise.max(1.0);
        let residuals: Vec<f64> = points
            .iter()
            .map(|p| p.weight.sqrt() * (p.y - fit.placed.value(p.t)))
            .collect();
        let along: f64 = residuals.windows(2).map(|w| w[0] * w[1]).sum();
        let rho = (along / fit.left.max(f64::MIN_POSITIVE)).min(0.9);
        let widen = if rho > 2.0 / (points.len() as f64).sqrt() {
            ((1.0 + rho) / (1.0 - rho)).sqrt()
        } else {
            1.0
        };
        Some(Self {
            fit,
            misfit: beside.sqrt(),
            widen,
        })
    }

    /// Standard uncertainties of T90: by noise, and by a shape that is not quite one.
    fn t90_u(&self) -> (f64, f64) {
        let slope = self.fit.placed.slope().max(1e-12);
        let noise = self.widen * self.fit.u_of(|p| p.p[0]);
        let misfit = self.misfit / slope / 3.0_f64.sqrt();
        (noise, misfit.hypot(self.fit.shape_u(|p| p.p[0])))
    }

    fn with_u(&self, figure: impl Fn(&Placed) -> f64) -> (f64, Option<f64>) {
        let u = self.widen * self.fit.u_of(&figure);
        let shape = self.fit.shape_u(&figure);
        (figure(&self.fit.placed), Some(u.hypot(shape)))
    }

    /// Time constant, of a shape that has one.
    fn tau(&self) -> Option<(f64, Option<f64>)> {
        let tau = self.fit.placed.tau()?;
        Some(self.with_u(|p| p.tau().unwrap_or(tau)))
    }

    /// Levels before and after; `unseen` is what the converter's step leaves of each.
    fn levels(&self, unseen: f64) -> [(f64, Option<f64>); 2] {
        [3, 4].map(|n| {
            let (level, u) = self.with_u(|p| p.p[n]);
            (level, u.map(|u| u.hypot(unseen)))
        })
    }
}

/// Share by which noise does not average the error of a converter's step out. `sigma` is what the
/// samples scatter by, the converter's own q²/12 with it.
pub(super) fn undithered(quantum: f64, sigma: f64) -> f64 {
    let ratio = sigma / quantum.max(f64::MIN_POSITIVE);
    let own = (ratio.powi(2) - 1.0 / 12.0).max(0.0);
    (-2.0 * std::f64::consts::PI.powi(2) * own).exp()
}

/// Times a step; `None` if 90 % are never reached.
pub(super) fn timing(step: &Step<'_>) -> Option<Timing> {
    let span = step.settled.1;
    let rough = reach(step.shares, LEVEL, step.noise, span)?.at;
    let variance = |noise: f64| noise.powi(2) + step.quantum.powi(2) / 12.0 + FLOOR.powi(2);
    let points = grouped(step.shares, rough);
    let smooth = best_shape(&points, rough, variance(step.noise));
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
    let count = step.noise_count;
    match smooth.and_then(|fit| Accepted::new(fit, &points, variance(step.noise), count)) {
        Some(fit) => Some(shaped_timing(step, &fit, &points)),
        None => pointwise_timing(step, &points),
    }
}

fn shaped_timing(step: &Step<'_>, fit: &Accepted, points: &[Point]) -> Timing {
    let placed = &fit.fit.placed;
    let (noise, shape) = fit.t90_u();
    let unseen = step.quantum * undithered(step.quantum, step.noise) / 12.0_f64.sqrt();
    // What is no noise moves the other times about as far as T90.
    let beside = (fit.misfit / 3.0_f64.sqrt()).hypot(unseen) / placed.slope().max(1e-12);
    let time = |(t, u): (f64, Option<f64>)| (t, u.map(|u| u.hypot(beside)));
    let budget = Budget::new("s")
        .normal("noise", noise)
        .normal("shape", shape)
        .normal("converter's step", unseen / placed.slope());
    let fitted = || first_order(points, placed.p[0]).map(|tau| (tau, None));
    let (commence, u) = time(fit.with_u(|p| p.p[1]));
    Timing {
        t90: placed.p[0],
        budget,
        commence: Some((commence.max(0.0), u)),
        overshoot: fit.with_u(|p| p.overshoot()),
        tau: fit.tau().map(time).or_else(fitted),
        settling: Some(time(fit.with_u(|p| p.settling()))),
        levels: fit.levels(unseen),
    }
}

/// What is held reaches 90 % at an update. Where noise leaves open at which, U says so.
fn held_timing(step: &Step<'_>, held: &Updates, rough: f64) -> Option<Timing> {
    let series: Vec<(f64, f64)> = held.points.iter().map(|p| (p.t, p.y)).collect();
    let (mut noise, mut count) = (step.noise, step.noise_count);
    let mut levels = [(0.0, None), (1.0, None)];
    if held.noisy_updates {
        let (from, to) = step.settled;
        let before = level(&series, f64::NEG_INFINITY, 0.0);
        let after = level(&series, from, to);
        let settled = || [&before, &after].into_iter().flatten();
        count = settled().map(|l| l.count).sum();
        noise = settled()
            .filter(|l| l.count > 2)
            .map(|l| l.sigma)
            .fold(0.0, f64::max);
        for (level, seen) in levels.iter_mut().zip([&before, &after]) {
            let unseen = step.quantum * undithered(step.quantum, noise) / 12.0_f64.sqrt();
            level.1 = seen.map(|l| unseen.hypot(noise / (l.count as f64).sqrt()));
        }
    }
    let variance = noise.powi(2) + step.quantum.powi(2) / 12.0 + FLOOR.powi(2);
    let fit = best_shape(&held.points, rough, variance)
        .and_then(|fit| Accepted::new(fit, &held.points, variance, count));
    let after = |t: f64| {
        held.points
            .iter()
            .map(|p| p.t)
            .find(|u| *u >= t && *u > 0.0)
    };
    let value = |p: &Point| fit.as_ref().map_or(p.y, |fit| fit.fit.placed.share(p.t));
    let (crossed, crossed_u) = match &fit {
        Some(fit) => {
            let placed = fit.fit.placed;
            let (noise, shape) = fit.t90_u();
            let converter = step.quantum / placed.slope() / 12.0_f64.sqrt();
            (placed.p[0], noise.hypot(shape).hypot(converter))
        }
        None => {
            let reached = held.points.iter().find(|p| p.t > 0.0 && p.y >= LEVEL)?;
            // Noise of a level, as a time on the way of one update.
            let way = held.spacing / (reached.y - LEVEL).abs().max(0.02);
            let u = noise / reached.weight.sqrt() * way;
            (reached.t, u)
        }
    };
    let instant_u = |t: f64| {
        let n = held.points.iter().position(|p| p.t == t);
        n.map_or(0.0, |n| held.instants_u[n])
    };
    // The update that shows what is reached at `crossed`, and how far the one before or after is
    // where it may be that one.
    let shown = |crossed: f64, crossed_u: f64| {
        let t = after(crossed - 1e-3 * held.spacing)?;
        let earlier = held.points.iter().rfind(|p| p.t < t && p.t > 0.0);
        let earlier = earlier.map_or(0.0, |p| p.t);
        let sure = 2.0 * crossed_u.hypot(instant_u(t));
        let mut open = 0.0_f64;
        if t - crossed < sure {
            open = after(t + 1e-9).map_or(held.spacing, |later| later - t);
        }
        if crossed - earlier < sure {
            open = open.max(t - earlier);
        }
        Some((t, open))
    };
    let (t90, open) = shown(crossed, crossed_u)?;
    let mut budget = Budget::new("s").normal("instant of an update", instant_u(t90));
    if open > 0.0 {
        budget = budget.normal("update before or after", 0.5 * open + instant_u(t90));
    }
    let later = || held.points.iter().filter(|p| p.t > 0.0);
    let overshoot = later().map(|p| value(p) - 1.0).fold(0.0, f64::max);
    let blur = 3.0 * noise / held.points.first().map_or(1.0, |p| p.weight.sqrt());
    let begins = later().find(|p| value(p) > if fit.is_some() { 0.01 } else { 0.01 + blur });
    let settling = match &fit {
        Some(fit) => {
            let (crossed, u) = fit.with_u(|p| p.settling());
            shown(crossed, u.unwrap_or(0.0)).map(|(t, open)| {
                let other = if open > 0.0 { 0.5 * open } else { 0.0 };
                (t, Some(instant_u(t).hypot(other)))
            })
        }
        None => {
            let outside = |p: &&Point| p.t > 0.0 && (p.y - 1.0).abs() > BAND;
            let leaves = held.points.iter().rfind(outside);
            let settled = leaves.map_or(Some(0.0), |p| after(p.t + 1e-9));
            settled.map(|t| (t, Some(instant_u(t))))
        }
    };
    let fitted = || first_order(&held.points, t90).map(|tau| (tau, None));
    let tau = fit.as_ref().and_then(Accepted::tau).or_else(fitted);
    let unseen = step.quantum * undithered(step.quantum, noise) / 12.0_f64.sqrt();
    Some(Timing {
        t90,
        budget,
        commence: begins.map(|p| (p.t, Some(instant_u(p.t)))),
        overshoot: (if overshoot > blur { overshoot } else { 0.0 }, None),
        tau,
        settling,
        levels: fit.map_or(levels, |fit| fit.levels(unseen)),
    })
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
    let level = drift.max(noise / (0.5 * step.noise_count.max(2) as f64).sqrt());
    let converter = step.quantum * undithered(step.quantum, noise) / slope;
    let mut budget = Budget::new("s")
        .normal("noise", scatter)
        .normal("settled levels", level / slope)
        .normal("converter's step", converter / 6.0_f64.sqrt())
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
    let extreme = (2.0 * (wide.len().max(2) as f64).ln()).sqrt();
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
        levels: [(0.0, None), (1.0, Some(level))],
    })
}
