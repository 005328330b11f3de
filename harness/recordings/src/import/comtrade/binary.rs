//! Samples of BINARY, BINARY32 and FLOAT32 data, C37.111-2013 8.6.

use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use super::super::error::{ImportError, ImportErrorKind as Kind};
use super::super::gaps::Gaps;
use super::super::input::{Folder, Input};
use super::super::stream::Source;
use super::super::uniform::Grid;
use super::cfg::{Config, DataKind};
use super::describe::Scale;
use super::layout::{Layout, u32_at};
use super::place::Data;
use super::rates::Plan;

/// Bytes decoded at a time: they stay in the cache while channel after channel is taken out.
const CHUNK: usize = 1 << 17;

/// One channel to take out of each record.
#[derive(Debug, Clone, Copy)]
enum Pick {
    Analog {
        offset: usize,
        factor: f64,
        add: f64,
    },
    Digital {
        offset: usize,
        bit: u8,
    },
}

/// Reads binary samples in order.
pub(super) struct BinarySource {
    path: PathBuf,
    input: Input,
    kind: DataKind,
    layout: Layout,
    picks: Vec<Pick>,
    names: Vec<String>,
    gaps: Gaps,
    buffer: Vec<u8>,
    /// Offset of the data in the file.
    start: u64,
    /// Next sample, from 0.
    next: u64,
    end: u64,
    grid: Option<Grid>,
    unit_s: f64,
    /// Sample number minus index, from the first record.
    numbering: Option<u32>,
    stamp: Option<u32>,
    /// First and last known stamp with their samples, and the rate, to compare.
    stamps: Option<((u64, u32), (u64, u32))>,
    rate_hz: f64,
}

