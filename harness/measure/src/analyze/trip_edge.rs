//! The start of a change of the voltage that takes a part of a cycle: the wave goes over from what it
//! was to what it becomes at once, along a line or exponentially; where none of them explains the
//! samples, the first that leaves the old wave for good.

use crate::math::{RootSum, asin, exp};
use crate::rms::rms;

/// Longest change that is looked at as a step, s.
const LONGEST_S: f64 = 120e-3;
/// Time constants in what counts as the length of an exponential change.
const TAUS: f64 = 2.0;
/// What an explained change may leave more than noise: share of its deviation, share of the change.
const EXPLAINED: (f64, f64) = (1.25, 0.02);
/// Where that is looked at around the change, cycles: right beside it, and after it.
const BESIDE: [(f64, f64); 2] = [(0.1, 0.25), (0.1, 1.5)];
/// Deviations of noise, and share of the change, beyond which a sample has left the old wave; and how
/// much more than that leaves before the change.
const LEFT: (f64, f64) = (4.5, 0.06);
const UNSTEADY: f64 = 2.2;
/// Where the wave before the change is certainly the old one, cycles before the change.
const CALM: (f64, f64) = (2.5, 1.0);
/// Longest time that samples are averaged over to tell whether they have, s.
const AVERAGED_S: f64 = 0.4e-3;
/// Share of the change from which on the old wave has obviously been left.
const OBVIOUS: f64 = 0.5;
/// Longest time for which two parts of a departure may make up for each other, cycles.
const MADE_UP: f64 = 0.25;

/// How the wave goes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// At once or along a line.
    Line,
    /// Exponentially.
    Exponential,
    /// In another way: ringing, a direct component that decays.
    Other,
}

impl Shape {
    /// Share of the new wave after so many lengths of the change.
    fn share(self, x: f64) -> f64 {
        match self {
            _ if x <= 0.0 => 0.0,
            Self::Line | Self::Other => x.min(1.0),
            Self::Exponential => 1.0 - exp(-TAUS * x),
        }
    }

    /// Where half of the way is gone, lengths.
    fn middle(self) -> f64 {
        match self {
            Self::Line | Self::Other => 0.5,
            Self::Exponential => std::f64::consts::LN_2 / TAUS,
        }
    }
}

/// Start of a change, its standard uncertainty and its length, samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Edge {
    pub(super) at: f64,
    pub(super) doubt: f64,
    pub(super) length: f64,
    pub(super) shape: Shape,
}

/// What the waves before and after leave of the samples around a change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) old: &'a [f64],
    pub(super) new: &'a [f64],
    /// Standard deviation of the noise.
    pub(super) sigma: f64,
    /// Samples in a cycle, and per second.
    pub(super) cycle: f64,
    pub(super) rate: f64,
}

