//! Blind analysis of imported captures: one function per kind, nothing known but the waveform
//! and a rating.
//!
//! The [`judge`](crate::judge) knows when a contact opened and what the source was told; here the
//! event itself is found in the samples. Channels are plain numbers in V and A, each with its own
//! sample rate, all beginning at the same instant t = 0, the first sample. Fields named `t_…_s`
//! are instants in seconds from there; other `…_s` fields are durations. A figure that is not in
//! the record is `None` and `note` says why; data that cannot be analysed at all is an
//! [`AnalyzeError`]. U is an expanded uncertainty that covers 95.45 % ([`Budget::expanded`]).

mod envelope;
mod frequency;
mod harmonic_figures;
mod harmonic_tones;
mod harmonic_windows;
mod harmonics;
mod run_on;
mod step_accepted;
mod step_fit;
mod step_grid;
mod step_groups;
mod step_held;
mod step_marks;
mod step_pulsation;
mod step_regress;
mod step_response;
mod step_search;
mod step_shapes;
mod step_timing;
mod step_updates;
mod transfer;
mod transfer_companions;
mod transfer_energy;
mod trip;
mod trip_brief;
mod trip_edge;
mod trip_event;
mod trip_fit;
mod trip_significant;
mod trip_slow;
mod trip_start;
mod trip_told;
mod warnings;
mod wave;

pub use envelope::{Class, ClassMargin, ENVELOPES, EnvelopePoint, ToleranceEnvelope};
pub use frequency::{FrequencyAnalysis, frequency, frequency_by};
pub use harmonic_windows::{HarmonicSum, HarmonicWindows};
pub use harmonics::{
    HarmonicAnalysis, HarmonicOptions, HarmonicUncertainty, OrderLine, OrderUncertainty, harmonics,
    harmonics_of, harmonics_with,
};
pub use run_on::{RunOnAnalysis, RunOnChannels, run_on, run_on_with};
pub use step_response::{Marks, StepFigures, StepResponseAnalysis, step_response};
pub use transfer::{TransferAnalysis, transfer, transfer_beside, transfer_with};
pub use transfer_companions::{TransferCompanions, TransferParts};
pub use trip::{TripAnalysis, TripEvent, trip, trip_with};

use gridproof_model::record::Accuracy;

use crate::uncertainty::{Budget, bound};

/// Samples of one channel in its unit (V, A, W, var, or a contact's level), evenly spaced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Channel64<'a> {
    /// Samples; the first is at t = 0.
    pub samples: &'a [f64],
    /// Samples per second.
    pub rate_hz: f64,
}

/// What is known of the channels that time an event; nothing of it by default.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct EventAccuracy {
    /// Accuracy of the channel whose level decides: of a current its end, of a voltage both ends.
    pub level: Option<Accuracy>,
    /// Bound of the time error of the channel that shows the start, s.
    pub start_s: f64,
    /// Bound of the time error of the channel that shows the end, s.
    pub end_s: f64,
}

impl EventAccuracy {
    /// Adds both time errors.
    fn times(&self, budget: Budget) -> Budget {
        budget
            .rectangular("channel time, start", self.start_s)
            .rectangular("channel time, end", self.end_s)
    }

    /// Bound of the peak of an alternating quantity of `rms`.
    fn peak(&self, rms: f64) -> f64 {
        let bound = |accuracy: &Accuracy| bound(accuracy, rms);
        self.level.as_ref().map_or(0.0, bound) * std::f64::consts::SQRT_2
    }
}

impl Channel64<'_> {
    /// Refuses what cannot be analysed: no usable rate, no samples, a sample that is no number or
    /// is beyond ±1e12 of anything a power laboratory measures.
    fn check(&self, name: &'static str) -> Result<(), AnalyzeError> {
        if !self.rate_hz.is_finite() || self.rate_hz <= 0.0 || self.rate_hz > 1e9 {
            return Err(AnalyzeError::Rate {
                name,
                rate_hz: self.rate_hz,
            });
        }
        if self.samples.is_empty() {
            return Err(AnalyzeError::Empty { name });
        }
        match self
            .samples
            .iter()
            .position(|x| x.is_nan() || x.abs() >= 1e12)
        {
            None => Ok(()),
            Some(index) => Err(AnalyzeError::NotANumber {
                name,
                index,
                at_s: index as f64 / self.rate_hz,
                value: self.samples[index],
            }),
        }
    }

    /// Length of the record, s.
    fn duration_s(&self) -> f64 {
        self.samples.len() as f64 / self.rate_hz
    }
}

