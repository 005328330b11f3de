//! Chroma 61845.

use super::{SAJ, Talk, advance, bench_with};

const ERROR: &str = "SYST:ERR?";

#[test]
fn the_set_up_of_the_public_driver_is_accepted() {
    let bench = bench_with(SAJ, 1);
    let mut grid = Talk::new(&bench, "grid");
    assert_eq!(grid.say("*IDN?"), "Chroma,61845,618450000001,1.10\n");
    grid.set(
        ERROR,
        &[
            "inst:phase single",
            "sour:phase:p12 120.0",
            "sour:phase:p13 240.0",
            "sour:phase:three independ",
            "inst:edit all",
            "inst:coup all",
            "sour:func:shap:a sine",
            "sour:func:shape a",
            "voltage:range hi",
            "source:volt:limit:ac 280",
            "source:curr:lim 30",
            "OUTPut:SLEW:VOLTage:AC 10",
            "VOLT:AC 230",
            "FREQ 50",
        ],
    );
    assert_eq!(
        grid.say("SOURce:VOLTage:LEVel:IMMediate:AMPLitude:AC?"),
        "230.0\n"
    );
    assert_eq!(grid.say("FREQ:CW?"), "50.00\n");
    assert_eq!(grid.say("CURR:LIM?"), "30.00 \n");
    assert_eq!(grid.say("isnt:edit all"), "");
    assert_eq!(grid.say(ERROR), "-113,\"Undefined header\"\n");
    assert_eq!(grid.say(ERROR), "0,\"No Error\"\n");
}

#[test]
fn both_layers_must_be_on_for_voltage() {
    let bench = bench_with(SAJ, 1);
    let mut grid = Talk::new(&bench, "grid");
    grid.set(ERROR, &["VOLT:AC 230", "OUTP:STAT ON"]);
    assert!(bench.all_sources_off());
    grid.set(ERROR, &["OUTP:STAT OFF", "OUTP:RELay ON"]);
    assert!(bench.all_sources_off());
    advance(&bench, 0.1);
    grid.set(ERROR, &["OUTP:STAT ON"]);
    assert!(!bench.all_sources_off());
    assert_eq!(grid.say("OUTP?;OUTP:REL?"), "1;1\n");
    advance(&bench, 0.5);
    let volts: f64 = grid
        .say("MEAS:VOLT:ACDC?")
        .trim()
        .parse()
        .expect("a number");
    assert!((volts - 230.0).abs() < 0.5, "{volts}");
    grid.set(
        ERROR,
        &[
            "TRIG OFF",
            "OUTP:STAT OFF",
            "OUTP:REL OFF",
            "OUTP:MODE FIXED",
        ],
    );
    assert!(bench.all_sources_off());
    advance(&bench, 0.5);
    let volts: f64 = grid
        .say("FETC:VOLT:ACDC?")
        .trim()
        .parse()
        .expect("a number");
    assert!(volts < 5.0, "{volts}");
}

#[test]
fn limits_give_222_and_wrong_modes_221() {
    let bench = bench_with(SAJ, 1);
    let mut grid = Talk::new(&bench, "grid");
    let mut fails = |line: &str, code: i32| {
        assert_eq!(grid.say(line), "");
        let error = grid.say(ERROR);
        assert!(error.starts_with(&format!("{code},")), "{line}: {error}");
    };
    fails("VOLT:AC 300.1", -222);
    fails("VOLT:LIM:AC 250", 0);
    fails("VOLT:AC 251", -222);
    fails("VOLT:RANG LOW", 0);
    fails("VOLT:AC 151", -222);
    fails("FREQ 101", -222);
    fails("TRIG ON", -221);
    fails("OUTP:MODE NONSENSE", -224);
    fails("LIST:DWEL 100,200", 0);
    fails("LIST:VOLT:AC:STAR 100", 0);
    fails("OUTP:MODE LIST", 0);
    fails("TRIG ON", -226);
    fails("LIST:DWEL 1", -221);
    fails("VOLT:AC", -109);
    fails("VOLT:AC 1,2", -108);
    fails("VOLT:AC abc", -104);
}

