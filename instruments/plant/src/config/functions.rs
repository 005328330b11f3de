//! Grid-support functions besides volt-var and volt-watt. Everything is off by default.

use super::Response;

/// The functions of a DUT.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Functions {
    /// Power against frequency.
    pub frequency_watt: Option<FrequencyWatt>,
    /// Ceiling of charging against voltage, pu of rated charging power.
    pub charging_volt_watt: Option<Response>,
    /// cosφ(P): (P in pu of rated power, signed cosφ as in [`PowerFactor`]), ascending in P.
    pub power_factor_curve: Vec<(f64, PowerFactor)>,
    /// Disconnection by the ten-minute average of the voltage.
    pub sustained_over_voltage: Option<SustainedOverVoltage>,
    /// Limit of the export at the source meter.
    pub export_limit: Option<ExportLimit>,
    /// Largest rate of change of a commanded active power, pu of rated power per second.
    pub ramp_pu_per_s: Option<f64>,
    /// Ceiling of power against PV voltage: (V, pu of rated power), ascending; empty is none.
    pub pv_voltage_derating: Vec<(f64, f64)>,
    /// Blocking of the bridge, relay closed, in deep sags and swells.
    pub momentary_cessation: Option<MomentaryCessation>,
}

/// A displacement factor with its direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerFactor {
    /// |cosφ|, 0.1–1.
    pub cos: f64,
    /// Over-excited injects reactive power, under-excited absorbs it.
    pub over_excited: bool,
}

impl PowerFactor {
    /// Reactive per active power, > 0 injects.
    #[must_use]
    pub fn tan(self) -> f64 {
        let cos = self.cos.clamp(0.1, 1.0);
        let tan = (1.0 - cos * cos).sqrt() / cos;
        if self.over_excited { tan } else { -tan }
    }
}

/// Power against frequency: a ceiling that falls above `over`, a floor that rises below `under`.
/// Both may go through zero, so that the DUT charges or feeds against its set-point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrequencyWatt {
    /// Active at power-up.
    pub enabled: bool,
    /// Over-frequency.
    pub over: FrequencySlope,
    /// Under-frequency.
    pub under: Option<FrequencySlope>,
    /// Dead time before the output moves, s.
    pub delay_s: f64,
    /// First-order time constant, s.
    pub tau_s: f64,
    /// Time inside the hysteresis before a held level is released, s.
    pub hold_s: f64,
    /// How fast it then goes back, pu of rated power per second; `None` is at once.
    pub ramp_pu_per_s: Option<f64>,
}

/// Where power begins to follow the frequency and how.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrequencySlope {
    /// Edge of the dead band, Hz.
    pub start_hz: f64,
    /// The law beyond it.
    pub law: SlopeLaw,
    /// The level that was reached is released when the frequency is this far inside `start_hz`, Hz.
    /// Zero holds nothing: power follows its slope both ways.
    pub hysteresis_hz: f64,
}

/// How a bound moves with frequency, from the power p0 at the moment the dead band was left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SlopeLaw {
    /// p0·(stop − f)/(stop − start): zero at this frequency, Hz.
    ZeroAt(f64),
    /// As [`SlopeLaw::ZeroAt`] of the first, and on to rated power in the opposite direction at the
    /// second frequency, Hz.
    ReversedAt(f64, f64),
    /// p0 − |f − start|/(f0·droop): pu of rated power, on through zero and followed both
    /// ways.
    Droop(f64),
}

/// Ten-minute average of the voltage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SustainedOverVoltage {
    /// V.
    pub limit_v: f64,
    /// Which mean.
    pub mean: Mean,
    /// From the crossing to the disconnection, s.
    pub delay_s: f64,
}

/// Mean of the one-second values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mean {
    /// Root of the mean square.
    #[default]
    Quadratic,
    /// Arithmetic mean.
    Arithmetic,
}

/// Export limits as seen by the meter between the source and the PCC.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExportLimit {
    /// The DUT holds the export at or below this, W; `None` is no soft limit.
    pub soft_w: Option<f64>,
    /// The DUT disconnects above this, W; `None` is no hard limit.
    pub hard_w: Option<f64>,
    /// Time above the hard limit before it disconnects, s.
    pub hard_s: f64,
    /// Time constant of the meter reading, s.
    pub tau_s: f64,
}

/// Zones in which the bridge blocks while the relay stays closed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MomentaryCessation {
    /// Blocks below this half-cycle RMS, V.
    pub below_v: f64,
    /// Blocks above this, V.
    pub above_v: f64,
    /// Time inside before the bridge restarts, s.
    pub return_s: f64,
}
