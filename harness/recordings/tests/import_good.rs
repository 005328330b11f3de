//! The samples written by `fixtures/captures/make_samples.py` all hold the same waveforms.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::f64::consts::TAU;
use std::path::PathBuf;

use gridproof_recordings::import::{
    Blocks, ImportErrorKind, ImportOptions, ImportedCapture, Scaling, blocks, open,
};
use rstest::rstest;

fn sample(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/captures")
        .join(name)
}

fn read(name: &str, options: &ImportOptions) -> ImportedCapture {
    open(&sample(name), options).unwrap()
}

fn check_wave(capture: &ImportedCapture, name: &str, peak: f64, phase: f64, step: f64) {
    let channel = capture.channel(name).unwrap();
    assert_eq!(channel.values.len(), 20, "{name}");
    for (index, value) in channel.values.iter().enumerate() {
        let truth = peak * (TAU * 50.0 * index as f64 / 1000.0 + phase).sin();
        assert!(
            (value - truth).abs() <= step,
            "{name}[{index}]: {value} for {truth}"
        );
    }
}

#[rstest]
#[case("c1991_ascii.cfg")]
#[case("c1991_binary.cfg")]
#[case("c1999_ascii.cfg")]
#[case("c1999_ascii.dat")]
#[case("c1999_ascii_lf.cfg")]
#[case("c1999_ascii_cr.cfg")]
#[case("C1999_UPPER.CFG")]
#[case("c1999_binary.cfg")]
#[case("c1999_blanks.cfg")]
#[case("c1999_latin1.cfg")]
#[case("c1999_kilovolt.cfg")]
#[case("c1999_nrates0.cfg")]
#[case("c1999_nrates0_binary.cfg")]
#[case("c2013_ascii.cfg")]
#[case("c2013_nano.cfg")]
#[case("c2013_binary.cfg")]
#[case("c2013_binary32.cfg")]
#[case("c2013_float32.cfg")]
#[case("c2013_quality.cfg")]
#[case("c2013_ascii.cff")]
#[case("c2013_binary.cff")]
#[case("c2013_float32.cff")]
#[case("comma.csv")]
#[case("semicolon_comma.csv")]
#[case("space.txt")]
#[case("quoted.csv")]
#[case("scientific.csv")]
fn all_variants_read_alike(#[case] name: &str) {
    let capture = read(name, &ImportOptions::default());
    assert!(
        (capture.rate_hz - 1000.0).abs() < 1e-9,
        "{}",
        capture.rate_hz
    );
    check_wave(&capture, "v", 325.0, 0.0, 0.007);
    check_wave(&capture, "i", 10.0, TAU / 4.0, 0.0003);
    assert_eq!(capture.channel("v").unwrap().unit, "V");
    let contact: Vec<f64> = (0..20).map(|k| f64::from(u8::from(k < 8))).collect();
    assert_eq!(capture.channel("s1").unwrap().values, contact);
    if name.starts_with('c') && !name.ends_with("csv") {
        assert!((capture.trigger_s.unwrap() - 0.008).abs() < 1e-9);
        assert!(
            capture
                .start
                .unwrap()
                .to_string()
                .starts_with("2026-11-20T10:00:00")
        );
    }
}

#[test]
fn other_units_and_layouts() {
    let capture = read("tab.tsv", &ImportOptions::default());
    check_wave(&capture, "v", 325.0, 0.0, 0.001);
    check_wave(&capture, "i", 0.01, TAU / 4.0, 1e-6);
    let capture = read("units_row.csv", &ImportOptions::default());
    check_wave(&capture, "v", 325e3, 0.0, 1.0);
    let stored = ImportOptions {
        keep_prefixes: true,
        ..ImportOptions::default()
    };
    assert_eq!(read("units_row.csv", &stored).channels[0].unit, "kV");
    let capture = read("pretrigger.csv", &ImportOptions::default());
    assert!((capture.trigger_s.unwrap() - 0.008).abs() < 1e-12);
    let rate = ImportOptions {
        rate_hz: Some(1000.0),
        ..ImportOptions::default()
    };
    check_wave(&read("no_time.csv", &rate), "v", 325.0, 0.0, 0.001);
}

