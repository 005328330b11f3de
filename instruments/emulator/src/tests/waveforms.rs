//! Waveforms of the grid simulator and slew rates of dc sources, seen through other instruments.

use gridproof_plant::signal::MeterPoint;

use super::second_bench::bench as second;
use super::{AUX, Talk, advance, bench_with};
use crate::EmulatedBench;

const ERROR: &str = "SYST:ERR?";

/// One second of the voltage at the grid terminals, 10 kS/s from the recorder.
fn record(bench: &EmulatedBench) -> Vec<f64> {
    let mut recorder = Talk::new(bench, "recorder");
    let setup = [
        ":COMM:HEAD OFF",
        ":TIM:TDIV 100MS",
        ":ACQ:RLEN 10K",
        ":TRIG:MODE AUTO",
    ];
    recorder.set(":STAT:ERR?", &setup);
    recorder.set(":STAT:ERR?", &[":WAV:FORM ASC", ":WAV:TRAC 1", ":STAR"]);
    advance(bench, 1.1);
    let reply = recorder.say(":WAV:SEND?");
    let values = reply
        .trim()
        .split(',')
        .map(|v| v.parse().expect("a number"));
    values.collect()
}

/// RMS of an order of 50 Hz, and its phase in degrees of its own cycle against the fundamental.
fn order(volts: &[f64], order: f64) -> (f64, f64) {
    let phasor = |order: f64| {
        let (mut re, mut im) = (0.0, 0.0);
        for (k, v) in volts.iter().enumerate() {
            let turns = 50.0 * order * k as f64 / 10_000.0;
            let (s, c) = gridproof_plant::trig::sincos_turns(turns - turns.floor());
            re += v * s;
            im += v * c;
        }
        let scale = std::f64::consts::SQRT_2 / volts.len() as f64;
        (re * scale, im * scale)
    };
    let ((a, b), (re, im)) = (phasor(1.0), phasor(order));
    let turned = im.atan2(re).to_degrees() - order * b.atan2(a).to_degrees();
    (re.hypot(im), turned.rem_euclid(360.0))
}

fn grid(bench: &EmulatedBench, lines: &[&str]) {
    Talk::new(bench, "grid").set(ERROR, lines);
}

#[test]
fn a_synthesis_reaches_the_terminals() {
    let bench = bench_with(AUX, 1);
    grid(
        &bench,
        &["VOLT:AC 230", "FREQ 50", "OUTP:REL ON", "OUTP:STAT ON"],
    );
    advance(&bench, 0.5);
    grid(
        &bench,
        &[
            "SYNT:COMP PERCENT",
            "SYNT:FUND 225",
            "SYNT:AMPL 0,5,0,3",
            "SYNT:PHAS 0,0,0,180",
        ],
    );
    grid(&bench, &["OUTP:MODE SYNTH"]);
    assert!(
        (order(&record(&bench), 3.0).0) < 0.1,
        "nothing before it is triggered"
    );
    grid(&bench, &["TRIG ON"]);
    assert_eq!(Talk::new(&bench, "grid").say("TRIG:STATE?"), "RUNNING\n");
    advance(&bench, 0.2);
    let volts = record(&bench);
    let (first, third, fifth) = (order(&volts, 1.0), order(&volts, 3.0), order(&volts, 5.0));
    assert!((first.0 - 225.0).abs() < 0.3, "{first:?}");
    // the line and the filter of the DUT lift the fifth by less than 1 %
    assert!((third.0 / first.0 - 0.05).abs() < 6e-4, "{third:?}");
    assert!((fifth.0 / first.0 - 0.03).abs() < 6e-4, "{fifth:?}");
    assert!(third.1.min(360.0 - third.1) < 2.0, "{third:?}");
    assert!((fifth.1 - 180.0).abs() < 3.0, "{fifth:?}");
    assert!(order(&volts, 7.0).0 < 0.1);
    // the RMS value that the simulator and the analyser's meter point see holds them all
    let rms = 225.0 * (1.0f64 + 0.05 * 0.05 + 0.03 * 0.03).sqrt();
    assert!((bench.reading(MeterPoint::Source).volts - rms).abs() < 0.2);
    grid(&bench, &["TRIG OFF", "OUTP:MODE FIXED"]);
    advance(&bench, 0.2);
    let volts = record(&bench);
    assert!(order(&volts, 3.0).0 < 0.1 && (order(&volts, 1.0).0 - 230.0).abs() < 0.3);
}

