//! Backend of plotters that writes compact SVG with CSS classes instead of colours.
//!
//! Plotters' own SVG backend writes every attribute on every element and fixed colours; a page of
//! a hundred plots would be three times as large and could not follow the reader's colour scheme.

use std::convert::Infallible;
use std::fmt::Write as _;

use plotters::prelude::DrawingBackend;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingErrorKind, FontTransform,
};

use crate::plot::ink::Ink;

/// Stroke width that the page gives to lines by default, in canvas units.
pub(crate) const LINE: u32 = 12;
/// Font size that the page gives to labels by default, in canvas units.
pub(crate) const FONT: u32 = 112;

type Done = Result<(), DrawingErrorKind<Infallible>>;

/// Writes the elements of one figure, without the surrounding `svg` element.
pub(crate) struct Svg<'a> {
    out: &'a mut String,
    size: (u32, u32),
}

impl<'a> Svg<'a> {
    /// A canvas of `size` whose elements are appended to `out`.
    pub(crate) fn new(out: &'a mut String, size: (u32, u32)) -> Svg<'a> {
        Svg { out, size }
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = self.out.write_fmt(text);
    }

    fn width_of<S: BackendStyle>(&mut self, style: &S) {
        if style.stroke_width() != LINE && style.stroke_width() != 1 {
            self.put(format_args!(" stroke-width=\"{}\"", style.stroke_width()));
        }
    }

    /// A path of relative moves; points that do not move are left out.
    fn path(&mut self, points: impl IntoIterator<Item = BackendCoord>) {
        let mut last: Option<BackendCoord> = None;
        for point in points {
            match last {
                None => self.put(format_args!("M{} {}l", point.0, point.1)),
                Some(from) if from == point => continue,
                Some(from) => {
                    let (dx, dy) = (point.0 - from.0, point.1 - from.1);
                    let gap = if self.out.ends_with('l') || dx < 0 {
                        ""
                    } else {
                        " "
                    };
                    let between = if dy < 0 { "" } else { " " };
                    self.put(format_args!("{gap}{dx}{between}{dy}"));
                }
            }
            last = Some(point);
        }
        if self.out.ends_with('l') {
            self.out.push_str("0 0");
        }
    }
}

impl DrawingBackend for Svg<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Done {
        Ok(())
    }

    fn present(&mut self) -> Done {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Done {
        self.draw_rect(point, (point.0 + 1, point.1 + 1), &color, true)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Done {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Done {
        if style.color().alpha == 0.0 {
            return Ok(());
        }
        let kind = if fill { 'f' } else { 'l' };
        let (x, y) = (from.0.min(to.0), from.1.min(to.1));
        let (width, height) = (from.0.abs_diff(to.0), from.1.abs_diff(to.1));
        let name = Ink::from_color(style.color()).name();
        self.put(format_args!("<rect class=\"{kind}-{name}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>"));
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Done {
        if style.color().alpha == 0.0 {
            return Ok(());
        }
        self.put(format_args!(
            "<path class=\"l-{}\"",
            Ink::from_color(style.color()).name()
        ));
        self.width_of(style);
        self.out.push_str(" d=\"");
        self.path(path);
        self.out.push_str("\"/>");
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Done {
        if style.color().alpha == 0.0 {
            return Ok(());
        }
        let kind = if fill { 'f' } else { 'l' };
        let name = Ink::from_color(style.color()).name();
        self.put(format_args!(
            "<circle class=\"{kind}-{name}\" cx=\"{}\" cy=\"{}\" r=\"{radius}\"/>",
            center.0, center.1
        ));
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vert: I,
        style: &S,
    ) -> Done {
        if style.color().alpha == 0.0 {
            return Ok(());
        }
        self.put(format_args!(
            "<path class=\"f-{}\" d=\"",
            Ink::from_color(style.color()).name()
        ));
        self.path(vert);
        self.out.push_str("z\"/>");
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, pos: BackendCoord) -> Done {
        if text.is_empty() || style.color().alpha == 0.0 {
            return Ok(());
        }
        let size = style.size().round() as i32;
        let down = match style.anchor().v_pos {
            VPos::Top => size * 76 / 100,
            VPos::Center => size * 35 / 100,
            VPos::Bottom => -size * 24 / 100,
        };
        let turn = match style.transform() {
            FontTransform::None => 0,
            FontTransform::Rotate90 => 90,
            FontTransform::Rotate180 => 180,
            FontTransform::Rotate270 => 270,
        };
        let anchor = match style.anchor().h_pos {
            HPos::Left => "",
            HPos::Center => " text-anchor=\"middle\"",
            HPos::Right => " text-anchor=\"end\"",
        };
        let name = Ink::from_color(style.color()).name();
        self.put(format_args!(
            "<text class=\"t-{name}\" x=\"{}\" y=\"{}\"{anchor}",
            pos.0,
            pos.1 + down
        ));
        if turn != 0 {
            self.put(format_args!(
                " transform=\"rotate({turn} {} {})\"",
                pos.0, pos.1
            ));
        }
        if size != FONT as i32 {
            self.put(format_args!(" font-size=\"{size}\""));
        }
        self.out.push('>');
        escape(self.out, text);
        self.out.push_str("</text>");
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        Ok((text_width(text, style.size()), style.size().round() as u32))
    }
}

/// Width of `text` in a common sans-serif face: the reader's font is not known here, and a plot
/// that needs it exact would break on other screens anyway.
pub(crate) fn text_width(text: &str, size: f64) -> u32 {
    let thousandths: u32 = text
        .chars()
        .map(|c| match c {
            'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 300,
            ' ' | '\u{a0}' | 'f' | 't' | 'r' | 'I' | '(' | ')' | '/' | '-' => 385,
            'm' | 'w' | 'M' | 'W' | '%' | '@' => 960,
            'A'..='Z' | 'Δ' | '+' | '−' | '±' | '≤' | '≥' | '=' => 730,
            _ => 630,
        })
        .sum();
    (f64::from(thousandths) * size / 1000.0).round() as u32
}

/// Appends `text` with the characters of XML replaced.
pub(crate) fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
}
