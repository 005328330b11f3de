//! The errors of the YAML library in our words: what is wrong, then how to mend it.

use serde_saphyr::Error;

use super::examples;

/// What is wrong and how to mend it.
pub(super) struct Words {
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Words {
    fn new(message: impl Into<String>) -> Self {
        Words {
            message: message.into(),
            hint: None,
        }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With an example for `owner` as the hint, if there is one that fits.
    fn example(
        mut self,
        owner: Option<&str>,
        kind: Option<&str>,
        fits: impl Fn(&str) -> bool,
    ) -> Self {
        let example = owner.and_then(|owner| Some((owner, examples::of(owner, None, kind)?)));
        self.hint = example
            .filter(|(_, example)| fits(example))
            .map(|(owner, example)| format!("write e.g. {owner}: {example}"));
        self
    }

    /// `problem; hint` as our own types write it.
    fn split(text: &str) -> Self {
        match text.split_once("; ") {
            Some((message, hint)) => Words::new(message).hint(hint),
            None => Words::new(text),
        }
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library's enum is non-exhaustive"
)]
/// `owner` is the key the error is below, `kind` the first key of the file.
pub(super) fn words(error: &Error, owner: Option<&str>, kind: Option<&str>) -> Words {
    let here = owner.map_or_else(String::new, |owner| format!(" in `{owner}`"));
    let subject = owner.map_or_else(|| "the value".to_owned(), |owner| format!("`{owner}`"));
    match error {
        Error::Message { msg, .. } => Words::split(msg),
        Error::SerdeUnknownField {
            field, expected, ..
        } => Words::new(format!("unknown key `{}`{here}", short(field)))
            .hint(choices(field, expected, "keys")),
        Error::SerdeUnknownVariant {
            variant, expected, ..
        } => Words::new(format!(
            "`{}` is not a valid {}",
            short(variant),
            owner.unwrap_or("word")
        ))
        .hint(choices(variant, expected, "words")),
        Error::SerdeMissingField { field, .. } => {
            let words = Words::new(format!("`{field}` is missing{here}"));
            match examples::of(field, owner, kind) {
                Some(example) => words.hint(format!("add e.g. {field}: {example}")),
                None => words.hint(format!("add {field}")),
            }
        }
        Error::SerdeInvalidType {
            unexpected,
            expected,
            ..
        }
        | Error::SerdeInvalidValue {
            unexpected,
            expected,
            ..
        } => Words::new(format!("{subject} must be {expected}, not {unexpected}")),
        Error::SerdeInvalidLength { len, expected, .. } => {
            let wanted = expected.trim_start_matches("a tuple of size ");
            Words::new(format!("{subject} has {len} items here, not {wanted}")).hint(
                "a range or a point is written as two values in brackets, e.g. [253 V, 100 %]",
            )
        }
        Error::InvalidScalar { ty, .. } => Words::new(format!("{subject} must be {}", number(ty)))
            .hint("write plain digits without a unit, e.g. 5"),
        Error::InvalidBooleanStrict { .. } => {
            Words::new(format!("{subject} must be true or false"))
                .hint("yes, no, on and off are text here")
        }
        Error::NullIntoString { .. } => {
            Words::new(format!("{subject} has no value"))
                .example(owner, kind, |text| !text.starts_with('{'))
        }
        Error::Unexpected { expected, .. } => {
            let opening = |text: &str| match *expected {
                "mapping start" => text.starts_with('{'),
                "sequence start" => text.starts_with('['),
                _ => !text.starts_with(['{', '[']),
            };
            Words::new(format!("{subject} must be {}", shape(expected)))
                .example(owner, kind, opening)
        }
        Error::DuplicateMappingKey { key, .. } => {
            let key = key
                .as_deref()
                .map_or_else(|| "a key".to_owned(), |key| format!("`{}`", short(key)));
            Words::new(format!("{key} is written twice{here}")).hint("keep one of the two")
        }
        Error::Eof { .. } => Words::new("the file ends too early or is empty")
            .hint("is the file saved completely? `gridproof schema` shows what belongs in it"),
        Error::MultipleDocuments { .. } => {
            Words::new("the file holds more than one document").hint("remove the `---` line")
        }
        Error::UnknownAnchor { .. } => Words::new("this alias has no anchor before it")
            .hint("define it earlier with &NAME, or write the value out"),
        Error::Budget { .. } => Words::new("the file is too large or too deeply nested")
            .hint("no file of this kind needs more than 32 levels or 1000 aliases"),
        Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            Words::new("the aliases of this file expand to too much").hint("write the values out")
        }
        Error::UnsupportedTag { .. } => {
            Words::new("YAML tags are not allowed").hint("remove the word that starts with `!`")
        }
        Error::ExternalMessage { msg, .. } => syntax(msg),
        other => syntax(&without_location(&other.to_string())),
    }
}

fn syntax(message: &str) -> Words {
    if message.contains("recursion limit") {
        return Words::new("the file is too deeply nested")
            .hint("no file of this kind needs more than 32 levels");
    }
    Words::new(format!("the file is not valid YAML: {message}")).hint(
        "look for a bracket, a quote or an indentation that does not fit, here or just before",
    )
}

fn without_location(message: &str) -> String {
    let first = message.lines().next().unwrap_or(message);
    first
        .rsplit_once(" at line ")
        .map_or(first, |(text, _)| text)
        .to_owned()
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

/// The nearest of the valid words, then all of them.
pub(crate) fn choices<S: AsRef<str>>(found: &str, valid: &[S], noun: &str) -> String {
    let list = valid
        .iter()
        .map(AsRef::as_ref)
        .collect::<Vec<_>>()
        .join(", ");
    match nearest(found, valid) {
        Some(word) => format!("did you mean `{word}`? valid {noun}: {list}"),
        None => format!("valid {noun}: {list}"),
    }
}

/// The valid word that `found` most probably stands for.
pub(super) fn nearest<'a, S: AsRef<str>>(found: &str, valid: &'a [S]) -> Option<&'a str> {
    let folded = |text: &str| text.to_lowercase().replace([' ', '_'], "-");
    let found = folded(&short(found));
    valid
        .iter()
        .map(|word| {
            (
                strsim::normalized_damerau_levenshtein(&found, &folded(word.as_ref())),
                word.as_ref(),
            )
        })
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, word)| word)
}

fn number(ty: &str) -> &str {
    match ty {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, not negative and not too large",
        "floating point" | "f64" => "a number",
        other => other,
    }
}

fn shape(expected: &str) -> String {
    match expected {
        "string scalar" => "a single value, not a list or a table".to_owned(),
        "mapping start" => "a table of `key: value`".to_owned(),
        "sequence start" => "a list, e.g. [a, b]".to_owned(),
        other => other.to_owned(),
    }
}
