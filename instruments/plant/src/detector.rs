//! Fast detection of the loss of the grid for the transfer to back-up.
//!
//! Two causal criteria:
//! * the instantaneous voltage leaves the tracked sine for `detect_s` (the bridge is a current
//!   source with full voltage feed-forward, so a lost grid collapses at once under any load);
//! * under-current: the controller asks for a small current and none at all flows, which
//!   happens only at an open end (no load: the filter capacitor keeps the sine alive).
//!
//! A deviation that is a smaller copy of the tracked sine may be a sag of a living grid. Then the
//! bridge is blocked for the last part of the detection: what stays up without it is the grid. In a
//! sag below 80 V the transient of the step hides that at some phases. A unit in which ride-through
//! goes first therefore blocks at any deviation and looks for a whole cycle.

use crate::config::Backup;
use crate::sogi_pll::SogiPll;

/// Low-pass of the remembered amplitude, s.
const MEMORY_S: f64 = 0.05;
/// Inside the limit for so long: the count starts again, s.
const FORGET_S: f64 = 2.5e-3;
/// Under-current for so long is an open end, s.
const OPEN_S: f64 = 4e-3;
/// Under-current for so long together with a deviation is an open end too (the zero of a small
/// sine takes 0.64 ms), s.
const OPEN_SUSPECT_S: f64 = 1e-3;
/// Share of the detection time in which a probe must see the voltage.
const PROBE_SHARE: f64 = 0.4;
/// After a sag the transient of the restarting bridge passes before the detector watches, s.
const RELEARN_S: f64 = 0.003;
/// Largest change of the residual ratio during the probe on a living grid: a filter capacitor
/// that merely keeps its charge does not follow the sine.
const RATIO_CHANGE: f64 = 0.15;
/// Largest outward deviation that cannot be a lost grid, pu.
const OUTWARD_PU: f64 = 0.35;
/// How long a unit looks in which ride-through goes first, s.
const PATIENCE_S: f64 = 0.02;
/// The first part of that look is the transient, s.
const TRANSIENT_S: f64 = 0.003;
/// Share of the residual voltage that may be no copy of the tracked sine.
const PATIENT_LEFT: f64 = 0.3;
/// Ratio of the residual voltage above which a grid may be alive.
const ALIVE: f64 = 0.15;

/// What the detector says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing.
    Quiet,
    /// Block the bridge and look what remains.
    Probe,
    /// The probe found a living grid: go on.
    Sag,
    /// The grid is gone.
    Lost,
}

/// The detector.
#[derive(Debug, Clone)]
pub(crate) struct LossDetector {
    pu: f64,
    time_s: f64,
    patient: bool,
    nominal_peak: f64,
    /// Amplitude of current below which the derivative is trusted, A.
    light_a: f64,
    amplitude: f64,
    quiet_s: f64,
    beyond_s: f64,
    inside_s: f64,
    open_s: f64,
    probing: bool,
    ratio: f64,
    /// Last deviations, V.
    past: [f64; 8],
    place: usize,
    /// Visible time of the probe, s.
    probed_s: f64,
    /// Tracked angle as (sine, cosine).
    unit: (f64, f64),
    vv: f64,
    vr: f64,
    rr: f64,
}

impl LossDetector {
    /// Detector at rest.
    pub(crate) fn new(backup: &Backup, nominal_v: f64) -> Self {
        Self {
            pu: backup.detect_pu,
            time_s: backup.detect_s,
            patient: backup.ride_through_first,
            nominal_peak: nominal_v * std::f64::consts::SQRT_2,
            light_a: 0.2 * std::f64::consts::SQRT_2 * backup.rated_w / nominal_v,
            amplitude: 0.0,
            quiet_s: 0.0,
            beyond_s: 0.0,
            inside_s: 0.0,
            open_s: 0.0,
            probing: false,
            ratio: 0.0,
            past: [0.0; 8],
            place: 0,
            probed_s: 0.0,
            unit: (0.0, 1.0),
            vv: 0.0,
            vr: 0.0,
            rr: 0.0,
        }
    }

    /// Watches only after `quiet_s` from now.
    pub(crate) fn arm(&mut self, amplitude: f64, quiet_s: f64) {
        self.amplitude = amplitude;
        self.quiet_s = quiet_s;
        self.restart();
        self.open_s = 0.0;
    }

    fn restart(&mut self) {
        self.beyond_s = 0.0;
        self.inside_s = 0.0;
        self.probing = false;
        self.probed_s = 0.0;
        self.clear_fit();
    }

    fn clear_fit(&mut self) {
        (self.vv, self.vr, self.rr) = (0.0, 0.0, 0.0);
    }

    /// Fit v ≈ r·v̂ over the collected samples: (r, share of v² that the fit leaves).
    fn fit(&self) -> (f64, f64) {
        if self.rr <= 0.0 {
            return (0.0, 1.0);
        }
        let r = self.vr / self.rr;
        let left = (self.vv - r * self.vr).max(0.0) / self.vv.max(1e-9);
        (r, left)
    }

