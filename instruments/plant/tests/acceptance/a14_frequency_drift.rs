//! Active frequency drift with a fixed chopping fraction: the island goes to the frequency at which
//! the phase of the load is θ = π cf/2, so it trips where that lies outside of the limits and runs on
//! where it does not (docs/models.md 7.3).

use gridproof_plant::config::{AntiIslanding, CurrentReference, Watch};
use gridproof_plant::signal::{DutState, MeterPoint};

use crate::common::*;
use crate::frequency_loop::P;
use crate::island_load::{Load, islanded, limits, unprotected};
use crate::show;

/// Limits of frequency, Hz.
const LIMITS: (f64, f64) = (47.0, 52.0);

/// f = fr (x + √(1 + x²)), x = tan θ/(2 Qf): the root of atan(Qf (f/fr − fr/f)) = θ.
fn drifted_hz(cf: f64, load: Load) -> f64 {
    let x = (std::f64::consts::FRAC_PI_2 * cf).tan() / (2.0 * load.qf());
    load.fr() * (x + (1.0 + x * x).sqrt())
}

/// The load and, 4 s after the opening, the frequency of an island that lives.
fn opened(cf: f64, qf: f64, dq: f64) -> (Load, Option<f64>) {
    let load = Load::new(230.0, P, qf, 0.0, dq);
    let mut config = unprotected(CurrentReference::ConstantPower, AntiIslanding::Afd { cf });
    config.dut.protection = limits(Watch::Frequency, LIMITS, 0.1);
    let mut plant = islanded(config, P, load, 0.0);
    plant.advance_to(plant.now() + 4 * S);
    let state = plant.state();
    let lives = state.dut == DutState::Grid && state.pcc_v > 200.0;
    let hz = plant.reading(MeterPoint::DutGrid).hz;
    (load, lives.then_some(hz))
}

/// Loads that resonate at 50 Hz, and others: the chopping fraction decides, and it also pulls islands
/// back inside the limits that a unit without it would leave.
#[rstest::rstest]
fn it_trips_outside_of_its_zone_and_only_there(
    #[values(0.0, 0.02, 0.04, 0.045, 0.055, 0.07, -0.07)] cf: f64,
    #[values((1.0, 0.0), (1.0, -0.12), (1.0, 0.06), (2.0, 0.0))] (qf, dq): (f64, f64),
) {
    let (load, hz) = opened(cf, qf, dq);
    let expected = drifted_hz(cf, load);
    let margin = (expected - LIMITS.0).abs().min((expected - LIMITS.1).abs());
    if show() {
        eprintln!(
            "cf {cf} Qf {qf} dQ {dq}: fr {:.3} Hz, closed form {expected:.3} Hz, {hz:?}",
            load.fr()
        );
    }
    assert!(margin > 0.05, "too near to a limit to tell: {expected}");
    if (LIMITS.0..=LIMITS.1).contains(&expected) {
        let hz = hz.expect("inside the zone it runs on");
        assert!((hz - expected).abs() < 0.02, "{hz} {expected}");
    } else {
        assert_eq!(hz, None, "{expected}");
    }
}

/// With a load of quality 1 that resonates at 50 Hz the limits ask for cf > 4.99 % (52 Hz).
#[test]
fn the_least_chopping_fraction() {
    let x = (LIMITS.1 / 50.0 - 50.0 / LIMITS.1) / 2.0;
    let least = (2.0 * x).atan() / std::f64::consts::FRAC_PI_2;
    assert!((least - 0.0499).abs() < 1e-4, "{least}");
    assert!(opened(least - 0.001, 1.0, 0.0).1.is_some());
    assert!(opened(least + 0.001, 1.0, 0.0).1.is_none());
}

/// Without an active method the zone ends where the load's resonance 50 √(1 + ΔQ) meets a limit:
/// ΔQ = (f/50)² − 1 of the reactive power that the capacitor gives.
#[rstest::rstest]
fn the_zone_of_a_passive_unit(#[values(LIMITS.0, LIMITS.1)] limit: f64) {
    let dq = (limit / 50.0_f64).powi(2) - 1.0;
    assert!(opened(0.0, 1.0, dq * 0.97).1.is_some());
    assert!(opened(0.0, 1.0, dq * 1.03).1.is_none());
}
