//! The ASCII header: labels, and groups with one column per trace.

use std::path::Path;

use super::super::error::{ImportError, ImportErrorKind as Kind, shorten};
use super::super::input::lines;
use super::super::wall_time::WallTime;

/// Kind of the stored numbers (`VDataType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    Signed(u8),
    Unsigned(u8),
    Float(u8),
    /// Known to the maker, not to us.
    Other,
}

/// One trace. Value = resolution × code + offset.
#[derive(Debug, Clone)]
pub(super) struct Trace {
    line: u64,
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) samples: u64,
    pub(super) resolution: f64,
    pub(super) offset: f64,
    stored_name: String,
    pub(super) stored: Stored,
    /// Codes at or above, at or below, and equal to these are no values.
    pub(super) over: Option<f64>,
    pub(super) under: Option<f64>,
    pub(super) illegal: Option<f64>,
    pub(super) range: Option<(f64, f64)>,
    pub(super) step_s: f64,
    /// Time of the first sample from the trigger, s.
    pub(super) first_s: f64,
    pub(super) stamp: Option<WallTime>,
}

/// A whole header.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) version: String,
    pub(super) model: String,
    pub(super) big_endian: bool,
    pub(super) data_offset: u64,
    pub(super) blocks: u64,
    pub(super) traces: Vec<Trace>,
    pub(super) notes: Vec<String>,
}

impl Trace {
    /// Bytes of a stored number; 0 when unknown.
    pub(super) fn width(&self) -> u64 {
        match self.stored {
            Stored::Signed(n) | Stored::Unsigned(n) | Stored::Float(n) => u64::from(n),
            // Bm and unknown types: the digits are bytes or bits; bits are stored in whole bytes.
            Stored::Other => {
                let digits: String = self
                    .stored_name
                    .chars()
                    .filter(char::is_ascii_digit)
                    .collect();
                let number: u64 = digits.parse().unwrap_or(2).min(1024);
                if self.stored_name.starts_with('B') {
                    number.div_ceil(8)
                } else {
                    number
                }
            }
        }
    }

    /// Bytes of one block; `None` when beyond any file.
    pub(super) fn bytes(&self) -> Option<u64> {
        self.samples.checked_mul(self.width())
    }

    pub(super) fn integer(&self) -> bool {
        matches!(self.stored, Stored::Signed(_) | Stored::Unsigned(_))
    }

    /// The trace can be read.
    pub(super) fn check(&self, path: &Path) -> Result<(), ImportError> {
        let wrong = |kind, what: String, hint: &str| {
            Err(ImportError::new(path, kind, what, hint)
                .line(self.line)
                .channel(&self.name))
        };
        if self.stored == Stored::Other {
            return wrong(
                Kind::Unsupported,
                format!("the data type is `{}`", shorten(&self.stored_name)),
                "IS1, IS2, IS4, IU1, IU2, IU4, FS4 and FS8 are read; leave the channel out or export as CSV",
            );
        }
        if !(self.step_s.is_finite() && self.step_s > 0.0 && self.first_s.is_finite()) {
            return wrong(
                Kind::Malformed,
                format!(
                    "HResolution is {} s, HOffset {} s",
                    self.step_s, self.first_s
                ),
                "both must be finite and the step above 0; is HUnit a unit of time?",
            );
        }
        if !(self.resolution.is_finite() && self.offset.is_finite()) {
            return wrong(
                Kind::Malformed,
                "VResolution or VOffset is no finite number".to_owned(),
                "correct the header",
            );
        }
        if self.samples == 0 {
            return wrong(
                Kind::WrongCount,
                "the trace has no samples".to_owned(),
                "leave it out",
            );
        }
        Ok(())
    }
}

/// Labels and columns of a section.
#[derive(Default)]
struct Section<'a> {
    line: u64,
    name: &'a str,
    rows: Vec<(u64, &'a str, Vec<&'a str>)>,
}

