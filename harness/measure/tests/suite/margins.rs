//! What holds of every verdict: the guard band is kept, worse is never better, and the worst
//! step is the one that is named.

use gridproof_measure::judge::judge_case;
use gridproof_model::capture::Capture;
use gridproof_model::case::{Case, CaseSpec, CurveKind, CurveSweepCase};
use gridproof_model::record::{CaseData, Reading};
use gridproof_model::result::CaseResult;
use gridproof_model::verdict::{DecisionRule, Verdict};
use proptest::prelude::*;

use super::bench::{case, data};
use super::islands::{Island, island_spec};
use super::responses::{Drm, Step, frequency_watt, volt_var, volt_watt};
use super::transfers::{Shape, spec as transfer_spec};
use super::trips::Trip;

fn judged(spec: CaseSpec, data: &CaseData, rule: DecisionRule) -> CaseResult {
    let case = Case {
        decision: rule,
        ..case(spec)
    };
    judge_case(&case, data)
}

/// How far inside its limit a value lies; computed here, not taken from the result.
fn room(value: f64, min: Option<f64>, max: Option<f64>) -> f64 {
    let below = max.map_or(f64::INFINITY, |max| max - value);
    let above = min.map_or(f64::INFINITY, |min| value - min);
    below.min(above)
}

/// What any verdict by the guard band must satisfy.
fn keeps_the_guard_band(spec: &CaseSpec, data: &CaseData) -> Result<(), TestCaseError> {
    for (rule, factor) in [
        (DecisionRule::Simple, 0.0),
        (DecisionRule::Guard083U, 0.83),
        (DecisionRule::GuardU, 1.0),
    ] {
        let result = judged(spec.clone(), data, rule);
        for c in &result.criteria {
            let Some(m) = &c.measured else {
                prop_assert!(c.verdict != Verdict::Pass, "{}", c.name);
                continue;
            };
            let inside = room(m.value, c.limit.min, c.limit.max);
            // A condition of validity is decided by its value alone, and never fails a DUT there.
            let guard = if c.decision == rule { factor } else { 0.0 } * m.u;
            if c.verdict == Verdict::Pass {
                prop_assert!(inside >= guard, "{}: {inside} of {guard}", c.name);
                prop_assert!(result.verdict != Verdict::Pass || inside >= -m.u);
            }
            if c.verdict == Verdict::Fail && c.decision == rule {
                prop_assert!(inside < -guard, "{}: {inside} of {guard}", c.name);
            }
        }
    }
    Ok(())
}

/// The stricter rule is never kinder.
fn stricter_is_not_kinder(spec: &CaseSpec, data: &CaseData) -> Result<(), TestCaseError> {
    let pass = |rule| judged(spec.clone(), data, rule).verdict == Verdict::Pass;
    let (simple, guard_083, guard) = (
        pass(DecisionRule::Simple),
        pass(DecisionRule::Guard083U),
        pass(DecisionRule::GuardU),
    );
    prop_assert!(!guard || guard_083);
    prop_assert!(!guard_083 || simple);
    Ok(())
}

fn one(capture: Capture) -> CaseData {
    data(vec![capture], Vec::new())
}

/// Readings of `y` pu per voltage.
fn readings(kind: CurveKind, voltages: &[f64], y: &[f64]) -> Vec<Reading> {
    (0_u32..)
        .zip(voltages)
        .zip(y)
        .map(|((step, &volts), &y)| {
            let (watts, vars) = match kind {
                CurveKind::VoltVar => (0.0, 3000.0 * y),
                CurveKind::VoltWatt | CurveKind::FrequencyWatt => (3000.0 * y, 0.0),
            };
            Reading {
                at_s: f64::from(step),
                label: "step".to_owned(),
                step,
                stimulus: volts,
                window_s: 1.0,
                volts,
                amps: 1.0,
                watts,
                vars,
                hz: 50.0,
            }
        })
        .collect()
}

fn sweep_spec(kind: CurveKind, voltages: &[f64]) -> CaseSpec {
    CaseSpec::CurveSweep(CurveSweepCase {
        curve: match kind {
            CurveKind::VoltVar => volt_var(),
            CurveKind::VoltWatt => volt_watt(),
            CurveKind::FrequencyWatt => frequency_watt(),
        },
        stimuli: voltages.to_vec(),
        dwell_s: 1.0,
        window_s: 1.0,
        power_w: 3000.0,
        told_response_s: None,
        held: None,
    })
}

