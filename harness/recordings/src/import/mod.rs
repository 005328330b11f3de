//! Captures of recorders into memory, whole or block by block.
//!
//! [`open`] reads what is asked for into an [`ImportedCapture`]; [`blocks`] hands out a file of any
//! size in blocks of equal length with constant memory. Formats: COMTRADE 1991, 1999 and 2013
//! (IEEE C37.111, IEC 60255-24) as file pair or single file, CSV, Parquet, and Yokogawa WVF and
//! WDF. Times are seconds from the first sample of the file.
//!
//! Nothing is guessed silently: what was assumed is listed in the notes of the capture, missing
//! samples are refused unless [`ImportOptions::allow_gaps`] asks for them as NaN, and every
//! [`ImportError`] names the file, the place, what is wrong there and how to mend it.

mod capture;
mod comtrade;
mod csv;
mod detect;
mod error;
mod gaps;
mod input;
mod line_reader;
mod options;
mod parquet;
mod parquet_guard;
mod select;
mod skew;
mod stream;
mod uniform;
mod units;
mod wall_time;
mod yokogawa;

pub use capture::{ImportedCapture, ImportedChannel, Segment};
pub use error::{ImportError, ImportErrorKind, Place};
pub use options::{Decimal, Format, ImportOptions, Scaling};
pub use stream::{Block, Blocks, blocks, blocks_of_bytes, open, open_bytes};
pub use wall_time::WallTime;
