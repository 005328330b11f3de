//! The start of a change of the voltage by least squares of all samples around it: the wave before,
//! continued, with an amplitude or a frequency that goes along a line from the start to the end of
//! the change and stays there. Level, phase and frequency of the wave before are free too, so that
//! what noise leaves open of them is in the uncertainty of the start.

use super::wave::Carried;
use crate::linear::{least_squares, regression};
use crate::sine_fit::SineFit;

/// Most of the wave before a change and after it that is fitted: cycles, and lengths of the change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    before: (f64, f64),
    after: (f64, f64),
    carried: Carried,
}

/// As much as noise makes use of.
pub(super) const LONG: Part = Part {
    before: (50.0, 2.0),
    after: (25.0, 0.5),
    carried: Carried::Straight,
};

/// For as long a frequency that wanders changes steadily, and half of it.
pub(super) const SHORT: Part = Part {
    before: (9.0, 0.0),
    after: (8.0, 0.0),
    carried: Carried::Bent,
};
pub(super) const HALF: Part = Part {
    before: (4.5, 0.0),
    after: (4.0, 0.0),
    carried: Carried::Bent,
};
/// Most points in a cycle.
const PER_CYCLE: f64 = 1000.0;
/// Parts of a Gauss–Newton step that are tried until one helps.
const STEPS: [f64; 4] = [1.0, 0.5, 0.2, 0.05];

/// Last part of a change until the end of the record in which it may seem to end though it goes on.
const UNSETTLED: f64 = 0.25;
/// Correlation from which on what the fit leaves of two points is alike.
const ALIKE: f64 = 0.1;

/// What changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// The amplitude, along a line.
    Amplitude,
    /// The frequency, along a line.
    Frequency,
    /// The frequency, at once.
    FrequencyStep,
}

/// Whether a change ends where the fit looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// It takes no time, or goes on.
    Never,
    /// At an instant that is to be found.
    Free,
}

/// A change of the wave, sample positions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    /// Where it starts.
    pub(super) start: f64,
    /// Where it ends; not used of a step.
    pub(super) end: f64,
    /// Share of the amplitude per sample, turns per sample² or, of a step, turns per sample.
    pub(super) rate: f64,
}

/// A fitted change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fitted {
    pub(super) change: Change,
    /// Standard uncertainty of the start, samples.
    pub(super) doubt: f64,
    /// Mean square that it leaves.
    pub(super) left: f64,
    /// Points that were fitted.
    pub(super) points: f64,
}

/// The samples, and what is fitted to them.
struct Scene<'a> {
    samples: &'a [f64],
    range: std::ops::Range<usize>,
    stride: usize,
    before: &'a SineFit,
    /// Cycle of the wave before, samples.
    cycle: f64,
    course: Course,
    carried: Carried,
    /// Position that the frequency of the wave before refers to.
    origin: f64,
}

/// Level, phase (turns), frequency (turns per cycle) of the wave before, half of its change (turns per
/// cycle²), which goes on after the event, then start, rate and end of the change.
#[derive(Clone, Copy)]
struct State {
    level: f64,
    phase: f64,
    slip: f64,
    bend: f64,
    change: Change,
}

/// Level, phase, slip, start, rate, end, bend.
const NUMBERS: usize = 7;
/// Where among them the last two are.
const END: usize = 5;
const BEND: usize = 6;

