//! The pulsation of single-phase power at twice the line frequency, which is no part of a
//! response: found where the response rests, and taken off.

use crate::golden_section::golden_section;
use crate::linear::regression;
use crate::math::{RootSum, sin_cos};

use super::step_fit::median;

/// Twice the line frequency of grids of 45 to 65 Hz, Hz.
const BAND_HZ: (f64, f64) = (90.0, 130.0);
/// Points per period that show a pulsation, at least.
const LEAST_POINTS: f64 = 8.0;
/// Periods that a rest must last to show it.
const LEAST_PERIODS: f64 = 2.5;
/// Longest part of a rest that is looked at, s: line frequencies move.
const LONGEST_S: f64 = 1.0;
/// Parts of a record that nothing marks, s, and the share of them that pulsates at least: steps
/// hide it in the others.
const PART_S: f64 = 0.1;
const PULSATING: f64 = 0.25;
/// Share of what a rest scatters that is pulsation, at least: less does no harm.
const DOMINANT: f64 = 0.5;
/// Share of a step by which a pulsation may change with it and be taken off well.
const LARGE: f64 = 0.1;
/// Tries per reciprocal of the time that is looked at.
const FINENESS: f64 = 4.0;
/// Steps of the golden section between them: to 2e-4 of their distance.
const SECTIONS: usize = 18;

/// Points as (time in s, value), ascending and as far apart.
type Points<'a> = &'a [(f64, f64)];

/// A·cos + B·sin of a frequency, times counted from 0.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Wave {
    hz: f64,
    cos: f64,
    sin: f64,
}

impl Wave {
    fn at(&self, t: f64) -> f64 {
        let [c, s] = turned(self.hz, t);
        self.cos * c + self.sin * s
    }

    /// Fitted to points beside a line, with the squares that both leave.
    fn fitted(points: Points<'_>, hz: f64) -> Option<(Self, f64)> {
        let middle = 0.5 * (points.first()?.0 + points.last()?.0);
        let rows = points.iter().map(|&(t, y)| {
            let [c, s] = turned(hz, t);
            ([1.0, t - middle, c, s], y)
        });
        let fit = regression(rows)?;
        let [_, _, cos, sin] = fit.x;
        Some((Self { hz, cos, sin }, fit.left()))
    }
}

/// Cosine and sine at a time in s.
fn turned(hz: f64, t: f64) -> [f64; 2] {
    let turns = hz * t;
    let (s, c) = sin_cos(std::f64::consts::TAU * (turns - turns.floor()));
    [c, s]
}

/// Squares that a line leaves.
fn left_by_line(points: Points<'_>) -> Option<f64> {
    let middle = 0.5 * (points.first()?.0 + points.last()?.0);
    let rows = points.iter().map(|&(t, y)| ([1.0, t - middle], y));
    Some(regression(rows)?.left())
}

/// From the first point to the last, s.
fn lasts(points: Points<'_>) -> f64 {
    match points {
        [first, .., last] => last.0 - first.0,
        _ => 0.0,
    }
}

/// Whether points are long enough and close enough to show a pulsation.
fn shows(points: Points<'_>) -> bool {
    let periods = lasts(points) * BAND_HZ.0;
    periods >= LEAST_PERIODS && points.len() as f64 >= LEAST_POINTS * periods
}

/// The frequency at which a pulsation leaves least of the rests, each with its own amplitude; `None`
/// if they are too short, or if they scatter by something else.
fn frequency(rests: &[Points<'_>]) -> Option<f64> {
    let longest = rests.iter().map(|rest| lasts(rest)).fold(0.0, f64::max);
    if rests.is_empty() || !rests.iter().all(|rest| shows(rest)) {
        return None;
    }
    // As many points as show it.
    let few: Vec<Vec<(f64, f64)>> = rests
        .iter()
        .map(|rest| {
            let periods = lasts(rest) * BAND_HZ.1;
            let group = (rest.len() as f64 / (LEAST_POINTS * periods)) as usize;
            let mean = |c: Points<'_>| {
                let sum = c.iter().fold((0.0, 0.0), |s, p| (s.0 + p.0, s.1 + p.1));
                (sum.0 / c.len() as f64, sum.1 / c.len() as f64)
            };
            rest.chunks_exact(group.max(1)).map(mean).collect()
        })
        .collect();
    let left = |hz: f64| {
        let each = few.iter().map(|rest| Some(Wave::fitted(rest, hz)?.1));
        each.sum::<Option<f64>>()
    };
    let apart = 1.0 / (FINENESS * longest);
    let count = ((BAND_HZ.1 - BAND_HZ.0) / apart).ceil() as u32;
    let tries = (0..=count).map(|n| BAND_HZ.0 + f64::from(n) * apart);
    let tries = tries.filter_map(|hz| Some((hz, left(hz)?)));
    let (near, _) = tries.min_by(|a, b| a.1.total_cmp(&b.1))?;
    let hz = golden_section((near - apart, near + apart), SECTIONS, left)?;
    let lines = few.iter().map(|rest| left_by_line(rest));
    let lines = lines.sum::<Option<f64>>()?;
    (left(hz)? < (1.0 - DOMINANT) * lines).then_some(hz)
}

