//! The DL850's `WAVeform` group: choice of trace and part, information, block download.

use super::convert::COUNTS_PER_TEN_DIV;
use super::{Content, Dl850, Format, Record, Trace};
use crate::devices::parameters::{self, Parameter};
use crate::scpi::Outcome;
use crate::scpi::engine::Reply;
use crate::scpi::fault::{self, Fault};
use crate::scpi::format::{block, nr3};

/// Counts of a BYTE per count of a WORD: the divisor 93.75 gives 256 per ten divisions.
const WORD_PER_BYTE: f64 = 93.75;

impl Dl850 {
    /// A trace of the record.
    fn find(&self, channel: u8) -> Option<(&Record, &Trace)> {
        let record = self.record.as_ref()?;
        let trace = record
            .traces
            .iter()
            .find(|trace| trace.channel == channel)?;
        Some((record, trace))
    }

    /// Record, range and counts of a trace, converted if that has not been done.
    fn counts(&mut self, channel: u8) -> Option<(&Record, f64, &[i16])> {
        self.convert(channel);
        let (record, trace) = self.find(channel)?;
        match &trace.content {
            Content::Counts(counts) => Some((record, trace.range_v, counts)),
            Content::Taken(_) => None,
        }
    }

    /// Length of the record on the chosen trace; 0 without.
    pub(super) fn length(&self) -> usize {
        self.find(self.trace).map_or(0, |(record, _)| record.length)
    }

    /// V per division the trace was, or would be, taken with.
    pub(super) fn trace_range(&self) -> f64 {
        match self.find(self.trace) {
            Some((_, trace)) => trace.range_v,
            None => self
                .channels
                .get(&self.trace)
                .map_or(0.0, |channel| channel.range_v),
        }
    }

    /// A parameter of a channel's record; `None` without a record, or when it has none.
    pub(super) fn measured(&mut self, slot: u8, what: Parameter) -> Option<f64> {
        let (record, range_v, counts) = self.counts(slot)?;
        let values = counts
            .iter()
            .map(|&count| f64::from(count) * range_v * 10.0 / COUNTS_PER_TEN_DIV);
        parameters::Trace::new(values.collect(), 1.0 / f64::from(record.rate)).measure(what)
    }

    /// Last point that `SEND?` sends.
    pub(super) fn end(&self) -> usize {
        let last = self.length().saturating_sub(1);
        self.last.map_or(last, |end| end.min(last))
    }

    /// `:WAVeform:SEND?`.
    pub(super) fn send(&mut self) -> Outcome {
        let (span, format, little_endian) =
            (self.first..=self.end(), self.format, self.little_endian);
        // 221: no record, or not of this trace
        let chosen = self.counts(self.trace);
        let (_, range_v, counts) = chosen.ok_or(fault::SETTINGS_CONFLICT)?;
        let part = counts.get(span).ok_or(Fault {
            ..fault::OUT_OF_RANGE
        })?;
        Ok(match format {
            Format::Word => {
                let mut bytes = vec![0; 2 * part.len()];
                for (pair, count) in bytes.as_chunks_mut::<2>().0.iter_mut().zip(part) {
                    *pair = if little_endian {
                        count.to_le_bytes()
                    } else {
                        count.to_be_bytes()
                    };
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
