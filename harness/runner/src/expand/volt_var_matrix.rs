//! Volt-var with curves that the DUT is told: every combination of characteristic, power and
//! reference voltage, at the voltages around the corners (IEEE 1547.1-2020 clause 5.14.4).

use gridproof_model::case::{CaseSpec, Curve, CurveKind, CurveSweepCase};
use gridproof_model::dut::InterfaceProtocol;
use gridproof_model::grid_code::{CurveCriterion, CurveLimits, OpenLoop};
use gridproof_model::located::Located;
use gridproof_model::plan::VoltVarMatrixParams;

use super::{Coded, Expansion, Problem, curve, number};

/// Held at each voltage, and left before the steady state counts, in open-loop response times
/// (IEEE 1547.1-2020 clause 4.2).
const DWELL_RESPONSES: f64 = 4.0;
const UNSETTLED_RESPONSES: f64 = 2.0;

pub(super) fn expand(
    coded: &Coded<'_>,
    params: &VoltVarMatrixParams,
) -> Result<Expansion, Problem> {
    can_be_told(coded)?;
    let nominal_v = coded.code.nominal.voltage.0;
    let range = (params.range.0.0, params.range.1.0);
    let mut cases = Vec::new();
    for name in &params.characteristics {
        let (limits, response) = characteristic(coded, name)?;
        let origin = format!("volt-var characteristic {name}");
        let plain = curve::curve(coded, CurveKind::VoltVar, &origin, limits);
        let corners = corners(&plain).ok_or_else(|| problem(name, "does not have four points"))?;
        for power in &params.powers {
            let power_w = power.resolve(coded.dut.ratings.power.0);
            for reference in &params.references {
                let shift = (reference.0 - 1.0) * nominal_v;
                let mut moved = plain.clone();
                for point in &mut moved.points {
                    point.0 += shift;
                }
                let stimuli = voltages(
                    corners.map(|volts| volts + shift),
                    reference.0 * nominal_v,
                    moved.tolerance_x,
                    range,
                );
                let dwell_s = DWELL_RESPONSES * response.response_time.0;
                let label = format!(
                    "characteristic {name}, {} W, reference {} V",
                    number(power_w),
                    number(reference.0 * nominal_v)
                );
                let spec = CurveSweepCase {
                    curve: moved,
                    stimuli,
                    dwell_s,
                    window_s: dwell_s - UNSETTLED_RESPONSES * response.response_time.0,
                    power_w,
                    told_response_s: Some(response.response_time.0),
                    held: None,
                };
                cases.push((label, CaseSpec::CurveSweep(spec)));
            }
        }
    }
    Ok(Expansion::Cases(cases))
}

/// Only a DUT whose interface takes a curve can run this test.
fn can_be_told(coded: &Coded<'_>) -> Result<(), Problem> {
    let interface = match coded.dut.interface.protocol {
        InterfaceProtocol::SunspecTcp => return Ok(()),
        InterfaceProtocol::SajAs1Rtu => "saj-as1-rtu",
        InterfaceProtocol::RegisterFile => "register-file",
    };
    Err(Problem {
        at: coded.test.id.at,
        message: format!(
            "test `{}` tells the DUT its volt-var curves, and the interface of `{}`, {interface}, takes none",
            coded.test.id, coded.dut.dut
        ),
        hint: Some(
            "use `volt-var` for the curve the DUT has, or a DUT with `protocol: sunspec-tcp`"
                .into(),
        ),
    })
}

fn problem(name: &Located<String>, why: &str) -> Problem {
    Problem {
        at: name.at,
        message: format!("volt-var characteristic `{name}` {why}"),
        hint: None,
    }
}

fn characteristic<'a>(
    coded: &Coded<'a>,
    name: &Located<String>,
) -> Result<(&'a CurveLimits, &'a OpenLoop), Problem> {
    let known = &coded.code.volt_var_characteristics;
    let Some(limits) = known.get(&name.value) else {
        let names: Vec<&str> = known.keys().map(String::as_str).collect();
        let code = &coded.code.grid_code;
        return Err(Problem {
            hint: Some(if names.is_empty() {
                "add `volt_var_characteristics` to the grid code, or name another one".into()
            } else {
                format!("it has {}", names.join(", "))
            }),
            ..problem(name, &format!("is not in grid code `{code}`"))
        });
    };
    match &limits.criterion {
        CurveCriterion::OpenLoop(response) => Ok((limits, response)),
        CurveCriterion::CommenceComplete(_) => Err(Problem {
            hint: Some("state `criterion: {open-loop: …}` for it in the grid code".into()),
            ..problem(name, "has no open-loop response time to tell the DUT")
        }),
    }
}

/// V1–V4.
fn corners(curve: &Curve) -> Option<[f64; 4]> {
    let volts: Vec<f64> = curve.points.iter().map(|point| point.0).collect();
    volts.try_into().ok()
}

/// The up to 24 voltages of the standard: from the reference over the corners of the upper side and
/// back, then the same below; `a` is how far beside a corner they lie. Voltages nearer than `a` to
/// the ends of the range of continuous operation, or beyond, are left out: there the DUT may trip.
fn voltages(
    [v1, v2, v3, v4]: [f64; 4],
    reference: f64,
    a: f64,
    (low, high): (f64, f64),
) -> Vec<f64> {
    let side = |inner: f64, outer: f64, edge: f64, sign: f64| {
        let mid = 0.5 * (inner + outer);
        let a = sign * a;
        [
            inner - a,
            inner + a,
            mid,
            outer - a,
            outer + a,
            edge - a,
            outer + a,
            outer - a,
            mid,
            inner + a,
            inner - a,
            reference,
        ]
    };
    let upper = side(v3, v4, high, 1.0);
    let lower = side(v2, v1, low, -1.0);
    upper
        .into_iter()
        .chain(lower)
        .map(tidy)
        .filter(|volts| (tidy(low + a)..=tidy(high - a)).contains(volts))
        .collect()
}

/// To a microvolt, so that what is meant as the same voltage is the same.
fn tidy(volts: f64) -> f64 {
    (volts * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_four_voltages_around_the_corners() {
        let got = voltages([211.6, 225.4, 234.6, 248.4], 230.0, 1.0, (202.4, 253.0));
        let want = [
            233.6, 235.6, 241.5, 247.4, 249.4, 252.0, 249.4, 247.4, 241.5, 235.6, 233.6, 230.0,
            226.4, 224.4, 218.5, 212.6, 210.6, 203.4, 210.6, 212.6, 218.5, 224.4, 226.4, 230.0,
        ];
        assert_eq!(got, want);
    }

    #[test]
    fn voltages_outside_of_continuous_operation_are_left_out() {
        let got = voltages([202.4, 239.2, 246.1, 253.0], 241.5, 3.45, (202.4, 253.0));
        assert!(got.iter().all(|v| (205.85..=249.55).contains(v)));
        assert_eq!(got.len(), 20, "{got:?}");
        // The middle of the upper slope at the very limit of over-voltage.
        let got = voltages([223.1, 236.9, 246.1, 259.9], 241.5, 3.45, (202.4, 253.0));
        assert!(!got.contains(&253.0) && got.contains(&249.55), "{got:?}");
    }
}
