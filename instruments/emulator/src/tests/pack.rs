//! The battery pack on the DUT's port: what the bus says of it is what it is, and what the DUT makes
//! of it.

use gridproof_model::behaviour::{Behaviour, Pack};
use gridproof_model::load::{self, parse_fault};
use gridproof_model::quantity::{Ratio, Seconds};

use super::dut::{frame, model, write};
use super::meters::frames;
use super::{SAJ, Talk, advance, codes, fixture, profile};
use crate::EmulatedBench;
use crate::control::State;

const GROWATT: &str = "reference-growatt-6k5";

/// The Growatt pack at a state of charge, the grid there.
fn bench_at(soc: f64, pack: Pack) -> (EmulatedBench, Talk) {
    bench_speaking("growatt-can", soc, pack)
}

/// The pack with a management system of a model.
fn bench_speaking(model: &str, soc: f64, pack: Pack) -> (EmulatedBench, Talk) {
    let text = fixture("benches/embedded-d.yaml")
        .replace("model: growatt-can", &format!("model: {model}"));
    let bench = load::parse_bench("embedded-d", &text).expect("good");
    let dut = profile(GROWATT);
    let over = Behaviour {
        pack: Some(Pack {
            state_of_charge: Some(Ratio(soc)),
            ..pack
        }),
        ..Behaviour::default()
    };
    let behaviour = dut.behaviour.overlaid_with(&over);
    let bench = EmulatedBench::new(&bench, &dut, &behaviour, &codes(), 1).expect("a bench");
    Talk::new(&bench, "grid").set(
        "SYST:ERR?",
        &["VOLT:AC 230", "FREQ 50", "OUTP:REL ON;STAT ON"],
    );
    let dut = Talk::new(&bench, "dut");
    advance(&bench, 61.0);
    (bench, dut)
}

/// Commands power, > 0 discharges.
fn command(dut: &mut Talk, watts: i32) {
    let [a, b] = [(watts >> 16) as u16, watts as u16];
    for (offset, values) in [(23, [1, a, b].as_slice()), (22, &[1])] {
        assert_eq!(write(dut, model(704) + offset, values)[0], 16);
    }
}

fn state(bench: &EmulatedBench) -> State {
    bench.full_state()
}

/// What the bus said last under an identifier.
fn listen(bench: &EmulatedBench, adapter: &mut Talk, id: u32) -> Vec<u16> {
    adapter.bytes(b"");
    advance(bench, 1.0);
    let heard = frames(&adapter.bytes(b""));
    let last = heard
        .iter()
        .rev()
        .find(|frame| frame.0 == id)
        .expect("sent");
    last.1
        .chunks_exact(2)
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
        .collect()
}

fn fault(bench: &EmulatedBench, text: &str) {
    bench
        .inject(parse_fault("fault", text).expect("a fault"))
        .expect("possible");
}

#[test]
fn the_bus_tells_the_true_state_of_the_pack() {
    let (bench, mut dut) = bench_at(0.6, Pack::default());
    let mut adapter = Talk::new(&bench, "bms");
    adapter.bytes(b"S6\rO\r");
    for watts in [3000, -3000] {
        command(&mut dut, watts);
        advance(&bench, 600.0);
        let cells = listen(&bench, &mut adapter, 0x315);
        let measured = listen(&bench, &mut adapter, 0x313);
        let limits = listen(&bench, &mut adapter, 0x311);
        let now = state(&bench);
        let near = |raw: u16, step: f64, value: f64| {
            let shown = f64::from(raw as i16) * step;
            assert!((shown - value).abs() < 1.5 * step, "{shown} {value}");
        };
        near(measured[0], 0.01, now.battery_v);
        near(measured[1], 0.1, -now.battery_a);
        near(measured[3] >> 8, 0.01, now.battery_soc_pu);
        near(cells[0], 1e-3, now.pack_cell_max_v.expect("a pack"));
        near(cells[1], 1e-3, now.pack_cell_min_v.expect("a pack"));
        near(limits[1], 0.1, now.pack_charge_limit_a.expect("a pack"));
        near(limits[2], 0.1, now.pack_discharge_limit_a.expect("a pack"));
        assert!(now.battery_a.abs() > 50.0 && cells[0] > cells[1]);
        assert_eq!(now.battery_a > 0.0, watts > 0);
        let spread = now
            .pack_cell_max_v
            .zip(now.pack_cell_min_v)
            .map(|(most, least)| most - least);
        near(
            listen(&bench, &mut adapter, 0x314)[2],
            1e-3,
            spread.expect("a pack"),
        );
        // sixteen cells are the pack
        let others = listen(&bench, &mut adapter, 0x316)[0];
        let sum = f64::from(cells[0]) + f64::from(cells[1]) + 14.0 * f64::from(others);
        assert!((sum * 1e-3 - now.battery_v).abs() < 0.02);
    }
}