impl<'a> Section<'a> {
    fn row(&self, label: &str) -> Option<&(u64, &'a str, Vec<&'a str>)> {
        self.rows
            .iter()
            .find(|(_, name, _)| name.eq_ignore_ascii_case(label))
    }

    fn cell(&self, label: &str, index: usize) -> &'a str {
        self.row(label)
            .and_then(|(_, _, cells)| cells.get(index).copied())
            .unwrap_or("")
    }

    fn number(&self, label: &str, index: usize) -> Option<f64> {
        self.cell(label, index)
            .parse()
            .ok()
            .filter(|n: &f64| n.is_finite())
    }
}

/// Reads the header `text` of `path`.
pub(super) fn parse(path: &Path, text: &str) -> Result<Header, ImportError> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for (index, line) in lines(text).into_iter().enumerate() {
        let number = index as u64 + 1;
        let line = line.trim().trim_matches('\0');
        if line.is_empty() || line.starts_with("//") {
            continue;
        }
        if let Some(name) = line.strip_prefix('$') {
            sections.push(Section {
                line: number,
                name: name.trim(),
                rows: Vec::new(),
            });
            continue;
        }
        let mut words = line.split_whitespace();
        if let (Some(section), Some(label)) = (sections.last_mut(), words.next()) {
            section.rows.push((number, label, words.collect()));
        }
    }
    let wrong = |line: u64, kind, what: String, hint: &str| {
        ImportError::new(path, kind, what, hint).line(line)
    };
    let public = sections
        .iter()
        .find(|section| section.name.eq_ignore_ascii_case("PublicInfo"))
        .ok_or_else(|| {
            wrong(
                1,
                Kind::Malformed,
                "there is no $PublicInfo".to_owned(),
                "this is no Yokogawa header file",
            )
        })?;
    let layout = public.cell("DataFormat", 0);
    if !layout.eq_ignore_ascii_case("Trace") {
        return Err(wrong(
            public.row("DataFormat").map_or(public.line, |row| row.0),
            Kind::Unsupported,
            format!("the data format is `{}`", shorten(layout)),
            "only Trace is read: convert the file with the maker's converter, or export as CSV",
        ));
    }
    let endian = public.cell("Endian", 0).to_lowercase();
    let big_endian = match endian.as_str() {
        "big" => true,
        "ltl" | "little" => false,
        _ => {
            return Err(wrong(
                public.row("Endian").map_or(public.line, |row| row.0),
                Kind::Malformed,
                format!("Endian is `{}`", shorten(&endian)),
                "it must be Big or Ltl",
            ));
        }
    };
    let mut header = Header {
        version: public.cell("FormatVersion", 0).to_owned(),
        model: public.cell("Model", 0).to_owned(),
        big_endian,
        data_offset: count(path, public, "DataOffset")?,
        blocks: 0,
        traces: Vec::new(),
        notes: Vec::new(),
    };
    for group in sections.iter().filter(|section| {
        section.name.len() > 5
            && section
                .name
                .get(..5)
                .is_some_and(|s| s.eq_ignore_ascii_case("Group"))
    }) {
        add_group(path, group, &mut header)?;
    }
    let announced = count(path, public, "TraceTotalNumber")?;
    if header.traces.is_empty() || announced != header.traces.len() as u64 {
        return Err(wrong(
            public
                .row("TraceTotalNumber")
                .map_or(public.line, |row| row.0),
            Kind::WrongCount,
            format!(
                "{announced} traces are announced, the groups have {}",
                header.traces.len()
            ),
            "the header is truncated: copy it again",
        ));
    }
    Ok(header)
}

fn count(path: &Path, section: &Section<'_>, label: &str) -> Result<u64, ImportError> {
    section.cell(label, 0).parse().map_err(|_| {
        ImportError::new(
            path,
            Kind::Malformed,
            format!(
                "{label} is `{}`, not a whole number",
                shorten(section.cell(label, 0))
            ),
            "the header is damaged: copy it again",
        )
        .line(section.row(label).map_or(section.line, |row| row.0))
    })
}

