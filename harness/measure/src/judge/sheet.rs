//! The sheet a procedure writes on, and what makes it stop early.

use gridproof_model::case::{Case, Limit};
use gridproof_model::result::{CaseResult, CriterionResult, Instant, Measurement, Series};
use gridproof_model::verdict::{DecisionRule, Mark, Verdict};

use super::criterion;

/// A procedure cannot go on: the verdict this gives and why.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stop {
    pub(super) verdict: Verdict,
    pub(super) reason: String,
}

impl Stop {
    /// The record is missing or broken.
    pub(super) fn error(reason: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Error,
            reason: reason.into(),
        }
    }

    /// The record cannot support a verdict.
    pub(super) fn inconclusive(reason: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Inconclusive,
            reason: reason.into(),
        }
    }
}

/// Result of a procedure.
pub(super) type Judged = Result<(), Stop>;

/// A limit that belongs to the procedure itself.
pub(super) fn procedure_limit(min: Option<f64>, max: Option<f64>, origin: &str) -> Limit {
    Limit {
        min,
        max,
        origin: format!("procedure: {origin}"),
        mark: Mark::K,
    }
}

/// Collects criteria, figures, instants and series.
#[derive(Debug)]
pub(super) struct Sheet {
    rule: DecisionRule,
    /// The first part of the bench's own that it did not do.
    undone: Option<String>,
    criteria: Vec<CriterionResult>,
    informative: Vec<(String, Measurement)>,
    instants: Vec<Instant>,
    series: Vec<Series>,
}

impl Sheet {
    pub(super) fn new(rule: DecisionRule) -> Self {
        Self {
            rule,
            undone: None,
            criteria: Vec::new(),
            informative: Vec::new(),
            instants: Vec::new(),
            series: Vec::new(),
        }
    }

    /// A criterion decided by the case's rule; `note` is added to the decision's own.
    pub(super) fn criterion(
        &mut self,
        name: &str,
        limit: &Limit,
        value: Measurement,
        note: &str,
    ) -> Verdict {
        let mut result = criterion::measured(name, limit.clone(), self.rule, value);
        result.note = join(&result.note, note);
        let verdict = result.verdict;
        self.criteria.push(result);
        verdict
    }

    /// As [`Sheet::criterion`], for a time at which a level was reached: while `open`, the
    /// uncertainty of the level keeps a fail from being certain.
    pub(super) fn criterion_unless_open(
        &mut self,
        name: &str,
        limit: &Limit,
        value: Measurement,
        open: bool,
    ) {
        let mut result = criterion::measured(name, limit.clone(), self.rule, value);
        if result.verdict == Verdict::Fail && open {
            result.verdict = Verdict::Inconclusive;
            result.note = "within the uncertainty of the level it is reached in time".to_owned();
        }
        self.criteria.push(result);
    }

    /// A condition of validity: the value alone decides (its interval is reported), and not
    /// meeting it gives `otherwise` with the sentence `why`.
    pub(super) fn condition(
        &mut self,
        name: &str,
        limit: Limit,
        value: Measurement,
        otherwise: Verdict,
        why: &str,
    ) -> Verdict {
        let mut result = criterion::measured(name, limit, DecisionRule::Simple, value);
        if result.verdict == Verdict::Fail {
            result.verdict = otherwise;
            result.note = join(why, &result.note);
        }
        let verdict = result.verdict;
        self.criteria.push(result);
        verdict
    }

    /// A condition that is the bench's own to meet: a source, S1, a load, a chamber. Not met, the case is
    /// not what it says it is, and nothing that the DUT did in it counts against the DUT.
    pub(super) fn bench_condition(
        &mut self,
        name: &str,
        limit: Limit,
        value: Measurement,
        why: &str,
    ) {
        let verdict = self.condition(name, limit, value, Verdict::Inconclusive, why);
        if verdict != Verdict::Pass && self.undone.is_none() {
            self.undone = Some(name.to_owned());
        }
    }

