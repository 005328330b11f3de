//! What grid simulators make besides clean sines at their set-point, as clients set it and as the true
//! state shows it.

use gridproof_model::bench::Bench;
use gridproof_model::load;
use gridproof_plant::signal::MeterPoint;

use super::second_bench::bench as second;
use super::{AUX, Talk, advance, bench_with, codes, fixture, profile};
use crate::EmulatedBench;

const ERROR: &str = "SYST:ERR?";

/// One of the benches with keys written into the entry of one of its instruments.
fn bench_stating(file: &str, model: &str, keys: &str, seed: u64) -> EmulatedBench {
    let text = fixture(&format!("benches/{file}.yaml"));
    let at = format!("    model: {model}\n");
    let text = text.replacen(&at, &format!("{at}    {keys}\n"), 1);
    let bench: Bench = load::parse_bench(file, &text).expect("good");
    let mut dut = profile(AUX);
    dut.behaviour.health = Some(gridproof_model::behaviour::Health::Dead);
    EmulatedBench::new(&bench, &dut, &dut.behaviour, &codes(), seed).expect("a bench")
}

fn number(reply: &str) -> f64 {
    reply.trim().parse().unwrap_or_else(|_| panic!("{reply}"))
}

/// Both benches have a load of 5290 W (10 Ω) at 230 V, on.
fn load_on(bench: &EmulatedBench, watts: f64) {
    let mut load = Talk::new(bench, "island-load");
    load.say("FUNC:S1 ON");
    load.say(&format!("PHASE1:RLOAD {watts};RLOADE ON;:FUNC:SLOAD ON"));
}

fn ametek_on(bench: &EmulatedBench, more: &[&str]) -> Talk {
    let mut grid = Talk::new(bench, "grid");
    grid.set(ERROR, &["VOLT:RANG 300;:VOLT 230;:FREQ 50"]);
    grid.set(ERROR, more);
    grid.set(ERROR, &["OUTP ON"]);
    grid
}

/// The array that the unit samples.
fn array(grid: &mut Talk, what: &str) -> Vec<f64> {
    let bytes = grid.bytes(format!("MEAS:ARR:{what}?\n").as_bytes());
    bytes[7..7 + 4 * 4096]
        .chunks_exact(4)
        .map(|b| f64::from(f32::from_be_bytes([b[0], b[1], b[2], b[3]])))
        .collect()
}

/// RMS of one cycle and of its harmonics over the whole, from the array that the unit samples.
fn spectrum(grid: &mut Talk, orders: &[u16]) -> Vec<f64> {
    let samples = array(grid, "VOLT");
    // 6 cycles of 641.0256 samples
    let cycle = 0.02 / 31.2e-6;
    let count = (6.0 * cycle) as usize;
    orders
        .iter()
        .map(|&order| {
            let (mut re, mut im) = (0.0, 0.0);
            for (k, v) in samples.iter().enumerate().take(count) {
                let angle = std::f64::consts::TAU * f64::from(order) * k as f64 / cycle;
                re += v * angle.cos();
                im += v * angle.sin();
            }
            (2.0_f64).sqrt() * (re * re + im * im).sqrt() / count as f64
        })
        .collect()
}

/// Through a resistance the current has the spectrum of the voltage.
#[test]
fn the_ametek_reads_the_spectrum_of_the_current() {
    let bench = bench_stating("embedded-b", "ametek-mx", "channel: 1", 1);
    let mut grid = ametek_on(&bench, &["FUNC SQU"]);
    assert_eq!(number(&grid.say("MEAS:CURR:HARM? 1")), 0.0, "nothing is on");
    load_on(&bench, 5290.0);
    // not at the beginning of a cycle
    advance(&bench, 2.0043);
    let amps = number(&grid.say("MEAS:CURR:HARM? 1"));
    // 10 Ohm; a square of 230 V has a fundamental of 207 V
    assert!((amps - 20.7).abs() < 0.2, "{amps}");
    let list = grid.say("MEAS:ARR:CURR:HARM? 9");
    let orders: Vec<f64> = list.trim().split(',').map(number).collect();
    for order in [3, 5, 7, 9] {
        let part = orders[order] / orders[1];
        assert!((part * order as f64 - 1.0).abs() < 0.05, "{order}: {list}");
        let phase = number(&grid.say(&format!("FETC:CURR:HARM:PHAS? {order}")));
        // the line's inductance turns the higher orders a little
        assert!(phase.abs() < 5.0, "{order}: {phase}");
    }
    assert!(orders[2] < 0.02 && orders[8] < 0.02, "{list}");
    // a square to order 49 peaks 18 % above its flat, less what the inductance takes
    let crest = number(&grid.say("MEAS:CURR:CRES?"));
    assert!((1.0..1.25).contains(&crest), "{crest}");
    let peak = number(&grid.say("MEAS:CURR:AMPL:MAX?"));
    let rms = number(&grid.say("MEAS:CURR?"));
    assert!((peak / rms - crest).abs() < 0.02, "{peak} {rms} {crest}");
    let samples = array(&mut grid, "CURR");
    let most = samples.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    assert!((most / peak - 1.0).abs() < 0.02, "{most} {peak}");
    // through a resistance the samples of both are one shape
    let volts = array(&mut grid, "VOLT");
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let alike = dot(&samples, &volts) / (dot(&samples, &samples) * dot(&volts, &volts)).sqrt();
    assert!(alike > 0.99, "{alike}");
    let thd = number(&grid.say("MEAS:CURR:HARM:THD?"));
    let truth = number(&grid.say("MEAS:VOLT:HARM:THD?"));
    assert!((thd - truth).abs() < 2.0, "{thd} of {truth}");
    grid.set(ERROR, &["INST:NSEL 2"]);
    assert_eq!(number(&grid.say("MEAS:CURR:HARM? 1")), 0.0, "not wired");
}

