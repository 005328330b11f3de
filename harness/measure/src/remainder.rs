//! What goes on of a wave that was cut down: the wave in any phase, smaller, decaying exponentially.
//! A filter resonant near the grid's frequency leaves that, as does an inverter whose bridge stops
//! before its capacitor has discharged.
//!
//! For one time constant the place of the cut and both amplitudes after it follow from sums that
//! are carried backwards from the end of the record, for every place at once.

use crate::golden_section::golden_section;
use crate::linear::regression;
use crate::math::{RootSum, exp, ln};
use crate::steady::{Continued, Point};
use crate::tail::{Decay, Tail};

/// Time constants that are tried, cycles, and how far apart they lie.
const SHORTEST: f64 = 0.01;
const TIMES: i32 = 24;
const RATIO: f64 = 1.4;
/// Steps of the golden section between them: to 1e-4 of the time constant.
const SECTIONS: usize = 18;
/// Fewest points that show it.
const FEWEST: usize = 8;

/// How the phase of what goes on lies to that of the wave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// As it was.
    Kept,
    /// Anyhow.
    Free,
}

/// exp(−t/τ)·(a·wave + b·turned), t from the first of the points that show it.
#[derive(Clone, Copy)]
struct Remainder {
    /// The wave goes on to this point, exclusive.
    cut: usize,
    /// Position that `a` and `b` refer to.
    origin: f64,
    /// Decay per sample.
    rate: f64,
    a: f64,
    b: f64,
    /// Peak of the wave, A.
    peak: f64,
    /// Sum of squares that the wave before and this leave.
    left: f64,
}

impl Remainder {
    fn fall(&self, at: f64) -> f64 {
        exp(-self.rate * (at - self.origin))
    }
}

impl Decay for Remainder {
    fn value(&self, p: &Point) -> f64 {
        self.fall(p.at) * (self.a * p.wave + self.b * p.turned)
    }

    fn envelope(&self, at: f64) -> f64 {
        self.peak * self.fall(at) * self.a.root_sum(self.b)
    }

    fn rate(&self) -> f64 {
        self.rate
    }

    /// A phase that was found to be kept is no better known than any other.
    fn spread(&self, at: f64, points: &[Point]) -> Option<f64> {
        let size = self.a.root_sum(self.b);
        let (c, s) = (self.a / size, self.b / size);
        let there = self.fall(at);
        let rows = points.iter().map(|p| {
            let fall = self.fall(p.at) / there / self.peak;
            let value = self.value(p);
            let row = [
                fall * (c * p.wave + s * p.turned),
                fall * (c * p.turned - s * p.wave),
                (at - p.at) * value,
            ];
            (row, p.value - value)
        });
        Some(regression(rows)?.spread[0].sqrt())
    }
}

/// The points with what the wave leaves of all before each of them.
struct Sums<'w> {
    window: &'w Continued,
    before: Vec<f64>,
    /// A group of samples that the cut lies in is neither.
    mixed: usize,
}

impl<'w> Sums<'w> {
    fn new(window: &'w Continued) -> Self {
        let mut sum = 0.0;
        let squares = window.points.iter().map(|p| {
            sum += (p.value - p.wave).powi(2);
            sum
        });
        Self {
            window,
            before: std::iter::once(0.0).chain(squares).collect(),
            mixed: usize::from(window.group > 1.0),
        }
    }

    /// The remainder of that rate of decay per sample that leaves the least of the points before
    /// `end`, with nothing from there on.
    fn best(&self, phase: Phase, rate: f64, end: usize) -> Option<Remainder> {
        let points = self.window.points.get(..end)?;
        let first = self.window.index(self.window.steady_end).max(self.mixed);
        let fall = exp(-rate * self.window.group);
        let (mut ww, mut wt, mut tt) = (0.0, 0.0, 0.0);
        let (mut vw, mut vt, mut vv) = (0.0, 0.0, 0.0);
        let mut best: Option<Remainder> = None;
        for (k, p) in points.iter().enumerate().skip(first).rev() {
            ww = ww * fall * fall + p.wave * p.wave;
            wt = wt * fall * fall + p.wave * p.turned;
            tt = tt * fall * fall + p.turned * p.turned;
            vw = vw * fall + p.value * p.wave;
            vt = vt * fall + p.value * p.turned;
            vv += p.value * p.value;
            let det = ww * tt - wt * wt;
            if end - k < FEWEST || det <= 1e-9 * ww * tt {
                continue;
            }
            let (a, b) = match phase {
                Phase::Kept => (vw / ww, 0.0),
                Phase::Free => ((vw * tt - vt * wt) / det, (vt * ww - vw * wt) / det),
            };
            let cut = k - self.mixed;
            let left = self.before[cut] + vv - a * vw - b * vt;
            if best.is_none_or(|found| left < found.left) {
                best = Some(Remainder {
                    cut,
                    origin: p.at,
                    rate,
                    a,
                    b,
                    peak: self.window.peak,
                    left,
                });
            }
        }
        let rest = self.window.points[end..].iter().map(|p| p.value * p.value);
        let rest: f64 = rest.sum();
        best.map(|found| Remainder {
            left: found.left + rest,
            ..found
        })
    }

    /// The remainder that leaves the least of all points.
    fn fitted(&self, phase: Phase) -> Option<Remainder> {
        let tried = |cycles: f64| {
            let rate = 1.0 / (cycles * self.window.cycle);
            self.best(phase, rate, self.window.points.len())
        };
        let (near, _) = (0..TIMES)
            .map(|n| SHORTEST * RATIO.powi(n))
            .filter_map(|cycles| Some((cycles, tried(cycles)?.left)))
            .min_by(|x, y| x.1.total_cmp(&y.1))?;
        let between = (ln(near / RATIO), ln(near * RATIO));
        let best = golden_section(between, SECTIONS, |x| Some(tried(exp(x))?.left))?;
        tried(exp(best))
    }
}

/// Sum of squares that the wave, a smaller one from where it fits best until `end`, and nothing
/// after it leave.
pub(crate) fn left_by_weaker(window: &Continued, end: f64) -> f64 {
    let found = Sums::new(window).best(Phase::Free, 0.0, window.index(end));
    found.map_or(f64::INFINITY, |found| found.left)
}

/// What goes on of the wave after it was cut down, with the price of its numbers beyond those of a
/// cut in what it leaves; `None` if nothing that decays explains the samples.
pub(crate) fn remainder(window: &Continued) -> Option<Tail> {
    let sums = Sums::new(window);
    let kept = sums.fitted(Phase::Kept).map(|r| (r, 2.0));
    let free = sums.fitted(Phase::Free).map(|r| (r, 3.0));
    let priced = |(r, numbers): &(Remainder, f64)| r.left + numbers * window.price();
    let (best, numbers) = [kept, free]
        .into_iter()
        .flatten()
        .min_by(|x, y| priced(x).total_cmp(&priced(y)))?;
    let tail = Tail::new(window, (best.cut, sums.mixed), &best)?;
    Some(Tail {
        left: tail.left + numbers * window.price(),
        ..tail
    })
}
