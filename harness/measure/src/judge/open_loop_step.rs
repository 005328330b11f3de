//! One step against an open-loop response (IEEE 1547.1-2020 clause 4.2): the output at
//! the response time within that of a first-order system, two-sided (faster than set is as wrong
//! as slower), and the mean from twice that time on inside the corridor of the curve.

use gridproof_model::case::{Limit, OpenLoopStepCase, Ratings};
use gridproof_model::record::CaseData;
use gridproof_model::verdict::Verdict;

use super::open_loop::at_response_time;
use super::sheet::{Judged, Sheet, Stop, procedure_limit};
use super::stepped::{Standing, Stepped, Stimulus};
use super::text;
use crate::uncertainty::Budget;

/// The steady state begins at this many response times: 1 % of a first-order change is left.
const SETTLED_FROM: f64 = 2.0;
/// Half of the longest mean at the response time, s: ten cycles of 50 Hz, the window for which
/// the accuracy of P and Q is required (IEEE 1547-2018 table 3).
const LONGEST_HALF_S: f64 = 0.1;
/// The same as a share of the response time, so that a fast response is not smeared.
const HALF_SHARE: f64 = 0.05;
/// Share of the time to be observed that must have been.
const LEAST_OBSERVED: f64 = 0.98;

const RESPONSE: &str = "response at the open-loop response time";

pub(super) fn judge(
    spec: &OpenLoopStepCase,
    ratings: &Ratings,
    data: &CaseData,
    sheet: &mut Sheet,
) -> Judged {
    if !(spec.response_s.is_finite() && spec.tolerance_s.is_finite() && spec.observe_s.is_finite())
        || spec.response_s <= 0.0
        || spec.observe_s <= SETTLED_FROM * spec.response_s
    {
        return Err(Stop::error("the case has no usable response time"));
    }
    let stimulus = Stimulus {
        curve: &spec.curve,
        from: spec.from,
        to: spec.to,
        power_w: spec.power_w,
    };
    let stepped = Stepped::find(stimulus, ratings, data, sheet)?;
    let end = stepped.response.end();
    if end < LEAST_OBSERVED * spec.observe_s {
        return Err(Stop::inconclusive(format!(
            "the record ends {} after the step, {} are to be observed",
            text::value(end, "s"),
            text::value(spec.observe_s, "s")
        )));
    }
    let before = stepped.judge_before(sheet)?;
    let settled = stepped.standing(SETTLED_FROM * spec.response_s, end)?;
    let name = format!("settled {} inside the corridor", stepped.letter());
    stepped.judge_standing(&name, &settled, sheet);
    judge_steady(spec, &stepped, &settled, sheet)?;
    judge_response(spec, &stepped, (&before, &settled), sheet)?;
    stepped.inform(&before.level, &settled.level, sheet);
    Ok(())
}

/// The mean stands for a steady state only: no shorter mean of it may leave the corridor.
fn judge_steady(
    spec: &OpenLoopStepCase,
    stepped: &Stepped<'_>,
    settled: &Standing,
    sheet: &mut Sheet,
) -> Judged {
    let span = 2.0 * LONGEST_HALF_S;
    let middle = 0.5 * (settled.bounds.low + settled.bounds.high);
    let mut worst: Option<(f64, f64)> = None;
    let mut from = SETTLED_FROM * spec.response_s;
    while from + span <= stepped.response.end() {
        if let Some(level) = stepped.response.level(from, from + span)
            && worst.is_none_or(|(_, y)| (level.mean - middle).abs() > (y - middle).abs())
        {
            worst = Some((from, level.mean));
        }
        from += span;
    }
    let (at, level) = worst.ok_or_else(|| Stop::error("too little was recorded after"))?;
    // A level outside as a whole is the business of its own criterion.
    let off = (level - settled.level.mean).abs();
    let limit = procedure_limit(
        None,
        Some(spec.curve.tolerance_pu.abs()),
        "means of ten cycles within the tolerance of the mean of the steady state",
    );
    let value = Budget::new("pu")
        .normal(
            "noise",
            settled.level.sigma / (settled.level.count as f64).sqrt(),
        )
        .measure(off);
    let why = format!(
        "the output was not steady {} after the step: its mean says nothing",
        text::value(at, "s")
    );
    sheet.condition("output steady", limit, value, Verdict::Inconclusive, &why);
    Ok(())
}

fn judge_response(
    spec: &OpenLoopStepCase,
    stepped: &Stepped<'_>,
    (before, settled): (&Standing, &Standing),
    sheet: &mut Sheet,
) -> Judged {
    let half_s = LONGEST_HALF_S
        .min(HALF_SHARE * spec.response_s)
        .max(1.5 / stepped.evidence.ratings.nominal_hz);
    let there = stepped.standing(spec.response_s - half_s, spec.response_s + half_s)?;
    let tolerance = spec.curve.tolerance_pu.abs();
    let asked = (
        settled.bounds.low + tolerance,
        settled.bounds.high - tolerance,
    );
    let initial = before.level.mean;
    let time = (spec.response_s, spec.tolerance_s.abs());
    let (low, high) = at_response_time(initial, asked, time, tolerance);
    let limit = Limit {
        min: Some(low),
        max: Some(high),
        origin: spec.response_origin.clone(),
        mark: spec.response_mark,
    };
    sheet.instant(
        "open-loop response time",
        stepped.evidence.name(),
        stepped.instant(spec.response_s),
    );
    if initial >= low && initial <= high && there.level.mean >= low && there.level.mean <= high {
        sheet.unmeasured(
            RESPONSE,
            &limit,
            Verdict::NotApplicable,
            "the step is too small to time: no response at all would lie inside",
        );
        return Ok(());
    }
    sheet.criterion(RESPONSE, &limit, there.budget.measure(there.level.mean), "");
    Ok(())
}
