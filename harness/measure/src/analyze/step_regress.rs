//! A shape fitted to all points of a step response: noise moves such a T90 far less than it moves
//! the few points around 90 %.

use super::step_shapes::{Numbers, Placed, Shape};
use crate::linear::{least_squares, regression};
use crate::math::exp;
use crate::uncertainty::student;

/// A value at a time after the step, as the mean of `weight` observations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) t: f64,
    pub(super) y: f64,
    pub(super) weight: f64,
    /// Standard deviation of the times of the observations, s.
    pub(super) spread: f64,
}

impl Point {
    /// Share of the change that `placed` has done on the mean of the observations: the mean of its
    /// values a standard deviation before and after, which is exact up to the third power of time.
    fn share_of(&self, placed: &Placed) -> f64 {
        if self.spread > 0.0 {
            0.5 * (placed.share(self.t - self.spread) + placed.share(self.t + self.spread))
        } else {
            placed.share(self.t)
        }
    }

    /// What `placed` leaves of it.
    pub(super) fn residual(&self, placed: &Placed) -> f64 {
        let [.., before, target] = placed.p;
        self.y - before - (target - before) * self.share_of(placed)
    }
}

/// A shape that is tried.
struct Trial {
    shape: Shape,
    /// Values of its own number to begin with; one alone is kept.
    begin: &'static [f64],
}

const TRIALS: [Trial; 4] = [
    Trial {
        shape: Shape::Limited,
        begin: &[1.0],
    },
    Trial {
        shape: Shape::Limited,
        begin: &[0.0],
    },
    Trial {
        shape: Shape::SecondOrder,
        begin: &[0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 1.5],
    },
    Trial {
        shape: Shape::Limited,
        begin: &[0.25, 0.5, 0.75],
    },
];
/// Delays that are tried first, shares of T90, and what the estimate of T90 is multiplied with.
const DELAYS: [f64; 5] = [0.0, 0.1, 0.25, 0.5, 0.8];
const T90S: [f64; 3] = [0.8, 1.0, 1.25];
/// Parts of a Gauss–Newton step that are tried until one helps.
const STEPS: [f64; 4] = [1.0, 0.5, 0.2, 0.05];
/// Weight that keeps a number that is not fitted where it is.
const ANCHOR: f64 = 1e-4;
/// Most points that are looked at to choose where to begin.
const MOST_BEGINNING: usize = 120;
/// Fewest points a shape is fitted to.
const LEAST_POINTS: usize = 6;

/// A fitted response.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fitted {
    pub(super) placed: Placed,
    /// Weighted sum of the squares it leaves.
    pub(super) left: f64,
    /// Every shape that was fitted with how likely it is, the best one being 1.
    likely: [Option<(f64, Placed)>; TRIALS.len()],
    /// Numbers that were fitted.
    fitted: usize,
    /// Points less numbers fitted.
    pub(super) freedom: usize,
    /// Covariances of the numbers where one observation scatters by 1.
    inverse: [Numbers; 5],
}

impl Fitted {
    /// Standard uncertainty by noise of a figure that follows from the numbers.
    pub(super) fn u_of(&self, figure: impl Fn(&Placed) -> f64) -> f64 {
        self.sigma() * student(self.freedom) * self.spread_of(&self.inverse, figure)
    }

    /// Standard deviation of a figure where the numbers have these `covariances`.
    pub(super) fn spread_of(
        &self,
        covariances: &[Numbers; 5],
        figure: impl Fn(&Placed) -> f64,
    ) -> f64 {
        let moved = differences(&self.placed);
        let gradient = moved.map(|(up, down, d)| (figure(&up) - figure(&down)) / (2.0 * d));
        let mut square = 0.0;
        for (a, row) in gradient.iter().zip(covariances) {
            for (b, x) in gradient.iter().zip(row) {
                square += a * b * x;
            }
        }
        square.max(0.0).sqrt()
    }

