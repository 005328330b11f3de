//! A stair of voltages against a curve: every mean inside the corridor at the measured voltage.

use gridproof_model::case::{CurveKind, CurveSweepCase, Limit, Ratings};
use gridproof_model::record::{CaseData, InstrumentSpecs, Reading};
use gridproof_model::result::{CriterionResult, Measurement};
use gridproof_model::verdict::{DecisionRule, Verdict};

use super::corridor;
use super::criterion;
use super::sheet::{Judged, Sheet, Stop, procedure_limit};
use super::text;
use crate::uncertainty::{Budget, bound};

/// Mean of the readings of one step.
#[derive(Debug, Clone, Copy)]
pub(super) struct StepMean {
    pub(super) volts: f64,
    pub(super) watts: f64,
    pub(super) vars: f64,
    pub(super) stimulus: f64,
    /// Standard deviation of the mean of watts and vars (0 with one reading).
    pub(super) scatter: (f64, f64),
    /// Number of readings.
    count: usize,
}

/// Share of the averaging window that the readings of a step must span: the mean of what is left
/// of a window is not the mean that the procedure asks for.
const LEAST_SPAN: f64 = 0.75;

/// Mean per step of the readings labelled `label`; every index below `count` must be there, with
/// readings that span the averaging window of `window_s`.
pub(super) fn step_means(
    data: &CaseData,
    label: &str,
    count: usize,
    window_s: f64,
) -> Result<Vec<StepMean>, Stop> {
    if count == 0 {
        return Err(Stop::error("the case has no steps"));
    }
    let mut groups: Vec<Vec<&Reading>> = vec![Vec::new(); count];
    for reading in data.readings.iter().filter(|r| r.label == label) {
        if let Some(group) = groups.get_mut(reading.step as usize) {
            group.push(reading);
        }
    }
    groups
        .iter()
        .enumerate()
        .map(|(step, group)| {
            if group.is_empty() {
                return Err(Stop::error(format!(
                    "no reading `{label}` of step {step} of {count}"
                )));
            }
            let begin = |r: &Reading| r.at_s - r.window_s;
            let first = group.iter().map(|r| begin(r)).fold(f64::INFINITY, f64::min);
            let last = group.iter().map(|r| r.at_s).fold(f64::MIN, f64::max);
            let span = last - first;
            if span.is_nan() || window_s.is_nan() || span < LEAST_SPAN * window_s {
                return Err(Stop::error(format!(
                    "the readings `{label}` of step {step} span {} of a window of {}",
                    text::value(span, "s"),
                    text::value(window_s, "s")
                )));
            }
            let n = group.len() as f64;
            let mean = |f: &dyn Fn(&Reading) -> f64| group.iter().map(|r| f(r)).sum::<f64>() / n;
            let scatter = |f: &dyn Fn(&Reading) -> f64| {
                let m = mean(f);
                let square = group.iter().map(|r| (f(r) - m) * (f(r) - m)).sum::<f64>();
                if n > 1.0 {
                    (square / (n - 1.0) / n).sqrt()
                } else {
                    0.0
                }
            };
            let mean = StepMean {
                volts: mean(&|r| r.volts),
                watts: mean(&|r| r.watts),
                vars: mean(&|r| r.vars),
                stimulus: mean(&|r| r.stimulus),
                scatter: (scatter(&|r| r.watts), scatter(&|r| r.vars)),
                count: group.len(),
            };
            if [mean.volts, mean.watts, mean.vars]
                .iter()
                .all(|x| x.is_finite())
            {
                Ok(mean)
            } else {
                Err(Stop::error(format!(
                    "reading `{label}` of step {step} is not a number"
                )))
            }
        })
        .collect()
}

pub(super) fn judge(
    spec: &CurveSweepCase,
    ratings: &Ratings,
    data: &CaseData,
    sheet: &mut Sheet,
) -> Judged {
    corridor::check(&spec.curve)?;
    let means = step_means(data, "step", spec.voltages_v.len(), spec.window_s)?;
    judge_source(spec, ratings, &data.instruments, &means, sheet);
    judge_steady(spec, ratings, &means, sheet);

    let mut worst: Option<CriterionResult> = None;
    let mut points = Vec::with_capacity(means.len());
    let (mut lows, mut highs) = (Vec::new(), Vec::new());
    let mut outside = 0;
    for (step, mean) in means.iter().enumerate() {
        let result = judge_step(spec, ratings, &data.instruments, sheet.rule(), step, mean);
        outside += usize::from(result.verdict != Verdict::Pass);
        // A step that could not be measured has no place on the plot, and no number in a file.
        if let Some(measured) = &result.measured {
            points.push((mean.volts, measured.value));
            lows.extend(result.limit.min.map(|low| (mean.volts, low)));
            highs.extend(result.limit.max.map(|high| (mean.volts, high)));
        }
        if worst.as_ref().is_none_or(|w| worse(&result, w)) {
            worst = Some(result);
        }
    }
    sheet.series("measured", "V", "pu", points);
    sheet.series("allowed from", "V", "pu", lows);
    sheet.series("allowed to", "V", "pu", highs);
    if let Some(mut worst) = worst {
        if outside > 1 {
            worst.note = format!(
                "{} ({outside} of {} steps do not pass)",
                worst.note,
                means.len()
            );
        }
        sheet.push(worst);
    }
    Ok(())
}

