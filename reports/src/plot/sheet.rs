//! A figure: the canvas, its accessible name, and what surrounds the charts on it.

use plotters::coord::Shift;
use plotters::prelude::{
    DrawingArea, DrawingAreaErrorKind, IntoDrawingArea, IntoFont, PathElement, TextStyle,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontTransform};
use std::convert::Infallible;
use std::fmt::Write as _;

use crate::plot::backend::{FONT, LINE, Svg, escape, text_width};
use crate::plot::ink::Ink;

/// Why a plot could not be drawn.
pub(crate) type PlotError = DrawingAreaErrorKind<Infallible>;
/// A rectangle of the canvas.
pub(crate) type Area<'a> = DrawingArea<Svg<'a>, Shift>;

/// Width of every figure in canvas units.
pub(crate) const WIDTH: u32 = 9000;
/// Height of a row of text above the charts.
pub(crate) const ROW: i32 = 170;

/// A drawn figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Figure {
    /// The whole `svg` element.
    pub(crate) svg: String,
    /// What it shows, printed below it.
    pub(crate) caption: String,
}

/// Name and size of a figure.
pub(crate) struct Sheet<'t> {
    /// Unique in the page; also the prefix of the ids inside.
    pub(crate) id: &'t str,
    /// Accessible name.
    pub(crate) title: &'t str,
    /// Caption and accessible description.
    pub(crate) caption: String,
    /// Height in canvas units.
    pub(crate) height: u32,
}

impl Sheet<'_> {
    /// The figure whose elements `draw` puts on the canvas.
    pub(crate) fn draw(
        self,
        draw: impl FnOnce(&Area<'_>) -> Result<(), PlotError>,
    ) -> Result<Figure, PlotError> {
        let mut body = String::with_capacity(32 * 1024);
        {
            let area = Svg::new(&mut body, (WIDTH, self.height)).into_drawing_area();
            draw(&area)?;
            area.present()?;
        }
        let mut svg = String::with_capacity(body.len() + 1024);
        let (id, height) = (self.id, self.height);
        // Writing to a String cannot fail.
        let _ = write!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" role=\"img\" viewBox=\"0 0 {WIDTH} {height}\" \
             stroke-width=\"{LINE}\" font-size=\"{FONT}\" aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">"
        );
        escape(&mut svg, self.title);
        let _ = write!(svg, "</title><desc id=\"{id}-d\">");
        escape(&mut svg, &self.caption);
        svg.push_str("</desc>");
        svg.push_str(&body);
        svg.push_str("</svg>");
        Ok(Figure {
            svg,
            caption: self.caption,
        })
    }
}

/// Style of a text in `ink`, anchored at `h` and `v`.
pub(crate) fn label(ink: Ink, h: HPos, v: VPos) -> TextStyle<'static> {
    ("sans-serif", f64::from(FONT))
        .into_font()
        .color(&ink)
        .pos(Pos::new(h, v))
}

/// As [`label`], reading upwards.
pub(crate) fn upwards(ink: Ink) -> TextStyle<'static> {
    let font = ("sans-serif", f64::from(FONT))
        .into_font()
        .transform(FontTransform::Rotate270);
    font.color(&ink).pos(Pos::new(HPos::Center, VPos::Top))
}

/// A row of line samples with names at the top of `area`, starting at `x`.
pub(crate) fn legend(
    area: &Area<'_>,
    x: i32,
    y: i32,
    entries: &[(Ink, &str)],
) -> Result<(), PlotError> {
    let mut x = x;
    for &(ink, name) in entries {
        let middle = y + ROW / 2;
        match ink {
            Ink::Band | Ink::Beyond => {
                area.draw(&plotters::element::Rectangle::new(
                    [(x, middle - 45), (x + 240, middle + 45)],
                    ink.filled(),
                ))?;
            }
            Ink::Good | Ink::Bad | Ink::Unsure => {
                crate::plot::chart::mark(area, (x + 120, middle), ink)?
            }
            Ink::Text
            | Ink::Muted
            | Ink::Axis
            | Ink::Grid
            | Ink::First
            | Ink::Second
            | Ink::Third
            | Ink::Limit
            | Ink::Cursor => {
                area.draw(&PathElement::new(
                    vec![(x, middle), (x + 240, middle)],
                    ink.stroke_width(LINE * 2),
                ))?;
            }
        }
        area.draw(&plotters::element::Text::new(
            name,
            (x + 300, middle),
            label(Ink::Text, HPos::Left, VPos::Center),
        ))?;
        x += 300 + text_width(name, f64::from(FONT)) as i32 + 260;
    }
    Ok(())
}
