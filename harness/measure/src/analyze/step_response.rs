//! `analyze step-response`: times of each step of a slowly or quickly sampled quantity.

use std::borrow::Cow;

use serde::Serialize;

use gridproof_model::result::{BudgetLine, NORMAL_COVERAGE};

use super::step_fit::level;
use super::step_marks::edges;
use super::step_pulsation::{Pulsation, by_periods};
use super::step_search::before_steps;
use super::step_timing::{Step, timing, unseen_bound};
use super::warnings::level_clipped;
use super::{AnalyzeError, Channel64};
use crate::uncertainty::Budget;

/// What says when the steps were made.
#[derive(Debug, Clone, Copy)]
pub enum Marks<'a> {
    /// Times, s from the first sample.
    Times(&'a [f64]),
    /// A channel whose level changes at each step (a set point), or that pulses at each.
    Channel(Channel64<'a>),
    /// Nothing: steps are where the response begins to leave a level that it rested on, by 5 % of
    /// the rating and of the span of the record or more. What a response takes to begin does not
    /// show then.
    Response,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepFigures {
    /// When the step was made, s from the first sample.
    pub t_step_s: f64,
    /// Settled value before.
    pub initial: f64,
    /// Settled value after.
    #[serde(rename = "final")]
    pub final_value: f64,
    /// U of `initial` by noise and resolution, in its unit.
    pub initial_uncertainty: Option<f64>,
    /// U of `final`, likewise.
    pub final_uncertainty: Option<f64>,
    /// Time from the step until 90 % of the change is reached first, delay included, s: of a
    /// response that is held between updates, the update that reaches it; `None` if the change is
    /// too small to time.
    pub t90_s: Option<f64>,
    /// When the response begins, s from the first sample.
    pub t_commence_s: Option<f64>,
    /// Largest excursion beyond the final value, % of the change.
    pub overshoot_pct: Option<f64>,
    /// Time constant of the first-order part of the response, s; of a response without one, that
    /// of the exponential that fits its rise best.
    pub tau_s: Option<f64>,
    /// Time from the step after which the value stays within ±5 % of the change, s.
    pub settling_s: Option<f64>,
    /// U of `t90_s`, s.
    pub uncertainty_s: Option<f64>,
    /// U of `t_commence_s`, s; here and below only where the response has a known shape.
    pub commence_uncertainty_s: Option<f64>,
    /// U of `overshoot_pct`, % of the change.
    pub overshoot_uncertainty_pct: Option<f64>,
    /// U of `tau_s`, s.
    pub tau_uncertainty_s: Option<f64>,
    /// U of `settling_s`, s.
    pub settling_uncertainty_s: Option<f64>,
    /// Where the U of `t90_s` comes from, s.
    pub budget: Vec<BudgetLine>,
    /// Why a figure is missing.
    pub note: Option<String>,
}

/// All steps of a record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepResponseAnalysis {
    /// In time order.
    pub steps: Vec<StepFigures>,
    /// What makes the figures doubtful: a clipped channel, steps that nothing marks.
    pub warnings: Vec<String>,
}

/// Share of the part between two steps whose end counts as settled.
const SETTLED: f64 = 0.2;
/// Smallest change that is timed, share of the rating (docs/models.md, section 11: below 5 % times
/// are meaningless).
const LEAST: f64 = 0.05;
/// Most points that are looked at.
const MOST_POINTS: usize = 1_000_000;

/// Times each step of `response`. `rated` is the rating in the response's unit, if known.
///
/// # Errors
/// Unusable samples, marks outside the record or out of order, no step at all.
pub fn step_response(
    response: &Channel64<'_>,
    marks: &Marks<'_>,
    rated: Option<f64>,
) -> Result<StepResponseAnalysis, AnalyzeError> {
    response.check("response")?;
    if let Some(rated) = rated {
        super::positive("rating", rated)?;
    }
    let duration = response.duration_s();
    let (points, quantum) = averaged(response);
    let figures = |times: &[Instant]| -> Vec<(StepFigures, Option<String>)> {
        (0..times.len())
            .map(|n| {
                let begin = n.checked_sub(1).map_or(0.0, |k| times[k].at);
                let end = times.get(n + 1).map_or(duration, |next| next.at);
                figures(&points, quantum, (begin, times[n], end), rated)
            })
            .collect()
    };
    let mut warnings: Vec<String> = level_clipped(response, "response").into_iter().collect();
    let times: Vec<Instant> = match marks {
        Marks::Times(times) => times
            .iter()
            .map(|&at| Instant {
                at,
                u: 0.0,
                marked: true,
            })
            .collect(),
        Marks::Channel(channel) => {
            channel.check("mark")?;
            let u = 1.0 / channel.rate_hz / 12.0_f64.sqrt();
            let edges = edges(channel, response);
            edges
                .into_iter()
                .map(|at| Instant {
                    at,
                    u,
                    marked: true,
                })
                .collect()
        }
        Marks::Response => {
            warnings.push(
                "nothing marks the steps: times count from where the response begins to move"
                    .to_owned(),
            );
            let least = rated.map_or(0.0, |r| LEAST * r);
            let before = by_periods(&points).map_or_else(
                || before_steps(&points, least),
                |periods| before_steps(&periods, least),
            );
            let unknown = |&at: &f64| Instant {
                at,
                u: 0.0,
                marked: false,
            };
            figures(&before.iter().map(unknown).collect::<Vec<_>>())
                .iter()
                .map(|(step, _)| begun(step))
                .collect()
        }
    };
    if times.is_empty() {
        return Err(AnalyzeError::Marks(match marks {
            Marks::Times(_) | Marks::Channel(_) => {
                "no step is marked; give the times of the steps or a channel that changes at each"
            }
            Marks::Response => {
                "the response does not go from one level that it rests on to another; give the times of the steps or a channel that changes at each"
            }
        }
        .to_owned()));
    }
    if let Some(bad) = times.iter().find(|t| !(t.at >= 0.0 && t.at < duration)) {
        return Err(AnalyzeError::Marks(format!(
            "a step at {} s lies outside the record of {duration} s; give times from its first sample",
            bad.at
        )));
    }
    if times.windows(2).any(|w| w[1].at <= w[0].at) {
        return Err(AnalyzeError::Marks(
            "the times of the steps are not ascending; sort them".to_owned(),
        ));
    }
    let (steps, doubts): (Vec<_>, Vec<_>) = figures(&times).into_iter().unzip();
    for doubt in doubts.into_iter().flatten() {
        if !warnings.contains(&doubt) {
            warnings.push(doubt);
        }
    }
    Ok(StepResponseAnalysis { steps, warnings })
}

/// When a step was made.
#[derive(Debug, Clone, Copy)]
struct Instant {
    /// Time from the first sample, s.
    at: f64,
    /// Standard uncertainty, s.
    u: f64,
    /// A mark or somebody says so, not the response.
    marked: bool,
}

/// When the response to a step began, which was made at some time before.
fn begun(step: &StepFigures) -> Instant {
    Instant {
        at: step.t_commence_s.unwrap_or(step.t_step_s),
        // As of a normal distribution with the same U.
        u: step.commence_uncertainty_s.unwrap_or(0.0) / NORMAL_COVERAGE,
        marked: false,
    }
}

/// Times and values of all samples, averaged where there are more than anything asked is finer
/// than, and the smallest change between two samples: a converter's step, next to nothing for a
/// fine one.
fn averaged(response: &Channel64<'_>) -> (Vec<(f64, f64)>, f64) {
    let samples = response.samples;
    let group = samples.len().div_ceil(MOST_POINTS);
    let middle = 0.5 * (group - 1) as f64;
    let points = samples
        .chunks_exact(group)
        .enumerate()
        .map(|(n, c)| {
            let at = ((n * group) as f64 + middle) / response.rate_hz;
            (at, c.iter().sum::<f64>() / group as f64)
        })
        .collect();
    let quantum = samples
        .windows(2)
        .map(|w| (w[1] - w[0]).abs())
        .filter(|d| *d > 0.0)
        .fold(f64::INFINITY, f64::min);
    (points, if quantum.is_finite() { quantum } else { 0.0 })
}

/// The figures of the step at an instant between `begin` and `end`, and what makes them doubtful.
fn figures(
    points: &[(f64, f64)],
    quantum: f64,
    (
        begin,
        Instant {
            at,
            u: mark_u,
            marked,
        },
        end,
    ): (f64, Instant, f64),
    rated: Option<f64>,
) -> (StepFigures, Option<String>) {
    let mut result = StepFigures {
        t_step_s: at,
        initial: 0.0,
        final_value: 0.0,
        initial_uncertainty: None,
        final_uncertainty: None,
        t90_s: None,
        t_commence_s: None,
        overshoot_pct: None,
        tau_s: None,
        settling_s: None,
        uncertainty_s: None,
        commence_uncertainty_s: None,
        overshoot_uncertainty_pct: None,
        tau_uncertainty_s: None,
        settling_uncertainty_s: None,
        budget: Vec::new(),
        note: None,
    };
    let spacing = match points {
        [a, b, ..] => b.0 - a.0,
        _ => 0.0,
    };
    let old_from = (at - (SETTLED * (at - begin)).max(5.0 * spacing)).max(begin);
    let new_from = (end - (SETTLED * (end - at)).max(5.0 * spacing)).max(at);
    let index = |t: f64| points.partition_point(|p| p.0 < t);
    let [old_at, step_at, new_at, end_at] = [old_from, at, new_from, end].map(index);
    let points = &points[old_at..end_at];
    let pulsation = Pulsation::new(&points[..step_at - old_at], &points[new_at - old_at..]);
    let points = match &pulsation {
        Some(pulsation) => Cow::Owned(pulsation.taken_off(points)),
        None => Cow::Borrowed(points),
    };
    let points = points.as_ref();
    let (Some(old), Some(new)) = (level(points, old_from, at), level(points, new_from, end)) else {
        result.note = Some("too little was recorded before or after the step".to_owned());
        return (result, None);
    };
    (result.initial, result.final_value) = (old.mean, new.mean);
    // A level between two steps of the converter scatters more than its noise makes it: the calmer
    // of both tells what noise there is.
    let dither = old.sigma.min(new.sigma);
    let settled_u = [old, new].map(|level| {
        Budget::new("")
            .normal("noise", level.mean_u())
            .rectangular("converter's step", unseen_bound(quantum, dither))
            .expanded()
    });
    [result.initial_uncertainty, result.final_uncertainty] = settled_u.map(Some);
    let change = new.mean - old.mean;
    let doubt = pulsation.and_then(|pulsation| pulsation.warning(change));
    let sigma = old.sigma.max(new.sigma);
    let least = rated.map_or(0.0, |r| LEAST * r);
    let seen = (2.0 * sigma).max(6.0 * sigma / (new.count as f64).sqrt());
    if change.abs() <= least.max(seen) || change == 0.0 {
        result.note = Some("the change is too small to be timed".to_owned());
        return (result, None);
    }
    let shares: Vec<(f64, f64)> = points
        .iter()
        .map(|p| (p.0 - at, (p.1 - old.mean) / change))
        .collect();
    let found = timing(&Step {
        shares: &shares,
        noise: sigma / change.abs(),
        dither: dither / change.abs(),
        widen: old.widen.max(new.widen),
        noise_count: old.count + new.count,
        quantum: quantum / change.abs(),
        marked,
        rated: rated.map(|r| r / change.abs()),
        settled: (new_from - at, end - at),
        spacing,
    });
    let Some(found) = found else {
        result.note = Some("90 % of the change is never reached".to_owned());
        return (result, None);
    };
    let measured = found
        .budget
        .normal("instant of the step", mark_u)
        .measure(found.t90);
    let [initial, reached] = [found.levels[0].0, found.levels[1].0];
    result.initial = old.mean + change * initial;
    result.final_value = old.mean + change * reached;
    [result.initial_uncertainty, result.final_uncertainty] = [0, 1].map(|n| {
        let own = found.levels[n].1.as_ref();
        Some(own.map_or(settled_u[n], |budget| budget.expanded() * change.abs()))
    });
    result.t90_s = Some(measured.value);
    result.uncertainty_s = Some(measured.u);
    result.budget = measured.budget;
    let of_step = |budget: Option<Budget>, u: f64| {
        budget.map(|budget| budget.normal("instant of the step", u).expanded())
    };
    if let Some((t, budget)) = found.commence {
        result.t_commence_s = Some(at + t);
        // Nothing begins before the step: what seems to is known as well as the step's instant.
        let instant = if t > 0.0 { 0.0 } else { mark_u };
        result.commence_uncertainty_s = of_step(budget, instant);
    }
    let (overshoot, budget) = found.overshoot;
    result.overshoot_pct = Some(100.0 * overshoot);
    result.overshoot_uncertainty_pct = budget.map(|budget| 100.0 * budget.expanded());
    if let Some((tau, budget)) = found.tau {
        result.tau_s = Some(tau);
        result.tau_uncertainty_s = budget.map(|budget| budget.expanded());
    }
    if let Some((t, budget)) = found.settling {
        result.settling_s = Some(t);
        result.settling_uncertainty_s = of_step(budget, mark_u);
    }
    (result, doubt)
}
