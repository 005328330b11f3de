//! What the unit finds in itself and in what it depends on: temperature, PV voltage, direct current,
//! the meter at the source.
mod common;
use common::*;
use gridproof_plant::Fault;
use gridproof_plant::Plant;
use gridproof_plant::config::{ExportLimit, PlantConfig};
use gridproof_plant::input::{DutCommand, Input, WorkingMode};
use gridproof_plant::signal::DutState;

fn cool(low: f64, high: f64) -> PlantConfig {
    let mut config = quick();
    config.dut.running_c = Some((low, high));
    // felt as it is, and nothing derated
    config.dut.derating = None;
    config
}

/// Stops beyond the range, runs again three kelvin inside.
#[rstest::rstest]
#[case(55.1, 52.1, 51.9, Fault::OverTemperature)]
#[case(-5.1, -2.1, -1.9, Fault::UnderTemperature)]
fn temperature_stops_it(
    #[case] beyond: f64,
    #[case] still: f64,
    #[case] back: f64,
    #[case] fault: Fault,
) {
    let mut plant = feeding(cool(-5.0, 55.0), 3000.0);
    let at = |plant: &mut Plant, celsius: f64| {
        plant.apply(Input::Ambient { celsius });
        plant.advance_to(plant.now() + 5 * S);
        (plant.state().dut, plant.state().faults)
    };
    for inside in [54.9, -4.9] {
        assert_eq!(at(&mut plant, inside).0, DutState::Grid);
    }
    for celsius in [beyond, still] {
        let (state, faults) = at(&mut plant, celsius);
        assert!(
            state != DutState::Grid && faults == [fault],
            "{state:?} {faults:?}"
        );
        assert!(!plant.state().dut_relay && plant.state().dut_w.abs() < 20.0);
    }
    let (state, faults) = at(&mut plant, back);
    assert!(
        state == DutState::Grid && faults.is_empty(),
        "{state:?} {faults:?}"
    );
}

#[test]
fn too_much_pv_voltage_stops_it() {
    let mut config = quick();
    config.dut.pv_max_v = 460.0;
    let mut plant = feeding(config, 3000.0);
    let pv = |voc: f64| Input::Pv {
        input: 0,
        on: true,
        voc,
        isc: 17.0,
        vmp: 360.0,
        imp: 15.5,
    };
    plant.apply(pv(461.0));
    plant.advance_to(plant.now() + 3 * S);
    assert_eq!(plant.state().faults, [Fault::Pv1OverVoltage]);
    assert!(plant.state().dut != DutState::Grid);
    plant.apply(pv(459.0));
    plant.advance_to(plant.now() + 5 * S);
    assert_eq!(plant.state().dut, DutState::Grid);
}

/// 0.4 % of 21.7 A are 87 mA: below a limit of 100 mA, above one of 80 mA.
#[rstest::rstest]
#[case(0.100, None)]
#[case(0.080, Some("DCI"))]
fn direct_current_disconnects(#[case] limit_a: f64, #[case] trip: Option<&str>) {
    let mut config = quick();
    config.dut.output.dc_pu = 0.004;
    config.dut.dc_limit = Some((limit_a, 1.0));
    config.dut.reconnect_s = 3.0;
    let mut plant = energised(config);
    let mut connected = None;
    while plant.now() < 12 * S && plant.state().last_trip.is_none() {
        plant.advance_to(plant.now() + 20 * MS);
        if plant.state().dut == DutState::Grid {
            connected.get_or_insert(plant.now());
        }
    }
    assert_eq!(plant.state().last_trip.as_deref(), trip);
    if trip.is_some() {
        let after = plant.now() - connected.unwrap();
        assert!(after.abs_diff(S) <= 60 * MS, "{after}");
        assert!(plant.state().faults.contains(&Fault::DcInjection));
    }
}

/// A battery that serves the loads stops when it no longer knows them, five seconds after the last
/// word of the meter, and begins again with the first.
#[test]
fn without_its_meter_it_serves_no_load() {
    let mut config = quick();
    config.dut.mode = WorkingMode::SelfConsumption;
    let mut plant = energised(config);
    plant.apply(array(false));
    plant.apply(Input::IslandLoad {
        l_ohm: 0.0,
        r_ohm: Some(230.0 * 230.0 / 2000.0),
        l_h: None,
        c_f: None,
    });
    plant.apply(Input::IslandLoadSwitch { closed: true });
    plant.advance_to(20 * S);
    assert!((plant.state().dut_w - 2000.0).abs() < 30.0);
    plant.apply(Input::MeterSilence(true));
    plant.advance_to(24 * S);
    assert!((plant.state().dut_w - 2000.0).abs() < 30.0, "not lost yet");
    assert!(plant.state().faults.is_empty());
    plant.advance_to(30 * S);
    assert!(plant.state().dut_w.abs() < 20.0, "{}", plant.state().dut_w);
    assert_eq!(plant.state().faults, [Fault::MeterLost]);
    plant.apply(Input::MeterSilence(false));
    plant.advance_to(40 * S);
    assert!((plant.state().dut_w - 2000.0).abs() < 30.0);
    assert!(plant.state().faults.is_empty());
}

/// A limit of the export that can no longer be seen is kept as if nobody used anything.
#[test]
fn without_its_meter_the_export_limit_counts_on_no_load() {
    let mut config = quick();
    config.dut.functions.export_limit = Some(ExportLimit {
        soft_w: Some(1000.0),
        hard_w: None,
        hard_s: 2.0,
        tau_s: 0.5,
    });
    let mut plant = feeding(config, 4000.0);
    plant.apply(Input::IslandLoad {
        l_ohm: 0.0,
        r_ohm: Some(230.0 * 230.0 / 1500.0),
        l_h: None,
        c_f: None,
    });
    plant.apply(Input::IslandLoadSwitch { closed: true });
    plant.advance_to(plant.now() + 10 * S);
    assert!((plant.state().dut_w - 2500.0).abs() < 40.0);
    plant.apply(Input::MeterSilence(true));
    plant.advance_to(plant.now() + 15 * S);
    assert!(
        (plant.state().dut_w - 1000.0).abs() < 40.0,
        "{}",
        plant.state().dut_w
    );
    assert_eq!(plant.state().faults, [Fault::MeterLost]);
    // who does not need it does not miss it
    plant.apply(Input::Dut(DutCommand::ExportLimit(None)));
    plant.advance_to(plant.now() + 15 * S);
    assert!(plant.state().faults.is_empty() && plant.state().dut_w > 3900.0);
}
