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
    /// The same of the calmer of both levels, which no step of the converter adds to.
    pub(super) dither: f64,
    /// What noise that stays alike from sample to sample widens uncertainties by.
    pub(super) widen: f64,
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

impl Step<'_> {
    /// Standard uncertainty of a level that rests, by the converter's step, share.
    fn unseen(&self) -> f64 {
        self.quantum * undithered(self.quantum, self.dither) / 12.0_f64.sqrt()
    }
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
/// settled; groups get smaller towards `corners` (s), down to single samples.
fn grouped(shares: &[(f64, f64)], t90: f64, corners: &[f64]) -> Vec<Point> {
    let begin = shares.partition_point(|p| p.0 < 0.0);
    let late = shares.partition_point(|p| p.0 <= 8.0 * t90).max(begin);
    let mut points = Vec::new();
    for (part, most) in [
        (&shares[..begin], 40),
        (&shares[begin..late], 320),
        (&shares[late..], 60),
    ] {
        let size = part.len().div_ceil(most).max(1);
        for group in part.chunks(size) {
            divided(group, size, corners, &mut points);
        }
    }
    points
}

/// Groups next to a corner are divided into so many.
const DIVIDED: usize = 8;

/// `group`, one of groups of `size`, as a point or, within two of them from a corner, as the points
/// of its parts.
fn divided(group: &[(f64, f64)], size: usize, corners: &[f64], points: &mut Vec<Point>) {
    let (Some(first), Some(last)) = (group.first(), group.last()) else {
        return;
    };
    let apart = |corner: &f64| (first.0 - corner).max(corner - last.0);
    let reach = 2.0 * (last.0 - first.0);
    if group.len() > 1 && corners.iter().any(|c| apart(c) < reach) {
        let size = size.div_ceil(DIVIDED);
        for part in group.chunks(size) {
            divided(part, size, corners, points);
        }
        return;
    }
    let n = group.len() as f64;
    let sum = group.iter().fold((0.0, 0.0), |s, p| (s.0 + p.0, s.1 + p.1));
    let t = sum.0 / n;
    let squares: f64 = group.iter().map(|p| (p.0 - t).powi(2)).sum();
    points.push(Point {
        t,
        y: sum.1 / n,
        weight: n,
        spread: (squares / n).sqrt(),
    });
}

/// Standard uncertainty of an update's instant up to which its value is that of the samples until the
/// next, share of the time between two.
const SHARP: f64 = 0.1;

/// Times that updates are weighed anew by the slope of the shape that fitted before.
const REWEIGHTED: usize = 2;

/// Times that points are grouped anew about the corners of the shape that fitted before.
const REGROUPED: usize = 2;

/// What is known of the noise of observations.
#[derive(Debug, Clone, Copy)]
struct Noise {
    /// Variance of one observation.
    variance: f64,
    /// Observations it is known from.
    count: usize,
    /// What noise that stays alike from one to the next widens uncertainties by.
    widen: f64,
    /// Standard uncertainty of a level that rests, by the converter's step.
    unseen: f64,
}

