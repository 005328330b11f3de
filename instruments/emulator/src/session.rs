//! What belongs to one connection and not to the instrument.

use std::collections::VecDeque;

use gridproof_plant::Nanos;

use crate::devices::bms::slcan::Adapter;
use crate::scpi::Fault;
use crate::scpi::message::Unit;

/// An instrument that has this much to send does nothing more for the connection until the client
/// has taken it, bytes.
const MOST_OUTPUT: usize = 64 * 1024;

/// What a connection speaks, where an instrument takes more than one protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoken {
    /// Lines of SCPI.
    Scpi,
    /// Modbus TCP.
    Modbus,
    /// Commands in datagrams: what is in the input is one of them, as a whole.
    Datagrams,
}

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
    /// How many units at the front stand for an alias.
    pub(crate) expanded: usize,
    /// Replies of the present message so far.
    pub(crate) replies: Vec<Vec<u8>>,
    /// A message is being carried out (its units may wait for the instrument).
    pub(crate) in_message: bool,
    /// The unit at the front waits for the instrument.
    pub(crate) waiting: bool,
    /// The instrument speaks of its own accord, and is asked again whenever time has moved.
    pub(crate) listening: bool,
    /// Bytes of a frame that has not ended, and when the last of them came.
    pub(crate) unfinished: (usize, Nanos),
    /// The CAN adapter that this connection is, if it is one.
    pub(crate) adapter: Adapter,
    /// The instrument paused because the client takes nothing; it goes on when the output is gone.
    pub(crate) paused: bool,
    /// What it speaks, once that has shown; only for instruments that take several protocols.
    pub(crate) spoken: Option<Spoken>,
}

impl Session {
    /// Before each message: whether to pause until the client has taken what is there.
    pub(crate) fn pause(&mut self) -> bool {
        self.paused = self.output.len() >= MOST_OUTPUT;
        self.paused
    }
}
