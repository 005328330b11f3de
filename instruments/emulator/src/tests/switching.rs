//! RLC loads, relay banks, chamber.

use super::{SAJ, Talk, advance, bench_with};

#[test]
fn contactors_take_20_to_30_ms() {
    let bench = bench_with(SAJ, 7);
    let mut load = Talk::new(&bench, "island-load");
    let error = "SYST:ERR?";
    assert_eq!(load.say("*IDN?"), "Chroma,A800067,A80006700001,1.02\n");
    load.set(
        error,
        &[
            "PHASE1:RLOAD 3000.4",
            "PHASE1:LLOAD 3000",
            "PHASE1:CLOAD 3000",
        ],
    );
    assert_eq!(load.say("PHASE1:RLOAD?"), "3000.0\n");
    load.set(
        error,
        &["PHASE1:RLOADE ON", "PHASE1:LLOADE ON", "PHASE1:CLOADE ON"],
    );
    load.set(error, &["FUNCtion:SLOAD ON", "FUNCtion:S1 OFF"]);
    assert_eq!(load.say("FUNC:S1?;SLOAD?"), "0;1\n");
    assert!(bench.true_state().grid_switch);
    advance(&bench, 0.0199);
    assert!(bench.true_state().grid_switch && !bench.true_state().island_load_switch);
    advance(&bench, 0.0102);
    assert!(!bench.true_state().grid_switch && bench.true_state().island_load_switch);
    for (line, code) in [
        ("PHASE4:RLOAD 1", -114),
        ("PHASE1:RLOAD 30000", -222),
        ("FUNC:S1 MAYBE", -224),
    ] {
        assert_eq!(load.say(line), "");
        assert!(load.say(error).starts_with(&format!("{code},")), "{line}");
    }
}

#[test]
fn the_back_up_load_needs_branch_and_switch() {
    let bench = bench_with(SAJ, 7);
    let mut load = Talk::new(&bench, "backup-load");
    load.set("SYST:ERR?", &["PHASE1:RLOAD 1500", "PHASE1:RLOADE ON"]);
    advance(&bench, 0.1);
    assert!(!bench.true_state().backup_load);
    load.set("SYST:ERR?", &["FUNC:SLOAD ON"]);
    advance(&bench, 0.1);
    assert!(bench.true_state().backup_load);
    load.set("SYST:ERR?", &["PHASE1:RLOADE OFF"]);
    advance(&bench, 0.1);
    assert!(!bench.true_state().backup_load);
}

#[test]
fn relays_short_pins_after_their_delay() {
    let bench = bench_with(SAJ, 1);
    let mut a = Talk::new(&bench, "dred-a");
    let mut b = Talk::new(&bench, "dred-b");
    // FC 5, relay 0 on
    let write = [0, 1, 0, 0, 0, 6, 1, 5, 0, 0x10, 0xff, 0];
    assert_eq!(a.bytes(&write), write);
    advance(&bench, 0.0069);
    assert!(bench.true_state().drm_pins.is_empty());
    advance(&bench, 0.0001);
    assert_eq!(bench.true_state().drm_pins, [(5, 6)]);
    // FC 15 on the other bank: relay 1
    assert_eq!(
        b.bytes(&[0, 2, 0, 0, 0, 8, 1, 15, 0, 0x10, 0, 6, 1, 0b10]),
        [0, 2, 0, 0, 0, 6, 1, 15, 0, 0x10, 0, 6]
    );
    advance(&bench, 0.01);
    assert_eq!(bench.true_state().drm_pins, [(3, 5), (5, 6)]);
    assert_eq!(
        b.bytes(&[0, 3, 0, 0, 0, 6, 1, 1, 0, 0x10, 0, 6]),
        [0, 3, 0, 0, 0, 4, 1, 1, 1, 0b10]
    );
    // all off: 3 ms
    a.bytes(&[0, 4, 0, 0, 0, 8, 1, 15, 0, 0x10, 0, 6, 1, 0]);
    b.bytes(&[0, 4, 0, 0, 0, 8, 1, 15, 0, 0x10, 0, 6, 1, 0]);
    advance(&bench, 0.003);
    assert!(bench.true_state().drm_pins.is_empty());
}

