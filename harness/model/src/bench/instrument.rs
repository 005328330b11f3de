//! One instrument of a bench.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::accuracy::Accuracy;
use super::address::Address;
use super::chain::{ChannelSensor, Converter};
use super::output::{GridOutput, LoadBranches};
use crate::capture::ChannelKind;
use crate::quantity::{Amps, RangeOf, Seconds, Volts, Watts};

/// An instrument: its role, its model, where it is, and what its role needs to know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InstrumentEntry {
    /// What it does on the bench.
    pub role: Role,
    /// What it is.
    pub model: Model,
    /// Where it is.
    pub address: Address,
    /// Output channel of a source with several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<u32>,
    /// PV inputs of the DUT that a PV simulator with several channels feeds, one by each channel from
    /// `channel` on; 1 unless stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4))]
    pub inputs: Option<u8>,
    /// Curves on the disk of a PV simulator by the name of their file: voltage and current from short
    /// circuit (0 V) to open circuit (0 A), at 1000 W/m² and 25 °C.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub curves: BTreeMap<String, Vec<(Volts, Amps)>>,
    /// Output of a grid simulator; ideal unless stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<GridOutput>,
    /// Branches of an RLC load; ideal unless stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branches: Option<LoadBranches>,
    /// Smallest step of a load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Watts>,
    /// Update interval of a power analyser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Seconds>,
    /// Longest time from the end of a power analyser's interval until its values can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Seconds>,
    /// Ranges of a power analyser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ranges: Option<Ranges>,
    /// Channels of a recorder by number.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub channels: BTreeMap<u8, RecorderChannel>,
    /// Converter of a recorder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub converter: Option<Converter>,
    /// Accuracy of a measuring instrument: a table, or one value in K for a chamber.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<Accuracy>,
}

/// What an instrument does on the bench.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// AC grid simulator with the switch S1.
    GridSource,
    /// PV simulator.
    PvSource,
    /// Battery simulator.
    BatterySource,
    /// RLC load.
    RlcLoad,
    /// Relays of the DRED.
    RelayBank,
    /// Power analyser.
    PowerAnalyser,
    /// Waveform recorder.
    Recorder,
    /// Climatic chamber.
    Chamber,
    /// Energy meter at the grid connection, read by the product under test.
    Meter,
    /// Battery management system that talks to the product under test.
    Bms,
    /// The product under test.
    Dut,
}

impl Role {
    /// The word used in bench files.
    pub fn word(self) -> &'static str {
        match self {
            Role::GridSource => "grid-source",
            Role::PvSource => "pv-source",
            Role::BatterySource => "battery-source",
            Role::RlcLoad => "rlc-load",
            Role::RelayBank => "relay-bank",
            Role::PowerAnalyser => "power-analyser",
            Role::Recorder => "recorder",
            Role::Chamber => "chamber",
            Role::Meter => "meter",
            Role::Bms => "bms",
            Role::Dut => "dut",
        }
    }

    /// Can put or keep energy on the bench, and so must be in the safe-state sequence.
    pub fn has_output(self) -> bool {
        match self {
            Role::GridSource
            | Role::PvSource
            | Role::BatterySource
            | Role::RlcLoad
            | Role::RelayBank
            | Role::Chamber
            | Role::Dut => true,
            Role::PowerAnalyser | Role::Recorder | Role::Meter | Role::Bms => false,
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}

/// What an instrument is: the driver that speaks to it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Model {
    /// Chroma 61845 grid simulator.
    #[serde(rename = "chroma-61845")]
    Chroma61845,
    /// AMETEK TerraSAS PV simulator.
    Terrasas,
    /// ITECH IT6000C battery simulator.
    #[serde(rename = "itech-it6000c")]
    ItechIt6000c,
    /// EA Elektro-Automatik PSB bidirectional supply.
    EaPsb,
    /// Chroma A800067 RLC load.
    #[serde(rename = "chroma-a800067")]
    ChromaA800067,
    /// Advantech ADAM-6060 relays.
    #[serde(rename = "adam-6060")]
    Adam6060,
    /// Yokogawa WT3000 power analyser.
    #[serde(rename = "yokogawa-wt3000")]
    YokogawaWt3000,
    /// Yokogawa DL850 recorder.
    #[serde(rename = "yokogawa-dl850")]
    YokogawaDl850,
    /// ESPEC chamber with a P300 controller.
    #[serde(rename = "espec-p300")]
    EspecP300,
    /// AMETEK (California Instruments) MX or RS grid simulator.
    #[serde(rename = "ametek-mx")]
    AmetekMx,
    /// Chroma 62000H-S solar array simulator.
    #[serde(rename = "chroma-62000h")]
    Chroma62000h,
    /// Yokogawa WT5000 power analyser.
    #[serde(rename = "yokogawa-wt5000")]
    YokogawaWt5000,
    /// Yokogawa DL950 recorder.
    #[serde(rename = "yokogawa-dl950")]
    YokogawaDl950,
    /// Tektronix MDO4000 or MSO4000 oscilloscope.
    #[serde(rename = "tektronix-mdo4000")]
    TektronixMdo4000,
    /// Weiss or Vötsch chamber with a SIMSERV interface.
    #[serde(rename = "weiss-simserv")]
    WeissSimserv,
    /// Chint DDSU666 energy meter.
    #[serde(rename = "chint-ddsu666")]
    ChintDdsu666,
    /// Eastron SDM120 energy meter.
    #[serde(rename = "eastron-sdm120")]
    EastronSdm120,
    /// Battery with the low-voltage CAN protocol of Pylontech.
    PylontechCan,
    /// Battery with the low-voltage CAN protocol of Growatt.
    GrowattCan,
    /// As the DUT profile says.
    FromProfile,
}

