//! Every row of the closed forms of an island (docs/models.md 7.1): voltage within 0.05 %,
//! frequency within 5 mHz, time constant within 0.5 %, for ΔP ±30 % and ΔQ ±10 %.

use gridproof_plant::config::{AntiIslanding, CurrentReference};
use gridproof_plant::input::{DutCommand, Input};
use gridproof_plant::signal::{MeterPoint, Signal};

use crate::common::*;
use crate::island_load::{Load, connected, islanded, random, unprotected};
use crate::show;

const P: f64 = 4000.0;
const V: f64 = 230.0;

/// Corners, axes and random points of the imbalance.
fn imbalances() -> Vec<(f64, f64)> {
    let mut all = vec![(0.0, 0.0)];
    for dp in [-0.3, 0.0, 0.3] {
        for dq in [-0.1, 0.0, 0.1] {
            all.push((dp, dq));
        }
    }
    all.extend(random(41, 12).iter().map(|(a, b)| (0.3 * a, 0.1 * b)));
    all
}

/// Runs the island for some seconds and compares.
fn expect(
    reference: CurrentReference,
    method: AntiIslanding,
    closed: impl Fn(&Load) -> (f64, f64),
) {
    let (mut worst_v, mut worst_f) = (0.0_f64, 0.0_f64);
    for (dp, dq) in imbalances() {
        let load = Load::new(V, P, 1.0, dp, dq);
        let mut plant = islanded(unprotected(reference, method), P, load, 90.0);
        plant.advance_to(plant.now() + 4 * S);
        let reading = plant.reading(MeterPoint::DutGrid);
        let (v, f) = closed(&load);
        worst_v = worst_v.max((reading.volts / v - 1.0).abs());
        worst_f = worst_f.max((reading.hz - f).abs());
        assert!(
            (reading.volts / v - 1.0).abs() < 5e-4 && (reading.hz - f).abs() < 5e-3,
            "{reference:?} {method:?} dP {dp} dQ {dq}: {reading:?}, closed form {v} V {f} Hz"
        );
    }
    if show() {
        eprintln!(
            "{reference:?} {method:?}: V within {:.4} %, f within {:.2} mHz",
            worst_v * 100.0,
            worst_f * 1e3
        );
    }
}

#[test]
fn constant_power_ends_at_root_pr_and_resonance() {
    expect(CurrentReference::ConstantPower, AntiIslanding::Off, |l| {
        ((P * l.r).sqrt(), l.fr())
    });
}

#[test]
fn constant_current_ends_at_ir_and_resonance() {
    expect(CurrentReference::ConstantCurrent, AntiIslanding::Off, |l| {
        (P / V * l.r, l.fr())
    });
}

#[rstest::rstest]
fn leading_current_moves_the_frequency(#[values(-10.0, -4.0, 3.0, 10.0)] deg: f64) {
    let theta = f64::to_radians(deg);
    let method = AntiIslanding::Afd { cf: deg / 90.0 };
    let f = |l: &Load| {
        let x = theta.tan() / (2.0 * l.qf());
        l.fr() * (x + (1.0 + x * x).sqrt())
    };
    expect(CurrentReference::ConstantCurrent, method, |l| {
        (P / V * l.r * theta.cos(), f(l))
    });
    expect(CurrentReference::ConstantPower, method, |l| {
        ((P * l.r).sqrt(), f(l))
    });
}

#[test]
fn untracked_current_keeps_its_frequency() {
    expect(CurrentReference::Untracked, AntiIslanding::Off, |l| {
        let w = 100.0 * std::f64::consts::PI;
        let b = w * l.c - 1.0 / (w * l.l);
        (P / V / (1.0 / (l.r * l.r) + b * b).sqrt(), 50.0)
    });
}

/// One-cycle RMS values, one per cycle.
fn cycles(data: &[f32], per_cycle: usize) -> Vec<f64> {
    data.chunks_exact(per_cycle).map(rms).collect()
}

/// Time constant of an exponential approach to `end`, from a line through ln|y − end|, s.
fn time_constant(y: &[f64], end: f64, dt: f64) -> f64 {
    let start = (y[0] - end).abs();
    let points: Vec<(f64, f64)> = y
        .iter()
        .enumerate()
        .map(|(k, y)| (k as f64 * dt, (y - end).abs()))
        .take_while(|(_, d)| *d > 0.1 * start)
        .map(|(t, d)| (t, d.ln()))
        .collect();
    let n = points.len() as f64;
    let (mt, my) = points
        .iter()
        .fold((0.0, 0.0), |s, p| (s.0 + p.0 / n, s.1 + p.1 / n));
    let slope = points.iter().map(|p| (p.0 - mt) * (p.1 - my)).sum::<f64>()
        / points.iter().map(|p| (p.0 - mt) * (p.0 - mt)).sum::<f64>();
    -1.0 / slope
}

