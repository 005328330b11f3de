//! Text files with one sample per line.

mod dialect;
mod number;
mod source;

use std::path::Path;

use super::capture::{ImportedCapture, ImportedChannel, Segment};
use super::error::{ImportError, ImportErrorKind as Kind};
use super::gaps::Gaps;
use super::input::{Folder, decode};
use super::line_reader::LineReader;
use super::options::{Format, ImportOptions};
use super::stream::Opened;
use super::{select, units};
use dialect::Dialect;
use source::CsvSource;

/// Lines looked at to find out how the file is written.
const HEAD_LINES: usize = 256;

/// Opens a text file.
pub(crate) fn open(
    folder: &Folder,
    path: &Path,
    options: &ImportOptions,
) -> Result<Opened, ImportError> {
    let mut dialect = dialect(folder, path, options)?;
    let time = time_column(&dialect);
    let mut notes = std::mem::take(&mut dialect.notes);
    let (_, length) = folder.open(path)?;
    let pass = source::scan(folder, path, length, &dialect, time)?;
    let rate_hz = match (pass.grid, options.rate_hz) {
        (Some(grid), stated) => {
            if grid.coarseness() > 0.05 {
                notes.push(format!(
                    "times are written to {:.0} % of a sampling step; uniform sampling is assumed within that",
                    grid.coarseness() * 100.0
                ));
            }
            let rate = grid.rate_hz(pass.samples);
            if stated.is_some_and(|stated| stated.is_nan() || (stated - rate).abs() > 0.01 * rate) {
                return Err(ImportError::new(
                    path,
                    Kind::Options,
                    format!(
                        "the time column says {rate} Hz, the options {}",
                        stated.unwrap_or(0.0)
                    ),
                    "leave the rate out, or remove the time column",
                ));
            }
            rate
        }
        (None, Some(rate)) if rate.is_finite() && rate > 0.0 => rate,
        (None, Some(rate)) => {
            return Err(ImportError::new(
                path,
                Kind::Options,
                format!("the rate is {rate} Hz"),
                "it must be above 0",
            ));
        }
        (None, None) => {
            let what = if time.is_some() {
                "fewer than two samples give no sampling rate"
            } else {
                "there is no time column and no rate was stated"
            };
            return Err(ImportError::new(
                path,
                Kind::Options,
                what,
                "name a column `time [s]`, or state the rate in Hz",
            )
            .line(dialect.first_line));
        }
    };
    let (channels, factors) = channels(&dialect, time, options);
    let picks = select::wanted(path, &channels, options)?;
    let (first, count) = select::window(path, options, rate_hz, 0.0, pass.samples)?;
    notes.push(format!(
        "columns separated by {}, decimal {}",
        dialect::separator_name(dialect.separator),
        match dialect.decimal {
            super::options::Decimal::Point => "point",
            super::options::Decimal::Comma => "comma",
        }
    ));
    let columns: Vec<(usize, f64)> = picks.iter().map(|&pick| factors[pick]).collect();
    let names = picks
        .iter()
        .map(|&pick| channels[pick].name.clone())
        .collect();
    let gaps = Gaps::new(options.allow_gaps, picks.len());
    let trigger_s = pass
        .grid
        .map(|grid| -grid.first)
        .filter(|&trigger| trigger > 0.0);
    let mut described: Vec<ImportedChannel> = picks.iter().map(|&i| channels[i].clone()).collect();
    described.shrink_to_fit();
    let source = CsvSource::new(
        folder,
        path,
        length,
        dialect,
        time,
        pass.grid,
        columns,
        names,
        gaps,
        (first, count),
    )?;
    Ok(Opened {
        description: ImportedCapture {
            format: Format::Csv,
            station: String::new(),
            device: String::new(),
            revision: "CSV".to_owned(),
            channels: described,
            rate_hz,
            line_hz: None,
            samples: count,
            offset_s: first as f64 / rate_hz,
            start: None,
            trigger_s,
            segments: vec![Segment {
                rate_hz,
                first_sample: 0,
                samples: pass.samples,
                start_s: 0.0,
            }],
            notes,
        },
        source: Box::new(source),
        possible: length,
    })
}

fn dialect(folder: &Folder, path: &Path, options: &ImportOptions) -> Result<Dialect, ImportError> {
    let (input, length) = folder.open(path)?;
    let mut reader = LineReader::new(path.to_owned(), input, 0, length, 0)?;
    let mut lines = Vec::new();
    while lines.len() < HEAD_LINES {
        let Some(line) = reader.next()? else { break };
        if line.contains(&0) {
            let number = reader.number();
            return Err(ImportError::new(
                path,
                Kind::Malformed,
                "the line contains zero bytes: this is no text, or UTF-16",
                "export as CSV in UTF-8",
            )
            .line(number));
        }
        let text = decode(line).0;
        lines.push((reader.number(), text));
    }
    if lines.is_empty() {
        return Err(ImportError::new(
            path,
            Kind::Truncated,
            "the file is empty",
            "copy it again",
        ));
    }
    dialect::find(path, &lines, options)
}

/// Index of the time column and its unit in s.
fn time_column(dialect: &Dialect) -> Option<(usize, f64)> {
    const NAMES: [&str; 8] = [
        "time",
        "t",
        "zeit",
        "timestamp",
        "seconds",
        "sec",
        "x",
        "temps",
    ];
    dialect
        .columns
        .iter()
        .enumerate()
        .find_map(|(index, (name, unit))| {
            let name = name.to_lowercase();
            let named = NAMES.contains(&name.as_str())
                || name.starts_with("time")
                || name.starts_with("zeit");
            match (units::seconds(unit), units::seconds(&name)) {
                (Some(unit), _) if named || index == 0 => Some((index, unit)),
                (None, Some(unit)) if index == 0 => Some((index, unit)),
                (None, _) if named && unit.is_empty() => Some((index, 1.0)),
                _ => None,
            }
        })
}

/// All channels, and for each its column and factor.
fn channels(
    dialect: &Dialect,
    time: Option<(usize, f64)>,
    options: &ImportOptions,
) -> (Vec<ImportedChannel>, Vec<(usize, f64)>) {
    dialect
        .columns
        .iter()
        .enumerate()
        .filter(|(index, _)| time.is_none_or(|(time, _)| time != *index))
        .map(|(index, (name, unit))| {
            let (factor, unit) = match units::base(unit) {
                Some((factor, base)) if !options.keep_prefixes => (factor, base),
                _ => (1.0, unit.as_str()),
            };
            let channel = ImportedChannel {
                name: name.clone(),
                alias: format!("#{}", index + 1),
                unit: unit.to_owned(),
                ..ImportedChannel::default()
            };
            (channel, (index, factor))
        })
        .unzip()
}