/// Worse verdict, or the same with less margin beyond the guard band.
pub(super) fn worse(a: &CriterionResult, b: &CriterionResult) -> bool {
    let room = |c: &CriterionResult| {
        let guard = c
            .measured
            .as_ref()
            .map_or(0.0, |m| m.u * c.decision.guard_factor());
        c.margin.map_or(f64::NEG_INFINITY, |margin| margin - guard)
    };
    a.verdict > b.verdict || (a.verdict == b.verdict && room(a) < room(b))
}

fn judge_step(
    spec: &CurveSweepCase,
    ratings: &Ratings,
    specs: &InstrumentSpecs,
    rule: DecisionRule,
    step: usize,
    mean: &StepMean,
) -> CriterionResult {
    let base = ratings.rated_va;
    let volts_bound = bound(&specs.analyser_volts, mean.volts);
    let available = corridor::available(&spec.curve, spec.power_w / base, mean.vars / base);
    let bounds = corridor::bounds(&spec.curve, mean.volts, available, volts_bound);
    let (y, scatter, name) = match spec.curve.kind {
        CurveKind::VoltVar => (mean.vars, mean.scatter.1, "Q inside the corridor"),
        CurveKind::VoltWatt => (mean.watts, mean.scatter.0, "P inside the corridor"),
    };
    let value = analyser_power(spec.curve.kind, specs, y, scatter, base, "pu")
        .rectangular("voltage × slope of the curve", volts_bound * bounds.slope)
        .measure(y / base);
    let limit = Limit {
        min: Some(bounds.low),
        max: Some(bounds.high),
        origin: spec.curve.origin.clone(),
        mark: spec.curve.mark,
    };
    let mut result = criterion::measured(name, limit, rule, value);
    let place = format!("worst at step {step}, {}", text::value(mean.volts, "V"));
    result.note = if result.note.is_empty() {
        place
    } else {
        format!("{place}: {}", result.note)
    };
    result
}

/// Budget of an analyser power divided by `base`; reactive power counts twice the active bound.
pub(super) fn analyser_power(
    kind: CurveKind,
    specs: &InstrumentSpecs,
    power: f64,
    scatter: f64,
    base: f64,
    unit: &'static str,
) -> Budget {
    let factor = match kind {
        CurveKind::VoltVar => 2.0,
        CurveKind::VoltWatt => 1.0,
    };
    Budget::new(unit)
        .rectangular(
            "power analyser",
            factor * bound(&specs.analyser_watts, power) / base,
        )
        .normal("scatter of the mean", scatter / base)
}

/// A mean stands for a steady output only: single readings that scatter by more than the corridor
/// is wide leave the case open, worst step first.
fn judge_steady(spec: &CurveSweepCase, ratings: &Ratings, means: &[StepMean], sheet: &mut Sheet) {
    let base = ratings.rated_va;
    let single = |mean: &StepMean| {
        let of_mean = match spec.curve.kind {
            CurveKind::VoltVar => mean.scatter.1,
            CurveKind::VoltWatt => mean.scatter.0,
        };
        of_mean * (mean.count as f64).sqrt() / base
    };
    let Some(worst) = means
        .iter()
        .max_by(|a, b| single(a).total_cmp(&single(b)))
        .filter(|worst| worst.count > 1)
    else {
        return;
    };
    // Where the corridor has no width of its own there is nothing to compare with.
    let width = spec.curve.tolerance_pu.abs();
    if width == 0.0 {
        return;
    }
    let limit = procedure_limit(
        None,
        Some(width),
        "readings of a step scatter by less than the tolerance",
    );
    sheet.condition(
        "output steady",
        limit,
        Budget::new("pu").measure(single(worst)),
        Verdict::Inconclusive,
        "the output was not steady: its mean says nothing",
    );
}

/// The source must have applied the voltages of the case (within 2 % of nominal), worst first.
fn judge_source(
    spec: &CurveSweepCase,
    ratings: &Ratings,
    specs: &InstrumentSpecs,
    means: &[StepMean],
    sheet: &mut Sheet,
) {
    let far = means
        .iter()
        .zip(&spec.voltages_v)
        .max_by(|a, b| (a.0.volts - a.1).abs().total_cmp(&(b.0.volts - b.1).abs()));
    let Some((mean, &want)) = far else { return };
    let allowance = 0.02 * ratings.nominal_v;
    let limit = procedure_limit(
        Some(want - allowance),
        Some(want + allowance),
        "voltage within ±2 % of nominal of the step",
    );
    let value: Measurement = Budget::new("V")
        .rectangular("power analyser", bound(&specs.analyser_volts, mean.volts))
        .measure(mean.volts);
    sheet.condition(
        "voltages applied",
        limit,
        value,
        Verdict::Inconclusive,
        "the source did not apply the voltage of a step",
    );
}
