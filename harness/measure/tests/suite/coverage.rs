//! How often the true value lies inside ±U: Monte Carlo with fixed seeds.

use gridproof_measure::analyze::{Channel64, frequency};
use gridproof_measure::ramp_rate::ramp;

use super::bench::{Noise, TAU};

/// Share of true among `draws`, %.
fn share(draws: u32, mut inside: impl FnMut() -> bool) -> f64 {
    let hits = (0..draws).filter(|_| inside()).count();
    100.0 * hits as f64 / f64::from(draws)
}

#[test]
fn frequency_covers() {
    let mut random = Noise(2024);
    for length in [400_u32, 1000] {
        let covered = share(3000, || {
            let hz = 50.0 + random.uniform();
            let phase = TAU * random.uniform();
            let volts: Vec<f64> = (0..length)
                .map(|k| (TAU * hz * f64::from(k) / 2000.0 + phase).sin() + 0.01 * random.gauss())
                .collect();
            let channel = Channel64 {
                samples: &volts,
                rate_hz: 2000.0,
            };
            let found = frequency(&channel, 50.0, None, None).unwrap();
            (found.f_mean_hz - hz).abs() <= found.uncertainty_hz
        });
        println!("frequency over {length} samples: {covered:.1} % inside U");
        assert!((93.0..=99.0).contains(&covered), "{covered}");
    }
}

#[test]
fn ramp_slope_covers() {
    let mut random = Noise(11);
    let covered = share(4000, || {
        let points: Vec<_> = (0..60)
            .map(|k| (f64::from(k), 8.33 * f64::from(k) + 5.0 * random.gauss()))
            .collect();
        let found = ramp(&points, 8.33, 20.0).unwrap();
        (found.slope_per_s - 8.33).abs() <= 2.0 * found.slope_u
    });
    println!("ramp slope: {covered:.1} % inside U");
    assert!((93.0..=97.0).contains(&covered), "{covered}");
}
