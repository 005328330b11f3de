//! What the judge says: plain data, the only input of every report besides the record.

use serde::{Deserialize, Serialize};

use crate::case::{Case, Limit};
use crate::verdict::{DecisionRule, Verdict};

/// Version of `results.json`.
pub const RESULTS_FORMAT: u32 = 1;

/// Coverage factor of a normal distribution for 95.45 %.
pub const NORMAL_COVERAGE: f64 = 2.0;

/// How a contribution to an uncertainty is distributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Distribution {
    /// Normal, with standard deviation u.
    #[default]
    Normal,
    /// Anywhere within ±√3 u.
    Rectangular,
}

/// One line of an uncertainty budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BudgetLine {
    /// Source of the contribution: `sampling`, `instrument gain`…
    pub source: String,
    /// How it is distributed.
    #[serde(default)]
    pub distribution: Distribution,
    /// Standard uncertainty in the unit of the measurement.
    pub u: f64,
}

/// A measured value with its expanded uncertainty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Value in `unit`.
    pub value: f64,
    /// Expanded uncertainty: `k` times the root of the sum of the squares of the lines of `budget`.
    pub u: f64,
    /// Coverage factor for 95.45 %: 2, or as little as 1.65 where one bound outweighs all else.
    #[serde(default = "normal_coverage")]
    pub k: f64,
    /// Unit symbol: `s`, `V`, `%`, `Hz`…
    pub unit: String,
    /// Where U comes from.
    pub budget: Vec<BudgetLine>,
}

/// Results of before the factor was stated have 2.
fn normal_coverage() -> f64 {
    NORMAL_COVERAGE
}

/// One criterion of a case and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CriterionResult {
    /// `run-on time`, `transfer time (M2)`, `Q inside the corridor`…
    pub name: String,
    /// What was measured; `None` when nothing could be (the note says why).
    pub measured: Option<Measurement>,
    /// Against what.
    pub limit: Limit,
    /// By which rule.
    pub decision: DecisionRule,
    /// Distance from the value to the nearer limit in the measurement's unit, negative outside.
    pub margin: Option<f64>,
    /// Verdict.
    pub verdict: Verdict,
    /// Where the worst margin lies, or why there is no value.
    pub note: String,
}

/// A found instant, for cursors on plots.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instant {
    /// `S1 opens`, `current ceases`…
    pub name: String,
    /// Capture it belongs to.
    pub capture: String,
    /// Seconds from the capture's first sample.
    pub t_s: f64,
}

/// A derived series for plots: a response over time, points on a curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// `P`, `Q`, `measured`…
    pub name: String,
    /// Unit of x: `s`, `V`, `°C`.
    pub x_unit: String,
    /// Unit of y: `W`, `var`, `pu`.
    pub y_unit: String,
    /// (x, y).
    pub points: Vec<(f64, f64)>,
}

/// The judged case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseResult {
    /// The case with its resolved numbers.
    pub case: Case,
    /// Worst of the criteria.
    pub verdict: Verdict,
    /// Why, in one sentence, when the verdict is not a plain pass.
    pub reason: String,
    /// Criteria in the order of the procedure.
    pub criteria: Vec<CriterionResult>,
    /// Additional figures without a limit.
    pub informative: Vec<(String, Measurement)>,
    /// Instants found.
    pub instants: Vec<Instant>,
    /// Series for plots.
    pub series: Vec<Series>,
    /// Files under `recordings/` the case stands on.
    pub recordings: Vec<String>,
}

/// The judged test on one DUT.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestResult {
    /// Identifier in the plan.
    pub test: String,
    /// Title in the plan.
    pub title: String,
    /// DUT profile.
    pub dut: String,
    /// Worst of the cases.
    pub verdict: Verdict,
    /// Reason when not applicable or not run.
    pub reason: String,
    /// Cases; empty when not applicable.
    pub cases: Vec<CaseResult>,
    /// Bench time the test took, s.
    pub bench_s: f64,
}

/// `results.json`: the judged run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunResults {
    /// [`RESULTS_FORMAT`].
    pub format: u32,
    /// Name of the plan.
    pub plan: String,
    /// Worst of the tests.
    pub verdict: Verdict,
    /// Tests in plan order, DUT by DUT.
    pub tests: Vec<TestResult>,
}
