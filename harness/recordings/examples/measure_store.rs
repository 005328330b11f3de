//! How long the store takes for the load of a quickstart: captures of noisy sines, written and
//! read back. `cargo run -p gridproof-recordings --example measure_store -- CAPTURES SAMPLES`.

#![allow(
    clippy::disallowed_methods,
    reason = "a measuring program reads the wall clock"
)]

use std::io::Write as _;
use std::time::Instant;

use gridproof_model::capture::{Capture, Channel, ChannelKind};
use gridproof_recordings::{read_capture, write_capture};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let captures: usize = arguments.next().as_deref().unwrap_or("150").parse()?;
    let samples: usize = arguments.next().as_deref().unwrap_or("100000").parse()?;
    let dir = std::env::temp_dir().join(format!("gridproof-measure-store-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let capture = sample(samples);

    let start = Instant::now();
    let stored = (0..captures)
        .map(|index| write_capture(&dir, &format!("{index:04}"), &capture))
        .collect::<Result<Vec<_>, _>>()?;
    let write = start.elapsed();
    let start = Instant::now();
    for one in &stored {
        read_capture(&dir, one)?;
    }
    let read = start.elapsed();
    let bytes: u64 = stored
        .iter()
        .filter_map(|one| std::fs::metadata(dir.join(&one.file)).ok())
        .map(|m| m.len())
        .sum();
    let threads = std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
    std::fs::remove_dir_all(&dir)?;
    writeln!(
        std::io::stdout(),
        "{captures} captures of 4 x {samples}: write {write:.2?}, read {read:.2?}, {bytes} bytes, {threads} threads"
    )?;
    Ok(())
}

/// Three sines with three bits of noise and one contact.
fn sample(samples: usize) -> Capture {
    let mut noise = 0x2545_f491_u32;
    let kinds = [
        ChannelKind::GridVoltage,
        ChannelKind::DutCurrent,
        ChannelKind::SourceCurrent,
        ChannelKind::SwitchContact,
    ];
    let channels = kinds
        .into_iter()
        .map(|kind| Channel {
            kind,
            codes: (0..samples)
                .map(|index| {
                    noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let phase = index as f64 * (std::f64::consts::TAU * 50.0 / 50_000.0);
                    match kind {
                        ChannelKind::SwitchContact => i16::from(index < samples / 2),
                        ChannelKind::GridVoltage
                        | ChannelKind::DutCurrent
                        | ChannelKind::SourceCurrent
                        | ChannelKind::SourceVoltage
                        | ChannelKind::SourceTrigger
                        | ChannelKind::BackupVoltage
                        | ChannelKind::BackupCurrent
                        | ChannelKind::DrmContact
                        | ChannelKind::DutRelay => {
                            (phase.sin() * 12_000.0) as i16 + (noise >> 29) as i16
                        }
                    }
                })
                .collect(),
            scale: 0.03,
            offset: 0.0,
            clip_code: 32_700,
        })
        .collect();
    Capture {
        name: "main".to_owned(),
        rate_hz: 50_000.0,
        start_s: 1.0,
        trigger_index: samples / 2,
        channels,
    }
}
