//! Wiring and scaling of the DL850, and which part of its record was asked for.

use std::collections::BTreeMap;
use std::time::Duration;

use gridproof_model::capture::ChannelKind;

use crate::roles::CaptureSetup;

/// Volts of a closed contact at the input.
const CLOSED_VOLTS: f64 = 5.0;

/// A channel of the recorder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecorderInput {
    /// Number of the channel, from 1.
    pub channel: u8,
    /// Full scale ±, in the unit of the signal; volts at the input for contacts.
    pub full_scale: f64,
}

/// What the bench knows about its recorder.
#[derive(Debug, Clone, PartialEq)]
pub struct YokogawaDl850Params {
    /// Which signal is on which channel.
    pub inputs: BTreeMap<ChannelKind, RecorderInput>,
    /// Fastest sampling rate of the fitted modules, 1/s.
    pub max_rate_hz: f64,
}

/// A capture that was armed.
pub(super) struct Armed {
    pub(super) setup: CaptureSetup,
    /// Time until a trigger is accepted.
    pub(super) pre_fill: Duration,
    /// Bench time of arming.
    pub(super) since: Duration,
    /// The instrument has reported that it waits for the trigger.
    pub(super) waited: bool,
}

/// Samples asked for on either side of the trigger.
pub(super) struct Span {
    pub(super) before: usize,
    pub(super) after: usize,
}

impl Span {
    pub(super) fn new(setup: &CaptureSetup, rate_hz: f64) -> Span {
        let samples = |seconds: f64| (seconds * rate_hz).round().max(0.0) as usize;
        Span {
            before: samples(setup.before_s),
            after: samples(setup.after_s),
        }
    }
}

/// The record as the instrument describes it.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) length: usize,
    pub(super) rate_hz: f64,
    pub(super) trigger: usize,
}

impl Frame {
    /// First sample asked for and the one after the last.
    pub(super) fn part(self, setup: &CaptureSetup) -> (usize, usize) {
        let span = Span::new(setup, self.rate_hz);
        let end = self.trigger.saturating_add(span.after).min(self.length);
        (self.trigger.saturating_sub(span.before), end)
    }
}

/// Volts at the input for 1.0 in the unit of the signal: contacts switch 5 V.
pub(super) fn closed_volts(kind: ChannelKind) -> f64 {
    if kind.unit().is_empty() {
        CLOSED_VOLTS
    } else {
        1.0
    }
}

/// The next of the 1-2-5 series: five divisions must hold the full scale.
pub(super) fn volts_per_division(full_scale: f64) -> f64 {
    let wanted = full_scale / 5.0 * (1.0 - 1e-9);
    let steps = (-3..=5).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| (digit, power)));
    let mut values = steps.map(|(digit, power): (f64, i32)| {
        if power < 0 {
            digit / 10_f64.powi(-power)
        } else {
            digit * 10_f64.powi(power)
        }
    });
    values.find(|value| *value >= wanted).unwrap_or(wanted)
}
