//! `analyze step-response`: times of each step of a slowly or quickly sampled quantity.

use serde::Serialize;

use super::step_fit::{
    Exponential, SMOOTHED, Until, commencement, drift, exponential, first_update, grouped, level,
    reach, slope_at, smoothed, window,
};
use super::step_marks::edges;
use super::step_shapes::{Shape, Shaped, shaped};
use super::step_updates::{Updates, updates};
use super::warnings::level_clipped;
use super::{AnalyzeError, Channel64};

/// What says when the steps were made.
#[derive(Debug, Clone, Copy)]
pub enum Marks<'a> {
    /// Times, s from the first sample.
    Times(&'a [f64]),
    /// A channel whose level changes at each step (a set point), or that pulses at each.
    Channel(Channel64<'a>),
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
    /// Time from the step until 90 % of the change is reached first, delay included, s: of a
    /// response that is held between updates, the update that reaches it; `None` if the change is
    /// too small to time.
    pub t90_s: Option<f64>,
    /// When the response begins, s from the first sample.
    pub t_commence_s: Option<f64>,
    /// Largest excursion beyond the final value, % of the change.
    pub overshoot_pct: Option<f64>,
    /// Time constant of the exponential that fits best after the commencement, s.
    pub tau_s: Option<f64>,
    /// Time from the step after which the value stays within ±5 % of the change, s.
    pub settling_s: Option<f64>,
    /// U (k = 2) of `t90_s`, s.
    pub uncertainty_s: Option<f64>,
    /// Why a figure is missing.
    pub note: Option<String>,
}

/// All steps of a record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepResponseAnalysis {
    /// In time order.
    pub steps: Vec<StepFigures>,
    /// What makes the figures doubtful: a clipped channel.
    pub warnings: Vec<String>,
}

/// Share of the part between two steps whose end counts as settled.
const SETTLED: f64 = 0.2;
/// Smallest change that is timed, share of the rating (docs/models.md, section 11: below 5 % times
/// are meaningless).
const LEAST: f64 = 0.05;

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
    let times = match marks {
        Marks::Times(times) => times.to_vec(),
        Marks::Channel(channel) => {
            channel.check("mark")?;
            edges(channel)
        }
    };
    if times.is_empty() {
        return Err(AnalyzeError::Marks(
            "no step is marked; give the times of the steps or a channel that changes at each"
                .to_owned(),
        ));
    }
    if let Some(bad) = times.iter().find(|t| !(**t >= 0.0 && **t < duration)) {
        return Err(AnalyzeError::Marks(format!(
            "a step at {bad} s lies outside the record of {duration} s; give times from its first sample"
        )));
    }
    if times.windows(2).any(|w| w[1] <= w[0]) {
        return Err(AnalyzeError::Marks(
            "the times of the steps are not ascending; sort them".to_owned(),
        ));
    }
    let points = updates(response);
    let steps = times
        .iter()
        .enumerate()
        .map(|(n, &at)| {
            let begin = n.checked_sub(1).map_or(0.0, |k| times[k]);
            let end = times.get(n + 1).copied().unwrap_or(duration);
            figures(response, &points, (begin, at, end), rated)
        })
        .collect();
    Ok(StepResponseAnalysis {
        steps,
        warnings: level_clipped(response, "response").into_iter().collect(),
    })
}

/// Shape that explains a response best.
enum Known {
    Exponential,
    Shaped(Shaped),
}

