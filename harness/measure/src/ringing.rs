//! What a filter goes on with by itself after the current was cut: an oscillation that decays at
//! its own frequency, and where its envelope passes the threshold.
//!
//! The cut and the ringing are found by turns, each by least squares with the other known, so
//! that a cut which the ringing hides is still placed to the sample.

use crate::linear::{least_squares, regression};
use crate::math::sin_cos;
use crate::rms::rms;
use crate::steady::{Continued, Point};

/// Longest ringing, from the cut to the threshold, cycles.
const LONGEST_CYCLES: f64 = 3.0;
/// Time constants that are tried first, cycles.
const DECAYS: [f64; 8] = [0.03, 0.06, 0.12, 0.25, 0.5, 1.0, 2.0, 4.0];
/// Lowest frequency, of nominal: slower is a direct tail, not ringing.
const LOWEST: f64 = 0.25;
/// Cycles of the oscillation within its time constant, at most.
const SHARPEST: f64 = 10.0;
/// Points that the first tries look at.
const TRIED_POINTS: usize = 1500;
/// What the oscillation may leave beyond noise, as a share of it.
const MISFIT: f64 = 0.15;

/// Where an oscillation that decays passes the threshold, and how well that is known.
pub(crate) struct Ringing {
    /// Where the envelope passes the threshold, sample position; the cut if it begins below.
    pub(crate) envelope: f64,
    /// Last instant at which it exceeds the threshold itself, sample position.
    pub(crate) last: f64,
    /// Standard uncertainty of both, samples.
    pub(crate) doubt: f64,
    /// How fast the envelope falls there, A per sample.
    pub(crate) slope: f64,
    /// Noise may have lifted it over the threshold: the current ends with the cut.
    pub(crate) weak: bool,
    /// Sum of squares that wave and ringing leave of all points.
    pub(crate) left: f64,
}

/// exp(−t/τ)·(a·cos ωt + b·sin ωt), t in nominal cycles from `origin`, a sample position.
#[derive(Clone, Copy)]
struct Decaying {
    origin: f64,
    cycle: f64,
    per_cycle: f64,
    turn: f64,
    cos: f64,
    sin: f64,
}

impl Decaying {
    /// By cosine, sine, rate of decay and angular frequency.
    fn row(&self, at: f64) -> [f64; 4] {
        let t = (at - self.origin) / self.cycle;
        let (s, c) = sin_cos(self.turn * t);
        let fall = (-self.per_cycle * t).exp();
        let (cos, sin) = (fall * c, fall * s);
        let value = self.cos * cos + self.sin * sin;
        [cos, sin, -t * value, t * (self.sin * cos - self.cos * sin)]
    }

    fn value(&self, at: f64) -> f64 {
        let [c, s, ..] = self.row(at);
        self.cos * c + self.sin * s
    }

    fn amplitude(&self) -> f64 {
        self.cos.hypot(self.sin)
    }

    /// With the amplitudes that fit best.
    fn with_amplitudes(self, points: &[Point], stride: usize) -> Option<Self> {
        let rows = points.iter().step_by(stride).map(|p| {
            let [c, s, ..] = self.row(p.at);
            ([c, s], p.value)
        });
        let [cos, sin] = least_squares(rows)?;
        Some(Self { cos, sin, ..self })
    }

    /// Sum of squares that it leaves.
    fn left(&self, points: &[Point], stride: usize) -> f64 {
        let some = points.iter().step_by(stride);
        some.map(|p| (p.value - self.value(p.at)).powi(2)).sum()
    }

    /// The same oscillation told from another origin, at which it is a cosine: then the first
    /// coefficient is its envelope there.
    fn from(self, origin: f64) -> Self {
        let t = (origin - self.origin) / self.cycle;
        let (s, c) = sin_cos(self.turn * t);
        let fall = (-self.per_cycle * t).exp();
        Self {
            origin,
            cos: fall * (self.cos * c + self.sin * s),
            sin: fall * (self.sin * c - self.cos * s),
            ..self
        }
    }

    /// Standard uncertainty of the envelope at the origin, for noise of one.
    fn spread(&self, points: &[Point]) -> Option<f64> {
        let amplitude = self.amplitude();
        let (s, c) = (self.sin / amplitude, self.cos / amplitude);
        let rows = points.iter().map(|p| {
            let [cos, sin, decay, turn] = self.row(p.at);
            let row = [c * cos + s * sin, c * sin - s * cos, decay, turn];
            (row, p.value - self.value(p.at))
        });
        Some(regression(rows)?.spread[0].sqrt())
    }

    /// Least squares (Gauss–Newton while it helps).
    fn fitted(mut self, points: &[Point]) -> Option<(Self, f64)> {
        let mut left = self.left(points, 1);
        for _ in 0..15 {
            let rows = points
                .iter()
                .map(|p| (self.row(p.at), p.value - self.value(p.at)));
            let [_, _, decay, turn] = least_squares(rows)?;
            let found = [1.0, 0.3, 0.1].into_iter().find_map(|part| {
                let next = Self {
                    per_cycle: self.per_cycle
                        + part * decay.clamp(-0.5 * self.per_cycle, self.per_cycle),
                    turn: self.turn + part * turn.clamp(-0.3 * self.turn, 0.3 * self.turn),
                    ..self
                };
                let next = next.with_amplitudes(points, 1)?;
                let less = next.left(points, 1);
                (less < left).then_some((next, less))
            });
            let Some((next, less)) = found else { break };
            let gained = left - less;
            (self, left) = (next, less);
            if gained < 1e-9 * left {
                break;
            }
        }
        Some((self, left))
    }
}

