//! WT3000 and DL850 against the plant's truth.

use gridproof_plant::signal::MeterPoint;

use super::{SAJ, Talk, advance, bench_with};
use crate::EmulatedBench;

fn energise(bench: &EmulatedBench) {
    let mut grid = Talk::new(bench, "grid");
    grid.set("SYST:ERR?", &["VOLT:AC 230", "OUTP:REL ON", "OUTP:STAT ON"]);
    advance(bench, 1.0);
}

const ITEMS: &[&str] = &[
    ":COMM:REM ON",
    ":COMM:HEAD OFF",
    ":COMM:VERB OFF",
    ":RATE 200MS",
    ":INP:VOLT:RANG:ELEM1 300V",
    ":INP:CURR:RANG:ELEM1 30A",
    ":NUM:FORM ASC",
    ":NUM:NORM:NUMB 5",
    ":NUM:NORM:ITEM1 U,1",
    ":NUM:NORM:ITEM2 I,1",
    ":NUM:NORM:ITEM3 P,1",
    ":NUM:NORM:ITEM4 FU,1",
    ":NUM:NORM:ITEM5 NONE",
];

#[test]
fn headers_are_on_after_power_on() {
    let bench = bench_with(SAJ, 1);
    let mut meter = Talk::new(&bench, "analyser");
    assert_eq!(meter.say(":RATE?"), ":RATE 500.00E-03\n");
    assert_eq!(
        meter.say(":INP:VOLT:RANG:ELEM1?"),
        ":INPUT:VOLTAGE:RANGE:ELEMENT1 300.00E+00\n"
    );
    assert_eq!(meter.say(":COMM:VERB OFF"), "");
    assert_eq!(meter.say(":NUM:NORM:VAL? 1"), ":NUM:NORM:VAL NAN\n");
    assert_eq!(meter.say(":STAT:ERR?"), "0,\"No error\"\n");
    assert_eq!(meter.say(":RAET 1S"), "");
    assert_eq!(meter.say(":STAT:ERR?"), "113,\"Undefined header\"\n");
    assert_eq!(meter.say(":RATE 300MS"), "");
    assert_eq!(meter.say(":STAT:ERR?"), "222,\"Data out of range\"\n");
    assert_eq!(
        meter.say("*IDN?"),
        "YOKOGAWA,760304-04-SV,91K000001,F6.11\n"
    );
}

#[test]
fn the_analyser_reads_within_its_specification() {
    for seed in [1, 2, 3] {
        let bench = bench_with(SAJ, seed);
        let mut meter = Talk::new(&bench, "analyser");
        meter.set(":STAT:ERR?", ITEMS);
        energise(&bench);
        advance(&bench, 70.0);
        let reply = meter.say(":NUM:NORM:VAL?");
        let values: Vec<&str> = reply.trim().split(',').collect();
        assert_eq!(values.len(), 5);
        assert_eq!(values[4], "NAN");
        let value = |index: usize| values[index].parse::<f64>().expect("a number");
        let truth = bench.reading(MeterPoint::DutGrid);
        // half a digit of the five shown on top
        let within = |got: f64, want: f64, reading: f64, range: f64| {
            let allowed = reading * want.abs() + range + 0.5e-4 * want.abs();
            assert!(
                (got - want).abs() <= allowed,
                "seed {seed}: {got} for {want} ± {allowed}"
            );
        };
        within(value(0), truth.volts, 1e-4, 3e-4 * 300.0);
        within(value(1), truth.amps, 1e-4, 3e-4 * 30.0);
        within(value(2), truth.watts, 2e-4, 4e-4 * 9000.0);
        within(value(3), truth.hz, 6e-4, 0.0);
        assert!(
            (value(0) - truth.volts).abs() > 0.0,
            "a real meter has an error"
        );
    }
}

