//! Harmonics, peaks and distortions of the analysers against the waveforms of a recording.

use gridproof_plant::signal::MeterPoint;
use gridproof_plant::trig::sincos_turns;

use super::second_bench::bench as second;
use super::{AUX, Talk, advance, bench_with};
use crate::EmulatedBench;

const ERROR: &str = ":STAT:ERR?";

fn grid(bench: &EmulatedBench, lines: &[&str]) {
    Talk::new(bench, "grid").set("SYST:ERR?", lines);
}

/// One second of voltage and current of the DUT at 10 kS/s, true values.
fn record(bench: &EmulatedBench) -> [Vec<f64>; 2] {
    let mut recorder = Talk::new(bench, "recorder");
    let setup = [
        ":COMM:HEAD OFF",
        ":TIM:TDIV 100MS",
        ":ACQ:RLEN 10K",
        ":TRIG:MODE AUTO",
    ];
    recorder.set(ERROR, &setup);
    recorder.set(ERROR, &[":WAV:FORM ASC", ":STAR"]);
    advance(bench, 1.1);
    [1, 2].map(|channel| {
        recorder.set(ERROR, &[&format!(":WAV:TRAC {channel}")]);
        let reply = recorder.say(":WAV:SEND?");
        let values = reply.trim().split(',');
        values.map(|v| v.parse().expect("a number")).collect()
    })
}

/// RMS of an order of 50 Hz.
fn order(samples: &[f64], order: usize) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (k, v) in samples.iter().enumerate() {
        let turns = 50.0 * order as f64 * k as f64 / 10_000.0;
        let (s, c) = sincos_turns(turns - turns.floor());
        re += v * s;
        im += v * c;
    }
    std::f64::consts::SQRT_2 / samples.len() as f64 * f64::hypot(re, im)
}

fn thd(samples: &[f64]) -> f64 {
    let square: f64 = (2..=50).map(|n| order(samples, n).powi(2)).sum();
    square.sqrt() / order(samples, 1)
}

/// The values of some items.
fn values(meter: &mut Talk, items: &[&str]) -> Vec<f64> {
    for (n, item) in (1..).zip(items) {
        meter.set(ERROR, &[&format!(":NUM:NORM:ITEM{n} {item}")]);
    }
    meter.set(ERROR, &[&format!(":NUM:NORM:NUMB {}", items.len())]);
    numbers(&meter.say(":NUM:NORM:VAL?"))
}

fn numbers(reply: &str) -> Vec<f64> {
    let fields = reply.trim().split(',');
    fields.map(|v| v.parse().unwrap_or(f64::NAN)).collect()
}

/// The DUT feeds in from the battery, on a grid with distortion; the analyser is set up.
fn distorted() -> (EmulatedBench, Talk) {
    let bench = bench_with(AUX, 1);
    let base = ["VOLT:AC 230", "FREQ 50", "OUTP:REL ON", "OUTP:STAT ON"];
    grid(&bench, &base);
    let mut pv = Talk::new(&bench, "pv");
    for line in ["SOUR:SOL:VMP 350", "SOUR:SOL:IMP 8", "OUTP ON"] {
        pv.bytes(format!("{line}\r").as_bytes());
    }
    advance(&bench, 300.0);
    grid(&bench, &["FUNC:SHAP:A CSIN", "FUNC:SHAP:A:THD 4"]);
    advance(&bench, 2.0);
    let mut meter = Talk::new(&bench, "analyser");
    meter.set(
        ERROR,
        &[
            ":COMM:HEAD OFF",
            ":RATE 500MS",
            ":HARM:THD FUND",
            ":HARM:ORD 1,50",
        ],
    );
    (bench, meter)
}

