//! The corridor around a response curve.

use gridproof_model::case::{Curve, CurveKind};

use super::sheet::Stop;

/// Allowed range of y at one stimulus x (V or Hz), and the slope that carries the uncertainty of
/// x into y.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub(super) low: f64,
    pub(super) high: f64,
    /// Largest |dy/dx| within the reach, pu per V or Hz.
    pub(super) slope: f64,
}

/// A curve that can be evaluated: finite ascending points, finite tolerances.
pub(super) fn check(curve: &Curve) -> Result<(), Stop> {
    let finite = curve
        .points
        .iter()
        .all(|(v, y)| v.is_finite() && y.is_finite());
    let ascending = curve.points.windows(2).all(|w| w[0].0 <= w[1].0);
    let tolerant = curve.tolerance_pu.is_finite()
        && curve.tolerance_x.is_finite()
        && curve.reactive_pu.is_none_or(f64::is_finite);
    if curve.points.is_empty() || !finite || !ascending || !tolerant {
        return Err(Stop::error("the curve of the case has no usable points"));
    }
    Ok(())
}

/// Corridor at `x`: [min − tol, max + tol] of f over x ± tolerance_x. For volt-watt the lower side
/// is that of min(f, `available`): below the ceiling only what there is can be fed. `reach` widens
/// only the range in which the slope is taken.
pub(super) fn bounds(curve: &Curve, x: f64, available: f64, reach: f64) -> Bounds {
    let tolerance_x = curve.tolerance_x.abs();
    let (from, to) = (x - tolerance_x, x + tolerance_x);
    let inner = curve
        .points
        .iter()
        .filter(|p| p.0 > from && p.0 < to)
        .map(|p| p.1);
    let values = inner.chain([curve.at(from), curve.at(to)]);
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for y in values {
        low = low.min(y);
        high = high.max(y);
    }
    if curve.kind == CurveKind::VoltWatt {
        low = low.min(available);
    }
    let (from, to) = (from - reach, to + reach);
    let slope = curve
        .points
        .windows(2)
        .filter(|w| w[1].0 > w[0].0 && w[1].0 > from && w[0].0 < to)
        .map(|w| ((w[1].1 - w[0].1) / (w[1].0 - w[0].0)).abs())
        .fold(0.0, f64::max);
    let tolerance = curve.tolerance_pu.abs();
    Bounds {
        low: low - tolerance,
        high: high + tolerance,
        slope,
    }
}

/// Active power that can be expected when `commanded` was asked for while `reactive` flows, all in
/// pu of rated apparent power: reactive power has priority (AS/NZS 4777.2:2020 clause 3.3.2.3), so
/// what is left of the apparent power bounds it. Reactive power that nothing asks for is no excuse:
/// only up to the curve's `reactive_pu` is allowed for.
pub(super) fn available(curve: &Curve, commanded: f64, reactive: f64) -> f64 {
    let reactive = curve
        .reactive_pu
        .map_or(reactive, |most| reactive.abs().min(most.abs()));
    commanded.min((1.0 - reactive * reactive).max(0.0).sqrt())
}

/// What the curve asks for at `x` when `available` is there.
pub(super) fn target(curve: &Curve, x: f64, available: f64) -> f64 {
    match curve.kind {
        CurveKind::VoltVar | CurveKind::FrequencyWatt => curve.at(x),
        CurveKind::VoltWatt => curve.at(x).min(available),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridproof_model::verdict::Mark;

    #[test]
    fn corners_are_widened_both_ways() {
        let curve = Curve {
            kind: CurveKind::VoltWatt,
            points: vec![(253.0, 1.0), (260.0, 0.2)],
            tolerance_pu: 0.04,
            tolerance_x: 2.3,
            reactive_pu: Some(0.6),
            origin: String::new(),
            mark: Mark::S,
        };
        let b = bounds(&curve, 253.0, 0.9, 0.0);
        assert!((b.high - 1.04).abs() < 1e-12);
        assert!((b.low - (1.0 - 2.3 * 0.8 / 7.0 - 0.04)).abs() < 1e-12);
        assert!((bounds(&curve, 240.0, 0.9, 0.0).low - 0.86).abs() < 1e-12);
        assert_eq!(bounds(&curve, 240.0, 0.9, 0.0).slope, 0.0);
        assert!((target(&curve, 240.0, 0.9) - 0.9).abs() < 1e-12);
        assert!((available(&curve, 1.0, -0.6) - 0.8).abs() < 1e-12);
        assert!((available(&curve, 1.0, 1.0) - 0.8).abs() < 1e-12);
    }
}
