//! Battery source.

use std::time::Duration;

use gridproof_instruments::drivers::{ItechIt6000c, ItechIt6000cParams};
use gridproof_instruments::error::InstrumentError;
use gridproof_instruments::roles::{BatterySource, Instrument, SourceReading};
use gridproof_instruments::transport::Link;

use crate::clock::TestClock;
use crate::peer::Script;

fn script() -> Script {
    Script::with("\n", "SYST:ERR?", "0,\"No error\"")
}

fn driver(link: Link) -> ItechIt6000c {
    ItechIt6000c::new(
        "battery".into(),
        link,
        TestClock::new(),
        ItechIt6000cParams::default(),
    )
}

#[tokio::test]
async fn initialises_in_voltage_priority_with_20_ms_between_messages() {
    let clock = TestClock::new();
    let (link, peer) = script()
        .ask(
            "*IDN?",
            "ITECH Electronics,IT6054C-800-225,80001,000.006.101,640.R,132.R",
        )
        .hear("SYST:REM")
        .hear("*CLS")
        .no_errors()
        .accept_all(&[
            "OUTP OFF",
            "OUTP:PROT:CLE",
            "FUNC:MODE FIXED",
            "FUNC VOLT",
            "CURR:LIM 0.00",
            "CURR:LIM:NEG 0.00",
            "OUTP:PROT:WDOG:DEL 30",
            "OUTP:PROT:WDOG:STAT ON",
        ])
        .play();
    let params = ItechIt6000cParams {
        watchdog_s: Some(30),
    };
    let mut battery = ItechIt6000c::new("battery".into(), link, clock.clone(), params);
    battery.initialise().await.expect("accepted");
    assert_eq!(clock.total(), 19 * Duration::from_millis(20));
    drop(battery);
    peer.done().await;
}

#[tokio::test]
async fn sets_limits_with_the_sign_of_the_instrument() {
    let (link, peer) = script()
        .accept_all(&[
            "CURR:LIM 60.00",
            "CURR:LIM:NEG -50.50",
            "VOLT 52.00",
            "OUTP ON",
        ])
        .ask("OUTP?", "1")
        .ask("MEAS:VOLT?", "5.2E1")
        .ask("MEAS:CURR?", "-10.25")
        .ask("MEAS:POW?", "-533")
        .accept_all(&["CURR:LIM 60.00", "CURR:LIM:NEG 0.00"])
        .refuse("VOLT 900.00", "-222,\"Data out of range\"")
        .play();
    let mut battery = driver(link);
    battery.set(52.0, 60.0, 50.5).await.expect("accepted");
    battery.output_on().await.expect("closed");
    let reading = SourceReading {
        volts: 52.0,
        amps: -10.25,
        watts: -533.0,
    };
    assert_eq!(battery.measure().await, Ok(reading));
    let error = battery
        .set(900.0, 60.0, 0.0)
        .await
        .expect_err("out of range");
    assert!(matches!(error, InstrumentError::Refused { .. }), "{error}");
    drop(battery);
    peer.done().await;
}

#[tokio::test]
async fn make_safe_takes_remote_control_first() {
    let (link, peer) = script()
        .hear("SYST:REM")
        .hear("OUTP OFF")
        .hear("VOLT 0.00")
        .hear("CURR:LIM 0.00")
        .ask("OUTP?", "0")
        .ask("MEAS:VOLT?", "380")
        .ask("OUTP?", "0")
        .ask("MEAS:VOLT?", "1.5")
        .no_errors()
        .play();
    let mut battery = driver(link);
    let proof = battery.make_safe().await.expect("answered");
    assert!(proof.proven);
    assert_eq!(proof.evidence, "output state 0, 1.50 V");
    drop(battery);
    peer.done().await;
}

#[tokio::test]
async fn output_that_stays_closed_is_no_success() {
    let mut script = script().accept("OUTP OFF");
    for _ in 0..16 {
        script = script.ask("OUTP?", "1").ask("MEAS:VOLT?", "52");
    }
    let (link, _peer) = script.play();
    let error = driver(link).output_off().await.expect_err("stuck");
    assert!(
        error.to_string().contains("output state 1, 52.00 V"),
        "{error}"
    );
}
