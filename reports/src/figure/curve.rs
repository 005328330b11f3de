//! A stair of voltages against a response curve with its corridor.

use gridproof_model::case::CurveSweepCase;
use gridproof_model::result::CaseResult;

use crate::figure::name;
use crate::figure::response::{corridor, percent, quantity, series, target, unit};
use crate::plot::chart::{Axes, LEFT, axes, line, mark, region};
use crate::plot::decimate::{padded, span};
use crate::plot::ink::Ink;
use crate::plot::sheet::{Figure, PlotError, ROW, Sheet, legend};

/// Points at which the corridor is drawn.
const STEPS: u32 = 180;

/// Measured points on the curve and its corridor.
pub(crate) fn sweep(
    case: &CaseResult,
    spec: &CurveSweepCase,
    id: &str,
) -> Result<Option<Figure>, PlotError> {
    let Some(series) = series(case, "V", unit(spec.curve.kind)) else {
        return Ok(None);
    };
    let ratings = &case.case.ratings;
    let points = percent(series, ratings.rated_va);
    let volts = points
        .iter()
        .map(|point| point.0)
        .chain(spec.voltages_v.iter().copied());
    let (low, high) = volts.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    });
    let x = padded(low, high);
    let edge = |v: f64| corridor(&spec.curve, ratings, spec.power_w, v);
    let steps: Vec<f64> = (0..=STEPS)
        .map(|step| x.start + (x.end - x.start) * f64::from(step) / f64::from(STEPS))
        .collect();
    let lower: Vec<(f64, f64)> = steps.iter().map(|&v| (v, edge(v).0)).collect();
    let upper: Vec<(f64, f64)> = steps.iter().map(|&v| (v, edge(v).1)).collect();
    let wanted: Vec<(f64, f64)> = steps
        .iter()
        .map(|&v| (v, target(&spec.curve, ratings, spec.power_w, v)))
        .collect();
    let y = span([points.as_slice(), &lower, &upper]);
    let caption = format!(
        "Mean {} at the end of each voltage step (window {} s) against the curve of {}; points inside the corridor are \
         discs, points outside triangles.",
        quantity(spec.curve.kind),
        crate::number::plain(spec.window_s),
        spec.curve.origin
    );
    let sheet = Sheet {
        id,
        title: &format!("Response curve: {}", name(case)),
        caption,
        height: 3200,
    };
    let y_name = format!("{} / % of rated VA", quantity(spec.curve.kind));
    let figure = sheet.draw(|area| {
        let (top, below) = area.split_vertically(ROW + 40);
        let entries = [
            (Ink::First, "curve"),
            (Ink::Band, "corridor"),
            (Ink::Good, "inside"),
            (Ink::Bad, "outside"),
        ];
        legend(&top, LEFT as i32, 0, &entries)?;
        let mut chart = axes(
            &below,
            &Axes {
                x: x.clone(),
                y,
                x_name: "voltage / V",
                y_name: &y_name,
                y_labels: 9,
            },
        )?;
        let corners: Vec<(f64, f64)> = lower
            .iter()
            .copied()
            .chain(upper.iter().rev().copied())
            .collect();
        region(&mut chart, &corners, Ink::Band)?;
        line(&mut chart, &lower, Ink::Limit, 12)?;
        line(&mut chart, &upper, Ink::Limit, 12)?;
        line(&mut chart, &wanted, Ink::First, 16)?;
        let base = below.get_base_pixel();
        for &(v, value) in points.iter().filter(|point| point.1.is_finite()) {
            let (low, high) = edge(v);
            let ink = if value >= low && value <= high {
                Ink::Good
            } else {
                Ink::Bad
            };
            let at = chart.backend_coord(&(v, value));
            mark(&below, (at.0 - base.0, at.1 - base.1), ink)?;
        }
        Ok(())
    })?;
    Ok(Some(figure))
}
