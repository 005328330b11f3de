//! Where a deviation from a wave first passes a limit for certain, where it last does before it stays
//! inside, and where between two samples, in noise.

use crate::math::RootSum;

/// Cycles after a quiet one within which a second break belongs to the same transfer.
const BREAK_CYCLES: usize = 10;
/// How a limit is looked for in noise.
pub(crate) struct Seek {
    /// Standard deviation of one sample, V.
    pub(crate) sigma: f64,
    /// Samples of which half must agree that the deviation exceeds the limit.
    pub(crate) width: usize,
    /// Samples to each side of a crossing that a line is laid through.
    pub(crate) reach: usize,
    /// Bound of what reference and noise leave open about the limit, ± V.
    pub(crate) unsure: f64,
}

impl Seek {
    pub(crate) fn new(limit: f64, sigma: f64, reference: f64, cycle: f64) -> Self {
        // As many samples as bring noise to a few per cent of the limit: more would follow the
        // deviation around a bend.
        let needed = 2.0 * (sigma / (0.015 * limit)).powi(2);
        let longest = line_reach(cycle);
        let width = (needed as usize).clamp(1, longest);
        // The median of n samples scatters by 1.25 σ/√n; twice that, for the first or last of
        // several crossings scatters more than one does.
        let noise = 2.5 * sigma / (width as f64).sqrt();
        Self {
            sigma,
            width,
            reach: (needed as usize).clamp(5, longest.max(5)),
            unsure: reference.root_sum(noise).min(0.5 * limit),
        }
    }
}

/// First index beyond `limit` with at least 60 % of the next `debounce` samples beyond it too.
///
/// A gap that begins just before a zero of the old wave shows briefly, hides in the zero, and
/// shows again: a sample beyond `brief_limit` at most `hidden` samples before counts with it, and
/// so does one that a leap took beyond `limit`, which noise cannot have done.
pub(crate) fn first_departure(
    deviation: &[f64],
    limit: f64,
    brief_limit: f64,
    debounce: usize,
    hidden: usize,
) -> Option<usize> {
    let sure = deviation.iter().enumerate().find_map(|(k, e)| {
        if e.abs() <= limit {
            return None;
        }
        let group = deviation.get(k..k + debounce)?;
        let beyond = group.iter().filter(|e| e.abs() > limit).count();
        (10 * beyond >= 6 * debounce).then_some(k)
    })?;
    let leap = (0.5 * limit).max(3.0 * (brief_limit - limit));
    let from = sure.saturating_sub(hidden);
    let brief = (from..sure).find(|&k| {
        let size = deviation[k].abs();
        let leapt = k > 0 && (deviation[k] - deviation[k - 1]).abs() > leap;
        let from_leap = &deviation[k..(k + debounce.max(2)).min(deviation.len())];
        size > brief_limit || leapt && at_leap(from_leap, -0.5) > limit
    });
    Some(brief.unwrap_or(sure))
}

/// Size of the deviation at a leap half a sample before its first value (`place` −0.5) or after its
/// last one (+0.5), from a line through them: the leap is as likely nearer as farther.
fn at_leap(deviation: &[f64], place: f64) -> f64 {
    let line = Line::through(deviation, 1.0);
    let half = 0.5 * (line.n - 1.0);
    (line.mean + line.slope * (half + 0.5).copysign(place)).abs()
}

/// `Some(Some(k))`: k is the last index beyond the limit before the first quiet cycle that no
/// second break follows; `Some(None)`: quiet from the beginning; `None`: never quiet for a cycle,
/// or what follows is not in a deviation that is not `whole`.
///
/// A single sample counts where noise cannot have lifted it there or a leap ends it, else only if
/// half of the last few exceed the limit too. A second break is half of the peak within ten cycles:
/// an island that held for a while before it broke down, and not the drift of a wave that settles.
pub(crate) fn last_before_quiet(
    deviation: &[f64],
    limit: f64,
    seek: &Seek,
    cycle: usize,
    whole: bool,
) -> Option<Option<usize>> {
    let sure = limit + 4.5 * seek.sigma;
    let leap = (0.5 * limit).max(8.0 * seek.sigma);
    let mut last = None;
    let mut beyond = 0;
    let mut resume = 0;
    for (k, e) in deviation.iter().enumerate() {
        let size = e.abs();
        beyond += usize::from(size > limit);
        if let Some(old) = k.checked_sub(seek.width) {
            beyond -= usize::from(deviation[old].abs() > limit);
        }
        let next = deviation.get(k + 1);
        let leaps = k > 0
            && next.is_some_and(|next| (next - e).abs() > leap)
            && at_leap(
                &deviation[(k + 1).saturating_sub(seek.width.max(2))..=k],
                0.5,
            ) > limit;
        if size > limit && (2 * beyond >= seek.width.min(k + 1) || size > sure) || leaps {
            last = Some(k);
        } else if k >= resume && k - last.unwrap_or(0) >= cycle {
            let end = k + BREAK_CYCLES * cycle;
            if end > deviation.len() && !whole {
                return None;
            }
            let ahead = &deviation[k..end.min(deviation.len())];
            match ahead.windows(2).position(|pair| {
                // Two in a row are no spike.
                pair.iter().all(|e| e.abs() > 5.0 * limit)
            }) {
                Some(broken) => resume = k + broken,
                None => return Some(last),
            }
        }
    }
    None
}