#[test]
fn hold_freezes_and_wait_blocks_until_the_update() {
    let bench = bench_with(SAJ, 1);
    let mut meter = Talk::new(&bench, "analyser");
    meter.set(":STAT:ERR?", ITEMS);
    meter.set(":STAT:ERR?", &[":STAT:FILT1 FALL"]);
    energise(&bench);
    assert_eq!(meter.say(":STAT:EESR?"), "1\n");
    assert_eq!(meter.say(":STAT:EESR?"), "0\n");
    let before = meter.say(":NUM:NORM:VAL? 1");
    meter.set(":STAT:ERR?", &[":HOLD ON"]);
    advance(&bench, 1.0);
    assert_eq!(meter.say(":NUM:NORM:VAL? 1"), before);
    meter.set(":STAT:ERR?", &[":HOLD OFF"]);
    assert_eq!(meter.say(":STAT:EESR?"), "1\n");
    assert_eq!(meter.say(":COMM:WAIT 1;:NUM:NORM:VAL? 1"), "");
    advance(&bench, 0.2);
    assert_ne!(meter.bytes(b""), b"");
}

#[test]
fn float_blocks_carry_their_nan() {
    let bench = bench_with(SAJ, 1);
    let mut meter = Talk::new(&bench, "analyser");
    meter.set(":STAT:ERR?", ITEMS);
    meter.set(":STAT:ERR?", &[":NUM:FORM FLO"]);
    energise(&bench);
    let reply = meter.bytes(b":NUM:NORM:VAL?\n");
    assert_eq!(reply[..6], *b"#40020");
    assert_eq!(reply.len(), 6 + 20 + 1);
    assert_eq!(reply[22..26], [0x7e, 0x95, 0x1b, 0xee]);
    let volts = f32::from_be_bytes([reply[6], reply[7], reply[8], reply[9]]);
    assert!((volts - 230.0).abs() < 1.0, "{volts}");
}

#[test]
fn a_beyond_range_value_reads_inf() {
    let bench = bench_with(SAJ, 1);
    let mut meter = Talk::new(&bench, "analyser");
    meter.set(":STAT:ERR?", ITEMS);
    meter.set(":STAT:ERR?", &[":INP:VOLT:RANG:ELEM1 100V"]);
    energise(&bench);
    assert_eq!(meter.say(":NUM:NORM:VAL? 1"), "INF\n");
    assert_eq!(meter.say(":NUM:NORM:VAL? 3"), "INF\n");
    assert_eq!(meter.say(":STAT:COND?"), "256\n");
}

const RECORD: &[&str] = &[
    ":COMM:HEAD OFF",
    ":COMM:VERB OFF",
    ":CHAN1:VOLT:RANG 100V",
    ":TIM:TDIV 20MS",
    ":ACQ:RLEN 20K",
    ":TRIG:MODE SINGLE",
    ":TRIG:SIMP:SOUR 8",
    ":TRIG:SIMP:LEV 2.5",
    ":TRIG:SIMP:SLOP RISE",
    ":TRIG:POS 25",
    ":WAV:FORM WORD",
    ":WAV:BYT LSBF",
    ":WAV:REC 0",
];