impl Model {
    /// The word used in bench files.
    pub fn word(self) -> &'static str {
        match self {
            Model::Chroma61845 => "chroma-61845",
            Model::Terrasas => "terrasas",
            Model::ItechIt6000c => "itech-it6000c",
            Model::EaPsb => "ea-psb",
            Model::ChromaA800067 => "chroma-a800067",
            Model::Adam6060 => "adam-6060",
            Model::YokogawaWt3000 => "yokogawa-wt3000",
            Model::YokogawaDl850 => "yokogawa-dl850",
            Model::EspecP300 => "espec-p300",
            Model::AmetekMx => "ametek-mx",
            Model::Chroma62000h => "chroma-62000h",
            Model::YokogawaWt5000 => "yokogawa-wt5000",
            Model::YokogawaDl950 => "yokogawa-dl950",
            Model::TektronixMdo4000 => "tektronix-mdo4000",
            Model::WeissSimserv => "weiss-simserv",
            Model::ChintDdsu666 => "chint-ddsu666",
            Model::EastronSdm120 => "eastron-sdm120",
            Model::PylontechCan => "pylontech-can",
            Model::GrowattCan => "growatt-can",
            Model::FromProfile => "from-profile",
        }
    }

    /// The role it can have.
    pub fn role(self) -> Role {
        match self {
            Model::Chroma61845 | Model::AmetekMx => Role::GridSource,
            Model::Terrasas | Model::Chroma62000h => Role::PvSource,
            Model::ItechIt6000c | Model::EaPsb => Role::BatterySource,
            Model::ChromaA800067 => Role::RlcLoad,
            Model::Adam6060 => Role::RelayBank,
            Model::YokogawaWt3000 | Model::YokogawaWt5000 => Role::PowerAnalyser,
            Model::YokogawaDl850 | Model::YokogawaDl950 | Model::TektronixMdo4000 => Role::Recorder,
            Model::EspecP300 | Model::WeissSimserv => Role::Chamber,
            Model::ChintDdsu666 | Model::EastronSdm120 => Role::Meter,
            Model::PylontechCan | Model::GrowattCan => Role::Bms,
            Model::FromProfile => Role::Dut,
        }
    }

    /// Whether it can be part of a run: a driver speaks to it, or no run has to, since it speaks
    /// to the DUT alone. The others exist only as emulated instruments, for clients of
    /// `gridproof emulate`.
    pub fn fits_runs(self) -> bool {
        match self {
            Model::Chroma61845
            | Model::Terrasas
            | Model::ItechIt6000c
            | Model::ChromaA800067
            | Model::Adam6060
            | Model::YokogawaWt3000
            | Model::YokogawaDl850
            | Model::EspecP300
            | Model::ChintDdsu666
            | Model::EastronSdm120
            | Model::PylontechCan
            | Model::GrowattCan
            | Model::FromProfile => true,
            Model::AmetekMx
            | Model::Chroma62000h
            | Model::EaPsb
            | Model::YokogawaWt5000
            | Model::YokogawaDl950
            | Model::TektronixMdo4000
            | Model::WeissSimserv => false,
        }
    }
}

impl std::fmt::Display for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}

/// Measuring ranges of a power analyser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ranges {
    /// Voltage range.
    pub voltage: Volts,
    /// Current range.
    pub current: Amps,
}

/// One channel of a recorder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecorderChannel {
    /// What it is connected to.
    pub signal: ChannelKind,
    /// Full scale at the sensor's input.
    pub range: RangeOf,
    /// Sensor in front of it; one without faults of its own unless stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensor: Option<ChannelSensor>,
}
