//! The decision: a measured interval against a limit.

use gridproof_model::case::Limit;
use gridproof_model::result::{CriterionResult, Measurement};
use gridproof_model::verdict::{DecisionRule, Mark, Verdict};

/// Verdict and margin of `measured` against `limit`, and why when it is not plain.
///
/// The guard band is the rule's factor × U. The whole guarded interval inside: pass; wholly
/// outside: fail; straddling: inconclusive. A limit marked `?` gives neither pass nor fail, a
/// limit without bounds neither, and a value that is not a number is an error.
pub fn decide(
    limit: &Limit,
    rule: DecisionRule,
    measured: &Measurement,
) -> (Verdict, Option<f64>, String) {
    if !measured.value.is_finite() || !measured.u.is_finite() || measured.u < 0.0 {
        return (
            Verdict::Error,
            None,
            "the measured value or its uncertainty is not a number".to_owned(),
        );
    }
    if [limit.min, limit.max]
        .into_iter()
        .flatten()
        .any(f64::is_nan)
    {
        return (Verdict::Error, None, "the limit is not a number".to_owned());
    }
    let below = limit.max.map(|max| max - measured.value);
    let above = limit.min.map(|min| measured.value - min);
    let margin = match (below, above) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let Some(margin) = margin else {
        return (
            Verdict::Inconclusive,
            None,
            "there is no limit to decide against".to_owned(),
        );
    };
    if limit.mark == Mark::Unconfirmed {
        let note = format!(
            "limit is unconfirmed ({}): informs, does not decide",
            limit.origin
        );
        return (Verdict::Inconclusive, Some(margin), note);
    }
    let guard = rule.guard_factor() * measured.u;
    let outside = |side: Option<f64>| side.is_some_and(|distance| distance < -guard);
    if margin >= guard {
        (Verdict::Pass, Some(margin), String::new())
    } else if margin < 0.0 && (outside(below) || outside(above)) {
        (Verdict::Fail, Some(margin), String::new())
    } else {
        let note = format!(
            "the limit lies inside the guard band of ±{}",
            super::text::value(guard, &measured.unit)
        );
        (Verdict::Inconclusive, Some(margin), note)
    }
}

/// A criterion with its decision.
pub fn measured(
    name: &str,
    limit: Limit,
    rule: DecisionRule,
    value: Measurement,
) -> CriterionResult {
    let (verdict, margin, note) = decide(&limit, rule, &value);
    CriterionResult {
        name: name.to_owned(),
        measured: Some(value),
        limit,
        decision: rule,
        margin,
        verdict,
        note,
    }
}

/// A criterion without a value. A formal pass or fail of an unconfirmed limit becomes
/// inconclusive; a pass is never given.
pub fn unmeasured(
    name: &str,
    limit: Limit,
    rule: DecisionRule,
    verdict: Verdict,
    note: String,
) -> CriterionResult {
    let (verdict, note) = match (limit.mark, verdict) {
        (_, Verdict::Pass) => (Verdict::Inconclusive, note),
        (Mark::Unconfirmed, Verdict::Fail) => (
            Verdict::Inconclusive,
            format!("{note} (the limit is unconfirmed: {})", limit.origin),
        ),
        (_, verdict) => (verdict, note),
    };
    CriterionResult {
        name: name.to_owned(),
        measured: None,
        limit,
        decision: rule,
        margin: None,
        verdict,
        note,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(min: Option<f64>, max: Option<f64>, value: f64, u: f64, rule: DecisionRule) -> Verdict {
        let limit = Limit {
            min,
            max,
            origin: "test".to_owned(),
            mark: Mark::S,
        };
        let value = Measurement {
            value,
            u,
            k: 2.0,
            unit: "s".to_owned(),
            budget: Vec::new(),
        };
        decide(&limit, rule, &value).0
    }

    #[test]
    fn intervals() {
        use DecisionRule::{Guard083U, GuardU, Simple};
        use Verdict::{Error, Fail, Inconclusive, Pass};
        assert_eq!(case(None, Some(10.0), 9.0, 1.0, GuardU), Pass);
        assert_eq!(case(None, Some(10.0), 9.1, 1.0, GuardU), Inconclusive);
        assert_eq!(case(None, Some(10.0), 9.1, 1.0, Guard083U), Pass);
        assert_eq!(case(None, Some(10.0), 10.9, 1.0, GuardU), Inconclusive);
        assert_eq!(case(None, Some(10.0), 11.1, 1.0, GuardU), Fail);
        assert_eq!(case(None, Some(10.0), 10.01, 1.0, Simple), Fail);
        assert_eq!(case(None, Some(10.0), 10.0, 1.0, Simple), Pass);
        assert_eq!(case(Some(1.0), Some(2.0), 1.5, 0.6, GuardU), Inconclusive);
        assert_eq!(case(Some(1.0), Some(2.0), 0.3, 0.6, GuardU), Fail);
        assert_eq!(case(Some(1.0), Some(2.0), 1.5, 0.4, GuardU), Pass);
        assert_eq!(case(None, None, 1.5, 0.4, GuardU), Inconclusive);
        assert_eq!(case(None, Some(1.0), f64::NAN, 0.4, GuardU), Error);
        assert_eq!(case(None, Some(1.0), 0.5, f64::INFINITY, GuardU), Error);
        // A negative U would widen the limit.
        assert_eq!(case(None, Some(1.0), 1.5, -1.0, GuardU), Error);
        assert_eq!(case(None, Some(f64::NAN), 0.5, 0.1, GuardU), Error);
        assert_eq!(case(Some(f64::NAN), Some(1.0), 0.5, 0.1, GuardU), Error);
    }

    #[test]
    fn nothing_measured_is_never_a_pass() {
        let limit = |mark| Limit {
            min: None,
            max: Some(1.0),
            origin: "test".to_owned(),
            mark,
        };
        let of = |mark, verdict| {
            unmeasured(
                "x",
                limit(mark),
                DecisionRule::Simple,
                verdict,
                String::new(),
            )
            .verdict
        };
        assert_eq!(of(Mark::S, Verdict::Pass), Verdict::Inconclusive);
        assert_eq!(of(Mark::S, Verdict::Fail), Verdict::Fail);
        assert_eq!(of(Mark::Unconfirmed, Verdict::Fail), Verdict::Inconclusive);
        assert_eq!(of(Mark::Unconfirmed, Verdict::Error), Verdict::Error);
    }
}
