//! The dc side of the dispatcher: what the sources can give, what is lost on the way, and which
//! source has given what.

use super::{Dispatch, PER_S, larger, smaller};

/// Losses in pu of rated power: constant, linear and quadratic in p (docs/models.md 4.6).
pub(super) const LOSS: [f64; 3] = [0.004, 0.008, 0.012];
/// A sagging dc link gets its energy back from the feed within this time, one above its reference
/// gives it away by charging less, s.
const SAG_S: f64 = 0.1;

/// What the sources give and take until the next second or input, W.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sources {
    /// PV at its operating points.
    pub(super) pv_w: f64,
    /// Out of the battery at most, with a grid.
    pub(super) discharge_w: f64,
    /// Into the battery at most, and the ac power that this takes.
    pub(super) charge_w: f64,
    pub(super) charge_ac_w: f64,
    /// Least and most that all give to the dc link, in the present duty.
    pub(crate) reach: (f64, f64),
    /// PV that goes into the battery first; `None` without a battery.
    pub(super) kept_w: Option<f64>,
}

/// Coefficients of the loss of a running bridge, W over W ac.
pub(super) fn running_loss(rated_w: f64) -> [f64; 3] {
    [LOSS[0] * rated_w, LOSS[1], LOSS[2] / rated_w]
}

impl Dispatch {
    /// Loss at an ac power, W.
    #[inline]
    pub(super) fn loss(&self, p: f64) -> f64 {
        let p = p.abs();
        self.loss[0] + p * (self.loss[1] + p * self.loss[2])
    }

    pub(super) fn loss_now(&self) -> [f64; 3] {
        if self.night.resting() {
            [self.standby_w, 0.0, 0.0]
        } else {
            running_loss(self.rated_w)
        }
    }

    /// Largest ac power from so much dc power, W: root of p + loss(p) = dc.
    pub(super) fn ac_from(&self, dc: f64) -> f64 {
        let (a, b, c) = (LOSS[2], 1.0 + LOSS[1], LOSS[0] - dc / self.rated_w);
        let root = (b * b - 4.0 * a * c).max(0.0).sqrt();
        ((root - b) / (2.0 * a)).max(0.0) * self.rated_w
    }

    /// AC power that so much PV carries by itself, W.
    pub(super) fn ac_from_pv(&mut self, pv_w: f64) -> f64 {
        if self.carried.0 != pv_w {
            self.carried = (pv_w, self.ac_from(pv_w));
        }
        self.carried.1
    }

    /// PV power available, W.
    #[inline]
    pub(super) fn pv_available(&self) -> f64 {
        self.pv.available_w()
    }

    /// The PV carries the unit.
    pub(crate) fn pv_present(&self) -> bool {
        self.pv.maximum_w() > 2.0 * self.loss(0.0)
    }

    /// There is a dc source to run from.
    pub(crate) fn dc_present(&self) -> bool {
        self.battery.present() || self.pv_present()
    }

    /// AC power that the dc side can carry in back-up, W.
    pub(crate) fn backup_available(&self) -> f64 {
        self.ac_from(self.pv_available() + self.battery.overload_w())
    }

    /// What the sources give and take.
    pub(crate) fn sources(&self) -> Sources {
        let (discharge_w, charge_w) = self.battery.limits();
        let pv_w = self.pv_available();
        Sources {
            pv_w,
            discharge_w,
            charge_w,
            charge_ac_w: if charge_w > 0.0 {
                charge_w + self.loss(charge_w)
            } else {
                0.0
            },
            reach: self.reach(),
            kept_w: self.battery.present().then(|| match self.active_w {
                Some(_) => 0.0,
                None => self.working.pv_left_w(charge_w),
            }),
        }
    }

    /// Power that the bridge shall deliver, W.
    pub(crate) fn fed_w(&self) -> f64 {
        self.fed_w
    }

    /// Taken by the electronics while the terminals get `ac_w` and the filter `filter_w`, W: the
    /// loss polynomial is that of the whole unit.
    #[inline]
    pub(crate) fn electronics_w(&self, idle: bool, ac_w: f64, filter_w: f64) -> f64 {
        if !idle {
            larger(self.loss(ac_w) - filter_w, 0.0)
        } else if self.reach().1 >= self.standby_w && !self.asleep {
            self.standby_w
        } else {
            // nobody, or the grid in front of the relay
            0.0
        }
    }

    /// What its own consumption in standby lacks of its sources, so that it comes from the grid, W.
    pub(crate) fn standby_from_grid_w(&self) -> f64 {
        if self.reach().1 >= self.standby_w || self.asleep {
            0.0
        } else {
            self.standby_w
        }
    }

    /// Least and most the sources can give, W.
    #[inline]
    pub(crate) fn reach(&self) -> (f64, f64) {
        let (discharge, charge) = self.battery.limits();
        let discharge = if self.backup {
            self.battery.overload_w()
        } else {
            discharge
        };
        (-charge, self.pv_available() + discharge)
    }

    /// Shares of PV and battery in what was fed, J: PV first, also into a battery that the working
    /// mode charges; the battery the rest.
    #[inline]
    pub(crate) fn split(&self, sources: &Sources, fed_j: f64, seconds: f64) -> (f64, f64) {
        match sources.kept_w {
            Some(kept_w) => {
                let most = sources.pv_w * seconds;
                let pv_j = smaller(larger(fed_j + kept_w * seconds, 0.0), most);
                (pv_j, fed_j - pv_j)
            }
            None => (fed_j, 0.0),
        }
    }

    /// The sources have fed so much (waveform mode); the shares of PV and battery, J.
    #[inline]
    pub(crate) fn supply(&mut self, sources: &Sources, fed_j: f64, seconds: f64) -> (f64, f64) {
        let (pv_j, battery_j) = self.split(sources, fed_j, seconds);
        self.supplied.0 += pv_j;
        self.supplied.1 += battery_j;
        (pv_j, battery_j)
    }

    /// What was supplied in the slow step that ends (waveform mode), J.
    pub(crate) fn take_supplied(&mut self) -> (f64, f64) {
        std::mem::take(&mut self.supplied)
    }

    /// A slow step ends in which PV and battery have fed so much, J, with `excess_j` in the dc link
    /// beyond its reference.
    #[inline(always)]
    pub(crate) fn close_step(&mut self, (pv_j, battery_j): (f64, f64), excess_j: f64) {
        self.pv_w = pv_j * PER_S;
        self.pv.take(self.pv_w);
        self.battery_w = battery_j * PER_S;
        self.missing_w = smaller(excess_j, 0.0) * (1.0 / SAG_S);
        self.spare_w = larger(excess_j, 0.0) * (1.0 / SAG_S);
        self.battery.draw(self.battery_w);
    }

    /// Voltage of the first PV input, V.
    pub(crate) fn pv_volts(&self) -> f64 {
        self.pv.volts(0)
    }
}
