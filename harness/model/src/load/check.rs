//! Checks for sense, shared by all kinds of files.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::outline::Cursor;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::located::Position;
use crate::quantity::{PowerLevel, Quantity, Ratio};

/// Number of PV inputs that a DUT may have.
pub(super) const PV_INPUTS: (u8, u8) = (1, 4);

/// Longest identifier: identifiers become file names.
const LONGEST_NAME: usize = 64;

/// Most problems told of one text.
const MOST_PROBLEMS: usize = 100;

/// Collects the problems of one text.
pub(super) struct Checker<'a> {
    file: &'a str,
    text: &'a str,
    found: Vec<Diagnostic>,
    untold: usize,
}

impl<'a> Checker<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Checker {
            file,
            text,
            found: Vec::new(),
            untold: 0,
        }
    }

    pub(super) fn finish(self) -> Diagnostics {
        let mut all: Diagnostics = self.found.into_iter().collect();
        if self.untold > 0 {
            let end = Position {
                line: u32::MAX,
                column: 1,
            };
            let message = format!("{} more problems are not shown", self.untold);
            let mut note = Diagnostic::error(self.file, self.text, end, message);
            note.excerpt = None;
            all.push(note);
        }
        all
    }

    /// Records a problem.
    pub(super) fn error(
        &mut self,
        at: Cursor<'_>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        if self.found.len() >= MOST_PROBLEMS {
            self.untold += 1;
            return;
        }
        let place = at.place();
        let diagnostic = Diagnostic::error(self.file, self.text, place.at, message)
            .marking(self.text, place.width)
            .with_hint(hint);
        self.found.push(diagnostic);
    }

    /// A value above zero and at most `most`.
    pub(super) fn positive<Q: Quantity>(&mut self, at: Cursor<'_>, what: &str, value: Q, most: Q) {
        if !(value.si() > 0.0 && value.si() <= most.si()) {
            self.error(
                at,
                format!("{what} of {value} is out of range"),
                format!("allowed: above 0, at most {most}"),
            );
        }
    }

    /// A value from `least` to `most`.
    pub(super) fn within<Q: Quantity>(
        &mut self,
        at: Cursor<'_>,
        what: &str,
        value: Q,
        (least, most): (Q, Q),
    ) {
        if !(value.si() >= least.si() && value.si() <= most.si()) {
            self.error(
                at,
                format!("{what} of {value} is out of range"),
                format!("allowed: {least} to {most}"),
            );
        }
    }

    /// A plain number from `least` to `most`.
    pub(super) fn number<N: PartialOrd + Display>(
        &mut self,
        at: Cursor<'_>,
        what: &str,
        value: N,
        (least, most): (N, N),
    ) {
        if !(value >= least && value <= most) {
            self.error(
                at,
                format!("{what} of {value} is out of range"),
                format!("allowed: {least} to {most}"),
            );
        }
    }

    /// A pair `[from, to]` with `from` below `to`, both within `bounds`.
    pub(super) fn span<Q: Quantity>(
        &mut self,
        at: Cursor<'_>,
        what: &str,
        (from, to): (Q, Q),
        bounds: (Q, Q),
    ) {
        self.within(at.item(0), what, from, bounds);
        self.within(at.item(1), what, to, bounds);
        if from.si() >= to.si() {
            self.error(
                at,
                format!("{what} runs from {from} to {to}"),
                "write the lower value first",
            );
        }
    }

    /// A list with at least one item.
    pub(super) fn not_empty(&mut self, at: Cursor<'_>, what: &str, count: usize) {
        if count == 0 {
            self.error(at, format!("{what} is empty"), "list at least one");
        }
    }

    /// A one-line text that says something.
    pub(super) fn text(&mut self, at: Cursor<'_>, what: &str, value: &str) {
        if value.trim().is_empty() {
            self.error(at, format!("{what} is empty"), "write one line of text");
        }
    }

    /// An identifier: it becomes part of file names.
    pub(super) fn name(&mut self, at: Cursor<'_>, what: &str, value: &str) {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let good = value.starts_with(|c: char| c.is_ascii_alphanumeric())
            && value.chars().all(plain)
            && value.len() <= LONGEST_NAME
            && !value.ends_with('.');
        if !good {
            let shown: String = value.chars().take(LONGEST_NAME).collect();
            self.error(
                at,
                format!("\"{shown}\" cannot be the name of a {what}"),
                "use up to 64 letters, digits, points, hyphens and underscores, starting with a letter or digit",
            );
        }
    }

    /// Names that are well formed and differ from each other.
    pub(super) fn unique_names<'n>(
        &mut self,
        at: Cursor<'_>,
        what: &str,
        names: impl Iterator<Item = &'n str>,
    ) {
        let mut seen = BTreeSet::new();
        for (index, name) in names.enumerate() {
            self.name(at.item(index), what, name);
            if !seen.insert(name) {
                self.error(
                    at.item(index),
                    format!("{what} `{name}` is listed twice"),
                    "list it once",
                );
            }
        }
    }

    /// A power from `least` to `most` of rated; absolute powers only for their sign.
    pub(super) fn power(
        &mut self,
        at: Cursor<'_>,
        what: &str,
        value: PowerLevel,
        (least, most): (f64, f64),
    ) {
        let good = match value {
            PowerLevel::OfRated(fraction) => fraction >= least && fraction <= most,
            PowerLevel::Watts(watts) => {
                (if least > 0.0 {
                    watts > 0.0
                } else {
                    watts >= 0.0 || least < 0.0
                }) && watts.abs() <= 1e6
            }
        };
        if !good {
            let (least, most) = (PowerLevel::OfRated(least), PowerLevel::OfRated(most));
            self.error(
                at,
                format!("{what} of {value} is out of range"),
                format!("allowed: {least} to {most}, or that much in W"),
            );
        }
    }

    /// Points ascending in their first value, at least two.
    pub(super) fn points<Q: Quantity>(&mut self, at: Cursor<'_>, points: &[(Q, Ratio)]) {
        if points.len() < 2 {
            self.error(
                at,
                "a curve needs two points",
                "write e.g. [[253 V, 100 %], [260 V, 20 %]]",
            );
        }
        for (index, pair) in points.windows(2).enumerate() {
            let (before, after) = (pair[0].0, pair[1].0);
            if after.si() <= before.si() {
                self.error(
                    at.item(index + 1).item(0),
                    format!("the point at {after} follows the point at {before}"),
                    "list the points by ascending voltage, each voltage once",
                );
            }
        }
        for (index, (_, level)) in points.iter().enumerate() {
            self.within(
                at.item(index).item(1),
                "level",
                *level,
                (Ratio(-1.5), Ratio(1.5)),
            );
        }
    }
}
