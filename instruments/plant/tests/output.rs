//! Quality of the output current and the dc link behind it.
mod common;
use common::*;
use gridproof_plant::config::{AntiIslanding, OutputQuality};
use gridproof_plant::input::Input;
use gridproof_plant::signal::{CaptureSpec, Signal, Trigger};

/// Mean and RMS of the orders 1–9 of ten cycles of the output current.
fn spectrum(watts: f64, output: OutputQuality) -> (f64, Vec<f64>) {
    let mut config = quick();
    config.dut.output = output;
    config.dut.anti_islanding = AntiIslanding::Off;
    let mut plant = feeding(config, watts);
    let spec = CaptureSpec {
        signals: vec![Signal::DutCurrent],
        rate_hz: 50_000,
        samples: 10_000,
        pre_samples: 0,
        trigger: Trigger::Immediate,
        low_pass: Vec::new(),
    };
    arm(&mut plant, &[Signal::DutCurrent], 1_000, 2.0);
    plant.advance_to(plant.now() + S);
    plant.arm(spec).expect("a valid capture");
    plant.advance_to(plant.now() + S);
    let data = plant.take_capture().expect("done").data.remove(0);
    let n = data.len() as f64;
    let mean = data.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
    let orders = (1..=9_u32)
        .map(|h| {
            let (mut a, mut b) = (0.0, 0.0);
            for (k, &x) in data.iter().enumerate() {
                let angle = std::f64::consts::TAU * f64::from(10 * h) * k as f64 / n;
                a += f64::from(x) * angle.cos();
                b += f64::from(x) * angle.sin();
            }
            (2.0 * (a * a + b * b)).sqrt() / n
        })
        .collect();
    (mean, orders)
}

#[rstest::rstest]
fn distortion_rises_as_the_current_falls(#[values(1000.0, 2500.0, 5000.0)] watts: f64) {
    let quality = OutputQuality {
        thd: 0.015,
        floor_pu: 0.004,
        dc_pu: 0.0,
    };
    let clean = spectrum(watts, OutputQuality::default()).1;
    let (_, i) = spectrum(watts, quality);
    let thd = i[1..].iter().map(|x| x * x).sum::<f64>().sqrt() / i[0];
    let expected = (0.015_f64.powi(2) + (0.004 * 5000.0 / watts).powi(2)).sqrt();
    assert!(
        (thd / expected - 1.0).abs() < 0.05,
        "{thd} {expected} {i:?}"
    );
    // the ripple of the dc link does not get through
    assert!(clean[1..].iter().all(|x| *x < 1e-3 * clean[0]), "{clean:?}");
}

#[rstest::rstest]
fn direct_current_is_what_is_injected(#[values(-0.005, 0.002)] dc_pu: f64) {
    let quality = OutputQuality {
        dc_pu,
        ..OutputQuality::default()
    };
    let (mean, _) = spectrum(3000.0, quality);
    let expected = dc_pu * 5000.0 / 230.0;
    assert!((mean / expected - 1.0).abs() < 0.02, "{mean} {expected}");
}

#[test]
fn the_dc_link_ripples_as_its_formula_says() {
    let config = quick();
    let link = config.dut.dc_link;
    let mut plant = feeding(config, 5000.0);
    arm(&mut plant, &[Signal::DutCurrent], 1_000, 2.0);
    plant.advance_to(plant.now() + 300 * MS);
    let (mut low, mut high) = (f64::MAX, 0.0_f64);
    for _ in 0..400 {
        plant.advance_to(plant.now() + MS / 4);
        low = low.min(plant.state().dc_link_v);
        high = high.max(plant.state().dc_link_v);
    }
    let expected = link.ripple_v(5000.0, 50.0);
    assert!(
        ((high - low) / expected - 1.0).abs() < 0.05,
        "{low} {high} {expected}"
    );
    assert!(
        (0.5 * (low + high) / link.volts - 1.0).abs() < 2e-3,
        "{low} {high}"
    );
}

/// A link that nobody controls takes the whole power of a load rejection until its trip.
#[test]
fn load_rejection_trips_the_bus() {
    let mut config = quick();
    config.dut.backup = None;
    config.dut.protection.clear();
    config.dut.dc_link.bandwidth_hz = 0.0;
    config.dut.dc_link.trip_v = 1.1 * config.dut.dc_link.volts;
    let mut plant = feeding(config, 5000.0);
    arm(&mut plant, &[Signal::DutCurrent], 1_000, 1.0);
    plant.advance_to(plant.now() + 20 * MS);
    plant.apply(Input::GridSwitch {
        closed: false,
        at_deg: None,
    });
    plant.advance_to(plant.now() + 500 * MS);
    assert_eq!(plant.state().last_trip.as_deref(), Some("DC-BUS"));
}
