//! Single-diode model of a module, its translation to irradiance and temperature (De Soto 2006),
//! and strings with bypass diodes (docs/models.md 2).

use crate::config::{PvArray, PvModule};
use crate::trig::{exp, ln};

/// Boltzmann constant, eV/K.
const BOLTZMANN_EV: f64 = 8.617_333e-5;
/// Band gap of silicon at 25 °C, eV, and its relative change per kelvin.
const GAP_EV: f64 = 1.121;
const GAP_PER_K: f64 = 0.000_267_7;
/// Reference conditions.
const G_REF: f64 = 1000.0;
const T_REF_K: f64 = 298.15;
/// Forward voltage of a bypass diode, V.
const BYPASS_V: f64 = 0.5;
/// Points of the table over the voltage.
pub(crate) const POINTS: usize = 256;

/// The five parameters at an operating condition: I = IL − I0(e^((V+I Rs)/a) − 1) − (V+I Rs)/Rsh.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SingleDiode {
    il: f64,
    i0: f64,
    a: f64,
    rs: f64,
    rsh: f64,
}

impl SingleDiode {
    /// Translates the module to `g` W/m² and `celsius` cell temperature.
    pub(crate) fn new(module: &PvModule, g: f64, celsius: f64) -> Self {
        let t = celsius + 273.15;
        let gap = GAP_EV * (1.0 - GAP_PER_K * (t - T_REF_K));
        let ratio = t / T_REF_K;
        let g = g.max(1e-3);
        Self {
            il: g / G_REF * (module.il_a + module.alpha_a_per_k * (t - T_REF_K)),
            i0: module.i0_a
                * ratio
                * ratio
                * ratio
                * exp(GAP_EV / (BOLTZMANN_EV * T_REF_K) - gap / (BOLTZMANN_EV * t)),
            a: module.a_v * ratio,
            rs: module.rs_ohm,
            rsh: module.rsh_ohm * G_REF / g,
        }
    }

    /// Current at a terminal voltage, A: explicit by Lambert's W, whose argument is kept as its
    /// logarithm so that no voltage overflows it.
    pub(crate) fn amps(&self, v: f64) -> f64 {
        let Self { il, i0, a, rs, rsh } = *self;
        let sum = rs + rsh;
        let ln_theta = ln(rs * i0 * rsh / (a * sum)) + rsh * (rs * (il + i0) + v) / (a * sum);
        (rsh * (il + i0) - v) / sum - a / rs * lambert_of_exp(ln_theta)
    }

    /// What the diode equation leaves at (v, i), A.
    #[cfg(test)]
    pub(crate) fn residual(&self, v: f64, i: f64) -> f64 {
        let x = v + i * self.rs;
        self.il - self.i0 * (exp(x / self.a) - 1.0) - x / self.rsh - i
    }

    /// Voltage at a current, V; the bypass diode carries what the cells do not.
    fn volts(&self, amps: f64) -> f64 {
        let (mut lo, mut hi) = (-2.0 * BYPASS_V, 2.0 * self.a * ln(self.il / self.i0 + 1.0));
        if self.amps(lo) < amps {
            return -BYPASS_V;
        }
        for _ in 0..50 {
            let mid = 0.5 * (lo + hi);
            if self.amps(mid) > amps {
                lo = mid;
            } else {
                hi = mid;
            }
        }
        lo.max(-BYPASS_V)
    }
}

/// w with w + ln w = x, by Newton.
fn lambert_of_exp(x: f64) -> f64 {
    // below, w is e^x to full precision
    if x < -40.0 {
        return exp(x);
    }
    let mut w = if x > 2.0 {
        x - ln(x)
    } else {
        exp(x.min(1.0)) / (1.0 + exp(x.min(1.0)))
    };
    for _ in 0..8 {
        // d(w + ln w)/dw = (w + 1)/w
        let step = w * (x - w - ln(w)) / (1.0 + w);
        w = (w + step).max(1e-300);
        if step.abs() < 1e-15 * w {
            break;
        }
    }
    w
}

/// Current of the array over an even grid of voltages from 0 to its open circuit: (Voc, table).
/// Strings in parallel share the voltage; modules in series share the current.
pub(crate) fn table(array: &PvArray) -> (f64, Vec<f64>) {
    // per string: voltage over an even grid of currents, falling
    let strings: Vec<(f64, Vec<f64>)> = array
        .strings
        .iter()
        .map(|irradiance| {
            let modules: Vec<SingleDiode> = irradiance
                .iter()
                .map(|&g| SingleDiode::new(&array.module, g, array.celsius))
                .collect();
            let most = modules.iter().map(|m| m.amps(0.0)).fold(0.0, f64::max);
            let volts = (0..POINTS)
                .map(|k| {
                    let amps = most * k as f64 / (POINTS - 1) as f64;
                    modules.iter().map(|m| m.volts(amps)).sum()
                })
                .collect();
            (most, volts)
        })
        .collect();
    let voc = strings.iter().map(|s| s.1[0]).fold(0.0, f64::max);
    let amps = (0..POINTS)
        .map(|k| {
            let v = voc * k as f64 / (POINTS - 1) as f64;
            strings.iter().map(|s| string_amps(s, v)).sum()
        })
        .collect();
    (voc, amps)
}

/// Current of a string at a voltage; its blocking diode lets none flow back.
fn string_amps((most, volts): &(f64, Vec<f64>), v: f64) -> f64 {
    let Some(k) = volts.iter().position(|&x| x < v) else {
        return *most;
    };
    if k == 0 {
        return 0.0;
    }
    let f = (volts[k - 1] - v) / (volts[k - 1] - volts[k]);
    most * ((k - 1) as f64 + f) / (POINTS - 1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::reference_module;

    #[test]
    fn the_diode_equation_holds_everywhere() {
        for g in [50.0, 200.0, 600.0, 1000.0, 1200.0] {
            for celsius in [-10.0, 25.0, 70.0] {
                let diode = SingleDiode::new(&reference_module(), g, celsius);
                for k in -10..=60 {
                    let v = f64::from(k);
                    let i = diode.amps(v);
                    // beyond the open circuit the exponential itself has few digits left
                    let scale = 1.0 + i.abs() * 1e-3;
                    assert!(
                        diode.residual(v, i).abs() < 1e-9 * scale,
                        "{g} {celsius} {v} {i}"
                    );
                }
            }
        }
    }

    #[test]
    fn nothing_overflows() {
        let diode = SingleDiode::new(&reference_module(), 1000.0, 25.0);
        assert!(diode.amps(10_000.0).is_finite());
    }

    #[test]
    fn a_shaded_string_has_two_maxima() {
        let array = PvArray {
            module: reference_module(),
            strings: vec![vec![1000.0, 1000.0, 1000.0, 300.0, 300.0]],
            celsius: 25.0,
        };
        let (voc, amps) = table(&array);
        let watts: Vec<f64> = (0..POINTS)
            .map(|k| voc * k as f64 / (POINTS - 1) as f64 * amps[k])
            .collect();
        let maxima: Vec<usize> = (1..POINTS - 1)
            .filter(|&k| watts[k] > watts[k - 1] && watts[k] >= watts[k + 1])
            .collect();
        assert_eq!(maxima.len(), 2, "{maxima:?}");
        assert!(watts[maxima[0]] > 1.3 * watts[maxima[1]]);
    }
}
