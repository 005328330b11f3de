//! Control functions of the DUT against their closed forms, through the whole bench.
mod common;
use common::*;
use gridproof_plant::config::{
    ExportLimit, FrequencySlope, FrequencyWatt, Lockout, Mean, MomentaryCessation, PlantConfig,
    PowerFactor, Response, Sense, SlopeLaw, SustainedOverVoltage,
};
use gridproof_plant::input::{CurvePoints, DutCommand, Input, ResponseCurve};
use gridproof_plant::signal::{DutState, MeterPoint, Signal};
use gridproof_plant::{Fault, Plant};

fn command(plant: &mut Plant, command: DutCommand, seconds: u64) {
    plant.apply(Input::Dut(command));
    plant.advance_to(plant.now() + seconds * S);
}

fn output(plant: &Plant) -> (f64, f64) {
    let r = plant.reading(MeterPoint::DutGrid);
    (r.watts, r.vars)
}

/// A DUT without active method, so that Q is what the functions ask for.
fn plain() -> PlantConfig {
    let mut config = quick();
    config.dut.anti_islanding = gridproof_plant::config::AntiIslanding::Off;
    config.dut.volt_var.enabled = false;
    config
}

#[rstest::rstest]
fn fixed_power_factor(#[values(0.8, 0.95)] cos: f64, #[values(true, false)] over_excited: bool) {
    let mut plant = feeding(plain(), 3000.0);
    let factor = PowerFactor { cos, over_excited };
    command(&mut plant, DutCommand::PowerFactor(Some(factor)), 5);
    let (p, q) = output(&plant);
    assert!((p / (p * p + q * q).sqrt() - cos).abs() < 1e-3, "{p} {q}");
    assert_eq!(q > 0.0, over_excited);
    assert_eq!(plant.dut_view().power_factor, Some(factor));
    command(&mut plant, DutCommand::PowerFactor(None), 5);
    assert!(output(&plant).1.abs() < 2.0);
}

#[test]
fn power_factor_follows_power() {
    let mut config = plain();
    let under = |cos| PowerFactor {
        cos,
        over_excited: false,
    };
    config.dut.functions.power_factor_curve = vec![(0.5, under(1.0)), (1.0, under(0.9))];
    let mut plant = feeding(config, 2000.0);
    assert!(output(&plant).1.abs() < 2.0);
    command(&mut plant, DutCommand::ActivePower(Some(3750.0)), 10);
    let tan = (1.0_f64 - 0.81).sqrt() / 0.9;
    let (p, q) = output(&plant);
    assert!((q + p * 0.5 * tan).abs() < 15.0, "{p} {q}");
    command(&mut plant, DutCommand::PowerFactorCurve(false), 10);
    assert!(output(&plant).1.abs() < 2.0);
}

fn frequency_watt() -> PlantConfig {
    let mut config = plain();
    let slope = |start_hz, stop| FrequencySlope {
        start_hz,
        law: SlopeLaw::ZeroAt(stop),
        hysteresis_hz: 0.1,
    };
    config.dut.functions.frequency_watt = Some(FrequencyWatt {
        enabled: true,
        over: slope(50.25, 52.0),
        under: Some(slope(49.75, 49.0)),
        delay_s: 0.1,
        tau_s: 0.5,
        hold_s: 0.0,
        ramp_pu_per_s: None,
    });
    config
}

#[rstest::rstest]
fn generation_falls_with_frequency(#[values(true, false)] waveform: bool) {
    let mut plant = feeding(frequency_watt(), 4000.0);
    if waveform {
        arm(&mut plant, &[Signal::DutCurrent], 1_000, 60.0);
    }
    plant.apply(grid(230.0, 51.0));
    plant.advance_to(plant.now() + 10 * S);
    let expected = 4000.0 * (52.0 - 51.0) / 1.75;
    assert!(
        (output(&plant).0 - expected).abs() < 10.0,
        "{:?}",
        output(&plant)
    );
    plant.apply(grid(230.0, 50.3));
    plant.advance_to(plant.now() + 10 * S);
    assert!((output(&plant).0 - expected).abs() < 10.0, "held");
    plant.apply(grid(230.0, 50.0));
    plant.advance_to(plant.now() + 10 * S);
    assert!((output(&plant).0 - 4000.0).abs() < 10.0, "released");
}

