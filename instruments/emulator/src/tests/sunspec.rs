//! Curves, trips, controls and timers of the SunSpec map, and what the DUT does about them.

use proptest::prelude::*;

use super::dut::{model, read, tcp, write};
use super::{AUX, Talk, advance, bench_with};
use crate::EmulatedBench;

/// A bench whose DUT feeds the grid with 2 kW from its battery.
pub(super) fn feeding() -> (EmulatedBench, Talk) {
    let bench = bench_with(AUX, 1);
    Talk::new(&bench, "grid").set(
        "SYST:ERR?",
        &["VOLT:AC 230", "FREQ 50", "OUTP:REL ON;STAT ON"],
    );
    let mut battery = Talk::new(&bench, "battery");
    battery.set(
        "SYST:ERR?",
        &[
            "SYST:REM",
            "VOLT 350",
            "CURR:LIM 30",
            "CURR:LIM:NEG -30",
            "OUTP ON",
        ],
    );
    let mut dut = Talk::new(&bench, "dut");
    accepted(&mut dut, 704, 23, &[1, 0, 2000]);
    accepted(&mut dut, 704, 22, &[1]);
    advance(&bench, 180.0);
    assert!((bench.view().w - 2000.0).abs() < 20.0, "{}", bench.view().w);
    (bench, dut)
}

pub(super) fn accepted(dut: &mut Talk, id: u16, offset: u16, values: &[u16]) {
    let reply = write(dut, model(id) + offset, values);
    assert_eq!(reply[0], 16, "{id} {offset}: {reply:?}");
}

pub(super) fn refused(dut: &mut Talk, id: u16, offset: u16, values: &[u16]) -> u8 {
    let reply = write(dut, model(id) + offset, values);
    assert_eq!(reply[0], 0x90, "{id} {offset} was accepted");
    reply[1]
}

pub(super) fn point(dut: &mut Talk, id: u16, offset: u16) -> u16 {
    read(dut, model(id) + offset, 1)[0]
}

/// First register of curve `n` of 705.
fn curve(n: u16) -> u16 {
    15 + (n - 1) * 26
}

#[test]
fn an_adopted_curve_acts_and_is_shown() {
    let (bench, mut dut) = feeding();
    let before = bench.view().var;
    // -20 % of the largest reactive power from 90 % to 110 % of nominal voltage
    accepted(&mut dut, 705, curve(2), &[2, 1]);
    let low = -2000i16 as u16;
    accepted(&mut dut, 705, curve(2) + 10, &[9000, low, 11_000, low]);
    accepted(&mut dut, 705, 3, &[2]);
    assert_eq!(point(&mut dut, 705, 4), 0, "in progress");
    accepted(&mut dut, 705, 2, &[1]);
    advance(&bench, 30.0);
    assert_eq!(point(&mut dut, 705, 4), 1);
    assert_eq!(
        read(&mut dut, model(705) + curve(1) + 10, 4),
        [9000, low, 11_000, low]
    );
    let wanted = -0.2 * 0.6 * 5500.0;
    assert!(
        (bench.view().var - before - wanted).abs() < 30.0,
        "{}",
        bench.view().var
    );
    // the older model shows the same in % of active power
    let old = read(&mut dut, model(126) + 14, 2);
    assert_eq!(old, [9000, (wanted / 5000.0 * 1e4).round() as i16 as u16]);
    // not ascending, and not there
    accepted(&mut dut, 705, curve(3), &[2, 1]);
    accepted(&mut dut, 705, curve(3) + 10, &[11_000, 0, 9000, 0]);
    accepted(&mut dut, 705, 3, &[3]);
    advance(&bench, 0.2);
    assert_eq!(point(&mut dut, 705, 4), 2, "failed");
    assert_eq!(refused(&mut dut, 705, 3, &[4]), 3);
    assert_eq!(
        refused(&mut dut, 705, curve(1), &[2]),
        2,
        "the acting curve"
    );
}

