//! Where configuration and data of a record are: file pair or single file.

use std::path::{Path, PathBuf};

use super::super::error::{ImportError, ImportErrorKind as Kind};
use super::super::input::{Folder, decode};
use super::cff;
use super::cfg::{self, Config, DataKind};

/// Where the data of a record are.
pub(super) struct Data {
    pub(super) cfg_path: PathBuf,
    /// Lines before the configuration.
    pub(super) config_line: u64,
    pub(super) path: PathBuf,
    pub(super) offset: u64,
    pub(super) length: u64,
    /// Lines before the data, for line numbers of ASCII data.
    pub(super) lines_before: u64,
    /// Kind by the section marker of a `.cff`.
    kind: Option<DataKind>,
}

/// Text of the configuration, whether it was Latin-1, and where the data are.
pub(super) fn find(folder: &Folder, path: &Path) -> Result<(String, bool, Data), ImportError> {
    let is = |wanted: &str| {
        path.extension()
            .is_some_and(|found| found.eq_ignore_ascii_case(wanted))
    };
    let head = folder.head(path, 64)?;
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head);
    if is("cff") || (text.starts_with(b"---") && !is("dat")) {
        let sections = cff::sections(folder, path)?;
        return Ok((
            sections.config,
            sections.latin1,
            Data {
                config_line: sections.config_line,
                cfg_path: path.to_owned(),
                path: path.to_owned(),
                offset: sections.data_offset,
                length: sections.data_length,
                lines_before: sections.data_line,
                kind: Some(sections.kind),
            },
        ));
    }
    let partner = |extension: &str| {
        folder.sibling(path, extension).ok_or_else(|| {
            ImportError::new(
                path.with_extension(extension),
                Kind::NotFound,
                format!("the .{extension} file of the record is missing"),
                "a COMTRADE record is a .cfg and a .dat file of one name: copy both",
            )
        })
    };
    let (cfg_path, dat_path) = if is("dat") {
        (partner("cfg")?, path.to_owned())
    } else {
        (path.to_owned(), partner("dat")?)
    };
    let bytes = folder.all(&cfg_path, cfg::LARGEST, "the configuration")?;
    let (text, latin1) = decode(&bytes);
    let (_, length) = folder.open(&dat_path)?;
    Ok((
        text,
        latin1,
        Data {
            cfg_path,
            config_line: 0,
            path: dat_path,
            offset: 0,
            length,
            lines_before: 0,
            kind: None,
        },
    ))
}

impl Data {
    /// The section marker of a `.cff` must agree with the file type of the configuration.
    pub(super) fn settle_kind(&self, config: &mut Config) -> Result<(), ImportError> {
        match self.kind {
            Some(kind) if kind != config.kind => Err(ImportError::new(
                &self.path,
                Kind::WrongCount,
                format!(
                    "the data section says {}, the configuration {}",
                    kind.name(),
                    config.kind.name()
                ),
                "correct one of them; the configuration is usually right",
            )
            .line(config.kind_line)),
            _ => Ok(()),
        }
    }
}
