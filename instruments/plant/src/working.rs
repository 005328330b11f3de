//! Working modes: which power at the grid port follows from load, sun and battery.

use crate::input::WorkingMode;

/// A battery that is kept full is charged again when so much of its charge is missing.
const TOP_UP: f64 = 0.02;

/// The mode and what it remembers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Working {
    /// The mode.
    pub(crate) mode: WorkingMode,
    /// The battery has what is to be kept.
    full: bool,
}

impl Working {
    /// As configured.
    pub(crate) fn new(mode: WorkingMode) -> Self {
        Self { mode, full: false }
    }

    /// A second has passed.
    pub(crate) fn second(&mut self, soc: f64) {
        self.full = match self.mode {
            WorkingMode::FollowSource | WorkingMode::SelfConsumption => false,
            WorkingMode::Backup { retain, .. } => {
                soc >= retain || (self.full && soc > retain - TOP_UP)
            }
        };
    }

    /// PV power that may go into the battery, W of at most `charge_w`.
    pub(crate) fn pv_charge_w(&self, charge_w: f64) -> f64 {
        match self.mode {
            WorkingMode::FollowSource => 0.0,
            WorkingMode::SelfConsumption => charge_w,
            WorkingMode::Backup { charge_w: most, .. } if !self.full => charge_w.min(most),
            WorkingMode::Backup { .. } => 0.0,
        }
    }

    /// Power wanted at the grid port, W, of what is left of the PV for it, W ac, and all loads of the
    /// site as metered.
    pub(crate) fn wish_w(&self, load_w: f64, surplus_w: f64) -> f64 {
        match self.mode {
            // the battery takes what the loads leave; what it cannot take is exported
            WorkingMode::SelfConsumption => load_w.max(surplus_w),
            WorkingMode::FollowSource | WorkingMode::Backup { .. } => surplus_w,
        }
    }
}
