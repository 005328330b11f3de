//! Derating by ambient temperature, and by the heat of the DUT's own losses.

use crate::config::{Derating, Heat};
use crate::heat::HeatNodes;
use crate::response::Lag;

/// Temperature of the DUT following the ambient, and the ceiling of power it allows.
#[derive(Debug, Clone)]
pub(crate) struct ThermalLimit {
    config: Option<Derating>,
    lag: Lag,
    heat: Option<HeatNodes>,
    /// Ceiling of power, pu of rated.
    pub(crate) ceiling_pu: f64,
}

impl ThermalLimit {
    /// In balance with `ambient_c`, stepped every `dt` s; at rated power `rated_loss_w` turn to heat.
    pub(crate) fn new(
        config: Option<Derating>,
        heat: Option<Heat>,
        rated_loss_w: f64,
        ambient_c: f64,
        dt: f64,
    ) -> Self {
        let tau = config.map_or(0.0, |d| d.tau_s);
        Self {
            config,
            lag: Lag::new(tau, dt, ambient_c),
            heat: heat.map(|heat| HeatNodes::new(heat, rated_loss_w, ambient_c, dt)),
            ceiling_pu: 1.0,
        }
    }

    /// Temperature that the DUT measures, °C: its heatsink, or the ambient as it feels it.
    pub(crate) fn celsius(&self) -> f64 {
        self.heat.as_ref().map_or(self.lag.y, HeatNodes::sink_c)
    }

    /// Junction, °C, and whether the fan runs; without the model there is neither.
    pub(crate) fn stage(&self) -> Option<(f64, bool)> {
        self.heat
            .as_ref()
            .map(|heat| (heat.junction_c(), heat.fan()))
    }

    /// One step in which `loss_w` turned to heat.
    pub(crate) fn step(&mut self, ambient_c: f64, loss_w: f64) {
        let t = self.lag.step(ambient_c);
        let by_ambient = self.config.map_or(1.0, |d| {
            (1.0 - d.slope_pu_per_k * (t - d.start_c).max(0.0)).max(d.floor_pu)
        });
        let by_heat = self
            .heat
            .as_mut()
            .map_or(1.0, |heat| heat.step(loss_w, ambient_c));
        self.ceiling_pu = by_ambient.min(by_heat);
    }
}
