//! The DUT's own interfaces.

use super::{AUX, SAJ, Talk, advance, bench_behaving, bench_with, profile};
use crate::modbus::rtu::crc;

pub(super) fn tcp(dut: &mut Talk, pdu: &[u8]) -> Vec<u8> {
    let mut frame = vec![0, 1, 0, 0, 0, pdu.len() as u8 + 1, 1];
    frame.extend(pdu);
    let reply = dut.bytes(&frame);
    assert_eq!(reply[..4], [0, 1, 0, 0]);
    assert_eq!(usize::from(reply[5]), reply.len() - 6);
    reply[7..].to_vec()
}

pub(super) fn read(dut: &mut Talk, start: u16, count: u16) -> Vec<u16> {
    let [a, b] = start.to_be_bytes();
    let reply = tcp(dut, &[3, a, b, 0, count as u8]);
    assert_eq!(reply[0], 3, "exception {reply:?}");
    reply[2..]
        .chunks_exact(2)
        .map(|p| u16::from_be_bytes([p[0], p[1]]))
        .collect()
}

#[test]
fn the_sunspec_chain_can_be_walked() {
    let bench = bench_with(AUX, 1);
    let mut dut = Talk::new(&bench, "dut");
    assert_eq!(read(&mut dut, 40_000, 2), [0x5375, 0x6e53]);
    let (mut at, mut found) = (40_002, Vec::new());
    loop {
        let header = read(&mut dut, at, 2);
        if header[0] == 0xffff {
            assert_eq!(header[1], 0);
            break;
        }
        found.push((header[0], header[1]));
        at += 2 + header[1];
    }
    assert_eq!(found, MODELS);
    assert_eq!(tcp(&mut dut, &[3, 0, 0, 0, 2]), [0x83, 2]);
    let [a, b] = at.to_be_bytes();
    assert_eq!(
        tcp(&mut dut, &[3, a, b, 0, 3]),
        [0x83, 2],
        "beyond the end marker"
    );
    assert_eq!(tcp(&mut dut, &[3, 0x9c, 0x40, 0, 126]), [0x83, 3]);
    assert_eq!(tcp(&mut dut, &[4, 0x9c, 0x40, 0, 1]), [0x84, 1]);
    let maker = read(&mut dut, 40_004, 2);
    assert_eq!(maker, [0x4155, 0x5800]);
}

/// Models of the AUX map with their lengths. Those of before keep their place.
const MODELS: [(u16, u16); 23] = [
    (1, 66),
    (101, 50),
    (120, 26),
    (121, 30),
    (122, 44),
    (123, 24),
    (124, 24),
    (704, 65),
    (126, 172),
    (132, 172),
    (160, 48),
    (701, 153),
    (702, 50),
    (703, 17),
    (705, 91),
    (706, 76),
    (707, 235),
    (708, 235),
    (709, 307),
    (710, 307),
    (711, 42),
    (712, 72),
    (713, 7),
];

/// First register of a model of the AUX map.
pub(super) fn model(id: u16) -> u16 {
    let before = MODELS.iter().take_while(|model| model.0 != id);
    40_002 + before.map(|model| 2 + model.1).sum::<u16>()
}

pub(super) fn write(dut: &mut Talk, start: u16, values: &[u16]) -> Vec<u8> {
    let [a, b] = start.to_be_bytes();
    let mut pdu = vec![16, a, b, 0, values.len() as u8, 2 * values.len() as u8];
    pdu.extend(values.iter().flat_map(|value| value.to_be_bytes()));
    tcp(dut, &pdu)
}