    /// A criterion for which nothing could be measured.
    pub(super) fn unmeasured(
        &mut self,
        name: &str,
        limit: &Limit,
        verdict: Verdict,
        note: impl Into<String>,
    ) {
        self.criteria.push(criterion::unmeasured(
            name,
            limit.clone(),
            self.rule,
            verdict,
            note.into(),
        ));
    }

    /// A criterion that was decided elsewhere.
    pub(super) fn push(&mut self, result: CriterionResult) {
        self.criteria.push(result);
    }

    pub(super) fn rule(&self) -> DecisionRule {
        self.rule
    }

    pub(super) fn inform(&mut self, name: &str, value: Measurement) {
        if value.value.is_finite() && value.u.is_finite() {
            self.informative.push((name.to_owned(), value));
        }
    }

    pub(super) fn instant(&mut self, name: &str, capture: &str, t_s: f64) {
        self.instants.push(Instant {
            name: name.to_owned(),
            capture: capture.to_owned(),
            t_s,
        });
    }

    pub(super) fn series(
        &mut self,
        name: &str,
        x_unit: &str,
        y_unit: &str,
        points: Vec<(f64, f64)>,
    ) {
        self.series.push(Series {
            name: name.to_owned(),
            x_unit: x_unit.to_owned(),
            y_unit: y_unit.to_owned(),
            points,
        });
    }

    /// Adds the stop as a criterion of its own.
    pub(super) fn stop(&mut self, name: &str, verdict: Verdict, reason: impl Into<String>) {
        let limit = procedure_limit(None, None, name);
        self.criteria.push(CriterionResult {
            name: name.to_owned(),
            measured: None,
            limit,
            decision: self.rule,
            margin: None,
            verdict,
            note: reason.into(),
        });
    }

    /// The judged case: worst of the criteria, reason from the first that is as bad.
    pub(super) fn finish(mut self, case: &Case) -> CaseResult {
        if let Some(undone) = &self.undone {
            let failed = |c: &&mut CriterionResult| c.verdict == Verdict::Fail;
            for criterion in self.criteria.iter_mut().filter(failed) {
                criterion.verdict = Verdict::Inconclusive;
                let note = format!("not counted against the DUT: {undone} not as in the case");
                criterion.note = join(&criterion.note, &note);
            }
        }
        let verdict = Verdict::worst(self.criteria.iter().map(|c| c.verdict));
        let reason = if verdict == Verdict::Pass {
            String::new()
        } else {
            self.criteria
                .iter()
                .find(|c| c.verdict == verdict)
                .map_or_else(|| "nothing was judged".to_owned(), sentence)
        };
        CaseResult {
            case: case.clone(),
            verdict,
            reason,
            criteria: self.criteria,
            informative: self.informative,
            instants: self.instants,
            series: self.series,
            recordings: Vec::new(),
        }
    }
}

fn join(a: &str, b: &str) -> String {
    match (a.is_empty(), b.is_empty()) {
        (_, true) => a.to_owned(),
        (true, false) => b.to_owned(),
        (false, false) => format!("{a}; {b}"),
    }
}

/// `run-on time: 2.134 s ± 0.4 ms, allowed ≤ 2.000 s; note`.
fn sentence(c: &CriterionResult) -> String {
    let Some(m) = &c.measured else {
        return format!("{}: {}", c.name, c.note);
    };
    let value = |x: f64| super::text::value(x, &m.unit);
    let allowed = match (c.limit.min, c.limit.max) {
        (Some(min), Some(max)) => format!(", allowed {} to {}", value(min), value(max)),
        (Some(min), None) => format!(", allowed ≥ {}", value(min)),
        (None, Some(max)) => format!(", allowed ≤ {}", value(max)),
        (None, None) => String::new(),
    };
    join(
        &format!("{}: {} ± {}{allowed}", c.name, value(m.value), value(m.u)),
        &c.note,
    )
}
