//! A volt-var response of 5 s has a T90 of 5.000 s ± one update, and Q(t) is the same in both
//! rates within 0.1 % of S.

use gridproof_plant::Plant;
use gridproof_plant::config::AntiIslanding;
use gridproof_plant::signal::{MeterPoint, Signal};

use crate::common::*;
use crate::show;

/// Period of the DUT's functions, s.
const UPDATE_S: f64 = 0.02;

/// Reactive power per cycle for 20 s after a step of 4 V, one sample per cycle.
fn response(waveform: bool) -> Vec<f64> {
    let mut config = quick();
    config.line.r_ohm = 1e-4;
    config.line.l_h = 1e-6;
    // a current that leads is reactive power too
    config.dut.anti_islanding = AntiIslanding::Off;
    config.dut.volt_var.delay_s = 0.0;
    config.dut.volt_var.tau_s = 5.0 / std::f64::consts::LN_10;
    let mut plant = feeding(config, 2000.0);
    if waveform {
        arm(&mut plant, &[Signal::DutCurrent], 1_000, 40.0);
    }
    // small steps only, so that the other run stays in its rate
    for v in [234.0, 238.0, 242.0] {
        plant.apply(grid(v, 50.0));
        plant.advance_to(plant.now() + 2 * S);
    }
    plant.advance_to(plant.now() + 10 * S);
    plant.apply(grid(246.0, 50.0));
    let q = |plant: &Plant| plant.reading_cycle(MeterPoint::DutGrid).vars;
    (0..1000)
        .map(|_| {
            plant.advance_to(plant.now() + 20 * MS);
            q(&plant)
        })
        .collect()
}

/// First crossing of 90 % of the change, linear between the cycles, s.
fn t90(q: &[f64]) -> f64 {
    let (start, end) = (-0.6 * 2.0 / 18.0 * 5000.0, -0.6 * 6.0 / 18.0 * 5000.0);
    let level = start + 0.9 * (end - start);
    let k = q.iter().position(|&x| x <= level).expect("responds");
    let before = if k == 0 { start } else { q[k - 1] };
    (k as f64 + (level - before) / (q[k] - before)) * UPDATE_S
}

#[test]
fn t90_is_five_seconds_in_both_rates() {
    let (slow, fast) = (response(false), response(true));
    for (name, q) in [("quasi-static", &slow), ("waveform", &fast)] {
        let t = t90(q);
        if show() {
            eprintln!("{name}: T90 {t:.3} s");
        }
        // a reading shows the cycle before it: half a cycle late on top of one update
        assert!((t - 5.0).abs() <= 1.5 * UPDATE_S, "{name} {t}");
    }
    let worst = slow
        .iter()
        .zip(&fast)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max);
    if show() {
        eprintln!("largest difference of Q {:.4} % of S", worst / 50.0);
    }
    assert!(worst < 1e-3 * 5000.0, "{worst}");
}
