//! Settings, reversion timers and requests of the SunSpec map that SunSpec's own conformance
//! procedures ask for, held against the true state.

use super::dut::{model, read};
use super::sunspec::{accepted, feeding, point, refused};
use super::{Talk, advance};
use crate::EmulatedBench;

/// Bits of a number as a register.
fn word(number: i16) -> u16 {
    number as u16
}

fn var_at_last(bench: &EmulatedBench, dut: &mut Talk, id: u16, offset: u16, values: &[u16]) -> f64 {
    accepted(dut, id, offset, values);
    advance(bench, 30.0);
    bench.view().var
}

#[test]
fn reactive_power_stays_within_its_settings_and_is_counted_from_them() {
    let (bench, mut dut) = feeding();
    let still = bench.view().var;
    let mut var =
        |id, offset, values: &[u16]| var_at_last(&bench, &mut dut, id, offset, values) - still;
    let near = |read: f64, wanted: f64| assert!((read - wanted).abs() < 20.0, "{read} {wanted}");
    // 1000 var injected; 702 and 121 are one setting
    near(var(702, 32, &[1000]), 0.0);
    // 50 % of the largest reactive power
    near(var(704, 42, &[5000]), 0.0);
    near(var(704, 35, &[1]), 500.0);
    // 2000 var, injected and absorbed
    near(var(704, 36, &[4, 1, 0, 2000]), 1000.0);
    near(var(704, 38, &[0xffff, word(-2000)]), -2000.0);
    // 800 var absorbed, written in 121 where it is negative
    near(var(121, 11, &[word(-800)]), -800.0);
    near(var(704, 36, &[1]), 500.0);
    near(var(704, 42, &[word(-5000)]), -400.0);
    // a volt-var curve of -50 % of the largest: and of -50 % of the apparent power
    accepted(&mut dut, 705, 15 + 26, &[2, 1]);
    let low = word(-5000);
    accepted(&mut dut, 705, 15 + 26 + 10, &[9000, low, 11_000, low]);
    accepted(&mut dut, 705, 3, &[2]);
    let mut var =
        |id, offset, values: &[u16]| var_at_last(&bench, &mut dut, id, offset, values) - still;
    near(var(705, 2, &[1]), -400.0);
    accepted(&mut dut, 705, 15 + 27, &[3]);
    let mut var =
        |id, offset, values: &[u16]| var_at_last(&bench, &mut dut, id, offset, values) - still;
    near(var(705, 3, &[2]), -800.0);
    near(var(702, 33, &[1200]), -1200.0);
    assert_eq!(point(&mut dut, 121, 8), 1000);
    assert_eq!(point(&mut dut, 121, 11), word(-1200));
    assert_eq!(refused(&mut dut, 702, 32, &[3301]), 3);
    assert_eq!(refused(&mut dut, 121, 11, &[1]), 3);
}

#[test]
fn active_power_stays_within_its_settings() {
    let (bench, mut dut) = feeding();
    let rated_amps = point(&mut dut, 702, 41);
    let mut watts = |id, offset, values: &[u16]| {
        accepted(&mut dut, id, offset, values);
        advance(&bench, 30.0);
        bench.view().w
    };
    let near = |read: f64, wanted: f64| assert!((read - wanted).abs() < 20.0, "{read} {wanted}");
    near(watts(702, 31, &[1500]), 1500.0);
    near(watts(702, 31, &[5500]), 2000.0);
    // 5 A at 230 V
    near(watts(702, 41, &[50]), 1150.0);
    near(watts(702, 41, &[rated_amps]), 2000.0);
    near(watts(704, 24, &[0xffff, word(-2000)]), -2000.0);
    near(watts(702, 34, &[500]), -500.0);
    near(watts(124, 2, &[1000]), -1000.0);
    // discharge by 124: 50 % of what is set
    near(watts(704, 22, &[0]), watts(124, 5, &[0]));
    near(watts(702, 35, &[2000]), watts(124, 5, &[0]));
    near(watts(124, 12, &[5000]), watts(124, 5, &[0]));
    near(watts(124, 5, &[2]), 1000.0);
    assert_eq!(refused(&mut dut, 702, 35, &[5001]), 3);
    assert_eq!(refused(&mut dut, 702, 34, &[0]), 3);
    assert_eq!(refused(&mut dut, 702, 41, &[9999]), 3);
}