/// Why a capture cannot be analysed, and how to mend it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AnalyzeError {
    /// The sample rate is not usable.
    #[error(
        "{name}: sample rate {rate_hz} S/s cannot be used; it must lie above 0 and below 1e9 S/s (check the time column or the header)"
    )]
    Rate {
        /// Channel.
        name: &'static str,
        /// What was given, S/s.
        rate_hz: f64,
    },
    /// There are no samples.
    #[error("{name}: the channel has no samples; choose another channel or export it again")]
    Empty {
        /// Channel.
        name: &'static str,
    },
    /// A sample is not a number, or absurdly large.
    #[error(
        "{name}: sample {index} at {at_s} s is {value}; remove or interpolate invalid samples before analysing"
    )]
    NotANumber {
        /// Channel.
        name: &'static str,
        /// Index from 0.
        index: usize,
        /// Time from the first sample, s.
        at_s: f64,
        /// The value.
        value: f64,
    },
    /// Too little was recorded.
    #[error("{name}: {have_s:.4} s recorded, {need_s:.4} s needed for {purpose}; record longer")]
    TooShort {
        /// Channel.
        name: &'static str,
        /// What there is, s.
        have_s: f64,
        /// What it takes, s.
        need_s: f64,
        /// For what.
        purpose: &'static str,
    },
    /// Too few samples per cycle.
    #[error("{name}: {rate_hz} S/s is too slow, {need_hz} S/s needed for {purpose}; record faster")]
    TooSlow {
        /// Channel.
        name: &'static str,
        /// What there is, S/s.
        rate_hz: f64,
        /// What it takes, S/s.
        need_hz: f64,
        /// For what.
        purpose: &'static str,
    },
    /// No alternating wave where one is needed.
    #[error(
        "{name}: no alternating voltage between 10 Hz and 1 kHz at the beginning of the record; choose the channel that carries it, or start recording earlier"
    )]
    NoWave {
        /// Channel.
        name: &'static str,
    },
    /// The wave ends within what is analysed.
    #[error(
        "{name}: there is no wave at {at_s:.4} s, less than a tenth of its level; choose an interval in which it lasts"
    )]
    Gone {
        /// Channel.
        name: &'static str,
        /// Middle of the weakest cycle, s.
        at_s: f64,
    },
    /// An event within the first cycles, which the wave before it is to be learnt from.
    #[error(
        "{name}: the wave is disturbed within the first three cycles of the record, which an event is measured against; start recording earlier"
    )]
    Disturbed {
        /// Channel.
        name: &'static str,
    },
    /// An event lies too late in the record to be told.
    #[error(
        "{name}: the wave departs at {at_s:.4} s, within the last four cycles of the record, too late to tell what happened; record longer"
    )]
    Late {
        /// Channel.
        name: &'static str,
        /// When it departs, s.
        at_s: f64,
    },
    /// What a wave does is no change that can be told, or its start is not in the record.
    #[error(
        "{name}: the wave changes at about {at_s:.4} s, but not from one steady state to another so that the start could be told; analyse a part of the record (--from, --to)"
    )]
    Untold {
        /// Channel.
        name: &'static str,
        /// Where about, s.
        at_s: f64,
    },
    /// A parameter makes no sense.
    #[error("{name} is {value}; it must be {must}")]
    Parameter {
        /// Parameter.
        name: &'static str,
        /// What was given.
        value: f64,
        /// What it must be.
        must: &'static str,
    },
    /// The marks of a step response make no sense.
    #[error("{0}")]
    Marks(String),
}

/// A parameter that must be a positive number of ordinary size.
fn positive(name: &'static str, value: f64) -> Result<f64, AnalyzeError> {
    if value.is_finite() && value > 1e-9 && value < 1e12 {
        Ok(value)
    } else {
        Err(AnalyzeError::Parameter {
            name,
            value,
            must: "a positive number",
        })
    }
}
