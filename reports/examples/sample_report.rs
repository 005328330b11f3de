//! Writes a report of synthetic data, to look at: `cargo run -p gridproof-reports --example
//! sample_report -- FOLDER`.

#![allow(
    clippy::disallowed_methods,
    reason = "measures how long rendering takes"
)]

#[path = "../tests/sample/mod.rs"]
mod sample;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use gridproof_reports::{CaptureSource as _, html, json, junit, summary};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = std::env::args()
        .nth(1)
        .map_or_else(std::env::temp_dir, PathBuf::from);
    std::fs::create_dir_all(&dir)?;
    let results = sample::results();
    let info = sample::info(&results);
    let mut captures = BTreeMap::new();
    for file in results
        .tests
        .iter()
        .flat_map(|test| &test.cases)
        .flat_map(|case| &case.recordings)
    {
        captures.insert(file.clone(), sample::Waves.load(file));
    }
    let loads = AtomicUsize::new(0);
    let source = |file: &str| {
        loads.fetch_add(1, Ordering::Relaxed);
        captures.get(file).cloned().flatten()
    };
    let start = Instant::now();
    let page = html::render(&results, &info, &source)?;
    let took = start.elapsed();
    std::fs::write(dir.join(html::FILE_NAME), &page)?;
    std::fs::write(dir.join("junit.xml"), junit::render(&results)?)?;
    std::fs::write(dir.join("results.json"), json::render(&results)?)?;
    let mut out = std::io::stdout();
    for line in summary::lines(&results) {
        writeln!(out, "{}", line.text)?;
    }
    let cases: usize = results.tests.iter().map(|test| test.cases.len()).sum();
    writeln!(
        out,
        "{cases} cases, {} captures loaded, {} bytes, rendered in {took:.2?}",
        loads.load(Ordering::Relaxed),
        page.len()
    )?;
    Ok(())
}
