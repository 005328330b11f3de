//! JUnit, JSON and the terminal summary as other programs see them.

mod sample;

use gridproof_model::result::RunResults;
use gridproof_model::verdict::Verdict;
use gridproof_reports::{json, junit, summary};
use rstest::{fixture, rstest};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A short run with every verdict, on a test and on a case.
#[fixture]
fn results() -> RunResults {
    let mut results = sample::results();
    results.tests.retain(|test| {
        matches!(test.test.as_str(), "DRM" | "VOLT-VAR") || test.test.starts_with("EXTRA")
    });
    results
        .tests
        .retain(|test| !test.cases.is_empty() || test.test.starts_with("EXTRA"));
    if let Some(case) = results
        .tests
        .first_mut()
        .and_then(|test| test.cases.first_mut())
    {
        case.criteria[0].measured = None;
        case.criteria[0].margin = None;
        case.criteria[0].verdict = Verdict::Error;
        case.criteria[0].note = "recording `event` is missing".to_owned();
        case.verdict = Verdict::Error;
        case.reason = "recording `event` is missing".to_owned();
    }
    for test in &mut results.tests {
        for case in &mut test.cases {
            case.series
                .iter_mut()
                .for_each(|series| series.points.truncate(2));
        }
    }
    results
}

#[rstest]
fn junit_for_ci(results: RunResults) -> Outcome {
    insta::assert_snapshot!(junit::render(&results)?);
    Ok(())
}

#[rstest]
fn summary_for_the_terminal(results: RunResults) {
    let lines: Vec<String> = summary::lines(&results)
        .into_iter()
        .map(|line| line.text)
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[rstest]
fn json_for_programs(mut results: RunResults) -> Outcome {
    results.tests.retain(|test| test.test != "VOLT-VAR");
    insta::assert_snapshot!(json::render(&results)?);
    Ok(())
}

#[rstest]
fn json_reads_back_and_ends_with_a_newline() -> Outcome {
    let results = sample::results();
    let text = json::render(&results)?;
    assert!(text.ends_with("}\n"));
    let back: RunResults = serde_json::from_str(&text)?;
    assert_eq!(back, results);
    Ok(())
}

#[rstest]
fn an_empty_run_is_reported_as_not_run() -> Outcome {
    let empty = RunResults {
        format: 1,
        plan: "empty".to_owned(),
        verdict: Verdict::NotRun,
        tests: vec![],
    };
    assert_eq!(summary::lines(&empty)[1].text, "verdict: not-run");
    assert!(junit::render(&empty)?.contains("tests=\"0\""));
    Ok(())
}

#[rstest]
fn every_criterion_that_did_not_pass_has_its_line() {
    let results = sample::results();
    let open = results
        .tests
        .iter()
        .flat_map(|test| &test.cases)
        .flat_map(|case| &case.criteria);
    let open = open
        .filter(|criterion| criterion.verdict != Verdict::Pass)
        .count();
    let lines = summary::lines(&results);
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.text.contains("limit "))
            .count(),
        open
    );
    assert!(
        lines.iter().all(|line| !line.text.contains('\u{1b}')),
        "no colour codes"
    );
}