/// The shape that leaves least of the rise (twice `t90`), each number fitted counted as twice the
/// noise (Akaike's criterion); `None` if even that leaves more than noise.
fn best_shape(
    shares: &[(f64, f64)],
    noise: f64,
    t90: f64,
    exponential: Option<&Exponential>,
) -> Option<Known> {
    let (group, points) = grouped(shares);
    let variance = noise * noise / group as f64;
    let rise = |t: f64| (0.0..=2.0 * t90).contains(&t);
    let count = points.iter().filter(|p| rise(p.0)).count().max(1) as f64;
    let left = |value: &dyn Fn(f64) -> f64| -> f64 {
        let rise = points.iter().filter(|p| rise(p.0));
        rise.map(|p| (p.1 - value(p.0)).powi(2)).sum()
    };
    let mut found = Vec::new();
    if let Some(fit) = exponential {
        found.push((left(&|t| fit.value(t)), 3.0, Known::Exponential));
    }
    for shape in [Shape::SecondOrder, Shape::RateLimited] {
        let fit = shaped(&points, t90, shape).filter(|fit| (fit.ceiling() - 1.0).abs() < 0.06);
        if let Some(fit) = fit {
            found.push((
                left(&|t| fit.value(t)),
                shape.parameters(),
                Known::Shaped(fit),
            ));
        }
    }
    let cost = |f: &(f64, f64, Known)| f.0 + 2.0 * f.1 * variance;
    let (left, _, known) = found
        .into_iter()
        .min_by(|a, b| cost(a).total_cmp(&cost(b)))?;
    let most = variance * (1.0 + 3.0 * (2.0 / count).sqrt()) + 0.001_f64.powi(2);
    (left <= most * count).then_some(known)
}

