//! Control functions of an emulated DUT besides volt-var and volt-watt.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Overlay;
use crate::quantity::{
    Celsius, Farads, Hertz, Kelvins, Ratio, RatioPerSecond, Seconds, Volts, Watts,
};

behaviour!(
    /// Power against frequency: it falls above `over` and rises below `under`.
    FrequencyWatt {
        /// Active at power-up.
        enabled: bool,
        /// Over-frequency.
        over: FrequencySlope,
        /// Under-frequency.
        under: FrequencySlope,
        /// Dead time.
        delay: Seconds,
        /// Time constant.
        tau: Seconds,
        /// Time inside the hysteresis before power comes back.
        hold: Seconds,
        /// Rate at which it does, of rated; at once without.
        ramp: RatioPerSecond,
    }
);

behaviour!(
    /// Where power begins to follow the frequency, and how: to zero at a frequency and, where stated,
    /// on to the opposite direction, or by a droop.
    FrequencySlope {
        /// Edge of the dead band.
        start: Hertz,
        /// Frequency of zero power.
        zero_at: Hertz,
        /// Frequency of rated power in the opposite direction.
        reversed_at: Hertz,
        /// Relative change of frequency for a change of power by the rated one; used without
        /// `zero_at`.
        droop: Ratio,
        /// How far inside `start` the lowest level is released; without any, power follows its
        /// slope both ways.
        hysteresis: Hertz,
    }
);

/// A point of cosφ(P).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PowerFactorPoint {
    /// Active power, of rated.
    pub power: Ratio,
    /// |cosφ|.
    pub cos: f64,
    /// Injects reactive power; otherwise absorbs it.
    #[serde(default)]
    pub over_excited: bool,
}

behaviour!(
    /// Disconnection by the ten-minute average of the voltage.
    SustainedOverVoltage {
        /// Limit.
        limit: Volts,
        /// Kind of average.
        average: AverageKind,
        /// From the crossing to the disconnection.
        delay: Seconds,
    }
);

/// Kind of average over one-second values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AverageKind {
    /// Root of the mean square.
    #[default]
    Quadratic,
    /// Arithmetic mean.
    Arithmetic,
}

behaviour!(
    /// Limits of the export at the source meter.
    ExportLimit {
        /// The unit holds the export at or below this.
        soft: Watts,
        /// The unit disconnects above this.
        hard: Watts,
        /// Time above the hard limit before it disconnects.
        hard_time: Seconds,
        /// Time constant of the meter reading.
        tau: Seconds,
    }
);

behaviour!(
    /// Blocking of the bridge, relay closed, in deep sags and swells.
    MomentaryCessation {
        /// Blocks below this voltage.
        below: Volts,
        /// Blocks above this voltage.
        above: Volts,
        /// Time inside before it restarts.
        restart: Seconds,
    }
);

behaviour!(
    /// So many trips within so long lock the unit until its fault is cleared.
    Lockout {
        /// Trips.
        trips: u8,
        /// Window.
        within: Seconds,
    }
);

/// Where a PV tracker ends up when the curve has several maxima.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PvTracking {
    /// At the global maximum.
    #[default]
    Global,
    /// At the first maximum from open circuit.
    FirstFromOpenCircuit,
}

behaviour!(
    /// Heat of the unit's own losses; without it the unit stays cool.
    Heat {
        /// Junction above the heatsink at rated power.
        junction_rise: Kelvins,
        /// Time constant of that rise.
        junction_tau: Seconds,
        /// Heatsink above the air at rated power with the fan still.
        sink_rise: Kelvins,
        /// Time constant of the heatsink with the fan still.
        sink_tau: Seconds,
        /// Heatsink at which the fan starts; it halves rise and time constant.
        fan: Celsius,
        /// Heatsink up to which full power is allowed.
        derating: Celsius,
        /// Heatsink at which no power is left.
        zero: Celsius,
    }
);

behaviour!(
    /// Perturb-and-observe trackers; without them the PV inputs stand at their maximum at any time.
    Mppt {
        /// Time between two steps of the voltage.
        period: Seconds,
        /// Step, of the open-circuit voltage.
        step: Ratio,
        /// Takes the slope of the irradiance off what a step seems to gain.
        slope_check: bool,
        /// From the source coming on to the first step.
        start: Seconds,
    }
);

behaviour!(
    /// Harmonics and direct current in the output: THD = √(thd² + (harmonic_floor/p)²).
    OutputQuality {
        /// Distortion far above the floor.
        thd: Ratio,
        /// RMS of harmonics at any current, of rated current.
        harmonic_floor: Ratio,
        /// Direct current, of rated current.
        dc_injection: Ratio,
    }
);

behaviour!(
    /// Capacitor between the sources and the bridge.
    DcLink {
        /// Capacitance.
        capacitance: Farads,
        /// Reference voltage.
        voltage: Volts,
        /// Bandwidth of the voltage control.
        bandwidth: Hertz,
        /// Over-voltage trip.
        trip: Volts,
        /// Under-voltage trip.
        low_trip: Volts,
    }
);

behaviour!(
    /// Disconnection by direct current at the grid port.
    DcLimit {
        /// Direct current, of rated current.
        limit: Ratio,
        /// Time above it until it disconnects.
        delay: Seconds,
    }
);
