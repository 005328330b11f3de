//! A response that is held between updates: a device or a meter that works in a slower clock than
//! the recorder.

use super::Channel64;

/// A response as it was updated.
pub(super) struct Updates {
    /// (time of the update, value until the next), ascending.
    pub(super) points: Vec<(f64, f64)>,
    /// Time between two points, s.
    pub(super) spacing: f64,
    /// Held between the points, rather than sampled at them.
    pub(super) held: bool,
    /// Smallest change between two samples, in the response's unit: a converter's step, next to
    /// nothing for a fine one.
    pub(super) quantum: f64,
}

/// Fewest samples in an update that can be told from samples.
const LEAST_SAMPLES: usize = 2;
/// Most points that are looked at.
const MOST_POINTS: usize = 1_000_000;
/// Widths of the groups whose difference shows an edge in noise, samples.
const WIDTHS: [usize; 5] = [1, 3, 10, 30, 100];

/// All samples, or only the updates where the response is held between them.
pub(super) fn updates(response: &Channel64<'_>) -> Updates {
    let samples = response.samples;
    let exact = || -> Vec<usize> {
        (1..samples.len())
            .filter(|&k| samples[k] != samples[k - 1])
            .collect()
    };
    // More changes than not are no updates; most records stop here.
    let changing = samples.windows(2).filter(|w| w[0] != w[1]).count();
    let held = if 2 * changing <= samples.len() {
        on_grid(response, &exact())
    } else {
        None
    };
    let quantum = samples
        .windows(2)
        .map(|w| (w[1] - w[0]).abs())
        .filter(|d| *d > 0.0)
        .fold(f64::INFINITY, f64::min);
    let quantum = if quantum.is_finite() { quantum } else { 0.0 };
    if let Some(held) = held {
        return Updates { quantum, ..held };
    }
    // Long records are averaged: a millionth of one is finer than anything that is asked.
    let group = samples.len().div_ceil(MOST_POINTS);
    let averaged: Vec<f64>;
    let (samples, rate, shift) = if group > 1 {
        let mean = |c: &[f64]| c.iter().sum::<f64>() / c.len() as f64;
        averaged = samples.chunks_exact(group).map(mean).collect();
        let shift = 0.5 * (group - 1) as f64 / response.rate_hz;
        (averaged.as_slice(), response.rate_hz / group as f64, shift)
    } else {
        (samples, response.rate_hz, 0.0)
    };
    let averaged = Channel64 {
        samples,
        rate_hz: rate,
    };
    let noisy = || {
        let noise = noise(samples);
        WIDTHS
            .into_iter()
            .filter(|&width| noise > 0.0 && 20 * width < samples.len())
            .find_map(|width| on_grid(&averaged, &noisy_edges(samples, noise, width)))
    };
    let noisy = noisy().map(|held| Updates { quantum, ..held });
    noisy.unwrap_or_else(|| Updates {
        points: samples
            .iter()
            .enumerate()
            .map(|(k, &y)| (k as f64 / rate + shift, y))
            .collect(),
        spacing: 1.0 / rate,
        held: false,
        quantum,
    })
}

/// Standard deviation of white noise by the median of second differences, which neither slow
/// changes nor a few edges move.
fn noise(samples: &[f64]) -> f64 {
    let stride = (samples.len() / 20_000).max(1);
    let mut seconds: Vec<f64> = samples
        .windows(3)
        .step_by(stride)
        .map(|w| (w[0] - 2.0 * w[1] + w[2]).abs())
        .collect();
    if seconds.is_empty() {
        return 0.0;
    }
    let middle = seconds.len() / 2;
    let (_, median, _) = seconds.select_nth_unstable_by(middle, f64::total_cmp);
    *median / 0.6745 / 6.0_f64.sqrt()
}

