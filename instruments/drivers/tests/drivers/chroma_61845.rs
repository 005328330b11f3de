//! Grid source.

use std::time::Duration;

use gridproof_instruments::drivers::{Chroma61845, Chroma61845Params};
use gridproof_instruments::error::InstrumentError;
use gridproof_instruments::roles::{GridSource, GridStep, Instrument, SourceReading};
use gridproof_instruments::transport::Link;

use crate::clock::TestClock;
use crate::peer::Script;

fn driver(link: Link) -> Chroma61845 {
    Chroma61845::new(
        "grid".into(),
        link,
        TestClock::new(),
        Chroma61845Params::default(),
    )
}

fn step(dwell_s: f64, volts: f64, start_deg: Option<f64>) -> GridStep {
    GridStep {
        dwell_s,
        v_start: volts,
        v_end: volts,
        hz_start: 50.0,
        hz_end: 50.0,
        start_deg,
    }
}

const LIST_HEAD: [&str; 6] = [
    "TRIG OFF",
    "OUTP:MODE FIXED",
    "LIST:COUP ALL",
    "LIST:COUNt 1",
    "LIST:BASE TIME",
    "LIST:TRIG AUTO",
];

#[tokio::test]
async fn initialises_in_the_documented_order() {
    let (link, peer) = Script::new()
        .ask("*IDN?", "Chroma,61845,1234,1.00")
        .no_errors()
        .accept_all(&[
            "TRIG OFF",
            "OUTP:MODE FIXED",
            "INST:PHASe SINGLE",
            "INST:EDIT ALL",
            "INST:COUP ALL",
            "SOUR:FUNC:SHAPe:A SINE",
            "SOUR:FUNC:SHAPe A",
            "VOLT:RANGe HIGH",
            "SOUR:VOLT:LIMit:AC 280.0",
            "SOUR:CURR:LIM 30.00",
            "OUTPut:SLEW:VOLTage:AC 1200.0",
            "OUTPut:SLEW:FREQ 100.0",
        ])
        .play();
    let mut grid = driver(link);
    grid.initialise().await.expect("accepted");
    drop(grid);
    peer.done().await;
}

#[tokio::test]
async fn three_phases_lag_by_120_degrees() {
    let (link, peer) = Script::new()
        .ask("*IDN?", "Chroma ATE 61500,123456,1.00,1.01,1.02")
        .no_errors()
        .accept_all(&[
            "TRIG OFF",
            "OUTP:MODE FIXED",
            "INST:PHASe THREE",
            "SOUR:PHASe:P12 120.0",
        ])
        .refuse("SOUR:PHASe:P13 240.0", "-221,\"Settings conflict\"")
        .play();
    let params = Chroma61845Params {
        three_phase: true,
        ..Chroma61845Params::default()
    };
    let mut grid = Chroma61845::new("grid".into(), link, TestClock::new(), params);
    let error = grid.initialise().await.expect_err("the script refuses");
    assert!(matches!(error, InstrumentError::Refused { .. }), "{error}");
    drop(grid);
    peer.done().await;
}

#[tokio::test]
async fn another_maker_is_not_driven() {
    let (link, peer) = Script::new().ask("*IDN?", "YOKOGAWA,WT3000,1,F1").play();
    let mut grid = driver(link);
    let error = grid.initialise().await.expect_err("wrong instrument");
    assert!(matches!(error, InstrumentError::Nonsense { .. }), "{error}");
    drop(grid);
    peer.done().await;
}

#[tokio::test]
async fn sets_measures_and_switches() {
    let clock = TestClock::new();
    let (link, peer) = Script::new()
        .accept_all(&[
            "VOLT:AC 230.0",
            "FREQ 50.00",
            "OUTPut:RELay ON",
            "OUTPut:STATe ON",
        ])
        .ask("OUTP?", "1")
        .ask("MEAS:VOLT:ACDC?", "230.02")
        .ask("MEAS:CURR:AC?", "4.350E+00")
        .ask("MEAS:POW:AC:REAL?", "-1000.4")
        .accept_all(&[
            "TRIG OFF",
            "OUTP:STATe OFF",
            "OUTP:RELay OFF",
            "OUTP:MODE FIXED",
        ])
        .ask("OUTP?", "OFF")
        .ask("MEAS:VOLT:ACDC?", "90")
        .ask("OUTP?", "OFF")
        .ask("MEAS:VOLT:ACDC?", "0.3")
        .play();
    let mut grid = Chroma61845::new(
        "grid".into(),
        link,
        clock.clone(),
        Chroma61845Params::default(),
    );
    grid.set(230.0, 50.0).await.expect("accepted");
    grid.output_on().await.expect("closed");
    let reading = SourceReading {
        volts: 230.02,
        amps: 4.35,
        watts: -1000.4,
    };
    assert_eq!(grid.measure().await, Ok(reading));
    grid.output_off().await.expect("discharged");
    let slept = [100, 20, 50].map(Duration::from_millis);
    assert_eq!(*clock.slept.borrow(), slept);
    drop(grid);
    peer.done().await;
}

