//! Faults as a client of the instrument meets them.

use std::time::Duration;

use gridproof_model::load::parse_fault;
use gridproof_plant::signal::MeterPoint;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::world::{line, run};
use super::{AUX, SAJ, Talk, advance, bench_with};
use crate::{EmulatedBench, FaultPhase};

fn inject(bench: &EmulatedBench, text: &str) {
    let fault = parse_fault("fault", text).expect("a fault");
    bench.inject(fault).expect("possible");
}

fn energised(seed: u64) -> EmulatedBench {
    let bench = bench_with(SAJ, seed);
    Talk::new(&bench, "grid").set("SYST:ERR?", &["VOLT:AC 230", "OUTP:REL ON", "OUTP ON"]);
    advance(&bench, 1.0);
    bench
}

#[test]
fn a_late_reply_is_late_and_keeps_its_place() {
    run(async {
        let bench = bench_with(SAJ, 1);
        inject(
            &bench,
            "{instrument: grid, fault: late-reply, delay: 700 ms, count: 1}",
        );
        let mut grid = bench.connect("grid").expect("a stream");
        grid.write_all(b"VOLT:AC?\n").await.expect("written");
        bench.advance_to(Duration::from_millis(500));
        grid.write_all(b"FREQ?\n").await.expect("written");
        bench.advance_to(Duration::from_millis(699));
        let early = timeout(Duration::from_millis(50), grid.read_u8()).await;
        assert!(early.is_err(), "{early:?}");
        bench.advance_to(Duration::from_millis(700));
        assert_eq!(line(&mut grid).await, "0.0");
        assert_eq!(line(&mut grid).await, "50.00");
    });
}

#[test]
fn time_moves_to_the_reply_a_client_waits_for_but_not_beyond_its_patience() {
    run(async {
        let bench = bench_with(SAJ, 1);
        bench.answer_waits(Duration::from_secs(2));
        inject(
            &bench,
            "{instrument: grid, fault: late-reply, delay: 700 ms, count: 1}",
        );
        let mut grid = bench.connect("grid").expect("a stream");
        grid.write_all(b"VOLT:AC?\n").await.expect("written");
        assert_eq!(line(&mut grid).await, "0.0");
        assert_eq!(bench.now(), Duration::from_millis(700));
        inject(
            &bench,
            "{instrument: grid, fault: late-reply, delay: 3 s, count: 1}",
        );
        grid.write_all(b"VOLT:AC?\n").await.expect("written");
        let reply = timeout(Duration::from_millis(50), grid.read_u8()).await;
        assert!(reply.is_err(), "{reply:?}");
        let mut meter = bench.connect("analyser").expect("a stream");
        meter
            .write_all(b":COMM:HEAD OFF;:STAT:FILT1 FALL;:COMM:WAIT 1;:RATE?\n")
            .await
            .expect("written");
        assert_eq!(line(&mut meter).await, "500.00E-03");
    });
}

#[test]
fn lost_and_spoilt_replies() {
    run(async {
        let bench = bench_with(SAJ, 1);
        for (fault, nothing) in [
            ("drop-reply", true),
            ("truncate-reply", false),
            ("garbage-reply", false),
        ] {
            inject(
                &bench,
                &format!("{{instrument: pv, fault: {fault}, count: 1}}"),
            );
            let mut pv = bench.connect("pv").expect("a stream");
            pv.write_all(b"*IDN?\r").await.expect("written");
            let mut bytes = [0; 200];
            let got = timeout(Duration::from_millis(50), pv.read(&mut bytes)).await;
            assert_eq!(got.is_err(), nothing, "{fault}");
            let got = got.map_or(0, |read| read.expect("bytes"));
            assert!(!bytes[..got].ends_with(b"2.10\r"), "{fault}");
            pv.write_all(b"SYST:ERR?\r").await.expect("written");
            let got = pv.read(&mut bytes).await.expect("a reply");
            assert_eq!(
                bytes[..got],
                *b"0,\"No error\"\r",
                "{fault}: only one reply"
            );
        }
        assert!(bench.faults().iter().all(|f| f.phase == FaultPhase::Over));
    });
}

