//! Parameters: numbers with suffixes, booleans, words, strings, channel lists.

use super::fault::{self, Fault};

/// The parameters of one command, read in order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Params<'a> {
    all: &'a [String],
}

impl<'a> Params<'a> {
    /// Of a unit.
    pub(crate) fn new(all: &'a [String]) -> Self {
        Self { all }
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// All of them as written.
    pub(crate) fn all(&self) -> &'a [String] {
        self.all
    }

    /// All of them as written, with commas between them.
    pub(crate) fn joined(&self) -> String {
        self.all.join(",")
    }

    /// None at all, or -108.
    pub(crate) fn none(&self) -> Result<(), Fault> {
        if self.all.is_empty() {
            Ok(())
        } else {
            Err(fault::PARAMETER_NOT_ALLOWED)
        }
    }

    /// No more than `max`, or -108.
    pub(crate) fn at_most(&self, max: usize) -> Result<(), Fault> {
        if self.all.len() <= max {
            Ok(())
        } else {
            Err(fault::PARAMETER_NOT_ALLOWED)
        }
    }

    /// The text at `index` as written, or -109.
    pub(crate) fn text(&self, index: usize) -> Result<&'a str, Fault> {
        self.all
            .get(index)
            .map(String::as_str)
            .ok_or(fault::MISSING_PARAMETER)
    }

    /// A number in `unit` (upper case, empty for none).
    pub(crate) fn number(&self, index: usize, unit: &str) -> Result<f64, Fault> {
        number(self.text(index)?, unit)
    }

    /// The only parameter, a number in `unit`.
    pub(crate) fn only_number(&self, unit: &str) -> Result<f64, Fault> {
        self.at_most(1)?;
        self.number(0, unit)
    }

    /// All parameters as numbers in `unit`, at least one.
    pub(crate) fn numbers(&self, unit: &str) -> Result<Vec<f64>, Fault> {
        self.text(0)?;
        self.all.iter().map(|text| number(text, unit)).collect()
    }

    /// The parameters from `first` on as numbers in `unit`, at least one.
    pub(crate) fn numbers_from(&self, first: usize, unit: &str) -> Result<Vec<f64>, Fault> {
        self.text(first)?;
        self.all[first..]
            .iter()
            .map(|text| number(text, unit))
            .collect()
    }

    /// A whole number that fits.
    pub(crate) fn integer(&self, index: usize) -> Result<i64, Fault> {
        let value = self.number(index, "")?;
        if value.abs() < 9e15 {
            Ok(value.round() as i64)
        } else {
            Err(fault::OUT_OF_RANGE)
        }
    }

    /// `ON|OFF|1|0`; any other number is true when it rounds to non-zero.
    pub(crate) fn boolean(&self, index: usize) -> Result<bool, Fault> {
        let text = self.text(index)?;
        if text.eq_ignore_ascii_case("ON") {
            return Ok(true);
        }
        if text.eq_ignore_ascii_case("OFF") {
            return Ok(false);
        }
        if text.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(fault::ILLEGAL_VALUE);
        }
        Ok(number(text, "")?.round() != 0.0)
    }

    /// The only parameter, a boolean.
    pub(crate) fn only_boolean(&self) -> Result<bool, Fault> {
        self.at_most(1)?;
        self.boolean(0)
    }

    /// Index of the word among `choices`, each written with its short form in upper case.
    pub(crate) fn choice(&self, index: usize, choices: &[&str]) -> Result<usize, Fault> {
        let text = self.text(index)?;
        if text.starts_with(['"', '\'']) {
            return Err(fault::STRING_NOT_ALLOWED);
        }
        choices
            .iter()
            .position(|choice| is_word(text, choice))
            .ok_or_else(|| {
                if text.starts_with(|c: char| !c.is_ascii_alphabetic()) {
                    fault::NUMBER_NOT_ALLOWED
                } else {
                    fault::ILLEGAL_VALUE
                }
            })
    }

    /// A quoted string without its quotes.
    pub(crate) fn string(&self, index: usize) -> Result<&'a str, Fault> {
        let text = self.text(index)?;
        for quote in ['"', '\''] {
            if let Some(inner) = text
                .strip_prefix(quote)
                .and_then(|rest| rest.strip_suffix(quote))
            {
                return Ok(inner);
            }
        }
        Err(fault::DATA_TYPE)
    }

    /// A trailing channel list `(@1,3:5)` and the parameters before it.
    pub(crate) fn split_channels(&self) -> Result<(Params<'a>, Option<Vec<u32>>), Fault> {
        match self.all.split_last() {
            Some((last, before)) if last.starts_with('(') => {
                Ok((Params::new(before), Some(channels(last)?)))
            }
            Some(_) | None => Ok((*self, None)),
        }
    }
}

/// The short form of a word: its upper-case letters, digits and the like.
pub(crate) fn short_form(word: &str) -> String {
    word.chars().filter(|c| !c.is_ascii_lowercase()).collect()
}

/// `text` is the short or the long form of `word`.
pub(crate) fn is_word(text: &str, word: &str) -> bool {
    let short_is = || {
        let mut short = word.chars().filter(|c| !c.is_ascii_lowercase());
        text.chars()
            .all(|c| short.next() == Some(c.to_ascii_uppercase()))
            && short.next().is_none()
    };
    text.eq_ignore_ascii_case(word) || short_is()
}

