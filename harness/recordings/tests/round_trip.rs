//! What goes into the store comes out, bit for bit, and the same input gives the same file.

mod common;

use std::fs;

use common::{KINDS, Outcome, capture, channel};
use gridproof_model::capture::{Capture, Channel};
use gridproof_recordings::{read_capture, read_file, sha256_hex, write_capture};
use proptest::prelude::*;
use tempfile::TempDir;

fn any_capture() -> impl Strategy<Value = Capture> {
    let finite = -1.0e9..1.0e9_f64;
    (
        1_usize..=4,
        0_usize..3000,
        1.0..1.0e6_f64,
        finite.clone(),
        any::<u32>(),
    )
        .prop_flat_map(move |(channels, samples, rate_hz, start_s, trigger)| {
            let one = (
                proptest::collection::vec(any::<i16>(), samples),
                finite.clone(),
                finite.clone(),
                any::<i16>(),
            );
            proptest::collection::vec(one, channels).prop_map(move |all| Capture {
                name: "ΔP +5 %".to_owned(),
                rate_hz,
                start_s,
                trigger_index: trigger as usize,
                channels: all
                    .into_iter()
                    .zip(KINDS)
                    .map(|((codes, scale, offset, clip_code), kind)| Channel {
                        kind,
                        codes,
                        scale,
                        offset,
                        clip_code,
                    })
                    .collect(),
            })
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_is_read_back(capture in any_capture()) {
        let dir = TempDir::new()?;
        let stored = write_capture(dir.path(), "a", &capture)?;
        prop_assert_eq!(&read_capture(dir.path(), &stored)?, &capture);
        prop_assert_eq!(&read_file(&dir.path().join("a.parquet"))?, &capture);
    }
}

#[test]
fn long_records_keep_their_order_over_many_pages() -> Outcome {
    let dir = TempDir::new()?;
    let codes: Vec<i16> = (0..700_000_u32)
        .map(|index| (index.wrapping_mul(2_654_435_761) >> 16) as i16)
        .collect();
    let long = Capture {
        channels: vec![channel(KINDS[0], codes)],
        ..capture()
    };
    let stored = write_capture(dir.path(), "long", &long)?;
    assert_eq!(stored.samples, 700_000);
    assert_eq!(read_capture(dir.path(), &stored)?, long);
    Ok(())
}

#[test]
fn the_journal_entry_describes_the_file() -> Outcome {
    let dir = TempDir::new()?;
    let stored = write_capture(dir.path(), "OV1_2-event", &capture())?;
    let bytes = fs::read(dir.path().join("OV1_2-event.parquet"))?;
    assert_eq!(
        (stored.name.as_str(), stored.file.as_str()),
        ("event", "OV1_2-event.parquet")
    );
    assert_eq!(
        (stored.samples, stored.trigger_index, stored.channels.len()),
        (1000, 400, 2)
    );
    assert_eq!(stored.sha256, sha256_hex(&bytes));
    assert_eq!(
        fs::read_dir(dir.path())?.count(),
        1,
        "no temporary file may remain"
    );
    Ok(())
}

#[test]
fn identical_captures_give_identical_files() -> Outcome {
    let (first, second) = (TempDir::new()?, TempDir::new()?);
    let one = write_capture(first.path(), "a", &capture())?;
    let other = std::thread::scope(|scope| {
        scope
            .spawn(|| write_capture(second.path(), "a", &capture()))
            .join()
    });
    assert_eq!(one, other.map_err(|_| "the second writer panicked")??);
    assert_eq!(
        fs::read(first.path().join("a.parquet"))?,
        fs::read(second.path().join("a.parquet"))?
    );
    Ok(())
}

#[test]
fn the_hash_is_sha_256() {
    assert_eq!(
        sha256_hex(b"abc"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}
