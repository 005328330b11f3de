//! A bench in a known state, and small measurements on captures.
#![allow(dead_code, reason = "every test binary uses its own part")]

use gridproof_plant::config::{PlantConfig, reference};
use gridproof_plant::input::{DutCommand, Input};
use gridproof_plant::signal::{Capture, CaptureSpec, CaptureState, DutState, Signal, Trigger};
use gridproof_plant::{Nanos, Plant};

/// One millisecond, ns.
pub(crate) const MS: Nanos = 1_000_000;
/// One second, ns.
pub(crate) const S: Nanos = 1_000_000_000;

/// The reference bench with a fast ramp, so that tests need not wait six minutes.
pub(crate) fn quick() -> PlantConfig {
    let mut config = reference();
    config.dut.reconnect_s = 1.0;
    config.dut.ramp_pu_per_s = 1.0;
    config
}

/// The first PV input at 5.6 kW, or off.
pub(crate) fn array(on: bool) -> Input {
    Input::Pv {
        input: 0,
        on,
        voc: 450.0,
        isc: 17.0,
        vmp: 360.0,
        imp: 15.5,
    }
}

/// A battery of 51.2 V that gives and takes so many amperes, or off.
pub(crate) fn battery(on: bool, amps: f64) -> Input {
    Input::BatterySource {
        on,
        volts: 51.2,
        source_a: amps,
        sink_a: amps,
    }
}

/// Sources on, grid on.
pub(crate) fn energised(config: PlantConfig) -> Plant {
    let mut plant = Plant::new(config);
    plant.apply(array(true));
    plant.apply(battery(true, 120.0));
    plant.apply(Input::GridOutput {
        closed: true,
        at_deg: None,
    });
    plant
}

/// Connected and settled at an active power.
pub(crate) fn feeding(config: PlantConfig, watts: f64) -> Plant {
    let mut plant = energised(config);
    plant.apply(Input::Dut(DutCommand::ActivePower(Some(watts))));
    plant.advance_to(10 * S);
    assert_eq!(plant.state().dut, DutState::Grid, "{:?}", plant.state());
    plant
}

/// A step of the grid set-point.
pub(crate) fn grid(v_rms: f64, hz: f64) -> Input {
    Input::GridSetpoint {
        v_rms,
        hz,
        slew_v_per_s: f64::INFINITY,
        slew_hz_per_s: f64::INFINITY,
    }
}

/// Captures from now on for `seconds`.
pub(crate) fn capture(
    plant: &mut Plant,
    signals: &[Signal],
    rate_hz: u32,
    seconds: f64,
) -> Capture {
    arm(plant, signals, rate_hz, seconds);
    plant.advance_to(plant.now() + (seconds * 1e9) as u64 + MS);
    assert_eq!(plant.capture_state(), CaptureState::Done);
    plant.take_capture().expect("the capture is done")
}

/// Arms an immediate capture.
pub(crate) fn arm(plant: &mut Plant, signals: &[Signal], rate_hz: u32, seconds: f64) {
    plant
        .arm(CaptureSpec {
            signals: signals.to_vec(),
            rate_hz,
            samples: (seconds * f64::from(rate_hz)) as usize,
            pre_samples: 0,
            trigger: Trigger::Immediate,
            low_pass: Vec::new(),
        })
        .expect("a valid capture");
}

/// Last time (s after sample 0) at which |x| exceeds `level`.
pub(crate) fn last_above(data: &[f32], rate_hz: u32, level: f64) -> f64 {
    let last = data
        .iter()
        .rposition(|&x| f64::from(x.abs()) > level)
        .unwrap_or(0);
    last as f64 / f64::from(rate_hz)
}

/// RMS of a slice.
pub(crate) fn rms(data: &[f32]) -> f64 {
    (data
        .iter()
        .map(|&x| f64::from(x) * f64::from(x))
        .sum::<f64>()
        / data.len() as f64)
        .sqrt()
}
