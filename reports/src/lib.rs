//! Reports of a judged run: HTML with plots, JUnit, JSON and the terminal summary.
//!
//! Every renderer is a pure function of [`RunResults`](gridproof_model::result::RunResults),
//! [`RunInfo`] and the recordings: no clock, no network, no files. A report repeats verdicts, it
//! never computes one.
//!
//! What the plots expect of the judge: `Instant::t_s` counts from the first sample of its capture;
//! limits count from the instants `S1 opens`, `voltage departs`, `event`, `voltage steps` and
//! `mode asserted` of their procedures, else from the earliest; in a series over time x = 0 is the
//! stimulus. Other names are shown as they are.

#![forbid(unsafe_code)]

mod error;
mod figure;
pub mod html;
pub mod info;
pub mod json;
pub mod junit;
mod number;
mod plot;
mod source;
pub mod summary;
pub mod traces;
mod view;

pub use error::ReportError;
pub use info::RunInfo;
pub use source::{CaptureSource, NoCaptures};