/// 4/π/h over all orders to 49, in parts of the RMS value that is kept.
#[test]
fn the_ametek_makes_square_clipped_and_user_waves() {
    let bench = bench_stating("embedded-b", "ametek-mx", "channel: 1", 1);
    let mut grid = ametek_on(&bench, &["FUNC SQU"]);
    advance(&bench, 2.0);
    let rms = bench.reading(MeterPoint::Source).volts;
    assert!((rms - 230.0).abs() < 0.5, "{rms}");
    let third = number(&grid.say("MEAS:VOLT:HARM? 3")) / number(&grid.say("MEAS:VOLT:HARM? 1"));
    assert!((third - 1.0 / 3.0).abs() < 1e-3, "{third}");
    let sampled = spectrum(&mut grid, &[1, 3, 5]);
    assert!(
        (sampled[1] / sampled[0] - 1.0 / 3.0).abs() < 3e-3,
        "{sampled:?}"
    );
    assert!(
        (sampled[2] / sampled[0] - 1.0 / 5.0).abs() < 3e-3,
        "{sampled:?}"
    );
    grid.set(ERROR, &["FUNC:CSIN 10;:FUNC CSIN"]);
    let thd = number(&grid.say("MEAS:VOLT:HARM:THD?"));
    assert!((thd - 10.0).abs() < 0.01, "{thd}");
    // dc, fundamental and so on; blocks of 256 samples
    let list = grid.say("MEAS:ARR:VOLT:HARM? 5");
    let orders: Vec<f64> = list.trim().split(',').map(number).collect();
    assert_eq!(
        (orders.len(), orders[0], orders[2]),
        (6, 0.0, 0.0),
        "{list}"
    );
    assert_eq!(number(&grid.say("MEAS:VOLT:HARM? 3")), orders[3]);
    assert_eq!(grid.say("FETC:ARR:VOLT:HARM:PHAS?").split(',').count(), 51);
    let (whole, part) = (
        grid.bytes(b"FETC:ARR:VOLT?\n"),
        grid.bytes(b"FETC:ARR:VOLT? 2,3\n"),
    );
    assert_eq!(part[..7], *b"#502048");
    assert_eq!(part[7..7 + 2048], whole[7 + 3 * 1024..7 + 5 * 1024]);
    // a user wave: fundamental and 12 % of fifth, whatever its size and its direct part
    let points: Vec<String> = (0..1024)
        .map(|k| {
            let angle = std::f64::consts::TAU * f64::from(k) / 1024.0;
            format!(
                "{:.6}",
                3.0 + 40.0 * (angle.sin() + 0.12 * (5.0 * angle).sin())
            )
        })
        .collect();
    grid.set(
        ERROR,
        &[
            "TRAC:DEF LAB1",
            &format!("TRAC LAB1,{}", points.join(",")),
            "FUNC LAB1",
        ],
    );
    assert_eq!(grid.say("FUNC?"), "\"LAB1\"\n");
    assert!(grid.say("TRAC:CAT?").contains("\"LAB1\""));
    advance(&bench, 2.0);
    let thd = number(&grid.say("MEAS:VOLT:HARM:THD?"));
    assert!((thd - 12.0).abs() < 0.01, "{thd}");
    let truth = bench.reading(MeterPoint::Source).volts;
    assert!((truth - 230.0).abs() < 0.2, "{truth}");
    for (line, code) in [
        ("FUNC NONESUCH", "-224"),
        ("TRAC LAB1,1,2,3", "-109"),
        ("TRAC OTHER,1", "-256"),
        ("TRAC:DEF SINE", "-224"),
    ] {
        assert_eq!(grid.say(line), "");
        let error = grid.say(ERROR);
        assert!(error.starts_with(code), "{line}: {error}");
    }
    // a direct voltage needs the mode for it
    grid.set(ERROR, &["FUNC SINE;:VOLT:OFFS 6"]);
    assert_eq!(number(&grid.say("MEAS:VOLT:DC?")), 0.0);
    grid.set(ERROR, &["MODE ACDC"]);
    assert_eq!(number(&grid.say("MEAS:VOLT:DC?")), 6.0);
    advance(&bench, 1.0);
    let both = bench.reading(MeterPoint::Source).volts;
    assert!(
        (both - (230.0_f64.powi(2) + 36.0).sqrt()).abs() < 0.05,
        "{both}"
    );
}

