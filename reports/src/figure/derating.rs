//! Power against ambient temperature.

use gridproof_model::case::DeratingCase;
use gridproof_model::result::CaseResult;

use crate::figure::name;
use crate::figure::response::{percent, series};
use crate::number::plain;
use crate::plot::chart::{Axes, Cursors, LEFT, axes, block, horizontal, line, mark};
use crate::plot::decimate::{padded, span};
use crate::plot::ink::Ink;
use crate::plot::sheet::{Figure, PlotError, Sheet, legend};

/// Measured power, the temperature up to which it must be full, and what counts as derating.
pub(crate) fn curve(
    case: &CaseResult,
    spec: &DeratingCase,
    id: &str,
) -> Result<Option<Figure>, PlotError> {
    let Some(series) = series(case, "°C", "W") else {
        return Ok(None);
    };
    let points = percent(series, case.case.ratings.rated_w);
    let (full, reduced) = (spec.full_pu * 100.0, (1.0 - spec.reduction_pu) * 100.0);
    let temperatures = points.iter().map(|point| point.0).chain([spec.start_c]);
    let (low, high) = temperatures.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), t| {
        (low.min(t), high.max(t))
    });
    let caption = format!(
        "Mean power at the end of each soak against ambient temperature. Up to {} °C full power is required (above \
         the upper dashed line), beyond it a reduction (below {} %). Origin: {}.",
        plain(spec.start_c),
        plain(reduced),
        spec.origin
    );
    let sheet = Sheet {
        id,
        title: &format!("Derating: {}", name(case)),
        caption,
        height: 2700,
    };
    let x = padded(low, high);
    let start = format!("start of derating {} °C", plain(spec.start_c));
    let cursors = Cursors::place(&x, vec![(spec.start_c, start)]);
    let figure = sheet.draw(|area| {
        let (top, below) = area.split_vertically(cursors.head());
        let entries = [
            (Ink::First, "measured"),
            (Ink::Band, "allowed"),
            (Ink::Limit, "limits"),
        ];
        legend(&top, LEFT as i32, 0, &entries)?;
        let y = span([
            points.as_slice(),
            &[(0.0, full), (0.0, reduced), (0.0, 100.0)],
        ]);
        let y = y.start.max(0.0)..y.end;
        let of = Axes {
            x: x.clone(),
            y,
            x_name: "ambient temperature / °C",
            y_name: "power / % of rated",
            y_labels: 8,
        };
        let mut chart = axes(&below, &of)?;
        block(
            &mut chart,
            f64::NEG_INFINITY..spec.start_c,
            full..f64::INFINITY,
            Ink::Band,
        )?;
        block(
            &mut chart,
            spec.start_c..f64::INFINITY,
            f64::NEG_INFINITY..reduced,
            Ink::Band,
        )?;
        horizontal(&mut chart, full, Ink::Limit)?;
        horizontal(&mut chart, reduced, Ink::Limit)?;
        cursors.lines(&mut chart)?;
        line(&mut chart, &points, Ink::First, 18)?;
        let base = below.get_base_pixel();
        for &(t, value) in &points {
            let at = chart.backend_coord(&(t, value));
            mark(&below, (at.0 - base.0, at.1 - base.1), Ink::Text)?;
        }
        cursors.names(&top)
    })?;
    Ok(Some(figure))
}
