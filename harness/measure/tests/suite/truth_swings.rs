//! A voltage whose level swings slowly, as on a weak grid, before it sags: the sag is the event.

use gridproof_measure::analyze::{TripAnalysis, TripEvent};

use super::bench::{Noise, TAU};
use super::tripping::tripped;

/// A level that swings by `swings` (share, Hz) and becomes `sag` of itself after `begins` s; a current
/// ends 0.3 s later.
fn analysed(swings: (f64, f64), sag: f64, begins: f64, random: &mut Noise) -> TripAnalysis {
    let (turns, phase) = (random.uniform(), random.uniform());
    let level = |t: f64| {
        let level = 1.0 + swings.0 * (TAU * (swings.1 * t + phase)).sin();
        if t < begins { level } else { level * sag }
    };
    let turns = |t: f64| turns + 50.0 * t;
    tripped(begins + 0.8, level, turns, begins + 0.3, random)
}

#[test]
fn a_swing_before_a_sag_is_no_ramp() {
    let mut random = Noise(45);
    let mut worst = 0.0_f64;
    let cases = 40;
    for case in 0..cases {
        let swings = (0.02, 0.4 + 0.7 * random.uniform());
        let sag = 0.2 + 0.6 * random.uniform();
        let begins = 0.6 + 1.4 * random.uniform();
        let found = analysed(swings, sag, begins, &mut random);
        let error = found.t_event_s.unwrap() - begins;
        let told = format!("{case}: {swings:?}, {sag} at {begins} s: {error} s, {found:?}");
        assert_eq!(found.event, TripEvent::VoltageStep, "{told}");
        assert!(error.abs() < 1e-3, "{told}");
        worst = worst.max(error.abs());
    }
    println!("sags while the level swings: worst {worst} s");
}
