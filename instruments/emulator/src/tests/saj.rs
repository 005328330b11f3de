//! What the AS1's registers make its DUT do, and RTU frames of any kind.

use proptest::prelude::*;

use super::dut::frame;
use super::{SAJ, Talk, advance, bench_with};
use crate::EmulatedBench;
use crate::modbus::rtu::crc;

fn write(dut: &mut Talk, address: u16, value: u16) -> Vec<u8> {
    let ([a, b], [c, d]) = (address.to_be_bytes(), value.to_be_bytes());
    dut.bytes(&frame(&[1, 6, a, b, c, d]))
}

pub(super) fn accepted(dut: &mut Talk, address: u16, value: u16) {
    assert_eq!(write(dut, address, value)[1], 6, "{address:#x} {value}");
}

pub(super) fn read(dut: &mut Talk, address: u16) -> u16 {
    let [a, b] = address.to_be_bytes();
    let reply = dut.bytes(&frame(&[1, 3, a, b, 0, 1]));
    assert_eq!(reply[1], 3, "{address:#x}");
    u16::from_be_bytes([reply[3], reply[4]])
}

/// Feeding 60 % of rated power, 25 s after the ramp.
fn feeding() -> (EmulatedBench, Talk) {
    let bench = bench_with(SAJ, 1);
    Talk::new(&bench, "grid").set(
        "SYST:ERR?",
        &["VOLT:AC 230", "FREQ 50", "OUTP:REL ON;STAT ON"],
    );
    Talk::new(&bench, "battery").set(
        "SYST:ERR?",
        &[
            "SYST:REM",
            "VOLT 51.2",
            "CURR:LIM 60",
            "CURR:LIM:NEG -60",
            "OUTP ON",
        ],
    );
    let mut dut = Talk::new(&bench, "dut");
    for (address, value) in [
        (0x361b, 0),
        (0x361c, 0x173b),
        (0x361d, 0x7f3c),
        (0x3605, 1),
        (0x3371, 2),
    ] {
        accepted(&mut dut, address, value);
    }
    advance(&bench, 600.0);
    assert!((bench.view().w - 1800.0).abs() < 20.0, "{}", bench.view().w);
    (bench, dut)
}

#[test]
fn limits_factor_and_trips_act() {
    let (bench, mut dut) = feeding();
    // the feed limit comes before the slot
    accepted(&mut dut, 0x3349, 1000);
    advance(&bench, 10.0);
    assert!((bench.view().w - 1000.0).abs() < 20.0);
    assert_eq!(read(&mut dut, 0x40a9), bench.view().w.round() as u16);
    assert_eq!(
        read(&mut dut, 0xa03f) as i16,
        -(bench.view().w.round() as i16)
    );
    // inductive factor of 0.9; the AS1 has volt-var on, which comes before
    accepted(&mut dut, 0x331d, 3);
    assert_eq!(write(&mut dut, 0x331e, 500)[1], 0x86, "below 0.8");
    accepted(&mut dut, 0x331e, 900);
    // over-voltage 1 at 240 V after 0.4 s
    accepted(&mut dut, 0x332d, 20);
    accepted(&mut dut, 0x3325, 2400);
    advance(&bench, 0.2);
    Talk::new(&bench, "grid").set("SYST:ERR?", &["VOLT:AC 245"]);
    advance(&bench, 0.3);
    assert_eq!(bench.view().last_trip, None);
    advance(&bench, 0.4);
    assert_eq!(bench.view().last_trip.as_deref(), Some("OV1"));
}

