//! A response that is held between updates: a device or a meter that works in a slower clock than
//! the recorder. Times are those after the step in s, values shares of the change.

use super::step_fit::median;
use super::step_grid::{BETWEEN, completed};
use super::step_regress::Point;
use super::step_shapes::Placed;
use crate::math::ln;

/// Fewest samples an update lasts that can be told from samples.
const LEAST_SAMPLES: usize = 2;
/// Most points that are split into pieces; more are averaged first.
const MOST_PIECED: usize = 1200;
/// Most points that a value which stays to the end counts for.
const MOST_CONFIRMED: usize = 60;
/// Gain of the likelihood (twice its logarithm) an update must bring, per logarithm of the points.
const PENALTY: f64 = 3.0;
/// Standard deviations from which on an edge is where it is seen.
const CERTAIN: f64 = 6.0;

/// A response by its updates.
pub(super) struct Updates {
    /// At each update, the value held until the next; the first is what was held at the step.
    pub(super) points: Vec<Point>,
    /// Usual time between two updates, s.
    pub(super) spacing: f64,
    /// Standard uncertainty of the instant of each, s.
    pub(super) instants_u: Vec<f64>,
    /// Noise belongs to the updates, not to the samples.
    pub(super) noisy_updates: bool,
}

impl Updates {
    /// The updates with the weights they have for a fit if those of which the instant is known less
    /// than the value count less: by how much `placed` moves within the standard uncertainty of the
    /// instant, `variance` being that of one observation.
    pub(super) fn weighed(&self, placed: &Placed, variance: f64) -> Vec<Point> {
        let moves = |t: f64, u: f64| 0.5 * (placed.value(t + u) - placed.value(t - u));
        let points = self.points.iter().zip(&self.instants_u);
        points
            .map(|(p, u)| Point {
                weight: p.weight / (1.0 + p.weight * moves(p.t, *u).powi(2) / variance),
                ..*p
            })
            .collect()
    }
}

/// What is known of the samples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Samples<'a> {
    /// (time after the step in s, share of the change), ascending.
    pub(super) shares: &'a [(f64, f64)],
    /// Standard deviation of one sample, share of the change.
    pub(super) noise: f64,
    /// A converter's step, share of the change.
    pub(super) quantum: f64,
    /// Squares that the best smooth response leaves over [`rise`](Self::rise).
    pub(super) smooth: Option<f64>,
}

impl<'a> Samples<'a> {
    /// The first of the rise: a few before the step, so that an update before the next shows.
    fn first(&self) -> usize {
        let after = self.shares.partition_point(|p| p.0 < 0.0);
        after.saturating_sub(2 * LEAST_SAMPLES)
    }

    /// Those of the response until well after 90 %.
    pub(super) fn rise(&self, t90: f64) -> &'a [(f64, f64)] {
        let shares = self.shares;
        let from = self.first();
        &shares[from..shares.partition_point(|p| p.0 <= 2.2 * t90).max(from)]
    }
}

/// The updates of a response that reaches 90 % at about `t90`, if it is held between them.
pub(super) fn updates(samples: &Samples<'_>, t90: f64) -> Option<Updates> {
    repeated(samples, t90).or_else(|| pieces(samples, t90))
}

/// Sums of values and squares up to each point.
struct Sums(Vec<(f64, f64)>);

impl Sums {
    fn new(values: impl Iterator<Item = f64>) -> Self {
        let mut sums = vec![(0.0, 0.0)];
        let (mut sum, mut square) = (0.0, 0.0);
        for y in values {
            sum += y;
            square += y * y;
            sums.push((sum, square));
        }
        Self(sums)
    }

    fn mean(&self, from: usize, to: usize) -> f64 {
        (self.0[to].0 - self.0[from].0) / (to - from) as f64
    }

