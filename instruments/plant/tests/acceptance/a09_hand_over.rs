//! A hand-over between the two rates without an event moves V and P by less than 0.1 %.

use gridproof_plant::config::AntiIslanding;
use gridproof_plant::input::{DutCommand, Input};
use gridproof_plant::signal::{MeterPoint, Signal};

use crate::common::*;
use crate::show;

#[rstest::rstest]
fn waveform_continues_the_phasors(
    #[values(-4000.0, 800.0, 2500.0, 5000.0)] watts: f64,
    #[values(0.0, 0.3, -0.3)] reactive_pu: f64,
    #[values(50.0, 49.6, 50.4)] hz: f64,
) {
    let mut plant = feeding(quick(), watts);
    plant.apply(Input::Dut(DutCommand::VoltVar(false)));
    plant.apply(Input::Dut(DutCommand::ReactivePower(reactive_pu)));
    plant.apply(grid(230.0, hz));
    plant.advance_to(60 * S);
    let before = plant.reading(MeterPoint::DutGrid);
    let mut worst = (0.0_f64, 0.0_f64);
    arm(&mut plant, &[Signal::DutCurrent], 10_000, 0.5);
    for _ in 0..20 {
        plant.advance_to(plant.now() + 20 * MS);
        let now = plant.reading_cycle(MeterPoint::DutGrid);
        worst.0 = worst.0.max((now.volts / before.volts - 1.0).abs());
        worst.1 = worst.1.max((now.watts - before.watts).abs() / 5000.0);
    }
    if show() {
        eprintln!(
            "{watts} W {reactive_pu} {hz}: {:.4} % V, {:.4} % P",
            worst.0 * 100.0,
            worst.1 * 100.0
        );
    }
    assert!(worst.0 < 1e-3 && worst.1 < 1e-3, "{worst:?}");
    // and back
    plant.advance_to(plant.now() + 2 * S);
    let after = plant.reading_cycle(MeterPoint::DutGrid);
    assert!((after.volts / before.volts - 1.0).abs() < 1e-3);
    assert!(
        (after.watts - before.watts).abs() < 5.0,
        "{after:?} {before:?}"
    );
}

/// The battery's current limit decides the power, and with it the energy of the dc link, which ripples in
/// waveforms only.
#[rstest::rstest]
fn waveform_continues_the_phasors_at_the_current_limit(
    #[values(-4000.0, 4000.0)] watts: f64,
    #[values(0.0, 0.3, -0.3)] reactive_pu: f64,
    #[values(50.0, 49.6, 50.4)] hz: f64,
) {
    let mut config = quick();
    config.dut.anti_islanding = AntiIslanding::Sfs {
        cf0: 0.02,
        gain_per_hz: 0.05,
    };
    let mut plant = feeding(config, watts);
    plant.apply(array(false));
    plant.apply(battery(true, 40.0));
    plant.apply(Input::Dut(DutCommand::VoltVar(false)));
    plant.apply(Input::Dut(DutCommand::ReactivePower(reactive_pu)));
    plant.apply(grid(230.0, hz));
    plant.advance_to(60 * S);
    let before = plant.reading(MeterPoint::DutGrid);
    assert!((before.watts.abs() - 2048.0).abs() < 400.0, "{before:?}");
    arm(&mut plant, &[Signal::DutCurrent], 10_000, 1.5);
    let mut worst = 0.0_f64;
    for _ in 0..60 {
        plant.advance_to(plant.now() + 20 * MS);
        let now = plant.reading_cycle(MeterPoint::DutGrid);
        worst = worst.max((now.watts - before.watts).abs() / 5000.0);
    }
    if show() {
        eprintln!("{watts} W {reactive_pu} {hz}: {:.4} % P", worst * 100.0);
    }
    assert!(worst < 1e-3, "{worst}");
}
