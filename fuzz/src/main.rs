//! `gridproof-fuzz TARGET|all SECONDS [SEED]`: mutates the files that ship (captures,
//! plans, DUTs, benches, …) and feeds them to a parser. Prints runs per second; saves what crashes under `fuzz/crashes/` and
//! exits with 1.

#![allow(
    clippy::disallowed_methods,
    reason = "a measuring program reads the wall clock"
)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gridproof_fuzz::corpus::{LARGEST, corpus};
use gridproof_fuzz::mutate::{Random, mutate};
use gridproof_fuzz::targets::{TARGETS, Target};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let seconds = arguments.get(1).and_then(|text| text.parse().ok());
    let seed = arguments
        .get(2)
        .and_then(|text| text.parse().ok())
        .unwrap_or(1);
    let wanted = arguments.first().map_or("", String::as_str);
    let chosen: Vec<_> = TARGETS
        .into_iter()
        .filter(|(name, _)| wanted == "all" || *name == wanted)
        .collect();
    let (Some(seconds), false) = (seconds, chosen.is_empty()) else {
        let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
        eprintln!(
            "usage: gridproof-fuzz TARGET|all SECONDS [SEED]; targets: {}",
            names.join(", ")
        );
        std::process::exit(2);
    };
    let mut crashed = false;
    for (name, target) in chosen {
        crashed |= !run(name, target, Duration::from_secs(seconds), seed);
    }
    std::process::exit(i32::from(crashed));
}

/// Runs one target; `false` when an input crashed it.
fn run(name: &str, target: Target, time: Duration, seed: u64) -> bool {
    let corpus = corpus(name);
    let mut random = Random::new(seed);
    let start = Instant::now();
    let (mut runs, mut slowest, mut crashes) = (0_u64, Duration::ZERO, 0_u32);
    while start.elapsed() < time {
        for _ in 0..16 {
            let data = if (runs as usize) < corpus.len() {
                corpus[runs as usize].clone()
            } else {
                mutate(&mut random, &corpus, LARGEST)
            };
            // An abort leaves its input here.
            if name == "parquet" {
                let _ = std::fs::write(std::env::temp_dir().join("gridproof-fuzz-running"), &data);
            }
            let begun = Instant::now();
            let outcome = catch_unwind(AssertUnwindSafe(|| target(&data)));
            let took = begun.elapsed();
            runs += 1;
            if took > slowest {
                slowest = took;
            }
            if outcome.is_err() {
                crashes += 1;
                let path = save(name, &data);
                println!("{name}: crash number {crashes} saved as {}", path.display());
            } else if took > Duration::from_secs(2) {
                let path = save(&format!("slow-{name}"), &data);
                println!("{name}: {took:?} for {}", path.display());
            }
        }
        if crashes >= 5 {
            break;
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{name}: {runs} runs in {seconds:.0} s, {:.0} runs/s, corpus {}, slowest {slowest:?}, {crashes} crashes",
        runs as f64 / seconds,
        corpus.len()
    );
    crashes == 0
}

fn save(name: &str, data: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crashes");
    let sum = data.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let path = folder.join(format!("{name}-{sum:016x}"));
    let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, data));
    if let Err(error) = written {
        eprintln!("{}: {error}", path.display());
    }
    path
}
