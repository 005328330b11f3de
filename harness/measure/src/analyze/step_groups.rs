//! The points that a shape is fitted to: groups of samples, small where the response bends.

use super::step_regress::Point;

/// Points a shape is fitted to: few groups of samples, as many as show it, fewer where it has
/// settled; groups get smaller towards `corners` (s), down to single samples.
pub(super) fn grouped(shares: &[(f64, f64)], t90: f64, corners: &[f64]) -> Vec<Point> {
    let begin = shares.partition_point(|p| p.0 < 0.0);
    let late = shares.partition_point(|p| p.0 <= 8.0 * t90).max(begin);
    let mut points = Vec::new();
    for (part, most) in [
        (&shares[..begin], 40),
        (&shares[begin..late], 320),
        (&shares[late..], 60),
    ] {
        let size = part.len().div_ceil(most).max(1);
        for group in part.chunks(size) {
            divided(group, size, corners, &mut points);
        }
    }
    points
}

/// Groups next to a corner are divided into so many.
const DIVIDED: usize = 8;

/// `group`, one of groups of `size`, as a point or, within two of them from a corner, as the points
/// of its parts.
fn divided(group: &[(f64, f64)], size: usize, corners: &[f64], points: &mut Vec<Point>) {
    let (Some(first), Some(last)) = (group.first(), group.last()) else {
        return;
    };
    let apart = |corner: &f64| (first.0 - corner).max(corner - last.0);
    let reach = 2.0 * (last.0 - first.0);
    if group.len() > 1 && corners.iter().any(|c| apart(c) < reach) {
        let size = size.div_ceil(DIVIDED);
        for part in group.chunks(size) {
            divided(part, size, corners, points);
        }
        return;
    }
    let n = group.len() as f64;
    let sum = group.iter().fold((0.0, 0.0), |s, p| (s.0 + p.0, s.1 + p.1));
    let t = sum.0 / n;
    let squares: f64 = group.iter().map(|p| (p.0 - t).powi(2)).sum();
    points.push(Point {
        t,
        y: sum.1 / n,
        weight: n,
        spread: (squares / n).sqrt(),
    });
}
