//! Control functions besides volt-var and volt-watt: each exists when the behaviour states it.

use gridproof_model::behaviour::{self, AverageKind, Behaviour};
use gridproof_plant::config as plant;

use super::curves;

/// All functions.
pub(super) fn functions(behaviour: &Behaviour) -> plant::Functions {
    let factor = |point: &behaviour::PowerFactorPoint| plant::PowerFactor {
        cos: point.cos,
        over_excited: point.over_excited,
    };
    plant::Functions {
        frequency_watt: behaviour.frequency_watt.as_ref().map(frequency_watt),
        charging_volt_watt: behaviour
            .charging_volt_watt
            .as_ref()
            .map(|stated| curves::response(Some(stated), None, curves::Kind::VoltWatt)),
        power_factor_curve: behaviour
            .power_factor_curve
            .iter()
            .flatten()
            .map(|point| (point.power.0, factor(point)))
            .collect(),
        sustained_over_voltage: behaviour.sustained_over_voltage.as_ref().map(|stated| {
            plant::SustainedOverVoltage {
                limit_v: stated.limit.map_or(258.0, |volts| volts.0),
                mean: match stated.average.unwrap_or_default() {
                    AverageKind::Quadratic => plant::Mean::Quadratic,
                    AverageKind::Arithmetic => plant::Mean::Arithmetic,
                },
                delay_s: stated.delay.map_or(0.0, |time| time.0),
            }
        }),
        export_limit: behaviour
            .export_limit
            .as_ref()
            .map(|stated| plant::ExportLimit {
                soft_w: stated.soft.map(|watts| watts.0),
                hard_w: stated.hard.map(|watts| watts.0),
                hard_s: stated.hard_time.map_or(2.0, |time| time.0),
                tau_s: stated.tau.map_or(0.5, |time| time.0),
            }),
        ramp_pu_per_s: behaviour.setpoint_ramp.map(|ramp| ramp.0),
        pv_voltage_derating: behaviour
            .pv_voltage_derating
            .iter()
            .flatten()
            .map(|(volts, ceiling)| (volts.0, ceiling.0))
            .collect(),
        momentary_cessation: behaviour.momentary_cessation.as_ref().map(|stated| {
            plant::MomentaryCessation {
                below_v: stated.below.map_or(0.0, |volts| volts.0),
                above_v: stated.above.map_or(f64::INFINITY, |volts| volts.0),
                return_s: stated.restart.map_or(0.1, |time| time.0),
            }
        }),
    }
}

/// Defaults: the dead band and the end of Australia A, 0.1 Hz of hysteresis, 0.2 s dead time, 0.5 s
/// time constant, back at once.
fn frequency_watt(stated: &behaviour::FrequencyWatt) -> plant::FrequencyWatt {
    let slope = |stated: Option<&behaviour::FrequencySlope>, start: f64, zero: f64| {
        let stated = stated.cloned().unwrap_or_default();
        plant::FrequencySlope {
            start_hz: stated.start.map_or(start, |hz| hz.0),
            law: match (stated.zero_at, stated.reversed_at, stated.droop) {
                (None, None, Some(droop)) => plant::SlopeLaw::Droop(droop.0),
                (zero_at, None, _) => plant::SlopeLaw::ZeroAt(zero_at.map_or(zero, |hz| hz.0)),
                (zero_at, Some(full), _) => {
                    plant::SlopeLaw::ReversedAt(zero_at.map_or(zero, |hz| hz.0), full.0)
                }
            },
            hysteresis_hz: stated.hysteresis.map_or(0.1, |hz| hz.0),
        }
    };
    plant::FrequencyWatt {
        enabled: stated.enabled.unwrap_or(true),
        over: slope(stated.over.as_ref(), 50.25, 52.0),
        under: Some(slope(stated.under.as_ref(), 49.75, 49.0)),
        delay_s: stated.delay.map_or(0.2, |time| time.0),
        tau_s: stated.tau.map_or(0.5, |time| time.0),
        hold_s: stated.hold.map_or(0.0, |time| time.0),
        ramp_pu_per_s: stated.ramp.map(|ramp| ramp.0),
    }
}

/// Three trips within ten minutes unless stated; without a statement there is no lock-out.
pub(super) fn lockout(behaviour: &Behaviour) -> Option<plant::Lockout> {
    behaviour.lockout.as_ref().map(|stated| plant::Lockout {
        trips: stated.trips.map_or(3, usize::from),
        window_s: stated.within.map_or(600.0, |time| time.0),
    })
}

/// Where the PV tracker ends up: at the global maximum unless stated.
pub(super) fn tracking(behaviour: &Behaviour) -> plant::Tracking {
    match behaviour.pv_tracking.unwrap_or_default() {
        behaviour::PvTracking::Global => plant::Tracking::Global,
        behaviour::PvTracking::FirstFromOpenCircuit => plant::Tracking::FirstFromOpenCircuit,
    }
}

/// Perfect unless stated; then 0.5 % of the open-circuit voltage every 100 ms with the slope check.
pub(super) fn mppt(behaviour: &Behaviour) -> Option<plant::PerturbObserve> {
    behaviour.mppt.as_ref().map(|stated| plant::PerturbObserve {
        period_s: stated.period.map_or(0.1, |time| time.0),
        step_pu: stated.step.map_or(0.005, |ratio| ratio.0),
        slope_check: stated.slope_check.unwrap_or(true),
        start_s: stated.start.map_or(0.0, |time| time.0),
    })
}

/// Cool unless stated; then 15 K over 10 s at the junction, 30 K over 600 s at the heatsink, fan at
/// 60 °C, derating from 75 °C to 95 °C.
pub(super) fn heat(behaviour: &Behaviour) -> Option<plant::Heat> {
    behaviour.heat.as_ref().map(|stated| plant::Heat {
        junction_rise_k: stated.junction_rise.map_or(15.0, |rise| rise.0),
        junction_tau_s: stated.junction_tau.map_or(10.0, |time| time.0),
        sink_rise_k: stated.sink_rise.map_or(30.0, |rise| rise.0),
        sink_tau_s: stated.sink_tau.map_or(600.0, |time| time.0),
        fan_c: stated.fan.map_or(60.0, |at| at.0),
        derating_c: stated.derating.map_or(75.0, |at| at.0),
        zero_c: stated.zero.map_or(95.0, |at| at.0),
    })
}
