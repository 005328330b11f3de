//! DUT interface of a register file.

use std::time::Duration;

use gridproof_instruments::drivers::{RegisterMap, RegisterMapParams};
use gridproof_instruments::error::InstrumentError;
use gridproof_instruments::roles::{DutCapability, DutInterface, DutMode, Instrument};
use gridproof_instruments::transport::Link;
use gridproof_model::load::parse_register_file;

use crate::clock::TestClock;
use crate::modbus_peer::{Exchanges, Frame, pdu};
use crate::peer::Script;

/// The state, the voltages and the power are in three tables of their own on purpose.
const FILE: &str = r#"
registers: bench-unit
title: Unit of the test
source: none
protocol: modbus-tcp
write_code: fc06
points:
  maker: {address: 0x10, type: string, length: 2}
  version: {address: 0x12, type: u16}
  state: {address: 0x100, table: input, type: u16}
  volts: {address: 0x101, table: input, type: u16, scale: 0.1 V}
  hertz: {address: 0x102, table: input, type: u16, scale: 0.01 Hz}
  power: {address: 0x200, type: i32, words: little, scale: 1 W}
  on_off: {address: 0x300, type: u16}
  limit: {address: 0x301, type: u16, scale: 0.1 %}
  setpoint: {address: 0x302, type: i32, words: little, scale: 10 W}
  charge_rate: {address: 0x304, type: i16, scale: 1 %}
  curve: {address: 0x305, type: u16}
identify: [maker, version]
status:
  mode: {point: state, standby: [0], waiting: [1], grid: [2], backup: [3], fault: [5]}
  watts: {point: power, sign: drawn}
  volts: volts
  hertz: hertz
set_active_power:
  feed:
    - {write: limit, value: percent-of-power}
    - {write: setpoint, value: watts, sign: injected, wait: 100 ms, read_back: true}
  charge:
    - {write: charge_rate, value: percent-of-charge-power, sign: injected}
connect:
  permit: [{write: on_off, value: 1}]
  forbid: [{write: on_off, value: 0}]
volt_var:
  on: [{write: curve, value: 1}]
  off: [{write: curve, value: 0}]
"#;

fn params(text: &str) -> RegisterMapParams {
    RegisterMapParams {
        file: parse_register_file("test", text).unwrap_or_else(|problems| panic!("{problems}")),
        unit: 1,
        rated_watts: 5000.0,
        rated_charge_watts: Some(4000.0),
    }
}

fn driver(link: Link) -> RegisterMap {
    RegisterMap::new("dut".into(), link, TestClock::new(), params(FILE))
}

fn tcp() -> Exchanges {
    Exchanges::new(Frame::Tcp)
}

/// FC04: state, volts and hertz are neighbours and come in one read; the power has its own.
fn status(exchanges: Exchanges, mode: u16, power: [u16; 2]) -> Exchanges {
    let mut answer = vec![4, 6];
    answer.extend(
        [mode, 2305, 5001]
            .iter()
            .flat_map(|word| word.to_be_bytes()),
    );
    exchanges
        .read(0x200, &power)
        .exchange(&pdu(4, 0x100, 3), &answer)
}

#[tokio::test]
async fn identity_and_status_come_in_the_fewest_reads() {
    let exchanges = tcp().read(0x10, &[0x4142, 0x4300, 7]);
    // -1500 W drawn positive, low word first: 1500 W injected
    let exchanges = status(exchanges, 2, [0xFA24, 0xFFFF]);
    let (link, peer) = status(exchanges, 9, [0, 0]).script().play();
    let mut dut = driver(link);
    assert_eq!(dut.identify().await.as_deref(), Ok("ABC,7"));
    let told = dut.status().await.expect("answered");
    assert_eq!((told.mode, told.watts), (DutMode::Grid, 1500.0));
    assert!((told.volts - 230.5).abs() < 1e-9 && (told.hertz - 50.01).abs() < 1e-9);
    let error = dut.status().await.expect_err("no such code");
    assert!(matches!(error, InstrumentError::Nonsense { .. }), "{error}");
    drop(dut);
    peer.done().await;
}

#[tokio::test]
async fn power_is_written_in_the_steps_of_each_point() {
    let clock = TestClock::new();
    let (link, peer) = tcp()
        // 60.0 % of 5 kW, then 300 steps of 10 W, low word first
        .write_one(0x301, 600)
        .write(0x302, &[300, 0])
        .read(0x302, &[300, 0])
        // -1234 W: 31 % of 4 kW, negative because charging is not injected
        .write_one(0x304, (-31_i16).cast_unsigned())
        .write_one(0x305, 1)
        .write_one(0x305, 0)
        .script()
        .play();
    let mut dut = RegisterMap::new("dut".into(), link, clock.clone(), params(FILE));
    dut.set_active_power(3000.0).await.expect("accepted");
    assert_eq!(clock.total(), Duration::from_millis(100));
    dut.set_active_power(-1234.0).await.expect("accepted");
    dut.volt_var(true).await.expect("accepted");
    dut.volt_var(false).await.expect("accepted");
    let error = dut.volt_watt(true).await.expect_err("not in the file");
    assert!(
        matches!(error, InstrumentError::Unsupported { .. }),
        "{error}"
    );
    drop(dut);
    peer.done().await;
}

