//! Ramps of the voltage or its frequency so slow that a few cycles on their way look settled: a line
//! between two levels through the windows, as far as they go.

use super::trip::TripEvent;
use super::trip_event::{CHANGED, Event, PER_CYCLE, Seen, mean};
use super::trip_fit::{Change, Course, LONG, fit};
use super::trip_significant::slow_size;
use crate::linear::{least_squares, regression};
use crate::noise::{alike, white};

/// Cycles over which a level is kept.
const KEPT: usize = 8;
/// Shortest time from 10 % to 90 %, cycles.
const SLOW_CYCLES: f64 = 10.0;
/// How much faster than what looks settled a ramp may be.
const LOOKS_SETTLED: f64 = 2.0;
/// What a line may leave of the windows: share of the change, standard deviations.
const STRAIGHT: (f64, f64) = (0.015, 1.5);
/// Longest part before a ramp and after it that is looked at: cycles, and lengths of the ramp.
const BEFORE: (f64, f64) = (50.0, 2.0);
const AFTER: (f64, f64) = (25.0, 1.0);
/// Most means of windows that a line is laid through.
const MEANS: usize = 2400;
/// Standard uncertainties of its start that lie before a ramp whose beginning shows.
const BEGINS: f64 = 3.0;
/// Fewest cycles before a ramp.
const LEAST_CYCLES: f64 = 2.5;

/// What a ramp changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    /// The amplitude, share of what it was.
    Amplitude,
    /// The frequency, Hz.
    Frequency,
}

/// Means of windows (sample position, value) of so many samples each.
struct Means {
    values: Vec<(f64, f64)>,
    window: f64,
    /// Windows in each.
    each: usize,
}

/// A line from one level to another, sample positions; it may go on beyond what is looked at.
#[derive(Debug, Clone, Copy)]
struct Line {
    start: f64,
    end: f64,
}

impl Line {
    /// Samples of the ramp until `at`, on average over a window of `window` samples.
    fn passed(self, at: f64, window: f64) -> f64 {
        let length = self.end - self.start;
        let sum = |x: f64| {
            let on = x.clamp(0.0, length);
            0.5 * on * on + length * (x - length).max(0.0)
        };
        let x = at - self.start;
        (sum(x + 0.5 * window) - sum(x - 0.5 * window)) / window
    }
}

impl Means {
    /// Standard deviation of what does not go on from window to window, of those that share nothing.
    fn noise(&self) -> f64 {
        let apart = self
            .values
            .iter()
            .step_by((2 * PER_CYCLE).div_ceil(self.each));
        white(&apart.map(|x| x.1).collect::<Vec<_>>())
    }

    /// Level, slope per sample and the sum of squares that a line leaves.
    fn laid(&self, line: Line) -> Option<([f64; 2], f64)> {
        let passed = |at: f64| line.passed(at, self.window) / (line.end - line.start);
        let rows = self.values.iter().map(|&(at, y)| ([1.0, passed(at)], y));
        let [level, gain] = least_squares(rows)?;
        let left = |&(at, y): &(f64, f64)| (y - level - gain * passed(at)).powi(2);
        let slope = gain / (line.end - line.start);
        Some(([level, slope], self.values.iter().map(left).sum()))
    }

