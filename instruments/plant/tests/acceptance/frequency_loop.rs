//! The loop of a frequency-shift method and an island: when it leaves the limits, simulated and in closed
//! form (docs/models.md 7.3).

use gridproof_plant::config::{AntiIslanding, CurrentReference, Watch};
use gridproof_plant::signal::DutState;

use crate::common::*;
use crate::island_load::{Load, islanded, limits, unprotected};

/// Power of the DUT, W.
pub(crate) const P: f64 = 4000.0;
/// Time constant of the DUT's frequency estimate, s: long against the cycle it is made from.
pub(crate) const LAG_S: f64 = 0.2;
/// Period of the grid, s.
pub(crate) const CYCLE_S: f64 = 0.02;

/// Time from the opening to the trip decision, s, with limits `offset_hz` around 50 Hz and a load of
/// quality 1 whose inductor takes (1 + dq) of what its capacitor gives; `None` after 20 s without.
pub(crate) fn run_on(method: AntiIslanding, offset_hz: f64, dq: f64) -> (Option<f64>, Load) {
    let load = Load::new(230.0, P, 1.0, 0.0, dq);
    let mut config = unprotected(CurrentReference::ConstantPower, method);
    config.dut.anti_islanding_lag_s = LAG_S;
    config.dut.protection = limits(Watch::Frequency, (50.0 - offset_hz, 50.0 + offset_hz), 0.0);
    let mut plant = islanded(config, P, load, 0.0);
    let start = plant.now();
    while plant.now() < start + 20 * S {
        plant.advance_to(plant.now() + MS);
        if plant.state().dut != DutState::Grid {
            return (Some((plant.now() - start) as f64 * 1e-9), load);
        }
    }
    (None, load)
}

/// Lags of the loop, s: that of the estimate, which adds half of the period it is made from, and that of
/// the tank and of the synchronisation's loop (2ζ/ωn), weighted by how far its generalised integrator
/// (k = √2) turns the current per hertz against the load's 2Qf/fr.
pub(crate) fn lags(load: &Load) -> (f64, f64) {
    let tank = 2.0 * load.r * load.c;
    let t_f = tank + 2.0 * 0.8 / 45.0 / (std::f64::consts::SQRT_2 * load.qf());
    (LAG_S + 0.5 * CYCLE_S, t_f)
}

/// Half of the period a meter measures, one of its median, half of one until the next crossing, s.
pub(crate) const METER_S: f64 = 2.0 * CYCLE_S;

/// τ x' = f − x, T f' = c + g x − f from rest: f = c/(g − 1)·(A e^(λ₁t) + B e^(λ₂t) − 1) reaches Δ
/// after so many seconds.
pub(crate) fn two_lags(g: f64, c: f64, (tau, t_f): (f64, f64), offset_hz: f64) -> f64 {
    let (a, b) = (1.0 / tau, 1.0 / t_f);
    let middle = -0.5 * (a + b);
    let root = (middle * middle + a * b * (g - 1.0)).sqrt();
    let (fast, slow) = (middle + root, middle - root);
    let grows = ((g - 1.0) * b - slow) / (fast - slow);
    let f = |t: f64| {
        let modes = grows * (fast * t).exp() + (1.0 - grows) * (slow * t).exp();
        c / (g - 1.0) * (modes - 1.0)
    };
    let (mut low, mut high) = (0.0, 20.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if f(middle) < offset_hz {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}
