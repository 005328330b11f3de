//! Figures of a quantity that is held between updates: what is reached shows at an update. Where
//! noise leaves open at which, U says so.

use super::step_accepted::{Accepted, Noise};
use super::step_fit::level;
use super::step_grid::BETWEEN;
use super::step_regress::{Point, best_shape, first_order};
use super::step_shapes::{BAND, LEVEL};
use super::step_timing::{Figure, Step, Timing, known, unseen_bound};
use super::step_updates::Updates;
use crate::math::RootSum;
use crate::uncertainty::{Budget, student};

/// Standard uncertainty of an update's instant up to which its value is that of the samples until the
/// next, share of the time between two.
const SHARP: f64 = 0.1;

/// Times that updates are weighed anew by the slope of the shape that fitted before.
const REWEIGHTED: usize = 2;

/// A time after the step with its standard uncertainty, s.
type Uncertain = (f64, f64);

/// The updates of a step.
struct Held<'a> {
    step: &'a Step<'a>,
    updates: &'a Updates,
    /// Standard deviation of one observation, share.
    noise: f64,
    /// The shape through the updates, if a known one explains them.
    fit: Option<Accepted>,
}

/// Times a step of a held quantity; `None` if 90 % are never reached.
pub(super) fn held_timing(step: &Step<'_>, updates: &Updates, rough: f64) -> Option<Timing> {
    let (noise, levels) = observed(step, updates);
    let held = Held {
        step,
        updates,
        noise: noise.deviation,
        fit: shape_through(step, updates, rough, noise),
    };
    let crossed = held.crossed()?;
    let (t90, open) = held.shown(|p| held.beyond_level(p, crossed))?;
    let budget = held.update(t90, open);
    let overshoot = held
        .later()
        .map(|p| held.share(p) - 1.0)
        .fold(0.0, f64::max);
    let fitted = || first_order(&updates.points, t90).map(|tau| (tau, None));
    Some(Timing {
        t90,
        budget,
        commence: held.commencement(),
        overshoot: (
            if overshoot > held.blur() {
                overshoot
            } else {
                0.0
            },
            None,
        ),
        tau: held
            .fit
            .as_ref()
            .and_then(Accepted::tau)
            .map(known)
            .or_else(fitted),
        settling: held.settling(),
        levels: held.fit.map_or(levels, |fit| fit.levels()),
    })
}

/// The noise of observations and the levels before and after: of the updates where noise belongs to
/// them, else of the samples.
fn observed(step: &Step<'_>, updates: &Updates) -> (Noise, [Figure; 2]) {
    let none = [(0.0, None), (1.0, None)];
    if !updates.noisy_updates {
        return (step.noise(), none);
    }
    let series: Vec<(f64, f64)> = updates.points.iter().map(|p| (p.t, p.y)).collect();
    let (from, to) = step.settled;
    let seen = [
        level(&series, f64::NEG_INFINITY, 0.0),
        level(&series, from, to),
    ];
    let settled = || seen.iter().flatten();
    let deviation = settled()
        .filter(|l| l.count > 2)
        .map(|l| l.sigma)
        .fold(0.0, f64::max);
    let unseen = unseen_bound(step.quantum, deviation);
    let noise = Noise {
        deviation,
        variance: step.variance(deviation),
        count: settled().map(|l| l.count).sum(),
        widen: 1.0,
        unseen: unseen / 3.0_f64.sqrt(),
    };
    let freedom = noise.count.saturating_sub(2).max(1);
    let u = |n: usize| {
        let seen = seen[n].as_ref();
        seen.map(|l| {
            Budget::new("1")
                .normal(
                    "noise",
                    deviation / (l.count as f64).sqrt() * student(freedom),
                )
                .rectangular("converter's step", unseen)
        })
    };
    (noise, [(0.0, u(0)), (1.0, u(1))])
}

