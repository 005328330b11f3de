//! Points: one value in the map, where it is and how it is stored.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::amount::Amount;

/// One value in the map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Address as it goes over the wire, from 0: register "40001" of some manuals is address 0.
    #[schemars(range(max = 65535))]
    pub address: u32,
    /// Table it is in.
    #[serde(default)]
    pub table: Table,
    /// How it is stored.
    #[serde(rename = "type")]
    pub kind: PointType,
    /// Which word of two comes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<WordOrder>,
    /// What one step is worth; 1 without a unit where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<Amount>,
    /// Registers of a string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u16>,
}

impl Point {
    /// How many registers it takes.
    pub fn registers(&self) -> u16 {
        match self.kind {
            PointType::U16 | PointType::I16 => 1,
            PointType::U32 | PointType::I32 | PointType::F32 => 2,
            PointType::String => self.length.unwrap_or(1),
        }
    }

    /// What one step is worth.
    pub fn step(&self) -> Amount {
        self.scale.unwrap_or(Amount::plain(1.0))
    }

    /// `value`, in the unit of the point, in whole steps of it; `None` when the type cannot hold
    /// it. Floats are not rounded.
    pub fn steps(&self, value: f64) -> Option<f64> {
        let steps = value / self.step().value;
        let (least, most) = match self.kind {
            PointType::U16 => (0.0, f64::from(u16::MAX)),
            PointType::I16 => (f64::from(i16::MIN), f64::from(i16::MAX)),
            PointType::U32 => (0.0, f64::from(u32::MAX)),
            PointType::I32 => (f64::from(i32::MIN), f64::from(i32::MAX)),
            PointType::F32 => (f64::from(f32::MIN), f64::from(f32::MAX)),
            PointType::String => return None,
        };
        let steps = if self.kind == PointType::F32 {
            steps
        } else {
            steps.round()
        };
        (least..=most).contains(&steps).then_some(steps)
    }
}

/// Table of a Modbus device.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Table {
    /// Holding registers, function code 3.
    #[default]
    Holding,
    /// Input registers, function code 4; cannot be written.
    Input,
}

/// How a value is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PointType {
    /// Unsigned, one register.
    U16,
    /// Two's complement, one register.
    I16,
    /// Unsigned, two registers.
    U32,
    /// Two's complement, two registers.
    I32,
    /// IEEE 754 single precision, two registers.
    F32,
    /// Two characters per register, the first in the high byte, padded with NUL or blanks.
    String,
}

impl PointType {
    /// The word it is written as.
    pub fn word(self) -> &'static str {
        match self {
            PointType::U16 => "u16",
            PointType::I16 => "i16",
            PointType::U32 => "u32",
            PointType::I32 => "i32",
            PointType::F32 => "f32",
            PointType::String => "string",
        }
    }
}

/// Order of the two registers of a 32-bit value; bytes inside a register are always high first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WordOrder {
    /// High word first.
    #[default]
    Big,
    /// Low word first.
    Little,
}
