//! The DL850's `WAVeform` group: choice of trace and part, information, block download.

use super::convert::COUNTS_PER_TEN_DIV;
use super::{Dl850, Format, Record};
use crate::devices::parameters::{Parameter, Trace};
use crate::scpi::Outcome;
use crate::scpi::engine::Reply;
use crate::scpi::fault::{self, Fault};
use crate::scpi::format::{block, nr3};

/// Counts of a BYTE per count of a WORD: the divisor 93.75 gives 256 per ten divisions.
const WORD_PER_BYTE: f64 = 93.75;

impl Dl850 {
    /// Range and counts of the chosen trace.
    pub(super) fn chosen(&self) -> Option<(&Record, f64, &[i16])> {
        let record = self.record.as_ref()?;
        let (_, range_v, counts) = record.traces.iter().find(|trace| trace.0 == self.trace)?;
        Some((record, *range_v, counts))
    }

    /// Length of the record on the chosen trace; 0 without.
    pub(super) fn length(&self) -> usize {
        self.chosen().map_or(0, |(_, _, counts)| counts.len())
    }

    /// V per division the trace was, or would be, taken with.
    pub(super) fn trace_range(&self) -> f64 {
        match self.chosen() {
            Some((_, range_v, _)) => range_v,
            None => self
                .channels
                .get(&self.trace)
                .map_or(0.0, |channel| channel.range_v),
        }
    }

    /// A parameter of a channel's record; `None` without a record, or when it has none.
    pub(super) fn measured(&self, slot: u8, what: Parameter) -> Option<f64> {
        let record = self.record.as_ref()?;
        let (_, range_v, counts) = record.traces.iter().find(|trace| trace.0 == slot)?;
        let values = counts
            .iter()
            .map(|&count| f64::from(count) * range_v * 10.0 / COUNTS_PER_TEN_DIV);
        Trace::new(values.collect(), 1.0 / f64::from(record.rate)).measure(what)
    }

    /// Last point that `SEND?` sends.
    pub(super) fn end(&self) -> usize {
        let last = self.length().saturating_sub(1);
        self.last.map_or(last, |end| end.min(last))
    }

    /// `:WAVeform:SEND?`.
    pub(super) fn send(&self) -> Outcome {
        // 221: no record, or not of this trace
        let (_, range_v, counts) = self.chosen().ok_or(fault::SETTINGS_CONFLICT)?;
        let part = counts.get(self.first..=self.end()).ok_or(Fault {
            ..fault::OUT_OF_RANGE
        })?;
        Ok(match self.format {
            Format::Word => {
                let mut bytes = Vec::with_capacity(2 * part.len());
                if self.little_endian {
                    bytes.extend(part.iter().flat_map(|count| count.to_le_bytes()));
                } else {
                    bytes.extend(part.iter().flat_map(|count| count.to_be_bytes()));
                }
                Reply::Block(block(&bytes, 8))
            }
            Format::Byte => {
                let byte = |count: &i16| {
                    (f64::from(*count) / WORD_PER_BYTE)
                        .round()
                        .clamp(-128.0, 127.0) as i8 as u8
                };
                Reply::Block(block(&part.iter().map(byte).collect::<Vec<u8>>(), 8))
            }
            Format::Ascii => {
                let scale = range_v * 10.0 / COUNTS_PER_TEN_DIV;
                let texts: Vec<String> = part
                    .iter()
                    .map(|&count| nr3(f64::from(count) * scale, 5))
                    .collect();
                Reply::Text(texts.join(","))
            }
        })
    }
}
