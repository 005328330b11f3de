//! What the page template is given: plain text and lists, nothing left to compute.

mod identity;
mod test;

use gridproof_model::result::{RunResults, TestResult};
use gridproof_model::verdict::Verdict;
use serde::Serialize;

use crate::error::ReportError;
use crate::info::{BenchKind, RunInfo};
use crate::source::CaptureSource;
use crate::summary::ORDER;
use crate::view::identity::{Fact, Instrument, Item};
use crate::view::test::Test;

/// The whole page.
#[derive(Debug, Serialize)]
pub(crate) struct Page {
    title: String,
    report_id: String,
    verdict: Word,
    emulated: bool,
    completed: bool,
    outcome: &'static str,
    draft: bool,
    facts: Vec<Fact>,
    items: Vec<Item>,
    grid_codes: Vec<Fact>,
    bench: String,
    instruments: Vec<Instrument>,
    rules: Vec<Fact>,
    deviations: Vec<String>,
    case_counts: Vec<Count>,
    test_counts: Vec<Count>,
    cases: usize,
    matrix: Matrix,
    findings: Vec<Finding>,
    duts: Vec<DutSection>,
    run_dir: String,
    files: Vec<Fact>,
    software: String,
}

/// A verdict as word and class.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Word {
    word: &'static str,
    class: &'static str,
}

impl From<Verdict> for Word {
    fn from(verdict: Verdict) -> Word {
        let class = match verdict {
            Verdict::Pass => "good",
            Verdict::Fail => "bad",
            Verdict::Inconclusive | Verdict::Error | Verdict::Aborted => "unsure",
            Verdict::NotRun | Verdict::NotApplicable => "none",
        };
        Word {
            word: verdict.word(),
            class,
        }
    }
}

/// How often a verdict occurs.
#[derive(Debug, Serialize)]
struct Count {
    verdict: Word,
    count: usize,
}

/// Tests against DUTs.
#[derive(Debug, Serialize)]
struct Matrix {
    duts: Vec<String>,
    rows: Vec<MatrixRow>,
}

#[derive(Debug, Serialize)]
struct MatrixRow {
    test: String,
    title: String,
    cites: String,
    cells: Vec<Option<MatrixCell>>,
}

#[derive(Debug, Serialize)]
struct MatrixCell {
    verdict: Word,
    anchor: String,
    cases: usize,
    passed: usize,
}

/// Something that is not a plain pass, for the first page.
#[derive(Debug, Serialize)]
struct Finding {
    verdict: Word,
    anchor: String,
    what: String,
    reason: String,
}

/// All tests of one DUT.
#[derive(Debug, Serialize)]
struct DutSection {
    id: String,
    name: String,
    tests: Vec<Test>,
}

/// The page of `results`; the waveforms it shows are loaded from `source`.
pub(crate) fn page(
    results: &RunResults,
    info: &RunInfo,
    source: &dyn CaptureSource,
) -> Result<Page, ReportError> {
    let ids = dut_ids(results);
    let mut duts = Vec::with_capacity(ids.len());
    for id in &ids {
        let tests = results.tests.iter().filter(|test| test.dut == *id);
        let tests = tests
            .map(|test| test::view(test, info, source))
            .collect::<Result<Vec<_>, _>>()?;
        duts.push(DutSection {
            id: (*id).to_owned(),
            name: identity::dut_name(info, id),
            tests,
        });
    }
    let cases: Vec<Verdict> = results
        .tests
        .iter()
        .flat_map(|test| &test.cases)
        .map(|case| case.verdict)
        .collect();
    let tests: Vec<Verdict> = results.tests.iter().map(|test| test.verdict).collect();
    Ok(Page {
        title: info.plan.title.clone(),
        report_id: info.report_id.clone(),
        verdict: results.verdict.into(),
        emulated: info.bench.kind == BenchKind::Emulated,
        completed: identity::completed(info),
        outcome: identity::outcome(info),
        draft: info.authorised_by.is_none(),
        facts: identity::facts(info),
        items: identity::items(info),
        grid_codes: identity::grid_codes(info),
        bench: info.bench.name.clone(),
        instruments: identity::instruments(info),
        rules: identity::rules(results),
        deviations: info.deviations.clone(),
        case_counts: counts(&cases),
        test_counts: counts(&tests),
        cases: cases.len(),
        matrix: matrix(results, info, &ids),
        findings: findings(results),
        duts,
        run_dir: info.run_dir.clone(),
        files: info
            .files
            .iter()
            .map(|file| Fact::new(&file.path, &file.sha256))
            .collect(),
        software: info.software.clone(),
    })
}

