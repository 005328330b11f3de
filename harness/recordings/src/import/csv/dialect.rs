//! Separator, decimal mark and header of a text file, from its first lines.

use std::path::Path;

use super::super::error::{ImportError, ImportErrorKind as Kind, shorten};
use super::super::options::{Decimal, ImportOptions};
use super::super::units;
use super::number::{fields, numberish};

/// How the file is written.
#[derive(Debug, Clone)]
pub(super) struct Dialect {
    pub(super) separator: char,
    pub(super) decimal: Decimal,
    /// Names and units of the columns.
    pub(super) columns: Vec<(String, String)>,
    /// First line with data, from 1.
    pub(super) first_line: u64,
    pub(super) notes: Vec<String>,
}

/// A line without data: blank or a comment.
pub(super) fn skipped(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with(['#', '%']) || line.starts_with("//")
}

/// Finds out from the first `lines` (number and text).
pub(super) fn find(
    path: &Path,
    lines: &[(u64, String)],
    options: &ImportOptions,
) -> Result<Dialect, ImportError> {
    let lines: Vec<&(u64, String)> = lines.iter().filter(|(_, line)| !skipped(line)).collect();
    // The data begin at the first line that some separator splits into numbers only.
    let start = lines
        .iter()
        .position(|(_, line)| options.separator.map_or_else(|| is_data(line), |s| all_numbers(line, s)))
        .ok_or_else(|| {
            ImportError::new(
                path,
                Kind::Malformed,
                "no line with numbers was found",
                "a CSV capture has a header line and then one line of numbers per sample; only the first lines are searched",
            )
            .line(lines.first().map_or(1, |(number, _)| *number))
        })?;
    let data: Vec<&str> = lines[start..]
        .iter()
        .map(|(_, line)| line.as_str())
        .collect();
    let first_line = lines[start].0;
    let header: Vec<&str> = lines[..start]
        .iter()
        .map(|(_, line)| line.as_str())
        .collect();
    let separator = options
        .separator
        .unwrap_or_else(|| separator(&data, &header));
    let at = |error: ImportError| error.line(first_line);
    let decimal = match options.decimal {
        Some(decimal) => decimal,
        None => decimal(&data, separator)
            .map_err(|(what, hint)| at(ImportError::new(path, Kind::Ambiguous, what, hint)))?,
    };
    let count = fields(data[0], separator).len();
    let mut notes = Vec::new();
    let columns = columns(&header, separator, count, &mut notes)
        .map_err(|(what, hint)| at(ImportError::new(path, Kind::Ambiguous, what, hint)))?;
    if separator == ','
        && decimal == Decimal::Point
        && header.is_empty()
        && options.separator.is_none()
        && options.decimal.is_none()
    {
        let whole = data.iter().all(|line| !line.contains('.'));
        if whole && count == 2 {
            return Err(at(ImportError::new(
                path,
                Kind::Ambiguous,
                "commas may be separators or decimal marks",
                "add a header line, or state separator and decimal mark",
            )));
        }
    }
    Ok(Dialect {
        separator,
        decimal,
        columns,
        first_line,
        notes,
    })
}

fn all_numbers(line: &str, separator: char) -> bool {
    let fields = fields(line, separator);
    fields.iter().all(|field| numberish(field)) && fields.iter().any(|field| !field.is_empty())
}

fn is_data(line: &str) -> bool {
    line.contains(|c: char| c.is_ascii_digit())
        && [',', ';', '\t', ' ']
            .into_iter()
            .any(|separator| all_numbers(line, separator))
}

/// Tab and semicolon are never part of a number; a comma separates unless blanks do.
fn separator(data: &[&str], header: &[&str]) -> char {
    let first = data[0];
    for separator in ['\t', ';'] {
        if first.contains(separator) {
            return separator;
        }
    }
    let blanks = fields(first, ' ').len();
    if first.contains(',') && !first.contains('"') {
        let commas = fields(first, ',').len();
        let inner_blank = fields(first, ',').iter().any(|field| field.contains(' '));
        let one_column = header
            .last()
            .is_some_and(|line| fields(line, ',').len() == 1 && fields(line, ';').len() == 1);
        if inner_blank && blanks > 1 || one_column && commas == 2 && blanks == 1 {
            return if blanks > 1 { ' ' } else { ';' };
        }
        return ',';
    }
    if first.contains('"') && first.contains(',') {
        return ',';
    }
    if blanks > 1 { ' ' } else { ',' }
}