#[tokio::test]
async fn tripped_output_is_refused() {
    let (link, _peer) = Script::new()
        .accept_all(&["OUTPut:RELay ON", "OUTPut:STATe ON"])
        .ask("OUTP?", "0")
        .play();
    let error = driver(link).output_on().await.expect_err("tripped");
    assert!(error.to_string().contains("protection"), "{error}");
}

#[tokio::test]
async fn make_safe_works_unprepared_and_survives_a_lost_reply() {
    let (link, peer) = Script::new()
        .hear("TRIG OFF")
        .hear("OUTP:STATe OFF")
        .hear("OUTP:RELay OFF")
        .hear("OUTP:MODE FIXED")
        .hear("OUTP?")
        .ask("OUTP?", "0")
        .hear("MEAS:VOLT:ACDC?")
        .ask("MEAS:VOLT:ACDC?", "0.02")
        .ask("SYSTem:ERRor?", "-221,\"Settings conflict\"")
        .no_errors()
        .play();
    let mut grid = driver(link);
    grid.set_timeout(Duration::from_millis(40));
    let proof = grid.make_safe().await.expect("answered");
    assert!(proof.proven);
    assert_eq!(proof.evidence, "output state 0, 0.02 V");
    drop(grid);
    peer.done().await;
}

#[tokio::test]
async fn make_safe_tells_when_the_voltage_stays() {
    let mut script = Script::new()
        .hear("TRIG OFF")
        .hear("OUTP:STATe OFF")
        .hear("OUTP:RELay OFF")
        .hear("OUTP:MODE FIXED");
    for _ in 0..21 {
        script = script.ask("OUTP?", "0").ask("MEAS:VOLT:ACDC?", "228.7");
    }
    let (link, _peer) = script.no_errors().play();
    let proof = driver(link).make_safe().await.expect("answered");
    assert!(!proof.proven);
    assert_eq!(proof.evidence, "output state 0, 228.70 V");
}

#[tokio::test]
async fn cuts_at_an_angle() {
    let (link, peer) = Script::new()
        .accept_all(&["SOUR:PHASe:OFF 90.0", "OUTPut:STATe OFF"])
        .accept_all(&["SOUR:PHASe:OFF 0.0", "OUTPut:STATe OFF"])
        .play();
    let mut grid = driver(link);
    grid.cut_at(90.0).await.expect("accepted");
    grid.cut_at(-0.01).await.expect("accepted");
    drop(grid);
    peer.done().await;
}

#[tokio::test]
async fn runs_lists_and_keeps_their_last_values() {
    let (link, peer) = Script::new()
        .accept_all(&LIST_HEAD)
        .accept_all(&[
            "LIST:DWEL 100.0,60.0,100.0",
            "LIST:SHAPe A,A,A",
            "LIST:VOLT:AC:STAR 230.0,46.0,207.0",
            "LIST:VOLT:AC:END 230.0,46.0,207.0",
            "LIST:FREQ:STAR 50.00,50.00,50.00",
            "LIST:FREQ:END 50.00,50.00,50.00",
            "OUTP:MODE LIST",
            "TRIG ON",
        ])
        .accept_all(&["TRIG OFF", "OUTP:MODE FIXED", "VOLT:AC 207.0", "FREQ 50.00"])
        .accept_all(&LIST_HEAD)
        .accept_all(&[
            "LIST:DWEL 25.0,20.0,5.0",
            "LIST:SHAPe A,A,A",
            "LIST:VOLT:AC:STAR 207.0,207.0,207.0",
            "LIST:VOLT:AC:END 207.0,207.0,207.0",
            "LIST:FREQ:STAR 50.00,50.00,50.00",
            "LIST:FREQ:END 50.00,50.00,50.00",
            "LIST:DEGRee 270.0,0.0,0.0",
            "OUTP:MODE LIST",
            "TRIG ON",
        ])
        .accept_all(&["TRIG OFF", "OUTP:MODE FIXED", "VOLT:AC 230.0", "FREQ 50.00"])
        .accept_all(&["VOLT:AC 231.0", "FREQ 50.00"])
        .play();
    let mut grid = driver(link);
    let sag = [
        step(0.1, 230.0, None),
        step(0.06, 46.0, None),
        step(0.1, 207.0, None),
    ];
    grid.run_list(&sag).await.expect("accepted");
    let jump = [
        step(0.025, 207.0, None),
        step(0.02, 207.0, Some(0.0)),
        step(0.005, 207.0, None),
    ];
    grid.run_list(&jump).await.expect("accepted");
    grid.set(230.0, 50.0).await.expect("accepted");
    grid.set(231.0, 50.0).await.expect("accepted");
    drop(grid);
    peer.done().await;
}

#[tokio::test]
async fn impossible_lists_are_not_sent() {
    let (link, peer) = Script::new().play();
    let mut grid = driver(link);
    let too_many = vec![step(0.1, 230.0, None); 101];
    for steps in [
        vec![],
        vec![step(0.1, f64::NAN, None)],
        vec![step(0.0, 230.0, None)],
        too_many,
    ] {
        let error = grid.run_list(&steps).await.expect_err("impossible");
        assert!(matches!(error, InstrumentError::Refused { .. }), "{error}");
    }
    drop(grid);
    peer.done().await;
}
