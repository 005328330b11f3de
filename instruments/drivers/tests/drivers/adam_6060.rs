//! Relay bank.

use std::time::Duration;

use gridproof_instruments::drivers::Adam6060;
use gridproof_instruments::error::InstrumentError;
use gridproof_instruments::roles::{Instrument, RelayBank};
use gridproof_instruments::transport::Link;

use crate::clock::TestClock;
use crate::modbus_peer::{Exchanges, Frame, pdu};

fn driver(link: Link) -> Adam6060 {
    Adam6060::new("dred".into(), link, TestClock::new())
}

fn tcp() -> Exchanges {
    Exchanges::new(Frame::Tcp)
}

const WRITE_NONE: [u8; 7] = [15, 0, 0x10, 0, 6, 1, 0b00_0000];
const WRITE_TWO: [u8; 7] = [15, 0, 0x10, 0, 6, 1, 0b10_0001];
const WRITTEN: [u8; 5] = [15, 0, 0x10, 0, 6];

fn coils(exchanges: Exchanges, bits: u8) -> Exchanges {
    exchanges.exchange(&pdu(1, 0x10, 6), &[1, 1, bits])
}

#[tokio::test]
async fn writes_all_and_reads_back() {
    let mut exchanges = coils(tcp(), 0);
    exchanges = coils(exchanges.exchange(&WRITE_TWO, &WRITTEN), 0b10_0001);
    let (link, peer) = coils(exchanges, 0b11_0000).script().play();
    let mut bank = driver(link);
    bank.initialise().await.expect("answered");
    assert_eq!(bank.relays(), 6);
    bank.set_all(&[true, false, false, false, false, true])
        .await
        .expect("switched");
    assert_eq!(
        bank.states().await,
        Ok(vec![false, false, false, false, true, true])
    );
    drop(bank);
    peer.done().await;
}

#[tokio::test]
async fn stuck_relay_is_reported_after_one_scan() {
    let clock = TestClock::new();
    let exchanges = coils(tcp().exchange(&WRITE_NONE, &WRITTEN), 0b100);
    let (link, peer) = coils(exchanges, 0b100).script().play();
    let mut bank = Adam6060::new("dred".into(), link, clock.clone());
    let error = bank.set_all(&[false; 6]).await.expect_err("stuck");
    assert!(
        error.to_string().ends_with("relays 2 read closed"),
        "{error}"
    );
    assert_eq!(clock.total(), Duration::from_millis(110));
    let error = bank.set_all(&[false; 5]).await.expect_err("five values");
    assert!(matches!(error, InstrumentError::Refused { .. }), "{error}");
    drop(bank);
    peer.done().await;
}

#[tokio::test]
async fn make_safe_repeats_after_a_lost_reply() {
    let exchanges = tcp().silent(&WRITE_NONE).exchange(&WRITE_NONE, &WRITTEN);
    let (link, peer) = coils(exchanges, 0).script().play();
    let mut bank = driver(link);
    bank.set_timeout(Duration::from_millis(60));
    let proof = bank.make_safe().await.expect("answered");
    assert!(proof.proven);
    assert_eq!(proof.evidence, "all relays read open");
    drop(bank);
    peer.done().await;
}

#[tokio::test]
async fn identifies_by_register_or_by_its_relays() {
    let (link, _peer) = tcp().read(0xD2, &[0x6060, 0x0000]).script().play();
    assert_eq!(
        driver(link).identify().await.as_deref(),
        Ok("ADAM module 6060 0000")
    );
    let (link, _peer) = coils(tcp().no_read(0xD2, 2, 2), 0).script().play();
    let text = driver(link).identify().await.expect("relays answer");
    assert!(text.starts_with("module with 6 relays"), "{text}");
}

#[tokio::test]
async fn stale_reply_is_skipped() {
    let coils = pdu(1, 0x10, 6);
    let (link, peer) = tcp()
        .stale(&coils, &[1, 1, 0b111], &[1, 1, 0])
        .script()
        .play();
    let mut bank = driver(link);
    assert_eq!(bank.states().await, Ok(vec![false; 6]));
    drop(bank);
    peer.done().await;
}

#[tokio::test]
async fn exceptions_garbage_and_closed_links_are_told_apart() {
    let request = pdu(1, 0x10, 6);
    let (link, _peer) = tcp().exchange(&request, &[0x81, 2]).script().play();
    let error = driver(link).states().await.expect_err("exception");
    assert!(error.to_string().contains("exception 2"), "{error}");

    let (link, _peer) = tcp().exchange(&request, &[1, 2, 0, 0]).script().play();
    let error = driver(link).states().await.expect_err("sixteen coils");
    assert!(matches!(error, InstrumentError::Nonsense { .. }), "{error}");

    let (link, _peer) = tcp()
        .silent(&request)
        .script()
        .reply(b"HTTP/1.1 400 Bad Request\r\n")
        .play();
    let mut bank = driver(link);
    bank.set_timeout(Duration::from_millis(60));
    let error = bank.states().await.expect_err("no Modbus at all");
    assert!(
        error
            .to_string()
            .contains("no complete reply within 60ms, 26 bytes came"),
        "{error}"
    );

    let foreign = [0, 0, 0x12, 0x34, 0, 4, 1, 1, 1, 0];
    let (link, _peer) = tcp().silent(&request).script().reply(foreign).play();
    let error = driver(link).states().await.expect_err("another protocol");
    assert!(matches!(error, InstrumentError::Nonsense { .. }), "{error}");

    let (link, _peer) = tcp().silent(&request).script().close().play();
    let error = driver(link).states().await.expect_err("closed");
    assert!(error.to_string().contains("connection closed"), "{error}");
}