/// DUTs in the order of their first test.
fn dut_ids(results: &RunResults) -> Vec<&str> {
    let mut ids: Vec<&str> = Vec::new();
    for test in &results.tests {
        if !ids.contains(&test.dut.as_str()) {
            ids.push(&test.dut);
        }
    }
    ids
}

fn counts(verdicts: &[Verdict]) -> Vec<Count> {
    ORDER
        .into_iter()
        .map(|verdict| Count {
            verdict: verdict.into(),
            count: verdicts.iter().filter(|&&one| one == verdict).count(),
        })
        .filter(|count| count.count > 0)
        .collect()
}

fn matrix(results: &RunResults, info: &RunInfo, duts: &[&str]) -> Matrix {
    let mut names: Vec<&str> = Vec::new();
    for test in &results.tests {
        if !names.contains(&test.test.as_str()) {
            names.push(&test.test);
        }
    }
    let find = |name: &str, dut: &str| {
        results
            .tests
            .iter()
            .find(|test| test.test == name && test.dut == dut)
    };
    let rows = names
        .iter()
        .map(|name| {
            let of_name = || results.tests.iter().filter(|test| test.test == **name);
            let cites = of_name()
                .flat_map(|test| &test.cases)
                .next()
                .map(|case| case.case.cites.to_string());
            MatrixRow {
                test: (*name).to_owned(),
                title: of_name()
                    .next()
                    .map(|test| test.title.clone())
                    .unwrap_or_default(),
                cites: cites.unwrap_or_default(),
                cells: duts.iter().map(|dut| find(name, dut).map(cell)).collect(),
            }
        })
        .collect();
    Matrix {
        duts: duts
            .iter()
            .map(|dut| identity::dut_name(info, dut))
            .collect(),
        rows,
    }
}

fn cell(test: &TestResult) -> MatrixCell {
    MatrixCell {
        verdict: test.verdict.into(),
        anchor: anchor(&[&test.dut, &test.test]),
        cases: test.cases.len(),
        passed: test
            .cases
            .iter()
            .filter(|case| case.verdict == Verdict::Pass)
            .count(),
    }
}

fn findings(results: &RunResults) -> Vec<Finding> {
    let mut findings = Vec::new();
    for test in &results.tests {
        if test.cases.is_empty() && test.verdict != Verdict::NotApplicable {
            findings.push(Finding {
                verdict: test.verdict.into(),
                anchor: anchor(&[&test.dut, &test.test]),
                what: format!("{} ({})", test.title, test.dut),
                reason: test.reason.clone(),
            });
        }
        let open = test
            .cases
            .iter()
            .filter(|case| !matches!(case.verdict, Verdict::Pass | Verdict::NotApplicable));
        findings.extend(open.map(|case| Finding {
            verdict: case.verdict.into(),
            anchor: anchor(&[&case.case.id]),
            what: format!("{}, {} ({})", test.title, case.case.label, test.dut),
            reason: case.reason.clone(),
        }));
    }
    findings
}

/// An id for links: letters, digits, dots and hyphens; the rest becomes its code point.
pub(crate) fn anchor(parts: &[&str]) -> String {
    let mut id = String::from("r");
    for part in parts {
        id.push('-');
        for c in part.chars() {
            match c {
                'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' => id.push(c),
                '/' | ' ' => id.push('_'),
                other => id.push_str(&format!("_{:x}_", u32::from(other))),
            }
        }
    }
    id
}