    /// Squares about the mean.
    fn left(&self, from: usize, to: usize) -> f64 {
        let n = (to - from) as f64;
        let sum = self.0[to].0 - self.0[from].0;
        (self.0[to].1 - self.0[from].1 - sum * sum / n).max(0.0)
    }
}

/// Values that repeat exactly from sample to sample, and change by more than a converter's step.
fn repeated(samples: &Samples<'_>, t90: f64) -> Option<Updates> {
    let shares = samples.shares;
    let changes: Vec<usize> = (1..shares.len())
        .filter(|&k| shares[k].1 != shares[k - 1].1)
        .collect();
    if changes.len() < 3 || 2 * changes.len() > shares.len() {
        return None;
    }
    let size = |&k: &usize| (shares[k].1 - shares[k - 1].1).abs();
    if median(&mut changes.iter().map(size).collect::<Vec<_>>())? < 2.5 * samples.quantum {
        return None;
    }
    let rising = |k: &&usize| (0.0..=2.2 * t90).contains(&shares[**k].0);
    let rise: Vec<usize> = changes.iter().filter(rising).copied().collect();
    let long = |w: &&[usize]| w[1] - w[0] >= LEAST_SAMPLES;
    if rise.len() < 2 || 5 * rise.windows(2).filter(long).count() < 4 * (rise.len() - 1) {
        return None;
    }
    let between = |k: usize| 0.5 * (shares[k - 1].0 + shares[k].0);
    let mut gaps: Vec<f64> = rise
        .windows(2)
        .map(|w| between(w[1]) - between(w[0]))
        .collect();
    let mut points = vec![Point {
        t: shares[0].0,
        y: shares[0].1,
        weight: 1.0,
        spread: 0.0,
    }];
    points.extend(changes.iter().map(|&k| Point {
        t: between(k),
        y: shares[k].1,
        weight: 1.0,
        spread: 0.0,
    }));
    let step = shares[1].0 - shares[0].0;
    let spacing = median(&mut gaps)?;
    // A value that stays to the end is one that updates confirm.
    let (last, end) = (points[points.len() - 1], shares[shares.len() - 1].0);
    let confirmed = (((end - last.t) / spacing) as usize).min(MOST_CONFIRMED);
    points.extend((1..=confirmed).map(|n| Point {
        t: last.t + n as f64 * spacing,
        ..last
    }));
    Some(Updates {
        instants_u: vec![BETWEEN * step; points.len()],
        points,
        spacing,
        noisy_updates: true,
    })
}

