//! Instrument roles with their contracts, transports, and drivers for named models.
//!
//! A procedure knows roles only ([`roles`]); a driver speaks one protocol to one family of
//! instruments; a transport moves bytes. Drivers never read a clock of their own: pacing goes
//! through [`clock::Clock`], so that the emulated bench runs them in virtual time.

#![forbid(unsafe_code)]

pub mod clock;
pub mod drivers;
pub mod error;
pub mod factory;
pub mod roles;
pub mod transport;