    /// The line that leaves least, from about `tried`; it begins at `from` at the earliest.
    fn nearest(&self, tried: Line, from: f64) -> Option<Line> {
        let (mut best, mut least) = (tried, self.laid(tried)?.1);
        let mut width = 0.25 * (tried.end - tried.start);
        while width > 0.01 * self.window {
            let moves = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1)];
            let found = moves
                .into_iter()
                .map(|(a, b)| Line {
                    start: (best.start + f64::from(a) * width).max(from),
                    end: best.end + f64::from(b) * width,
                })
                .filter(|line| line.end > line.start + self.window)
                .filter_map(|line| Some((line, self.laid(line)?.1)))
                .min_by(|a, b| a.1.total_cmp(&b.1))
                .filter(|found| found.1 < least);
            match found {
                Some(found) => (best, least) = found,
                None => width *= 0.5,
            }
        }
        Some(best)
    }

    /// Standard uncertainty of the start of a line of this slope, samples: what noise leaves open of
    /// levels, slope and ends, and what of it is alike from mean to mean.
    fn doubt(&self, line: Line, [level, slope]: [f64; 2]) -> Option<f64> {
        let unit = line.end - line.start;
        let part = |past: bool| f64::from(u8::from(past));
        let ends = self.values.last().is_some_and(|last| last.0 > line.end);
        let rows = self.values.iter().map(|&(at, y)| {
            let passed = line.passed(at, self.window);
            let on = part(at > line.start);
            // Of a ramp without an end there is none to be found.
            let ended = part(at > line.end);
            ([1.0, passed / unit, -on, ended], y - level - slope * passed)
        });
        let (spread, sigma) = if ends {
            let fit = regression(rows.clone())?;
            (fit.spread[2], fit.sigma)
        } else {
            let fit = regression(rows.clone().map(|([a, b, c, _], y)| ([a, b, c], y)))?;
            (fit.spread[2], fit.sigma)
        };
        let left: Vec<f64> = rows.map(|(_, y)| y).collect();
        let own = (PER_CYCLE / self.each).max(1) as f64;
        let alike = own.max(alike(&left, (left.len() / 4).saturating_sub(1)));
        let doubt = sigma * (spread * alike).sqrt() / slope.abs();
        doubt.is_finite().then_some(doubt)
    }
}

