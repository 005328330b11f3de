//! The DUT's frequency meter: periods between positive-going zero crossings, median of three.

/// Hysteresis around zero, pu of the nominal peak.
const HYSTERESIS_PU: f64 = 0.03;
/// Periods outside this band (pu of nominal) are not a grid frequency.
const PLAUSIBLE: (f64, f64) = (0.6, 1.7);

/// Frequency by zero crossings.
#[derive(Debug, Clone)]
pub(crate) struct FrequencyMeter {
    level: f64,
    nominal: f64,
    armed: bool,
    before: (f64, f64),
    last_crossing: Option<f64>,
    periods: [f64; 3],
    valid: u8,
}

impl FrequencyMeter {
    /// Meter for a nominal voltage and frequency.
    pub(crate) fn new(nominal_v: f64, nominal_hz: f64) -> Self {
        Self {
            level: HYSTERESIS_PU * nominal_v * std::f64::consts::SQRT_2,
            nominal: 1.0 / nominal_hz,
            armed: false,
            before: (0.0, 0.0),
            last_crossing: None,
            periods: [1.0 / nominal_hz; 3],
            valid: 0,
        }
    }

    /// One sample at time `t` s; true when a new period is complete.
    #[inline]
    pub(crate) fn push(&mut self, t: f64, v: f64) -> bool {
        let (t0, v0) = self.before;
        self.before = (t, v);
        if v < -self.level {
            self.armed = true;
        }
        if self
            .last_crossing
            .is_some_and(|last| t - last > 2.0 * self.nominal)
        {
            // no voltage: what was measured says nothing about what comes
            self.last_crossing = None;
            self.valid = 0;
        }
        if !(self.armed && v >= 0.0 && v0 < 0.0) {
            return false;
        }
        self.armed = false;
        let crossing = t0 + (t - t0) * v0 / (v0 - v);
        let Some(last) = self.last_crossing.replace(crossing) else {
            return false;
        };
        let period = crossing - last;
        if period < PLAUSIBLE.0 * self.nominal || period > PLAUSIBLE.1 * self.nominal {
            return false;
        }
        self.periods = [period, self.periods[0], self.periods[1]];
        self.valid = (self.valid + 1).min(3);
        true
    }

    /// Median of the last three periods as a frequency; `None` before there are three.
    pub(crate) fn hz(&self) -> Option<f64> {
        if self.valid < 3 {
            return None;
        }
        let [a, b, c] = self.periods;
        Some(1.0 / a.max(b).min(a.min(b).max(c)))
    }

    /// Frequency of the last period alone.
    pub(crate) fn last_hz(&self) -> f64 {
        1.0 / self.periods[0]
    }

    /// Starts settled at `hz` with angle `turns` at time `t` s.
    pub(crate) fn settle(&mut self, t: f64, turns: f64, hz: f64, peak: f64) {
        let turns = turns - crate::trig::floor(turns);
        self.last_crossing = Some(t - turns / hz);
        self.periods = [1.0 / hz; 3];
        self.valid = 3;
        self.armed = turns > 0.51;
        self.before = (t, peak * crate::trig::sincos_turns(turns).0);
    }

    /// Forgets everything: there is no voltage.
    pub(crate) fn clear(&mut self) {
        self.valid = 0;
        self.last_crossing = None;
        self.armed = false;
        self.before.1 = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_frequency_and_ignores_one_phase_jump() {
        let mut meter = FrequencyMeter::new(230.0, 50.0);
        for k in 0..50_000_u32 {
            let t = f64::from(k) * 40e-6;
            let jump = if k > 25_000 { 0.15 } else { 0.0 };
            meter.push(t, 325.0 * crate::trig::sincos_turns(50.3 * t + jump).0);
            if let Some(hz) = meter.hz() {
                assert!((hz - 50.3).abs() < 0.005, "{k} {hz}");
            }
        }
        assert!(meter.hz().is_some());
    }
}
