//! Physics of the emulated bench: grid source, line, island load, inverter under test, its
//! back-up port, PV, battery and thermal node. Pure, deterministic to the bit, no I/O, no clock.
//!
//! Time is an integer number of nanoseconds since the bench was powered ([`Nanos`]). Signs:
//! P > 0 and Q > 0 are injected by the DUT into the grid; Q > 0 is over-excited (raises voltage).
//! Everything is in SI units, voltages and currents are RMS unless a name says otherwise.

#![forbid(unsafe_code)]

pub mod config;
pub mod input;
pub mod signal;

/// Nanoseconds since the bench was powered.
pub type Nanos = u64;