#[test]
fn a_reset_ends_connections_and_a_longer_one_refuses_new_ones() {
    run(async {
        let bench = bench_with(SAJ, 1);
        let mut pv = bench.connect("pv").expect("a stream");
        let mut grid = bench.connect("grid").expect("a stream");
        inject(
            &bench,
            "{at: 1 s, during: 1 s, instrument: pv, fault: reset-connection}",
        );
        bench.advance_to(Duration::from_secs(1));
        let ended = async |stream: &mut tokio::io::DuplexStream| {
            let mut bytes = [0; 1];
            stream.read(&mut bytes).await.is_ok_and(|read| read == 0)
        };
        assert!(ended(&mut pv).await);
        let mut again = bench.connect("pv").expect("a stream");
        assert!(ended(&mut again).await);
        grid.write_all(b"FREQ?\n").await.expect("written");
        assert_eq!(line(&mut grid).await, "50.00");
        bench.advance_to(Duration::from_secs(2));
        let mut later = bench.connect("pv").expect("a stream");
        later.write_all(b"SYST:ERR?\r").await.expect("written");
        assert_eq!(later.read_u8().await.expect("a byte"), b'0');
    });
}

#[test]
fn silence_ends_with_its_time() {
    run(async {
        let bench = bench_with(SAJ, 1);
        inject(&bench, "{during: 3 s, instrument: dut, fault: silence}");
        let mut dut = bench.connect("dut").expect("a stream");
        let mut request = vec![1, 3, 0x40, 0x04, 0, 1];
        request.extend(crate::modbus::rtu::crc(&request).to_le_bytes());
        dut.write_all(&request).await.expect("written");
        let reply = timeout(Duration::from_millis(50), dut.read_u8()).await;
        assert!(reply.is_err(), "{reply:?}");
        bench.advance_to(Duration::from_secs(3));
        dut.write_all(&request).await.expect("written");
        let mut reply = [0; 7];
        dut.read_exact(&mut reply).await.expect("a reply");
        assert_eq!(reply[..3], [1, 3, 2]);
    });
}

#[test]
fn a_welded_output_stays_live_until_it_is_mended() {
    let bench = energised(1);
    inject(
        &bench,
        "{during: 5 s, instrument: grid, fault: stuck-closed}",
    );
    let mut grid = Talk::new(&bench, "grid");
    grid.set("SYST:ERR?", &["OUTP OFF", "OUTP:REL OFF"]);
    advance(&bench, 1.0);
    assert_eq!(grid.say("OUTP?"), "0\n", "it believes that it is off");
    let state = bench.true_state();
    assert!(state.grid_output && state.pcc_v > 229.0);
    let measured: f64 = grid.say("MEAS:VOLT:ACDC?").trim().parse().expect("volts");
    assert!(measured > 229.0, "and measures that it is not");
    assert!(!bench.all_sources_off());
    advance(&bench, 4.0);
    assert!(bench.all_sources_off(), "mended, it follows its last order");
}

#[test]
fn contacts_that_stick() {
    let bench = energised(1);
    for fault in [
        "{instrument: island-load, contact: s1, fault: stuck-closed}",
        "{instrument: island-load, contact: load, fault: stuck-open}",
        "{instrument: backup-load, contact: load, fault: stuck-open}",
        "{instrument: pv, fault: stuck-open}",
        "{instrument: battery, fault: stuck-open}",
        "{instrument: dred-a, relay: 0, fault: stuck-open}",
    ] {
        inject(&bench, fault);
    }
    let mut load = Talk::new(&bench, "island-load");
    load.set(
        "SYST:ERR?",
        &[
            "PHASE1:RLOAD 1000;RLOADE ON",
            "FUNC:S1 OFF",
            "FUNC:SLOAD ON",
        ],
    );
    Talk::new(&bench, "backup-load").set(
        "SYST:ERR?",
        &["PHASE1:RLOAD 1000;RLOADE ON", "FUNC:SLOAD ON"],
    );
    Talk::new(&bench, "battery").set("SYST:ERR?", &["SYST:REM", "VOLT 51", "OUTP ON"]);
    Talk::new(&bench, "pv").bytes(b"OUTP ON,(@1)\r");
    // both relays of DRM0 and DRM1 are told to close
    Talk::new(&bench, "dred-a").bytes(&[0, 1, 0, 0, 0, 6, 1, 6, 1, 0x2e, 0, 0b11]);
    advance(&bench, 1.0);
    let state = bench.true_state();
    assert!(state.grid_switch && !state.island_load_switch && !state.backup_load);
    assert!(!state.pv_on && !state.battery_on);
    assert_eq!(state.drm_pins, [(1, 6)], "relay 0 does not close");
    inject(
        &bench,
        "{during: 2 s, instrument: dred-a, relay: 1, fault: stuck-closed}",
    );
    Talk::new(&bench, "dred-a").bytes(&[0, 1, 0, 0, 0, 6, 1, 6, 1, 0x2e, 0, 0]);
    advance(&bench, 1.0);
    assert_eq!(bench.true_state().drm_pins, [(1, 6)], "relay 1 is welded");
    advance(&bench, 1.0);
    assert!(bench.true_state().drm_pins.is_empty());
}

