//! From the powers of the dispatcher to those of the current controller: what the anti-islanding
//! methods and the open-end criterion make of them.

use super::Inverter;
use crate::config::CurrentReference;
use crate::current_control::PowerReference;

/// Largest change of the power by the voltage shift, pu of the present one.
const MAX_SHIFT: f64 = 0.5;
/// Reactive bias of the open-end criterion, pu of rated apparent power.
const BIAS_PU: f64 = 0.01;

/// What turns the powers of the dispatcher into those of the current controller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Steering {
    /// There is no active power: nothing is turned.
    pub(crate) idle: bool,
    /// Square of the bias of the open-end criterion, var².
    bias_square: f64,
    factor: f64,
    /// Voltage shift, W.
    shift_w: f64,
    extra_var: f64,
    turn: (f64, f64),
    keep: f64,
    reference: CurrentReference,
}

impl Steering {
    /// The reference for powers of the dispatcher, W and var.
    #[inline(always)]
    pub(crate) fn reference(&self, p: f64, q: f64) -> PowerReference {
        let q = if p * p + q * q < self.bias_square {
            self.bias(q)
        } else {
            q
        };
        let p_shifted = if self.shift_w == 0.0 {
            p * self.factor
        } else {
            self.shifted(p)
        };
        PowerReference {
            p: self.keep * p_shifted,
            q: self.keep * (q + self.extra_var),
            turn: self.turn,
            reference: self.reference,
        }
    }

    #[cold]
    fn bias(&self, q: f64) -> f64 {
        self.bias_square.sqrt().copysign(q)
    }

    #[cold]
    fn shifted(&self, p: f64) -> f64 {
        let most = MAX_SHIFT * p.abs();
        p * self.factor + self.shift_w.clamp(-most, most) * 1.0_f64.copysign(p)
    }
}

impl Inverter {
    /// Powers for the current controller.
    #[inline(always)]
    pub(crate) fn power_reference(&self) -> PowerReference {
        self.steering()
            .reference(self.dispatch.p_w, self.dispatch.q_var)
    }

    /// What the anti-islanding methods and the bias of the open-end criterion make of the powers.
    #[inline(always)]
    pub(crate) fn steering(&self) -> Steering {
        let c = &self.config;
        let idle = self.dispatch.p_w == 0.0;
        Steering {
            idle,
            bias_square: if self.detector.is_some() {
                (BIAS_PU * c.rated_apparent_va) * (BIAS_PU * c.rated_apparent_va)
            } else {
                0.0
            },
            factor: self.passive.power_factor(),
            shift_w: self.active.shift_amps() * c.nominal_v,
            extra_var: self.active.extra_vars_pu() * c.rated_apparent_va,
            turn: if idle { (1.0, 0.0) } else { self.active.turn() },
            keep: match c.reference {
                _ if idle => 1.0,
                CurrentReference::ConstantPower => self.active.keep(),
                CurrentReference::ConstantCurrent | CurrentReference::Untracked => 1.0,
            },
            reference: c.reference,
        }
    }
}