#[test]
fn flows_temperatures_and_the_bus_are_the_true_ones() {
    let (bench, mut dut) = feeding();
    let near = |dut: &mut Talk, address: u16, expected: f64, within: f64| {
        let value = f64::from(read(dut, address) as i16);
        let off = (value - expected).abs();
        assert!(off <= within, "{address:#x}: {value}, not {expected}");
    };
    let state = bench.true_state();
    near(&mut dut, 0x409c, 1800.0, 20.0);
    near(&mut dut, 0x409d, 0.0, 20.0);
    near(&mut dut, 0x40a1, -state.source_w, 1.0);
    near(&mut dut, 0x4067, 10.0 * state.dc_link_v, 1.0);
    assert_eq!(read(&mut dut, 0xa03c), 1);
    // a load of the site takes all of it, and the rest from the grid
    Talk::new(&bench, "island-load").set(
        "SYST:ERR?",
        &["PHASE1:RLOAD 2500", "PHASE1:RLOADE ON", "FUNC:SLOAD ON"],
    );
    Talk::new(&bench, "chamber").say("TEMP,S35");
    Talk::new(&bench, "chamber").say("MODE,CONSTANT");
    advance(&bench, 600.0);
    let state = bench.true_state();
    let load = 2500.0 * (state.pcc_v / 230.0).powi(2);
    near(&mut dut, 0x40a0, load, 20.0);
    near(&mut dut, 0x409a, load - 1800.0, 30.0);
    near(&mut dut, 0x409d, 1800.0, 20.0);
    near(&mut dut, 0x409c, 0.0, 0.0);
    near(&mut dut, 0x40a1, -state.source_w, 1.0);
    assert!(state.ambient_c > 30.0, "{}", state.ambient_c);
    near(&mut dut, 0x406e, 10.0 * state.ambient_c, 1.0);
    near(&mut dut, 0xa010, 10.0 * state.ambient_c, 1.0);
    // charging comes from the grid
    accepted(&mut dut, 0x3371, 3);
    advance(&bench, 30.0);
    near(&mut dut, 0x409f, -bench.view().w, 1.0);
    near(&mut dut, 0x409a, load, 60.0);
    near(&mut dut, 0x40a0, load, 60.0);
}

/// Without its battery the unit lives on the grid, in front of its open relay: every meter shows it.
#[test]
fn standby_comes_from_the_grid_where_nothing_else_gives_it() {
    let bench = bench_with(SAJ, 1);
    Talk::new(&bench, "grid").set(
        "SYST:ERR?",
        &["VOLT:AC 230", "FREQ 50", "OUTP:REL ON;STAT ON"],
    );
    advance(&bench, 10.0);
    let state = bench.true_state();
    assert!(!state.dut_relay);
    let standby = 10.0;
    assert!((state.dut_w + standby).abs() < 0.01, "{}", state.dut_w);
    assert!((state.source_w - standby).abs() < 0.2, "{}", state.source_w);
    let mut dut = Talk::new(&bench, "dut");
    assert_eq!(read(&mut dut, 0x4035) as i16, -10);
    assert_eq!(read(&mut dut, 0xa03f) as i16, 10);
    assert_eq!(read(&mut dut, 0x409f), 0, "nothing is charged");
    // with a battery it takes nothing
    Talk::new(&bench, "battery").set(
        "SYST:ERR?",
        &["SYST:REM", "VOLT 51.2", "CURR:LIM 60", "OUTP ON"],
    );
    advance(&bench, 1.0);
    assert_eq!(bench.true_state().dut_w, 0.0);
    assert_eq!(read(&mut dut, 0x4035), 0);
}

#[test]
fn without_eps_a_blackout_is_dark() {
    for (eps, dark) in [(1, false), (0, true)] {
        let (bench, mut dut) = feeding();
        Talk::new(&bench, "backup-load").set(
            "SYST:ERR?",
            &["PHASE1:RLOAD 1500", "PHASE1:RLOADE ON", "FUNC:SLOAD ON"],
        );
        accepted(&mut dut, 0x3372, eps);
        advance(&bench, 0.5);
        Talk::new(&bench, "grid").set("SYST:ERR?", &["OUTP:REL OFF"]);
        advance(&bench, 5.0);
        assert_eq!(bench.true_state().backup_v < 5.0, dark);
        assert_eq!(read(&mut dut, 0x4004), if dark { 5 } else { 3 });
        assert_eq!(write(&mut dut, 0x3372, 2)[1], 0x86);
    }
}

#[test]
fn the_backup_mode_charges() {
    let (bench, mut dut) = feeding();
    accepted(&mut dut, 0x3371, 3);
    advance(&bench, 30.0);
    assert!(bench.view().w < -1000.0, "{}", bench.view().w);
    accepted(&mut dut, 0x3377, 40);
    advance(&bench, 30.0);
    assert!(
        bench.view().w.abs() < 50.0,
        "retained already: {}",
        bench.view().w
    );
}

