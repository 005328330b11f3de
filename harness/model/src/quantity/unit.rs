//! Units by dimension: symbols, scales, and the words people write instead of them.

use super::dimensions::ALL;
use super::error::QuantityError;
use super::number::{self, Decimal};

/// A unit: value in SI = number × 10^`exponent` × `times` / `per`.
#[derive(Debug, Clone, Copy)]
pub struct Unit {
    /// Preferred spelling.
    pub symbol: &'static str,
    /// Other spellings that are accepted.
    pub aliases: &'static [&'static str],
    /// Decimal exponent towards SI.
    pub exponent: i32,
    /// Whole factor towards SI: 60 for `min`.
    pub times: f64,
    /// Whole divisor towards SI: 60 for `%/min`.
    pub per: f64,
}

/// A dimension with the units it may be written in.
#[derive(Debug, Clone, Copy)]
pub struct Dimension {
    /// `voltage`, `time`…
    pub name: &'static str,
    /// A value, well written.
    pub example: &'static str,
    /// Units, the base unit first.
    pub units: &'static [Unit],
    /// Words often written in place of a unit, with the unit meant.
    pub mistaken: &'static [(&'static str, &'static str)],
}

impl Unit {
    fn spelled(&self, text: &str) -> bool {
        self.symbol == text || self.aliases.contains(&text)
    }

    /// A number in this unit, in SI.
    pub(super) fn to_si(self, number: &Decimal<'_>) -> Option<f64> {
        let value = number.scaled(self.exponent)?;
        let value = value * self.times / self.per;
        value.is_finite().then_some(value)
    }
}

impl Dimension {
    /// The unit spelled `text`.
    pub fn unit(&self, text: &str) -> Option<Unit> {
        self.units.iter().find(|unit| unit.spelled(text)).copied()
    }

    /// The symbols of all units, comma-separated.
    pub fn allowed(&self) -> String {
        self.units
            .iter()
            .map(|unit| unit.symbol)
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Reads `number unit` into SI.
    ///
    /// # Errors
    /// When the number or the unit is missing or wrong, or the value cannot be represented.
    pub fn parse(&self, text: &str) -> Result<f64, QuantityError> {
        let (number, unit) = number::split(text, self)?;
        let Some(unit) = self.unit(unit) else {
            return Err(self.wrong_unit(unit));
        };
        unit.to_si(&number).ok_or_else(|| QuantityError::Overflow {
            text: number::shorten(text),
        })
    }

    pub(super) fn wrong_unit(&self, found: &str) -> QuantityError {
        QuantityError::WrongUnit {
            found: number::shorten(found),
            of: ALL
                .iter()
                .find(|other| other.name != self.name && other.unit(found).is_some())
                .map(|other| other.name),
            dimension: self.name,
            suggestion: self.suggest(found),
            allowed: self.allowed(),
        }
    }

    fn suggest(&self, found: &str) -> Option<&'static str> {
        let folded = found.to_lowercase();
        if let Some((_, meant)) = self.mistaken.iter().find(|(word, _)| *word == folded) {
            return Some(meant);
        }
        self.units
            .iter()
            .find(|unit| {
                unit.symbol.to_lowercase() == folded
                    || unit
                        .aliases
                        .iter()
                        .any(|alias| alias.to_lowercase() == folded)
            })
            .map(|unit| unit.symbol)
    }

    /// Pattern of a well-written value, for editors.
    pub fn pattern(&self) -> String {
        let units: Vec<String> = self
            .units
            .iter()
            .flat_map(|unit| std::iter::once(unit.symbol).chain(unit.aliases.iter().copied()))
            .map(escape)
            .collect();
        format!(
            r"^\s*[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?\s*({})\s*$",
            units.join("|")
        )
    }
}

fn escape(symbol: &str) -> String {
    symbol.replace('.', r"\.")
}