#[test]
fn charging_falls_with_frequency() {
    let mut plant = feeding(frequency_watt(), -4000.0);
    plant.apply(grid(230.0, 49.3));
    plant.advance_to(plant.now() + 10 * S);
    let expected = -4000.0 * (49.3 - 49.0) / 0.75;
    assert!(
        (output(&plant).0 - expected).abs() < 10.0,
        "{:?}",
        output(&plant)
    );
    command(&mut plant, DutCommand::FrequencyWatt(false), 10);
    assert!((output(&plant).0 + 4000.0).abs() < 10.0);
}

/// Through zero against the set-point, held, and back at the ramp; over and under alike.
#[rstest::rstest]
fn storage_reverses_with_frequency(#[values(1.0, -1.0)] sign: f64) {
    let mut config = frequency_watt();
    if let Some(function) = &mut config.dut.functions.frequency_watt {
        function.over.law = SlopeLaw::ReversedAt(50.75, 52.0);
        function.under = Some(FrequencySlope {
            start_hz: 49.75,
            law: SlopeLaw::ReversedAt(49.0, 48.0),
            hysteresis_hz: 0.1,
        });
        function.hold_s = 20.0;
        function.ramp_pu_per_s = Some(0.01);
    }
    let rated = config.dut.rated_power_w;
    let opposite = if sign > 0.0 {
        config.dut.rated_charge_w
    } else {
        rated
    };
    let mut plant = feeding(config, sign * 4000.0);
    plant.apply(grid(230.0, if sign > 0.0 { 51.25 } else { 48.6 }));
    plant.advance_to(plant.now() + 10 * S);
    let far = -0.4 * opposite;
    assert!(
        (sign * output(&plant).0 - far).abs() < 15.0,
        "{:?}",
        output(&plant)
    );
    plant.apply(grid(230.0, 50.0));
    plant.advance_to(plant.now() + 19 * S);
    assert!((sign * output(&plant).0 - far).abs() < 15.0, "held");
    plant.advance_to(plant.now() + 31 * S);
    let way = sign * output(&plant).0;
    assert!((way + 0.1 * opposite).abs() < 60.0, "{way}");
    plant.advance_to(plant.now() + 120 * S);
    assert!((sign * output(&plant).0 - 4000.0).abs() < 15.0, "back");
}

#[test]
fn charging_follows_its_volt_watt_curve() {
    let mut config = plain();
    config.dut.functions.charging_volt_watt = Some(Response {
        enabled: true,
        points: vec![(207.0, 0.2), (215.0, 1.0)],
        sense: Sense::AsStated,
        delay_s: 0.1,
        tau_s: 1.0,
    });
    let mut plant = feeding(config, -4600.0);
    plant.apply(grid(213.0, 50.0));
    plant.advance_to(plant.now() + 30 * S);
    let r = plant.reading(MeterPoint::DutGrid);
    let expected = -4600.0 * (0.2 + 0.8 * (r.volts - 207.0) / 8.0);
    assert!((r.watts - expected).abs() < 10.0, "{r:?} {expected}");
}

/// Below 400 V nothing, above it down to half of the rated power at 500 V.
fn derated_by_voltage() -> PlantConfig {
    let mut config = plain();
    config.dut.functions.pv_voltage_derating = vec![(400.0, 1.0), (500.0, 0.5)];
    config
}

/// 5000 W at `volts`, by hand.
fn derated_w(volts: f64) -> f64 {
    5000.0 * (1.0 - 0.5 * ((volts - 400.0) / 100.0).clamp(0.0, 1.0))
}

/// A weak array whose power is taken whatever its voltage, the battery giving the rest.
#[rstest::rstest]
fn a_high_pv_voltage_costs_power(#[values(300.0, 397.0, 420.0, 470.0, 540.0)] vmp: f64) {
    let mut plant = feeding(derated_by_voltage(), 5000.0);
    plant.apply(Input::Pv {
        input: 0,
        on: true,
        voc: 1.25 * vmp,
        isc: 2.2,
        vmp,
        imp: 2.0,
    });
    plant.advance_to(plant.now() + 10 * S);
    let (p, _) = output(&plant);
    let pv = plant.reading(MeterPoint::Pv);
    assert!((pv.volts / vmp - 1.0).abs() < 0.005, "{pv:?}");
    let expected = derated_w(pv.volts);
    assert!((p - expected).abs() < 2.0, "{p} {expected} {pv:?}");
}

