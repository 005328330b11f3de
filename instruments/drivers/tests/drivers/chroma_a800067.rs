//! RLC load.

use std::time::Duration;

use gridproof_instruments::drivers::{ChromaA800067, ChromaA800067Params};
use gridproof_instruments::error::InstrumentError;
use gridproof_instruments::roles::{Instrument, RlcLoad, RlcPower};
use gridproof_instruments::transport::Link;

use crate::clock::TestClock;
use crate::peer::Script;

const SAFE: [&str; 5] = [
    "FUNCtion:S1 OFF",
    "FUNCtion:SLOAD OFF",
    "PHASE1:RLOADE OFF",
    "PHASE1:LLOADE OFF",
    "PHASE1:CLOADE OFF",
];

fn driver(link: Link) -> ChromaA800067 {
    ChromaA800067::new(
        "load".into(),
        link,
        TestClock::new(),
        ChromaA800067Params::default(),
    )
}

fn safe() -> Script {
    SAFE.iter()
        .fold(Script::new(), |script, message| script.hear(message))
        .no_errors()
}

#[tokio::test]
async fn initialises_all_phases_open() {
    let mut script = Script::new()
        .ask("*IDN?", "Chroma,A800067,1,1.0")
        .no_errors()
        .accept_all(&["FUNCtion:S1 OFF", "FUNCtion:SLOAD OFF"]);
    for phase in 1..=3 {
        for branch in ['R', 'L', 'C'] {
            script = script.accept(&format!("PHASE{phase}:{branch}LOADE OFF"));
        }
    }
    let (link, peer) = script.play();
    let mut load = driver(link);
    load.initialise().await.expect("accepted");
    assert_eq!((load.reference(), load.resolution()), ((230.0, 50.0), 1.0));
    drop(load);
    peer.done().await;
}

#[tokio::test]
async fn sets_branches_and_switches() {
    let clock = TestClock::new();
    let (link, peer) = Script::new()
        .accept_all(&[
            "PHASE1:RLOAD 2500",
            "PHASE1:RLOADE ON",
            "PHASE1:LLOAD 2501",
            "PHASE1:LLOADE ON",
            "PHASE1:CLOADE OFF",
            "FUNCtion:S1 ON",
            "FUNCtion:SLOAD ON",
            "FUNCtion:S1 OFF",
        ])
        .play();
    let params = ChromaA800067Params::default();
    let mut load = ChromaA800067::new("load".into(), link, clock.clone(), params);
    let power = RlcPower {
        r_watts: 2500.4,
        l_vars: 2500.6,
        c_vars: 0.4,
    };
    load.set(power).await.expect("accepted");
    load.grid_switch(true).await.expect("closed");
    load.load_switch(true).await.expect("closed");
    load.grid_switch(false).await.expect("open");
    assert_eq!(clock.total(), 3 * Duration::from_millis(60));
    let error = load
        .set(RlcPower {
            r_watts: -1.0,
            ..power
        })
        .await
        .expect_err("negative");
    assert!(matches!(error, InstrumentError::Refused { .. }), "{error}");
    drop(load);
    peer.done().await;
}

#[tokio::test]
async fn finer_steps_need_decimals() {
    let (link, peer) = Script::new()
        .accept_all(&[
            "PHASE1:RLOAD 10.5",
            "PHASE1:RLOADE ON",
            "PHASE1:LLOADE OFF",
            "PHASE1:CLOADE OFF",
        ])
        .play();
    let params = ChromaA800067Params {
        resolution: 0.5,
        ..ChromaA800067Params::default()
    };
    let mut load = ChromaA800067::new("load".into(), link, TestClock::new(), params);
    load.set(RlcPower {
        r_watts: 10.6,
        ..RlcPower::default()
    })
    .await
    .expect("accepted");
    drop(load);
    peer.done().await;
}

#[tokio::test]
async fn make_safe_reads_the_switches_back() {
    let (link, peer) = safe()
        .ask("FUNCtion:S1?", "OFF")
        .ask("FUNCtion:SLOAD?", "0")
        .play();
    let mut load = driver(link);
    let proof = load.make_safe().await.expect("answered");
    assert!(proof.proven);
    assert_eq!(proof.evidence, "S1 open, load switch open");
    drop(load);
    peer.done().await;
}

#[tokio::test]
async fn make_safe_without_read_back_is_not_proven() {
    let unknown = "-113,\"Undefined header\"";
    let (link, peer) = safe()
        .hear("FUNCtion:S1?")
        .ask("SYSTem:ERRor?", unknown)
        .hear("FUNCtion:SLOAD?")
        .ask("SYSTem:ERRor?", unknown)
        .play();
    let mut load = driver(link);
    load.set_timeout(Duration::from_millis(40));
    let proof = load.make_safe().await.expect("answered");
    assert!(!proof.proven);
    assert!(
        proof.evidence.contains("no read-back"),
        "{}",
        proof.evidence
    );
    drop(load);
    peer.done().await;
}