/// The oscillation that explains `points` best: time constants and frequencies as finely as a line
/// of that width needs, then least squares.
fn oscillation(points: &[Point], window: &Continued) -> Option<(Decaying, f64)> {
    let stride = (points.len() / TRIED_POINTS).max(1);
    let origin = points.first()?.at;
    // Half the rate of the points that are looked at, with some room.
    let highest = 0.4 * window.cycle / (window.group * stride as f64);
    let explained = |decay: f64, hz: f64| {
        let model = Decaying {
            origin,
            cycle: window.cycle,
            per_cycle: 1.0 / decay,
            turn: std::f64::consts::TAU * hz,
            cos: 0.0,
            sin: 0.0,
        };
        // After four time constants there is nothing left to see.
        let count = (4.0 * decay * window.cycle / window.group).max(8.0) as usize;
        let some = &points[..count.min(points.len())];
        let model = model.with_amplitudes(some, stride)?;
        let all: f64 = some.iter().step_by(stride).map(|p| p.value * p.value).sum();
        Some((model, all - model.left(some, stride)))
    };
    // The best of each time constant: noise makes other minima than the deepest.
    let starts = DECAYS.into_iter().filter_map(|decay| {
        let width = 0.7 / (std::f64::consts::TAU * decay);
        let top = highest.min((SHARPEST / decay).max(4.0));
        let count = ((top - LOWEST) / width).max(0.0) as u32;
        (0..=count)
            .filter_map(|n| explained(decay, LOWEST + width * f64::from(n)))
            .max_by(|a, b| a.1.total_cmp(&b.1))
    });
    starts
        .filter_map(|(start, _)| start.fitted(points))
        .filter(|(found, _)| found.turn >= std::f64::consts::TAU * LOWEST)
        .min_by(|a, b| a.1.total_cmp(&b.1))
}

/// The ringing after the current was cut; `None` if nothing that decays explains the samples, or
/// if it lasts.
pub(crate) fn ringing(window: &Continued) -> Option<Ringing> {
    // First as if nothing followed the wave.
    let mut cut = window.split(0, window.points.len(), |_| 0.0)?;
    // A group of samples that the cut lies in is neither.
    let mixed = usize::from(window.group > 1.0);
    let (mut best, mut left) = oscillation(window.points.get(cut + mixed..)?, window)?;
    let near = (0.3 * window.cycle / window.group) as usize;
    for _ in 0..4 {
        let moved = window.split(
            cut.saturating_sub(near),
            (cut + near).min(window.points.len()),
            |at| best.value(at),
        )?;
        if moved == cut {
            break;
        }
        cut = moved;
        (best, left) = best.fitted(window.points.get(cut + mixed..)?)?;
    }
    let (before, after) = window.points.split_at(cut);
    let begin = after.first()?.at - 0.5 * window.group;
    let after = after.get(mixed..)?;
    let best = best.from(begin);
    let residual: Vec<f64> = after.iter().map(|p| p.value - best.value(p.at)).collect();
    let size = (rms(&after.iter().map(|p| p.value).collect::<Vec<_>>()).powi(2)
        - window.variance())
    .max(0.0)
    .sqrt();
    // What it leaves beyond noise (3 standard deviations), at most in one of its cycles.
    let cycle = (window.cycle / window.group) as usize;
    let excess = residual.chunks(cycle.max(8)).map(|part| {
        let count = part.len() as f64;
        let noise = window.variance() * (1.05 + 3.0 * (2.0 / count).sqrt());
        (part.iter().map(|x| x * x).sum::<f64>() / count - noise).max(0.0)
    });
    let excess = excess.fold(0.0, f64::max).sqrt();
    let slow = std::f64::consts::TAU * LOWEST;
    if excess > MISFIT * size || best.turn < slow || before.is_empty() {
        return None;
    }
    let threshold = window.threshold * window.peak;
    let cycles = (best.amplitude() / threshold).ln() / best.per_cycle;
    // What lasts is no ringing.
    if cycles > LONGEST_CYCLES {
        return None;
    }
    // The envelope at the place in question, its rate of fall and what both leave open of when it
    // passes the threshold.
    let envelope = begin + cycles.max(0.0) * window.cycle;
    let there = best.from(envelope);
    let slope = there.amplitude() * there.per_cycle / window.cycle;
    let shown = &residual[..residual.len().min(2 * cycle)];
    let scatter = window.scatter_of(shown).hypot(excess);
    // What noise may have lifted over the threshold at the cut is no current; it may be one.
    let weak = best.amplitude() < threshold + 2.0 * scatter * best.spread(after)?;
    let exceeds =
        |p: &&Point| p.at < begin + cycles * window.cycle && best.value(p.at).abs() > threshold;
    let seen = after.iter().rev().find(exceeds).map_or(begin, |p| p.at);
    let wave: f64 = before.iter().map(|p| (p.value - p.wave).powi(2)).sum();
    Some(Ringing {
        envelope: if weak { begin } else { envelope },
        last: seen,
        doubt: if weak {
            0.5 * (envelope - begin)
        } else {
            scatter * there.spread(after)? / slope
        },
        weak,
        slope,
        left: wave + left,
    })
}
