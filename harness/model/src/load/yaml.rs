//! The YAML library behind one door: options, budgets, and its errors in our words.

use serde::de::DeserializeOwned;
use serde_saphyr::options::NonFiniteFloatPolicy;
use serde_saphyr::{Error, Options};

use super::LARGEST_FILE;
use super::outline::{Node, Place};
use super::words::{Words, words};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::located::Position;

/// Strict, and bounded well above any file a person would write.
fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            flow_nesting_limit: 32,
            max_depth: 32,
            max_events: 200_000,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_nodes: 50_000,
            max_documents: 2,
            max_merge_keys: 1_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 50_000,
            max_replay_stack_depth: 16,
        },
        strict_booleans: true,
        reject_unsupported_tags: true,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
    }
}

/// Parses strictly.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_saphyr::from_str_with_options(text, options())
}

/// Refuses what no YAML parser should be fed: too large, or not text.
pub(super) fn refuse_unreadable(file: &str, text: &str) -> Result<(), Diagnostics> {
    if text.len() > LARGEST_FILE {
        let message = format!(
            "the file has {} bytes; at most {LARGEST_FILE} are read",
            text.len()
        );
        return Err(Diagnostic::error(file, "", Position::default(), message).into());
    }
    let binary = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    for (line, content) in (1_u32..).zip(text.lines()) {
        if let Some(index) = content.chars().position(binary) {
            let at = Position {
                line,
                column: u32::try_from(index + 1).unwrap_or(u32::MAX),
            };
            let diagnostic = Diagnostic::error(file, text, at, "the file is not plain text")
                .with_hint("control characters are not allowed; save it as UTF-8 text");
            return Err(diagnostic.into());
        }
    }
    Ok(())
}

/// An error of the library as a diagnostic; the outline helps to say where, if there is one.
pub(super) fn explain(
    file: &str,
    text: &str,
    error: &Error,
    outline: Option<&Node>,
) -> Diagnostics {
    let error = unwrapped(error);
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let mut at = error
        .location()
        .map_or(Position::default(), |location| Position {
            line: small(location.line()),
            column: small(location.column()),
        });
    if let Some(tab) = tab_indentation(text, at, error) {
        let diagnostic = Diagnostic::error(file, text, tab, "a tab is used for indentation");
        return diagnostic.with_hint("indent with spaces").into();
    }
    // A word where a table is wanted is reported at whatever follows the word.
    if let (
        Error::Unexpected {
            expected: "mapping start",
            ..
        },
        Some(node),
    ) = (error, outline)
        && !node.has_no_table_at(at)
    {
        at = node.scalar_before(at).map_or(at, |place| place.at);
    }
    let owner = outline.and_then(|node| node.owner_of(at));
    let mut place = outline
        .and_then(|node| node.place_at(at))
        .unwrap_or(Place { at, width: 1 });
    if let (Error::SerdeMissingField { .. }, Some((_, home))) = (error, owner) {
        place = home;
    }
    let Words { message, hint } = words(
        error,
        owner.map(|(name, _)| name),
        outline.and_then(Node::first_key),
    );
    let mut diagnostic =
        Diagnostic::error(file, text, place.at, message).marking(text, place.width);
    diagnostic.hint = hint;
    diagnostic.into()
}

fn unwrapped(error: &Error) -> &Error {
    let error = error.without_snippet();
    if let Error::AliasError { error, .. } = error {
        unwrapped(error)
    } else {
        error
    }
}

/// The first tab in the indentation of the line of a syntax error or of the next one.
fn tab_indentation(text: &str, at: Position, error: &Error) -> Option<Position> {
    if !matches!(error, Error::ExternalMessage { .. }) {
        return None;
    }
    (1_u32..)
        .zip(text.lines())
        .skip((at.line as usize).saturating_sub(1))
        .take(2)
        .find_map(|(line, content)| {
            let indent = &content[..content.len() - content.trim_start().len()];
            let column = u32::try_from(indent.chars().position(|c| c == '\t')? + 1).ok()?;
            Some(Position { line, column })
        })
}
