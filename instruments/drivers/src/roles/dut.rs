//! The interface of the device under test.

use super::Instrument;
use crate::error::{InstrumentError, InstrumentResult};

/// What a DUT interface can be told. A procedure that needs a missing one is refused at `check`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DutCapability {
    /// Active power set-point or limit.
    ActivePower,
    /// Charging from the grid.
    Charge,
    /// Switching the volt-var response.
    VoltVar,
    /// Switching the volt-watt response.
    VoltWatt,
    /// Connect and disconnect.
    Connect,
}

/// Operating state as the DUT reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DutMode {
    /// Off, standby or initialising.
    Standby,
    /// Waiting for a healthy grid.
    Waiting,
    /// Feeding or drawing at the grid port.
    Grid,
    /// Feeding the back-up port without grid.
    Backup,
    /// Fault.
    Fault,
}

/// What the DUT says of itself; never evidence for a verdict.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DutStatus {
    /// State.
    pub mode: DutMode,
    /// W at the grid port, > 0 injected.
    pub watts: f64,
    /// V at the grid port.
    pub volts: f64,
    /// Hz.
    pub hertz: f64,
}

/// The DUT's own control interface (SunSpec, the maker's register map). Methods without a default
/// are mandatory; the others are refused as unsupported unless the driver has them.
#[async_trait::async_trait(?Send)]
pub trait DutInterface: Instrument {
    /// What this interface can do.
    fn capabilities(&self) -> &[DutCapability];
    /// Read the state.
    async fn status(&mut self) -> InstrumentResult<DutStatus>;
    /// Active power at the grid port, W: > 0 feed (limit when a PV source drives the DUT),
    /// < 0 charge.
    async fn set_active_power(&mut self, watts: f64) -> InstrumentResult<()>;
    /// Permit or forbid connection to the grid.
    async fn connect(&mut self, permitted: bool) -> InstrumentResult<()> {
        Err(unsupported(format!("connect({permitted})")))
    }
    /// Switch the volt-var response.
    async fn volt_var(&mut self, enabled: bool) -> InstrumentResult<()> {
        Err(unsupported(format!("volt_var({enabled})")))
    }
    /// Switch the volt-watt response.
    async fn volt_watt(&mut self, enabled: bool) -> InstrumentResult<()> {
        Err(unsupported(format!("volt_watt({enabled})")))
    }
}

fn unsupported(capability: String) -> InstrumentError {
    InstrumentError::Unsupported {
        instrument: "dut".into(),
        capability,
    }
}
