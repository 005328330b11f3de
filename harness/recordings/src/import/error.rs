//! What can be wrong with a capture. Every text names the file, the place and how to mend it.

use std::fmt;
use std::path::{Path, PathBuf};

/// Kind of an [`ImportError`], for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportErrorKind {
    /// A file is not there.
    NotFound,
    /// The system refused to read.
    Io,
    /// The format cannot be told.
    UnknownFormat,
    /// The format is known but this part of it is not supported.
    Unsupported,
    /// The file breaks its format.
    Malformed,
    /// The data end early.
    Truncated,
    /// Two counts in the file contradict each other.
    WrongCount,
    /// Samples are missing.
    Missing,
    /// Sampling instants are not equally spaced or not increasing.
    NotUniform,
    /// The file can be read in more than one way.
    Ambiguous,
    /// A channel that was asked for is not there or not unique.
    Channel,
    /// The options do not fit the file.
    Options,
    /// Larger than any sensible file of its kind.
    TooLarge,
}

/// Where in a file something is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// Line, from 1.
    pub line: Option<u64>,
    /// Offset in bytes, from 0.
    pub byte: Option<u64>,
    /// Name of the channel or column.
    pub channel: Option<String>,
    /// Sample in the file, from 1 as COMTRADE counts.
    pub sample: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some(line) = self.line {
            parts.push(format!("line {line}"));
        }
        if let Some(byte) = self.byte {
            parts.push(format!("byte {byte}"));
        }
        if let Some(sample) = self.sample {
            parts.push(format!("sample {sample}"));
        }
        if let Some(channel) = &self.channel {
            parts.push(format!("channel `{channel}`"));
        }
        f.write_str(&parts.join(", "))
    }
}

/// A capture cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ImportError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    kind: ImportErrorKind,
    place: Place,
    what: String,
    hint: String,
}

impl std::error::Error for Inner {}

impl fmt::Display for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.as_os_str().is_empty() {
            write!(f, "{}: ", self.path.display())?;
        }
        if self.place != Place::default() {
            write!(f, "{}: ", self.place)?;
        }
        write!(f, "{}; {}", self.what, self.hint)
    }
}

impl ImportError {
    pub(crate) fn new(
        path: impl AsRef<Path>,
        kind: ImportErrorKind,
        what: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self(Box::new(Inner {
            path: path.as_ref().to_owned(),
            kind,
            place: Place::default(),
            what: what.into(),
            hint: hint.into(),
        }))
    }

    pub(crate) fn io(path: &Path, error: &std::io::Error) -> Self {
        let kind = if error.kind() == std::io::ErrorKind::NotFound {
            ImportErrorKind::NotFound
        } else {
            ImportErrorKind::Io
        };
        Self::new(
            path,
            kind,
            format!("cannot be read: {error}"),
            "check the name, the permissions and the medium",
        )
    }

    pub(crate) fn line(mut self, line: u64) -> Self {
        self.0.place.line = Some(line);
        self
    }

    pub(crate) fn byte(mut self, byte: u64) -> Self {
        self.0.place.byte = Some(byte);
        self
    }

    pub(crate) fn channel(mut self, channel: &str) -> Self {
        self.0.place.channel = Some(shorten(channel));
        self
    }

    pub(crate) fn sample(mut self, sample: u64) -> Self {
        self.0.place.sample = Some(sample);
        self
    }

    /// The file; empty when the error is about a capture in memory.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// The kind of error.
    pub fn kind(&self) -> ImportErrorKind {
        self.0.kind
    }

    /// Where in the file.
    pub fn place(&self) -> &Place {
        &self.0.place
    }

    /// What is wrong.
    pub fn what(&self) -> &str {
        &self.0.what
    }

    /// How to mend it.
    pub fn hint(&self) -> &str {
        &self.0.hint
    }
}

/// `text` fit for a message: at most 60 characters, control characters replaced.
pub(crate) fn shorten(text: &str) -> String {
    let mut short: String = text
        .chars()
        .take(60)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(60).is_some() {
        short.push('…');
    }
    short
}
