//! JUnit XML for CI: a suite per DUT, a test case per case, the test as its class.
//!
//! JUnit knows three outcomes besides success. `fail` and `inconclusive` are failures (neither
//! proves conformity; the type tells them apart), `error`, `aborted` and `not-run` are errors
//! (nothing is said about the DUT, and missing data is never a pass), `not-applicable` is skipped.
//! Times are bench seconds: identical runs give identical files.

use std::fmt::Write as _;
use std::time::Duration;

use gridproof_model::result::{CaseResult, RunResults, TestResult};
use gridproof_model::verdict::Verdict;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::error::ReportError;
use crate::number;

/// The results as JUnit XML.
pub fn render(results: &RunResults) -> Result<String, ReportError> {
    let mut report = Report::new(format!("gridproof {}", results.plan));
    for dut in duts(results) {
        let mut suite = TestSuite::new(dut);
        let tests: Vec<&TestResult> = results
            .tests
            .iter()
            .filter(|test| test.dut == dut)
            .collect();
        suite.set_time(seconds(tests.iter().map(|test| test.bench_s).sum()));
        for test in tests {
            if test.cases.is_empty() {
                suite.add_test_case(without_cases(test));
            }
            for case in &test.cases {
                suite.add_test_case(test_case(test, case));
            }
        }
        report.add_test_suite(suite);
    }
    Ok(report.to_string()?)
}

/// DUTs in the order of their first test.
fn duts(results: &RunResults) -> Vec<&str> {
    let mut duts: Vec<&str> = Vec::new();
    for test in &results.tests {
        if !duts.contains(&test.dut.as_str()) {
            duts.push(&test.dut);
        }
    }
    duts
}

fn without_cases(test: &TestResult) -> TestCase {
    let mut case = TestCase::new(test.title.as_str(), status(test.verdict, &test.reason, ""));
    case.set_classname(format!("{}.{}", test.dut, test.test));
    case
}

fn test_case(test: &TestResult, result: &CaseResult) -> TestCase {
    let name = if result.case.label.is_empty() {
        &test.title
    } else {
        &result.case.label
    };
    let details = details(result);
    let mut case = TestCase::new(
        name.as_str(),
        status(result.verdict, &result.reason, &details),
    );
    case.set_classname(format!("{}.{}", test.dut, test.test));
    case.set_assertions(result.criteria.len());
    case.add_property(("case", result.case.id.as_str()));
    case.add_property((
        "line",
        format!("{}:{}", result.case.line.file, result.case.line.line).as_str(),
    ));
    if result.verdict == Verdict::Pass {
        case.set_system_out(details);
    }
    case
}

/// One line per criterion.
fn details(result: &CaseResult) -> String {
    let mut text = String::new();
    for criterion in &result.criteria {
        let unit = number::unit_of(&result.case, criterion);
        let measured = criterion.measured.as_ref().map_or_else(
            || criterion.note.clone(),
            |measured| number::with_u(measured, &unit),
        );
        let limit = number::limit(&criterion.limit, &unit);
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{}: {}: {measured}; limit {limit}",
            criterion.verdict, criterion.name
        );
    }
    let _ = write!(
        text,
        "plan line {}:{}",
        result.case.line.file, result.case.line.line
    );
    text
}

fn status(verdict: Verdict, reason: &str, details: &str) -> TestCaseStatus {
    let mut status = match verdict {
        Verdict::Pass => return TestCaseStatus::success(),
        Verdict::NotApplicable => TestCaseStatus::skipped(),
        Verdict::Fail | Verdict::Inconclusive => {
            TestCaseStatus::non_success(NonSuccessKind::Failure)
        }
        Verdict::Error | Verdict::Aborted | Verdict::NotRun => {
            TestCaseStatus::non_success(NonSuccessKind::Error)
        }
    };
    let message = if reason.is_empty() {
        verdict.word()
    } else {
        reason
    };
    status.set_type(verdict.word()).set_message(message);
    if !details.is_empty() {
        status.set_description(details);
    }
    status
}

/// Milliseconds are the resolution of the format.
fn seconds(value: f64) -> Duration {
    Duration::try_from_secs_f64((value * 1e3).round() / 1e3).unwrap_or_default()
}
