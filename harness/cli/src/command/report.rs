//! `gridproof report`: reports of a stored run, as `run` writes them at its end.

use std::path::{Path, PathBuf};

use gridproof_model::event::RunOutcome;
use gridproof_model::result::RunResults;
use gridproof_reports::info::{
    BenchInfo, BenchKind, DataInfo, DutInfo, FileHash, InstrumentInfo, PlanInfo, RunInfo,
};
use gridproof_reports::{ReportError, html, json, junit};
use gridproof_runner::header::RunHeader;
use gridproof_runner::stored::StoredRun;

use crate::args::{Format, Report};
use crate::failure::Failure;
use crate::output;

/// A report on disk.
pub(crate) struct Written {
    pub(crate) path: PathBuf,
}

pub(crate) fn report(args: &Report) -> Result<u8, Failure> {
    let stored = StoredRun::open(&args.run)?;
    let results = read_results(&args.run)?;
    for format in &args.format {
        match format {
            Format::Html => {
                let written = write_html(&stored, &results)?;
                output::remark(&format!("report: {}", written.path.display()));
            }
            Format::Junit => {
                let written = write_junit(&args.run, &results)?;
                output::remark(&format!("JUnit: {}", written.path.display()));
            }
            Format::Json => output::data(&json::render(&results).map_err(rendering)?),
        }
    }
    Ok(0)
}

fn read_results(dir: &Path) -> Result<RunResults, Failure> {
    let path = dir.join("results.json");
    let text = std::fs::read_to_string(&path)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

fn rendering(error: ReportError) -> Failure {
    Failure::infrastructure(error.to_string())
}

fn write(path: PathBuf, text: &str) -> Result<Written, Failure> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&path, text))
        .map_err(|error| Failure::infrastructure(format!("{}: {error}", path.display())))?;
    Ok(Written { path })
}

/// `junit.xml` in the run's folder.
pub(crate) fn write_junit(dir: &Path, results: &RunResults) -> Result<Written, Failure> {
    write(
        dir.join("junit.xml"),
        &junit::render(results).map_err(rendering)?,
    )
}

/// `report/index.html` in the run's folder.
pub(crate) fn write_html(stored: &StoredRun, results: &RunResults) -> Result<Written, Failure> {
    let info = info(stored)?;
    let page =
        html::render(results, &info, &|file: &str| stored.capture(file)).map_err(rendering)?;
    write(stored.dir.join("report").join("index.html"), &page)
}

fn info(stored: &StoredRun) -> Result<RunInfo, Failure> {
    let header = &stored.header;
    let files: Vec<FileHash> = stored
        .files()?
        .into_iter()
        .map(|file| FileHash {
            path: file.path,
            sha256: file.sha256,
        })
        .collect();
    Ok(RunInfo {
        report_id: report_id(header),
        plan: PlanInfo {
            name: header.plan.name.clone(),
            title: header.title.clone(),
            file: header.plan.file.clone(),
            sha256: header.plan.sha256.clone(),
        },
        duts: header
            .duts
            .iter()
            .map(|dut| DutInfo {
                id: dut.profile.name.clone(),
                manufacturer: dut.maker.clone(),
                model: dut.model.clone(),
                manual: dut.source.clone(),
                specimen: None,
                sha256: dut.profile.sha256.clone(),
            })
            .collect(),
        grid_codes: header
            .grid_codes
            .iter()
            .map(|code| DataInfo {
                id: code.name.clone(),
                title: code.file.clone(),
                sha256: code.sha256.clone(),
            })
            .collect(),
        bench: bench(stored),
        software: header.software.clone(),
        seed: header.seed,
        operator: header.operator.clone(),
        laboratory: None,
        customer: None,
        conditions: None,
        authorised_by: None,
        started_at: header.started_at.clone(),
        bench_s: stored.bench_s,
        wall_s: header.wall_s.unwrap_or_default(),
        outcome: stored.outcome.unwrap_or(RunOutcome::Aborted),
        deviations: deviations(header),
        run_dir: stored.dir.display().to_string(),
        files,
    })
}

/// The same record has the same number.
fn report_id(header: &RunHeader) -> String {
    let text = format!(
        "{} {} {}",
        header.started_at, header.plan.sha256, header.seed
    );
    format!(
        "GP-{}",
        &gridproof_recordings::sha256_hex(text.as_bytes())[..12]
    )
}

fn deviations(header: &RunHeader) -> Vec<String> {
    let mut deviations = Vec::new();
    if let Some(defect) = &header.defect {
        deviations.push(format!(
            "the emulated DUT was given the known defect `{}`",
            defect.name
        ));
    }
    deviations.extend(
        header
            .dut_set
            .iter()
            .map(|pair| format!("the emulated DUT was changed: {pair}")),
    );
    deviations
}

fn bench(stored: &StoredRun) -> BenchInfo {
    let header = &stored.header;
    let specs = &header.instruments;
    let kind = if header.environment == "real" {
        BenchKind::Real
    } else {
        BenchKind::Emulated
    };
    let accuracy = |role: &str| match role {
        "analyser" => vec![
            line("voltage", specs.analyser_volts, "V"),
            line("current", specs.analyser_amps, "A"),
            line("power", specs.analyser_watts, "W"),
        ],
        "recorder" => vec![
            line("voltage", specs.recorder_volts, "V"),
            line("current", specs.recorder_amps, "A"),
        ],
        "chamber" => vec![format!("temperature ±{} K", specs.chamber_k)],
        _ => Vec::new(),
    };
    BenchInfo {
        name: header.bench_title.clone(),
        kind,
        instruments: stored
            .identities
            .iter()
            .map(|(role, identity)| InstrumentInfo {
                role: role.clone(),
                identity: identity.clone(),
                accuracy: accuracy(role),
                calibration: None,
            })
            .collect(),
    }
}

fn line(what: &str, accuracy: gridproof_model::record::Accuracy, unit: &str) -> String {
    format!(
        "{what} ±({} % of reading + {} % of {} {unit})",
        accuracy.of_reading * 100.0,
        accuracy.of_range * 100.0,
        accuracy.range
    )
}
