//! Meters, the battery on CAN, and the PSB, against the true state.

use gridproof_model::bench::{Address, InstrumentEntry, Model};

use super::dut::frame;
use super::{SAJ, Talk, advance, codes, embedded, profile};
use crate::EmulatedBench;

/// The embedded bench with more instruments, its DUT feeding or charging.
fn bench_and(models: &[(&str, Model)]) -> EmulatedBench {
    let mut bench = embedded();
    for &(name, model) in models {
        let entry = InstrumentEntry {
            curves: std::collections::BTreeMap::new(),
            output: None,
            branches: None,
            role: model.role(),
            model,
            address: Address::Emulated,
            channel: None,
            inputs: None,
            resolution: None,
            interval: None,
            latency: None,
            ranges: None,
            channels: std::collections::BTreeMap::new(),
            converter: None,
            accuracy: None,
        };
        bench.instruments.insert(name.to_owned(), entry);
    }
    let dut = profile(SAJ);
    EmulatedBench::new(&bench, &dut, &dut.behaviour, &codes(), 1).expect("a bench")
}

fn energise(bench: &EmulatedBench) {
    Talk::new(bench, "grid").set(
        "SYST:ERR?",
        &["VOLT:AC 230", "FREQ 50", "OUTP:REL ON;STAT ON"],
    );
    Talk::new(bench, "battery").set(
        "SYST:ERR?",
        &[
            "SYST:REM",
            "VOLT 51.2",
            "CURR:LIM 60",
            "CURR:LIM:NEG -60",
            "OUTP ON",
        ],
    );
}

/// Lets the AS1 exchange a percentage of its power, in its mode for slots.
fn exchange(bench: &EmulatedBench, percent: u16, charge: bool) {
    let mut dut = Talk::new(bench, "dut");
    let (mask, slot, other) = if charge {
        (0x3604u16, 0x3606u16, 0x3605u16)
    } else {
        (0x3605, 0x361b, 0x3604)
    };
    let mut send = |address: u16, values: &[u16]| {
        let mut body = vec![1, 16];
        body.extend(address.to_be_bytes());
        body.extend([0, values.len() as u8, 2 * values.len() as u8]);
        body.extend(values.iter().flat_map(|value| value.to_be_bytes()));
        assert_eq!(dut.bytes(&frame(&body))[1], 16);
    };
    send(other, &[0]);
    send(slot, &[0, 0x173b, 0x7f00 | percent]);
    send(mask, &[1]);
    send(0x3371, &[2]);
}

fn float(meter: &mut Talk, function: u8, address: u16) -> f64 {
    let [a, b] = address.to_be_bytes();
    let reply = meter.bytes(&frame(&[1, function, a, b, 0, 2]));
    assert_eq!(reply[..3], [1, function, 4], "{reply:?}");
    f64::from(f32::from_be_bytes([reply[3], reply[4], reply[5], reply[6]]))
}

#[test]
fn meters_agree_with_the_grid_connection() {
    let bench = bench_and(&[
        ("meter", Model::ChintDdsu666),
        ("sdm", Model::EastronSdm120),
    ]);
    energise(&bench);
    exchange(&bench, 100, false);
    advance(&bench, 600.0);
    let mut ddsu = Talk::new(&bench, "meter");
    let mut sdm = Talk::new(&bench, "sdm");
    let fed = bench.view().w;
    assert!(fed > 2500.0);
    let power = float(&mut ddsu, 3, 0x2004) * 1000.0;
    assert!(
        (power + fed).abs() < 15.0,
        "feeding is negative: {power} {fed}"
    );
    assert!((float(&mut sdm, 4, 0x0c) - power).abs() < 0.1);
    let volts = float(&mut ddsu, 3, 0x2000);
    assert!((volts - bench.true_state().pcc_v).abs() < 0.5);
    assert!((float(&mut ddsu, 3, 0x200e) - 50.0).abs() < 1e-3);
    let amps = float(&mut ddsu, 3, 0x2002);
    assert!((float(&mut ddsu, 3, 0x2008) * 1000.0 - volts * amps).abs() < 0.5);
    let exported = float(&mut ddsu, 3, 0x400a);
    advance(&bench, 360.0);
    let after = float(&mut ddsu, 3, 0x400a);
    assert!(
        (after - exported - fed * 0.1 / 1000.0).abs() < 2e-3,
        "{exported} {after}"
    );
    assert!((float(&mut sdm, 4, 0x4a) - after).abs() < 1e-4);
    exchange(&bench, 50, true);
    advance(&bench, 120.0);
    assert!(float(&mut ddsu, 3, 0x2004) > 1.0, "charging is positive");
    assert!(float(&mut ddsu, 3, 0x4000) > 0.0);
}

