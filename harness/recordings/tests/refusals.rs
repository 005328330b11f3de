//! What is not the recorded capture is refused, with the file, the place and the remedy.

mod common;

use std::fs;

use common::{KINDS, Outcome, capture, channel, text};
use gridproof_model::capture::Capture;
use gridproof_recordings::{RecordingError, read_capture, read_file, sha256_hex, write_capture};
use rstest::rstest;
use tempfile::TempDir;

#[test]
fn a_changed_byte_is_found() -> Outcome {
    let dir = TempDir::new()?;
    let stored = write_capture(dir.path(), "a", &capture())?;
    let path = dir.path().join("a.parquet");
    let mut bytes = fs::read(&path)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, &bytes)?;
    let (found, length) = (sha256_hex(&bytes), bytes.len());
    assert_eq!(
        text(dir.path(), read_capture(dir.path(), &stored)),
        format!(
            "RUN/a.parquet: SHA-256 is {found}, the journal says {}; the {length} bytes on disk are not the \
             recorded ones: restore the file from the copy of the run",
            stored.sha256
        )
    );
    Ok(())
}

#[test]
fn a_truncated_file_is_found_even_if_the_journal_was_made_to_agree() -> Outcome {
    let dir = TempDir::new()?;
    let mut stored = write_capture(dir.path(), "a", &capture())?;
    let path = dir.path().join("a.parquet");
    let mut bytes = fs::read(&path)?;
    bytes.truncate(bytes.len() - 7);
    fs::write(&path, &bytes)?;
    assert!(matches!(
        read_capture(dir.path(), &stored),
        Err(RecordingError::Hash { .. })
    ));
    stored.sha256 = sha256_hex(&bytes);
    let said = text(dir.path(), read_capture(dir.path(), &stored));
    assert!(
        said.starts_with("RUN/a.parquet: not a readable Parquet file: "),
        "{said}"
    );
    assert!(
        said.ends_with("; restore the file from the copy of the run"),
        "{said}"
    );
    Ok(())
}

#[test]
fn a_missing_file_is_named() -> Outcome {
    let dir = TempDir::new()?;
    let stored = write_capture(dir.path(), "a", &capture())?;
    fs::remove_file(dir.path().join("a.parquet"))?;
    assert_eq!(
        text(dir.path(), read_capture(dir.path(), &stored)),
        "RUN/a.parquet: the recording is missing; restore the file from the copy of the run, or judge a complete run"
    );
    Ok(())
}

#[test]
fn columns_and_length_must_be_the_recorded_ones() -> Outcome {
    let dir = TempDir::new()?;
    let stored = write_capture(dir.path(), "a", &capture())?;
    let mut swapped = stored.clone();
    swapped.channels.reverse();
    assert_eq!(
        text(dir.path(), read_capture(dir.path(), &swapped)),
        "RUN/a.parquet: columns are [v_grid, i_dut], expected [i_dut, v_grid]; the file belongs to another \
         capture: check the file name in the journal"
    );
    let longer = gridproof_model::event::StoredCapture {
        samples: 1001,
        ..stored
    };
    assert_eq!(
        text(dir.path(), read_capture(dir.path(), &longer)),
        "RUN/a.parquet: 1000 samples per channel, the journal says 1001; restore the file from the copy of the run"
    );
    Ok(())
}

#[test]
fn scaled_values_are_not_codes() -> Outcome {
    use polars::prelude::{Column, DataFrame, ParquetWriter};
    let dir = TempDir::new()?;
    let mut stored = write_capture(dir.path(), "a", &capture())?;
    let columns = vec![
        Column::new("v_grid".into(), [1.0_f64, 2.0]),
        Column::new("i_dut".into(), [0_i32, 1]),
    ];
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).finish(&mut DataFrame::new(2, columns)?)?;
    fs::write(dir.path().join("a.parquet"), &bytes)?;
    stored.sha256 = sha256_hex(&bytes);
    assert_eq!(
        text(dir.path(), read_capture(dir.path(), &stored)),
        "RUN/a.parquet: column `v_grid` holds f64, expected 16-bit codes (i16) without gaps; store raw converter \
         codes, not scaled values"
    );
    Ok(())
}

#[test]
fn a_foreign_file_does_not_explain_itself() -> Outcome {
    use polars::prelude::{Column, DataFrame, ParquetWriter};
    let dir = TempDir::new()?;
    let mut bytes = Vec::new();
    let columns = vec![Column::new("v_grid".into(), [1_i16, 2].as_slice())];
    ParquetWriter::new(&mut bytes).finish(&mut DataFrame::new(2, columns)?)?;
    fs::write(dir.path().join("f.parquet"), &bytes)?;
    assert_eq!(
        text(dir.path(), read_file(&dir.path().join("f.parquet"))),
        "RUN/f.parquet: metadata `gridproof.format` is missing; read the file through its run folder, whose \
         journal has the scaling"
    );
    Ok(())
}

#[rstest]
#[case("")]
#[case("../a")]
#[case("dut/test")]
#[case(".hidden")]
#[case("ΔP")]
fn names_cannot_leave_the_folder(#[case] stem: &str) -> Outcome {
    let dir = TempDir::new()?;
    assert_eq!(
        text(dir.path(), write_capture(dir.path(), stem, &capture())),
        format!(
            "recording name `{stem}`: only letters, digits, `-`, `_`, `+`, `=` and inner dots are allowed; replace \
             the other characters, for instance `/` by `_`"
        )
    );
    assert_eq!(fs::read_dir(dir.path())?.count(), 0);
    Ok(())
}

#[test]
fn impossible_captures_are_refused() -> Outcome {
    let dir = TempDir::new()?;
    let refused = |channels| {
        text(
            dir.path(),
            write_capture(
                dir.path(),
                "a",
                &Capture {
                    channels,
                    ..capture()
                },
            ),
        )
    };
    assert_eq!(
        refused(vec![]),
        "capture `event` has no channels; arm at least one channel of the recorder"
    );
    assert_eq!(
        refused(vec![channel(KINDS[0], vec![1]), channel(KINDS[0], vec![2])]),
        "capture `event`: channel `v_grid` occurs twice; connect each signal to one recorder input"
    );
    assert_eq!(
        refused(vec![
            channel(KINDS[0], vec![1, 2]),
            channel(KINDS[1], vec![2])
        ]),
        "capture `event`: channel `i_dut` has 1 samples, the first channel has 2; read all channels of one acquisition"
    );
    Ok(())
}

#[test]
fn a_folder_that_cannot_be_written_is_named() -> Outcome {
    let dir = TempDir::new()?;
    let said = text(
        dir.path(),
        write_capture(&dir.path().join("nowhere"), "a", &capture()),
    );
    assert!(
        said.starts_with("RUN/nowhere/a.parquet: cannot be written: "),
        "{said}"
    );
    assert!(
        said.ends_with("; check free space and permissions of the run folder"),
        "{said}"
    );
    Ok(())
}
