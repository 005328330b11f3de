//! One step: the response over time, when it must begin and when it must have settled.

use gridproof_model::case::{Curve, CurveStepCase, OpenLoopStepCase};
use gridproof_model::result::CaseResult;

use crate::figure::name;
use crate::figure::response::{
    cursors, percent, quantity, series, settled_corridor, unit as y_unit,
};
use crate::plot::chart::{Axes, Cursors, LEFT, axes, block, line, vertical};
use crate::plot::decimate::{padded, span};
use crate::plot::ink::Ink;
use crate::plot::sheet::{Figure, PlotError, Sheet, legend};

/// What the figure needs of a step, however its response is judged.
pub(crate) struct Step<'a> {
    curve: &'a Curve,
    from: f64,
    to: f64,
    /// From here on the settled corridor holds, s.
    settled_s: f64,
    /// Limits in time, s.
    times: Vec<f64>,
    /// What they are.
    times_are: &'static str,
}

impl<'a> From<&'a CurveStepCase> for Step<'a> {
    fn from(spec: &'a CurveStepCase) -> Self {
        let times = [&spec.commence, &spec.complete];
        Self {
            curve: &spec.curve,
            from: spec.from,
            to: spec.to,
            settled_s: spec.complete.max.unwrap_or(0.0),
            times: times
                .into_iter()
                .flat_map(|limit| [limit.min, limit.max])
                .flatten()
                .collect(),
            times_are: "commence and complete limits",
        }
    }
}

impl<'a> From<&'a OpenLoopStepCase> for Step<'a> {
    fn from(spec: &'a OpenLoopStepCase) -> Self {
        Self {
            curve: &spec.curve,
            from: spec.from,
            to: spec.to,
            settled_s: 2.0 * spec.response_s,
            times: vec![
                spec.response_s - spec.tolerance_s,
                spec.response_s + spec.tolerance_s,
            ],
            times_are: "open-loop response time",
        }
    }
}

/// The commanded quantity over time.
pub(crate) fn response(
    case: &CaseResult,
    spec: &Step<'_>,
    id: &str,
) -> Result<Option<Figure>, PlotError> {
    let Some(series) = series(case, "s", y_unit(spec.curve.kind)) else {
        return Ok(None);
    };
    let ratings = &case.case.ratings;
    let points = percent(series, ratings.rated_va);
    let corridor = settled_corridor(case, spec.curve);
    let edges: Vec<(f64, f64)> = corridor
        .into_iter()
        .flat_map(|(low, high)| [(0.0, low), (0.0, high)])
        .collect();
    let shown = span([points.as_slice(), &edges]);
    let (first, last) = (
        points.first().map_or(0.0, |p| p.0),
        points.last().map_or(1.0, |p| p.0),
    );
    let kind = spec.curve.kind;
    let unit = kind.x_unit();
    let caption = format!(
        "{} after the step from {} {unit} to {} {unit} at t = 0; the shaded corridor holds from {} on; \
         dashed lines: {}.",
        capitalised(quantity(spec.curve.kind)),
        crate::number::plain(spec.from),
        crate::number::plain(spec.to),
        crate::number::plain(spec.settled_s) + " s",
        spec.times_are
    );
    let sheet = Sheet {
        id,
        title: &format!("Step response: {}", name(case)),
        caption,
        height: 2700,
    };
    let y_name = format!("{} / % of rated VA", quantity(spec.curve.kind));
    let x = padded(first.min(0.0), last);
    let cursors = Cursors::place(&x, cursors(case, &format!("{} steps", kind.x_name())));
    let figure = sheet.draw(|area| {
        let (top, below) = area.split_vertically(cursors.head());
        let entries = [
            (Ink::First, "measured"),
            (Ink::Band, "corridor"),
            (Ink::Limit, spec.times_are),
            (Ink::Cursor, "found instant"),
        ];
        legend(&top, LEFT as i32, 0, &entries)?;
        let mut chart = axes(
            &below,
            &Axes {
                x: x.clone(),
                y: shown,
                x_name: "time from the step / s",
                y_name: &y_name,
                y_labels: 8,
            },
        )?;
        if let Some((low, high)) = corridor {
            block(
                &mut chart,
                spec.settled_s..f64::INFINITY,
                low..high,
                Ink::Band,
            )?;
        }
        for &limit in &spec.times {
            vertical(&mut chart, limit, Ink::Limit)?;
        }
        line(&mut chart, &points, Ink::First, 18)?;
        cursors.lines(&mut chart)?;
        cursors.names(&top)
    })?;
    Ok(Some(figure))
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}
