//! Format of a file, by its content first and its extension second.

use std::path::Path;

use super::error::{ImportError, ImportErrorKind as Kind};
use super::input::Folder;
use super::options::Format;

/// Bytes looked at.
const HEAD: usize = 4096;

/// Tells the format of `path`.
pub(crate) fn detect(folder: &Folder, path: &Path) -> Result<Format, ImportError> {
    let extension = path
        .extension()
        .map(|extension| extension.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    let head = folder.head(path, HEAD)?;
    if head.starts_with(b"PAR1") {
        return Ok(Format::Parquet);
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head);
    if head.starts_with(b"%WDF") || text.starts_with(b"//YOKOGAWA") {
        return Ok(Format::Yokogawa);
    }
    if text.starts_with(b"---") && text.iter().take(60).any(|&byte| byte == b':') {
        return Ok(Format::Comtrade);
    }
    match extension.as_str() {
        "cfg" | "cff" | "dat" => return Ok(Format::Comtrade),
        "parquet" | "pq" => return Ok(Format::Parquet),
        "wvf" | "hdr" | "wdf" => return Ok(Format::Yokogawa),
        "csv" | "txt" | "tsv" | "asc" | "tab" => return Ok(Format::Csv),
        _ => {}
    }
    let hint = "name a .cfg, .cff, .csv, .parquet, .hdr or .wdf file, or state the format";
    if head.is_empty() {
        return Err(ImportError::new(
            path,
            Kind::UnknownFormat,
            "the file is empty",
            hint,
        ));
    }
    let printable = |byte: &u8| !matches!(byte, 0..=8 | 14..=31);
    if head.iter().all(printable) && head.iter().any(u8::is_ascii_digit) {
        return Ok(Format::Csv);
    }
    Err(ImportError::new(
        path,
        Kind::UnknownFormat,
        "neither content nor extension tell the format",
        hint,
    )
    .byte(0))
}
