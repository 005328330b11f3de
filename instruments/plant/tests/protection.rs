//! Trip times of the passive elements, no false trips, reconnection.
#![allow(clippy::print_stderr, reason = "figures on request")]
mod common;
use common::*;
use gridproof_plant::Plant;
use gridproof_plant::config::PlantConfig;
use gridproof_plant::input::Input;
use gridproof_plant::signal::{DutState, MeterPoint, Signal};

/// Time from the step to the current below 1 % of rated, s, and the element.
fn trip(config: PlantConfig, v: f64, hz: f64, seconds: f64) -> (f64, Option<String>) {
    let mut plant = feeding(config, 2500.0);
    arm(&mut plant, &[Signal::DutCurrent], 10_000, seconds);
    plant.apply(grid(v, hz));
    plant.advance_to(plant.now() + (seconds * 1e9) as u64 + MS);
    let c = plant.take_capture().expect("done");
    (
        last_above(&c.data[0], c.rate_hz, 0.01 * 5000.0 / 230.0),
        plant.state().last_trip,
    )
}

#[rstest::rstest]
#[case(280.0, 50.0, "OV2", 0.004, 0.03)]
#[case(268.0, 50.0, "OV1", 1.0, 1.04)]
#[case(170.0, 50.0, "UV1", 10.0, 10.06)]
#[case(55.0, 50.0, "UV2", 1.0, 1.06)]
#[case(230.0, 52.3, "OF1", 0.02, 0.12)]
#[case(230.0, 46.7, "UF1", 1.0, 1.12)]
fn trip_times(
    #[case] v: f64,
    #[case] hz: f64,
    #[case] name: &str,
    #[case] min: f64,
    #[case] max: f64,
) {
    let (time, element) = trip(quick(), v, hz, max + 0.3);
    if std::env::var("SHOW").is_ok() {
        eprintln!("{name} {v} V {hz} Hz: {time:.4} s {element:?}");
    }
    assert_eq!(element.as_deref(), Some(name));
    assert!(time >= min && time <= max, "{time}");
}

/// The same without back-up: the state is Tripped, then Waiting when the grid is back.
#[test]
fn trips_reconnects_after_60_s_and_ramps_in_six_minutes() {
    let mut config = gridproof_plant::config::reference();
    config.dut.backup = None;
    let mut plant = energised(config);
    plant.advance_to(59 * S);
    assert_eq!(plant.state().dut, DutState::Waiting);
    plant.advance_to(61 * S);
    assert_eq!(plant.state().dut, DutState::Grid);
    plant.advance_to(60 * S + 180 * S);
    let half = plant.reading(MeterPoint::DutGrid).watts;
    assert!((half / 2500.0 - 1.0).abs() < 0.01, "{half}");
    plant.advance_to(500 * S);
    let full = plant.reading(MeterPoint::DutGrid).watts;
    assert!((full - 5000.0).abs() < 5.0, "{full}");
    plant.apply(grid(290.0, 50.0));
    plant.advance_to(501 * S);
    assert_eq!(plant.state().dut, DutState::Tripped);
    assert!(!plant.state().dut_relay);
    plant.apply(grid(230.0, 50.0));
    plant.advance_to(502 * S);
    assert_eq!(plant.state().dut, DutState::Waiting);
    plant.advance_to(560 * S);
    assert_eq!(plant.state().dut, DutState::Waiting);
    plant.advance_to(562 * S);
    assert_eq!(plant.state().dut, DutState::Grid);
}

#[rstest::rstest]
fn voltage_steps_and_captures_do_not_trip(
    #[values(0.85, 1.15)] factor: f64,
    #[values(0.0, 3.1, 7.7)] phase_ms: f64,
) {
    let mut plant: Plant = feeding(quick(), 4000.0);
    plant.advance_to(10 * S + (phase_ms * 1e6) as u64);
    arm(&mut plant, &[Signal::DutCurrent], 10_000, 0.6);
    plant.apply(grid(230.0 * factor, 50.0));
    plant.advance_to(plant.now() + 400 * MS);
    plant.apply(grid(230.0, 50.0));
    plant.advance_to(plant.now() + 400 * MS);
    let state = plant.state();
    assert_eq!((state.dut, state.last_trip), (DutState::Grid, None));
}

#[test]
fn dead_dut_never_closes() {
    let mut config = quick();
    config.dut.health = gridproof_plant::config::Health::Dead;
    let mut plant = energised(config);
    plant.apply(Input::BackupLoad { r_ohm: Some(20.0) });
    plant.advance_to(100 * S);
    assert!(!plant.state().dut_relay);
    plant.apply(Input::GridOutput {
        closed: false,
        at_deg: None,
    });
    plant.advance_to(110 * S);
    assert!(plant.state().backup_v < 0.1 && plant.state().dut == DutState::Standby);
}
