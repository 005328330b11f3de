//! Synthetic captures by file name: `KIND_SECONDS_event.parquet`.

use gridproof_model::capture::{Capture, Channel, ChannelKind};
use gridproof_reports::CaptureSource;

/// Makes the capture that a file name describes.
pub struct Waves;

impl CaptureSource for Waves {
    fn load(&self, file: &str) -> Option<Capture> {
        let mut parts = file.split('_');
        let (kind, seconds) = (parts.next()?, parts.next()?.parse().ok()?);
        Some(capture(kind, seconds))
    }
}

pub fn capture(kind: &str, event_s: f64) -> Capture {
    let (rate_hz, zero_s) = if kind == "transfer" {
        (100_000.0, 0.1)
    } else {
        (20_000.0, 0.5)
    };
    let samples = ((zero_s + event_s * 1.2 + 0.2) * rate_hz) as usize;
    let kinds: &[ChannelKind] = match kind {
        "transfer" => &[
            ChannelKind::BackupVoltage,
            ChannelKind::GridVoltage,
            ChannelKind::BackupCurrent,
        ],
        "island" => &[
            ChannelKind::GridVoltage,
            ChannelKind::DutCurrent,
            ChannelKind::SourceCurrent,
            ChannelKind::SwitchContact,
        ],
        _ => &[ChannelKind::GridVoltage, ChannelKind::DutCurrent],
    };
    let mut noise = 7_u32;
    let channels = kinds
        .iter()
        .map(|&channel| {
            let codes = (0..samples)
                .map(|index| {
                    noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let t = index as f64 / rate_hz;
                    let (before, gap) = (t < zero_s, t >= zero_s && t < zero_s + event_s);
                    let amplitude = match (kind, channel) {
                        ("transfer", ChannelKind::GridVoltage) => {
                            if before {
                                1.0
                            } else {
                                0.02
                            }
                        }
                        ("transfer", _) => {
                            if gap {
                                0.03
                            } else {
                                1.0
                            }
                        }
                        ("island", ChannelKind::GridVoltage | ChannelKind::DutCurrent) => {
                            if before {
                                1.0
                            } else if gap {
                                0.97
                            } else {
                                0.0
                            }
                        }
                        ("island", _) => {
                            if before {
                                0.02
                            } else {
                                0.0
                            }
                        }
                        ("trip", ChannelKind::GridVoltage) => {
                            if before {
                                1.0
                            } else {
                                1.16
                            }
                        }
                        (_, _) => {
                            if before || gap {
                                0.8
                            } else {
                                0.0
                            }
                        }
                    };
                    (10_000.0 * amplitude * (t * 314.159_265).sin()) as i16 + (noise >> 28) as i16
                })
                .collect();
            let scale = if channel.unit() == "V" { 0.0325 } else { 0.003 };
            Channel {
                kind: channel,
                codes,
                scale,
                offset: 0.0,
                clip_code: 32_000,
            }
        })
        .collect();
    Capture {
        name: "event".to_owned(),
        rate_hz,
        start_s: 0.0,
        trigger_index: (zero_s * rate_hz) as usize,
        channels,
    }
}