fn mean(points: Points<'_>) -> f64 {
    points.iter().map(|p| p.1).sum::<f64>() / points.len() as f64
}

/// Sums of the values before each point and of all.
fn sums(points: Points<'_>) -> Vec<f64> {
    let sums = points.iter().scan(0.0, |sum, p| {
        *sum += p.1;
        Some(*sum)
    });
    std::iter::once(0.0).chain(sums).collect()
}

/// Means over one period of the pulsation each, at the time each begins, if the record pulsates.
pub(super) fn by_periods(points: Points<'_>) -> Option<Vec<(f64, f64)>> {
    let [first, second, ..] = points else {
        return None;
    };
    let spacing = second.0 - first.0;
    let part = (PART_S / spacing).round() as usize;
    let parts = points.chunks_exact(part.max(1));
    let count = parts.len();
    let mut found: Vec<f64> = parts.filter_map(|part| frequency(&[part])).collect();
    if found.len() < 2 || (found.len() as f64) < PULSATING * count as f64 {
        return None;
    }
    let period = 1.0 / (median(&mut found)? * spacing);
    let sums = sums(points);
    // Sum of the samples up to a position, of which a share counts.
    let until = |at: f64| {
        let whole = (at as usize).min(points.len() - 1);
        sums[whole] + (at - whole as f64) * points[whole].1
    };
    let count = (points.len() as f64 / period).floor() as u32;
    let mean = |n: u32| {
        let (from, to) = (f64::from(n) * period, f64::from(n + 1) * period);
        (first.0 + from * spacing, (until(to) - until(from)) / period)
    };
    Some((0..count).map(mean).collect())
}

/// A pulsation beside a step from a rest at one level to a rest at another.
pub(super) struct Pulsation {
    before: Wave,
    after: Wave,
    /// Means of both rests.
    levels: (f64, f64),
}

impl Pulsation {
    /// What the rests `before` and `after` a step show, those points of them nearest to it: one that is
    /// too short pulsates as the other. `None` where they scatter by something else.
    pub(super) fn new(before: Points<'_>, after: Points<'_>) -> Option<Self> {
        let begin = before.last()?.0 - LONGEST_S;
        let before = &before[before.partition_point(|p| p.0 < begin)..];
        let end = after.first()?.0 + LONGEST_S;
        let after = &after[..after.partition_point(|p| p.0 <= end)];
        let rests: Vec<Points<'_>> = [before, after].into_iter().filter(|r| shows(r)).collect();
        let hz = frequency(&rests)?;
        let [begins, ends] = [*rests.first()?, *rests.last()?];
        Some(Self {
            before: Wave::fitted(begins, hz)?.0,
            after: Wave::fitted(ends, hz)?.0,
            levels: (mean(before), mean(after)),
        })
    }

    /// What it does to the times, if it changes with the step by more than `LARGE` of it.
    pub(super) fn warning(&self, change: f64) -> Option<String> {
        let (cos, sin) = (
            self.after.cos - self.before.cos,
            self.after.sin - self.before.sin,
        );
        let share = cos.root_sum(sin) / change.abs();
        (share > LARGE).then(|| {
            format!(
                "the response pulsates at {:.1} Hz, by {:.0} % of the step more or less after it: times of a response that is over within some periods of that are not known so well as they say; average the power over a cycle",
                self.after.hz,
                100.0 * share
            )
        })
    }

    /// The points without it: on the way between the levels it changes as the mean over a period
    /// does.
    pub(super) fn taken_off(&self, points: Points<'_>) -> Vec<(f64, f64)> {
        let sums = sums(points);
        let spacing = match points {
            [a, b, ..] => b.0 - a.0,
            _ => 1.0,
        };
        let period =
            ((1.0 / (self.after.hz * spacing)).round() as usize).clamp(1, points.len().max(1));
        let without = |(k, &(t, y)): (usize, &(f64, f64))| {
            let from = k.saturating_sub(period / 2).min(points.len() - period);
            let mean = (sums[from + period] - sums[from]) / period as f64;
            let share = (mean - self.levels.0) / (self.levels.1 - self.levels.0);
            let share = share.clamp(0.0, 1.0);
            let wave = (1.0 - share) * self.before.at(t) + share * self.after.at(t);
            (t, y - wave)
        };
        points.iter().enumerate().map(without).collect()
    }
}