/// A fit with what is left beside noise.
struct Accepted {
    fit: Fitted,
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
    fn new(fit: Fitted, points: &[Point], noise: Noise) -> Option<Self> {
        let placed = fit.placed;
        let rise: f64 = points
            .iter()
            .filter(|p| (0.0..=2.0 * placed.p[0]).contains(&p.t))
            .map(|p| p.weight)
            .sum();
        let freedom = fit.freedom as f64;
        let scatter = (2.0 / freedom + 2.0 / noise.count.max(1) as f64).sqrt();
        // Samples within one step of the converter are off alike: their mean is no better.
        let beside_noise = MISFIT.hypot(noise.unseen);
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

    /// Standard uncertainty of a figure by what the converter leaves of the levels.
    fn rest_u(&self, figure: impl Fn(&Placed) -> f64) -> f64 {
        let own = figure(&self.fit.placed);
        let [before, after] = self.rest.map(|moved| figure(&moved) - own);
        before.hypot(after)
    }

    /// Standard uncertainty of an instant at which the shape has this `slope` by what is no noise.
    fn misfit_u(&self, slope: f64) -> f64 {
        self.misfit / slope.max(1e-12) / 3.0_f64.sqrt()
    }

    /// Standard uncertainties of T90: by noise, by a shape that is not quite one, by the converter.
    fn t90_u(&self) -> (f64, f64, f64) {
        let noise = self.widen * self.fit.u_of(|p| p.p[0]);
        let misfit = self.misfit_u(self.fit.placed.slope());
        let shape = misfit.hypot(self.fit.shape_u(|p| p.p[0]));
        (noise, shape, self.rest_u(|p| p.p[0]))
    }

    fn with_u(&self, figure: impl Fn(&Placed) -> f64) -> (f64, Option<f64>) {
        let noise = self.widen * self.fit.u_of(&figure);
        let shape = self.fit.shape_u(&figure);
        let u = noise.hypot(shape).hypot(self.rest_u(&figure));
        (figure(&self.fit.placed), Some(u))
    }

    /// Time constant, of a shape that has one.
    fn tau(&self) -> Option<(f64, Option<f64>)> {
        let tau = self.fit.placed.tau()?;
        Some(self.with_u(|p| p.tau().unwrap_or(tau)))
    }

    /// Levels before and after.
    fn levels(&self) -> [(f64, Option<f64>); 2] {
        [3, 4].map(|n| self.with_u(|p| p.p[n]))
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
    let fitted = |corners: &[f64], before: Option<&Fitted>| {
        let points = grouped(step.shares, rough, corners);
        let fit = best_shape(&points, rough, variance(step.noise), before);
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
    let noise = Noise {
        variance: variance(step.noise),
        count: step.noise_count,
        widen: step.widen,
        unseen: step.unseen(),
    };
    match smooth.and_then(|fit| Accepted::new(fit, &points, noise)) {
        Some(fit) => Some(shaped_timing(&fit, &points)),
        None => pointwise_timing(step, &points),
    }
}

fn shaped_timing(fit: &Accepted, points: &[Point]) -> Timing {
    let placed = &fit.fit.placed;
    let (noise, shape, converter) = fit.t90_u();
    // What is no noise moves the other times about as far as T90.
    let beside = fit.misfit_u(placed.slope());
    let time = |(t, u): (f64, Option<f64>)| (t, u.map(|u| u.hypot(beside)));
    let budget = Budget::new("s")
        .normal("noise", noise)
        .normal("shape", shape)
        .normal("converter's step", converter);
    let fitted = || first_order(points, placed.p[0]).map(|tau| (tau, None));
    let (commence, u) = time(fit.with_u(|p| p.p[1]));
    Timing {
        t90: placed.p[0],
        budget,
        commence: Some((commence.max(0.0), u)),
        overshoot: fit.with_u(|p| p.overshoot()),
        tau: fit.tau().map(time).or_else(fitted),
        settling: Some(time(fit.with_u(|p| p.settling()))),
        levels: fit.levels(),
    }
}

/// What is held reaches 90 % at an update. Where noise leaves open at which, U says so.
fn held_timing(step: &Step<'_>, held: &Updates, rough: f64) -> Option<Timing> {
    let series: Vec<(f64, f64)> = held.points.iter().map(|p| (p.t, p.y)).collect();
    let (mut noise, mut count) = (step.noise, step.noise_count);
    let (mut unseen, mut widen) = (step.unseen(), step.widen);
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
        unseen = step.quantum * undithered(step.quantum, noise) / 12.0_f64.sqrt();
        widen = 1.0;
        for (level, seen) in levels.iter_mut().zip([&before, &after]) {
            level.1 = seen.map(|l| unseen.hypot(noise / (l.count as f64).sqrt()));
        }
    }
    let variance = noise.powi(2) + step.quantum.powi(2) / 12.0 + FLOOR.powi(2);
    let known = Noise {
        variance,
        count,
        widen,
        unseen,
    };
    let mut points = held.points.clone();
    let mut fit = best_shape(&points, rough, variance, None);
    for _ in 0..REWEIGHTED {
        if let Some(found) = fit {
            points = held.weighed(&found.placed, variance);
            fit = best_shape(&points, rough, variance, Some(&found));
        }
    }
    let fit = fit.and_then(|fit| Accepted::new(fit, &points, known));
    // Each update is converted on its own.
    let converter = step.quantum / 12.0_f64.sqrt();
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
            let (noise, shape, _) = fit.t90_u();
            (
                placed.p[0],
                noise.hypot(shape).hypot(converter / placed.slope()),
            )
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
    let later = || held.points.iter().filter(|p| p.t > 0.0);
    // By how much an update comes after what is reached at `crossed`, and how well that is known.
    let after_curve =
        |p: &Point, crossed: f64, crossed_u: f64| (p.t - crossed, crossed_u.hypot(instant_u(p.t)));
    // The update that shows it by `lead`, and how far the first or last is of those that may be that
    // one.
    let shown = |lead: &dyn Fn(&Point) -> (f64, f64)| {
        let all: Vec<&Point> = later().collect();
        let k = all.iter().position(|p| lead(p).0 >= -1e-3 * held.spacing)?;
        let t = all[k].t;
        let may_be_early = |p: &&&Point| lead(p).0 < 2.0 * lead(p).1;
        let early = all[k..].iter().take_while(may_be_early).count();
        let last = match (early, all.get(k + early)) {
            (0, _) => 0.0,
            (_, Some(p)) => p.t - t,
            (_, None) => early as f64 * held.spacing,
        };
        let may = |p: &&&Point| -lead(p).0 < 2.0 * lead(p).1;
        let earlier = all[..k].iter().find(may);
        Some((t, earlier.map_or(last, |p| last.max(t - p.t))))
    };
    let curve =
        |crossed: f64, crossed_u: f64| shown(&|p: &Point| after_curve(p, crossed, crossed_u));
    // Of 90 % the value of an update tells too, which no doubt about its instant touches.
    let reached = |p: &Point| {
        let (lead, u) = after_curve(p, crossed, crossed_u);
        let Some(fit) = fit
            .as_ref()
            .filter(|_| instant_u(p.t) < SHARP * held.spacing)
        else {
            return (lead, u);
        };
        let [.., before, target] = fit.fit.placed.p;
        let slope = fit.fit.placed.slope();
        let by_value = ((p.y - before) / (target - before) - LEVEL) / slope;
        let target_u = fit.with_u(|p| p.p[4]).1.unwrap_or(0.0);
        let value_u = (noise / p.weight.sqrt()).hypot(converter).hypot(target_u) / slope;
        let (a, b) = (u.powi(-2), value_u.max(1e-9).powi(-2));
        ((a * lead + b * by_value) / (a + b), (a + b).sqrt().recip())
    };
    // Either update is right or wrong: U is all of the distance, and what is open of an instant.
    let other_u = |t: f64, open: f64| {
        if open > 0.0 {
            0.5 * open + instant_u(t)
        } else {
            0.0
        }
    };
    let (t90, open) = shown(&reached)?;
    let mut budget = Budget::new("s").normal("instant of an update", instant_u(t90));
    budget = budget.normal("update before or after", other_u(t90, open));
    let overshoot = later().map(|p| value(p) - 1.0).fold(0.0, f64::max);
    let blur = 3.0 * noise / held.points.first().map_or(1.0, |p| p.weight.sqrt());
    // By how much updates come early or late, share of the time between two: the most of a few is
    // not the most.
    let gaps: Vec<f64> = later().map(|p| p.t).collect();
    let uneven = gaps
        .windows(2)
        .map(|w| ((w[1] - w[0]) / held.spacing - 1.0).abs())
        .filter(|off| *off < 0.6)
        .take(10)
        .fold(0.0, f64::max);
    // One between the step and the next sample lies in the middle of two samples too.
    let at_once = held.points.iter().zip(&held.instants_u).find(|(p, u)| {
        let seen = (4.0 * noise / p.weight.sqrt()).max(step.quantum);
        p.t <= 0.0 && p.t > -2.0 * *u && p.y > seen
    });
    let commence = match (at_once, &fit) {
        (Some((p, u)), _) => Some(((0.5 * (p.t + u * 3.0_f64.sqrt())).max(0.0), 0.0)),
        (None, Some(fit)) => {
            let (delay, u) = fit.with_u(|p| p.p[1]);
            curve(delay, u.unwrap_or(0.0))
        }
        (None, None) => later().find(|p| p.y > 0.01 + blur).map(|p| (p.t, 0.0)),
    };
    let commence = commence.map(|(t, open)| {
        if let Some((_, u)) = at_once {
            return (t, Some(*u));
        }
        // One that came soon after the step showed too little to be seen, if the first that is seen
        // comes late enough.
        let first = !later().any(|p| p.t < t);
        let hides = first && t > (1.0 - 1.5 * uneven) * held.spacing - instant_u(t);
        let open = if hides { open.max(t) } else { open };
        (t, Some(instant_u(t).hypot(other_u(t, open))))
    });
    let settling = match &fit {
        Some(fit) => {
            let (crossed, u) = fit.with_u(|p| p.settling());
            let slope = fit.fit.placed.slope_at(crossed).abs().max(1e-12);
            let beside = fit.misfit_u(slope).hypot(converter / slope);
            curve(crossed, u.unwrap_or(0.0).hypot(beside))
                .map(|(t, open)| (t, Some(instant_u(t).hypot(other_u(t, open)))))
        }
        None => {
            let band = BAND.max(blur);
            let outside = |p: &&Point| p.t > 0.0 && (p.y - 1.0).abs() > band;
            let leaves = held.points.iter().rfind(outside);
            let settled = leaves.map_or(Some(0.0), |p| after(p.t + 1e-9));
            settled.map(|t| (t, None))
        }
    };
    let fitted = || first_order(&held.points, t90).map(|tau| (tau, None));
    let tau = fit.as_ref().and_then(Accepted::tau).or_else(fitted);
    Some(Timing {
        t90,
        budget,
        commence,
        overshoot: (if overshoot > blur { overshoot } else { 0.0 }, None),
        tau,
        settling,
        levels: fit.map_or(levels, |fit| fit.levels()),
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
    let level = drift.max(step.widen * noise / (0.5 * step.noise_count.max(2) as f64).sqrt());
    let converter = step.unseen() * 12.0_f64.sqrt() / slope;
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
        levels: [(0.0, None), (1.0, Some(level.hypot(step.unseen())))],
    })
}
