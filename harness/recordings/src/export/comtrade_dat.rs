//! The samples, C37.111-2013 clause 8.

use std::io::Write as _;

use super::comtrade::{ComtradeKind, Ready, Record, Samples};

/// Time stamps are microseconds; beyond 32 bits they are marked as missing.
pub(super) fn render(record: &Record, kind: ComtradeKind) -> Vec<u8> {
    let is_status = |channel: &&Ready| matches!(channel.samples, Samples::Status(_));
    let analog: Vec<&Ready> = record.channels.iter().filter(|c| !is_status(c)).collect();
    let status: Vec<&Ready> = record.channels.iter().filter(is_status).collect();
    let mut bytes = Vec::new();
    for index in 0..record.samples {
        let micros = (index as f64 / record.rate_hz * 1e6).round();
        let stamp = if micros < f64::from(u32::MAX) {
            micros as u32
        } else {
            u32::MAX
        };
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        if kind == ComtradeKind::Ascii2013 {
            text_line(&mut bytes, index, number, stamp, &analog, &status);
            continue;
        }
        bytes.extend(number.to_le_bytes());
        bytes.extend(stamp.to_le_bytes());
        for channel in &analog {
            match &channel.samples {
                Samples::Codes(codes) => bytes.extend(codes[index].to_le_bytes()),
                Samples::Values(values) => bytes.extend((values[index] as f32).to_le_bytes()),
                Samples::Status(_) => {}
            }
        }
        for word in status.chunks(16) {
            let bits = word.iter().enumerate().fold(0_u16, |bits, (bit, channel)| {
                bits | (u16::from(state(channel, index)) << bit)
            });
            bytes.extend(bits.to_le_bytes());
        }
    }
    bytes
}

fn state(channel: &Ready, index: usize) -> bool {
    matches!(&channel.samples, Samples::Status(states) if states[index])
}

fn text_line(
    bytes: &mut Vec<u8>,
    index: usize,
    number: u32,
    stamp: u32,
    analog: &[&Ready],
    status: &[&Ready],
) {
    let stamp = if stamp == u32::MAX {
        String::new()
    } else {
        stamp.to_string()
    };
    // Writing to a Vec does not fail.
    let _ = write!(bytes, "{number},{stamp}");
    for channel in analog {
        let _ = match &channel.samples {
            Samples::Codes(codes) if codes[index] == i16::MIN => write!(bytes, ","),
            Samples::Codes(codes) => write!(bytes, ",{}", codes[index]),
            Samples::Values(values) if values[index].is_finite() => {
                write!(bytes, ",{:?}", values[index])
            }
            Samples::Values(_) | Samples::Status(_) => write!(bytes, ","),
        };
    }
    for channel in status {
        let _ = write!(bytes, ",{}", u8::from(state(channel, index)));
    }
    bytes.extend(b"\r\n");
}