/// Decimal mark inside the fields; undecidable is an error with a hint.
fn decimal(data: &[&str], separator: char) -> Result<Decimal, (String, String)> {
    let (mut points, mut commas, mut clear_comma) = (false, false, false);
    for line in data {
        for field in fields(line, separator) {
            points |= field.contains('.');
            if let Some((before, after)) = field.split_once(',') {
                commas = true;
                let before = before.trim_start_matches(['+', '-']);
                let digits = after.bytes().take_while(u8::is_ascii_digit).count();
                let grouped =
                    digits == 3 && !before.starts_with('0') && (1..=3).contains(&before.len());
                clear_comma |= !grouped && !after.contains(',');
            }
        }
    }
    let hint = "state the decimal mark, or export without thousands separators";
    match (points, commas) {
        (_, false) => Ok(Decimal::Point),
        (true, true) => Err((
            "numbers have both points and commas".to_owned(),
            format!("thousands separators are not read: {hint}"),
        )),
        (false, true) if clear_comma => Ok(Decimal::Comma),
        (false, true) => Err((
            "every comma is followed by three digits: it may be a decimal mark or group thousands"
                .to_owned(),
            hint.to_owned(),
        )),
    }
}

/// Names and units from the header lines.
fn columns(
    header: &[&str],
    separator: char,
    count: usize,
    notes: &mut Vec<String>,
) -> Result<Vec<(String, String)>, (String, String)> {
    let rows: Vec<Vec<String>> = header
        .iter()
        .map(|line| header_fields(line, separator))
        .collect();
    let Some(last) = rows.last() else {
        notes.push("the file has no header: columns are called #1, #2, …".to_owned());
        return Ok((1..=count)
            .map(|n| (format!("#{n}"), String::new()))
            .collect());
    };
    let unit_row = rows.len() > 1
        && rows[rows.len() - 2].len() == last.len()
        && last
            .iter()
            .all(|field| field.is_empty() || units::known(strip(field)))
        && last.iter().any(|field| !field.is_empty());
    let names = if unit_row {
        &rows[rows.len() - 2]
    } else {
        last
    };
    // A separator at the end of the header line is common.
    let names_count =
        names.len() - usize::from(names.len() == count + 1 && names[count].is_empty());
    if names_count != count {
        return Err((
            format!(
                "the header has {} columns, the first data line {count}",
                names.len()
            ),
            "make header and data agree, or state separator and decimal mark".to_owned(),
        ));
    }
    let skipped = rows.len() - 1 - usize::from(unit_row);
    if skipped > 0 {
        notes.push(format!("{skipped} lines before the header were skipped"));
    }
    Ok(names[..count]
        .iter()
        .enumerate()
        .map(|(index, text)| {
            let (name, unit) = if unit_row {
                (text.as_str(), strip(&last[index]))
            } else {
                split_unit(text)
            };
            let name = if name.is_empty() {
                format!("#{}", index + 1)
            } else {
                name.to_owned()
            };
            (name, unit.to_owned())
        })
        .collect())
}

/// Fields of a header line; a unit in brackets stays with its name when blanks separate.
fn header_fields(line: &str, separator: char) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    for field in fields(line, separator) {
        match joined.last_mut() {
            Some(last) if separator == ' ' && field.starts_with(['[', '(']) => {
                last.push(' ');
                last.push_str(&field);
            }
            _ => joined.push(field),
        }
    }
    joined
}

/// `v [V]`, `v (V)` and `v/V` in name and unit.
fn split_unit(text: &str) -> (&str, &str) {
    for (open, close) in [('[', ']'), ('(', ')')] {
        if let Some(inner) = text.strip_suffix(close)
            && let Some((name, unit)) = inner.rsplit_once(open)
        {
            return (name.trim(), unit.trim());
        }
    }
    if let Some((name, unit)) = text.rsplit_once('/')
        && units::known(unit.trim())
    {
        return (name.trim(), unit.trim());
    }
    (text, "")
}

fn strip(text: &str) -> &str {
    text.trim().trim_matches(['[', ']', '(', ')']).trim()
}

/// For messages: the separator by name.
pub(super) fn separator_name(separator: char) -> String {
    match separator {
        '\t' => "tab".to_owned(),
        ' ' => "blank".to_owned(),
        other => format!("`{}`", shorten(&other.to_string())),
    }
}