/// A strong array stands at a higher voltage the less is taken from it: both laws hold at once.
#[test]
fn a_strong_array_meets_its_voltage_derating() {
    let mut plant = feeding(derated_by_voltage(), 5000.0);
    plant.apply(battery(false, 0.0));
    plant.apply(Input::Pv {
        input: 0,
        on: true,
        voc: 480.0,
        isc: 17.0,
        vmp: 400.0,
        imp: 15.5,
    });
    plant.advance_to(plant.now() + 30 * S);
    let (p, _) = output(&plant);
    let volts = plant.reading(MeterPoint::Pv).volts;
    assert!((420.0..480.0).contains(&volts), "{volts}");
    let expected = derated_w(volts);
    assert!((p - expected).abs() < 5.0, "{p} {expected} at {volts} V");
}

#[test]
fn a_written_curve_replaces_the_configured_one() {
    let mut plant = feeding(plain(), 1000.0);
    let points = CurvePoints::new(&[(220.0, 0.3), (240.0, -0.3)]).expect("a curve");
    command(
        &mut plant,
        DutCommand::Curve {
            of: ResponseCurve::VoltVar,
            points,
            tau_s: None,
        },
        1,
    );
    command(&mut plant, DutCommand::VoltVar(true), 60);
    let r = plant.reading(MeterPoint::DutGrid);
    let expected = 5000.0 * 0.3 * (230.0 - r.volts) / 10.0;
    assert!((r.vars - expected).abs() < 5.0, "{r:?} {expected}");
    assert_eq!(plant.dut_view().volt_var_points, points.points());
    assert_eq!(CurvePoints::new(&[(2.0, 0.0), (1.0, 0.0)]), None);
}

#[test]
fn export_is_limited_softly_and_hard() {
    let mut config = plain();
    config.dut.functions.export_limit = Some(ExportLimit {
        soft_w: Some(500.0),
        hard_w: Some(2000.0),
        hard_s: 2.0,
        tau_s: 0.2,
    });
    let mut plant = feeding(config, 4000.0);
    plant.apply(Input::IslandLoad {
        l_ohm: 0.0,
        r_ohm: Some(230.0 * 230.0 / 1000.0),
        l_h: None,
        c_f: None,
    });
    plant.apply(Input::IslandLoadSwitch { closed: true });
    plant.advance_to(plant.now() + 10 * S);
    let export = -plant.reading(MeterPoint::Source).watts;
    assert!((export - 500.0).abs() < 15.0, "{export}");
    command(&mut plant, DutCommand::ExportLimit(None), 1);
    assert_eq!(plant.state().dut, DutState::Grid);
    plant.advance_to(plant.now() + 2 * S);
    assert_eq!(plant.state().last_trip.as_deref(), Some("EXPORT"));
}

#[test]
fn commanded_power_ramps() {
    let mut plant = feeding(plain(), 1000.0);
    plant.apply(Input::Dut(DutCommand::Ramp(Some(0.1))));
    plant.apply(Input::Dut(DutCommand::ActivePower(Some(4000.0))));
    plant.advance_to(plant.now() + 3 * S);
    // 500 W/s, behind by the time constant of 0.2 s
    let p = plant.reading_cycle(MeterPoint::DutGrid).watts;
    assert!((p - (1000.0 + 500.0 * (3.0 - 0.2))).abs() < 25.0, "{p}");
}

#[test]
fn ten_minutes_above_the_limit_disconnect() {
    let mut config = plain();
    config.dut.functions.sustained_over_voltage = Some(SustainedOverVoltage {
        limit_v: 258.0,
        mean: Mean::Quadratic,
        delay_s: 0.0,
    });
    config.dut.volt_watt.enabled = false;
    let mut plant = feeding(config, 0.0);
    plant.apply(grid(263.0, 50.0));
    let start = plant.now();
    while plant.state().dut == DutState::Grid && plant.now() < start + 600 * S {
        plant.advance_to(plant.now() + S / 2);
    }
    let t = (plant.now() - start) as f64 * 1e-9;
    let (a, b, l) = (230.0_f64, 263.0_f64, 258.0_f64);
    let expected = 600.0 * (l * l - a * a) / (b * b - a * a);
    assert!((t - expected).abs() < 3.0, "{t} {expected}");
    assert!(
        plant
            .dut_view()
            .faults
            .contains(&Fault::TenMinuteOverVoltage)
    );
    assert!((plant.dut_view().ten_minute_v - 258.0).abs() < 0.1);
}

