//! `analyze trip`: what the source did, when, and when the DUT's current ceased.

use std::borrow::Cow;

use gridproof_model::result::BudgetLine;
use serde::Serialize;

use super::run_on::{Ended, end_budget, ended, level_budget};
use super::trip_event::Event;
use super::trip_significant::significant;
use super::warnings::clipped;
use super::wave::{coarse_hz, departs_late};
use super::{AnalyzeError, Channel64, EventAccuracy, positive};
use crate::uncertainty::Budget;

/// Share of the amplitude by which a voltage departs at the end of a record.
const LATE_SHARE: f64 = 0.05;

/// What the voltage did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TripEvent {
    /// The amplitude changed within a cycle or two.
    VoltageStep,
    /// The amplitude changed slowly.
    VoltageRamp,
    /// The frequency changed at once.
    FrequencyStep,
    /// The frequency changed slowly.
    FrequencyRamp,
    /// The phase jumped, amplitude and frequency stayed.
    PhaseJump,
    /// The voltage never departed from its wave.
    None,
}

/// What a trip test shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TripAnalysis {
    /// What happened.
    pub event: TripEvent,
    /// When the voltage began to depart from its wave, s: for ramps the start of the ramp, not
    /// the crossing of any limit. The event is the first change, unless that is no more than a
    /// healthy grid does (3 % of the voltage, 0.1 Hz, 3°) and one of three times its size leaves
    /// that within some cycles later; of disturbances between which the wave before is back, the
    /// last that begins before the current ends.
    pub t_event_s: Option<f64>,
    /// Last instant with more than 1 % of rated current; `None` if the DUT rides through, s.
    pub t_interrupt_s: Option<f64>,
    /// t_interrupt − t_event, s.
    pub trip_time_s: Option<f64>,
    /// U of the trip time, s.
    pub uncertainty_s: Option<f64>,
    /// Fundamental before and after the event (of one that is soon over: during it), V RMS.
    pub v_before: f64,
    /// See `v_before`.
    pub v_after: Option<f64>,
    /// Frequency before and after the event, Hz.
    pub hz_before: f64,
    /// See `hz_before`.
    pub hz_after: Option<f64>,
    /// Change per second of a ramp, V/s or Hz/s.
    pub slope_per_s: Option<f64>,
    /// How often the current had stayed away for 0.2 s and come back.
    pub restarts: u32,
    /// Where U comes from, s.
    pub budget: Vec<BudgetLine>,
    /// What makes the figures doubtful: a clipped channel, a skew.
    pub warnings: Vec<String>,
    /// What could not be found, and why.
    pub note: Option<String>,
}

/// Analyses a trip test; nominal values are those before the event. `rated_current_a` in A RMS.
///
/// # Errors
/// Unusable samples, no alternating wave of at least 20 samples a cycle for the first five
/// cycles, an event in the first three or only in the last four cycles of the record or whose start
/// cannot be told, a rated current that is not positive.
pub fn trip(
    voltage: &Channel64<'_>,
    current: &Channel64<'_>,
    rated_current_a: f64,
) -> Result<TripAnalysis, AnalyzeError> {
    trip_with(voltage, current, rated_current_a, &EventAccuracy::default())
}

