//! What the registers of the H2 family show of their DUT, and what they make it do.

use gridproof_plant::Fault;
use gridproof_plant::input::{Input, WorkingMode};
use proptest::prelude::*;

use super::dut::{read, tcp};
use super::{HS2, Talk, advance, bench_with};
use crate::EmulatedBench;

const APP_MODE: u16 = 0x3647;

fn write(dut: &mut Talk, address: u16, value: u16) -> Vec<u8> {
    let ([a, b], [c, d]) = (address.to_be_bytes(), value.to_be_bytes());
    tcp(dut, &[6, a, b, c, d])
}

fn accepted(dut: &mut Talk, address: u16, value: u16) {
    assert_eq!(write(dut, address, value)[0], 6, "{address:#x} {value}");
}

fn one(dut: &mut Talk, address: u16) -> u16 {
    read(dut, address, 1)[0]
}

fn signed(dut: &mut Talk, address: u16) -> i16 {
    one(dut, address).cast_signed()
}

/// On the grid with its own battery, after the ramp.
fn running(dut: &str) -> (EmulatedBench, Talk) {
    let bench = bench_with(dut, 1);
    Talk::new(&bench, "grid").set(
        "SYST:ERR?",
        &["VOLT:AC 230", "FREQ 50", "OUTP:REL ON;STAT ON"],
    );
    let dut = Talk::new(&bench, "dut");
    advance(&bench, 500.0);
    (bench, dut)
}

fn passive(dut: &mut Talk, command: u16, permille: u16) {
    let power = if command == 1 { 0x3638 } else { 0x3637 };
    for (address, value) in [(power, permille), (0x3636, command), (APP_MODE, 3)] {
        accepted(dut, address, value);
    }
}

#[rstest::rstest]
#[case("saj-hs2-5k-s2", 0x5c, "HS2-5K-S2")]
#[case("saj-as2-5k-s", 0x55, "AS2-5K-S")]
fn it_says_what_it_is(#[case] name: &str, #[case] device: u16, #[case] model: &str) {
    let (_, mut dut) = running(name);
    assert_eq!(one(&mut dut, 0x8f00), device);
    let text: Vec<u8> = read(&mut dut, 0x8f0d, 10)
        .into_iter()
        .flat_map(u16::to_be_bytes)
        .filter(|byte| *byte != 0)
        .collect();
    assert_eq!(String::from_utf8(text).unwrap(), model);
    assert_eq!(one(&mut dut, 0x4004), 2, "running");
    assert_eq!(one(&mut dut, APP_MODE), 0, "self-use");
}

/// Powers of the passive mode in ‰ of 5 kW, and what the realtime block shows of them.
#[test]
fn the_passive_mode_exchanges_power() {
    let (bench, mut dut) = running(HS2);
    for (command, permille, watts) in [(1, 600, 3000.0), (2, 400, -2000.0), (0, 400, 0.0)] {
        passive(&mut dut, command, permille);
        advance(&bench, 60.0);
        let view = bench.view();
        assert!((view.w - watts).abs() < 60.0, "{watts}: {}", view.w);
        assert_eq!(signed(&mut dut, 0x40a9), view.w.round() as i16);
        // the meter counts what is bought
        assert!((f64::from(signed(&mut dut, 0x40ad)) + view.w).abs() < 20.0);
        assert_eq!(signed(&mut dut, 0x40a6), view.battery_w.round() as i16);
        let direction = signed(&mut dut, 0x4096);
        let expected = if view.battery_w > 1.0 { 1 } else { -1 };
        assert!(
            direction == expected || view.battery_w.abs() < 1.0,
            "{direction}"
        );
    }
}

