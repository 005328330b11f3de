//! Tracking of P and Q, signs, hand-over between the modes.
#![allow(clippy::print_stderr, reason = "figures on request")]
mod common;
use common::*;
use gridproof_plant::input::{DutCommand, Input};
use gridproof_plant::signal::{MeterPoint, Signal};

#[test]
fn power_and_reactive_power_are_tracked_with_the_right_signs() {
    // without the lead of the anti-islanding method, which costs 0.8 % of P in var
    let mut config = quick();
    config.dut.anti_islanding = gridproof_plant::config::AntiIslanding::Off;
    let mut plant = feeding(config, 3000.0);
    let before = plant.reading(MeterPoint::DutGrid);
    assert!((before.watts - 3000.0).abs() < 5.0, "{before:?}");
    assert!(before.vars.abs() < 10.0, "{before:?}");
    plant.apply(Input::Dut(DutCommand::VoltVar(false)));
    plant.apply(Input::Dut(DutCommand::ReactivePower(0.4)));
    plant.advance_to(15 * S);
    let dwell = plant.reading(MeterPoint::DutGrid);
    assert!((dwell.vars - 2000.0).abs() < 5.0, "{dwell:?}");
    assert!(
        dwell.volts > before.volts + 0.3,
        "over-excited raises the voltage: {dwell:?}"
    );
    // the same in waveform mode
    capture(&mut plant, &[Signal::GridVoltage], 10_000, 1.0);
    let wave = plant.reading(MeterPoint::DutGrid);
    assert!(
        (wave.vars - 2000.0).abs() < 5.0 && (wave.watts - 3000.0).abs() < 5.0,
        "{wave:?}"
    );
    assert!(
        (wave.volts - dwell.volts).abs() < 0.02,
        "{wave:?} {dwell:?}"
    );
    assert!((wave.hz - 50.0).abs() < 1e-4);
    let source = plant.reading(MeterPoint::Source);
    assert!(
        (source.watts + wave.watts).abs() < 1.0 && (source.vars + wave.vars).abs() < 1.0,
        "{source:?}"
    );
}

#[test]
fn charging_draws_from_the_grid() {
    let mut plant = feeding(quick(), -3000.0);
    let soc = plant.state().soc;
    let r = plant.reading(MeterPoint::DutGrid);
    assert!((r.watts + 3000.0).abs() < 5.0, "{r:?}");
    plant.advance_to(3610 * S);
    assert!(plant.state().soc > soc + 0.1);
}

#[rstest::rstest]
#[case(0.0)]
#[case(2500.0)]
#[case(5000.0)]
fn hand_over_is_seamless(#[case] watts: f64) {
    let mut plant = feeding(quick(), watts);
    let dwell = plant.reading_cycle(MeterPoint::DutGrid);
    arm(
        &mut plant,
        &[Signal::GridVoltage, Signal::DutCurrent],
        10_000,
        0.4,
    );
    for k in 1..=15 {
        plant.advance_to(10 * S + k * 20 * MS);
        let wave = plant.reading_cycle(MeterPoint::DutGrid);
        if std::env::var("SHOW").is_ok() {
            eprintln!("{k} {wave:?}");
        }
        assert!(
            (wave.volts / dwell.volts - 1.0).abs() < 1e-3,
            "{k} {wave:?} {dwell:?}"
        );
        assert!(
            (wave.watts - dwell.watts).abs() < 5.0,
            "{k} {wave:?} {dwell:?}"
        );
        assert!(
            (wave.vars - dwell.vars).abs() < 5.0,
            "{k} {wave:?} {dwell:?}"
        );
    }
}

#[test]
fn current_is_a_clean_sine() {
    let mut plant = feeding(quick(), 5000.0);
    let c = capture(
        &mut plant,
        &[Signal::DutCurrent, Signal::GridVoltage],
        50_000,
        0.4,
    );
    let tail = &c.data[0][10_000..20_000];
    let r = plant.reading(MeterPoint::DutGrid);
    assert!((rms(tail) - r.amps).abs() < 0.01);
    let peak = tail.iter().fold(0.0_f32, |m, x| m.max(x.abs()));
    assert!(
        (f64::from(peak) / rms(tail) - std::f64::consts::SQRT_2).abs() < 5e-3,
        "{peak}"
    );
}
