//! One newtype per dimension.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::dimensions;
use super::error::QuantityError;
use super::number::{magnitude, shifted};
use super::unit::{Dimension, Unit};

/// What all quantities of one dimension have in common.
pub trait Quantity: Copy + fmt::Display {
    /// The number in SI (°C and Ah as they are).
    fn si(self) -> f64;
}

/// Reads a quantity from a string; a bare number gets its own message.
pub(super) struct QuantityVisitor<T> {
    pub(super) dimension: &'static Dimension,
    pub(super) parse: fn(&str) -> Result<T, QuantityError>,
}

impl<T> QuantityVisitor<T> {
    fn bare<E: de::Error>(&self) -> E {
        E::custom(QuantityError::BareNumber {
            example: self.dimension.example,
        })
    }
}

impl<T> Visitor<'_> for QuantityVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a {} with its unit, e.g. \"{}\"",
            self.dimension.name, self.dimension.example
        )
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.parse)(text).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<T, E> {
        Err(self.bare())
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<T, E> {
        Err(self.bare())
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<T, E> {
        Err(self.bare())
    }
}

/// Schema of a string with a unit.
pub(super) fn unit_schema(dimension: &Dimension, what: &str) -> Schema {
    let units = dimension.allowed();
    let example = dimension.example.split('"').next().unwrap_or_default();
    json_schema!({
        "type": "string",
        "pattern": dimension.pattern(),
        "examples": [example],
        "description": format!("{what} with its unit ({units})"),
    })
}

/// Text of `value` in the unit that leaves one to three digits before the point.
pub(super) fn display(value: f64, units: &[Unit]) -> String {
    let power = magnitude(value);
    let decimal = || {
        units
            .iter()
            .filter(|unit| unit.times == 1.0 && unit.per == 1.0)
    };
    let best = decimal()
        .filter(|unit| unit.exponent <= power)
        .max_by_key(|unit| unit.exponent)
        .or_else(|| decimal().min_by_key(|unit| unit.exponent));
    let best = if value == 0.0 { decimal().next() } else { best };
    match best {
        Some(unit) => format!("{} {}", shifted(value, unit.exponent), unit.symbol),
        None => value.to_string(),
    }
}

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident, $dimension:expr, $what:literal, $show:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
        pub struct $name(pub f64);

        impl $name {
            /// Units it may be written in.
            pub const DIMENSION: &'static Dimension = &$dimension;
        }

        impl Quantity for $name {
            fn si(self) -> f64 {
                self.0
            }
        }

        impl FromStr for $name {
            type Err = QuantityError;
            fn from_str(text: &str) -> Result<Self, QuantityError> {
                Self::DIMENSION.parse(text).map($name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let show: fn(f64, &Dimension) -> String = $show;
                f.pad(&show(self.0, Self::DIMENSION))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(QuantityVisitor {
                    dimension: Self::DIMENSION,
                    parse: str::parse,
                })
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                unit_schema(Self::DIMENSION, $what)
            }
        }
    };
}

fn prefixed(value: f64, dimension: &Dimension) -> String {
    display(value, dimension.units)
}

fn percent(value: f64, _: &Dimension) -> String {
    format!("{} %", shifted(value, -2))
}

fn percent_per_kelvin(value: f64, _: &Dimension) -> String {
    format!("{} %/K", shifted(value, -2))
}

fn plain(value: f64, dimension: &Dimension) -> String {
    let symbol = dimension.units.first().map_or("", |unit| unit.symbol);
    format!("{} {symbol}", shifted(value, 0))
}

fn time(value: f64, dimension: &Dimension) -> String {
    let whole = |unit: f64| value >= 2.0 * unit && value < 1e9 && value % unit == 0.0;
    if whole(3600.0) {
        format!("{} h", value / 3600.0)
    } else if whole(60.0) {
        format!("{} min", value / 60.0)
    } else {
        prefixed(value, dimension)
    }
}

/// Per minute if that reads back exactly and is no longer than per second.
fn ramp(value: f64, dimension: &Dimension) -> String {
    let per_second = format!("{} %/s", shifted(value, -2));
    let round = format!("{:.10e}", value * 60.0)
        .parse::<f64>()
        .unwrap_or(value * 60.0);
    let per_minute = format!("{} %/min", shifted(round, -2));
    if dimension.parse(&per_minute) == Ok(value) && per_minute.len() < per_second.len() + 3 {
        per_minute
    } else {
        per_second
    }
}

quantity!(
    /// Volts.
    Volts, dimensions::VOLTAGE, "voltage", prefixed);
quantity!(
    /// Amperes.
    Amps, dimensions::CURRENT, "current", prefixed);
quantity!(
    /// Watts.
    Watts, dimensions::POWER, "active power", prefixed);
quantity!(
    /// Volt-amperes.
    VoltAmps, dimensions::APPARENT_POWER, "apparent power", prefixed);
quantity!(
    /// Hertz.
    Hertz, dimensions::FREQUENCY, "frequency", prefixed);
quantity!(
    /// Seconds.
    Seconds, dimensions::TIME, "time", time);
quantity!(
    /// Degrees of angle.
    Degrees, dimensions::ANGLE, "angle", plain);
quantity!(
    /// Degrees Celsius.
    Celsius, dimensions::TEMPERATURE, "temperature", plain);
quantity!(
    /// Ohms.
    Ohms, dimensions::RESISTANCE, "resistance", prefixed);
quantity!(
    /// Henries.
    Henries, dimensions::INDUCTANCE, "inductance", prefixed);
quantity!(
    /// Farads.
    Farads, dimensions::CAPACITANCE, "capacitance", prefixed);
quantity!(
    /// A dimensionless fraction: `5 %` is 0.05.
    Ratio, dimensions::RATIO, "fraction", percent);
quantity!(
    /// Per hertz.
    PerHertz, dimensions::PER_HERTZ, "gain over frequency", plain);
quantity!(
    /// Fraction per second.
    RatioPerSecond, dimensions::RATIO_PER_SECOND, "ramp", ramp);
quantity!(
    /// Fraction per kelvin.
    RatioPerKelvin, dimensions::RATIO_PER_KELVIN, "slope over temperature", percent_per_kelvin);
quantity!(
    /// Kelvins, a difference of temperatures.
    Kelvins, dimensions::TEMPERATURE_DIFFERENCE, "temperature difference", prefixed);
quantity!(
    /// Ampere-hours.
    AmpHours, dimensions::CHARGE, "charge", plain);
