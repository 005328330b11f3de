//! Levels, crossings and models of a step response given as (time, share of the change).

fn median(values: &mut [f64]) -> Option<f64> {
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

/// Mean and standard deviation of the values between two times; of quantised values the mean
/// is finer than the median, so the mean of those within three deviations of the median is taken.
pub(super) fn level(points: &[(f64, f64)], from: f64, to: f64) -> Option<(f64, f64, usize)> {
    let first = points.partition_point(|p| p.0 < from);
    let end = points.partition_point(|p| p.0 < to).max(first);
    let mut values: Vec<f64> = points[first..end].iter().map(|p| p.1).collect();
    let middle = median(&mut values)?;
    let mut away: Vec<f64> = values.iter().map(|y| (y - middle).abs()).collect();
    let spread = 1.4826 * median(&mut away)?;
    let near: Vec<f64> = values
        .into_iter()
        .filter(|y| spread <= 0.0 || (y - middle).abs() <= 4.0 * spread)
        .collect();
    let n = near.len() as f64;
    let mean = near.iter().sum::<f64>() / n;
    let sigma = (near.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / n.max(2.0)).sqrt();
    Some((mean, sigma, near.len()))
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

/// What an update must show to be the first of the response.
pub(super) fn first_update(
    shares: &[(f64, f64)],
    noise: f64,
    t90: f64,
    rated: Option<f64>,
) -> Option<f64> {
    let low = (0.01_f64)
        .max(4.0 * noise)
        .max(rated.map_or(0.0, |r| 0.005 * r))
        .min(0.4);
    let end = shares.partition_point(|p| p.0 <= t90 + 1e-9);
    let after = &shares[..end];
    // The last update below is kept until 90 % are reached.
    let last = after.iter().rposition(|p| p.1 < low);
    let first = last.map_or(0, |k| k + 1);
    after.get(first).map(|p| p.0.max(0.0))
}

/// How far the mean still moves over a window (from, to), share of the change: the difference of
/// its halves, less what noise makes of it.
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

/// An exponential rise.
pub(super) struct Exponential {
    pub(super) delay: f64,
    pub(super) tau: f64,
    /// Where it goes to, share of the change.
    pub(super) ceiling: f64,
    /// Standard deviation of the points from it, share of the change.
    pub(super) residual: f64,
}

impl Exponential {
    /// When it reaches 90 % of its ceiling, s.
    pub(super) fn t90(&self) -> f64 {
        self.delay + self.tau * std::f64::consts::LN_10
    }

    /// Share of the change at time `t` after the step, s.
    pub(super) fn value(&self, t: f64) -> f64 {
        self.ceiling * (1.0 - (-((t - self.delay) / self.tau).max(0.0)).exp())
    }

    /// Standard uncertainty of [`Self::t90`] of a fit to all `shares`, each known to `noise`, with
    /// the level before known to `initial` (both shares of the change), s.
    pub(super) fn t90_u(&self, shares: &[(f64, f64)], noise: f64, initial: f64) -> Option<f64> {
        let points = grouped(&shares[shares.partition_point(|p| p.0 < 0.0)..]).1;
        let rows = points.iter().map(|&(t, _)| {
            let x = ((t - self.delay) / self.tau).max(0.0);
            let fall = if x > 0.0 {
                self.ceiling * (-x).exp() / self.tau
            } else {
                0.0
            };
            // By t90, by the delay while t90 stays, and by the ceiling; what one more at each
            // point, as an error of the level before makes it, moves them by.
            let by_t90 = -fall * x / std::f64::consts::LN_10;
            ([by_t90, -fall - by_t90, 1.0 - (-x).exp()], 1.0)
        });
        let found = crate::linear::regression(rows)?;
        let group = shares.len() as f64 / points.len() as f64;
        let scatter = noise * (found.spread[0] / group.max(1.0)).sqrt();
        Some(scatter.hypot(found.x[0] * initial))
    }
}

/// Size of the groups, and the means of groups of so many points that few enough remain to fit.
pub(super) fn grouped(points: &[(f64, f64)]) -> (usize, Vec<(f64, f64)>) {
    let group = points.len().div_ceil(FITTED_POINTS).max(1);
    let means = points
        .chunks(group)
        .map(|c| {
            let sum = c.iter().fold((0.0, 0.0), |s, p| (s.0 + p.0, s.1 + p.1));
            (sum.0 / c.len() as f64, sum.1 / c.len() as f64)
        })
        .collect();
    (group, means)
}

/// What an exponential is fitted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// The rise: half as long again as it takes to 90 %. The ceiling is the change.
    Rise,
    /// All of the response, which shows the ceiling too.
    End,
}

/// Most points an exponential is fitted on; more are averaged.
const FITTED_POINTS: usize = 2000;

/// Least squares of c·(1 − e^(−(t − d)/τ)) (Gauss–Newton).
pub(super) fn exponential(
    shares: &[(f64, f64)],
    begin: f64,
    t90: f64,
    until: Until,
) -> Option<Exponential> {
    let mut tau = (t90 - begin) / std::f64::consts::LN_10;
    let mut delay = begin;
    let mut ceiling = 1.0;
    let end = match until {
        Until::Rise => begin + 1.5 * (t90 - begin).max(0.0),
        Until::End => f64::INFINITY,
    };
    let first = shares.partition_point(|p| p.0 < 0.0);
    let part = &shares[first..shares.partition_point(|p| p.0 <= end).max(first)];
    let (group, points) = grouped(part);
    if tau.is_nan() || tau <= 0.0 || points.len() < 6 {
        return None;
    }
    let model = |t: f64, delay: f64, tau: f64| {
        let x = ((t - delay) / tau).max(0.0);
        (1.0 - (-x).exp(), x)
    };
    for _ in 0..25 {
        // d/dτ, d/dd and d/dc.
        let rows = points.iter().map(|&(t, y)| {
            let (value, x) = model(t, delay, tau);
            let fall = if x > 0.0 {
                ceiling * (1.0 - value)
            } else {
                0.0
            };
            let free = match until {
                Until::Rise => 0.0,
                Until::End => value,
            };
            ([-fall * x / tau, -fall / tau, free], y - ceiling * value)
        });
        let step = match until {
            Until::Rise => crate::linear::least_squares(rows.map(|([a, b, _], y)| ([a, b], y)))
                .map(|[a, b]| [a, b, 0.0]),
            Until::End => crate::linear::least_squares(rows),
        };
        let Some([a, b, c]) = step else {
            break;
        };
        tau = (tau + a.clamp(-0.3 * tau, 0.5 * tau)).max(1e-9);
        delay = (delay + b.clamp(-0.3 * tau, 0.3 * tau)).max(0.0);
        ceiling = (ceiling + c.clamp(-0.1, 0.1)).clamp(0.5, 2.0);
    }
    // The scatter of the points themselves, not of their groups.
    let sum: f64 = part
        .iter()
        .step_by(group)
        .map(|&(t, y)| (y - ceiling * model(t, delay, tau).0).powi(2))
        .sum();
    let residual = (sum / part.len().div_ceil(group) as f64).sqrt();
    (tau.is_finite() && tau > 0.0).then_some(Exponential {
        delay,
        tau,
        ceiling,
        residual,
    })
}
