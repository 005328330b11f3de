//! How long a wave stays below a level, with what its samples, noise and the accuracy of the level
//! leave open: metrics M1 (voltage) and M5 (current) of a transfer, and M3 by its one-cycle RMS.

use crate::bent_wave::BentWave;
use crate::limit_crossing::{Seek, crossing};
use crate::math::RootSum;
use crate::rms::half_cycle_series;
use crate::uncertainty::Budget;

/// The time between two crossings of a level, sample positions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Interval {
    pub(crate) start: f64,
    pub(crate) end: f64,
    /// Whether the value leaps over the level there, anywhere between two samples.
    leaps: (bool, bool),
}

impl Interval {
    pub(crate) fn length(&self) -> f64 {
        self.end - self.start
    }
}

/// What leaves an end open that is looked at now and then.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Look {
    /// Nothing: its instant is found.
    None,
    /// It lies anywhere between two looks, samples apart.
    Anywhere(f64),
    /// It lies between two looks at zeros of the wave, samples apart, and the square of the wave is
    /// what brings the mean square there: its density is that of sin².
    AtZeros(f64),
}

impl Look {
    /// Adds it to the budget of a time of samples `step_s` apart.
    fn add(self, source: &str, step_s: f64, budget: Budget) -> Budget {
        match self {
            Self::None => budget,
            Self::Anywhere(apart) => budget.sampling(source, apart * step_s),
            Self::AtZeros(apart) => {
                // Variance of the density 2 sin²(πx) over 0…1.
                let variance = 1.0 / 12.0 - 0.5 / std::f64::consts::PI.powi(2);
                budget.normal(source, apart * variance.sqrt() * step_s)
            }
        }
    }
}

/// A time below a level, samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Dwell {
    /// How long it lasts; 0 if it is none.
    pub length: f64,
    /// What leaves each of the ends open that is looked at now and then.
    looks: (Look, Look),
    /// Standard uncertainty of each end by noise, samples.
    noise: (f64, f64),
    /// By how much a level of another accuracy makes it longer or shorter, ±.
    accuracy: f64,
    /// What it would be if noise had decided otherwise whether it counts, ±.
    counted: f64,
}

impl Dwell {
    /// The budget of its length in s, of samples `step_s` apart.
    pub fn budget(&self, step_s: f64) -> Budget {
        let start = self
            .looks
            .0
            .add("sampling, start", step_s, Budget::new("s"));
        self.looks
            .1
            .add("sampling, end", step_s, start)
            .normal("noise, start", self.noise.0 * step_s)
            .normal("noise, end", self.noise.1 * step_s)
            .rectangular("accuracy of the level", self.accuracy * step_s)
            .rectangular("noise: whether it counts", self.counted * step_s)
    }
}

/// Twice the standard deviation of a level that is interpolated between two samples, in those of
/// one sample: 2√(2/3), as the crossing lies anywhere between them.
const NOISE: f64 = 1.63;
/// From where on a crossing is taken from a line through at least six samples, which halves that:
/// where the wave needs longer for so many deviations, samples.
const LINE: f64 = 0.25 * NOISE;

/// The interval that `longest` finds below `level`, if one counts, and how it moves when the level
/// does: `seek` knows the noise, `accuracy` is the bound of the level.
pub(crate) fn dwell(
    longest: impl Fn(f64) -> Option<Interval>,
    level: f64,
    seek: &Seek,
    accuracy: f64,
) -> Dwell {
    let found = longest(level);
    let length = |interval: &Option<Interval>| interval.map_or(0.0, |i| i.length());
    let beside = |by: f64| [level - by, level + by].map(&longest);
    let (mut noise, mut counted) = ((0.0_f64, 0.0_f64), 0.0_f64);
    for moved in beside((NOISE * seek.sigma).min(seek.unsure)) {
        match (found, moved) {
            (None, None) => {}
            (Some(a), Some(b)) if a.start < b.end && b.start < a.end => {
                let off = |x: f64, y: f64| {
                    let moved = (x - y).abs();
                    0.5 * if moved > LINE {
                        (0.5 * moved).max(LINE)
                    } else {
                        moved
                    }
                };
                noise.0 = noise.0.max(off(a.start, b.start));
                noise.1 = noise.1.max(off(a.end, b.end));
            }
            (a, b) => counted = counted.max((length(&a) - length(&b)).abs()),
        }
    }
    let moved = beside(accuracy).map(|other| (length(&other) - length(&found)).abs());
    let leaps = found.map_or((false, false), |i| i.leaps);
    let look = |leaps: bool| {
        if leaps {
            Look::Anywhere(1.0)
        } else {
            Look::None
        }
    };
    Dwell {
        length: length(&found),
        looks: (look(leaps.0), look(leaps.1)),
        noise,
        accuracy: if accuracy > 0.0 {
            moved[0].max(moved[1])
        } else {
            0.0
        },
        counted,
    }
}

