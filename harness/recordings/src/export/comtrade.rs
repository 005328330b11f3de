//! COMTRADE writer: revision 2013 as ASCII, BINARY and FLOAT32, revision 1999 as BINARY.
//!
//! The sources are a model [`Capture`], whose raw codes are kept exactly, and an
//! [`ImportedCapture`], whose values are written exactly as ASCII, to 24 bits as FLOAT32, and to
//! 1/65000 of each channel's span as BINARY.

use std::path::{Path, PathBuf};

use gridproof_model::capture::Capture;

use crate::import::{ImportedCapture, WallTime};

use super::{comtrade_cfg, comtrade_dat};

/// Revision and kind of data to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComtradeKind {
    /// C37.111-2013 with text data.
    Ascii2013,
    /// C37.111-2013 with 16-bit data.
    Binary2013,
    /// C37.111-2013 with 32-bit floating-point data.
    Float2013,
    /// C37.111-1999 with 16-bit data, which nearly every program reads.
    Binary1999,
}

impl ComtradeKind {
    pub(super) fn file_type(self) -> &'static str {
        match self {
            ComtradeKind::Ascii2013 => "ASCII",
            ComtradeKind::Binary2013 | ComtradeKind::Binary1999 => "BINARY",
            ComtradeKind::Float2013 => "FLOAT32",
        }
    }
}

/// What a capture does not know of itself.
#[derive(Debug, Clone)]
pub struct ComtradeExport {
    /// Revision and kind of data.
    pub kind: ComtradeKind,
    /// Name of the station, without commas.
    pub station: String,
    /// Name of the recorder, without commas.
    pub device: String,
    /// Nominal frequency, Hz.
    pub line_hz: f64,
    /// Wall-clock time of the first sample; without one, 1 January 1970 is written.
    pub start: Option<WallTime>,
}

/// A capture cannot be written as COMTRADE.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The format cannot hold the capture.
    #[error("{}: {channel}: {what}; {hint}", path.display())]
    Unfit {
        /// File that was to be written.
        path: PathBuf,
        /// Channel, or `record` for the whole.
        channel: String,
        /// What does not fit.
        what: String,
        /// What to do.
        hint: &'static str,
    },
    /// The file system refused to write.
    #[error("{}: cannot be written: {source}; check free space and permissions", path.display())]
    Write {
        /// File that was to be written.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
}

/// A channel ready to be written: value = code × a + b.
pub(super) struct Ready {
    pub(super) name: String,
    pub(super) phase: String,
    pub(super) circuit: String,
    pub(super) unit: String,
    pub(super) a: f64,
    pub(super) b: f64,
    pub(super) skew_s: f64,
    pub(super) limits: (f64, f64),
    pub(super) samples: Samples,
}

/// Samples as they are stored.
pub(super) enum Samples {
    Codes(Vec<i16>),
    Values(Vec<f64>),
    Status(Vec<bool>),
}

/// A record ready to be written.
pub(super) struct Record {
    pub(super) channels: Vec<Ready>,
    pub(super) rate_hz: f64,
    pub(super) samples: usize,
    pub(super) trigger_s: f64,
}

/// Writes `capture` as `path` (`.cff`, or `.cfg` with a `.dat` beside it).
///
/// Contacts (channels without a unit whose values are 0 and 1) become status channels.
///
/// # Errors
/// A code of −32768, which COMTRADE keeps for missing samples; more than 999 999 channels; a rate
/// that is not above 0; no samples; or the file system refuses.
pub fn write_capture(
    path: &Path,
    capture: &Capture,
    export: &ComtradeExport,
) -> Result<(), ExportError> {
    let channels = capture
        .channels
        .iter()
        .map(|channel| {
            let values = channel.values();
            let contact = channel.kind.unit().is_empty()
                && values.iter().all(|value| *value == 0.0 || *value == 1.0);
            let coded = export.kind != ComtradeKind::Float2013;
            let samples = if contact {
                Samples::Status(values.iter().map(|value| *value == 1.0).collect())
            } else if coded {
                Samples::Codes(channel.codes.clone())
            } else {
                Samples::Values(values)
            };
            let clip = f64::from(channel.clip_code.unsigned_abs()).min(32767.0);
            let (a, b) = if coded {
                (channel.scale, channel.offset)
            } else {
                (1.0, 0.0)
            };
            Ready {
                name: channel.kind.name().to_owned(),
                phase: String::new(),
                circuit: String::new(),
                unit: channel.kind.unit().to_owned(),
                a,
                b,
                skew_s: 0.0,
                limits: if coded { (-clip, clip) } else { limits(&[]) },
                samples,
            }
        })
        .collect();
    let record = Record {
        channels,
        rate_hz: capture.rate_hz,
        samples: capture.len(),
        trigger_s: capture.trigger_index as f64 / capture.rate_hz,
    };
    write(path, &record, export)
}

