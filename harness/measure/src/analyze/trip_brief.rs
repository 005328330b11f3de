//! A disturbance that is over before the voltage settles again: a dip or swell of a few cycles, a
//! jump of the phase and back, an excursion of the frequency. Between its ends the samples are
//! explained neither by the wave before nor by the wave after, but by a third one.

use std::f64::consts::{SQRT_2, TAU};
use std::ops::Range;

use super::trip::TripEvent;
use super::trip_edge::Shape;
use super::trip_event::{CHANGED, Event, Seen};
use super::trip_fit::{Change, Course, LONG, fit};
use super::trip_significant::size;
use crate::linear::least_squares;
use crate::math::{RootSum, atan2};
use crate::rms::rms;
use crate::sine_fit::SineFit;

/// Part of the largest departure from which on a wave no longer explains the samples.
const DEPARTED: f64 = 0.1;
/// Shortest and longest disturbance that is looked for, cycles.
const CYCLES: (f64, f64) = (0.5, 12.0);
/// Shortest one in which the frequency can be told, cycles.
const TELLS_FREQUENCY: f64 = 2.5;
/// Part of the departure that the wave in between may leave: one that moves along a line from
/// nothing leaves half of it to the best steady one.
const EXPLAINED: f64 = 0.25;
/// The same, and the shortest disturbance, where a direct component or ringing might do as well, of
/// which a steady wave explains some.
const CLEARLY: (f64, f64) = (0.06, 1.0);
/// Part of a cycle at either end that may belong to the change itself.
const MARGIN: f64 = 0.05;
/// Longest disturbance after which the wave before may be back, cycles.
const RETURNS_CYCLES: usize = 50;
/// Change of the amplitude per radian from which on both together are a step of the voltage.
const BY_VOLTAGE: f64 = 0.25;

/// First index from which on samples are beyond `limit`, themselves and over so many after them.
fn departs(residual: impl Iterator<Item = f64>, limit: f64, count: usize) -> Option<usize> {
    let squares: Vec<f64> = residual.map(|x| x * x).collect();
    let mut sum: f64 = squares.iter().take(count).sum();
    for (k, x) in squares.iter().enumerate() {
        let seen = count.min(squares.len() - k) as f64;
        if x.sqrt() > limit && (sum.max(0.0) / seen).sqrt() > limit {
            return Some(k);
        }
        sum += squares.get(k + count).unwrap_or(&0.0) - x;
    }
    None
}

/// The old wave with another amplitude and phase, by least squares of the samples `inside`:
/// (factor of the amplitude, angle in rad, what it leaves of samples from `range`).
fn turned(
    samples: &[f64],
    old: &SineFit,
    inside: Range<usize>,
    range: Range<usize>,
) -> Option<(f64, f64, Vec<f64>)> {
    let rows = inside.map(|k| {
        let (w, dw) = old.alternating_at(k as f64);
        ([w, dw / TAU], samples[k] - old.direct())
    });
    let [a, b] = least_squares(rows)?;
    let left = range.map(|k| {
        let (w, dw) = old.alternating_at(k as f64);
        samples[k] - old.direct() - a * w - b * dw / TAU
    });
    Some((a.root_sum(b), atan2(b, a), left.collect()))
}

/// A disturbance after which the wave before is back.
pub(super) struct Over {
    /// Samples of the disturbance, with some beside it.
    pub(super) at: Range<usize>,
    /// The wave before in their place.
    pub(super) wave: Vec<f64>,
}

impl Over {
    /// The disturbance `at` of a record whose wave before is `before`, where that is back after it.
    fn new(before: &SineFit, at: Range<usize>, beside: usize) -> Self {
        let at = at.start.saturating_sub(beside)..at.end + beside;
        let mut wave = Vec::with_capacity(at.len());
        before.each(at.start, at.len(), |_, x| wave.push(x));
        Self { at, wave }
    }
}

/// First index from which on samples of a cycle are within half of `limit`.
fn returns(residual: &[f64], limit: f64, cycle: usize) -> Option<usize> {
    let mut sum = residual.get(..cycle)?.iter().map(|x| x * x).sum::<f64>();
    let most = 0.25 * limit * limit * cycle as f64;
    for (k, x) in residual.iter().enumerate() {
        if sum < most {
            return Some(k);
        }
        sum += residual.get(k + cycle)?.powi(2) - x * x;
    }
    None
}

