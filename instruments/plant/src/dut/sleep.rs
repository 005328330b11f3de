//! Standby shutdown: on the battery alone and with nothing to do the unit switches itself off. It
//! then draws nothing and answers nobody until mains or PV return.

use super::{Inverter, Phase};
use crate::dispatch::SLOW_S;

impl Inverter {
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
