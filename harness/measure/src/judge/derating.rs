//! Power against ambient temperature: full up to the promised temperature, reduced above.

use gridproof_model::case::{CurveKind, DeratingCase, Limit, Ratings};
use gridproof_model::record::CaseData;
use gridproof_model::result::CriterionResult;
use gridproof_model::verdict::Verdict;

use super::criterion;
use super::curve_sweep::{StepMean, analyser_power, step_means, worse};
use super::sheet::{Judged, Sheet, Stop, procedure_limit};
use super::text;
use crate::uncertainty::Budget;

/// Largest distance of the chamber from the temperature of the case, K, beside its own error.
const CHAMBER_REACH_K: f64 = 2.0;

pub(super) fn judge(
    spec: &DeratingCase,
    ratings: &Ratings,
    data: &CaseData,
    sheet: &mut Sheet,
) -> Judged {
    let means = step_means(data, "soak", spec.ambient_c.len(), spec.window_s)?;
    if spec.ambient_c.iter().any(|t| !t.is_finite()) || !spec.start_c.is_finite() {
        return Err(Stop::error("the case has no usable temperatures"));
    }
    if means.iter().any(|m| !m.stimulus.is_finite()) {
        return Err(Stop::error("the chamber temperature was not read"));
    }
    judge_chamber(spec, data, &means, sheet);
    let points = means
        .iter()
        .map(|m| (m.stimulus, m.watts / ratings.rated_w))
        .collect();
    sheet.series("measured", "°C", "pu", points);

    let full = Limit {
        min: Some(spec.full_pu),
        max: None,
        origin: spec.origin.clone(),
        mark: spec.mark,
    };
    let reduced = Limit {
        min: None,
        max: Some(1.0 - spec.reduction_pu),
        origin: spec.origin.clone(),
        mark: spec.mark,
    };
    let sides = [
        ("full power up to the derating temperature", full, true),
        (
            "reduced power above the derating temperature",
            reduced,
            false,
        ),
    ];
    for (name, limit, cool) in sides {
        let mut worst: Option<CriterionResult> = None;
        for (mean, &ambient) in means.iter().zip(&spec.ambient_c) {
            if (ambient <= spec.start_c) != cool {
                continue;
            }
            let value = analyser_power(
                CurveKind::VoltWatt,
                &data.instruments,
                mean.watts,
                mean.scatter.0,
                ratings.rated_w,
                "pu",
            )
            .measure(mean.watts / ratings.rated_w);
            let mut result = criterion::measured(name, limit.clone(), sheet.rule(), value);
            let place = format!("worst at {}", text::value(mean.stimulus, "°C"));
            result.note = if result.note.is_empty() {
                place
            } else {
                format!("{place}: {}", result.note)
            };
            if worst.as_ref().is_none_or(|w| worse(&result, w)) {
                worst = Some(result);
            }
        }
        match worst {
            Some(worst) => sheet.push(worst),
            None => sheet.unmeasured(
                name,
                &limit,
                Verdict::NotApplicable,
                "the case has no temperature on this side",
            ),
        }
    }
    Ok(())
}

/// The chamber must have reached the temperatures of the case; the worst decides.
fn judge_chamber(spec: &DeratingCase, data: &CaseData, means: &[StepMean], sheet: &mut Sheet) {
    let far = means.iter().zip(&spec.ambient_c).max_by(|a, b| {
        (a.0.stimulus - a.1)
            .abs()
            .total_cmp(&(b.0.stimulus - b.1).abs())
    });
    let Some((mean, &want)) = far else { return };
    let reach = CHAMBER_REACH_K + data.instruments.chamber_k.abs();
    let limit = procedure_limit(
        Some(want - reach),
        Some(want + reach),
        "chamber within 2 K and its error of the case",
    );
    let value = Budget::new("°C")
        .rectangular("chamber", data.instruments.chamber_k)
        .measure(mean.stimulus);
    sheet.bench_condition(
        "temperatures reached",
        limit,
        value,
        "the chamber did not reach a temperature of the case",
    );
}
