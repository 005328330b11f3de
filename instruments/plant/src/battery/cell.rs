//! A LiFePO4 cell: open-circuit voltage, hysteresis, ohmic drop, two polarisations.

/// (state of charge, V) of docs/models.md section 3.
const OCV: [(f64, f64); 15] = [
    (0.0, 2.50),
    (0.02, 2.90),
    (0.05, 3.10),
    (0.10, 3.20),
    (0.20, 3.25),
    (0.30, 3.28),
    (0.40, 3.29),
    (0.50, 3.30),
    (0.60, 3.31),
    (0.70, 3.33),
    (0.80, 3.335),
    (0.90, 3.34),
    (0.95, 3.36),
    (0.98, 3.42),
    (1.00, 3.60),
];
/// The hysteresis follows the direction of the current over this share of the capacity.
const HYSTERESIS_SPAN: f64 = 0.05;

/// Slope between two neighbours, V.
fn secant(k: usize) -> f64 {
    (OCV[k + 1].1 - OCV[k].1) / (OCV[k + 1].0 - OCV[k].0)
}

/// Slope of the monotone cubic in a point: the weighted harmonic mean of its neighbours' (Fritsch
/// and Butland, SIAM J. Sci. Stat. Comput. 5, 1984); the outer secant at the ends.
fn slope(k: usize) -> f64 {
    let last = OCV.len() - 1;
    if k == 0 {
        return secant(0);
    }
    if k == last {
        return secant(last - 1);
    }
    let (before, after) = (secant(k - 1), secant(k));
    let (h0, h1) = (OCV[k].0 - OCV[k - 1].0, OCV[k + 1].0 - OCV[k].0);
    3.0 * (h0 + h1) / ((2.0 * h1 + h0) / before + (h1 + 2.0 * h0) / after)
}

/// Open-circuit voltage at a state of charge, V: monotone cubic, continued by the slope of its
/// ends, so that an overcharged cell shows it.
pub(super) fn open_circuit_v(z: f64) -> f64 {
    let last = OCV.len() - 1;
    if z <= 0.0 {
        return OCV[0].1 + z * slope(0);
    }
    if z >= 1.0 {
        return OCV[last].1 + (z - 1.0) * slope(last);
    }
    let k = OCV.partition_point(|point| point.0 <= z) - 1;
    let ((z0, v0), (z1, v1)) = (OCV[k], OCV[k + 1]);
    let (h, t) = (z1 - z0, (z - z0) / (z1 - z0));
    let (d0, d1) = (h * slope(k), h * slope(k + 1));
    let u = 1.0 - t;
    v0 * u * u * (1.0 + 2.0 * t) + v1 * t * t * (3.0 - 2.0 * t) + t * u * (d0 * u - d1 * t)
}

/// What all cells of a pack share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chemistry {
    /// Ω of each polarisation, and what is left of it after a second.
    pub(super) polarisation: [(f64, f64); 2],
    /// V.
    pub(super) hysteresis_v: f64,
}

/// One cell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    capacity_as: f64,
    /// Ω at 25 °C.
    pub(super) ohm: f64,
    /// State of charge; beyond 0–1 it has been abused.
    pub(super) z: f64,
    /// Voltages of the polarisations, V (> 0 after discharging).
    slow: [f64; 2],
    hysteresis: f64,
}

impl Cell {
    /// At rest, half way between charged and discharged.
    pub(super) fn new(capacity_ah: f64, ohm: f64, z: f64) -> Self {
        Self {
            capacity_as: 3600.0 * capacity_ah.max(1e-6),
            ohm,
            z,
            slow: [0.0; 2],
            hysteresis: 0.0,
        }
    }

    /// A second at `amps` on the mean (> 0 discharges), during which the charge `counted_as` left.
    pub(super) fn second(&mut self, c: &Chemistry, amps: f64, counted_as: f64) {
        self.z -= counted_as / self.capacity_as;
        for (v, (ohm, keep)) in self.slow.iter_mut().zip(c.polarisation) {
            *v = keep * *v + ohm * (1.0 - keep) * amps;
        }
        if amps != 0.0 {
            let end = -c.hysteresis_v.copysign(amps);
            let span = HYSTERESIS_SPAN * self.capacity_as;
            self.hysteresis = end + (self.hysteresis - end) * crate::trig::exp(-amps.abs() / span);
        }
    }

    /// Voltage behind the ohmic resistance, V.
    pub(super) fn inner_v(&self) -> f64 {
        open_circuit_v(self.z) + self.hysteresis - self.slow[0] - self.slow[1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEMISTRY: Chemistry = Chemistry {
        polarisation: [(0.0, 0.0); 2],
        hysteresis_v: 0.0,
    };

    #[test]
    fn open_circuit_passes_the_points_and_rises() {
        for (z, v) in OCV {
            assert!((open_circuit_v(z) - v).abs() < 1e-12, "{z}");
        }
        let mut before = open_circuit_v(-0.05);
        for k in -499..=10_500 {
            let v = open_circuit_v(f64::from(k) * 1e-4);
            assert!(v > before && v - before < 3e-3, "{k} {before} {v}");
            before = v;
        }
    }

    /// v(t) = R i (1 − e^(−t/τ)) under a current, R i e^(−t/τ) after it, whatever τ.
    #[test]
    fn polarisations_relax_as_the_closed_form() {
        let taus = [30.0, 600.0];
        let ohms = [0.4e-3, 0.6e-3];
        let keep = |tau: f64| (-1.0 / tau).exp();
        let chemistry = Chemistry {
            polarisation: [(ohms[0], keep(taus[0])), (ohms[1], keep(taus[1]))],
            hysteresis_v: 0.0,
        };
        let mut cell = Cell::new(100.0, 0.0, 0.5);
        for _ in 0..300 {
            cell.second(&chemistry, 80.0, 0.0);
        }
        let risen = |k: usize, t: f64| 80.0 * ohms[k] * (1.0 - (-t / taus[k]).exp());
        let rest = open_circuit_v(0.5);
        let drop = risen(0, 300.0) + risen(1, 300.0);
        assert!((rest - cell.inner_v() - drop).abs() < 1e-9, "{drop}");
        for _ in 0..120 {
            cell.second(&chemistry, 0.0, 0.0);
        }
        let left = risen(0, 300.0) * (-4.0_f64).exp() + risen(1, 300.0) * (-0.2_f64).exp();
        assert!((rest - cell.inner_v() - left).abs() < 1e-9, "{left}");
    }

    #[test]
    fn hysteresis_goes_with_the_charge_moved() {
        let chemistry = Chemistry {
            hysteresis_v: 8e-3,
            ..CHEMISTRY
        };
        let mut cell = Cell::new(100.0, 0.0, 0.5);
        // a twentieth of the capacity is one constant of the approach; the charge is not counted
        for _ in 0..360 {
            cell.second(&chemistry, -50.0, 0.0);
        }
        let up = 8e-3 * (1.0 - (-1.0_f64).exp());
        assert!((cell.inner_v() - open_circuit_v(0.5) - up).abs() < 1e-9);
        for _ in 0..360 {
            cell.second(&chemistry, 50.0, 0.0);
        }
        let down = -8e-3 + (up + 8e-3) * (-1.0_f64).exp();
        assert!((cell.inner_v() - open_circuit_v(0.5) - down).abs() < 1e-9);
        let still = cell.inner_v();
        cell.second(&chemistry, 0.0, 0.0);
        assert_eq!(cell.inner_v(), still, "time alone moves nothing");
    }
}
