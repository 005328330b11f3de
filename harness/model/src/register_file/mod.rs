//! Register files: how an inverter with any Modbus map is identified, read and commanded, written
//! by a lab from the maker's documents.

mod amount;
mod point;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use amount::{Amount, StepValue, Unit};
pub use point::{Point, PointType, Table, WordOrder};

use crate::located::Located;
use crate::quantity::{Seconds, Watts};

/// Most registers of one read, by the Modbus specification.
pub const MOST_REGISTERS: u16 = 125;

/// The Modbus registers of a product and what the harness does with them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterFile {
    /// Identifier, also the stem of its file.
    pub registers: String,
    /// One line.
    pub title: String,
    /// Document the registers were taken from.
    pub source: String,
    /// Framing of the link.
    pub protocol: Located<ModbusProtocol>,
    /// Most registers the product answers in one read.
    #[serde(default = "most_registers")]
    pub max_read: u16,
    /// Silence the product needs between a reply and the next request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<Seconds>,
    /// Function code for a single register; two registers always go with code 16.
    #[serde(default)]
    pub write_code: WriteCode,
    /// Registers by name.
    #[serde(default)]
    pub points: BTreeMap<String, Point>,
    /// Points that say which unit this is, in the order they are shown.
    pub identify: Vec<String>,
    /// Points that tell the state.
    pub status: StatusPoints,
    /// What makes the unit ready for commands, once per test; must not energise anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub initialise: Vec<Step>,
    /// Active power at the grid port.
    pub set_active_power: ActivePower,
    /// Permission to connect to the grid.
    pub connect: Connect,
    /// The volt-var response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volt_var: Option<Switch>,
    /// The volt-watt response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volt_watt: Option<Switch>,
    /// What counts as proof that the unit is off after `forbid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe: Option<Safe>,
}

fn most_registers() -> u16 {
    MOST_REGISTERS
}

impl RegisterFile {
    /// Every list of steps with the keys it is written under.
    pub fn operations(&self) -> Vec<(&'static [&'static str], &[Step])> {
        let mut all: Vec<(&'static [&'static str], &[Step])> = vec![
            (&["initialise"], &self.initialise),
            (&["set_active_power", "feed"], &self.set_active_power.feed),
            (&["connect", "permit"], &self.connect.permit),
            (&["connect", "forbid"], &self.connect.forbid),
        ];
        if let Some(charge) = &self.set_active_power.charge {
            all.push((&["set_active_power", "charge"], charge));
        }
        if let Some(switch) = &self.volt_var {
            all.push((&["volt_var", "on"], &switch.on));
            all.push((&["volt_var", "off"], &switch.off));
        }
        if let Some(switch) = &self.volt_watt {
            all.push((&["volt_watt", "on"], &switch.on));
            all.push((&["volt_watt", "off"], &switch.off));
        }
        all
    }
}

/// Framing of the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ModbusProtocol {
    /// Modbus TCP.
    ModbusTcp,
    /// Modbus RTU on a serial line, also through a transparent gateway.
    ModbusRtu,
}

/// Function code for writing a single register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WriteCode {
    /// Write single register.
    Fc06,
    /// Write multiple registers.
    #[default]
    Fc16,
}

/// Which direction of power counts as positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// Into the grid.
    Injected,
    /// Out of the grid.
    Drawn,
}

/// Points that tell the state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusPoints {
    /// Operating state.
    pub mode: Mode,
    /// Active power at the grid port.
    pub watts: Power,
    /// Point with the voltage at the grid port.
    pub volts: String,
    /// Point with the frequency at the grid port.
    pub hertz: String,
}

/// Codes of the operating state. A code in none of the lists is refused when it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mode {
    /// Point with the code.
    pub point: String,
    /// Off, standby or initialising.
    pub standby: Vec<i64>,
    /// Waiting for a healthy grid.
    #[serde(default)]
    pub waiting: Vec<i64>,
    /// Feeding or drawing at the grid port.
    pub grid: Vec<i64>,
    /// Feeding the back-up port without grid.
    #[serde(default)]
    pub backup: Vec<i64>,
    /// Fault.
    #[serde(default)]
    pub fault: Vec<i64>,
}

/// Active power.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Power {
    /// Point.
    pub point: String,
    /// Direction that reads positive.
    pub sign: Sign,
}

/// Active power at the grid port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActivePower {
    /// Steps to feed, or to limit what a PV source feeds.
    pub feed: Vec<Step>,
    /// Steps to charge from the grid; without them it cannot be told to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charge: Option<Vec<Step>>,
}

/// Permission to connect to the grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Connect {
    /// Steps to permit it.
    pub permit: Vec<Step>,
    /// Steps to forbid it; the first thing done to make the bench safe.
    pub forbid: Vec<Step>,
}

/// A response that can be switched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// Steps to switch it on.
    pub on: Vec<Step>,
    /// Steps to switch it off.
    pub off: Vec<Step>,
}

/// One register written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Point to write.
    pub write: String,
    /// What to write.
    pub value: StepValue,
    /// Direction that counts as positive; without it a power is written as its amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign: Option<Sign>,
    /// Wait so long afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Seconds>,
    /// Read it back after the wait; anything but what was written is an error.
    #[serde(default, skip_serializing_if = "is_false")]
    pub read_back: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}

/// What counts as off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Safe {
    /// At most so much power in either direction.
    pub power: Watts,
    /// Reached within this time.
    pub within: Seconds,
    /// What says that it is disconnected; without it the state must be neither `grid` nor `backup`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disconnected: Option<Codes>,
}

/// A point that holds one of these codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Codes {
    /// Point.
    pub point: String,
    /// Codes.
    pub codes: Vec<i64>,
}