/// Where |deviation| passes `limit` between samples `a` and `b` = a + 1: the middle of the
/// interval when it jumps; interpolated when it moves slowly; from a line through up to `longest`
/// samples to each side when the noise `sigma` is larger than its slope.
pub(crate) fn crossing(
    deviation: &[f64],
    (a, b): (usize, usize),
    limit: f64,
    sigma: f64,
    longest: usize,
) -> f64 {
    let (Some(&x), Some(&y)) = (deviation.get(a), deviation.get(b)) else {
        return if b < deviation.len() { b } else { a } as f64;
    };
    let sign = if y.abs() > x.abs() { y } else { x }.signum();
    let leap = (0.5 * limit).max(8.0 * sigma);
    let jumps = |k: usize| (deviation[k + 1] - deviation[k]).abs() > leap;
    if jumps(a) {
        return a as f64 + 0.5;
    }
    // The shortest line that tells the instant: a longer one would follow a bend.
    let mut reach = longest.min(2);
    loop {
        let from = (a.saturating_sub(reach)..a)
            .rev()
            .find(|&k| jumps(k))
            .map_or(a.saturating_sub(reach), |k| k + 1);
        let end = (b + reach).min(deviation.len() - 1);
        let to = (b..end).find(|&k| jumps(k)).unwrap_or(end);
        let line = Line::through(&deviation[from..=to], sign);
        let fitted = from as f64 + line.reaches(limit);
        let inside = fitted >= from as f64 && fitted <= to as f64;
        let noisy = line.slope.abs() < 4.0 * sigma && line.n >= 5.0;
        let told = line.slope.abs() * line.n.sqrt() > 3.0 * sigma;
        if noisy && inside && (told || reach >= longest) {
            return fitted;
        }
        if reach >= longest {
            break;
        }
        reach = (2 * reach).min(longest);
    }
    if x.abs() == y.abs() {
        return b as f64;
    }
    a as f64 + ((limit - x.abs()) / (y.abs() - x.abs())).clamp(0.0, 1.0)
}

/// A line of least squares through equidistant values.
struct Line {
    n: f64,
    mean: f64,
    /// Per sample.
    slope: f64,
}

impl Line {
    /// Through `values` × `sign`.
    fn through(values: &[f64], sign: f64) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n * sign;
        let middle = 0.5 * (n - 1.0);
        let (mut sty, mut stt) = (0.0, 0.0);
        for (k, value) in values.iter().enumerate() {
            let t = k as f64 - middle;
            sty += t * (value * sign - mean);
            stt += t * t;
        }
        let slope = if stt > 0.0 { sty / stt } else { 0.0 };
        Self { n, mean, slope }
    }

    /// Position from its first value at which it reaches `level`.
    fn reaches(&self, level: f64) -> f64 {
        0.5 * (self.n - 1.0) + (level - self.mean) / self.slope
    }
}

/// Samples to each side of a crossing that a line is laid through, share of a cycle (0.2 ms at
/// 50 Hz): the sine is straight to 0.1 % over it.
pub(crate) fn line_reach(cycle: f64) -> usize {
    ((0.01 * cycle) as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A gap that begins a sample before a zero of the wave: a sample, then nothing to see for ten,
    /// then all of it.
    fn departure(first: f64, second: f64) -> Option<usize> {
        let mut deviation = vec![0.0; 20];
        deviation.extend([first, second]);
        deviation.extend([10.0; 10]);
        deviation.extend([200.0; 20]);
        first_departure(&deviation, 32.0, 33.5, 5, 20)
    }

    #[test]
    fn a_leap_before_a_zero_begins_a_gap() {
        // Beyond what noise lifts; beyond the limit at the leap, half a sample before; not even there.
        assert_eq!(departure(34.0, 20.0), Some(20));
        assert_eq!(departure(31.0, 28.0), Some(20));
        assert_eq!(departure(31.0, 10.0), Some(32));
        // One that comes gradually does not leap.
        assert_eq!(departure(15.0, 29.0), Some(32));
    }
}
