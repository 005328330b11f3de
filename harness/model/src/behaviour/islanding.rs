//! Islanding detection of an emulated DUT.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Overlay;
use crate::quantity::{Degrees, Hertz, Ohms, PerHertz, Ratio, Seconds};

behaviour!(
    /// Islanding detection: one active method and any passive ones.
    AntiIslanding {
        /// Active method.
        method: IslandingMethod,
        /// Chopping fraction at nominal frequency, 1 (active-frequency-drift,
        /// sandia-frequency-shift).
        cf0: f64,
        /// Gain of the chopping fraction over frequency (sandia-frequency-shift).
        gain: PerHertz,
        /// Time constant of the frequency the method sees.
        frequency_lag: Seconds,
        /// Largest angle (slip-mode-shift).
        max_angle: Degrees,
        /// Deviation of frequency at which it is reached (slip-mode-shift).
        max_angle_at: Hertz,
        /// The current rises by the rise of the voltage over this resistance (sandia-voltage-shift).
        resistance: Ohms,
        /// Time constant of the average voltage (sandia-voltage-shift).
        average: Seconds,
        /// Step of reactive power, of rated apparent power (reactive-perturbation).
        step: Ratio,
        /// Time between steps (reactive-perturbation).
        half_period: Seconds,
        /// Rate of change of frequency.
        rocof: Rocof,
        /// Jump of the phase from one period to the next.
        phase_jump: Degrees,
        /// Rise of the grid impedance.
        impedance: ImpedanceRise,
        /// Distortion of the voltage.
        harmonics: HarmonicRise,
    }
);

/// Active method of islanding detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IslandingMethod {
    /// None.
    Off,
    /// Fixed lead of the current.
    ActiveFrequencyDrift,
    /// Lead proportional to the deviation of frequency.
    #[default]
    SandiaFrequencyShift,
    /// Lead as a sine of the deviation of frequency.
    SlipModeShift,
    /// Current proportional to the deviation of voltage.
    SandiaVoltageShift,
    /// Alternating reactive power.
    ReactivePerturbation,
}

/// What the current is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CurrentReference {
    /// The power stays when the voltage moves.
    #[default]
    ConstantPower,
    /// The current stays.
    ConstantCurrent,
    /// The current stays and follows no frequency but its own, the nominal one.
    Untracked,
}

behaviour!(
    /// Rate of change of frequency: so much change within so long.
    Rocof {
        /// Change of frequency.
        change: Hertz,
        /// Window of the regression.
        within: Seconds,
        /// Time beyond the limit until the trip.
        delay: Seconds,
    }
);

behaviour!(
    /// Rise of the grid impedance, measured by small reductions of the current.
    ImpedanceRise {
        /// Reduction, of the present power.
        step: Ratio,
        /// Time between reductions.
        period: Seconds,
        /// Rise that trips.
        limit: Ohms,
    }
);

behaviour!(
    /// Voltage without its fundamental.
    HarmonicRise {
        /// Limit, of the fundamental.
        limit: Ratio,
        /// Time beyond the limit until the trip.
        delay: Seconds,
    }
);