impl Seen<'_> {
    /// What begins at sample position `at`, if the wave `before` is back within a second.
    pub(super) fn over(&self, before: &SineFit, at: f64) -> Option<Over> {
        let (begin, cycle) = (at.max(0.0) as usize, self.cycle as usize);
        let to = (begin + RETURNS_CYCLES * cycle).min(self.samples.len());
        let old = before.residual(self.samples.get(begin..to)?, begin);
        let first = old.get(..cycle)?;
        let limit = (DEPARTED * rms(first)).max(5.0 * before.sigma);
        let back = begin + returns(&old[cycle / 2..], limit, cycle)? + cycle / 2;
        Some(Over::new(before, begin..back, cycle / 10))
    }

    /// The disturbance between the wave before and the wave after, which begins to be settled at
    /// point `settled`; `None` if one change, of the given shape, explains the samples between both,
    /// or no steady wave does.
    pub(super) fn brief(
        &self,
        before: &SineFit,
        flag: usize,
        settled: usize,
        (after, shape): (f64, Shape),
    ) -> Option<Event> {
        let cycle = self.cycle;
        let near = self.just_before(before, flag);
        let before = near.as_ref().unwrap_or(before);
        let from = (self.points[flag].at - 3.0 * cycle).max(0.0) as usize;
        let to = ((self.points[settled].at + cycle) as usize).min(self.samples.len());
        let window = self.samples.get(from..to)?;
        let old = before.residual(window, from);
        let (_, new) = self.left_after(before, settled, after, (from, window))?;
        let quarter = (0.25 * cycle) as usize;
        let most = old.chunks(quarter.max(1)).map(rms).fold(0.0, f64::max);
        let limit = (DEPARTED * most).max(5.0 * before.sigma);
        let begin = from + departs(old.iter().copied(), limit, quarter)?;
        let end = to - departs(new.iter().rev().copied(), limit, quarter)?;
        // The next one may begin before the voltage settles.
        let shortly = begin - from + (CYCLES.0 * cycle) as usize;
        let back = returns(&old[shortly.min(old.len())..], limit, cycle as usize);
        let back = back.map(|k| from + shortly + k);
        let (end, (explained, shortest)) = match (back, shape) {
            (Some(back), _) => (back.min(end), (EXPLAINED, CYCLES.0)),
            (None, Shape::Line) => (end, (EXPLAINED, CYCLES.0)),
            (None, Shape::Other) => (end, CLEARLY),
            (None, Shape::Exponential) => return None,
        };
        let lasts = end as f64 - begin as f64;
        if lasts < shortest * cycle || lasts > CYCLES.1 * cycle {
            return None;
        }
        let margin = (MARGIN * cycle) as usize;
        let inside = begin + margin..end - margin;
        let part = inside.start - from..inside.end - from;
        let allowed = (explained * rms(&old[part.clone()])).max(1.5 * before.sigma);
        // The split needs what lies before the return only.
        let (old, range) = (&old[..end - from], from..end);
        let (factor, angle, left) = turned(self.samples, before, inside.clone(), range)?;
        if rms(&left[part.clone()]) < allowed {
            let by_voltage = (factor - 1.0).abs() > BY_VOLTAGE * angle.abs();
            let (at, doubt) = self.split(old, &left, before.sigma);
            return Some(Event {
                kind: if by_voltage {
                    TripEvent::VoltageStep
                } else {
                    TripEvent::PhaseJump
                },
                seen_s: self.points[flag].at / self.rate,
                at_s: (from as f64 + at) / self.rate,
                doubt_s: doubt / self.rate,
                rms: Some(self.rms0 * factor),
                hz: None,
                slope: None,
                size: size(factor - 1.0, 0.0, angle / TAU),
                over: back.map(|_| Over::new(before, begin..end, 2 * margin)),
            });
        }
        if lasts < TELLS_FREQUENCY * cycle {
            return None;
        }
        let samples = &self.samples[inside.clone()];
        let wave = SineFit::new(samples, inside.start, self.rate, self.hz0)?;
        let left = wave.residual(&self.samples[from..end], from);
        let slip = (wave.hz - before.hz) / self.rate;
        if rms(&left[part]) > allowed || (wave.hz - before.hz).abs() < CHANGED.1 {
            return None;
        }
        let (split, _) = self.split(old, &left, before.sigma);
        let about = Change {
            start: from as f64 + split,
            end: end as f64,
            rate: slip,
        };
        let samples = &self.samples[..inside.end];
        let found = fit(samples, before, cycle, Course::FrequencyStep, about, LONG)?;
        let rms = wave.amplitude() / SQRT_2;
        Some(Event {
            kind: TripEvent::FrequencyStep,
            seen_s: self.points[flag].at / self.rate,
            at_s: found.change.start / self.rate,
            doubt_s: found.doubt / self.rate,
            rms: Some(rms),
            hz: Some(wave.hz),
            slope: None,
            size: size(rms / self.rms0 - 1.0, wave.hz - self.hz0, 0.0),
            over: None,
        })
    }
}