#[test]
fn meter_registers_and_settings() {
    let bench = bench_and(&[
        ("meter", Model::ChintDdsu666),
        ("sdm", Model::EastronSdm120),
    ]);
    let mut ddsu = Talk::new(&bench, "meter");
    assert_eq!(
        ddsu.bytes(&frame(&[1, 3, 0, 1, 0, 1])),
        frame(&[1, 3, 2, 2, 0xbd])
    );
    assert_eq!(
        ddsu.bytes(&frame(&[1, 4, 0x20, 0, 0, 2])),
        frame(&[1, 0x84, 1])
    );
    assert_eq!(
        ddsu.bytes(&frame(&[1, 3, 0x30, 0, 0, 2])),
        frame(&[1, 0x83, 2])
    );
    let moved = frame(&[1, 6, 0, 6, 0, 11]);
    assert_eq!(ddsu.bytes(&moved), moved, "answered from the old address");
    assert_eq!(ddsu.bytes(&frame(&[1, 3, 0, 6, 0, 1])), [0u8; 0]);
    assert_eq!(
        ddsu.bytes(&frame(&[11, 3, 0, 6, 0, 1])),
        frame(&[11, 3, 2, 0, 11])
    );
    assert_eq!(
        ddsu.bytes(&frame(&[11, 6, 0, 6, 0, 0])),
        frame(&[11, 0x86, 3])
    );
    let mut sdm = Talk::new(&bench, "sdm");
    assert_eq!(
        sdm.bytes(&frame(&[1, 4, 0, 1, 0, 2])),
        frame(&[1, 0x84, 2]),
        "half a number"
    );
    let five = 5.0f32.to_be_bytes();
    let [a, b, c, d] = five;
    let write = frame(&[1, 16, 0, 0x14, 0, 2, 4, a, b, c, d]);
    assert_eq!(sdm.bytes(&write), frame(&[1, 16, 0, 0x14, 0, 2]));
    assert_eq!(
        sdm.bytes(&frame(&[5, 3, 0, 0x14, 0, 2])),
        frame(&[5, 3, 4, a, b, c, d])
    );
}

/// What the package sdm_modbus reads and sets.
#[test]
fn the_sdm120_has_its_settings() {
    let bench = bench_and(&[("sdm", Model::EastronSdm120)]);
    energise(&bench);
    exchange(&bench, 100, false);
    advance(&bench, 600.0);
    exchange(&bench, 50, true);
    advance(&bench, 120.0);
    let mut sdm = Talk::new(&bench, "sdm");
    for (address, factory) in [
        (0x0c, 100.0),
        (0x12, 0.0),
        (0x14, 1.0),
        (0x1c, 2.0),
        (0x56, 4.0),
    ] {
        assert_eq!(float(&mut sdm, 3, address), factory, "{address:#x}");
    }
    let mut ask = |pdu: &[u8]| sdm.bytes(&frame(pdu));
    // whole blocks, as the package asks for them, and nothing behind
    for (start, count) in [(0x0000u16, 30u8), (0x0056, 2), (0xf900, 50), (0xfc00, 5)] {
        let [a, b] = start.to_be_bytes();
        let reply = ask(&[1, 3, a, b, 0, count]);
        assert_eq!(reply[..3], [1, 3, 2 * count], "{start:#x}");
    }
    assert_eq!(ask(&[1, 3, 0, 0x58, 0, 2]), frame(&[1, 0x83, 2]));
    assert_eq!(ask(&[1, 3, 0xf9, 0x32, 0, 1]), frame(&[1, 0x83, 2]));
    // one register, no float; of the width only three values
    assert_eq!(ask(&[1, 3, 0xf9, 0x20, 0, 1]), frame(&[1, 3, 2, 0, 2]));
    assert_eq!(
        ask(&[1, 16, 0xf9, 0x20, 0, 1, 2, 0, 4]),
        frame(&[1, 0x90, 3])
    );
    let mut width = |ms: f32| {
        let [a, b, c, d] = ms.to_be_bytes();
        ask(&[1, 16, 0, 0x0c, 0, 2, 4, a, b, c, d])
    };
    assert_eq!(width(200.0), frame(&[1, 16, 0, 0x0c, 0, 2]));
    assert_eq!(width(150.0), frame(&[1, 0x90, 3]));
    assert_eq!(float(&mut sdm, 3, 0x0c), 200.0);
    // the total energy is what the mode says
    let [import, export] = [0x48, 0x4a].map(|address| float(&mut sdm, 4, address));
    assert!(export > 0.1 && import > 1e-3, "{import} {export}");
    for (mode, total) in [(1, import), (2, import + export), (3, import - export)] {
        sdm.bytes(&frame(&[1, 16, 0xf9, 0x20, 0, 1, 2, 0, mode]));
        let told = float(&mut sdm, 4, 0x156);
        assert!((told - total).abs() < 1e-4, "{mode}: {told} {total}");
    }
}

