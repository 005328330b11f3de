//! One voltage step against the response times of a curve.

use gridproof_model::capture::ChannelKind;
use gridproof_model::case::{CurveKind, CurveStepCase, Limit, Ratings};
use gridproof_model::record::CaseData;
use gridproof_model::result::Measurement;
use gridproof_model::verdict::Verdict;

use super::corridor;
use super::evidence::Evidence;
use super::response::{Recorded, SETTLED};
use super::sheet::{Judged, Sheet, Stop, procedure_limit};
use super::text;
use crate::edge::nearest_rising;
use crate::step_response::{Level, Response};
use crate::trip_time::voltage_change;
use crate::uncertainty::{Budget, bound};

/// Least change that counts as commencement, pu of rated apparent power: a quarter of the usual
/// 4 % corridor, so well inside what is judged, and above the ripple of a quiet inverter.
const COMMENCE_PU: f64 = 0.01;

/// The figures of one step.
struct Step {
    before: Level,
    settled: Level,
    bounds: corridor::Bounds,
    /// What the curve asks for after the step, pu.
    target: f64,
    /// Uncertainty budget of the settled value, pu.
    level: Budget,
    response: Response,
    cycle_s: f64,
}

pub(super) fn judge(
    spec: &CurveStepCase,
    ratings: &Ratings,
    data: &CaseData,
    sheet: &mut Sheet,
) -> Judged {
    corridor::check(&spec.curve)?;
    let evidence = Evidence::find(data, "step", ratings)?;
    let event = event(spec, &evidence)?;
    sheet.instant("voltage steps", evidence.name(), evidence.seconds(event));
    let recorded = Recorded::new(&evidence, event)?;
    judge_source(spec, &evidence, &recorded, sheet)?;

    let step = analyse(spec, &evidence, &recorded)?;
    sheet.series("response", "s", "pu", step.response.points().to_vec());
    judge_settled(spec, &step, sheet);
    judge_commence(spec, &evidence, &step, event, sheet);
    judge_complete(spec, &evidence, &step, event, sheet);
    inform(&evidence, &step, sheet);
    Ok(())
}

/// The trigger of the source, else the departure of the voltage from its wave.
fn event(spec: &CurveStepCase, evidence: &Evidence<'_>) -> Result<f64, Stop> {
    let told = evidence
        .optional_contact(ChannelKind::SourceTrigger)
        .and_then(|trigger| nearest_rising(&trigger, evidence.trigger()));
    if let Some(told) = told {
        return Ok(told);
    }
    let volts = evidence
        .analog(ChannelKind::GridVoltage)?
        .values(0..evidence.len());
    let until = evidence
        .trigger()
        .saturating_sub((2.0 * evidence.cycle()) as usize);
    let change = (spec.from_v, spec.to_v, 0.5 * (spec.from_v + spec.to_v));
    voltage_change(
        &volts,
        evidence.rate(),
        evidence.ratings.nominal_hz,
        until,
        change,
    )
    .map(|s| s.departure)
    .ok_or_else(|| Stop::error("neither a trigger nor a change of the voltage shows the step"))
}

fn judge_source(
    spec: &CurveStepCase,
    evidence: &Evidence<'_>,
    recorded: &Recorded,
    sheet: &mut Sheet,
) -> Judged {
    let volts = recorded.response(|p| p.volts);
    let (from, to) = recorded.before_span(evidence.ratings.nominal_hz);
    // Soon after the step too: a source that comes late would otherwise be taken for a late DUT.
    let soon = volts.level(0.03, 0.2);
    let sides = [
        ("voltage before", spec.from_v, volts.level(from, to)),
        ("voltage just after", spec.to_v, soon),
        ("voltage settled", spec.to_v, volts.settled(SETTLED)),
    ];
    for (name, want, level) in sides {
        let level = level.ok_or_else(|| Stop::error("too little was recorded around the step"))?;
        let allowance =
            0.01 * evidence.ratings.nominal_v + bound(&evidence.specs.recorder_volts, want);
        let limit = procedure_limit(
            Some(want - allowance),
            Some(want + allowance),
            "source applies the step of the case",
        );
        let value = evidence.volts_budget(level.mean).measure(level.mean);
        sheet.condition(
            name,
            limit,
            value,
            Verdict::Inconclusive,
            "source did not do what it was told",
        );
    }
    Ok(())
}

fn analyse(
    spec: &CurveStepCase,
    evidence: &Evidence<'_>,
    recorded: &Recorded,
) -> Result<Step, Stop> {
    let base = evidence.ratings.rated_va;
    let response = match spec.curve.kind {
        CurveKind::VoltVar => recorded.response(|p| p.vars / base),
        CurveKind::VoltWatt => recorded.response(|p| p.watts / base),
    };
    let short = || Stop::error("too little was recorded around the step");
    let (from, to) = recorded.before_span(evidence.ratings.nominal_hz);
    let before = response.level(from, to).ok_or_else(short)?;
    let settled = response.settled(SETTLED).ok_or_else(short)?;
    let end = response.end();
    let (volts, amps) = recorded.volts_amps((1.0 - SETTLED) * end, end);
    let reactive = recorded
        .response(|p| p.vars / base)
        .settled(SETTLED)
        .ok_or_else(short)?;
    let available = corridor::available(spec.power_w / base, reactive.mean);
    let volts_bound = bound(&evidence.specs.recorder_volts, volts);
    let bounds = corridor::bounds(&spec.curve, volts, available, volts_bound);
    let noise = settled.sigma / (settled.count as f64).sqrt();
    let level = evidence
        .power_budget(volts, amps, noise, base, "pu")
        .rectangular("voltage × slope of the curve", volts_bound * bounds.slope);
    let target = corridor::target(&spec.curve, volts, available);
    let cycle_s = 1.0 / evidence.ratings.nominal_hz;
    Ok(Step {
        before,
        settled,
        bounds,
        target,
        level,
        response,
        cycle_s,
    })
}

