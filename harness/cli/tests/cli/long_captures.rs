//! Captures that do not fit into the samples that may be held: the figures are those of the whole.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::bench::gridproof;

const RATE: f64 = 50_000.0;
const SAMPLES: u32 = 1_000_000;
/// A fifth of the samples of two channels, so that ten samples make a group in the first reading.
const MOST: &str = "200000";

/// COMTRADE BINARY of the channels `names`, in steps of 0.02, as `value(channel, s)` says, with noise
/// of about one step, cut at 344.
fn capture(dir: &Path, names: &[&str], value: impl Fn(usize, f64) -> f64) -> PathBuf {
    let path = dir.join("long.cfg");
    let count = names.len();
    let mut config = format!("L,R,1999\n{count},{count}A,0D\n");
    for (n, name) in names.iter().enumerate() {
        let _ = writeln!(config, "{},{name},,,V,0.02,0,0,-32767,32767,1,1,P", n + 1);
    }
    let _ = writeln!(
        config,
        "50\n1\n{RATE},{SAMPLES}\n01/01/2026,00:00:00.0\n01/01/2026,00:00:00.0\nBINARY\n1"
    );
    std::fs::write(&path, config).unwrap();
    let mut data = Vec::new();
    let mut seed = 7_u64;
    for index in 0..SAMPLES {
        data.extend((index + 1).to_le_bytes());
        data.extend((index * 20).to_le_bytes());
        for channel in 0..count {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let noise = (seed >> 11) as f64 / (1_u64 << 52) as f64 - 1.0;
            let code = value(channel, f64::from(index) / RATE) / 0.02 + noise;
            data.extend((code.round() as i16).min(17_200).to_le_bytes());
        }
    }
    std::fs::write(path.with_extension("dat"), data).unwrap();
    path
}

fn figures(kind: &str, file: &Path, args: &[&str]) -> Value {
    let mut all = vec![kind, file.to_str().unwrap()];
    all.extend(args);
    crate::bench::figures(&all)
}

/// Figures of the whole and of what is held in parts.
fn both(kind: &str, file: &Path, args: &[&str]) -> (Value, Value) {
    let held: Vec<&str> = args
        .iter()
        .copied()
        .chain(["--most-samples", MOST])
        .collect();
    (figures(kind, file, args), figures(kind, file, &held))
}

fn number(figures: &Value, name: &str) -> f64 {
    figures[name]
        .as_f64()
        .unwrap_or_else(|| panic!("{name}: {figures}"))
}

fn warned(figures: &Value, words: &str) -> bool {
    let warnings = figures["warnings"].as_array().unwrap();
    warnings.iter().any(|w| w.as_str().unwrap().contains(words))
}

fn sine(t: f64) -> f64 {
    let a = std::f64::consts::TAU * 50.137 * t;
    a.sin() + 0.03 * (5.0 * a).sin() + 0.01 * (7.0 * a + 1.0).cos()
}

const AT: f64 = 11.234_56;
/// Arguments of `analyze trip`.
const TRIP: [&str; 6] = [
    "--voltage",
    "v",
    "--current",
    "i",
    "--rated-current",
    "21 A",
];