/// The shape through the updates, which count less where it is steep and their instant open.
fn shape_through(step: &Step<'_>, updates: &Updates, rough: f64, noise: Noise) -> Option<Accepted> {
    let variance = step.variance(noise.deviation);
    let mut points = updates.points.clone();
    let mut fit = best_shape(&points, rough, variance, None)?;
    for _ in 0..REWEIGHTED {
        points = updates.weighed(&fit.placed, variance);
        fit = best_shape(&points, rough, variance, Some(&fit))?;
    }
    Accepted::new(fit, &points, noise)
}

impl Held<'_> {
    /// Updates after the step.
    fn later(&self) -> impl Iterator<Item = &Point> {
        self.updates.points.iter().filter(|p| p.t > 0.0)
    }

    /// Share that an update shows, by the shape if there is one.
    fn share(&self, p: &Point) -> f64 {
        let shape = self.fit.as_ref().map(|fit| &fit.fit.placed);
        shape.map_or(p.y, |placed| placed.share(p.t))
    }

    /// Standard uncertainty of an update's value by the converter, share: each is converted on its own.
    fn converter(&self) -> f64 {
        self.step.quantum / 12.0_f64.sqrt()
    }

    /// What noise makes of the value of one update at most, share.
    fn blur(&self) -> f64 {
        let weight = self.updates.points.first().map_or(1.0, |p| p.weight);
        3.0 * self.noise / weight.sqrt()
    }

    /// Standard uncertainty of the instant of the update at `t`, s.
    fn instant_u(&self, t: f64) -> f64 {
        let n = self.updates.points.iter().position(|p| p.t == t);
        n.map_or(0.0, |n| self.updates.instants_u[n])
    }

    /// When what is held would have passed 90 %.
    fn crossed(&self) -> Option<Uncertain> {
        if let Some(fit) = &self.fit {
            let placed = fit.fit.placed;
            let converter = self.converter() / placed.slope();
            return Some((placed.p[0], fit.t90_u().root_sum(converter)));
        }
        let reached = self.later().find(|p| p.y >= LEVEL)?;
        // Noise of a level, as a time on the way of one update.
        let way = self.updates.spacing / (reached.y - LEVEL).abs().max(0.02);
        Some((reached.t, self.noise / reached.weight.sqrt() * way))
    }

    /// By how much an update comes after what is reached at `crossed`.
    fn beyond(&self, p: &Point, (crossed, u): Uncertain) -> Uncertain {
        (p.t - crossed, u.root_sum(self.instant_u(p.t)))
    }

    /// The same for 90 %, of which the value of the update tells too, which no doubt about its
    /// instant touches.
    fn beyond_level(&self, p: &Point, crossed: Uncertain) -> Uncertain {
        let (lead, u) = self.beyond(p, crossed);
        let sharp = self.instant_u(p.t) < SHARP * self.updates.spacing;
        let Some(fit) = self.fit.as_ref().filter(|_| sharp) else {
            return (lead, u);
        };
        let [.., before, target] = fit.fit.placed.p;
        let slope = fit.fit.placed.slope();
        let by_value = ((p.y - before) / (target - before) - LEVEL) / slope;
        let target_u = fit.figure("1", |p| p.p[4]).1.combined();
        let noise = self.noise / p.weight.sqrt();
        let value_u = noise.root_sum(self.converter()).root_sum(target_u) / slope;
        let (a, b) = (u.powi(-2), value_u.max(1e-9).powi(-2));
        ((a * lead + b * by_value) / (a + b), (a + b).sqrt().recip())
    }

    /// The update that shows what it is beyond by `lead`, and how far the first or last is of those
    /// that may be that one, s.
    fn shown(&self, lead: impl Fn(&Point) -> Uncertain) -> Option<(f64, f64)> {
        let all: Vec<(f64, Uncertain)> = self.later().map(|p| (p.t, lead(p))).collect();
        let spacing = self.updates.spacing;
        let k = all
            .iter()
            .position(|(_, (lead, _))| *lead >= -1e-3 * spacing)?;
        let t = all[k].0;
        let early = all[k..]
            .iter()
            .take_while(|(_, (lead, u))| *lead < 2.0 * u)
            .count();
        let last = match (early, all.get(k + early)) {
            (0, _) => 0.0,
            (_, Some(next)) => next.0 - t,
            (_, None) => early as f64 * spacing,
        };
        let earlier = all[..k].iter().find(|(_, (lead, u))| -lead < 2.0 * u);
        Some((t, earlier.map_or(last, |p| last.max(t - p.0))))
    }

    /// What leaves open by `open` which update it is adds to the one at `t`: either is right or wrong,
    /// so U is all of the distance, and what is open of an instant.
    fn other_u(&self, t: f64, open: f64) -> f64 {
        if open > 0.0 {
            0.5 * open + self.instant_u(t)
        } else {
            0.0
        }
    }

    /// The budget of an update's instant `t`, which lies between two samples or in noise, where it is
    /// open by `open` which update it is.
    fn update(&self, t: f64, open: f64) -> Budget {
        let all = self.instant_u(t);
        let between = (BETWEEN * self.step.spacing).min(all);
        Budget::new("s")
            .rectangular("sampling", 3.0_f64.sqrt() * between)
            .normal(
                "instant of an update",
                (all * all - between * between).sqrt(),
            )
            .normal("update before or after", self.other_u(t, open))
    }

    /// By how much updates come early or late, share of the time between two: the most of a few is
    /// not the most.
    fn uneven(&self) -> f64 {
        let times: Vec<f64> = self.later().map(|p| p.t).collect();
        times
            .windows(2)
            .map(|w| ((w[1] - w[0]) / self.updates.spacing - 1.0).abs())
            .filter(|off| *off < 0.6)
            .take(10)
            .fold(0.0, f64::max)
    }

    fn commencement(&self) -> Option<Figure> {
        // One between the step and the next sample lies in the middle of two samples too.
        let seen = |p: &Point| (4.0 * self.noise / p.weight.sqrt()).max(self.step.quantum);
        let at_once = self
            .updates
            .points
            .iter()
            .zip(&self.updates.instants_u)
            .find(|(p, u)| p.t <= 0.0 && p.t > -2.0 * *u && p.y > seen(p));
        if let Some((p, u)) = at_once {
            let latest = p.t + u * 3.0_f64.sqrt();
            let budget = Budget::new("s").rectangular("instant of an update", 3.0_f64.sqrt() * u);
            return Some(((0.5 * latest).max(0.0), Some(budget)));
        }
        if !self.step.marked {
            let first = self.later().find(|p| p.y > seen(p))?;
            return Some((first.t, Some(self.update(first.t, 0.0))));
        }
        let (t, open) = match &self.fit {
            Some(fit) => {
                let (delay, budget) = fit.figure("s", |p| p.p[1]);
                self.shown(|p| self.beyond(p, (delay, budget.combined())))?
            }
            None => {
                let begun = 0.01 + self.blur();
                self.later().find(|p| p.y > begun).map(|p| (p.t, 0.0))?
            }
        };
        // One that came soon after the step showed too little to be seen, if the first that is seen
        // comes late enough.
        let first = !self.later().any(|p| p.t < t);
        let late = (1.0 - 1.5 * self.uneven()) * self.updates.spacing - self.instant_u(t);
        let open = if first && t > late { open.max(t) } else { open };
        Some((t, Some(self.update(t, open))))
    }

    fn settling(&self) -> Option<Figure> {
        let Some(fit) = &self.fit else {
            let band = BAND.max(self.blur());
            let outside = |p: &&Point| (p.y - 1.0).abs() > band;
            let Some(last) = self.later().filter(outside).last() else {
                return Some((0.0, None));
            };
            return self.later().find(|p| p.t > last.t).map(|p| (p.t, None));
        };
        let (crossed, budget) = fit.figure("s", |p| p.settling());
        let slope = fit.fit.placed.slope_at(crossed).abs().max(1e-12);
        let beside = fit.misfit_u(slope).root_sum(self.converter() / slope);
        let crossed = (crossed, budget.combined().root_sum(beside));
        let (t, open) = self.shown(|p| self.beyond(p, crossed))?;
        Some((t, Some(self.update(t, open))))
    }
}
