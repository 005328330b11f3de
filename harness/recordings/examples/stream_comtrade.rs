//! Constant memory and speed on a large COMTRADE BINARY record.
//! `cargo run --release -p gridproof-recordings --example stream_comtrade -- [MEGABYTES] [FOLDER]`
//! writes one of 8 analog and 16 status channels, reads it by blocks twice (all channels, then one),
//! and prints MB/s of file and the peak resident memory.

#![allow(
    clippy::disallowed_methods,
    reason = "a measuring program reads the wall clock"
)]

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::Instant;

use gridproof_recordings::import::{Block, ImportOptions, blocks};

/// Bytes of a sample: number, stamp, 8 × 16 bits, one word of status.
const RECORD: u64 = 8 + 16 + 2;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let megabytes: u64 = arguments.next().as_deref().unwrap_or("1074").parse()?;
    let folder = arguments.next().map_or_else(std::env::temp_dir, Into::into);
    let dir = folder.join(format!("gridproof-stream-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let samples = megabytes * 1_000_000 / RECORD;
    let outcome = generate(&dir, samples).and_then(|()| measure(&dir, samples));
    std::fs::remove_dir_all(&dir)?;
    outcome
}

fn measure(dir: &Path, samples: u64) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout();
    for channels in [None, Some(vec!["A1".to_owned()])] {
        let options = ImportOptions {
            channels: channels.clone(),
            ..ImportOptions::default()
        };
        let start = Instant::now();
        let mut reader = blocks(&dir.join("large.cfg"), &options, 1 << 16)?;
        let (mut block, mut read, mut sum) = (Block::default(), 0_u64, 0.0);
        while reader.read_into(&mut block)? {
            read += block.len() as u64;
            sum += block
                .values
                .iter()
                .filter_map(|values| values.last())
                .sum::<f64>();
        }
        let seconds = start.elapsed().as_secs_f64();
        if read != samples {
            return Err(format!("{read} samples read, {samples} written").into());
        }
        writeln!(
            out,
            "{} of 24 channels: {:.2} GB in {seconds:.2} s, {:.0} MB/s, peak {} kB (check {sum:.1})",
            channels.map_or(24, |names| names.len()),
            (samples * RECORD) as f64 / 1e9,
            (samples * RECORD) as f64 / 1e6 / seconds,
            peak_kb()?
        )?;
    }
    Ok(())
}

/// Peak resident memory of this process, kB.
fn peak_kb() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .ok_or("no VmHWM")?;
    Ok(line.split_whitespace().nth(1).ok_or("no number")?.parse()?)
}

fn generate(dir: &Path, samples: u64) -> Result<(), Box<dyn Error>> {
    let mut config = File::create(dir.join("large.cfg"))?;
    write!(config, "LARGE,REC,1999\r\n24,8A,16D\r\n")?;
    for index in 1..=8 {
        write!(
            config,
            "{index},ch{index},,,V,0.01,0,0,-32767,32767,1,1,P\r\n"
        )?;
    }
    for index in 1..=16 {
        write!(config, "{index},d{index},,,0\r\n")?;
    }
    write!(
        config,
        "50\r\n1\r\n100000,{samples}\r\n20/11/2026,10:00:00.000000\r\n"
    )?;
    write!(config, "20/11/2026,10:00:00.000000\r\nBINARY\r\n1\r\n")?;
    let mut data = BufWriter::with_capacity(1 << 20, File::create(dir.join("large.dat"))?);
    for index in 0..samples {
        let mut record = [0; RECORD as usize];
        record[..4].copy_from_slice(&(index as u32 + 1).to_le_bytes());
        record[4..8].copy_from_slice(&((index * 10) as u32).to_le_bytes());
        for channel in 0..8 {
            let code = ((index * (channel + 3)) % 65_000) as i32 - 32_500;
            let at = 8 + 2 * channel as usize;
            record[at..at + 2].copy_from_slice(&(code as i16).to_le_bytes());
        }
        record[24..].copy_from_slice(&(index as u16).to_le_bytes());
        data.write_all(&record)?;
    }
    data.flush()?;
    Ok(())
}
