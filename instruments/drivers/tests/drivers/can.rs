//! CAN bus in memory, the battery protocol on it, and SocketCAN where the kernel has it.

use gridproof_instruments::transport::{
    BmsState, CanBus, CanMessage, FrameProblem, KEEPALIVE, MemoryBus, SocketCan,
};

fn frame(id: u32, data: &[u8]) -> CanMessage {
    CanMessage::standard(id, data).expect("a good frame")
}

#[tokio::test]
async fn battery_frames_of_the_facts() {
    let bus = MemoryBus::new();
    let (mut battery, mut inverter) = (bus.attach(), bus.attach());
    let frames: [(u32, &[u8]); 6] = [
        (0x351, &[0x28, 0x02, 0xF4, 0x01, 0x20, 0x03, 0xE0, 0x01]),
        (0x355, &[0x5F, 0x00, 0x64, 0x00]),
        (0x356, &[0x6C, 0x14, 0x04, 0x00, 0xDC, 0x00]),
        (0x359, &[0x00, 0x00, 0x02, 0x08, 0x01, 0x50, 0x4E]),
        (0x35C, &[0xC0, 0x00]),
        (0x35E, b"PYLON   "),
    ];
    let mut state = BmsState::default();
    for (id, data) in frames {
        battery.send(&frame(id, data)).await.expect("on the bus");
        let message = inverter.receive().await.expect("from the bus");
        assert_eq!(state.apply(&message), Ok(true));
    }
    let near =
        |value: Option<f64>, expected: f64| value.is_some_and(|v| (v - expected).abs() < 1e-9);
    assert!(near(state.charge_volts, 55.2) && near(state.discharge_volts, 48.0));
    assert!(near(state.charge_amps, 50.0) && near(state.discharge_amps, 80.0));
    assert!(near(state.volts, 52.28) && near(state.amps, 0.4) && near(state.celsius, 22.0));
    assert_eq!(
        (state.soc_percent, state.soh_percent, state.modules),
        (Some(95), Some(100), Some(1))
    );
    assert_eq!(
        (state.alarms, state.is_tripped()),
        (Some([0x02, 0x08]), false)
    );
    assert_eq!(
        (state.charge_enabled, state.discharge_enabled),
        (Some(true), Some(true))
    );
    assert_eq!(
        (state.force_charge, state.maker.as_deref()),
        (Some(false), Some("PYLON"))
    );
}

#[test]
fn enable_bits_and_signs() {
    let mut state = BmsState::default();
    for (flags, charge, discharge, force) in [
        (0x00, false, false, false),
        (0xA0, true, false, true),
        (0x40, false, true, false),
    ] {
        state
            .apply(&frame(0x35C, &[flags]))
            .expect("one byte is enough");
        let got = (
            state.charge_enabled,
            state.discharge_enabled,
            state.force_charge,
        );
        assert_eq!(got, (Some(charge), Some(discharge), Some(force)));
    }
    state
        .apply(&frame(0x356, &[0, 0, 0x18, 0xFC, 0x9C, 0xFF]))
        .expect("six bytes");
    assert_eq!((state.amps, state.celsius), (Some(-100.0), Some(-10.0)));
    state
        .apply(&frame(0x359, &[0x02, 0, 0, 0, 1]))
        .expect("five bytes");
    assert!(state.is_tripped());
}

#[test]
fn short_foreign_and_impossible_frames() {
    let mut state = BmsState::default();
    let problem = FrameProblem {
        id: 0x351,
        length: 3,
        needed: 6,
    };
    assert_eq!(state.apply(&frame(0x351, &[1, 2, 3])), Err(problem));
    assert_eq!(state.apply(&frame(KEEPALIVE.0, &KEEPALIVE.1)), Ok(false));
    let extended = CanMessage::extended(0x351, &[0; 8]).expect("a good frame");
    assert_eq!(state.apply(&extended), Ok(false));
    assert_eq!(state, BmsState::default());
    assert_eq!(CanMessage::standard(0x800, &[]), None);
    assert_eq!(CanMessage::standard(0x7FF, &[0; 9]), None);
    assert_eq!(CanMessage::extended(0x2000_0000, &[]), None);
}

#[tokio::test]
async fn senders_do_not_hear_themselves() {
    let bus = MemoryBus::new();
    let (mut a, mut b) = (bus.attach(), bus.attach());
    drop(bus.attach());
    a.send(&frame(1, &[])).await.expect("on the bus");
    b.send(&frame(2, &[])).await.expect("on the bus");
    assert_eq!(a.receive().await.map(|message| message.id), Ok(2));
    assert_eq!(b.receive().await.map(|message| message.id), Ok(1));
}

/// Runs on `vcan0`; without CAN in the kernel or without the interface it says so and passes.
#[tokio::test]
async fn socketcan_carries_frames() {
    #[expect(clippy::print_stderr, reason = "a skipped test must say why")]
    fn skip(cause: &dyn std::fmt::Display) {
        eprintln!("skipped: {cause}");
    }
    if let Err(cause) = SocketCan::kernel_has_can() {
        return skip(&cause);
    }
    let (mut battery, mut inverter) = match (SocketCan::open("vcan0"), SocketCan::open("vcan0")) {
        (Ok(battery), Ok(inverter)) => (battery, inverter),
        (Err(cause), _) | (_, Err(cause)) => return skip(&cause),
    };
    let message = frame(0x355, &[0x5F, 0x00, 0x64, 0x00]);
    battery.send(&message).await.expect("on the bus");
    assert_eq!(inverter.receive().await, Ok(message));
}
