//! Accuracy of measuring instruments, as their data sheets state it.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::quantity::{Kelvins, Ratio, Seconds};

/// ± of reading + of range.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccuracyOf {
    /// Fraction of the reading.
    pub reading: Ratio,
    /// Fraction of the range.
    pub range: Ratio,
}

/// Accuracy by quantity. Which entries are needed depends on the role.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AccuracyTable {
    /// Voltage; analyser and recorder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voltage: Option<AccuracyOf>,
    /// Current; analyser and recorder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<AccuracyOf>,
    /// Active power; analyser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power: Option<AccuracyOf>,
    /// Frequency, of reading; analyser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frequency: Option<Ratio>,
    /// Sample clock; recorder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<Ratio>,
    /// Skew between channels; recorder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skew: Option<Seconds>,
    /// Lag of the auxiliary contact of S1 behind its poles, ±; recorder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_lag: Option<Seconds>,
}

/// Accuracy of an instrument.
#[derive(Debug, Clone, PartialEq)]
pub enum Accuracy {
    /// Temperature at the DUT, ±; chamber.
    Temperature(Kelvins),
    /// By quantity; analyser and recorder.
    Table(AccuracyTable),
}

impl Accuracy {
    /// The table, if it is one.
    pub fn table(&self) -> Option<&AccuracyTable> {
        match self {
            Accuracy::Table(table) => Some(table),
            Accuracy::Temperature(_) => None,
        }
    }
}

impl Serialize for Accuracy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Accuracy::Temperature(kelvins) => kelvins.serialize(serializer),
            Accuracy::Table(table) => table.serialize(serializer),
        }
    }
}

struct AccuracyVisitor;

impl<'de> Visitor<'de> for AccuracyVisitor {
    type Value = Accuracy;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of accuracies, or a value in K for a chamber")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Accuracy, E> {
        text.parse().map(Accuracy::Temperature).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Accuracy, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Accuracy, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Accuracy, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Accuracy, A::Error> {
        AccuracyTable::deserialize(MapAccessDeserializer::new(map)).map(Accuracy::Table)
    }
}

impl<'de> Deserialize<'de> for Accuracy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AccuracyVisitor)
    }
}

impl JsonSchema for Accuracy {
    fn schema_name() -> Cow<'static, str> {
        "Accuracy".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let kelvins = generator.subschema_for::<Kelvins>();
        let table = generator.subschema_for::<AccuracyTable>();
        json_schema!({ "anyOf": [table, kelvins] })
    }
}