/// User mode 1 serves the loads behind the meter and buys nothing; mode 4 leaves the battery alone.
#[test]
fn the_user_modes_serve_or_leave_the_site() {
    let (bench, mut dut) = feeding();
    Talk::new(&bench, "island-load").set(
        "SYST:ERR?",
        &["PHASE1:RLOAD 1200", "PHASE1:RLOADE ON", "FUNC:SLOAD ON"],
    );
    let metered = |dut: &mut Talk| f64::from(read(dut, 0xa03f) as i16);
    accepted(&mut dut, 0x3371, 1);
    advance(&bench, 10.0);
    assert_eq!(bench.full_state().dut_working_mode, "self-consumption");
    assert!(metered(&mut dut).abs() < 15.0, "{}", metered(&mut dut));
    assert!((bench.view().w - 1200.0).abs() < 30.0, "{}", bench.view().w);
    accepted(&mut dut, 0x3371, 4);
    advance(&bench, 10.0);
    assert!(bench.view().w.abs() < 5.0);
    assert!((metered(&mut dut) - 1200.0).abs() < 30.0);
}

#[test]
fn silence_ends_a_frame() {
    let bench = bench_with(SAJ, 1);
    let mut dut = Talk::new(&bench, "dut");
    let good = frame(&[1, 3, 0x40, 0x04, 0, 1]);
    assert_eq!(dut.bytes(&good[..5]), [0u8; 0]);
    advance(&bench, 0.03);
    // what was cut is gone; alone the rest is nothing
    assert_eq!(dut.bytes(&good[5..]), [0u8; 0]);
    advance(&bench, 0.03);
    assert_eq!(dut.bytes(&good).len(), 7);
    let moved = frame(&[1, 6, 0x36, 0x33, 0, 5]);
    assert_eq!(dut.bytes(&moved), moved);
    assert_eq!(dut.bytes(&good), [0u8; 0]);
    assert_eq!(dut.bytes(&frame(&[5, 3, 0x40, 0x04, 0, 1]))[0], 5);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Any frame with a good sum gets one sound reply, anything else none.
    #[test]
    fn frames_are_answered_soundly(
        pdus in proptest::collection::vec(
            (1u8..30, proptest::collection::vec(any::<u8>(), 0..30), any::<bool>()), 1..20
        )
    ) {
        let bench = bench_with(SAJ, 1);
        let mut dut = Talk::new(&bench, "dut");
        for (function, rest, spoil) in pdus {
            let mut body = vec![1, function];
            body.extend(rest);
            let mut bytes = frame(&body);
            if spoil {
                bytes[1] ^= 0x40;
            }
            let reply = dut.bytes(&bytes);
            if spoil {
                prop_assert!(reply.is_empty());
            }
            if !reply.is_empty() {
                let (body, sum) = reply.split_at(reply.len() - 2);
                prop_assert_eq!(crc(body).to_le_bytes(), [sum[0], sum[1]]);
                prop_assert!(body[1] & 0x7f == function);
            }
            advance(&bench, 0.03);
        }
    }
}

#[test]
fn energy_counters_follow_battery_and_grid() {
    let (bench, mut dut) = feeding();
    let mut counted = |first: u16| {
        let total = first + 6;
        f64::from(read(&mut dut, total)) * 65_536.0 + f64::from(read(&mut dut, total + 1))
    };
    let before = [counted(0x40c7), counted(0x40cf), counted(0x40d7)];
    advance(&bench, 7200.0);
    let after = [counted(0x40c7), counted(0x40cf), counted(0x40d7)];
    // 0.01 kWh each
    let truth = |watts: f64| watts * 2.0 / 10.0;
    let (delivered, discharged) = (after[2] - before[2], after[1] - before[1]);
    assert!(
        (delivered - truth(bench.view().w)).abs() <= 2.0,
        "{delivered}"
    );
    let battery = truth(bench.view().battery_w);
    assert!(
        (discharged - battery).abs() <= 2.0,
        "{discharged} {battery}"
    );
    assert!(discharged > delivered, "the inverter has losses");
    assert_eq!(after[0], before[0], "nothing was charged");
}

/// W of the flow registers beside the counters of their integrals: power, counter, sign of the power.
const COUNTED: [(u16, u16, f64); 7] = [
    (0x409a, 0x4107, 1.0),
    (0x409c, 0x4117, 1.0),
    (0x409d, 0x411f, 1.0),
    (0x409f, 0x412f, 1.0),
    (0x40a0, 0x40df, 1.0),
    // what goes into the grid, and what comes from it
    (0x40a1, 0x40ef, 1.0),
    (0x40a1, 0x40f7, -1.0),
];

