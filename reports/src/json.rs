//! `results.json`: the judged run for programs.

use gridproof_model::result::RunResults;

use crate::error::ReportError;

/// The results as pretty-printed JSON with a trailing newline; fields in the order of the types.
pub fn render(results: &RunResults) -> Result<String, ReportError> {
    let mut text = serde_json::to_string_pretty(results)?;
    text.push('\n');
    Ok(text)
}