impl Seen<'_> {
    /// The slow ramp that point `flag` lies on; `None` if what changes there is none.
    pub(super) fn slow_ramp(&self, flag: usize) -> Option<Event> {
        // What changes at once is another change.
        let end = self.leaves(flag).map_or(self.points.len(), |x| x.0);
        self.slow_ramp_of(Of::Amplitude, flag, end)
            .or_else(|| self.slow_ramp_of(Of::Frequency, flag, end))
    }

    fn slow_ramp_of(&self, of: Of, flag: usize, end: usize) -> Option<Event> {
        let (base, least, calm) = match of {
            Of::Amplitude => (1.0, CHANGED.0, self.calm().0 / self.rms0),
            Of::Frequency => (self.hz0, CHANGED.1, self.calm().1),
        };
        let value = |k: usize| match of {
            Of::Amplitude => self.points[k].rms / self.rms0,
            Of::Frequency => self.hz[k],
        };
        // Departures from the level before, kept for some cycles.
        let kept = |k: usize| mean((k..k + KEPT * PER_CYCLE).map(value)) - base;
        let last = end.checked_sub(KEPT * PER_CYCLE)?;
        let up = kept(flag.min(last)).signum();
        let most = (flag..=last).map(|k| up * kept(k)).fold(0.0, f64::max);
        if most < least {
            return None;
        }
        let t90 = (flag.min(last)..=last).find(|&k| up * kept(k) >= 0.9 * most)?;
        let t10 = (0..t90).rev().find(|&k| up * kept(k) <= 0.1 * most);
        let place = |k: usize| self.points[k].at + 0.5 * KEPT as f64 * self.cycle;
        let (a, b) = (t10.map_or(0.0, place), place(t90));
        let in_two_cycles = 0.8 * most / (b - a) * 2.0 * self.cycle;
        if b - a < SLOW_CYCLES * self.cycle || in_two_cycles > LOOKS_SETTLED * calm {
            return None;
        }
        let reach = |(cycles, lengths): (f64, f64)| (cycles * self.cycle).max(lengths * (b - a));
        let first = self.points.partition_point(|p| p.at < a - reach(BEFORE));
        let until = self.points[..end].partition_point(|p| p.at < b + reach(AFTER));
        // Until it leaves its level again.
        let until = (t90..=last)
            .find(|&k| up * kept(k) < 0.9 * most)
            .map_or(until, |k| (k + KEPT / 2 * PER_CYCLE).min(until));
        let each = ((until - first) / MEANS).max(1);
        let values = (first..until).collect::<Vec<_>>();
        let values = values.chunks_exact(each).map(|part| {
            let at = part.iter().map(|&k| self.points[k].at);
            (mean(at), mean(part.iter().map(|&k| value(k))))
        });
        let means = Means {
            values: values.collect(),
            window: self.cycle,
            each,
        };
        let begin = self.points[first].at;
        let tried = Line {
            start: (a - 0.125 * (b - a)).max(begin),
            end: b + 0.125 * (b - a),
        };
        let line = means.nearest(tried, begin)?;
        let ([level, slope], left) = means.laid(line)?;
        let count = means.values.len() as f64;
        let scatter = (left / count).sqrt();
        let seen = self.points[until - 1].at;
        let stop = line.end.min(seen);
        let gain = slope * (stop - line.start);
        let allowed = (STRAIGHT.0 * gain.abs()).max(STRAIGHT.1 * means.noise());
        if gain.abs() < least || scatter > allowed {
            return None;
        }
        let (rms, hz) = match of {
            Of::Amplitude => (
                self.rms0 * (level + gain),
                mean(self.hz[t90..until].iter().copied()),
            ),
            Of::Frequency => (
                mean(self.points[t90..until].iter().map(|p| p.rms)),
                level + gain,
            ),
        };
        // Samples that see nothing of what follows.
        let last = if until < self.points.len() {
            seen as usize
        } else {
            self.samples.len()
        };
        let (at, doubt, slope) = match self.slow_fitted(of, line, slope, last) {
            Some(fitted) => fitted,
            None => match of {
                Of::Amplitude => (line.start, means.doubt(line, [level, slope])?, slope),
                Of::Frequency => {
                    let (at, doubt, slope) = self.frequency_ramp(t10.unwrap_or(0), t90)?;
                    (at, doubt, slope? / self.rate)
                }
            },
        };
        let slope = match of {
            Of::Amplitude => slope * self.rms0,
            Of::Frequency => slope,
        };
        // What begins in the first cycles of the record may have begun before.
        let earliest = LEAST_CYCLES * self.cycle;
        let begins = at - begin > earliest.max(BEGINS * doubt);
        Some(Event {
            kind: match of {
                Of::Amplitude => TripEvent::VoltageRamp,
                Of::Frequency => TripEvent::FrequencyRamp,
            },
            seen_s: self.points[flag].at / self.rate,
            at_s: if at > earliest {
                at / self.rate
            } else {
                f64::NEG_INFINITY
            },
            doubt_s: doubt / self.rate,
            rms: Some(rms),
            hz: Some(hz),
            slope: Some(slope * self.rate),
            over: None,
            // A drift of which no beginning shows is no event beside another.
            size: match of {
                _ if !begins => 0.0,
                Of::Amplitude => slow_size(gain, 0.0, 0.0),
                Of::Frequency => slow_size(0.0, gain, 0.0),
            },
        })
    }

    /// Start, standard uncertainty and slope per sample of a ramp along about `line` by least squares
    /// of all samples before sample `last`.
    fn slow_fitted(&self, of: Of, line: Line, slope: f64, last: usize) -> Option<(f64, f64, f64)> {
        let end = (line.start - 0.5 * self.cycle).max(LEAST_CYCLES * self.cycle);
        let before = self.before_until(end)?;
        // Turns per sample from hertz.
        let (course, unit) = match of {
            Of::Amplitude => (Course::Amplitude, 1.0),
            Of::Frequency => (Course::Frequency, self.rate),
        };
        let about = Change {
            start: line.start,
            end: line.end,
            rate: slope / unit,
        };
        let cycle = self.rate / before.hz;
        let found = fit(&self.samples[..last], &before, cycle, course, about, LONG)?;
        Some((found.change.start, found.doubt, found.change.rate * unit))
    }
}