#[test]
fn curves_fall_back() {
    let (bench, mut dut) = feeding();
    let works = read(&mut dut, model(705) + curve(1) + 10, 4);
    accepted(&mut dut, 705, curve(2), &[2, 1]);
    accepted(&mut dut, 705, curve(2) + 10, &[9000, 100, 11_000, 100]);
    accepted(&mut dut, 705, 7, &[0, 20]);
    accepted(&mut dut, 705, 11, &[3]);
    accepted(&mut dut, 705, 3, &[2]);
    advance(&bench, 10.0);
    assert_eq!(read(&mut dut, model(705) + 9, 2), [0, 10]);
    assert_eq!(read(&mut dut, model(705) + curve(1) + 10, 2), [9000, 100]);
    advance(&bench, 10.2);
    assert_eq!(read(&mut dut, model(705) + curve(1) + 10, 4), works);
    assert_eq!(point(&mut dut, 705, 3), 3);
}

#[test]
fn an_older_curve_acts_once_it_makes_sense() {
    let (bench, mut dut) = feeding();
    let before = bench.view().var;
    // curve 2 of 126: 10 % of active power at any voltage
    accepted(&mut dut, 126, 3, &[1]);
    accepted(&mut dut, 126, 2, &[2]);
    accepted(&mut dut, 126, 12 + 54, &[2, 1, 12_000, 1000, 8000, 1000]);
    advance(&bench, 20.0);
    assert!(
        (bench.view().var - before).abs() < 30.0,
        "descending points act"
    );
    accepted(&mut dut, 126, 12 + 54, &[2, 1, 8000, 1000, 12_000, 1000]);
    advance(&bench, 20.0);
    assert!(
        (bench.view().var - before - 500.0).abs() < 30.0,
        "{}",
        bench.view().var
    );
    assert_eq!(point(&mut dut, 705, 2), 1, "both models are one function");
    assert_eq!(point(&mut dut, 126, 8), 10, "points that can act");
    assert_eq!(refused(&mut dut, 126, 12 + 54, &[11]), 3);
    accepted(&mut dut, 126, 2, &[0]);
    advance(&bench, 20.0);
    assert!(!bench.view().volt_var_enabled);
}

#[test]
fn a_fixed_factor_takes_the_place_of_volt_var() {
    let (bench, mut dut) = feeding();
    let before = bench.view().var;
    accepted(&mut dut, 705, 2, &[1]);
    accepted(&mut dut, 704, 59, &[90, 1]);
    accepted(&mut dut, 704, 4, &[0, 30]);
    accepted(&mut dut, 704, 2, &[1]);
    assert_eq!(point(&mut dut, 705, 2), 0);
    advance(&bench, 20.0);
    let wanted = -2000.0 * (1.0f64 / 0.81 - 1.0).sqrt();
    assert!(
        (bench.view().var - before - wanted).abs() < 30.0,
        "{}",
        bench.view().var
    );
    advance(&bench, 11.0);
    assert_eq!(point(&mut dut, 704, 2), 0, "reverted");
    assert_eq!(point(&mut dut, 705, 2), 1, "and volt-var is back");
    assert_eq!(refused(&mut dut, 704, 59, &[79, 1]), 3);
}

#[test]
fn an_adopted_trip_trips() {
    let (bench, mut dut) = feeding();
    // curve 2 of 708: 105 % for 0.5 s
    let second = 9 + 76;
    accepted(&mut dut, 708, second + 1, &[1, 10_500, 0, 500]);
    accepted(&mut dut, 708, 3, &[2]);
    advance(&bench, 0.2);
    assert_eq!(point(&mut dut, 708, 4), 1);
    Talk::new(&bench, "grid").set("SYST:ERR?", &["VOLT:AC 245"]);
    advance(&bench, 0.3);
    assert_eq!(bench.view().last_trip, None);
    advance(&bench, 0.5);
    assert_eq!(bench.view().last_trip.as_deref(), Some("OV1"));
    assert_eq!(refused(&mut dut, 708, 2, &[0]), 3, "protection stays on");
}

