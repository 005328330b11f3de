//! Parquet: our own recordings by their metadata, and foreign files of numeric columns.
//!
//! One row group of the columns asked for is in memory at a time; ours have one row group.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::io::SerReader;
use polars::io::mmap::MmapBytesReader;
use polars::prelude::{
    ArrowDataType, DataFrame, DataType, ParallelStrategy, ParquetReader, PolarsResult,
};

use super::capture::{ImportedCapture, ImportedChannel, Segment};
use super::error::{ImportError, ImportErrorKind as Kind, shorten};
use super::gaps::Gaps;
use super::input::{Folder, Input};
use super::options::{Format, ImportOptions};
use super::stream::{Opened, Source};
use super::uniform::{Grid, Scan};
use super::{parquet_guard, select, units};

/// What the footer says.
struct Footer {
    /// Name and type of each column.
    columns: Vec<(String, ArrowDataType)>,
    row_groups: Vec<usize>,
    metadata: Vec<(String, String)>,
}

/// One file, opened anew for each row group.
struct File {
    folder: Folder,
    path: PathBuf,
}

impl File {
    fn wrong(&self, what: String) -> ImportError {
        let hint = if what.contains("not supported") || what.contains("feature") {
            "write the file again with zstd, snappy or no compression and plain numeric columns"
        } else {
            "copy the file again; if it is whole, write it again with another Parquet library"
        };
        ImportError::new(&self.path, Kind::Malformed, what, hint)
    }

    /// Runs `work` on a reader of the file. The decoder may panic on damaged files: that is an
    /// error like any other.
    fn with<T>(
        &self,
        work: impl FnOnce(&mut ParquetReader<Box<dyn MmapBytesReader>>) -> PolarsResult<T>,
    ) -> Result<T, ImportError> {
        let (input, _) = self.folder.open(&self.path)?;
        let reader: Box<dyn MmapBytesReader> = match input {
            Input::Disk(file) => Box::new(file),
            Input::Memory(cursor) => Box::new(Cursor::new(cursor.into_inner().to_vec())),
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let mut reader = ParquetReader::new(reader).read_parallel(ParallelStrategy::None);
            work(&mut reader)
        }));
        match outcome {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(error)) => Err(self.wrong(format!(
                "not a readable Parquet file: {}",
                shorten(&error.to_string())
            ))),
            Err(_) => Err(self.wrong("the Parquet decoder gave up on damaged data".to_owned())),
        }
    }

    fn footer(&self) -> Result<Footer, ImportError> {
        self.with(|reader| {
            let schema = reader.schema()?;
            let columns = schema
                .iter()
                .map(|(name, field)| (name.to_string(), field.dtype.clone()))
                .collect();
            let metadata = reader.get_metadata()?;
            Ok(Footer {
                columns,
                row_groups: metadata
                    .row_groups
                    .iter()
                    .map(|group| group.num_rows())
                    .collect(),
                metadata: metadata
                    .key_value_metadata()
                    .iter()
                    .flatten()
                    .filter_map(|pair| {
                        Some((pair.key.to_string(), pair.value.as_ref()?.to_string()))
                    })
                    .collect(),
            })
        })
    }

    /// Rows of some columns.
    fn rows(
        &self,
        columns: &[String],
        first: usize,
        count: usize,
    ) -> Result<DataFrame, ImportError> {
        let (input, _) = self.folder.open(&self.path)?;
        let reader: Box<dyn MmapBytesReader> = match input {
            Input::Disk(file) => Box::new(file),
            Input::Memory(cursor) => Box::new(Cursor::new(cursor.into_inner().to_vec())),
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            ParquetReader::new(reader)
                .read_parallel(ParallelStrategy::None)
                .with_columns(Some(columns.to_vec()))
                .with_slice(Some((first, count)))
                .finish()
        }));
        let frame = match outcome {
            Ok(Ok(frame)) => frame,
            Ok(Err(error)) => {
                return Err(self.wrong(format!(
                    "rows {first} to {} cannot be read: {}",
                    first + count,
                    shorten(&error.to_string())
                )));
            }
            Err(_) => {
                return Err(self.wrong(format!(
                    "the Parquet decoder gave up on damaged data in rows {first} to {}",
                    first + count
                )));
            }
        };
        if frame.height() != count || frame.width() != columns.len() {
            return Err(self.wrong(format!("rows {first} to {} are incomplete", first + count)));
        }
        Ok(frame)
    }
}

