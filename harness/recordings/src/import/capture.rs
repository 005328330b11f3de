//! A capture as it was imported.

use super::error::{ImportError, ImportErrorKind};
use super::options::Format;
use super::select;
use super::wall_time::WallTime;

/// One channel of an imported capture. In the description of a stream, `values` is empty.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ImportedChannel {
    /// Name in the file.
    pub name: String,
    /// Position in the file: `A1` or `D1` in COMTRADE, `#1` elsewhere.
    pub alias: String,
    /// Unit of the values; empty for contacts and where the file does not say.
    pub unit: String,
    /// Phase identification, empty where unknown (COMTRADE `ph`).
    pub phase: String,
    /// Circuit component, empty where unknown (COMTRADE `ccbm`).
    pub circuit: String,
    /// A status channel: values are 0 and 1.
    pub digital: bool,
    /// Time from the sampling instant of the capture to that of this channel, s. Set to 0 when
    /// it was corrected.
    pub skew_s: f64,
    /// Smallest and largest value that the file says the channel can hold, in `unit`: samples
    /// there are clipped.
    pub range: Option<(f64, f64)>,
    /// Step of the stored codes in `unit`, if they are integers.
    pub resolution: Option<f64>,
    /// Ratio of the instrument transformer, primary to secondary, if the file has one.
    pub ratio: Option<f64>,
    /// Missing samples among those read; their values are NaN.
    pub missing: u64,
    /// Samples in `unit`.
    pub values: Vec<f64>,
}

/// Samples of constant rate inside a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// Sampling rate, Hz.
    pub rate_hz: f64,
    /// Index of its first sample in the file, from 0.
    pub first_sample: u64,
    /// Number of samples.
    pub samples: u64,
    /// Time of its first sample, s from the first sample of the file.
    pub start_s: f64,
}

/// A capture read from a recorder's file, uniformly sampled.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedCapture {
    /// Format of the file.
    pub format: Format,
    /// Station, instrument or capture name; empty where unknown.
    pub station: String,
    /// Recorder; empty where unknown.
    pub device: String,
    /// Revision and kind of the file, for instance `COMTRADE 1999 BINARY`.
    pub revision: String,
    /// Channels in the order asked for, otherwise in file order.
    pub channels: Vec<ImportedChannel>,
    /// Sampling rate, Hz.
    pub rate_hz: f64,
    /// Nominal frequency, Hz, if the file states one.
    pub line_hz: Option<f64>,
    /// Number of samples per channel that are (or, in a stream, will be) read.
    pub samples: u64,
    /// Time of the first sample read, s from the first sample of the file.
    pub offset_s: f64,
    /// Wall-clock time of the first sample of the file.
    pub start: Option<WallTime>,
    /// Trigger, s from the first sample of the file.
    pub trigger_s: Option<f64>,
    /// Segments of constant rate of the whole file.
    pub segments: Vec<Segment>,
    /// What was assumed, converted or contradictory; for the report.
    pub notes: Vec<String>,
}

impl ImportedCapture {
    /// The channel called `name`, or at position `name` (`A1`, `D2`, `#3`).
    ///
    /// # Errors
    /// No or more than one channel answers to the name; the text lists what there is.
    pub fn channel(&self, name: &str) -> Result<&ImportedChannel, ImportError> {
        select::find(&self.channels, name)
            .map(|index| &self.channels[index])
            .map_err(|(what, hint)| ImportError::new("", ImportErrorKind::Channel, what, hint))
    }
}
