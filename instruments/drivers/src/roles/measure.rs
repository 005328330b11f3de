//! Measuring instruments: power analyser and waveform recorder.

use gridproof_model::capture::{Capture, ChannelKind};

use super::Instrument;
use crate::error::InstrumentResult;

/// Means over one update interval of one analyser element.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerReading {
    /// V RMS.
    pub volts: f64,
    /// A RMS.
    pub amps: f64,
    /// W.
    pub watts: f64,
    /// var.
    pub vars: f64,
    /// Hz.
    pub hertz: f64,
}

/// Power analyser, one element per measuring point.
#[async_trait::async_trait(?Send)]
pub trait PowerAnalyser: Instrument {
    /// Update interval, s.
    fn interval_s(&self) -> f64;
    /// Longest time from the end of an interval until its values can be read, s: at the return of
    /// [`read`](Self::read) its interval has ended between then and so long before.
    fn latency_s(&self) -> f64;
    /// The next complete update after the call: its interval begins after the call.
    /// Signs as the role's contract: P, Q > 0 injected by the DUT (the driver knows the wiring).
    async fn read(&mut self) -> InstrumentResult<PowerReading>;
}

/// Trigger of a capture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TriggerSetup {
    /// Channel to watch.
    pub channel: ChannelKind,
    /// Level in the channel's unit.
    pub level: f64,
    /// Rising or falling.
    pub rising: bool,
}

/// A capture to make. The recorder may choose a higher rate and a longer record than asked.
#[derive(Debug, Clone, PartialEq)]
pub struct CaptureSetup {
    /// Name given to the capture.
    pub name: String,
    /// Channels wanted.
    pub channels: Vec<ChannelKind>,
    /// Smallest acceptable sampling rate, 1/s.
    pub min_rate_hz: f64,
    /// Time before the trigger, s.
    pub before_s: f64,
    /// Time after the trigger, s.
    pub after_s: f64,
    /// Trigger.
    pub trigger: TriggerSetup,
}

/// What the recorder agreed to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CapturePlan {
    /// Sampling rate, 1/s.
    pub rate_hz: f64,
    /// Samples per channel.
    pub samples: usize,
    /// Time of bench needed before a trigger is accepted, s.
    pub pre_fill_s: f64,
    /// Time from the trigger to the end of the record, s.
    pub post_s: f64,
}

/// Progress of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecorderState {
    /// Not armed.
    Stopped,
    /// Armed, no trigger yet.
    Waiting,
    /// Triggered, filling.
    Running,
    /// Record complete.
    Done,
}

/// Waveform recorder.
#[async_trait::async_trait(?Send)]
pub trait WaveformRecorder: Instrument {
    /// Set up channels, rate, length and trigger, then arm. After return it records; let
    /// `pre_fill_s` pass before the event.
    async fn arm(&mut self, setup: &CaptureSetup) -> InstrumentResult<CapturePlan>;
    /// State of the armed capture.
    async fn state(&mut self) -> InstrumentResult<RecorderState>;
    /// Download the finished record: raw codes with scaling into the channel's unit, trimmed to
    /// the time asked for. `start_s` is the bench time of sample 0 if the recorder knows it, else 0.
    async fn fetch(&mut self) -> InstrumentResult<Capture>;
}
