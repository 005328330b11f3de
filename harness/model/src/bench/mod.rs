//! Benches: which instruments stand where, what may be commanded, and how to make it all safe.

mod accuracy;
mod address;
mod chain;
mod instrument;
mod output;
mod specs;

use std::collections::BTreeMap;
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::quantity::{Amps, Celsius, Henries, Hertz, Ohms, Seconds, Volts, Watts};

pub use accuracy::{Accuracy, AccuracyOf, AccuracyTable};
pub use address::{Address, AddressError};
pub use chain::{AntiAlias, ChannelSensor, Converter, FilterShape};
pub use instrument::{InstrumentEntry, Model, Ranges, RecorderChannel, Role};
pub use output::{GridOutput, LoadBranches};
pub use specs::SpecsError;

/// A bench.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bench {
    /// Identifier, also the stem of its file.
    pub bench: String,
    /// One line.
    pub title: String,
    /// Emulated or real.
    pub environment: Environment,
    /// Impedance between the grid simulator and the DUT.
    pub line: LineImpedance,
    /// Temperature of the room.
    pub ambient: Celsius,
    /// Instruments by the name used in events and reports.
    pub instruments: BTreeMap<String, InstrumentEntry>,
    /// Which pins of the DUT's DRM port each relay shorts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drm_wiring: Vec<DrmWire>,
    /// What may be commanded at all.
    pub envelope: Envelope,
    /// Order of de-energising.
    pub safe_state: Vec<SafeStateItem>,
}

impl Bench {
    /// The instruments of a role with their names, in order of name.
    pub fn with_role(&self, role: Role) -> impl Iterator<Item = (&str, &InstrumentEntry)> {
        self.instruments
            .iter()
            .filter(move |(_, entry)| entry.role == role)
            .map(|(name, entry)| (name.as_str(), entry))
    }

    /// Every PV simulator with the inputs of the DUT that it is wired to, counted from 0: the first in
    /// the order of names to the first ones.
    pub fn pv_wiring(&self) -> Vec<(&str, Range<usize>)> {
        let mut next = 0;
        let wired = self.with_role(Role::PvSource).map(|(name, entry)| {
            let first = next;
            next += usize::from(entry.inputs.unwrap_or(1));
            (name, first..next)
        });
        wired.collect()
    }
}

/// Emulated or real.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Environment {
    /// Servers over a simulated plant, in virtual time.
    Emulated,
    /// Hardware, in wall-clock time.
    Real,
}

impl Environment {
    /// The word used in bench files.
    pub fn word(self) -> &'static str {
        match self {
            Environment::Emulated => "emulated",
            Environment::Real => "real",
        }
    }
}

impl std::fmt::Display for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}

/// A series impedance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineImpedance {
    /// Resistance.
    pub r: Ohms,
    /// Inductance.
    pub l: Henries,
}

/// One relay of the DRM wiring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DrmWire {
    /// Name of the relay bank among the instruments.
    pub bank: String,
    /// Relay, from 0.
    pub relay: u8,
    /// The two pins it shorts.
    pub pins: (u8, u8),
}

/// What may be commanded at all, joined with the ratings of the DUT.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// Voltage of the grid simulator, from–to.
    pub grid_voltage: (Volts, Volts),
    /// Frequency of the grid simulator, from–to.
    pub grid_frequency: (Hertz, Hertz),
    /// Current of the grid simulator.
    pub grid_current: Amps,
    /// Voltage of every output of a PV simulator.
    pub pv_voltage: Volts,
    /// Current of every output of a PV simulator.
    pub pv_current: Amps,
    /// Voltage of the battery simulator.
    pub battery_voltage: Volts,
    /// Current of the battery simulator.
    pub battery_current: Amps,
    /// Power of the islanding load.
    pub island_load: Watts,
    /// Temperature of the chamber, from–to.
    pub ambient: (Celsius, Celsius),
}

/// One item of the de-energising sequence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SafeStateItem {
    /// Name among the instruments.
    pub instrument: String,
    /// Time it may take, with its proof.
    pub within: Seconds,
}
