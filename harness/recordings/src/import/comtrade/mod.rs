//! COMTRADE, IEEE C37.111-1991, -1999 and -2013 (IEC 60255-24).

mod ascii;
mod binary;
mod cff;
mod cfg;
mod describe;
mod layout;
mod line;
mod place;
mod rates;
mod stamp;

use std::path::Path;

use super::capture::ImportedCapture;
use super::error::ImportError;
use super::gaps::Gaps;
use super::input::Folder;
use super::options::{Format, ImportOptions};
use super::select;
use super::stream::{Opened, Source};
use cfg::DataKind;

/// Opens a `.cfg`, `.dat` or `.cff` file.
pub(crate) fn open(
    folder: &Folder,
    path: &Path,
    options: &ImportOptions,
) -> Result<Opened, ImportError> {
    let (text, latin1, data) = place::find(folder, path)?;
    let mut config = cfg::parse(&data.cfg_path, &text, data.config_line)?;
    if latin1 {
        config
            .notes
            .push("text is not UTF-8 and was read as Latin-1".to_owned());
    }
    data.settle_kind(&mut config)?;
    let (channels, scales) = describe::channels(&config, options);
    let picks = select::wanted(&data.cfg_path, &channels, options)?;
    describe::check_picked(&data.cfg_path, &mut config, &picks, &scales)?;
    let plan = rates::plan(folder, &data, &mut config, options)?;

    let gaps = Gaps::new(options.allow_gaps, picks.len());
    let names: Vec<String> = picks.iter().map(|&i| channels[i].name.clone()).collect();
    let source: Box<dyn Source> = match config.kind {
        DataKind::Ascii => Box::new(ascii::AsciiSource::new(
            folder,
            &data,
            &config,
            &plan,
            &picks,
            &scales,
            names,
            gaps,
            options.accept_wrong_length,
        )?),
        DataKind::Binary16 | DataKind::Binary32 | DataKind::Float32 => Box::new(
            binary::BinarySource::new(folder, &data, &config, &plan, &picks, &scales, names, gaps)?,
        ),
    };
    let trigger_s = match (&config.start, &config.trigger) {
        (Some(start), Some(trigger)) => Some(start.seconds_until(trigger)),
        _ => None,
    };
    let revision = format!("COMTRADE {} {}", config.revision, config.kind.name());
    Ok(Opened {
        description: ImportedCapture {
            format: Format::Comtrade,
            station: config.station,
            device: config.device,
            revision,
            channels: picks.iter().map(|&i| channels[i].clone()).collect(),
            rate_hz: plan.rate_hz,
            line_hz: config.line_hz,
            samples: plan.count,
            offset_s: plan.offset_s,
            start: config.start,
            trigger_s,
            segments: plan.segments,
            notes: config.notes,
        },
        source,
        possible: data.length,
    })
}
