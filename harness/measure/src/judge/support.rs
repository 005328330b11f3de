//! Before anything is measured: can a bench support the corridor of a curve?

use gridproof_model::case::{Curve, CurveKind, Ratings};
use gridproof_model::record::InstrumentSpecs;

use super::corridor;
use super::curve_sweep::analyser_power;
use crate::uncertainty::bound;

/// Uncertainty against corridor at one place of a curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Support {
    /// Where, V or Hz.
    pub x: f64,
    /// Expanded uncertainty of a mean there, scatter apart, pu of rated apparent power.
    pub u: f64,
    /// Half the width of the corridor, pu of rated apparent power.
    pub half_width: f64,
}

/// The place of `curve` at which the instruments take the largest share of the corridor: its points
/// and the middles between them. `None` of a curve that cannot be evaluated, or without a corridor.
pub fn tightest(curve: &Curve, ratings: &Ratings, specs: &InstrumentSpecs) -> Option<Support> {
    corridor::check(curve).ok()?;
    let corners = curve.points.iter().map(|point| point.0);
    let middles = curve
        .points
        .windows(2)
        .map(|pair| 0.5 * (pair[0].0 + pair[1].0));
    let share = |s: &Support| s.u / s.half_width;
    corners
        .chain(middles)
        .map(|x| at(curve, x, ratings, specs))
        .filter(|support| support.half_width > 0.0)
        .max_by(|a, b| share(a).total_cmp(&share(b)))
}

fn at(curve: &Curve, x: f64, ratings: &Ratings, specs: &InstrumentSpecs) -> Support {
    let x_bound = match curve.kind {
        CurveKind::VoltVar | CurveKind::VoltWatt => bound(&specs.analyser_volts, x),
        CurveKind::FrequencyWatt => specs.recorder_clock.min(specs.analyser_hz) * x.abs(),
    };
    let base = ratings.rated_va;
    let y = curve.at(x);
    let bounds = corridor::bounds(curve, x, y, x_bound);
    let u = analyser_power(curve.kind, specs, y * base, 0.0, base, "pu")
        .rectangular("stimulus × slope of the curve", x_bound * bounds.slope)
        .expanded();
    Support {
        x,
        u,
        half_width: 0.5 * (bounds.high - bounds.low),
    }
}