#[test]
fn a_record_scales_back_to_volts() {
    let bench = bench_with(SAJ, 1);
    energise(&bench);
    let mut recorder = Talk::new(&bench, "recorder");
    assert_eq!(recorder.say(":TIM:TDIV?"), ":TIMEBASE:TDIV 1.000E-01\n");
    recorder.set(":STAT:ERR?", RECORD);
    assert_eq!(recorder.say(":TIM:SRAT?"), "1.000E+05\n");
    recorder.set(":STAT:ERR?", &[":STARt"]);
    assert_eq!(recorder.say(":STAT:COND?"), "5\n");
    advance(&bench, 0.1);
    assert_eq!(recorder.say(":STAT:COND?"), "5\n");
    Talk::new(&bench, "grid").set("SYST:ERR?", &["VOLT:AC 231"]);
    advance(&bench, 0.1);
    assert_eq!(recorder.say(":STAT:COND?"), "1\n");
    advance(&bench, 0.06);
    assert_eq!(recorder.say(":STAT:COND?"), "0\n");
    let mut trigger = Talk::new(&bench, "recorder");
    trigger.set(":STAT:ERR?", &[":WAV:TRAC 8"]);
    let edge = trigger.bytes(b":WAV:SEND?\n");
    let code = |at: usize| i16::from_le_bytes([edge[10 + 2 * at], edge[11 + 2 * at]]);
    assert!(
        code(4998) < 100 && code(5002) > 11_900,
        "{} {}",
        code(4998),
        code(5002)
    );
    recorder.set(":STAT:ERR?", &[":WAV:TRAC 1"]);
    assert_eq!(
        recorder.say(":WAV:LENG?;SRAT?;TRIG?;RANG?;OFFS?;BITS?"),
        "20000;1.000E+05;5000;1.000E+02;0.000E+00;16\n"
    );
    let reply = recorder.bytes(b":WAV:SEND?\n");
    assert_eq!(reply[..10], *b"#800040000");
    assert_eq!(reply.len(), 10 + 40_000 + 1);
    let codes: Vec<f64> = reply[10..40_010]
        .chunks_exact(2)
        .map(|pair| f64::from(i16::from_le_bytes([pair[0], pair[1]])))
        .collect();
    let volts: Vec<f64> = codes
        .iter()
        .map(|code| 100.0 * code * 10.0 / 24_000.0)
        .collect();
    // 0.25 % of 1000 V over ten whole cycles
    let rms = (volts.iter().map(|v| v * v).sum::<f64>() / 20_000.0).sqrt();
    let truth = bench.reading(MeterPoint::DutGrid).volts;
    assert!((rms - truth).abs() < 1.0, "{rms} {truth}");
    recorder.set(
        ":STAT:ERR?",
        &[":WAV:STAR 100", ":WAV:END 101", ":WAV:FORM BYTE"],
    );
    let bytes = recorder.bytes(b":WAV:SEND?\n");
    assert_eq!(bytes[..10], *b"#800000002");
    assert!((f64::from(bytes[10] as i8) - codes[100] / 93.75).abs() <= 0.5);
    recorder.set(":STAT:ERR?", &[":WAV:BYT MSBF", ":WAV:FORM WORD"]);
    let swapped = recorder.bytes(b":WAV:SEND?\n");
    assert_eq!(
        f64::from(i16::from_be_bytes([swapped[10], swapped[11]])),
        codes[100]
    );
    recorder.set(":STAT:ERR?", &[":WAV:FORM ASC"]);
    let texts = recorder.say(":WAV:SEND?");
    let first: f64 = texts
        .split(',')
        .next()
        .and_then(|text| text.parse().ok())
        .expect("a number");
    assert!((first - volts[100]).abs() < 1e-2);
    assert_eq!(recorder.say(":CHAN12:VOLT:RANG?"), "");
    assert_eq!(recorder.say(":STAT:ERR?"), "241,\"Hardware missing\"\n");
}

#[test]
fn contacts_read_five_volts_and_clipping_stops_at_12500() {
    let bench = bench_with(SAJ, 1);
    energise(&bench);
    let mut recorder = Talk::new(&bench, "recorder");
    recorder.set(":STAT:ERR?", RECORD);
    recorder.set(
        ":STAT:ERR?",
        &[":TRIG:MODE AUTO", ":CHAN1:VOLT:RANG 10V", ":STAR"],
    );
    advance(&bench, 0.3);
    let mut codes = |channel: u8| -> Vec<i16> {
        recorder.set(":STAT:ERR?", &[&format!(":WAV:TRAC {channel}")]);
        let reply = recorder.bytes(b":WAV:SEND?\n");
        reply[10..reply.len() - 1]
            .chunks_exact(2)
            .map(|p| i16::from_le_bytes([p[0], p[1]]))
            .collect()
    };
    let clipped = codes(1);
    assert_eq!(
        (clipped.iter().max(), clipped.iter().min()),
        (Some(&12_500), Some(&-12_500))
    );
    let contact = codes(7);
    assert!(
        contact
            .iter()
            .all(|&code| (11_950..=12_050).contains(&code)),
        "{:?}",
        &contact[..4]
    );
    let open = codes(9);
    assert!(open.iter().all(|code| code.abs() < 50));
}

