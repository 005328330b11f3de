//! DUT interface of the SAJ AS1.

use std::time::Duration;

use gridproof_instruments::drivers::{SajAs1, SajAs1Params};
use gridproof_instruments::error::InstrumentError;
use gridproof_instruments::roles::{DutCapability, DutInterface, DutMode, DutStatus, Instrument};
use gridproof_instruments::transport::Link;

use crate::clock::TestClock;
use crate::modbus_peer::{Exchanges, Frame, pdu};

const PARAMS: SajAs1Params = SajAs1Params {
    rated_watts: 5000.0,
    unit: 1,
};

fn driver(link: Link) -> SajAs1 {
    SajAs1::new("dut".into(), link, TestClock::new(), PARAMS)
}

fn rtu() -> Exchanges {
    Exchanges::new(Frame::Rtu)
}

fn status(exchanges: Exchanges, mode: u16, watts: u16) -> Exchanges {
    exchanges
        .read(0x4004, &[mode])
        .read(0x4031, &[2305, 434, 5001])
        .read(0x40A9, &[watts])
}

fn information() -> Vec<u16> {
    let mut words = vec![0; 29];
    let put = |words: &mut Vec<u16>, at: usize, text: &[u8]| {
        for (index, pair) in text.chunks(2).enumerate() {
            words[at + index] = u16::from_be_bytes([pair[0], *pair.get(1).unwrap_or(&0)]);
        }
    };
    put(&mut words, 3, b"AS1234567890");
    put(&mut words, 13, b"AS1-5KS");
    words[23..26].copy_from_slice(&[1001, 1002, 1003]);
    words
}

#[tokio::test]
async fn initialise_enables_drm() {
    let clock = TestClock::new();
    let (link, peer) = rtu()
        .read(0x8F00, &information())
        .read(0x3376, &[0x0003])
        .write_one(0x3376, 0x0403)
        .read(0x8F00, &information())
        .read(0x3376, &[0x0400])
        .script()
        .play();
    let mut dut = SajAs1::new("dut".into(), link, clock.clone(), PARAMS);
    dut.initialise().await.expect("answered");
    dut.initialise().await.expect("answered");
    assert_eq!(clock.total(), 4 * Duration::from_millis(50));
    drop(dut);
    peer.done().await;
    let (link, _peer) = rtu().read(0x8F00, &information()).script().play();
    let text = "SAJ,AS1-5KS,AS1234567890,display 1.001 master 1.002 slave 1.003";
    assert_eq!(driver(link).identify().await.as_deref(), Ok(text));
}

#[tokio::test]
async fn status_is_scaled_and_signed() {
    let (link, _peer) = status(status(rtu(), 2, (-1500_i16).cast_unsigned()), 42, 0)
        .script()
        .play();
    let mut dut = driver(link);
    let status = dut.status().await.expect("answered");
    let expected = DutStatus {
        mode: DutMode::Grid,
        watts: -1500.0,
        volts: 230.5,
        hertz: 50.01,
    };
    assert_eq!((status.mode, status.watts), (expected.mode, expected.watts));
    assert!(
        (status.volts - expected.volts).abs() < 1e-9
            && (status.hertz - expected.hertz).abs() < 1e-9
    );
    let error = dut.status().await.expect_err("mode 42");
    assert!(matches!(error, InstrumentError::Nonsense { .. }), "{error}");
}

#[tokio::test]
async fn power_goes_through_the_time_of_use_plan() {
    let (link, peer) = rtu()
        // discharge with 60 % of 5 kW
        .write_one(0x3604, 0)
        .write(0x361B, &[0x0000, 0x173B, 0x7F3C])
        .write_one(0x3605, 1)
        .write_one(0x3371, 2)
        // charge with 25 %
        .write_one(0x3605, 0)
        .write(0x3606, &[0x0000, 0x173B, 0x7F19])
        .write_one(0x3604, 1)
        .write_one(0x3371, 2)
        .script()
        .play();
    let mut dut = driver(link);
    dut.set_active_power(3000.0).await.expect("accepted");
    dut.set_active_power(-1250.0).await.expect("accepted");
    let error = dut
        .set_active_power(5500.0)
        .await
        .expect_err("beyond the rating");
    assert!(error.to_string().contains("110 %"), "{error}");
    use DutCapability::{ActivePower, Charge, Connect};
    assert_eq!(dut.capabilities(), [ActivePower, Charge, Connect]);
    let error = dut.volt_var(true).await.expect_err("not in the map");
    assert!(
        matches!(error, InstrumentError::Unsupported { .. }),
        "{error}"
    );
    drop(dut);
    peer.done().await;
}

#[tokio::test]
async fn make_safe_stops_and_watches_the_power_go() {
    let lost = rtu().silent(&pdu(6, 0x3337, 1));
    let mut exchanges = lost.write_one(0x3337, 1).read(0x3337, &[1]);
    exchanges = status(exchanges, 2, 900).read(0x3337, &[1]);
    let (link, peer) = status(exchanges, 1, 3).script().play();
    let mut dut = driver(link);
    dut.set_timeout(Duration::from_millis(60));
    let proof = dut.make_safe().await.expect("answered");
    assert!(proof.proven);
    assert_eq!(proof.evidence, "stop 1, Waiting, 3 W");
    drop(dut);
    peer.done().await;
}

#[tokio::test]
async fn connect_exceptions_and_silence() {
    let stop = pdu(6, 0x3337, 0);
    let (link, peer) = rtu()
        .exchange(&stop, &[0x86, 4])
        .exchange(&stop, &stop)
        .silent(&stop)
        .script()
        .play();
    let mut dut = driver(link);
    dut.set_timeout(Duration::from_millis(40));
    let error = dut.connect(true).await.expect_err("exception");
    assert!(error.to_string().contains("exception 4"), "{error}");
    dut.connect(true).await.expect("accepted");
    let error = dut.connect(true).await.expect_err("silence");
    assert!(matches!(error, InstrumentError::Link { .. }), "{error}");
    drop(dut);
    peer.done().await;
}
