//! Numbers in cells.

use super::super::options::Decimal;

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell {
    /// Empty or NaN.
    Missing,
    /// A finite number and the place value of its last written digit.
    Number { value: f64, quantum: f64 },
    /// Digits grouped in thousands.
    Thousands,
    /// Anything else.
    Text,
}

/// Reads `text` with decimal mark `decimal`.
pub(super) fn parse(text: &str, decimal: Decimal) -> Cell {
    let text = text.trim();
    if text.is_empty() || text.eq_ignore_ascii_case("nan") {
        return Cell::Missing;
    }
    let (mark, other) = match decimal {
        Decimal::Point => (b'.', b','),
        Decimal::Comma => (b',', b'.'),
    };
    let (mut marks, mut others, mut decimals, mut digits) = (0, 0, 0_i32, 0);
    let mut exponent = None;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'0'..=b'9' => {
                digits += 1;
                decimals += i32::from(marks > 0 && exponent.is_none());
            }
            b'+' | b'-' if at == 0 || exponent == Some(at - 1) => {}
            b'e' | b'E' if exponent.is_none() && digits > 0 => exponent = Some(at),
            _ if byte == mark && exponent.is_none() => marks += 1,
            _ if byte == other && exponent.is_none() => others += 1,
            b'\'' | b' ' | b'_' if digits > 0 => others += 1,
            _ => return Cell::Text,
        }
    }
    if digits == 0 {
        return Cell::Text;
    }
    if others > 0 || marks > 1 {
        return Cell::Thousands;
    }
    let plain = if decimal == Decimal::Comma {
        text.replace(',', ".")
    } else {
        text.to_owned()
    };
    let power = exponent
        .and_then(|at| text.get(at + 1..))
        .map_or(Ok(0), str::parse::<i32>);
    match (plain.parse::<f64>(), power) {
        (Ok(value), Ok(power)) if value.is_finite() => Cell::Number {
            value,
            quantum: 10_f64.powi(power.saturating_sub(decimals)),
        },
        _ => Cell::Text,
    }
}

/// `text` could be a number, with either decimal mark or grouping, or is missing.
pub(super) fn numberish(text: &str) -> bool {
    !matches!(parse(text, Decimal::Point), Cell::Text)
}

/// Fields of `line`, quotes removed.
pub(super) fn fields(line: &str, separator: char) -> Vec<String> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut characters = line.trim_end().chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            _ if c == separator && !quoted => {
                // Blanks between columns come in runs.
                if separator != ' ' || !field.is_empty() {
                    fields.push(std::mem::take(&mut field).trim().to_owned());
                }
            }
            _ => field.push(c),
        }
    }
    fields.push(field.trim().to_owned());
    fields
}

#[cfg(test)]
mod tests {
    use super::{Cell, Decimal, fields, parse};

    #[test]
    fn numbers_say_how_finely_they_are_written() {
        let Cell::Number { value, quantum } = parse("-1.250E-03", Decimal::Point) else {
            panic!("a number");
        };
        assert!((value + 0.00125).abs() < 1e-18 && (quantum - 1e-6).abs() < 1e-18);
        assert_eq!(parse("1,234.5", Decimal::Point), Cell::Thousands);
        assert_eq!(parse("1'234", Decimal::Point), Cell::Thousands);
        assert_eq!(parse("inf", Decimal::Point), Cell::Text);
        assert_eq!(parse("0x10", Decimal::Point), Cell::Text);
        assert_eq!(parse(" ", Decimal::Comma), Cell::Missing);
        assert_eq!(fields("\"1,5\", 2 ,\"a\"\"b\"", ','), ["1,5", "2", "a\"b"]);
        assert_eq!(fields("  1   2 ", ' '), ["1", "2"]);
    }
}
