//! The way back after a frequency excursion: power against time and how far back it may be.

use gridproof_model::case::FrequencyReturnCase;
use gridproof_model::result::CaseResult;

use crate::figure::name;
use crate::figure::response::named;
use crate::number::plain;
use crate::plot::chart::{Axes, LEFT, axes, line, region, vertical};
use crate::plot::decimate::{padded, span};
use crate::plot::ink::Ink;
use crate::plot::sheet::{Figure, PlotError, ROW, Sheet, legend};

/// Measured power and the bound of hold and ramp, widened by the tolerance.
pub(crate) fn figure(
    case: &CaseResult,
    spec: &FrequencyReturnCase,
    id: &str,
) -> Result<Option<Figure>, PlotError> {
    let rated = case.case.ratings.rated_va;
    let points = named(case, "return", rated);
    let permitted = named(case, "permitted", rated);
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Ok(None);
    };
    let sign = if spec.far > spec.back { 1.0 } else { -1.0 };
    let tolerance = 100.0 * spec.curve.tolerance_pu;
    let told = 100.0 * spec.curve.at(spec.back);
    // No farther than the power that was told: beyond it there is nothing to be ahead of.
    let bound: Vec<(f64, f64)> = meeting(&permitted, told)
        .into_iter()
        .map(|(t, y)| (t, y + sign * tolerance))
        .collect();
    let caption = format!(
        "Active power after the return from {} Hz to {} Hz at t = 0. The dashed line is the level held for {} s, then the \
         ramp of {} % of rated VA per minute, and the tolerance; power may not be beyond it. Origin: {}.",
        plain(spec.far),
        plain(spec.back),
        plain(spec.hold_s),
        plain(6000.0 * spec.ramp_pu_per_s),
        spec.origin
    );
    let sheet = Sheet {
        id,
        title: &format!("Way back: {}", name(case)),
        caption,
        height: 2700,
    };
    let x = padded(first.0.min(0.0), last.0);
    let y = span([points.as_slice(), &bound, &[(0.0, told)]]);
    let figure = sheet.draw(|area| {
        let (top, below) = area.split_vertically(ROW + 40);
        let entries = [
            (Ink::First, "measured"),
            (Ink::Beyond, "too early or too steep"),
            (Ink::Limit, "hold, ramp and tolerance"),
        ];
        legend(&top, LEFT as i32, 0, &entries)?;
        let mut chart = axes(
            &below,
            &Axes {
                x: x.clone(),
                y: y.clone(),
                x_name: "time from the return / s",
                y_name: "active power / % of rated VA",
                y_labels: 8,
            },
        )?;
        let edge = if sign > 0.0 { y.end } else { y.start };
        let corners: Vec<(f64, f64)> = bound
            .iter()
            .copied()
            .chain(bound.iter().rev().map(|&(t, _)| (t, edge)))
            .collect();
        region(&mut chart, &corners, Ink::Beyond)?;
        line(&mut chart, &bound, Ink::Limit, 12)?;
        vertical(&mut chart, spec.hold_s, Ink::Limit)?;
        line(&mut chart, &points, Ink::First, 18)
    })?;
    Ok(Some(figure))
}

/// The line up to where it meets the level `to`, and that level from there on.
fn meeting(points: &[(f64, f64)], to: f64) -> Vec<(f64, f64)> {
    let mut met = Vec::with_capacity(points.len() + 1);
    for &(t, y) in points {
        if let Some(&(t0, y0)) = met.last()
            && (y0 - to) * (y - to) < 0.0
        {
            met.push((t0 + (t - t0) * (to - y0) / (y - y0), to));
            met.push((t, to));
        } else {
            met.push((t, y));
        }
    }
    met
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_ends_at_the_power_that_was_told() {
        let line = [(0.0, -60.0), (20.0, -60.0), (120.0, 140.0)];
        let met = meeting(&line, 100.0);
        assert_eq!(
            met,
            [(0.0, -60.0), (20.0, -60.0), (100.0, 100.0), (120.0, 100.0)]
        );
        assert_eq!(meeting(&line[..2], 100.0), line[..2]);
    }
}