impl BinarySource {
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
    ) -> Result<Self, ImportError> {
        let layout = Layout::new(config);
        let picks = picks
            .iter()
            .map(|&pick| match scales.get(pick) {
                Some(scale) => Pick::Analog {
                    offset: layout.analog(pick),
                    factor: scale.factor,
                    add: scale.offset,
                },
                None => {
                    let (offset, bit) = layout.digital(pick - scales.len());
                    Pick::Digital { offset, bit }
                }
            })
            .collect();
        let (mut input, _) = folder.open(&data.path)?;
        input
            .seek(SeekFrom::Start(
                data.offset + plan.first * layout.record as u64,
            ))
            .map_err(|error| ImportError::io(&data.path, &error))?;
        Ok(Self {
            path: data.path.clone(),
            input,
            kind: config.kind,
            layout,
            picks,
            names,
            gaps,
            buffer: Vec::new(),
            start: data.offset,
            next: plan.first,
            end: plan.first + plan.count,
            grid: plan.grid,
            unit_s: plan.unit_s,
            numbering: None,
            stamp: None,
            stamps: None,
            rate_hz: plan.rate_hz,
        })
    }

    fn error(
        &self,
        kind: Kind,
        sample: u64,
        offset: usize,
        what: String,
        hint: &str,
    ) -> ImportError {
        ImportError::new(&self.path, kind, what, hint)
            .byte(self.start + sample * self.layout.record as u64 + offset as u64)
            .sample(sample + 1)
    }

    /// Sample numbers must be consecutive, time stamps must increase.
    fn check_heads(&mut self) -> Result<(), ImportError> {
        let mut numbering = self.numbering;
        let mut last = self.stamp;
        for (sample, bytes) in (self.next..).zip(self.buffer.chunks_exact(self.layout.record)) {
            let base = u32_at(bytes, 0).wrapping_sub(sample as u32);
            let expected = *numbering.get_or_insert(base);
            if base != expected {
                return Err(self.error(
                    Kind::WrongCount,
                    sample,
                    0,
                    format!(
                        "the sample is numbered {}, expected {}",
                        u32_at(bytes, 0),
                        expected.wrapping_add(sample as u32)
                    ),
                    "samples are lost or the channel counts are wrong: compare the configuration with the data",
                ));
            }
            let stamp = u32_at(bytes, 4);
            if stamp != u32::MAX {
                if let Some(last) = last
                    && stamp < last
                    && last - stamp < 1 << 31
                {
                    return Err(self.error(
                        Kind::NotUniform,
                        sample,
                        4,
                        format!("the time stamp goes back from {last} to {stamp}"),
                        "the data are damaged or two records were joined",
                    ));
                }
                if let Some(grid) = &self.grid {
                    grid.check(sample, f64::from(stamp) * self.unit_s)
                        .map_err(|fault| {
                            self.error(
                                Kind::NotUniform,
                                sample,
                                4,
                                fault.what(),
                                "gridproof needs uniform sampling: resample, or cut the record here",
                            )
                        })?;
                }
                last = Some(stamp);
                match &mut self.stamps {
                    Some((_, end)) => *end = (sample, stamp),
                    none => *none = Some(((sample, stamp), (sample, stamp))),
                }
            }
        }
        self.numbering = numbering;
        self.stamp = last;
        Ok(())
    }

    /// Channel `channel` of all records in the buffer, appended to `values`.
    fn take(&mut self, channel: usize, values: &mut Vec<f64>) -> Result<(), ImportError> {
        let start = values.len();
        let record = self.layout.record;
        let records = self.buffer.chunks_exact(record);
        let mut missing = false;
        match (self.picks[channel], self.kind) {
            (Pick::Digital { offset, bit }, _) => {
                values.extend(records.map(|bytes| f64::from((bytes[offset] >> bit) & 1)));
            }
            (
                Pick::Analog {
                    offset,
                    factor,
                    add,
                },
                DataKind::Binary16,
            ) => {
                values.extend(records.map(|bytes| {
                    let code = i16::from_le_bytes([bytes[offset], bytes[offset + 1]]);
                    missing |= code == i16::MIN;
                    f64::from(code) * factor + add
                }));
            }
            (
                Pick::Analog {
                    offset,
                    factor,
                    add,
                },
                DataKind::Binary32,
            ) => {
                values.extend(records.map(|bytes| {
                    let code = u32_at(bytes, offset) as i32;
                    missing |= code == i32::MIN;
                    f64::from(code) * factor + add
                }));
            }
            (
                Pick::Analog {
                    offset,
                    factor,
                    add,
                },
                DataKind::Float32 | DataKind::Ascii,
            ) => {
                values.extend(records.map(|bytes| {
                    let value = f64::from(f32::from_bits(u32_at(bytes, offset))) * factor + add;
                    missing |= !value.is_finite();
                    value
                }));
            }
        }
        if missing {
            self.settle_missing(channel, &mut values[start..])?;
        }
        Ok(())
    }

    /// Looks for the missing samples among `values` of the buffer.
    fn settle_missing(&mut self, channel: usize, values: &mut [f64]) -> Result<(), ImportError> {
        let Pick::Analog { offset, .. } = self.picks[channel] else {
            return Ok(());
        };
        for (index, value) in values.iter_mut().enumerate() {
            let bytes = &self.buffer[index * self.layout.record..];
            let sample = self.next + index as u64;
            let code = u32_at(bytes, offset);
            let missing = match self.kind {
                DataKind::Binary16 => bytes[offset] == 0 && bytes[offset + 1] == 0x80,
                DataKind::Binary32 => code == 1 << 31,
                DataKind::Float32 | DataKind::Ascii => f32::from_bits(code).is_nan(),
            };
            let place = self.start + sample * self.layout.record as u64 + offset as u64;
            let at = |error: ImportError| {
                error
                    .byte(place)
                    .sample(sample + 1)
                    .channel(&self.names[channel])
            };
            if missing {
                *value = f64::NAN;
                self.gaps.hit(channel, |refusal| {
                    let what = format!("the sample is marked as missing ({})", self.kind.name());
                    at(ImportError::new(
                        &self.path,
                        refusal.kind,
                        what,
                        refusal.hint,
                    ))
                })?;
            } else if !value.is_finite() {
                return Err(at(ImportError::new(
                    &self.path,
                    Kind::Malformed,
                    format!("the value is {value}"),
                    "the recorder overflowed or the data are damaged; leave the channel or the time out",
                )));
            }
        }
        Ok(())
    }
}

impl Source for BinarySource {
    fn read(&mut self, most: usize, values: &mut [Vec<f64>]) -> Result<usize, ImportError> {
        let record = self.layout.record;
        let left = usize::try_from(self.end - self.next).unwrap_or(usize::MAX);
        let records = (CHUNK / record).max(1).min(most).min(left);
        if records == 0 {
            return Ok(0);
        }
        self.buffer.resize(records * record, 0);
        self.input
            .read_exact(&mut self.buffer)
            .map_err(|error| ImportError::io(&self.path, &error))?;
        self.check_heads()?;
        for (channel, values) in values.iter_mut().enumerate() {
            self.take(channel, values)?;
        }
        self.next += records as u64;
        Ok(records)
    }

    fn missing(&self) -> &[u64] {
        self.gaps.counts()
    }

    fn notes(&self) -> Vec<String> {
        super::describe::stamp_note(self.stamps, self.unit_s, self.rate_hz)
            .into_iter()
            .collect()
    }
}
