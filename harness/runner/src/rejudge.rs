//! Verdicts: from a case's data in memory while the run goes on, and from a stored record at any
//! later time. Both go through the same judge and must agree.

use std::collections::BTreeMap;
use std::path::Path;

use gridproof_measure::judge::judge_case;
use gridproof_model::case::Case;
use gridproof_model::event::{Event, EventKind, StoredCapture};
use gridproof_model::record::{Acquisition, CaseData, Reading};
use gridproof_model::result::{CaseResult, RESULTS_FORMAT, RunResults, TestResult};
use gridproof_model::verdict::Verdict;

use crate::error::RunError;
use crate::header::{RunHeader, UnitHeader};
use crate::journal;

/// Judge a case and note the files it stands on.
pub(crate) fn judge(case: &Case, data: &CaseData, stored: &[StoredCapture]) -> CaseResult {
    let mut result = judge_case(case, data);
    result.recordings = stored.iter().map(|capture| capture.file.clone()).collect();
    result
}

/// The result of a test from its cases.
pub(crate) fn test_result(unit: &UnitHeader, cases: Vec<CaseResult>, bench_s: f64) -> TestResult {
    let (verdict, reason) = match &unit.not_applicable {
        Some(reason) => (Verdict::NotApplicable, reason.clone()),
        None => {
            let verdict = Verdict::worst(cases.iter().map(|case| case.verdict));
            let worst = cases.iter().find(|case| case.verdict == verdict);
            let reason = worst
                .filter(|_| verdict != Verdict::Pass)
                .map(|case| format!("{}: {}", case.case.label, case.reason));
            (verdict, reason.unwrap_or_default())
        }
    };
    TestResult {
        test: unit.test.clone(),
        title: unit.title.clone(),
        dut: unit.dut.clone(),
        verdict,
        reason,
        cases,
        bench_s,
    }
}

/// The results of a run from its tests.
pub(crate) fn run_results(header: &RunHeader, tests: Vec<TestResult>) -> RunResults {
    RunResults {
        format: RESULTS_FORMAT,
        plan: header.plan.name.clone(),
        verdict: Verdict::worst(tests.iter().map(|test| test.verdict)),
        tests,
    }
}

/// What the journal says of one case.
#[derive(Default)]
struct CaseRecord {
    acquisition: Option<Acquisition>,
    readings: Vec<Reading>,
    stored: Vec<StoredCapture>,
}

/// Compute every verdict of a stored run again, from its header, journal and recordings alone.
///
/// # Errors
/// When a file is missing or damaged: the record then proves nothing.
pub fn rejudge(dir: &Path) -> Result<RunResults, RunError> {
    let header = RunHeader::read(dir)?;
    let events = journal::read(dir)?;
    let (mut records, ended) = collect(events);
    let recordings = dir.join("recordings");
    let mut tests = Vec::new();
    for unit in &header.units {
        let mut cases = Vec::new();
        for case in &unit.cases {
            let record = records.remove(&case.id).unwrap_or_default();
            let captures = record
                .stored
                .iter()
                .map(|stored| gridproof_recordings::read_capture(&recordings, stored))
                .collect::<Result<Vec<_>, _>>()?;
            let data = CaseData {
                acquisition: record.acquisition.unwrap_or(Acquisition::NotRun),
                readings: record.readings,
                captures,
                instruments: header.instruments,
            };
            cases.push(judge(case, &data, &record.stored));
        }
        let bench_s = ended
            .get(&(unit.dut.clone(), unit.test.clone()))
            .copied()
            .unwrap_or_default();
        tests.push(test_result(unit, cases, bench_s));
    }
    Ok(run_results(&header, tests))
}

type Ended = BTreeMap<(String, String), f64>;

fn collect(events: Vec<Event>) -> (BTreeMap<String, CaseRecord>, Ended) {
    let mut records: BTreeMap<String, CaseRecord> = BTreeMap::new();
    let mut ended = Ended::new();
    for event in events {
        match event.what {
            EventKind::Read { reading } => records
                .entry(event.case)
                .or_default()
                .readings
                .push(reading),
            EventKind::Captured { capture } => {
                records.entry(event.case).or_default().stored.push(capture)
            }
            EventKind::CaseEnded { acquisition } => {
                records.entry(event.case).or_default().acquisition = Some(acquisition);
            }
            EventKind::TestEnded { test, dut, .. } => {
                *ended.entry((dut, test)).or_insert(0.0) += event.at_s;
            }
            EventKind::RunStarted { .. }
            | EventKind::TestStarted { .. }
            | EventKind::TestSkipped { .. }
            | EventKind::Identified { .. }
            | EventKind::CaseStarted { .. }
            | EventKind::Stimulus { .. }
            | EventKind::Refused { .. }
            | EventKind::Note { .. }
            | EventKind::SafeStateItem { .. }
            | EventKind::Judged { .. }
            | EventKind::RunEnded { .. } => {}
        }
    }
    (records, ended)
}
