//! Perturb-and-observe trackers against the maximum of the curve they stand on: static efficiency,
//! irradiance ramps with and without the slope check, a late start, two inputs of their own.

use gridproof_plant::Plant;
use gridproof_plant::config::{PerturbObserve, PvArray, Tracking, reference_module};
use gridproof_plant::input::{DutCommand, Input};

use crate::common::*;

fn mppt() -> PerturbObserve {
    PerturbObserve {
        period_s: 0.1,
        step_pu: 0.005,
        slope_check: true,
        start_s: 0.0,
    }
}

/// EN 50530 crystalline silicon, 5 kW: currents with the irradiance, voltages with its logarithm.
fn source(g: f64) -> Input {
    let voc = 450.0 * ((g / 2.514e-3 + 1.0).ln() * 8.593e-2 - 1.088e-4 * g);
    let isc = 15.5 * g / 1000.0;
    Input::Pv {
        input: 0,
        on: true,
        voc,
        isc,
        vmp: 0.8 * voc,
        imp: 0.9 * isc,
    }
}

/// A DUT without battery that takes what its trackers find.
fn following(mppt: PerturbObserve, tracking: Tracking, inputs: usize) -> Plant {
    let mut config = quick();
    config.dut.battery = None;
    config.dut.mppt = Some(mppt);
    config.dut.tracking = tracking;
    config.dut.pv_inputs = inputs;
    let mut plant = energised(config);
    plant.apply(Input::Dut(DutCommand::ActivePower(None)));
    plant
}

/// Energy taken over energy at the maximum, at all inputs, while `drive` programmes the source.
fn efficiency(plant: &mut Plant, seconds: f64, mut drive: impl FnMut(f64) -> Option<Input>) -> f64 {
    let (mut taken, mut possible) = (0.0, 0.0);
    let steps = (seconds / 0.02) as u64;
    for k in 0..steps {
        if let Some(input) = drive(k as f64 * 0.02) {
            plant.apply(input);
        }
        plant.advance_to(plant.now() + 20 * MS);
        for input in plant.state().pv_inputs {
            taken += input.watts;
            possible += input.maximum_w;
        }
    }
    taken / possible
}

/// Three steps around the maximum of a parabola that opens as P'' says: the tracker is at one of
/// V−ΔV, V, V+ΔV, so that the loss is bounded by that of a whole step and a half.
#[rstest::rstest]
fn stands_at_the_maximum(
    #[values(200.0, 500.0, 1000.0)] g: f64,
    #[values(0.005, 0.01)] step_pu: f64,
    #[values(true, false)] slope_check: bool,
) {
    let mppt = PerturbObserve {
        step_pu,
        slope_check,
        ..mppt()
    };
    let mut plant = following(mppt, Tracking::FirstFromOpenCircuit, 1);
    plant.apply(source(g));
    plant.advance_to(40 * S);
    let efficiency = efficiency(&mut plant, 30.0, |_| None);
    let least = if step_pu < 0.006 { 0.998 } else { 0.995 };
    assert!(
        efficiency > least && efficiency <= 1.0 + 1e-9,
        "{efficiency}"
    );
}

/// EN 50530 ramps from 10 to 50 % (30 to 100 %) and back.
fn ramp(low: f64, high: f64, slope: f64) -> (f64, impl Fn(f64) -> Option<Input>) {
    let rise = (high - low) / slope;
    let drive = move |t: f64| {
        let g = if t < rise {
            low + slope * t
        } else {
            (high - slope * (t - rise - 5.0).max(0.0)).max(low)
        };
        Some(source(g))
    };
    (2.0 * rise + 10.0, drive)
}

/// A tracker with or without slope check, settled in `light`, W/m².
fn settled(slope_check: bool, light: f64) -> Plant {
    let mppt = PerturbObserve {
        slope_check,
        ..mppt()
    };
    let mut plant = following(mppt, Tracking::Global, 1);
    plant.apply(source(light));
    plant.advance_to(20 * S);
    plant
}