#[test]
fn entering_service_waits_as_told() {
    let (bench, mut dut) = feeding();
    accepted(&mut dut, 703, 9, &[0, 5]);
    accepted(&mut dut, 703, 2, &[0]);
    advance(&bench, 1.0);
    assert_eq!(point(&mut dut, 701, 5), 0, "disconnected");
    accepted(&mut dut, 703, 2, &[1]);
    advance(&bench, 3.0);
    assert_eq!(point(&mut dut, 701, 5), 0);
    advance(&bench, 4.0);
    assert_eq!(point(&mut dut, 701, 5), 1);
}

#[test]
fn a_limit_is_reached_by_a_ramp() {
    let (bench, mut dut) = feeding();
    accepted(&mut dut, 123, 5, &[2000, 0, 0, 10]);
    accepted(&mut dut, 123, 9, &[1]);
    advance(&bench, 5.1);
    assert!((bench.view().power_limit_pu - 0.6).abs() < 0.03);
    advance(&bench, 5.2);
    assert!((bench.view().power_limit_pu - 0.2).abs() < 1e-9);
    advance(&bench, 10.0);
    assert!((bench.view().w - 1000.0).abs() < 20.0);
    // half of 4 kW
    accepted(&mut dut, 121, 2, &[4000]);
    assert_eq!(point(&mut dut, 702, 26), 4000);
    advance(&bench, 15.0);
    assert!((bench.view().power_limit_pu - 0.16).abs() < 1e-9);
    assert_eq!(refused(&mut dut, 121, 2, &[5001]), 3);
}

#[test]
fn a_new_address_counts_at_once() {
    let bench = bench_with(AUX, 1);
    let mut dut = Talk::new(&bench, "dut");
    accepted(&mut dut, 1, 66, &[9]);
    assert_eq!(tcp(&mut dut, &[3, 0x9c, 0x40, 0, 1]), [0x83, 11]);
    let reply = dut.bytes(&[0, 2, 0, 0, 0, 6, 9, 3, 0x9c, 0x40, 0, 1]);
    assert_eq!(reply, [0, 2, 0, 0, 0, 5, 9, 3, 2, 0x53, 0x75]);
}

