//! `analyze step-response`: times of each step of a slowly or quickly sampled quantity.

use serde::Serialize;

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
    /// Time from the step until 90 % of the change is reached first, delay included, s; `None`
    /// if the change is too small to time.
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
    Ok(StepResponseAnalysis { steps })
}

/// Times at which a mark channel changes, s. A pulse counts once, by its leading edge.
fn edges(channel: &Channel64<'_>) -> Vec<f64> {
    let samples = channel.samples;
    let low = samples.iter().copied().fold(f64::INFINITY, f64::min);
    let high = samples.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let span = high - low;
    if span <= 0.0 {
        return Vec::new();
    }
    let binary = samples.iter().all(|x| (x - low).min(high - x) < 0.2 * span);
    let mut found: Vec<f64> = Vec::new();
    if binary {
        let middle = 0.5 * (low + high);
        for (k, w) in samples.windows(2).enumerate() {
            if w[0] < middle && w[1] >= middle {
                found.push((k as f64 + 0.5) / channel.rate_hz);
            }
        }
        return found;
    }
    // A staircase of set points: changes by more than 2 % of its span within two samples.
    let mut k = 0;
    while k + 1 < samples.len() {
        if (samples[k + 1] - samples[k]).abs() > 0.02 * span {
            found.push((k as f64 + 0.5) / channel.rate_hz);
            // The rest of the same edge.
            while k + 1 < samples.len() && (samples[k + 1] - samples[k]).abs() > 0.02 * span {
                k += 1;
            }
        }
        k += 1;
    }
    found
}

/// (time, value) of a response: all samples, or only the updates where it is held between them.
fn updates(response: &Channel64<'_>) -> Vec<(f64, f64)> {
    let samples = response.samples;
    let all = || {
        samples
            .iter()
            .enumerate()
            .map(|(k, &y)| (k as f64 / response.rate_hz, y))
            .collect()
    };
    let changes: Vec<usize> = (1..samples.len())
        .filter(|&k| samples[k] != samples[k - 1])
        .collect();
    let gaps = || changes.windows(2).map(|w| w[1] - w[0]);
    let Some(least) = gaps().min().filter(|&g| g >= 2) else {
        return all();
    };
    // The exact period of the updates need not be whole samples: refine it on the longest run
    // of single periods, then ask whether all changes lie on that grid.
    let single: Vec<usize> = gaps().filter(|&g| g <= least + 1).collect();
    let period = single.iter().sum::<usize>() as f64 / single.len().max(1) as f64;
    let on_grid = gaps()
        .filter(|&g| {
            let turns = (g as f64 / period).round();
            (g as f64 - turns * period).abs() <= 1.0 + 0.02 * g as f64
        })
        .count();
    if changes.len() < 6
        || single.len() * 4 < changes.len()
        || on_grid * 10 < 9 * (changes.len() - 1)
    {
        return all();
    }
    let mut points = Vec::new();
    let mut at = changes[0] as f64 - period;
    while at >= 0.0 {
        points.push((at / response.rate_hz, samples[0]));
        at -= period;
    }
    points.reverse();
    for pair in changes.windows(2) {
        let mut at = pair[0] as f64;
        // An update that repeats the value is an update too.
        while at < pair[1] as f64 - 0.5 * period {
            points.push((at / response.rate_hz, samples[pair[0]]));
            at += period;
        }
    }
    if let Some(&k) = changes.last() {
        let mut at = k as f64;
        while at < samples.len() as f64 {
            points.push((at / response.rate_hz, samples[k]));
            at += period;
        }
    }
    points
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    Some(if values.len() % 2 == 1 {
        values[middle]
    } else {
        0.5 * (values[middle - 1] + values[middle])
    })
}

/// Mean and standard deviation of the values between two times; of quantised values the mean
/// is finer than the median, so the mean of those within three deviations of the median is taken.
fn level(points: &[(f64, f64)], from: f64, to: f64) -> Option<(f64, f64, usize)> {
    let values: Vec<f64> = points
        .iter()
        .filter(|p| p.0 >= from && p.0 < to)
        .map(|p| p.1)
        .collect();
    let middle = median(values.clone())?;
    let spread = 1.4826 * median(values.iter().map(|y| (y - middle).abs()).collect())?;
    let near: Vec<f64> = values
        .into_iter()
        .filter(|y| spread <= 0.0 || (y - middle).abs() <= 4.0 * spread)
        .collect();
    let n = near.len() as f64;
    let mean = near.iter().sum::<f64>() / n;
    let sigma = (near.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / n.max(2.0)).sqrt();
    Some((mean, sigma, near.len()))
}

