//! Active anti-islanding: what each method adds to the power reference (docs/models.md 7.3).
//! The passive methods are in [`passive`].

pub(crate) mod passive;

use crate::config::AntiIslanding;
use crate::trig;

/// A steady frequency that is closer than this to the average of the grid is the average, and a
/// deviation that moved less leaves the angle as it is, Hz.
const SETTLED_HZ: f64 = 1e-6;
/// Time constant of fg, the slow average of the grid frequency, s: a grid that stays at 50.3 Hz
/// is no island and shall not cost reactive power for ever.
const GRID_AVERAGE_S: f64 = 20.0;
/// Largest angle, rad.
const MAX_LEAD: f64 = 0.6;

/// State of the method.
#[derive(Debug, Clone)]
pub(crate) struct ActiveMethod {
    method: AntiIslanding,
    /// Lag of the frequency that the method sees, s.
    lag_s: f64,
    hz: f64,
    grid_hz: f64,
    volts: f64,
    /// V̄; 0 before the first voltage.
    average_v: f64,
    cycles: u32,
    sign: f64,
    lead: f64,
    /// Deviation of the frequency that it stands for, Hz.
    lead_for_hz: f64,
    /// 1/cos(lead).
    keep: f64,
    turn: (f64, f64),
}

impl ActiveMethod {
    /// At rest at the nominal frequency; `lag_s` is the time constant of its frequency estimate.
    pub(crate) fn new(method: AntiIslanding, lag_s: f64, nominal_hz: f64) -> Self {
        let mut new = Self {
            method,
            lag_s,
            hz: nominal_hz,
            grid_hz: nominal_hz,
            volts: 0.0,
            average_v: 0.0,
            cycles: 0,
            sign: 0.0,
            lead: 0.0,
            lead_for_hz: 0.0,
            keep: 1.0,
            turn: (1.0, 0.0),
        };
        new.refresh();
        new
    }

    /// A new period of `1/hz` has been measured, at `volts` RMS.
    pub(crate) fn push(&mut self, hz: f64, volts: f64) {
        let dt = 1.0 / hz;
        self.hz += (hz - self.hz) * (dt / (dt + self.lag_s));
        self.grid_hz += (self.hz - self.grid_hz) * (dt / GRID_AVERAGE_S);
        self.volts = volts;
        self.average(volts, dt);
        if let AntiIslanding::ReactivePerturbation { cycles, .. } = self.method {
            if self.sign == 0.0 {
                self.sign = 1.0;
            }
            self.cycles += 1;
            if self.cycles >= cycles.max(1) {
                self.cycles = 0;
                self.sign = -self.sign;
            }
        }
        self.refresh();
    }

    /// At a steady `hz` it has nothing to say.
    pub(crate) fn still(&self, hz: f64) -> bool {
        let still = hz == self.hz && hz == self.grid_hz && self.sign == 0.0;
        still && !matches!(self.method, AntiIslanding::Svs { .. })
    }

    /// Starts settled at a steady grid. The perturbation rests: its mean is zero. True when what it
    /// adds to the reference has moved.
    #[inline]
    pub(crate) fn settle(&mut self, hz: f64, volts: f64, dt: f64) -> bool {
        self.volts = volts;
        self.average(volts, dt);
        self.sign = 0.0;
        self.cycles = 0;
        if hz != self.hz || hz != self.grid_hz {
            self.grid_hz += (hz - self.grid_hz) * (dt / GRID_AVERAGE_S).min(1.0);
            if (hz - self.grid_hz).abs() < SETTLED_HZ {
                self.grid_hz = hz;
            }
            self.hz = hz;
            let moved = hz - self.grid_hz - self.lead_for_hz;
            if moved.abs() > SETTLED_HZ || hz == self.grid_hz {
                self.refresh();
                return true;
            }
        }
        matches!(self.method, AntiIslanding::Svs { .. })
    }

    #[inline]
    fn average(&mut self, volts: f64, dt: f64) {
        if let AntiIslanding::Svs { average_s, .. } = self.method {
            if self.average_v == 0.0 {
                self.average_v = volts;
            }
            self.average_v += (volts - self.average_v) * (dt / (dt + average_s));
        }
    }

