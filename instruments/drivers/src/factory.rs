//! From a model name and what the bench knows about it to a driver behind its role.

use std::rc::Rc;

use crate::clock::Clock;
use crate::drivers::{
    Adam6060, Chroma61845, Chroma61845Params, ChromaA800067, ChromaA800067Params, EspecP300,
    ItechIt6000c, ItechIt6000cParams, RegisterMap, RegisterMapParams, SajAs1, SajAs1Params,
    SunSpec, SunSpecParams, TerraSas, TerraSasParams, YokogawaDl850, YokogawaDl850Params,
    YokogawaWt3000, YokogawaWt3000Params,
};
use crate::roles::{
    BatterySource, Chamber, DutInterface, GridSource, Instrument, PowerAnalyser, PvSource,
    RelayBank, RlcLoad, WaveformRecorder,
};
use crate::transport::Link;

/// An instrument model with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub enum DriverSpec {
    /// Grid source.
    Chroma61845(Chroma61845Params),
    /// PV source.
    TerraSas(TerraSasParams),
    /// Battery source.
    ItechIt6000c(ItechIt6000cParams),
    /// RLC load.
    ChromaA800067(ChromaA800067Params),
    /// Relay bank.
    Adam6060,
    /// Power analyser.
    YokogawaWt3000(YokogawaWt3000Params),
    /// Waveform recorder.
    YokogawaDl850(YokogawaDl850Params),
    /// Climatic chamber.
    EspecP300,
    /// DUT interface by SunSpec.
    SunSpec(SunSpecParams),
    /// DUT interface of the SAJ AS1.
    SajAs1(SajAs1Params),
    /// DUT interface of a register file.
    RegisterMap(Box<RegisterMapParams>),
}

/// A driver behind its role.
pub enum RoleObject {
    /// Grid source.
    Grid(Box<dyn GridSource>),
    /// PV source.
    Pv(Box<dyn PvSource>),
    /// Battery source.
    Battery(Box<dyn BatterySource>),
    /// RLC load.
    Load(Box<dyn RlcLoad>),
    /// Relay bank.
    Relays(Box<dyn RelayBank>),
    /// Power analyser.
    Analyser(Box<dyn PowerAnalyser>),
    /// Waveform recorder.
    Recorder(Box<dyn WaveformRecorder>),
    /// Climatic chamber.
    Chamber(Box<dyn Chamber>),
    /// DUT interface.
    Dut(Box<dyn DutInterface>),
}

impl RoleObject {
    /// What all roles have in common.
    pub fn instrument(&mut self) -> &mut dyn Instrument {
        match self {
            RoleObject::Grid(object) => object.as_mut(),
            RoleObject::Pv(object) => object.as_mut(),
            RoleObject::Battery(object) => object.as_mut(),
            RoleObject::Load(object) => object.as_mut(),
            RoleObject::Relays(object) => object.as_mut(),
            RoleObject::Analyser(object) => object.as_mut(),
            RoleObject::Recorder(object) => object.as_mut(),
            RoleObject::Chamber(object) => object.as_mut(),
            RoleObject::Dut(object) => object.as_mut(),
        }
    }
}

/// Attach the driver for `spec` to `link`. Sends nothing.
pub fn build(spec: DriverSpec, name: String, link: Link, clock: Rc<dyn Clock>) -> RoleObject {
    match spec {
        DriverSpec::Chroma61845(params) => {
            RoleObject::Grid(Box::new(Chroma61845::new(name, link, clock, params)))
        }
        DriverSpec::TerraSas(params) => {
            RoleObject::Pv(Box::new(TerraSas::new(name, link, clock, params)))
        }
        DriverSpec::ItechIt6000c(params) => {
            RoleObject::Battery(Box::new(ItechIt6000c::new(name, link, clock, params)))
        }
        DriverSpec::ChromaA800067(params) => {
            RoleObject::Load(Box::new(ChromaA800067::new(name, link, clock, params)))
        }
        DriverSpec::Adam6060 => RoleObject::Relays(Box::new(Adam6060::new(name, link, clock))),
        DriverSpec::YokogawaWt3000(params) => {
            RoleObject::Analyser(Box::new(YokogawaWt3000::new(name, link, clock, params)))
        }
        DriverSpec::YokogawaDl850(params) => {
            RoleObject::Recorder(Box::new(YokogawaDl850::new(name, link, clock, params)))
        }
        DriverSpec::EspecP300 => RoleObject::Chamber(Box::new(EspecP300::new(name, link, clock))),
        DriverSpec::SunSpec(params) => {
            RoleObject::Dut(Box::new(SunSpec::new(name, link, clock, params)))
        }
        DriverSpec::SajAs1(params) => {
            RoleObject::Dut(Box::new(SajAs1::new(name, link, clock, params)))
        }
        DriverSpec::RegisterMap(params) => {
            RoleObject::Dut(Box::new(RegisterMap::new(name, link, clock, *params)))
        }
    }
}
