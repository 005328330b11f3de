//! Volt-var and volt-watt.

use gridproof_model::case::{CaseSpec, Curve, CurveKind, CurveStepCase, CurveSweepCase, Limit};
use gridproof_model::plan::CurveParams;

use super::{Coded, Expansion, Problem, number};

/// Recorded beyond the latest permitted completion, so that "and stays there" can be seen, s.
const BEYOND_S: f64 = 5.0;

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
    let curve = Curve {
        kind,
        points: limits
            .points
            .iter()
            .map(|(volts, level)| (volts.0, level.0))
            .collect(),
        tolerance_pu: limits.tolerance.0,
        tolerance_v: limits.voltage_tolerance.0,
        origin: coded.origin(name, &limits.clause),
        mark: limits.mark,
    };
    let timing = |max: f64, what: &str| Limit {
        min: None,
        max: Some(max),
        origin: coded.origin(&format!("{name} {what}"), &limits.clause),
        mark: limits.timing_mark,
    };
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
        }),
    )];
    for (from, to) in &params.steps {
        cases.push((
            format!("step {} V to {} V", number(from.0), number(to.0)),
            CaseSpec::CurveStep(CurveStepCase {
                curve: curve.clone(),
                from_v: from.0,
                to_v: to.0,
                observe_s: limits.complete_max.0 + BEYOND_S,
                power_w,
                commence: timing(limits.commence_max.0, "commencement"),
                complete: timing(limits.complete_max.0, "completion"),
            }),
        ));
    }
    Ok(Expansion::Cases(cases))
}
