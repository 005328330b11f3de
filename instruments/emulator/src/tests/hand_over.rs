//! A hand-over between the two rates without an event: both shipped DUTs go on as they were.

use gridproof_plant::Plant;
use gridproof_plant::input::{DutCommand, Input};
use gridproof_plant::signal::{CaptureSpec, DutState, MeterPoint, Signal, Trigger};

use super::{AUX, SAJ, codes, embedded, profile};
use crate::plant_config;

const S: u64 = 1_000_000_000;

/// Feeding on a battery of so many volts, PV off.
fn feeding(dut: &str, battery_v: f64, watts: f64, reactive_pu: f64) -> Plant {
    let dut = profile(dut);
    let mut config = plant_config(&embedded(), &dut, &dut.behaviour, &codes(), 1).expect("good");
    config.dut.reconnect_s = 1.0;
    config.dut.ramp_pu_per_s = 1.0;
    let mut plant = Plant::new(config);
    for input in [
        Input::BatterySource {
            on: true,
            volts: battery_v,
            source_a: 1000.0,
            sink_a: 1000.0,
        },
        Input::GridOutput {
            closed: true,
            at_deg: None,
        },
        Input::Dut(DutCommand::VoltVar(false)),
        Input::Dut(DutCommand::ActivePower(Some(watts))),
        Input::Dut(DutCommand::ReactivePower(reactive_pu)),
    ] {
        plant.apply(input);
    }
    plant.advance_to(60 * S);
    assert_eq!(plant.state().dut, DutState::Grid, "{:?}", plant.state());
    plant
}

/// Largest deviation of voltage, power and reactive power in a second of waveforms, pu.
fn deviation(plant: &mut Plant) -> f64 {
    let rated = plant.config().dut.rated_apparent_va;
    let before = plant.reading(MeterPoint::DutGrid);
    let spec = CaptureSpec {
        signals: vec![Signal::DutCurrent],
        rate_hz: 10_000,
        samples: 10_000,
        pre_samples: 0,
        trigger: Trigger::Immediate,
        low_pass: Vec::new(),
    };
    plant.arm(spec).expect("a good capture");
    (0..50).fold(0.0, |worst: f64, _| {
        plant.advance_to(plant.now() + S / 50);
        let now = plant.reading_cycle(MeterPoint::DutGrid);
        worst
            .max((now.volts / before.volts - 1.0).abs())
            .max((now.watts - before.watts).abs() / rated)
            .max((now.vars - before.vars).abs() / rated)
    })
}

#[rstest::rstest]
fn shipped_duts_go_on_as_they_were(
    #[values((SAJ, 51.2, 3000.0), (SAJ, 54.0, 3000.0), (AUX, 350.0, 5000.0))] dut: (&str, f64, f64),
    #[values(1.0, 0.6, 0.1, -0.5, -1.0)] share: f64,
    #[values(0.0, 0.44, -0.44)] reactive_pu: f64,
) {
    let mut plant = feeding(dut.0, dut.1, share * dut.2, reactive_pu);
    let worst = deviation(&mut plant);
    assert!(worst < 1e-3, "{worst:.5}");
}

/// At the current limit of the battery the energy of the dc link decides, without its ripple.
#[rstest::rstest]
fn at_the_limit_of_the_battery_power_stays(
    #[values(5000.0, -5000.0)] watts: f64,
    #[values(0.0, 0.44, -0.44)] reactive_pu: f64,
) {
    let mut plant = feeding(AUX, 150.0, watts, reactive_pu);
    let worst = deviation(&mut plant);
    assert!(worst < 1e-3, "{worst:.5}");
    let state = plant.state();
    assert_eq!(state.dut, DutState::Grid, "{state:?}");
    assert!(state.battery_w.abs() < 1.01 * 150.0 * 30.0, "{state:?}");
}
