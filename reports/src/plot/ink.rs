//! What a stroke means. The style sheet of the page gives each meaning its colour, light and dark.

use gridproof_model::verdict::Verdict;
use plotters::style::Color;
use plotters_backend::BackendColor;

/// Meaning of a stroke, a fill or a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Text of labels.
    Text,
    /// Text that steps back.
    Muted,
    /// Axis lines and ticks.
    Axis,
    /// Mesh.
    Grid,
    /// First, second and third line.
    First,
    Second,
    Third,
    /// Corridor or window that passes.
    Band,
    /// Limit line.
    Limit,
    /// Region beyond a limit.
    Beyond,
    /// Cursor at an instant.
    Cursor,
    /// Marks by verdict or side of a limit.
    Good,
    Bad,
    Unsure,
}

/// Every ink; the position is the number that travels through plotters as a colour.
const ALL: [Ink; 14] = [
    Ink::Text,
    Ink::Muted,
    Ink::Axis,
    Ink::Grid,
    Ink::First,
    Ink::Second,
    Ink::Third,
    Ink::Band,
    Ink::Limit,
    Ink::Beyond,
    Ink::Cursor,
    Ink::Good,
    Ink::Bad,
    Ink::Unsure,
];

impl Ink {
    /// The ink behind a colour that plotters handed to the backend.
    pub(crate) fn from_color(color: BackendColor) -> Ink {
        ALL.get(usize::from(color.rgb.0))
            .copied()
            .unwrap_or(Ink::Text)
    }

    /// Suffix of its CSS classes: `l-NAME` for strokes, `f-NAME` for fills, `t-NAME` for text.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Ink::Text => "text",
            Ink::Muted => "muted",
            Ink::Axis => "axis",
            Ink::Grid => "grid",
            Ink::First => "1",
            Ink::Second => "2",
            Ink::Third => "3",
            Ink::Band => "band",
            Ink::Limit => "limit",
            Ink::Beyond => "beyond",
            Ink::Cursor => "cursor",
            Ink::Good => "good",
            Ink::Bad => "bad",
            Ink::Unsure => "unsure",
        }
    }

    /// Ink of a mark with `verdict`.
    pub(crate) fn of(verdict: Verdict) -> Ink {
        match verdict {
            Verdict::Pass => Ink::Good,
            Verdict::Fail => Ink::Bad,
            Verdict::Inconclusive | Verdict::Error | Verdict::Aborted => Ink::Unsure,
            Verdict::NotRun | Verdict::NotApplicable => Ink::Muted,
        }
    }
}

impl Color for Ink {
    fn to_backend_color(&self) -> BackendColor {
        let index = ALL.iter().position(|ink| ink == self).unwrap_or(0);
        BackendColor {
            alpha: 1.0,
            rgb: (index as u8, 0, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ink_survives_the_way_through_plotters() {
        for ink in ALL {
            assert_eq!(Ink::from_color(ink.to_backend_color()), ink);
        }
    }
}
