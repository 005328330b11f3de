//! Settings of the instruments that change what flows or what is read.

use gridproof_plant::signal::MeterPoint;

use super::second_bench::bench as second;
use super::{AUX, Talk, advance, bench_with};
use crate::EmulatedBench;

const ERROR: &str = "SYST:ERR?";

fn energise(bench: &EmulatedBench) {
    let mut grid = Talk::new(bench, "grid");
    grid.set(ERROR, &["VOLT:AC 230", "FREQ 50", "OUTP:REL ON", "OUTP ON"]);
}

fn battery(bench: &EmulatedBench, more: &[&str]) -> Talk {
    let mut battery = Talk::new(bench, "battery");
    let base = ["SYST:REM", "VOLT 350", "CURR:LIM 30", "CURR:LIM:NEG -30"];
    battery.set(ERROR, &base);
    battery.set(ERROR, more);
    battery
}

#[test]
fn an_internal_resistance_drops_the_terminals() {
    let bench = bench_with(AUX, 1);
    energise(&bench);
    battery(&bench, &["RES 1", "OUTP ON"]);
    advance(&bench, 100.0);
    let at = bench.reading(MeterPoint::Battery);
    assert!(at.amps > 0.05, "the inverter feeds itself from it: {at:?}");
    assert!((at.volts - (350.0 - at.amps)).abs() < 1e-4, "{at:?}");

    let bench = second();
    let mut psb = Talk::new(&bench, "battery");
    let lines = ["SYST:LOCK ON", "VOLT 350", "SYST:CONF:MODE UIR", "RES 2"];
    psb.set(ERROR, &lines);
    let mut grid = Talk::new(&bench, "grid");
    grid.set(ERROR, &["volt:rang 300", "volt 230", "freq 50", "outp on"]);
    psb.set(ERROR, &["OUTP ON"]);
    advance(&bench, 100.0);
    let at = bench.reading(MeterPoint::Battery);
    assert!(at.amps > 0.05, "{at:?}");
    assert!((at.volts - (350.0 - 2.0 * at.amps)).abs() < 1e-4, "{at:?}");
    psb.set(ERROR, &["SYST:CONF:MODE UIP"]);
    advance(&bench, 1.0);
    assert_eq!(bench.reading(MeterPoint::Battery).volts, 350.0);
}

#[test]
fn a_list_ramps_and_returns() {
    let bench = bench_with(AUX, 1);
    let mut battery = battery(&bench, &["OUTP ON"]);
    battery.set(
        ERROR,
        &[
            "LIST:STEP:COUN 2",
            "LIST:STEP:VOLT 1,360",
            "LIST:STEP:SLOP 1,1",
            "LIST:STEP:WIDT 1,1",
            "LIST:STEP:VOLT 2,340",
            "LIST:STEP:WIDT 2,1",
        ],
    );
    assert_eq!(battery.say("TRIG"), "");
    assert!(battery.say(ERROR).starts_with("-211,"), "not in LIST mode");
    battery.set(ERROR, &["FUNC:MODE LIST", "*TRG"]);
    assert_eq!(
        battery.say("LIST:STAT?;:LIST:STEP:VOLT? 2"),
        "1;3.40000E+02\n"
    );
    let volts = |seconds: f64| {
        advance(&bench, seconds);
        bench.true_state().battery_v
    };
    // half of the ramp is over, less 20 ms from the command to the output and one step of 20 ms
    assert!((volts(0.5) - 354.8).abs() < 0.21);
    assert_eq!(volts(1.0), 360.0);
    assert_eq!(volts(1.0), 340.0);
    assert_eq!(volts(1.0), 350.0, "back to the fixed set-point");
    assert_eq!(battery.say("LIST:STAT?"), "0\n");
}

#[test]
fn the_output_waits_and_under_voltage_trips_after_its_warm_up() {
    let bench = bench_with(AUX, 1);
    let mut battery = battery(&bench, &["OUTP:DEL:RISE 1", "OUTP ON"]);
    advance(&bench, 0.9);
    assert!(!bench.true_state().battery_on);
    advance(&bench, 0.2);
    assert!(bench.true_state().battery_on);
    battery.set(ERROR, &["VOLT:UND:PROT 340", "VOLT:UND:PROT:STAT ON"]);
    battery.set(ERROR, &["VOLT:UND:PROT:WARM 5", "VOLT 330"]);
    advance(&bench, 3.0);
    assert_eq!(battery.say("OUTP?"), "1\n", "still warming up");
    advance(&bench, 3.0);
    assert_eq!(battery.say("OUTP?;:STAT:QUES:COND?"), "0;16\n");
    assert!(!bench.true_state().battery_on);
    assert_eq!(battery.say("OUTP ON"), "");
    assert!(battery.say(ERROR).starts_with("-240,"));
}

