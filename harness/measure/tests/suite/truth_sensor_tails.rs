//! Currents that are cut while the sensor, a current transformer, goes on with a direct value that
//! decays: that is no current, they end with the cut.

use super::bench::{Noise, TAU};
use super::truth_ends::{PEAK, RATED, analysed};
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
