//! An event at any of 64 offsets inside a step acts at its instant within 1 µs.

use gridproof_plant::input::{GridSegment, Input};
use gridproof_plant::signal::Signal;

use crate::common::*;

/// Without load the terminals follow a current of the line: the source's own voltage shows the
/// instant. After a phase jump from φ to φ + 90° the samples of the new wave tell when its piece
/// began: phase at sample k = 90° + ω (t_k − t_event).
#[test]
fn phase_jumps_begin_at_their_instant() {
    let settled = feeding(quick(), 1000.0);
    for offset in 0..64_u64 {
        let mut plant = settled.clone();
        arm(&mut plant, &[Signal::SourceVoltage], 50_000, 0.06);
        let start = plant.now();
        let at = start + 20 * MS + offset * 20_000 / 64 + 7;
        plant.schedule(
            at,
            Input::GridProgram(vec![GridSegment {
                dwell_ns: S,
                v_start: 230.0,
                v_end: 230.0,
                hz_start: 50.0,
                hz_end: 50.0,
                start_deg: Some(90.0),
            }]),
        );
        plant.advance_to(start + 61 * MS);
        let data = plant.take_capture().expect("done").data.remove(0);
        // steepest place of the new wave: 5 ms after the event, falling through zero
        let k = (1100..2000)
            .find(|&k| data[k] > 0.0 && data[k + 1] <= 0.0)
            .expect("a zero");
        let fraction = f64::from(data[k]) / f64::from(data[k] - data[k + 1]);
        let zero_ns = (k as f64 + fraction) * 20_000.0;
        let event_ns = zero_ns - 5e6;
        let error = event_ns - (at - start) as f64;
        assert!(error.abs() < 1_000.0, "offset {offset}: {error} ns");
    }
}

/// A contact is closed until one nanosecond before the instant of its order and open at it.
#[test]
fn switch_openings_act_at_their_instant() {
    let mut config = quick();
    config.dut.backup = None;
    let mut settled = feeding(config, 0.0);
    settled.apply(Input::IslandLoad {
        l_ohm: 0.0,
        r_ohm: Some(20.0),
        l_h: None,
        c_f: None,
    });
    settled.apply(Input::IslandLoadSwitch { closed: true });
    settled.advance_to(12 * S);
    for offset in 0..64_u64 {
        let mut plant = settled.clone();
        arm(&mut plant, &[Signal::SwitchContact], 50_000, 0.02);
        let start = plant.now();
        let at = start + 5 * MS + offset * 20_000 / 64 + 3;
        plant.schedule(
            at,
            Input::GridSwitch {
                closed: false,
                at_deg: None,
            },
        );
        plant.advance_to(at - 1);
        assert!(plant.state().grid_switch, "offset {offset}");
        plant.advance_to(at);
        assert!(!plant.state().grid_switch, "offset {offset}");
    }
}
