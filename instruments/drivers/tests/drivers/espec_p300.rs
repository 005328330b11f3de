//! Chamber.

use std::time::Duration;

use gridproof_instruments::drivers::EspecP300;
use gridproof_instruments::error::InstrumentError;
use gridproof_instruments::roles::{Chamber, Instrument};

use crate::clock::TestClock;
use crate::peer::Script;

fn script() -> Script {
    Script::with("\r\n", "", "")
}

#[tokio::test]
async fn sets_reads_and_rests() {
    let clock = TestClock::new();
    let (link, peer) = script()
        .ask("TYPE?", "T,T,P300,150")
        .ask("TEMP?", "23.4,25.0,100.0,-40.0")
        .ask("TEMP, S-10.0", "OK:TEMP, S-10.0")
        .ask("MODE,CONSTANT", "OK:MODE,CONSTANT")
        .ask("TEMP?", "-9.8,-10.0,100.0,-40.0")
        .ask("MODE,STANDBY", "OK:MODE,STANDBY")
        .ask("MODE?", "STANDBY")
        .play();
    let mut chamber = EspecP300::new("chamber".into(), link, clock.clone());
    chamber.initialise().await.expect("answered");
    chamber.set_temperature(-10.0).await.expect("accepted");
    assert_eq!(chamber.temperature().await, Ok(-9.8));
    let proof = chamber.make_safe().await.expect("answered");
    assert!(proof.proven);
    assert_eq!(proof.evidence, "mode STANDBY");
    assert_eq!(clock.total(), 6 * Duration::from_millis(300));
    drop(chamber);
    peer.done().await;
}

#[tokio::test]
async fn refusals_and_garbage() {
    let (link, peer) = script()
        .ask("TEMP, S200.0", "NA:DATA OUT OF RANGE")
        .ask("TEMP?", "NA:DATA NOT READY")
        .ask("TEMP?", "?")
        .ask("MODE,STANDBY", "STANDBY")
        .play();
    let mut chamber = EspecP300::new("chamber".into(), link, TestClock::new());
    let error = chamber
        .set_temperature(200.0)
        .await
        .expect_err("out of range");
    assert_eq!(
        error.to_string(),
        "chamber refused `TEMP, S200.0`: NA:DATA OUT OF RANGE"
    );
    let error = chamber.temperature().await.expect_err("not ready");
    assert!(matches!(error, InstrumentError::Refused { .. }), "{error}");
    let error = chamber.temperature().await.expect_err("garbage");
    assert!(matches!(error, InstrumentError::Nonsense { .. }), "{error}");
    let error = chamber.make_safe().await.expect_err("neither OK nor NA");
    assert!(matches!(error, InstrumentError::Nonsense { .. }), "{error}");
    drop(chamber);
    peer.done().await;
}