fn channels(text: &str) -> Result<Vec<u32>, Fault> {
    let inner = text
        .strip_prefix("(@")
        .and_then(|rest| rest.strip_suffix(')'))
        .ok_or(fault::INVALID_EXPRESSION)?;
    let mut list = Vec::new();
    let one = |text: &str| {
        text.trim()
            .parse::<u32>()
            .map_err(|_| fault::INVALID_EXPRESSION)
    };
    for part in inner.split(',') {
        match part.split_once(':') {
            Some((from, to)) => {
                let (from, to) = (one(from)?, one(to)?);
                if to < from || to - from > 255 {
                    return Err(fault::INVALID_EXPRESSION);
                }
                list.extend(from..=to);
            }
            None => list.push(one(part)?),
        }
    }
    Ok(list)
}

/// A number as IEEE 488.2 accepts it, with an optional multiplier and `unit` behind.
pub(crate) fn number(text: &str, unit: &str) -> Result<f64, Fault> {
    if let Some(rest) = text.strip_prefix('#') {
        return non_decimal(rest);
    }
    let length = number_length(text);
    if length == 0 {
        return match text.to_ascii_uppercase().as_str() {
            "INF" | "INFINITY" => Ok(9.9e37),
            "NINF" | "NINFINITY" => Ok(-9.9e37),
            _ if text.starts_with(['"', '\'']) => Err(fault::STRING_NOT_ALLOWED),
            _ => Err(fault::DATA_TYPE),
        };
    }
    let value: f64 = text[..length].parse().map_err(|_| fault::INVALID_NUMBER)?;
    let suffix = text[length..].trim();
    if suffix.is_empty() {
        return if value.is_finite() {
            Ok(value)
        } else {
            Err(fault::OUT_OF_RANGE)
        };
    }
    if !suffix
        .chars()
        .all(|c| c.is_ascii_alphabetic() || c == '/' || c == '%')
    {
        return Err(fault::INVALID_NUMBER);
    }
    Ok(value * multiplier(&suffix.to_ascii_uppercase(), unit)?)
}

/// Length of the leading NRf number.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let sign = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let whole = digits(sign);
    let fraction = if bytes.get(whole) == Some(&b'.') {
        digits(whole + 1)
    } else {
        whole
    };
    if fraction == sign || (fraction == whole + 1 && whole == sign) {
        return 0;
    }
    if matches!(bytes.get(fraction), Some(b'e' | b'E')) {
        let exponent =
            fraction + 1 + usize::from(matches!(bytes.get(fraction + 1), Some(b'+' | b'-')));
        let end = digits(exponent);
        if end > exponent {
            return end;
        }
    }
    fraction
}

fn non_decimal(text: &str) -> Result<f64, Fault> {
    let radix = match text.chars().next() {
        Some('H' | 'h') => 16,
        Some('Q' | 'q') => 8,
        Some('B' | 'b') => 2,
        Some('0'..='9') => return Err(fault::BLOCK_NOT_ALLOWED),
        Some(_) | None => return Err(fault::DATA_TYPE),
    };
    u64::from_str_radix(&text[1..], radix)
        .map(|value| value as f64)
        .map_err(|_| fault::INVALID_NUMBER)
}

/// Factor of a suffix (IEEE 488.2 table 7-1): a multiplier before one of the units, which are
/// written with `|` between them.
fn multiplier(suffix: &str, units: &str) -> Result<f64, Fault> {
    units
        .split('|')
        .filter(|unit| !unit.is_empty())
        .find_map(|unit| prefix(suffix.strip_suffix(unit)?, unit))
        .ok_or(fault::INVALID_SUFFIX)
}

fn prefix(prefix: &str, unit: &str) -> Option<f64> {
    Some(match prefix {
        "" => 1.0,
        // MHZ and MOHM mean mega by the standard's own exception
        "M" if matches!(unit, "HZ" | "OHM") => 1e6,
        "EX" => 1e18,
        "PE" => 1e15,
        "T" => 1e12,
        "G" => 1e9,
        "MA" => 1e6,
        "K" => 1e3,
        "M" => 1e-3,
        "U" => 1e-6,
        "N" => 1e-9,
        "P" => 1e-12,
        "F" => 1e-15,
        "A" => 1e-18,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_suffixes() {
        assert_eq!(number("200MS", "S"), Ok(0.2));
        assert_eq!(number("100V", "V"), Ok(100.0));
        assert_eq!(number("1S", "S"), Ok(1.0));
        assert_eq!(number("2 KHZ", "HZ"), Ok(2000.0));
        assert_eq!(number("1MHZ", "HZ"), Ok(1e6));
        assert_eq!(number("-1.5e+2", ""), Ok(-150.0));
        assert_eq!(number(".5", ""), Ok(0.5));
        assert_eq!(number("#H1F", ""), Ok(31.0));
        assert_eq!(number("5X", "V").map_err(|f| f.code), Err(-131));
        assert_eq!(number("5V", "").map_err(|f| f.code), Err(-131));
        assert_eq!(number("abc", "").map_err(|f| f.code), Err(-104));
        assert_eq!(number("1.2.3", "").map_err(|f| f.code), Err(-121));
        assert_eq!(number(".", "").map_err(|f| f.code), Err(-104));
        assert_eq!(number("1e999", "").map_err(|f| f.code), Err(-222));
    }

    #[test]
    fn words_and_lists() {
        assert!(is_word("volt", "VOLTage") && is_word("VOLTAGE", "VOLTage"));
        assert!(!is_word("VOLTA", "VOLTage") && !is_word("VOL", "VOLTage"));
        assert_eq!(channels("(@1,3:5)"), Ok(vec![1, 3, 4, 5]));
        assert_eq!(channels("(1)").map_err(|f| f.code), Err(-171));
        let params = ["\"SVP CURVE\"".to_owned(), "(@1)".to_owned()];
        let (before, list) = Params::new(&params).split_channels().expect("a list");
        assert_eq!((before.string(0), list), (Ok("SVP CURVE"), Some(vec![1])));
    }
}