#[test]
fn modbus_tcp_exceptions_and_framing() {
    let bench = bench_with(SAJ, 1);
    let mut adam = Talk::new(&bench, "dred-a");
    let exception = |adam: &mut Talk, pdu: &[u8], code: u8| {
        let mut frame = vec![9, 9, 0, 0, 0, pdu.len() as u8 + 1, 1];
        frame.extend(pdu);
        assert_eq!(
            adam.bytes(&frame),
            [9, 9, 0, 0, 0, 3, 1, pdu[0] | 0x80, code],
            "{pdu:?}"
        );
    };
    exception(&mut adam, &[1, 0, 6, 0, 1], 2);
    exception(&mut adam, &[1, 0, 0, 0, 0x16], 2);
    exception(&mut adam, &[5, 0, 0, 0xff, 0], 2);
    exception(&mut adam, &[5, 0, 0x10, 0x12, 0], 3);
    exception(&mut adam, &[7], 1);
    exception(&mut adam, &[3, 0, 0xd2, 0, 126], 3);
    let name = [0, 1, 0, 0, 0, 6, 255, 3, 0, 0xd2, 0, 2];
    let reply = [0, 1, 0, 0, 0, 7, 255, 3, 4, 0x60, 0x60, 0, 0];
    assert_eq!(adam.bytes(&name[..5]), [0u8; 0]);
    assert_eq!(adam.bytes(&name[5..]), reply);
    let twice = [name, name].concat();
    assert_eq!(adam.bytes(&twice), [reply, reply].concat());
}

#[test]
fn the_chamber_ramps_at_three_kelvin_a_minute() {
    let bench = bench_with(SAJ, 1);
    let mut chamber = Talk::new(&bench, "chamber");
    let mut line = |text: &str| {
        let reply = chamber.bytes(format!("{text}\r\n").as_bytes());
        String::from_utf8_lossy(&reply).into_owned()
    };
    assert_eq!(line("TEMP?"), "25.0,25.0,100.0,-40.0\r\n");
    assert_eq!(line("MON?"), "25.0,,STANDBY,0\r\n");
    assert_eq!(
        line("TEMP, S45.0 H100.0 L-40.0"),
        "OK:TEMP, S45.0 H100.0 L-40.0\r\n"
    );
    assert_eq!(line("TEMP,S120"), "NA:DATA OUT OF RANGE\r\n");
    assert_eq!(line("TEMP,X5"), "NA:PARA ERR\r\n");
    assert_eq!(line("TMEP?"), "NA:CMD ERR\r\n");
    assert_eq!(line("MODE,CONSTANT"), "OK:MODE,CONSTANT\r\n");
    advance(&bench, 120.0);
    let at_two_minutes = bench.true_state().ambient_c;
    assert!((at_two_minutes - 31.0).abs() < 0.1, "{at_two_minutes}");
    advance(&bench, 900.0);
    assert!((bench.true_state().ambient_c - 45.0).abs() < 1e-9);
    assert_eq!(line("TEMP?"), "45.0,45.0,100.0,-40.0\r\n");
    assert_eq!(line("CONSTANT SET?,TEMP"), "45.0,ON\r\n");
    // a clock that is set and goes on, and options that are not there
    assert_eq!(line("DATE,16.2/28. SUN"), "OK:DATE,16.2/28. SUN\r\n");
    assert_eq!(line("TIME,23:59:30"), "OK:TIME,23:59:30\r\n");
    assert_eq!(line("DATE,16.2/30. SUN"), "NA:PARA ERR\r\n");
    assert_eq!(line("TIME,24:00:00"), "NA:PARA ERR\r\n");
    advance(&bench, 60.0);
    assert_eq!(line("DATE?"), "16.02/29\r\n");
    assert_eq!(line("TIME?"), "00:00:30\r\n");
    assert_eq!(line("MASK,01000010"), "OK:MASK,01000010\r\n");
    assert_eq!(line("MASK?"), "01000010\r\n");
    assert_eq!(line("SYSTEM SET?,PTCOPT"), "OFF\r\n");
    assert_eq!(line("MON PTC?"), "NA:INVALID REQ\r\n");
    assert_eq!(line("PRGM DATA?,RAM:1,STEP1"), "NA:DATA NOT READY\r\n");
    assert_eq!(line("MODE,STANDBY"), "OK:MODE,STANDBY\r\n");
    advance(&bench, 7200.0);
    assert!((bench.true_state().ambient_c - 25.0).abs() < 0.1);
}
