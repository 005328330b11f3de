//! Access to a case's captures with every check that keeps bad data from being judged.

use gridproof_model::capture::{Capture, Channel, ChannelKind};
use gridproof_model::case::Ratings;
use gridproof_model::record::{Accuracy, CaseData, InstrumentSpecs};

use super::sheet::Stop;
use crate::trace::Trace;
use crate::uncertainty::{Budget, bound};

/// One capture that can be looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Evidence<'a> {
    capture: &'a Capture,
    pub(super) specs: &'a InstrumentSpecs,
    pub(super) ratings: &'a Ratings,
}

impl<'a> Evidence<'a> {
    /// The capture `name`: at least 20 samples per nominal cycle, equal channel lengths.
    pub(super) fn find(data: &'a CaseData, name: &str, ratings: &'a Ratings) -> Result<Self, Stop> {
        let capture = data
            .captures
            .iter()
            .find(|c| c.name == name)
            .ok_or_else(|| Stop::error(format!("the record has no capture `{name}`")))?;
        let rate = capture.rate_hz;
        if !rate.is_finite() || rate > 1e9 || rate < 20.0 * ratings.nominal_hz {
            return Err(Stop::error(format!(
                "capture `{name}`: sample rate {rate} S/s cannot be used"
            )));
        }
        if capture.is_empty() {
            return Err(Stop::error(format!("capture `{name}` is empty")));
        }
        if capture
            .channels
            .iter()
            .any(|c| c.codes.len() != capture.len())
        {
            return Err(Stop::error(format!(
                "capture `{name}`: channels differ in length"
            )));
        }
        Ok(Self {
            capture,
            specs: &data.instruments,
            ratings,
        })
    }

    pub(super) fn name(&self) -> &'a str {
        &self.capture.name
    }

    pub(super) fn rate(&self) -> f64 {
        self.capture.rate_hz
    }

    /// Sample interval, s.
    pub(super) fn step(&self) -> f64 {
        1.0 / self.capture.rate_hz
    }

    /// Samples per channel.
    pub(super) fn len(&self) -> usize {
        self.capture.len()
    }

    /// Nominal cycle in samples.
    pub(super) fn cycle(&self) -> f64 {
        self.capture.rate_hz / self.ratings.nominal_hz
    }

    pub(super) fn trigger(&self) -> usize {
        self.capture.trigger_index.min(self.len() - 1)
    }

    pub(super) fn seconds(&self, position: f64) -> f64 {
        position / self.capture.rate_hz
    }

    /// A voltage or current: present, sanely scaled, not clipped.
    pub(super) fn analog(&self, kind: ChannelKind) -> Result<Trace<'a>, Stop> {
        let channel = self.present(kind)?;
        let clipped = channel.clipped();
        if clipped > 0 {
            return Err(Stop::inconclusive(format!(
                "capture `{}`: {clipped} samples of {} are clipped",
                self.capture.name,
                kind.name()
            )));
        }
        Ok(Trace::new(channel, self.capture.rate_hz))
    }

    /// A contact or trigger.
    pub(super) fn contact(&self, kind: ChannelKind) -> Result<Trace<'a>, Stop> {
        Ok(Trace::new(self.present(kind)?, self.capture.rate_hz))
    }

    /// A contact or trigger that need not be there.
    pub(super) fn optional_contact(&self, kind: ChannelKind) -> Option<Trace<'a>> {
        self.contact(kind).ok()
    }

    fn present(&self, kind: ChannelKind) -> Result<&'a Channel, Stop> {
        let channel = self.capture.channel(kind).ok_or_else(|| {
            Stop::error(format!(
                "capture `{}` has no channel {}",
                self.capture.name,
                kind.name()
            ))
        })?;
        let sane = |x: f64| x.is_finite() && x.abs() < 1e9;
        if !sane(channel.scale) || !sane(channel.offset) {
            return Err(Stop::error(format!(
                "capture `{}`: channel {} has no usable scaling",
                self.capture.name,
                kind.name()
            )));
        }
        Ok(channel)
    }

    /// Largest direct error of the current clamp, A.
    pub(super) fn clamp_offset(&self) -> f64 {
        bound(&self.specs.recorder_amps, 0.0)
    }

    /// Budget of a power from recorder channels: both gains, phase by skew, noise of the mean.
    pub(super) fn power_budget(
        &self,
        volts: f64,
        amps: f64,
        noise: f64,
        per: f64,
        unit: &'static str,
    ) -> Budget {
        let relative = |a: &Accuracy, x: f64| if x > 0.0 { bound(a, x) / x } else { 0.0 };
        let apparent = volts * amps / per;
        let phase = std::f64::consts::TAU * self.ratings.nominal_hz * self.specs.recorder_skew_s;
        Budget::new(unit)
            .rectangular(
                "instrument gain, voltage",
                relative(&self.specs.recorder_volts, volts) * apparent,
            )
            .rectangular(
                "instrument gain, current",
                volts / per * bound(&self.specs.recorder_amps, amps),
            )
            .rectangular("channel skew", phase * apparent)
            .normal("noise of the mean", noise)
    }

    /// Budget of an RMS voltage from the recorder.
    pub(super) fn volts_budget(&self, volts: f64) -> Budget {
        Budget::new("V").rectangular("instrument gain", bound(&self.specs.recorder_volts, volts))
    }
}
