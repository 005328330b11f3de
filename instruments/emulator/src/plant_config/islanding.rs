//! Islanding detection.

use gridproof_model::behaviour::{self, Behaviour, IslandingMethod};
use gridproof_plant::config as plant;

/// The active method; Sandia frequency shift with cf0 0.02 and 0.08 1/Hz unless stated.
pub(super) fn active(behaviour: &Behaviour, nominal_hz: f64) -> plant::AntiIslanding {
    let stated = behaviour.anti_islanding.clone().unwrap_or_default();
    match stated.method.unwrap_or_default() {
        IslandingMethod::Off => plant::AntiIslanding::Off,
        IslandingMethod::ActiveFrequencyDrift => plant::AntiIslanding::Afd {
            cf: stated.cf0.unwrap_or(0.02),
        },
        IslandingMethod::SandiaFrequencyShift => plant::AntiIslanding::Sfs {
            cf0: stated.cf0.unwrap_or(0.02),
            gain_per_hz: stated.gain.map_or(0.08, |gain| gain.0),
        },
        IslandingMethod::SlipModeShift => plant::AntiIslanding::Sms {
            max_deg: stated.max_angle.map_or(10.0, |angle| angle.0),
            at_hz: stated.max_angle_at.map_or(3.0, |hz| hz.0),
        },
        IslandingMethod::SandiaVoltageShift => plant::AntiIslanding::Svs {
            gain_a_per_v: stated.resistance.map_or(0.2, |ohm| 1.0 / ohm.0),
            average_s: stated.average.map_or(1.0, |time| time.0),
        },
        IslandingMethod::ReactivePerturbation => plant::AntiIslanding::ReactivePerturbation {
            step_pu: stated.step.map_or(0.03, |step| step.0),
            cycles: stated
                .half_period
                .map_or(20, |time| (time.0 * nominal_hz).round().max(1.0) as u32),
        },
    }
}

/// Time constant of the frequency the active method sees, s.
pub(super) fn lag(behaviour: &Behaviour) -> f64 {
    behaviour
        .anti_islanding
        .as_ref()
        .and_then(|stated| stated.frequency_lag)
        .map_or(0.02, |time| time.0)
}

/// The passive methods: those that are stated at all, with typical settings for the rest.
pub(super) fn passive(behaviour: &Behaviour) -> plant::PassiveDetection {
    let stated = behaviour.anti_islanding.clone().unwrap_or_default();
    plant::PassiveDetection {
        rocof: stated.rocof.map(|rocof| {
            let window_s = rocof.within.map_or(0.2, |time| time.0);
            plant::Rocof {
                limit_hz_per_s: rocof.change.map_or(0.2, |hz| hz.0) / window_s,
                window_s,
                delay_s: rocof.delay.map_or(0.1, |time| time.0),
            }
        }),
        phase_jump_deg: stated.phase_jump.map(|angle| angle.0),
        impedance: stated.impedance.map(|z| plant::ImpedanceRise {
            step_pu: z.step.map_or(0.03, |step| step.0),
            period_s: z.period.map_or(2.0, |time| time.0),
            limit_ohm: z.limit.map_or(1.0, |ohm| ohm.0),
        }),
        harmonics: stated.harmonics.map(|h| plant::HarmonicRise {
            limit_pu: h.limit.map_or(0.02, |limit| limit.0),
            delay_s: h.delay.map_or(0.2, |time| time.0),
        }),
    }
}

/// What the current is made from.
pub(super) fn reference(behaviour: &Behaviour) -> plant::CurrentReference {
    match behaviour.current_reference.unwrap_or_default() {
        behaviour::CurrentReference::ConstantPower => plant::CurrentReference::ConstantPower,
        behaviour::CurrentReference::ConstantCurrent => plant::CurrentReference::ConstantCurrent,
        behaviour::CurrentReference::Untracked => plant::CurrentReference::Untracked,
    }
}
