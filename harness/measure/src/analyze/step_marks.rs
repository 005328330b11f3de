//! When the steps were made, as a mark channel shows it.

use super::Channel64;

/// Parts of the time after an edge whose means show how far the response goes.
const PARTS: usize = 10;

/// Times at which a mark channel changes, s. Of one with two levels, a pulse at each step counts once,
/// by its leading edge; a set point that goes forth and back, or a level that changes at each step,
/// counts at every edge. Which it is, the `response` tells: after a set point it comes back, and after a
/// change of level it leaves where it had settled.
pub(super) fn edges(channel: &Channel64<'_>, response: &Channel64<'_>) -> Vec<f64> {
    let samples = channel.samples;
    let low = samples.iter().copied().fold(f64::INFINITY, f64::min);
    let high = samples.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let span = high - low;
    if span <= 0.0 {
        return Vec::new();
    }
    let binary = samples.iter().all(|x| (x - low).min(high - x) < 0.1 * span);
    let mut found: Vec<f64> = Vec::new();
    if binary {
        let above = |x: &f64| *x >= 0.5 * (low + high);
        // A pulse is shorter than what is between two.
        let rest = 2 * samples.iter().filter(|x| above(x)).count() > samples.len();
        let (mut leading, mut all) = (Vec::new(), Vec::new());
        for (k, w) in samples.windows(2).enumerate() {
            if above(&w[0]) != above(&w[1]) {
                let at = (k as f64 + 0.5) / channel.rate_hz;
                all.push(at);
                if above(&w[0]) == rest {
                    leading.push(at);
                }
            }
        }
        let level = all.len() == 1 || comes_back(response, &all) || leaves_again(response, &all);
        return if level { all } else { leading };
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

/// A response between the edges of a mark.
struct Parts<'a> {
    response: &'a Channel64<'a>,
    edges: &'a [f64],
    /// From its lowest sample to its highest.
    span: f64,
}

impl<'a> Parts<'a> {
    fn new(response: &'a Channel64<'a>, edges: &'a [f64]) -> Self {
        let samples = response.samples.iter().copied();
        let low = samples.clone().fold(f64::INFINITY, f64::min);
        let high = samples.fold(f64::NEG_INFINITY, f64::max);
        Self {
            response,
            edges,
            span: high - low,
        }
    }

    /// Samples from an edge to another, the begin and end of the record beyond them.
    fn between(&self, from: Option<usize>, to: usize) -> &'a [f64] {
        let samples = self.response.samples;
        let index = |t: f64| (t * self.response.rate_hz).ceil().max(0.0) as usize;
        let from = from.map_or(0, |n| index(self.edges[n])).min(samples.len());
        let to = self.edges.get(to).map_or(samples.len(), |t| index(*t));
        &samples[from..to.clamp(from, samples.len())]
    }
}

fn mean(part: &[f64]) -> f64 {
    part.iter().sum::<f64>() / part.len().max(1) as f64
}

/// Mean of the last part.
fn last(part: &[f64]) -> f64 {
    mean(&part[part.len() - part.len().div_ceil(PARTS)..])
}

/// How far the means of the parts of `samples` go from `level`.
fn way(samples: &[f64], level: f64) -> f64 {
    let parts = samples.chunks(samples.len().div_ceil(PARTS).max(1));
    parts.map(|p| (mean(p) - level).abs()).fold(0.0, f64::max)
}

/// Whether the response, after most pairs of edges forth and back, is where it was before.
fn comes_back(response: &Channel64<'_>, edges: &[f64]) -> bool {
    let parts = Parts::new(response, edges);
    let back = |n: usize| {
        let start = last(parts.between(n.checked_sub(1), n));
        let after = parts.between(Some(n), n + 2);
        let way = way(after, start);
        way > 0.1 * parts.span && (last(after) - start).abs() < 0.5 * way
    };
    let pairs = edges.len() / 2;
    2 * (0..pairs).filter(|n| back(2 * n)).count() > pairs
}

