//! One pair of axes and what is drawn on it.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::element::{PathElement, Polygon, Rectangle, Text};
use plotters::prelude::{Cartesian2d, ChartBuilder, ChartContext, DrawingArea, LineSeries};
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, VPos};

use crate::number::plain;
use crate::plot::backend::{FONT, LINE, Svg, text_width};
use crate::plot::ink::Ink;
use crate::plot::sheet::{Area, PlotError, ROW, WIDTH, label, upwards};

/// A chart on an area.
pub(crate) type Chart<'a, 'b> =
    ChartContext<'a, Svg<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Space left of the axis for labels, in canvas units.
pub(crate) const LEFT: u32 = 800;
/// Space right of the chart.
pub(crate) const RIGHT: u32 = 180;

/// Ranges and names of a pair of axes.
pub(crate) struct Axes<'t> {
    pub(crate) x: Range<f64>,
    pub(crate) y: Range<f64>,
    /// Name with unit; no labels below the axis if empty.
    pub(crate) x_name: &'t str,
    pub(crate) y_name: &'t str,
    /// About how many labels the y axis gets.
    pub(crate) y_labels: usize,
}

/// Draws the axes on `area`.
pub(crate) fn axes<'a, 'b>(
    area: &'a DrawingArea<Svg<'b>, Shift>,
    axes: &Axes<'_>,
) -> Result<Chart<'a, 'b>, PlotError> {
    let below = if axes.x_name.is_empty() { 60 } else { 440 };
    let mut chart = ChartBuilder::on(area)
        .margin_top(40)
        .margin_right(RIGHT)
        .margin_bottom(40)
        .x_label_area_size(below)
        .y_label_area_size(LEFT)
        .build_cartesian_2d(axes.x.clone(), axes.y.clone())?;
    let show = |value: &f64| plain(*value);
    let hide = |_: &f64| String::new();
    let text = label(Ink::Text, HPos::Center, VPos::Top);
    chart
        .configure_mesh()
        .max_light_lines(0)
        .x_labels(10)
        .y_labels(axes.y_labels)
        .bold_line_style(Ink::Grid.stroke_width(LINE))
        .light_line_style(Ink::Grid.stroke_width(LINE))
        .axis_style(Ink::Axis.stroke_width(LINE))
        .label_style(text.clone())
        .axis_desc_style(text)
        .x_label_formatter(if axes.x_name.is_empty() { &hide } else { &show })
        .y_label_formatter(&show)
        .set_all_tick_mark_size(45)
        .x_desc(axes.x_name)
        .draw()?;
    let middle = f64::midpoint(axes.y.start, axes.y.end);
    let (_, y) = chart.backend_coord(&(axes.x.start, middle));
    let top = area.get_base_pixel().1;
    area.draw(&Text::new(axes.y_name, (20, y - top), upwards(Ink::Text)))?;
    Ok(chart)
}

/// A line; values outside the axes are held at their edge.
pub(crate) fn line(
    chart: &mut Chart<'_, '_>,
    points: &[(f64, f64)],
    ink: Ink,
    width: u32,
) -> Result<(), PlotError> {
    let (xs, ys) = (chart.x_range(), chart.y_range());
    let inside = points
        .iter()
        .filter(|(x, y)| *x >= xs.start && *x <= xs.end && y.is_finite())
        .map(|&(x, y)| (x, y.clamp(ys.start, ys.end)));
    chart.draw_series(LineSeries::new(inside, ink.stroke_width(width)))?;
    Ok(())
}

/// A filled region between corners, clamped to the axes.
pub(crate) fn region(
    chart: &mut Chart<'_, '_>,
    corners: &[(f64, f64)],
    ink: Ink,
) -> Result<(), PlotError> {
    let (xs, ys) = (chart.x_range(), chart.y_range());
    let corners: Vec<(f64, f64)> = corners
        .iter()
        .map(|&(x, y)| (x.clamp(xs.start, xs.end), y.clamp(ys.start, ys.end)))
        .collect();
    chart.draw_series([Polygon::new(corners, ink.filled())])?;
    Ok(())
}

/// A filled rectangle from `x.start` to `x.end` over `y`; infinite ends reach the edge of the chart.
pub(crate) fn block(
    chart: &mut Chart<'_, '_>,
    x: Range<f64>,
    y: Range<f64>,
    ink: Ink,
) -> Result<(), PlotError> {
    let (xs, ys) = (chart.x_range(), chart.y_range());
    let corner = |x: f64, y: f64| (x.clamp(xs.start, xs.end), y.clamp(ys.start, ys.end));
    let (low, high) = (corner(x.start, y.start), corner(x.end, y.end));
    if low.0 < high.0 && low.1 < high.1 {
        chart.draw_series([Rectangle::new([low, high], ink.filled())])?;
    }
    Ok(())
}

