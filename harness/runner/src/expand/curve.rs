//! Volt-var and volt-watt, and what every procedure on a curve is made of.

use gridproof_measure::judge::open_loop::mra_time;
use gridproof_model::case::{
    CaseSpec, Curve, CurveKind, CurveStepCase, CurveSweepCase, HeldReturn, Limit, OpenLoopStepCase,
};
use gridproof_model::grid_code::{CurveCriterion, CurveLimits};
use gridproof_model::plan::CurveParams;
use gridproof_model::quantity::Ratio;
use gridproof_model::verdict::Mark;

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
        CurveKind::FrequencyWatt => ("frequency-watt", None),
    };
    let limits = limits.ok_or_else(|| coded.lacks(&format!("{name} curve")))?;
    let power_w = params.power.resolve(coded.dut.ratings.power.0);
    let plain = curve(coded, kind, name, limits);
    let times = match &limits.criterion {
        CurveCriterion::CommenceComplete(times) => Times::CommenceComplete {
            commence_s: times.commence_max.0,
            complete_s: times.complete_max.0,
        },
        CurveCriterion::OpenLoop(response) => Times::OpenLoop {
            response_s: response.response_time.0,
            accuracy_multiple: response.accuracy_multiple,
        },
    };
    let method = Method {
        name,
        curve: within_rating(coded, limits, plain, power_w),
        power_w,
        stimuli: params.voltages.expand(),
        ends: (params.voltages.from.0, params.voltages.to.0),
        dwell_s: params.dwell.0,
        window_s: params.window.0,
        held: None,
        steps: params
            .steps
            .iter()
            .map(|(from, to)| (from.0, to.0))
            .collect(),
        times,
        clause: &limits.clause,
        timing_mark: limits.timing_mark,
    };
    Ok(Expansion::Cases(method.cases(coded)))
}

/// What the times of a response are held against.
#[derive(Debug, Clone, Copy)]
pub(super) enum Times {
    /// Latest start and latest completion, s.
    CommenceComplete { commence_s: f64, complete_s: f64 },
    /// Open-loop response time, s, and the multiple of the minimum required accuracy.
    OpenLoop {
        response_s: f64,
        accuracy_multiple: f64,
    },
}

/// A stair on a curve and steps for its response times, at one power.
pub(super) struct Method<'a> {
    /// What the curve is called in the origin of a limit.
    pub(super) name: &'a str,
    pub(super) curve: Curve,
    pub(super) power_w: f64,
    pub(super) stimuli: Vec<f64>,
    /// First and last stimulus of the stair.
    pub(super) ends: (f64, f64),
    pub(super) dwell_s: f64,
    pub(super) window_s: f64,
    pub(super) held: Option<HeldReturn>,
    /// (from, to).
    pub(super) steps: Vec<(f64, f64)>,
    pub(super) times: Times,
    pub(super) clause: &'a str,
    pub(super) timing_mark: Mark,
}

impl Method<'_> {
    /// The stair, then the steps.
    pub(super) fn cases(&self, coded: &Coded<'_>) -> Vec<(String, CaseSpec)> {
        let unit = self.curve.kind.x_unit();
        let path = |from: f64, to: f64| format!("{} {unit} to {} {unit}", number(from), number(to));
        let stair = CaseSpec::CurveSweep(CurveSweepCase {
            curve: self.curve.clone(),
            stimuli: self.stimuli.clone(),
            dwell_s: self.dwell_s,
            window_s: self.window_s,
            power_w: self.power_w,
            told_response_s: None,
            held: self.held.clone(),
        });
        let label = format!("stair of {}", path(self.ends.0, self.ends.1));
        let steps = self.steps.iter().map(|&(from, to)| {
            let spec = self.step(coded, from, to);
            (format!("step {}", path(from, to)), spec)
        });
        std::iter::once((label, stair)).chain(steps).collect()
    }

    fn step(&self, coded: &Coded<'_>, from: f64, to: f64) -> CaseSpec {
        let origin = |what: &str| coded.origin(&format!("{} {what}", self.name), self.clause);
        let (curve, power_w) = (self.curve.clone(), self.power_w);
        match self.times {
            Times::CommenceComplete {
                commence_s,
                complete_s,
            } => {
                let timing = |max: f64, what: &str| Limit {
                    min: None,
                    max: Some(max),
                    origin: origin(what),
                    mark: self.timing_mark,
                };
                CaseSpec::CurveStep(CurveStepCase {
                    curve,
                    from,
                    to,
                    observe_s: complete_s + BEYOND_S,
                    power_w,
                    commence: timing(commence_s, "commencement"),
                    complete: timing(complete_s, "completion"),
                })
            }
            Times::OpenLoop {
                response_s,
                accuracy_multiple,
            } => CaseSpec::OpenLoopStep(OpenLoopStepCase {
                curve,
                from,
                to,
                observe_s: OBSERVED_RESPONSES * response_s,
                power_w,
                response_s,
                tolerance_s: accuracy_multiple
                    * mra_time(response_s, coded.code.nominal.frequency.0),
                response_origin: origin("open-loop response time"),
                response_mark: self.timing_mark,
            }),
        }
    }
}

/// The curve of a grid code with its corridor; `name` is what it is called in the origin.
pub(super) fn curve(coded: &Coded<'_>, kind: CurveKind, name: &str, limits: &CurveLimits) -> Curve {
    let (tolerance_pu, tolerance_x) = match &limits.criterion {
        CurveCriterion::CommenceComplete(times) => (times.tolerance.0, times.voltage_tolerance.0),
        CurveCriterion::OpenLoop(response) => (
            response.accuracy_multiple * response.power_accuracy.0,
            response.accuracy_multiple * response.voltage_accuracy.0 * coded.code.nominal.voltage.0,
        ),
    };
    let own = match kind {
        CurveKind::VoltVar => Some(limits),
        CurveKind::VoltWatt | CurveKind::FrequencyWatt => coded.code.volt_var.as_ref(),
    };
    Curve {
        kind,
        points: limits
            .points
            .iter()
            .map(|(volts, level)| (volts.0, level.0))
            .collect(),
        tolerance_pu,
        tolerance_x,
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
    let active = (power_w / ratings.apparent_va()).min(left);
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
