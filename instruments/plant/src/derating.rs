//! Derating by ambient temperature.

use crate::config::Derating;
use crate::response::Lag;

/// Temperature of the DUT following the ambient, and the ceiling of power it allows.
#[derive(Debug, Clone)]
pub(crate) struct ThermalLimit {
    config: Option<Derating>,
    lag: Lag,
    /// Ceiling of power, pu of rated.
    pub(crate) ceiling_pu: f64,
}

impl ThermalLimit {
    /// In balance with `ambient_c`, stepped every `dt` s.
    pub(crate) fn new(config: Option<Derating>, ambient_c: f64, dt: f64) -> Self {
        let tau = config.map_or(0.0, |d| d.tau_s);
        Self {
            config,
            lag: Lag::new(tau, dt, ambient_c),
            ceiling_pu: 1.0,
        }
    }

    /// Ambient as the DUT feels it, °C.
    pub(crate) fn celsius(&self) -> f64 {
        self.lag.y
    }

    /// One step.
    pub(crate) fn step(&mut self, ambient_c: f64) {
        let t = self.lag.step(ambient_c);
        self.ceiling_pu = self.config.map_or(1.0, |d| {
            (1.0 - d.slope_pu_per_k * (t - d.start_c).max(0.0)).max(d.floor_pu)
        });
    }
}
