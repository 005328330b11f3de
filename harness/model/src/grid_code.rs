//! Grid codes: versioned limits of a standard in a region, each with a clause and a mark.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::case::{Flow, TripQuantity};
use crate::quantity::{Hertz, Ratio, RatioPerSecond, Seconds, Volts, VoltsOrHertz};
use crate::verdict::Mark;

/// Limits of one edition of a standard in one region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GridCode {
    /// Identifier, also the stem of its file.
    pub grid_code: String,
    /// `AS/NZS 4777.2`…
    pub standard: String,
    /// Year of the edition, bare or quoted.
    #[schemars(with = "EditionSchema")]
    pub edition: String,
    /// Region, where the standard has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Nominal values.
    pub nominal: Nominal,
    /// Unintentional islanding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anti_islanding: Option<AntiIslandingLimits>,
    /// Protection elements by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub trips: BTreeMap<String, TripLimit>,
    /// Volt-var response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volt_var: Option<CurveLimits>,
    /// Volt-var curves that a DUT must be able to run, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub volt_var_characteristics: BTreeMap<String, CurveLimits>,
    /// Volt-watt response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volt_watt: Option<CurveLimits>,
    /// Frequency-watt response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency_watt: Option<FrequencyWattLimits>,
    /// Demand response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drm: Option<DrmLimits>,
    /// Connection and reconnection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconnect: Option<ReconnectLimits>,
}

impl GridCode {
    /// The standard with its edition: `AS/NZS 4777.2:2020`.
    pub fn standard_edition(&self) -> String {
        format!("{}:{}", self.standard, self.edition)
    }
}

/// A year as a number or as text.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum EditionSchema {
    Year(u32),
    Text(String),
}

/// Nominal values of the grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nominal {
    /// Voltage, phase to neutral.
    pub voltage: Volts,
    /// Frequency.
    pub frequency: Hertz,
}

/// Unintentional islanding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AntiIslandingLimits {
    /// Longest run-on time.
    pub run_on_max: Seconds,
    /// Quality factor of the load.
    pub quality_factor: f64,
    /// Clause.
    pub clause: String,
    /// How well it is founded.
    pub mark: Mark,
}

/// Direction of a protection element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Trips above the threshold.
    Over,
    /// Trips below the threshold.
    Under,
}

/// A protection element.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TripLimit {
    /// What it watches.
    pub quantity: TripQuantity,
    /// Above or below.
    pub side: Side,
    /// Threshold.
    pub threshold: VoltsOrHertz,
    /// Earliest permitted trip (withstand), if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Seconds>,
    /// Latest permitted trip.
    pub max: Seconds,
    /// Clause.
    pub clause: String,
    /// How well it is founded.
    pub mark: Mark,
}

/// A response curve with its corridor and times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CurveLimits {
    /// (voltage, fraction of rated apparent power), ascending in voltage.
    pub points: Vec<(Volts, Ratio)>,
    /// How a response is held against the points.
    pub criterion: CurveCriterion,
    /// Volt-var only: least reactive power that every DUT must be able to give, as (active power,
    /// |Q|) of rated apparent power, ascending. A DUT that is rated for less than the curve asks is
    /// held to its rating or to this, whichever is more; without, the curve holds as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactive_capability: Vec<(Ratio, Ratio)>,
    /// Clause.
    pub clause: String,
    /// How well the curve is founded.
    pub mark: Mark,
    /// How well the times are founded.
    pub timing_mark: Mark,
}

/// How a response is held against its curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CurveCriterion {
    /// A corridor of stated width, with latest start and latest completion
    /// (AS/NZS 4777.2:2020 clause 3.3.2).
    CommenceComplete(CommenceComplete),
    /// The response of an open loop of first order, with the minimum required accuracy (MRA) of
    /// what it measures and of what it does (IEEE 1547.1-2020 clause 4.2).
    OpenLoop(OpenLoop),
}

/// A corridor of stated width and latest times.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommenceComplete {
    /// Half width of the corridor, fraction of rated apparent power.
    pub tolerance: Ratio,
    /// Half width of the corridor in voltage.
    pub voltage_tolerance: Volts,
    /// Latest start of the response.
    pub commence_max: Seconds,
    /// Latest completion of the response.
    pub complete_max: Seconds,
}

