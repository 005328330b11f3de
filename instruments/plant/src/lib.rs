//! Physics of the emulated bench: grid source, line, island load, inverter under test, its
//! back-up port, PV, battery and thermal node. Pure, deterministic to the bit, no I/O, no clock.
//!
//! Time is an integer number of nanoseconds since the bench was powered ([`Nanos`]). Signs:
//! P > 0 and Q > 0 are injected by the DUT into the grid; Q > 0 is over-excited (raises voltage).
//! Everything is in SI units, voltages and currents are RMS unless a name says otherwise.

#![forbid(unsafe_code)]

mod actions;
mod ahead;
mod antiislanding;
mod battery;
mod bench;
mod breaker;
mod capture;
pub mod config;
mod cruise;
mod current_control;
mod dc_link;
mod derating;
mod detector;
mod dispatch;
mod drm;
mod dut;
mod dwell;
mod energy;
mod expm;
mod fault;
mod filter;
mod frequency;
mod functions;
mod gridforming;
mod heat;
pub mod input;
mod meter;
mod network;
mod night;
mod output_quality;
mod phasor;
mod plant;
mod protection;
mod pv;
mod quasi_static;
mod response;
mod rest;
mod rms;
mod rng;
mod self_guard;
pub mod signal;
mod site;
mod sogi_pll;
mod source;
mod standstill;
mod state;
mod stuck;
pub mod trig;
mod view;
mod waveform;
mod working;

pub use battery::{Guard, PackView};
pub use capture::CaptureError;
pub use energy::Energy;
pub use fault::Fault;
pub use plant::Plant;
pub use site::{SiteFlow, SiteFlows};
pub use state::{BatterySetPoint, LoadSetPoint, PvPoints, SetPoints};
pub use stuck::{Contact, Stuck};
pub use view::DutView;

/// Nanoseconds since the bench was powered.
pub type Nanos = u64;