fn kinds() -> impl Strategy<Value = CurveKind> {
    prop_oneof![Just(CurveKind::VoltVar), Just(CurveKind::VoltWatt)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_step_passes_beyond_its_guard_band(
        y1 in -0.8..0.3_f64, delay in -0.2..1.6_f64, tau in 0.02..6.0_f64, sigma in 0.0..0.4_f64, seed in any::<u64>(),
    ) {
        let step = Step { y1, delay, tau, sigma, seed, ..Step::default() };
        let data = one(step.capture());
        keeps_the_guard_band(&step.spec(), &data)?;
        stricter_is_not_kinder(&step.spec(), &data)?;
    }

    #[test]
    fn no_mode_passes_beyond_its_guard_band(
        after in -0.6..0.8_f64, before in 0.8..1.0_f64, delay in -0.1..3.0_f64, sigma in 0.0..0.4_f64, seed in any::<u64>(),
    ) {
        let drm = Drm { after, before, delay, sigma, seed, ..Drm::default() };
        let data = one(drm.capture());
        keeps_the_guard_band(&drm.spec(), &data)?;
        stricter_is_not_kinder(&drm.spec(), &data)?;
    }

    #[test]
    fn no_time_passes_beyond_its_guard_band(
        cut in prop_oneof![0.1..3.0_f64, 0.999..1.001_f64, 1.999..2.001_f64],
        gap in prop_oneof![1e-3..20e-3_f64, 9.98e-3..10.02e-3_f64],
        angle in 0.0..360.0_f64, sigma in 0.0..0.1_f64, seed in any::<u64>(),
    ) {
        let trip = Trip { cut, angle, sigma, seed, ..Trip::default() };
        let island = Island { cut, sigma, seed, ..Island::default() };
        let shape = Shape { gap, angle, sigma, seed, ..Shape::default() };
        for (spec, capture) in [
            (trip.spec(Some(1.0), 2.0), trip.capture()),
            (island_spec(2.0), island.capture()),
            (transfer_spec(0.010), shape.capture()),
        ] {
            let data = one(capture);
            keeps_the_guard_band(&spec, &data)?;
            stricter_is_not_kinder(&spec, &data)?;
        }
    }

    /// Later than the latest instant, by ever more: from pass over inconclusive to fail, never back.
    #[test]
    fn later_is_never_better(from in 1.2..2.2_f64, more in 0.0..0.6_f64, rule in 0_usize..3) {
        let rule = [DecisionRule::Simple, DecisionRule::Guard083U, DecisionRule::GuardU][rule];
        let trip = |cut: f64| {
            let trip = Trip { cut, rate: 10_000.0, ..Trip::default() };
            judged(trip.spec(Some(1.0), 2.0), &one(trip.capture()), rule).verdict
        };
        prop_assert!(trip(from + more) >= trip(from));
        let island = |cut: f64| judged(island_spec(2.0), &one(Island { cut, ..Island::default() }.capture()), rule).verdict;
        prop_assert!(island(from + more) >= island(from));
        let drm = |delay: f64| {
            let drm = Drm { delay, ..Drm::default() };
            judged(drm.spec(), &one(drm.capture()), rule).verdict
        };
        prop_assert!(drm(from + more) >= drm(from));
        let step = |delay: f64| {
            let step = Step { delay, ..Step::default() };
            judged(step.spec(), &one(step.capture()), rule).verdict
        };
        prop_assert!(step(from + more - 1.0) >= step(from - 1.0));
    }

    /// Further off the curve, or further above the level of a mode.
    #[test]
    fn further_off_is_never_better(from in 0.0..0.2_f64, more in 0.0..0.2_f64, rule in 0_usize..3) {
        let rule = [DecisionRule::Simple, DecisionRule::Guard083U, DecisionRule::GuardU][rule];
        let drm = |off: f64| {
            let drm = Drm { after: 0.48 + off, ..Drm::default() };
            judged(drm.spec(), &one(drm.capture()), rule).verdict
        };
        prop_assert!(drm(from + more) >= drm(from));
        let step = |off: f64| {
            let step = Step { y1: -0.6 + off, ..Step::default() };
            judged(step.spec(), &one(step.capture()), rule).verdict
        };
        prop_assert!(step(from + more) >= step(from));
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// The named step is the one whose room beyond the guard band is least among the worst
    /// verdicts, each step judged on its own.
    #[test]
    fn the_worst_step_is_the_one_named(
        kind in kinds(),
        off in proptest::collection::vec(-0.09..0.09_f64, 12),
        rule in 0_usize..3,
    ) {
        let rule = [DecisionRule::Simple, DecisionRule::Guard083U, DecisionRule::GuardU][rule];
        let voltages: Vec<f64> = (0..12_u8).map(|k| 203.0 + 5.3 * f64::from(k)).collect();
        let curve = match kind {
            CurveKind::VoltVar => volt_var(),
            CurveKind::VoltWatt => volt_watt(),
            CurveKind::FrequencyWatt => frequency_watt(),
        };
        let y: Vec<f64> = voltages.iter().zip(&off).map(|(&v, off)| curve.at(v) + off).collect();
        let run = |voltages: &[f64], y: &[f64]| {
            judged(sweep_spec(kind, voltages), &data(Vec::new(), readings(kind, voltages, y)), rule)
        };
        let corridor = |result: &CaseResult| result.criteria.iter().find(|c| c.name.ends_with("inside the corridor")).cloned().unwrap();
        let alone: Vec<_> = voltages.iter().zip(&y).map(|(&v, &y)| {
            let c = corridor(&run(&[v], &[y]));
            let m = c.measured.unwrap();
            (c.verdict, room(m.value, c.limit.min, c.limit.max) - rule.guard_factor() * m.u)
        }).collect();
        let worst = alone.iter().map(|a| a.0).max().unwrap();
        let least = (0..alone.len()).filter(|&k| alone[k].0 == worst).min_by(|&a, &b| alone[a].1.total_cmp(&alone[b].1)).unwrap();
        let whole = corridor(&run(&voltages, &y));
        prop_assert_eq!(whole.verdict, worst);
        prop_assert!(whole.note.starts_with(&format!("worst at step {least},")), "{} expected {least}", whole.note);
        keeps_the_guard_band(&sweep_spec(kind, &voltages), &data(Vec::new(), readings(kind, &voltages, &y)))?;
    }
}
