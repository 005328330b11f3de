//! Parsers for what comes back: lines, blocks, numbers, booleans, error-queue entries. Pure.

/// Take the first complete line out of `inbox`; CR, LF and CR LF all end a line, empty lines are
/// skipped (they are the second half of a split CR LF, or the line end after a block).
pub fn take_line(inbox: &mut Vec<u8>) -> Option<Vec<u8>> {
    let begin = inbox.iter().position(|byte| !is_line_end(*byte))?;
    let length = inbox
        .get(begin..)?
        .iter()
        .position(|byte| is_line_end(*byte))?;
    let line = inbox.get(begin..begin + length)?.to_vec();
    inbox.drain(..=begin + length);
    Some(line)
}

/// Take an IEEE 488.2 definite-length block (`#`, digit count, byte count, bytes) out of `inbox`.
/// `Ok(None)`: more bytes are needed. A reply header (`:WAVEFORM:SEND `) before it is skipped.
pub fn take_block(inbox: &mut Vec<u8>, longest: usize) -> Result<Option<Vec<u8>>, String> {
    let Some(mut at) = inbox.iter().position(|byte| !is_line_end(*byte)) else {
        return Ok(None);
    };
    if inbox.get(at) == Some(&b':') {
        match inbox
            .get(at..)
            .and_then(|rest| rest.iter().position(|byte| *byte == b' '))
        {
            Some(space) if space < 64 => at += space + 1,
            Some(_) => return Err("reply header without a block".into()),
            None if inbox.len() - at < 64 => return Ok(None),
            None => return Err("reply header without a block".into()),
        }
    }
    let Some(first) = inbox.get(at) else {
        return Ok(None);
    };
    if *first != b'#' {
        return Err("a definite-length block begins with `#`".into());
    }
    let Some(count_of_digits) = inbox.get(at + 1) else {
        return Ok(None);
    };
    let digits = match count_of_digits {
        b'1'..=b'9' => usize::from(count_of_digits - b'0'),
        b'0' => return Err("indefinite-length blocks do not work on a byte stream".into()),
        _ => return Err("no digit count after `#`".into()),
    };
    let begin = at + 2 + digits;
    let Some(count) = inbox.get(at + 2..begin) else {
        return Ok(None);
    };
    if !count.iter().all(u8::is_ascii_digit) {
        return Err("byte count of the block is not decimal".into());
    }
    let length = count
        .iter()
        .fold(0_usize, |sum, digit| sum * 10 + usize::from(digit - b'0'));
    if length > longest {
        return Err(format!(
            "block of {length} bytes where at most {longest} were expected"
        ));
    }
    let Some(bytes) = inbox.get(begin..begin + length) else {
        return Ok(None);
    };
    let block = bytes.to_vec();
    inbox.drain(..begin + length);
    Ok(Some(block))
}

/// The reply without a header (`:NUMERIC:VALUE 1.0` → `1.0`) and surrounding blanks.
pub fn payload(text: &str) -> &str {
    let text = text.trim();
    if !text.starts_with(':') {
        return text;
    }
    text.split_once(char::is_whitespace)
        .map_or("", |(_, rest)| rest.trim())
}

/// One NR1, NR2 or NR3 number. One stray character after it is tolerated (Chroma `CURR:LIM?`);
/// the SCPI stand-ins for "no value" and "over range" are errors.
pub fn number(text: &str) -> Result<f64, String> {
    let text = payload(text);
    let value = plain_number(text).or_else(|| {
        // Cutting a digit off would change the value.
        let (last, _) = text
            .char_indices()
            .next_back()
            .filter(|(_, stray)| !is_numeric(*stray))?;
        plain_number(text.get(..last)?.trim_end())
    });
    match value {
        Some(value) if value.abs() >= 9.905e37 => Err(NO_VALUE.into()),
        Some(value) if value.abs() >= 9.9e37 => Err(OVER_RANGE.into()),
        Some(value) => Ok(value),
        None if text.eq_ignore_ascii_case("nan") => Err(NO_VALUE.into()),
        None if text
            .trim_start_matches(['+', '-'])
            .eq_ignore_ascii_case("inf") =>
        {
            Err(OVER_RANGE.into())
        }
        None => Err("not a number".into()),
    }
}

/// Numbers separated by commas.
pub fn numbers(text: &str) -> Result<Vec<f64>, String> {
    payload(text).split(',').map(number).collect()
}

/// `ON`, `OFF` or a number (0 = off).
pub fn boolean(text: &str) -> Result<bool, String> {
    let text = payload(text);
    if text.eq_ignore_ascii_case("on") {
        Ok(true)
    } else if text.eq_ignore_ascii_case("off") {
        Ok(false)
    } else {
        plain_number(text)
            .map(|value| value != 0.0)
            .ok_or_else(|| "neither ON, OFF nor a number".into())
    }
}

/// Code of an error-queue entry such as `-222,"Data out of range"`.
pub fn error_code(text: &str) -> Option<i64> {
    let text = payload(text);
    let digits = text.strip_prefix('+').unwrap_or(text);
    let end = digits
        .char_indices()
        .find(|(at, letter)| !(letter.is_ascii_digit() || (*at == 0 && *letter == '-')))
        .map_or(digits.len(), |(at, _)| at);
    digits.get(..end)?.parse().ok()
}

/// The first 120 characters, control characters made visible.
pub fn shorten(text: &str) -> String {
    let mut short: String = text
        .chars()
        .take(120)
        .flat_map(char::escape_default)
        .collect();
    if text.chars().nth(120).is_some() {
        short.push('…');
    }
    short
}

const NO_VALUE: &str =
    "NAN stands for no valid value (nothing connected, or no complete update yet)";
const OVER_RANGE: &str = "INF stands for over range: choose a larger range";

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

fn is_numeric(letter: char) -> bool {
    matches!(letter, '0'..='9' | '+' | '-' | '.' | 'e' | 'E')
}

fn plain_number(text: &str) -> Option<f64> {
    if !text.chars().all(is_numeric) {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}