/// Counts of 0.01 kWh since power-on.
fn total(dut: &mut Talk, first: u16) -> f64 {
    counts(dut, first + 6)
}

fn counts(dut: &mut Talk, high: u16) -> f64 {
    f64::from(read(dut, high)) * 65_536.0 + f64::from(read(dut, high + 1))
}

/// An hour each of serving a load and feeding the rest, of serving a part of a load, and of charging
/// beside a load: every counter moves by the power that its register shows, and what the load took came
/// from battery and grid.
#[test]
fn counters_of_flows_are_their_integrals() {
    let (bench, mut dut) = feeding();
    let mut load = Talk::new(&bench, "island-load");
    load.set("SYST:ERR?", &["FUNC:SLOAD ON"]);
    Talk::new(&bench, "backup-load").set(
        "SYST:ERR?",
        &["PHASE1:RLOAD 300", "PHASE1:RLOADE ON", "FUNC:SLOAD ON"],
    );
    // load, user mode, and what must then be counted at least: grid to and from, battery to and from
    for (watts, mode, moving) in [
        (1000, 2, [0x4117, 0x411f, 0x40ef]),
        (2500, 2, [0x4107, 0x411f, 0x40f7]),
        (1000, 3, [0x4107, 0x412f, 0x40f7]),
    ] {
        load.set(
            "SYST:ERR?",
            &[&format!("PHASE1:RLOAD {watts}"), "PHASE1:RLOADE ON"],
        );
        accepted(&mut dut, 0x3371, mode);
        advance(&bench, 120.0);
        let shown = |dut: &mut Talk| COUNTED.map(|(power, ..)| f64::from(read(dut, power) as i16));
        let before = COUNTED.map(|(_, counter, _)| total(&mut dut, counter));
        let meter = [0xa038, 0xa03a].map(|at| counts(&mut dut, at));
        let mut means = [0.0; COUNTED.len()];
        for _ in 0..30 {
            advance(&bench, 120.0);
            for (mean, watts) in means.iter_mut().zip(shown(&mut dut)) {
                *mean += watts / 30.0;
            }
        }
        for (k, (_, counter, sign)) in COUNTED.into_iter().enumerate() {
            let moved = total(&mut dut, counter) - before[k];
            // an hour of W in counts of 10 Wh; either end may be a count short
            let expected = (sign * means[k]).max(0.0) / 10.0;
            assert!(
                (moved - expected).abs() <= 1.1,
                "{counter:#x}: {moved}, not {expected}"
            );
            assert_eq!(
                moved > 20.0,
                moving.contains(&counter) || counter == 0x40df,
                "{counter:#x}: {moved} at {watts} W"
            );
        }
        // of the site, loads at the back-up port included
        let sum = |dut: &mut Talk, of: &[usize]| -> f64 {
            let of = of.iter().map(|&k| total(dut, COUNTED[k].1) - before[k]);
            of.sum()
        };
        let (loads, sources) = (sum(&mut dut, &[4]), sum(&mut dut, &[0, 2]));
        assert!((loads - sources).abs() <= 3.0, "{loads} {sources}");
        let site = (f64::from(watts) + 300.0) * (bench.true_state().pcc_v / 230.0).powi(2) / 10.0;
        assert!((loads - site).abs() <= 0.02 * site, "{loads} {site}");
        // the meter's own counters
        for (at, before, of) in [(0xa038, meter[0], 6), (0xa03a, meter[1], 5)] {
            let moved = counts(&mut dut, at) - before;
            assert_eq!(moved, sum(&mut dut, &[of]), "{at:#x}");
        }
    }
    let backup = total(&mut dut, 0x40e7);
    let expected = 300.0 * (3.0 * 3720.0 / 3600.0) / 10.0;
    assert!((backup - expected).abs() <= 2.0, "{backup} {expected}");
    // all four periods began with power-on
    for period in [0, 2, 4] {
        assert_eq!(counts(&mut dut, 0x40e7 + period), backup);
    }
    assert_eq!(total(&mut dut, 0x40ff), 0.0, "there is no PV");
}
