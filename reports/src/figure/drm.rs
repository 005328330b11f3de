//! One demand-response mode: power over time from the contact on.

use gridproof_model::case::{DrmCase, Flow};
use gridproof_model::result::CaseResult;

use crate::figure::name;
use crate::figure::response::{cursors, percent, series};
use crate::plot::chart::{Axes, Cursors, LEFT, axes, block, line, vertical};
use crate::plot::decimate::{padded, span};
use crate::plot::ink::Ink;
use crate::plot::sheet::{Figure, PlotError, Sheet, legend};

/// Power and the level it must reach.
pub(crate) fn response(
    case: &CaseResult,
    spec: &DrmCase,
    id: &str,
) -> Result<Option<Figure>, PlotError> {
    let Some(series) = series(case, "s", "W") else {
        return Ok(None);
    };
    let ratings = &case.case.ratings;
    let (rated, of) = match spec.flow {
        Flow::Consume if ratings.rated_charge_w > 0.0 => {
            (ratings.rated_charge_w, "rated charging power")
        }
        Flow::Generate | Flow::Consume => (ratings.rated_w, "rated power"),
    };
    let points = percent(series, rated);
    let extent = span([points.as_slice()]);
    // Consumption may be given as a magnitude or as a negative injection.
    let sign = if spec.flow == Flow::Consume && -extent.start > extent.end {
        -1.0
    } else {
        1.0
    };
    let edge = |value: f64| value * 100.0 * sign;
    let tolerance = spec.tolerance_pu.abs();
    let (a, b) = (
        edge(
            spec.level
                .min
                .map_or(f64::NEG_INFINITY, |min| min - tolerance),
        ),
        edge(spec.level.max.map_or(f64::INFINITY, |max| max + tolerance)),
    );
    let (low, high) = (a.min(b), a.max(b));
    let caption = format!(
        "Power of the DUT around the assertion of DRM {} at t = 0, in percent of {of}; the shaded level is allowed \
         from the response limit on.",
        spec.mode
    );
    let sheet = Sheet {
        id,
        title: &format!("Demand response: {}", name(case)),
        caption,
        height: 2500,
    };
    let y_name = format!("power / % of {of}");
    let (first, last) = (
        points.first().map_or(0.0, |p| p.0),
        points.last().map_or(1.0, |p| p.0),
    );
    let x = padded(first.min(0.0), last);
    let mut found = cursors(case, "mode asserted");
    if found.is_empty() {
        found.push((0.0, "contact 0 s".to_owned()));
    }
    let cursors = Cursors::place(&x, found);
    let figure = sheet.draw(|area| {
        let (top, below) = area.split_vertically(cursors.head());
        let entries = [
            (Ink::First, "power"),
            (Ink::Band, "allowed level"),
            (Ink::Limit, "response limit"),
            (Ink::Cursor, "found instant"),
        ];
        legend(&top, LEFT as i32, 0, &entries)?;
        let y = span([points.as_slice(), &[(0.0, low), (0.0, high), (0.0, 0.0)]]);
        let axes_of = Axes {
            x: x.clone(),
            y,
            x_name: "time from the contact / s",
            y_name: &y_name,
            y_labels: 8,
        };
        let mut chart = axes(&below, &axes_of)?;
        block(
            &mut chart,
            spec.response.max.unwrap_or(0.0)..f64::INFINITY,
            low..high,
            Ink::Band,
        )?;
        for limit in [spec.response.min, spec.response.max].into_iter().flatten() {
            vertical(&mut chart, limit, Ink::Limit)?;
        }
        line(&mut chart, &points, Ink::First, 18)?;
        cursors.lines(&mut chart)?;
        cursors.names(&top)
    })?;
    Ok(Some(figure))
}