    /// The shape as it is fitted to `points` if each of them is moved by `by`.
    pub(super) fn moved(&self, points: &[Point], by: impl Fn(&Point) -> f64) -> Placed {
        let free = self.fitted > 4;
        let mut right = [0.0; 5];
        for ((row, _), point) in rows(self.placed, points, free).zip(points) {
            let shift = point.weight.sqrt() * by(point);
            for (sum, x) in right.iter_mut().zip(row) {
                *sum += x * shift;
            }
        }
        let mut step = [0.0; 5];
        for (x, row) in step.iter_mut().zip(&self.inverse) {
            *x = row.iter().zip(&right).map(|(a, b)| a * b).sum();
        }
        moved(&self.placed, step)
    }

    /// Standard uncertainty of a figure by what other shapes say that are about as likely.
    pub(super) fn shape_u(&self, figure: impl Fn(&Placed) -> f64) -> f64 {
        let own = figure(&self.placed);
        let (mut likely, mut squares) = (0.0, 0.0);
        for (weight, other) in self.likely.iter().flatten() {
            likely += weight;
            squares += weight * (figure(other) - own).powi(2);
        }
        if likely > 0.0 {
            (squares / likely).sqrt()
        } else {
            0.0
        }
    }

    /// Standard deviation of one observation that it leaves.
    pub(super) fn sigma(&self) -> f64 {
        (self.left / self.freedom as f64).sqrt()
    }
}

/// The shape with each number a little up and down, and by how much.
fn differences(placed: &Placed) -> [(Placed, Placed, f64); 5] {
    let p = placed.p;
    let time = 1e-3 * (p[0] - p[1]);
    let (low, high) = placed.shape.range();
    let level = 1e-3 * (p[4] - p[3]).abs().max(1e-9);
    let d = [time, time, 1e-3, level, level];
    [0, 1, 2, 3, 4].map(|n| {
        let (mut up, mut down) = (p, p);
        up[n] += d[n];
        down[n] -= d[n];
        up[2] = up[2].min(high);
        down[2] = down[2].max(low);
        let apart = up[n] - down[n];
        let placed = |p| Placed::new(placed.shape, p);
        (placed(up), placed(down), 0.5 * apart)
    })
}

fn left(placed: &Placed, points: &[Point]) -> f64 {
    points
        .iter()
        .map(|p| p.weight * p.residual(placed).powi(2))
        .sum()
}

fn moved(placed: &Placed, step: Numbers) -> Placed {
    let p = placed.p;
    let (low, high) = placed.shape.range();
    let t90 = (p[0] + step[0]).clamp(0.5 * p[0], 2.0 * p[0]);
    // A begin before the step costs at the points before it; forbidding it would bias the rest.
    let delay = (p[1] + step[1]).clamp(-0.3 * t90, 0.95 * t90);
    let own = (p[2] + step[2]).clamp(low, high);
    Placed::new(
        placed.shape,
        [t90, delay, own, p[3] + step[3], p[4] + step[4]],
    )
}

/// Rows of a least-squares step: how each number moves each point.
fn rows<'p>(
    placed: Placed,
    points: &'p [Point],
    free: bool,
) -> impl Iterator<Item = (Numbers, f64)> + Clone + use<'p> {
    let beside = differences(&placed);
    let rows = points.iter().map(move |p| {
        let w = p.weight.sqrt();
        let slope = |n: usize| {
            let (up, down, d) = &beside[n];
            w * (p.residual(down) - p.residual(up)) / (2.0 * d)
        };
        let share = p.share_of(&placed);
        let own = if free { slope(2) } else { 0.0 };
        let row = [slope(0), slope(1), own, w * (1.0 - share), w * share];
        (row, w * p.residual(&placed))
    });
    rows.chain(std::iter::once(([0.0, 0.0, ANCHOR, 0.0, 0.0], 0.0)))
}

/// With the levels that suit the times of `numbers` best.
fn levelled(shape: Shape, numbers: [f64; 3], points: &[Point]) -> Option<Placed> {
    let [t90, delay, own] = numbers;
    let unit = Placed::new(shape, [t90, delay, own, 0.0, 1.0]);
    let rows = points.iter().map(|p| {
        let (w, share) = (p.weight.sqrt(), p.share_of(&unit));
        ([w * (1.0 - share), w * share], w * p.y)
    });
    let [before, target] = least_squares(rows)?;
    Some(Placed::new(shape, [t90, delay, own, before, target]))
}