/// Values of one column; `None` per missing row.
fn floats(frame: &DataFrame, column: &str) -> PolarsResult<Vec<Option<f64>>> {
    let series = frame.column(column)?.cast(&DataType::Float64)?;
    Ok(series.f64()?.iter().collect())
}

fn numeric(dtype: &ArrowDataType) -> bool {
    use ArrowDataType as T;
    matches!(
        dtype,
        T::Int8
            | T::Int16
            | T::Int32
            | T::Int64
            | T::UInt8
            | T::UInt16
            | T::UInt32
            | T::UInt64
            | T::Float32
            | T::Float64
            | T::Boolean
    )
}

/// Opens a Parquet file.
pub(crate) fn open(
    folder: &Folder,
    path: &Path,
    options: &ImportOptions,
) -> Result<Opened, ImportError> {
    parquet_guard::check(folder, path)?;
    let file = Arc::new(File {
        folder: folder.clone(),
        path: path.to_owned(),
    });
    let footer = file.footer()?;
    let (_, length) = folder.open(path)?;
    let samples = rows(&file, &footer, length)?;
    let look = |key: &str| {
        footer
            .metadata
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    };
    let finite =
        |key: &str| -> Option<f64> { look(key)?.parse().ok().filter(|n: &f64| n.is_finite()) };
    let ours = look("gridproof.format").is_some();
    let mut notes = Vec::new();
    let time = (!ours).then(|| time_column(&footer)).flatten();
    let mut channels = Vec::new();
    let mut columns = Vec::new();
    for (index, (name, dtype)) in footer.columns.iter().enumerate() {
        if time.as_ref().is_some_and(|(time, _)| *time == index) {
            continue;
        }
        if !numeric(dtype) {
            notes.push(format!(
                "column `{}` of type {dtype:?} is left out: it is not numeric",
                shorten(name)
            ));
            continue;
        }
        let scale = finite(&format!("gridproof.{name}.scale")).unwrap_or(1.0);
        let offset = finite(&format!("gridproof.{name}.offset")).unwrap_or(0.0);
        let (label, stated) = match name.rsplit_once('[') {
            Some((label, unit)) if !ours => (label.trim(), unit.trim_end_matches(']').trim()),
            _ => (
                name.as_str(),
                look(&format!("gridproof.{name}.unit")).unwrap_or(""),
            ),
        };
        let (prefix, unit) = match units::base(stated) {
            Some((factor, base)) if !options.keep_prefixes => (factor, base),
            _ => (1.0, stated),
        };
        let clip = finite(&format!("gridproof.{name}.clip_code"));
        let value = |code: f64| (code * scale + offset) * prefix;
        channels.push(ImportedChannel {
            name: label.to_owned(),
            alias: format!("#{}", index + 1),
            unit: unit.to_owned(),
            digital: *dtype == ArrowDataType::Boolean,
            range: clip.map(|code| (value(-code).min(value(code)), value(-code).max(value(code)))),
            resolution: clip.map(|_| (scale * prefix).abs()),
            ..ImportedChannel::default()
        });
        columns.push(Column {
            name: name.clone(),
            factor: scale * prefix,
            add: offset * prefix,
        });
    }
    let picks = select::wanted(path, &channels, options)?;
    let grid = match &time {
        Some((index, unit_s)) => scan(&file, &footer, &footer.columns[*index].0, *unit_s)?,
        None => None,
    };
    let rate_hz = grid
        .map(|grid| grid.rate_hz(samples))
        .or_else(|| {
            finite("gridproof.rate_hz")
                .or_else(|| finite("rate_hz"))
                .or_else(|| finite("sample_rate"))
        })
        .or(options.rate_hz)
        .filter(|rate| rate.is_finite() && *rate > 0.0)
        .ok_or_else(|| {
            ImportError::new(
                path,
                Kind::Options,
                "there is no time column, no rate in the metadata, and none was stated",
                "name a column `time`, or state the rate in Hz",
            )
        })?;
    let (first, count) = select::window(path, options, rate_hz, 0.0, samples)?;
    let trigger_s = finite("gridproof.trigger_index").map(|index| index / rate_hz);
    let description = ImportedCapture {
        format: Format::Parquet,
        station: look("gridproof.capture").unwrap_or("").to_owned(),
        device: String::new(),
        revision: if ours {
            "gridproof recording"
        } else {
            "Parquet"
        }
        .to_owned(),
        channels: picks.iter().map(|&i| channels[i].clone()).collect(),
        rate_hz,
        line_hz: None,
        samples: count,
        offset_s: first as f64 / rate_hz,
        start: None,
        trigger_s: trigger_s.or_else(|| grid.map(|grid| -grid.first).filter(|&t| t > 0.0)),
        segments: vec![Segment {
            rate_hz,
            first_sample: 0,
            samples,
            start_s: 0.0,
        }],
        notes,
    };
    let picked: Vec<Column> = picks.iter().map(|&pick| columns[pick].clone()).collect();
    let source = ParquetSource {
        file,
        gaps: Gaps::new(options.allow_gaps, picked.len()),
        names: description
            .channels
            .iter()
            .map(|channel| channel.name.clone())
            .collect(),
        columns: picked,
        row_groups: footer.row_groups,
        next: first,
        end: first + count,
        loaded: Vec::new(),
        loaded_first: 0,
        loaded_end: 0,
    };
    Ok(Opened {
        description,
        source: Box::new(source),
        possible: count,
    })
}