/// Writes `capture` as `path` (`.cff`, or `.cfg` with a `.dat` beside it).
///
/// Missing samples (NaN) are written as the format's own mark.
///
/// # Errors
/// As [`write_capture`], and channels of unequal length.
pub fn write_imported(
    path: &Path,
    capture: &ImportedCapture,
    export: &ComtradeExport,
) -> Result<(), ExportError> {
    let samples = capture
        .channels
        .first()
        .map_or(0, |channel| channel.values.len());
    let mut channels = Vec::with_capacity(capture.channels.len());
    for channel in &capture.channels {
        if channel.values.len() != samples {
            return Err(unfit(
                path,
                &channel.name,
                format!(
                    "{} samples, the first channel has {samples}",
                    channel.values.len()
                ),
                "export channels of one acquisition",
            ));
        }
        let (low, high) = limits(&channel.values);
        let (a, b, stored, range) = if channel.digital && channel.missing == 0 {
            let states = channel.values.iter().map(|value| *value != 0.0).collect();
            (1.0, 0.0, Samples::Status(states), (0.0, 1.0))
        } else if export.kind.file_type() == "BINARY" {
            let b = low / 2.0 + high / 2.0;
            let span = (high / 65_000.0 - low / 65_000.0).max(f64::MIN_POSITIVE * 1e3);
            let code = |value: &f64| {
                if value.is_finite() {
                    ((value - b) / span).round() as i16
                } else {
                    i16::MIN
                }
            };
            let codes = channel.values.iter().map(code).collect();
            (span, b, Samples::Codes(codes), (-32_767.0, 32_767.0))
        } else {
            (
                1.0,
                0.0,
                Samples::Values(channel.values.clone()),
                (low, high),
            )
        };
        channels.push(Ready {
            name: channel.name.clone(),
            phase: channel.phase.clone(),
            circuit: channel.circuit.clone(),
            unit: channel.unit.clone(),
            a,
            b,
            skew_s: channel.skew_s,
            limits: range,
            samples: stored,
        });
    }
    let record = Record {
        channels,
        rate_hz: capture.rate_hz,
        samples,
        trigger_s: capture.trigger_s.unwrap_or(0.0) - capture.offset_s,
    };
    write_checked(path, &record, export, true)
}

/// Smallest and largest finite value, 0 and 0 without any.
fn limits(values: &[f64]) -> (f64, f64) {
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let low = finite().fold(f64::INFINITY, f64::min);
    let high = finite().fold(f64::NEG_INFINITY, f64::max);
    if low <= high { (low, high) } else { (0.0, 0.0) }
}

pub(super) fn unfit(
    path: &Path,
    channel: &str,
    what: impl Into<String>,
    hint: &'static str,
) -> ExportError {
    ExportError::Unfit {
        path: path.to_owned(),
        channel: channel.to_owned(),
        what: what.into(),
        hint,
    }
}

fn write(path: &Path, record: &Record, export: &ComtradeExport) -> Result<(), ExportError> {
    write_checked(path, record, export, false)
}

/// Writes the record; `gaps`: code −32768 is meant as missing.
fn write_checked(
    path: &Path,
    record: &Record,
    export: &ComtradeExport,
    gaps: bool,
) -> Result<(), ExportError> {
    if record.samples == 0 || record.channels.is_empty() {
        return Err(unfit(
            path,
            "record",
            "there are no samples",
            "export a capture with samples",
        ));
    }
    if !(record.rate_hz.is_finite() && record.rate_hz > 0.0) {
        return Err(unfit(
            path,
            "record",
            format!("the rate is {} Hz", record.rate_hz),
            "the sampling rate must be above 0",
        ));
    }
    for channel in &record.channels {
        if let (Samples::Codes(codes), false) = (&channel.samples, gaps)
            && codes.contains(&i16::MIN)
        {
            return Err(unfit(
                path,
                &channel.name,
                "a sample has code -32768, which marks missing samples",
                "write it as FLOAT32",
            ));
        }
    }
    let config = comtrade_cfg::render(record, export);
    let data = comtrade_dat::render(record, export.kind);
    let single = path
        .extension()
        .is_some_and(|found| found.eq_ignore_ascii_case("cff"));
    let put = |path: &Path, bytes: &[u8]| {
        std::fs::write(path, bytes).map_err(|source| ExportError::Write {
            path: path.to_owned(),
            source,
        })
    };
    if single {
        let kind = export.kind.file_type();
        let length = if kind == "ASCII" {
            String::new()
        } else {
            format!(": {}", data.len())
        };
        let mut whole = format!(
            "--- file type: CFG ---\r\n{config}--- file type: INF ---\r\n--- file type: HDR ---\r\n\
             --- file type: DAT {kind}{length} ---\r\n"
        )
        .into_bytes();
        whole.extend_from_slice(&data);
        return put(path, &whole);
    }
    put(path, config.as_bytes())?;
    put(&path.with_extension("dat"), &data)
}