fn figures(
    response: &Channel64<'_>,
    updates: &Updates,
    (begin, at, end): (f64, f64, f64),
    rated: Option<f64>,
) -> StepFigures {
    let step = 1.0 / response.rate_hz;
    let points = updates.points.as_slice();
    let mut result = StepFigures {
        t_step_s: at,
        initial: 0.0,
        final_value: 0.0,
        t90_s: None,
        t_commence_s: None,
        overshoot_pct: None,
        tau_s: None,
        settling_s: None,
        uncertainty_s: None,
        note: None,
    };
    let spacing = updates.spacing.max(step);
    let old_from = (at - (SETTLED * (at - begin)).max(5.0 * spacing)).max(begin);
    let old = level(points, old_from, at);
    let new_from = (end - (SETTLED * (end - at)).max(5.0 * spacing)).max(at);
    let new = level(points, new_from, end);
    let (Some((initial, sigma0, count0)), Some((last, sigma1, count1))) = (old, new) else {
        result.note = Some("too little was recorded before or after the step".to_owned());
        return result;
    };
    (result.initial, result.final_value) = (initial, last);
    let change = last - initial;
    let sigma = sigma0.max(sigma1);
    let least = rated.map_or(0.0, |r| LEAST * r);
    if change.abs()
        <= least
            .max(2.0 * sigma)
            .max(6.0 * sigma / (count1 as f64).sqrt())
        || change == 0.0
    {
        result.note = Some("the change is too small to be timed".to_owned());
        return result;
    }
    // From just before the step on, as shares of the change; the value at the step is known.
    let from = points.partition_point(|p| p.0 < at - 2.0 * spacing);
    let to = points.partition_point(|p| p.0 < end);
    let mut shares: Vec<(f64, f64)> = points[from..to]
        .iter()
        .map(|p| (p.0 - at, (p.1 - initial) / change))
        .collect();
    let mut noise = sigma / change.abs();
    let Some(first) = reach(&shares, 0.9, noise, end - at) else {
        result.note = Some("90 % of the change is never reached".to_owned());
        return result;
    };
    // A first order that the record cuts short goes on to a value that it shows only by its shape.
    let mut level_doubt =
        drift(&shares, (new_from - at, end - at)).max(noise / (count0.min(count1) as f64).sqrt());
    // What the step before left moving goes on about as far again; of noise the two halves of the
    // window differ by 2 σ/√n.
    let initial_noise = noise / (count0 as f64).sqrt();
    let left = drift(points, (old_from, at)) / change.abs();
    let moving = (left.powi(2) - (4.0 * initial_noise).powi(2))
        .max(0.0)
        .sqrt();
    let initial_u = initial_noise.hypot(moving);
    let whole = exponential(&shares, 0.0, first.at, Until::End)
        .filter(|fit| fit.residual <= 1.2 * noise + 0.002 && (fit.ceiling - 1.0).abs() < 0.06);
    if let Some(fit) = &whole {
        result.final_value = initial + change * fit.ceiling;
        for share in &mut shares {
            share.1 /= fit.ceiling;
        }
        noise /= fit.ceiling;
        level_doubt = 0.2 * (fit.ceiling - 1.0).abs() + noise / (count0.min(count1) as f64).sqrt();
    }
    let Some(reached) = reach(&shares, 0.9, noise, end - at) else {
        result.note = Some("90 % of the change is never reached".to_owned());
        return result;
    };
    let mut t90 = reached.at;
    let share = |of: f64| of / (result.final_value - initial).abs();
    let begins = if updates.held {
        first_update(&shares, noise, t90, rated.map(share))
    } else {
        commencement(&shares, noise, t90, rated.map(share))
    };
    result.t_commence_s = begins.map(|t| at + t);
    let rise = exponential(&shares, begins.unwrap_or(0.0), t90, Until::Rise);
    result.tau_s = whole.as_ref().or(rise.as_ref()).map(|fit| fit.tau);
    let slope = slope_at(&shares, 0.9, noise, t90, end - at);
    let inside = (0.1 * t90 / spacing).max(1.0);
    let scatter = reached.scatter.unwrap_or(noise / slope / inside.sqrt());
    let mut u = scatter.hypot(level_doubt / slope);
    if noise >= SMOOTHED {
        // Smoothing bends a little over whatever is not smooth.
        u = u.hypot(0.004 / 3.0_f64.sqrt() * t90);
    }
    // All points know more than those around 90 %, if they are of a known shape.
    if noise >= SMOOTHED {
        let exponential = whole.as_ref().map(|fit| Exponential {
            ceiling: 1.0,
            ..*fit
        });
        match best_shape(&shares, noise, t90, exponential.as_ref()) {
            Some(Known::Shaped(fit)) if !updates.held => {
                t90 = fit.t90();
                u = fit.t90_u.hypot(initial_u / slope);
            }
            Some(Known::Exponential) | Some(Known::Shaped(_)) | None => {
                if let Some(fit) = whole {
                    t90 = fit.t90();
                    // A shape that is not quite one leaves more than noise does.
                    let most = noise * noise * (1.0 + 3.0 * (2.0 / count1 as f64).sqrt());
                    let wrong =
                        (fit.residual.powi(2) - most).max(0.0).sqrt() / slope / 3.0_f64.sqrt();
                    if let Some(fitted) = fit.t90_u(&shares, noise, initial_u) {
                        u = fitted.hypot(wrong);
                    }
                }
            }
        }
    }
    if updates.held {
        // What is held reaches 90 % at an update. Where noise leaves open at which, it may be the
        // one before or after.
        let slack = if noise >= SMOOTHED { 0.02 } else { 1e-6 };
        let reached = shares.iter().find(|p| p.0 >= t90 - slack * spacing);
        t90 = reached.map_or(t90, |p| p.0.max(0.0));
        let near = |p: &&(f64, f64)| (p.0 - t90).abs() < 1.5 * spacing;
        let mut beside = shares.iter().filter(near);
        let open = beside.any(|p| (p.1 - 0.9).abs() < 4.0 * noise);
        u = u.hypot(spacing / if open { 3.0_f64 } else { 12.0 }.sqrt());
    }
    u = u.hypot(step.max(if updates.held { 0.0 } else { spacing }) / 12.0_f64.sqrt());
    // A converter's step blurs the crossing and both levels.
    u = u.hypot(updates.quantum / change.abs() / slope / 6.0_f64.sqrt());
    result.t90_s = Some(t90);
    result.uncertainty_s = Some(2.0 * u);
    let width = window(&shares, noise, t90, 0.1);
    let wide = smoothed(&shares, width);
    let over = wide
        .iter()
        .filter(|p| p.0 > 0.5 * t90)
        .map(|p| p.1 - 1.0)
        .fold(0.0, f64::max);
    // The largest of many noisy points lies √(2 ln n) standard deviations above.
    let extreme = (2.0 * (wide.len().max(2) as f64).ln()).sqrt();
    let left = (0.5 + extreme) * noise / (width as f64).sqrt();
    result.overshoot_pct = Some(if over > left { 100.0 * over } else { 0.0 });
    let band = 0.05_f64.max(left);
    result.settling_s = wide
        .iter()
        .rposition(|p| (p.1 - 1.0).abs() > band)
        .and_then(|k| wide.get(k + 1))
        .map(|p| p.0.max(0.0));
    result
}