#[test]
fn a_window_delays_by_chance() {
    let bench = bench_with(AUX, 1);
    let mut dut = Talk::new(&bench, "dut");
    accepted(&mut dut, 123, 2, &[60, 0, 0]);
    let mut seconds = 0.0;
    while bench.view().connect_permitted {
        advance(&bench, 0.5);
        seconds += 0.5;
    }
    assert!(
        (0.5..=60.5).contains(&seconds) && seconds > 0.6,
        "{seconds}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever is asked, the reply is whole and names the function that was asked for.
    #[test]
    fn any_request_has_a_sound_reply(
        pdus in proptest::collection::vec(
            (1u8..25, 39_990u16..42_600, proptest::collection::vec(any::<u8>(), 0..40)), 1..20
        )
    ) {
        let bench = bench_with(AUX, 1);
        let mut dut = Talk::new(&bench, "dut");
        for (function, address, rest) in pdus {
            let [a, b] = address.to_be_bytes();
            let mut pdu = vec![function, a, b];
            pdu.extend(rest);
            let mut frame = vec![0, 1, 0, 0, 0, pdu.len() as u8 + 1, 0];
            frame.extend(&pdu);
            let reply = dut.bytes(&frame);
            prop_assert_eq!(usize::from(reply[5]) + 6, reply.len());
            prop_assert!(reply[7] == function || (reply[7] == function | 0x80 && reply.len() == 9));
            if matches!(reply[7], 3) {
                prop_assert_eq!(usize::from(reply[8]) + 9, reply.len());
            }
        }
        advance(&bench, 0.5);
    }
}

#[test]
fn an_adopted_droop_lowers_the_power_and_lets_it_back() {
    let (bench, mut dut) = feeding();
    let mut grid = Talk::new(&bench, "grid");
    let mut at = |hz: &str| {
        grid.set("SYST:ERR?", &[hz]);
        advance(&bench, 30.0);
        bench.view().w
    };
    assert_eq!(point(&mut dut, 711, 4), 1);
    let rest = at("FREQ 50.35");
    assert!((rest - 2000.0).abs() < 20.0, "not enabled: {rest}");
    // dead band 0.1 Hz, 5 % droop, 2 s
    accepted(&mut dut, 711, 24, &[0, 100, 0, 100, 50, 50, 0, 20]);
    assert_eq!(refused(&mut dut, 711, 14, &[0, 100]), 2, "the acting set");
    accepted(&mut dut, 711, 3, &[2]);
    accepted(&mut dut, 711, 2, &[1]);
    let low = at("FREQ 50.35");
    assert!((low - (2000.0 - 5000.0 * 0.25 / 2.5)).abs() < 20.0, "{low}");
    assert_eq!(point(&mut dut, 711, 4), 1);
    assert_eq!(read(&mut dut, model(711) + 14, 2), [0, 100]);
    let back = at("FREQ 50.20");
    assert!(
        (back - (2000.0 - 5000.0 * 0.1 / 2.5)).abs() < 20.0,
        "{back}"
    );
    accepted(&mut dut, 711, 2, &[0]);
    let off = at("FREQ 50.20");
    assert!((off - 2000.0).abs() < 20.0, "{off}");
    // a droop of nothing is no droop
    accepted(&mut dut, 711, 28, &[0]);
    accepted(&mut dut, 711, 3, &[2]);
    advance(&bench, 1.0);
    assert_eq!(point(&mut dut, 711, 4), 2, "failed");
    assert_eq!(read(&mut dut, model(711) + 18, 1), [50], "as before");
}

#[test]
fn watt_var_takes_the_place_of_volt_var() {
    let (bench, mut dut) = feeding();
    accepted(&mut dut, 705, 2, &[1]);
    let down = -3000i16 as u16;
    // from nothing at 0 % to -30 % of the apparent power at full power
    accepted(&mut dut, 712, 34, &[2, 3, 1]);
    accepted(&mut dut, 712, 38, &[0, 0, 10_000, down]);
    accepted(&mut dut, 712, 3, &[2]);
    accepted(&mut dut, 712, 2, &[1]);
    advance(&bench, 60.0);
    assert_eq!(point(&mut dut, 712, 4), 1);
    assert_eq!(point(&mut dut, 705, 2), 0);
    let wanted = -0.3 * 0.4 * 5500.0;
    assert!(
        (bench.view().var - wanted).abs() < 30.0,
        "{}",
        bench.view().var
    );
    accepted(&mut dut, 704, 23, &[1, 0, 4000]);
    advance(&bench, 120.0);
    assert!(
        (bench.view().var - 2.0 * wanted).abs() < 40.0,
        "{}",
        bench.view().var
    );
    accepted(&mut dut, 712, 2, &[0]);
    advance(&bench, 60.0);
    assert_eq!(point(&mut dut, 705, 2), 1, "volt-var is back");
    assert!(bench.view().var.abs() < 40.0, "{}", bench.view().var);
}

#[test]
fn energy_counters_count_what_flowed() {
    let (bench, mut dut) = feeding();
    let mut counted = || -> [f64; 3] {
        let wh = |registers: &[u16]| {
            registers
                .iter()
                .fold(0_u64, |sum, &word| sum << 16 | u64::from(word)) as f64
        };
        let all = read(&mut dut, model(701) + 19, 8);
        let old = read(&mut dut, model(101) + 24, 2);
        [wh(&all[..4]), wh(&all[4..]), wh(&old)]
    };
    let before = counted();
    advance(&bench, 1800.0);
    let after = counted();
    let truth = bench.view().w * 0.5;
    assert!(
        (after[0] - before[0] - truth).abs() <= 0.001 * truth + 1.0,
        "{after:?}"
    );
    assert!(after[1] - before[1] <= 1.0, "{after:?}");
    assert_eq!(after[0], after[2], "101 counts the same");
    accepted(&mut Talk::new(&bench, "dut"), 704, 23, &[1, 0xffff, 0xf830]);
    advance(&bench, 1800.0);
    let charged = counted();
    let truth = -bench.view().w * 0.5;
    assert!(truth > 900.0, "{truth}");
    assert!(
        (charged[1] - after[1] - truth).abs() < 0.02 * truth,
        "{charged:?}"
    );
}
