//! Urms(½) of IEC 61000-4-30: RMS over one cycle from zero crossing to zero crossing, refreshed
//! each half cycle.
//!
//! Unlike the windows of fixed length in [`sliding`](crate::sliding) these follow the frequency:
//! a fixed 20 ms window ripples by up to 3 % at 47 Hz, a fitted one does not. A window runs from a
//! crossing to the next one of the same direction, so a direct component moves its ends but not
//! its length. Where the wave has no crossings (an interruption, a dead channel) or jumps in
//! phase, windows carry on with the last cycle, and say so.

use gridproof_model::record::Accuracy;
use gridproof_model::result::Measurement;

use crate::rms::rms_window;
use crate::uncertainty::Budget;
use crate::zero_crossing::{falling_crossings, rising_crossings};

/// A cycle may differ by this share from the one before and still be taken as one.
const CYCLE_REACH: f64 = 0.15;
/// A half cycle lies within these shares of the cycle: a direct component of up to 0.7 of the
/// amplitude makes the halves uneven.
const HALF_REACH: (f64, f64) = (0.25, 0.75);

/// What a window was laid by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Synchronised {
    /// Both ends are zero crossings of the channel.
    Crossings,
    /// Carried on with the last known cycle (the nominal one before the first).
    Carried,
}

/// One value of Urms(½).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HalfCycleRms {
    /// Centre of the window, sample position.
    pub at: f64,
    /// Length of the window, samples.
    pub cycle: f64,
    /// RMS over the window, channel unit.
    pub rms: f64,
    /// What the window was laid by.
    pub by: Synchronised,
}

impl HalfCycleRms {
    /// The value ± U with an instrument of `accuracy` and white noise of standard deviation
    /// `noise` (channel unit), which is averaged over the samples of the window.
    pub fn measurement(&self, accuracy: &Accuracy, noise: f64, unit: &'static str) -> Measurement {
        Budget::new(unit)
            .instrument("instrument", accuracy, self.rms, 1.0)
            .normal("noise", noise / self.cycle.sqrt())
            .rectangular("ends of the window", 1e-5 * self.rms)
            .measure(self.rms)
    }
}

/// Urms(½) of a channel. `nominal` is the nominal cycle in samples (at least 8, else nothing is
/// returned). The record's mean is the level of the crossings; the values keep it.
pub fn urms_half(samples: &[f64], nominal: f64) -> Vec<HalfCycleRms> {
    if !nominal.is_finite() || nominal < 8.0 || samples.len() < 2 {
        return Vec::new();
    }
    let mean = samples.iter().sum::<f64>() / samples.len() as f64;
    let centred: Vec<f64> = samples.iter().map(|x| x - mean).collect();
    let up = rising_crossings(&centred, nominal);
    let down = falling_crossings(&centred, nominal);
    let mut windows = Windows::new(&up, &down, nominal);
    let mut found = Vec::new();
    loop {
        let (start, cycle, by) = windows.take();
        // The first window may begin a rounding error before the first sample.
        let Some(rms) = rms_window(samples, start.max(0.0), start + cycle) else {
            return found;
        };
        found.push(HalfCycleRms {
            at: start + 0.5 * cycle,
            cycle,
            rms,
            by,
        });
    }
}

/// Where the windows lie, one after another.
struct Windows<'a> {
    /// Crossings by direction; `side` is the one at which the next window begins.
    marks: [&'a [f64]; 2],
    side: usize,
    start: f64,
    cycle: f64,
}

impl<'a> Windows<'a> {
    fn new(up: &'a [f64], down: &'a [f64], nominal: f64) -> Self {
        let first = |marks: &[f64]| marks.first().copied().unwrap_or(f64::INFINITY);
        let side = usize::from(first(down) < first(up));
        let marks = [up, down];
        let begin = first(marks[side]);
        let cycle = marks[side]
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .next()
            .filter(|c| (c / nominal - 1.0).abs() < 0.25)
            .unwrap_or(nominal);
        // Whole half cycles back to the beginning of the record.
        let back = if begin.is_finite() {
            (begin / (0.5 * cycle)).floor()
        } else {
            0.0
        };
        let odd = back.rem_euclid(2.0) > 0.5;
        Self {
            marks,
            side: if odd { 1 - side } else { side },
            start: if begin.is_finite() {
                begin - back * 0.5 * cycle
            } else {
                0.0
            },
            cycle,
        }
    }