/// As [`trip`] with the accuracy of the channels in the budget: the level is that of the current.
///
/// # Errors
/// As [`trip`].
pub fn trip_with(
    voltage: &Channel64<'_>,
    current: &Channel64<'_>,
    rated_current_a: f64,
    accuracy: &EventAccuracy,
) -> Result<TripAnalysis, AnalyzeError> {
    voltage.check("voltage")?;
    current.check("current")?;
    let rated = positive("rated current", rated_current_a)?;
    let hz = coarse_hz(voltage, "voltage")?;
    let Answered { before, event, end } = answered(voltage, current, rated, hz)?;
    if event.is_none()
        && let Some(k) = departs_late(voltage.samples, voltage.rate_hz, before.cycle, LATE_SHARE)
    {
        return Err(AnalyzeError::Late {
            name: "voltage",
            at_s: k as f64 / voltage.rate_hz,
        });
    }
    if let Some(event) = &event
        && !(0.0..voltage.duration_s()).contains(&event.at_s)
    {
        return Err(AnalyzeError::Untold {
            name: "voltage",
            at_s: event.seen_s,
        });
    }
    let mut notes: Vec<String> = end.note.into_iter().collect();
    let mut result = TripAnalysis {
        event: TripEvent::None,
        t_event_s: None,
        t_interrupt_s: None,
        trip_time_s: None,
        uncertainty_s: None,
        v_before: before.rms,
        v_after: None,
        hz_before: before.hz,
        hz_after: None,
        slope_per_s: None,
        restarts: 0,
        budget: Vec::new(),
        warnings: [clipped(voltage, "voltage"), clipped(current, "current")]
            .into_iter()
            .flatten()
            .collect(),
        note: None,
    };
    if let Some((at, ceased)) = &end.ceased {
        result.t_interrupt_s = Some(*at);
        result.restarts = ceased.restarts;
    }
    match event {
        None => notes.push("the voltage never departs from its wave".to_owned()),
        Some(event) => {
            result.event = event.kind;
            result.t_event_s = Some(event.at_s);
            result.v_after = event.rms;
            result.hz_after = event.hz;
            result.slope_per_s = event.slope;
            if let Some((at, ceased)) = &end.ceased {
                let budget = Budget::new("s")
                    .sampling("sampling, start", 1.0 / voltage.rate_hz)
                    .normal("algorithm: start of the event in noise", event.doubt_s);
                let budget = level_budget(budget, ceased, rated, accuracy, current.rate_hz);
                let measured = end_budget(budget, ceased, current.rate_hz, before.hz)
                    .measure((at - event.at_s).max(0.0));
                result.trip_time_s = Some(measured.value);
                result.uncertainty_s = Some(measured.u);
                result.budget = measured.budget;
            }
        }
    }
    result.note = (!notes.is_empty()).then(|| notes.join("; "));
    Ok(result)
}

/// The wave before an event.
struct Before {
    hz: f64,
    rms: f64,
    /// Samples.
    cycle: f64,
}

/// An event, the wave before it and the end of the current after it.
struct Answered {
    before: Before,
    event: Option<Event>,
    end: Ended,
}

impl Answered {
    /// The event of a record, whatever the current does before its end.
    fn first(
        voltage: &Channel64<'_>,
        current: &Channel64<'_>,
        rated: f64,
        hz: f64,
    ) -> Result<Self, AnalyzeError> {
        let (seen, event) = significant(voltage, hz)?;
        let from_s = event.as_ref().map_or(0.0, |e| e.at_s);
        Ok(Self {
            before: Before {
                hz: seen.hz0,
                rms: seen.rms0,
                cycle: seen.cycle,
            },
            end: ended(current, (from_s - 1e-3).max(0.0), rated, seen.hz0),
            event,
        })
    }

    /// When the current ends after the event.
    fn ends_s(&self) -> Option<f64> {
        self.end.ceased.as_ref().map(|(at, _)| *at)
    }
}

/// The event that the DUT answers: the last before the end of the current of those between which the
/// wave before is back; the first where the current does not end.
fn answered(
    voltage: &Channel64<'_>,
    current: &Channel64<'_>,
    rated: f64,
    hz: f64,
) -> Result<Answered, AnalyzeError> {
    let mut found = Answered::first(voltage, current, rated, hz)?;
    let mut rest = Cow::Borrowed(voltage.samples);
    while let (Some(event), Some(ends_s)) = (&found.event, found.ends_s())
        && let Some(over) = &event.over
        && let Some(part) = rest.to_mut().get_mut(over.at.clone())
    {
        // What is over leaves the record as if it had not been.
        part.copy_from_slice(&over.wave);
        let over_s = over.at.end as f64 / voltage.rate_hz;
        let without = Channel64 {
            samples: &rest,
            rate_hz: voltage.rate_hz,
        };
        match Answered::first(&without, current, rated, hz) {
            Ok(later)
                if later
                    .event
                    .as_ref()
                    .is_some_and(|e| over_s < e.at_s && e.at_s < ends_s) =>
            {
                found = later;
            }
            _ => break,
        }
    }
    Ok(found)
}
