//! Why a run could not be carried out or read back.

use std::path::PathBuf;

use gridproof_instruments::error::InstrumentError;
use gridproof_model::diagnostic::Diagnostics;
use gridproof_recordings::RecordingError;

/// Failure of the run itself, as opposed to a verdict on the DUT.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// An input file is wrong; nothing was energised.
    #[error("{0}")]
    Input(Diagnostics),
    /// A name is not in the catalogue and no such file exists.
    #[error("no {kind} named `{name}`{hint}")]
    Unknown {
        /// `DUT`, `grid code`…
        kind: &'static str,
        /// As given.
        name: String,
        /// Suggestion, starting with a line break, or empty.
        hint: String,
    },
    /// An input file could not be read.
    #[error("{path}: {source}{hint}")]
    Missing {
        /// As given.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
        /// Where it was looked for or what was probably meant, starting with a line break, or empty.
        hint: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of a record does not hold what it should.
    #[error("{path}: {problem}")]
    Record {
        /// Which.
        path: PathBuf,
        /// What is wrong and how to mend it.
        problem: String,
    },
    /// A recording could not be stored or read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// The bench could not be opened.
    #[error("the bench could not be opened: {0}")]
    Bench(String),
    /// An instrument failed outside any case.
    #[error(transparent)]
    Instrument(#[from] InstrumentError),
}

impl RunError {
    /// For `map_err` on file operations.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> RunError {
        let path = path.into();
        move |source| RunError::File { path, source }
    }
}

/// Why a case was abandoned.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Halt {
    /// The DUT did not reach the state the test needs.
    DutNotReady(String),
    /// An instrument failed, or the record could not be stored.
    Bench(String),
    /// The envelope refused a command; nothing was sent.
    Refused(String),
    /// The operator stopped the run.
    Aborted,
}

impl From<InstrumentError> for Halt {
    fn from(error: InstrumentError) -> Self {
        Halt::Bench(error.to_string())
    }
}