impl Scene<'_> {
    fn positions(&self) -> impl Iterator<Item = usize> + Clone + use<> {
        self.range.clone().step_by(self.stride)
    }

    /// Value of the model, and how it moves with each number.
    fn row(&self, state: &State, at: f64) -> (f64, [f64; NUMBERS]) {
        let Change { start, end, rate } = state.change;
        let since = (at - start).max(0.0);
        let after = f64::from(u8::from(at > start));
        let late = (at - end).max(0.0);
        let u = (at - self.origin) / self.cycle;
        let turned = state.phase + (state.slip + state.bend * u) * u;
        match self.course {
            Course::Amplitude => {
                let (w, dw) = self.before.alternating_at(at + turned * self.cycle);
                let ramp = since - late;
                let level = state.level + rate * ramp;
                let past = f64::from(u8::from(at > end));
                let row = [
                    w,
                    level * dw,
                    level * dw * u,
                    -rate * w * after,
                    w * ramp,
                    rate * w * past,
                    level * dw * u * u,
                ];
                (level * w, row)
            }
            Course::Frequency => {
                let gained = 0.5 * (since * since - late * late);
                let (w, dw) = self
                    .before
                    .alternating_at(at + (turned + rate * gained) * self.cycle);
                let d = state.level * dw;
                (
                    state.level * w,
                    [
                        w,
                        d,
                        d * u,
                        -rate * since * d,
                        d * gained,
                        rate * late * d,
                        d * u * u,
                    ],
                )
            }
            Course::FrequencyStep => {
                let (w, dw) = self
                    .before
                    .alternating_at(at + (turned + rate * since) * self.cycle);
                let d = state.level * dw;
                (
                    state.level * w,
                    [w, d, d * u, -rate * after * d, d * since, 0.0, d * u * u],
                )
            }
        }
    }

    /// Mean square that the model leaves.
    fn left(&self, state: &State) -> f64 {
        let direct = self.before.direct();
        let mut sum = 0.0;
        let mut count = 0.0;
        for k in self.positions() {
            sum += (self.samples[k] - direct - self.row(state, k as f64).0).powi(2);
            count += 1.0;
        }
        sum / count
    }

    /// Least squares of the numbers that this part of the wave leaves free, with the end of the change
    /// or without.
    fn fitted(&self, state: State, ends: Ends) -> Option<Fitted> {
        match (ends, self.carried) {
            (Ends::Never, Carried::Straight) => self.least([0, 1, 2, 3, 4], state),
            (Ends::Never, Carried::Bent) => self.least([0, 1, 2, 3, 4, BEND], state),
            (Ends::Free, Carried::Straight) => self.least([0, 1, 2, 3, 4, END], state),
            (Ends::Free, Carried::Bent) => self.least([0, 1, 2, 3, 4, END, BEND], state),
        }
    }

    /// Least squares of the numbers `free`.
    fn least<const N: usize>(&self, free: [usize; N], mut state: State) -> Option<Fitted> {
        let direct = self.before.direct();
        let span = (state.change.end - state.change.start).max(self.cycle);
        // All columns of the order of the wave: a slow change hardly moves with its ends.
        let seen = self.range.len() as f64;
        let slow = state.change.rate.abs();
        let (ends, rate) = match self.course {
            Course::Amplitude => (1.0 / slow, 1.0 / span),
            Course::Frequency => (1.0 / (slow * span), 1.0 / (span * span)),
            Course::FrequencyStep => (1.0 / slow, 1.0 / seen),
        };
        let slip = self.cycle / seen;
        let units = [1.0, 1.0, slip, ends, rate, ends, slip * slip];
        let rows = |state: State| {
            self.positions().map(move |k| {
                let (value, row) = self.row(&state, k as f64);
                let mut some = [0.0; N];
                for (x, n) in some.iter_mut().zip(free) {
                    *x = row[n] * units[n];
                }
                (some, self.samples[k] - direct - value)
            })
        };
        let mut left = self.left(&state);
        for _ in 0..12 {
            let step = least_squares(rows(state))?;
            let by = |n: usize, part: f64| {
                let place = free.iter().position(|&free| free == n);
                place.map_or(0.0, |k| part * step[k] * units[n])
            };
            let found = STEPS.into_iter().find_map(|part| {
                let mut next = state;
                next.level += by(0, part);
                next.phase += by(1, part);
                next.slip += by(2, part);
                next.bend += by(BEND, part);
                next.change.start += by(3, part).clamp(-0.5 * span, 0.5 * span);
                next.change.rate += by(4, part);
                next.change.end += by(END, part).clamp(-0.5 * span, 0.5 * span);
                if free.contains(&END) && next.change.end <= next.change.start + 1.0 {
                    return None;
                }
                let less = self.left(&next);
                (less < left).then_some((next, less))
            });
            let Some((next, less)) = found else { break };
            let gained = left - less;
            (state, left) = (next, less);
            if gained < 1e-6 * left {
                break;
            }
        }
        let fit = regression(rows(state))?;
        // What each point has in an error of the start, of the wave before and of the change apart.
        let weights: Vec<(f64, f64)> = rows(state)
            .map(|(row, residual)| {
                let weight = row.iter().zip(&fit.inverse[3]).map(|(a, b)| a * b);
                let weight: f64 = weight.sum();
                (weight, weight * residual)
            })
            .collect();
        let before = self
            .positions()
            .take_while(|&k| (k as f64) < state.change.start);
        let (before, after) = weights.split_at(before.count());
        let period = self.cycle / self.stride as f64;
        let variance: f64 = [before, after]
            .map(|part| {
                let power: f64 = part.iter().map(|(weight, _)| weight * weight).sum();
                power * alike(part, period)
            })
            .iter()
            .sum();
        Some(Fitted {
            change: state.change,
            doubt: fit.sigma * variance.sqrt() * units[3],
            left,
            points: self.positions().count() as f64,
        })
    }
}

