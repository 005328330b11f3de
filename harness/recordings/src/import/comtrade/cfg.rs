//! The configuration of a record, C37.111-2013 clause 7 and the earlier revisions.

use std::fmt;
use std::path::Path;

use super::super::error::{ImportError, ImportErrorKind as Kind, shorten};
use super::super::wall_time::WallTime;
use super::line::{Line, Lines};
use super::stamp;

/// Largest configuration read, bytes.
pub(super) const LARGEST: u64 = 32 << 20;

/// Revision of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Revision {
    R1991,
    R1999,
    R2013,
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Revision::R1991 => "1991",
            Revision::R1999 => "1999",
            Revision::R2013 => "2013",
        })
    }
}

/// How samples are stored, 7.4.9 (`ft`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DataKind {
    Ascii,
    Binary16,
    Binary32,
    Float32,
}

impl DataKind {
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text.trim().to_uppercase().as_str() {
            "ASCII" => DataKind::Ascii,
            "BINARY" | "BINARY16" => DataKind::Binary16,
            "BINARY32" => DataKind::Binary32,
            "FLOAT32" => DataKind::Float32,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            DataKind::Ascii => "ASCII",
            DataKind::Binary16 => "BINARY",
            DataKind::Binary32 => "BINARY32",
            DataKind::Float32 => "FLOAT32",
        }
    }
}

/// An analog channel, 7.4.4: value = a·x + b.
#[derive(Debug, Clone)]
pub(super) struct Analog {
    pub(super) line: u64,
    pub(super) name: String,
    pub(super) phase: String,
    pub(super) circuit: String,
    pub(super) unit: String,
    pub(super) a: f64,
    pub(super) b: f64,
    pub(super) skew_us: f64,
    /// Smallest and largest code.
    pub(super) range: Option<(f64, f64)>,
    /// Primary and secondary factor.
    pub(super) ratio: Option<(f64, f64)>,
    /// Values are primary (`P`) or secondary (`S`).
    pub(super) primary: Option<bool>,
}

/// A status channel, 7.4.5.
#[derive(Debug, Clone)]
pub(super) struct Digital {
    pub(super) name: String,
    pub(super) phase: String,
    pub(super) circuit: String,
}

/// One sampling rate, 7.4.7.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    pub(super) line: u64,
    pub(super) hz: f64,
    pub(super) end_sample: u64,
}

/// A whole configuration.
#[derive(Debug, Clone)]
pub(super) struct Config {
    pub(super) station: String,
    pub(super) device: String,
    pub(super) revision: Revision,
    pub(super) analog: Vec<Analog>,
    pub(super) digital: Vec<Digital>,
    pub(super) line_hz: Option<f64>,
    /// Empty when every sample has its own time stamp (nrates 0).
    pub(super) rates: Vec<Rate>,
    /// Number of samples by the last rate line.
    pub(super) samples: u64,
    pub(super) samples_line: u64,
    pub(super) start: Option<WallTime>,
    pub(super) trigger: Option<WallTime>,
    /// Seconds per unit of a time stamp, before `time_mult`.
    pub(super) stamp_unit_s: f64,
    pub(super) kind: DataKind,
    pub(super) kind_line: u64,
    pub(super) time_mult: f64,
    pub(super) notes: Vec<String>,
}

/// Reads the configuration `text` of `path`, which has `before` lines in front of it.
pub(super) fn parse(path: &Path, text: &str, before: u64) -> Result<Config, ImportError> {
    let mut lines = Lines::new(path, text, before);
    let mut notes = Vec::new();
    let head = lines.expect("the station name")?;
    let revision = revision(&head, &mut notes)?;
    let (analog_count, digital_count) = counts(path, &mut lines)?;
    let mut analog = Vec::with_capacity(analog_count);
    for index in 0..analog_count {
        let line = lines.expect(&format!("analog channel {}", index + 1))?;
        analog.push(analog_channel(&line, index, &mut notes)?);
    }
    let mut digital = Vec::with_capacity(digital_count);
    for index in 0..digital_count {
        let line = lines.expect(&format!("status channel {}", index + 1))?;
        digital.push(digital_channel(&line, index, revision)?);
    }
    let line = lines.expect("the line frequency")?;
    let line_hz = match line.text(0) {
        "" => None,
        _ => Some(line.number(0, "the line frequency", None)?).filter(|hz| *hz > 0.0),
    };
    let (rates, samples, samples_line) = rates(&mut lines)?;
    let mut stamp_unit_s = 1e-6;
    let mut stamps = [None, None];
    for (slot, name) in stamps.iter_mut().zip(["start", "trigger"]) {
        let line = lines.expect(&format!("the {name} time"))?;
        match stamp::parse(line.text(0), line.text(1), revision == Revision::R1991) {
            Some(stamp) => {
                if stamp.nanoseconds {
                    stamp_unit_s = 1e-9;
                }
                if stamp.swapped {
                    notes.push(format!(
                        "line {}: day and month of the {name} time are exchanged for revision {revision}; read as {}",
                        line.number, stamp.time
                    ));
                }
                *slot = Some(stamp.time);
            }
            None => notes.push(format!(
                "line {}: the {name} time `{}` is no date and time and was left out",
                line.number,
                shorten(&line.fields.join(","))
            )),
        }
    }
    let line = lines.expect("the file type")?;
    let kind = DataKind::parse(line.text(0)).ok_or_else(|| {
        line.wrong(
            format!("the file type is `{}`", shorten(line.text(0))),
            "use ASCII, BINARY, BINARY32 or FLOAT32",
        )
    })?;
    let kind_line = line.number;
    if revision != Revision::R2013 && matches!(kind, DataKind::Binary32 | DataKind::Float32) {
        notes.push(format!(
            "{} came with revision 2013, the file says {revision}",
            kind.name()
        ));
    }
    let mut time_mult = 1.0;
    if let Some(line) = lines.optional().filter(|line| !line.is_blank()) {
        time_mult = line.number(0, "the time multiplier", Some(1.0))?;
        if time_mult <= 0.0 {
            return Err(line.wrong(
                format!("the time multiplier is {time_mult}"),
                "it must be above 0; usually it is 1",
            ));
        }
    }
    let [mut start, mut trigger] = stamps;
    time_quality(&mut lines, &mut [&mut start, &mut trigger], &mut notes);
    Ok(Config {
        station: head.text(0).to_owned(),
        device: head.text(1).to_owned(),
        revision,
        analog,
        digital,
        line_hz,
        rates,
        samples,
        samples_line,
        start,
        trigger,
        stamp_unit_s,
        kind,
        kind_line,
        time_mult,
        notes,
    })
}