fn judge_settled(spec: &CurveStepCase, step: &Step, sheet: &mut Sheet) {
    let limit = Limit {
        min: Some(step.bounds.low),
        max: Some(step.bounds.high),
        origin: spec.curve.origin.clone(),
        mark: spec.curve.mark,
    };
    let name = match spec.curve.kind {
        CurveKind::VoltVar => "settled Q inside the corridor",
        CurveKind::VoltWatt => "settled P inside the corridor",
    };
    sheet.criterion(
        name,
        &limit,
        step.level.clone().measure(step.settled.mean),
        "",
    );
}

/// Budget of a response time found in one-cycle values.
fn time_budget(evidence: &Evidence<'_>, step: &Step, at: f64) -> Budget {
    Budget::new("s")
        .sampling("sampling, event", evidence.step())
        // A one-cycle window stands for its centre: half of it bounds the shift of an edge.
        .rectangular("algorithm: one-cycle window", 0.5 * step.cycle_s)
        .sampling("algorithm: values each half cycle", 0.5 * step.cycle_s)
        .rectangular("sample clock", evidence.specs.recorder_clock * at)
}

fn judge_commence(
    spec: &CurveStepCase,
    evidence: &Evidence<'_>,
    step: &Step,
    event: f64,
    sheet: &mut Sheet,
) {
    let name = "commencement";
    let threshold = COMMENCE_PU.max(4.0 * step.before.sigma);
    let wanted = step.target - step.before.mean;
    let inside_before = step.before.mean >= step.bounds.low && step.before.mean <= step.bounds.high;
    if inside_before && wanted.abs() <= threshold.max(spec.curve.tolerance_pu.abs()) {
        sheet.unmeasured(
            name,
            &spec.commence,
            Verdict::NotApplicable,
            "the step asks for no response beyond the tolerance",
        );
        return;
    }
    let sign = wanted.signum();
    let moved = sign * (step.settled.mean - step.before.mean);
    if moved <= threshold {
        let what = if moved < -threshold {
            "it responds with the wrong sign"
        } else {
            "no response"
        };
        let note = format!(
            "{what}: asked for a change of {wanted:+.3} pu, changed by {:+.3} pu",
            sign * moved
        );
        let long_enough = spec
            .commence
            .max
            .is_some_and(|max| step.response.end() > max);
        let verdict = if long_enough {
            Verdict::Fail
        } else {
            Verdict::Inconclusive
        };
        sheet.unmeasured(name, &spec.commence, verdict, note);
        return;
    }
    let edge = step.before.mean + sign * threshold;
    let bounds = if sign > 0.0 {
        (edge, f64::INFINITY)
    } else {
        (f64::NEG_INFINITY, edge)
    };
    match step.response.stays(bounds) {
        Some(at) => {
            sheet.instant(
                "response commences",
                evidence.name(),
                evidence.seconds(event) + at,
            );
            let value = time_budget(evidence, step, at).measure(at);
            let note = format!(
                "threshold {} from the state before",
                text::value(threshold, "pu")
            );
            sheet.criterion(name, &spec.commence, value, &note);
        }
        None => sheet.unmeasured(
            name,
            &spec.commence,
            Verdict::Fail,
            "the response does not last",
        ),
    }
}

fn judge_complete(
    spec: &CurveStepCase,
    evidence: &Evidence<'_>,
    step: &Step,
    event: f64,
    sheet: &mut Sheet,
) {
    let name = "completion";
    let bounds = (step.bounds.low, step.bounds.high);
    match step.response.stays(bounds) {
        Some(at) => {
            sheet.instant(
                "response complete",
                evidence.name(),
                evidence.seconds(event) + at,
            );
            let value: Measurement = time_budget(evidence, step, at).measure(at);
            sheet.criterion(name, &spec.complete, value, "");
        }
        None => {
            let end = step.response.end();
            let note = format!(
                "the output is not inside the corridor at the end of the {} recorded",
                text::value(end, "s")
            );
            let long_enough = spec.complete.max.is_some_and(|max| end > max);
            let verdict = if long_enough {
                Verdict::Fail
            } else {
                Verdict::Inconclusive
            };
            sheet.unmeasured(name, &spec.complete, verdict, note);
        }
    }
}

fn inform(evidence: &Evidence<'_>, step: &Step, sheet: &mut Sheet) {
    let span = step.settled.mean - step.before.mean;
    // Small steps give meaningless times (docs/models.md, section 11).
    if span.abs() < 0.05 {
        return;
    }
    if let Some(at) = step
        .response
        .reaches(step.before.mean + 0.9 * span, span.signum())
    {
        sheet.inform(
            "T90 including the delay",
            time_budget(evidence, step, at).measure(at),
        );
    }
    let overshoot = 100.0 * step.response.overshoot(step.before.mean, step.settled.mean);
    let noise = 100.0 * step.settled.sigma / span.abs();
    sheet.inform(
        "overshoot",
        Budget::new("%").normal("noise", noise).measure(overshoot),
    );
}