#[test]
fn a_welded_relay_of_the_dut_stays_closed() {
    let bench = bench_with(AUX, 1);
    Talk::new(&bench, "grid").set("SYST:ERR?", &["VOLT:AC 230", "OUTP:REL ON", "OUTP ON"]);
    Talk::new(&bench, "pv").bytes(b"OUTP ON,(@1)\r");
    advance(&bench, 90.0);
    assert!(bench.true_state().dut_relay);
    inject(&bench, "{instrument: dut, fault: stuck-closed}");
    Talk::new(&bench, "grid").set("SYST:ERR?", &["OUTP OFF"]);
    advance(&bench, 5.0);
    assert!(bench.true_state().dut_relay);
}

#[test]
fn a_source_that_trips_says_so_in_its_own_words() {
    let bench = energised(1);
    inject(&bench, "{at: 2 s, instrument: grid, fault: source-trip}");
    advance(&bench, 1.5);
    let mut grid = Talk::new(&bench, "grid");
    assert!(!bench.true_state().grid_output);
    assert_eq!(grid.say("OUTP?"), "0\n");
    assert_eq!(grid.say("STAT:QUES:COND?"), "2\n");
    assert!(grid.say("SYST:ERR?").starts_with("-240,"));
    assert_eq!(grid.say("OUTP ON"), "");
    assert!(
        grid.say("SYST:ERR?").starts_with("-240,"),
        "not before it is cleared"
    );
    grid.set("SYST:ERR?", &["OUTP:PROT:CLE", "OUTP ON"]);
    assert_eq!(grid.say("STAT:QUES:COND?"), "0\n");
    advance(&bench, 1.0);
    assert!(bench.true_state().grid_output);
    for (name, error_query) in [("pv", "SYST:ERR?\r"), ("battery", "SYST:ERR?\n")] {
        inject(
            &bench,
            &format!("{{instrument: {name}, fault: source-trip}}"),
        );
        let reply = Talk::new(&bench, name).bytes(error_query.as_bytes());
        assert!(reply.starts_with(b"-240,"), "{name}");
    }
}

#[test]
fn a_meter_that_drifts_leaves_its_specification() {
    let bench = energised(1);
    let mut meter = Talk::new(&bench, "analyser");
    meter.set(
        ":STAT:ERR?",
        &[":COMM:HEAD OFF", ":RATE 200MS", ":NUM:NORM:ITEM1 U,1"],
    );
    inject(
        &bench,
        "{at: 2 s, during: 20 s, instrument: analyser, fault: meter-drift, quantity: voltage, step: 1 %, drift: 0.1 %/s}",
    );
    let mut ratio = |seconds: f64| {
        advance(&bench, seconds);
        let read: f64 = meter.say(":NUM:NORM:VAL? 1").trim().parse().expect("volts");
        read / bench.reading(MeterPoint::DutGrid).volts
    };
    assert!((ratio(0.9) - 1.0).abs() < 6e-4);
    let after_ten = ratio(10.1);
    assert!((after_ten - 1.01 * 1.01).abs() < 1e-3, "{after_ten}");
    assert!((ratio(11.0) - 1.0).abs() < 6e-4, "recalibrated");
}

#[test]
fn what_cannot_happen_here_is_refused() {
    let bench = bench_with(SAJ, 1);
    for (text, word) in [
        ("{instrument: gird, fault: silence}", "no instrument `gird`"),
        (
            "{instrument: analyser, fault: source-trip}",
            "cannot happen",
        ),
        (
            "{instrument: island-load, fault: stuck-open}",
            "which contact",
        ),
        (
            "{instrument: dred-b, relay: 5, fault: stuck-open}",
            "wired to nothing",
        ),
        ("{instrument: dred-b, fault: stuck-open}", "which relay"),
    ] {
        let fault = parse_fault("fault", text).expect("a fault");
        let error = bench.inject(fault).expect_err(text).to_string();
        assert!(error.contains(word) && error.contains("hint: "), "{error}");
    }
    assert!(bench.faults().is_empty());
}
