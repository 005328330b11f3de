//! Levels and crossings of a step response given as (time, share of the change), whatever its
//! shape.

use crate::uncertainty::student;

pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    let even = values.len().is_multiple_of(2);
    if values.is_empty() {
        return None;
    }
    let (below, value, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let lower = below.iter().copied().max_by(f64::total_cmp);
    Some(match lower {
        Some(lower) if even => 0.5 * (*value + lower),
        _ => *value,
    })
}

/// A settled level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Level {
    pub(super) mean: f64,
    /// Standard deviation of single values from a line through them.
    pub(super) sigma: f64,
    pub(super) count: usize,
    /// What noise that stays alike from value to value widens the uncertainty of the mean by.
    pub(super) widen: f64,
}

impl Level {
    /// Standard uncertainty of the mean by noise.
    pub(super) fn mean_u(&self) -> f64 {
        let freedom = self.count.saturating_sub(2).max(1);
        self.widen * self.sigma / (self.count as f64).sqrt() * student(freedom)
    }
}

/// Fewest blocks whose scatter is looked at.
const LEAST_BLOCKS: usize = 5;

/// By how much means of blocks of values scatter more than white noise of `sigma` would make them,
/// at least 1: the largest of all lengths of blocks where that is significant (batch means). Noise
/// that is held for a while shows in blocks that are longer than that.
fn block_widening(values: &[f64], sigma: f64) -> f64 {
    let mut most = 1.0_f64;
    let mut length = 2;
    while values.len() / length >= LEAST_BLOCKS && sigma > 0.0 {
        let blocks = values.chunks_exact(length);
        let means: Vec<f64> = blocks
            .map(|b| b.iter().sum::<f64>() / length as f64)
            .collect();
        let count = means.len() as f64;
        let mean = means.iter().sum::<f64>() / count;
        let square = means.iter().map(|m| (m - mean).powi(2)).sum::<f64>() / (count - 1.0);
        let ratio = (square * length as f64).sqrt() / sigma;
        if ratio > 1.0 + 2.0 / (2.0 * count).sqrt() {
            most = most.max(ratio * student(means.len() - 1));
        }
        length *= 2;
    }
    most
}

/// Level of the values between two times; of quantised values the mean is finer than the median,
/// so that of those within a few deviations of the median is taken.
pub(super) fn level(points: &[(f64, f64)], from: f64, to: f64) -> Option<Level> {
    let first = points.partition_point(|p| p.0 < from);
    let end = points.partition_point(|p| p.0 < to).max(first);
    let part = &points[first..end];
    let middle = median(&mut part.iter().map(|p| p.1).collect::<Vec<_>>())?;
    let away = |p: &(f64, f64)| (p.1 - middle).abs();
    let spread = 1.4826 * median(&mut part.iter().map(away).collect::<Vec<_>>())?;
    let near = || {
        part.iter()
            .filter(move |p| spread <= 0.0 || away(p) <= 4.0 * spread)
    };
    let count = near().count();
    let n = count as f64;
    let mean = near().map(|p| p.1).sum::<f64>() / n;
    let squares = near().map(|p| (p.1 - mean).powi(2)).sum::<f64>();
    // What still moves is no noise.
    let centre = near().map(|p| p.0).sum::<f64>() / n;
    let (mut along, mut width) = (0.0, 0.0);
    for p in near() {
        along += (p.0 - centre) * (p.1 - mean);
        width += (p.0 - centre).powi(2);
    }
    let straight = if width > 0.0 && count > 3 {
        along * along / width
    } else {
        0.0
    };
    let freedom = if count > 3 {
        n - 2.0
    } else {
        (n - 1.0).max(1.0)
    };
    let sigma = ((squares - straight).max(0.0) / freedom).sqrt();
    let slope = if straight > 0.0 { along / width } else { 0.0 };
    let flat: Vec<f64> = near().map(|p| p.1 - slope * (p.0 - centre)).collect();
    Some(Level {
        mean,
        sigma,
        count,
        widen: block_widening(&flat, sigma),
    })
}

/// Noise from which on the first point beyond a level is not believed, share of the change.
pub(super) const SMOOTHED: f64 = 0.0005;

