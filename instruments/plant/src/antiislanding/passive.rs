//! Passive islanding detection: rate of change of frequency, phase jump, impedance, distortion
//! (docs/models.md 7.2). Each works on what the DUT itself measures.

use crate::config::{HarmonicRise, ImpedanceRise, PassiveDetection, Rocof};

/// Periods kept for the regression: 0.5 s at 60 Hz.
const PERIODS: usize = 32;
/// After connection nothing is judged for so long: the controllers settle, s.
const SETTLE_S: f64 = 0.5;
/// Cycles of a reduction of the current before the voltage is compared.
const PROBE_CYCLES: u32 = 4;
/// Time constant of the distortion estimate, s.
const DISTORTION_S: f64 = 0.02;

/// Why the DUT disconnects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finding {
    Rocof,
    PhaseJump,
    Impedance,
    Harmonics,
}

impl Finding {
    /// Name of the trip.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rocof => "ROCOF",
            Self::PhaseJump => "PHASE-JUMP",
            Self::Impedance => "IMPEDANCE",
            Self::Harmonics => "HARMONICS",
        }
    }
}

/// Slope of a line through the frequencies of the last periods.
#[derive(Debug, Clone)]
struct Slope {
    config: Rocof,
    /// (end of the period, s; Hz)
    periods: [(f64, f64); PERIODS],
    count: usize,
    beyond_s: f64,
}

impl Slope {
    fn push(&mut self, t: f64, hz: f64) -> bool {
        self.periods.rotate_right(1);
        self.periods[0] = (t, hz);
        self.count = (self.count + 1).min(PERIODS);
        let beyond = self
            .slope()
            .is_some_and(|slope| slope.abs() >= self.config.limit_hz_per_s);
        self.beyond_s = if beyond {
            self.beyond_s + 1.0 / hz
        } else {
            0.0
        };
        beyond && self.beyond_s >= self.config.delay_s
    }

    /// Least-squares slope over the window, Hz/s; `None` before it is full.
    fn slope(&self) -> Option<f64> {
        let newest = self.periods[0].0;
        let n = self.periods[..self.count]
            .iter()
            .take_while(|(t, _)| newest - t <= self.config.window_s)
            .count();
        if n < 3 || n == self.count && self.count < PERIODS {
            return None;
        }
        let used = &self.periods[..n];
        let mean_t = used.iter().map(|p| p.0 - newest).sum::<f64>() / n as f64;
        let mean_f = used.iter().map(|p| p.1).sum::<f64>() / n as f64;
        let (mut tf, mut tt) = (0.0, 0.0);
        for (t, f) in used {
            let dt = t - newest - mean_t;
            tf += dt * (f - mean_f);
            tt += dt * dt;
        }
        Some(tf / tt)
    }
}

/// Grid impedance by its own small steps.
#[derive(Debug, Clone)]
struct Impedance {
    config: ImpedanceRise,
    known_ohm: f64,
    wait_s: f64,
    /// Cycles into the reduction; 0 = not reducing.
    probing: u32,
    before: (f64, f64),
}

impl Impedance {
    fn push(&mut self, dt: f64, volts: f64, amps: f64) -> bool {
        if self.probing == 0 {
            self.wait_s -= dt;
            if self.wait_s <= 0.0 {
                self.before = (volts, amps);
                self.probing = 1;
            }
            return false;
        }
        self.probing += 1;
        if self.probing <= PROBE_CYCLES {
            return false;
        }
        self.probing = 0;
        self.wait_s = self.config.period_s;
        let moved = self.before.1 - amps;
        if moved < 0.2 * self.config.step_pu * self.before.1 || moved <= 1e-3 {
            return false;
        }
        let ohm = (self.before.0 - volts) / moved;
        ohm - self.known_ohm >= self.config.limit_ohm
    }
}

/// Distortion of the voltage.
#[derive(Debug, Clone, Copy)]
struct Distortion {
    config: HarmonicRise,
    square: f64,
    beyond_s: f64,
}

/// All passive methods that are on.
#[derive(Debug, Clone)]
pub(crate) struct Passive {
    slope: Option<Slope>,
    jump_deg: Option<f64>,
    impedance: Option<Impedance>,
    distortion: Option<Distortion>,
    last_hz: Option<f64>,
    blind_s: f64,
}

impl Passive {
    /// At rest.
    pub(crate) fn new(config: &PassiveDetection) -> Self {
        Self {
            slope: config.rocof.map(|config| Slope {
                config,
                periods: [(0.0, 0.0); PERIODS],
                count: 0,
                beyond_s: 0.0,
            }),
            jump_deg: config.phase_jump_deg,
            impedance: config.impedance.map(|config| Impedance {
                config,
                known_ohm: 0.0,
                wait_s: config.period_s,
                probing: 0,
                before: (0.0, 0.0),
            }),
            distortion: config.harmonics.map(|config| Distortion {
                config,
                square: 0.0,
                beyond_s: 0.0,
            }),
            last_hz: None,
            blind_s: SETTLE_S,
        }
    }

    /// The DUT has just connected.
    pub(crate) fn connected(&mut self) {
        self.blind_s = SETTLE_S;
        self.forget();
    }

    #[inline]
    fn forget(&mut self) {
        self.last_hz = None;
        if let Some(slope) = &mut self.slope {
            slope.count = 0;
            slope.beyond_s = 0.0;
        }
        if let Some(impedance) = &mut self.impedance {
            impedance.probing = 0;
        }
        if let Some(distortion) = &mut self.distortion {
            distortion.square = 0.0;
            distortion.beyond_s = 0.0;
        }
    }