/// At rest, discharging and charging, and with a cell too high.
#[test]
fn a_pylontech_pack_tells_its_true_state() {
    let slow = Pack {
        limits_follow: Some(Seconds(3600.0)),
        ..Pack::default()
    };
    let (bench, mut dut) = bench_speaking("pylontech-can", 0.9, slow);
    let mut adapter = Talk::new(&bench, "bms");
    adapter.bytes(b"S6\rO\r");
    for (watts, seconds) in [(0, 60.0), (3000, 300.0), (-3000, 300.0), (-3300, 2400.0)] {
        command(&mut dut, watts);
        advance(&bench, seconds);
        let mut words = |id: u32| -> Vec<u16> {
            listen(&bench, &mut adapter, id)
                .into_iter()
                .map(u16::swap_bytes)
                .collect()
        };
        let (limits, charge, measured) = (words(0x351), words(0x355), words(0x356));
        let (flags, permits) = (words(0x359), words(0x35c));
        let now = state(&bench);
        let near = |raw: u16, step: f64, value: f64| {
            let shown = f64::from(raw as i16) * step;
            assert!(
                (shown - value).abs() < 1.5 * step,
                "{watts} W: {shown} {value}"
            );
        };
        near(measured[0], 0.01, now.battery_v);
        near(measured[1], 0.1, -now.battery_a);
        near(charge[0], 0.01, now.battery_soc_pu);
        near(limits[1], 0.1, now.pack_charge_limit_a.expect("a pack"));
        near(limits[2], 0.1, now.pack_discharge_limit_a.expect("a pack"));
        let over = now.pack_protections == ["cell-over-voltage"];
        assert_eq!(
            flags[0],
            if over { 0x0002 } else { 0 },
            "{:?}",
            now.pack_protections
        );
        assert_eq!(permits[0] & 0x40, 0x40, "discharging is permitted");
        assert_eq!(permits[0] & 0x80 != 0, limits[1] > 0, "charging {limits:?}");
        assert_eq!(watts == -3300, over, "only the last step overcharges");
        if watts == 3000 {
            assert!((measured[1] as i16) < -500, "discharging is negative");
        }
    }
}

/// Charged to its end, the reported limit falls and the DUT's power with it, without a protection.
#[test]
fn the_dut_follows_the_charging_limit() {
    let (bench, mut dut) = bench_at(0.95, Pack::default());
    command(&mut dut, -3300);
    advance(&bench, 600.0);
    let mut before = 64.0;
    let mut tapered = 0;
    for _ in 0..180 {
        advance(&bench, 20.0);
        let now = state(&bench);
        let limit = now.pack_charge_limit_a.expect("a pack");
        assert!(limit <= before + 0.01, "{limit} {before}");
        assert!(-now.battery_a <= limit + 0.5, "{} {limit}", now.battery_a);
        assert!(now.pack_protections.is_empty());
        tapered += u32::from((1.0..50.0).contains(&limit));
        before = limit;
    }
    assert!(tapered > 5 && before < 2.0, "{tapered} {before}");
    assert!(state(&bench).battery_soc_pu > 0.985);
}

