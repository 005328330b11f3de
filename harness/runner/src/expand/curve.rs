//! Volt-var and volt-watt.

use gridproof_measure::judge::open_loop::mra_time;
use gridproof_model::case::{
    CaseSpec, Curve, CurveKind, CurveStepCase, CurveSweepCase, Limit, OpenLoopStepCase,
};
use gridproof_model::grid_code::{CommenceComplete, CurveCriterion, CurveLimits, OpenLoop};
use gridproof_model::plan::CurveParams;
use gridproof_model::quantity::Ratio;

use super::{Coded, Expansion, Problem, number};

/// Recorded beyond the latest permitted completion, so that "and stays there" can be seen, s.
const BEYOND_S: f64 = 5.0;
/// Recorded after a step, in open-loop response times (IEEE 1547.1-2020 clause 4.2).
const OBSERVED_RESPONSES: f64 = 4.0;

pub(super) fn expand(
    coded: &Coded<'_>,
    kind: CurveKind,
    params: &CurveParams,
) -> Result<Expansion, Problem> {
    let (name, limits) = match kind {
        CurveKind::VoltVar => ("volt-var", coded.code.volt_var.as_ref()),
        CurveKind::VoltWatt => ("volt-watt", coded.code.volt_watt.as_ref()),
    };
    let limits = limits.ok_or_else(|| coded.lacks(&format!("{name} curve")))?;
    let power_w = params.power.resolve(coded.dut.ratings.power.0);
    let plain = curve(coded, kind, name, limits);
    let curve = within_rating(coded, limits, plain, power_w);
    let mut cases = vec![(
        format!(
            "stair of {} V to {} V",
            number(params.voltages.from.0),
            number(params.voltages.to.0)
        ),
        CaseSpec::CurveSweep(CurveSweepCase {
            curve: curve.clone(),
            voltages_v: params.voltages.expand(),
            dwell_s: params.dwell.0,
            window_s: params.window.0,
            power_w,
            told_response_s: None,
        }),
    )];
    for (from, to) in &params.steps {
        let stimulus = (curve.clone(), from.0, to.0, power_w);
        let spec = match &limits.criterion {
            CurveCriterion::CommenceComplete(times) => {
                CaseSpec::CurveStep(commence_complete(coded, name, limits, times, stimulus))
            }
            CurveCriterion::OpenLoop(response) => {
                CaseSpec::OpenLoopStep(open_loop(coded, name, limits, response, stimulus))
            }
        };
        cases.push((
            format!("step {} V to {} V", number(from.0), number(to.0)),
            spec,
        ));
    }
    Ok(Expansion::Cases(cases))
}

/// The curve of a grid code with its corridor; `name` is what it is called in the origin.
pub(super) fn curve(coded: &Coded<'_>, kind: CurveKind, name: &str, limits: &CurveLimits) -> Curve {
    let (tolerance_pu, tolerance_v) = match &limits.criterion {
        CurveCriterion::CommenceComplete(times) => (times.tolerance.0, times.voltage_tolerance.0),
        CurveCriterion::OpenLoop(response) => (
            response.accuracy_multiple * response.power_accuracy.0,
            response.accuracy_multiple * response.voltage_accuracy.0 * coded.code.nominal.voltage.0,
        ),
    };
    let own = match kind {
        CurveKind::VoltVar => Some(limits),
        CurveKind::VoltWatt => coded.code.volt_var.as_ref(),
    };
    Curve {
        kind,
        points: limits
            .points
            .iter()
            .map(|(volts, level)| (volts.0, level.0))
            .collect(),
        tolerance_pu,
        tolerance_v,
        reactive_pu: Some(reactive(own) + tolerance_pu),
        origin: coded.origin(name, &limits.clause),
        mark: limits.mark,
    }
}

/// Largest |Q| that the code's volt-var curve asks for, pu; it may be on while volt-watt is tested.
fn reactive(volt_var: Option<&CurveLimits>) -> f64 {
    volt_var
        .iter()
        .flat_map(|limits| &limits.points)
        .map(|point| point.1.0.abs())
        .fold(0.0, f64::max)
}

