//! When a quantity was updated that is held in between: at the edges that are seen and, where
//! those are regular, at the ones that noise hides.

use super::step_fit::median;
use crate::linear::least_squares;

/// When a quantity was updated, in samples.
pub(super) struct Instants {
    /// Each with its standard uncertainty, ascending.
    pub(super) at: Vec<(f64, f64)>,
    /// Usual distance.
    pub(super) every: f64,
}

/// Standard uncertainty of an instant between two samples, in samples.
pub(super) const BETWEEN: f64 = 0.289;

/// When the updates were of which `edges` show some, each half a sample before the first sample
/// that shows it. If the first ones, which are `certain`, are regular, those that noise hides are
/// where they are due. `scatter` is the uncertainty of an edge by noise, in samples.
pub(super) fn completed(
    edges: &[usize],
    certain: usize,
    count: usize,
    scatter: &[f64],
) -> Instants {
    let seen: Vec<f64> = edges.iter().map(|&e| e as f64 - 0.5).collect();
    let irregular = |every: f64| Instants {
        at: seen
            .iter()
            .zip(scatter)
            .map(|(e, u)| (*e, u.hypot(BETWEEN)))
            .collect(),
        every,
    };
    let gaps: Vec<f64> = seen.windows(2).map(|w| w[1] - w[0]).collect();
    let Some(usual) = median(&mut gaps.clone()) else {
        return irregular(count as f64);
    };
    if certain < 2 {
        return irregular(usual);
    }
    let every = median(&mut gaps[..(certain - 1).min(3)].to_vec()).unwrap_or(usual);
    let near = |gap: f64, turns: f64| (gap - turns * every).abs() <= (0.4 * every).max(1.5);
    let first = 1 + gaps[..certain - 1]
        .iter()
        .take_while(|g| near(**g, 1.0))
        .count();
    let missed = |gap: f64| near(gap, (gap / every).round().max(2.0));
    if first < certain.min(4) && !missed(gaps[first - 1]) {
        return irregular(every);
    }
    // (number, index) of those that are regular; later ones join where they are due.
    let mut grid: Vec<(f64, usize)> = (0..first).map(|n| (n as f64, n)).collect();
    let weight = |k: usize| 1.0 / (scatter[k].powi(2) + BETWEEN.powi(2));
    let mut line = (seen[0], every);
    for k in first..=seen.len() {
        let rows = grid.iter().map(|&(n, k)| {
            let w = weight(k).sqrt();
            ([w, w * n], w * seen[k])
        });
        line = least_squares(rows).map_or(line, |[a, b]| (a, b));
        if let Some(e) = seen.get(k) {
            let number = ((e - line.0) / line.1).round();
            let due = line.0 + number * line.1;
            if number > grid[grid.len() - 1].0 && (e - due).abs() <= 0.3 * every {
                grid.push((number, k));
            }
        }
    }
    let due = |n: f64| line.0 + n * line.1;
    let weights: f64 = grid.iter().map(|g| weight(g.1)).sum();
    let middle = grid.iter().map(|g| weight(g.1) * g.0).sum::<f64>() / weights;
    let width: f64 = grid
        .iter()
        .map(|g| weight(g.1) * (g.0 - middle).powi(2))
        .sum();
    let line_u = |n: f64| (1.0 / weights + (n - middle).powi(2) / width).sqrt();
    let off = |g: &(f64, usize)| seen[g.1] - due(g.0);
    let freedom = (grid.len() as f64 - 2.0).max(1.0);
    let jitter = (grid.iter().map(|g| off(g).powi(2)).sum::<f64>() / freedom).sqrt();
    // What is regular to the sample is known better by all edges than by each.
    let exact = grid
        .iter()
        .all(|g| off(g).abs() <= 2.0 * scatter[g.1] + 0.75);
    let mut n = (-line.0 / line.1).ceil() - 1.0;
    let end = count as f64 - 1.0;
    let mut at: Vec<(f64, f64)> = Vec::new();
    loop {
        n += 1.0;
        let own = grid.iter().find(|g| g.0 == n).map(|g| g.1);
        let (place, u) = match own {
            Some(k) if !exact => (seen[k], scatter[k].hypot(BETWEEN)),
            Some(_) | None if exact => (due(n), line_u(n).max(BETWEEN)),
            Some(_) | None => (due(n), line_u(n).hypot(jitter).max(BETWEEN)),
        };
        if place >= end || line.1.is_nan() || line.1 < 1.0 {
            break;
        }
        let last = at.last().map_or(0.0, |a| a.0);
        if place > last {
            at.push((place, u));
        }
    }
    Instants { at, every: line.1 }
}
