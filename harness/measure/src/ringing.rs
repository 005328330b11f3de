//! What a filter goes on with by itself after the current was cut: an oscillation that decays at
//! its own frequency, and where its envelope passes the threshold.
//!
//! The cut and the ringing are found by turns, each by least squares with the other known, so
//! that a cut which the ringing hides is still placed to the sample. Where ringing and wave cannot
//! be told apart at first, the turns may end at a wrong cut: they begin both where the wave ends
//! best if nothing follows it and where the samples leave it, and the better end counts.

use crate::golden_section::golden_section;
use crate::linear::{least_squares, regression};
use crate::math::{RootSum, exp, ln, sin_cos};
use crate::steady::{Continued, Point};
use crate::tail::{Decay, Tail};

/// Longest ringing, from the cut to the threshold, cycles.
const LONGEST_CYCLES: f64 = 3.0;
/// Time constants that are tried first, cycles.
const DECAYS: [f64; 10] = [0.003, 0.01, 0.03, 0.06, 0.12, 0.25, 0.5, 1.0, 2.0, 4.0];
/// Lowest frequency, of nominal: slower is a direct tail, not ringing, unless it is gone within so
/// many cycles.
const LOWEST: f64 = 0.25;
const BRIEF: f64 = 0.1;
/// Standard deviations by which a sample that has left the wave is off it.
const LEFT: f64 = 5.0;
/// Cycles of the oscillation within its time constant, at most.
const SHARPEST: f64 = 10.0;
/// Points that the first tries look at.
const TRIED_POINTS: usize = 1500;

/// Steps of the golden section between the time constants of what does not oscillate: to 1e-3.
const SECTIONS: usize = 14;

