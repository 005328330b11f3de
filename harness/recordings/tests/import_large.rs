//! A record larger than the memory spent on it: 64 MB of COMTRADE BINARY, read by blocks.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs::File;
use std::io::{BufWriter, Write as _};

use gridproof_recordings::import::{Block, ImportOptions, blocks};
use tempfile::TempDir;

const SAMPLES: u32 = 64_000_000 / 16;

fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap_or("");
    line.split_whitespace()
        .nth(1)
        .map_or(0, |number| number.parse().unwrap())
}

#[test]
fn a_large_record_is_read_in_constant_memory() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("r.cfg");
    let mut config = String::from("L,R,1999\n4,4A,0D\n");
    for index in 1..=4 {
        config.push_str(&format!(
            "{index},c{index},,,V,0.5,0,0,-32767,32767,1,1,P\n"
        ));
    }
    config.push_str(&format!(
        "50\n1\n1000000,{SAMPLES}\n01/01/2026,00:00:00.0\n01/01/2026,00:00:00.0\nBINARY\n1\n"
    ));
    std::fs::write(&path, config).unwrap();
    let mut data =
        BufWriter::with_capacity(1 << 18, File::create(path.with_extension("dat")).unwrap());
    for index in 0..SAMPLES {
        let mut record = [0_u8; 16];
        record[..4].copy_from_slice(&(index + 1).to_le_bytes());
        record[4..8].copy_from_slice(&index.to_le_bytes());
        record[8..10].copy_from_slice(&((index % 30_000) as i16).to_le_bytes());
        data.write_all(&record).unwrap();
    }
    data.flush().unwrap();
    let before = resident_kb();
    let mut reader = blocks(&path, &ImportOptions::default(), 1 << 15).unwrap();
    assert_eq!(reader.description().samples, u64::from(SAMPLES));
    let mut block = Block::default();
    let mut next = 0;
    while reader.read_into(&mut block).unwrap() {
        assert_eq!(block.first, u64::from(next));
        assert!((block.values[0][0] - f64::from(next % 30_000) * 0.5).abs() < 1e-12);
        next += block.len() as u32;
    }
    assert_eq!(next, SAMPLES);
    let grown = resident_kb() - before;
    assert!(
        grown < 8_000,
        "{grown} kB more than before for 64 MB of file"
    );
}