/// Where to begin with the `trial`.
fn beginning(trial: &Trial, points: &[Point], t90: f64) -> Option<Placed> {
    let begins = trial.begin.iter().flat_map(|&own| {
        DELAYS
            .iter()
            .flat_map(move |&delay| T90S.map(|m| [m * t90, delay * m * t90, own]))
    });
    // A part of the points says where to begin.
    let few: Vec<Point> = points
        .iter()
        .step_by(points.len().div_ceil(MOST_BEGINNING))
        .copied()
        .collect();
    let best = begins
        .filter_map(|numbers| levelled(trial.shape, numbers, &few))
        .map(|placed| (placed, left(&placed, &few)))
        .min_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(best.0)
}

/// The `trial` fitted to `points`, beginning with what fitted `before` or, without, with the best of
/// some that reach 90 % at about `t90`.
fn fitted(trial: &Trial, points: &[Point], t90: f64, before: Option<Placed>) -> Option<Fitted> {
    let free = trial.begin.len() > 1;
    let mut best = match before {
        Some(placed) => placed,
        None => beginning(trial, points, t90)?,
    };
    let mut least = left(&best, points);
    for _ in 0..30 {
        let Some(step) = least_squares(rows(best, points, free)) else {
            break;
        };
        let found = STEPS.into_iter().find_map(|part| {
            let next = moved(&best, step.map(|s| part * s));
            let less = left(&next, points);
            (less < least).then_some((next, less))
        });
        let Some((next, less)) = found else { break };
        let gained = least - less;
        (best, least) = (next, less);
        if gained < 1e-6 * least {
            break;
        }
    }
    let fitted = 4 + usize::from(free);
    let freedom = points.len().checked_sub(fitted).filter(|&f| f > 0)?;
    let mut inverse = regression(rows(best, points, free))?.inverse;
    if !free {
        // The shape's own number is given, not known as badly as its anchor holds it.
        inverse[2] = [0.0; 5];
        for row in &mut inverse {
            row[2] = 0.0;
        }
    }
    Some(Fitted {
        placed: best,
        left: least,
        likely: [None; TRIALS.len()],
        fitted,
        freedom,
        inverse,
    })
}

/// The shape that explains the points best, one that reaches 90 % at about `t90`: what it leaves
/// in units of `variance` (of one observation), and two for each number fitted (Akaike's criterion).
/// `before` is what fitted nearly the same points.
pub(super) fn best_shape(
    points: &[Point],
    t90: f64,
    variance: f64,
    before: Option<&Fitted>,
) -> Option<Fitted> {
    if points.len() < LEAST_POINTS || t90.is_nan() || t90 <= 0.0 || variance <= 0.0 {
        return None;
    }
    let cost = |f: &Fitted| f.left / variance + 2.0 * f.fitted as f64;
    let found: Vec<Option<Fitted>> = TRIALS
        .iter()
        .enumerate()
        .map(|(n, trial)| {
            let begin = before
                .and_then(|fit| fit.likely[n])
                .map(|(_, placed)| placed);
            fitted(trial, points, t90, begin).filter(|fit| fit.left.is_finite())
        })
        .collect();
    let all = found.iter().flatten();
    let mut best = *all.min_by(|a, b| cost(a).total_cmp(&cost(b)))?;
    // Akaike weights: how likely each of the others is beside the best.
    let mut likely = [None; TRIALS.len()];
    for (slot, other) in likely.iter_mut().zip(&found) {
        *slot = other.map(|other| {
            let weight = exp(0.5 * (cost(&best) - cost(&other)));
            (weight, other.placed)
        });
    }
    best.likely = likely;
    Some(best)
}

/// Time constant of the first-order response that explains the rise (half as long again as it
/// takes to `t90`) best, s.
pub(super) fn first_order(points: &[Point], t90: f64) -> Option<f64> {
    let rise: Vec<Point> = points
        .iter()
        .filter(|p| p.t <= 1.5 * t90)
        .copied()
        .collect();
    if rise.len() < LEAST_POINTS {
        return None;
    }
    fitted(&TRIALS[0], &rise, t90, None)?.placed.tau()
}
