//! What one step of a register is worth, and what is written into one.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::quantity::{Hertz, Ratio, Seconds, Volts, Watts};

/// What a register counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Codes, bits and switches.
    None,
    /// W.
    Watts,
    /// V.
    Volts,
    /// Hz.
    Hertz,
    /// Fraction of a rating.
    Ratio,
    /// s.
    Seconds,
}

impl Unit {
    /// In messages.
    pub fn word(self) -> &'static str {
        match self {
            Unit::None => "plain numbers",
            Unit::Watts => "W",
            Unit::Volts => "V",
            Unit::Hertz => "Hz",
            Unit::Ratio => "%",
            Unit::Seconds => "s",
        }
    }
}

/// A number with its unit, where it has one: `0.1 V`, `1 %`, `4`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Amount {
    /// The number in SI; a percentage as a fraction.
    pub value: f64,
    /// Its unit.
    pub unit: Unit,
}

impl Amount {
    /// A number without a unit.
    pub const fn plain(value: f64) -> Self {
        Amount {
            value,
            unit: Unit::None,
        }
    }

    fn with_unit(text: &str) -> Option<Self> {
        let parsed = [
            (Unit::Watts, text.parse::<Watts>().map(|power| power.0).ok()),
            (Unit::Volts, text.parse::<Volts>().map(|volts| volts.0).ok()),
            (Unit::Hertz, text.parse::<Hertz>().map(|hertz| hertz.0).ok()),
            (Unit::Ratio, text.parse::<Ratio>().map(|ratio| ratio.0).ok()),
            (
                Unit::Seconds,
                text.parse::<Seconds>().map(|time| time.0).ok(),
            ),
        ];
        parsed.into_iter().find_map(|(unit, value)| {
            Some(Amount {
                value: value?,
                unit,
            })
        })
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value;
        match self.unit {
            Unit::None => value.fmt(f),
            Unit::Watts => Watts(value).fmt(f),
            Unit::Volts => Volts(value).fmt(f),
            Unit::Hertz => Hertz(value).fmt(f),
            Unit::Ratio => Ratio(value).fmt(f),
            Unit::Seconds => Seconds(value).fmt(f),
        }
    }
}

/// What a step writes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StepValue {
    /// Always the same, in the unit of the point.
    Constant(Amount),
    /// The power asked for, W.
    Watts,
    /// The power asked for as a percentage of the rated power.
    PercentOfPower,
    /// The power asked for as a percentage of the rated charging power.
    PercentOfChargePower,
}

impl StepValue {
    const WATTS: &'static str = "watts";
    const OF_POWER: &'static str = "percent-of-power";
    const OF_CHARGE_POWER: &'static str = "percent-of-charge-power";

    /// The unit the point must count in; `None` when the constant says it.
    pub fn unit(self) -> Unit {
        match self {
            StepValue::Constant(amount) => amount.unit,
            StepValue::Watts => Unit::Watts,
            StepValue::PercentOfPower | StepValue::PercentOfChargePower => Unit::Ratio,
        }
    }

    /// It depends on the power asked for.
    pub fn is_power(self) -> bool {
        match self {
            StepValue::Constant(_) => false,
            StepValue::Watts | StepValue::PercentOfPower | StepValue::PercentOfChargePower => true,
        }
    }
}

impl fmt::Display for StepValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StepValue::Constant(amount) => amount.fmt(f),
            StepValue::Watts => f.write_str(Self::WATTS),
            StepValue::PercentOfPower => f.write_str(Self::OF_POWER),
            StepValue::PercentOfChargePower => f.write_str(Self::OF_CHARGE_POWER),
        }
    }
}

fn amount_of(text: &str) -> Result<Amount, String> {
    Amount::with_unit(text).ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        format!(
            "\"{shown}\" is neither a number nor a quantity in W, V, Hz, % or s; write e.g. 1, \"0.1 V\" or \"1 %\""
        )
    })
}

fn step_of(text: &str) -> Result<StepValue, String> {
    match text {
        StepValue::WATTS => Ok(StepValue::Watts),
        StepValue::OF_POWER => Ok(StepValue::PercentOfPower),
        StepValue::OF_CHARGE_POWER => Ok(StepValue::PercentOfChargePower),
        constant => amount_of(constant).map(StepValue::Constant).map_err(|_| {
            let shown: String = constant.chars().take(40).collect();
            format!(
                "\"{shown}\" cannot be written; give a number, a quantity in W, V, Hz, % or s, or one of {}, {}, {}",
                StepValue::WATTS,
                StepValue::OF_POWER,
                StepValue::OF_CHARGE_POWER
            )
        }),
    }
}

/// Numbers and texts of either type.
struct Either<T> {
    plain: fn(f64) -> T,
    text: fn(&str) -> Result<T, String>,
}

impl<T> Visitor<'_> for Either<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or a quantity with its unit")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        Ok((self.plain)(number as f64))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        Ok((self.plain)(number as f64))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<T, E> {
        Ok((self.plain)(number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.text)(text).map_err(E::custom)
    }
}

macro_rules! written {
    ($name:ident, $plain:expr, $text:expr, $describe:literal) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match $name::number(self) {
                    Some(number) => serializer.serialize_f64(number),
                    None => serializer.collect_str(self),
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Either {
                    plain: $plain,
                    text: $text,
                })
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": ["number", "string"], "description": $describe})
            }
        }
    };
}

impl Amount {
    fn number(&self) -> Option<f64> {
        (self.unit == Unit::None).then_some(self.value)
    }
}

impl StepValue {
    fn number(&self) -> Option<f64> {
        match self {
            StepValue::Constant(amount) => amount.number(),
            StepValue::Watts | StepValue::PercentOfPower | StepValue::PercentOfChargePower => None,
        }
    }
}

written!(
    Amount,
    Amount::plain,
    amount_of,
    "a plain number, or a quantity in W, V, Hz, % or s"
);
written!(
    StepValue,
    |number| StepValue::Constant(Amount::plain(number)),
    step_of,
    "a plain number, a quantity in W, V, Hz, % or s, or one of watts, percent-of-power, percent-of-charge-power"
);