/// The constant pieces that explain the rise best, if no smooth response explains it as well: not
/// the best of known shape, and none of straight lines with as many numbers as the pieces have.
fn pieces(samples: &Samples<'_>, t90: f64) -> Option<Updates> {
    let rise = samples.rise(t90);
    let group = rise.len().div_ceil(MOST_PIECED).max(1);
    let blocks: Vec<f64> = rise
        .chunks_exact(group)
        .map(|c| c.iter().map(|p| p.1).sum::<f64>() / group as f64)
        .collect();
    if blocks.len() < 4 * LEAST_SAMPLES {
        return None;
    }
    let variance = samples
        .noise
        .powi(2)
        .max((0.5 * samples.quantum).powi(2))
        .max(1e-8);
    let penalty = PENALTY * ln(blocks.len() as f64);
    let coarse = segmented(&blocks, penalty * variance / group as f64);
    let sums = Sums::new(rise.iter().map(|p| p.1));
    let mut edges = refined(&sums, &coarse, group, rise.len(), samples.quantum);
    merged(&sums, &mut edges, rise.len(), penalty * variance);
    let bounds = |edges: &[usize]| -> Vec<usize> {
        let ends = [0].into_iter().chain(edges.iter().copied());
        ends.chain([rise.len()]).collect()
    };
    let all = bounds(&edges);
    if edges.is_empty() {
        return None;
    }
    let held: f64 = all.windows(2).map(|w| sums.left(w[0], w[1])).sum();
    let margin = variance * (penalty + 5.0 * (edges.len() + 1) as f64);
    let smooth = samples
        .smooth
        .map_or(f64::INFINITY, |s| s)
        .min(lines(rise, &all));
    if smooth < held + margin {
        return None;
    }
    let step = (rise[rise.len() - 1].0 - rise[0].0) / (rise.len() - 1) as f64;
    // Edges that are certain from the first on say when the others come.
    let sure = |w: &[usize]| {
        let jump = sums.mean(w[1], w[2]) - sums.mean(w[0], w[1]);
        let scatter = variance * (1.0 / (w[1] - w[0]) as f64 + 1.0 / (w[2] - w[1]) as f64);
        jump.powi(2) > CERTAIN.powi(2) * scatter
    };
    let certain = all.windows(3).take_while(|w| sure(w)).count();
    let scatter: Vec<f64> = all
        .windows(3)
        .map(|w| {
            let jump = sums.mean(w[1], w[2]) - sums.mean(w[0], w[1]);
            let within = 0.3 * (w[1] - w[0]).min(w[2] - w[1]) as f64;
            (8.0 * variance / jump.powi(2)).min(within)
        })
        .collect();
    let instants = completed(&edges, certain, rise.len(), &scatter);
    let (edges, spacing) = (&instants.at, instants.every * step);
    let zero = samples.first();
    let mut points = Vec::new();
    let mut instants_u = Vec::new();
    let mut add = |from: usize, to: usize, t: f64, u: f64| {
        let part = &samples.shares[from..to];
        if !part.is_empty() {
            points.push(Point {
                t,
                y: part.iter().map(|p| p.1).sum::<f64>() / part.len() as f64,
                weight: part.len() as f64,
                spread: 0.0,
            });
            instants_u.push(u);
        }
    };
    // What is held at the step was set before it.
    let first = edges.first()?.0;
    add(
        0,
        zero + first.ceil() as usize,
        samples.shares[0].0.min(0.0),
        0.0,
    );
    for (n, (edge, u)) in edges.iter().enumerate() {
        let next = edges.get(n + 1).map_or(rise.len() as f64, |e| e.0);
        // Its samples without those next to an edge, whose place is known to one.
        let aside = if next - edge > 5.0 { 0.75 } else { 0.0 };
        let (from, to) = ((edge + aside).ceil(), (next - aside).ceil());
        add(
            zero + from as usize,
            zero + to as usize,
            rise[0].0 + edge * step,
            u * step,
        );
    }
    // Later ones, by what is held on the mean.
    let late = zero + rise.len();
    let group = (samples.shares.len() - late)
        .div_ceil(40)
        .max((instants.every as usize).max(1));
    for part in (late..samples.shares.len()).step_by(group) {
        let end = (part + group).min(samples.shares.len());
        let middle = 0.5 * (samples.shares[part].0 + samples.shares[end - 1].0);
        add(part, end, middle - 0.5 * spacing, 0.5 * spacing);
    }
    Some(Updates {
        points,
        spacing,
        instants_u,
        noisy_updates: false,
    })
}

/// Begins of the pieces but the first that leave least, each costing `penalty` (optimal
/// partitioning: Jackson et al., IEEE Signal Processing Letters 12(2), 2005).
pub(super) fn segmented(values: &[f64], penalty: f64) -> Vec<usize> {
    let sums = Sums::new(values.iter().copied());
    let mut cost = vec![-penalty];
    let mut begins = vec![0];
    for end in 1..=values.len() {
        let mut best = (f64::INFINITY, 0);
        for (begin, before) in cost.iter().enumerate() {
            if end - begin < LEAST_SAMPLES && values.len() >= LEAST_SAMPLES {
                continue;
            }
            let total = before + sums.left(begin, end) + penalty;
            if total < best.0 {
                best = (total, begin);
            }
        }
        cost.push(best.0);
        begins.push(best.1);
    }
    let mut edges = Vec::new();
    let mut end = values.len();
    while begins[end] > 0 {
        end = begins[end];
        edges.push(end);
    }
    edges.reverse();
    edges
}

