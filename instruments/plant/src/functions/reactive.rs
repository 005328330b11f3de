//! Which reactive power is asked for: volt-var, then a fixed cosφ, then Q(P), then cosφ(P), then
//! fixed Q.

use crate::config::PowerFactor;
use crate::input::CurvePoints;
use crate::response::curve;

/// Settings of the reactive functions apart from volt-var.
#[derive(Debug, Clone)]
pub(crate) struct Reactive {
    /// (P pu, tan φ)
    curve: Vec<(f64, f64)>,
    /// Fixed cosφ.
    pub(crate) power_factor: Option<PowerFactor>,
    /// The one that goes before it while active power is absorbed.
    pub(crate) absorbing_factor: Option<PowerFactor>,
    /// Q(P): (P pu of rated power, Q pu of rated apparent power); empty is off.
    pub(crate) watt_var: CurvePoints,
    /// cosφ(P) is on.
    pub(crate) curve_enabled: bool,
    /// Fixed reactive power, pu of rated apparent power.
    pub(crate) fixed_pu: f64,
}

impl Reactive {
    /// cosφ(P) is on when it has points.
    pub(crate) fn new(points: &[(f64, PowerFactor)]) -> Self {
        Self {
            curve: points
                .iter()
                .map(|(p, factor)| (*p, factor.tan()))
                .collect(),
            power_factor: None,
            absorbing_factor: None,
            watt_var: CurvePoints::default(),
            curve_enabled: !points.is_empty(),
            fixed_pu: 0.0,
        }
    }

    /// Reactive power in pu of rated apparent power, if it does not follow from the active power.
    pub(crate) fn constant_pu(&self) -> Option<f64> {
        let follows = self.power_factor.is_some()
            || self.absorbing_factor.is_some()
            || !self.watt_var.points().is_empty()
            || (self.curve_enabled && !self.curve.is_empty());
        (!follows).then_some(self.fixed_pu)
    }

    /// Reactive power in pu of rated apparent power for an active power `p_w`.
    #[inline]
    pub(crate) fn target_pu(&self, p_w: f64, rated_w: f64, rated_va: f64) -> f64 {
        let absorbing = self.absorbing_factor.filter(|_| p_w < 0.0);
        match absorbing.or(self.power_factor) {
            Some(factor) => p_w.abs() * factor.tan() / rated_va,
            None if !self.watt_var.points().is_empty() => {
                curve(self.watt_var.points(), p_w / rated_w)
            }
            None if self.curve_enabled && !self.curve.is_empty() => {
                // between two points tan φ runs linearly, as Q/P does
                p_w.abs() * curve(&self.curve, p_w / rated_w) / rated_va
            }
            None => self.fixed_pu,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_cosine_and_curve() {
        let under = |cos| PowerFactor {
            cos,
            over_excited: false,
        };
        let mut reactive = Reactive::new(&[(0.5, under(1.0)), (1.0, under(0.9))]);
        let q = |r: &Reactive, p| r.target_pu(p, 5000.0, 5000.0);
        assert_eq!(q(&reactive, 2000.0), 0.0);
        let full = -(1.0_f64 - 0.81).sqrt() / 0.9;
        assert!((q(&reactive, 5000.0) - full).abs() < 1e-12);
        assert!((q(&reactive, 3750.0) - 0.75 * 0.5 * full).abs() < 1e-12);
        reactive.power_factor = Some(PowerFactor {
            cos: 0.8,
            over_excited: true,
        });
        assert!((q(&reactive, 4000.0) - 0.6).abs() < 1e-12);
        assert!((q(&reactive, -4000.0) - 0.6).abs() < 1e-12);
        reactive.absorbing_factor = Some(under(0.6));
        assert!((q(&reactive, 4000.0) - 0.6).abs() < 1e-12);
        assert!((q(&reactive, -3000.0) + 0.8).abs() < 1e-12);
        reactive.power_factor = None;
        reactive.curve_enabled = false;
        reactive.fixed_pu = 0.1;
        assert_eq!(reactive.constant_pu(), None);
        assert_eq!(q(&reactive, 4000.0), 0.1);
        assert!((q(&reactive, -3000.0) + 0.8).abs() < 1e-12);
        reactive.absorbing_factor = None;
        reactive.curve_enabled = true;
        reactive.watt_var = CurvePoints::new(&[(0.4, 0.0), (1.0, -0.3)]).expect("a curve");
        assert!((q(&reactive, 3500.0) + 0.15).abs() < 1e-12);
        assert_eq!(q(&reactive, -1000.0), 0.0);
        reactive.watt_var = CurvePoints::default();
        reactive.curve_enabled = false;
        reactive.fixed_pu = -0.2;
        assert_eq!(q(&reactive, 4000.0), -0.2);
    }
}
