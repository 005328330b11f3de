//! Cost of the plant per step, one core: `cargo bench -p gridproof-plant --bench plant`.
//!
//! Every demanded figure has a bench with its name and limit (docs/performance.md); a limit is
//! looked at by people, never by a test. The item counter turns the simulated span into steps per
//! second, so that 1e9 over that figure is ns per step.

use divan::Bencher;
use divan::counter::ItemsCount;
use gridproof_plant::Plant;
use gridproof_plant::config::{PlantConfig, reference};
use gridproof_plant::input::{DutCommand, Input};
use gridproof_plant::signal::{CaptureSpec, LowPass, LowPassKind, Signal, Trigger};

const S: u64 = 1_000_000_000;

fn main() {
    divan::main();
}

/// The reference bench, feeding 3 kW.
fn feeding() -> Plant {
    let mut config: PlantConfig = reference();
    config.dut.reconnect_s = 1.0;
    config.dut.ramp_pu_per_s = 1.0;
    let mut plant = Plant::new(config);
    plant.apply(Input::Pv {
        input: 0,
        on: true,
        voc: 450.0,
        isc: 17.0,
        vmp: 360.0,
        imp: 15.5,
    });
    plant.apply(Input::BatterySource {
        on: true,
        volts: 51.2,
        source_a: 120.0,
        sink_a: 120.0,
    });
    plant.apply(Input::GridOutput {
        closed: true,
        at_deg: None,
    });
    plant.apply(Input::Dut(DutCommand::ActivePower(Some(3000.0))));
    plant.advance_to(60 * S);
    plant
}

fn grid(v_rms: f64) -> Input {
    Input::GridSetpoint {
        v_rms,
        hz: 50.0,
        slew_v_per_s: f64::INFINITY,
        slew_hz_per_s: f64::INFINITY,
    }
}

fn arm(plant: &mut Plant, signals: &[Signal], rate_hz: u32, seconds: usize) {
    arm_behind(plant, signals, rate_hz, seconds, None);
}

fn arm_behind(
    plant: &mut Plant,
    signals: &[Signal],
    rate_hz: u32,
    seconds: usize,
    low_pass: Option<LowPass>,
) {
    let armed = plant.arm(CaptureSpec {
        signals: signals.to_vec(),
        rate_hz,
        samples: seconds * rate_hz as usize,
        pre_samples: 0,
        trigger: Trigger::Immediate,
        low_pass: vec![low_pass; signals.len()],
    });
    assert!(armed.is_ok());
}

/// Steps of 20 ms while nothing moves.
#[divan::bench(sample_count = 20)]
fn quasi_static_cycle_30ns_at_rest(bencher: Bencher) {
    bencher
        .counter(ItemsCount::new(3600_u32 * 50))
        .with_inputs(feeding)
        .bench_local_values(|mut plant| plant.advance_to(3660 * S));
}

/// Steps of 20 ms of a volt-var stair with 60 s per step, as the function tests do it.
#[divan::bench(sample_count = 20)]
fn quasi_static_cycle_30ns_volt_var_stair(bencher: Bencher) {
    bencher
        .counter(ItemsCount::new(24_u32 * 60 * 50))
        .with_inputs(feeding)
        .bench_local_values(|mut plant| {
            for k in 0..24_u32 {
                plant.apply(grid(228.0 + f64::from(k)));
                plant.advance_to(plant.now() + 60 * S);
            }
        });
}

/// Steps of 20 ms of a volt-var response that never comes to its end: a step every 4 s.
#[divan::bench(sample_count = 20)]
fn quasi_static_cycle_30ns_response_never_ends(bencher: Bencher) {
    bencher
        .counter(ItemsCount::new(100_u32 * 4 * 50))
        .with_inputs(|| {
            let mut plant = feeding();
            for v_rms in [234.0, 238.0, 242.0] {
                plant.apply(grid(v_rms));
                plant.advance_to(plant.now() + 4 * S);
            }
            plant
        })
        .bench_local_values(|mut plant| {
            for k in 0..100_u32 {
                plant.apply(grid(if k % 2 == 0 { 246.0 } else { 242.0 }));
                plant.advance_to(plant.now() + 4 * S);
            }
        });
}

/// Steps of 20 ms while the grid voltage ramps and every step is solved.
#[divan::bench(sample_count = 20)]
fn quasi_static_cycle_30ns_every_step_solved(bencher: Bencher) {
    bencher
        .counter(ItemsCount::new(200_u32 * 50))
        .with_inputs(feeding)
        .bench_local_values(|mut plant| {
            plant.apply(Input::GridSetpoint {
                v_rms: 250.0,
                hz: 50.0,
                slew_v_per_s: 0.1,
                slew_hz_per_s: f64::INFINITY,
            });
            plant.advance_to(plant.now() + 200 * S);
        });
}

/// Steps of 20 µs, full model, no capture at 50 kS/s (one slow channel keeps the mode).
#[divan::bench(sample_count = 20)]
fn full_step_100ns(bencher: Bencher) {
    bencher
        .counter(ItemsCount::new(500_000_u32))
        .with_inputs(|| {
            let mut plant = feeding();
            arm(&mut plant, &[Signal::GridVoltage], 1_000, 20);
            plant
        })
        .bench_local_values(|mut plant| plant.advance_to(70 * S));
}

/// Steps of 20 µs with four channels captured at 50 kS/s.
#[divan::bench(sample_count = 20)]
fn full_step_with_4_channels_150ns(bencher: Bencher) {
    bencher
        .counter(ItemsCount::new(500_000_u32))
        .with_inputs(|| {
            let mut plant = feeding();
            let signals = [
                Signal::GridVoltage,
                Signal::DutCurrent,
                Signal::SourceCurrent,
                Signal::BackupVoltage,
            ];
            arm(&mut plant, &signals, 50_000, 10);
            plant
        })
        .bench_local_values(|mut plant| plant.advance_to(70 * S));
}

/// The same behind anti-alias filters of four poles.
#[divan::bench(sample_count = 20)]
fn waveform_captured_and_filtered(bencher: Bencher) {
    bencher
        .counter(ItemsCount::new(500_000_u32))
        .with_inputs(|| {
            let mut plant = feeding();
            let signals = [
                Signal::GridVoltage,
                Signal::DutCurrent,
                Signal::SourceCurrent,
                Signal::BackupVoltage,
            ];
            let filter = LowPass {
                kind: LowPassKind::Bessel,
                poles: 4,
                cutoff_hz: 20_000.0,
            };
            arm_behind(&mut plant, &signals, 50_000, 10, Some(filter));
            plant
        })
        .bench_local_values(|mut plant| plant.advance_to(70 * S));
}