#[test]
fn an_event_is_found_and_timed_sample_by_sample() {
    let dir = TempDir::new().unwrap();
    let trip = capture(dir.path(), &["v", "i"], |channel, t| match channel {
        0 => 325.0 * sine(t) * if t >= AT { 0.8 } else { 1.0 },
        _ if t >= AT + 0.1537 => 0.0,
        _ => 30.0 * sine(t),
    });
    let args = TRIP;
    let (whole, held) = both("trip", &trip, &args);
    for name in ["t_event_s", "t_interrupt_s", "trip_time_s"] {
        assert!(
            (number(&whole, name) - number(&held, name)).abs() < 2e-6,
            "{name}: {whole} {held}"
        );
    }
    assert!((number(&held, "t_event_s") - AT).abs() < 2.0 / RATE);
    // Not the sampling of the groups.
    assert!((number(&whole, "uncertainty_s") / number(&held, "uncertainty_s") - 1.0).abs() < 0.1);
    assert!(warned(&held, "read from 10.3"), "{held}");
    assert_eq!(whole["warnings"].as_array().unwrap().len(), 0);
    // Groups of the whole would be too coarse: it is looked through in parts of 4 s, and in ones of
    // 5.6 s of which one has its middle, where the next begins, 35 ms before the event.
    for most in ["40000", "56000"] {
        let in_parts: Vec<&str> = args
            .iter()
            .copied()
            .chain(["--most-samples", most])
            .collect();
        let parts = figures("trip", &trip, &in_parts);
        for name in ["t_event_s", "t_interrupt_s", "trip_time_s"] {
            let off = number(&whole, name) - number(&parts, name);
            // A part is so short that the event is read in means of some samples.
            let u = number(&parts, "uncertainty_s");
            assert!(u < 1e-4 && off.abs() < u, "{name}: {whole} {parts}");
        }
        let behind: Vec<&str> = in_parts.iter().copied().chain(["--from", "12 s"]).collect();
        assert_eq!(figures("trip", &trip, &behind)["event"], "none");
    }
    // A part that is chosen keeps the times of the file.
    let chosen: Vec<&str> = args
        .iter()
        .copied()
        .chain(["--from", "10.7", "--to", "12 s"])
        .collect();
    let part = figures("trip", &trip, &chosen);
    assert!((number(&part, "t_event_s") - number(&whole, "t_event_s")).abs() < 2e-6);
    assert!((number(&part, "trip_time_s") - number(&whole, "trip_time_s")).abs() < 2e-6);

    let (whole, held) = both(
        "run-on",
        &trip,
        &[
            "--current",
            "i",
            "--voltage",
            "v",
            "--rated-current",
            "21 A",
        ],
    );
    for name in ["t_open_s", "t_cease_s", "run_on_s"] {
        assert!(
            (number(&whole, name) - number(&held, name)).abs() < 2e-6,
            "{name}"
        );
    }
}

#[test]
fn a_transfer_is_found_and_timed_sample_by_sample() {
    let dir = TempDir::new().unwrap();
    let gap = capture(dir.path(), &["v", "g"], |channel, t| {
        let lost = t >= AT && (channel == 1 || t < AT + 0.0123);
        if lost { 0.0 } else { 325.0 * sine(t) }
    });
    let args = ["--voltage", "v", "--nominal", "230 V", "--reference", "g"];
    let (whole, held) = both("transfer", &gap, &args);
    for name in [
        "t_start_s",
        "t_end_s",
        "transfer_time_s",
        "gap_s",
        "t_grid_event_s",
    ] {
        assert!(
            (number(&whole, name) - number(&held, name)).abs() < 2e-6,
            "{name}: {whole} {held}"
        );
    }
    assert_eq!(whole["class"], held["class"]);
    let margins = |figures: &Value| figures["class_margins"].as_array().unwrap().clone();
    let pairs: Vec<(Value, Value)> = margins(&whole).into_iter().zip(margins(&held)).collect();
    assert_eq!(pairs.len(), 3);
    for (whole, held) in pairs {
        for name in ["t_margin_s", "t_spare_s", "spare_s"] {
            assert!(
                (number(&whole, name) - number(&held, name)).abs() < 2e-6,
                "{name}: {whole} {held}"
            );
        }
    }
    assert!((number(&held, "transfer_time_s") - 0.0123).abs() < 2.0 / RATE);
}

/// What lies too far apart for the samples held is not cut short: the figures are those of the
/// groups, and say so.
#[test]
fn events_far_apart_are_timed_in_groups() {
    let dir = TempDir::new().unwrap();
    let late = capture(dir.path(), &["v", "i"], |channel, t| match channel {
        0 => 325.0 * sine(t) * if t >= 2.0 { 0.8 } else { 1.0 },
        _ if t >= 17.0 => 0.0,
        _ => 30.0 * sine(t),
    });
    let args = TRIP;
    let (whole, held) = both("trip", &late, &args);
    let off = (number(&whole, "trip_time_s") - number(&held, "trip_time_s")).abs();
    assert!(off <= number(&held, "uncertainty_s"), "{whole} {held}");
    assert!(
        warned(&held, "read in means of 10 samples (0.200 ms)"),
        "{held}"
    );
    let coarse: Vec<&str> = args
        .iter()
        .copied()
        .chain(["--most-samples", "100000"])
        .collect();
    let mut all = vec!["analyze", "trip", late.to_str().unwrap()];
    all.extend(coarse);
    let refused = gridproof(&all);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--from and --to"));
}

