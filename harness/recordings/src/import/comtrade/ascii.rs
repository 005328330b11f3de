//! Samples of ASCII data, C37.111-2013 8.5: `n,timestamp,A1,…,D1,…` per line.

use std::path::PathBuf;

use super::super::error::{ImportError, ImportErrorKind as Kind, shorten};
use super::super::gaps::Gaps;
use super::super::input::Folder;
use super::super::line_reader::LineReader;
use super::super::options::ImportOptions;
use super::super::stream::Source;
use super::super::uniform::{Grid, Scan};
use super::cfg::Config;
use super::describe::Scale;
use super::place::Data;
use super::rates::Plan;

/// Reads text samples in order.
pub(super) struct AsciiSource {
    path: PathBuf,
    lines: LineReader,
    fields: usize,
    /// Column of each channel, and the scale of the analog ones.
    picks: Vec<(usize, Option<Scale>)>,
    names: Vec<String>,
    gaps: Gaps,
    next: u64,
    first: u64,
    end: u64,
    total: u64,
    /// What the configuration says.
    announced: u64,
    accept_wrong_length: bool,
    numbering: Option<i64>,
    stamp: Option<f64>,
    stamps: Option<((u64, u32), (u64, u32))>,
    grid: Option<Grid>,
    unit_s: f64,
    rate_hz: f64,
    ended: bool,
    notes: Vec<String>,
}

impl AsciiSource {
    #[allow(
        clippy::too_many_arguments,
        reason = "one call, all parts of one record"
    )]
    pub(super) fn new(
        folder: &Folder,
        data: &Data,
        config: &Config,
        plan: &Plan,
        picks: &[usize],
        scales: &[Scale],
        names: Vec<String>,
        gaps: Gaps,
        accept_wrong_length: bool,
    ) -> Result<Self, ImportError> {
        Ok(Self {
            path: data.path.clone(),
            lines: reader(folder, data)?,
            fields: 2 + config.analog.len() + config.digital.len(),
            picks: picks
                .iter()
                .map(|&pick| (pick + 2, scales.get(pick).copied()))
                .collect(),
            names,
            gaps,
            next: 0,
            first: plan.first,
            end: plan.first + plan.count,
            total: plan.total,
            announced: config.samples,
            accept_wrong_length,
            numbering: None,
            stamp: None,
            stamps: None,
            grid: plan.grid,
            unit_s: plan.unit_s,
            rate_hz: plan.rate_hz,
            ended: false,
            notes: Vec::new(),
        })
    }

    /// The next sample into `values`; `false` at the end of the part to read.
    fn sample(&mut self, values: &mut [Vec<f64>]) -> Result<bool, ImportError> {
        if self.next >= self.end && self.end < self.total {
            return Ok(false);
        }
        let Some(line) = data_line(&mut self.lines)? else {
            self.finish()?;
            return Ok(false);
        };
        let number = self.lines.number();
        if self.next >= self.total {
            // More samples than announced.
            self.ended = true;
            let what = format!(
                "the data go on after the {} samples announced",
                self.announced
            );
            if self.accept_wrong_length {
                self.notes.push(what);
                return Ok(false);
            }
            return Err(wrong(
                &self.path,
                number,
                Kind::WrongCount,
                what,
                "correct the last sample in the configuration, or allow a wrong length",
            ));
        }
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        check_fields(&self.path, number, &fields, self.fields)?;
        let index = self.next;
        let head = Head::parse(&self.path, number, &fields)?;
        head.follows(
            &self.path,
            number,
            index,
            &mut self.numbering,
            &mut self.stamp,
        )?;
        if let Some(stamp) = head.stamp {
            if let Some(grid) = &self.grid {
                grid.check(index, stamp * self.unit_s).map_err(|fault| {
                    wrong(&self.path, number, Kind::NotUniform, fault.what(), UNIFORM)
                })?;
            }
            if stamp >= 0.0 && stamp < f64::from(u32::MAX) {
                let stamp = stamp as u32;
                match &mut self.stamps {
                    Some((_, end)) => *end = (index, stamp),
                    none => *none = Some(((index, stamp), (index, stamp))),
                }
            }
        }
        self.next += 1;
        if index < self.first || index >= self.end {
            return Ok(true);
        }
        for (channel, values) in values.iter_mut().enumerate() {
            let (column, scale) = self.picks[channel];
            let value = value(fields[column], scale.as_ref());
            let at = |error: ImportError| {
                error
                    .line(number)
                    .sample(index + 1)
                    .channel(&self.names[channel])
            };
            match value {
                Some(value) if value.is_finite() => values.push(value),
                Some(_) => {
                    values.push(f64::NAN);
                    self.gaps.hit(channel, |refusal| {
                        let what = format!("the sample is missing (`{}`)", shorten(fields[column]));
                        at(ImportError::new(
                            &self.path,
                            refusal.kind,
                            what,
                            refusal.hint,
                        ))
                    })?;
                }
                None => {
                    return Err(at(ImportError::new(
                        &self.path,
                        Kind::Malformed,
                        format!("`{}` is no value", shorten(fields[column])),
                        if scale.is_some() {
                            "numbers are written with a decimal point, without blanks and units"
                        } else {
                            "status channels are 0 or 1"
                        },
                    )));
                }
            }
        }
        Ok(true)
    }

    /// The data ended: were they long enough?
    fn finish(&mut self) -> Result<(), ImportError> {
        self.ended = true;
        if self.next >= self.total {
            return Ok(());
        }
        let what = format!(
            "the data end after {} samples, the configuration says {}",
            self.next, self.announced
        );
        if self.accept_wrong_length && self.next > 0 {
            self.notes.push(what);
            return Ok(());
        }
        Err(wrong(
            &self.path,
            self.lines.number().max(1),
            Kind::Truncated,
            what,
            "copy both files again; if they belong together, allow a wrong length to read what is there",
        ))
    }
}

