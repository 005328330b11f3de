//! A stair of voltages against a response curve with its corridor.

use gridproof_model::case::CurveSweepCase;
use gridproof_model::result::CaseResult;

use crate::figure::name;
use crate::figure::response::{named, percent, quantity, series, target, unit};
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
    let lows = named(case, "allowed from", ratings.rated_va);
    let highs = named(case, "allowed to", ratings.rated_va);
    let steps: Vec<f64> = (0..=STEPS)
        .map(|step| x.start + (x.end - x.start) * f64::from(step) / f64::from(STEPS))
        .collect();
    let (lower, upper) = (ascending(&lows), ascending(&highs));
    let wanted: Vec<(f64, f64)> = steps
        .iter()
        .map(|&v| (v, target(&spec.curve, ratings, spec.power_w, v)))
        .collect();
    let y = span([points.as_slice(), &lower, &upper]);
    let caption = format!(
        "Mean {} at the end of each voltage step (window {} s) against the curve of {}; the corridor is the range that was \
         allowed at each voltage, points inside it are discs, points outside triangles.",
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
        for (index, &(v, value)) in points.iter().enumerate() {
            let above = lows.get(index).is_none_or(|low| value >= low.1);
            let below_top = highs.get(index).is_none_or(|high| value <= high.1);
            let ink = if above && below_top {
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

/// The points in ascending order of voltage, one for each place: a sweep there and back measures
/// each voltage twice.
fn ascending(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    /// Voltages closer than this are the same step, V.
    const SAME_V: f64 = 0.2;
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    sorted.dedup_by(|next, kept| next.0 - kept.0 < SAME_V);
    sorted
}
