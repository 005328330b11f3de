//! PV source.

use std::time::Duration;

use gridproof_instruments::drivers::{TerraSas, TerraSasParams};
use gridproof_instruments::error::InstrumentError;
use gridproof_instruments::roles::{Instrument, PvCurve, PvSource, SourceReading};
use gridproof_instruments::transport::Link;

use crate::clock::TestClock;
use crate::peer::Script;

const CURVE: PvCurve = PvCurve {
    voc: 450.0,
    isc: 11.5,
    vmp: 360.0,
    imp: 10.35,
};

fn script() -> Script {
    Script::with("\r", "SYSTem:ERRor?", "0,\"No error\"")
}

fn driver(link: Link) -> TerraSas {
    TerraSas::new(
        "pv".into(),
        link,
        TestClock::new(),
        TerraSasParams {
            channel: 2,
            outputs: 1,
        },
    )
}

fn two(link: Link) -> TerraSas {
    let params = TerraSasParams {
        channel: 2,
        outputs: 2,
    };
    TerraSas::new("pv".into(), link, TestClock::new(), params)
}

fn curve(script: Script, name: &str) -> Script {
    script
        .accept("CURVe:VIparms 450.000, 11.5000")
        .accept("CURVe:MPPparms 360.000, 10.3500")
        .accept(&format!("CURVe:ADD \"{name}\""))
}

fn activate(script: Script, name: &str) -> Script {
    script
        .accept(&format!("SOURce:CURVe \"{name}\", (@2)"))
        .accept("SOURce:IRRadiance 1000, (@2)")
        .accept("SOURce:TEMPerature 25, (@2)")
        .accept("SOURce:EXECute (@2)")
}

#[tokio::test]
async fn curve_names_take_turns() {
    let absent = "-256,\"File name not found\"";
    let mut script = script().refuse("CURVe:DELEte \"GRIDPROOF 2A\"", absent);
    script = activate(curve(script, "GRIDPROOF 2A"), "GRIDPROOF 2A");
    script = script.refuse("CURVe:DELEte \"GRIDPROOF 2B\"", absent);
    script = activate(curve(script, "GRIDPROOF 2B"), "GRIDPROOF 2B");
    script = script.accept("CURVe:DELEte \"GRIDPROOF 2A\"");
    script = activate(curve(script, "GRIDPROOF 2A"), "GRIDPROOF 2A");
    let (link, peer) = script.play();
    let mut pv = driver(link);
    for _ in 0..3 {
        pv.set_curve(0, CURVE).await.expect("accepted");
    }
    drop(pv);
    peer.done().await;
}

#[tokio::test]
async fn name_left_active_by_an_earlier_session_is_avoided() {
    let in_use = "-221,\"Settings conflict;curve in use\"";
    let mut script = script()
        .refuse("CURVe:DELEte \"GRIDPROOF 2A\"", in_use)
        .accept("CURVe:VIparms 450.000, 11.5000")
        .accept("CURVe:MPPparms 360.000, 10.3500")
        .refuse("CURVe:ADD \"GRIDPROOF 2A\"", in_use)
        .accept("CURVe:DELEte \"GRIDPROOF 2B\"");
    script = activate(curve(script, "GRIDPROOF 2B"), "GRIDPROOF 2B");
    let (link, peer) = script.play();
    let mut pv = driver(link);
    pv.set_curve(0, CURVE).await.expect("accepted");
    drop(pv);
    peer.done().await;
}

#[tokio::test]
async fn impossible_curve_is_refused() {
    let mut script = script();
    for name in ["GRIDPROOF 2A", "GRIDPROOF 2B"] {
        script = script
            .accept(&format!("CURVe:DELEte \"{name}\""))
            .accept("CURVe:VIparms 450.000, 11.5000")
            .refuse(
                "CURVe:MPPparms 460.000, 10.3500",
                "-222,\"Data out of range\"",
            );
    }
    let (link, peer) = script.play();
    let mut pv = driver(link);
    let error = pv
        .set_curve(
            0,
            PvCurve {
                vmp: 460.0,
                ..CURVE
            },
        )
        .await
        .expect_err("Vmp above Voc");
    assert!(matches!(error, InstrumentError::Refused { .. }), "{error}");
    drop(pv);
    peer.done().await;
}

#[tokio::test]
async fn switches_and_measures() {
    let (link, peer) = script()
        .ask("*IDN?", "AMETEK,TerraSAS,1,2")
        .no_errors()
        .ask("SYSTem:CHANnel:COUNt?", "4")
        .accept("OUTPut:STATe ON, (@2)")
        .ask("OUTPut:STATe? (@2)", "ON")
        .ask("MEASure:SCALar:VOLTage:DC? (@2)", "3.60E+02")
        .ask("MEASure:SCALar:CURRent:DC? (@2)", "1.035E+01")
        .ask("MEASure:SCALar:POWer:DC? (@2)", "3.726E+03")
        .accept("OUTPut:STATe OFF, (@2)")
        .ask("OUTPut:STATe? (@2)", "OFF")
        .ask("MEASure:SCALar:VOLTage:DC? (@2)", "61")
        .ask("OUTPut:STATe? (@2)", "OFF")
        .ask("MEASure:SCALar:VOLTage:DC? (@2)", "12")
        .play();
    let mut pv = driver(link);
    pv.initialise().await.expect("accepted");
    pv.output_on(0).await.expect("closed");
    assert_eq!(
        pv.measure(0).await,
        Ok(SourceReading {
            volts: 360.0,
            amps: 10.35,
            watts: 3726.0
        })
    );
    pv.output_off(0).await.expect("discharged");
    drop(pv);
    peer.done().await;
}

