//! Volt-var and volt-watt.

use gridproof_measure::judge::open_loop::mra_time;
use gridproof_model::case::{
    CaseSpec, Curve, CurveKind, CurveStepCase, CurveSweepCase, Limit, OpenLoopStepCase,
};
use gridproof_model::grid_code::{CommenceComplete, CurveCriterion, CurveLimits, OpenLoop};
use gridproof_model::plan::CurveParams;

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
    let curve = curve(coded, kind, name, limits);
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
