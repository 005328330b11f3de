//! Synchronisation: second-order generalised integrator and PLL (docs/models.md 4.2).
//!
//! The SOGI is integrated with the bilinear rule pre-warped at its own frequency: at that
//! frequency vα equals v and vβ lags it by exactly 90°, so P and Q made from them are exact.

use crate::trig;

/// Natural frequency of the PLL, rad/s.
const PLL_WN: f64 = 45.0;
/// Damping of the PLL.
const PLL_ZETA: f64 = 0.8;
/// Turns per radian.
const PER_TURN: f64 = 1.0 / std::f64::consts::TAU;
/// Below this voltage (pu) frequency is frozen.
const FREEZE_PU: f64 = 0.2;

/// SOGI and PLL on one voltage.
#[derive(Debug, Clone)]
pub(crate) struct SogiPll {
    period_s: f64,
    nominal_peak: f64,
    nominal_w: f64,
    v_before: f64,
    /// In phase with the voltage, V.
    pub(crate) alpha: f64,
    /// Lags by 90°, V.
    pub(crate) beta: f64,
    /// Estimated angle of the voltage (v = V sin θ), turns.
    pub(crate) turns: f64,
    /// Integral part of the frequency, rad/s: the slow estimate.
    pub(crate) w: f64,
    /// Peak of the fundamental, V.
    amplitude: f64,
}

impl SogiPll {
    /// Synchroniser called every `period_s`.
    pub(crate) fn new(period_s: f64, nominal_v: f64, nominal_hz: f64) -> Self {
        let nominal_w = nominal_hz * std::f64::consts::TAU;
        Self {
            period_s,
            nominal_peak: nominal_v * std::f64::consts::SQRT_2,
            nominal_w,
            v_before: 0.0,
            alpha: 0.0,
            beta: 0.0,
            turns: 0.0,
            w: nominal_w,
            amplitude: 0.0,
        }
    }

    /// Starts settled on v = peak·sin(turns) at `hz`.
    pub(crate) fn settle(&mut self, peak: f64, turns: f64, hz: f64) {
        let (s, c) = trig::sincos_turns(turns);
        self.alpha = peak * s;
        self.beta = -peak * c;
        self.v_before = self.alpha;
        self.amplitude = (self.alpha * self.alpha + self.beta * self.beta).sqrt();
        if peak > 0.0 {
            self.turns = turns - crate::trig::floor(turns);
            self.w = hz * std::f64::consts::TAU;
        }
    }

    /// One sample of the voltage.
    #[inline]
    pub(crate) fn step(&mut self, v: f64) {
        let k = std::f64::consts::SQRT_2;
        // tan(ωT/2) by its series; ωT/2 is below 0.01
        let half = 0.5 * self.w * self.period_s;
        let t = half * (1.0 + half * half * (1.0 / 3.0 + half * half * (2.0 / 15.0)));
        let inverse = 1.0 / (1.0 + t * (k + t));
        let r1 = (1.0 - t * k) * self.alpha - t * self.beta + t * k * (v + self.v_before);
        let r2 = t * self.alpha + self.beta;
        self.v_before = v;
        self.alpha = (r1 - t * r2) * inverse;
        self.beta = (t * r1 + (1.0 + t * k) * r2) * inverse;

        // angle at this sample, predicted from the last
        let amplitude = (self.alpha * self.alpha + self.beta * self.beta).sqrt();
        self.amplitude = amplitude;
        let alive = amplitude > FREEZE_PU * self.nominal_peak;
        let period_turns = self.period_s * PER_TURN;
        let mut turns = self.turns + self.w * period_turns;
        let (s, c) = trig::sincos_turns(turns);
        if alive {
            let e = (self.alpha * c + self.beta * s) / amplitude;
            turns += 2.0 * PLL_ZETA * PLL_WN * period_turns * e;
            let w = self.w + PLL_WN * PLL_WN * self.period_s * e;
            self.w = w.clamp(0.8 * self.nominal_w, 1.4 * self.nominal_w);
        } else {
            // no voltage to follow: forget the old frequency within some cycles
            self.w += (self.nominal_w - self.w) * (self.period_s / 0.05);
        }
        self.turns = turns - crate::trig::floor(turns);
    }

    /// Quadrature `dt` s after the last sample (first order, below one period).
    #[inline]
    pub(crate) fn beta_at(&self, dt: f64) -> f64 {
        self.beta + self.w * dt * self.alpha
    }

    /// Peak of the fundamental, V.
    #[inline]
    pub(crate) fn amplitude(&self) -> f64 {
        self.amplitude
    }

    /// Slow frequency estimate, Hz.
    pub(crate) fn hz(&self) -> f64 {
        self.w / std::f64::consts::TAU
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_and_is_exact_off_nominal() {
        let mut pll = SogiPll::new(40e-6, 230.0, 50.0);
        let mut worst = 0.0_f64;
        for k in 0..50_000_u32 {
            let turns = 51.0 * f64::from(k) * 40e-6 + 0.3;
            let (s, c) = trig::sincos_turns(turns);
            pll.step(325.0 * s);
            if k > 40_000 {
                worst = worst
                    .max((pll.alpha - 325.0 * s).abs())
                    .max((pll.beta + 325.0 * c).abs());
            }
        }
        assert!(worst < 0.01, "{worst}");
        assert!((pll.hz() - 51.0).abs() < 1e-3, "{}", pll.hz());
    }

    #[test]
    fn settled_start_stays_settled() {
        let mut pll = SogiPll::new(40e-6, 230.0, 50.0);
        pll.settle(325.0, 0.2, 50.0);
        for k in 1..1000_u32 {
            let turns = 0.2 + 50.0 * f64::from(k) * 40e-6;
            pll.step(325.0 * trig::sincos_turns(turns).0);
            assert!((pll.w - pll.nominal_w).abs() < 1e-6);
        }
    }
}
