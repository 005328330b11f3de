//! What lies between a signal and the numbers of a recorder: sensor, filter, converter.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::quantity::{Amps, Ratio, Seconds};

/// Sensor in front of a channel. Its gain error belongs to the accuracy of the recorder, which is that
/// of the whole chain.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ChannelSensor {
    /// Iron core: blind to direct current.
    CurrentTransformer {
        /// Time constant of the magnetising branch; what is left after an interruption decays with it.
        tau: Seconds,
        /// Primary current (peak) towards which the output saturates; unlimited unless stated.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        saturation: Option<Amps>,
    },
    /// Zero-flux transducer or shunt with amplifier: sees direct current, with an offset.
    ZeroFlux {
        /// Offset, ± of the channel's range; part of the accuracy of the range.
        offset: Ratio,
    },
}

/// Shape of an anti-alias filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FilterShape {
    /// Constant delay.
    Bessel,
    /// Flat amplitude.
    Butterworth,
}

/// Anti-alias filter in front of the converter of every analogue channel. The recorder's time axis
/// leaves its delay out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AntiAlias {
    /// Shape.
    pub shape: FilterShape,
    /// Poles: 2, 4 or 6.
    pub poles: u8,
    /// −3 dB, as a fraction of the sampling rate.
    pub cutoff: Ratio,
}

/// Converter of a recorder.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Converter {
    /// Resolution, 8–16 bits; all that the model has unless stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits: Option<u8>,
    /// Noise, standard deviation as a fraction of full scale; −70 dB unless stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<Ratio>,
    /// Anti-alias filter; none unless stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anti_alias: Option<AntiAlias>,
}