/// The edges to the sample, each within the halves of the pieces at its sides. None if most of the
/// way is done in jumps of a step of the converter or two, which a smooth response shows too.
fn refined(sums: &Sums, coarse: &[usize], group: usize, count: usize, quantum: f64) -> Vec<usize> {
    let inner = coarse.iter().map(|e| e * group);
    let all: Vec<usize> = [0].into_iter().chain(inner).chain([count]).collect();
    let (mut way, mut coarse_way) = (0.0, 0.0);
    let mut edges = Vec::new();
    for w in all.windows(3) {
        let (from, to) = (usize::midpoint(w[0], w[1]), usize::midpoint(w[1], w[2]));
        let cost = |k: usize| sums.left(from, k) + sums.left(k, to);
        let best = (from + 1..to).min_by(|&a, &b| cost(a).total_cmp(&cost(b)));
        let Some(best) = best else { continue };
        let jump = (sums.mean(best, to) - sums.mean(from, best)).abs();
        way += jump;
        coarse_way += if jump < 2.5 * quantum { jump } else { 0.0 };
        edges.push(best);
    }
    if 2.0 * coarse_way > way {
        edges.clear();
    }
    edges
}

/// Drops one edge after another that brings less than `least`: groups of samples that an edge
/// divides make more of them than there are.
fn merged(sums: &Sums, edges: &mut Vec<usize>, count: usize, least: f64) {
    edges.dedup();
    loop {
        let inner = edges.iter().copied();
        let all: Vec<usize> = [0].into_iter().chain(inner).chain([count]).collect();
        let gain =
            |w: &[usize]| sums.left(w[0], w[2]) - sums.left(w[0], w[1]) - sums.left(w[1], w[2]);
        let gains = all.windows(3).map(gain).enumerate();
        match gains.min_by(|a, b| a.1.total_cmp(&b.1)) {
            Some((n, gain)) if gain < least => edges.remove(n),
            _ => return,
        };
    }
}

/// Squares that the best continuous line of straight pieces leaves that bends at `knots`.
fn lines(points: &[(f64, f64)], knots: &[usize]) -> f64 {
    let last = knots.len() - 1;
    // Normal equations of hat functions: a main diagonal and one beside it.
    let (mut main, mut side, mut right) = (
        vec![0.0; knots.len()],
        vec![0.0; knots.len()],
        vec![0.0; knots.len()],
    );
    let hats = |n: usize, k: usize| {
        let b = (k - knots[n]) as f64 / (knots[n + 1] - knots[n]) as f64;
        (1.0 - b, b)
    };
    for n in 0..last {
        for (k, p) in (knots[n]..).zip(&points[knots[n]..knots[n + 1]]) {
            let (a, b) = hats(n, k);
            main[n] += a * a;
            main[n + 1] += b * b;
            side[n] += a * b;
            right[n] += a * p.1;
            right[n + 1] += b * p.1;
        }
    }
    // A last knot behind the last point may carry nothing.
    for x in &mut main {
        *x += 1e-12;
    }
    for n in 0..last {
        let factor = side[n] / main[n];
        main[n + 1] -= factor * side[n];
        right[n + 1] -= factor * right[n];
    }
    let mut level = vec![0.0; knots.len()];
    for n in (0..knots.len()).rev() {
        let known = if n < last {
            side[n] * level[n + 1]
        } else {
            0.0
        };
        level[n] = (right[n] - known) / main[n];
    }
    (0..last)
        .map(|n| {
            let part = (knots[n]..).zip(&points[knots[n]..knots[n + 1]]);
            part.map(|(k, p)| {
                let (a, b) = hats(n, k);
                (p.1 - a * level[n] - b * level[n + 1]).powi(2)
            })
            .sum::<f64>()
        })
        .sum()
}
