//! Energy: ∫P_pv + P_bat − P_ac − loss − Δstored = 0 within 1e-6 of what went through, in a short
//! waveform run, over a quasi-static day, and through everything that changes the mode.

use gridproof_plant::config::{CurrentReference, PlantConfig};
use gridproof_plant::input::{DutCommand, Input};
use gridproof_plant::signal::{DutState, MeterPoint, Signal};
use gridproof_plant::{Energy, Plant};

use crate::common::*;
use crate::island_load::Load;
use crate::show;

/// Share of the throughput that may go missing.
const SHARE: f64 = 1e-6;

fn check(name: &str, e: &Energy) {
    if show() {
        eprintln!(
            "{name}: {e:?} residual {:.3e} J, {:.2e} of the throughput",
            e.residual_j(),
            e.residual_j() / e.throughput_j
        );
    }
    assert!(e.throughput_j > 0.0);
    assert!(
        e.residual_j().abs() <= SHARE * e.throughput_j,
        "{name}: {e:?} {}",
        e.residual_j()
    );
}

/// One second at every operating point, the recorder running.
#[rstest::rstest]
#[case(3000.0, 0.0)]
#[case(4800.0, 0.3)]
#[case(-2500.0, 0.0)]
#[case(1500.0, -0.5)]
fn a_second_of_waveform(#[case] watts: f64, #[case] vars_pu: f64) {
    let mut config = quick();
    config.dut.volt_var.enabled = false;
    let mut plant = feeding(config, watts);
    plant.apply(Input::Dut(DutCommand::ReactivePower(vars_pu)));
    plant.advance_to(15 * S);
    let before = plant.energy();
    arm(&mut plant, &[Signal::GridVoltage], 50_000, 1.1);
    let armed = plant.energy();
    plant.advance_to(16 * S);
    check("waveform", &plant.energy().since(&before));
    let e = plant.energy().since(&armed);
    // and it is the energy that the meter at the terminals sees
    let metered = plant.reading(MeterPoint::DutGrid).watts;
    assert!(
        (e.ac_j - metered).abs() < 2e-4 * metered.abs(),
        "{e:?} {metered}"
    );
}

/// A sag, a trip, back-up and return within a few seconds of waveform.
#[test]
fn events_in_a_waveform_run() {
    let mut plant = feeding(quick(), 3000.0);
    plant.apply(Input::BackupLoad { r_ohm: Some(30.0) });
    plant.advance_to(12 * S);
    let before = plant.energy();
    arm(&mut plant, &[Signal::GridVoltage], 50_000, 6.0);
    for (ms, input) in [
        (103, grid(180.0, 50.0)),
        (700, grid(230.0, 50.0)),
        (1500, grid(290.0, 50.0)),
        (2500, grid(230.0, 50.0)),
    ] {
        plant.schedule(12 * S + ms * MS + 210_000, input);
    }
    plant.advance_to(18 * S);
    check("events", &plant.energy().since(&before));
}

/// A day: the sun rises and sets, the battery is charged and discharged, the voltage moves.
#[test]
fn a_quasi_static_day() {
    let mut config = quick();
    config.dut.battery = config
        .dut
        .battery
        .map(|b| gridproof_plant::config::Battery {
            capacity_ah: 2000.0,
            ..b
        });
    let mut plant = feeding(config, 0.0);
    let before = plant.energy();
    for quarter in 0..96_u32 {
        let hour = f64::from(quarter) * 0.25;
        let sun = ((hour - 6.0) / 12.0 * std::f64::consts::PI).sin().max(0.0);
        plant.apply(Input::Pv {
            input: 0,
            on: sun > 0.01,
            voc: 450.0,
            isc: 17.0 * sun.max(0.01),
            vmp: 360.0,
            imp: 15.5 * sun.max(0.01),
        });
        plant.apply(Input::Dut(DutCommand::ActivePower(match quarter % 4 {
            0 => None,
            1 => Some(-1500.0),
            2 => Some(2500.0),
            _ => Some(0.0),
        })));
        plant.apply(Input::GridSetpoint {
            v_rms: 226.0 + f64::from(quarter % 5) * 4.0,
            hz: 50.0,
            slew_v_per_s: 0.05,
            slew_hz_per_s: f64::INFINITY,
        });
        plant.advance_to(plant.now() + 900 * S);
    }
    check("day", &plant.energy().since(&before));
}

