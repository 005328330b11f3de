//! Non-detection zone of the voltage limits: a unit of constant power leaves an island at V √(P/P_load), so
//! it is not seen while (V/Vmax)² − 1 ≤ ΔP/P ≤ (V/Vmin)² − 1, Δ the load minus the unit.

use gridproof_plant::config::{AntiIslanding, CurrentReference, Watch};
use gridproof_plant::signal::DutState;

use crate::common::*;
use crate::island_load::{Load, islanded, limits, unprotected};

const P: f64 = 3000.0;
/// Limits of voltage, V.
const LIMITS: (f64, f64) = (180.0, 265.0);

/// It still feeds 3 s after the opening onto a load that takes P (1 + dp) at 230 V.
fn lives(dp: f64) -> bool {
    let mut config = unprotected(CurrentReference::ConstantPower, AntiIslanding::Off);
    config.dut.protection = limits(Watch::Voltage, LIMITS, 0.1);
    let load = Load::new(230.0, P, 1.0, dp, 0.0);
    let mut plant = islanded(config, P, load, 0.0);
    plant.advance_to(plant.now() + 3 * S);
    plant.state().dut == DutState::Grid
}

#[test]
fn it_ends_where_the_formula_says() {
    let bound = |volts: f64| (230.0 / volts).powi(2) - 1.0;
    let (most, least) = (bound(LIMITS.0), bound(LIMITS.1));
    assert!((least + 0.247).abs() < 1e-3 && (most - 0.633).abs() < 1e-3);
    // a limit that the swing of the opening has passed lets go at its drop-out, 2 % inside
    let (most_calm, least_calm) = (bound(1.02 * LIMITS.0), bound(0.98 * LIMITS.1));
    for dp in [least_calm + 0.02, -0.1, 0.3, most_calm - 0.02] {
        assert!(lives(dp), "ΔP {dp}");
    }
    for dp in [least - 0.02, most + 0.02] {
        assert!(!lives(dp), "ΔP {dp}");
    }
}
