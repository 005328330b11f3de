//! Files of a run's `recordings/` folder: written once, verified whenever they are read.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use gridproof_model::capture::{Capture, Channel};
use gridproof_model::event::{StoredCapture, StoredChannel};
use sha2::{Digest, Sha256};

use crate::columns::{Columns, decode, encode};
use crate::describe::understand;
use crate::error::RecordingError;

/// Extension of every recording, without the dot.
pub const FILE_EXTENSION: &str = "parquet";

/// Stores `capture` as `dir/file_stem.parquet` and says what the journal must keep of it.
///
/// The file appears under its name only when it is complete. It is not forced to the medium: a
/// file torn by a power cut is found by its SHA-256.
pub fn write_capture(
    dir: &Path,
    file_stem: &str,
    capture: &Capture,
) -> Result<StoredCapture, RecordingError> {
    check_stem(file_stem)?;
    check_channels(capture)?;
    let file = format!("{file_stem}.{FILE_EXTENSION}");
    let path = dir.join(&file);
    let bytes = encode(capture).map_err(|error| RecordingError::Encode {
        path: path.clone(),
        reason: error.to_string(),
    })?;
    let part = dir.join(format!(".{file}.part"));
    fs::write(&part, &bytes)
        .and_then(|()| fs::rename(&part, &path))
        .map_err(|source| RecordingError::Write { path, source })?;
    Ok(StoredCapture {
        name: capture.name.clone(),
        file,
        sha256: sha256_hex(&bytes),
        rate_hz: capture.rate_hz,
        start_s: capture.start_s,
        trigger_index: capture.trigger_index,
        samples: capture.len(),
        channels: capture
            .channels
            .iter()
            .map(|channel| StoredChannel {
                kind: channel.kind,
                scale: channel.scale,
                offset: channel.offset,
                clip_code: channel.clip_code,
            })
            .collect(),
    })
}

/// Reads what [`write_capture`] stored. Scaling comes from the journal, codes from the file, and
/// the file must be bit for bit the recorded one.
pub fn read_capture(dir: &Path, stored: &StoredCapture) -> Result<Capture, RecordingError> {
    let path = dir.join(&stored.file);
    let bytes = read_bytes(&path)?;
    let found = sha256_hex(&bytes);
    if !found.eq_ignore_ascii_case(&stored.sha256) {
        return Err(RecordingError::Hash {
            path,
            found,
            expected: stored.sha256.clone(),
            bytes: bytes.len(),
        });
    }
    let columns = decode(&path, &bytes)?;
    assemble(path, stored, columns)
}

/// Reads a recording on its own, outside any run, by the metadata inside the file. Nothing vouches
/// for such a capture: formal verdicts go through [`read_capture`].
pub fn read_file(path: &Path) -> Result<Capture, RecordingError> {
    let bytes = read_bytes(path)?;
    let columns = decode(path, &bytes)?;
    let stored = understand(
        path,
        &columns.metadata,
        &columns.names,
        columns.samples,
        sha256_hex(&bytes),
    )?;
    assemble(path.to_owned(), &stored, columns)
}

/// SHA-256 of `bytes` in lower-case hex, as the journal and the manifest keep it.
pub fn sha256_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    Sha256::digest(bytes)
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|nibble| char::from(DIGITS[usize::from(nibble)]))
        .collect()
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, RecordingError> {
    fs::read(path).map_err(|source| {
        if source.kind() == ErrorKind::NotFound {
            RecordingError::Missing {
                path: path.to_owned(),
            }
        } else {
            RecordingError::Read {
                path: path.to_owned(),
                source,
            }
        }
    })
}

/// Joins the codes of a file with the scaling of `stored`.
fn assemble(
    path: PathBuf,
    stored: &StoredCapture,
    columns: Columns,
) -> Result<Capture, RecordingError> {
    let expected: Vec<&str> = stored
        .channels
        .iter()
        .map(|channel| channel.kind.name())
        .collect();
    if columns.names != expected {
        return Err(RecordingError::Columns {
            path,
            found: columns.names.join(", "),
            expected: expected.join(", "),
        });
    }
    if columns.samples != stored.samples {
        return Err(RecordingError::Length {
            path,
            found: columns.samples,
            expected: stored.samples,
        });
    }
    let channels = stored
        .channels
        .iter()
        .zip(columns.codes)
        .map(|(channel, codes)| Channel {
            kind: channel.kind,
            codes,
            scale: channel.scale,
            offset: channel.offset,
            clip_code: channel.clip_code,
        })
        .collect();
    Ok(Capture {
        name: stored.name.clone(),
        rate_hz: stored.rate_hz,
        start_s: stored.start_s,
        trigger_index: stored.trigger_index,
        channels,
    })
}

fn check_stem(stem: &str) -> Result<(), RecordingError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+' | '=' | '.');
    if stem.is_empty() || stem.starts_with('.') || stem.ends_with('.') || !stem.chars().all(plain) {
        return Err(RecordingError::BadName {
            name: stem.to_owned(),
        });
    }
    Ok(())
}

fn check_channels(capture: &Capture) -> Result<(), RecordingError> {
    if capture.channels.is_empty() {
        return Err(RecordingError::NoChannels {
            name: capture.name.clone(),
        });
    }
    let mut seen = BTreeSet::new();
    for channel in &capture.channels {
        if !seen.insert(channel.kind) {
            return Err(RecordingError::DuplicateChannel {
                name: capture.name.clone(),
                channel: channel.kind.name(),
            });
        }
        if channel.codes.len() != capture.len() {
            return Err(RecordingError::UnequalLengths {
                name: capture.name.clone(),
                channel: channel.kind.name(),
                found: channel.codes.len(),
                expected: capture.len(),
            });
        }
    }
    Ok(())
}