/// Reversion as the conformance procedures REV-1 to REV-3 go about it: they write the time alone.
#[test]
fn a_reversion_time_starts_again_and_ends_its_timer() {
    let (bench, mut dut) = feeding();
    accepted(&mut dut, 704, 15, &[4000]);
    accepted(&mut dut, 704, 14, &[1]);
    accepted(&mut dut, 704, 18, &[0, 20]);
    advance(&bench, 12.0);
    assert_eq!(read(&mut dut, model(704) + 20, 2), [0, 8]);
    assert!((bench.view().power_limit_pu - 0.4).abs() < 1e-9);
    accepted(&mut dut, 704, 18, &[0, 20]);
    advance(&bench, 12.0);
    assert_eq!(read(&mut dut, model(704) + 20, 2), [0, 8], "started again");
    assert_eq!(point(&mut dut, 704, 15), 4000);
    advance(&bench, 8.2);
    assert_eq!(point(&mut dut, 704, 15), 10_000, "what it falls back to");
    assert_eq!(point(&mut dut, 704, 14), 0);
    assert!((bench.view().power_limit_pu - 1.0).abs() < 1e-9);
    // cancelled
    accepted(&mut dut, 704, 15, &[3000]);
    accepted(&mut dut, 704, 14, &[1]);
    advance(&bench, 10.0);
    accepted(&mut dut, 704, 18, &[0, 0]);
    assert_eq!(read(&mut dut, model(704) + 20, 2), [0, 0]);
    advance(&bench, 30.0);
    assert!((bench.view().power_limit_pu - 0.3).abs() < 1e-9);
    // a command that is not on falls back as well
    accepted(&mut dut, 704, 14, &[0]);
    accepted(&mut dut, 704, 18, &[0, 5]);
    advance(&bench, 2.0);
    assert_eq!(read(&mut dut, model(704) + 20, 2), [0, 3]);
    advance(&bench, 3.2);
    assert_eq!(point(&mut dut, 704, 15), 10_000);
    // the older models show nothing and have nothing to fall back from unless they are on
    accepted(&mut dut, 123, 5, &[5000]);
    accepted(&mut dut, 123, 9, &[1]);
    accepted(&mut dut, 123, 7, &[10]);
    advance(&bench, 9.0);
    assert!((bench.view().power_limit_pu - 0.5).abs() < 1e-9);
    advance(&bench, 1.2);
    assert!((bench.view().power_limit_pu - 1.0).abs() < 1e-9);
}

#[test]
fn no_controls_is_a_choice_of_the_droop_and_of_watt_var() {
    let (bench, mut dut) = feeding();
    let mut grid = Talk::new(&bench, "grid");
    grid.set("SYST:ERR?", &["FREQ 50.35"]);
    accepted(&mut dut, 711, 24, &[0, 100, 0, 100, 50, 50, 0, 20]);
    accepted(&mut dut, 711, 3, &[2]);
    accepted(&mut dut, 711, 2, &[1]);
    advance(&bench, 30.0);
    assert!((bench.view().w - 1500.0).abs() < 20.0, "{}", bench.view().w);
    accepted(&mut dut, 711, 3, &[0]);
    assert_eq!(point(&mut dut, 711, 4), 0, "in progress");
    advance(&bench, 30.0);
    assert_eq!(point(&mut dut, 711, 4), 1);
    assert!((bench.view().w - 2000.0).abs() < 20.0, "{}", bench.view().w);
    // back to the ones that were adopted last, and to none after a time
    accepted(&mut dut, 711, 10, &[0]);
    accepted(&mut dut, 711, 6, &[0, 60]);
    accepted(&mut dut, 711, 3, &[1]);
    advance(&bench, 30.0);
    assert!((bench.view().w - 1500.0).abs() < 20.0, "{}", bench.view().w);
    advance(&bench, 60.0);
    assert_eq!(point(&mut dut, 711, 3), 0);
    assert!((bench.view().w - 2000.0).abs() < 20.0, "{}", bench.view().w);
    grid.set("SYST:ERR?", &["FREQ 50"]);
    let down = word(-3000);
    accepted(&mut dut, 712, 34, &[2, 3, 1]);
    accepted(&mut dut, 712, 38, &[0, 0, 10_000, down]);
    accepted(&mut dut, 712, 3, &[2]);
    accepted(&mut dut, 712, 2, &[1]);
    advance(&bench, 60.0);
    assert!(bench.view().var < -600.0, "{}", bench.view().var);
    accepted(&mut dut, 712, 3, &[0]);
    advance(&bench, 60.0);
    assert!(bench.view().var.abs() < 60.0, "{}", bench.view().var);
    assert_eq!(refused(&mut dut, 705, 3, &[0]), 3, "curves count from 1");
    assert_eq!(refused(&mut dut, 711, 3, &[4]), 3);
}

#[test]
fn the_power_factor_is_another_one_while_power_is_absorbed() {
    let (bench, mut dut) = feeding();
    let still = bench.view().var;
    let near = |wanted: f64| {
        let read = bench.view().var;
        assert!((read - wanted).abs() < 30.0, "{read} {wanted}");
    };
    assert_eq!(point(&mut dut, 704, 63), 100);
    assert_eq!(refused(&mut dut, 704, 63, &[79, 0]), 3);
    // 0.8 over-excited, while it feeds in without an effect
    accepted(&mut dut, 704, 63, &[80, 0]);
    accepted(&mut dut, 704, 8, &[1]);
    advance(&bench, 20.0);
    near(still);
    accepted(&mut dut, 704, 24, &[0xffff, word(-2000)]);
    advance(&bench, 60.0);
    let watts = bench.view().w;
    assert!((watts + 2000.0).abs() < 20.0, "{watts}");
    near(1500.0);
    // that of both directions does not displace it
    accepted(&mut dut, 704, 59, &[90, 1]);
    accepted(&mut dut, 704, 2, &[1]);
    advance(&bench, 20.0);
    near(1500.0);
    accepted(&mut dut, 704, 10, &[0, 30]);
    advance(&bench, 1.0);
    assert_eq!(point(&mut dut, 704, 13), 29, "seconds that remain");
    advance(&bench, 50.0);
    assert_eq!(point(&mut dut, 704, 8), 0, "reverted");
    near(-2000.0 * (1.0f64 / 0.81 - 1.0).sqrt());
}