#[test]
fn the_analyser_tells_the_harmonics_of_a_recording() {
    let (bench, mut meter) = distorted();
    let items = [
        "UTHD,1", "ITHD,1", "U,1,3", "I,1,3", "U,1,5", "I,1,5", "U,1,1", "I,1,1", "P,1,1", "Q,1,1",
        "UPP,1", "UMP,1", "CFU,1", "IDC,1", "UHDF,1,3", "UMN,1", "I,1,60", "PHIU,1,1",
    ];
    let first = values(&mut meter, &items);
    let [volts, amps] = record(&bench);
    let told = numbers(&meter.say(":NUM:NORM:VAL?"));
    let near = |got: f64, want: f64, allowed: f64, what: &str| {
        assert!((got - want).abs() <= allowed, "{what}: {got} for {want}");
    };
    for told in [&first, &told] {
        near(told[0], 100.0 * thd(&volts), 0.03, "UTHD");
        near(told[1], 100.0 * thd(&amps), 0.05, "ITHD");
        let u = |n| order(&volts, n);
        let i = |n| order(&amps, n);
        for (place, n) in [(2, 3), (4, 5), (6, 1)] {
            near(told[place], u(n), 1e-3 * u(1).min(20.0) + 5e-4 * u(n), "U");
        }
        for (place, n) in [(3, 3), (5, 5), (7, 1)] {
            near(told[place], i(n), 5e-3 + 2e-3 * i(n), "I");
        }
        let reading = bench.reading(MeterPoint::DutGrid);
        near(told[9], reading.vars, 5.0, "Q of the fundamental");
        assert!((told[8] - reading.watts).abs() < 0.01 * reading.watts.abs() + 5.0);
        let peak = volts.iter().copied().fold(f64::MIN, f64::max);
        near(told[10], peak, 0.5, "peak");
        near(told[11], -peak, 0.6, "trough");
        let rms = (volts.iter().map(|v| v * v).sum::<f64>() / volts.len() as f64).sqrt();
        near(told[12], peak / rms, 0.004, "crest factor");
        near(told[14], 100.0 * u(3) / u(1), 0.03, "share of the third");
        let rectified = volts.iter().map(|v| v.abs()).sum::<f64>() / volts.len() as f64;
        near(told[15], 1.1107 * rectified, 0.15, "rectified mean");
        assert!(told[16].is_nan(), "above the highest order: {}", told[16]);
        near(told[17], 0.0, 1e-6, "the fundamental against itself");
    }
    assert!(told[0] > 3.0, "there is something to see: {told:?}");
    grid(&bench, &["VOLT:DC 3"]);
    advance(&bench, 2.0);
    let direct = values(&mut meter, &["UDC,1", "U,1,DC"]);
    near(direct[0], 3.0, 0.1, "direct voltage");
    near(direct[1], direct[0], 1e-3, "order 0");
}

#[test]
fn lists_hold_the_total_the_direct_part_and_the_orders() {
    let (bench, mut meter) = distorted();
    meter.set(
        ERROR,
        &[":NUM:LIST:ITEM1 U,1", ":NUM:LIST:NUMB 1", ":NUM:LIST:ORD 7"],
    );
    let all = numbers(&meter.say(":NUM:LIST:VAL?"));
    assert_eq!(all.len(), 9);
    let [volts, _] = record(&bench);
    for (n, told) in (1..).zip(&all[2..]) {
        assert!((told - order(&volts, n)).abs() < 0.15, "{n}: {told}");
    }
    let reading = bench.reading(MeterPoint::DutGrid);
    assert!(
        (all[0] - reading.volts).abs() < 0.2 && all[1].abs() < 0.05,
        "{all:?}"
    );
    meter.set(ERROR, &[":NUM:LIST:SEL ODD"]);
    let odd = numbers(&meter.say(":NUM:LIST:VAL? 1"));
    let expected = [all[0], all[1], all[2], all[4], all[6], all[8]];
    for (a, b) in odd.iter().zip(expected) {
        assert!((a - b).abs() < 0.05, "{odd:?} {expected:?}");
    }
    assert_eq!(odd.len(), 6);
    // items and settings are read back as the manual shows them
    meter.set(ERROR, &[":NUM:LIST:PRES 1"]);
    assert_eq!(meter.say(":NUM:LIST:ITEM3?"), "P,1\n");
    assert_eq!(meter.say(":NUM:LIST?"), "1;7;ODD;U,1\n");
    meter.set(ERROR, &[":NUM:FORM FLO"]);
    let block = meter.bytes(b":NUM:LIST:VAL? 1\n");
    assert_eq!(block[..8], *b"#6000024");
    assert_eq!(block.len(), 8 + 24 + 1);
}

#[test]
fn without_a_pll_source_there_are_no_harmonics() {
    let bench = bench_with(AUX, 1);
    advance(&bench, 2.0);
    let mut meter = Talk::new(&bench, "analyser");
    meter.set(ERROR, &[":COMM:HEAD OFF"]);
    let told = values(&mut meter, &["UTHD,1", "U,1,1", "UPP,1"]);
    assert!(told[0].is_nan() && told[1].is_nan(), "{told:?}");
    assert!(told[2].abs() < 0.5, "peaks need none: {told:?}");
}

#[test]
fn a_look_at_the_waveform_leaves_the_bench_as_it_is() {
    let story = |ask: bool| {
        let (bench, mut meter) = distorted();
        if ask {
            values(&mut meter, &["UTHD,1", "U,1,3"]);
        }
        advance(&bench, 3.3);
        format!("{:?}", bench.true_state())
    };
    assert_eq!(story(true), story(false));
}

