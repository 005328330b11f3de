//! A small capture and the text of errors.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::path::Path;

use gridproof_model::capture::{Capture, Channel, ChannelKind};
use gridproof_recordings::RecordingError;

pub type Outcome = Result<(), Box<dyn std::error::Error>>;

pub const KINDS: [ChannelKind; 4] = [
    ChannelKind::GridVoltage,
    ChannelKind::DutCurrent,
    ChannelKind::SwitchContact,
    ChannelKind::BackupVoltage,
];

pub fn channel(kind: ChannelKind, codes: Vec<i16>) -> Channel {
    Channel {
        kind,
        codes,
        scale: 0.031_25,
        offset: -0.5,
        clip_code: 32_000,
    }
}

pub fn capture() -> Capture {
    let codes = |shift: i16| {
        (0..1000_i16)
            .map(|index| index.wrapping_mul(37).wrapping_add(shift))
            .collect()
    };
    Capture {
        name: "event".to_owned(),
        rate_hz: 100_000.0,
        start_s: 12.345,
        trigger_index: 400,
        channels: vec![channel(KINDS[0], codes(0)), channel(KINDS[1], codes(-9))],
    }
}

/// The error's text with the temporary folder replaced.
pub fn text<T>(dir: &Path, result: Result<T, RecordingError>) -> String {
    match result {
        Ok(_) => "accepted".to_owned(),
        Err(error) => error.to_string().replace(&dir.display().to_string(), "RUN"),
    }
}