/// The curve a DUT is held to that is rated for less reactive power than the code's curve asks:
/// its rating, but no less than the code's least capability at the active power of the test
/// (AS/NZS 4777.2:2020 clause 3.3.2.3: reactive power has priority, so that is bounded by what the
/// curve's largest Q leaves of the apparent power).
fn within_rating(coded: &Coded<'_>, limits: &CurveLimits, curve: Curve, power_w: f64) -> Curve {
    let ratings = &coded.dut.ratings;
    let (Some(rated), false) = (
        ratings.reactive_power,
        limits.reactive_capability.is_empty(),
    ) else {
        return curve;
    };
    let asked = reactive(Some(limits));
    let left = (1.0 - asked * asked).max(0.0).sqrt();
    let active = (power_w / ratings.apparent_power.0).min(left);
    let most = rated
        .0
        .max(least_capability(&limits.reactive_capability, active));
    if curve.kind != CurveKind::VoltVar || most >= asked {
        return curve;
    }
    let origin = format!(
        "{}, |Q| to {} % as the DUT is rated",
        curve.origin,
        number(100.0 * most)
    );
    Curve {
        origin,
        ..curve.clipped(most)
    }
}

/// Least |Q| at `active` power, both pu; nothing is asked for below the first point.
fn least_capability(points: &[(Ratio, Ratio)], active: f64) -> f64 {
    let after = points.partition_point(|point| point.0.0 <= active);
    match (after.checked_sub(1).map(|k| points[k]), points.get(after)) {
        (None, _) => 0.0,
        (Some((_, last)), None) => last.0,
        (Some((p0, q0)), Some((p1, q1))) => q0.0 + (q1.0 - q0.0) * (active - p0.0) / (p1.0 - p0.0),
    }
}

/// Curve, voltage before and after, power.
type Stimulus = (Curve, f64, f64, f64);

fn commence_complete(
    coded: &Coded<'_>,
    name: &str,
    limits: &CurveLimits,
    times: &CommenceComplete,
    (curve, from_v, to_v, power_w): Stimulus,
) -> CurveStepCase {
    let timing = |max: f64, what: &str| Limit {
        min: None,
        max: Some(max),
        origin: coded.origin(&format!("{name} {what}"), &limits.clause),
        mark: limits.timing_mark,
    };
    CurveStepCase {
        curve,
        from_v,
        to_v,
        observe_s: times.complete_max.0 + BEYOND_S,
        power_w,
        commence: timing(times.commence_max.0, "commencement"),
        complete: timing(times.complete_max.0, "completion"),
    }
}

fn open_loop(
    coded: &Coded<'_>,
    name: &str,
    limits: &CurveLimits,
    response: &OpenLoop,
    (curve, from_v, to_v, power_w): Stimulus,
) -> OpenLoopStepCase {
    let response_s = response.response_time.0;
    let accuracy_s = mra_time(response_s, coded.code.nominal.frequency.0);
    OpenLoopStepCase {
        curve,
        from_v,
        to_v,
        observe_s: OBSERVED_RESPONSES * response_s,
        power_w,
        response_s,
        tolerance_s: response.accuracy_multiple * accuracy_s,
        response_origin: coded.origin(&format!("{name} open-loop response time"), &limits.clause),
        response_mark: limits.timing_mark,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn least_capability_between_and_beyond_its_points() {
        let points = [(0.2, 0.44), (0.6, 0.44), (0.8, 0.6)].map(|(p, q)| (Ratio(p), Ratio(q)));
        for (active, want) in [
            (0.1, 0.0),
            (0.2, 0.44),
            (0.5, 0.44),
            (0.7, 0.52),
            (1.0, 0.6),
        ] {
            assert!(
                (least_capability(&points, active) - want).abs() < 1e-12,
                "{active}"
            );
        }
        assert_eq!(least_capability(&[], 0.5), 0.0);
    }
}