/// Samples at which the mean of the next `width` differs from that of the last by more than noise
/// explains and by more than 1 % of all the response does, with nothing much between: the change
/// happens at edges, not on the way from one to the next.
fn noisy_edges(samples: &[f64], noise: f64, width: usize) -> Vec<usize> {
    let mut sums = Vec::with_capacity(samples.len() + 1);
    let mut sum = 0.0;
    sums.push(0.0);
    for x in samples {
        sum += x;
        sums.push(sum);
    }
    let mean = |a: usize, b: usize| (sums[b] - sums[a]) / (b - a) as f64;
    let step = |k: usize| mean(k, k + width) - mean(k - width, k);
    let (low, high) = (width..samples.len() - width)
        .step_by(width)
        .map(|k| mean(k - width, k))
        .fold((f64::INFINITY, f64::NEG_INFINITY), |r, y| {
            (r.0.min(y), r.1.max(y))
        });
    let least = (6.0 * noise * (2.0 / width as f64).sqrt()).max(0.01 * (high - low));
    let mut edges: Vec<usize> = Vec::new();
    let mut k = width;
    while k + width < samples.len() {
        if step(k).abs() <= least {
            k += 1;
            continue;
        }
        // The largest within a group is the edge.
        let end = (k + 2 * width).min(samples.len() - width);
        let best = (k..end)
            .max_by(|&a, &b| step(a).abs().total_cmp(&step(b).abs()))
            .unwrap_or(k);
        edges.push(best);
        k = best + 2 * width;
    }
    // An edge is as high for a narrower pair of groups; a slope is not.
    let narrow = (width / 3).max(1);
    let sharp: f64 = edges
        .iter()
        .map(|&k| (mean(k, k + narrow) - mean(k - narrow, k)).abs())
        .sum();
    let high: f64 = edges.iter().map(|&k| step(k).abs()).sum();
    if sharp < 0.75 * high {
        return Vec::new();
    }
    // From edge to edge little may happen.
    let (mut jumps, mut ways) = (0.0, 0.0);
    for pair in edges.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        jumps += step(a).abs();
        if b >= a + 2 * width {
            ways += (mean(b - width, b) - mean(a, a + width)).abs();
        }
    }
    let scatter = noise * (2.0 / width as f64).sqrt() * edges.len() as f64;
    let apart = edges.windows(2).all(|w| w[1] - w[0] >= 3.max(2 * width));
    if edges.len() >= 4 && apart && ways <= 0.2 * jumps + scatter && jumps > 5.0 * scatter {
        edges
    } else {
        Vec::new()
    }
}

/// The response by its updates, if its `changes` lie on a regular grid.
fn on_grid(response: &Channel64<'_>, changes: &[usize]) -> Option<Updates> {
    let (samples, rate) = (response.samples, response.rate_hz);
    let gaps = || changes.windows(2).map(|w| w[1] - w[0]);
    let least = gaps().min().filter(|&g| g >= LEAST_SAMPLES)?;
    if changes.len() < 4 {
        return None;
    }
    // The exact period need not be whole samples: from the single ones first, then from a line
    // through all.
    let (mut sum, mut single) = (0, 0);
    for gap in gaps().filter(|&g| g <= least + 1 + least / 50) {
        sum += gap;
        single += 1;
    }
    let coarse = sum as f64 / f64::from(single.max(1));
    let fits = gaps()
        .filter(|&g| {
            let turns = (g as f64 / coarse).round();
            (g as f64 - turns * coarse).abs() <= 1.0 + 0.02 * g as f64
        })
        .count();
    if (single as usize) * 4 < changes.len() || fits * 10 < 9 * (changes.len() - 1) {
        return None;
    }
    let (mut turns, mut n) = (0.0, 0.0);
    let (mut sn, mut sk, mut snn, mut snk) = (0.0, 0.0, 0.0, 0.0);
    for (index, &change) in changes.iter().enumerate() {
        if let Some(before) = index.checked_sub(1) {
            turns += ((change - changes[before]) as f64 / coarse).round();
        }
        let k = change as f64;
        n += 1.0;
        sn += turns;
        sk += k;
        snn += turns * turns;
        snk += turns * k;
    }
    let det = n * snn - sn * sn;
    let period = (n * snk - sn * sk) / det;
    let first = (sk - period * sn) / n;
    if !period.is_finite() || (period / coarse - 1.0).abs() > 0.1 {
        return None;
    }
    let mut points = Vec::new();
    let mut at = first - (first / period).floor() * period;
    while at < samples.len() as f64 {
        // Its samples without the ones next to an edge, whose place is known to one.
        let begin = (at.round() as usize).min(samples.len() - 1);
        let end = ((at + period).round() as usize).min(samples.len());
        let margin = usize::from(end > begin + 4);
        let slot = &samples[begin + margin..end.max(begin + 1 + margin) - margin];
        // Values that are held exactly stay exact.
        let value = if slot.iter().all(|x| *x == slot[0]) {
            slot[0]
        } else {
            slot.iter().sum::<f64>() / slot.len() as f64
        };
        points.push((at.round() / rate, value));
        at += period;
    }
    Some(Updates {
        points,
        spacing: period / rate,
        held: true,
        quantum: 0.0,
    })
}
