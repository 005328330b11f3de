//! What goes on of a wave that was cut down: the wave in any phase, smaller, decaying exponentially.
//! A filter resonant near the grid's frequency leaves that, at its own frequency, as does an inverter
//! whose bridge stops before its capacitor has discharged.
//!
//! For one time constant the place of the cut and both amplitudes after it follow from sums that
//! are carried backwards from the end of the record, for every place at once.

use crate::golden_section::golden_section;
use crate::linear::regression;
use crate::math::{RootSum, exp, ln, sin_cos};
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
/// How far its own frequency may be off that of the wave, share of it.
const SLIPS: f64 = 0.04;
/// Slip that is tried to see whether one explains more, turns per time constant.
const TRIED: f64 = 0.03;
/// Times that slip and time constant are sought in turn.
const ROUNDS: usize = 3;

/// How the phase of what goes on lies to that of the wave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// As it was.
    Kept,
    /// Anyhow.
    Free,
}

/// How it goes on: decay per sample, and the frequency beyond that of the wave, rad per sample.
#[derive(Clone, Copy)]
struct Course {
    rate: f64,
    slip: f64,
}

/// exp(−t/τ)·(a·wave + b·turned), both turned on by the slip, t from the first of the points that show it.
#[derive(Clone, Copy)]
struct Remainder {
    /// The wave goes on to this point, exclusive.
    cut: usize,
    /// Position that `a` and `b` refer to.
    origin: f64,
    course: Course,
    a: f64,
    b: f64,
    /// Peak of the wave, A.
    peak: f64,
    /// Sum of squares that the wave before and this leave.
    left: f64,
}

impl Remainder {
    fn fall(&self, at: f64) -> f64 {
        exp(-self.course.rate * (at - self.origin))
    }

    /// The wave and its change per radian, turned on.
    fn turned_on(&self, p: &Point) -> (f64, f64) {
        if self.course.slip == 0.0 {
            return (p.wave, p.turned);
        }
        let (s, c) = sin_cos(self.course.slip * (p.at - self.origin));
        (c * p.wave + s * p.turned, c * p.turned - s * p.wave)
    }
}

impl Decay for Remainder {
    fn value(&self, p: &Point) -> f64 {
        let (wave, turned) = self.turned_on(p);
        self.fall(p.at) * (self.a * wave + self.b * turned)
    }

    fn envelope(&self, at: f64) -> f64 {
        self.peak * self.fall(at) * self.a.root_sum(self.b)
    }

    fn rate(&self) -> f64 {
        self.course.rate
    }