    fn refresh(&mut self) {
        let deviation = self.hz - self.grid_hz;
        self.lead_for_hz = deviation;
        let lead = match self.method {
            AntiIslanding::Off
            | AntiIslanding::Svs { .. }
            | AntiIslanding::ReactivePerturbation { .. } => 0.0,
            AntiIslanding::Afd { cf } => std::f64::consts::FRAC_PI_2 * cf,
            AntiIslanding::Sfs { cf0, gain_per_hz } => {
                std::f64::consts::FRAC_PI_2 * (cf0 + gain_per_hz * deviation)
            }
            AntiIslanding::Sms { max_deg, at_hz } => {
                let turns = 0.25 * (deviation / at_hz.max(1e-3)).clamp(-1.0, 1.0);
                max_deg.to_radians() * trig::sincos_turns(turns).0
            }
        };
        let lead = lead.clamp(-MAX_LEAD, MAX_LEAD);
        if lead != self.lead {
            self.lead = lead;
            let (sine, cosine) = trig::sincos(lead);
            self.turn = (cosine, sine);
            self.keep = 1.0 / cosine;
        }
    }

    /// Lead of the current, rad.
    #[inline]
    pub(crate) fn lead(&self) -> f64 {
        self.lead
    }

    /// Cosine and sine of the lead.
    #[inline]
    pub(crate) fn turn(&self) -> (f64, f64) {
        self.turn
    }

    /// Factor on P and Q by which a constant-power reference keeps its power in spite of the lead.
    #[inline]
    pub(crate) fn keep(&self) -> f64 {
        self.keep
    }

    /// Voltage shift: addition to the RMS current in phase with the voltage, A.
    #[inline]
    pub(crate) fn shift_amps(&self) -> f64 {
        match self.method {
            AntiIslanding::Svs { gain_a_per_v, .. } => gain_a_per_v * (self.volts - self.average_v),
            AntiIslanding::Off
            | AntiIslanding::Afd { .. }
            | AntiIslanding::Sfs { .. }
            | AntiIslanding::Sms { .. }
            | AntiIslanding::ReactivePerturbation { .. } => 0.0,
        }
    }

    /// Addition to the reactive power, pu of rated apparent power.
    #[inline]
    pub(crate) fn extra_vars_pu(&self) -> f64 {
        match self.method {
            AntiIslanding::ReactivePerturbation { step_pu, .. } => self.sign * step_pu,
            AntiIslanding::Off
            | AntiIslanding::Afd { .. }
            | AntiIslanding::Sfs { .. }
            | AntiIslanding::Sms { .. }
            | AntiIslanding::Svs { .. } => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead_at(method: AntiIslanding, hz: f64) -> f64 {
        let mut m = ActiveMethod::new(method, 0.02, 50.0);
        // long enough for the lag, too short for the average of the grid
        for _ in 0..20 {
            m.push(hz, 230.0);
        }
        m.lead().to_degrees()
    }

    #[test]
    fn shifts_follow_their_formulas() {
        assert_eq!(lead_at(AntiIslanding::Afd { cf: 0.04 }, 50.0), 3.6);
        let sfs = AntiIslanding::Sfs {
            cf0: 0.02,
            gain_per_hz: 0.05,
        };
        assert!((lead_at(sfs, 51.0) - 90.0 * (0.02 + 0.05)).abs() < 0.15);
        let sms = AntiIslanding::Sms {
            max_deg: 10.0,
            at_hz: 3.0,
        };
        assert!((lead_at(sms, 51.0) - 10.0 * 30.0_f64.to_radians().sin()).abs() < 0.15);
        assert!(lead_at(sms, 49.0) < 0.0);
    }

    #[test]
    fn voltage_shift_pushes_away_from_the_average() {
        let svs = AntiIslanding::Svs {
            gain_a_per_v: 0.1,
            average_s: 1.0,
        };
        let mut m = ActiveMethod::new(svs, 0.02, 50.0);
        m.settle(50.0, 230.0, 0.02);
        m.push(50.0, 235.0);
        assert!((m.shift_amps() - 0.1 * 5.0 / 1.02).abs() < 1e-9);
        m.settle(50.0, 235.0, 1e9);
        assert!(m.shift_amps().abs() < 1e-6);
    }

    #[test]
    fn reactive_perturbation_alternates_with_mean_zero() {
        let method = AntiIslanding::ReactivePerturbation {
            step_pu: 0.03,
            cycles: 10,
        };
        let mut m = ActiveMethod::new(method, 0.02, 50.0);
        let steps: Vec<f64> = (0..41)
            .map(|_| {
                m.push(50.0, 230.0);
                m.extra_vars_pu()
            })
            .collect();
        assert!(steps[1..].iter().sum::<f64>().abs() < 1e-12);
        assert_eq!(steps.iter().filter(|q| **q == 0.03).count(), 20 + 1);
        m.settle(50.0, 230.0, 0.02);
        assert_eq!(m.extra_vars_pu(), 0.0);
    }
}