/// A DUT that takes an hour to follow overcharges a cell; the pack opens, the bus says so.
#[test]
fn a_dut_that_does_not_follow_meets_the_protection() {
    let slow = Pack {
        limits_follow: Some(Seconds(3600.0)),
        ..Pack::default()
    };
    let (bench, mut dut) = bench_at(0.95, slow);
    let mut adapter = Talk::new(&bench, "bms");
    adapter.bytes(b"S6\rO\r");
    command(&mut dut, -3300);
    advance(&bench, 1500.0);
    let now = state(&bench);
    assert_eq!(now.pack_protections, ["cell-over-voltage"]);
    // its own consumption the DUT still takes from the battery
    assert!((0.0..1.0).contains(&now.battery_a) && now.dut_w.abs() < 30.0);
    let flags = listen(&bench, &mut adapter, 0x312);
    assert_eq!(flags[0], 0x0200, "over-voltage protection");
    // status: charging is not permitted, discharging is
    assert_eq!(listen(&bench, &mut adapter, 0x311)[3] & 0x60, 0x40);
    command(&mut dut, 2000);
    advance(&bench, 300.0);
    let now = state(&bench);
    assert!(now.battery_a > 30.0 && now.pack_protections.is_empty());
}

/// 30 s after its last message the DUT leaves the pack alone, an hour after it the pack is off; the
/// DUT wakes it from the grid and uses it again.
#[test]
fn silence_stops_the_dut_and_the_pack_powers_off() {
    let (bench, mut dut) = bench_at(0.5, Pack::default());
    let mut adapter = Talk::new(&bench, "bms");
    adapter.bytes(b"S6\rO\r");
    command(&mut dut, 2000);
    advance(&bench, 400.0);
    assert!((state(&bench).dut_w - 2000.0).abs() < 60.0);
    fault(&bench, "{instrument: bms, fault: silence, during: 3590 s}");
    adapter.bytes(b"");
    advance(&bench, 28.0);
    assert!(state(&bench).dut_w > 1900.0);
    advance(&bench, 5.0);
    let now = state(&bench);
    assert!(
        now.dut_w.abs() < 30.0 && now.battery_a.abs() < 1.0,
        "{now:?}"
    );
    assert_eq!(now.pack_heard, Some(false));
    assert_eq!(frames(&adapter.bytes(b"")), []);
    // it comes back before the hour is over
    advance(&bench, 3600.0);
    assert!((state(&bench).dut_w - 2000.0).abs() < 60.0);
    assert!(!frames(&adapter.bytes(b"")).is_empty());
    fault(&bench, "{instrument: bms, fault: silence, during: 2 h}");
    advance(&bench, 3605.0);
    assert_eq!(state(&bench).pack_on, Some(false));
    assert_eq!(state(&bench).battery_v, 0.0);
    advance(&bench, 60.0);
    assert_eq!(state(&bench).pack_on, Some(true), "woken from the grid");
    assert!(state(&bench).dut_w.abs() < 30.0, "still nothing heard");
    advance(&bench, 4000.0);
    let now = state(&bench);
    assert!((now.dut_w - 2000.0).abs() < 60.0, "{now:?}");
}

/// On the battery alone it stops drawing and answering; the grid wakes it.
#[test]
fn a_shutdown_ends_the_communication() {
    let text = fixture("benches/embedded-d.yaml");
    let bench = load::parse_bench("embedded-d", &text).expect("good");
    let dut = profile(SAJ);
    let over = Behaviour {
        standby_shutdown: Some(Seconds(300.0)),
        ..Behaviour::default()
    };
    let behaviour = dut.behaviour.overlaid_with(&over);
    let bench = EmulatedBench::new(&bench, &dut, &behaviour, &codes(), 1).expect("a bench");
    let mut dut = Talk::new(&bench, "dut");
    let mut answers = || dut.bytes(&frame(&[1, 3, 0x40, 0x04, 0, 1])).len();
    advance(&bench, 299.0);
    assert_eq!((answers(), state(&bench).dut_state), (7, "standby"));
    assert!((state(&bench).battery_w - 10.0).abs() < 1e-6);
    advance(&bench, 2.0);
    assert_eq!((answers(), state(&bench).dut_state), (0, "off"));
    assert_eq!(state(&bench).battery_w, 0.0);
    Talk::new(&bench, "grid").set("SYST:ERR?", &["VOLT:AC 230", "OUTP:REL ON;STAT ON"]);
    advance(&bench, 1.0);
    assert_eq!((answers(), state(&bench).dut_state), (7, "waiting"));
}

#[test]
fn without_a_pack_the_state_has_none() {
    let bench = super::bench_with(SAJ, 1);
    assert_eq!(state(&bench).pack_on, None);
}
