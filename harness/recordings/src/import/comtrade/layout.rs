//! Bytes of a binary record, C37.111-2013 8.6: number, time stamp, analog values, status words.

use super::cfg::{Config, DataKind};

/// Where the parts of one sample are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    /// Bytes of a sample of all channels.
    pub(super) record: usize,
    /// Bytes of an analog value.
    pub(super) width: usize,
    analog: usize,
}

impl Layout {
    pub(super) fn new(config: &Config) -> Self {
        let width = if config.kind == DataKind::Binary16 {
            2
        } else {
            4
        };
        let analog = config.analog.len();
        Self {
            record: 8 + width * analog + 2 * config.digital.len().div_ceil(16),
            width,
            analog,
        }
    }

    /// Offset of analog channel `index`, from 0.
    pub(super) fn analog(&self, index: usize) -> usize {
        8 + self.width * index
    }

    /// Offset of the byte and bit of status channel `index`, from 0: words are little-endian and
    /// the first channel is the lowest bit.
    pub(super) fn digital(&self, index: usize) -> (usize, u8) {
        let word = 8 + self.width * self.analog + 2 * (index / 16);
        let bit = index % 16;
        (word + bit / 8, (bit % 8) as u8)
    }
}

/// Little-endian unsigned 32-bit number at the start of `bytes`.
pub(super) fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    match bytes.get(offset..offset + 4) {
        Some(&[a, b, c, d]) => u32::from_le_bytes([a, b, c, d]),
        _ => 0,
    }
}
