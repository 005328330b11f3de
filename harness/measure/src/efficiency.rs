//! Weighted conversion and MPPT efficiency.

/// (level as a share of rated power, weight) of the European efficiency.
pub const EUROPEAN: [(f64, f64); 6] = [
    (0.05, 0.03),
    (0.10, 0.06),
    (0.20, 0.13),
    (0.30, 0.10),
    (0.50, 0.48),
    (1.00, 0.20),
];

/// (level as a share of rated power, weight) of the CEC efficiency.
pub const CEC: [(f64, f64); 6] = [
    (0.10, 0.04),
    (0.20, 0.05),
    (0.30, 0.12),
    (0.50, 0.21),
    (0.75, 0.53),
    (1.00, 0.05),
];

/// Weighted efficiency from measured (level, efficiency) points. Each level of the weighting
/// needs a point within 0.02 of it; `None` if one is missing or not a number.
pub fn weighted(weights: &[(f64, f64)], points: &[(f64, f64)]) -> Option<f64> {
    weights.iter().try_fold(0.0, |sum, &(level, weight)| {
        let near = points
            .iter()
            .filter(|p| (p.0 - level).abs() <= 0.02 && p.1.is_finite())
            .min_by(|a, b| (a.0 - level).abs().total_cmp(&(b.0 - level).abs()))?;
        Some(sum + weight * near.1)
    })
}

/// Standard uncertainty of a weighted efficiency whose points have independent standard
/// uncertainties `u`, in the order of `weights`; what all points share adds to it as it is.
pub fn weighted_uncertainty(weights: &[(f64, f64)], u: &[f64], shared: f64) -> f64 {
    let own: f64 = weights
        .iter()
        .zip(u)
        .map(|((_, w), u)| (w * u).powi(2))
        .sum();
    own.sqrt().hypot(shared)
}

/// MPPT efficiency (EN 50530): energy drawn over energy available, both as (V, A, W available)
/// at even intervals. `None` without samples or without available energy.
pub fn mppt(samples: &[(f64, f64, f64)]) -> Option<f64> {
    let (mut drawn, mut available) = (0.0, 0.0);
    for (volts, amps, maximum) in samples {
        drawn += volts * amps;
        available += maximum;
    }
    let share = drawn / available;
    (available > 0.0 && share.is_finite()).then_some(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_sum_to_one() {
        for weights in [EUROPEAN, CEC] {
            let points: Vec<_> = weights.iter().map(|w| (w.0 + 0.01, 0.97)).collect();
            assert!((weighted(&weights, &points).unwrap_or(0.0) - 0.97).abs() < 1e-12);
            assert!(weighted(&weights, &points[1..]).is_none());
        }
        assert_eq!(mppt(&[(100.0, 1.98, 200.0)]), Some(0.99));
        assert_eq!(mppt(&[]), None);
        assert!((weighted_uncertainty(&EUROPEAN, &[0.001; 6], 0.0) - 0.000_549).abs() < 1e-6);
    }
}
