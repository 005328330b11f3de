//! Aliases (programmer manual, Alias commands): a label that stands for a sequence of program messages.
//! Errors are those that SCPI-99 has for macros.

use super::Mdo4000;
use super::commands::Key;
use crate::scpi::Params;
use crate::scpi::fault::{self, Fault};
use crate::scpi::format;
use crate::scpi::framing::block_length;

/// Longest label and longest sequence, characters.
const LONGEST_LABEL: usize = 12;
const LONGEST_SEQUENCE: usize = 256;

/// Longest sequence for `*TRG`, longest user data, characters.
const LONGEST_TRIGGER: usize = 80;
const LONGEST_USER_DATA: usize = 100;

/// What has been defined, in order.
#[derive(Debug, Default)]
pub(super) struct Aliases {
    defined: Vec<(String, String)>,
}

impl Aliases {
    /// `ALIas:CATalog?`: the labels, an empty string where there are none.
    pub(super) fn catalog(&self) -> String {
        let labels: Vec<String> = self.defined.iter().map(|(l, _)| quoted(l)).collect();
        if labels.is_empty() {
            quoted("")
        } else {
            labels.join(",")
        }
    }

    /// `ALIas:DEFine "label",{"sequence"|block}`.
    pub(super) fn define(&mut self, params: Params<'_>) -> Result<(), Fault> {
        params.at_most(2)?;
        let label = params.string(0)?;
        let begins = label.starts_with(|c: char| c.is_ascii_alphabetic());
        let all = label.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !begins || !all || label.len() > LONGEST_LABEL {
            return Err(fault::MACRO_LABEL);
        }
        let sequence = string_or_block(params, 1)?;
        if sequence.chars().count() > LONGEST_SEQUENCE {
            return Err(fault::MACRO_TOO_LONG);
        }
        if self.find(label).is_some() {
            return Err(fault::MACRO_REDEFINED);
        }
        self.defined.push((label.to_owned(), sequence));
        Ok(())
    }

    /// `ALIas:DEFine? "label"`: what the command would take.
    pub(super) fn definition(&self, params: Params<'_>) -> Result<String, Fault> {
        params.at_most(1)?;
        let label = params.string(0)?;
        let (label, sequence) = self.find(label).ok_or(fault::MACRO_UNKNOWN)?;
        Ok(format!("{},{}", quoted(label), block(sequence)))
    }

    /// `ALIas:DELEte[:NAMe] "label"`.
    pub(super) fn delete(&mut self, params: Params<'_>) -> Result<(), Fault> {
        params.at_most(1)?;
        let label = params.string(0)?;
        self.find(label).ok_or(fault::MACRO_UNKNOWN)?;
        self.defined
            .retain(|(known, _)| !known.eq_ignore_ascii_case(label));
        Ok(())
    }

    /// `ALIas:DELEte:ALL`.
    pub(super) fn clear(&mut self) {
        self.defined.clear();
    }

    fn find(&self, label: &str) -> Option<&(String, String)> {
        let mut all = self.defined.iter();
        all.find(|(known, _)| known.eq_ignore_ascii_case(label))
    }
}

/// What a parameter that is a string or a block holds.
fn string_or_block(params: Params<'_>, index: usize) -> Result<String, Fault> {
    let text = params.text(index)?;
    let Some(length) = block_length(text) else {
        return Ok(params.string(index)?.replace("\"\"", "\""));
    };
    let digits = text[1..].chars().next().and_then(|c| c.to_digit(10));
    let head = 2 + digits.ok_or(fault::DATA_TYPE)? as usize;
    if length < text.chars().count() {
        return Err(fault::SYNTAX_ERROR);
    }
    Ok(text.chars().skip(head).collect())
}

/// The one parameter, a string or a block of so many characters at most.
fn kept(params: Params<'_>, longest: usize) -> Result<String, Fault> {
    params.at_most(1)?;
    let text = string_or_block(params, 0)?;
    if text.chars().count() > longest {
        return Err(fault::OUT_OF_RANGE);
    }
    Ok(text)
}

/// A block of text (`#216TRIGGER:A EDGE;`).
pub(super) fn block(text: &str) -> String {
    String::from_utf8_lossy(&format::block(text.as_bytes(), 1)).into_owned()
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

impl Mdo4000 {
    /// `*DDT {"sequence"|block}`: what `*TRG` stands for from now on, 80 characters at most
    /// (tm_devices 3.7); an empty one gives `*TRG` back its own meaning.
    pub(super) fn define_trigger(&mut self, params: Params<'_>) -> Result<(), Fault> {
        self.on_trigger = kept(params, LONGEST_TRIGGER)?;
        Ok(())
    }

    /// `*PUD {"text"|block}`: protected user data, 100 characters at most (tm_devices 3.7).
    pub(super) fn keep_user_data(&mut self, params: Params<'_>) -> Result<(), Fault> {
        self.user_data = kept(params, LONGEST_USER_DATA)?;
        Ok(())
    }

    /// The sequence that a header stands for; with aliases off a label is a wrong header.
    pub(super) fn expansion(&self, header: &[String]) -> Result<Option<String>, Fault> {
        let [label] = header else {
            return Ok(None);
        };
        if label == "*TRG" && !self.on_trigger.is_empty() {
            return Ok(Some(self.on_trigger.clone()));
        }
        match self.aliases.find(label) {
            None => Ok(None),
            Some(_) if !self.settings.on(Key::Aliases) => Err(fault::SYNTAX_ERROR),
            Some((_, sequence)) => Ok(Some(sequence.clone())),
        }
    }
}
