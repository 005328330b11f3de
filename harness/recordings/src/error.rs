//! What can be wrong with a recording. Every text names the file, the place and how to mend it.

use std::path::PathBuf;

/// A recording could not be written or must not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// The file name would leave the folder or hide the file.
    #[error(
        "recording name `{name}`: only letters, digits, `-`, `_`, `+`, `=` and inner dots are allowed; \
         replace the other characters, for instance `/` by `_`"
    )]
    BadName {
        /// The refused stem.
        name: String,
    },
    /// A capture without channels has nothing to store.
    #[error("capture `{name}` has no channels; arm at least one channel of the recorder")]
    NoChannels {
        /// Name of the capture.
        name: String,
    },
    /// Two channels claim the same column.
    #[error(
        "capture `{name}`: channel `{channel}` occurs twice; connect each signal to one recorder input"
    )]
    DuplicateChannel {
        /// Name of the capture.
        name: String,
        /// Name of the channel.
        channel: &'static str,
    },
    /// Channels of one capture must be sampled together.
    #[error(
        "capture `{name}`: channel `{channel}` has {found} samples, the first channel has {expected}; \
         read all channels of one acquisition"
    )]
    UnequalLengths {
        /// Name of the capture.
        name: String,
        /// Name of the channel.
        channel: &'static str,
        /// Its number of samples.
        found: usize,
        /// Number of samples of the first channel.
        expected: usize,
    },
    /// The Parquet encoder refused.
    #[error("{}: the samples could not be encoded as Parquet: {reason}; report this with the capture", path.display())]
    Encode {
        /// File that was to be written.
        path: PathBuf,
        /// The encoder's words.
        reason: String,
    },
    /// The file system refused to write.
    #[error("{}: cannot be written: {source}; check free space and permissions of the run folder", path.display())]
    Write {
        /// File that was to be written.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// The file is not there.
    #[error(
        "{}: the recording is missing; restore the file from the copy of the run, or judge a complete run", path.display()
    )]
    Missing {
        /// File that was expected.
        path: PathBuf,
    },
    /// The file system refused to read.
    #[error("{}: cannot be read: {source}; check permissions and the medium", path.display())]
    Read {
        /// File that was to be read.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// The bytes are not the ones that were recorded.
    #[error(
        "{}: SHA-256 is {found}, the journal says {expected}; the {bytes} bytes on disk are not the recorded \
         ones: restore the file from the copy of the run", path.display()
    )]
    Hash {
        /// The file.
        path: PathBuf,
        /// Hash of the bytes on disk.
        found: String,
        /// Hash in the journal.
        expected: String,
        /// Length on disk.
        bytes: usize,
    },
    /// The bytes are no Parquet file.
    #[error("{}: not a readable Parquet file: {reason}; restore the file from the copy of the run", path.display())]
    Decode {
        /// The file.
        path: PathBuf,
        /// The decoder's words.
        reason: String,
    },
    /// The columns are not the channels that were recorded.
    #[error(
        "{}: columns are [{found}], expected [{expected}]; the file belongs to another capture: check the \
         file name in the journal", path.display()
    )]
    Columns {
        /// The file.
        path: PathBuf,
        /// Columns in the file.
        found: String,
        /// Columns by the journal.
        expected: String,
    },
    /// A column is not made of raw codes.
    #[error(
        "{}: column `{column}` holds {found}, expected 16-bit codes (i16) without gaps; store raw converter \
         codes, not scaled values", path.display()
    )]
    ColumnType {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// What it holds.
        found: String,
    },
    /// The number of samples is not the recorded one.
    #[error(
        "{}: {found} samples per channel, the journal says {expected}; restore the file from the copy of the \
         run", path.display()
    )]
    Length {
        /// The file.
        path: PathBuf,
        /// Samples in the file.
        found: usize,
        /// Samples by the journal.
        expected: usize,
    },
    /// The file does not explain itself.
    #[error(
        "{}: metadata `{key}` {problem}; read the file through its run folder, whose journal has the scaling", path.display()
    )]
    Metadata {
        /// The file.
        path: PathBuf,
        /// Metadata key.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
}