/// Limits come before commands, stop before all.
#[test]
fn limits_and_stop_act() {
    let (bench, mut dut) = running(HS2);
    passive(&mut dut, 1, 800);
    accepted(&mut dut, 0x3650, 300);
    advance(&bench, 30.0);
    assert!((bench.view().w - 1500.0).abs() < 60.0, "{}", bench.view().w);
    accepted(&mut dut, 0x3650, 1100);
    advance(&bench, 30.0);
    assert!((bench.view().w - 4000.0).abs() < 60.0);
    // the export limit counts once its mode does
    accepted(&mut dut, 0x365a, 500);
    advance(&bench, 10.0);
    assert!((bench.view().w - 4000.0).abs() < 60.0);
    accepted(&mut dut, 0x365c, 1);
    advance(&bench, 30.0);
    assert!((bench.view().w - 2500.0).abs() < 60.0, "{}", bench.view().w);
    accepted(&mut dut, 0x3677, 1);
    advance(&bench, 2.0);
    assert!(!bench.true_state().dut_relay && one(&mut dut, 0x4004) != 2);
    accepted(&mut dut, 0x3677, 0);
    advance(&bench, 70.0);
    assert_eq!(one(&mut dut, 0x4004), 2);
}

/// Back-up keeps what it is told and charges with what it may.
#[test]
fn the_back_up_mode_keeps_a_charge() {
    let (bench, mut dut) = running(HS2);
    for (address, value) in [(0x3651, 80), (0x364f, 400), (APP_MODE, 2)] {
        accepted(&mut dut, address, value);
    }
    advance(&bench, 30.0);
    let wanted = WorkingMode::Backup {
        retain: 0.8,
        charge_w: 2000.0,
    };
    assert_eq!(bench.view().mode, wanted);
    assert!((bench.view().w + 2000.0).abs() < 60.0, "{}", bench.view().w);
    assert_eq!((one(&mut dut, 0x402c), one(&mut dut, 0x4022)), (80, 2));
    assert_eq!(one(&mut dut, 0x4029), 100, "charged to the end");
    assert_eq!(one(&mut dut, 0x402b), 20, "discharged to here");
    assert_eq!(one(&mut dut, 0x4011), 250, "ambient in 0.1 °C");
}

/// Between the slots both switches must be on for self-use.
#[test]
fn outside_of_the_slots() {
    let (bench, mut dut) = running(HS2);
    accepted(&mut dut, APP_MODE, 1);
    for (outside, battery, mode) in [
        (1, 0, WorkingMode::FollowSource),
        (0, 1, WorkingMode::FollowSource),
        (1, 1, WorkingMode::SelfConsumption),
    ] {
        accepted(&mut dut, 0x365f, outside);
        accepted(&mut dut, 0x3660, battery);
        advance(&bench, 1.0);
        assert_eq!(bench.view().mode, mode, "{outside} {battery}");
    }
}

/// An AC-coupled unit is bound by the powers of its battery too.
#[test]
fn the_battery_binds_an_ac_coupled_unit() {
    let (bench, mut dut) = running("saj-as2-5k-s");
    accepted(&mut dut, 0x363a, 200);
    passive(&mut dut, 1, 600);
    advance(&bench, 60.0);
    assert!((bench.view().w - 1000.0).abs() < 60.0, "{}", bench.view().w);
    let (bench, mut dut) = running(HS2);
    accepted(&mut dut, 0x363a, 200);
    passive(&mut dut, 1, 600);
    advance(&bench, 60.0);
    assert!((bench.view().w - 3000.0).abs() < 60.0, "{}", bench.view().w);
}

