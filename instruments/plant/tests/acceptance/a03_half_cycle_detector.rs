//! Delay of the half-cycle voltage detector for 180 phases of a step, against the bounds of any
//! correct 10 ms window (docs/models.md 6), through the whole DUT: the trip decision itself.

use gridproof_plant::config::{ProtectionElement, Side, Watch};
use gridproof_plant::input::Input;
use gridproof_plant::signal::Signal;

use crate::common::*;
use crate::show;

/// Control and protection period of the DUT, ms: what the grid of decisions adds at most.
const PERIOD_MS: f64 = 0.24;

/// Shortest, mean and longest time from the step to the blocking of the bridge, ms.
fn delays(depth: f64, threshold: f64) -> (f64, f64, f64) {
    let side = if depth < 1.0 { Side::Under } else { Side::Over };
    let mut config = quick();
    // a stiff line: the step at the terminals is the step of the source
    config.line.r_ohm = 1e-4;
    config.line.l_h = 1e-6;
    config.dut.backup = None;
    config.dut.relay_open_s = 0.0;
    config.dut.protection = vec![ProtectionElement {
        name: "step".into(),
        watch: Watch::Voltage,
        side,
        threshold: threshold * 230.0,
        delay_s: 0.0,
    }];
    let settled = feeding(config, 0.0);
    let (mut low, mut sum, mut high) = (f64::MAX, 0.0, 0.0_f64);
    for phase in 0..180_u64 {
        let mut plant = settled.clone();
        plant.advance_to(10 * S + 100 * MS);
        arm(&mut plant, &[Signal::DutRelay], 50_000, 0.05);
        // 180 phases over half a cycle
        let at = 10 * S + 110 * MS + phase * 10 * MS / 180;
        plant.schedule(at, grid(230.0 * depth, 50.0));
        plant.advance_to(10 * S + 200 * MS);
        let data = plant.take_capture().expect("done").data.remove(0);
        let open = data.iter().position(|&x| x < 0.5).expect("trips");
        let delay = open as f64 * 0.02 + 100.0 - (at - 10 * S) as f64 * 1e-6;
        low = low.min(delay);
        sum += delay / 180.0;
        high = high.max(delay);
    }
    (low, sum, high)
}

#[rstest::rstest]
#[case(0.0, 0.783, 2.00, 4.14, 6.63)]
#[case(0.5, 0.783, 2.74, 5.12, 7.45)]
#[case(0.7, 0.783, 4.45, 7.03, 8.77)]
#[case(1.2, 1.152, 4.32, 6.90, 8.69)]
fn delay_over_the_phase(
    #[case] depth: f64,
    #[case] threshold: f64,
    #[case] min: f64,
    #[case] mean: f64,
    #[case] max: f64,
) {
    let (low, average, high) = delays(depth, threshold);
    if show() {
        eprintln!("{depth} pu: {low:.2} {average:.2} {high:.2} ms, table {min} {mean} {max} ms");
    }
    let range = -0.04..PERIOD_MS + 0.04;
    assert!(range.contains(&(low - min)), "{low} {min}");
    assert!(range.contains(&(average - mean)), "{average} {mean}");
    assert!(range.contains(&(high - max)), "{high} {max}");
}

/// The step comes when the input says, not on the grid of the simulation.
#[test]
fn the_step_is_where_it_was_scheduled() {
    let mut plant = feeding(quick(), 0.0);
    arm(&mut plant, &[Signal::SourceTrigger], 50_000, 0.05);
    let start = plant.now();
    plant.schedule(start + 13_333_333, Input::GridProgramStop);
    plant.schedule(start + 13_333_333, grid(200.0, 50.0));
    plant.advance_to(start + 60 * MS);
    let data = plant.take_capture().expect("done").data.remove(0);
    assert_eq!(data.iter().position(|&x| x > 0.5), Some(667));
}