    /// A phase that was found to be kept is no better known than any other.
    fn spread(&self, at: f64, points: &[Point]) -> Option<f64> {
        let size = self.a.root_sum(self.b);
        let (c, s) = (self.a / size, self.b / size);
        let there = self.fall(at);
        let row = |p: &Point| {
            let (wave, turned) = self.turned_on(p);
            let fall = self.fall(p.at) / there / self.peak;
            let (along, across) = (c * wave + s * turned, c * turned - s * wave);
            let value = size * self.fall(p.at) * along;
            let late = (at - p.at) * self.course.rate;
            ([fall * along, fall * across, late * value], p.value - value)
        };
        if self.course.slip == 0.0 {
            return Some(regression(points.iter().map(row))?.spread[0].sqrt());
        }
        let with_slip = points.iter().map(|p| {
            let ([along, across, late], left) = row(p);
            let turns = (at - p.at) * self.course.rate * across;
            ([along, across, late, turns], left)
        });
        Some(regression(with_slip)?.spread[0].sqrt())
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

    /// The remainder of that course that leaves the least of the points before `end`, with nothing from
    /// there on.
    fn best(&self, phase: Phase, course: Course, end: usize) -> Option<Remainder> {
        let points = self.window.points.get(..end)?;
        let first = self.window.index(self.window.steady_end).max(self.mixed);
        let fall = exp(-course.rate * self.window.group);
        let (s, c) = sin_cos(course.slip * self.window.group);
        let (mut ww, mut wt, mut tt) = (0.0, 0.0, 0.0);
        let (mut vw, mut vt, mut vv) = (0.0, 0.0, 0.0);
        let mut best: Option<Remainder> = None;
        for (k, p) in points.iter().enumerate().skip(first).rev() {
            if course.slip != 0.0 {
                // What comes later is turned on by one point more.
                (ww, wt, tt) = (
                    c * c * ww + 2.0 * c * s * wt + s * s * tt,
                    (c * c - s * s) * wt + c * s * (tt - ww),
                    s * s * ww - 2.0 * c * s * wt + c * c * tt,
                );
                (vw, vt) = (c * vw + s * vt, c * vt - s * vw);
            }
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
                    course,
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

    /// The remainder at the frequency of the wave that leaves the least of all points.
    fn fitted(&self, phase: Phase) -> Option<Remainder> {
        let tried = |cycles: f64| {
            let rate = 1.0 / (cycles * self.window.cycle);
            self.of_all(phase, Course { rate, slip: 0.0 })
        };
        let (near, _) = (0..TIMES)
            .map(|n| SHORTEST * RATIO.powi(n))
            .filter_map(|cycles| Some((cycles, tried(cycles)?.left)))
            .min_by(|x, y| x.1.total_cmp(&y.1))?;
        let between = (ln(near / RATIO), ln(near * RATIO));
        let best = golden_section(between, SECTIONS, |x| Some(tried(exp(x))?.left))?;
        tried(exp(best))
    }

    fn of_all(&self, phase: Phase, course: Course) -> Option<Remainder> {
        self.best(phase, course, self.window.points.len())
    }

    /// One with a frequency of its own, if the curvature of what is left says that this one does better
    /// for more than its price.
    fn slipping(&self, found: &Remainder) -> Option<Remainder> {
        let rate = found.course.rate;
        let left = |course: Course| Some(self.of_all(Phase::Free, course)?.left);
        let step = std::f64::consts::TAU * TRIED * rate;
        let [down, up] = [-step, step].map(|slip| left(Course { rate, slip }));
        let (down, up) = (down?, up?);
        let curve = up + down - 2.0 * found.left;
        let gain = (up - down).powi(2) / (8.0 * curve);
        // Where neither is a minimum, it lies further away.
        if curve > 0.0 && gain < self.window.price() {
            return None;
        }
        let widest = std::f64::consts::TAU * SLIPS / self.window.cycle;
        let mut course = found.course;
        for _ in 0..ROUNDS {
            let Course { rate, .. } = course;
            // Within a turn in two time constants there is one minimum.
            let most = widest.min(0.5 * std::f64::consts::TAU * rate);
            let slip = |slip: f64| left(Course { rate, slip });
            course.slip = golden_section((-most, most), SECTIONS, slip)?;
            let Course { slip, .. } = course;
            let between = (ln(rate / RATIO), ln(rate * RATIO));
            let rate = |x: f64| left(Course { rate: exp(x), slip });
            course.rate = exp(golden_section(between, SECTIONS, rate)?);
        }
        self.of_all(Phase::Free, course)
    }
}

/// Sum of squares that the wave, a smaller one from where it fits best until `end`, and nothing
/// after it leave.
pub(crate) fn left_by_weaker(window: &Continued, end: f64) -> f64 {
    let steady = Course {
        rate: 0.0,
        slip: 0.0,
    };
    let found = Sums::new(window).best(Phase::Free, steady, window.index(end));
    found.map_or(f64::INFINITY, |found| found.left)
}

/// What goes on of the wave after it was cut down, with the price of its numbers beyond those of a
/// cut in what it leaves; `None` if nothing that decays explains the samples.
pub(crate) fn remainder(window: &Continued) -> Option<Tail> {
    let sums = Sums::new(window);
    let kept = sums.fitted(Phase::Kept).map(|r| (r, 2.0));
    let free = sums.fitted(Phase::Free);
    let slipping = free.as_ref().and_then(|free| sums.slipping(free));
    let priced = |(r, numbers): &(Remainder, f64)| r.left + numbers * window.price();
    let numbered = |r: Option<Remainder>, numbers: f64| r.map(|r| (r, numbers));
    let (best, numbers) = [kept, numbered(free, 3.0), numbered(slipping, 4.0)]
        .into_iter()
        .flatten()
        .min_by(|x, y| priced(x).total_cmp(&priced(y)))?;
    let tail = Tail::new(window, (best.cut, sums.mixed), &best)?;
    Some(Tail {
        left: tail.left + numbers * window.price(),
        ..tail
    })
}