    /// Angle of the healthy voltage. It follows the SOGI, which is quick enough for a step of
    /// the frequency; from the first suspicious sample on it runs on by itself.
    #[inline]
    fn track(&mut self, sync: &SogiPll, dt: f64) -> (f64, f64) {
        if self.beyond_s > 0.0 {
            let (s, c) = self.unit;
            let a = sync.w * dt;
            let (rs, rc) = (a * (1.0 - a * a / 6.0), 1.0 - 0.5 * a * a);
            self.unit = (s * rc + c * rs, c * rc - s * rs);
        } else {
            let inverse = 1.0 / sync.amplitude().max(1e-3);
            self.unit = (sync.alpha * inverse, -sync.beta * inverse);
        }
        self.unit
    }

    /// A deviation when ride-through goes first.
    fn wait_for_a_cycle(&mut self, dt: f64) -> Verdict {
        if !self.probing {
            if self.beyond_s < 0.5 * self.time_s {
                return Verdict::Quiet;
            }
            self.probing = true;
            self.clear_fit();
            return Verdict::Probe;
        }
        let before = self.probed_s;
        self.probed_s += dt;
        if before < TRANSIENT_S && self.probed_s >= TRANSIENT_S {
            self.clear_fit();
        }
        if self.probed_s < PATIENCE_S {
            return Verdict::Quiet;
        }
        let (r, left) = self.fit();
        self.restart();
        if r > ALIVE && left < PATIENT_LEFT {
            self.amplitude *= r;
            self.quiet_s = RELEARN_S;
            Verdict::Sag
        } else {
            Verdict::Lost
        }
    }

    /// One sample of terminal voltage, grid-side current and the amplitude asked for.
    #[inline]
    pub(crate) fn step(&mut self, v: f64, i: f64, asked: f64, sync: &SogiPll, dt: f64) -> Verdict {
        if self.quiet_s > 0.0 {
            self.quiet_s -= dt;
            return Verdict::Quiet;
        }
        self.open_s = if asked > 0.0 && i.abs() < 0.1 * asked && !self.probing {
            self.open_s + dt
        } else {
            0.0
        };
        if self.open_s > OPEN_S {
            return Verdict::Lost;
        }
        let (s, c) = self.track(sync, dt);
        let tracked = self.amplitude * s;
        // deviation and its quadrature (derivative over 0.32 ms): nothing hides near a zero
        let deviation = v - tracked;
        let old = std::mem::replace(&mut self.past[self.place], deviation);
        self.place = (self.place + 1) % self.past.len();
        // a bridge that carries current rings when the grid steps; then the derivative misleads
        let quadrature = if asked < self.light_a {
            (deviation - old) / (self.past.len() as f64 * dt * sync.w)
        } else {
            0.0
        };
        let square = deviation * deviation + quadrature * quadrature;
        let growth = deviation * s + quadrature * c;
        let limit = if growth > 0.0 && growth * growth > 0.64 * square {
            self.pu.max(OUTWARD_PU)
        } else {
            self.pu
        } * self.nominal_peak;
        let beyond = square > limit * limit;
        let visible = tracked.abs() > 1.2 * self.pu * self.nominal_peak;
        if beyond {
            self.beyond_s += dt;
            self.inside_s = 0.0;
        } else if self.beyond_s > 0.0 {
            self.inside_s += dt;
            if self.inside_s > FORGET_S {
                let probed = self.probing;
                self.restart();
                if probed {
                    return Verdict::Sag;
                }
            }
        } else {
            self.amplitude += (sync.amplitude() - self.amplitude) * (dt / MEMORY_S);
            return Verdict::Quiet;
        }
        self.vv += v * v;
        self.vr += v * tracked;
        self.rr += tracked * tracked;
        if self.patient {
            return self.wait_for_a_cycle(dt);
        }
        if !self.probing && self.beyond_s >= 0.5 * self.time_s {
            let (r, left) = self.fit();
            self.clear_fit();
            if self.open_s > OPEN_SUSPECT_S {
                self.restart();
                return Verdict::Lost;
            }
            if r > ALIVE && left < 0.2 {
                self.probing = true;
                self.ratio = r;
                return Verdict::Probe;
            }
        }
        if self.probing && visible {
            self.probed_s += dt;
        }
        let enough = !self.probing || self.probed_s >= PROBE_SHARE * self.time_s;
        if self.beyond_s >= self.time_s && beyond && enough {
            let (r, left) = self.fit();
            let steady = (r - self.ratio).abs() < RATIO_CHANGE * self.ratio;
            let alive = self.probing && r > ALIVE && left < 0.3 && steady;
            self.restart();
            if alive {
                self.amplitude *= r;
                self.quiet_s = RELEARN_S;
                return Verdict::Sag;
            }
            return Verdict::Lost;
        }
        Verdict::Quiet
    }
}