#[rstest]
#[case("none")]
#[case("snappy")]
#[case("zstd")]
#[case("gzip")]
#[case("brotli")]
#[case("lz4")]
#[case("checksum")]
fn foreign_parquet(#[case] codec: &str) {
    let capture = read(
        &format!("foreign_{codec}.parquet"),
        &ImportOptions::default(),
    );
    assert!((capture.rate_hz - 1000.0).abs() < 1e-9);
    check_wave(&capture, "v", 325.0, 0.0, 1e-4);
    check_wave(&capture, "i", 10.0, TAU / 4.0, 1e-9);
    assert!(capture.channel("s1").unwrap().digital);
}

#[test]
fn parquet_of_every_integer_width() {
    let capture = read("foreign_widths.parquet", &ImportOptions::default());
    assert_eq!(capture.channels.len(), 8);
    let truth: Vec<f64> = (0..20).map(f64::from).collect();
    assert!(
        capture
            .channels
            .iter()
            .all(|channel| channel.values == truth)
    );
    assert!(capture.notes.iter().any(|note| note.contains("`label`")));
}

#[rstest]
#[case("dl.hdr")]
#[case("dl.wvf")]
#[case("dl.wdf")]
fn yokogawa(#[case] name: &str) {
    let capture = read(name, &ImportOptions::default());
    check_wave(&capture, "v", 325.0, 0.0, 0.007);
    check_wave(&capture, "i", 10.0, TAU / 4.0, 0.0003);
    assert!((capture.trigger_s.unwrap() - 0.008).abs() < 1e-12);
    assert_eq!(
        capture.start.unwrap().to_string(),
        "2026-11-20T10:00:00.492000000"
    );
}

#[test]
fn primary_and_secondary_values() {
    let with = |scaling| ImportOptions {
        scaling,
        ..ImportOptions::default()
    };
    let stored = read("c1999_binary.cfg", &with(Scaling::AsStored));
    let primary = read("c1999_binary.cfg", &with(Scaling::Primary));
    let secondary = read("c1999_binary.cfg", &with(Scaling::Secondary));
    let at = |capture: &ImportedCapture, name: &str| capture.channel(name).unwrap().values[3];
    assert!((at(&primary, "v") - at(&stored, "v")).abs() < 1e-9);
    assert!((at(&secondary, "v") * 230.0 - at(&stored, "v")).abs() < 1e-9);
    assert!((at(&primary, "i") - at(&stored, "i") * 5.0).abs() < 1e-9);
    let sensible = read("c1999_binary.cfg", &with(Scaling::PrimaryIfStated));
    assert_eq!(at(&sensible, "i"), at(&primary, "i"));
    assert!(sensible.notes.iter().any(|note| note.contains("`i`")));
    assert!(!sensible.notes.iter().any(|note| note.contains("`v`")));
    let silent = read("c1991_binary.cfg", &with(Scaling::PrimaryIfStated));
    assert_eq!(silent, read("c1991_binary.cfg", &with(Scaling::AsStored)));
    let error = open(&sample("c1991_binary.cfg"), &with(Scaling::Primary)).unwrap_err();
    assert_eq!(error.kind(), ImportErrorKind::Options);
    assert_eq!(error.place().line, Some(3));
}

#[test]
fn skew_is_reported_and_corrected() {
    let capture = read("c1999_skew.cfg", &ImportOptions::default());
    assert!((capture.channel("i").unwrap().skew_s - 250e-6).abs() < 1e-12);
    let corrected = ImportOptions {
        correct_skew: true,
        ..ImportOptions::default()
    };
    let capture = read("c1999_skew.cfg", &corrected);
    let channel = capture.channel("i").unwrap();
    assert!(channel.skew_s == 0.0);
    for (index, value) in channel.values.iter().enumerate().skip(2).take(16) {
        let truth = 10.0 * (TAU * 50.0 * (index as f64 / 1000.0 - 250e-6)).cos();
        assert!((value - truth).abs() < 5e-3, "{index}: {value} for {truth}");
    }
}

