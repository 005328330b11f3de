//! When an analyser's values were measured, and when they can be read.

use gridproof_model::quantity::Seconds;

use super::{AUX, Talk, advance, codes, embedded, profile};
use crate::EmulatedBench;

const ERROR: &str = ":STAT:ERR?";

/// The embedded bench with an analyser of a latency, energised, its update interval and items set.
fn bench_late(latency_s: f64, seed: u64, rate: &str) -> (EmulatedBench, Talk) {
    let mut plan = embedded();
    let analyser = plan.instruments.get_mut("analyser").expect("an analyser");
    analyser.latency = Some(Seconds(latency_s));
    let dut = profile(AUX);
    let bench = EmulatedBench::new(&plan, &dut, &dut.behaviour, &codes(), seed).expect("a bench");
    let mut grid = Talk::new(&bench, "grid");
    grid.set("SYST:ERR?", &["VOLT:AC 230", "OUTP:REL ON", "OUTP:STAT ON"]);
    let mut meter = Talk::new(&bench, "analyser");
    meter.set(
        ERROR,
        &[":COMM:HEAD OFF", ":COMM:VERB OFF", ":STAT:FILT1 FALL"],
    );
    meter.set(
        ERROR,
        &[
            &format!(":RATE {rate}"),
            ":NUM:NORM:NUMB 1",
            ":NUM:NORM:ITEM1 U,1",
        ],
    );
    advance(&bench, 2.0);
    (bench, meter)
}

fn shown(meter: &mut Talk) -> f64 {
    meter
        .say(":NUM:NORM:VAL?")
        .trim()
        .parse()
        .expect("a number")
}

/// The time from a step of the voltage at the start of an interval until it is shown in full, and until
/// it begins to be seen, looked for every 5 ms.
fn seen(bench: &EmulatedBench, meter: &mut Talk, interval_s: f64) -> (f64, f64) {
    let begin = (bench.now().as_secs_f64() / interval_s).ceil() * interval_s + 1e-3;
    advance(bench, begin - bench.now().as_secs_f64());
    Talk::new(bench, "grid").set("SYST:ERR?", &["VOLT:AC 225"]);
    let (mut first, mut full) = (f64::NAN, f64::NAN);
    for step in 1..1000 {
        advance(bench, 0.005);
        let volts = shown(meter);
        let t = f64::from(step) * 0.005;
        if first.is_nan() && volts < 229.0 {
            first = t;
        }
        if volts < 225.3 {
            full = t;
            break;
        }
    }
    (first, full)
}

#[test]
fn an_update_is_shown_after_its_latency_and_not_before() {
    let (mut least, mut most) = (f64::MAX, 0.0f64);
    for seed in 1..=6 {
        let (bench, mut meter) = bench_late(0.3, seed, "200MS");
        let (first, full) = seen(&bench, &mut meter, 0.2);
        // the step lies 1 ms behind the begin of an interval of 200 ms
        let latency = first - 0.199;
        assert!((0.145..=0.305).contains(&latency), "seed {seed}: {latency}");
        // no whole cycle before the step is in that interval
        assert!(full - first < 0.23, "seed {seed}: {first} {full}");
        (least, most) = (least.min(latency), most.max(latency));
    }
    assert!(most > least + 0.02, "latencies are drawn: {least} {most}");
    let (bench, mut meter) = bench_late(0.0, 1, "200MS");
    let (first, _) = seen(&bench, &mut meter, 0.2);
    assert!((first - 0.2).abs() < 0.006, "{first}");
}

#[test]
fn updates_that_overtake_none_arrive_each_in_its_turn() {
    // more latency than interval: several updates are on their way at once
    let (bench, mut meter) = bench_late(0.3, 2, "100MS");
    let mut updates = 0;
    meter.say(":STAT:EESR?");
    for _ in 0..400 {
        advance(&bench, 0.01);
        updates += i32::from(meter.say(":STAT:EESR?").starts_with('1'));
    }
    assert!((39..=41).contains(&updates), "{updates}");
}

#[test]
fn a_short_interval_holds_its_own_cycles_only() {
    let (bench, mut meter) = bench_late(0.0, 1, "50MS");
    let (first, full) = seen(&bench, &mut meter, 0.05);
    assert!(first <= 0.056 && full <= 0.105, "{first} {full}");
}

#[test]
fn a_change_of_range_leaves_a_gap_of_an_update() {
    let (bench, mut meter) = bench_late(0.0, 1, "200MS");
    assert!((shown(&mut meter) - 230.0).abs() < 1.0);
    meter.set(ERROR, &[":INP:VOLT:RANG:ELEM1 300V"]);
    advance(&bench, 0.2);
    assert!(shown(&mut meter) > 0.0, "the same range is no change");
    meter.set(ERROR, &[":INP:VOLT:RANG:ELEM1 600V"]);
    advance(&bench, 0.2);
    assert_eq!(meter.say(":NUM:NORM:VAL?"), "NAN\n");
    advance(&bench, 0.2);
    assert!((shown(&mut meter) - 230.0).abs() < 1.0);
}
