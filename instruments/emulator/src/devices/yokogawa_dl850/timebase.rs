//! Time base of the recorder: a sample clock that is a little off, and channels that are a little
//! late.
//!
//! The plant samples at exact times. The recorder's sample k lies (k − trigger)/(rate (1 + ε)) after
//! the trigger, and a channel that lags by d shows what its signal was d earlier; both are looked
//! up between the plant's samples by a cubic through four of them. Its error on a sine is below
//! 0.024 (2πf/rate)⁴: 4 ppm of 50 Hz at 2.5 kS/s, 15 ppm of the 50th harmonic at 100 kS/s. Contacts
//! are levels and hold until the next sample.

use gridproof_plant::trig;

use crate::rng::Rng;

/// Part of the specified clock error and skew that a recorder uses at most.
const SHARE: f64 = 0.9;
/// Samples beyond both ends that the cubic and the lag of a channel need.
const REACH: usize = 4;

/// Errors of time, fixed for the seed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimeBase {
    /// The clock runs fast by this fraction.
    error: f64,
    /// A fault adds this.
    pub(crate) fault: f64,
}

impl TimeBase {
    /// A clock within ± `clock` of its nominal rate.
    pub(crate) fn new(seed: u64, name: &str, clock: f64) -> Self {
        Self {
            error: SHARE * clock * Rng::new(seed, name, "clock").symmetric(),
            fault: 0.0,
        }
    }

    /// Sample periods of the recorder per second of its nominal ones.
    pub(crate) fn fast(&self) -> f64 {
        1.0 + self.error + self.fault
    }

    /// Samples that the plant must take before and after those the recorder shows.
    pub(crate) fn margin(&self, samples: usize) -> usize {
        (samples as f64 * (self.fast() - 1.0).abs()).ceil() as usize + REACH
    }

    /// Where the recorder's sample `k` lies among the plant's samples, for a channel without lag.
    /// The trigger is sample `shown` of the recorder and `taken` of the plant.
    pub(crate) fn place(&self, k: usize, shown: usize, taken: usize) -> f64 {
        taken as f64 + (k as f64 - shown as f64) / self.fast()
    }

    /// `samples` samples of a channel that lags by `lag` sample periods.
    ///
    /// While the clock has not gained or lost a whole sample, sample k lies between the same two
    /// neighbours of sample k of the plant: one run of such samples after another.
    pub(crate) fn resample(
        &self,
        data: &[f32],
        (samples, shown, taken): (usize, usize, usize),
        lag: f64,
        level: bool,
    ) -> Vec<f32> {
        let creep = 1.0 / self.fast() - 1.0;
        let mut out = Vec::with_capacity(samples);
        while out.len() < samples {
            let at = self.place(out.len(), shown, taken) - lag;
            // a place that rounding has put just before a sample is that sample
            let at = if level { at + 1e-6 } else { at };
            let base = trig::floor(at);
            let (x, index) = (at - base, base as isize);
            let run = run(x, creep).min(samples - out.len());
            if level {
                hold(data, index, run, &mut out);
            } else {
                interpolate(data, index, (x, creep), run, &mut out);
            }
        }
        out
    }
}

/// Samples until a place that is `x` behind a sample, and `creep` more with each, is behind another one.
fn run(x: f64, creep: f64) -> usize {
    let left = if creep > 0.0 {
        ((1.0 - x) / creep).ceil()
    } else if creep < 0.0 {
        (x / -creep).floor() + 1.0
    } else {
        f64::INFINITY
    };
    // the conversion saturates
    (left as usize).max(1)
}

/// Lag of an analogue channel, s: the lags of two channels differ by less than `skew`.
pub(crate) fn lag_s(seed: u64, name: &str, channel: u8, skew: f64) -> f64 {
    SHARE * skew * Rng::new(seed, name, &format!("skew {channel}")).uniform()
}

fn at_index(data: &[f32], index: isize) -> f32 {
    let last = data.len().saturating_sub(1) as isize;
    data.get(index.clamp(0, last) as usize)
        .copied()
        .unwrap_or(0.0)
}

/// `run` levels from `index` on.
fn hold(data: &[f32], index: isize, run: usize, out: &mut Vec<f32>) {
    out.extend((0..run as isize).map(|k| at_index(data, index + k)));
}

