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

/// Below this energy the link counts as empty, J.
const LEAST_J: f64 = 1e-3;

/// How the voltage stands against its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Inside,
    High,
    Low,
}

/// What the dc link can count on.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Supply {
    /// What the sources feed by themselves, W.
    pub(crate) expected_w: f64,
    /// Taken by the electronics, W.
    pub(crate) loss_w: f64,
    /// Least the sources can give (< 0: a battery takes), W.
    pub(crate) least_w: f64,
    /// Most the sources can give, W.
    pub(crate) most_w: f64,
}

/// Capacitor and its controller.
#[derive(Debug, Clone)]
pub(crate) struct DcLinkState {
    config: DcLink,
    /// Energy at the reference voltage, J.
    reference_j: f64,
    /// Energies at the trips, J.
    high_j: f64,
    low_j: f64,
    rated_w: f64,
    period_s: f64,
    /// Stored energy, J.
    joules: f64,
    /// Energy drawn by the bridge in the present control period, J.
    drawn: f64,
    /// Fed by the sources and lost in the electronics since it was last asked for, J.
    fed_j: f64,
    lost_j: f64,
    /// Control periods since then.
    periods: u32,
    integral_w: f64,
    /// Band-pass at twice the grid frequency: in phase, quadrature, J.
    band: (f64, f64),
}

impl DcLinkState {
    /// At its reference voltage.
    pub(crate) fn new(config: DcLink, rated_w: f64, period_s: f64) -> Self {
        Self {
            joules: config.energy(config.volts),
            reference_j: config.energy(config.volts),
            high_j: config.energy(config.trip_v),
            low_j: config.energy(config.low_v),
            config,
            rated_w,
            period_s,
            drawn: 0.0,
            fed_j: 0.0,
            lost_j: 0.0,
            periods: 0,
            integral_w: 0.0,
            band: (0.0, 0.0),
        }
    }

    /// Voltage, V.
    #[inline]
    pub(crate) fn volts(&self) -> f64 {
        (2.0 * self.joules.max(LEAST_J) / self.config.farads).sqrt()
    }

    /// Energy in the capacitor now, J.
    pub(crate) fn stored_j(&self) -> f64 {
        self.joules - self.drawn
    }

    /// Energy beyond that of the reference voltage, J.
    #[inline]
    pub(crate) fn excess_j(&self) -> f64 {
        self.joules - self.reference_j
    }

    /// The same without the ripple at twice the grid frequency (waveform mode).
    #[inline]
    pub(crate) fn mean_excess_j(&self) -> f64 {
        self.excess_j() - self.band.0
    }

    /// How the voltage stands against its limits.
    #[inline]
    pub(crate) fn level(&self) -> Level {
        if self.joules > self.high_j {
            Level::High
        } else if self.joules < self.low_j {
            Level::Low
        } else {
            Level::Inside
        }
    }

    /// Adds energy, J.
    pub(crate) fn shift(&mut self, joules: f64) {
        self.joules += joules;
    }

    /// Fed and lost (J) within how many seconds since it was last taken.
    pub(crate) fn pending(&self) -> (f64, f64, f64) {
        (
            self.fed_j,
            self.lost_j,
            f64::from(self.periods) * self.period_s,
        )
    }

    /// As [`Self::pending`], and begins anew.
    pub(crate) fn take_pending(&mut self) -> (f64, f64, f64) {
        let pending = self.pending();
        (self.fed_j, self.lost_j, self.periods) = (0.0, 0.0, 0);
        pending
    }

    /// The bridge has drawn this much, J.
    #[inline]
    pub(crate) fn draw(&mut self, joules: f64) {
        self.drawn += joules;
    }

    /// Starts afresh with what is in the capacitor.
    pub(crate) fn start(&mut self) {
        self.drawn = 0.0;
        self.integral_w = 0.0;
        self.band = (0.0, 0.0);
    }

    /// Starts settled while the bridge draws a mean of `mean_w` and an energy that oscillates
    /// around its mean by `swing` (present value, and a quarter of its period ago), J. The mean
    /// of the link stays.
    pub(crate) fn settle(&mut self, mean_w: f64, supply: &Supply, swing: (f64, f64)) {
        self.integral_w = mean_w + supply.loss_w - supply.expected_w;
        // what the bridge has drawn beyond its mean is missing
        self.band = (-swing.0, -swing.1);
        self.joules -= swing.0;
    }

    /// One control period at the grid's angular frequency `w`; how the voltage stands then.
    #[inline]
    pub(crate) fn step(&mut self, supply: &Supply, w: f64) -> Level {
        let t = self.period_s;
        let error = self.joules - self.reference_j;
        // second-order generalised integrator at 2w, semi-implicit
        let w2 = 2.0 * w * t;
        self.band.0 += w2 * (error - self.band.0 - self.band.1);
        self.band.1 += w2 * self.band.0;
        let mean = error - self.band.0;
        let wb = std::f64::consts::TAU * self.config.bandwidth_hz;
        let most = MOST * self.rated_w;
        let integral = (self.integral_w - wb * wb * mean * t).clamp(-most, most);
        let correction = (integral - 2.0 * ZETA * wb * mean).clamp(-most, most);
        let wanted = supply.expected_w + correction;
        let fed = wanted.clamp(supply.least_w, supply.most_w);
        // sources at their end do not let the integral run on
        if fed == wanted || (wanted - fed) * (integral - self.integral_w) < 0.0 {
            self.integral_w = integral;
        }
        self.joules += (fed - supply.loss_w) * t - self.drawn;
        self.fed_j += fed * t;
        self.lost_j += supply.loss_w * t;
        self.periods += 1;
        self.drawn = 0.0;
        self.level()
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
    v: crate::phasor::Phasor,
    i: crate::phasor::Phasor,
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
            low_v: 260.0,
        };
        DcLinkState::new(config, 5000.0, 40e-6)
    }

    fn supply(expected_w: f64) -> Supply {
        Supply {
            expected_w,
            loss_w: 0.0,
            least_w: -1e4,
            most_w: 1e4,
        }
    }

    #[test]
    fn sources_at_their_end_give_no_more() {
        let mut dc = link(15.0);
        let empty = Supply {
            least_w: 0.0,
            most_w: 1000.0,
            ..supply(1000.0)
        };
        for _ in 0..1000 {
            dc.draw(1500.0 * 40e-6);
            dc.step(&empty, 100.0 * std::f64::consts::PI);
        }
        assert!((dc.excess_j() + 500.0 * 0.04).abs() < 1e-9);
        let (fed, lost, seconds) = dc.take_pending();
        assert!((fed - 40.0).abs() < 1e-9 && lost == 0.0 && (seconds - 0.04).abs() < 1e-12);
    }

    #[test]
    fn ripple_is_p_over_omega_c_v() {
        let mut dc = link(15.0);
        let w = 100.0 * std::f64::consts::PI;
        let (mut low, mut high) = (f64::MAX, 0.0_f64);
        for k in 0..50_000_u32 {
            let (_, c) = trig::sincos(2.0 * w * 40e-6 * f64::from(k));
            dc.draw(5000.0 * (1.0 - c) * 40e-6);
            assert_eq!(dc.step(&supply(5000.0), w), Level::Inside);
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
        let steps = (1..10_000)
            .find(|_| dc.step(&supply(5000.0), w) == Level::High)
            .expect("trips");
        let t = 0.5 * 1.5e-3 * (460.0_f64.powi(2) - 380.0_f64.powi(2)) / 5000.0;
        assert!((f64::from(steps) * 40e-6 - t).abs() < 80e-6, "{steps} {t}");
    }
}
