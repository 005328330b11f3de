//! The recorder's chain: sensor, filter, converter (docs/models.md 10.1).

use gridproof_model::bench::{AntiAlias, Bench, ChannelSensor, Converter, FilterShape};
use gridproof_model::quantity::{Ratio, Seconds};

use super::{AUX, Talk, advance, codes, embedded, profile};
use crate::EmulatedBench;

const ERROR: &str = ":STAT:ERR?";

/// The embedded bench after a change, with the AUX on the grid.
fn bench_with_chain(change: impl FnOnce(&mut Bench)) -> EmulatedBench {
    let mut plan = embedded();
    change(&mut plan);
    let dut = profile(AUX);
    let bench = EmulatedBench::new(&plan, &dut, &dut.behaviour, &codes(), 1).expect("a bench");
    let mut grid = Talk::new(&bench, "grid");
    grid.set("SYST:ERR?", &["VOLT:AC 230", "OUTP:REL ON", "OUTP:STAT ON"]);
    let mut load = Talk::new(&bench, "island-load");
    let loaded = ["PHASE1:RLOAD 2000", "PHASE1:RLOADE ON", "FUNC:SLOAD ON"];
    load.set("SYST:ERR?", &loaded);
    advance(&bench, 1.0);
    bench
}

fn converter(bench: &mut Bench, anti_alias: Option<AntiAlias>) {
    if let Some(recorder) = bench.instruments.get_mut("recorder") {
        recorder.converter = Some(Converter {
            anti_alias,
            ..Converter::default()
        });
    }
}

fn bessel(poles: u8, cutoff: f64) -> Option<AntiAlias> {
    Some(AntiAlias {
        shape: FilterShape::Bessel,
        poles,
        cutoff: Ratio(cutoff),
    })
}

/// A record at 10 kS/s of 200 ms around the opening of S1, triggered by its contact.
fn opening(bench: &EmulatedBench, more: &[&str]) -> Talk {
    let mut recorder = Talk::new(bench, "recorder");
    recorder.set(
        ERROR,
        &[":COMM:HEAD OFF", ":COMM:VERB OFF", ":TIM:TDIV 20MS"],
    );
    recorder.set(
        ERROR,
        &[":ACQ:RLEN 2K", ":TRIG:MODE SINGLE", ":TRIG:POS 50"],
    );
    recorder.set(ERROR, &[":TRIG:SIMP:SOUR 7", ":TRIG:SIMP:SLOP FALL"]);
    recorder.set(ERROR, &[":TRIG:SIMP:LEV 2.5", ":WAV:FORM ASC"]);
    recorder.set(ERROR, more);
    recorder.set(ERROR, &[":STAR"]);
    advance(bench, 0.15);
    Talk::new(bench, "island-load").set("SYST:ERR?", &["FUNC:S1 OFF"]);
    advance(bench, 0.2);
    recorder
}

fn trace(recorder: &mut Talk, channel: u8) -> Vec<f64> {
    recorder.set(ERROR, &[&format!(":WAV:TRAC {channel}")]);
    let reply = recorder.say(":WAV:SEND?");
    reply
        .trim()
        .split(',')
        .map(|value| value.parse().expect("a number"))
        .collect()
}

/// Places, in samples, where a trace rises through zero before its sample `end`.
fn crossings(trace: &[f64], end: usize) -> Vec<f64> {
    (1..end)
        .filter(|&k| trace[k - 1] < 0.0 && trace[k] >= 0.0)
        .map(|k| k as f64 - trace[k] / (trace[k] - trace[k - 1]))
        .collect()
}

/// Last sample at which a current is beyond 0.3 A; the current is cut at a zero crossing.
fn last_current(trace: &[f64]) -> usize {
    trace
        .iter()
        .rposition(|i| i.abs() > 0.3)
        .expect("a current")
}

