//! What figures of derived series share: choosing the series, scaling it, the corridor of a curve.

use gridproof_model::case::{Curve, CurveKind, Ratings};
use gridproof_model::result::{CaseResult, Series};

/// Series of `case` over `x_unit`, preferring one in `y_unit`.
pub(crate) fn series<'a>(case: &'a CaseResult, x_unit: &str, y_unit: &str) -> Option<&'a Series> {
    let over_x = || {
        case.series
            .iter()
            .filter(|series| series.x_unit == x_unit && !series.points.is_empty())
    };
    over_x()
        .find(|series| series.y_unit == y_unit)
        .or_else(|| over_x().next())
}

/// Points of `series` in percent of `rated` (the per-unit base of the case).
pub(crate) fn percent(series: &Series, rated: f64) -> Vec<(f64, f64)> {
    let factor = match series.y_unit.as_str() {
        "W" | "var" | "VA" if rated > 0.0 => 100.0 / rated,
        "pu" => 100.0,
        _ => 1.0,
    };
    series
        .points
        .iter()
        .map(|&(x, y)| (x, y * factor))
        .collect()
}

/// Every instant with its time from the one called `zero`, else from the earliest.
pub(crate) fn cursors(case: &CaseResult, zero: &str) -> Vec<(f64, String)> {
    let mut found: Vec<(f64, &str)> = case
        .instants
        .iter()
        .map(|instant| (instant.t_s, instant.name.as_str()))
        .collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let named = found
        .iter()
        .find(|(_, name)| *name == zero)
        .or(found.first())
        .copied();
    let Some((zero, _)) = named else {
        return Vec::new();
    };
    found
        .into_iter()
        .map(|(t, name)| {
            (
                t - zero,
                format!("{name} {} s", crate::number::fixed(t - zero, 2)),
            )
        })
        .collect()
}

/// Value the DUT should take at `x`, percent of rated apparent power: a volt-watt curve is a
/// ceiling, below it the commanded power holds.
pub(crate) fn target(curve: &Curve, ratings: &Ratings, power_w: f64, x: f64) -> f64 {
    let value = curve.at(x);
    100.0
        * match curve.kind {
            CurveKind::VoltVar | CurveKind::FrequencyWatt => value,
            CurveKind::VoltWatt if ratings.rated_va > 0.0 => value.min(power_w / ratings.rated_va),
            CurveKind::VoltWatt => value,
        }
}

/// Series of `case` called `name`, in percent of `rated`; empty when the judge gave none.
pub(crate) fn named(case: &CaseResult, name: &str, rated: f64) -> Vec<(f64, f64)> {
    let found = case.series.iter().find(|series| series.name == name);
    found
        .map(|series| percent(series, rated))
        .unwrap_or_default()
}

/// The corridor in which the judge wanted the settled value, percent of rated apparent power.
pub(crate) fn settled_corridor(case: &CaseResult, curve: &Curve) -> Option<(f64, f64)> {
    let criterion = case
        .criteria
        .iter()
        .find(|criterion| criterion.limit.origin == curve.origin)?;
    Some((criterion.limit.min? * 100.0, criterion.limit.max? * 100.0))
}

/// `reactive power` or `active power`.
pub(crate) fn quantity(kind: CurveKind) -> &'static str {
    match kind {
        CurveKind::VoltVar => "reactive power",
        CurveKind::VoltWatt | CurveKind::FrequencyWatt => "active power",
    }
}

/// Unit in which the judge gives the quantity of `kind`.
pub(crate) fn unit(kind: CurveKind) -> &'static str {
    match kind {
        CurveKind::VoltVar => "var",
        CurveKind::VoltWatt | CurveKind::FrequencyWatt => "W",
    }
}