#[test]
fn a_trigger_waits_for_the_pre_trigger_memory() {
    let bench = bench_with(SAJ, 1);
    let mut grid = Talk::new(&bench, "grid");
    grid.say("VOLT:AC 230;:OUTP:REL ON;STAT ON");
    advance(&bench, 0.2);
    let mut recorder = Talk::new(&bench, "recorder");
    recorder.say(":COMM:HEAD OFF;:TIM:TDIV 50MS;:ACQ:RLEN 5K;:TRIG:MODE NORM;POS 50");
    // the voltage crosses the level every 20 ms, from the first cycle on
    recorder.say(":TRIG:SIMP:SOUR 1;LEV 0V;SLOP RISE;:STAR");
    advance(&bench, 0.2);
    assert_eq!(recorder.say(":STAT:COND?"), "5\n", "still filling");
    advance(&bench, 0.6);
    assert_eq!(recorder.say(":WAV:TRAC 1;LENG?;TRIG?"), "5000;2500\n");
    // a query that waits for its trigger, and gives up in time
    recorder.say(":TRIG:SIMP:LEV 900V");
    assert_eq!(recorder.say(":SSTart? 5"), "");
    advance(&bench, 0.6);
    assert_eq!(recorder.say("*OPC?"), "1\n1\n");
    // at once, whatever the level
    recorder.say(":TRIG:MODE ONST;:STAR");
    advance(&bench, 0.6);
    assert_eq!(recorder.say(":STAT:COND?"), "0\n");
    assert_eq!(recorder.say(":WAV:TRAC 1;LENG?"), "5000\n");
}

/// Amplitude (RMS) and phase (turns) of 50 Hz in `data`, which holds whole cycles.
fn fundamental(data: &[f64], rate: f64) -> (f64, f64) {
    let (mut re, mut im) = (0.0, 0.0);
    for (k, value) in data.iter().enumerate() {
        let turns = 50.0 * k as f64 / rate;
        let (sin, cos) = gridproof_plant::trig::sincos_turns(turns - turns.floor());
        re += value * cos;
        im += value * sin;
    }
    let scale = std::f64::consts::SQRT_2 / data.len() as f64;
    let (re, im) = (re * scale, im * scale);
    // v = a cos + b sin: at phase p before its positive crossing tan(2πp) = a/b
    (re.hypot(im), re.atan2(im) / std::f64::consts::TAU)
}

#[test]
fn the_recorder_errs_in_time_and_level_within_its_specification() {
    let (mut fastest, mut widest) = (0.0f64, 0.0f64);
    for seed in 1..=12 {
        let bench = bench_with(SAJ, seed);
        energise(&bench);
        let mut recorder = Talk::new(&bench, "recorder");
        recorder.set(":STAT:ERR?", RECORD);
        recorder.set(
            ":STAT:ERR?",
            &[":TRIG:MODE AUTO", ":CHAN4:VOLT:RANG 100V", ":STAR"],
        );
        advance(&bench, 0.3);
        let mut volts = |channel: u8| -> Vec<f64> {
            recorder.set(":STAT:ERR?", &[&format!(":WAV:TRAC {channel}")]);
            let reply = recorder.bytes(b":WAV:SEND?\n");
            reply[10..reply.len() - 1]
                .chunks_exact(2)
                .map(|p| f64::from(i16::from_le_bytes([p[0], p[1]])) * 1000.0 / 24_000.0)
                .collect()
        };
        let (pcc, source) = (volts(1), volts(4));
        assert_eq!(pcc.len(), 20_000);
        let (level, early) = fundamental(&pcc[..10_000], 1e5);
        let (_, late) = fundamental(&pcc[10_000..], 1e5);
        let truth = bench.reading(MeterPoint::DutGrid).volts;
        let allowed = 2e-4 * truth + 1e-4 * 500.0;
        assert!(
            (level - truth).abs() <= allowed,
            "seed {seed}: {level} {truth}"
        );
        // a fast clock sees the phase fall behind: 5 turns per 0.1 s at 50 Hz
        let fast = -(late - early) / 5.0;
        assert!(fast.abs() <= 5e-5 + 1e-6, "seed {seed}: {fast}");
        fastest = fastest.max(fast.abs());
        let skew_s = (fundamental(&source, 1e5).1 - fundamental(&pcc, 1e5).1) / 50.0;
        assert!(skew_s.abs() <= 1e-6 + 5e-8, "seed {seed}: {skew_s}");
        widest = widest.max(skew_s.abs());
    }
    assert!(
        fastest > 2e-5 && widest > 3e-7,
        "errors are drawn: {fastest} {widest}"
    );
}