/// `run` values from `x` behind the sample `index` on, `creep` further behind with each.
fn interpolate(data: &[f32], index: isize, (x, creep): (f64, f64), run: usize, out: &mut Vec<f32>) {
    // where all four samples are there; at either end the first or last one holds
    let head = (1 - index).clamp(0, run as isize) as usize;
    let whole = data.len() as isize - 2 - index;
    let tail = whole.clamp(head as isize, run as isize) as usize;
    let at = |k: usize| x + f64::from(k as u32) * creep;
    let edge = |k: usize| {
        let y = [-1, 0, 1, 2].map(|offset| at_index(data, index + k as isize + offset));
        cubic(y, at(k))
    };
    out.extend((0..head).map(edge));
    if tail > head {
        let first = (index + head as isize - 1) as usize;
        let windows = data[first..first + (tail - head) + 3].array_windows();
        let mut place = head as i32;
        out.extend(windows.map(|&y| {
            let x = x + f64::from(place) * creep;
            place += 1;
            cubic(y, x)
        }));
    }
    out.extend((tail..run).map(edge));
}

/// Lagrange's cubic through four samples, `x` behind the second.
#[inline]
fn cubic(y: [f32; 4], x: f64) -> f32 {
    let [a, b, c, d] = y.map(f64::from);
    let slope = (c - a * (1.0 / 3.0)) - (0.5 * b + d * (1.0 / 6.0));
    let bend = 0.5 * (a + c) - b;
    let twist = (d - a) * (1.0 / 6.0) + 0.5 * (b - c);
    (b + x * (slope + x * (bend + x * twist))) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hz: f64, rate: f64, samples: usize) -> Vec<f32> {
        (0..samples)
            .map(|k| {
                let turns = hz * k as f64 / rate;
                (325.0 * gridproof_plant::trig::sincos_turns(turns - turns.floor()).0) as f32
            })
            .collect()
    }

    #[test]
    fn an_exact_clock_changes_nothing() {
        let clock = TimeBase {
            error: 0.0,
            fault: 0.0,
        };
        let data = sine(50.0, 10_000.0, 500);
        let same = clock.resample(&data, (400, 50, 60), 0.0, false);
        assert_eq!(same[..], data[10..410]);
    }

    #[test]
    fn the_cubic_is_as_good_as_stated() {
        let clock = TimeBase {
            error: 0.0,
            fault: 0.0,
        };
        for (hz, rate) in [(50.0, 2_500.0), (2_500.0, 100_000.0)] {
            let data = sine(hz, rate, 400);
            let half = clock.resample(&data, (300, 0, 50), -0.5, false);
            let fine = sine(hz, 2.0 * rate, 800);
            let step = std::f64::consts::TAU * hz / rate;
            for (k, value) in half.iter().enumerate() {
                let error = f64::from((value - fine[2 * (k + 50) + 1]).abs());
                assert!(error <= 325.0 * 0.024 * step.powi(4) + 1e-4, "{k}: {error}");
            }
        }
    }

    #[test]
    fn a_fast_clock_sees_a_slow_grid() {
        let clock = TimeBase {
            error: 0.0,
            fault: 0.01,
        };
        assert!((10 + REACH..=11 + REACH).contains(&clock.margin(1000)));
        let data = sine(50.0, 10_000.0, 2_100);
        let seen = clock.resample(&data, (2_000, 0, 50), 0.0, false);
        let crossings: Vec<usize> = (1..seen.len())
            .filter(|&k| seen[k - 1] < 0.0 && seen[k] >= 0.0)
            .collect();
        let cycles = (crossings.len() - 1) as f64;
        let samples = (crossings[crossings.len() - 1] - crossings[0]) as f64;
        let hz = cycles / (samples / 10_000.0);
        assert!((hz - 50.0 / 1.01).abs() < 0.06, "{hz}");
    }

    #[test]
    fn errors_stay_within_the_specification_and_use_it() {
        let errors: Vec<f64> = (0..200)
            .map(|seed| TimeBase::new(seed, "recorder", 5e-5).error)
            .collect();
        assert!(errors.iter().all(|error| error.abs() <= 5e-5));
        assert!(errors.iter().any(|error| *error > 3e-5) && errors.iter().any(|e| *e < -3e-5));
        for seed in 0..50 {
            let lags: Vec<f64> = (1..=6).map(|n| lag_s(seed, "recorder", n, 1e-6)).collect();
            let (least, most) = lags.iter().fold((f64::MAX, 0.0f64), |(least, most), &lag| {
                (least.min(lag), most.max(lag))
            });
            assert!(least >= 0.0 && most - least <= 1e-6);
        }
    }

    #[test]
    fn contacts_keep_their_edge() {
        let clock = TimeBase {
            error: 1e-9,
            fault: 0.0,
        };
        let mut data = vec![0.0; 100];
        data[50..].fill(1.0);
        let seen = clock.resample(&data, (80, 40, 50), 0.3, true);
        assert_eq!(
            (seen[40], seen[41]),
            (0.0, 1.0),
            "late by a part of a sample"
        );
        let seen = clock.resample(&data, (80, 40, 50), 0.0, true);
        assert_eq!((seen[39], seen[40]), (0.0, 1.0));
    }
}
