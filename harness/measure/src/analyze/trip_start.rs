//! When a change of the voltage began: the best split of a step, the line of a soft step or a ramp,
//! the parabola of the phase of a frequency ramp.

use super::trip_edge::{Around, Edge, Shape};
use super::trip_event::{PER_CYCLE, Seen};
use crate::linear::regression;
use crate::math::RootSum;
use crate::sine_fit::SineFit;

/// Longest wave before the event that is fitted, cycles.
const BEFORE_CYCLES: f64 = 25.0;
/// Cycles just before the event, and how much more many leave of an unsteady wave.
const NEAR_CYCLES: f64 = 5.0;
pub(super) const UNSTEADY: f64 = 1.15;
/// Longest wave after the event that is fitted, cycles, and one just after it.
const AFTER_CYCLES: f64 = 16.0;
const JUST_AFTER_CYCLES: f64 = 4.0;
/// Fitted points per cycle.
const FITTED: f64 = 1000.0;

/// Ramps shorter than this (10 % to 90 %, of windows of a cycle) are looked at sample by sample.
const SHORT_RAMP_CYCLES: f64 = 4.0;

/// Amplitudes so alike that only the frequency tells two waves apart.
fn changed_little(a: f64, b: f64) -> bool {
    (a - b).abs() < 0.02 * b
}