impl Around<'_> {
    /// The edge near the best split into both waves, which is known to `reach`.
    pub(super) fn edge(&self, split: f64, reach: f64) -> Edge {
        let step = Edge {
            at: split,
            doubt: reach,
            length: 0.0,
            shape: Shape::Line,
        };
        let line = self.soft(Shape::Line, split);
        let curve = self.soft(Shape::Exponential, split);
        let found = match (line, curve) {
            (Some(line), Some(curve)) if curve.0 + 9.0 * self.sigma * self.sigma < line.0 => {
                curve.1
            }
            (None, Some(curve)) => curve.1,
            (Some(line), _) => line.1,
            (None, None) => step,
        };
        let left = |k: usize| {
            let share = if found.length > 0.0 {
                found.shape.share((k as f64 - found.at) / found.length)
            } else {
                f64::from(u8::from(k as f64 > found.at))
            };
            self.old[k] + share * (self.new[k] - self.old[k])
        };
        let place = |at: f64, cycles: f64| {
            let at = (at + cycles * self.cycle).max(0.0) as usize;
            at.min(self.old.len())
        };
        let end = found.at + found.length;
        let [near, far] = BESIDE.map(|(a, b)| place(found.at, -a)..place(end, b));
        let change = self.change_after(split);
        let before = self.left_before(split);
        let allowed = EXPLAINED.0 * self.sigma.max(before) + EXPLAINED.1 * change;
        let explained = [near, far]
            .into_iter()
            .all(|part| rms(&part.map(left).collect::<Vec<_>>()) < allowed);
        if explained {
            return found;
        }
        self.leaves(split, change, before).unwrap_or(found)
    }

    /// RMS of what the old wave leaves of samples before the change.
    fn left_before(&self, split: f64) -> f64 {
        let place = |cycles: f64| (split - cycles * self.cycle).max(0.0) as usize;
        rms(self
            .old
            .get(place(CALM.0)..place(CALM.1))
            .unwrap_or_default())
    }

    /// RMS of what the new wave differs from the old in the cycle after `split`.
    fn change_after(&self, split: f64) -> f64 {
        let from = split.max(0.0) as usize;
        let to = (from + self.cycle as usize).min(self.old.len());
        rms(self.old.get(from..to).unwrap_or_default())
    }

    /// The first samples that leave the old wave for good, going back from where they obviously have.
    fn leaves(&self, split: f64, change: f64, before: f64) -> Option<Edge> {
        // As many samples as bring noise below that share of the change.
        let wanted = (LEFT.0 * self.sigma / (LEFT.1 * change)).powi(2);
        let count = (wanted.min(AVERAGED_S * self.rate) as usize).max(1);
        let noise = self.sigma / (count as f64).sqrt();
        let limit = (LEFT.0 * noise).max(LEFT.1 * change).max(UNSTEADY * before);
        // Time for which a sinusoidal departure hides below the limit as it passes zero.
        let hidden = limit / (std::f64::consts::SQRT_2 * change);
        if hidden > OBVIOUS {
            return None;
        }
        let hidden = asin(hidden) / std::f64::consts::PI * self.cycle;
        let gap = hidden.max(MADE_UP * self.cycle) as usize + 2 * count;
        let near = (split - self.cycle).max(0.0) as usize;
        let value = |k: usize| {
            let part = &self.old[k..(k + count).min(self.old.len())];
            (part.iter().sum::<f64>() / part.len() as f64).abs()
        };
        let obvious = (near..self.old.len()).find(|&k| value(k) > OBVIOUS * change)?;
        let mut first = obvious;
        for k in (obvious.saturating_sub(self.cycle as usize)..obvious).rev() {
            if value(k) > limit {
                first = k;
            } else if first - k > gap {
                break;
            }
        }
        // What grows from nothing had begun before it passed the limit.
        let twice = (first..=obvious).find(|&k| value(k) > 2.0 * limit)?;
        let ahead = (twice - first) as f64;
        let at = (first + count - 1) as f64 - 0.5 - ahead.min(hidden);
        let sampling = 0.5 * count as f64;
        let half = first..(first + (0.5 * self.cycle) as usize).min(self.old.len());
        let at_once = rms(&self.old[half]) > OBVIOUS * change;
        Some(Edge {
            at,
            doubt: (0.5 * ahead).root_sum(sampling),
            length: if at_once {
                0.0
            } else {
                2.0 * (split - at).max(0.0)
            },
            shape: Shape::Other,
        })
    }

    /// A change that takes a part of a cycle, if that explains the samples better than a step at
    /// `split`; and the sum of squares that it leaves.
    fn soft(&self, shape: Shape, split: f64) -> Option<(f64, Edge)> {
        let Self {
            old, new, sigma, ..
        } = *self;
        let reach = (LONGEST_S * self.rate) as usize;
        let middle = (split + 0.5) as usize;
        let (a, b) = (
            middle.saturating_sub(reach),
            (middle + reach + reach / 2).min(old.len()),
        );
        let stride = ((b - a) / 2000).max(1);
        let cost = |start: f64, length: f64| -> f64 {
            (a..b)
                .step_by(stride)
                .map(|k| {
                    let share = shape.share((k as f64 - start) / length.max(1e-9));
                    (old[k] - share * (old[k] - new[k])).powi(2)
                })
                .sum()
        };
        let step = cost(split, 0.0);
        let unit = (0.1e-3 * self.rate).max(0.25);
        // Middles near the step and lengths from short to long, then finer around the best.
        let mut best = (step, split, 0.0);
        let better = |best: (f64, f64, f64), start: f64, length: f64| {
            let found = cost(start, length);
            if found < best.0 {
                (found, start, length)
            } else {
                best
            }
        };
        for n in 0..16 {
            let length = 0.004 * reach as f64 * 1.43_f64.powi(n);
            for shift in -10..=10 {
                let middle = split + 0.06 * length.max(10.0 * unit) * f64::from(shift);
                best = better(best, middle - shape.middle() * length, length);
            }
        }
        let mut width = (0.2 * best.2).max(4.0 * unit);
        for _ in 0..16 {
            let (_, start, length) = best;
            for (ds, dl) in [
                (1.0, 0.0),
                (-1.0, 0.0),
                (0.0, 1.0),
                (0.0, -1.0),
                (1.0, -1.0),
                (-1.0, 1.0),
                (-1.0, 2.0),
                (1.0, -2.0),
            ] {
                best = better(best, start + ds * width, (length + dl * width).max(0.0));
            }
            width *= 0.65;
        }
        let (least, start, length) = best;
        let noise = sigma * sigma;
        // Two free numbers must gain more than noise would give them, and a visible part.
        if length < 2.0 || step - least < 16.0 * noise.max(least / ((b - a) / stride) as f64) {
            return None;
        }
        // How far the start may move until the record is explained visibly worse.
        let worse = least + 4.0 * noise * 1.5;
        let doubt = (1..200)
            .map(|n| f64::from(n) * 0.5 * unit)
            .find(|d| cost(start - d, length + d) > worse && cost(start + d, length - d) > worse)
            .unwrap_or(100.0 * unit);
        let edge = Edge {
            at: start,
            doubt: 0.5 * doubt.max(0.5),
            length,
            shape,
        };
        Some((least, edge))
    }
}
