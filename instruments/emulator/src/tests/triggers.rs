//! Trigger sources of the DL850 besides its channels.

use super::{AUX, Talk, advance, bench_with};
use crate::EmulatedBench;

const ERROR: &str = ":STAT:ERR?";

/// An energised bench and its recorder, waiting for a trigger: 10 kS/s, 100 ms, half of it before.
fn waiting(seed: u64, source: &[&str]) -> (EmulatedBench, Talk) {
    let bench = bench_with(AUX, seed);
    let mut grid = Talk::new(&bench, "grid");
    grid.set("SYST:ERR?", &["VOLT:AC 230", "OUTP:REL ON", "OUTP:STAT ON"]);
    advance(&bench, 0.5);
    let mut recorder = Talk::new(&bench, "recorder");
    recorder.set(ERROR, &[":COMM:HEAD OFF", ":TIM:TDIV 10MS", ":ACQ:RLEN 1K"]);
    recorder.set(
        ERROR,
        &[":TRIG:MODE SINGLE", ":TRIG:POS 50", ":WAV:FORM ASC"],
    );
    recorder.set(ERROR, source);
    recorder.set(ERROR, &[":STAR"]);
    (bench, recorder)
}

/// Bench time of the trigger of the finished record, s.
fn trigger_s(recorder: &mut Talk) -> f64 {
    recorder.set(ERROR, &[":WAV:TRAC 1"]);
    assert_eq!(recorder.say(":STAT:COND?"), "0\n", "the record is complete");
    let reply = recorder.say(":WAV:STIM?;TRIG?");
    let fields: Vec<f64> = reply
        .trim()
        .split(';')
        .map(|f| f.parse().expect("a number"))
        .collect();
    fields[0] + fields[1] * 1e-4
}

#[test]
fn the_external_trigger_is_that_of_the_grid_simulator() {
    let (bench, mut recorder) = waiting(1, &[":TRIG:SIMP:SOUR EXT"]);
    assert_eq!(recorder.say(":TRIG:SIMP:SOUR?"), "EXTERNAL\n");
    advance(&bench, 1.0);
    assert_eq!(
        recorder.say(":STAT:COND?"),
        "5\n",
        "nothing has happened yet"
    );
    let changed = bench.now().as_secs_f64();
    Talk::new(&bench, "grid").set("SYST:ERR?", &["VOLT:AC 231"]);
    advance(&bench, 0.2);
    let at = trigger_s(&mut recorder);
    assert!((at - changed).abs() < 1.5e-4, "{at} {changed}");
}

/// With half of 100 ms before the trigger, a delay of 30 ms leaves what triggered in the record, one of
/// 200 ms does not.
#[test]
fn a_delayed_trigger_comes_that_much_later() {
    for delay_s in [0.03, 0.2] {
        let delay = format!(":TRIG:DEL {delay_s}");
        let (bench, mut recorder) = waiting(1, &[":TRIG:SIMP:SOUR EXT", &delay]);
        let shown: f64 = recorder.say(":TRIG:DEL?").trim().parse().expect("a number");
        assert_eq!(shown, delay_s);
        advance(&bench, 1.0);
        let changed = bench.now().as_secs_f64();
        Talk::new(&bench, "grid").set("SYST:ERR?", &["VOLT:AC 231"]);
        advance(&bench, delay_s + 0.02);
        assert_eq!(recorder.say(":STAT:COND?"), "1\n", "no longer waiting");
        advance(&bench, 0.1);
        let at = trigger_s(&mut recorder);
        assert!((at - changed - delay_s).abs() < 1.5e-4, "{at} {changed}");
        recorder.set(ERROR, &[":WAV:TRAC 8"]);
        let reply = recorder.say(":WAV:SEND?");
        let pulse: Vec<f64> = reply
            .trim()
            .split(',')
            .map(|v| v.parse().expect("a number"))
            .collect();
        assert_eq!(pulse.len(), 1000);
        let edge = pulse.iter().position(|&v| v > 2.5);
        let wanted = (500.0 - delay_s * 1e4).max(-1.0);
        assert_eq!(edge.is_some(), wanted > 0.0, "{edge:?}");
        if let Some(edge) = edge {
            assert!((edge as f64 - wanted).abs() < 2.5, "{edge} {wanted}");
        }
    }
    let bench = bench_with(AUX, 1);
    let mut recorder = Talk::new(&bench, "recorder");
    assert_eq!(recorder.say(":TRIG:DEL 11"), "");
    assert!(recorder.say(ERROR).starts_with("222,"));
}

