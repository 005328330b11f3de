//! Captures to Parquet bytes and back, through polars.
//!
//! Everything here runs on the calling thread: parallel encoding would start a pool of threads
//! for files that take milliseconds. One row group and fixed page sizes keep the bytes the same
//! on every host.

use std::io::Cursor;
use std::path::Path;

use gridproof_model::capture::Capture;
use polars::io::SerReader;
use polars::io::parquet::write::{KeyValueMetadata, ParquetCompression, StatisticsOptions};
use polars::polars_utils::compression::ZstdLevel;
use polars::prelude::{
    Column, DataFrame, DataType, ParallelStrategy, ParquetReader, ParquetWriter, PolarsResult,
};

use crate::describe::describe;
use crate::error::RecordingError;

/// Fastest level of zstd; the recordings are sines with noise, higher levels gain little.
const ZSTD_LEVEL: i32 = 1;
/// Bytes of a data page before compression.
const PAGE_BYTES: usize = 1 << 20;

/// Columns of a file.
pub(crate) struct Columns {
    /// Names in file order.
    pub(crate) names: Vec<String>,
    /// Codes in file order.
    pub(crate) codes: Vec<Vec<i16>>,
    /// Samples per column.
    pub(crate) samples: usize,
    /// Key-value metadata.
    pub(crate) metadata: Vec<(String, String)>,
}

/// Parquet bytes of `capture`.
pub(crate) fn encode(capture: &Capture) -> PolarsResult<Vec<u8>> {
    let columns = capture
        .channels
        .iter()
        .map(|channel| Column::new(channel.kind.name().into(), channel.codes.as_slice()))
        .collect();
    let mut frame = DataFrame::new(capture.len(), columns)?;
    let mut bytes = Vec::with_capacity(capture.len() * capture.channels.len() + 4096);
    ParquetWriter::new(&mut bytes)
        .with_compression(ParquetCompression::Zstd(Some(ZstdLevel::try_new(
            ZSTD_LEVEL,
        )?)))
        .with_statistics(StatisticsOptions::empty())
        .with_row_group_size(Some(capture.len().max(1)))
        .with_data_page_size(Some(PAGE_BYTES))
        .with_key_value_metadata(Some(KeyValueMetadata::from_static(describe(capture))))
        .set_parallel(false)
        .finish(&mut frame)?;
    Ok(bytes)
}

/// Columns of the Parquet `bytes` read from `path`.
pub(crate) fn decode(path: &Path, bytes: &[u8]) -> Result<Columns, RecordingError> {
    let broken = |reason: String| RecordingError::Decode {
        path: path.to_owned(),
        reason,
    };
    let mut reader = ParquetReader::new(Cursor::new(bytes)).read_parallel(ParallelStrategy::None);
    let metadata = reader
        .get_metadata()
        .map_err(|error| broken(error.to_string()))?
        .key_value_metadata()
        .iter()
        .flatten()
        .filter_map(|pair| {
            pair.value
                .as_ref()
                .map(|value| (pair.key.to_string(), value.to_string()))
        })
        .collect();
    let frame = reader.finish().map_err(|error| broken(error.to_string()))?;
    let names: Vec<String> = frame
        .get_column_names()
        .iter()
        .map(|name| name.to_string())
        .collect();
    let codes = frame
        .columns()
        .iter()
        .map(|column| codes(path, column))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Columns {
        names,
        codes,
        samples: frame.height(),
        metadata,
    })
}

/// The raw codes of one column.
fn codes(path: &Path, column: &Column) -> Result<Vec<i16>, RecordingError> {
    let wrong = |found: String| RecordingError::ColumnType {
        path: path.to_owned(),
        column: column.name().to_string(),
        found,
    };
    if column.dtype() != &DataType::Int16 {
        return Err(wrong(column.dtype().to_string()));
    }
    let chunked = column
        .as_materialized_series()
        .i16()
        .map_err(|error| wrong(error.to_string()))?;
    if chunked.has_nulls() {
        return Err(wrong("gaps (null values)".to_owned()));
    }
    let mut codes = Vec::with_capacity(chunked.len());
    for chunk in chunked.downcast_iter() {
        codes.extend_from_slice(chunk.values());
    }
    Ok(codes)
}
