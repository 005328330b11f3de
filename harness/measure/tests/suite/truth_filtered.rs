//! Ends of a current in noise that an anti-alias filter lets through only far below half the rate:
//! it is alike from sample to sample, and stronger than its differences tell.

use super::bench::{Noise, SQRT2, TAU};
use super::truth_ends::{PEAK, RATED, analysed};

/// Rates and corner frequencies (second order Butterworth), Hz.
const FILTERS: [(f64, f64); 6] = [
    (100e3, 20e3),
    (100e3, 5e3),
    (200e3, 5e3),
    (50e3, 2e3),
    (20e3, 2e3),
    (10e3, 2e3),
];

/// White noise behind the filter, of a standard deviation of 1.
fn filtered(rate: f64, corner: f64, count: usize, random: &mut Noise) -> Vec<f64> {
    let k = (0.5 * TAU * corner / rate).tan();
    let norm = 1.0 / (1.0 + SQRT2 * k + k * k);
    let (b, a1, a2) = (
        k * k * norm,
        2.0 * (k * k - 1.0) * norm,
        (1.0 - SQRT2 * k + k * k) * norm,
    );
    let (mut x, mut y) = ([0.0; 2], [0.0; 2]);
    let mut next = || {
        let new = random.gauss();
        let out = b * (new + 2.0 * x[0] + x[1]) - a1 * y[0] - a2 * y[1];
        (x, y) = ([new, x[0]], [out, y[0]]);
        out
    };
    for _ in 0..1000 {
        next();
    }
    let noise: Vec<f64> = (0..count).map(|_| next()).collect();
    let power = noise.iter().map(|x| x * x).sum::<f64>() / count as f64;
    noise.iter().map(|x| x / power.sqrt()).collect()
}

/// A current of `amps` (peak) until `cut`, of `rest` (peak, a quarter turn ahead) until `relay`, s,
/// in filtered noise of a standard deviation of `sigma`, 12 bit.
fn recorded(
    (rate, corner): (f64, f64),
    [amps, cut, rest, relay]: [f64; 4],
    sigma: f64,
    random: &mut Noise,
) -> Vec<f64> {
    let turns = random.uniform();
    let noise = filtered(rate, corner, (1.2 * rate) as usize, random);
    let lsb = 80.0 / 4096.0;
    let samples = noise.iter().enumerate().map(|(k, noise)| {
        let t = k as f64 / rate;
        let size = |turned: f64| (TAU * (50.0 * t + turns + turned)).sin();
        let wave = if t < cut {
            amps * size(0.0)
        } else if t < relay {
            rest * size(0.25)
        } else {
            0.0
        };
        ((wave + sigma * noise) / lsb).round() * lsb
    });
    samples.collect()
}

#[test]
fn a_clean_cut_is_placed_in_filtered_noise() {
    let mut random = Noise(303);
    let (mut inside, mut all) = (0, 0);
    for filter in FILTERS {
        let mut worst = 0.0_f64;
        for case in 0..12 {
            let level = [0.4, 0.7, 1.0][case % 3];
            let sigma = level * RATED * [0.01, 0.005][case / 3 % 2];
            let cut = 0.6 + 0.02 * random.uniform();
            let numbers = [level * PEAK, cut, 0.0, cut];
            let amps = recorded(filter, numbers, sigma, &mut random);
            let found = analysed(&amps, filter.0);
            let error = (found.t_cease_s.unwrap_or(f64::INFINITY) - cut).abs();
            assert!(error < 1e-3, "{filter:?} {case}: {cut} {found:?}");
            worst = worst.max(error);
            inside += u32::from(error <= found.uncertainty_s.unwrap());
            all += 1;
        }
        println!("{filter:?}: worst {worst} s");
    }
    println!("{inside} of {all} inside U");
    assert!(inside * 100 >= all * 93, "{inside} of {all}");
}

#[test]
fn weak_current_in_filtered_noise_counts() {
    let mut random = Noise(304);
    for filter in FILTERS {
        let mut sum = 0.0;
        for case in 0..9 {
            let rest = [0.013, 0.02, 0.03][case % 3] * PEAK;
            let relay = 0.7 + 0.2 * random.uniform();
            let sigma = RATED * [0.004, 0.007][case / 3 % 2];
            let numbers = [PEAK, 0.6, rest, relay];
            let amps = recorded(filter, numbers, sigma, &mut random);
            let at = analysed(&amps, filter.0).t_cease_s.unwrap();
            // Near its zero it hides in noise for a part of a half cycle.
            assert!((at - relay).abs() < 6e-3, "{filter:?} {case}: {relay} {at}");
            sum += (at - relay).abs();
            let numbers = [PEAK, 0.6, rest, 9.0];
            let amps = recorded(filter, numbers, sigma, &mut random);
            let found = analysed(&amps, filter.0);
            assert!(found.t_cease_s.is_none(), "{filter:?} {case}: {found:?}");
        }
        println!("{filter:?}: mean {} s", sum / 9.0);
        assert!(sum / 9.0 < 2.5e-3, "{filter:?}: {}", sum / 9.0);
    }
}
