//! Islanding detection of the DUT: one active method and any passive ones (docs/models.md 7).

/// Active anti-islanding.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AntiIslanding {
    /// None: only the passive limits end an island.
    Off,
    /// Active frequency drift with a fixed chopping fraction: θ = π cf/2.
    Afd {
        /// Chopping fraction.
        cf: f64,
    },
    /// Sandia frequency shift: θ = (π/2)(cf0 + K (f − fg)).
    Sfs {
        /// Chopping fraction at zero deviation.
        cf0: f64,
        /// Gain K, 1/Hz.
        gain_per_hz: f64,
    },
    /// Slip-mode shift: θ = θm sin((π/2)(f − fg)/(fm − fg)).
    Sms {
        /// Largest angle θm, degrees.
        max_deg: f64,
        /// Deviation fm − fg at which it is reached, Hz.
        at_hz: f64,
    },
    /// Sandia voltage shift: ΔI = Kv (V − V̄).
    Svs {
        /// Gain Kv, A/V (both RMS).
        gain_a_per_v: f64,
        /// Time constant of the average V̄, s.
        average_s: f64,
    },
    /// Reactive power that alternates between +step and −step.
    ReactivePerturbation {
        /// Step, pu of rated apparent power.
        step_pu: f64,
        /// Cycles of the grid per half period.
        cycles: u32,
    },
}

/// Passive detection besides the limits of voltage and frequency. Everything off by default.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PassiveDetection {
    /// Rate of change of frequency.
    pub rocof: Option<Rocof>,
    /// A period that differs from the one before by this angle, degrees, trips at once.
    pub phase_jump_deg: Option<f64>,
    /// Rise of the grid impedance.
    pub impedance: Option<ImpedanceRise>,
    /// Distortion of the voltage.
    pub harmonics: Option<HarmonicRise>,
}

/// Regression slope of the frequency over a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rocof {
    /// Hz/s.
    pub limit_hz_per_s: f64,
    /// Window of the regression, s (0.1–0.5).
    pub window_s: f64,
    /// Time beyond the limit until the trip, s.
    pub delay_s: f64,
}

/// ΔV/ΔI from a periodic reduction of the active current.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ImpedanceRise {
    /// Reduction, pu of the present power (0.01–0.05).
    pub step_pu: f64,
    /// Time between reductions, s (1–5).
    pub period_s: f64,
    /// Rise over the impedance known from before that trips, Ω.
    pub limit_ohm: f64,
}

/// RMS of what is left of the voltage without its fundamental.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HarmonicRise {
    /// Limit, pu of the fundamental.
    pub limit_pu: f64,
    /// Time beyond the limit until the trip, s.
    pub delay_s: f64,
}