fn revision(line: &Line<'_>, notes: &mut Vec<String>) -> Result<Revision, ImportError> {
    if line.fields.len() < 2 {
        return Err(line.wrong(
            "the first line is not `station,device,revision`",
            "this is no COMTRADE configuration; name the .cfg file",
        ));
    }
    let text = line.text(2);
    match text {
        "" | "1991" => return Ok(Revision::R1991),
        "1999" => return Ok(Revision::R1999),
        "2013" => return Ok(Revision::R2013),
        _ => {}
    }
    let (revision, stands_for) = match text.parse::<u16>() {
        Ok(1992..=2012) => (Revision::R1999, "1999"),
        Ok(2014..=2030) => (Revision::R2013, "2013"),
        _ => {
            return Err(line.wrong(
                format!("the revision is `{}`", shorten(text)),
                "gridproof reads revisions 1991 (or none), 1999 and 2013",
            ));
        }
    };
    notes.push(format!("line 1: revision {text} was read as {stands_for}"));
    Ok(revision)
}

/// Line 2: `TT,##A,##D`.
fn counts(path: &Path, lines: &mut Lines<'_>) -> Result<(usize, usize), ImportError> {
    let line = lines.expect("the numbers of channels")?;
    let total = line.count(0, "the number of channels")?;
    let part = |index: usize, letter: char, name: &str| {
        line.text(index)
            .strip_suffix([letter, letter.to_ascii_lowercase()])
            .and_then(|digits| digits.trim().parse::<u64>().ok())
            .ok_or_else(|| {
                line.wrong(
                    format!(
                        "the number of {name} channels is `{}`",
                        shorten(line.text(index))
                    ),
                    format!("write it as a whole number with `{letter}`, for instance `4{letter}`"),
                )
            })
    };
    let analog = part(1, 'A', "analog")?;
    let digital = part(2, 'D', "status")?;
    let wrong_count = |what: String, hint: &str| {
        ImportError::new(path, Kind::WrongCount, what, hint).line(line.number)
    };
    if analog.checked_add(digital) != Some(total) {
        return Err(wrong_count(
            format!("{total} channels are announced, but {analog} analog and {digital} status"),
            "correct the counts of line 2",
        ));
    }
    if total == 0 {
        return Err(wrong_count(
            "the record has no channels".to_owned(),
            "name another file",
        ));
    }
    if total > lines.left() as u64 {
        return Err(wrong_count(
            format!(
                "{total} channels are announced, but only {} lines follow",
                lines.left()
            ),
            "correct the counts of line 2, or copy the file again: it may be truncated",
        ));
    }
    // Both fit: they are at most the number of lines.
    Ok((analog as usize, digital as usize))
}

