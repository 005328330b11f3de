//! What lies between the set-point of a source or load and what stands at its terminals. Everything
//! that is not stated is ideal.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LineImpedance;
use super::accuracy::AccuracyOf;
use crate::quantity::{Ratio, Seconds};

/// Output of a grid simulator.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GridOutput {
    /// Accuracy of the voltage: ± of the set-point + of the range. The error is one that the seed
    /// draws inside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<AccuracyOf>,
    /// Impedance of the amplifier itself, besides what can be programmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub impedance: Option<LineImpedance>,
    /// Rise of the voltage from 10 to 90 % of the largest step, that of the range: the fastest slew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rise: Option<Seconds>,
    /// From a command to the output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Seconds>,
}

/// Branches of an RLC load.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LoadBranches {
    /// Quality factor ωL/R of the inductors at 50 Hz: their losses are active power.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inductor_q: Option<f64>,
    /// Tolerance of the powers of resistors, inductors and capacitors: each branch is off by one
    /// factor that the seed draws inside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<Ratio>,
}
