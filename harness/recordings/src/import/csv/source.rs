//! Samples of a text file.

use std::path::{Path, PathBuf};

use super::super::error::{ImportError, ImportErrorKind as Kind, shorten};
use super::super::gaps::Gaps;
use super::super::input::{Folder, decode};
use super::super::line_reader::LineReader;
use super::super::stream::Source;
use super::super::uniform::{Grid, Scan};
use super::dialect::{Dialect, skipped};
use super::number::{Cell, fields, parse};

const UNIFORM: &str = "gridproof needs uniform sampling: resample, or cut the file here";

/// What the first pass found.
pub(super) struct Pass {
    pub(super) samples: u64,
    pub(super) grid: Option<Grid>,
}

/// Counts the samples and looks at their times.
pub(super) fn scan(
    folder: &Folder,
    path: &Path,
    length: u64,
    dialect: &Dialect,
    time: Option<(usize, f64)>,
) -> Result<Pass, ImportError> {
    let (input, _) = folder.open(path)?;
    let mut lines = LineReader::new(path.to_owned(), input, 0, length, 0)?;
    let mut scan = Scan::default();
    let mut samples = 0;
    while let Some(line) = lines.next()? {
        let text = decode(line).0;
        let number = lines.number();
        if number < dialect.first_line || skipped(&text) {
            continue;
        }
        samples += 1;
        let Some((column, unit_s)) = time else {
            continue;
        };
        let fields = fields(&text, dialect.separator);
        let cell = fields.get(column).map_or("", String::as_str);
        let (value, quantum) = instant(path, number, cell, dialect, column)?;
        scan.push(value * unit_s, quantum * unit_s)
            .map_err(|fault| {
                ImportError::new(path, Kind::NotUniform, fault.what(), UNIFORM).line(number)
            })?;
    }
    Ok(Pass {
        samples,
        grid: scan.grid(),
    })
}

/// The time in a cell.
fn instant(
    path: &Path,
    line: u64,
    cell: &str,
    dialect: &Dialect,
    column: usize,
) -> Result<(f64, f64), ImportError> {
    match parse(cell, dialect.decimal) {
        Cell::Number { value, quantum } => Ok((value, quantum)),
        Cell::Missing | Cell::Thousands | Cell::Text => {
            let hint = if cell.contains(':') {
                "clock times are not read: export time in seconds from the start"
            } else {
                "every line needs a time as a plain number"
            };
            Err(ImportError::new(
                path,
                Kind::Malformed,
                format!("the time is `{}`", shorten(cell)),
                hint,
            )
            .line(line)
            .channel(&dialect.columns[column].0))
        }
    }
}

/// Reads lines of numbers in order.
pub(super) struct CsvSource {
    path: PathBuf,
    lines: LineReader,
    dialect: Dialect,
    time: Option<(usize, f64)>,
    grid: Option<Grid>,
    /// Column and factor per channel.
    columns: Vec<(usize, f64)>,
    names: Vec<String>,
    gaps: Gaps,
    next: u64,
    first: u64,
    end: u64,
}

impl CsvSource {
    #[allow(clippy::too_many_arguments, reason = "one call, all parts of one file")]
    pub(super) fn new(
        folder: &Folder,
        path: &Path,
        length: u64,
        dialect: Dialect,
        time: Option<(usize, f64)>,
        grid: Option<Grid>,
        columns: Vec<(usize, f64)>,
        names: Vec<String>,
        gaps: Gaps,
        (first, count): (u64, u64),
    ) -> Result<Self, ImportError> {
        let (input, _) = folder.open(path)?;
        Ok(Self {
            path: path.to_owned(),
            lines: LineReader::new(path.to_owned(), input, 0, length, 0)?,
            dialect,
            time,
            grid,
            columns,
            names,
            gaps,
            next: 0,
            first,
            end: first + count,
        })
    }

    /// The samples of one line.
    fn take(
        &mut self,
        line: u64,
        fields: &[String],
        values: &mut [Vec<f64>],
    ) -> Result<(), ImportError> {
        let expected = self.dialect.columns.len();
        let extra = fields.len() == expected + 1 && fields[expected].is_empty();
        if fields.len() != expected && !extra {
            return Err(ImportError::new(
                &self.path,
                Kind::WrongCount,
                format!("the line has {} columns, expected {expected}", fields.len()),
                "the file may be truncated, or a number is written with the separator inside: quote it",
            )
            .line(line));
        }
        if let (Some((column, unit_s)), Some(grid)) = (self.time, &self.grid) {
            let (value, _) = instant(&self.path, line, &fields[column], &self.dialect, column)?;
            grid.check(self.next, value * unit_s).map_err(|fault| {
                ImportError::new(&self.path, Kind::NotUniform, fault.what(), UNIFORM).line(line)
            })?;
        }
        for (channel, values) in values.iter_mut().enumerate() {
            let (column, factor) = self.columns[channel];
            let wrong = |kind, what: String, hint: &str| {
                ImportError::new(&self.path, kind, what, hint)
                    .line(line)
                    .channel(&self.names[channel])
            };
            let cell = fields[column].as_str();
            match parse(cell, self.dialect.decimal) {
                Cell::Number { value, .. } if (value * factor).is_finite() => {
                    values.push(value * factor);
                }
                Cell::Missing => {
                    values.push(f64::NAN);
                    self.gaps.hit(channel, |refusal| {
                        let what = if cell.is_empty() {
                            "the cell is empty"
                        } else {
                            "the cell is NaN"
                        };
                        wrong(refusal.kind, what.to_owned(), refusal.hint)
                    })?;
                }
                Cell::Thousands => {
                    return Err(wrong(
                        Kind::Malformed,
                        format!(
                            "`{}` has thousands separators or the other decimal mark",
                            shorten(cell)
                        ),
                        "export plain numbers, or state the decimal mark",
                    ));
                }
                Cell::Number { .. } | Cell::Text => {
                    return Err(wrong(
                        Kind::Malformed,
                        format!("`{}` is no finite number", shorten(cell)),
                        "correct the cell, or leave the channel out",
                    ));
                }
            }
        }
        Ok(())
    }
}

impl Source for CsvSource {
    fn read(&mut self, most: usize, values: &mut [Vec<f64>]) -> Result<usize, ImportError> {
        let mut read = 0;
        while read < most && self.next < self.end {
            let Some(line) = self.lines.next()? else {
                break;
            };
            let text = decode(line).0;
            let number = self.lines.number();
            if number < self.dialect.first_line || skipped(&text) {
                continue;
            }
            if self.next >= self.first {
                let fields = fields(&text, self.dialect.separator);
                self.take(number, &fields, values)?;
                read += 1;
            }
            self.next += 1;
        }
        Ok(read)
    }

    fn missing(&self) -> &[u64] {
        self.gaps.counts()
    }
}