fn figures(
    response: &Channel64<'_>,
    points: &[(f64, f64)],
    (begin, at, end): (f64, f64, f64),
    rated: Option<f64>,
) -> StepFigures {
    let step = 1.0 / response.rate_hz;
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
    let gaps = points.windows(2).map(|w| w[1].0 - w[0].0).collect();
    let spacing = median(gaps).unwrap_or(step).max(step);
    let old_from = (at - (SETTLED * (at - begin)).max(5.0 * spacing)).max(begin);
    let old = level(points, old_from, at);
    let new_from = (end - (SETTLED * (end - at)).max(5.0 * spacing)).max(at);
    let new = level(points, new_from, end);
    let (Some((initial, sigma0, _)), Some((last, sigma1, count))) = (old, new) else {
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
            .max(6.0 * sigma / (count as f64).sqrt())
        || change == 0.0
    {
        result.note = Some("the change is too small to be timed".to_owned());
        return result;
    }
    // From just before the step on, as shares of the change; the value at the step is known.
    let shares: Vec<(f64, f64)> = points
        .iter()
        .filter(|p| p.0 >= at - 2.0 * spacing && p.0 < end)
        .map(|p| (p.0 - at, (p.1 - initial) / change))
        .collect();
    let noise = sigma / change.abs();
    let Some(t90) = reach(&shares, 0.9, noise, end - at) else {
        result.note = Some("90 % of the change is never reached".to_owned());
        return result;
    };
    let commence = commencement(&shares, noise, t90, rated.map(|r| r / change.abs()));
    result.t_commence_s = commence.map(|t| at + t);
    let mut t90 = t90;
    if let Some(fit) = exponential(&shares, commence.unwrap_or(0.0), t90, noise) {
        result.tau_s = Some(fit.tau);
        // All points of the rise know more than those around 90 %, if it is an exponential.
        if noise >= 0.002 && fit.residual <= 1.2 * noise + 0.002 {
            t90 = fit.delay + fit.tau * std::f64::consts::LN_10;
        }
    }
    result.t90_s = Some(t90);
    let wide = smoothed(&shares, window(&shares, noise, t90, 0.1));
    let over = wide
        .iter()
        .filter(|p| p.0 > 0.5 * t90)
        .map(|p| p.1 - 1.0)
        .fold(0.0, f64::max);
    let left = 3.0 * noise / (window(&shares, noise, t90, 0.1) as f64).sqrt();
    result.overshoot_pct = Some(if over > left { 100.0 * over } else { 0.0 });
    let band = 0.05_f64.max(left);
    result.settling_s = wide
        .iter()
        .rposition(|p| (p.1 - 1.0).abs() > band)
        .and_then(|k| wide.get(k + 1))
        .map(|p| p.0.max(0.0));
    let slope = 0.1 * std::f64::consts::LN_10 / t90.max(spacing);
    let inside = (0.1 * t90 / spacing).max(1.0);
    let u = (spacing * spacing / 12.0 + (noise / slope).powi(2) / inside).sqrt();
    result.uncertainty_s = Some(2.0 * u);
    result
}

/// Points averaged against noise: as few as bring it below 0.5 %, at most `share` of `t90`.
fn window(shares: &[(f64, f64)], noise: f64, t90: f64, share: f64) -> usize {
    let after = shares.iter().filter(|p| p.0 >= 0.0 && p.0 <= t90).count();
    let needed = (noise / 0.005).powi(2).ceil().clamp(1.0, 1e6) as usize;
    needed.min((share * after as f64) as usize).max(1) | 1
}

/// Centred moving mean of `width` (odd) points, shorter at the ends.
fn smoothed(shares: &[(f64, f64)], width: usize) -> Vec<(f64, f64)> {
    let half = width / 2;
    let mut sums = Vec::with_capacity(shares.len() + 1);
    let mut sum = 0.0;
    sums.push(0.0);
    for p in shares {
        sum += p.1;
        sums.push(sum);
    }
    (0..shares.len())
        .map(|k| {
            let reach = half.min(k).min(shares.len() - 1 - k);
            let total = sums[k + reach + 1] - sums[k - reach];
            (shares[k].0, total / (2 * reach + 1) as f64)
        })
        .collect()
}

/// First time the shares reach `target`: on a smoothed series first, then refined by a parabola
/// through the points around, which noise moves less.
fn reach(shares: &[(f64, f64)], target: f64, noise: f64, span: f64) -> Option<f64> {
    let crossing = |series: &[(f64, f64)]| {
        let k = series.iter().position(|p| p.0 >= 0.0 && p.1 >= target)?;
        let Some(before) = k.checked_sub(1).map(|j| series[j]) else {
            return Some(series[k].0);
        };
        let (a, b) = (before, series[k]);
        let share = if b.1 > a.1 {
            ((target - a.1) / (b.1 - a.1)).clamp(0.0, 1.0)
        } else {
            1.0
        };
        Some((a.0 + (b.0 - a.0) * share).max(0.0))
    };
    let mut t = crossing(shares)?;
    if noise < 0.002 {
        return Some(t);
    }
    // Smoothing wide enough for the noise; the estimate decides how wide it may be.
    for share in [0.2, 0.1, 0.1] {
        let guess = t.max(0.002 * span);
        t = crossing(&smoothed(shares, window(shares, noise, guess, share)))?;
    }
    // A gentle slope needs and allows a wider parabola than a steep one.
    let mut x = 0.0;
    for wide in [0.2, 0.35] {
        let near = || {
            shares
                .iter()
                .filter(|p| (p.0 - t).abs() <= wide * t)
                .copied()
        };
        if near().count() < 5 {
            continue;
        }
        let Some([c0, c1, c2]) = crate::phase_track::parabola(near(), t) else {
            continue;
        };
        if wide > 0.2 && c1 * t > 0.5 {
            break;
        }
        // c0 + c1·x + c2·x² = target, the root nearest to the smoothed crossing.
        let gap = target - c0;
        let under = c1 * c1 + 4.0 * c2 * gap;
        if under >= 0.0 && c1 > 0.0 {
            x = 2.0 * gap / (c1 + under.sqrt());
        }
    }
    Some(if x.abs() <= 0.2 * t { t + x } else { t })
}

/// When the response begins: the line through where it passes a low and twice that share,
/// continued back to nothing. `rated` is the rating as a share of the change.
fn commencement(shares: &[(f64, f64)], noise: f64, t90: f64, rated: Option<f64>) -> Option<f64> {
    let width = window(shares, noise, t90, 0.05);
    let series = smoothed(shares, width);
    let left = 4.0 * noise / (width as f64).sqrt();
    let low = 0.03_f64
        .max(left)
        .max(rated.map_or(0.0, |r| 0.01 * r))
        .min(0.4);
    let pass = |level: f64| {
        // The last time below before the level is kept up to 90 %.
        let end = series
            .iter()
            .position(|p| p.0 >= t90)
            .unwrap_or(series.len());
        let k = series[..end].iter().rposition(|p| p.1 < level)?;
        let (a, b) = (series[k], *series.get(k + 1)?);
        let share = if b.1 > a.1 {
            ((level - a.1) / (b.1 - a.1)).clamp(0.0, 1.0)
        } else {
            1.0
        };
        Some(a.0 + (b.0 - a.0) * share)
    };
    let (one, two) = (pass(low)?, pass(2.0 * low)?);
    Some((2.0 * one - two).clamp(0.0, one.max(0.0)))
}

/// An exponential rise.
struct Exponential {
    delay: f64,
    tau: f64,
    /// Standard deviation of the points from it, share of the change.
    residual: f64,
}

/// Least squares of 1 − e^(−(t − d)/τ) with d and τ free over the rise (Gauss–Newton).
fn exponential(shares: &[(f64, f64)], begin: f64, t90: f64, noise: f64) -> Option<Exponential> {
    let mut tau = (t90 - begin) / std::f64::consts::LN_10;
    let mut delay = begin;
    let end = begin + 1.5 * (t90 - begin).max(0.0);
    let rise: Vec<(f64, f64)> = shares
        .iter()
        .copied()
        .filter(|p| p.0 >= 0.0 && p.0 <= end)
        .collect();
    if tau <= 0.0 {
        return None;
    }
    if rise.len() < 4 {
        return (noise < 0.05).then_some(Exponential {
            delay,
            tau,
            residual: f64::INFINITY,
        });
    }
    let model = |t: f64, delay: f64, tau: f64| {
        let x = ((t - delay) / tau).max(0.0);
        (1.0 - (-x).exp(), x)
    };
    for _ in 0..20 {
        // d/dτ and d/dd of 1 − e^(−x).
        let rows = rise.iter().map(|&(t, y)| {
            let (value, x) = model(t, delay, tau);
            let fall = if x > 0.0 { 1.0 - value } else { 0.0 };
            ([-fall * x / tau, -fall / tau], y - value)
        });
        let Some([a, b]) = crate::linear::least_squares(rows) else {
            break;
        };
        tau = (tau + a.clamp(-0.3 * tau, 0.5 * tau)).max(1e-9);
        delay = (delay + b.clamp(-0.3 * tau, 0.3 * tau)).max(0.0);
    }
    let sum: f64 = rise
        .iter()
        .map(|&(t, y)| (y - model(t, delay, tau).0).powi(2))
        .sum();
    let residual = (sum / rise.len() as f64).sqrt();
    (tau.is_finite() && tau > 0.0).then_some(Exponential {
        delay,
        tau,
        residual,
    })
}