#[test]
fn the_pv_simulator_trips_at_its_own_over_voltage_level() {
    let bench = bench_with(AUX, 1);
    let mut pv = Talk::new(&bench, "pv");
    let mut say = |line: &str| {
        let reply = pv.bytes(format!("{line}\r").as_bytes());
        String::from_utf8_lossy(&reply).into_owned()
    };
    say("OUTP ON, (@1)");
    advance(&bench, 1.0);
    let open = bench.reading(MeterPoint::Pv).volts;
    assert!(open > 400.0, "{open}");
    say("VOLT:PROT 400, (@1)");
    advance(&bench, 0.5);
    assert_eq!(say("OUTP? (@1)"), "OFF\r");
    assert!(!bench.true_state().pv_on);
    assert_eq!(say("STAT:QUES:COND? (@1)"), "1\r");
    say("OUTP ON, (@1)");
    assert!(say(ERROR).starts_with("-240,"));
    say("VOLT:PROT 600, (@1)");
    say("OUTP:PROT:CLE (@1)");
    say("OUTP ON, (@1)");
    advance(&bench, 0.5);
    assert!(bench.true_state().pv_on);
}

#[test]
fn a_range_follows_the_signal_and_a_sensor_has_its_own() {
    let bench = bench_with(AUX, 1);
    let mut meter = Talk::new(&bench, "analyser");
    meter.say(":COMM:HEAD OFF");
    meter.say(":INP:VOLT:RANG 30V");
    meter.say(":NUM:NORM:ITEM1 U,2");
    energise(&bench);
    advance(&bench, 2.0);
    assert_eq!(meter.say(":NUM:NORM:VAL? 1"), "INF\n");
    meter.say(":INP:VOLT:AUTO:ELEM2 ON");
    advance(&bench, 2.0);
    assert_eq!(meter.say(":INP:VOLT:RANG:ELEM2?"), "300.00E+00\n");
    assert_eq!(meter.say(":INP:VOLT:RANG:ELEM1?"), "30.000E+00\n");
    let volts: f64 = meter.say(":NUM:NORM:VAL? 1").trim().parse().expect("volts");
    let truth = bench.reading(MeterPoint::Source).volts;
    assert!((volts - truth).abs() < 0.3, "{volts} of {truth}");
    meter.say(":INP:CURR:SRAT:ELEM1 2");
    meter.say(":INP:CURR:RANG:ELEM1 (EXT,10V)");
    assert_eq!(
        meter.say(":INP:CURR:RANG:ELEM1?;:INP:CURR:SRAT:ELEM1?"),
        "EXTERNAL,10.000E+00;2.0000E+00\n"
    );
    meter.say(":INP:SCAL:VT 2");
    assert_eq!(
        meter.say(":INP:SCAL:VT:ELEM3?;:INP:SCAL:CT:ELEM3?"),
        "2.0000E+00;1.0000E+00\n"
    );
    assert_eq!(meter.say(":STAT:ERR?"), "0,\"No error\"\n");
}

#[test]
fn a_recorder_tells_when_it_is_done_and_measures_its_record() {
    let bench = bench_with(AUX, 1);
    energise(&bench);
    advance(&bench, 1.0);
    let mut scope = Talk::new(&bench, "recorder");
    for line in [":COMM:HEAD OFF", ":TIM:TDIV 10MS", ":TIM:SRAT 100000"] {
        scope.say(line);
    }
    assert_eq!(scope.say(":TIM:SRAT?;:ACQ:RLEN?"), "1.000E+05;10000\n");
    scope.say(":STAT:FILT1 FALL");
    scope.say(":TRIG:MODE AUTO");
    assert_eq!(scope.say(":STAT:EESR?"), "0\n");
    scope.say(":STAR");
    assert_eq!(scope.say(":COMM:WAIT 1;:STAT:EESR?"), "", "it waits");
    advance(&bench, 0.5);
    assert_eq!(scope.say(""), "1\n", "the end of the acquisition");
    let number = |scope: &mut Talk, what: &str| -> f64 {
        let reply = scope.say(&format!(":MEAS:TRAC1:{what}:VAL?"));
        reply.trim().parse().expect("a number")
    };
    assert!((number(&mut scope, "RMS") - 230.0).abs() < 3.0);
    assert!((number(&mut scope, "FREQ") - 50.0).abs() < 0.05);
    assert!((number(&mut scope, "PTOP") - 650.5).abs() < 8.0);
    let all = scope.say(":TIM?");
    assert_eq!(all, "1.000E-02;1.000E+05;INTERNAL\n");
}
