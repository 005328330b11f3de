//! Lines and fields of a configuration, with places for errors.

use std::path::Path;

use super::super::error::{ImportError, ImportErrorKind as Kind, shorten};
use super::super::input::lines;

/// Hands out the lines of a configuration.
pub(super) struct Lines<'a> {
    path: &'a Path,
    lines: Vec<&'a str>,
    next: usize,
    base: u64,
}

/// One line in fields, blanks around them removed.
pub(super) struct Line<'a> {
    path: &'a Path,
    pub(super) number: u64,
    pub(super) fields: Vec<&'a str>,
}

impl<'a> Lines<'a> {
    /// Lines of `text`; the first has number `base + 1`.
    pub(super) fn new(path: &'a Path, text: &'a str, base: u64) -> Self {
        Self {
            path,
            lines: lines(text),
            next: 0,
            base,
        }
    }

    /// Lines not yet handed out.
    pub(super) fn left(&self) -> usize {
        self.lines.len() - self.next
    }

    /// The next line; the error says that `what` was expected.
    pub(super) fn expect(&mut self, what: &str) -> Result<Line<'a>, ImportError> {
        self.optional().ok_or_else(|| {
            ImportError::new(
                self.path,
                Kind::Truncated,
                format!("the configuration ends before {what}"),
                "the file is truncated, or a count in line 2 or of the rates is wrong",
            )
            .line((self.base + self.lines.len() as u64).max(1))
        })
    }

    /// The next line, if there is one.
    pub(super) fn optional(&mut self) -> Option<Line<'a>> {
        let text = self.lines.get(self.next)?;
        self.next += 1;
        Some(Line {
            path: self.path,
            number: self.base + self.next as u64,
            fields: text
                .trim_end_matches('\u{1a}')
                .split(',')
                .map(str::trim)
                .collect(),
        })
    }
}

impl<'a> Line<'a> {
    /// Field `index` from 0, empty when it is not there.
    pub(super) fn text(&self, index: usize) -> &'a str {
        self.fields.get(index).copied().unwrap_or("")
    }

    /// All fields empty.
    pub(super) fn is_blank(&self) -> bool {
        self.fields.iter().all(|field| field.is_empty())
    }

    /// An error at this line.
    pub(super) fn wrong(&self, what: impl Into<String>, hint: impl Into<String>) -> ImportError {
        ImportError::new(self.path, Kind::Malformed, what, hint).line(self.number)
    }

    /// A finite number in field `index`, or `empty` for an empty field.
    pub(super) fn number(
        &self,
        index: usize,
        name: &str,
        empty: Option<f64>,
    ) -> Result<f64, ImportError> {
        let text = self.text(index);
        if text.is_empty()
            && let Some(value) = empty
        {
            return Ok(value);
        }
        text.parse()
            .ok()
            .filter(|value: &f64| value.is_finite())
            .ok_or_else(|| {
                self.wrong(
                    format!("{name} is `{}`, not a finite number", shorten(text)),
                    format!(
                        "field {} of this line must be a number with a decimal point",
                        index + 1
                    ),
                )
            })
    }

    /// A whole number in field `index`.
    pub(super) fn count(&self, index: usize, name: &str) -> Result<u64, ImportError> {
        let text = self.text(index);
        text.parse().map_err(|_| {
            self.wrong(
                format!("{name} is `{}`, not a whole number", shorten(text)),
                format!("field {} of this line must be a number from 0", index + 1),
            )
        })
    }
}
