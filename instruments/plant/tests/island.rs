//! Islands: closed forms of docs/models.md 7.1, anti-islanding.
#![allow(clippy::print_stderr, reason = "figures on request")]
mod common;
use common::*;
use gridproof_plant::Plant;
use gridproof_plant::config::{AntiIslanding, PlantConfig};
use gridproof_plant::input::{DutCommand, Input};
use gridproof_plant::signal::{DutState, MeterPoint, Signal};

const PI: f64 = std::f64::consts::PI;

/// Feeding `p` with a load of Qf 1 that takes `p·(1+dp)` and has ΔQ/(Qf P) = `dq`.
fn balanced(config: PlantConfig, p: f64, dp: f64, dq: f64) -> (Plant, f64, f64, f64) {
    let mut plant = feeding(config, p);
    plant.apply(Input::Dut(DutCommand::VoltVar(false)));
    plant.apply(Input::IslandLoadSwitch { closed: true });
    // two passes: the load moves the voltage it is made for
    let (mut r, mut l, mut c) = (0.0, 0.0, 0.0);
    for _ in 0..3 {
        plant.advance_to(plant.now() + 2 * S);
        let v = plant.reading(MeterPoint::DutGrid).volts;
        let w = 100.0 * PI;
        r = v * v / (p * (1.0 + dp));
        l = v * v / (w * p * (1.0 + dq));
        c = p / (w * v * v);
        plant.apply(Input::IslandLoad {
            l_ohm: 0.0,
            r_ohm: Some(r),
            l_h: Some(l),
            c_f: Some(c),
        });
    }
    plant.advance_to(plant.now() + 2 * S);
    (plant, r, l, c)
}

fn no_protection(mut config: PlantConfig) -> PlantConfig {
    config.dut.protection.clear();
    config.dut.anti_islanding = AntiIslanding::Off;
    config.dut.backup = None;
    config
}

#[rstest::rstest]
fn island_settles_at_the_closed_form(
    #[values(0.0, 0.1, -0.1, 0.3)] dp: f64,
    #[values(0.0, 0.05, -0.05)] dq: f64,
) {
    let (mut plant, r, l, c) = balanced(no_protection(quick()), 4000.0, dp, dq);
    plant.apply(Input::GridSwitch {
        closed: false,
        at_deg: None,
    });
    plant.advance_to(plant.now() + 5 * S);
    let reading = plant.reading(MeterPoint::DutGrid);
    let v = (4000.0 * r).sqrt();
    let fr = 1.0 / (2.0 * PI * (l * c).sqrt());
    if std::env::var("SHOW").is_ok() {
        eprintln!(
            "dp {dp} dq {dq}: V {:.4} % f {:.2} mHz",
            (reading.volts / v - 1.0) * 100.0,
            (reading.hz - fr) * 1e3
        );
    }
    assert!((reading.volts / v - 1.0).abs() < 5e-4, "{reading:?} {v}");
    assert!((reading.hz - fr).abs() < 5e-3, "{reading:?} {fr}");
}

#[test]
fn without_anti_islanding_a_balanced_island_lives() {
    let mut config = quick();
    config.dut.anti_islanding = AntiIslanding::Off;
    config.dut.backup = None;
    let (mut plant, ..) = balanced(config, 5000.0, 0.0, 0.0);
    let source = plant.reading(MeterPoint::Source);
    assert!(source.amps < 0.02 * 21.7, "{source:?}");
    plant.apply(Input::GridSwitch {
        closed: false,
        at_deg: None,
    });
    plant.advance_to(plant.now() + 6 * S);
    assert_eq!(plant.state().dut, DutState::Grid);
    assert!(plant.state().dut_relay && plant.state().pcc_v > 200.0);
}

#[rstest::rstest]
fn frequency_shift_ends_every_island(
    #[values(0.0, 0.05, -0.05, 0.1, -0.1)] dp: f64,
    #[values(0.0, 0.05, -0.05)] dq: f64,
    #[values(0.05, 0.1)] gain: f64,
    #[values(5000.0, 1650.0)] p: f64,
) {
    let mut config = quick();
    config.dut.anti_islanding = AntiIslanding::Sfs {
        cf0: 0.005,
        gain_per_hz: gain,
    };
    let (mut plant, ..) = balanced(config, p, dp, dq);
    arm(
        &mut plant,
        &[Signal::DutCurrent, Signal::SwitchContact],
        10_000,
        2.5,
    );
    plant.advance_to(plant.now() + 100 * MS);
    plant.apply(Input::GridSwitch {
        closed: false,
        at_deg: None,
    });
    plant.advance_to(plant.now() + 2500 * MS);
    let capture = plant.take_capture().expect("done");
    let end = last_above(&capture.data[0], 10_000, 0.3) - 0.1;
    if std::env::var("SHOW").is_ok() {
        eprintln!(
            "P {p} dp {dp} dq {dq} K {gain}: {:.0} ms {:?}",
            end * 1e3,
            plant.state().last_trip
        );
    }
    // a frequency that runs down meets the 1 s delay of UF1
    assert!(end > 0.01 && end < 1.5, "{end}");
}

/// Bridge off: what is left rings at 43.30 Hz and dies with 2RC.
#[test]
fn dead_island_rings() {
    let mut config = no_protection(quick());
    config.dut.relay_open_s = 0.0;
    let (mut plant, r, _, c) = balanced(config, 5000.0, 0.0, 0.0);
    arm(&mut plant, &[Signal::GridVoltage], 50_000, 0.4);
    plant.apply(Input::GridSwitch {
        closed: false,
        at_deg: Some(0.0),
    });
    plant.advance_to(plant.now() + 100 * MS);
    plant.apply(Input::Dut(DutCommand::Connect(false)));
    plant.advance_to(plant.now() + 400 * MS);
    let data = plant.take_capture().expect("done").data.remove(0);
    let start = last_above(&data, 50_000, 200.0);
    let from = (start * 50_000.0) as usize + 100;
    let crossings: Vec<f64> = (from..data.len() - 1)
        .filter(|&k| {
            (data[k] < 0.0) != (data[k + 1] < 0.0) && data[k].abs() + data[k + 1].abs() > 1e-3
        })
        .map(|k| k as f64 + f64::from(data[k]) / f64::from(data[k] - data[k + 1]))
        .take(6)
        .collect();
    let hz = 50_000.0 * 0.5 * (crossings.len() - 1) as f64
        / (crossings[crossings.len() - 1] - crossings[0]);
    // the filter capacitor leaves with the relay, so the load alone rings
    let a = 1.0 / (2.0 * r * c);
    assert!((hz - 43.30).abs() < 0.1, "{hz} {a}");
}
