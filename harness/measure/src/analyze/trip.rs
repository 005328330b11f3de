//! `analyze trip`: what the source did, when, and when the DUT's current ceased.

use gridproof_model::result::BudgetLine;
use serde::Serialize;

use super::run_on::{end_budget, ended, level_budget};
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
    /// that within some cycles later.
    pub t_event_s: Option<f64>,
    /// Last instant with more than 1 % of rated current; `None` if the DUT rides through, s.
    pub t_interrupt_s: Option<f64>,
    /// t_interrupt − t_event, s.
    pub trip_time_s: Option<f64>,
    /// U (k = 2) of the trip time, s.
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
    let (seen, event) = significant(voltage, hz)?;
    if event.is_none()
        && let Some(k) = departs_late(voltage.samples, voltage.rate_hz, seen.cycle, LATE_SHARE)
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
    let from_s = event.as_ref().map_or(0.0, |e| e.at_s);
    let end = ended(current, (from_s - 1e-3).max(0.0), rated, seen.hz0);
    let mut notes: Vec<String> = end.note.into_iter().collect();
    let mut result = TripAnalysis {
        event: TripEvent::None,
        t_event_s: None,
        t_interrupt_s: None,
        trip_time_s: None,
        uncertainty_s: None,
        v_before: seen.rms0,
        v_after: None,
        hz_before: seen.hz0,
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
                let measured = end_budget(budget, ceased, current.rate_hz, seen.hz0)
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
