//! What belongs to one connection and not to the instrument.

use std::collections::VecDeque;

use gridproof_plant::Nanos;

use crate::devices::bms::slcan::Adapter;
use crate::scpi::Fault;
use crate::scpi::message::Unit;

/// Buffers of one connection. The instrument outlives it.
#[derive(Debug, Default)]
pub(crate) struct Session {
    /// Bytes received and not yet used.
    pub(crate) input: Vec<u8>,
    /// Bytes to send.
    pub(crate) output: Vec<u8>,
    /// Inside a message that is too long, until its terminator.
    pub(crate) discarding: bool,
    /// Units of the present message still to be carried out.
    pub(crate) units: VecDeque<Result<Unit, Fault>>,
    /// Replies of the present message so far.
    pub(crate) replies: Vec<Vec<u8>>,
    /// A message is being carried out (its units may wait for the instrument).
    pub(crate) in_message: bool,
    /// The unit at the front waits for the instrument.
    pub(crate) waiting: bool,
    /// Bytes of a frame that has not ended, and when the last of them came.
    pub(crate) unfinished: (usize, Nanos),
    /// The CAN adapter that this connection is, if it is one.
    pub(crate) adapter: Adapter,
}