#[rstest::rstest]
#[case(100.0, 500.0, 10.0)]
#[case(100.0, 500.0, 50.0)]
#[case(300.0, 1000.0, 30.0)]
#[case(300.0, 1000.0, 100.0)]
fn survives_ramps_by_the_slope_check(#[case] low: f64, #[case] high: f64, #[case] slope: f64) {
    // farthest from the maximum while the light rises, steps
    let run = |slope_check: bool| {
        let mut plant = settled(slope_check, low);
        let mut farthest = 0.0_f64;
        let steps = ((high - low) / slope / 0.02) as u32;
        for k in 0..steps {
            plant.apply(source(low + slope * 0.02 * f64::from(k)));
            plant.advance_to(plant.now() + 20 * MS);
            let input = plant.state().pv_inputs[0];
            farthest = farthest.max((input.volts - input.maximum_v).abs() / (0.005 * 450.0));
        }
        farthest
    };
    let (good, plain) = (run(true), run(false));
    // the maximum itself moves by up to a step per period on the fastest ramp
    assert!(good < 7.0, "{good}");
    // the plain tracker walks on for as long as the light rises faster than its way costs
    assert!(plain > 2.0 * good, "{good} {plain}");
}

/// Energy over whole ramps, up and down.
#[rstest::rstest]
#[case(100.0, 500.0, 10.0)]
#[case(300.0, 1000.0, 30.0)]
fn ramps_cost_the_plain_tracker_energy(#[case] low: f64, #[case] high: f64, #[case] slope: f64) {
    let run = |slope_check: bool| {
        let mut plant = settled(slope_check, low);
        let (seconds, drive) = ramp(low, high, slope);
        efficiency(&mut plant, seconds, drive)
    };
    let (good, plain) = (run(true), run(false));
    assert!(good > 0.995 && plain < good - 0.005, "{good} {plain}");
}

#[test]
fn a_late_start_costs_its_time() {
    let mut plant = following(
        PerturbObserve {
            start_s: 60.0,
            ..mppt()
        },
        Tracking::Global,
        1,
    );
    plant.apply(source(1000.0));
    plant.advance_to(59 * S);
    assert!(plant.state().pv_w < 50.0, "{:?}", plant.state());
    plant.advance_to(90 * S);
    assert!(plant.state().pv_w > 4500.0, "{:?}", plant.state());
}

fn array(input: usize, irradiance: Vec<f64>) -> Input {
    Input::PvArray {
        input,
        on: true,
        array: PvArray {
            module: reference_module(),
            strings: vec![irradiance],
            celsius: 25.0,
        },
    }
}

/// Two strings of their own: the shade on one does not touch the other, and each tracker stands at
/// its own voltage.
#[rstest::rstest]
#[case(Tracking::Global, 0.99, 1.0 + 1e-9)]
#[case(Tracking::FirstFromOpenCircuit, 0.4, 0.7)]
fn two_inputs_track_for_themselves(
    #[case] tracking: Tracking,
    #[case] least: f64,
    #[case] most: f64,
) {
    let mut plant = following(mppt(), tracking, 2);
    let mut shaded = vec![1000.0; 5];
    shaded.extend([250.0; 3]);
    plant.apply(array(0, vec![900.0; 9]));
    plant.apply(array(1, shaded));
    plant.advance_to(60 * S);
    let state = plant.state();
    let [whole, shaded] = &state.pv_inputs[..] else {
        panic!("two inputs: {:?}", state.pv_inputs);
    };
    assert!(whole.watts > 0.995 * whole.maximum_w, "{whole:?}");
    // the maximum is that of the whole curve, whichever one the tracker found
    let global = {
        let mut ideal = following(mppt(), Tracking::Global, 2);
        let mut shaded = vec![1000.0; 5];
        shaded.extend([250.0; 3]);
        ideal.apply(array(1, shaded));
        ideal.state().pv_inputs[1].maximum_w
    };
    let share = shaded.watts / global;
    assert!(share > least && share < most, "{shaded:?} of {global}");
    assert!((state.pv_w - whole.watts - shaded.watts).abs() < 1e-6);
    if tracking == Tracking::Global {
        assert!(whole.volts > shaded.volts + 20.0, "{whole:?} {shaded:?}");
    }
}

/// A DUT that is told to give less stands above the maximum and finds back at once.
#[test]
fn a_limit_moves_the_voltage_up_and_back() {
    let mut plant = following(mppt(), Tracking::Global, 1);
    plant.apply(source(1000.0));
    plant.advance_to(20 * S);
    let full = plant.state();
    plant.apply(Input::Dut(DutCommand::PowerLimit(0.4)));
    plant.advance_to(30 * S);
    let limited = plant.state();
    assert!(
        limited.pv_v > full.pv_v + 20.0 && limited.pv_w < 2100.0,
        "{limited:?}"
    );
    plant.apply(Input::Dut(DutCommand::PowerLimit(1.0)));
    plant.advance_to(35 * S);
    let again = plant.state();
    assert!(again.pv_w > 0.995 * full.pv_w, "{again:?}");
}
