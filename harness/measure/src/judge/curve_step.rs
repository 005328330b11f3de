//! One step against latest commencement and completion of the response
//! (AS/NZS 4777.2:2020 clause 3.3.2).

use gridproof_model::case::{CurveStepCase, Limit, Ratings};
use gridproof_model::record::CaseData;
use gridproof_model::verdict::Verdict;

use super::response::SETTLED;
use super::sheet::{Judged, Sheet};
use super::stepped::{Standing, Stepped, Stimulus};
use super::text;

/// Least change that counts as commencement, pu of rated apparent power: a quarter of the usual
/// 4 % corridor, so well inside what is judged, and above the ripple of a quiet inverter.
const COMMENCE_PU: f64 = 0.01;

const COMMENCEMENT: &str = "commencement";
const COMPLETION: &str = "completion";

pub(super) fn judge(
    spec: &CurveStepCase,
    ratings: &Ratings,
    data: &CaseData,
    sheet: &mut Sheet,
) -> Judged {
    let stimulus = Stimulus {
        curve: &spec.curve,
        from: spec.from,
        to: spec.to,
        power_w: spec.power_w,
    };
    let stepped = Stepped::find(stimulus, ratings, data, sheet)?;
    let before = stepped.judge_before(sheet)?;
    let end = stepped.response.end();
    let settled = stepped.standing((1.0 - SETTLED) * end, end)?;
    let name = format!("settled {} inside the corridor", stepped.letter());
    stepped.judge_standing(&name, &settled, sheet);
    if asks_for_nothing(spec, &before, &settled) {
        judge_dead_band(spec, &stepped, &settled, sheet);
    } else {
        judge_commence(spec, &stepped, &before, &settled, sheet);
        judge_complete(spec, &stepped, &settled, sheet);
    }
    stepped.inform(&before.level, &settled.level, sheet);
    Ok(())
}

/// Whether the DUT stood where the curve wants it after the step, within the tolerance: then a
/// response has neither beginning nor end.
fn asks_for_nothing(spec: &CurveStepCase, before: &Standing, settled: &Standing) -> bool {
    let at = before.level.mean;
    let inside = at >= settled.bounds.low && at <= settled.bounds.high;
    inside && (settled.target - at).abs() <= spec.curve.tolerance_pu.abs().max(COMMENCE_PU)
}

/// Whether the record goes on beyond the latest permitted instant of `limit`.
fn outlasts(stepped: &Stepped<'_>, limit: &Limit) -> bool {
    limit.max.is_some_and(|max| stepped.response.end() > max)
}

/// What is not there: a fail if the record is long enough to know, else open.
fn absent(stepped: &Stepped<'_>, limit: &Limit) -> Verdict {
    if outlasts(stepped, limit) {
        Verdict::Fail
    } else {
        Verdict::Inconclusive
    }
}

fn judge_dead_band(
    spec: &CurveStepCase,
    stepped: &Stepped<'_>,
    settled: &Standing,
    sheet: &mut Sheet,
) {
    let nothing = "the step asks for no response beyond the tolerance";
    sheet.unmeasured(
        COMMENCEMENT,
        &spec.commence,
        Verdict::NotApplicable,
        nothing,
    );
    let bounds = (settled.bounds.low, settled.bounds.high);
    if stepped.response.stays(bounds) == Some(0.0) {
        sheet.unmeasured(COMPLETION, &spec.complete, Verdict::NotApplicable, nothing);
    } else {
        judge_complete(spec, stepped, settled, sheet);
    }
}

fn judge_commence(
    spec: &CurveStepCase,
    stepped: &Stepped<'_>,
    before: &Standing,
    settled: &Standing,
    sheet: &mut Sheet,
) {
    let threshold = COMMENCE_PU.max(4.0 * before.level.sigma);
    let start = before.level.mean;
    let wanted = settled.target - start;
    if threshold > 0.5 * wanted.abs() && threshold > COMMENCE_PU {
        let note = format!(
            "ripple of {} before the step hides the start of a change of {wanted:+.3} pu",
            text::value(before.level.sigma, "pu")
        );
        sheet.unmeasured(COMMENCEMENT, &spec.commence, Verdict::Inconclusive, note);
        return;
    }
    let sign = wanted.signum();
    let moved = sign * (settled.level.mean - start);
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
        let verdict = absent(stepped, &spec.commence);
        sheet.unmeasured(COMMENCEMENT, &spec.commence, verdict, note);
        return;
    }
    let edge = start + sign * threshold;
    let bounds = if sign > 0.0 {
        (edge, f64::INFINITY)
    } else {
        (f64::NEG_INFINITY, edge)
    };
    match stepped.response.stays(bounds) {
        Some(at) => {
            sheet.instant(
                "response commences",
                stepped.evidence.name(),
                stepped.instant(at),
            );
            let note = format!(
                "threshold {} from the state before",
                text::value(threshold, "pu")
            );
            let value = stepped.time_budget(at).measure(at);
            sheet.criterion(COMMENCEMENT, &spec.commence, value, &note);
        }
        None => sheet.unmeasured(
            COMMENCEMENT,
            &spec.commence,
            Verdict::Fail,
            "the response does not last",
        ),
    }
}

/// Inside the corridor and there to stay: until the latest permitted completion at least, or
/// the record does not show it.
fn judge_complete(
    spec: &CurveStepCase,
    stepped: &Stepped<'_>,
    settled: &Standing,
    sheet: &mut Sheet,
) {
    let end = stepped.response.end();
    let bounds = (settled.bounds.low, settled.bounds.high);
    // A level that the guard band leaves open leaves its time open, too.
    let guard = sheet.rule().guard_factor() * settled.budget.expanded();
    let latest = spec.complete.max.unwrap_or(f64::INFINITY);
    let open = stepped.response.may_stay(bounds, guard, latest);
    match stepped.response.stays(bounds) {
        Some(at) => {
            sheet.instant(
                "response complete",
                stepped.evidence.name(),
                stepped.instant(at),
            );
            if outlasts(stepped, &spec.complete) || spec.complete.max.is_none() {
                let value = stepped.time_budget(at).measure(at);
                sheet.criterion_unless_open(COMPLETION, &spec.complete, value, open);
            } else {
                let note = format!(
                    "inside the corridor after {}, but the {} recorded do not show that it stays",
                    text::value(at, "s"),
                    text::value(end, "s")
                );
                sheet.unmeasured(COMPLETION, &spec.complete, Verdict::Inconclusive, note);
            }
        }
        None => {
            let note = format!(
                "the output is not inside the corridor at the end of the {} recorded",
                text::value(end, "s")
            );
            let verdict = if open {
                Verdict::Inconclusive
            } else {
                absent(stepped, &spec.complete)
            };
            sheet.unmeasured(COMPLETION, &spec.complete, verdict, note);
        }
    }
}
