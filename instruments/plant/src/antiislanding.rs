//! Sandia frequency shift (docs/models.md 7.3): the current leads by θ = (π/2)(cf0 + K (f − fg)).

use crate::config::AntiIslanding;

/// Lag of the frequency that the method sees, s.
const FILTER_S: f64 = 0.02;
/// Time constant of fg, the slow average of the grid frequency, s: a grid that stays at 50.3 Hz
/// is no island and shall not cost reactive power for ever.
const GRID_AVERAGE_S: f64 = 20.0;
/// Largest angle, rad.
const MAX_LEAD: f64 = 0.6;

/// State of the method.
#[derive(Debug, Clone)]
pub(crate) struct FrequencyShift {
    method: AntiIslanding,
    hz: f64,
    grid_hz: f64,
}

impl FrequencyShift {
    /// At rest at the nominal frequency.
    pub(crate) fn new(method: AntiIslanding, nominal_hz: f64) -> Self {
        Self {
            method,
            hz: nominal_hz,
            grid_hz: nominal_hz,
        }
    }

    /// A new period of `1/hz` has been measured.
    pub(crate) fn push(&mut self, hz: f64) {
        let dt = 1.0 / hz;
        self.hz += (hz - self.hz) * (dt / (dt + FILTER_S));
        self.grid_hz += (self.hz - self.grid_hz) * (dt / GRID_AVERAGE_S);
    }

    /// Starts settled at a steady grid frequency.
    pub(crate) fn settle(&mut self, hz: f64, dt: f64) {
        self.hz = hz;
        self.grid_hz += (hz - self.grid_hz) * (dt / GRID_AVERAGE_S).min(1.0);
    }

    /// Lead of the current, rad.
    #[inline]
    pub(crate) fn lead(&self) -> f64 {
        match self.method {
            AntiIslanding::Off => 0.0,
            AntiIslanding::Sfs { cf0, gain_per_hz } => {
                let shift = cf0 + gain_per_hz * (self.hz - self.grid_hz);
                (std::f64::consts::FRAC_PI_2 * shift).clamp(-MAX_LEAD, MAX_LEAD)
            }
        }
    }
}