/// By how much what is alike from point to point, from half a cycle to the next and from cycle to
/// cycle widens the variance of a sum of points: a coarse resolution leaves the same of every cycle
/// of a level if the cycle is a whole number of samples. `points` are weights, and errors times
/// weights.
fn alike(points: &[(f64, f64)], period: f64) -> f64 {
    let power: f64 = points.iter().map(|(_, x)| x * x).sum();
    let share = |lag: usize| {
        let later = points.get(lag..).unwrap_or_default();
        let pairs = points.iter().zip(later);
        let share = pairs.map(|((_, a), (_, b))| a * b).sum::<f64>() / power;
        Some(share).filter(|share| *share >= ALIKE)
    };
    // What is alike around a lag.
    let around = |halves: u32| {
        let same = (0.5 * f64::from(halves) * period).round() as usize;
        let near = 1..(0.25 * period) as usize;
        let later: f64 = near.clone().map_while(|n| share(same + n)).sum();
        if halves == 0 {
            return Some(later);
        }
        let earlier: f64 = near.map_while(|n| share(same - n)).sum();
        Some(share(same)? + earlier + later)
    };
    let mut sum = 1.0 + 2.0 * around(0).unwrap_or(0.0);
    for cycles in 0_u32.. {
        let halves = [2 * cycles + 1, 2 * cycles + 2].map(around);
        if halves.iter().all(Option::is_none) {
            break;
        }
        sum += 2.0 * halves.into_iter().flatten().sum::<f64>();
    }
    sum
}

/// Fits the change of `course` that is about `about` to all samples around it; `None` if the samples
/// are no such change of the wave `before`, with the cycle of which all is measured. Of the wave around
/// it at most `part` is fitted.
pub(super) fn fit(
    samples: &[f64],
    before: &SineFit,
    cycle: f64,
    course: Course,
    about: Change,
    part: Part,
) -> Option<Fitted> {
    let length = match course {
        Course::Amplitude | Course::Frequency => about.end - about.start,
        Course::FrequencyStep => 0.0,
    };
    let reach = |(cycles, lengths): (f64, f64)| (cycles * cycle).max(lengths * length);
    let from = (about.start - reach(part.before)).max(0.0) as usize;
    let last = samples.len() as f64 - 1.0;
    let to = (about.start + length + reach(part.after))
        .min(last)
        .max(0.0) as usize;
    if from + 8 >= to {
        return None;
    }
    let scene = Scene {
        samples,
        range: from..to,
        stride: ((cycle / PER_CYCLE) as usize).max(1),
        before,
        cycle,
        course,
        carried: part.carried,
        origin: about.start,
    };
    let state = State {
        level: 1.0,
        phase: 0.0,
        slip: 0.0,
        bend: 0.0,
        change: about,
    };
    let allowed = 1.3 * before.sigma + 0.003 * before.amplitude();
    let fits = |found: &Fitted| {
        let near = (found.change.start - about.start).abs() < length + 4.0 * cycle;
        found.left.sqrt() < allowed && near && found.doubt.is_finite()
    };
    // A ramp that goes on at the end of the record has no end, though noise may have made it look
    // settled a little earlier.
    let endless = || {
        let mut state = state;
        state.change.end = last + cycle;
        scene.fitted(state, Ends::Never).filter(fits)
    };
    let late = about.end > last - UNSETTLED * (last - about.start);
    match course {
        Course::FrequencyStep => scene.fitted(state, Ends::Never).filter(fits),
        Course::Amplitude | Course::Frequency if about.end > last - cycle => endless(),
        Course::Amplitude | Course::Frequency => {
            let ends = |found: &Fitted| fits(found) && found.change.end < last - cycle;
            let found = scene.fitted(state, Ends::Free);
            if late {
                found.filter(ends).or_else(endless)
            } else {
                found.filter(fits)
            }
        }
    }
}
