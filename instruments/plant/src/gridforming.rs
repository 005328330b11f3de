//! Grid-forming voltage control of the back-up port (docs/models.md 4.4).

use crate::config::Filter;
use crate::trig;

/// Active damping of the filter resonance by the capacitor current, Ω.
const DAMPING_OHM: f64 = 8.0;
/// Resonant gain on the voltage error, 1/s.
const RESONANT: f64 = 60.0;

/// Controller of the voltage at node N.
#[derive(Debug, Clone)]
pub(crate) struct VoltageControl {
    period_s: f64,
    peak: f64,
    cf: f64,
    series_r: f64,
    series_l: f64,
    v_max: f64,
    i_max: f64,
    z: (f64, f64),
    load_before: f64,
    /// Angle of the reference at the next tick, turns.
    pub(crate) turns: f64,
    /// Frequency of the reference, Hz.
    pub(crate) hz: f64,
    /// Amplitude relative to nominal, from 0 while starting.
    pub(crate) level: f64,
    /// The bridge hit its current limit in the last step.
    pub(crate) limited: bool,
}

impl VoltageControl {
    /// Controller for nominal voltage and filter.
    pub(crate) fn new(
        period_s: f64,
        nominal_v: f64,
        nominal_hz: f64,
        filter: &Filter,
        v_max: f64,
        i_max: f64,
    ) -> Self {
        Self {
            period_s,
            peak: nominal_v * std::f64::consts::SQRT_2,
            cf: filter.cf_f,
            series_r: filter.r1_ohm + filter.r2_ohm,
            series_l: filter.l1_h + filter.l2_h,
            v_max,
            i_max,
            z: (0.0, 0.0),
            load_before: 0.0,
            turns: 0.0,
            hz: nominal_hz,
            level: 0.0,
            limited: false,
        }
    }

    /// Starts at an angle and level; `i2` is the load current at this moment.
    pub(crate) fn start(&mut self, turns: f64, hz: f64, level: f64, i2: f64) {
        self.turns = turns - crate::trig::floor(turns);
        self.hz = hz;
        self.level = level;
        self.z = (0.0, 0.0);
        self.load_before = i2;
        self.limited = false;
    }

    /// The dc bus bounds the bridge.
    #[inline]
    pub(crate) fn set_bus(&mut self, volts: f64) {
        self.v_max = volts;
    }

    /// The reference runs on for `seconds` without control.
    pub(crate) fn advance(&mut self, seconds: f64) {
        self.turns += self.hz * seconds;
        self.turns -= crate::trig::floor(self.turns);
    }

    /// One control period: bridge voltage for the next interval.
    #[inline]
    pub(crate) fn step(&mut self, v: f64, i1: f64, i2: f64) -> f64 {
        let w = self.hz * std::f64::consts::TAU;
        let (s, _) = trig::sincos_turns(self.turns);
        let target = self.level * self.peak;
        let e = target * s - v;
        let (rs, rc) = trig::sincos(w * self.period_s);
        let x = self.z.0 + RESONANT * self.period_s * e;
        self.z = (rc * x - rs * self.z.1, rs * x + rc * self.z.1);
        // the bridge acts one and a half periods from now; the drop of the load current across
        // the filter is fed forward, the resonator only removes what is left
        let (s2, c2) = trig::sincos_turns(self.turns + 1.5 * self.hz * self.period_s);
        let slope = (i2 - self.load_before) / self.period_s;
        self.load_before = i2;
        let capacitor = self.cf * w * target * c2;
        let limit = 0.5 * self.v_max;
        let mut u = target * s2
            + self.z.0
            + self.series_r * i2
            + (0.5 * self.series_l * slope).clamp(-0.1 * self.peak, 0.1 * self.peak)
            + (DAMPING_OHM * (capacitor - (i1 - i2))).clamp(-limit, limit);
        self.limited = i1.abs() > self.i_max;
        if self.limited {
            // chop: no more voltage in the direction of the excess
            u = v - (i1 - i1.signum() * self.i_max) * 10.0;
        }
        self.turns += self.hz * self.period_s;
        self.turns -= crate::trig::floor(self.turns);
        u.clamp(-self.v_max, self.v_max)
    }
}