/// The longest interval with |x| below `level`. A value above ends one where noise cannot have
/// lifted it there, where a leap beside it did, or with half of its neighbours.
pub(crate) fn longest_below(values: &[f64], level: f64, seek: &Seek) -> Option<Interval> {
    let around = seek.width / 2;
    let leap = (0.5 * level).max(6.0 * seek.sigma);
    let leaps = |a: usize, b: usize| (values[a] - values[b]).abs() > leap;
    let above = |k: usize| {
        let size = values[k].abs();
        if size < level {
            return false;
        }
        let near = &values[k.saturating_sub(around)..(k + around + 1).min(values.len())];
        size >= level + 4.5 * seek.sigma
            || k > 0 && leaps(k - 1, k)
            || k + 1 < values.len() && leaps(k, k + 1)
            || 2 * near.iter().filter(|v| v.abs() >= level).count() >= near.len()
    };
    let (mut longest, mut length) = ((0, 0), 0);
    for k in 0..values.len() {
        length = if above(k) { 0 } else { length + 1 };
        if length > longest.0 {
            longest = (length, k + 1);
        }
    }
    let (count, to) = longest;
    let from = to - count;
    if count == 0 {
        return None;
    }
    // An end of the values is the end of what is known.
    let end = |a: usize, b: usize| {
        let jump = (values[b].abs() - values[a].abs()).abs() > leap;
        let at = if jump {
            0.5 * (a + b) as f64
        } else {
            crossing(values, (a, b), level, seek.sigma, seek.reach)
        };
        (at, jump)
    };
    let first = from.checked_sub(1).map_or((0.0, false), |a| end(a, from));
    let last = if to < values.len() {
        end(to - 1, to)
    } else {
        (to as f64, false)
    };
    Some(Interval {
        start: first.0,
        end: last.0.max(first.0),
        leaps: (first.1, last.1),
    })
}

/// Offsets within half a cycle at which RMS values are looked at that Urms(½) leaves out.
const BETWEEN: usize = 16;

/// Metric M3: the time with Urms(½) below `level` (V) within `from..to` (sample positions), its
/// windows begun at zeros of the wave before (IEC 61000-4-30), carried on through the event. It
/// stands for the time with the RMS of any one cycle below the level, which half-cycle steps sample.
/// `accuracy` is the bound of the channel at the level, V.
pub(crate) fn rms_dip(
    volts: &[f64],
    wave: &BentWave,
    rate_hz: f64,
    (from, to): (f64, f64),
    level: f64,
    accuracy: f64,
) -> Dwell {
    let half = 0.5 * rate_hz / wave.hz_at(from);
    let turned = wave.angle_at(from) / std::f64::consts::PI;
    let zero = from - turned.rem_euclid(1.0) * half;
    let first = zero - (zero / half).floor().min(0.0) * half;
    let part = &volts[..(to.max(0.0) as usize).min(volts.len())];
    // The mean square of a cycle scatters by 2 V σ/√(cycle), its root by σ/√(cycle).
    let noise = 2.0 * wave.scatter / (2.0 * half).sqrt();
    let series = |offset: f64| half_cycle_series(part, 2.0 * half, first + offset);
    let steps = series(0.0);
    let count = |level: f64| steps.iter().filter(|(_, value)| *value < level).count() as f64;
    let low = count(level);
    let moved = |by: f64| {
        let counts = [level - by, level + by].map(|level| (count(level) - low).abs());
        half * counts[0].max(counts[1])
    };
    // How often the RMS of any cycle passes the level: nothing to miss if never, a begin and an end
    // of one dip, more where the wave comes back for a part of a cycle.
    let offset = |k: usize| k as f64 / BETWEEN as f64 * half;
    let mut any: Vec<(f64, f64)> = (0..BETWEEN).flat_map(|k| series(offset(k))).collect();
    any.sort_by(|a, b| a.0.total_cmp(&b.0));
    let edge = level + noise.root_sum(accuracy);
    let ends = any
        .windows(2)
        .filter(|w| (w[0].1 < edge) != (w[1].1 < edge));
    let look = match ends.count() {
        0 => Look::None,
        1 | 2 => Look::AtZeros(half),
        // It passes the level more often than looks show.
        many => Look::Anywhere(half * (0.5 * many as f64).sqrt()),
    };
    Dwell {
        length: half * low,
        looks: (look, look),
        noise: (0.0, 0.0),
        accuracy: if accuracy > 0.0 { moved(accuracy) } else { 0.0 },
        counted: moved(noise),
    }
}
