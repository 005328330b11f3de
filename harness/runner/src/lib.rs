//! From a plan to a judged record: catalogue, campaign, procedures, clock, envelope, safe state,
//! journal.
//!
//! ```text
//! plan + DUT + grid codes + bench ──campaign──► cases ──run──► record ──judge──► results
//! ```
//! The only way out of a running campaign is [`gridproof_model::event::Event`].

#![forbid(unsafe_code)]

pub mod campaign;
pub mod catalog;
pub mod clock;
mod context;
mod envelope;
mod error;
mod expand;
pub mod header;
mod journal;
pub mod missing;
mod open;
mod procedures;
mod registers;
pub mod rejudge;
mod rig;
pub mod run;
mod safe_state;
mod schedule;
mod share;
pub mod stop;
pub mod stored;
mod unit;

pub use error::RunError;