#[test]
fn a_clipped_sine_has_the_distortion_that_was_set() {
    let bench = bench_with(AUX, 1);
    grid(
        &bench,
        &["VOLT:AC 230", "FREQ 50", "OUTP:REL ON", "OUTP:STAT ON"],
    );
    grid(&bench, &["FUNC:SHAP:A CSIN", "FUNC:SHAP:A:THD 8"]);
    advance(&bench, 1.0);
    let volts = record(&bench);
    let squares: f64 = (2..=40)
        .map(|h| order(&volts, f64::from(h)).0.powi(2))
        .sum();
    let thd = squares.sqrt() / order(&volts, 1.0).0;
    assert!((thd - 0.08).abs() < 1e-3, "{thd}");
    assert!((bench.true_state().pcc_v - 230.0).abs() < 0.2);
    grid(&bench, &["FUNC:SHAP B"]);
    advance(&bench, 0.2);
    assert!(order(&record(&bench), 3.0).0 < 0.1, "waveform B is a sine");
}

#[test]
fn a_dc_offset_reaches_the_terminals() {
    let bench = bench_with(AUX, 1);
    grid(
        &bench,
        &[
            "VOLT:AC 230",
            "FREQ 50",
            "VOLT:DC 3",
            "OUTP:REL ON",
            "OUTP:STAT ON",
        ],
    );
    advance(&bench, 1.0);
    let volts = record(&bench);
    let mean = volts.iter().sum::<f64>() / volts.len() as f64;
    assert!((mean - 3.0).abs() < 0.1, "{mean}");
}

#[test]
fn the_array_simulator_rises_at_its_slew_rate() {
    let bench = second();
    let mut pv = Talk::new(&bench, "pv");
    pv.set(ERROR, &["OUTP:MODE CVCC", "SOUR:VOLT 400", "SOUR:CURR 5"]);
    pv.set(ERROR, &["SOUR:VOLT:SLEW 0.1", "SOUR:CURR:SLEWINF ENABLE"]);
    pv.set(ERROR, &["CONF:OUTP ON"]);
    let volts = |seconds: f64| {
        advance(&bench, seconds);
        bench.true_state().pv_v
    };
    // the DUT takes a little current: the voltage is that of the operating point. 100 V/s, sent every 20 ms and in effect 20 ms later
    assert!((volts(1.0) - 98.0).abs() < 2.5);
    assert!((volts(2.0) - 298.0).abs() < 2.5);
    assert!((volts(2.0) - 400.0).abs() < 0.1);
    pv.set(ERROR, &["SOUR:VOLT 350"]);
    assert!((volts(0.25) - 377.0).abs() < 2.5);
    assert!((volts(1.0) - 350.0).abs() < 0.1);
    pv.set(ERROR, &["SOUR:VOLT:SLEW 20", "SOUR:VOLT 300"]);
    assert!((volts(0.05) - 300.0).abs() < 0.1);
}

#[test]
fn the_battery_simulator_takes_the_time_set_for_rise_and_fall() {
    let bench = bench_with(AUX, 1);
    let mut battery = Talk::new(&bench, "battery");
    battery.set(
        ERROR,
        &["SYST:REM", "VOLT 300", "VOLT:SLEW:POS 2", "VOLT:SLEW:NEG 4"],
    );
    battery.set(ERROR, &["CURR:LIM 30", "CURR:LIM:NEG -30", "OUTP ON"]);
    let volts = |seconds: f64| {
        advance(&bench, seconds);
        bench.true_state().battery_v
    };
    assert!((volts(1.0) - 147.0).abs() < 4.0);
    assert_eq!(volts(1.1), 300.0);
    battery.set(ERROR, &["VOLT 340"]);
    assert!((volts(1.0) - 319.5).abs() < 1.0);
    assert_eq!(volts(1.1), 340.0);
    battery.set(ERROR, &["VOLT 300"]);
    assert!((volts(1.0) - 330.2).abs() < 1.0);
    assert_eq!(volts(3.1), 300.0);
}
