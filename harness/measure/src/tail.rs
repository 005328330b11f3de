//! Where what a filter goes on with after a cut passes the threshold, whatever oscillates in it.

use crate::math::{RootSum, ln};
use crate::rms::rms;
use crate::steady::{Continued, Point};

/// What a model may leave beyond noise, as a share of what it explains.
const MISFIT: f64 = 0.15;

/// An oscillation that decays exponentially, positions in samples.
pub(crate) trait Decay {
    /// Its value at a point, A.
    fn value(&self, p: &Point) -> f64;
    /// Its envelope at a position, A.
    fn envelope(&self, at: f64) -> f64;
    /// How fast the envelope falls: 1/τ, per sample.
    fn rate(&self) -> f64;
    /// Standard uncertainty of the envelope at a position known from `points`, for noise of one.
    fn spread(&self, at: f64, points: &[Point]) -> Option<f64>;
}

/// Where a tail passes the threshold, and how well that is known.
pub(crate) struct Tail {
    /// Where the envelope passes the threshold, sample position; the cut if it begins below.
    pub(crate) envelope: f64,
    /// Last instant at which it exceeds the threshold itself, sample position.
    pub(crate) last: f64,
    /// Standard uncertainty of both, samples.
    pub(crate) doubt: f64,
    /// How fast the envelope falls there, A per sample.
    pub(crate) slope: f64,
    /// It begins below the threshold: the current ends with the cut.
    pub(crate) weak: bool,
    /// Sum of squares that wave and tail leave of all points.
    pub(crate) left: f64,
}

impl Tail {
    /// The tail from point `cut` on, of which the first `mixed` points are partly wave; `None` if
    /// it leaves more of the samples than noise does.
    pub(crate) fn new(
        window: &Continued,
        (cut, mixed): (usize, usize),
        tail: &impl Decay,
    ) -> Option<Self> {
        let (before, after) = window.points.split_at(cut);
        let begin = after.first()?.at - 0.5 * window.group;
        let after = after.get(mixed..)?;
        let residual: Vec<f64> = after.iter().map(|p| p.value - tail.value(p)).collect();
        let size = (rms(&after.iter().map(|p| p.value).collect::<Vec<_>>()).powi(2)
            - window.variance())
        .max(0.0)
        .sqrt();
        // What it leaves beyond noise (3 standard deviations), at most in one cycle.
        let cycle = (window.cycle / window.group) as usize;
        let excess = residual.chunks(cycle.max(8)).map(|part| {
            let count = part.len() as f64;
            let noise = window.variance() * (1.05 + 3.0 * (2.0 * window.alike / count).sqrt());
            (part.iter().map(|x| x * x).sum::<f64>() / count - noise).max(0.0)
        });
        let excess = excess.fold(0.0, f64::max).sqrt();
        if excess > MISFIT * size || before.is_empty() {
            return None;
        }
        let threshold = window.threshold * window.peak;
        let (first, rate) = (tail.envelope(begin), tail.rate());
        let lasts = ln(first / threshold) / rate;
        // The envelope at the place in question, its rate of fall and what both leave open of
        // when it passes the threshold.
        let envelope = begin + lasts.max(0.0);
        let slope = tail.envelope(envelope) * rate;
        let shown = &residual[..residual.len().min(2 * cycle)];
        let scatter = window.scatter_of(shown).root_sum(excess);
        // What begins below the threshold is no current; it may be one, for as long as noise may
        // have hidden of it.
        let hidden = 2.0 * scatter * tail.spread(begin, after)?;
        let weak = lasts <= 0.0;
        let longest = ln((first + hidden) / threshold).max(0.0) / rate;
        let exceeds = |p: &&Point| p.at < begin + lasts && tail.value(p).abs() > threshold;
        let left: f64 = residual.iter().map(|x| x * x).sum();
        Some(Self {
            envelope: if weak { begin } else { envelope },
            last: after.iter().rev().find(exceeds).map_or(begin, |p| p.at),
            doubt: if weak {
                0.5 * longest
            } else {
                // Of an amplitude that is hardly known the logarithm still is.
                ln(1.0 + scatter * tail.spread(envelope, after)? / threshold) / rate
            },
            slope,
            weak,
            left: window.left_by_wave(cut) + left,
        })
    }
}