fn add_group(path: &Path, group: &Section<'_>, header: &mut Header) -> Result<(), ImportError> {
    let traces = count(path, group, "TraceNumber")?;
    let blocks = count(path, group, "BlockNumber")?;
    let names = group.row("TraceName").map_or(0, |row| row.2.len());
    let wrong = |what: String| {
        ImportError::new(
            path,
            Kind::WrongCount,
            what,
            "the header is damaged: copy it again",
        )
        .line(group.line)
    };
    if traces != names as u64 {
        return Err(wrong(format!(
            "{traces} traces are announced, {names} are named"
        )));
    }
    if blocks == 0 || (header.blocks > 0 && header.blocks != blocks) {
        return Err(wrong(format!(
            "{blocks} blocks, other groups have {}",
            header.blocks
        )));
    }
    header.blocks = blocks;
    for index in 0..names {
        let line = group.row("BlockSize").map_or(group.line, |row| row.0);
        let samples = group.cell("BlockSize", index).parse().map_err(|_| {
            wrong(format!(
                "BlockSize is `{}`",
                shorten(group.cell("BlockSize", index))
            ))
            .line(line)
        })?;
        let stored_name = group.cell("VDataType", index).to_uppercase();
        let unit = super::units::seconds(group.cell("HUnit", index)).unwrap_or(f64::NAN);
        let limits = (
            group.number("VMinData", index),
            group.number("VMaxData", index),
        );
        header.traces.push(Trace {
            line,
            name: group.cell("TraceName", index).to_owned(),
            unit: match group.cell("VUnit", index) {
                "?" => String::new(),
                unit => unit.to_owned(),
            },
            samples,
            resolution: group.number("VResolution", index).unwrap_or(f64::NAN),
            offset: group.number("VOffset", index).unwrap_or(f64::NAN),
            stored: match stored_name.as_str() {
                "IS1" => Stored::Signed(1),
                "IS2" => Stored::Signed(2),
                "IS4" => Stored::Signed(4),
                "IU1" => Stored::Unsigned(1),
                "IU2" => Stored::Unsigned(2),
                "IU4" => Stored::Unsigned(4),
                "FS4" => Stored::Float(4),
                "FS8" => Stored::Float(8),
                _ => Stored::Other,
            },
            stored_name,
            over: group.number("VPlusOverData", index),
            under: group.number("VMinusOverData", index),
            illegal: group.number("VIllegalData", index),
            range: match limits {
                (Some(low), Some(high)) if low < high => Some((low, high)),
                _ => None,
            },
            step_s: group.number("HResolution", index).unwrap_or(f64::NAN) * unit,
            first_s: group.number("HOffset", index).unwrap_or(f64::NAN) * unit,
            stamp: stamp(group.cell("Date", index), group.cell("Time", index)),
        });
    }
    Ok(())
}

/// `2001/06/30` and `07:03:03.25`.
fn stamp(date: &str, time: &str) -> Option<WallTime> {
    let mut date = date.split('/').map(|part| part.parse::<u16>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let year = match year {
        0..=69 => year + 2000,
        70..=99 => year + 1900,
        _ => year,
    };
    let mut time = time.split(':');
    let (hour, minute) = (time.next()?.parse().ok()?, time.next()?.parse().ok()?);
    let seconds: f64 = time.next()?.parse().ok()?;
    if !(0.0..60.0).contains(&seconds) {
        return None;
    }
    let nano = (seconds.fract() * 1e9).round().min(999_999_999.0) as u32;
    WallTime::new(
        (year, u8::try_from(month).ok()?, u8::try_from(day).ok()?),
        (hour, minute, seconds as u8),
        nano,
    )
}
