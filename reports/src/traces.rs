//! A figure of any channels of any capture, on its own: one lane per channel, found instants as
//! cursors. For `analyze plot`, outside any run.

use std::fmt::Write as _;

use crate::error::ReportError;
use crate::plot::chart::{Axes, Cursors, LEFT, axes, line};
use crate::plot::decimate::{extremes, span};
use crate::plot::ink::Ink;
use crate::plot::sheet::{PlotError, Sheet, legend};

/// Columns into which a record is reduced.
const COLUMNS: usize = 1500;
/// Height of a lane in canvas units.
const LANE: i32 = 1500;
/// Height of the names below the time axis.
const AXIS: i32 = 480;

/// One channel.
#[derive(Debug, Clone, Copy)]
pub struct Trace<'a> {
    /// Name.
    pub name: &'a str,
    /// Unit symbol, may be empty.
    pub unit: &'a str,
    /// Samples.
    pub values: &'a [f64],
}

/// Channels of equal rate with the instants to mark.
#[derive(Debug, Clone, Copy)]
pub struct Traces<'a> {
    /// What the figure shows.
    pub title: &'a str,
    /// Samples per second.
    pub rate_hz: f64,
    /// Time of the first sample, s.
    pub start_s: f64,
    /// Channels, from top to bottom.
    pub channels: &'a [Trace<'a>],
    /// (name, s) of the instants found.
    pub instants: &'a [(String, f64)],
}

/// A self-contained SVG: white paper, no style sheet needed.
///
/// # Errors
/// [`ReportError::Plot`] when there is nothing to draw or the canvas fails.
pub fn svg(traces: &Traces<'_>) -> Result<String, ReportError> {
    let failed = |reason: String| ReportError::Plot {
        figure: traces.title.to_owned(),
        reason,
    };
    let samples = traces.channels.iter().map(|trace| trace.values.len());
    let samples = samples.max().unwrap_or(0);
    if samples < 2 || !traces.rate_hz.is_finite() || traces.rate_hz <= 0.0 {
        return Err(failed("no channel has samples to draw".to_owned()));
    }
    let figure = draw(traces, samples).map_err(|error| failed(error.to_string()))?;
    let mut style = String::from("<style>svg{font-family:system-ui,sans-serif}");
    // The part of the page's style sheet that figures need, with its light colours.
    let sheet = include_str!("../templates/style.css");
    let colours = sheet.lines().next().unwrap_or_default();
    let figures = sheet.lines().filter(|line| {
        ["[class", ".l-", ".f-", ".t-", ".plot"]
            .iter()
            .any(|start| line.starts_with(start))
    });
    for rule in std::iter::once(colours).chain(figures) {
        let _ = writeln!(style, "{rule}");
    }
    style.push_str("</style><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>");
    let Some(open) = figure.find("<title") else {
        return Err(failed("the canvas has no title".to_owned()));
    };
    let (head, rest) = figure.split_at(open);
    Ok(format!("{head}{style}{rest}\n"))
}

fn draw(traces: &Traces<'_>, samples: usize) -> Result<String, PlotError> {
    let end_s = traces.start_s + (samples - 1) as f64 / traces.rate_hz;
    let (unit, per_s) = if end_s - traces.start_s < 1.0 {
        ("ms", 1e3)
    } else {
        ("s", 1.0)
    };
    let x = traces.start_s * per_s..end_s * per_s;
    let cursors = traces
        .instants
        .iter()
        .map(|(name, at)| {
            (
                at * per_s,
                format!("{name} {} {unit}", crate::number::fixed(at * per_s, 3)),
            )
        })
        .collect();
    let cursors = Cursors::place(&x, cursors);
    let lanes = traces.channels.len() as i32;
    let sheet = Sheet {
        id: "traces",
        title: traces.title,
        caption: format!(
            "{lanes} channels, {} samples/s",
            crate::number::plain(traces.rate_hz)
        ),
        height: (cursors.head() + LANE * lanes + AXIS) as u32,
    };
    let x_name = format!("time / {unit}");
    let figure = sheet.draw(|area| {
        let (top, mut rest) = area.split_vertically(cursors.head());
        for (index, trace) in traces.channels.iter().enumerate() {
            let last = index + 1 == traces.channels.len();
            let (this, below) = rest.split_vertically(LANE + if last { AXIS } else { 0 });
            rest = below;
            let time = |sample: usize| (traces.start_s + sample as f64 / traces.rate_hz) * per_s;
            let points = extremes(trace.values.len(), COLUMNS, time, |sample| {
                trace.values[sample]
            });
            let y_name = match trace.unit {
                "" => trace.name.to_owned(),
                unit => format!("{} / {unit}", trace.name),
            };
            let mut chart = axes(
                &this,
                &Axes {
                    x: x.clone(),
                    y: span([points.as_slice()]),
                    x_name: if last { &x_name } else { "" },
                    y_name: &y_name,
                    y_labels: 5,
                },
            )?;
            line(&mut chart, &points, Ink::First, 13)?;
            cursors.lines(&mut chart)?;
        }
        cursors.names(&top)?;
        legend(&top, LEFT as i32, 0, &[(Ink::Cursor, "found instant")])
    })?;
    Ok(figure.svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_of_its_own() -> Result<(), ReportError> {
        let values: Vec<f64> = (0..20_000).map(|k| f64::from(k % 200) - 100.0).collect();
        let channels = [Trace {
            name: "v <grid>",
            unit: "V",
            values: &values,
        }];
        let traces = Traces {
            title: "capture",
            rate_hz: 10_000.0,
            start_s: 0.0,
            channels: &channels,
            instants: &[("opens".to_owned(), 0.5)],
        };
        let text = svg(&traces)?;
        assert!(text.starts_with("<svg ") && text.trim_end().ends_with("</svg>"));
        assert!(text.contains("v &lt;grid&gt;") && text.contains("opens 0.500 s"));
        assert!(text.contains("<style>") && !text.contains("NaN"));
        assert!(
            svg(&Traces {
                channels: &[],
                ..traces
            })
            .is_err()
        );
        Ok(())
    }
}