impl Seen<'_> {
    /// The wave before the event.
    pub(super) fn before(&self, flag: usize) -> Option<SineFit> {
        self.before_until(self.before_ends(flag))
    }

    /// The wave before sample position `end`.
    pub(super) fn before_until(&self, end: f64) -> Option<SineFit> {
        let from = (end - BEFORE_CYCLES * self.cycle).max(0.0) as usize;
        let samples = self.samples.get(from..end as usize)?;
        SineFit::with_points(samples, from, self.rate, self.hz0, FITTED)
    }

    /// The wave just before the event where that before it was not steady: a frequency that wanders
    /// leaves of many cycles more than of few.
    pub(super) fn just_before(&self, long: &SineFit, flag: usize) -> Option<SineFit> {
        self.last_cycles(flag)
            .filter(|near| UNSTEADY * near.sigma < long.sigma)
    }

    /// The last cycles of the wave before the event.
    pub(super) fn last_cycles(&self, flag: usize) -> Option<SineFit> {
        let end = self.before_ends(flag) as usize;
        let from = end.saturating_sub((NEAR_CYCLES * self.cycle) as usize);
        let samples = &self.samples[from..end];
        SineFit::with_points(samples, from, self.rate, self.hz0, FITTED)
    }

    /// Whether the wave before the event was not steady.
    pub(super) fn unsteady_before(&self, flag: usize) -> bool {
        self.before(flag)
            .is_some_and(|long| self.just_before(&long, flag).is_some())
    }

    /// Sample position up to which the windows before point `flag` see nothing of the event.
    fn before_ends(&self, flag: usize) -> f64 {
        (self.points[flag].at - 1.75 * self.cycle).max(2.5 * self.cycle)
    }

    /// The wave after the event, settled from point `settled` on at `rms`, and what it leaves of
    /// the samples `window` from sample `from` on; without voltage there is no wave, and all is left.
    pub(super) fn left_after(
        &self,
        before: &SineFit,
        settled: usize,
        rms: f64,
        (from, window): (usize, &[f64]),
    ) -> Option<(Option<SineFit>, Vec<f64>)> {
        let start = (self.points.get(settled)?.at - 0.25 * self.cycle).max(0.0) as usize;
        let fit_after = |cycles: f64| {
            let end = (start + (cycles * self.cycle) as usize).min(self.samples.len());
            let after = self.samples.get(start..end)?;
            SineFit::with_points(after, start, self.rate, self.hz0, FITTED)
        };
        // Longer is finer, unless the voltage changes again or is not steady.
        let near = fit_after(JUST_AFTER_CYCLES);
        let long = fit_after(AFTER_CYCLES)
            .filter(|fit| fit.sigma < 1.3 * before.sigma + 0.003 * before.amplitude())
            .filter(|fit| {
                near.as_ref()
                    .is_none_or(|near| fit.sigma < UNSTEADY * near.sigma)
            });
        let fit = long.or(near);
        let fit = fit.filter(|_| rms > 0.05 * self.rms0);
        let left = match &fit {
            Some(fit) => fit.residual(window, from),
            None => window.to_vec(),
        };
        Some((fit, left))
    }

    /// The instant that splits samples best into those of the wave that leaves `old` and those of
    /// the wave that leaves `new` (maximum likelihood), and its standard uncertainty, samples.
    pub(super) fn split(&self, old: &[f64], new: &[f64], sigma: f64) -> (f64, f64) {
        // Cost of a split before sample k, up to a constant.
        let mut cost = 0.0;
        let mut costs = Vec::with_capacity(old.len() + 1);
        costs.push(0.0);
        for (a, b) in old.iter().zip(new) {
            cost += a * a - b * b;
            costs.push(cost);
        }
        let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
        let best = costs.iter().position(|c| *c <= least).unwrap_or(0);
        let worse = least + 4.0 * sigma * sigma;
        let near = (best.saturating_sub((0.5 * self.cycle) as usize)
            ..(best + (0.5 * self.cycle) as usize).min(costs.len()))
            .filter(|&k| costs[k] <= worse);
        let (mut low, mut high) = (best, best);
        for k in near {
            low = low.min(k);
            high = high.max(k);
        }
        (best as f64 - 0.5, 0.25 * (high - low) as f64)
    }

    /// The instant that splits the record best into the wave before and the wave after, sample
    /// position. Only where the frequency changed do the phases of both tell when.
    pub(super) fn change(
        &self,
        before: &SineFit,
        flag: usize,
        settled: usize,
        (rms, slips): (f64, bool),
    ) -> Option<Edge> {
        let near = self.just_before(before, flag);
        let before = near.as_ref().unwrap_or(before);
        let at = self.points[flag].at;
        let from = (at - 3.0 * self.cycle).max(0.0) as usize;
        let calm = self.points[settled].at.min(at + 8.0 * self.cycle);
        let to = (calm.max(at + 1.5 * self.cycle) as usize).min(self.samples.len());
        let window = self.samples.get(from..to)?;
        let old = before.residual(window, from);
        let (fit, new) = self.left_after(before, settled, rms, (from, window))?;
        let (split, reach) = self.split(&old, &new, before.sigma);
        let at = from as f64 + split;
        let by_amplitude = !changed_little(rms, self.rms0);
        if by_amplitude {
            let around = Around {
                old: &old,
                new: &new,
                sigma: before.sigma,
                cycle: self.cycle,
                rate: self.rate,
            };
            let edge = around.edge(split, reach);
            return Some(Edge {
                at: from as f64 + edge.at,
                ..edge
            });
        }
        if let Some(fit) = fit.filter(|_| slips && !by_amplitude) {
            // Waves that part by their frequencies alone hardly differ at first: the instant
            // at which their phases agree is known far better than the best split.
            let slip = std::f64::consts::TAU * (fit.hz - before.hz) / self.rate;
            let apart = crate::transfer::wrapped_degrees(fit.angle_at(at) - before.angle_at(at));
            let meet = at - apart.to_radians() / slip;
            let points = AFTER_CYCLES * FITTED.min(self.cycle);
            let phase = 6.0 * before.sigma / before.amplitude() / points.sqrt();
            if (meet - at).abs() < (0.25 * self.cycle).max(3.0 * reach) {
                let doubt = phase / slip.abs();
                let (half, more) = self.half_ramp(before, flag, meet, fit.hz);
                return Some(Edge {
                    at: meet - half,
                    doubt: doubt.root_sum(more),
                    length: 2.0 * half,
                    shape: Shape::Line,
                });
            }
        }
        Some(Edge {
            at,
            doubt: reach,
            length: 0.0,
            shape: Shape::Line,
        })
    }

    /// Half the length of a frequency ramp of more than a cycle that looked like a step at its
    /// middle `meet`, and its standard uncertainty, samples; 0 for a step.
    ///
    /// A ramp of length L gains Δf·L/8 turns on the old wave until its middle; seen through
    /// windows of T it is Δf·(L/8 + T²/24L), and Δf·T/8 for a step.
    fn half_ramp(&self, before: &SineFit, flag: usize, meet: f64, hz: f64) -> (f64, f64) {
        let none = (0.0, 0.0);
        let ahead = |k: usize| {
            let p = &self.points[k];
            let turn = std::f64::consts::TAU * (p.turns - p.turns.floor());
            crate::transfer::wrapped_degrees(turn - before.angle_at(p.at)) / 360.0
        };
        let next = self.points.partition_point(|p| p.at < meet);
        let calm = flag.saturating_sub(6 * PER_CYCLE)..flag.saturating_sub(2 * PER_CYCLE);
        if calm.len() < 2 * PER_CYCLE || next == 0 || next >= self.points.len() {
            return none;
        }
        let zero = ahead(calm.start);
        let gained = |k: usize| {
            let turned = ahead(k) - zero;
            turned - turned.round()
        };
        let count = calm.len() as f64;
        let mean = calm.clone().map(gained).sum::<f64>() / count;
        let scatter = calm.map(|k| (gained(k) - mean).powi(2)).sum::<f64>() / count;
        let (a, b) = (self.points[next - 1].at, self.points[next].at);
        let share = (meet - a) / (b - a);
        let seen = gained(next - 1) + share * (gained(next) - gained(next - 1)) - mean;
        // Samples of the whole change in frequency.
        let slip = (hz - before.hz) / self.rate;
        let (gain, doubt) = (seen / slip, (scatter.sqrt() / slip).abs());
        if gain < self.cycle / 6.0 + 3.0 * doubt + 0.02 * self.cycle {
            return none;
        }
        let length = 4.0 * gain + (16.0 * gain * gain - self.cycle * self.cycle / 3.0).sqrt();
        (0.5 * length, 4.0 * doubt)
    }

    /// Start and slope of a ramp: a line through the amplitudes of the windows on it, back to the
    /// level before. Windows know nothing of a phase that drifts over a long ramp.
    pub(super) fn voltage_ramp(
        &self,
        before: &SineFit,
        t10: usize,
        t90: usize,
        rms: f64,
    ) -> Option<(f64, f64, Option<f64>)> {
        let (a, b) = (self.points[t10].at, self.points[t90].at);
        if b - a < SHORT_RAMP_CYCLES * self.cycle {
            return None;
        }
        let mut ramp = (a - 0.125 * (b - a), b + 0.125 * (b - a));
        let half = 0.5 * self.cycle;
        let mut slope = 0.0;
        for _ in 0..6 {
            let (start, end) = ramp;
            let between = |from: f64, to: f64| {
                let first = self.points.partition_point(|p| p.at < from);
                let last = self.points.partition_point(|p| p.at <= to);
                &self.points[first..last.max(first)]
            };
            // Windows wholly on the old level, and wholly on the ramp.
            let level = between(0.0, start - self.cycle);
            let inside = match between(start + half, end - half) {
                few if few.len() < PER_CYCLE => return None,
                enough => enough,
            };
            let base = level.iter().map(|p| p.rms).sum::<f64>() / level.len() as f64;
            let rows = inside
                .iter()
                .map(|p| ([1.0, (p.at - start) / (b - a)], p.rms));
            let [offset, rise] = crate::linear::least_squares(rows)?;
            slope = rise / (b - a);
            ramp = (
                start + (base - offset) / slope,
                start + (rms - offset) / slope,
            );
            let sane = ramp.0.is_finite() && ramp.1 > ramp.0 && ramp.1 - ramp.0 < 2.5 * (b - a);
            if !sane {
                return None;
            }
        }
        let (start, end) = ramp;
        // A line through N samples of a sine and the level before it, in noise.
        let noise = before.sigma / slope.abs();
        let doubt = noise * (4.0 / (end - start) + 1.0 / start.max(self.cycle)).sqrt();
        let fits = start < b && start > a - 0.5 * (b - a) - 2.0 * self.cycle;
        fits.then_some((start, doubt, Some(slope * self.rate)))
    }

    /// The phase is a line until the start and a parabola on it from there: both are fitted at once,
    /// so that what noise leaves open of the old frequency is in the uncertainty of the start.
    pub(super) fn frequency_ramp(&self, t10: usize, t90: usize) -> Option<(f64, f64, Option<f64>)> {
        let (a, b) = (self.points[t10].at, self.points[t90].at);
        // Positions in lengths of the ramp.
        let unit = b - a;
        let place = |at: f64| (at - a) / unit;
        let cycle = self.cycle / unit;
        // Turns per length² on the ramp.
        let mut half_rate = 0.5 * (self.hz[t90] - self.hz[t10]) * unit / self.rate;
        let mut start = -0.125;
        let rows = |start: f64, half_rate: f64| {
            // Windows wholly before or wholly on the ramp.
            let clear = move |at: f64| (at - start).abs() > 0.5 * cycle && at <= 1.0;
            let used = self.points.iter().map(move |p| (place(p.at), p.turns));
            used.filter(move |p| clear(p.0)).map(move |(at, turns)| {
                let x = (at - start).max(0.0);
                // The mean of a parabola over a window lies T²/12 above its middle.
                let square = if x > 0.0 {
                    x * x + cycle * cycle / 12.0
                } else {
                    0.0
                };
                let away = turns - half_rate * square;
                ([1.0, at, square, -2.0 * half_rate * x], away)
            })
        };
        let mut fit = regression(rows(start, half_rate))?;
        for _ in 0..12 {
            let [_, _, rate, shift] = fit.x;
            half_rate += rate;
            start += shift.clamp(-2.0 * cycle, 2.0 * cycle);
            fit = regression(rows(start, half_rate))?;
        }
        let (mut noise, mut level, mut count) = (0.0, 0, 0);
        for ([one, at, ..], turns) in rows(start, half_rate) {
            if at < start {
                noise += (turns - fit.x[0] * one - fit.x[1] * at).powi(2);
                level += 1;
            }
            count += 1;
        }
        let noise = (noise / f64::from(level.max(1))).sqrt();
        // Windows that do not fit the frequency ripple, up and down by turns: that averages out with
        // the number of windows, noise with its root.
        let ripple = 2.0 * fit.sigma / f64::from(count).sqrt();
        // Quarter-cycle windows overlap: a quarter of them is independent.
        let doubt = noise.root_sum(ripple) * (PER_CYCLE as f64 * fit.spread[3]).sqrt();
        let fits = start.is_finite() && start < 1.0 && start > -1.0 - 4.0 * cycle;
        let slope = 2.0 * half_rate * (self.rate / unit).powi(2);
        fits.then_some((a + start * unit, doubt * unit, Some(slope)))
    }
}