#[test]
fn sunspec_writes_act_after_100_ms() {
    let bench = bench_with(AUX, 1);
    let mut dut = Talk::new(&bench, "dut");
    let base = model(704);
    assert_eq!(write(&mut dut, base + 23, &[1, 0, 2500])[0], 16);
    assert_eq!(write(&mut dut, base + 22, &[1])[0], 16);
    assert_eq!(write(&mut dut, model(123) + 5, &[5000])[0], 16);
    assert_eq!(write(&mut dut, model(123) + 9, &[1])[0], 16);
    let view = |bench: &crate::EmulatedBench| bench.view();
    advance(&bench, 0.099);
    assert_eq!(view(&bench).active_power_w, None);
    advance(&bench, 0.001);
    assert_eq!(view(&bench).active_power_w, Some(2500.0));
    assert!((view(&bench).power_limit_pu - 0.5).abs() < 1e-9);
    // read-only, crossing a boundary, half a point, bad value
    assert_eq!(write(&mut dut, model(101) + 14, &[1]), [0x90, 2]);
    assert_eq!(write(&mut dut, model(123) + 22, &[0, 0, 0, 0]), [0x90, 2]);
    assert_eq!(write(&mut dut, base + 25, &[1]), [0x90, 3]);
    assert_eq!(write(&mut dut, model(123) + 5, &[10_001]), [0x90, 3]);
    // reversion after 2 s
    assert_eq!(write(&mut dut, model(123) + 7, &[2])[0], 16);
    assert_eq!(write(&mut dut, model(123) + 9, &[1])[0], 16);
    advance(&bench, 2.2);
    assert!((view(&bench).power_limit_pu - 1.0).abs() < 1e-9);
    assert_eq!(read(&mut dut, model(123) + 9, 1), [0]);
}

pub(super) fn frame(body: &[u8]) -> Vec<u8> {
    let mut frame = body.to_vec();
    frame.extend(crc(body).to_le_bytes());
    frame
}

/// A function code that it does not have is refused as such, whatever it asks for; without a battery
/// the power factor while it takes power reads as not implemented and cannot be switched on.
#[test]
fn what_the_unit_does_not_have_is_told_so() {
    let mut profile = profile(AUX);
    profile.battery = None;
    let bench = bench_behaving(&profile, &profile.behaviour, 1);
    let mut dut = Talk::new(&bench, "dut");
    for pdu in [
        [4, 0, 0, 0, 200],
        [1, 0, 0, 0, 0],
        [2, 0, 0, 0xff, 0xff],
        [5, 0, 0, 0x12, 0],
    ] {
        assert_eq!(tcp(&mut dut, &pdu), [0x80 | pdu[0], 1]);
    }
    assert_eq!(tcp(&mut dut, &[3, 0x9c, 0x40, 0, 126]), [0x83, 3]);
    // model 124, storage, does not stand before it
    let controls = model(704) - (2 + 24);
    let injected = controls + 2;
    let absorbed = controls + 8;
    assert_eq!(read(&mut dut, controls, 1), [704]);
    assert_eq!(read(&mut dut, injected, 2), [0, 0]);
    for point in [absorbed, absorbed + 4] {
        assert_eq!(read(&mut dut, point, 2), [0xffff, 0xffff]);
    }
    for value in [0, 1] {
        assert_eq!(write(&mut dut, absorbed, &[value]), [0x90, 3]);
    }
    assert_eq!(
        write(&mut dut, absorbed, &[0xffff])[0],
        16,
        "nothing is written"
    );
    assert_eq!(write(&mut dut, injected, &[1])[0], 16);
    assert_eq!(read(&mut dut, absorbed, 1), [0xffff]);
}

/// A function that the device does not have is refused in one piece, however its frame arrives.
#[test]
fn rtu_refuses_functions_that_it_does_not_have() {
    let bench = bench_with(SAJ, 1);
    let mut dut = Talk::new(&bench, "dut");
    let bodies: [&[u8]; 6] = [
        // report server id, mask write, read and write, read a FIFO, read a file, identification
        &[1, 17],
        &[1, 22, 0x80, 0, 0, 0xf2, 0, 0x25],
        &[1, 23, 0x80, 0, 0, 1, 0x80, 0, 0, 1, 2, 0, 0],
        &[1, 24, 0, 4],
        &[1, 20, 7, 6, 0, 4, 0, 1, 0, 2],
        &[1, 43, 14, 1, 0],
    ];
    for body in bodies {
        let request = frame(body);
        for cut in 1..request.len() {
            assert_eq!(
                dut.bytes(&request[..cut]),
                [0u8; 0],
                "{body:?} cut at {cut}"
            );
            let refused = frame(&[1, body[1] | 0x80, 1]);
            assert_eq!(dut.bytes(&request[cut..]), refused, "{body:?} cut at {cut}");
        }
    }
}

