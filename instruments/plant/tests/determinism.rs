//! Same inputs, same bits, whatever the waits are cut into; speed.
#![allow(
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "the speed figures need the wall clock; nothing is judged by them"
)]
mod common;
use common::*;
use gridproof_plant::Plant;
use gridproof_plant::input::{DutCommand, Input};
use gridproof_plant::signal::{Capture, MeterPoint, Signal};

/// A run with trips, an island and a transfer; `chunk` cuts every wait.
fn story(chunk: u64, scheduled: bool) -> (Capture, String, Plant) {
    let mut plant = Plant::new(quick());
    let go = |plant: &mut Plant, t: u64| {
        while chunk > 0 && plant.now() + chunk < t {
            plant.advance_to(plant.now() + chunk);
        }
        plant.advance_to(t);
    };
    let at = |plant: &mut Plant, t: u64, input: Input| {
        if scheduled {
            plant.schedule(t, input);
        } else {
            go(plant, t);
            plant.apply(input);
        }
    };
    at(&mut plant, 1_234_567, battery(true, 120.0));
    at(
        &mut plant,
        2_000_001,
        Input::GridOutput {
            closed: true,
            at_deg: Some(30.0),
        },
    );
    at(
        &mut plant,
        3_000_001,
        Input::Dut(DutCommand::ActivePower(Some(2000.0))),
    );
    at(
        &mut plant,
        4_000_000_123,
        Input::BackupLoad { r_ohm: Some(40.0) },
    );
    at(&mut plant, 5_000_700_123, grid(233.3, 50.02));
    at(&mut plant, 6_000_700_123, grid(280.0, 50.02));
    at(&mut plant, 7_000_700_123, grid(230.0, 50.0));
    go(&mut plant, 10 * S + 77);
    arm(
        &mut plant,
        &[
            Signal::BackupVoltage,
            Signal::DutCurrent,
            Signal::SourceVoltage,
        ],
        20_000,
        1.0,
    );
    at(
        &mut plant,
        10 * S + 300_000_077,
        Input::GridSwitch {
            closed: false,
            at_deg: None,
        },
    );
    go(&mut plant, 12 * S);
    let capture = plant.take_capture().expect("done");
    let readings = format!(
        "{:?} {:?}",
        plant.reading(MeterPoint::DutGrid),
        plant.state()
    );
    (capture, readings, plant)
}

#[test]
fn same_bits_in_every_run() {
    let (a, ra, _) = story(0, false);
    let (b, rb, _) = story(0, false);
    assert!(a == b && ra == rb);
}

#[rstest::rstest]
fn chunking_does_not_matter(#[values(1_700_000, 33_333, 20_000_000, 999_999_999)] chunk: u64) {
    let (a, ra, _) = story(0, false);
    let (b, rb, _) = story(chunk, false);
    assert_eq!(ra, rb);
    assert!(a == b);
}

#[test]
fn scheduling_equals_applying() {
    let (a, ra, _) = story(0, false);
    let (b, rb, _) = story(0, true);
    assert_eq!(ra, rb);
    assert!(a == b);
}

/// Figures, not limits: they depend on the machine.
#[test]
fn speed() {
    let mut plant = feeding(quick(), 3000.0);
    let t = std::time::Instant::now();
    plant.advance_to(610 * S);
    let dwell = t.elapsed();
    arm(&mut plant, &[Signal::GridVoltage], 1_000, 100.0);
    let t = std::time::Instant::now();
    plant.advance_to(620 * S);
    let wave = t.elapsed();
    plant.disarm();
    arm(
        &mut plant,
        &[
            Signal::GridVoltage,
            Signal::DutCurrent,
            Signal::SourceCurrent,
            Signal::BackupVoltage,
        ],
        50_000,
        10.0,
    );
    let t = std::time::Instant::now();
    plant.advance_to(630 * S);
    let captured = t.elapsed();
    plant.disarm();
    plant.advance_to(640 * S);
    let t = std::time::Instant::now();
    for k in 0..20 {
        plant.apply(grid(225.0 + 1.5 * f64::from(k), 50.0));
        plant.advance_to(plant.now() + 20 * S);
    }
    let stair = t.elapsed();
    let t = std::time::Instant::now();
    for k in 0..20 {
        plant.apply(grid(if k % 2 == 0 { 245.0 } else { 225.0 }, 50.0));
        plant.advance_to(plant.now() + 20 * S);
    }
    let big = t.elapsed();
    eprintln!(
        "quasi-static {:.0} ns/20 ms, waveform {:.0} ns/step, captured {:.0} ns/step, stair {stair:?}, big steps {big:?}",
        dwell.as_secs_f64() * 1e9 / 30_000.0,
        wave.as_secs_f64() * 1e9 / 500_000.0,
        captured.as_secs_f64() * 1e9 / 500_000.0
    );
    assert!(dwell.as_secs_f64() < 1.0 && stair.as_secs_f64() < 10.0);
}