#[test]
fn a_skewed_clock_leaves_the_specification() {
    let bench = bench_with(SAJ, 1);
    energise(&bench);
    let fault = "{instrument: recorder, fault: clock-skew, skew: 0.1 %}";
    let fault = gridproof_model::load::parse_fault("fault", fault).expect("a fault");
    bench.inject(fault).expect("possible");
    let mut recorder = Talk::new(&bench, "recorder");
    recorder.set(":STAT:ERR?", RECORD);
    recorder.set(
        ":STAT:ERR?",
        &[":TRIG:MODE AUTO", ":CHAN4:VOLT:RANG 100V", ":STAR"],
    );
    advance(&bench, 0.3);
    recorder.set(":STAT:ERR?", &[":WAV:TRAC 1"]);
    let reply = recorder.bytes(b":WAV:SEND?\n");
    let volts: Vec<f64> = reply[10..reply.len() - 1]
        .chunks_exact(2)
        .map(|p| f64::from(i16::from_le_bytes([p[0], p[1]])))
        .collect();
    let (_, early) = fundamental(&volts[..10_000], 1e5);
    let (_, late) = fundamental(&volts[10_000..], 1e5);
    let fast = -(late - early) / 5.0;
    assert!((fast - 1e-3).abs() < 6e-5, "{fast}");
}

/// A mains of 200 V with 20 V of direct voltage.
#[test]
fn the_coupling_of_a_channel_decides_what_is_recorded() {
    let bench = bench_with(SAJ, 1);
    let mains = ["VOLT:AC 200", "VOLT:DC 20", "OUTP:REL ON", "OUTP:STAT ON"];
    Talk::new(&bench, "grid").set("SYST:ERR?", &mains);
    advance(&bench, 1.0);
    let mut recorder = Talk::new(&bench, "recorder");
    recorder.say(":COMM:HEAD OFF;:TIM:TDIV 10MS;:ACQ:RLEN 10000;:TRIG:MODE AUTO");
    let both = 200f64.hypot(20.0);
    for (coupling, mean, rms) in [("DC", 20.0, both), ("AC", 0.0, 200.0), ("GND", 0.0, 0.0)] {
        recorder.say(&format!(":CHAN1:VOLT:COUP {coupling};:STAR"));
        advance(&bench, 0.5);
        let read = ["AVER", "RMS"].map(|of| {
            let reply = recorder.say(&format!(":MEAS:TRAC1:{of}:VAL?"));
            reply.trim().parse::<f64>().expect("a number")
        });
        assert!((read[0] - mean).abs() < 1.0, "{coupling}: mean {}", read[0]);
        assert!((read[1] - rms).abs() < 2.0, "{coupling}: RMS {}", read[1]);
    }
    assert_eq!(recorder.say(":STAT:ERR?"), "0,\"No error\"\n");
}
