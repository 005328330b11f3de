//! When a quantity was updated that is held in between: at the edges that are seen and, where
//! those are regular, at the ones that noise hides.

use super::step_fit::median;
use crate::linear::least_squares;
use crate::math::RootSum;
use crate::uncertainty::student;

/// When a quantity was updated, in samples.
pub(super) struct Instants {
    /// Each with its standard uncertainty, ascending.
    pub(super) at: Vec<(f64, f64)>,
    /// Usual distance.
    pub(super) every: f64,
}

/// Standard uncertainty of an instant between two samples, in samples.
pub(super) const BETWEEN: f64 = 0.289;

/// Standard deviation from even distances up to which updates are regular, share of the distance: of
/// ones that come early or late by a third of it.
const REGULAR: f64 = 0.2;

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
            .map(|(e, u)| (*e, u.root_sum(BETWEEN)))
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
    let every = median(&mut gaps[..certain - 1].to_vec()).unwrap_or(usual);
    // (number, index) of those that are certain; later ones join where they are due.
    let mut grid: Vec<(f64, usize)> = vec![(0.0, 0)];
    for (k, gap) in gaps[..certain - 1].iter().enumerate() {
        grid.push((grid[k].0 + (gap / every).round().max(1.0), k + 1));
    }
    let weight = |k: usize| 1.0 / (scatter[k].powi(2) + BETWEEN.powi(2));
    let mut line = (seen[0], every);
    for k in certain..=seen.len() {
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
    if jitter > REGULAR * line.1 {
        return irregular(every);
    }
    let open = (jitter * student(grid.len().saturating_sub(2).max(1))).min(BETWEEN * line.1);
    // What is regular to the sample is known better by all edges than by each.
    let blur = grid.iter().map(|g| 1.0 / weight(g.1)).sum::<f64>() / grid.len() as f64;
    let exact = jitter.powi(2) < 1.3 * blur
        && grid
            .iter()
            .all(|g| off(g).abs() <= 2.0 * scatter[g.1] + 0.75);
    let mut n = (-line.0 / line.1).ceil() - 1.0;
    let end = count as f64 - 1.0;
    let mut at: Vec<(f64, f64)> = Vec::new();
    loop {
        n += 1.0;
        let own = grid.iter().find(|g| g.0 == n).map(|g| g.1);
        let (place, u) = match own {
            Some(k) if !exact => (seen[k], scatter[k].root_sum(BETWEEN)),
            Some(_) | None if exact => (due(n), line_u(n).max(BETWEEN)),
            Some(_) | None => (due(n), line_u(n).root_sum(open).max(BETWEEN)),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn places(edges: &[usize], certain: usize, count: usize) -> Vec<(f64, f64)> {
        completed(edges, certain, count, &vec![0.1; edges.len()]).at
    }

    #[test]
    fn what_is_certain_stays_and_what_noise_hides_is_due() {
        // Gaps of 69 samples, early or late by up to 18: each is where it was seen.
        let uneven = [61, 133, 196, 255, 347, 409, 475, 549, 610];
        let found = places(&uneven, uneven.len(), 640);
        let seen: Vec<f64> = uneven.iter().map(|&e| e as f64 - 0.5).collect();
        assert_eq!(found.iter().map(|f| f.0).collect::<Vec<_>>(), seen);
        assert!(
            found
                .iter()
                .all(|f| (f.1 - 0.1_f64.hypot(BETWEEN)).abs() < 1e-12)
        );
        // Every 50: the third is hidden among certain ones, those behind the sixth at the end.
        let found = places(&[50, 100, 200, 250, 300], 5, 460);
        let at: Vec<f64> = found.iter().map(|f| f.0.round()).collect();
        let due: Vec<f64> = (1..10)
            .map(|n| (50.0 * f64::from(n) - 0.5_f64).round())
            .collect();
        assert_eq!(at, due);
        assert!(found.iter().all(|f| f.1 <= 0.5));
        // Of uneven ones a hidden one is known as well as they are even.
        let found = places(&uneven[..6], 6, 560);
        let hidden = found.iter().find(|f| f.0 > 420.0).expect("one more");
        assert!((hidden.0 - 478.0).abs() < 15.0, "{hidden:?}");
        assert!((8.0..25.0).contains(&hidden.1), "{hidden:?}");
        // One that noise makes less than certain counts where it is seen, near where it is due.
        let found = places(&[50, 100, 150, 200, 262], 4, 300);
        assert!(found.iter().any(|f| f.0 == 261.5), "{found:?}");
        // Three say little of how even they are (residuals −1.5, 3, −1.5 samples; Student's factor of
        // one degree of freedom is 7): no more than that it lies between its neighbours.
        let found = places(&uneven[..3], 3, 300);
        let hidden = found.iter().find(|f| f.0 > 200.0).expect("one more");
        assert!((hidden.1 - BETWEEN * 67.5).abs() < 0.1, "{hidden:?}");
        // Without any order nothing is due.
        let found = places(&[10, 100, 110, 250, 255, 400], 6, 900);
        assert_eq!(found.len(), 6);
    }
}
