//! Protection elements: where in its window a healthy unit trips.

use gridproof_model::behaviour::Behaviour;
use gridproof_model::case::TripQuantity;
use gridproof_model::grid_code::{GridCode, Side, TripLimit};
use gridproof_plant::config as plant;

use crate::error::EmulatorError;

/// Longest the plant's half-cycle RMS takes to see a step just beyond a threshold, s.
const SEES_VOLTAGE: f64 = 0.020;
/// Longest the plant's frequency meter (median of three periods) takes, s.
const SEES_FREQUENCY: f64 = 0.070;
/// Used where a behaviour states no margin, s.
const DEFAULT_MARGIN: f64 = 0.050;

/// The elements of the grid code as the behaviour has them.
pub(super) fn elements(
    behaviour: &Behaviour,
    code: Option<&GridCode>,
    relay_open_s: f64,
) -> Result<Vec<plant::ProtectionElement>, EmulatorError> {
    let changes = behaviour.trips.clone().unwrap_or_default();
    let Some(code) = code else {
        return Ok(Vec::new());
    };
    if let Some(trip) = changes.keys().find(|name| !code.trips.contains_key(*name)) {
        return Err(EmulatorError::UnknownTrip {
            trip: trip.clone(),
            code: code.grid_code.clone(),
        });
    }
    let margin = behaviour.trip_margin.map_or(DEFAULT_MARGIN, |time| time.0);
    Ok(code
        .trips
        .iter()
        .filter(|(name, _)| changes.get(*name).and_then(|change| change.enabled) != Some(false))
        .map(|(name, limit)| {
            let change = changes.get(name);
            plant::ProtectionElement {
                name: name.clone(),
                watch: match limit.quantity {
                    TripQuantity::Voltage => plant::Watch::Voltage,
                    TripQuantity::Frequency => plant::Watch::Frequency,
                },
                side: match limit.side {
                    Side::Over => plant::Side::Over,
                    Side::Under => plant::Side::Under,
                },
                threshold: change
                    .and_then(|c| c.threshold)
                    .unwrap_or(limit.threshold)
                    .value(),
                delay_s: change
                    .and_then(|c| c.delay)
                    .map_or_else(|| decision(limit, margin, relay_open_s), |time| time.0),
            }
        })
        .collect())
}

/// Time from pick-up to the trip decision of a healthy unit.
///
/// With a withstand time: the middle of the window [delay, max], so that OV1 of AS/NZS 4777.2
/// (1 s to 2 s) decides at 1.5 s; or as late as the margin, the time to see the excursion and the
/// relay allow, if that is earlier; never before the delay. Without one: a short qualification of
/// 40 % of max less the relay and, for frequency, less half the time the meter takes, which leaves
/// 75 ms of 200 ms for voltage and 40 ms for frequency.
fn decision(limit: &TripLimit, margin: f64, relay_open_s: f64) -> f64 {
    let sees = match limit.quantity {
        TripQuantity::Voltage => SEES_VOLTAGE,
        TripQuantity::Frequency => SEES_FREQUENCY,
    };
    let max = limit.max.0;
    match limit.delay {
        Some(delay) => {
            let latest = max - margin - sees - relay_open_s;
            (0.5 * (delay.0 + max)).min(latest).max(delay.0)
        }
        None => {
            let frequency = if limit.quantity == TripQuantity::Frequency {
                0.5 * SEES_FREQUENCY
            } else {
                0.0
            };
            (0.4 * max - relay_open_s - frequency).max(0.0)
        }
    }
}