/// Whether the response, after the second edge of most pairs, goes much farther than in the second
/// half of the time between both: what goes on settling does not, and a pulse that is over in a quarter
/// of the time to the next says nothing.
fn leaves_again(response: &Channel64<'_>, edges: &[f64]) -> bool {
    let parts = Parts::new(response, edges);
    let leaves = |n: usize| {
        let (before, after) = (
            parts.between(Some(n), n + 1),
            parts.between(Some(n + 1), n + 2),
        );
        let settled = last(before);
        let still = way(&before[before.len() / 2..], settled);
        let way = way(after, settled);
        3 * before.len() > after.len() && way > 0.1 * parts.span && way > 4.0 * still
    };
    let pairs = edges.len() / 2;
    2 * (0..pairs).filter(|n| leaves(2 * n)).count() > pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A response of 1000 samples at 100 Hz that follows `level` with 0.1 s, and a mark.
    fn marked(level: impl Fn(f64) -> f64, mark: impl Fn(f64) -> bool) -> Vec<f64> {
        let mut y = level(0.0);
        let (mut response, mut marks) = (Vec::new(), Vec::new());
        for k in 0..1000 {
            let t = 0.01 * f64::from(k);
            y += 0.1 * (level(t) - y);
            response.push(y);
            marks.push(f64::from(u8::from(mark(t))));
        }
        let channel = |samples| Channel64 {
            samples,
            rate_hz: 100.0,
        };
        let found = edges(&channel(&marks), &channel(&response));
        // An edge lies half a sample before the first that shows it.
        let shown = |t: &f64| ((t + 0.005) * 1e3).round() / 1e3;
        found.iter().map(shown).collect()
    }

    #[test]
    fn a_mark_of_two_levels_is_a_pulse_or_a_set_point() {
        let upper = |t: f64| (3.0..7.0).contains(&t);
        let forth_and_back = |t: f64| 5.0 + if upper(t) { 3.0 } else { 0.0 };
        // A set point: both of its edges are steps, whichever way it goes first.
        assert_eq!(marked(forth_and_back, upper), [3.0, 7.0]);
        assert_eq!(marked(forth_and_back, |t| !upper(t)), [3.0, 7.0]);
        // It is there for longer than before.
        let long = |t: f64| (2.0..9.0).contains(&t);
        assert_eq!(marked(|t| f64::from(u8::from(long(t))), long), [2.0, 9.0]);
        // It goes forth once more.
        let again = |t: f64| upper(t) || t >= 9.0;
        assert_eq!(
            marked(|t| f64::from(u8::from(again(t))), again),
            [3.0, 7.0, 9.0]
        );
        // It goes once only, up or down.
        let later = |t: f64| if t < 4.0 { 5.0 } else { 1.0 };
        assert_eq!(marked(later, |t| t >= 4.0), [4.0]);
        assert_eq!(marked(later, |t| t < 4.0), [4.0]);
        // A pulse at each step, long or short, upwards or downwards.
        let stairs = |t: f64| 1.0 + f64::from(u8::from(t >= 3.0)) + f64::from(u8::from(t >= 7.0));
        for length in [0.05, 1.5] {
            let pulse =
                |t: f64| (3.0..3.0 + length).contains(&t) || (7.0..7.0 + length).contains(&t);
            assert_eq!(marked(stairs, pulse), [3.0, 7.0], "{length}");
            assert_eq!(marked(stairs, |t| !pulse(t)), [3.0, 7.0], "{length}");
            // Pulses at the steps forth and back.
            assert_eq!(marked(forth_and_back, pulse), [3.0, 7.0], "{length}");
        }
        // A level that changes at each of four steps to levels of their own.
        let levels = |t: f64| match t {
            t if t < 1.0 => 0.5,
            t if t < 3.0 => 2.0,
            t if t < 5.0 => 1.1,
            t if t < 7.0 => 3.9,
            _ => 2.7,
        };
        let toggled = |t: f64| (1.0..3.0).contains(&t) || (5.0..7.0).contains(&t);
        assert_eq!(marked(levels, toggled), [1.0, 3.0, 5.0, 7.0]);
        assert_eq!(marked(levels, |t| !toggled(t)), [1.0, 3.0, 5.0, 7.0]);
        // Pulses of half the time to the next, while the response goes on from level to level.
        let ramp = |t: f64| 0.2 * t;
        assert_eq!(marked(ramp, toggled), [1.0, 5.0]);
        // Nothing answers: pulses stay what they are.
        let pulse = |t: f64| (3.0..3.2).contains(&t);
        assert_eq!(marked(|_| 2.0, pulse), [3.0]);
        let ripple =
            |t: f64| 2.0 + 0.1 * (40.0 * t).sin() + 1e-3 * (0.45 * (t - 3.0).max(0.0)).sin();
        assert_eq!(marked(ripple, pulse), [3.0]);
    }
}