#[test]
fn segments_of_different_rates() {
    let error = open(&sample("c1999_two_rates.cfg"), &ImportOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ImportErrorKind::Options);
    let second = ImportOptions {
        segment: Some(2),
        ..ImportOptions::default()
    };
    let capture = read("c1999_two_rates.cfg", &second);
    assert!((capture.rate_hz - 500.0).abs() < 1e-12 && (capture.offset_s - 0.012).abs() < 1e-12);
    assert_eq!(capture.samples, 8);
    let inside = ImportOptions {
        from_s: Some(0.002),
        to_s: Some(0.005),
        ..ImportOptions::default()
    };
    assert_eq!(read("c1999_two_rates.cfg", &inside).samples, 4);
}

#[test]
fn missing_samples_are_counted_when_allowed() {
    let allowed = ImportOptions {
        allow_gaps: true,
        ..ImportOptions::default()
    };
    for (name, at) in [
        ("c1999_missing.cfg", 5),
        ("gap.csv", 4),
        ("wrong/nulls.parquet", 3),
    ] {
        assert_eq!(
            open(&sample(name), &ImportOptions::default())
                .unwrap_err()
                .kind(),
            ImportErrorKind::Missing
        );
        let capture = read(name, &allowed);
        let channel = capture.channel("v").unwrap();
        assert_eq!(channel.missing, 1);
        assert!(channel.values[at].is_nan());
        assert!(capture.notes.iter().any(|note| note.contains("missing")));
    }
}

#[test]
fn channels_are_found_or_suggested() {
    let ask = |names: &[&str]| ImportOptions {
        channels: Some(names.iter().map(|name| (*name).to_owned()).collect()),
        ..ImportOptions::default()
    };
    let capture = read("c1999_binary.cfg", &ask(&["s1", "A2"]));
    let names: Vec<&str> = capture
        .channels
        .iter()
        .map(|channel| channel.name.as_str())
        .collect();
    assert_eq!(names, ["s1", "i"]);
    let error = open(&sample("c1999_binary.cfg"), &ask(&["S2"])).unwrap_err();
    assert!(error.to_string().contains("did you mean `s1`?"), "{error}");
    assert!(open(&sample("c1999_binary.cfg"), &ask(&["v", "A1"])).is_err());
}

#[test]
fn wrong_lengths_are_read_when_allowed() {
    let lenient = ImportOptions {
        accept_wrong_length: true,
        ..ImportOptions::default()
    };
    for (name, samples) in [
        ("wrong/bin_truncated.cfg", 17),
        ("wrong/bin_too_long.cfg", 20),
        ("wrong/dat_too_long.cfg", 20),
    ] {
        let capture = read(name, &lenient);
        assert_eq!(capture.samples, samples, "{name}");
        assert!(!capture.notes.is_empty());
    }
}

#[test]
fn blocks_are_the_whole_read() {
    for name in [
        "c1999_ascii.cfg",
        "c1999_binary.cfg",
        "c2013_float32.cff",
        "c1999_nrates0.cfg",
        "comma.csv",
        "foreign_zstd.parquet",
        "dl.wdf",
    ] {
        for options in [
            ImportOptions::default(),
            ImportOptions {
                from_s: Some(0.003),
                to_s: Some(0.0161),
                ..ImportOptions::default()
            },
        ] {
            let whole = read(name, &options);
            for size in [1, 3, 8, 100] {
                let mut blocks: Blocks = blocks(&sample(name), &options, size).unwrap();
                let mut joined = vec![Vec::new(); whole.channels.len()];
                for block in blocks.by_ref() {
                    let block = block.unwrap();
                    assert_eq!(block.first as usize, joined[0].len());
                    for (joined, values) in joined.iter_mut().zip(&block.values) {
                        joined.extend_from_slice(values);
                    }
                }
                for (channel, joined) in whole.channels.iter().zip(&joined) {
                    assert_eq!(&channel.values, joined, "{name} by {size}");
                }
                assert_eq!(blocks.description().notes, whole.notes);
            }
        }
    }
}
