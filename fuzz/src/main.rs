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

use gridproof_fuzz::mutate::{Random, mutate};
use gridproof_fuzz::targets::{TARGETS, Target};

/// Longest input made, bytes.
const LARGEST: usize = 1 << 16;

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

/// Where the files of a target are, below the root, and their extensions.
fn folders(target: &str) -> (&'static [&'static str], &'static [&'static str]) {
    const CAPTURES: &[&str] = &["fixtures/captures", "fixtures/captures/wrong"];
    const YAML: &[&str] = &["yaml"];
    match target {
        "comtrade_cfg" => (CAPTURES, &["cfg"]),
        "comtrade_cff" => (CAPTURES, &["cff"]),
        "csv" => (CAPTURES, &["csv", "txt", "tsv"]),
        "parquet" => (CAPTURES, &["parquet"]),
        "yokogawa_hdr" => (CAPTURES, &["hdr"]),
        "yokogawa_wdf" => (CAPTURES, &["wdf"]),
        "plan" => (&["test-plans", "fixtures/wrong/plan"], YAML),
        "dut" => (&["fixtures/duts", "fixtures/wrong/dut"], YAML),
        "grid_code" => (&["fixtures/grid-codes", "fixtures/wrong/grid-code"], YAML),
        "bench" => (&["fixtures/benches", "fixtures/wrong/bench"], YAML),
        "defect" => (&["fixtures/defects", "fixtures/wrong/defect"], YAML),
        "registers" => (&["fixtures/drivers", "fixtures/wrong/registers"], YAML),
        "faults" => (&["fixtures/faults", "fixtures/wrong/faults"], YAML),
        "scpi_reply" | "bms_frame" => (&[], &[]),
        _ => (CAPTURES, &["dat"]),
    }
}

/// What instruments and batteries send.
fn sent(target: &str) -> Vec<Vec<u8>> {
    match target {
        "scpi_reply" => vec![
            b"+2.30000E+02,49.98,NAN\r\n\"no error\"\n".to_vec(),
            b":MEAS:VOLT 230.01 V\n1\nOFF\n-113,\"Undefined header\"\n".to_vec(),
            b"#18abcdefgh\n".to_vec(),
            b"#0abc\n#6000004\x00\x01\x02\x03\n".to_vec(),
        ],
        "bms_frame" => [0x351_u16, 0x355, 0x356, 0x359, 0x35c, 0x35e]
            .map(|id| {
                let mut frame = id.to_be_bytes().to_vec();
                frame.extend([8, 0xf4, 1, 0xe8, 3, 0x10, 0xff, 0, 0x80]);
                frame
            })
            .to_vec(),
        _ => Vec::new(),
    }
}

/// Files whose folder and extension fit the target, what is sent to it, and nothing.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let (places, extensions) = folders(target);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut paths: Vec<PathBuf> = places
        .iter()
        .filter_map(|folder| std::fs::read_dir(root.join(folder)).ok())
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|found| extensions.iter().any(|e| found.eq_ignore_ascii_case(e)))
        })
        .collect();
    paths.sort();
    let mut corpus: Vec<Vec<u8>> = paths
        .iter()
        .filter_map(|path| std::fs::read(path).ok())
        .filter(|data| data.len() <= LARGEST)
        .collect();
    if target.starts_with("comtrade_dat") {
        corpus.push(b"1,0,1,2,0\n2,1000,3,4,1\n3,2000,5,6,1\n4,3000,7,8,0\n".to_vec());
        for width in [2, 4] {
            let mut data = Vec::new();
            for sample in 0..4_u32 {
                data.extend((sample + 1).to_le_bytes());
                data.extend((sample * 1000).to_le_bytes());
                data.extend(std::iter::repeat_n(sample as u8, 2 * width));
                data.extend([1, 0]);
            }
            corpus.push(data);
        }
    }
    corpus.extend(sent(target));
    corpus.push(Vec::new());
    corpus
}