/// 23 A at 10 Ω against a limit of 15 A: after the delay the voltage is at 150 V; with the load halved
/// it comes back, and with the protection on the output trips.
#[test]
fn the_ametek_folds_back_to_its_current_limit() {
    let bench = bench_stating("embedded-b", "ametek-mx", "channel: 1", 1);
    let setup = ["CURR:PROT:STAT OFF;:CURR:PROT:DEL 1;:CURR 15"];
    let mut grid = ametek_on(&bench, &setup);
    load_on(&bench, 5290.0);
    advance(&bench, 0.6);
    let before = bench.reading(MeterPoint::Source).amps;
    assert!(before > 22.0, "the delay has not passed: {before}");
    assert_eq!(grid.say("STAT:QUES:COND?"), "0\n");
    advance(&bench, 3.0);
    let at = bench.reading(MeterPoint::Source);
    assert!((at.amps - 15.0).abs() < 0.02, "{at:?}");
    assert!(
        (bench.reading(MeterPoint::DutGrid).volts - 150.0).abs() < 0.3,
        "{at:?}"
    );
    assert_eq!(grid.say("STAT:QUES:COND?"), "4098\n");
    assert_eq!(grid.say("OUTP?;:VOLT?"), "1;230.0000\n");
    let shown = number(&grid.say("MEAS:VOLT?"));
    assert!((shown - at.volts).abs() < 0.4, "{shown}");
    load_on(&bench, 2645.0);
    advance(&bench, 3.0);
    let at = bench.reading(MeterPoint::Source);
    assert!((at.volts - 229.6).abs() < 0.5 && at.amps < 12.0, "{at:?}");
    assert_eq!(grid.say("STAT:QUES:COND?"), "0\n");
    load_on(&bench, 5290.0);
    advance(&bench, 3.0);
    grid.set(ERROR, &["CURR:PROT:STAT ON"]);
    advance(&bench, 3.0);
    assert_eq!(grid.say("OUTP?;:STAT:QUES:COND?"), "0;2\n");
    assert!(bench.all_sources_off());
}

/// |230 V · 10 Ω / (10 Ω + line + programmed)|.
#[test]
fn programmed_output_impedance_acts_on_both_grid_simulators() {
    let closed_form = |r: f64, l: f64| {
        let x = 100.0 * std::f64::consts::PI * (l + 0.1e-3);
        2300.0 / ((10.03 + r).powi(2) + x * x).sqrt()
    };
    let volts = |bench: &EmulatedBench| {
        advance(bench, 2.0);
        bench.reading(MeterPoint::DutGrid).volts
    };
    let first = bench_stating("embedded", "chroma-61845", "channel: 1", 1);
    let mut grid = Talk::new(&first, "grid");
    grid.set(ERROR, &["VOLT:AC 230;:OUTP:REL ON;:OUTP ON"]);
    load_on(&first, 5290.0);
    let plain = volts(&first);
    assert!((plain - closed_form(0.0, 0.0)).abs() < 0.02, "{plain}");
    grid.set(ERROR, &["OUTP:IMP:RES 0.5;IND 1.5"]);
    assert!((volts(&first) - plain).abs() < 1e-6, "off as yet");
    grid.set(ERROR, &["OUTP:IMP ON"]);
    let v = volts(&first);
    assert!((v - closed_form(0.5, 1.5e-3)).abs() < 0.02, "{v}");
    grid.set(ERROR, &["OUTP:IMP OFF"]);
    assert!((volts(&first) - plain).abs() < 0.01);
    let second = bench_stating("embedded-b", "ametek-mx", "channel: 1", 1);
    let impedance = "OUTP:IMP:REAL 0.4;REAC 0.0005;:OUTP:IMP ON";
    let _grid = ametek_on(&second, &[impedance]);
    load_on(&second, 5290.0);
    let v = volts(&second);
    assert!((v - closed_form(0.4, 0.5e-3)).abs() < 0.02, "{v}");
}