#[test]
fn a_held_value_stays_and_a_second_hold_takes_the_latest() {
    let (bench, mut meter) = distorted();
    let before = values(&mut meter, &["UTHD,1", "U,1"]);
    advance(&bench, 1.0);
    meter.set(ERROR, &[":NUM:HOLD ON"]);
    grid(&bench, &["FUNC:SHAP:A SINE", "VOLT:AC 225"]);
    advance(&bench, 3.0);
    // not read before the change: the update that is held has its waveforms
    let held = numbers(&meter.say(":NUM:NORM:VAL?"));
    assert!((held[0] - before[0]).abs() < 0.1, "{held:?} {before:?}");
    assert!((held[1] - before[1]).abs() < 0.1, "{held:?} {before:?}");
    meter.set(ERROR, &[":NUM:HOLD ON"]);
    let told = numbers(&meter.say(":NUM:NORM:VAL?"));
    let volts = bench.true_state().pcc_v;
    assert!((volts - held[1]).abs() > 2.0, "the change shows");
    assert!(told[0] < 1.0, "{told:?}");
    assert!((told[1] - volts).abs() < 0.3, "{told:?} {volts}");
}

#[test]
fn wiring_units_and_transformers_act() {
    let (_bench, mut meter) = distorted();
    let plain = values(&mut meter, &["P,1", "P,2", "U,1", "I,1", "S,1", "S,2"]);
    let unwired = values(&mut meter, &["P,SIGMA"]);
    assert!(unwired[0].is_nan());
    meter.set(ERROR, &[":INP:WIR P1W3,P1W2,P1W2"]);
    let sums = values(&mut meter, &["P,SIGMA", "S,SIGMA", "U,SIGMA", "U,2"]);
    let about = |a: f64, b: f64| (a - b).abs() < 2e-3 * b.abs() + 0.2;
    assert!(about(sums[0], plain[0] + plain[1]), "{sums:?} {plain:?}");
    assert!(about(sums[1], plain[4] + plain[5]), "{sums:?} {plain:?}");
    assert!(about(sums[2], (plain[2] + sums[3]) / 2.0), "{sums:?}");
    meter.set(
        ERROR,
        &[
            ":INP:SCAL:STAT:ELEM1 ON",
            ":INP:SCAL:VT:ELEM1 10",
            ":INP:SCAL:CT:ELEM1 2",
        ],
    );
    let scaled = values(&mut meter, &["P,1", "U,1", "I,1", "U,2"]);
    assert!(about(scaled[0], 20.0 * plain[0]) && about(scaled[1], 10.0 * plain[2]));
    assert!(
        about(scaled[2], 2.0 * plain[3]) && about(scaled[3], sums[3]),
        "{scaled:?}"
    );
    meter.set(ERROR, &[":MEAS:EFF:ETA1 P2,P4"]);
    let eta = values(&mut meter, &["ETA1", "P,2", "P,4"]);
    assert!((eta[0] - 100.0 * eta[1] / eta[2]).abs() < 0.1, "{eta:?}");
}

#[test]
fn waveform_data_are_the_voltage_from_its_zero_crossing_on() {
    let (bench, mut meter) = distorted();
    meter.set(ERROR, &[":WAV:TRAC U1", ":WAV:HOLD ON"]);
    let rate: f64 = meter.say(":WAV:SRAT?").trim().parse().expect("a rate");
    let u = numbers(&meter.say(":WAV:SEND?"));
    assert_eq!(u.len(), 1002);
    assert!(u[0].abs() < 3.0 && u[50] > 100.0, "{} {}", u[0], u[50]);
    // 50 ms at 5 ms a division: two and a half cycles
    let cycles = (50.0 / rate * 1001.0).floor();
    let whole = (cycles / 50.0 * rate).round() as usize;
    let rms = (u[..whole].iter().map(|v| v * v).sum::<f64>() / whole as f64).sqrt();
    assert!(
        (rms - bench.reading(MeterPoint::DutGrid).volts).abs() < 0.5,
        "{rms}"
    );
    meter.set(ERROR, &[":WAV:TRAC I1", ":WAV:STAR 10", ":WAV:END 19"]);
    assert_eq!(numbers(&meter.say(":WAV:SEND?")).len(), 10);
    meter.set(ERROR, &[":WAV:FORM FLO", ":WAV:BYT LSBF"]);
    assert_eq!(meter.bytes(b":WAV:SEND?\n")[..6], *b"#40040");
}

#[test]
fn the_second_analyser_tells_the_same() {
    let bench = second();
    let mut meter = Talk::new(&bench, "analyser");
    meter.set(ERROR, &[":COMM:HEAD OFF"]);
    Talk::new(&bench, "grid").set("SYST:ERR?", &["VOLT 230", "FREQ 50", "OUTP ON"]);
    advance(&bench, 3.0);
    let told = values(&mut meter, &["URMS,2", "CFU,2", "UTHD,2", "UPP,2"]);
    assert!((told[0] - 230.0).abs() < 1.0, "{told:?}");
    assert!(
        (told[1] - 2f64.sqrt()).abs() < 0.01 && told[2] < 0.5,
        "{told:?}"
    );
    assert!((told[3] - told[0] * told[1]).abs() < 0.1, "{told:?}");
}
