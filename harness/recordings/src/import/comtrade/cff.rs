//! Sections of a single file, C37.111-2013 clause 8: `--- file type: CFG ---` and so on.

use std::path::Path;

use super::super::error::{ImportError, ImportErrorKind as Kind, shorten};
use super::super::input::{Folder, decode};
use super::super::line_reader::LineReader;
use super::cfg::DataKind;

/// Largest text before the data.
const LARGEST_TEXT: u64 = 32 << 20;

/// What a `.cff` file holds.
pub(super) struct Sections {
    pub(super) config: String,
    pub(super) latin1: bool,
    /// Line number of the CFG section's marker.
    pub(super) config_line: u64,
    pub(super) kind: DataKind,
    pub(super) data_offset: u64,
    pub(super) data_length: u64,
    /// Line number of the DAT section's marker.
    pub(super) data_line: u64,
}

/// Finds the sections of `path`.
pub(super) fn sections(folder: &Folder, path: &Path) -> Result<Sections, ImportError> {
    let (input, length) = folder.open(path)?;
    let mut reader = LineReader::new(path.to_owned(), input, 0, length, 0)?;
    let mut config: Option<(Vec<u8>, u64)> = None;
    let mut inside = false;
    loop {
        let number = reader.number() + 1;
        if reader.offset() > LARGEST_TEXT {
            return Err(ImportError::new(
                path,
                Kind::TooLarge,
                format!("no data section within the first {LARGEST_TEXT} bytes"),
                "a section `--- file type: DAT … ---` is expected after CFG, INF and HDR",
            )
            .line(number));
        }
        let Some(line) = reader.next()? else { break };
        let Some(marker) = marker(line) else {
            if inside && let Some((text, _)) = &mut config {
                text.extend_from_slice(line);
                text.push(b'\n');
            }
            continue;
        };
        inside = false;
        let mut words = marker.splitn(2, [' ', ':']);
        match words.next().unwrap_or("") {
            "CFG" => {
                config = Some((Vec::new(), number));
                inside = true;
            }
            "DAT" => {
                let words = words.next().unwrap_or("").trim().to_owned();
                let data_offset = reader.offset_after_end()?;
                let Some((text, config_line)) = config else {
                    return Err(ImportError::new(
                        path,
                        Kind::Malformed,
                        "the data section comes before a CFG section",
                        "put the CFG section first",
                    )
                    .line(number));
                };
                let (kind, data_length) =
                    data_section(path, number, &words, length - data_offset.min(length))?;
                let (config, latin1) = decode(&text);
                return Ok(Sections {
                    config,
                    latin1,
                    config_line,
                    kind,
                    data_offset,
                    data_length,
                    data_line: number,
                });
            }
            _ => {}
        }
    }
    Err(ImportError::new(
        path,
        Kind::Malformed,
        if config.is_some() {
            "there is no section `--- file type: DAT … ---`"
        } else {
            "there is no section `--- file type: CFG ---`"
        },
        "a .cff file has both; the file may be truncated",
    )
    .line(reader.number().max(1)))
}

/// Kind and length of the data by the words after `DAT`: `ASCII`, `BINARY: 1234`.
fn data_section(
    path: &Path,
    line: u64,
    words: &str,
    left: u64,
) -> Result<(DataKind, u64), ImportError> {
    let (kind, length) = match words.split_once(':') {
        Some((kind, length)) => (kind.trim(), Some(length.trim())),
        None => (words.trim(), None),
    };
    let wrong =
        |kind, what: String, hint: &str| ImportError::new(path, kind, what, hint).line(line);
    let kind = DataKind::parse(kind).ok_or_else(|| {
        wrong(
            Kind::Malformed,
            format!("`{}` is no kind of data", shorten(kind)),
            "use ASCII, BINARY, BINARY32 or FLOAT32",
        )
    })?;
    let length = match length.filter(|length| !length.is_empty()) {
        None => left,
        Some(text) => {
            let length: u64 = text.parse().map_err(|_| {
                wrong(
                    Kind::Malformed,
                    format!("the length of the data is `{}`", shorten(text)),
                    "give a whole number of bytes",
                )
            })?;
            if length > left {
                return Err(wrong(
                    Kind::Truncated,
                    format!("{length} bytes of data are announced, {left} follow"),
                    "the file is truncated: copy it again",
                ));
            }
            length
        }
    };
    Ok((kind, length))
}

/// The words of a section marker in capitals, `None` for any other line.
fn marker(line: &[u8]) -> Option<String> {
    if !line.starts_with(b"---") || line.len() > 200 {
        return None;
    }
    let text = String::from_utf8_lossy(line).to_uppercase();
    let inner = text.trim().trim_matches('-').trim();
    let rest = inner.strip_prefix("FILE TYPE")?.trim_start();
    Some(rest.strip_prefix(':')?.trim().to_owned())
}