/// Rows of the file, refused when the bytes cannot hold them.
fn rows(file: &File, footer: &Footer, length: u64) -> Result<u64, ImportError> {
    let rows = footer
        .row_groups
        .iter()
        .try_fold(0_u64, |sum, &rows| sum.checked_add(rows as u64));
    rows.filter(|&rows| rows <= parquet_guard::largest(length) && rows > 0)
        .ok_or_else(|| {
            file.wrong(match rows {
                Some(0) => "the file has no rows".to_owned(),
                _ => {
                    format!("{length} bytes cannot hold the number of rows that the footer states")
                }
            })
        })
}

fn time_column(footer: &Footer) -> Option<(usize, f64)> {
    footer
        .columns
        .iter()
        .enumerate()
        .find_map(|(index, (name, dtype))| {
            let (label, unit) = name
                .rsplit_once('[')
                .map_or((name.as_str(), "s"), |(label, unit)| {
                    (label, unit.trim_end_matches(']'))
                });
            let label = label.trim().to_lowercase();
            let (label, unit) = match label.rsplit_once('_') {
                Some((label, unit)) if units::seconds(unit).is_some() => {
                    (label.to_owned(), unit.to_owned())
                }
                _ => (label, unit.to_owned()),
            };
            let named = matches!(label.as_str(), "time" | "t" | "timestamp");
            (named && numeric(dtype)).then(|| Some((index, units::seconds(&unit)?)))?
        })
}

