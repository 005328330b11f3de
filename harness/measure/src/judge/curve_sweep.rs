//! A stair of voltages or frequencies against a curve: every mean inside the corridor at what was
//! measured of its stimulus.

use gridproof_model::capture::ChannelKind;
use gridproof_model::case::{CurveKind, CurveSweepCase, Limit, Ratings};
use gridproof_model::record::{CaseData, InstrumentSpecs, Reading};
use gridproof_model::result::{CriterionResult, Measurement};
use gridproof_model::verdict::{DecisionRule, Verdict};

use super::corridor;
use super::criterion;
use super::evidence::Evidence;
use super::sheet::{Judged, Sheet, Stop, procedure_limit};
use super::text;
use crate::frequency::{FrequencyMethod, estimate};
use crate::uncertainty::{Budget, bound};

/// Mean of the readings of one step.
#[derive(Debug, Clone, Copy)]
pub(super) struct StepMean {
    pub(super) volts: f64,
    pub(super) watts: f64,
    pub(super) vars: f64,
    hz: f64,
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
                hz: mean(&|r| r.hz),
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

/// Where a step stood on the axis of the stimulus, V or Hz.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) x: f64,
    /// Bound on its error.
    pub(super) bound: f64,
}

/// Name of the capture of a step from which its frequency is taken.
pub(super) fn frequency_capture(step: usize) -> String {
    format!("frequency-{step:02}")
}

impl Place {
    /// Voltage of a step by the analyser; frequency by the recorder or the analyser, whichever knows
    /// it better.
    pub(super) fn of(
        kind: CurveKind,
        step: usize,
        mean: &StepMean,
        ratings: &Ratings,
        data: &CaseData,
    ) -> Result<Self, Stop> {
        let specs = &data.instruments;
        match kind {
            CurveKind::VoltVar | CurveKind::VoltWatt => {
                return Ok(Self {
                    x: mean.volts,
                    bound: bound(&specs.analyser_volts, mean.volts),
                });
            }
            CurveKind::FrequencyWatt => {}
        }
        let analyser = Self {
            x: mean.hz,
            bound: specs.analyser_hz * mean.hz.abs(),
        };
        let name = frequency_capture(step);
        if data.captures.iter().any(|capture| capture.name == name) {
            let evidence = Evidence::find(data, &name, ratings)?;
            let volts = evidence.analog(ChannelKind::GridVoltage)?;
            let found = estimate(
                &volts.values(0..evidence.len()),
                evidence.rate(),
                ratings.nominal_hz,
                FrequencyMethod::SineFit,
            )
            .ok_or_else(|| Stop::error(format!("capture `{name}` shows no frequency")))?;
            // Two standard uncertainties of the fit bound it about as well as the clock's limit.
            let recorder = Self {
                x: found.hz,
                bound: specs.recorder_clock * found.hz + 2.0 * found.hz_u,
            };
            if recorder.bound < analyser.bound || !analyser.x.is_finite() {
                return Ok(recorder);
            }
        }
        if analyser.x.is_finite() {
            Ok(analyser)
        } else {
            Err(Stop::error(format!("no frequency is known of step {step}")))
        }
    }
}

