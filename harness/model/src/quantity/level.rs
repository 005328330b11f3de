//! Quantities that may be written in more than one dimension.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::dimensions;
use super::error::QuantityError;
use super::number::{self, shifted};
use super::types::{Amps, Hertz, Quantity, QuantityVisitor, Volts, Watts, unit_schema};
use super::unit::Dimension;

/// A power: absolute (`3 kW`) or relative to the rating of the DUT (`50 %Pn`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PowerLevel {
    /// Watts.
    Watts(f64),
    /// Fraction of rated active power.
    OfRated(f64),
}

impl PowerLevel {
    /// Watts on a DUT rated `rated_w`.
    pub fn resolve(self, rated_w: f64) -> f64 {
        match self {
            PowerLevel::Watts(watts) => watts,
            PowerLevel::OfRated(fraction) => fraction * rated_w,
        }
    }

    /// Fraction of `rated_w`.
    pub fn of_rated(self, rated_w: f64) -> f64 {
        match self {
            PowerLevel::Watts(watts) => watts / rated_w,
            PowerLevel::OfRated(fraction) => fraction,
        }
    }
}

impl FromStr for PowerLevel {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let value = dimensions::POWER_LEVEL.parse(text)?;
        let (_, unit) = number::split(text, &dimensions::POWER_LEVEL)?;
        Ok(if unit.ends_with("Pn") {
            PowerLevel::OfRated(value)
        } else {
            PowerLevel::Watts(value)
        })
    }
}

impl fmt::Display for PowerLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            PowerLevel::Watts(watts) => Watts(watts).fmt(f),
            PowerLevel::OfRated(fraction) => f.pad(&format!("{} %Pn", shifted(fraction, -2))),
        }
    }
}

/// A voltage or a frequency, as protection elements have them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum VoltsOrHertz {
    /// V.
    Volts(f64),
    /// Hz.
    Hertz(f64),
}

impl VoltsOrHertz {
    /// The number in V or Hz.
    pub fn value(self) -> f64 {
        match self {
            VoltsOrHertz::Volts(value) | VoltsOrHertz::Hertz(value) => value,
        }
    }

    /// The quantity it is a value of.
    pub fn quantity(self) -> crate::case::TripQuantity {
        match self {
            VoltsOrHertz::Volts(_) => crate::case::TripQuantity::Voltage,
            VoltsOrHertz::Hertz(_) => crate::case::TripQuantity::Frequency,
        }
    }
}

impl Quantity for VoltsOrHertz {
    fn si(self) -> f64 {
        self.value()
    }
}

impl FromStr for VoltsOrHertz {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let value = dimensions::VOLTAGE_OR_FREQUENCY.parse(text)?;
        Ok(if text.trim_end().ends_with("Hz") {
            VoltsOrHertz::Hertz(value)
        } else {
            VoltsOrHertz::Volts(value)
        })
    }
}

impl fmt::Display for VoltsOrHertz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            VoltsOrHertz::Volts(volts) => f.pad(&prefixed(volts, Volts::DIMENSION)),
            VoltsOrHertz::Hertz(hertz) => f.pad(&prefixed(hertz, Hertz::DIMENSION)),
        }
    }
}

/// In a unit of [`dimensions::VOLTAGE_OR_FREQUENCY`] (no µ, no MHz).
fn prefixed(value: f64, dimension: &Dimension) -> String {
    let units: Vec<_> = dimension
        .units
        .iter()
        .filter(|unit| dimensions::VOLTAGE_OR_FREQUENCY.unit(unit.symbol).is_some())
        .copied()
        .collect();
    super::types::display(value, &units)
}

macro_rules! as_text {
    ($name:ident, $dimension:expr, $what:literal) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(QuantityVisitor {
                    dimension: &$dimension,
                    parse: str::parse,
                })
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                unit_schema(&$dimension, $what)
            }
        }
    };
}

as_text!(
    PowerLevel,
    dimensions::POWER_LEVEL,
    "power, absolute or of the rating of the DUT,"
);
as_text!(
    VoltsOrHertz,
    dimensions::VOLTAGE_OR_FREQUENCY,
    "voltage or frequency"
);

/// Full scale of a recorder channel: in V or A, or a plain number for contacts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RangeOf {
    /// V.
    Volts(f64),
    /// A.
    Amps(f64),
    /// Without a unit.
    Plain(f64),
}

impl RangeOf {
    /// The number in V, A or without a unit.
    pub fn value(self) -> f64 {
        match self {
            RangeOf::Volts(value) | RangeOf::Amps(value) | RangeOf::Plain(value) => value,
        }
    }

    /// `V`, `A`, or empty: comparable with [`crate::capture::ChannelKind::unit`].
    pub fn unit(self) -> &'static str {
        match self {
            RangeOf::Volts(_) => "V",
            RangeOf::Amps(_) => "A",
            RangeOf::Plain(_) => "",
        }
    }
}

impl FromStr for RangeOf {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        match dimensions::VOLTAGE_OR_CURRENT.parse(text) {
            Ok(value) if text.trim_end().ends_with('V') => Ok(RangeOf::Volts(value)),
            Ok(value) => Ok(RangeOf::Amps(value)),
            Err(QuantityError::BareNumber { example }) => match text.trim().parse::<f64>() {
                Ok(value) if value.is_finite() => Ok(RangeOf::Plain(value)),
                _ => Err(QuantityError::BareNumber { example }),
            },
            Err(error) => Err(error),
        }
    }
}

impl fmt::Display for RangeOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            RangeOf::Volts(value) => f.pad(&range_text(value, Volts::DIMENSION)),
            RangeOf::Amps(value) => f.pad(&range_text(value, Amps::DIMENSION)),
            RangeOf::Plain(value) => f.pad(&shifted(value, 0)),
        }
    }
}

fn range_text(value: f64, dimension: &Dimension) -> String {
    let symbol = dimension.units.first().map_or("", |unit| unit.symbol);
    format!("{} {symbol}", shifted(value, 0))
}

impl Serialize for RangeOf {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            RangeOf::Plain(value) => serializer.serialize_f64(value),
            RangeOf::Volts(_) | RangeOf::Amps(_) => serializer.collect_str(self),
        }
    }
}

struct RangeVisitor;

impl Visitor<'_> for RangeVisitor {
    type Value = RangeOf;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a range in V or A, or a plain number for a contact")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<RangeOf, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<RangeOf, E> {
        Ok(RangeOf::Plain(value as f64))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<RangeOf, E> {
        Ok(RangeOf::Plain(value as f64))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<RangeOf, E> {
        Ok(RangeOf::Plain(value))
    }
}

impl<'de> Deserialize<'de> for RangeOf {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RangeVisitor)
    }
}

impl JsonSchema for RangeOf {
    fn schema_name() -> Cow<'static, str> {
        "RangeOf".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let unit = unit_schema(&dimensions::VOLTAGE_OR_CURRENT, "full scale");
        json_schema!({ "anyOf": [unit, { "type": "number", "exclusiveMinimum": 0 }] })
    }
}