#[test]
fn rtu_is_silent_on_bad_frames() {
    let bench = bench_with(SAJ, 1);
    let mut dut = Talk::new(&bench, "dut");
    let good = frame(&[1, 3, 0x40, 0x04, 0, 1]);
    let reply = frame(&[1, 3, 2, 0, 1]);
    assert_eq!(dut.bytes(&good), reply);
    let mut bad = good.clone();
    bad[7] ^= 1;
    assert_eq!(dut.bytes(&bad), [0u8; 0]);
    assert_eq!(dut.bytes(&good), reply, "the next frame is understood");
    assert_eq!(
        dut.bytes(&frame(&[2, 3, 0x40, 0x04, 0, 1])),
        [0u8; 0],
        "another unit"
    );
    assert_eq!(
        dut.bytes(&frame(&[0, 6, 0x33, 0x37, 0, 0])),
        [0u8; 0],
        "broadcast"
    );
    assert_eq!(dut.bytes(&good[..3]), [0u8; 0]);
    assert_eq!(dut.bytes(&good[3..]), reply);
    assert_eq!(dut.bytes(&good[..5]), [0u8; 0]);
    assert_eq!(
        dut.bytes(&good),
        reply,
        "the remains of a cut frame are dropped"
    );
    assert_eq!(
        dut.bytes(&frame(&[1, 3, 0x50, 0, 0, 1])),
        frame(&[1, 0x83, 2])
    );
    assert_eq!(
        dut.bytes(&frame(&[1, 3, 0x40, 0, 0, 126])),
        frame(&[1, 0x83, 3])
    );
    assert_eq!(dut.bytes(&frame(&[1, 7])), frame(&[1, 0x87, 1]));
    assert_eq!(
        dut.bytes(&frame(&[1, 6, 0x40, 0x31, 0, 1])),
        frame(&[1, 0x86, 2])
    );
    assert_eq!(
        dut.bytes(&frame(&[1, 6, 0x33, 0x71, 0, 9])),
        frame(&[1, 0x86, 3])
    );
}

#[test]
fn slots_command_power_in_time_of_use_mode() {
    let bench = bench_with(SAJ, 1);
    let mut dut = Talk::new(&bench, "dut");
    let mut send = |body: &[u8]| dut.bytes(&frame(body));
    // slot 0: 00:00–23:59, all days, 50 %
    let body = [1, 16, 0x36, 0x1b, 0, 3, 6, 0, 0, 0x17, 0x3b, 0x7f, 50];
    assert_eq!(send(&body), frame(&body[..6]));
    send(&[1, 6, 0x36, 0x05, 0, 1]);
    assert_eq!(bench.view().active_power_w, None);
    send(&[1, 6, 0x33, 0x71, 0, 2]);
    advance(&bench, 0.1);
    assert_eq!(bench.view().active_power_w, Some(1500.0));
    // charge slot instead
    send(&[1, 16, 0x36, 0x06, 0, 3, 6, 0, 0, 0x17, 0x3b, 0x7f, 100]);
    send(&[1, 16, 0x36, 0x04, 0, 2, 4, 0, 1, 0, 0]);
    advance(&bench, 0.1);
    assert_eq!(bench.view().active_power_w, Some(-3000.0));
    // stop
    send(&[1, 6, 0x33, 0x37, 0, 1]);
    advance(&bench, 0.1);
    assert!(!bench.view().connect_permitted);
    // limits of the grid code are shown
    assert_eq!(
        send(&[1, 3, 0x33, 0x25, 0, 2]),
        frame(&[1, 3, 4, 0x0a, 0x5a, 0x07, 0x08])
    );
}

#[test]
fn the_drm_bit_disconnects_the_port() {
    let bench = bench_with(SAJ, 1);
    let mut relay = Talk::new(&bench, "dred-a");
    let mut dut = Talk::new(&bench, "dut");
    relay.bytes(&[0, 1, 0, 0, 0, 6, 1, 5, 0, 0x10, 0xff, 0]);
    advance(&bench, 0.01);
    assert_eq!(bench.true_state().drm_pins, [(5, 6)]);
    dut.bytes(&frame(&[1, 6, 0x33, 0x76, 0, 0]));
    assert!(bench.true_state().drm_pins.is_empty());
    dut.bytes(&frame(&[1, 6, 0x33, 0x76, 4, 0]));
    assert_eq!(bench.true_state().drm_pins, [(5, 6)]);
}