/// exp(−t/τ)·(a·cos ωt + b·sin ωt), t in nominal cycles from `origin`, a sample position; without
/// `turn` what is gone before it oscillates.
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
    /// Cosine and sine of the decaying oscillation so many cycles after its origin.
    fn turned(&self, t: f64) -> [f64; 2] {
        let (s, c) = sin_cos(self.turn * t);
        let fall = exp(-self.per_cycle * t);
        [fall * c, fall * s]
    }

    /// [`Self::turned`] from `first` on at every `step`: from one to the next the oscillation turns and
    /// decays alike.
    fn steps(self, first: f64, step: f64) -> impl Iterator<Item = [f64; 2]> + Clone {
        let [turn_cos, turn_sin] = self.turned(step);
        std::iter::successors(Some(self.turned(first)), move |[cos, sin]| {
            Some([
                cos * turn_cos - sin * turn_sin,
                sin * turn_cos + cos * turn_sin,
            ])
        })
    }

    /// Slopes at each of `points`, all as far apart, by cosine, sine, rate of decay and angular frequency.
    fn rows<'p>(
        &self,
        points: &'p [Point],
    ) -> impl Iterator<Item = ([f64; 4], &'p Point)> + Clone + 'p {
        let model = *self;
        let cycles = |at: f64| (at - model.origin) / model.cycle;
        let first = points.first().map_or(0.0, |p| cycles(p.at));
        let step = points.get(1).map_or(0.0, |p| cycles(p.at) - first);
        let steps = points.iter().enumerate();
        steps
            .zip(model.steps(first, step))
            .map(move |((n, p), [cos, sin])| {
                let t = first + n as f64 * step;
                let value = model.cos * cos + model.sin * sin;
                let turn = t * (model.sin * cos - model.cos * sin);
                ([cos, sin, -t * value, turn], p)
            })
    }

    fn at(&self, at: f64) -> f64 {
        let [c, s] = self.turned((at - self.origin) / self.cycle);
        self.cos * c + self.sin * s
    }

    /// Value at the place of a row.
    fn of(&self, [c, s, ..]: &[f64; 4]) -> f64 {
        self.cos * c + self.sin * s
    }

    fn amplitude(&self) -> f64 {
        self.cos.root_sum(self.sin)
    }

    /// With the amplitudes that fit best.
    fn with_amplitudes(self, points: &[Point]) -> Option<Self> {
        let rows = self.rows(points).map(|([c, s, ..], p)| ([c, s], p.value));
        let [cos, sin] = least_squares(rows)?;
        Some(Self { cos, sin, ..self })
    }

    /// Sum of squares that it leaves.
    fn left(&self, points: &[Point]) -> f64 {
        let rows = self.rows(points);
        rows.map(|(row, p)| (p.value - self.of(&row)).powi(2)).sum()
    }

    /// The same oscillation told from another origin, at which it is a cosine: then the first
    /// coefficient is its envelope there.
    fn from(self, origin: f64) -> Self {
        let t = (origin - self.origin) / self.cycle;
        let [c, s] = self.turned(t);
        Self {
            origin,
            cos: self.cos * c + self.sin * s,
            sin: self.sin * c - self.cos * s,
            ..self
        }
    }

    /// A·exp(−t/τ) that explains `points` best, gone within a part of a cycle, and the sum of squares
    /// that it leaves.
    fn brief(points: &[Point], window: &Continued) -> Option<(Self, f64)> {
        let origin = points.first()?.at;
        let tried = |length: f64| {
            let count = (8.0 * length / window.group).max(8.0) as usize;
            let (mut square, mut shared) = (0.0, 0.0);
            for p in &points[..count.min(points.len())] {
                let fall = exp((origin - p.at) / length);
                square += fall * fall;
                shared += fall * p.value;
            }
            (shared / square, shared * shared / square)
        };
        let better = |a: &f64, b: &f64| tried(*a).1.total_cmp(&tried(*b).1);
        let (least, most) = (0.3 * window.group, BRIEF * window.cycle);
        let ratio = 1.4_f64;
        let count = (ln(most / least) / ln(ratio)).ceil().max(0.0) as usize;
        let tries = std::iter::successors(Some(least), |length| Some(length * ratio));
        let lengths = tries.take(count + 1).map(|length| length.min(most));
        let near = lengths.max_by(better)?;
        let between = (near / ratio, (near * ratio).min(most));
        let length = golden_section(between, SECTIONS, |length| Some(-tried(length).1))?;
        let found = Self {
            origin,
            cycle: window.cycle,
            per_cycle: window.cycle / length,
            turn: 0.0,
            cos: tried(length).0,
            sin: 0.0,
        };
        Some((found, found.left(points)))
    }

    /// Fitted to other points of the window.
    fn again(self, points: &[Point], window: &Continued) -> Option<(Self, f64)> {
        if self.turn == 0.0 {
            Self::brief(points, window)
        } else {
            self.fitted(points)
        }
    }

    /// Whether it is no direct value that a sensor lets decay.
    fn rings(&self) -> bool {
        self.turn > std::f64::consts::TAU * LOWEST || self.per_cycle * BRIEF > 1.0
    }

    /// Least squares (Gauss–Newton while it helps).
    fn fitted(mut self, points: &[Point]) -> Option<(Self, f64)> {
        let mut left = self.left(points);
        for _ in 0..15 {
            let rows = self.rows(points);
            let rows = rows.map(|(row, p)| (row, p.value - self.of(&row)));
            let [_, _, decay, turn] = least_squares(rows)?;
            let found = [1.0, 0.3, 0.1].into_iter().find_map(|part| {
                let next = Self {
                    per_cycle: self.per_cycle
                        + part * decay.clamp(-0.5 * self.per_cycle, self.per_cycle),
                    turn: (self.turn + part * turn.clamp(-0.3 * self.turn, 0.3 * self.turn))
                        .max(std::f64::consts::TAU * LOWEST),
                    ..self
                };
                let next = next.with_amplitudes(points)?;
                let less = next.left(points);
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

impl Decay for Decaying {
    fn value(&self, p: &Point) -> f64 {
        self.at(p.at)
    }

    fn envelope(&self, at: f64) -> f64 {
        self.from(at).amplitude()
    }

    fn rate(&self) -> f64 {
        self.per_cycle / self.cycle
    }

    fn spread(&self, at: f64, points: &[Point]) -> Option<f64> {
        let there = self.from(at);
        let amplitude = there.amplitude();
        if self.turn == 0.0 {
            let rows = there.rows(points).map(|(row, p)| {
                let [cos, _, decay, _] = row;
                ([cos, decay], p.value - there.of(&row))
            });
            return Some(regression(rows)?.spread[0].sqrt());
        }
        let (s, c) = (there.sin / amplitude, there.cos / amplitude);
        let rows = there.rows(points).map(|(row, p)| {
            let [cos, sin, decay, turn] = row;
            let slopes = [c * cos + s * sin, c * sin - s * cos, decay, turn];
            (slopes, p.value - there.of(&row))
        });
        Some(regression(rows)?.spread[0].sqrt())
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
        let steps = model.steps(0.0, window.group * stride as f64 / window.cycle);
        let values = some.iter().step_by(stride).map(|p| p.value);
        let rows: Vec<([f64; 2], f64)> = steps.zip(values).collect();
        let [cos, sin] = least_squares(rows.iter().copied())?;
        // What is left of the values is orthogonal to the model.
        let shared = rows.iter().map(|([c, s], x)| (cos * c + sin * s) * x);
        Some((Decaying { cos, sin, ..model }, shared.sum::<f64>()))
    };
    // The best of each time constant: noise makes other minima than the deepest.
    let visible = |decay: &f64| decay * window.cycle > 0.5 * window.group;
    let starts = DECAYS.into_iter().filter(visible).filter_map(|decay| {
        let width = 0.7 / (std::f64::consts::TAU * decay);
        let top = highest.min((SHARPEST / decay).max(4.0));
        let count = ((top - LOWEST) / width).max(0.0) as u32;
        (0..=count)
            .filter_map(|n| explained(decay, LOWEST + width * f64::from(n)))
            .max_by(|a, b| a.1.total_cmp(&b.1))
    });
    let ringing = starts
        .filter_map(|(start, _)| start.fitted(points))
        .filter(|(found, _)| found.rings())
        .min_by(|a, b| a.1.total_cmp(&b.1));
    // An amplitude and a time constant say as much of what is gone before it oscillates.
    let brief = Decaying::brief(points, window);
    let most = ringing.map_or(f64::INFINITY, |found| found.1 + 2.0 * window.price());
    brief.filter(|found| found.1 < most).or(ringing)
}

/// The point at which the samples leave the wave: the first of two that are off it by more than
/// noise.
fn departure(window: &Continued) -> Option<usize> {
    let off = |p: &Point| (p.value - p.wave).powi(2) > LEFT * LEFT * window.variance();
    let from = window.index(window.steady_end);
    let pairs = window.points.get(from..)?.windows(2);
    let first = pairs.enumerate().find(|(_, w)| w.iter().all(off))?;
    Some(from + first.0)
}

/// Cut and ringing by turns from a first cut on: the cut, the ringing, and the sum of squares that
/// both leave. A group of `mixed` points that the cut lies in is neither.
fn by_turns(window: &Continued, mut cut: usize, mixed: usize) -> Option<(usize, Decaying, f64)> {
    let (mut best, mut left) = oscillation(window.points.get(cut + mixed..)?, window)?;
    let near = (0.3 * window.cycle / window.group) as usize;
    for _ in 0..4 {
        let moved = window.split(
            cut.saturating_sub(near),
            (cut + near).min(window.points.len()),
            |at| best.at(at),
        )?;
        if moved == cut {
            break;
        }
        cut = moved;
        (best, left) = best.again(window.points.get(cut + mixed..)?, window)?;
    }
    // The group that the cut lies in may look more like the wave.
    let earlier = cut.checked_sub(mixed).filter(|&earlier| earlier < cut);
    let earlier = earlier.and_then(|cut| {
        let (best, left) = best.again(window.points.get(cut + mixed..)?, window)?;
        Some((cut, best, left))
    });
    let whole = |(cut, best, left): (usize, Decaying, f64)| {
        let wave = window.points[..cut].iter();
        let wave: f64 = wave.map(|p| (p.value - p.wave).powi(2)).sum();
        (cut, best, wave + left)
    };
    let found = [Some((cut, best, left)), earlier];
    let found = found.into_iter().flatten().map(whole);
    found
        .filter(|(_, best, _)| best.rings())
        .min_by(|a, b| a.2.total_cmp(&b.2))
}

/// The ringing after the current was cut; `None` if nothing that decays explains the samples, or
/// if it lasts.
pub(crate) fn ringing(window: &Continued) -> Option<Tail> {
    let plain = window.split(0, window.points.len(), |_| 0.0)?;
    let mixed = usize::from(window.group > 1.0);
    let left_at = departure(window).filter(|&cut| cut != plain);
    let (cut, best, _) = [Some(plain), left_at]
        .into_iter()
        .flatten()
        .filter_map(|cut| by_turns(window, cut, mixed))
        .min_by(|a, b| a.2.total_cmp(&b.2))?;
    // What lasts is no ringing.
    let begin = window.points.get(cut)?.at - 0.5 * window.group;
    let share = best.envelope(begin) / (window.threshold * window.peak);
    if ln(share) / best.per_cycle > LONGEST_CYCLES {
        return None;
    }
    let tail = Tail::new(window, (cut, mixed), &best)?;
    if best.turn > 0.0 {
        return Some(tail);
    }
    // Of an oscillation that is gone so soon no more is seen than its cosine: the logarithm of a
    // random one scatters by about one.
    let doubt = tail.doubt.root_sum(window.cycle / best.per_cycle);
    Some(Tail { doubt, ..tail })
}
