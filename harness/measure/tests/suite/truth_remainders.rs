//! Currents that are cut down to a part, which goes on at the line's frequency and decays, against
//! the instant at which its amplitude passes 1 % of rated.

use gridproof_measure::analyze::RunOnAnalysis;

use super::bench::{Noise, SQRT2, TAU};
use super::truth_ends::{LIMIT, OPEN, RATED, analysed};
use super::truth_transfers::sampled;

/// A wave of so many amperes (peak), cut at an instant (s) down to a share that decays with `tau`
/// (s) and runs ahead of the wave by some turns.
#[derive(Debug)]
struct Draw {
    amps: f64,
    turns: f64,
    /// Change of the frequency once the switch is open, Hz/s.
    drift: f64,
    cut: f64,
    share: f64,
    tau: f64,
    ahead: f64,
    /// Frequency of what goes on beyond that of the wave, Hz.
    slip: f64,
}

impl Draw {
    fn new(case: usize, taus: (f64, f64), ahead: f64, random: &mut Noise) -> Self {
        let between = |a: f64, b: f64, x: f64| a + (b - a) * x;
        Self {
            amps: SQRT2 * RATED * between(0.3, 1.0, random.uniform()),
            turns: random.uniform(),
            drift: [0.0, between(-2.0, 2.0, random.uniform())][case % 2],
            cut: OPEN + between(0.15, 0.4, random.uniform()),
            share: between(0.05, 0.9, random.uniform()),
            tau: taus.0 * (taus.1 / taus.0).powf(random.uniform()),
            ahead: ahead * (random.uniform() - 0.5),
            slip: 0.0,
        }
    }

    fn at(&self, t: f64) -> f64 {
        let gained = 0.5 * self.drift * (t - OPEN).max(0.0).powi(2);
        let turns = self.turns + 50.0 * t + gained;
        if t < self.cut {
            self.amps * (TAU * turns).sin()
        } else {
            let fall = (-(t - self.cut) / self.tau).exp();
            let ahead = self.ahead + self.slip * (t - self.cut);
            self.share * self.amps * fall * (TAU * (turns + ahead)).sin()
        }
    }

    /// When the amplitude passes the limit, s.
    fn ceases(&self) -> f64 {
        self.cut + self.tau * (self.share * self.amps / LIMIT).ln().max(0.0)
    }

    fn analysed(&self, rate: f64, noise: f64, bits: i32, random: &mut Noise) -> RunOnAnalysis {
        let sigma = noise * self.amps / SQRT2;
        let length = self.ceases() + 0.3;
        let amps = sampled(rate, length, sigma, bits, 60.0, random, |t| self.at(t));
        analysed(&amps, rate)
    }
}

const CASES: usize = 30;

/// Draws of time constants in a range, s, of phases, turns, and of slips, Hz; errors at 40 dB in ms.
fn hits(taus: (f64, f64), ahead: f64, slip: f64, noisy: f64) {
    let mut random = Noise(50);
    let (mut worst, mut inside) = (0.0_f64, 0);
    for case in 0..CASES {
        let mut draw = Draw::new(case, taus, ahead, &mut random);
        if slip > 0.0 {
            draw.slip = slip * (2.0 * random.uniform() - 1.0);
        }
        let rate = [10_000.0, 20_000.0][case / 2 % 2];
        let (noise, bits, most) =
            [(0.0, 16, 0.05e-3), (1e-3, 12, 0.3e-3), (1e-2, 12, noisy)][case % 3];
        let found = draw.analysed(rate, noise, bits, &mut random);
        let error = (found.t_cease_s.unwrap() - draw.ceases()).abs();
        inside += usize::from(error <= found.uncertainty_s.unwrap());
        assert!(error < most, "{case}: {error} {noise} {draw:?} {found:?}");
        worst = worst.max(error);
    }
    println!("worst {worst} s, {inside} of {CASES} inside U");
    assert!(inside * 100 >= CASES * 93, "{inside}");
}

#[test]
fn a_wave_that_goes_on_smaller_ends_where_its_amplitude_does() {
    hits((0.5e-3, 5e-3), 0.0, 0.0, 1e-3);
    hits((5e-3, 50e-3), 0.0, 0.0, 1e-3);
}

#[test]
fn so_does_one_that_goes_on_in_another_phase() {
    // Less than a quarter of a cycle hardly tells the phase.
    hits((3e-3, 30e-3), 1.0, 0.0, 1e-3);
}

#[test]
fn so_does_one_that_goes_on_at_a_frequency_of_its_own() {
    hits((40e-3, 120e-3), 0.1, 1.5, 2.5e-3);
}