/// Frames an adapter has heard: identifier, data.
pub(super) fn frames(text: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let text = String::from_utf8_lossy(text).into_owned();
    let lines = text.split('\r').filter(|line| line.starts_with('t'));
    lines
        .map(|line| {
            let byte = |at: usize| u8::from_str_radix(&line[at..at + 2], 16).expect("hex");
            let id = u32::from_str_radix(&line[1..4], 16).expect("an identifier");
            (id, (5..line.len()).step_by(2).map(byte).collect())
        })
        .collect()
}

#[test]
fn the_battery_reports_itself_every_second() {
    let bench = bench_and(&[("bms", Model::PylontechCan)]);
    energise(&bench);
    exchange(&bench, 50, true);
    let mut adapter = Talk::new(&bench, "bms");
    assert_eq!(adapter.bytes(b"C\rS6\rO\r"), b"\r\r\r");
    advance(&bench, 120.0);
    let all = frames(&adapter.bytes(b""));
    let limits: Vec<_> = all.iter().filter(|frame| frame.0 == 0x351).collect();
    assert_eq!(limits.len(), 120);
    let last = |id: u32| {
        all.iter()
            .rev()
            .find(|frame| frame.0 == id)
            .expect("it")
            .1
            .clone()
    };
    let signed = |bytes: &[u8]| f64::from(i16::from_le_bytes([bytes[0], bytes[1]]));
    let measured = last(0x356);
    let view = bench.view();
    assert!((signed(&measured) * 0.01 - view.battery_v).abs() < 0.02);
    let amps = signed(&measured[2..]) * 0.1;
    assert!(
        (amps + view.battery_a).abs() < 0.1,
        "{amps} {}",
        view.battery_a
    );
    assert!(amps > 1.0, "charging is positive: {amps}");
    assert_eq!(last(0x355)[0], (view.soc * 100.0).round() as u8);
    // a node hears the others and not itself
    let mut other = Talk::new(&bench, "bms");
    other.bytes(b"S6\rO\r");
    assert_eq!(other.bytes(b"t30580000000000000000\r"), b"z\r");
    assert_eq!(frames(&adapter.bytes(b"")), [(0x305, vec![0; 8])]);
    advance(&bench, 1.0);
    assert_eq!(frames(&other.bytes(b"")).len(), 6);
    assert_eq!(other.bytes(b"C\r"), b"\r");
    assert_eq!(frames(&adapter.bytes(b"")).len(), 6);
}

#[test]
fn a_growatt_battery_answers_its_poll() {
    let bench = bench_and(&[("bms", Model::GrowattCan)]);
    energise(&bench);
    let mut adapter = Talk::new(&bench, "bms");
    adapter.bytes(b"S6\rO\r");
    advance(&bench, 0.5);
    let heard = frames(&adapter.bytes(b"t30180B16212C37424D58\r"));
    assert_eq!(heard.len(), 11);
    let of = |id: u32| {
        heard
            .iter()
            .find(|frame| frame.0 == id)
            .expect("it")
            .1
            .clone()
    };
    let measured = of(0x313);
    assert_eq!(measured[..2], 5120u16.to_be_bytes());
    assert_eq!(measured[6], 50);
    advance(&bench, 0.9);
    assert_eq!(
        frames(&adapter.bytes(b"")).len(),
        0,
        "the poll restarts the second"
    );
}

