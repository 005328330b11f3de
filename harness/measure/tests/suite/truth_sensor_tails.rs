//! Currents that are cut while the sensor, a current transformer, goes on with a direct value that
//! decays: that is no current, they end with the cut.

use super::bench::{Noise, TAU};
use super::truth_ends::{OPEN, PEAK, RATED, analysed};
use super::truth_transfers::sampled;

#[test]
fn a_direct_tail_of_the_sensor_is_no_current() {
    let mut random = Noise(707);
    for (noise, bits) in [(1e-4, 14), (1e-3, 14), (1e-2, 12)] {
        let (mut worst, mut inside, cases) = (0.0_f64, 0, 48);
        for case in 0..cases {
            let mut between = |a: f64, b: f64| a + (b - a) * random.uniform();
            let tail = RATED * between(0.02, 0.1) * [1.0, -1.0][case % 2];
            let tau = between(0.01, 0.07);
            let level = between(0.2, 1.0);
            let (cut, turns) = (between(0.6, 0.62), between(0.0, 1.0));
            let hz = [50.0, 60.0][case / 2 % 2];
            let rate = [10e3, 20e3, 50e3][case / 4 % 3];
            let sigma = noise * level * RATED;
            let amps = sampled(rate, 1.5, sigma, bits, 50.0, &mut random, |t| {
                if t < cut {
                    level * PEAK * (TAU * (hz * t + turns)).sin()
                } else {
                    tail * (-(t - cut) / tau).exp()
                }
            });
            let found = analysed(&amps, rate);
            let error = (found.t_cease_s.unwrap() - cut).abs();
            assert!(
                error < 1e-3,
                "{noise} {case}: {error} of {tail} A, {tau} s, {level}, {hz}, {rate}: {found:?}"
            );
            worst = worst.max(error);
            inside += usize::from(error <= found.uncertainty_s.unwrap());
        }
        println!("noise {noise}: worst {worst} s, {inside} of {cases} inside U");
        assert!(inside * 100 >= cases * 93, "{noise}: {inside} of {cases}");
    }
}

/// A current that settles within 50 ms of the opening of its switch is cut soon after, in noise that a
/// filter made alike from sample to sample: a share of 0.7.
#[test]
fn nor_is_one_after_a_current_that_settles() {
    let mut random = Noise(709);
    let (mut worst, mut inside, cases) = (0.0_f64, 0, 48);
    for case in 0..cases {
        let mut between = |a: f64, b: f64| a + (b - a) * random.uniform();
        let tail = RATED * between(0.018, 0.03) * [1.0, -1.0][case % 2];
        let tau = between(0.02, 0.07);
        let level = between(0.5, 1.0);
        let settles = between(0.02, 0.035) * [1.0, -1.0][case / 4 % 2];
        let (cut, turns) = (OPEN + between(0.06, 0.1), between(0.0, 1.0));
        let rate = [10e3, 20e3][case / 2 % 2];
        let sigma = 0.003 * level * RATED;
        let mut noise = 0.0;
        let red: Vec<f64> = (0..(1.4 * rate) as usize)
            .map(|_| {
                noise = 0.7 * noise + 0.51_f64.sqrt() * sigma * random.gauss();
                noise
            })
            .collect();
        let amps = sampled(rate, 1.4, 0.0, 14, 50.0, &mut random, |t| {
            let after = (t - OPEN).max(0.0);
            let level = level * (1.0 + settles * (1.0 - (-after / 0.05).exp()));
            red[(t * rate).round() as usize]
                + if t < cut {
                    level * PEAK * (TAU * (50.0 * t + turns)).sin()
                } else {
                    tail * (-(t - cut) / tau).exp()
                }
        });
        let found = analysed(&amps, rate);
        let error = (found.t_cease_s.unwrap() - cut).abs();
        assert!(
            error < 1e-3,
            "{case}: {error} of {tail} A, {tau} s, {level}, {settles}, {rate}: {found:?}"
        );
        worst = worst.max(error);
        inside += usize::from(error <= found.uncertainty_s.unwrap());
    }
    println!("after one that settles: worst {worst} s, {inside} of {cases} inside U");
    assert!(inside * 100 >= cases * 93, "{inside} of {cases}");
}