fn analog_channel(
    line: &Line<'_>,
    index: usize,
    notes: &mut Vec<String>,
) -> Result<Analog, ImportError> {
    if line.fields.len() < 7 {
        return Err(line.wrong(
            format!("analog channel {} has {} fields", index + 1, line.fields.len()),
            "An,ch_id,ph,ccbm,uu,a,b,skew,min,max,primary,secondary,PS are expected; the counts in line 2 may be wrong",
        ));
    }
    if line.text(0).parse() != Ok(index + 1) {
        notes.push(format!(
            "line {}: the channel is numbered `{}`, in place {}",
            line.number,
            shorten(line.text(0)),
            index + 1
        ));
    }
    let a = line.number(5, "the factor a", None)?;
    if a == 0.0 {
        notes.push(format!(
            "line {}: the factor a is 0, every sample is b",
            line.number
        ));
    }
    let low = line.number(8, "the smallest code", Some(f64::NAN))?;
    let high = line.number(9, "the largest code", Some(f64::NAN))?;
    let primary = line.number(10, "the primary factor", Some(f64::NAN))?;
    let secondary = line.number(11, "the secondary factor", Some(f64::NAN))?;
    let ratio = (primary / secondary).abs();
    let side = line.text(12);
    Ok(Analog {
        line: line.number,
        name: name(line.text(1), 'A', index),
        phase: line.text(2).to_owned(),
        circuit: line.text(3).to_owned(),
        unit: line.text(4).to_owned(),
        a,
        b: line.number(6, "the offset b", Some(0.0))?,
        skew_us: line.number(7, "the skew", Some(0.0))?,
        range: (low < high).then_some((low, high)),
        ratio: (ratio.is_finite() && ratio > 0.0).then_some((primary, secondary)),
        primary: match side {
            "P" | "p" => Some(true),
            "S" | "s" => Some(false),
            "" => None,
            _ => {
                return Err(line.wrong(
                    format!("the side of the transformer is `{}`", shorten(side)),
                    "field 13 must be P or S",
                ));
            }
        },
    })
}

fn digital_channel(
    line: &Line<'_>,
    index: usize,
    revision: Revision,
) -> Result<Digital, ImportError> {
    if line.fields.len() < 2 {
        return Err(line.wrong(
            format!(
                "status channel {} has {} fields",
                index + 1,
                line.fields.len()
            ),
            "Dn,ch_id,ph,ccbm,y are expected; the counts in line 2 may be wrong",
        ));
    }
    let short = revision == Revision::R1991 && line.fields.len() < 5;
    Ok(Digital {
        name: name(line.text(1), 'D', index),
        phase: if short {
            String::new()
        } else {
            line.text(2).to_owned()
        },
        circuit: if short {
            String::new()
        } else {
            line.text(3).to_owned()
        },
    })
}

/// A channel without a name is called by its position.
fn name(text: &str, letter: char, index: usize) -> String {
    if text.is_empty() {
        format!("{letter}{}", index + 1)
    } else {
        text.to_owned()
    }
}

/// Rates, number of samples, and the line that says so.
fn rates(lines: &mut Lines<'_>) -> Result<(Vec<Rate>, u64, u64), ImportError> {
    let line = lines.expect("the number of sampling rates")?;
    let count = line.count(0, "the number of sampling rates")?;
    if count > lines.left() as u64 {
        return Err(line.wrong(
            format!(
                "{count} sampling rates are announced, but only {} lines follow",
                lines.left()
            ),
            "correct the count, or copy the file again: it may be truncated",
        ));
    }
    let mut rates: Vec<Rate> = Vec::new();
    let mut last = (0, line.number);
    for index in 0..count.max(1) {
        let line = lines.expect(&format!("sampling rate {}", index + 1))?;
        let hz = line.number(0, "the sampling rate", Some(0.0))?;
        let end_sample = line.count(1, "the last sample of the rate")?;
        if count > 0 && (hz < 0.0 || (hz == 0.0 && count > 1)) {
            return Err(line.wrong(
                format!("the sampling rate is {hz} Hz"),
                "it must be above 0, or the number of rates 0 for time-stamped samples",
            ));
        }
        if end_sample <= last.0 && (index > 0 || end_sample == 0) {
            return Err(line.wrong(
                format!(
                    "the last sample of the rate is {end_sample}, not after {}",
                    last.0
                ),
                "last samples are counted from 1 and increase",
            ));
        }
        last = (end_sample, line.number);
        if count > 0 && hz > 0.0 {
            rates.push(Rate {
                line: line.number,
                hz,
                end_sample,
            });
        }
    }
    Ok((rates, last.0, last.1))
}

/// `time_code,local_code` and `tmq_code,leapsec` of 2013; earlier revisions end before.
fn time_quality(
    lines: &mut Lines<'_>,
    stamps: &mut [&mut Option<WallTime>],
    notes: &mut Vec<String>,
) {
    if let Some(line) = lines.optional().filter(|line| !line.is_blank())
        && let Some(minutes) = stamp::offset_minutes(line.text(0))
    {
        for stamp in stamps.iter_mut() {
            if let Some(stamp) = stamp.as_mut() {
                stamp.utc_offset_minutes = Some(minutes);
            }
        }
    }
    if let Some(line) = lines.optional().filter(|line| !line.is_blank()) {
        match line.text(0) {
            "" | "0" => {}
            "F" | "f" => {
                notes.push("time quality F: the clock of the recorder had failed".to_owned())
            }
            code => notes.push(format!(
                "time quality code {}: the clock was not locked",
                shorten(code)
            )),
        }
        match line.text(1) {
            "" | "0" => {}
            "1" => notes.push("a leap second was added within the record".to_owned()),
            "2" => notes.push("a leap second was removed within the record".to_owned()),
            _ => notes.push("leap seconds are not tracked by the recorder".to_owned()),
        }
    }
}