fn scan(
    file: &File,
    footer: &Footer,
    column: &str,
    unit_s: f64,
) -> Result<Option<Grid>, ImportError> {
    let mut scan = Scan::default();
    let mut first = 0;
    for &rows in &footer.row_groups {
        let frame = file.rows(&[column.to_owned()], first, rows)?;
        let values = floats(&frame, column).map_err(|error| file.wrong(error.to_string()))?;
        for (index, value) in values.into_iter().enumerate() {
            let sample = (first + index) as u64 + 1;
            let time = value.unwrap_or(f64::NAN) * unit_s;
            if !time.is_finite() {
                return Err(ImportError::new(
                    &file.path,
                    Kind::Missing,
                    "the time is missing",
                    "every row needs a time",
                )
                .sample(sample)
                .channel(column));
            }
            scan.push(time, 0.0).map_err(|fault| {
                ImportError::new(
                    &file.path,
                    Kind::NotUniform,
                    fault.what(),
                    "gridproof needs uniform sampling: resample, or cut the file here",
                )
                .sample(sample)
                .channel(column)
            })?;
        }
        first += rows;
    }
    Ok(scan.grid())
}

/// A column to read; value = code × factor + add.
#[derive(Clone)]
struct Column {
    name: String,
    factor: f64,
    add: f64,
}

struct ParquetSource {
    file: Arc<File>,
    columns: Vec<Column>,
    names: Vec<String>,
    row_groups: Vec<usize>,
    gaps: Gaps,
    next: u64,
    end: u64,
    /// Values of the row group in memory.
    loaded: Vec<Vec<Option<f64>>>,
    loaded_first: u64,
    loaded_end: u64,
}

impl ParquetSource {
    /// Loads the row group with sample `next`.
    fn load(&mut self) -> Result<(), ImportError> {
        let mut first = 0;
        for &rows in &self.row_groups {
            let end = first + rows as u64;
            if self.next < end {
                self.loaded = Vec::new();
                let names: Vec<String> = self.columns.iter().map(|c| c.name.clone()).collect();
                let frame = self.file.rows(&names, first as usize, rows)?;
                for column in &self.columns {
                    let values = floats(&frame, &column.name)
                        .map_err(|error| self.file.wrong(error.to_string()))?;
                    if values.len() != rows {
                        return Err(self.file.wrong(format!(
                            "column `{}` has {} values in {rows} rows",
                            shorten(&column.name),
                            values.len()
                        )));
                    }
                    self.loaded.push(values);
                }
                (self.loaded_first, self.loaded_end) = (first, end);
                return Ok(());
            }
            first = end;
        }
        Err(self
            .file
            .wrong("the row groups are shorter than their sum".to_owned()))
    }
}

impl Source for ParquetSource {
    fn read(&mut self, most: usize, values: &mut [Vec<f64>]) -> Result<usize, ImportError> {
        if self.next >= self.end || self.columns.is_empty() {
            return Ok(0);
        }
        if self.next < self.loaded_first || self.next >= self.loaded_end {
            self.load()?;
        }
        let count = (self.end.min(self.loaded_end) - self.next).min(most as u64) as usize;
        let from = (self.next - self.loaded_first) as usize;
        for (channel, values) in values.iter_mut().enumerate() {
            let column = &self.columns[channel];
            for (index, code) in self.loaded[channel][from..from + count].iter().enumerate() {
                let value = code.map_or(f64::NAN, |code| code * column.factor + column.add);
                let place = |error: ImportError| {
                    error
                        .sample(self.next + index as u64 + 1)
                        .channel(&self.names[channel])
                };
                if value.is_nan() {
                    self.gaps.hit(channel, |refusal| {
                        place(ImportError::new(
                            &self.file.path,
                            refusal.kind,
                            "the value is null or NaN",
                            refusal.hint,
                        ))
                    })?;
                } else if value.is_infinite() {
                    return Err(place(ImportError::new(
                        &self.file.path,
                        Kind::Malformed,
                        format!("the value is {value}"),
                        "correct it, or leave the channel out",
                    )));
                }
                values.push(value);
            }
        }
        self.next += count as u64;
        Ok(count)
    }

    fn missing(&self) -> &[u64] {
        self.gaps.counts()
    }
}
