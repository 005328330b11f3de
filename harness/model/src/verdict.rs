//! Verdicts, decision rules, and how several become one.

use serde::{Deserialize, Serialize};

/// The verdict of a criterion, a case, a test or a run. Ordered: the worst is the greatest.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The DUT's documents do not state what the test is about; the reason is recorded.
    NotApplicable,
    /// The whole interval value ± U satisfies the criterion (or the value, by the simple rule).
    Pass,
    /// Inside the guard band, or the bench cannot support the limit.
    Inconclusive,
    /// Planned but not started.
    NotRun,
    /// Stopped by the operator.
    Aborted,
    /// An instrument, a link or the record failed; says nothing about the DUT.
    Error,
    /// The DUT does not satisfy the criterion.
    Fail,
}

impl Verdict {
    /// The worst of several verdicts; [`Verdict::NotRun`] of none, since missing data is never a pass.
    pub fn worst(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
        verdicts.into_iter().max().unwrap_or(Verdict::NotRun)
    }

    /// The word used in files and on the terminal.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::NotApplicable => "not-applicable",
            Verdict::Pass => "pass",
            Verdict::Inconclusive => "inconclusive",
            Verdict::NotRun => "not-run",
            Verdict::Aborted => "aborted",
            Verdict::Error => "error",
            Verdict::Fail => "fail",
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}

/// How measurement uncertainty enters the decision (ISO/IEC 17025 clause 7.8.6, ILAC-G8).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum DecisionRule {
    /// The measured value alone decides; U is reported.
    Simple,
    /// Pass only if value ± U lies inside; fail only if it lies outside; between: inconclusive.
    #[default]
    GuardU,
    /// As `guard-u` with a guard band of 0.83 U (one-sided 95 %).
    #[serde(rename = "guard-083-u")]
    Guard083U,
}

impl DecisionRule {
    /// Width of the guard band as a multiple of U.
    pub fn guard_factor(self) -> f64 {
        match self {
            DecisionRule::Simple => 0.0,
            DecisionRule::GuardU => 1.0,
            DecisionRule::Guard083U => 0.83,
        }
    }
}

/// How well a limit is founded. A limit marked [`Mark::Unconfirmed`] gives no formal verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Mark {
    /// Taken from a named public source.
    S,
    /// Checked numerically.
    #[serde(rename = "v")]
    Verified,
    /// Known to practitioners, not re-checked against the text.
    K,
    /// Uncertain: may inform, may not decide.
    #[serde(rename = "?")]
    Unconfirmed,
}
