//! Problems in files people write: where, what, and how to mend it.

use std::fmt;

use crate::located::Position;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth a look; the file is usable.
    Warning,
    /// The file is not usable.
    Error,
}

impl Severity {
    /// The word used in messages.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// One problem in one place of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// File as given by the user.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong: lower case, one sentence, values with units.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// The line itself and how many of its characters are meant.
    pub excerpt: Option<Excerpt>,
}

/// A source line with a marked part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The line, shortened around the marked part, without control characters.
    pub text: String,
    /// Characters of `text` before the mark.
    pub before: usize,
    /// Characters marked, at least 1.
    pub width: usize,
}

/// Longest excerpt, and what is kept before a mark beyond it.
const LONGEST: usize = 120;
const KEPT_BEFORE: usize = 40;

impl Excerpt {
    /// The part of `line` around `column` (from 1), with `width` characters marked.
    pub fn around(line: &str, column: u32, width: usize) -> Self {
        let column = (column.max(1) - 1) as usize;
        let skipped = if column + width > LONGEST {
            column.saturating_sub(KEPT_BEFORE)
        } else {
            0
        };
        let mut text: String = line
            .chars()
            .skip(skipped)
            .take(LONGEST)
            .map(|c| {
                if c == '\t' {
                    ' '
                } else if c.is_control() {
                    '\u{fffd}'
                } else {
                    c
                }
            })
            .collect();
        let mut before = column - skipped;
        if skipped > 0 {
            text.insert(0, '…');
            before += 1;
        }
        if line.chars().nth(skipped + LONGEST).is_some() {
            text.push('…');
        }
        let trimmed = text.trim_end().len();
        text.truncate(trimmed);
        let left = text.chars().count().saturating_sub(before);
        Excerpt {
            before,
            width: width.clamp(1, left.max(1)),
            text,
        }
    }
}

impl Diagnostic {
    /// An error at a place of `text`, which is the content of `file`.
    pub fn error(file: &str, text: &str, at: Position, message: impl Into<String>) -> Self {
        let lines = u32::try_from(text.lines().count())
            .unwrap_or(u32::MAX)
            .max(1);
        let line = at.line.clamp(1, lines);
        let content = text.lines().nth(line as usize - 1).unwrap_or("");
        let end = u32::try_from(content.chars().count())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        let column = if at.line > lines {
            end
        } else {
            at.column.clamp(1, end)
        };
        let excerpt = (!content.trim().is_empty()).then(|| Excerpt::around(content, column, 1));
        Diagnostic {
            file: file.to_owned(),
            line,
            column,
            message: message.into(),
            hint: None,
            severity: Severity::Error,
            excerpt,
        }
    }

    /// The same with `width` characters marked.
    #[must_use]
    pub fn marking(mut self, text: &str, width: usize) -> Self {
        let content = text.lines().nth(self.line as usize - 1).unwrap_or("");
        if self.excerpt.is_some() {
            self.excerpt = Some(Excerpt::around(content, self.column, width));
        }
        self
    }

    /// The same with a hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Diagnostic {
            file,
            line,
            column,
            message,
            hint,
            severity,
            excerpt,
        } = self;
        write!(f, "{file}:{line}:{column}: {}: {message}", severity.word())?;
        if let Some(Excerpt {
            text,
            before,
            width,
        }) = excerpt
        {
            let number = line.to_string();
            let margin = " ".repeat(number.len());
            write!(f, "\n {number} | {text}")?;
            write!(
                f,
                "\n {margin} | {}{}",
                " ".repeat(*before),
                "^".repeat(*width)
            )?;
        }
        if let Some(hint) = hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

/// All problems found in a file, in order of place; never empty when returned as an error.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// In order of place.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// None at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// At least one makes the file unusable.
    pub fn has_errors(&self) -> bool {
        self.0
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(iter: I) -> Self {
        let mut all: Vec<_> = iter.into_iter().collect();
        all.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        Diagnostics(all)
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(one: Diagnostic) -> Self {
        Diagnostics(vec![one])
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, iter: I) {
        self.0.extend(iter);
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            diagnostic.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}
