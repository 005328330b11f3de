//! A power response recorded as waveforms: cycle-wise P or Q against time from an event.

use gridproof_model::capture::ChannelKind;

use super::evidence::Evidence;
use super::sheet::Stop;
use crate::power::{CyclePower, cycle_series};
use crate::step_response::Response;

/// Cycle-wise power of a capture around an event.
pub(super) struct Recorded {
    points: Vec<CyclePower>,
    rate: f64,
    event: f64,
}

/// Share of the record after the event that counts as settled.
pub(super) const SETTLED: f64 = 0.2;
/// Part before the event that counts as the state before, s.
const BEFORE_S: f64 = 0.5;

impl Recorded {
    /// Analyses GridVoltage × DutCurrent of the whole capture; the event is a sample position.
    pub(super) fn new(evidence: &Evidence<'_>, event: f64) -> Result<Self, Stop> {
        let volts = evidence
            .analog(ChannelKind::GridVoltage)?
            .values(0..evidence.len());
        let amps = evidence
            .analog(ChannelKind::DutCurrent)?
            .values(0..evidence.len());
        let points = cycle_series(&volts, &amps, evidence.cycle(), event);
        let recorded = Self {
            points,
            rate: evidence.rate(),
            event,
        };
        let before = recorded
            .response(|p| p.watts)
            .level(-BEFORE_S, -0.5 / evidence.ratings.nominal_hz);
        let after = recorded.points.iter().filter(|p| p.at > event).count();
        match before {
            None => Err(Stop::error("too little was recorded before the event")),
            Some(_) if after < 15 => Err(Stop::error("too little was recorded after the event")),
            Some(_) => Ok(recorded),
        }
    }

    /// One quantity against time from the event, s.
    pub(super) fn response(&self, of: impl Fn(&CyclePower) -> f64) -> Response {
        Response::new(
            self.points
                .iter()
                .map(|p| ((p.at - self.event) / self.rate, of(p)))
                .collect(),
        )
    }

    /// First time considered as "before" and the last, s: windows that end before the event.
    pub(super) fn before_span(&self, nominal_hz: f64) -> (f64, f64) {
        (-BEFORE_S, -0.5 / nominal_hz)
    }

    /// Mean fundamental volts and amps over a span of time, s.
    pub(super) fn volts_amps(&self, from: f64, to: f64) -> (f64, f64) {
        let mean =
            |of: fn(&CyclePower) -> f64| self.response(of).level(from, to).map_or(0.0, |l| l.mean);
        (mean(|p| p.volts), mean(|p| p.amps))
    }
}
