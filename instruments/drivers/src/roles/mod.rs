//! Roles: what a procedure may ask of a bench. Each is a trait with a written contract.
//!
//! Every setting is confirmed by the instrument (error queue or Modbus reply) before the call
//! returns; nothing is fire and forget. `Output off` means commanded off *and* proven by a
//! reading. All values are SI; P, Q > 0 are injected by the DUT.

mod dut;
mod load;
mod measure;
mod sources;

pub use dut::*;
pub use load::*;
pub use measure::*;
pub use sources::*;

use crate::error::InstrumentResult;

/// Common to all roles.
#[async_trait::async_trait(?Send)]
pub trait Instrument {
    /// Ask the instrument who it is. Changes nothing.
    async fn identify(&mut self) -> InstrumentResult<String>;

    /// Put the instrument into the state the driver assumes (remote, headers off, ranges).
    /// Outputs stay off. To be called once after connecting.
    async fn initialise(&mut self) -> InstrumentResult<()>;

    /// De-energise: command the output off and prove it by a reading. Idempotent, callable in
    /// any state, also without `initialise`. For instruments without an output: stop and release.
    async fn make_safe(&mut self) -> InstrumentResult<SafeProof>;
}

/// The reading that shows whether an output is off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SafeProof {
    /// The reading agrees with "off".
    pub proven: bool,
    /// The reading in words: `output state 0, 0.02 V`.
    pub evidence: String,
}