#[test]
fn frequency_and_harmonics_are_those_of_all_samples() {
    let dir = TempDir::new().unwrap();
    // Clipped for two cycles.
    let steady = capture(dir.path(), &["i", "v"], |channel, t| match channel {
        0 => 30.0 * sine(t + 1e-3),
        _ if (8.0..8.04).contains(&t) => 325.0 * 1.1 * sine(t),
        _ => 325.0 * sine(t),
    });
    let args = ["--voltage", "v", "--fundamental", "50 Hz"];
    let (whole, held) = both("frequency", &steady, &args);
    assert!((number(&whole, "f_mean_hz") - number(&held, "f_mean_hz")).abs() < 1e-6);
    assert!((number(&whole, "uncertainty_hz") / number(&held, "uncertainty_hz") - 1.0).abs() < 0.2);
    for found in [&whole, &held] {
        let told = "is clipped at 344.0000 (";
        let warnings = found["warnings"].as_array().unwrap();
        let clipped = warnings
            .iter()
            .filter(|w| w.as_str().unwrap().contains(told));
        assert_eq!(clipped.count(), 1, "{found}");
    }
    for method in ["zero-crossing", "phasor"] {
        let args = [&args[..], &["--method", method]].concat();
        let (whole, held) = both("frequency", &steady, &args);
        assert!((number(&whole, "f_mean_hz") - number(&held, "f_mean_hz")).abs() < 1e-5);
    }
    let args = [&args[..], &["--from", "3", "--to", "9", "--series"]].concat();
    let series = figures("frequency", &steady, &args)["series"].clone();
    let first = series[0][0].as_f64().unwrap();
    assert!((3.0..3.05).contains(&first), "{first}");

    let args = ["--voltage", "v", "--current", "i", "--fundamental", "50 Hz"];
    let (whole, held) = both("harmonics", &steady, &args);
    for name in [
        "f1_hz", "v_rms", "i_rms", "thd_v", "thd_i", "thds_v", "thdg_i", "thc_a",
    ] {
        assert!(
            (number(&whole, name) / number(&held, name) - 1.0).abs() < 1e-7,
            "{name}: {} {}",
            whole[name],
            held[name]
        );
    }
    assert_eq!(whole["windows"], held["windows"]);
    for n in 0..50 {
        let (a, b) = (&whole["orders"][n], &held["orders"][n]);
        for name in ["v_rms", "i_rms", "v_group", "i_interharmonic"] {
            assert!(
                (number(a, name) - number(b, name)).abs() < 1e-6,
                "{n} {name}"
            );
        }
    }
    assert!((number(&held["orders"][4], "i_rms") - 0.9 / 2.0_f64.sqrt()).abs() < 1e-3);
}

#[test]
fn a_step_and_a_plot_of_groups() {
    let dir = TempDir::new().unwrap();
    let step = capture(dir.path(), &["p"], |_, t| {
        100.0 + 200.0 * (1.0 - (-(t - AT).max(0.0) / 0.5).exp())
    });
    let (whole, held) = both(
        "step-response",
        &step,
        &["--response", "p", "--at", "11.23456"],
    );
    let (whole, held) = (&whole["steps"][0], &held["steps"][0]);
    for (name, near) in [
        ("t90_s", 1e-3),
        ("tau_s", 1e-3),
        ("final", 0.01),
        ("t_commence_s", 2e-3),
    ] {
        assert!(
            (number(whole, name) - number(held, name)).abs() < near,
            "{name}: {whole} {held}"
        );
    }
    assert!((number(held, "t90_s") - 0.5 * 10.0_f64.ln()).abs() < 2e-3);
    // With nothing that marks it, it is found where the response begins.
    let found = figures("step-response", &step, &["--response", "p"]);
    assert_eq!(found["steps"].as_array().unwrap().len(), 1, "{found}");
    let unmarked = &found["steps"][0];
    assert!((number(unmarked, "t_step_s") - AT).abs() < 2e-3, "{found}");
    assert!((number(unmarked, "t90_s") - 0.5 * 10.0_f64.ln()).abs() < 3e-3);
    assert!(found["warnings"].to_string().contains("nothing marks"));
    let output = gridproof(&[
        "analyze",
        "plot",
        step.to_str().unwrap(),
        "--most-samples",
        "20000",
    ]);
    let svg = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && svg.contains("p / V"));
}
