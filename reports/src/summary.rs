//! The run in a few terminal lines, without colours: the caller paints by [`Line::verdict`].

use gridproof_model::result::{CaseResult, CriterionResult, RunResults, TestResult};
use gridproof_model::verdict::Verdict;

use crate::number;

/// Verdicts in the order in which counts are listed: good first, then by urgency.
pub(crate) const ORDER: [Verdict; 7] = [
    Verdict::Pass,
    Verdict::NotApplicable,
    Verdict::Inconclusive,
    Verdict::NotRun,
    Verdict::Aborted,
    Verdict::Error,
    Verdict::Fail,
];

/// One line of the summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Verdict the line is about.
    pub verdict: Verdict,
    /// Text without control characters of its own.
    pub text: String,
}

/// Summary of `results`: one line per criterion, case or test that did not pass, then the counts.
pub fn lines(results: &RunResults) -> Vec<Line> {
    let mut lines = Vec::new();
    for test in &results.tests {
        if test.verdict != Verdict::NotApplicable {
            test_lines(test, &mut lines);
        }
    }
    not_run(results, &mut lines);
    not_applicable(results, &mut lines);
    let cases: Vec<Verdict> = results
        .tests
        .iter()
        .flat_map(|test| &test.cases)
        .map(|case| case.verdict)
        .collect();
    let tests: Vec<Verdict> = results.tests.iter().map(|test| test.verdict).collect();
    lines.push(Line {
        verdict: results.verdict,
        text: format!(
            "{}: {} tests: {}; {} cases: {}",
            results.plan,
            tests.len(),
            counts(&tests),
            cases.len(),
            counts(&cases)
        ),
    });
    lines.push(Line {
        verdict: results.verdict,
        text: format!("verdict: {}", results.verdict),
    });
    lines
}

/// Cases that were never started, one line for all tests of a DUT.
fn not_run(results: &RunResults, lines: &mut Vec<Line>) {
    let mut groups: Vec<(&str, Vec<String>)> = Vec::new();
    for test in &results.tests {
        let verdict = Verdict::NotRun;
        let cases = test.cases.iter().filter(|case| case.verdict == verdict);
        let entry = match (cases.count(), test.cases.len()) {
            (0, _) => continue,
            (some, all) if some == all => test.test.clone(),
            (some, all) => format!("{} ({some} of {all} cases)", test.test),
        };
        match groups.iter_mut().find(|(dut, _)| *dut == test.dut) {
            Some((_, tests)) => tests.push(entry),
            None => groups.push((&test.dut, vec![entry])),
        }
    }
    for (dut, tests) in groups {
        let verdict = Verdict::NotRun;
        let text = format!("{:<14} {dut}/{}", verdict.word(), tests.join(", "));
        lines.push(Line { verdict, text });
    }
}

/// Tests that do not apply, one line for each reason.
fn not_applicable(results: &RunResults, lines: &mut Vec<Line>) {
    let mut groups: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    let skipped = results
        .tests
        .iter()
        .filter(|test| test.verdict == Verdict::NotApplicable);
    for test in skipped {
        match groups
            .iter_mut()
            .find(|(dut, reason, _)| *dut == test.dut && *reason == test.reason)
        {
            Some((_, _, tests)) => tests.push(&test.test),
            None => groups.push((&test.dut, &test.reason, vec![&test.test])),
        }
    }
    for (dut, reason, tests) in groups {
        let verdict = Verdict::NotApplicable;
        let text = format!(
            "{:<14} {dut}/{}: {}",
            verdict.word(),
            tests.join(", "),
            or_dash(reason)
        );
        lines.push(Line { verdict, text });
    }
}

fn test_lines(test: &TestResult, lines: &mut Vec<Line>) {
    if test.cases.is_empty() && test.verdict != Verdict::Pass {
        let text = format!(
            "{:<14} {}/{}: {}",
            test.verdict.word(),
            test.dut,
            test.test,
            or_dash(&test.reason)
        );
        lines.push(Line {
            verdict: test.verdict,
            text,
        });
    }
    for case in test
        .cases
        .iter()
        .filter(|case| !matches!(case.verdict, Verdict::Pass | Verdict::NotRun))
    {
        let open: Vec<&CriterionResult> = case
            .criteria
            .iter()
            .filter(|criterion| criterion.verdict != Verdict::Pass)
            .collect();
        if open.is_empty() {
            let text = format!(
                "{}: {}{}",
                head(case, case.verdict),
                or_dash(&case.reason),
                place(case)
            );
            lines.push(Line {
                verdict: case.verdict,
                text,
            });
        }
        for criterion in open {
            lines.push(criterion_line(case, criterion));
        }
    }
}

fn criterion_line(case: &CaseResult, criterion: &CriterionResult) -> Line {
    let unit = number::unit_of(&case.case, criterion);
    let measured = match &criterion.measured {
        Some(measured) => number::with_u(measured, &unit),
        None => or_dash(&criterion.note).to_owned(),
    };
    let limit = match (criterion.limit.min, criterion.limit.max) {
        (None, None) => String::new(),
        _ => format!(", limit {}", number::limit(&criterion.limit, &unit)),
    };
    let text = format!(
        "{}: {}: {measured}{limit}{}",
        head(case, criterion.verdict),
        criterion.name,
        place(case)
    );
    Line {
        verdict: criterion.verdict,
        text: text.replace('\u{a0}', " "),
    }
}

fn head(case: &CaseResult, verdict: Verdict) -> String {
    let label = if case.case.label.is_empty() {
        String::new()
    } else {
        format!(" ({})", case.case.label)
    };
    format!("{:<14} {}{label}", verdict.word(), case.case.id)
}

fn place(case: &CaseResult) -> String {
    format!(" [{}:{}]", case.case.line.file, case.case.line.line)
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() {
        "no reason given"
    } else {
        text
    }
}

/// `70 pass, 3 fail`: only verdicts that occur.
fn counts(verdicts: &[Verdict]) -> String {
    let parts: Vec<String> = ORDER
        .into_iter()
        .map(|verdict| {
            (
                verdict,
                verdicts.iter().filter(|&&one| one == verdict).count(),
            )
        })
        .filter(|&(_, count)| count > 0)
        .map(|(verdict, count)| format!("{count} {verdict}"))
        .collect();
    if parts.is_empty() {
        "none".to_owned()
    } else {
        parts.join(", ")
    }
}