/// An open-loop response and the accuracy that is required of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenLoop {
    /// Open-loop response time: to 90 % of the change.
    pub response_time: Seconds,
    /// MRA of the voltage, fraction of nominal.
    pub voltage_accuracy: Ratio,
    /// MRA of the power, fraction of rated apparent power.
    pub power_accuracy: Ratio,
    /// Limits are widened by this many MRA.
    pub accuracy_multiple: f64,
}

/// Active power against frequency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrequencyWattLimits {
    /// Over-frequency: power falls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<FrequencySide>,
    /// Under-frequency: power rises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under: Option<FrequencySide>,
    /// How a response is held against its slope.
    pub criterion: FrequencyCriterion,
    /// How power comes back; without, it retraces its slope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way_back: Option<WayBack>,
    /// Clause.
    pub clause: String,
    /// How well the times are founded.
    pub timing_mark: Mark,
}

/// One side of a frequency-watt response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrequencySide {
    /// Edge of the dead band.
    pub start: Hertz,
    /// Slope of a DUT that can only feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<FrequencySlopeLimits>,
    /// Slope of a DUT that can charge from the grid, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<FrequencySlopeLimits>,
}

/// A slope and how well it is founded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrequencySlopeLimits {
    /// From the edge of the dead band outwards.
    pub slope: SlopeLimits,
    /// How well it is founded.
    pub mark: Mark,
}

/// How power follows the frequency, from the power there is at the edge of the dead band.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SlopeLimits {
    /// In a straight line to zero at this frequency.
    ZeroAt(Hertz),
    /// In a straight line to zero, and on to rated power in the opposite direction.
    Reversal(Reversal),
    /// By rated power for this change of frequency, of nominal.
    Droop(Ratio),
}

/// A slope through zero.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reversal {
    /// Power is zero.
    pub zero_at: Hertz,
    /// Rated power in the opposite direction.
    pub full_at: Hertz,
}

/// How a frequency-watt response is held against its slope.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FrequencyCriterion {
    /// As [`CurveCriterion::CommenceComplete`].
    CommenceComplete(FrequencyCommenceComplete),
    /// As [`CurveCriterion::OpenLoop`].
    OpenLoop(FrequencyOpenLoop),
}

/// A corridor of stated width and latest times.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrequencyCommenceComplete {
    /// Half width of the corridor, fraction of rated apparent power.
    pub tolerance: Ratio,
    /// Half width of the corridor in frequency.
    pub frequency_tolerance: Hertz,
    /// Latest start of the response.
    pub commence_max: Seconds,
    /// Latest completion of the response.
    pub complete_max: Seconds,
}

/// An open-loop response and the accuracy that is required of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrequencyOpenLoop {
    /// Open-loop response time: to 90 % of the change.
    pub response_time: Seconds,
    /// MRA of the frequency.
    pub frequency_accuracy: Hertz,
    /// MRA of the power, fraction of rated apparent power.
    pub power_accuracy: Ratio,
    /// Limits are widened by this many MRA.
    pub accuracy_multiple: f64,
}

/// How power comes back after a frequency excursion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WayBack {
    /// The level that was reached holds until the frequency is this far back inside the dead band.
    pub hysteresis: Hertz,
    /// How well that is founded. Unconfirmed, the level must hold only down to the dead band.
    pub hysteresis_mark: Mark,
    /// And for so long.
    pub hold: Seconds,
    /// Fastest change of power afterwards, of rated.
    pub ramp: RatioPerSecond,
    /// How well hold and ramp are founded.
    pub mark: Mark,
}

/// Demand response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DrmLimits {
    /// Longest time from the contact to the level.
    pub response_max: Seconds,
    /// Allowance on the level, of rated.
    pub tolerance: Ratio,
    /// Clause.
    pub clause: String,
    /// How well it is founded.
    pub mark: Mark,
    /// Levels by mode.
    pub modes: BTreeMap<u8, DrmLevel>,
}

/// Level of one demand-response mode, of rated power.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DrmLevel {
    /// Direction the level applies to; both when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<Flow>,
    /// Smallest power.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Ratio>,
    /// Largest power.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Ratio>,
}

/// Connection and reconnection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReconnectLimits {
    /// Time the grid must be inside both ranges.
    pub delay: Seconds,
    /// Voltage, from–to.
    pub voltage: (Volts, Volts),
    /// Frequency, from–to.
    pub frequency: (Hertz, Hertz),
    /// Steepest rise of power afterwards, of rated.
    pub ramp: RatioPerSecond,
    /// How well it is founded.
    pub mark: Mark,
}