#[test]
fn the_line_trigger_is_the_mains_of_the_room_and_not_of_the_bench() {
    let mut phases = Vec::new();
    for seed in 1..=4 {
        let mut at = Vec::new();
        for slope in ["RISE", "FALL"] {
            let slope = format!(":TRIG:SIMP:SLOP {slope}");
            let (bench, mut recorder) = waiting(seed, &[":TRIG:SIMP:SOUR LINE", &slope]);
            // the grid simulator is at another frequency
            Talk::new(&bench, "grid").set("SYST:ERR?", &["FREQ 51"]);
            advance(&bench, 0.3);
            at.push(trigger_s(&mut recorder));
        }
        let half = ((at[1] - at[0]) / 0.02).rem_euclid(1.0);
        assert!((half - 0.5).abs() < 0.01, "{half}");
        phases.push((at[0] / 0.02).rem_euclid(1.0));
    }
    let spread =
        phases.iter().copied().fold(0.0, f64::max) - phases.iter().copied().fold(1.0, f64::min);
    assert!(spread > 0.1, "nobody knows its phase: {phases:?}");
}

#[test]
fn the_time_trigger_comes_at_its_time_and_then_at_intervals() {
    let times = [
        ":TRIG:SIMP:SOUR TIME",
        ":TRIG:TIME:TIME \"00:00:05\"",
        ":TRIG:TIME:TINT 10",
    ];
    let (bench, mut recorder) = waiting(1, &times);
    assert_eq!(
        recorder.say(":TRIG:TIME:TIME?;TINT?"),
        "\"00:00:05\";1.000E+01\n"
    );
    advance(&bench, 6.0);
    assert!((trigger_s(&mut recorder) - 5.0).abs() < 1e-4);
    recorder.set(ERROR, &[":STAR"]);
    advance(&bench, 9.0);
    assert!((trigger_s(&mut recorder) - 15.0).abs() < 1e-4);
    assert_eq!(recorder.say(":TRIG:TIME:TIME \"25:00:00\""), "");
    assert!(recorder.say(ERROR).starts_with("222,"));
}

#[test]
fn both_slopes_trigger_on_whichever_comes_first() {
    let level = 200.0;
    let mut last = Vec::new();
    // the recorder is told to wait at two phases of the cycle
    for wait in [0.0, 0.014] {
        let bench = bench_with(AUX, 1);
        let mut grid = Talk::new(&bench, "grid");
        grid.set("SYST:ERR?", &["VOLT:AC 230", "OUTP:REL ON", "OUTP:STAT ON"]);
        advance(&bench, 0.5 + wait);
        let mut recorder = Talk::new(&bench, "recorder");
        let lines = [":COMM:HEAD OFF", ":TIM:TDIV 10MS", ":ACQ:RLEN 1K"];
        recorder.set(ERROR, &lines);
        let lines = [":TRIG:MODE SINGLE", ":TRIG:POS 10", ":TRIG:SIMP:SOUR 1"];
        recorder.set(ERROR, &lines);
        let lines = [":TRIG:SIMP:LEV 200", ":TRIG:SIMP:SLOP BOTH", ":STAR"];
        recorder.set(ERROR, &lines);
        assert_eq!(recorder.say(":TRIG:SIMP:SLOP?"), "BOTH\n");
        advance(&bench, 0.2);
        recorder.set(ERROR, &[":WAV:FORM ASC", ":WAV:TRAC 1"]);
        let at: usize = recorder.say(":WAV:TRIG?").trim().parse().expect("a place");
        let reply = recorder.say(":WAV:SEND?");
        let volts: Vec<f64> = reply
            .trim()
            .split(',')
            .map(|v| v.parse().expect("volts"))
            .collect();
        let (before, after) = (volts[at - 2], volts[at + 2]);
        assert!((before - level) * (after - level) < 0.0, "{before} {after}");
        last.push(after > before);
        // parameters of the record against what it holds
        let of = |recorder: &mut Talk, what: &str| -> f64 {
            let reply = recorder.say(&format!(":MEAS:TRAC1:{what}:VAL?"));
            reply.trim().parse().expect("a number")
        };
        let pp = of(&mut recorder, "PTOP");
        assert!((pp - 2.0 * 2f64.sqrt() * 230.0).abs() < 3.0, "{pp}");
        // a sine passes from 10 to 90 % in 2 asin(0.8) of its 2 pi
        let rise = of(&mut recorder, "RISE");
        let expected = 0.02 * 2.0 * 0.8f64.asin() / std::f64::consts::TAU;
        assert!((rise - expected).abs() < 1e-4, "{rise} {expected}");
        let width = of(&mut recorder, "PWID");
        assert!((width - 0.01).abs() < 1e-4, "{width}");
        assert!((of(&mut recorder, "DUTY") - 50.0).abs() < 1.0);
    }
    assert_ne!(last[0], last[1], "once up, once down");
}
