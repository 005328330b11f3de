//! Decimal numbers as text: split from their unit, shifted by powers of ten without rounding.

use super::error::QuantityError;
use super::unit::Dimension;

/// A decimal number as written: mantissa text and exponent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decimal<'a> {
    negative: bool,
    mantissa: &'a str,
    exponent: i32,
}

impl Decimal<'_> {
    /// The value × 10^`shift`, correctly rounded; `None` when it cannot be represented.
    pub(super) fn scaled(&self, shift: i32) -> Option<f64> {
        let sign = if self.negative { "-" } else { "" };
        let exponent = self.exponent.checked_add(shift)?;
        let value: f64 = format!("{sign}{}e{exponent}", self.mantissa).parse().ok()?;
        let zero = !self
            .mantissa
            .bytes()
            .any(|byte| byte.is_ascii_digit() && byte != b'0');
        (value.is_finite() && (zero || value != 0.0)).then_some(value)
    }
}

/// At most 40 characters of a text, for messages.
pub(super) fn shorten(text: &str) -> String {
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut short: String = text.chars().take(40).map(clean).collect();
    if text.chars().nth(40).is_some() {
        short.push('…');
    }
    short
}

/// Splits `number unit`; the unit comes back trimmed and not empty.
pub(super) fn split<'a>(
    text: &'a str,
    dimension: &Dimension,
) -> Result<(Decimal<'a>, &'a str), QuantityError> {
    let trimmed = text.trim();
    let (negative, rest) = match trimmed.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => (true, rest),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let Some((mantissa, tail)) = take_mantissa(rest) else {
        return Err(not_a_number(trimmed, rest, dimension));
    };
    let (exponent, tail) = take_exponent(tail).ok_or_else(|| QuantityError::Overflow {
        text: shorten(trimmed),
    })?;
    if tail.starts_with(',') {
        return Err(QuantityError::Comma {
            text: shorten(trimmed),
        });
    }
    let unit = tail.trim_start();
    if unit.is_empty() {
        return Err(QuantityError::BareNumber {
            example: dimension.example,
        });
    }
    Ok((
        Decimal {
            negative,
            mantissa,
            exponent,
        },
        unit,
    ))
}

fn not_a_number(text: &str, unsigned: &str, dimension: &Dimension) -> QuantityError {
    let word = unsigned
        .split_whitespace()
        .next()
        .unwrap_or("")
        .to_lowercase();
    let (text, dimension, example) = (shorten(text), dimension.name, dimension.example);
    if matches!(
        word.trim_start_matches('.'),
        "nan" | "inf" | "infinity" | "∞"
    ) {
        QuantityError::NotFinite {
            text,
            dimension,
            example,
        }
    } else {
        QuantityError::NotANumber {
            text,
            dimension,
            example,
        }
    }
}

/// Digits, optionally with a point and more digits.
fn take_mantissa(text: &str) -> Option<(&str, &str)> {
    let digits = |from: &str| from.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(text);
    if whole == 0 {
        return None;
    }
    let mut end = whole;
    if let Some(fraction) = text[whole..].strip_prefix('.') {
        let count = digits(fraction);
        if count > 0 {
            end = whole + 1 + count;
        }
    }
    Some(text.split_at(end))
}

/// An exponent `e±digits`, or 0 when there is none; `None` when it is absurdly large.
fn take_exponent(text: &str) -> Option<(i32, &str)> {
    let Some(rest) = text.strip_prefix(['e', 'E']) else {
        return Some((0, text));
    };
    let sign = usize::from(rest.starts_with(['+', '-']));
    let digits = rest[sign..].bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return Some((0, text));
    }
    let (exponent, tail) = rest.split_at(sign + digits);
    let exponent: i32 = exponent.parse().ok()?;
    (exponent.abs() <= 10_000).then_some((exponent, tail))
}

/// `value` × 10^-`exponent` as decimal text that reads back exactly.
pub(super) fn shifted(value: f64, exponent: i32) -> String {
    let written = format!("{value:e}");
    let (mantissa, power) = written.split_once('e').unwrap_or((&written, "0"));
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let power = power.parse::<i32>().unwrap_or(0) - exponent;
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let body = if value == 0.0 {
        "0".to_owned()
    } else if !(-7..=15).contains(&power) {
        format!("{mantissa}e{power}")
    } else if power < 0 {
        format!(
            "0.{}{digits}",
            "0".repeat((-power - 1).unsigned_abs() as usize)
        )
    } else if count <= power + 1 {
        format!(
            "{digits}{}",
            "0".repeat((power + 1 - count).unsigned_abs() as usize)
        )
    } else {
        let (whole, fraction) = digits.split_at((power + 1).unsigned_abs() as usize);
        format!("{whole}.{fraction}")
    };
    format!("{sign}{body}")
}

/// Decimal exponent of the leading digit; 0 for zero.
pub(super) fn magnitude(value: f64) -> i32 {
    if value == 0.0 || !value.is_finite() {
        return 0;
    }
    let written = format!("{value:e}");
    written
        .split_once('e')
        .and_then(|(_, power)| power.parse().ok())
        .unwrap_or(0)
}