#[tokio::test]
async fn what_does_not_fit_is_refused_before_anything_is_written() {
    let (link, peer) = Script::new().play();
    let mut dut = driver(link);
    for watts in [1e6, -2e6, f64::NAN, f64::INFINITY] {
        let error = dut.set_active_power(watts).await.expect_err("does not fit");
        assert!(error.to_string().contains("nothing was written"), "{error}");
        assert!(matches!(error, InstrumentError::Refused { .. }), "{error}");
    }
    drop(dut);
    peer.done().await;
}

#[tokio::test]
async fn a_register_that_keeps_its_old_value_is_an_error() {
    let (link, peer) = tcp()
        .write_one(0x301, 0)
        .write(0x302, &[0, 0])
        .read(0x302, &[5, 0])
        .write_one(0x300, 1)
        .exchange(&pdu(6, 0x300, 1), &[0x86, 2])
        .script()
        .play();
    let mut dut = driver(link);
    let error = dut.set_active_power(0.0).await.expect_err("holds 5");
    assert!(error.to_string().contains("holds [0005, 0000]"), "{error}");
    dut.connect(true).await.expect("accepted");
    let error = dut.connect(true).await.expect_err("exception");
    assert!(error.to_string().contains("exception 2"), "{error}");
    drop(dut);
    peer.done().await;
}

#[tokio::test]
async fn make_safe_forbids_and_watches_state_and_power() {
    let lost = tcp().silent(&pdu(6, 0x300, 0));
    let exchanges = status(lost.write_one(0x300, 0), 2, [0, 0]);
    let exchanges = status(exchanges, 0, [900, 0]);
    let (link, peer) = status(exchanges, 0, [49, 0]).script().play();
    let mut dut = driver(link);
    dut.set_timeout(Duration::from_millis(60));
    let proof = dut.make_safe().await.expect("answered");
    assert_eq!(
        (proof.proven, proof.evidence.as_str()),
        (true, "forbidden, Standby, -49 W")
    );
    drop(dut);
    peer.done().await;
}

#[tokio::test]
async fn a_point_of_its_own_may_say_that_it_is_off() {
    let safe = "safe: {power: 5 W, within: 200 ms, disconnected: {point: on_off, codes: [0]}}\n";
    let text = format!("{FILE}{safe}");
    let proof = async |held: u16, polls: usize| {
        let mut exchanges = tcp().write_one(0x300, 0);
        for _ in 0..polls {
            exchanges = status(exchanges, 2, [1, 0]).read(0x300, &[held]);
        }
        let (link, peer) = exchanges.script().play();
        let mut dut = RegisterMap::new("dut".into(), link, TestClock::new(), params(&text));
        let proof = dut.make_safe().await.expect("answered");
        drop(dut);
        peer.done().await;
        (proof.proven, proof.evidence)
    };
    assert_eq!(proof(0, 1).await, (true, "`on_off` 0, Grid, -1 W".into()));
    assert_eq!(proof(1, 3).await, (false, "`on_off` 1, Grid, -1 W".into()));
}

#[tokio::test]
async fn rtu_keeps_the_gap_and_capabilities_follow_from_the_file() {
    use DutCapability::{ActivePower, Charge, Connect, VoltVar};
    let text = FILE
        .replace("modbus-tcp", "modbus-rtu\ngap: 50 ms")
        .replace("write_code: fc06\n", "");
    let clock = TestClock::new();
    let (link, peer) = Exchanges::new(Frame::Rtu)
        .write(0x300, &[1])
        .write(0x300, &[0])
        .script()
        .play();
    let mut dut = RegisterMap::new("dut".into(), link, clock.clone(), params(&text));
    dut.connect(true).await.expect("accepted");
    dut.connect(false).await.expect("accepted");
    assert_eq!(clock.total(), Duration::from_millis(50));
    assert_eq!(dut.capabilities(), [ActivePower, Charge, VoltVar, Connect]);
    drop(dut);
    peer.done().await;

    let start = FILE.find("  charge:\n").expect("there");
    let end = FILE.find("connect:").expect("there");
    let poorer = format!("{}{}", &FILE[..start], &FILE[end..]);
    let (link, peer) = Script::new().play();
    let mut dut = RegisterMap::new("dut".into(), link, clock, params(&poorer));
    assert_eq!(dut.capabilities(), [ActivePower, VoltVar, Connect]);
    let error = dut.set_active_power(-100.0).await.expect_err("no charge");
    assert!(
        error.to_string().contains("`charge` in register file"),
        "{error}"
    );
    drop(dut);
    peer.done().await;
}
