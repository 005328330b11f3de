//! Key-value metadata by which a Parquet file explains itself.
//!
//! Numbers are written with Rust's shortest form that reads back to the same `f64`.

use std::path::Path;
use std::str::FromStr;

use gridproof_model::capture::{Capture, ChannelKind};
use gridproof_model::event::{StoredCapture, StoredChannel};

use crate::error::RecordingError;

/// Version of the metadata.
const FORMAT: &str = "1";

/// Every channel kind, to find one by its column name.
const KINDS: [ChannelKind; 10] = [
    ChannelKind::GridVoltage,
    ChannelKind::DutCurrent,
    ChannelKind::SourceCurrent,
    ChannelKind::SourceVoltage,
    ChannelKind::SwitchContact,
    ChannelKind::SourceTrigger,
    ChannelKind::BackupVoltage,
    ChannelKind::BackupCurrent,
    ChannelKind::DrmContact,
    ChannelKind::DutRelay,
];

/// Metadata of `capture`, in a fixed order.
pub(crate) fn describe(capture: &Capture) -> Vec<(String, String)> {
    let mut pairs = vec![
        ("gridproof.format".to_owned(), FORMAT.to_owned()),
        ("gridproof.capture".to_owned(), capture.name.clone()),
        ("gridproof.rate_hz".to_owned(), capture.rate_hz.to_string()),
        ("gridproof.start_s".to_owned(), capture.start_s.to_string()),
        (
            "gridproof.trigger_index".to_owned(),
            capture.trigger_index.to_string(),
        ),
        (
            "gridproof.value".to_owned(),
            "code * scale + offset".to_owned(),
        ),
    ];
    for channel in &capture.channels {
        let name = channel.kind.name();
        pairs.push((format!("gridproof.{name}.scale"), channel.scale.to_string()));
        pairs.push((
            format!("gridproof.{name}.offset"),
            channel.offset.to_string(),
        ));
        pairs.push((
            format!("gridproof.{name}.unit"),
            channel.kind.unit().to_owned(),
        ));
        pairs.push((
            format!("gridproof.{name}.clip_code"),
            channel.clip_code.to_string(),
        ));
    }
    pairs
}

/// The description of a file whose columns are `names`, from its metadata `pairs`.
pub(crate) fn understand(
    path: &Path,
    pairs: &[(String, String)],
    names: &[String],
    samples: usize,
    sha256: String,
) -> Result<StoredCapture, RecordingError> {
    let lookup = Lookup { path, pairs };
    let format = lookup.text("gridproof.format")?;
    if format != FORMAT {
        return Err(lookup.problem(
            "gridproof.format",
            format!("is `{format}`, this program reads {FORMAT}"),
        ));
    }
    let channels = names
        .iter()
        .map(|name| {
            let kind = KINDS
                .into_iter()
                .find(|kind| kind.name() == name)
                .ok_or_else(|| {
                    lookup.problem(
                        &format!("gridproof.{name}"),
                        "describes no known channel".to_owned(),
                    )
                })?;
            Ok(StoredChannel {
                kind,
                scale: lookup.number(&format!("gridproof.{name}.scale"))?,
                offset: lookup.number(&format!("gridproof.{name}.offset"))?,
                clip_code: lookup.number(&format!("gridproof.{name}.clip_code"))?,
            })
        })
        .collect::<Result<Vec<_>, RecordingError>>()?;
    Ok(StoredCapture {
        name: lookup.text("gridproof.capture")?.to_owned(),
        file: path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default(),
        sha256,
        rate_hz: lookup.number("gridproof.rate_hz")?,
        start_s: lookup.number("gridproof.start_s")?,
        trigger_index: lookup.number("gridproof.trigger_index")?,
        samples,
        channels,
    })
}

/// Metadata with the file it belongs to.
struct Lookup<'a> {
    path: &'a Path,
    pairs: &'a [(String, String)],
}

impl Lookup<'_> {
    fn text(&self, key: &str) -> Result<&str, RecordingError> {
        self.pairs
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
            .ok_or_else(|| self.problem(key, "is missing".to_owned()))
    }

    fn number<T: FromStr>(&self, key: &str) -> Result<T, RecordingError> {
        let text = self.text(key)?;
        text.parse()
            .map_err(|_| self.problem(key, format!("is `{text}`, not a number")))
    }

    fn problem(&self, key: &str, problem: String) -> RecordingError {
        RecordingError::Metadata {
            path: self.path.to_owned(),
            key: key.to_owned(),
            problem,
        }
    }
}
