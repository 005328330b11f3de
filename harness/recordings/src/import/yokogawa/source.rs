//! Samples of a waveform file in Trace layout: trace after trace, each with all its blocks.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::super::capture::ImportedChannel;
use super::super::error::{ImportError, ImportErrorKind as Kind};
use super::super::gaps::Gaps;
use super::super::input::{Folder, Input};
use super::super::stream::Source;
use super::header::{Header, Stored, Trace};

/// Samples read per trace at a time.
const CHUNK: usize = 1 << 16;

/// Where a trace is and how it is scaled.
struct Pick {
    trace: Trace,
    name: String,
    /// Offset of its first sample in the file.
    start: u64,
    factor: f64,
    add: f64,
}

/// Reads each trace at its own place.
pub(super) struct WvfSource {
    path: PathBuf,
    input: Input,
    big_endian: bool,
    picks: Vec<Pick>,
    gaps: Gaps,
    buffer: Vec<u8>,
    next: u64,
    end: u64,
}

impl WvfSource {
    #[allow(clippy::too_many_arguments, reason = "one call, all parts of one file")]
    pub(super) fn new(
        folder: &Folder,
        path: &Path,
        header: &Header,
        block: u64,
        picks: &[usize],
        channels: &[ImportedChannel],
        gaps: Gaps,
        (first, count): (u64, u64),
    ) -> Result<Self, ImportError> {
        // The sizes were checked against the length of the file: nothing overflows.
        let mut start = header.data_offset;
        let mut starts = Vec::with_capacity(header.traces.len());
        for trace in &header.traces {
            let bytes = trace.bytes().unwrap_or(0);
            starts.push(start + block * bytes);
            start += header.blocks * bytes;
        }
        let picks = picks
            .iter()
            .map(|&pick| {
                let trace = header.traces[pick].clone();
                let prefix = match super::units::base(&trace.unit) {
                    Some((factor, base)) if base == channels[pick].unit => factor,
                    _ => 1.0,
                };
                Pick {
                    name: trace.name.clone(),
                    start: starts[pick],
                    factor: trace.resolution * prefix,
                    add: trace.offset * prefix,
                    trace,
                }
            })
            .collect();
        let (input, _) = folder.open(path)?;
        Ok(Self {
            path: path.to_owned(),
            input,
            big_endian: header.big_endian,
            picks,
            gaps,
            buffer: Vec::new(),
            next: first,
            end: first + count,
        })
    }
}

impl Source for WvfSource {
    fn read(&mut self, most: usize, values: &mut [Vec<f64>]) -> Result<usize, ImportError> {
        let left = usize::try_from(self.end - self.next).unwrap_or(usize::MAX);
        let count = CHUNK.min(most).min(left);
        if count == 0 {
            return Ok(0);
        }
        for (channel, values) in values.iter_mut().enumerate() {
            let pick = &self.picks[channel];
            let width = pick.trace.width() as usize;
            let at = pick.start + self.next * width as u64;
            self.buffer.resize(count * width, 0);
            self.input
                .seek(SeekFrom::Start(at))
                .and_then(|_| self.input.read_exact(&mut self.buffer))
                .map_err(|error| ImportError::io(&self.path, &error))?;
            for (index, bytes) in self.buffer.chunks_exact(width).enumerate() {
                let code = code(bytes, pick.trace.stored, self.big_endian);
                let value = code * pick.factor + pick.add;
                let trace = &pick.trace;
                let hidden = trace.illegal == Some(code)
                    || trace.over.is_some_and(|over| code >= over)
                    || trace.under.is_some_and(|under| code <= under)
                    || code.is_nan();
                let place = |error: ImportError| {
                    error
                        .byte(at + (index * width) as u64)
                        .sample(self.next + index as u64 + 1)
                        .channel(&pick.name)
                };
                if hidden {
                    values.push(f64::NAN);
                    self.gaps.hit(channel, |refusal| {
                        let what = format!("code {code} stands for no or an over-range value");
                        place(ImportError::new(
                            &self.path,
                            refusal.kind,
                            what,
                            refusal.hint,
                        ))
                    })?;
                } else if value.is_finite() {
                    values.push(value);
                } else {
                    return Err(place(ImportError::new(
                        &self.path,
                        Kind::Malformed,
                        format!("the value is {value}"),
                        "the data are damaged; leave the channel out",
                    )));
                }
            }
        }
        self.next += count as u64;
        Ok(count)
    }

    fn missing(&self) -> &[u64] {
        self.gaps.counts()
    }
}

/// The stored number in `bytes`.
fn code(bytes: &[u8], stored: Stored, big_endian: bool) -> f64 {
    let mut word = 0_u64;
    for (place, byte) in bytes.iter().take(8).enumerate() {
        let place = if big_endian {
            bytes.len() - 1 - place
        } else {
            place
        };
        word |= u64::from(*byte) << (8 * place);
    }
    match stored {
        Stored::Signed(1) => f64::from(word as i8),
        Stored::Signed(2) => f64::from(word as i16),
        Stored::Signed(_) => f64::from(word as i32),
        Stored::Float(4) => f64::from(f32::from_bits(word as u32)),
        Stored::Float(_) => f64::from_bits(word),
        Stored::Unsigned(_) | Stored::Other => word as f64,
    }
}