/// Seeds draw errors inside the accuracy, and not all the same; without a key there is none.
#[test]
fn the_voltage_is_as_accurate_as_the_bench_file_says() {
    let keys = "output: {accuracy: {reading: 0.1 %, range: 0.2 %}}";
    let most = 0.001 * 200.0 + 0.002 * 300.0;
    let truth = |keys: &str, seed: u64| {
        let bench = bench_stating("embedded", "chroma-61845", keys, seed);
        let mut grid = Talk::new(&bench, "grid");
        grid.set(ERROR, &["VOLT:AC 200;:OUTP:REL ON;:OUTP ON"]);
        assert_eq!(grid.say("VOLT:AC?"), "200.0\n");
        advance(&bench, 1.0);
        let state = bench.full_state();
        assert_eq!(
            number(&grid.say("MEAS:VOLT:ACDC?")).round(),
            state.grid_v.round()
        );
        state.grid_v
    };
    let drawn: Vec<f64> = (0..30).map(|seed| truth(keys, seed)).collect();
    assert!(drawn.iter().all(|v| (v - 200.0).abs() <= most), "{drawn:?}");
    assert!(
        drawn.iter().any(|v| (v - 200.0).abs() > 0.4 * most),
        "{drawn:?}"
    );
    assert!(drawn.iter().any(|v| *v > 200.0) && drawn.iter().any(|v| *v < 200.0));
    assert!((truth("channel: 1", 3) - 200.0).abs() < 1e-3);
}

/// A command takes its latency, and a step the rise of the amplifier.
#[test]
fn commands_take_their_latency_and_steps_their_rise() {
    let keys = "output: {latency: 15 ms, rise: 24 ms}";
    let bench = bench_stating("embedded", "chroma-61845", keys, 1);
    let mut grid = Talk::new(&bench, "grid");
    grid.set(ERROR, &["VOLT:AC 100;:OUTP:REL ON;:OUTP ON"]);
    assert!(bench.all_sources_off(), "not yet");
    advance(&bench, 0.015);
    assert!(!bench.all_sources_off());
    advance(&bench, 1.0);
    grid.set(ERROR, &["VOLT:AC 200"]);
    advance(&bench, 0.015);
    // 0.8 · 300 V in 24 ms: 10 V/ms
    for ms in 0..12_u32 {
        let wanted = (100.0 + 10.0 * f64::from(ms)).min(200.0);
        let set = bench.full_state().grid_set_v;
        assert!((set - wanted).abs() < 1e-6, "{ms} ms: {set}");
        advance(&bench, 0.001);
    }
    // the second instrument has none: at once
    let bench = bench_with(AUX, 1);
    let mut grid = Talk::new(&bench, "grid");
    grid.set(ERROR, &["VOLT:AC 100"]);
    assert_eq!(bench.full_state().grid_set_v, 100.0);
    let bench = second();
    let mut grid = Talk::new(&bench, "grid");
    grid.set(ERROR, &["VOLT 100"]);
    assert_eq!(bench.full_state().grid_set_v, 100.0);
}

/// Branches are what the bench file says they are, and the state tells what is truly there.
#[test]
fn the_load_s_branches_have_their_tolerance_and_loss() {
    let keys = "branches: {inductor_q: 40, tolerance: 3 %}";
    let state = |seed: u64| {
        let bench = bench_stating("embedded", "chroma-a800067", keys, seed);
        let mut load = Talk::new(&bench, "island-load");
        let mut other = Talk::new(&bench, "backup-load");
        for talk in [&mut load, &mut other] {
            talk.set(
                ERROR,
                &["PHASE1:RLOAD 3000;LLOAD 3000;CLOAD 3000;RLOADE ON;LLOADE ON;CLOADE ON"],
            );
        }
        assert_eq!(load.say("PHASE1:RLOAD?").trim().parse::<f64>(), Ok(3000.0));
        advance(&bench, 0.1);
        bench.full_state()
    };
    let states: Vec<_> = (0..20).map(state).collect();
    for s in &states {
        for power in [s.load_r_w, s.load_l_var, s.load_c_var] {
            assert!((power / 3000.0 - 1.0).abs() <= 0.03 + 1e-9, "{power}");
        }
        let x = 100.0 * std::f64::consts::PI * s.load_l_h.expect("there");
        assert!((x / s.load_l_ohm - 40.0).abs() < 1e-9);
    }
    let spread = |pick: fn(&crate::control::State) -> f64| {
        let all: Vec<f64> = states.iter().map(pick).collect();
        let (least, most) = (
            all.iter().copied().fold(f64::MAX, f64::min),
            all.iter().copied().fold(0.0, f64::max),
        );
        most - least
    };
    assert!(spread(|s| s.load_r_w) > 60.0 && spread(|s| s.load_c_var / s.load_l_var) > 0.02);
}