/// A vertical line at `x` over the whole height, if it is on the chart.
pub(crate) fn vertical(chart: &mut Chart<'_, '_>, x: f64, ink: Ink) -> Result<(), PlotError> {
    let (xs, ys) = (chart.x_range(), chart.y_range());
    if x >= xs.start && x <= xs.end {
        chart.draw_series([PathElement::new(
            vec![(x, ys.start), (x, ys.end)],
            ink.stroke_width(LINE),
        )])?;
    }
    Ok(())
}

/// A horizontal line at `y` over the whole width, if it is on the chart.
pub(crate) fn horizontal(chart: &mut Chart<'_, '_>, y: f64, ink: Ink) -> Result<(), PlotError> {
    let (xs, ys) = (chart.x_range(), chart.y_range());
    if y >= ys.start && y <= ys.end {
        chart.draw_series([PathElement::new(
            vec![(xs.start, y), (xs.end, y)],
            ink.stroke_width(LINE),
        )])?;
    }
    Ok(())
}

/// A mark whose shape says the same as its colour: disc good, triangle bad, diamond unsure,
/// open ring for everything else.
pub(crate) fn mark(area: &Area<'_>, at: (i32, i32), ink: Ink) -> Result<(), PlotError> {
    let (x, y) = at;
    match ink {
        Ink::Good => area.draw(&plotters::element::Circle::new(at, 52, ink.filled())),
        Ink::Bad => area.draw(&Polygon::new(
            vec![(x, y - 85), (x + 78, y + 55), (x - 78, y + 55)],
            ink.filled(),
        )),
        Ink::Unsure => area.draw(&Polygon::new(
            vec![(x, y - 75), (x + 75, y), (x, y + 75), (x - 75, y)],
            ink.filled(),
        )),
        Ink::Text
        | Ink::Muted
        | Ink::Axis
        | Ink::Grid
        | Ink::First
        | Ink::Second
        | Ink::Third
        | Ink::Band
        | Ink::Limit
        | Ink::Beyond
        | Ink::Cursor => area.draw(&plotters::element::Circle::new(
            at,
            48,
            ink.stroke_width(LINE),
        )),
    }
}

/// Cursors as (x, name) with the rows their names take above a chart over `x`.
pub(crate) struct Cursors {
    placed: Vec<(f64, String, i32, i32)>,
    rows: i32,
}

impl Cursors {
    /// Places each name at its cursor, on the first of at most four rows where it has room.
    pub(crate) fn place(x: &Range<f64>, cursors: Vec<(f64, String)>) -> Cursors {
        let width = f64::from(WIDTH - LEFT - RIGHT);
        let mut ends: Vec<i32> = Vec::new();
        let mut placed = Vec::with_capacity(cursors.len());
        for (at, name) in cursors
            .into_iter()
            .filter(|(at, _)| x.contains(at) || *at == x.end)
        {
            let pixel = LEFT as i32 + (width * (at - x.start) / (x.end - x.start)).round() as i32;
            let length = text_width(&name, f64::from(FONT)) as i32;
            let start = pixel.min(WIDTH as i32 - 40 - length).max(0);
            let row = ends
                .iter()
                .position(|&end| end < start)
                .unwrap_or(ends.len().min(3));
            if row == ends.len() {
                ends.push(0);
            }
            ends[row] = start + length + 120;
            placed.push((at, name, start, row as i32));
        }
        Cursors {
            placed,
            rows: ends.len() as i32,
        }
    }

    /// Height of the legend and the rows of names.
    pub(crate) fn head(&self) -> i32 {
        ROW * (1 + self.rows) + if self.rows == 0 { 40 } else { 0 }
    }

    /// Writes the names below the legend.
    pub(crate) fn names(&self, area: &Area<'_>) -> Result<(), PlotError> {
        for (_, name, start, row) in &self.placed {
            let y = ROW * (row + 1) + ROW / 2;
            area.draw(&Text::new(
                name.as_str(),
                (*start, y),
                label(Ink::Muted, HPos::Left, VPos::Center),
            ))?;
        }
        Ok(())
    }

    /// Draws the lines on a chart.
    pub(crate) fn lines(&self, chart: &mut Chart<'_, '_>) -> Result<(), PlotError> {
        for (x, _, _, _) in &self.placed {
            vertical(chart, *x, Ink::Cursor)?;
        }
        Ok(())
    }
}