#[rstest::rstest]
fn the_time_axis_leaves_the_delay_of_the_anti_alias_filter_out(
    #[values(4, 6)] poles: u8,
    #[values(0.4, 0.2)] cutoff: f64,
) {
    let without = bench_with_chain(|bench| converter(bench, None));
    let with = bench_with_chain(|bench| converter(bench, bessel(poles, cutoff)));
    let (mut plain, mut filtered) = (opening(&without, &[]), opening(&with, &[]));
    let (a, b) = (trace(&mut plain, 1), trace(&mut filtered, 1));
    let (a, b) = (crossings(&a, 990), crossings(&b, 990));
    assert_eq!((a.len(), b.len()), (5, 5));
    for (a, b) in a.iter().zip(&b) {
        // noise of 0.16 V on a slope of 10 V per sample
        assert!((a - b).abs() < 0.06, "{a} {b}");
    }
    let (a, b) = (trace(&mut plain, 3), trace(&mut filtered, 3));
    let (a, b) = (last_current(&a), last_current(&b));
    assert!(a > 1000 && a.abs_diff(b) <= 2, "{a} {b}");
    let (a, b) = (trace(&mut plain, 7), trace(&mut filtered, 7));
    assert_eq!(
        a.iter().position(|&v| v < 2.5),
        b.iter().position(|&v| v < 2.5)
    );
}

#[test]
fn a_bandwidth_limit_delays_as_a_filter_of_second_order_does() {
    let bench = bench_with_chain(|bench| converter(bench, None));
    let mut recorder = opening(&bench, &[":CHAN4:VOLT:BWID 400", ":CHAN4:VOLT:RANG 100V"]);
    let (pcc, source) = (trace(&mut recorder, 1), trace(&mut recorder, 4));
    let (pcc, source) = (crossings(&pcc, 990), crossings(&source, 990));
    // 1/(Q ω) = √2/(2π · 400 Hz) = 0.563 ms, less than 1 % of that at 50 Hz
    for (a, b) in pcc.iter().zip(&source) {
        assert!((b - a - 5.63).abs() < 0.15, "{}", b - a);
    }
}

#[test]
fn a_current_transformer_goes_on_after_the_current_has_ended() {
    let transformer = |bench: &mut Bench| {
        converter(bench, None);
        let recorder = bench.instruments.get_mut("recorder").expect("a recorder");
        let channel = recorder.channels.get_mut(&3).expect("channel 3");
        channel.sensor = Some(ChannelSensor::CurrentTransformer {
            tau: Seconds(0.2),
            saturation: None,
        });
    };
    let bench = bench_with_chain(transformer);
    Talk::new(&bench, "island-load").set("SYST:ERR?", &["PHASE1:RLOAD 8000"]);
    advance(&bench, 1.0);
    let mut recorder = opening(&bench, &[]);
    let seen = trace(&mut recorder, 3);
    let end = 1000
        + seen[1000..]
            .iter()
            .position(|i| i.abs() < 0.6)
            .expect("an end");
    // the arc goes out at a zero crossing, where the magnetising current is at its peak
    let peak = seen[..1000]
        .iter()
        .fold(0.0f64, |peak, i| peak.max(i.abs()));
    let wanted = peak / (std::f64::consts::TAU * 50.0 * 0.2);
    let mean = |from: usize| seen[from..from + 100].iter().sum::<f64>() / 100.0;
    let (first, later) = (mean(end + 10).abs(), mean(end + 610).abs());
    assert!((first / wanted - 0.97).abs() < 0.06, "{first} {wanted}");
    // 60 ms of 200
    assert!(
        (later / first - (-0.3f64).exp()).abs() < 0.05,
        "{later} {first}"
    );
}

#[test]
fn an_impossible_filter_is_refused() {
    for (poles, cutoff) in [(3, 0.4), (4, 0.5), (4, 0.0)] {
        let mut plan = embedded();
        converter(&mut plan, bessel(poles, cutoff));
        let dut = profile(AUX);
        let bench = EmulatedBench::new(&plan, &dut, &dut.behaviour, &codes(), 1);
        assert!(bench.is_err(), "{poles} {cutoff}");
    }
}