#[test]
fn a_list_ramps_and_holds_its_last_value() {
    let bench = bench_with(SAJ, 1);
    let mut grid = Talk::new(&bench, "grid");
    grid.set(
        ERROR,
        &[
            "VOLT:AC 230",
            "OUTP:REL ON",
            "OUTP:STAT ON",
            "trig off;:output:mode fixed",
            "list:coup ALL;count 1;base TIME;trig auto",
            "list:dwel 1000,1000",
            "list:shape a,a",
            "list:volt:ac:star 230,230;end 230,253",
            "list:volt:dc:star 0,0;end 0,0",
            "list:freq:star 50,50;end 50,50",
            "output:mode list",
        ],
    );
    assert_eq!(grid.say("LIST:POIN?;:TRIG:STATE?"), "2;OFF\n");
    grid.set(ERROR, &["trig ON"]);
    assert_eq!(grid.say("TRIG:STATE?"), "RUNNING\n");
    assert_eq!(grid.say("VOLT:AC 200"), "");
    assert!(grid.say(ERROR).starts_with("-221,"));
    advance(&bench, 1.5);
    let middle = bench.true_state().grid_set_v;
    assert!((middle - 241.5).abs() < 0.1, "{middle}");
    advance(&bench, 0.5);
    assert_eq!(grid.say("TRIG:STATE?"), "OFF\n");
    advance(&bench, 1.0);
    assert!((bench.true_state().grid_set_v - 253.0).abs() < 1e-6);
    grid.set(ERROR, &["OUTP:MODE FIXED"]);
    advance(&bench, 0.5);
    assert!((bench.true_state().grid_set_v - 230.0).abs() < 1e-6);
}

#[test]
fn the_slew_is_in_volts_per_millisecond() {
    let bench = bench_with(SAJ, 1);
    let mut grid = Talk::new(&bench, "grid");
    grid.set(ERROR, &["VOLT:AC 200", "OUTP:REL ON", "OUTP:STAT ON"]);
    advance(&bench, 0.2);
    grid.set(ERROR, &["OUTP:SLEW:VOLT:AC 0.1", "VOLT:AC 230"]);
    advance(&bench, 0.15);
    let half = bench.true_state().grid_set_v;
    assert!((half - 215.0).abs() < 0.2, "{half}");
}

#[test]
fn a_stop_angle_delays_the_opening() {
    let bench = bench_with(SAJ, 1);
    let mut grid = Talk::new(&bench, "grid");
    grid.set(ERROR, &["VOLT:AC 230", "OUTP:REL ON", "OUTP:STAT ON"]);
    advance(&bench, 0.2004);
    grid.set(ERROR, &["PHAS:OFF 270", "OUTP:STAT OFF", "OUTP:REL OFF"]);
    assert!(
        bench.true_state().grid_output,
        "opens at the angle, not at once"
    );
    advance(&bench, 0.021);
    assert!(!bench.true_state().grid_output);
    assert_eq!(grid.say("OUTP?"), "0\n");
}

#[test]
fn pulses_return_to_the_fixed_level() {
    let bench = bench_with(SAJ, 1);
    let mut grid = Talk::new(&bench, "grid");
    grid.set(
        ERROR,
        &[
            "VOLT:AC 230;FREQ 50".replace(";", ";:").as_str(),
            "OUTP:REL ON;STAT ON",
            "PULS:VOLT:AC 100",
            "PULS:FREQ 50;COUNT 2;DCYC 25;PER 400",
            "OUTP:MODE PULSE",
            "TRIG ON",
        ],
    );
    for (seconds, volts) in [
        (0.05, 100.0),
        (0.1, 230.0),
        (0.3, 100.0),
        (0.1, 230.0),
        (0.5, 230.0),
    ] {
        advance(&bench, seconds);
        assert!(
            (bench.true_state().grid_set_v - volts).abs() < 1e-6,
            "{}",
            bench.true_state().grid_set_v
        );
    }
    assert_eq!(grid.say("TRIG:STATE?"), "OFF\n");
}
