//! The dc link: its energy ½Cv² is the state, so that power enters linearly (docs/models.md 4.1).
//!
//! The sources feed what the dispatcher expects plus a PI correction on the energy, behind a
//! notch at twice the grid frequency: the ripple of a single-phase bridge stays in the capacitor.

use crate::config::DcLink;
use crate::trig;

/// Damping of the loop.
const ZETA: f64 = 0.8;
/// The correction is bounded to this multiple of rated power.
const MOST: f64 = 1.5;

/// Capacitor and its controller.
#[derive(Debug, Clone)]
pub(crate) struct DcLinkState {
    config: DcLink,
    rated_w: f64,
    period_s: f64,
    /// Stored energy, J.
    joules: f64,
    /// Energy drawn by the bridge in the present control period, J.
    drawn: f64,
    integral_w: f64,
    /// Band-pass at twice the grid frequency: in phase, quadrature, J.
    band: (f64, f64),
}

impl DcLinkState {
    /// At its reference voltage.
    pub(crate) fn new(config: DcLink, rated_w: f64, period_s: f64) -> Self {
        Self {
            joules: config.energy(config.volts),
            config,
            rated_w,
            period_s,
            drawn: 0.0,
            integral_w: 0.0,
            band: (0.0, 0.0),
        }
    }

    /// Voltage, V.
    #[inline]
    pub(crate) fn volts(&self) -> f64 {
        (2.0 * self.joules / self.config.farads).sqrt()
    }

    /// The bridge has drawn this much, J.
    #[inline]
    pub(crate) fn draw(&mut self, joules: f64) {
        self.drawn += joules;
    }

    /// Starts settled while the bridge draws a mean of `mean_w` and an energy that oscillates
    /// around its mean by `swing` (present value, and a quarter of its period ago), J.
    pub(crate) fn settle(&mut self, mean_w: f64, expected_w: f64, swing: (f64, f64)) {
        self.drawn = 0.0;
        self.integral_w = mean_w - expected_w;
        // what the bridge has drawn beyond its mean is missing
        self.band = (-swing.0, -swing.1);
        self.joules = self.config.energy(self.config.volts) - swing.0;
    }

    /// One control period at the grid's angular frequency `w`; `expected_w` is what the sources
    /// feed by themselves. True when the voltage is too high.
    #[inline]
    pub(crate) fn step(&mut self, expected_w: f64, w: f64) -> bool {
        let t = self.period_s;
        let error = self.joules - self.config.energy(self.config.volts);
        // second-order generalised integrator at 2w, semi-implicit
        let w2 = 2.0 * w * t;
        self.band.0 += w2 * (error - self.band.0 - self.band.1);
        self.band.1 += w2 * self.band.0;
        let mean = error - self.band.0;
        let wb = std::f64::consts::TAU * self.config.bandwidth_hz;
        let most = MOST * self.rated_w;
        self.integral_w = (self.integral_w - wb * wb * mean * t).clamp(-most, most);
        let correction = (self.integral_w - 2.0 * ZETA * wb * mean).clamp(-most, most);
        self.joules += (expected_w + correction) * t - self.drawn;
        self.drawn = 0.0;
        self.joules = self
            .joules
            .max(0.01 * self.config.energy(self.config.volts));
        self.joules > self.config.energy(self.config.trip_v)
    }
}

impl DcLink {
    /// ½Cv², J.
    fn energy(&self, volts: f64) -> f64 {
        0.5 * self.farads * volts * volts
    }

    /// Peak to peak of the ripple at a power, V: P/(ωCV).
    #[must_use]
    pub fn ripple_v(&self, watts: f64, hz: f64) -> f64 {
        watts / (std::f64::consts::TAU * hz * self.farads * self.volts)
    }
}

/// Oscillating part of the energy ∫ v i dt for phasors V and I with angle `turns`: present value
/// and a quarter of its period (half a quarter of the grid's) ago, J.
pub(crate) fn swing(
    v: crate::quasi_static::Phasor,
    i: crate::quasi_static::Phasor,
    w: f64,
    turns: f64,
) -> (f64, f64) {
    let p = v.mul(i);
    let at = |turns: f64| {
        let (s, c) = trig::sincos_turns(2.0 * turns);
        -(p.re * s + p.im * c) / (2.0 * w)
    };
    (at(turns), at(turns - 0.125))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(bandwidth_hz: f64) -> DcLinkState {
        let config = DcLink {
            farads: 1.5e-3,
            volts: 380.0,
            bandwidth_hz,
            trip_v: 460.0,
        };
        DcLinkState::new(config, 5000.0, 40e-6)
    }

    #[test]
    fn ripple_is_p_over_omega_c_v() {
        let mut dc = link(15.0);
        let w = 100.0 * std::f64::consts::PI;
        let (mut low, mut high) = (f64::MAX, 0.0_f64);
        for k in 0..50_000_u32 {
            let (_, c) = trig::sincos(2.0 * w * 40e-6 * f64::from(k));
            dc.draw(5000.0 * (1.0 - c) * 40e-6);
            assert!(!dc.step(5000.0, w));
            if k > 40_000 {
                low = low.min(dc.volts());
                high = high.max(dc.volts());
            }
        }
        // 27.9 V for the values of the models page
        assert!((high - low - 27.9).abs() < 0.3, "{low} {high}");
        assert!((0.5 * (high + low) - 380.0).abs() < 0.5);
    }

    #[test]
    fn load_rejection_reaches_the_trip_when_the_energy_says() {
        let mut dc = link(0.0);
        let w = 100.0 * std::f64::consts::PI;
        let steps = (1..10_000).find(|_| dc.step(5000.0, w)).expect("trips");
        let t = 0.5 * 1.5e-3 * (460.0_f64.powi(2) - 380.0_f64.powi(2)) / 5000.0;
        assert!((f64::from(steps) * 40e-6 - t).abs() < 80e-6, "{steps} {t}");
    }
}
