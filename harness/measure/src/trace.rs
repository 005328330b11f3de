//! A recorded channel as the analysis sees it: codes, scaling and sample rate, converted only
//! where it is looked at.

use std::ops::Range;

use gridproof_model::capture::Channel;

/// Borrowed view of one channel of a capture.
#[derive(Debug, Clone, Copy)]
pub struct Trace<'a> {
    channel: &'a Channel,
    rate_hz: f64,
}

impl<'a> Trace<'a> {
    /// View of `channel` sampled at `rate_hz` (samples per second, > 0).
    pub fn new(channel: &'a Channel, rate_hz: f64) -> Self {
        Self { channel, rate_hz }
    }

    /// Samples per second.
    pub fn rate_hz(&self) -> f64 {
        self.rate_hz
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.channel.codes.len()
    }

    /// No samples.
    pub fn is_empty(&self) -> bool {
        self.channel.codes.is_empty()
    }

    /// Raw codes.
    pub fn codes(&self) -> &'a [i16] {
        &self.channel.codes
    }

    /// Unit per code.
    pub fn scale(&self) -> f64 {
        self.channel.scale
    }

    /// Value of one code in the channel's unit.
    pub fn value(&self, code: i16) -> f64 {
        f64::from(code) * self.channel.scale + self.channel.offset
    }

    /// Value at code 0.
    pub fn offset(&self) -> f64 {
        self.channel.offset
    }

    /// Values of a range of samples; the range is clamped to the record.
    pub fn values(&self, range: Range<usize>) -> Vec<f64> {
        let end = range.end.min(self.len());
        let start = range.start.min(end);
        self.channel.codes[start..end]
            .iter()
            .map(|&code| self.value(code))
            .collect()
    }

    /// Number of samples in `seconds`, rounded, at least 1.
    pub fn samples(&self, seconds: f64) -> usize {
        ((seconds * self.rate_hz).round() as usize).max(1)
    }
}
