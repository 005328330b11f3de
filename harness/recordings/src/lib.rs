//! Sampled channels on disk: the Parquet store of raw converter codes, and captures of other
//! recorders in ([`import`]) and out ([`export`]).
//!
//! One stored capture is one Parquet file with one `Int16` column per channel, compressed with
//! zstd. The file carries its own scaling as key-value metadata, so that it can be read without
//! gridproof and without the journal; the journal keeps the SHA-256 of the whole file, so that
//! nobody has to trust that metadata. Identical captures give identical bytes.

#![forbid(unsafe_code)]

mod columns;
mod describe;
mod error;
pub mod export;
pub mod import;
mod store;

pub use error::RecordingError;
pub use store::{FILE_EXTENSION, read_capture, read_file, sha256_hex, write_capture};
