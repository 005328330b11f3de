//! Standby shutdown: on the battery alone and with nothing to do the unit switches itself off. It
//! then draws nothing and answers nobody until mains or PV return.

use super::{Inverter, Phase};
use crate::config::Health;
use crate::dispatch::SLOW_S;

impl Inverter {
    /// Conductance of its own supply at the grid port while the relay is open, S: with its standby
    /// consumption at nominal voltage, where PV and battery cannot give that.
    pub(crate) fn supply_g(&self) -> f64 {
        match self.config.health {
            Health::Dead => 0.0,
            Health::Healthy => {
                let nominal_v = self.config.nominal_v;
                self.dispatch.standby_from_grid_w() / (nominal_v * nominal_v)
            }
        }
    }

    /// One slow step; `alive`: there is grid voltage.
    pub(super) fn tire(&mut self, alive: bool) {
        let Some(after_s) = self.config.shutdown_s else {
            return;
        };
        let alone = self.phase == Phase::Idle && !alive && !self.dispatch.pv_present();
        // counts no further than it matters: the bench may rest
        self.standby_s = if alone {
            (self.standby_s + SLOW_S).min(after_s)
        } else {
            0.0
        };
        self.dispatch.asleep = alone && self.standby_s >= after_s - 1e-9;
    }
}
