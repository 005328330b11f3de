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
    /// Setting the volt-var curve and its response time.
    VoltVarCurve,
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

/// A volt-var curve as a DUT is told it.
#[derive(Debug, Clone, PartialEq)]
pub struct VoltVarCurve {
    /// (voltage in pu of nominal, reactive power in pu of rated apparent power), ascending in
    /// voltage, at least two; constant beyond the ends.
    pub points: Vec<(f64, f64)>,
    /// Open-loop response time to 90 %, s.
    pub response_s: f64,
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
    /// The volt-var curve in force.
    async fn volt_var_curve(&mut self) -> InstrumentResult<VoltVarCurve> {
        Err(unsupported("reading the volt-var curve".into()))
    }
    /// Put a volt-var curve into force; whether the response is on does not change. Returns only
    /// when the DUT says that this curve is in force.
    async fn set_volt_var_curve(&mut self, curve: &VoltVarCurve) -> InstrumentResult<()> {
        Err(unsupported(format!("volt-var curve {curve:?}")))
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
