//! What a steady state holds, loses and passes in the output filter.

use crate::config::Filter;
use crate::phasor::Phasor;
use crate::quasi_static::Terminals;

/// Phasors inside the output filter.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct FilterState {
    /// Terminals.
    pub(crate) v: Phasor,
    /// Grid-side inductor.
    pub(crate) i2: Phasor,
    /// Bridge inductor.
    pub(crate) i1: Phasor,
    /// Capacitor.
    pub(crate) cap: Phasor,
    /// Bridge.
    pub(crate) bridge: Phasor,
    w: f64,
}

impl FilterState {
    /// From terminal voltage and current; a blocked bridge carries nothing.
    pub(crate) fn new(f: &Filter, v: Phasor, i2: Phasor, w: f64, blocked: bool) -> Self {
        let mid = v.add(i2.mul(Phasor::new(f.r2_ohm, w * f.l2_h)));
        let (cap, i1, bridge) = if blocked {
            let cap = i2.mul(Phasor::new(0.0, 1.0 / (w * f.cf_f)));
            (cap, Phasor::ZERO, Phasor::ZERO)
        } else {
            let cap = mid.mul(Phasor::new(1.0, w * f.cf_f * f.rd_ohm).inv());
            let i1 = i2.add(cap.mul(Phasor::new(0.0, w * f.cf_f)));
            (cap, i1, mid.add(i1.mul(Phasor::new(f.r1_ohm, w * f.l1_h))))
        };
        Self {
            v,
            i2,
            i1,
            cap,
            bridge,
            w,
        }
    }

    /// Delivered at the terminals, W.
    pub(crate) fn ac_w(&self) -> f64 {
        self.v.re * self.i2.re + self.v.im * self.i2.im
    }

    /// Lost in the resistances, W.
    pub(crate) fn loss_w(&self, f: &Filter) -> f64 {
        f.r1_ohm * self.i1.square()
            + f.r2_ohm * self.i2.square()
            + f.rd_ohm * self.i1.sub(self.i2).square()
    }

    /// Mean of the energy in inductors and capacitor, J.
    pub(crate) fn stored_j(&self, f: &Filter) -> f64 {
        0.5 * (f.l1_h * self.i1.square() + f.l2_h * self.i2.square() + f.cf_f * self.cap.square())
    }

    /// Oscillating parts of the energies delivered and lost, J.
    pub(crate) fn swings(&self, f: &Filter, turns: f64) -> (f64, f64) {
        if self.w == 0.0 {
            return (0.0, 0.0);
        }
        let part = |v: Phasor, i: Phasor| crate::dc_link::swing(v, i, self.w, turns).0;
        let heat = |i: Phasor, ohm: f64| part(i.scale(ohm), i);
        (
            part(self.v, self.i2),
            heat(self.i1, f.r1_ohm)
                + heat(self.i2, f.r2_ohm)
                + heat(self.i1.sub(self.i2), f.rd_ohm),
        )
    }
}

/// Loss and stored energy of the filter as what they are: linear in |V|², |I₂|², P and Q at the
/// terminals. Everything else in the filter follows from V and I₂.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FilterForms {
    w: f64,
    blocked: bool,
    loss: [f64; 4],
    stored: [f64; 4],
}

impl FilterForms {
    /// With middle M = V + z₂I₂, capacitor yM, its current gM and I₁ = I₂ + gM:
    /// |M|² = |V|² + |z₂|²|I₂|² + 2(r₂P + x₂Q) and |I₁|² = |I₂|² + |gM|² + 2 Re gMI₂*.
    pub(crate) fn new(f: &Filter, w: f64, blocked: bool) -> Self {
        if blocked {
            // the bridge inductor carries nothing, the capacitor all of I₂
            return Self {
                w,
                blocked,
                loss: [0.0, f.r2_ohm + f.rd_ohm, 0.0, 0.0],
                stored: [0.0, 0.5 * (f.l2_h + 1.0 / (w * w * f.cf_f)), 0.0, 0.0],
            };
        }
        let z2 = Phasor::new(f.r2_ohm, w * f.l2_h);
        let y = Phasor::new(1.0, w * f.cf_f * f.rd_ohm).inv();
        let g = y.mul(Phasor::new(0.0, w * f.cf_f));
        let middle = [1.0, z2.square(), 2.0 * z2.re, 2.0 * z2.im];
        let cap_i = middle.map(|m| m * g.square());
        let cross = [0.0, 1.0 + 2.0 * g.mul(z2).re, 2.0 * g.re, -2.0 * g.im];
        let grid = [0.0, 1.0, 0.0, 0.0];
        let at = |k: usize| {
            let i1 = cap_i[k] + cross[k];
            let cap_v = middle[k] * y.square();
            (
                f.r1_ohm * i1 + f.r2_ohm * grid[k] + f.rd_ohm * cap_i[k],
                0.5 * (f.l1_h * i1 + f.l2_h * grid[k] + f.cf_f * cap_v),
            )
        };
        let all = [at(0), at(1), at(2), at(3)];
        Self {
            w,
            blocked,
            loss: all.map(|x| x.0),
            stored: all.map(|x| x.1),
        }
    }

    /// These are the forms for that frequency and bridge.
    #[inline]
    pub(crate) fn fits(&self, w: f64, blocked: bool) -> bool {
        self.w == w && self.blocked == blocked
    }

    /// Flow at the terminals.
    #[inline(always)]
    pub(crate) fn flow(&self, at: &Terminals) -> SteadyFlow {
        let of = |form: &[f64; 4]| {
            (form[0] * at.vv + form[1] * at.ii) + (form[2] * at.p + form[3] * at.q)
        };
        SteadyFlow {
            ac_w: at.p,
            loss_w: of(&self.loss),
            stored_j: of(&self.stored),
        }
    }
}

/// What flows through the filter in a steady state.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct SteadyFlow {
    /// Delivered at the terminals, W.
    pub(crate) ac_w: f64,
    /// Lost in the resistances, W.
    pub(crate) loss_w: f64,
    /// Mean of the energy in inductors and capacitor, J.
    pub(crate) stored_j: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The forms are the sums over the branches.
    #[rstest::rstest]
    fn forms_are_the_sums_over_the_branches(
        #[values(false, true)] blocked: bool,
        #[values((25.0, 3.0), (-10.0, 14.0), (0.2, -0.1))] i: (f64, f64),
    ) {
        let filter = config_filter();
        let w = 50.0 * std::f64::consts::TAU;
        let (v, i2) = (Phasor::new(231.0, -4.0), Phasor::new(i.0, i.1));
        let state = FilterState::new(&filter, v, i2, w, blocked);
        let flow = FilterForms::new(&filter, w, blocked).flow(&Terminals::of(v, i2));
        assert!((flow.ac_w - state.ac_w()).abs() < 1e-9);
        assert!(
            (flow.loss_w - state.loss_w(&filter)).abs() < 1e-9,
            "{flow:?}"
        );
        assert!(
            (flow.stored_j - state.stored_j(&filter)).abs() < 1e-11,
            "{flow:?}"
        );
    }

    fn config_filter() -> Filter {
        crate::config::reference().dut.filter
    }
}
