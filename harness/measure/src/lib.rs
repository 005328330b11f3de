//! Signal analysis, uncertainty and the judge of gridproof: pure, no I/O.
//!
//! Two layers. The *analysis* modules find numbers and instants in sampled waveforms and know
//! nothing of limits: [`rms`], [`zero_crossing`], [`phasor`], [`sine_fit`], [`power`], [`edge`],
//! [`run_on`], [`transfer`], [`trip_time`], [`step_response`], with [`trace`] as their view of a
//! recorded channel and [`uncertainty`] as their way to say how well a number is known. The
//! [`judge`] turns them into criteria and verdicts, one file per procedure.
//!
//! Everything here is a pure function of its arguments; no function of the platform's mathematics
//! library is used, so that a stored record judged again on another platform gives the same bytes.

#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        reason = "tests compare with the platform's"
    )
)]

pub mod analyze;
mod bent_wave;
mod continued_wave;
mod coverage_factor;
mod current_end;
pub mod curve_fit;
mod cut_end;
mod drifting_wave;
pub mod dwell;
pub mod edge;
pub mod efficiency;
mod fade;
mod fade_cut;
pub mod flicker;
pub mod frequency;
mod golden_section;
pub mod judge;
mod limit_crossing;
mod linear;
mod math;
mod noise;
mod orders;
pub mod phase_track;
pub mod phasor;
pub mod power;
pub mod power_quantities;
pub mod quality;
mod ramp_end;
pub mod ramp_rate;
mod remainder;
mod ringing;
pub mod rms;
pub mod run_on;
mod settled_wave;
pub mod sine_fit;
mod sine_step;
pub mod sliding;
pub mod spectrum;
mod steady;
pub mod steady_state;
pub mod step_response;
mod tail;
pub mod threshold;
pub mod trace;
pub mod transfer;
pub mod trip_time;
pub mod uncertainty;
pub mod urms_half;
mod weak_current;
mod window;
pub mod zero_crossing;