const UNIFORM: &str = "gridproof needs uniform sampling: resample, or cut the record here";

fn wrong(path: &std::path::Path, line: u64, kind: Kind, what: String, hint: &str) -> ImportError {
    ImportError::new(path, kind, what, hint).line(line)
}

fn reader(folder: &Folder, data: &Data) -> Result<LineReader, ImportError> {
    let (input, _) = folder.open(&data.path)?;
    LineReader::new(
        data.path.clone(),
        input,
        data.offset,
        data.length,
        data.lines_before,
    )
}

/// The next line with data: blank lines are skipped, 0x1A and the next section of a single file
/// end the data.
fn data_line(lines: &mut LineReader) -> Result<Option<String>, ImportError> {
    loop {
        let Some(line) = lines.next()? else {
            return Ok(None);
        };
        if line.first() == Some(&0x1a) || line.starts_with(b"---") {
            return Ok(None);
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let text = String::from_utf8_lossy(line);
        return Ok(Some(text.trim_end_matches('\u{1a}').to_owned()));
    }
}

fn check_fields(
    path: &std::path::Path,
    line: u64,
    fields: &[&str],
    expected: usize,
) -> Result<(), ImportError> {
    // A comma at the end of the line is common.
    let extra_comma = fields.len() == expected + 1 && fields[expected].is_empty();
    if fields.len() == expected || extra_comma {
        return Ok(());
    }
    Err(wrong(
        path,
        line,
        if fields.len() < expected {
            Kind::Truncated
        } else {
            Kind::WrongCount
        },
        format!("the line has {} fields, expected {expected}", fields.len()),
        "number, time stamp and one value per channel of the configuration are expected",
    ))
}

/// Number and time stamp of a sample.
struct Head {
    number: i64,
    stamp: Option<f64>,
}

impl Head {
    fn parse(path: &std::path::Path, line: u64, fields: &[&str]) -> Result<Self, ImportError> {
        let number = fields[0].parse().map_err(|_| {
            wrong(
                path,
                line,
                Kind::Malformed,
                format!("the sample number is `{}`", shorten(fields[0])),
                "lines start with a whole number; is the file type really ASCII?",
            )
        })?;
        let stamp = match fields[1] {
            "" => None,
            text => Some(
                text.parse::<f64>()
                    .ok()
                    .filter(|s| s.is_finite())
                    .ok_or_else(|| {
                        wrong(
                            path,
                            line,
                            Kind::Malformed,
                            format!("the time stamp is `{}`", shorten(text)),
                            "the second field is a number or empty",
                        )
                    })?,
            ),
        };
        Ok(Self { number, stamp })
    }

    /// Numbers are consecutive and stamps do not go back.
    fn follows(
        &self,
        path: &std::path::Path,
        line: u64,
        index: u64,
        numbering: &mut Option<i64>,
        last: &mut Option<f64>,
    ) -> Result<(), ImportError> {
        let base = self.number.wrapping_sub(index as i64);
        let expected = *numbering.get_or_insert(base);
        if base != expected {
            return Err(wrong(
                path,
                line,
                Kind::WrongCount,
                format!(
                    "the sample is numbered {}, expected {}",
                    self.number,
                    expected.wrapping_add(index as i64)
                ),
                "samples are lost or out of order: record again, or cut the record here",
            ));
        }
        if let (Some(before), Some(now)) = (*last, self.stamp)
            && now < before
        {
            return Err(wrong(
                path,
                line,
                Kind::NotUniform,
                format!("the time stamp goes back from {before} to {now}"),
                "the data are damaged or two records were joined",
            ));
        }
        *last = self.stamp.or(*last);
        Ok(())
    }
}

/// `None`: no number; NaN: missing.
fn value(text: &str, scale: Option<&Scale>) -> Option<f64> {
    match scale {
        None => match text {
            "0" => Some(0.0),
            "1" => Some(1.0),
            "" => Some(f64::NAN),
            _ => None,
        },
        Some(scale) => {
            if text.is_empty() || text.eq_ignore_ascii_case("nan") {
                return Some(f64::NAN);
            }
            let code: f64 = text.parse().ok().filter(|code: &f64| code.is_finite())?;
            if scale.nines && (code == 99_999.0 || code == 999_999.0) {
                return Some(f64::NAN);
            }
            Some(code * scale.factor + scale.offset).filter(|value| value.is_finite())
        }
    }
}

/// First pass over the time stamps of a record without a rate.
pub(super) fn scan_stamps(
    folder: &Folder,
    data: &Data,
    config: &Config,
    unit_s: f64,
    options: &ImportOptions,
    scan: &mut Scan,
) -> Result<(), ImportError> {
    let mut lines = reader(folder, data)?;
    while let Some(line) = data_line(&mut lines)? {
        let number = lines.number();
        if scan.samples() >= config.samples {
            break;
        }
        let fields: Vec<&str> = line.splitn(3, ',').map(str::trim).collect();
        if fields.len() < 2 {
            check_fields(&data.path, number, &fields, 2 + config.analog.len())?;
        }
        let stamp = fields.get(1).and_then(|text| text.parse::<f64>().ok());
        let stamp = stamp.filter(|stamp| stamp.is_finite()).ok_or_else(|| {
            wrong(
                &data.path,
                number,
                Kind::NotUniform,
                "the time stamp is missing, and the configuration has no rate".to_owned(),
                "state the rate in the configuration",
            )
        })?;
        scan.push(stamp * unit_s, unit_s)
            .map_err(|fault| wrong(&data.path, number, Kind::NotUniform, fault.what(), UNIFORM))?;
    }
    if scan.samples() < config.samples && !options.accept_wrong_length {
        return Err(wrong(
            &data.path,
            lines.number().max(1),
            Kind::Truncated,
            format!(
                "the data end after {} samples, the configuration says {}",
                scan.samples(),
                config.samples
            ),
            "copy both files again; if they belong together, allow a wrong length to read what is there",
        ));
    }
    Ok(())
}

impl Source for AsciiSource {
    fn read(&mut self, most: usize, values: &mut [Vec<f64>]) -> Result<usize, ImportError> {
        let mut read = 0;
        while read < most && !self.ended {
            let before = self.next;
            if !self.sample(values)? {
                self.ended = true;
                break;
            }
            if before >= self.first && before < self.end {
                read += 1;
            }
        }
        Ok(read)
    }

    fn missing(&self) -> &[u64] {
        self.gaps.counts()
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = self.notes.clone();
        notes.extend(super::describe::stamp_note(
            self.stamps,
            self.unit_s,
            self.rate_hz,
        ));
        notes
    }
}
