//! Wire servers that speak the instruments' own protocols over the plant.
//!
//! [`EmulatedBench`] holds the plant and one emulated model per instrument of a bench file. Drivers
//! connect to it exactly as they would to the real instruments: bytes over a stream, a TCP socket or
//! a pseudo-terminal. Time is virtual and moves only in [`EmulatedBench::advance_to`]. [`Server`]
//! serves the same bench to other people's clients, in real or virtual time, with a control port.
//!
//! Everything here was written from the manuals' facts alone and shares no code with the drivers:
//! a driver that is wrong in the same way as its emulator would prove nothing.

#![forbid(unsafe_code)]

mod bench;
mod connection;
mod control;
mod datagrams;
mod devices;
mod error;
mod fault_codes;
mod faults;
mod field;
mod fit;
mod modbus;
mod plant_config;
mod rng;
mod scpi;
mod serve;
mod session;
mod socketcan;
#[cfg(test)]
mod tests;
mod visa;

pub use bench::{EmulatedBench, SerialPort};
pub use control::State;
pub use error::EmulatorError;
pub use faults::{FaultPhase, FaultStatus};
pub use plant_config::plant_config;
pub use serve::{Banner, Endpoint, PATIENCE, Ports, ServeOptions, Server, Timing};
