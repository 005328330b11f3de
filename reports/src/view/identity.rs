//! The front matter: what ISO/IEC 17025, 7.8.2 asks a report to state.

use gridproof_model::event::RunOutcome;
use gridproof_model::result::RunResults;
use gridproof_model::verdict::DecisionRule;
use serde::Serialize;

use crate::info::{BenchKind, DutInfo, RunInfo};
use crate::number::duration;

/// Words for what the run does not know.
const NOT_STATED: &str = "not stated";

/// A name and its value.
#[derive(Debug, Serialize)]
pub(crate) struct Fact {
    name: String,
    value: String,
}

impl Fact {
    pub(crate) fn new(name: impl Into<String>, value: impl Into<String>) -> Fact {
        Fact {
            name: name.into(),
            value: value.into(),
        }
    }
}

/// An item under test.
#[derive(Debug, Serialize)]
pub(crate) struct Item {
    id: String,
    name: String,
    manual: String,
    specimen: String,
    sha256: String,
}

/// An instrument.
#[derive(Debug, Serialize)]
pub(crate) struct Instrument {
    role: String,
    identity: String,
    accuracy: Vec<String>,
    calibration: String,
}

pub(crate) fn completed(info: &RunInfo) -> bool {
    match info.outcome {
        RunOutcome::Completed => true,
        RunOutcome::Aborted | RunOutcome::LeftEnergised => false,
    }
}

pub(crate) fn outcome(info: &RunInfo) -> &'static str {
    match info.outcome {
        RunOutcome::Completed => "completed; every output proven off",
        RunOutcome::Aborted => {
            "ABORTED by the operator; the results are incomplete, the bench is safe"
        }
        RunOutcome::LeftEnergised => "LEFT ENERGISED: at least one output could not be proven off",
    }
}

pub(crate) fn facts(info: &RunInfo) -> Vec<Fact> {
    let or = |value: &Option<String>| value.clone().unwrap_or_else(|| NOT_STATED.to_owned());
    let (clock, environment) = match info.bench.kind {
        BenchKind::Emulated => ("virtual bench time", "emulated bench"),
        BenchKind::Real => ("bench time", "real bench"),
    };
    vec![
        Fact::new("Report", &info.report_id),
        Fact::new("Laboratory", or(&info.laboratory)),
        Fact::new("Customer", or(&info.customer)),
        Fact::new(
            "Method",
            format!("plan {} ({})", info.plan.name, info.plan.file),
        ),
        Fact::new("SHA-256 of the plan", &info.plan.sha256),
        Fact::new("Environment", format!("{environment}: {}", info.bench.name)),
        Fact::new("Ambient conditions", or(&info.conditions)),
        Fact::new("Started", &info.started_at),
        Fact::new(
            "Duration",
            format!(
                "{} {clock}, {} elapsed",
                duration(info.bench_s),
                duration(info.wall_s)
            ),
        ),
        Fact::new("Operator", or(&info.operator)),
        Fact::new("Software", &info.software),
        Fact::new("Seed", info.seed.to_string()),
        Fact::new("Authorised by", or(&info.authorised_by)),
    ]
}

pub(crate) fn items(info: &RunInfo) -> Vec<Item> {
    info.duts
        .iter()
        .map(|dut| Item {
            id: dut.id.clone(),
            name: full_name(dut),
            manual: dut.manual.clone(),
            specimen: dut
                .specimen
                .clone()
                .unwrap_or_else(|| match info.bench.kind {
                    BenchKind::Emulated => {
                        "emulated from its profile, no physical specimen".to_owned()
                    }
                    BenchKind::Real => NOT_STATED.to_owned(),
                }),
            sha256: dut.sha256.clone(),
        })
        .collect()
}

pub(crate) fn grid_codes(info: &RunInfo) -> Vec<Fact> {
    info.grid_codes
        .iter()
        .map(|code| Fact::new(&code.id, format!("{} {}", code.title, code.sha256)))
        .collect()
}

pub(crate) fn instruments(info: &RunInfo) -> Vec<Instrument> {
    info.bench
        .instruments
        .iter()
        .map(|instrument| Instrument {
            role: instrument.role.clone(),
            identity: instrument.identity.clone(),
            accuracy: instrument.accuracy.clone(),
            calibration: instrument
                .calibration
                .clone()
                .unwrap_or_else(|| match info.bench.kind {
                    BenchKind::Emulated => "not applicable (emulated)".to_owned(),
                    BenchKind::Real => NOT_STATED.to_owned(),
                }),
        })
        .collect()
}

/// The decision rules that occur, with their risk.
pub(crate) fn rules(results: &RunResults) -> Vec<Fact> {
    let used: Vec<DecisionRule> = results
        .tests
        .iter()
        .flat_map(|test| &test.cases)
        .flat_map(|case| &case.criteria)
        .map(|criterion| criterion.decision)
        .collect();
    [
        DecisionRule::Simple,
        DecisionRule::GuardU,
        DecisionRule::Guard083U,
    ]
    .into_iter()
    .filter(|rule| used.contains(rule))
    .map(|rule| Fact::new(rule_name(rule), rule_risk(rule)))
    .collect()
}

/// Name of a decision rule in tables.
pub(crate) fn rule_name(rule: DecisionRule) -> &'static str {
    match rule {
        DecisionRule::Simple => "simple acceptance",
        DecisionRule::GuardU => "guard band U",
        DecisionRule::Guard083U => "guard band 0.83 U",
    }
}

fn rule_risk(rule: DecisionRule) -> &'static str {
    match rule {
        DecisionRule::Simple => {
            "the measured value alone decides (shared risk, false acceptance up to 50 % at the limit); U is stated"
        }
        DecisionRule::GuardU => {
            "pass only if value ± U satisfies the limit, fail only if value ± U violates it, otherwise inconclusive \
             (false acceptance below 2.5 %)"
        }
        DecisionRule::Guard083U => "as guard band U with 0.83 U (false acceptance below 5 %)",
    }
}

/// `Manufacturer Model` of the DUT `id`, or the id.
pub(crate) fn dut_name(info: &RunInfo, id: &str) -> String {
    info.duts
        .iter()
        .find(|dut| dut.id == id)
        .map_or_else(|| id.to_owned(), full_name)
}

fn full_name(dut: &DutInfo) -> String {
    format!("{} {}", dut.manufacturer, dut.model)
        .trim()
        .to_owned()
}
