//! A sag of a living grid is no lost grid: the unit with back-up stays until its timers end.
//!
//! Known limit, not covered here: below about 100 V some phases of the step are taken for a lost
//! grid (60 V: 15 of 32 combinations of phase and power, 80 V: 5 of 32) and transfer at once.
mod common;
use common::*;
use gridproof_plant::signal::DutState;

#[rstest::rstest]
fn sags_are_ridden_through(
    #[values(120.0, 160.0, 175.0, 190.0, 210.0, 262.0)] v: f64,
    #[values(0.0, 1.3, 2.9, 4.1, 5.0, 6.7, 8.3, 9.6)] phase_ms: f64,
    #[values(0.0, 2500.0, 5000.0, -3000.0)] watts: f64,
) {
    let mut plant = feeding(quick(), watts);
    plant.advance_to(10 * S + (phase_ms * 1e6) as u64);
    plant.apply(grid(v, 50.0));
    plant.advance_to(plant.now() + 700 * MS);
    assert_eq!(
        plant.state().dut,
        DutState::Grid,
        "in the sag {:?}",
        plant.state().last_trip
    );
    plant.apply(grid(230.0, 50.0));
    plant.advance_to(plant.now() + 700 * MS);
    assert_eq!(
        plant.state().dut,
        DutState::Grid,
        "after the sag {:?}",
        plant.state().last_trip
    );
}

#[rstest::rstest]
fn frequency_steps_are_ridden_through(
    #[values(47.5, 48.5, 51.5, 46.5)] hz: f64,
    #[values(0.0, 3.3, 6.1, 8.9)] phase_ms: f64,
) {
    let mut plant = feeding(quick(), 4000.0);
    plant.advance_to(10 * S + (phase_ms * 1e6) as u64);
    plant.apply(grid(230.0, hz));
    plant.advance_to(plant.now() + 700 * MS);
    assert_eq!(
        plant.state().dut,
        DutState::Grid,
        "{:?}",
        plant.state().last_trip
    );
}