    /// The mark of `side` nearest to `near` within `reach`.
    fn mark(&self, side: usize, near: f64, reach: f64) -> Option<f64> {
        let marks = self.marks[side];
        let next = marks.partition_point(|&m| m < near);
        let around = &marks[next.saturating_sub(1)..(next + 1).min(marks.len())];
        around
            .iter()
            .copied()
            .filter(|m| (m - near).abs() <= reach)
            .min_by(|a, b| (a - near).abs().total_cmp(&(b - near).abs()))
    }

    /// Start, length and kind of the next window; moves on by half a cycle.
    fn take(&mut self) -> (f64, f64, Synchronised) {
        let (start, expected) = (self.start, self.cycle);
        let own = self.mark(self.side, start, 1e-6 * expected);
        let end = self.mark(self.side, start + expected, CYCLE_REACH * expected);
        let (cycle, by) = match (own, end) {
            (Some(_), Some(end)) => (end - start, Synchronised::Crossings),
            (None, _) | (_, None) => (expected, Synchronised::Carried),
        };
        if by == Synchronised::Crossings {
            // One disturbed crossing moves what is carried on by a quarter of its error.
            self.cycle += 0.25 * (cycle - expected);
        }
        let (low, high) = HALF_REACH;
        let middle = start + 0.5 * (low + high) * cycle;
        self.side = 1 - self.side;
        self.start = self
            .mark(self.side, middle, 0.5 * (high - low) * cycle)
            .unwrap_or(middle);
        (start, cycle, by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(hz: f64, rate: f64, count: usize, direct: f64, noise: f64) -> Vec<f64> {
        let mut seed = 5_u64;
        (0..count)
            .map(|k| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let n = (seed >> 11) as f64 / (1_u64 << 52) as f64 - 1.0;
                let t = std::f64::consts::TAU * hz * k as f64 / rate + 0.3;
                direct + 325.0 * t.sin() + 6.0 * (5.0 * t).sin() + noise * n
            })
            .collect()
    }

    #[test]
    fn follows_the_frequency_with_direct_component_and_noise() {
        for (hz, direct, noise, share) in [
            (47.0, 0.0, 0.0, 2e-5),
            (52.7, 30.0, 0.0, 2e-5),
            (50.0, 0.0, 3.0, 2e-3),
            (61.3, -80.0, 1.0, 1e-3),
        ] {
            let rate = 10_000.0;
            let samples = wave(hz, rate, 5000, direct, noise);
            let nominal = if hz > 55.0 { rate / 60.0 } else { rate / 50.0 };
            let found = urms_half(&samples, nominal);
            let truth = (0.5 * (325.0_f64.powi(2) + 36.0) + direct * direct).sqrt();
            assert!(found.len() as f64 > 2.0 * hz * 0.5 - 4.0, "{}", found.len());
            for (k, point) in found.iter().enumerate() {
                let near = (point.rms / truth - 1.0).abs();
                assert!(
                    near < share || point.by == Synchronised::Carried,
                    "{hz} {point:?}"
                );
                // Only the ends of the record lack a crossing.
                assert!(
                    point.by == Synchronised::Crossings || k < 2 || k + 3 > found.len(),
                    "{hz} Hz: {k} {point:?}"
                );
            }
            for pair in found.windows(2) {
                let half = (pair[1].at - pair[0].at) * hz / rate;
                assert!((half - 0.5).abs() < 0.1, "{half}");
            }
        }
    }

    #[test]
    fn carries_on_through_an_interruption_and_finds_the_wave_again() {
        let rate = 10_000.0;
        let mut samples = wave(49.3, rate, 8000, 0.0, 0.0);
        samples[3000..5000].fill(0.0);
        let found = urms_half(&samples, 200.0);
        let inside = |p: &&HalfCycleRms| p.at > 3150.0 && p.at < 4850.0;
        assert!(found.iter().filter(inside).count() >= 15);
        for point in found.iter().filter(inside) {
            assert!(point.rms < 1e-9 && point.by == Synchronised::Carried);
        }
        let after = found.iter().filter(|p| p.at > 5400.0 && p.at < 7700.0);
        for point in after {
            assert!(
                point.by == Synchronised::Crossings && (point.rms - 229.85).abs() < 0.1,
                "{point:?}"
            );
        }
    }

    #[test]
    fn a_dead_channel_is_carried_from_the_first_to_the_last_window() {
        let found = urms_half(&[0.0; 2000], 200.0);
        assert_eq!(found.len(), 18);
        assert!(
            found
                .iter()
                .all(|p| p.by == Synchronised::Carried && p.rms == 0.0)
        );
        assert!(urms_half(&[1.0], 200.0).is_empty());
        assert!(urms_half(&[1.0; 100], f64::NAN).is_empty());
    }
}