    /// A steady grid of resistance `grid_ohm` for `dt` s.
    #[inline]
    pub(crate) fn settle(&mut self, grid_ohm: f64, dt: f64) {
        self.blind_s = (self.blind_s - dt).max(0.0);
        self.forget();
        if let Some(impedance) = &mut self.impedance {
            impedance.known_ohm = grid_ohm;
        }
    }

    /// A period of `1/hz` has ended at `t` s with so many volts and amps RMS.
    pub(crate) fn period(&mut self, t: f64, hz: f64, volts: f64, amps: f64) -> Option<Finding> {
        let before = self.last_hz.replace(hz);
        self.blind_s = (self.blind_s - 1.0 / hz).max(0.0);
        let sloping = self.slope.as_mut().is_some_and(|s| s.push(t, hz));
        let risen = self
            .impedance
            .as_mut()
            .is_some_and(|z| z.push(1.0 / hz, volts, amps));
        if self.blind_s > 0.0 {
            return None;
        }
        let jumped = match (self.jump_deg, before) {
            (Some(limit), Some(before)) => 360.0 * (before / hz - 1.0).abs() >= limit,
            (Some(_) | None, _) => false,
        };
        if jumped {
            Some(Finding::PhaseJump)
        } else if sloping {
            Some(Finding::Rocof)
        } else if risen {
            Some(Finding::Impedance)
        } else {
            None
        }
    }

    /// `residue` is the voltage without its fundamental, `peak` the fundamental's amplitude.
    #[inline]
    pub(crate) fn sample(&mut self, residue: f64, peak: f64, dt: f64) -> Option<Finding> {
        let blind = self.blind_s > 0.0;
        let d = self.distortion.as_mut()?;
        d.square += (residue * residue - d.square) * (dt / DISTORTION_S);
        let limit = d.config.limit_pu * peak;
        // both as squares of RMS
        if !blind && d.square > 0.5 * limit * limit {
            d.beyond_s += dt;
        } else {
            d.beyond_s = 0.0;
        }
        (d.beyond_s > 0.0 && d.beyond_s >= d.config.delay_s).then_some(Finding::Harmonics)
    }

    /// Factor on the active power.
    #[inline]
    pub(crate) fn power_factor(&self) -> f64 {
        self.impedance
            .as_ref()
            .filter(|z| z.probing > 0)
            .map_or(1.0, |z| 1.0 - z.config.step_pu)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(
        config: PassiveDetection,
        hz: impl Fn(f64) -> f64,
        seconds: f64,
    ) -> Option<(f64, Finding)> {
        let mut passive = Passive::new(&config);
        passive.blind_s = 0.0;
        let mut t = 0.0;
        while t < seconds {
            let f = hz(t);
            t += 1.0 / f;
            if let Some(finding) = passive.period(t, f, 230.0, 10.0) {
                return Some((t, finding));
            }
        }
        None
    }

    #[test]
    fn rocof_sees_a_ramp_and_not_a_slower_one() {
        let config = PassiveDetection {
            rocof: Some(Rocof {
                limit_hz_per_s: 1.0,
                window_s: 0.2,
                delay_s: 0.1,
            }),
            ..PassiveDetection::default()
        };
        let ramp = |rate: f64| move |t: f64| 50.0 + rate * (t - 1.0).max(0.0);
        let (t, finding) = run(config, ramp(1.5), 3.0).expect("sees 1.5 Hz/s");
        assert_eq!(finding, Finding::Rocof);
        // window of 0.2 s reaches 2/3 of the slope after about 0.12 s, then 0.1 s of delay
        assert!((1.15..1.35).contains(&t), "{t}");
        assert_eq!(run(config, ramp(0.9), 3.0), None);
    }

    #[test]
    fn phase_jump_needs_its_angle() {
        let config = PassiveDetection {
            phase_jump_deg: Some(10.0),
            ..PassiveDetection::default()
        };
        // one period longer by an angle
        let jump = |deg: f64| {
            move |t: f64| {
                if (1.0..1.02).contains(&t) {
                    50.0 / (1.0 + deg / 360.0)
                } else {
                    50.0
                }
            }
        };
        assert_eq!(run(config, jump(9.0), 3.0), None);
        let found = run(config, jump(11.0), 3.0);
        assert_eq!(found.map(|f| f.1), Some(Finding::PhaseJump));
    }

    #[test]
    fn impedance_rise_is_the_slope_of_voltage_over_current() {
        let config = PassiveDetection {
            impedance: Some(ImpedanceRise {
                step_pu: 0.05,
                period_s: 1.0,
                limit_ohm: 0.7,
            }),
            ..PassiveDetection::default()
        };
        let trips = |ohm: f64| {
            let mut passive = Passive::new(&config);
            passive.blind_s = 0.0;
            passive.settle(0.2, 0.02);
            (0..200).any(|k| {
                let amps = 20.0 * passive.power_factor();
                passive.period(f64::from(k) * 0.02, 50.0, 230.0 + ohm * amps, amps)
                    == Some(Finding::Impedance)
            })
        };
        assert!(!trips(0.85) && trips(0.95));
    }

    #[test]
    fn distortion_trips_above_its_limit() {
        let config = PassiveDetection {
            harmonics: Some(HarmonicRise {
                limit_pu: 0.02,
                delay_s: 0.2,
            }),
            ..PassiveDetection::default()
        };
        let time = |pu: f64| {
            let mut passive = Passive::new(&config);
            passive.blind_s = 0.0;
            (1..50_000_u32).find(|&k| {
                let s = crate::trig::sincos_turns(150.0 * 40e-6 * f64::from(k)).0;
                passive.sample(325.0 * pu * s, 325.0, 40e-6).is_some()
            })
        };
        assert_eq!(time(0.015), None);
        let t = f64::from(time(0.04).expect("4 %")) * 40e-6;
        assert!((0.2..0.25).contains(&t), "{t}");
    }
}
