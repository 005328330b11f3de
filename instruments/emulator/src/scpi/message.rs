//! Program messages: bytes to lines, lines to units with their full header path.

use super::fault::{self, Fault};
use super::framing;

/// One unit of a program message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unit {
    /// Header nodes in upper case, compound path included; common commands are one node with its asterisk.
    pub(crate) header: Vec<String>,
    /// Nodes that the unit itself wrote, at the end of the header.
    pub(crate) written: usize,
    /// Ends in `?`.
    pub(crate) query: bool,
    /// Parameters as written, trimmed, without the commas between them.
    pub(crate) params: Vec<String>,
}

/// Splits a line (without terminator) into units. Each unit is either well formed or the error it
/// raises; a bad unit never hides its neighbours.
pub(crate) fn units(line: &str) -> Vec<Result<Unit, Fault>> {
    let mut path: Vec<String> = Vec::new();
    let mut parsed = Vec::new();
    let pieces = match split_outside(line, ';') {
        Ok(pieces) => pieces,
        Err(fault) => return vec![Err(fault)],
    };
    for piece in pieces {
        let piece = piece.trim_matches(is_blank);
        if !piece.is_empty() {
            parsed.push(unit(piece, &mut path));
        }
    }
    parsed
}

fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t' || c == '\r' || c == '\0'
}

/// Splits at `separator` outside quotes, parentheses and blocks.
fn split_outside(text: &str, separator: char) -> Result<Vec<&str>, Fault> {
    let mut pieces = Vec::new();
    let mut quote: Option<char> = None;
    let mut depth = 0u32;
    let mut start = 0;
    let mut skip = 0;
    for (index, c) in text.char_indices() {
        if skip > 0 {
            skip -= 1;
            continue;
        }
        if c == '#' && quote.is_none() {
            skip = framing::block_length(&text[index..]).map_or(0, |length| length - 1);
            continue;
        }
        match quote {
            Some(open) => {
                if c == open {
                    quote = None;
                }
            }
            None => match c {
                '"' | '\'' => quote = Some(c),
                '(' => depth += 1,
                ')' => depth = depth.checked_sub(1).ok_or(fault::INVALID_EXPRESSION)?,
                _ if c == separator && depth == 0 => {
                    pieces.push(&text[start..index]);
                    start = index + c.len_utf8();
                }
                _ => {}
            },
        }
    }
    if quote.is_some() {
        return Err(fault::INVALID_STRING);
    }
    if depth != 0 {
        return Err(fault::INVALID_EXPRESSION);
    }
    pieces.push(&text[start..]);
    Ok(pieces)
}

fn unit(piece: &str, path: &mut Vec<String>) -> Result<Unit, Fault> {
    let end = piece.find(is_blank).unwrap_or(piece.len());
    let (header, rest) = piece.split_at(end);
    if header.contains(',') {
        return Err(fault::INVALID_SEPARATOR);
    }
    if header.chars().any(|c| c.is_control() || !c.is_ascii()) {
        return Err(fault::INVALID_CHARACTER);
    }
    let (header, query) = match header.strip_suffix('?') {
        Some(header) => (header, true),
        None => (header, false),
    };
    let mut params = Vec::new();
    let rest = rest.trim_matches(is_blank);
    if !rest.is_empty() {
        for param in split_outside(rest, ',')? {
            let param = param.trim_matches(is_blank);
            if param.is_empty() {
                return Err(fault::SYNTAX_ERROR);
            }
            params.push(param.to_owned());
        }
    }
    let written = header.trim_start_matches(':').split(':').count();
    let header = full_header(header, path)?;
    Ok(Unit {
        header,
        written,
        query,
        params,
    })
}

/// The nodes from the root; moves the current path as IEEE 488.2 wants it.
fn full_header(header: &str, path: &mut Vec<String>) -> Result<Vec<String>, Fault> {
    if let Some(common) = header.strip_prefix('*') {
        if common.is_empty() || !common.chars().all(|c| c.is_ascii_alphabetic()) {
            return Err(fault::SYNTAX_ERROR);
        }
        return Ok(vec![header.to_ascii_uppercase()]);
    }
    let (from_root, header) = match header.strip_prefix(':') {
        Some(header) => (true, header),
        None => (false, header),
    };
    let mut nodes = if from_root { Vec::new() } else { path.clone() };
    for node in header.split(':') {
        if node.is_empty() {
            return Err(fault::SYNTAX_ERROR);
        }
        if let Some(bad) = node
            .chars()
            .find(|c| !c.is_ascii_alphanumeric() && *c != '_')
        {
            return Err(if matches!(bad, '?' | '*' | '"' | '\'' | '(' | ')') {
                fault::SYNTAX_ERROR
            } else {
                fault::INVALID_CHARACTER
            });
        }
        if node.chars().next().is_some_and(|c| c.is_ascii_digit()) {
            return Err(fault::COMMAND_ERROR);
        }
        nodes.push(node.to_ascii_uppercase());
    }
    path.clone_from(&nodes);
    path.pop();
    Ok(nodes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(line: &str) -> Vec<String> {
        units(line)
            .into_iter()
            .map(|unit| unit.map_or_else(|f| f.code.to_string(), |u| u.header.join(":")))
            .collect()
    }

    #[test]
    fn the_path_carries_over_a_semicolon() {
        assert_eq!(headers("sour:volt 5;curr 2"), ["SOUR:VOLT", "SOUR:CURR"]);
        assert_eq!(headers("SOUR:VOLT 5;:CURR 2"), ["SOUR:VOLT", "CURR"]);
        assert_eq!(headers(":A:B 1;*CLS;C 2"), ["A:B", "*CLS", "A:C"]);
    }

    #[test]
    fn separators_inside_strings_and_lists_do_not_split() {
        let parsed = units("CURV:ADD \"a;b,c\";SOUR:CURV 'x', (@1,2)");
        assert_eq!(parsed.len(), 2);
        assert_eq!(
            parsed[0].as_ref().map(|u| u.params.clone()),
            Ok(vec!["\"a;b,c\"".to_owned()])
        );
        assert_eq!(parsed[1].as_ref().map(|u| u.params.len()), Ok(2));
    }

    #[test]
    fn each_mistake_has_its_code() {
        assert_eq!(headers("VOLT::AC 1"), ["-102"]);
        assert_eq!(headers("VOLT,5"), ["-103"]);
        assert_eq!(headers("VO\u{e9}T 5"), ["-101"]);
        assert_eq!(headers("1VOLT 5"), ["-100"]);
        assert_eq!(headers("VOLT 1,,2"), ["-102"]);
        assert_eq!(headers("CURV:ADD \"open"), ["-151"]);
        assert_eq!(headers("VOLT 5)"), ["-171"]);
        assert_eq!(headers("  ; ;"), Vec::<String>::new());
    }
}