/// The approach is a statement about the envelope, so it is tested where there is one: a load of
/// high quality, whose envelope changes little within the DUT's own measuring time.
#[rstest::rstest]
#[case(CurrentReference::ConstantPower, 200.0)]
#[case(CurrentReference::ConstantCurrent, 100.0)]
fn approach_has_the_time_constant(
    #[case] reference: CurrentReference,
    #[case] qf: f64,
    #[values(-0.3, 0.3)] dp: f64,
) {
    let load = Load::new(V, P, qf, dp, 0.0);
    let mut plant = connected(unprotected(reference, AntiIslanding::Off), P, load);
    plant.apply(Input::GridSwitch {
        closed: false,
        at_deg: Some(0.0),
    });
    plant.advance_to(plant.now() + 200 * MS);
    let seconds = 6.0 * 2.0 * load.r * load.c;
    let data = capture(&mut plant, &[Signal::GridVoltage], 10_000, seconds)
        .data
        .remove(0);
    let v = cycles(&data, 200);
    let rc = load.r * load.c;
    let (tau, expected) = match reference {
        CurrentReference::ConstantPower => {
            let squares: Vec<f64> = v.iter().map(|v| v * v).collect();
            (time_constant(&squares, P * load.r, 0.02), rc)
        }
        CurrentReference::ConstantCurrent | CurrentReference::Untracked => {
            (time_constant(&v, P / V * load.r, 0.02), 2.0 * rc)
        }
    };
    if show() {
        eprintln!("{reference:?} dP {dp}: tau {tau:.5} s, closed form {expected:.5} s");
    }
    assert!((tau / expected - 1.0).abs() < 5e-3, "{tau} {expected}");
}

/// Damping and frequency of a free oscillation from its samples: y₂ = 2ρ cos(ωh) y₁ − ρ² y₀.
fn ringing(y: &[f64], h: f64) -> (f64, f64) {
    let (mut aa, mut ab, mut bb, mut ay, mut by) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for w in y.windows(3) {
        aa += w[1] * w[1];
        ab += w[1] * w[0];
        bb += w[0] * w[0];
        ay += w[1] * w[2];
        by += w[0] * w[2];
    }
    let det = aa * bb - ab * ab;
    let (p, q) = ((ay * bb - by * ab) / det, (by * aa - ay * ab) / det);
    let rho = (-q).sqrt();
    let w = (p / (2.0 * rho)).acos() / h;
    (-h / rho.ln(), w / std::f64::consts::TAU)
}

/// A current that follows nothing leaves the tank its own damping: 2RC.
#[rstest::rstest]
fn untracked_approach_decays_with_2rc(
    #[values(20.0, 50.0)] qf: f64,
    #[values(0.0, 0.02, 0.1)] dq: f64,
) {
    let load = Load::new(V, P, qf, 0.3, dq);
    let config = unprotected(CurrentReference::Untracked, AntiIslanding::Off);
    let mut plant = connected(config, P, load);
    arm(&mut plant, &[Signal::GridVoltage], 10_000, 1.8);
    plant.advance_to(plant.now() + 100 * MS);
    plant.apply(Input::GridSwitch {
        closed: false,
        at_deg: Some(0.0),
    });
    plant.advance_to(plant.now() + 2 * S);
    let data = plant.take_capture().expect("done").data.remove(0);
    // what is left without the forced wave, which is periodic; the free one is over after 1 s
    let free: Vec<f64> = (0..200)
        .map(|k| 1_600 + 10 * k)
        .map(|k| f64::from(data[k]) - f64::from(data[k + 12_000]))
        .collect();
    let (tau, hz) = ringing(&free, 1e-3);
    let a = 1.0 / (2.0 * load.r * load.c);
    let wr = std::f64::consts::TAU * load.fr();
    let wd = (wr * wr - a * a).sqrt() / std::f64::consts::TAU;
    assert!((tau * a - 1.0).abs() < 5e-3, "{tau} {}", 1.0 / a);
    assert!((hz - wd).abs() < 0.1, "{hz} {wd}");
}

#[test]
fn dead_island_rings_at_43_30_hz() {
    let load = Load::new(V, 5000.0, 1.0, 0.0, 0.0);
    let mut config = unprotected(CurrentReference::ConstantPower, AntiIslanding::Off);
    config.dut.relay_open_s = 0.0;
    let mut plant = islanded(config, 5000.0, load, 0.0);
    arm(
        &mut plant,
        &[Signal::GridVoltage, Signal::DutRelay],
        50_000,
        0.4,
    );
    plant.advance_to(plant.now() + 100 * MS);
    plant.apply(Input::Dut(DutCommand::Connect(false)));
    plant.advance_to(plant.now() + 400 * MS);
    let capture = plant.take_capture().expect("done");
    let data = &capture.data[0];
    // half a cycle after the contact every arc is out
    let open = capture.data[1]
        .iter()
        .position(|&x| x < 0.5)
        .expect("opens");
    let start = open + 550;
    let free: Vec<f64> = (0..40).map(|k| f64::from(data[start + 25 * k])).collect();
    let (tau, hz) = ringing(&free, 0.5e-3);
    assert!((hz - 43.30).abs() < 0.05, "{hz}");
    assert!((tau / (2.0 * load.r * load.c) - 1.0).abs() < 5e-3, "{tau}");
}
