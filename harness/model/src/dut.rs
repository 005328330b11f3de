//! DUT profiles: what the maker's documents state of a product, and how the emulated unit behaves.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::behaviour::Behaviour;
use crate::case;
use crate::dut_fault::DutFault;
use crate::located::Located;
use crate::quantity::{AmpHours, Amps, Celsius, Hertz, Ratio, Seconds, VoltAmps, Volts, Watts};
use crate::verdict::Mark;

/// A product under test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DutProfile {
    /// Identifier, also the stem of its file.
    pub dut: String,
    /// Maker.
    pub maker: String,
    /// Type designation.
    pub model: String,
    /// Family of product.
    pub kind: DutKind,
    /// Document the figures were taken from.
    pub source: String,
    /// Ratings of the grid port.
    pub ratings: DutRatings,
    /// Parts it has of which the documents give no figures: tests that need them do not apply.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unstated: Vec<Part>,
    /// PV inputs, if it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pv: Option<PvInput>,
    /// Battery input, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub battery: Option<BatteryInput>,
    /// Back-up port, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<BackupPort>,
    /// Ambient temperatures.
    #[serde(default)]
    pub temperature: Temperature,
    /// Demand-response port, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drm: Option<DrmPort>,
    /// Codes with which it names its faults, as far as the documents list them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fault_codes: BTreeMap<DutFault, u16>,
    /// Grid codes the documents state.
    pub grid_codes: Vec<String>,
    /// How it is controlled.
    pub interface: Interface,
    /// How the emulated unit behaves; never used on a real bench, never a source of limits.
    #[serde(default)]
    pub behaviour: Behaviour,
}

impl DutProfile {
    /// Number of PV inputs; 0 without a PV input whose figures are stated.
    pub fn pv_inputs(&self) -> u8 {
        self.pv.as_ref().map_or(0, |pv| pv.inputs.unwrap_or(1))
    }

    /// The ratings in the form the judge needs. Rated current is rated power over rated voltage.
    pub fn case_ratings(&self) -> case::Ratings {
        let ratings = &self.ratings;
        case::Ratings {
            nominal_v: ratings.voltage.0,
            nominal_hz: ratings.frequency.0,
            rated_w: ratings.power.0,
            rated_va: ratings.apparent_va(),
            rated_a: ratings.power.0 / ratings.voltage.0,
            rated_charge_w: ratings.charge_power.map_or(0.0, |power| power.0),
            rated_backup_w: self.backup.as_ref().map_or(0.0, |backup| backup.power.0),
        }
    }
}

/// Family of product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DutKind {
    /// PV and battery behind one inverter.
    Hybrid,
    /// Battery inverter beside an existing PV system.
    AcCoupled,
}

/// A part of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// PV input; it stays disconnected.
    Pv,
    /// The maker's own battery in the unit; no other may be connected.
    Battery,
}

/// Ratings of the grid port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DutRatings {
    /// Rated active power.
    pub power: Watts,
    /// Largest apparent power, if stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apparent_power: Option<VoltAmps>,
    /// Largest output current, if stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_current: Option<Amps>,
    /// Nominal voltage.
    pub voltage: Volts,
    /// Nominal frequency.
    pub frequency: Hertz,
    /// Largest power drawn from the grid to charge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charge_power: Option<Watts>,
    /// Largest reactive power, of apparent power; all of it when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reactive_power: Option<Ratio>,
}

impl DutRatings {
    /// Largest apparent power, VA; not less than the rated power where none is stated.
    #[must_use]
    pub fn apparent_va(&self) -> f64 {
        self.apparent_power.map_or(self.power.0, |power| power.0)
    }
}

/// PV inputs, all alike: every figure is that of one input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PvInput {
    /// Number of inputs with a tracker each; 1 unless stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4))]
    pub inputs: Option<u8>,
    /// Largest open-circuit voltage.
    pub max_voltage: Volts,
    /// Range of the MPP tracker, from–to.
    pub mppt_voltage: (Volts, Volts),
    /// Rated voltage.
    pub rated_voltage: Volts,
    /// Largest operating current.
    pub max_current: Amps,
    /// Largest short-circuit current.
    pub max_short_circuit_current: Amps,
}

/// Battery input and the battery fitted on the bench.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatteryInput {
    /// Nominal voltage.
    pub nominal_voltage: Volts,
    /// Operating range, from–to.
    pub voltage_range: (Volts, Volts),
    /// Largest charging current.
    pub max_charge_current: Amps,
    /// Largest discharging current.
    pub max_discharge_current: Amps,
    /// Capacity of the battery fitted.
    pub capacity: AmpHours,
}

/// Back-up port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupPort {
    /// Rated active power.
    pub power: Watts,
    /// Rated apparent power.
    pub apparent_power: VoltAmps,
    /// Largest output current.
    pub max_current: Amps,
    /// Stated transfer time, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_time: Option<StatedLimit<Seconds>>,
}

/// A limit stated by the maker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatedLimit<T> {
    /// Largest permitted value.
    pub max: T,
    /// How well it is founded.
    pub mark: Mark,
    /// Where it is stated.
    pub source: String,
}

/// A value stated by the maker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatedValue<T> {
    /// The value.
    pub value: T,
    /// How well it is founded.
    pub mark: Mark,
    /// Where it is stated.
    pub source: String,
}

/// Ambient temperatures.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Temperature {
    /// Operating range, from–to, if stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operating: Option<(Celsius, Celsius)>,
    /// Temperature up to which full power is promised, if stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derating_start: Option<StatedValue<Celsius>>,
}

/// Demand-response port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DrmPort {
    /// Signal on each pin.
    pub pins: BTreeMap<u8, String>,
}

/// How the DUT is controlled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Interface {
    /// Protocol.
    pub protocol: InterfaceProtocol,
    /// Register file: a shipped name, or a path from the folder of this profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Located<String>>,
    /// Modbus unit.
    pub unit: u8,
    /// Bits per second of a serial line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baud: Option<u32>,
    /// What is assumed because the maker does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assumption: Option<String>,
}

/// Protocol of the control interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InterfaceProtocol {
    /// SunSpec models over Modbus TCP.
    SunspecTcp,
    /// SAJ AS1 registers over Modbus RTU.
    #[serde(rename = "saj-as1-rtu")]
    SajAs1Rtu,
    /// What a register file says.
    RegisterFile,
}
