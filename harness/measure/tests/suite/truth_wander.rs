//! Small steps of a voltage and steps of its frequency while that wanders, as of a real grid.

use gridproof_measure::analyze::{TripAnalysis, TripEvent};

use super::bench::{Noise, TAU};
use super::tripping::tripped;

const HZ: f64 = 50.0;
/// Farthest that the frequency is from its mean, Hz.
const WANDERS: f64 = 0.04;

/// A frequency that wanders by two tones of 0.1–0.5 Hz: amplitude in Hz, frequency in Hz, turns.
struct Wander {
    tones: [(f64, f64, f64); 2],
}

impl Wander {
    fn drawn(random: &mut Noise) -> Self {
        let tones = [0.6, 0.4].map(|part| {
            let hz = 0.1 * 5_f64.powf(random.uniform());
            (part * WANDERS, hz, random.uniform())
        });
        Self { tones }
    }

    /// Turns gained.
    fn gained(&self, t: f64) -> f64 {
        let tones = self.tones.iter();
        tones
            .map(|(by, hz, phase)| by / (TAU * hz) * (TAU * (hz * t + phase)).sin())
            .sum()
    }
}

/// A voltage that becomes `level` and `slip` Hz faster after `begins` s; a current ends 0.3 s later.
fn analysed((level, slip): (f64, f64), begins: f64, random: &mut Noise) -> TripAnalysis {
    let wander = Wander::drawn(random);
    let turns = random.uniform();
    let turns = |t: f64| turns + HZ * t + wander.gained(t) + slip * (t - begins).max(0.0);
    let level = |t: f64| if t < begins { 1.0 } else { level };
    tripped(begins + 0.7, level, turns, begins + 0.3, random)
}

#[test]
fn a_wandering_frequency_moves_no_step() {
    let mut random = Noise(43);
    let (mut worst, mut inside) = (0.0_f64, 0);
    let cases = 40;
    for case in 0..cases {
        let sign = [1.0, -1.0][case / 2 % 2];
        let x = random.uniform();
        let (word, step) = match case % 2 {
            0 => (
                TripEvent::VoltageStep,
                (1.0 + sign * (0.04 + 0.06 * x), 0.0),
            ),
            _ => (TripEvent::FrequencyStep, (1.0, sign * (0.5 + 1.5 * x))),
        };
        let begins = 0.4 + 1.2 * random.uniform();
        let found = analysed(step, begins, &mut random);
        let error = found.t_event_s.unwrap() - begins;
        let told = format!("{case}: {step:?} at {begins} s: {error} s, {found:?}");
        assert_eq!(found.event, word, "{told}");
        assert!(error.abs() < 1e-3, "{told}");
        worst = worst.max(error.abs());
        inside += u32::from(error.abs() <= found.uncertainty_s.unwrap());
    }
    println!("steps while the frequency wanders: worst {worst} s, {inside} of {cases} inside U");
    assert!(inside * 100 >= 90 * cases as u32, "{inside}");
}
