//! Identification of the sample run.

use gridproof_model::event::RunOutcome;
use gridproof_model::result::RunResults;
use gridproof_reports::info::{
    BenchInfo, BenchKind, DataInfo, DutInfo, FileHash, InstrumentInfo, PlanInfo, RunInfo,
};

/// Identification of the run.
pub fn info(results: &RunResults) -> RunInfo {
    let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let dut = |id: &str, manufacturer: &str, model: &str| DutInfo {
        id: id.to_owned(),
        manufacturer: manufacturer.to_owned(),
        model: model.to_owned(),
        manual: "user manual v1.2 (2023)".to_owned(),
        specimen: None,
        sha256: hash.to_owned(),
    };
    let instrument = |role: &str, identity: &str, accuracy: &[&str]| InstrumentInfo {
        role: role.to_owned(),
        identity: identity.to_owned(),
        accuracy: accuracy.iter().map(|line| (*line).to_owned()).collect(),
        calibration: None,
    };
    let recordings = results
        .tests
        .iter()
        .flat_map(|test| &test.cases)
        .flat_map(|case| &case.recordings);
    let mut files: Vec<FileHash> = ["run.json", "events.ndjson", "results.json"]
        .iter()
        .map(|path| FileHash {
            path: (*path).to_owned(),
            sha256: hash.to_owned(),
        })
        .collect();
    files.extend(recordings.map(|file| FileHash {
        path: format!("recordings/{file}"),
        sha256: hash.to_owned(),
    }));
    RunInfo {
        report_id: "GP-2026-11-20-0001".to_owned(),
        plan: PlanInfo {
            name: "quickstart".to_owned(),
            title: "Battery inverters for Australia: grid code and back-up".to_owned(),
            file: "test-plans/quickstart.yaml".to_owned(),
            sha256: hash.to_owned(),
        },
        duts: vec![
            dut("saj-as1-3ks-5.1", "SAJ", "AS1-3KS-5.1"),
            dut("growatt-sph-5000 <b>&\"x\"", "Growatt", "SPH 5000 <b>"),
        ],
        grid_codes: vec![DataInfo {
            id: "as-nzs-4777.2-2020-a".to_owned(),
            title: "AS/NZS 4777.2:2020, region A".to_owned(),
            sha256: hash.to_owned(),
        }],
        bench: BenchInfo {
            name: "emulated".to_owned(),
            kind: BenchKind::Emulated,
            instruments: vec![
                instrument(
                    "grid",
                    "Chroma,61815,SN0001,1.30 (emulated)",
                    &["voltage ±(0.2 % + 0.2 % of 350 V)"],
                ),
                instrument(
                    "analyser",
                    "YOKOGAWA,WT5000,SN0002,F2.01 (emulated)",
                    &[
                        "voltage ±(0.03 % + 0.05 % of 300 V)",
                        "current ±(0.03 % + 0.05 % of 30 A)",
                    ],
                ),
                instrument(
                    "recorder",
                    "HBM,GEN3i,SN0003,8.20 (emulated)",
                    &["100 kS/s, clock ±3.5 ppm, skew 0.1 µs"],
                ),
            ],
        },
        software: "gridproof 0.1.0 (a1b2c3d)".to_owned(),
        seed: 7,
        operator: Some("CI".to_owned()),
        laboratory: None,
        customer: None,
        conditions: None,
        authorised_by: None,
        started_at: "2026-11-20 16:09:30 UTC".to_owned(),
        bench_s: 8143.2,
        wall_s: 7.9,
        outcome: RunOutcome::Completed,
        deviations: vec![],
        run_dir: "runs/quickstart-1".to_owned(),
        files,
    }
}