#[test]
fn the_bridge_ceases_in_a_sag_and_returns() {
    let mut config = plain();
    config.dut.backup = None;
    config.dut.functions.momentary_cessation = Some(MomentaryCessation {
        below_v: 115.0,
        above_v: 276.0,
        return_s: 0.1,
    });
    let mut plant = feeding(config, 3000.0);
    arm(
        &mut plant,
        &[Signal::DutCurrent, Signal::DutRelay],
        10_000,
        1.0,
    );
    let start = plant.now();
    plant.schedule(start + 200 * MS, grid(90.0, 50.0));
    plant.schedule(start + 500 * MS, grid(230.0, 50.0));
    plant.advance_to(start + 1100 * MS);
    let capture = plant.take_capture().expect("done");
    let at = |ms: usize| rms(&capture.data[0][ms * 10..(ms + 20) * 10]);
    assert!(at(100) > 12.0 && at(800) > 12.0, "{} {}", at(100), at(800));
    assert!(at(300) < 0.5 && at(560) < 0.5, "{} {}", at(300), at(560));
    assert!(capture.data[1].iter().all(|&x| x > 0.5), "the relay stays");
}

/// A load of 110 % is carried for its time, one beyond the overload is not.
#[rstest::rstest]
#[case(0.95, None)]
#[case(1.1, Some(10.0))]
#[case(1.3, Some(0.1))]
fn overload_of_the_backup(#[case] load: f64, #[case] seconds: Option<f64>) {
    let mut plant = feeding(quick(), 0.0);
    plant.apply(Input::GridOutput {
        closed: false,
        at_deg: None,
    });
    plant.advance_to(plant.now() + 5 * S);
    plant.apply(Input::BackupLoad {
        r_ohm: Some(230.0 * 230.0 / (5000.0 * load)),
    });
    let start = plant.now();
    while plant.state().dut == DutState::Backup && plant.now() < start + 20 * S {
        plant.advance_to(plant.now() + 20 * MS);
    }
    let carried = (plant.now() - start) as f64 * 1e-9;
    match seconds {
        None => assert_eq!(plant.state().dut, DutState::Backup),
        Some(limit) => {
            assert!((carried - limit).abs() < 0.15, "{carried}");
            assert!(plant.dut_view().faults.contains(&Fault::BackupOverload));
        }
    }
}

#[test]
fn a_short_circuit_collapses_and_trips() {
    let mut plant = feeding(quick(), 0.0);
    plant.apply(Input::GridOutput {
        closed: false,
        at_deg: None,
    });
    plant.advance_to(plant.now() + 5 * S);
    arm(
        &mut plant,
        &[Signal::BackupVoltage, Signal::BackupCurrent],
        50_000,
        0.5,
    );
    plant.apply(Input::BackupLoad { r_ohm: Some(0.05) });
    plant.advance_to(plant.now() + 600 * MS);
    let capture = plant.take_capture().expect("done");
    assert!(rms(&capture.data[0][500..3_000]) < 23.0);
    let limit = 2.0 * 1.1 * 23.0 * 2.0_f64.sqrt();
    let peak = capture.data[1][500..]
        .iter()
        .fold(0.0_f32, |m, x| m.max(x.abs()));
    assert!(f64::from(peak) < 1.5 * limit, "{peak}");
    let end = last_above(&capture.data[1], 50_000, 1.0);
    assert!((0.05..0.2).contains(&end), "{end}");
    assert!(plant.dut_view().faults.contains(&Fault::BackupShortCircuit));
}

#[test]
fn repeated_trips_lock_until_cleared() {
    let mut config = quick();
    config.dut.backup = None;
    config.dut.lockout = Some(Lockout {
        trips: 3,
        window_s: 600.0,
    });
    let mut plant = feeding(config, 1000.0);
    for trip in 1..=3 {
        plant.apply(grid(290.0, 50.0));
        plant.advance_to(plant.now() + S);
        plant.apply(grid(230.0, 50.0));
        plant.advance_to(plant.now() + 5 * S);
        assert_eq!(plant.state().dut_relay, trip < 3, "after trip {trip}");
    }
    assert!(plant.state().faults.contains(&Fault::LockedOut));
    plant.advance_to(plant.now() + 1000 * S);
    assert!(!plant.state().dut_relay);
    plant.apply(Input::Dut(DutCommand::ClearFault));
    plant.advance_to(plant.now() + 5 * S);
    assert!(plant.state().dut_relay && plant.state().faults.is_empty());
}
