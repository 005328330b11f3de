//! Loads and contacts: island load with its switches, back-up load, relay banks.

use super::Instrument;
use crate::error::InstrumentResult;

/// Branches of a parallel RLC load at the bank's reference voltage and frequency; 0 = open.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RlcPower {
    /// Active power of R, W.
    pub r_watts: f64,
    /// Inductive reactive power of L, var ≥ 0.
    pub l_vars: f64,
    /// Capacitive reactive power of C, var ≥ 0.
    pub c_vars: f64,
}

/// Tunable RLC bank with the grid switch S1 and the load switch S2.
#[async_trait::async_trait(?Send)]
pub trait RlcLoad: Instrument {
    /// Voltage (V) and frequency (Hz) at which [`RlcPower`] is meant.
    fn reference(&self) -> (f64, f64);
    /// Smallest step of a branch, W or var; requests are rounded to it.
    fn resolution(&self) -> f64;
    /// Set the three branches. Switch states unchanged.
    async fn set(&mut self, power: RlcPower) -> InstrumentResult<()>;
    /// Close or open S1 between the grid source and the PCC. On return the contact has moved.
    async fn grid_switch(&mut self, closed: bool) -> InstrumentResult<()>;
    /// Close or open S2 between the PCC and the load. On return the contact has moved.
    async fn load_switch(&mut self, closed: bool) -> InstrumentResult<()>;
}

/// Bank of relay contacts, numbered from 0.
#[async_trait::async_trait(?Send)]
pub trait RelayBank: Instrument {
    /// Number of relays.
    fn relays(&self) -> usize;
    /// Set all relays at once (`true` = closed); as many values as [`RelayBank::relays`].
    async fn set_all(&mut self, closed: &[bool]) -> InstrumentResult<()>;
    /// Read the contacts back.
    async fn states(&mut self) -> InstrumentResult<Vec<bool>>;
}
