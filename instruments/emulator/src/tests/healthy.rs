//! A healthy unit, as configured from its profile and grid code, stays inside every window.

use gridproof_model::behaviour::{
    Backup, Behaviour, CurveResponse, DrmResponse, Sign, TripBehaviour,
};
use gridproof_model::quantity::{Ratio, Seconds, Volts};
use rstest::rstest;

use super::{AUX, SAJ, Talk, advance, bench_behaving, codes, embedded, profile};
use crate::{EmulatedBench, EmulatorError, plant_config};

/// On the grid with PV and battery.
fn running(dut: &str) -> EmulatedBench {
    let profile = profile(dut);
    // an early transfer to back-up would hide the under-voltage elements
    let off = Behaviour {
        backup: Some(Backup {
            enabled: Some(false),
            ..Backup::default()
        }),
        ..Behaviour::default()
    };
    let bench = bench_behaving(&profile, &profile.behaviour.overlaid_with(&off), 3);
    let nominal = profile
        .battery
        .as_ref()
        .map_or(0.0, |battery| battery.nominal_voltage.0);
    Talk::new(&bench, "battery").say(&format!(
        "SYST:REM;:VOLT {nominal};:CURR:LIM 60;:CURR:LIM:NEG -60;:OUTP ON"
    ));
    Talk::new(&bench, "grid").say("VOLT:AC 230;:OUTP:REL ON;STAT ON");
    advance(&bench, 65.0);
    assert!(bench.true_state().dut_relay, "{:?}", bench.true_state());
    bench
}

#[rstest]
#[case(SAJ, "OV1", "VOLT:AC 267.5", 1.0, 2.0)]
#[case(SAJ, "OV2", "VOLT:AC 277.5", 0.0, 0.2)]
#[case(SAJ, "UV1", "VOLT:AC 177.5", 10.0, 11.0)]
#[case(SAJ, "UV2", "VOLT:AC 67.5", 1.0, 2.0)]
#[case(SAJ, "OF1", "FREQ 52.1", 0.0, 0.2)]
#[case(SAJ, "UF1", "FREQ 46.9", 1.0, 2.0)]
#[case(AUX, "OV1", "VOLT:AC 255.3", 0.0, 2.0)]
#[case(AUX, "UV1", "VOLT:AC 193.2", 0.0, 2.0)]
#[case(AUX, "UV2", "VOLT:AC 112.7", 0.0, 0.1)]
#[case(AUX, "OF1", "FREQ 51.1", 0.0, 0.2)]
#[case(AUX, "UF1", "FREQ 48.9", 0.0, 0.2)]
fn trips_inside_the_window(
    #[case] dut: &str,
    #[case] element: &str,
    #[case] command: &str,
    #[case] delay: f64,
    #[case] max: f64,
) {
    let bench = running(dut);
    Talk::new(&bench, "grid").say(command);
    let started = bench.now();
    while bench.true_state().dut_relay && (bench.now() - started).as_secs_f64() < 12.0 {
        advance(&bench, 0.001);
    }
    let took = (bench.now() - started).as_secs_f64();
    assert_eq!(bench.true_state().last_trip.as_deref(), Some(element));
    let margin = 0.1 * (max - delay);
    assert!(
        took > delay && took < max - margin,
        "{element} took {took} s"
    );
}

#[test]
fn behaviours_change_what_they_name() {
    let dut = profile(SAJ);
    let mut over = Behaviour {
        volt_var: Some(CurveResponse {
            sign: Some(Sign::Inverted),
            knee_shift: Some(Volts(3.0)),
            ..CurveResponse::default()
        }),
        volt_watt: Some(CurveResponse {
            enabled: Some(false),
            ..CurveResponse::default()
        }),
        drm: Some(DrmResponse {
            ignore: Some(vec![0, 5]),
            limits: Some([(6, Ratio(0.6))].into()),
            ..DrmResponse::default()
        }),
        trips: Some(
            [(
                "OV1".to_owned(),
                TripBehaviour {
                    delay: Some(Seconds(2.5)),
                    ..TripBehaviour::default()
                },
            )]
            .into(),
        ),
        ..Behaviour::default()
    };
    let make = |over: &Behaviour| {
        plant_config(
            &embedded(),
            &dut,
            &dut.behaviour.overlaid_with(over),
            &codes(),
            1,
        )
    };
    let config = make(&over).expect("a plant").dut;
    assert_eq!(
        config.volt_var.points,
        [(210.0, 0.44), (223.0, 0.0), (243.0, 0.0), (261.0, -0.6)]
    );
    assert_eq!(
        config.volt_var.sense,
        gridproof_plant::config::Sense::Inverted
    );
    assert!(!config.volt_watt.enabled && config.volt_var.enabled);
    assert_eq!(config.drm.limits[4], None);
    assert_eq!(config.drm.limits[5], Some(0.6));
    assert_eq!(config.drm.limits[6], Some(0.74));
    assert_eq!(config.drm.limits[3], Some(1.0));
    assert!(!config.drm.drm0);
    let ov1 = config
        .protection
        .iter()
        .find(|element| element.name == "OV1")
        .expect("OV1");
    assert_eq!(ov1.delay_s, 2.5);
    let healthy = make(&Behaviour::default()).expect("a plant").dut;
    let delays: Vec<(&str, f64)> = healthy
        .protection
        .iter()
        .map(|e| (e.name.as_str(), (e.delay_s * 1e6).round() / 1e6))
        .collect();
    assert_eq!(
        delays,
        [
            ("OF1", 0.04),
            ("OV1", 1.5),
            ("OV2", 0.075),
            ("UF1", 1.5),
            ("UV1", 10.5),
            ("UV2", 1.5)
        ]
    );

    over.trips = Some([("XV9".to_owned(), TripBehaviour::default())].into());
    assert!(matches!(
        make(&over),
        Err(EmulatorError::UnknownTrip { .. })
    ));
    over.grid_code = Some("nowhere".to_owned());
    assert!(matches!(
        make(&over),
        Err(EmulatorError::UnknownGridCode(_))
    ));
}