fn campaign(config: PlantConfig) -> Plant {
    let mut plant = feeding(config, 2500.0);
    let later = |plant: &mut Plant, s: f64| plant.advance_to(plant.now() + (s * 1e9) as u64);
    let nominal = || grid(230.0, 50.0);
    for round in 0..4_u32 {
        for volts in [245.0, 251.0, 256.0, 230.0, 214.0] {
            plant.apply(grid(volts, 50.0));
            later(&mut plant, 8.37);
        }
        // trips and reconnections
        for (event, s) in [(grid(280.0, 50.0), 0.8), (grid(230.0, 53.0), 0.8)] {
            plant.apply(event);
            later(&mut plant, s);
            plant.apply(nominal());
            later(&mut plant, 6.0);
        }
        // an island, then the grid comes back
        let load = Load::new(230.0, 2500.0, 1.0, 0.0, 0.0);
        plant.apply(Input::IslandLoad {
            l_ohm: 0.0,
            r_ohm: Some(load.r),
            l_h: Some(load.l),
            c_f: Some(load.c),
        });
        plant.apply(Input::IslandLoadSwitch { closed: true });
        later(&mut plant, 2.0);
        plant.apply(Input::GridSwitch {
            closed: false,
            at_deg: None,
        });
        later(&mut plant, 3.0);
        plant.apply(Input::IslandLoadSwitch { closed: false });
        plant.apply(Input::GridSwitch {
            closed: true,
            at_deg: None,
        });
        later(&mut plant, 6.0);
        // back-up with load steps, an overload in the last round
        plant.apply(Input::BackupLoad { r_ohm: Some(40.0) });
        later(&mut plant, 1.0);
        plant.apply(Input::GridOutput {
            closed: false,
            at_deg: Some(70.0 * f64::from(round)),
        });
        later(&mut plant, 3.0);
        let ohm = if round == 3 { 6.0 } else { 20.0 };
        plant.apply(Input::BackupLoad { r_ohm: Some(ohm) });
        later(&mut plant, 4.0);
        plant.apply(Input::BackupLoad { r_ohm: None });
        plant.apply(Input::GridOutput {
            closed: true,
            at_deg: None,
        });
        later(&mut plant, 8.0);
        assert_eq!(plant.state().dut, DutState::Grid);
    }
    plant
}

/// Steps, trips, islands, back-up and returns, hundreds of changes of mode.
#[rstest::rstest]
#[case::power(CurrentReference::ConstantPower)]
#[case::current(CurrentReference::ConstantCurrent)]
fn a_campaign(#[case] reference: CurrentReference) {
    let mut config = quick();
    config.dut.reference = reference;
    check("campaign", &campaign(config).energy());
}

/// Without a battery and at the maximum of the array nothing is left to draw on: the link sags a
/// little and the feed gives way.
#[test]
fn at_the_maximum_power_point_without_a_battery() {
    let mut config = quick();
    config.dut.battery = None;
    config.dut.reference = CurrentReference::ConstantCurrent;
    let mut plant = energised(config);
    plant.advance_to(20 * S);
    plant.apply(grid(238.0, 50.0));
    plant.advance_to(40 * S);
    let state = plant.state();
    assert!(state.dut_w > 4500.0 && state.battery_w == 0.0, "{state:?}");
    check("mpp", &plant.energy());
    arm(&mut plant, &[Signal::GridVoltage], 1_000, 2.0);
    plant.advance_to(42 * S);
    check("mpp, waveform", &plant.energy());
    let state = plant.state();
    assert!(state.dc_link_v > 400.0, "{}", state.dc_link_v);
}

#[test]
fn cutting_the_wait_does_not_move_a_bit() {
    let run = |chunk: u64| {
        let mut plant = feeding(quick(), 3000.0);
        plant.apply(grid(246.0, 50.0));
        let end = 100 * S;
        while plant.now() < end {
            plant.advance_to((plant.now() + chunk).min(end));
        }
        plant.energy()
    };
    let whole = run(100 * S);
    for chunk in [20 * MS, 333 * MS, 7 * S] {
        assert_eq!(whole, run(chunk));
    }
}

/// Hardly anything passes, and much goes to and fro.
#[rstest::rstest]
fn a_second_of_hardly_anything_but_reactive_power(
    #[values(100.0, 500.0)] watts: f64,
    #[values(-0.44, 0.44)] vars_pu: f64,
) {
    let mut config = quick();
    config.dut.volt_var.enabled = false;
    let mut plant = feeding(config, watts);
    plant.apply(Input::Dut(DutCommand::ReactivePower(vars_pu)));
    plant.advance_to(15 * S);
    arm(&mut plant, &[Signal::GridVoltage], 50_000, 1.1);
    let before = plant.energy();
    plant.advance_to(16 * S);
    let e = plant.energy().since(&before);
    check("reactive", &e);
    let vars = plant.reading(MeterPoint::DutGrid).vars;
    assert!((vars.abs() - 2200.0).abs() < 20.0, "{vars}");
    assert!(
        e.residual_j().abs() < 3e-8 * vars.abs(),
        "{}",
        e.residual_j()
    );
}
