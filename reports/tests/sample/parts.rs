//! Small pieces of results.

use gridproof_model::case::{Case, CaseSpec, Citation, Limit, Ratings, SourceRef};
use gridproof_model::result::{
    BudgetLine, CaseResult, CriterionResult, Distribution, Instant, Measurement, Series, TestResult,
};
use gridproof_model::verdict::{DecisionRule, Mark, Verdict};

pub fn limit(min: Option<f64>, max: Option<f64>, origin: &str) -> Limit {
    Limit {
        min,
        max,
        origin: origin.to_owned(),
        mark: Mark::S,
    }
}

pub fn measured(value: f64, u: f64, unit: &str) -> Measurement {
    let budget = [
        ("instrument gain", 0.4),
        ("sampling", 0.25),
        ("detection", 0.15),
    ];
    let budget = budget.map(|(source, part)| BudgetLine {
        source: source.to_owned(),
        distribution: Distribution::Normal,
        u: u * part,
    });
    Measurement {
        value,
        u,
        k: 2.0,
        unit: unit.to_owned(),
        budget: budget.to_vec(),
    }
}

/// A criterion with the verdict that the guard band gives: the sample plays the judge.
pub fn criterion(name: &str, value: f64, u: f64, unit: &str, limit: &Limit) -> CriterionResult {
    let below = limit.min.map(|min| value - min);
    let above = limit.max.map(|max| max - value);
    let margin = [below, above]
        .into_iter()
        .flatten()
        .fold(f64::INFINITY, f64::min);
    let verdict = if margin < -u {
        Verdict::Fail
    } else if margin < u {
        Verdict::Inconclusive
    } else {
        Verdict::Pass
    };
    CriterionResult {
        name: name.to_owned(),
        measured: Some(measured(value, u, unit)),
        limit: limit.clone(),
        decision: DecisionRule::GuardU,
        margin: Some(margin),
        verdict,
        note: String::new(),
    }
}

pub fn instant(name: &str, capture: &str, t_s: f64) -> Instant {
    Instant {
        name: name.to_owned(),
        capture: capture.to_owned(),
        t_s,
    }
}

pub fn series(name: &str, x_unit: &str, y_unit: &str, points: Vec<(f64, f64)>) -> Series {
    Series {
        name: name.to_owned(),
        x_unit: x_unit.to_owned(),
        y_unit: y_unit.to_owned(),
        points,
    }
}

pub fn case(dut: &str, test: &str, index: usize, label: &str, spec: CaseSpec) -> CaseResult {
    let ratings = Ratings {
        nominal_v: 230.0,
        nominal_hz: 50.0,
        rated_w: 5000.0,
        rated_va: 5000.0,
        rated_a: 21.7,
        rated_charge_w: 5000.0,
        rated_backup_w: 5000.0,
    };
    CaseResult {
        case: Case {
            id: format!("{dut}/{test}/{index}"),
            test: test.to_owned(),
            dut: dut.to_owned(),
            label: label.to_owned(),
            line: SourceRef {
                file: "test-plans/quickstart.yaml".to_owned(),
                line: 41,
                column: 5,
            },
            cites: Citation {
                standard: "AS/NZS 4777.2".to_owned(),
                edition: "2020".to_owned(),
                clause: "4.4".to_owned(),
            },
            decision: DecisionRule::GuardU,
            ratings,
            pv: None,
            spec,
        },
        verdict: Verdict::NotRun,
        reason: String::new(),
        criteria: vec![],
        informative: vec![],
        instants: vec![],
        series: vec![],
        recordings: vec![],
    }
}

/// Verdict and reason from the criteria.
pub fn conclude(mut case: CaseResult) -> CaseResult {
    case.verdict = Verdict::worst(case.criteria.iter().map(|criterion| criterion.verdict));
    if case.verdict != Verdict::Pass {
        let worst = case
            .criteria
            .iter()
            .max_by_key(|criterion| criterion.verdict);
        case.reason = worst
            .map(|criterion| {
                format!(
                    "{} {}",
                    criterion.name,
                    if case.verdict == Verdict::Fail {
                        "violates its limit"
                    } else {
                        "lies inside the guard band"
                    }
                )
            })
            .unwrap_or_default();
    }
    case
}

pub fn test(dut: &str, test: &str, title: &str, cases: Vec<CaseResult>) -> TestResult {
    TestResult {
        test: test.to_owned(),
        title: title.to_owned(),
        dut: dut.to_owned(),
        verdict: Verdict::worst(cases.iter().map(|case| case.verdict)),
        reason: String::new(),
        bench_s: 12.5 * cases.len() as f64,
        cases,
    }
}
