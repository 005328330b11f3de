//! Power analyser.

use std::time::Duration;

use gridproof_instruments::drivers::{YokogawaWt3000, YokogawaWt3000Params};
use gridproof_instruments::error::InstrumentError;
use gridproof_instruments::roles::{Instrument, PowerAnalyser, PowerReading};
use gridproof_instruments::transport::Link;
use rstest::rstest;

use crate::clock::TestClock;
use crate::peer::Script;

fn script() -> Script {
    Script::with("\n", ":STATus:ERRor?", "0,\"No error\"")
}

fn driver(link: Link) -> YokogawaWt3000 {
    YokogawaWt3000::new(
        "analyser".into(),
        link,
        TestClock::new(),
        YokogawaWt3000Params::default(),
    )
}

fn reading(values: &str) -> Script {
    script()
        .ask(":STAT:EESR?", "0")
        .hear(":COMM:WAIT 1")
        .ask(":STAT:EESR?", "1")
        .hear(":COMM:WAIT 1")
        .ask(":STAT:EESR?", "1")
        .ask(":NUM:NORM:VAL?", values)
}

#[tokio::test]
async fn initialises_items_rate_and_filter() {
    let (link, peer) = script()
        .ask("*IDN?", "YOKOGAWA,WT3004E,C2QG,F1.01")
        .hear("*CLS")
        .ask(":STATus:ERRor?", ":STATUS:ERROR 0,\"No error\"")
        .accept_all(&[
            ":COMM:REM ON",
            ":COMM:HEAD OFF",
            ":COMM:VERB OFF",
            ":NUM:FORM ASC",
            ":NUM:NORM:NUMB 5",
            ":NUM:NORM:ITEM1 U,1",
            ":NUM:NORM:ITEM2 I,1",
            ":NUM:NORM:ITEM3 P,1",
            ":NUM:NORM:ITEM4 Q,1",
            ":NUM:NORM:ITEM5 FU,1",
            ":INP:VOLT:RANG:ELEM1 300V",
            ":INP:CURR:RANG:ELEM1 30A",
            ":RATE 200MS",
            ":STAT:FILT1 FALL",
        ])
        .play();
    let params = YokogawaWt3000Params {
        volts_range: Some(300.0),
        amps_range: Some(30.0),
        ..YokogawaWt3000Params::default()
    };
    let mut analyser = YokogawaWt3000::new("analyser".into(), link, TestClock::new(), params);
    analyser.initialise().await.expect("accepted");
    assert_eq!(analyser.interval_s(), 0.2);
    drop(analyser);
    peer.done().await;
}

#[tokio::test]
async fn reads_an_interval_that_began_after_the_call() {
    let clock = TestClock::new();
    let (link, peer) = reading("230.01E+00,10.002E+00,2.3001E+03,-12.0E+00,50.001E+00").play();
    let params = YokogawaWt3000Params::default();
    let mut analyser = YokogawaWt3000::new("analyser".into(), link, clock.clone(), params);
    let reading = analyser.read().await.expect("answered");
    let expected = PowerReading {
        volts: 230.01,
        amps: 10.002,
        watts: 2300.1,
        vars: -12.0,
        hertz: 50.001,
    };
    assert_eq!(reading, expected);
    assert_eq!(*clock.slept.borrow(), [Duration::from_millis(204); 2]);
    drop(analyser);
    peer.done().await;
}

#[rstest]
#[case("230.0,INF,2300,0,50", "I: INF stands for over range")]
#[case("230.0,10,NAN,0,50", "P: NAN stands for no valid value")]
#[case("230.0,10,2300,0,NAN", "FU: NAN")]
#[case("230.0,10,2300,0", "five values expected")]
#[case("garbage", "five values expected")]
#[tokio::test]
async fn invalid_values_are_explained(#[case] values: &str, #[case] problem: &str) {
    let (link, peer) = reading(values).play();
    let mut analyser = driver(link);
    let error = analyser.read().await.expect_err("invalid");
    assert!(error.to_string().contains(problem), "{error}");
    drop(analyser);
    peer.done().await;
}

#[tokio::test]
async fn dead_grid_has_no_frequency() {
    let (link, _peer) = reading("0.02,0.001,0,0,NAN").play();
    assert_eq!(
        driver(link).read().await.map(|reading| reading.hertz),
        Ok(0.0)
    );
}

#[tokio::test]
async fn missing_update_is_noticed() {
    let (link, _peer) = script()
        .ask(":STAT:EESR?", "1")
        .hear(":COMM:WAIT 1")
        .ask(":STAT:EESR?", "0")
        .play();
    let error = driver(link).read().await.expect_err("held");
    assert!(matches!(error, InstrumentError::Nonsense { .. }), "{error}");
}

#[tokio::test]
async fn make_safe_releases() {
    let (link, peer) = script()
        .hear(":HOLD OFF")
        .hear(":COMM:REM OFF")
        .ask(":STAT:COND?", ":STATUS:CONDITION 16")
        .no_errors()
        .play();
    let mut analyser = driver(link);
    assert!(analyser.make_safe().await.expect("answered").proven);
    drop(analyser);
    peer.done().await;
}
