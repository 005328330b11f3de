//! Steps that nothing marks: where the response leaves a level it rested on for another one.

use super::step_fit::{drift, median};
use super::step_updates::segmented;
use crate::math::ln;

/// Most blocks of points that are looked at.
const MOST_BLOCKS: usize = 6000;
/// Gain of the likelihood (twice its logarithm) a piece must bring, per logarithm of the blocks.
const PENALTY: f64 = 3.0;
/// What moves from one half to the other by more than this share of the jumps beside it is part of a
/// way.
const FLAT: f64 = 0.25;
/// A level with a way before and after it is a rest if it lasts so many times as long as either.
const CLEAR: f64 = 2.0;
/// A rest lasts at least this share of the ways before and after it.
const LASTS: f64 = 0.3;
/// A level is what an update holds, or where a ringing turns, if a later one lasts so many times as
/// long.
const HELD: f64 = 3.0;
/// Longest time that an update holds, s.
const MOST_HELD_S: f64 = 10.0;
/// Smallest change that is a step, share of the span of the record.
const LEAST_OF_SPAN: f64 = 0.05;
/// Smallest change that is a step, standard deviations of a block.
const LEAST_OF_NOISE: f64 = 6.0;

/// Blocks `first` up to `end` with their mean.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Piece {
    first: usize,
    end: usize,
    level: f64,
}

/// A stretch of a record that stays on one level.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Rest {
    /// Begin, s.
    from: f64,
    /// End, s.
    to: f64,
    level: f64,
}

impl Rest {
    fn lasts(&self) -> f64 {
        self.to - self.from
    }
}

/// Instants shortly before each step, s, so that its begin lies behind them. `least` is the smallest
/// change that counts, 0 if none is known.
pub(super) fn before_steps(points: &[(f64, f64)], least: f64) -> Vec<f64> {
    let group = points.len().div_ceil(MOST_BLOCKS).max(1);
    let blocks: Vec<(f64, f64)> = points
        .chunks_exact(group)
        .map(|c| (c[0].0, c.iter().map(|p| p.1).sum::<f64>() / group as f64))
        .collect();
    let Some(spacing) = blocks.windows(2).map(|w| w[1].0 - w[0].0).next() else {
        return Vec::new();
    };
    let values: Vec<f64> = blocks.iter().map(|b| b.1).collect();
    let extreme = |best: fn(f64, f64) -> f64| values.iter().copied().reduce(best).unwrap_or(0.0);
    let span = extreme(f64::max) - extreme(f64::min);
    let differences = values.windows(2).map(|w| (w[1] - w[0]).abs());
    // Of normal noise the median of a difference is 0.6745 √2 σ.
    let noise = median(&mut differences.collect::<Vec<_>>()).unwrap_or(0.0) / 0.954;
    let least = least.max(LEAST_OF_SPAN * span).max(LEAST_OF_NOISE * noise);
    if least <= 0.0 {
        return Vec::new();
    }
    // Pieces need to be no finer than a part of a step.
    let variance = noise.max(0.02 * least).powi(2);
    let edges = segmented(&values, PENALTY * ln(values.len() as f64) * variance);
    let bounds: Vec<usize> = [0].into_iter().chain(edges).chain([values.len()]).collect();
    let pieces: Vec<Piece> = bounds
        .windows(2)
        .map(|w| Piece {
            first: w[0],
            end: w[1],
            level: values[w[0]..w[1]].iter().sum::<f64>() / (w[1] - w[0]) as f64,
        })
        .collect();
    let at = |k: usize| blocks[0].0 + k as f64 * spacing;
    let levels = levelled(&pieces, (&blocks, spacing), 0.25 * least);
    let mut rests = lasting(
        levels
            .iter()
            .map(|level| Rest {
                from: at(level.first),
                to: at(level.end),
                level: level.level,
            })
            .collect(),
    )
    .into_iter();
    let mut steps = Vec::new();
    let Some(mut rest) = rests.next() else {
        return steps;
    };
    for next in rests {
        if (next.level - rest.level).abs() > least {
            // It begins before it is seen by less than it takes to do half of the way from there.
            let change = next.level - rest.level;
            let half = |b: &&(f64, f64)| b.0 >= rest.to && (b.1 - rest.level) / change >= 0.5;
            let way = blocks.iter().find(half).map_or(0.0, |b| b.0 - rest.to);
            let back = (way + 2.0 * spacing).min(0.5 * rest.lasts());
            steps.push(rest.to - back);
            rest = next;
        } else {
            // An excursion that came back is no step.
            rest.to = next.to;
        }
    }
    steps
}

