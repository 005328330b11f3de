//! Where the bytes of a capture come from: a folder on disk, or named files in memory.

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{ImportError, ImportErrorKind as Kind};

/// The folder of a capture.
#[derive(Clone)]
pub(crate) enum Folder {
    Disk,
    Memory(Arc<Vec<(String, Arc<[u8]>)>>),
}

/// One open file.
pub(crate) enum Input {
    Disk(File),
    Memory(Cursor<Arc<[u8]>>),
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Input::Disk(file) => file.read(buffer),
            Input::Memory(cursor) => cursor.read(buffer),
        }
    }
}

impl Seek for Input {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        match self {
            Input::Disk(file) => file.seek(to),
            Input::Memory(cursor) => cursor.seek(to),
        }
    }
}

impl Folder {
    /// Opens `path`; its length in bytes comes along.
    pub(crate) fn open(&self, path: &Path) -> Result<(Input, u64), ImportError> {
        match self {
            Folder::Disk => {
                let file = File::open(path).map_err(|error| ImportError::io(path, &error))?;
                let metadata = file
                    .metadata()
                    .map_err(|error| ImportError::io(path, &error))?;
                if metadata.is_dir() {
                    return Err(ImportError::new(
                        path,
                        Kind::Io,
                        "is a folder",
                        "name a capture file inside it",
                    ));
                }
                let length = metadata.len();
                Ok((Input::Disk(file), length))
            }
            Folder::Memory(files) => files
                .iter()
                .find(|(name, _)| Path::new(name) == path)
                .map(|(_, bytes)| {
                    let length = bytes.len() as u64;
                    (Input::Memory(Cursor::new(Arc::clone(bytes))), length)
                })
                .ok_or_else(|| {
                    ImportError::io(path, &std::io::Error::from(std::io::ErrorKind::NotFound))
                }),
        }
    }

    /// The file with the stem of `path` and extension `extension`, in any letter case.
    pub(crate) fn sibling(&self, path: &Path, extension: &str) -> Option<PathBuf> {
        let same = |candidate: &Path| {
            let stem = |path: &Path| path.file_stem().map(|s| s.to_string_lossy().to_lowercase());
            stem(candidate) == stem(path)
                && candidate
                    .extension()
                    .is_some_and(|found| found.eq_ignore_ascii_case(extension))
        };
        match self {
            Folder::Disk => {
                let exact = path.with_extension(extension);
                if exact.is_file() {
                    return Some(exact);
                }
                let parent = match path.parent() {
                    Some(parent) if !parent.as_os_str().is_empty() => parent,
                    _ => Path::new("."),
                };
                let mut found: Vec<PathBuf> = std::fs::read_dir(parent)
                    .ok()?
                    .filter_map(|entry| entry.ok().map(|entry| entry.path()))
                    .filter(|candidate| same(candidate))
                    .collect();
                // The same letter case of the stem first, then in alphabetical order.
                found.sort_by_key(|candidate| {
                    (candidate.file_stem() != path.file_stem(), candidate.clone())
                });
                found.into_iter().next()
            }
            Folder::Memory(files) => files
                .iter()
                .map(|(name, _)| PathBuf::from(name))
                .find(|candidate| same(candidate)),
        }
    }

    /// The first `limit` bytes of `path`.
    pub(crate) fn head(&self, path: &Path, limit: usize) -> Result<Vec<u8>, ImportError> {
        let (input, length) = self.open(path)?;
        let mut bytes = Vec::with_capacity(limit.min(usize::try_from(length).unwrap_or(limit)));
        input
            .take(limit as u64)
            .read_to_end(&mut bytes)
            .map_err(|error| ImportError::io(path, &error))?;
        Ok(bytes)
    }

    /// All of `path`, refused beyond `limit` bytes; `what` names it in the error.
    pub(crate) fn all(&self, path: &Path, limit: u64, what: &str) -> Result<Vec<u8>, ImportError> {
        let (input, length) = self.open(path)?;
        let large = || {
            ImportError::new(
                path,
                Kind::TooLarge,
                format!("{what} is larger than {limit} bytes"),
                "this is no capture header; check that the right file was named",
            )
        };
        if length > limit {
            return Err(large());
        }
        let mut bytes = Vec::with_capacity(usize::try_from(length).map_err(|_| large())?);
        input
            .take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| ImportError::io(path, &error))?;
        if bytes.len() as u64 > limit {
            return Err(large());
        }
        Ok(bytes)
    }
}

/// Text of `bytes`: UTF-8 (a byte order mark is dropped), otherwise Latin-1. The flag tells which.
pub(crate) fn decode(bytes: &[u8]) -> (String, bool) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (bytes.iter().map(|&byte| char::from(byte)).collect(), true),
    }
}

/// Lines of `text` ended by CRLF, LF or CR, without their ends.
pub(crate) fn lines(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(end) = rest.find(['\r', '\n']) {
        found.push(&rest[..end]);
        let skip = if rest[end..].starts_with("\r\n") {
            2
        } else {
            1
        };
        rest = &rest[end + skip..];
    }
    if !rest.is_empty() {
        found.push(rest);
    }
    found
}