/// Each PV input has its own registers; the load is what neither the grid nor the unit keeps.
#[test]
fn realtime_registers_are_the_true_state() {
    let (bench, mut dut) = running(HS2);
    let mut pv = Talk::new(&bench, "pv");
    for line in [
        "CURVe:VIparms 420, 6;MPPparms 350, 5;ADD \"ONE\"",
        "CURVe:VIparms 300, 5;MPPparms 240, 4;ADD \"TWO\"",
        "SOURce:CURVe \"ONE\", (@1)",
        "SOURce:CURVe \"TWO\", (@2)",
        "SOURce:IRRadiance 1000, (@1:2)",
        "SOURce:EXECute (@1,2)",
        "OUTPut:STATe ON, (@1,2)",
    ] {
        pv.bytes(format!("{line}\r").as_bytes());
    }
    assert_eq!(pv.bytes(b"SYST:ERR?\r"), b"0,\"No error\"\r");
    let mut load = Talk::new(&bench, "island-load");
    for line in ["FUNC:S1 ON", "PHASE1:RLOAD 2000;RLOADE ON;:FUNC:SLOAD ON"] {
        load.say(line);
    }
    advance(&bench, 120.0);
    let (state, view) = (bench.full_state(), bench.view());
    let inputs = state.pv_inputs;
    assert!(
        inputs[0].v > inputs[1].v + 50.0 && inputs[1].w > 500.0,
        "{inputs:?}"
    );
    let mut near = |address: u16, truth: f64, step: f64| {
        let shown = f64::from(signed(&mut dut, address));
        assert!(
            (shown - truth).abs() <= step,
            "{address:#x}: {shown} {truth}"
        );
    };
    for (first, input) in [(0x4071, &inputs[0]), (0x4074, &inputs[1])] {
        near(first, input.v * 10.0, 1.0);
        near(first + 1, input.w / input.v * 100.0, 1.0);
        near(first + 2, input.w, 1.0);
    }
    near(0x4095, 1.0, 0.0);
    near(0x40a5, view.pv_w, 1.0);
    // 2 kW at 230 V
    let pcc = state.pcc_v / 230.0;
    near(0x40a0, 2000.0 * pcc * pcc, 30.0);
    near(0x40a8, view.volts * view.amps, 1.0);
    pv.bytes(b"OUTPut:STATe OFF, (@1,2)\r");
    advance(&bench, 5.0);
    assert_eq!(one(&mut dut, 0x4095), 0);
}

/// Slots by the unit's clock; between them standby or self-use.
#[test]
fn time_of_use_follows_the_slots() {
    let (bench, mut dut) = running(HS2);
    // Tuesday 2026-01-06 11:59:30
    let clock = [2026, 0x0106, 0x0b3b, 0x1e00];
    let mut pdu = vec![16, 0x40, 0x00, 0, 4, 8];
    pdu.extend(clock.into_iter().flat_map(u16::to_be_bytes));
    assert_eq!(tcp(&mut dut, &pdu)[0], 16);
    assert_eq!(read(&mut dut, 0x4000, 4), clock);
    // 12:00–12:09 on Tuesdays with 40 %
    for (address, value) in [
        (0x361b, 0x0c00),
        (0x361c, 0x0c09),
        (0x361d, 0x0228),
        (0x3605, 1),
        (APP_MODE, 1),
    ] {
        accepted(&mut dut, address, value);
    }
    advance(&bench, 20.0);
    assert!(bench.view().w.abs() < 60.0, "not yet: {}", bench.view().w);
    advance(&bench, 30.0);
    assert!((bench.view().w - 2000.0).abs() < 60.0, "{}", bench.view().w);
    advance(&bench, 600.0);
    assert!(bench.view().w.abs() < 60.0, "over: {}", bench.view().w);
}

/// Demand response and faults as bits: DRM0 in the hardware status and the second word, grid loss
/// and a silent meter in theirs.
#[test]
fn contacts_and_faults_are_bits() {
    let (bench, mut dut) = running(HS2);
    let word = |dut: &mut Talk, at: u16| {
        let [high, low] = read(dut, at, 2)[..] else {
            panic!("two registers")
        };
        u32::from(high) << 16 | u32::from(low)
    };
    assert_eq!(one(&mut dut, 0x4017), 0);
    bench.apply(Input::DrmPins(vec![(2, 5), (5, 6)]));
    advance(&bench, 2.0);
    assert_eq!(one(&mut dut, 0x4017), 1 | 1 << 6);
    assert_eq!(word(&mut dut, 0x4007), 0x8000);
    bench.apply(Input::DrmPins(Vec::new()));
    bench.apply(Input::MeterSilence(true));
    advance(&bench, 8.0);
    assert_eq!(word(&mut dut, 0x4005), 0x2);
    assert_eq!(
        usize::from(one(&mut dut, 0x400f)),
        bench.view().faults.len()
    );
    Talk::new(&bench, "grid").set("SYST:ERR?", &["OUTP:REL OFF"]);
    advance(&bench, 3.0);
    assert!(word(&mut dut, 0x4009) & 0x80_0000 != 0);
    assert!(bench.view().faults.contains(&Fault::GridLoss));
}