#[tokio::test]
async fn channel_of_the_bench_file_must_exist() {
    let (link, _peer) = script()
        .ask("*IDN?", "TerraSAS")
        .no_errors()
        .ask("SYSTem:CHANnel:COUNt?", "1")
        .play();
    let error = driver(link)
        .initialise()
        .await
        .expect_err("one channel only");
    assert!(error.to_string().contains("channel 2"), "{error}");
}

#[tokio::test]
async fn make_safe_proves_by_state_and_voltage() {
    let (link, peer) = script()
        .hear("OUTPut:STATe OFF, (@2)")
        .hear("ABORt (@2)")
        .ask("OUTPut:STATe? (@2)", "OFF")
        .ask("MEASure:SCALar:VOLTage:DC? (@2)", "2.5")
        .ask("SYSTem:ERRor?", "-211,\"Trigger ignored\"")
        .no_errors()
        .play();
    let mut pv = driver(link);
    let proof = pv.make_safe().await.expect("answered");
    assert!(proof.proven);
    assert_eq!(proof.evidence, "output state 0, 2.5 V");
    drop(pv);
    peer.done().await;
}

#[tokio::test]
async fn silence_is_a_broken_link() {
    let (link, _peer) = script()
        .hear("OUTPut:STATe ON, (@2)")
        .hear("SYSTem:ERRor?")
        .play();
    let mut pv = driver(link);
    pv.set_timeout(Duration::from_millis(20));
    let error = pv.output_on(0).await.expect_err("silence");
    assert!(matches!(error, InstrumentError::Link { .. }), "{error}");
}

/// Two outputs of one system: each has its own curves in the shared pool.
#[tokio::test]
async fn every_output_has_its_own_channel() {
    let absent = "-256,\"File name not found\"";
    let mut script = script();
    for number in [2, 3] {
        let name = format!("GRIDPROOF {number}A");
        script = script
            .refuse(&format!("CURVe:DELEte \"{name}\""), absent)
            .accept("CURVe:VIparms 450.000, 11.5000")
            .accept("CURVe:MPPparms 360.000, 10.3500")
            .accept(&format!("CURVe:ADD \"{name}\""))
            .accept(&format!("SOURce:CURVe \"{name}\", (@{number})"))
            .accept(&format!("SOURce:IRRadiance 1000, (@{number})"))
            .accept(&format!("SOURce:TEMPerature 25, (@{number})"))
            .accept(&format!("SOURce:EXECute (@{number})"))
            .accept(&format!("OUTPut:STATe ON, (@{number})"))
            .ask(&format!("OUTPut:STATe? (@{number})"), "ON");
    }
    let (link, peer) = script.play();
    let mut pv = two(link);
    assert_eq!(pv.outputs(), 2);
    for output in 0..2 {
        pv.set_curve(output, CURVE).await.expect("accepted");
        pv.output_on(output).await.expect("closed");
    }
    let error = pv.set_curve(2, CURVE).await.expect_err("two outputs only");
    assert!(matches!(error, InstrumentError::Refused { .. }), "{error}");
    drop(pv);
    peer.done().await;
}

#[tokio::test]
async fn the_last_channel_must_exist_too() {
    let (link, _peer) = script()
        .ask("*IDN?", "TerraSAS")
        .no_errors()
        .ask("SYSTem:CHANnel:COUNt?", "2")
        .play();
    let error = two(link).initialise().await.expect_err("two channels only");
    assert!(error.to_string().contains("channel 3"), "{error}");
}

/// All outputs are told to open before any is proven, and one that stays closed spoils the proof.
#[tokio::test]
async fn a_second_output_that_stays_on_is_not_safe() {
    let mut script = script()
        .hear("OUTPut:STATe OFF, (@2)")
        .hear("ABORt (@2)")
        .hear("OUTPut:STATe OFF, (@3)")
        .hear("ABORt (@3)")
        .ask("OUTPut:STATe? (@2)", "OFF")
        .ask("MEASure:SCALar:VOLTage:DC? (@2)", "2.5");
    for _ in 0..=20 {
        script = script
            .ask("OUTPut:STATe? (@3)", "OFF")
            .ask("MEASure:SCALar:VOLTage:DC? (@3)", "450");
    }
    let (link, peer) = script.no_errors().play();
    let mut pv = two(link);
    let proof = pv.make_safe().await.expect("answered");
    assert!(!proof.proven);
    assert_eq!(
        proof.evidence,
        "channel 2: output state 0, 2.5 V; channel 3: output state 0, 450.0 V"
    );
    drop(pv);
    peer.done().await;
}
