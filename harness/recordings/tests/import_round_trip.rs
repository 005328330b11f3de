//! What the writer writes, the reader reads; and no bytes make the reader panic.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use gridproof_model::capture::{Capture, ChannelKind};
use gridproof_recordings::export::comtrade::{
    ComtradeExport, ComtradeKind, write_capture, write_imported,
};
use gridproof_recordings::import::{
    Format, ImportOptions, ImportedCapture, ImportedChannel, Scaling, blocks, open, open_bytes,
};
use proptest::prelude::*;
use tempfile::TempDir;

const KINDS: [ComtradeKind; 4] = [
    ComtradeKind::Ascii2013,
    ComtradeKind::Binary2013,
    ComtradeKind::Float2013,
    ComtradeKind::Binary1999,
];

fn export(kind: ComtradeKind) -> ComtradeExport {
    ComtradeExport {
        kind,
        station: "Lab".to_owned(),
        device: "gridproof".to_owned(),
        line_hz: 50.0,
        start: None,
    }
}

fn imported(values: Vec<Vec<f64>>, contacts: Vec<Vec<bool>>) -> ImportedCapture {
    let analog = values
        .into_iter()
        .enumerate()
        .map(|(index, values)| ImportedChannel {
            name: format!("a{index}"),
            unit: "V".to_owned(),
            values,
            ..ImportedChannel::default()
        });
    let digital = contacts
        .into_iter()
        .enumerate()
        .map(|(index, states)| ImportedChannel {
            name: format!("d{index}"),
            digital: true,
            values: states
                .iter()
                .map(|state| f64::from(u8::from(*state)))
                .collect(),
            ..ImportedChannel::default()
        });
    ImportedCapture {
        format: Format::Comtrade,
        station: String::new(),
        device: String::new(),
        revision: String::new(),
        channels: analog.chain(digital).collect(),
        rate_hz: 12_800.0,
        line_hz: Some(50.0),
        samples: 0,
        offset_s: 0.0,
        start: None,
        trigger_s: Some(0.001),
        segments: Vec::new(),
        notes: Vec::new(),
    }
}

fn records() -> impl Strategy<Value = (Vec<Vec<f64>>, Vec<Vec<bool>>)> {
    (1..60_usize).prop_flat_map(|samples| {
        let value = prop_oneof![-1e6..1e6_f64, -1.0..1.0_f64, Just(0.0)];
        (
            prop::collection::vec(prop::collection::vec(value, samples), 1..5),
            prop::collection::vec(prop::collection::vec(any::<bool>(), samples), 0..35),
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn values_come_back((values, contacts) in records(), kind in 0..4_usize, single in any::<bool>()) {
        let dir = TempDir::new().unwrap();
        let kind = KINDS[kind];
        let path = dir.path().join(if single { "r.cff" } else { "r.cfg" });
        let written = imported(values, contacts);
        write_imported(&path, &written, &export(kind)).unwrap();
        let read = open(&path, &ImportOptions::default()).unwrap();
        prop_assert!((read.rate_hz - written.rate_hz).abs() < 1e-9);
        prop_assert!((read.trigger_s.unwrap() - 0.001).abs() < 1e-9);
        for (was, is) in written.channels.iter().zip(&read.channels) {
            prop_assert_eq!(&was.name, &is.name);
            prop_assert_eq!(was.digital, is.digital);
            let span = was.values.iter().fold(0.0_f64, |top, value| top.max(value.abs()));
            let step = match kind {
                ComtradeKind::Ascii2013 => 0.0,
                ComtradeKind::Float2013 => span * 1e-7,
                ComtradeKind::Binary2013 | ComtradeKind::Binary1999 => span * 2.0 / 65_000.0,
            };
            for (was, is) in was.values.iter().zip(&is.values) {
                prop_assert!((was - is).abs() <= step, "{} for {}", is, was);
            }
        }
        for size in [1, 7, 64] {
            let mut joined = vec![Vec::new(); read.channels.len()];
            for block in blocks(&path, &ImportOptions::default(), size).unwrap() {
                for (joined, values) in joined.iter_mut().zip(block.unwrap().values) {
                    joined.extend(values);
                }
            }
            for (channel, joined) in read.channels.iter().zip(joined) {
                prop_assert_eq!(&channel.values, &joined);
            }
        }
    }

    #[test]
    fn codes_come_back_exactly(codes in prop::collection::vec(-32_767..=32_767_i16, 1..200), kind in 0..4_usize) {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("r.cfg");
        let contact = codes.iter().map(|code| code & 1).map(i16::abs).collect();
        let mut switch = common::channel(ChannelKind::SwitchContact, contact);
        (switch.scale, switch.offset) = (1.0, 0.0);
        let capture = Capture {
            channels: vec![common::channel(ChannelKind::GridVoltage, codes), switch],
            trigger_index: 0,
            ..common::capture()
        };
        let kind = KINDS[kind];
        write_capture(&path, &capture, &export(kind)).unwrap();
        let read = open(&path, &ImportOptions { scaling: Scaling::Primary, ..ImportOptions::default() }).unwrap();
        prop_assert!(read.channel("s1_contact").unwrap().digital);
        for (was, is) in capture.channels[0].values().iter().zip(&read.channel("v_grid").unwrap().values) {
            let step = if kind == ComtradeKind::Float2013 { 1e-3 } else { 0.0 };
            prop_assert!((was - is).abs() <= step);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600), name in 0..7_usize) {
        let names = ["a.cfg", "a.dat", "a.cff", "a.csv", "a.parquet", "a.hdr", "a.wdf"];
        let files = [(names[name], bytes.as_slice()), ("a.dat", b"1,0,1,1\n"), ("a.wvf", b"1234")];
        for allow in [false, true] {
            let options = ImportOptions {
                allow_gaps: allow,
                accept_wrong_length: allow,
                rate_hz: allow.then_some(1e3),
                ..ImportOptions::default()
            };
            if let Err(error) = open_bytes(&files, &options) {
                prop_assert!(!error.what().is_empty() && error.to_string().starts_with("a."));
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-0-9,.;:eE \t\r\n\"\\[\\]a-z]{0,300}", name in 0..4_usize) {
        let names = ["a.cfg", "a.cff", "a.csv", "a.hdr"];
        let files = [(names[name], text.as_bytes()), ("a.dat", b"1,0,1,1\n"), ("a.wvf", b"1234")];
        let _ = open_bytes(&files, &ImportOptions::default());
    }
}

#[test]
fn a_code_that_means_missing_is_not_written() {
    let dir = TempDir::new().unwrap();
    let mut capture = common::capture();
    capture.channels[0].codes[3] = i16::MIN;
    let path = dir.path().join("r.cfg");
    let error = write_capture(&path, &capture, &export(ComtradeKind::Binary1999)).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("v_grid: a sample has code -32768"),
        "{error}"
    );
    write_capture(&path, &capture, &export(ComtradeKind::Float2013)).unwrap();
}

#[test]
fn our_own_parquet_is_imported() {
    let dir = TempDir::new().unwrap();
    let capture = common::capture();
    gridproof_recordings::write_capture(dir.path(), "a", &capture).unwrap();
    let read = open(&dir.path().join("a.parquet"), &ImportOptions::default()).unwrap();
    assert_eq!(read.channels[0].values, capture.channels[0].values());
    assert_eq!(read.channels[0].unit, "V");
    assert_eq!(read.trigger_s, Some(0.004));
}