pub(super) fn judge(
    spec: &CurveSweepCase,
    ratings: &Ratings,
    data: &CaseData,
    sheet: &mut Sheet,
) -> Judged {
    corridor::check(&spec.curve)?;
    let means = step_means(data, "step", spec.stimuli.len(), spec.window_s)?;
    let kind = spec.curve.kind;
    let places: Vec<Place> = means
        .iter()
        .enumerate()
        .map(|(step, mean)| Place::of(kind, step, mean, ratings, data))
        .collect::<Result<_, _>>()?;
    judge_source(spec, ratings, &places, sheet);
    judge_steady(spec, ratings, &means, sheet);

    let mut worst: Option<CriterionResult> = None;
    let mut points = Vec::with_capacity(means.len());
    let mut free = Vec::new();
    let (mut lows, mut highs) = (Vec::new(), Vec::new());
    let mut outside = 0;
    for (step, mean) in means.iter().enumerate() {
        let x = places[step].x;
        let Some(asked) = spec.asked_at(step) else {
            free.push((x, output(kind, mean).0 / ratings.rated_va));
            continue;
        };
        let result = judge_step(
            spec,
            (ratings, &data.instruments),
            sheet.rule(),
            Step {
                number: step,
                mean,
                x,
                asked: places[asked],
                held: asked != step,
            },
        );
        outside += usize::from(result.verdict != Verdict::Pass);
        // A step that could not be measured has no place on the plot, and no number in a file.
        if let Some(measured) = &result.measured {
            points.push((x, measured.value));
            lows.extend(result.limit.min.map(|low| (x, low)));
            highs.extend(result.limit.max.map(|high| (x, high)));
        }
        if worst.as_ref().is_none_or(|w| worse(&result, w)) {
            worst = Some(result);
        }
    }
    let unit = kind.x_unit();
    sheet.series("measured", unit, "pu", points);
    sheet.series("allowed from", unit, "pu", lows);
    sheet.series("allowed to", unit, "pu", highs);
    if !free.is_empty() {
        sheet.series("measured, nothing asked", unit, "pu", free);
    }
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

/// The commanded quantity of a step and the standard deviation of its mean, W or var.
pub(super) fn output(kind: CurveKind, mean: &StepMean) -> (f64, f64) {
    match kind {
        CurveKind::VoltVar => (mean.vars, mean.scatter.1),
        CurveKind::VoltWatt | CurveKind::FrequencyWatt => (mean.watts, mean.scatter.0),
    }
}

/// One step of the stair and where on the curve it is judged.
struct Step<'a> {
    number: usize,
    mean: &'a StepMean,
    /// Its own stimulus, V or Hz.
    x: f64,
    /// Where the curve is taken: here, or at the turning point of a held way back.
    asked: Place,
    held: bool,
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
    (ratings, specs): (&Ratings, &InstrumentSpecs),
    rule: DecisionRule,
    step: Step<'_>,
) -> CriterionResult {
    let base = ratings.rated_va;
    let curve = &spec.curve;
    let (mean, at) = (step.mean, step.asked);
    let available = corridor::available(curve, spec.power_w / base, mean.vars / base);
    let bounds = corridor::bounds(curve, at.x, available, at.bound);
    let (y, scatter) = output(curve.kind, mean);
    let value = analyser_power(curve.kind, specs, y, scatter, base, "pu")
        .rectangular(
            &format!("{} × slope of the curve", curve.kind.x_name()),
            at.bound * bounds.slope,
        )
        .measure(y / base);
    let (origin, mark) = match &spec.held {
        Some(held) if step.held => (&held.origin, held.mark),
        Some(_) | None => (&curve.origin, curve.mark),
    };
    let limit = Limit {
        min: Some(bounds.low),
        max: Some(bounds.high),
        origin: origin.clone(),
        mark,
    };
    let name = format!("{} inside the corridor", curve.kind.letter());
    let mut result = criterion::measured(&name, limit, rule, value);
    let unit = curve.kind.x_unit();
    let mut place = format!(
        "worst at step {}, {}",
        step.number,
        text::value(step.x, unit)
    );
    if step.held {
        place = format!(
            "{place} on the way back, held from {}",
            text::value(at.x, unit)
        );
    }
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
        CurveKind::VoltWatt | CurveKind::FrequencyWatt => 1.0,
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
        let (_, of_mean) = output(spec.curve.kind, mean);
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

/// The source must have applied the stimuli of the case, worst first: voltages within 2 % of
/// nominal, frequencies within 0.1 %.
fn judge_source(spec: &CurveSweepCase, ratings: &Ratings, places: &[Place], sheet: &mut Sheet) {
    let far = places
        .iter()
        .zip(&spec.stimuli)
        .max_by(|a, b| (a.0.x - a.1).abs().total_cmp(&(b.0.x - b.1).abs()));
    let Some((place, &want)) = far else { return };
    let kind = spec.curve.kind;
    let (name, allowance, origin, source) = match kind {
        CurveKind::VoltVar | CurveKind::VoltWatt => (
            "voltages applied",
            0.02 * ratings.nominal_v,
            "voltage within ±2 % of nominal of the step",
            "power analyser",
        ),
        CurveKind::FrequencyWatt => (
            "frequencies applied",
            0.001 * ratings.nominal_hz,
            "frequency within ±0.1 % of nominal of the step",
            "recorder or analyser",
        ),
    };
    let limit = procedure_limit(Some(want - allowance), Some(want + allowance), origin);
    let value: Measurement = Budget::new(kind.x_unit())
        .rectangular(source, place.bound)
        .measure(place.x);
    sheet.bench_condition(
        name,
        limit,
        value,
        &format!("the source did not apply the {} of a step", kind.x_name()),
    );
}