/// Pieces joined with those beside them that lie within `band` of them, the longest first, as far as
/// they are flat then. The record begins with one.
fn levelled(pieces: &[Piece], (blocks, spacing): (&[(f64, f64)], f64), band: f64) -> Vec<Piece> {
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    order.sort_by_key(|&k| std::cmp::Reverse(pieces[k].end - pieces[k].first));
    let mut taken = vec![false; pieces.len()];
    let mut levels = Vec::new();
    for middle in order {
        if taken[middle] {
            continue;
        }
        let level = pieces[middle].level;
        let away = |piece: &Piece| (piece.level - level).abs();
        let joins = |k: &usize| !taken[*k] && away(&pieces[*k]) <= band;
        let first = (0..middle).rev().take_while(joins).last();
        let last = (middle + 1..pieces.len()).take_while(joins).last();
        let (first, last) = (first.unwrap_or(middle), last.unwrap_or(middle));
        taken[first..=last].fill(true);
        let joined = Piece {
            first: pieces[first].first,
            end: pieces[last].end,
            level,
        };
        let before = first.checked_sub(1).map(|k| away(&pieces[k]));
        let beside = [before, pieces.get(last + 1).map(away)];
        let jump = beside.into_iter().flatten().fold(f64::INFINITY, f64::min);
        // What begins with the end of the way to it is at rest in its later half.
        let later = &blocks[usize::midpoint(joined.first, joined.end)..joined.end];
        let until = later[later.len() - 1].0 + 0.5 * spacing;
        let moves = drift(later, (later[0].0 - 0.5 * spacing, until));
        if first == 0 || moves <= FLAT * jump {
            levels.push(joined);
        }
    }
    levels.sort_by_key(|level| level.first);
    levels
}

/// Those levels that are rests and not parts of the way from one to the next, the shortest looked at
/// first. The first and the last are.
fn lasting(mut rests: Vec<Rest>) -> Vec<Rest> {
    loop {
        let passing = |&k: &usize| {
            let (rest, lasts) = (&rests[k], rests[k].lasts());
            let ways = (rest.from - rests[k - 1].to, rests[k + 1].from - rest.to);
            let way = ways.0.max(ways.1);
            let clear = ways.0 > 0.0 && ways.1 > 0.0 && lasts >= CLEAR * way;
            let later = rests[k + 1..].iter();
            let longest = later.map(Rest::lasts).fold(0.0, f64::max);
            let held = way > 0.0 || lasts <= MOST_HELD_S;
            !clear && (lasts < LASTS * way || (held && longest >= HELD * lasts))
        };
        let inner = 1..rests.len().saturating_sub(1);
        let shortest = inner
            .filter(passing)
            .min_by(|&a, &b| rests[a].lasts().total_cmp(&rests[b].lasts()));
        match shortest {
            Some(k) => rests.remove(k),
            None => return rests,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps found in 100 samples per second of `value`, each as (before, value there).
    fn steps(seconds: u32, value: impl Fn(f64) -> f64) -> Vec<f64> {
        let points: Vec<(f64, f64)> = (0..100 * seconds)
            .map(|k| 0.01 * f64::from(k))
            .map(|t| (t, value(t)))
            .collect();
        before_steps(&points, 0.0)
    }

    /// Change that first order with 1 s has done.
    fn first_order(t: f64) -> f64 {
        1.0 - (-t.max(0.0)).exp()
    }

    #[test]
    fn each_step_is_found_once_and_before_its_begin() {
        let two = |shape: fn(f64) -> f64| move |t: f64| shape(t - 20.0) - 0.6 * shape(t - 50.0);
        let ramp = |t: f64| (t / 4.0).clamp(0.0, 1.0);
        let jump = |t: f64| f64::from(u8::from(t >= 0.0));
        let ringing = |t: f64| {
            let t = t.max(0.0);
            1.0 - (-0.6 * t).exp() * (2.0 * t).cos()
        };
        // Held for 0.7 s: some ten jumps are one step.
        let held = |t: f64| first_order((t / 0.7).floor() * 0.7);
        for shape in [first_order, ramp, jump, ringing, held] {
            let found = steps(80, two(shape));
            assert_eq!(found.len(), 2, "{found:?}");
            for (at, found) in [20.0, 50.0].iter().zip(&found) {
                assert!((at - 5.0..=at + 0.7).contains(found), "{found} of {at}");
            }
        }
    }

    #[test]
    fn stairs_of_equal_length_are_steps_and_excursions_are_none() {
        let stairs = |t: f64| (1..9).map(|n| first_order(t - 10.0 * f64::from(n))).sum();
        assert_eq!(steps(90, stairs).len(), 8);
        let jumps = |t: f64| (t / 10.0).floor();
        assert_eq!(steps(90, jumps).len(), 8);
        // A ramp at 5 % a minute is one step, however long its pieces.
        let slow = |t: f64| ((t - 1000.0) / 1200.0).clamp(0.0, 1.0);
        assert_eq!(steps(3600, slow).len(), 1);
        // A short rest between long ones, which ways part from it.
        let uneven = |t: f64| first_order(8.0 * (t - 30.0)) + first_order(8.0 * (t - 36.0));
        assert_eq!(steps(90, uneven).len(), 2);
        let excursion = |t: f64| 3.0 + if (40.0..40.5).contains(&t) { 1.0 } else { 0.0 };
        assert!(steps(90, excursion).is_empty());
        // A step after one begins after it.
        let later = |t: f64| excursion(t) + first_order(t - 60.0);
        let found = steps(90, later);
        assert!(
            found.len() == 1 && (55.0..60.0).contains(&found[0]),
            "{found:?}"
        );
        // Noise between two levels that are less than six deviations of it apart.
        let noise = |t: f64| (1e4 * (t * 7919.0).sin()).fract();
        let small = |t: f64| noise(t) + if t < 45.0 { 0.0 } else { 1.5 };
        assert!(steps(90, small).is_empty());
        assert_eq!(
            steps(90, |t| small(t) + if t < 45.0 { 0.0 } else { 4.0 }).len(),
            1
        );
        assert!(steps(90, |_| 2.0).is_empty());
    }
}