/// Points averaged against noise: as few as bring it below 0.5 %, at most `share` of `t90`.
pub(super) fn window(shares: &[(f64, f64)], noise: f64, t90: f64, share: f64) -> usize {
    let after = shares.iter().filter(|p| p.0 >= 0.0 && p.0 <= t90).count();
    let needed = (noise / 0.005).powi(2).ceil().clamp(1.0, 1e6) as usize;
    needed.min((share * after as f64) as usize).max(1) | 1
}

/// Centred moving mean of `width` (odd) points, shorter at the ends.
pub(super) fn smoothed(shares: &[(f64, f64)], width: usize) -> Vec<(f64, f64)> {
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

/// When the response reaches a level.
pub(super) struct Reached {
    /// Time, s.
    pub(super) at: f64,
    /// Standard uncertainty by noise where a parabola found it, s.
    pub(super) scatter: Option<f64>,
}

/// First time the shares reach `target`: on a smoothed series first, then refined by a parabola
/// through the points around, which noise moves less.
pub(super) fn reach(shares: &[(f64, f64)], target: f64, noise: f64, span: f64) -> Option<Reached> {
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
    if noise < SMOOTHED {
        return Some(Reached {
            at: t,
            scatter: None,
        });
    }
    // Smoothing wide enough for the noise; the estimate decides how wide it may be.
    for share in [0.2, 0.1, 0.1] {
        let guess = t.max(0.002 * span);
        t = crossing(&smoothed(shares, window(shares, noise, guess, share)))?;
    }
    // As narrow a parabola as brings noise below half a per cent of the time: a wide one would
    // bend over a corner.
    let (mut x, mut scatter) = (0.0, None);
    for wide in [0.04, 0.08, 0.15, 0.25, 0.35] {
        let from = shares.partition_point(|p| p.0 < t - wide * t);
        let near = &shares[from..shares.partition_point(|p| p.0 <= t + wide * t)];
        if near.len() < 5 {
            continue;
        }
        let Some([c0, c1, c2]) = crate::phase_track::parabola(near.iter().copied(), t) else {
            continue;
        };
        if wide > 0.3 && c1 * t > 0.5 {
            break;
        }
        // c0 + c1·x + c2·x² = target, the root nearest to the smoothed crossing.
        let gap = target - c0;
        let under = c1 * c1 + 4.0 * c2 * gap;
        if under >= 0.0 && c1 > 0.0 {
            x = 2.0 * gap / (c1 + under.sqrt());
            // A parabola through n points is known to 1.5 σ/√n in their middle.
            let u = 1.5 * noise / (c1 * (near.len() as f64).sqrt());
            scatter = Some(u);
            if u < 0.005 * t {
                break;
            }
        }
    }
    Some(if x.abs() <= 0.2 * t {
        Reached { at: t + x, scatter }
    } else {
        Reached {
            at: t,
            scatter: None,
        }
    })
}

/// When the response begins: the line through where it passes a low and twice that share,
/// continued back to nothing. `rated` is the rating as a share of the change.
pub(super) fn commencement(
    shares: &[(f64, f64)],
    noise: f64,
    t90: f64,
    rated: Option<f64>,
) -> Option<f64> {
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

/// How far the mean still moves over a window (from, to): the difference of its halves, in the unit
/// of the values.
pub(super) fn drift(shares: &[(f64, f64)], (from, to): (f64, f64)) -> f64 {
    let middle = 0.5 * (from + to);
    let mean = |a: f64, b: f64| {
        let part =
            &shares[shares.partition_point(|p| p.0 < a)..shares.partition_point(|p| p.0 < b)];
        (!part.is_empty()).then(|| part.iter().map(|p| p.1).sum::<f64>() / part.len() as f64)
    };
    match (mean(from, middle), mean(middle, to)) {
        (Some(a), Some(b)) => (b - a).abs(),
        _ => 0.0,
    }
}

/// Slope of the smoothed response where it passes `level`, share per second: a tenth of the change
/// over the time it takes around there, no less than an exponential that needs ten `t90`.
pub(super) fn slope_at(shares: &[(f64, f64)], level: f64, noise: f64, t90: f64, span: f64) -> f64 {
    let low = reach(shares, level - 0.05, noise, span).map_or(0.0, |r| r.at);
    let high = reach(shares, level + 0.05, noise, span).map_or(span, |r| r.at);
    let least = 0.1 / (2.0 * t90).max(1e-9);
    (0.1 / (high - low).max(1e-9)).max(least)
}
