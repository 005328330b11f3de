//! A voltage with usual harmonics and a current that ends, as `analyze trip` takes them.

use gridproof_measure::analyze::{Channel64, TripAnalysis, trip};

use super::bench::{Noise, SQRT2, TAU};
use super::truth_transfers::sampled;

const RATE: f64 = 10_000.0;

/// The trip of a DUT at 10 kS/s and 60 dB for `length` s: the voltage has `level(t)` of 230 V and has
/// turned `turns(t)` times, the current of 15 A (peak) flows until `ends`.
pub(super) fn tripped(
    length: f64,
    level: impl Fn(f64) -> f64,
    turns: impl Fn(f64) -> f64,
    ends: f64,
    random: &mut Noise,
) -> TripAnalysis {
    let volts = sampled(RATE, length, 0.23, 16, 600.0, random, |t| {
        let x = TAU * turns(t);
        SQRT2 * 230.0 * level(t) * (x.sin() + 0.02 * (3.0 * x).sin() + 0.01 * (5.0 * x + 1.0).sin())
    });
    let amps: Vec<f64> = (0..volts.len())
        .map(|k| k as f64 / RATE)
        .map(|t| f64::from(u8::from(t < ends)) * 15.0 * (TAU * turns(t)).sin())
        .collect();
    let channel = |samples| Channel64 {
        samples,
        rate_hz: RATE,
    };
    trip(&channel(&volts), &channel(&amps), 21.7).unwrap()
}