#[test]
fn refusals() {
    let (_, mut dut) = running(HS2);
    for (address, value, code) in [
        (0x3638, 1101, 3),
        (0x3636, 3, 3),
        (APP_MODE, 15, 3),
        (0x3644, 4, 3),
        (0x4031, 1, 2),
        (0x3700, 1, 2),
    ] {
        assert_eq!(
            write(&mut dut, address, value),
            [0x86, code],
            "{address:#x}"
        );
    }
    assert_eq!(tcp(&mut dut, &[3, 0x36, 0x7c, 0, 2]), [0x83, 2]);
    assert_eq!(tcp(&mut dut, &[4, 0x40, 0x04, 0, 1]), [0x84, 1]);
}

proptest! {
    /// Every block can be read from anywhere to anywhere, and registers of settings hold what they took.
    #[test]
    fn settings_are_kept(address in 0x3604_u16..=0x367c, value: u16) {
        let bench = bench_with(HS2, 1);
        let mut dut = Talk::new(&bench, "dut");
        let before = one(&mut dut, address);
        let taken = write(&mut dut, address, value)[0] == 6;
        // the unit that has another address from now on does not answer to the old one
        prop_assume!(address != 0x3633);
        prop_assert_eq!(one(&mut dut, address), if taken { value } else { before });
    }
}

/// PV goes to the load first, then into the grid; flows and counters of both agree over an hour.
#[test]
fn pv_is_counted_where_it_goes() {
    let (bench, mut dut) = running(HS2);
    let mut pv = Talk::new(&bench, "pv");
    for line in [
        "CURVe:VIparms 420, 6;MPPparms 350, 5;ADD \"ONE\"",
        "SOURce:CURVe \"ONE\"",
        "SOURce:IRRadiance 1000",
        "SOURce:EXECute",
        "OUTPut:STATe ON",
    ] {
        pv.bytes(format!("{line}\r").as_bytes());
    }
    assert_eq!(pv.bytes(b"SYST:ERR?\r"), b"0,\"No error\"\r");
    let mut load = Talk::new(&bench, "island-load");
    for line in ["FUNC:S1 ON", "PHASE1:RLOAD 1000;RLOADE ON;:FUNC:SLOAD ON"] {
        load.say(line);
    }
    // 3500 W of sun: the battery is told to take nothing
    passive(&mut dut, 1, 600);
    advance(&bench, 300.0);
    let total = |dut: &mut Talk, first: u16| {
        let [high, low] = read(dut, first + 6, 2)[..] else {
            panic!("two registers");
        };
        f64::from(high) * 65_536.0 + f64::from(low)
    };
    let flows = [(0x4099, 0x40ff), (0x409b, 0x410f), (0x409d, 0x411f)];
    let before = flows.map(|(_, counter)| total(&mut dut, counter));
    let (sold, loads) = (total(&mut dut, 0x40ef), total(&mut dut, 0x40df));
    advance(&bench, 3600.0);
    let mut moved = [0.0; 3];
    for (k, (power, counter)) in flows.into_iter().enumerate() {
        moved[k] = total(&mut dut, counter) - before[k];
        let expected = f64::from(signed(&mut dut, power)) / 10.0;
        assert!(
            (moved[k] - expected).abs() <= 1.5,
            "{counter:#x}: {} {expected}",
            moved[k]
        );
    }
    let sold = total(&mut dut, 0x40ef) - sold;
    let loads = total(&mut dut, 0x40df) - loads;
    assert!(moved[0] > 90.0 && moved[1] > 150.0, "{moved:?}");
    assert!(
        (moved[0] + moved[2] - loads).abs() <= 3.0,
        "{moved:?} {loads}"
    );
    assert!((moved[1] - sold).abs() <= 2.0, "{moved:?} {sold}");
}
