//! Heat of the DUT's own losses through the whole plant: time to the derating, where it ends, and
//! that a DUT without the model keeps its ambient law.

use gridproof_plant::config::Heat;
use gridproof_plant::input::{DutCommand, Input};
use gridproof_plant::{Fault, Plant};

use crate::common::*;

const SINK_TAU_S: f64 = 600.0;
const RISE_K: f64 = 40.0;

fn heat() -> Heat {
    Heat {
        junction_rise_k: 15.0,
        junction_tau_s: 10.0,
        sink_rise_k: RISE_K,
        sink_tau_s: SINK_TAU_S,
        fan_c: f64::INFINITY,
        derating_c: 75.0,
        zero_c: 95.0,
    }
}

/// Loss in pu of that at rated power.
fn loss(p: f64) -> f64 {
    (0.004 + 0.008 * p + 0.012 * p * p) / 0.024
}

/// At full power, in an ambient of 50 °C in which the ambient law would not act.
fn hot(heat: Heat) -> (Plant, f64) {
    let mut config = quick();
    config.dut.derating = None;
    config.dut.heat = Some(heat);
    config.ambient_c = 50.0;
    let mut plant = energised(config);
    plant.apply(Input::Dut(DutCommand::ActivePower(Some(5000.0))));
    plant.advance_to(10 * S);
    let start_c = plant.state().dut_temperature_c;
    (plant, start_c)
}

#[test]
fn derating_begins_when_the_exponential_says() {
    let (mut plant, start_c) = hot(heat());
    let end_c = 50.0 + RISE_K;
    let expected = SINK_TAU_S * ((end_c - start_c) / (end_c - 75.0)).ln();
    let begin = plant.now();
    while !plant.state().faults.contains(&Fault::TemperatureDerating) {
        assert!(plant.now() < 3600 * S, "{:?}", plant.state());
        plant.advance_to(plant.now() + S);
    }
    let seconds = (plant.now() - begin) as f64 * 1e-9;
    assert!((seconds - expected).abs() <= 2.0, "{seconds} {expected}");
    let junction_c = plant.state().stage.expect("modelled").0;
    assert!((junction_c - 75.0 - 15.0).abs() < 0.1, "{junction_c}");
}

/// It ends where the loss of the power that the heatsink allows keeps the heatsink there.
#[test]
fn derating_ends_in_balance() {
    let (mut plant, _) = hot(heat());
    plant.advance_to(4 * 3600 * S);
    let (mut lo, mut hi) = (0.0_f64, 1.0_f64);
    for _ in 0..60 {
        let p = 0.5 * (lo + hi);
        let sink = 50.0 + RISE_K * loss(p);
        if 1.0 - (sink - 75.0) / 20.0 > p {
            lo = p;
        } else {
            hi = p;
        }
    }
    let state = plant.state();
    assert!(lo > 0.5 && lo < 0.95, "{lo}");
    assert!((state.dut_w / 5000.0 - lo).abs() < 2e-3, "{lo} {state:?}");
    assert!((state.dut_temperature_c - 50.0 - RISE_K * loss(lo)).abs() < 0.1);
}

#[test]
fn the_fan_keeps_the_power() {
    let fan = Heat {
        fan_c: 60.0,
        ..heat()
    };
    let (mut plant, _) = hot(fan);
    plant.advance_to(4 * 3600 * S);
    let state = plant.state();
    assert!((state.dut_w - 5000.0).abs() < 5.0, "{state:?}");
    assert!((state.dut_temperature_c - 70.0).abs() < 0.1, "{state:?}");
    assert!(state.stage.is_some_and(|stage| stage.1));
}

/// The law that product manuals state still acts beside it, and the lower ceiling wins.
#[test]
fn the_ambient_law_stays() {
    let mut config = quick();
    config.dut.heat = Some(Heat {
        sink_rise_k: 5.0,
        ..heat()
    });
    let mut plant = energised(config);
    plant.apply(Input::Dut(DutCommand::ActivePower(Some(5000.0))));
    plant.apply(Input::Ambient { celsius: 55.0 });
    plant.advance_to(3600 * S);
    // 10 K above 45 °C at 2.5 %/K
    let state = plant.state();
    assert!((state.dut_w - 3750.0).abs() < 10.0, "{state:?}");
    assert!(state.dut_temperature_c > 57.0 && state.dut_temperature_c < 60.0);
}
