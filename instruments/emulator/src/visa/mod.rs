//! VISA's message-based protocols in front of the instruments: HiSLIP (IVI-6.1) and VXI-11.
//!
//! A raw socket has no END, no status byte and no device clear; these have. Both are gateways: a
//! [`Link`] is a connection to the instrument like any other, so that faults of its wire, pauses
//! and waits are the same however it is reached.

pub(crate) mod hislip;
mod link;
mod locks;
pub(crate) mod vxi11;

pub(crate) use link::Link;
pub(crate) use locks::Locks;
