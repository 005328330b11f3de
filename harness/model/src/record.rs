//! What happened in one case, as the judge sees it: readings and captures, no opinions.

use serde::{Deserialize, Serialize};

use crate::capture::Capture;

/// Mean values of the power analyser over one window. P, Q > 0 are injected by the DUT.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Bench time of the end of the window, s.
    pub at_s: f64,
    /// Which moment of the procedure: `step`, `before`, `soak`…
    pub label: String,
    /// Index of the step it belongs to, from 0.
    pub step: u32,
    /// Stimulus in force (V, Hz or °C by the case), as read back where the bench can.
    pub stimulus: f64,
    /// Length of the window, s.
    pub window_s: f64,
    /// V RMS.
    pub volts: f64,
    /// A RMS.
    pub amps: f64,
    /// W.
    pub watts: f64,
    /// var.
    pub vars: f64,
    /// Hz.
    pub hz: f64,
}

/// How the acquisition of a case ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Acquisition {
    /// Every step was carried out.
    Completed,
    /// The DUT did not reach a state the test needs (did not connect, no power): says what.
    DutNotReady(String),
    /// An instrument, a link or the envelope refused: says what.
    BenchError(String),
    /// Stopped by the operator.
    Aborted,
    /// Never started.
    NotRun,
}

/// Accuracy of one quantity: ±(reading × `of_reading` + range × `of_range`), a rectangular bound.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// Fraction of the reading.
    pub of_reading: f64,
    /// Fraction of the range.
    pub of_range: f64,
    /// Range in the quantity's unit.
    pub range: f64,
}

/// What the judge must know of the instruments to state an uncertainty.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct InstrumentSpecs {
    /// Power analyser: voltage.
    pub analyser_volts: Accuracy,
    /// Power analyser: current.
    pub analyser_amps: Accuracy,
    /// Power analyser: active power; reactive power is taken as twice this.
    pub analyser_watts: Accuracy,
    /// Power analyser: frequency, ± of reading.
    pub analyser_hz: f64,
    /// Recorder: gain error of a voltage channel with its probe.
    pub recorder_volts: Accuracy,
    /// Recorder: gain error of a current channel with its clamp.
    pub recorder_amps: Accuracy,
    /// Recorder: relative error of the sample clock.
    pub recorder_clock: f64,
    /// Recorder: skew between channels, s.
    pub recorder_skew_s: f64,
    /// Lag of the auxiliary contact of S1 behind its poles, ± s.
    pub contact_lag_s: f64,
    /// Chamber: error of the temperature at the DUT, ± K.
    pub chamber_k: f64,
}

/// Everything the judge may look at for one case.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseData {
    /// How the acquisition ended.
    pub acquisition: Acquisition,
    /// Readings in time order.
    pub readings: Vec<Reading>,
    /// Captures in time order.
    pub captures: Vec<Capture>,
    /// Accuracy of the instruments.
    pub instruments: InstrumentSpecs,
}
