//! Horizontal bars, one a case, each with its own allowed window.

use plotters::element::{PathElement, Rectangle, Text};
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, VPos};

use crate::plot::backend::{FONT, text_width};
use crate::plot::chart::mark;
use crate::plot::ink::Ink;
use crate::plot::sheet::{Figure, PlotError, ROW, Sheet, WIDTH, label, legend};

/// Height of a bar's row.
const LINE_HEIGHT: i32 = 230;

/// One case.
pub(crate) struct Bar {
    pub(crate) name: String,
    /// Measured value, if there is one.
    pub(crate) value: Option<f64>,
    /// Expanded uncertainty.
    pub(crate) u: f64,
    /// Printed right of the bar.
    pub(crate) text: String,
    /// Allowed window.
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    pub(crate) ink: Ink,
}

/// A chart of bars from zero.
pub(crate) struct Bars<'t> {
    pub(crate) id: &'t str,
    pub(crate) title: &'t str,
    pub(crate) caption: String,
    pub(crate) x_name: &'t str,
    pub(crate) bars: Vec<Bar>,
}

impl Bars<'_> {
    pub(crate) fn draw(self) -> Result<Option<Figure>, PlotError> {
        if self.bars.is_empty() {
            return Ok(None);
        }
        let widest = |text: fn(&Bar) -> &str| {
            self.bars
                .iter()
                .map(|bar| text_width(text(bar), f64::from(FONT)))
                .max()
                .unwrap_or(0) as i32
        };
        let left = widest(|bar| &bar.name).min(2600) + 160;
        let right = WIDTH as i32 - widest(|bar| &bar.text).min(2600) - 260;
        let longest = self
            .bars
            .iter()
            .flat_map(|bar| [bar.value.map(|value| value + bar.u), bar.max, bar.min]);
        let longest = longest
            .flatten()
            .filter(|value| value.is_finite())
            .fold(0.0, f64::max)
            * 1.04;
        let longest = if longest > 0.0 { longest } else { 1.0 };
        let rows = self.bars.len() as i32 * LINE_HEIGHT;
        let (top, height) = (ROW + 100, ROW + rows + 560);
        let x = |value: f64| {
            left + ((right - left) as f64 * (value / longest).clamp(0.0, 1.0)).round() as i32
        };
        let sheet = Sheet {
            id: self.id,
            title: self.title,
            caption: self.caption,
            height: height as u32,
        };
        let bars = &self.bars;
        let figure = sheet.draw(|area| {
            let entries = [
                (Ink::Good, "pass"),
                (Ink::Bad, "fail"),
                (Ink::Unsure, "inconclusive or error"),
                (Ink::Band, "allowed"),
                (Ink::Limit, "limit"),
            ];
            legend(area, left, 0, &entries)?;
            let bottom = top + rows;
            for tick in ticks(longest) {
                let line = vec![(x(tick), top), (x(tick), bottom + 45)];
                area.draw(&PathElement::new(line, Ink::Grid.stroke_width(12)))?;
                let text = crate::number::plain(tick);
                area.draw(&Text::new(
                    text,
                    (x(tick), bottom + 80),
                    label(Ink::Text, HPos::Center, VPos::Top),
                ))?;
            }
            let middle = i32::midpoint(left, right);
            area.draw(&Text::new(
                self.x_name,
                (middle, bottom + 250),
                label(Ink::Text, HPos::Center, VPos::Top),
            ))?;
            for (index, bar) in bars.iter().enumerate() {
                let y = top + index as i32 * LINE_HEIGHT + LINE_HEIGHT / 2;
                let (from, to) = (x(bar.min.unwrap_or(0.0)), x(bar.max.unwrap_or(longest)));
                area.draw(&Rectangle::new(
                    [(from, y - 100), (to, y + 100)],
                    Ink::Band.filled(),
                ))?;
                for edge in [bar.min, bar.max].into_iter().flatten() {
                    let line = vec![(x(edge), y - 100), (x(edge), y + 100)];
                    area.draw(&PathElement::new(line, Ink::Limit.stroke_width(12)))?;
                }
                if let Some(value) = bar.value {
                    area.draw(&PathElement::new(
                        vec![(left, y), (x(value), y)],
                        bar.ink.stroke_width(50),
                    ))?;
                    let (low, high) = (x(value - bar.u), x(value + bar.u));
                    area.draw(&PathElement::new(
                        vec![(low, y), (high, y)],
                        Ink::Text.stroke_width(16),
                    ))?;
                    mark(area, (x(value), y), bar.ink)?;
                }
                let name = label(Ink::Text, HPos::Right, VPos::Center);
                area.draw(&Text::new(bar.name.as_str(), (left - 90, y), name))?;
                let text = label(bar.ink, HPos::Left, VPos::Center);
                area.draw(&Text::new(bar.text.as_str(), (right + 130, y), text))?;
            }
            area.draw(&PathElement::new(
                vec![(left, top), (left, bottom)],
                Ink::Axis.stroke_width(12),
            ))
        })?;
        Ok(Some(figure))
    }
}

/// Round values from zero to `longest`, five to ten of them.
fn ticks(longest: f64) -> Vec<f64> {
    let mut step = 1.0;
    while longest / step >= 10.0 {
        step *= 10.0;
    }
    while longest / step < 1.0 && step > 1e-9 {
        step /= 10.0;
    }
    let step = match longest / step {
        few if few < 2.0 => step / 5.0,
        some if some < 5.0 => step / 2.0,
        _ => step,
    };
    (0..=(longest / step + 1e-9) as usize)
        .map(|count| count as f64 * step)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::ticks;

    #[test]
    fn ticks_are_round_and_few() {
        for longest in [0.03, 0.4, 1.0, 2.08, 9.9, 104.0, 1000.0] {
            let ticks = ticks(longest);
            assert!((5..=11).contains(&ticks.len()), "{longest}: {ticks:?}");
            assert!(ticks.iter().all(|tick| *tick <= longest * 1.000_001));
        }
    }
}