#[test]
fn the_psb_feeds_the_battery_port_over_modbus() {
    let bench = bench_and(&[("psb", Model::EaPsb)]);
    let mut psb = Talk::new(&bench, "psb");
    let mut pdu = |body: &[u8]| {
        let mut frame = vec![0, 1, 0, 0, 0, body.len() as u8 + 1, 0];
        frame.extend(body);
        psb.bytes(&frame)[7..].to_vec()
    };
    let raw =
        |value: f64, nominal: f64| ((value / nominal * 52_428.0).round() as u16).to_be_bytes();
    let [a, b] = raw(51.2, 750.0);
    assert_eq!(pdu(&[6, 1, 0xf4, a, b]), [0x86, 7], "not in remote");
    assert_eq!(pdu(&[5, 1, 0x92, 0xff, 0]), [5, 1, 0x92, 0xff, 0]);
    assert_eq!(pdu(&[6, 1, 0xf4, a, b]), [6, 1, 0xf4, a, b]);
    assert_eq!(pdu(&[6, 1, 0xf4, 0xd0, 0xe6]), [0x86, 3], "beyond 102 %");
    assert_eq!(pdu(&[5, 1, 0x95, 0xff, 0])[0], 5);
    advance(&bench, 0.1);
    assert!(bench.true_state().battery_on);
    let shown = pdu(&[3, 1, 0xfb, 0, 1]);
    let volts = f64::from(u16::from_be_bytes([shown[2], shown[3]])) / 52_428.0 * 750.0;
    assert!((volts - 51.2).abs() < 0.75, "its meter shows {volts}");
    let state = pdu(&[3, 1, 0xf9, 0, 2]);
    assert_eq!(state, [3, 4, 0, 0, 0x08, 0x86]);
    // an over-voltage threshold below the set value trips and latches
    let [c, d] = raw(49.0, 750.0);
    assert_eq!(pdu(&[6, 2, 0x26, c, d])[0], 6);
    advance(&bench, 0.1);
    assert!(!bench.true_state().battery_on);
    assert_eq!(pdu(&[5, 1, 0x95, 0xff, 0]), [0x85, 4]);
    assert_eq!(pdu(&[3, 2, 8, 0, 1]), [3, 2, 0, 1], "counted");
    assert_eq!(pdu(&[5, 1, 0x9b, 0xff, 0])[0], 5);
    assert_eq!(pdu(&[3, 0, 1, 0, 7])[..5], *b"\x03\x0ePSB");
    assert_eq!(pdu(&[3, 0, 121, 0, 2]), [3, 4, 0x44, 0x3b, 0x80, 0]);
    assert_eq!(pdu(&[3, 3, 0, 0, 1]), [0x83, 2]);
}

/// Runs on `vcan0`; without CAN in the kernel or without the interface it says so and passes.
#[test]
fn a_battery_on_socketcan() {
    #[expect(clippy::print_stderr, reason = "a skipped test must say why")]
    fn skip(cause: &dyn std::fmt::Display) {
        eprintln!("skipped: {cause}");
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let mut inverter = match socketcan::tokio::CanSocket::open("vcan0") {
            Ok(socket) => socket,
            Err(cause) => return skip(&cause),
        };
        let bench = bench_and(&[("bms", Model::GrowattCan)]);
        energise(&bench);
        let served = bench.clone();
        tokio::task::spawn_local(async move { served.serve_can("vcan0", "bms").await });
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        advance(&bench, 1.0);
        let limit = std::time::Duration::from_secs(10);
        let next = async |inverter: &mut socketcan::tokio::CanSocket| {
            let frame = tokio::time::timeout(limit, inverter.read_frame()).await;
            match frame.expect("a frame in time").expect("a frame") {
                socketcan::CanFrame::Data(data) => data,
                other @ (socketcan::CanFrame::Remote(_) | socketcan::CanFrame::Error(_)) => {
                    panic!("{other:?}")
                }
            }
        };
        use socketcan::{EmbeddedFrame, Frame};
        let first = next(&mut inverter).await;
        assert_eq!(
            (first.raw_id(), first.data()[..2].to_vec()),
            (0x311, vec![2, 0x38])
        );
        for _ in 1..11 {
            next(&mut inverter).await;
        }
        // the poll of the inverter reaches the battery, and its answer the inverter
        let id = socketcan::StandardId::new(0x301).expect("an identifier");
        let poll = socketcan::CanFrame::new(id, &[0; 8]).expect("a frame");
        inverter.write_frame(poll).await.expect("sent");
        assert_eq!(next(&mut inverter).await.raw_id(), 0x311);
    });
}
