//! Output impedance of the grid simulator, losses of the island load's inductor, and curves of PV
//! simulators by their points, against their closed forms.
mod common;
use common::*;
use gridproof_plant::Plant;
use gridproof_plant::config::{AntiIslanding, Health, PlantConfig};
use gridproof_plant::input::Input;
use gridproof_plant::signal::{MeterPoint, Signal};

const W: f64 = 100.0 * std::f64::consts::PI;

/// A DUT that does nothing: its relay stays open.
fn dead() -> PlantConfig {
    let mut config = quick();
    config.dut.health = Health::Dead;
    config.dut.backup = None;
    config
}

fn loaded(r_ohm: Option<f64>, l: Option<(f64, f64)>, c_f: Option<f64>) -> Plant {
    let mut plant = Plant::new(dead());
    plant.apply(grid(230.0, 50.0));
    plant.apply(Input::GridOutput {
        closed: true,
        at_deg: None,
    });
    plant.apply(Input::IslandLoadSwitch { closed: true });
    plant.apply(Input::IslandLoad {
        r_ohm,
        l_h: l.map(|l| l.0),
        l_ohm: l.map_or(0.0, |l| l.1),
        c_f,
    });
    plant
}

/// |V| behind R + jX on a resistor of `load` ohms.
fn divided(volts: f64, (r, x): (f64, f64), load: f64) -> f64 {
    volts * load / ((r + load).powi(2) + x * x).sqrt()
}

/// Phasors and waveform alike: the voltage divider of source and load.
#[rstest::rstest]
#[case(0.0, 0.0)]
#[case(0.5, 0.0)]
#[case(0.0, 2e-3)]
#[case(0.8, 1e-3)]
fn output_impedance_lowers_the_terminal_voltage(
    #[case] r_ohm: f64,
    #[case] l_h: f64,
    #[values(false, true)] waveform: bool,
) {
    let mut plant = loaded(Some(10.0), None, None);
    plant.apply(Input::GridImpedance { r_ohm, l_h });
    if waveform {
        arm(&mut plant, &[Signal::GridVoltage], 10_000, 2.0);
    }
    plant.advance_to(plant.now() + S);
    let line = plant.config().line;
    let inside = (line.r_ohm + r_ohm, W * (line.l_h + l_h));
    let closed_form = divided(230.0, inside, 10.0);
    let reading = plant.reading(MeterPoint::DutGrid);
    assert!(
        (reading.volts / closed_form - 1.0).abs() < 1e-4,
        "{} {closed_form}",
        reading.volts
    );
    let watts = plant.reading(MeterPoint::Source).watts;
    assert!((watts * 10.0 / closed_form.powi(2) - 1.0).abs() < 2e-4);
}

/// It is gone when it is switched off, and below the line's own resistance nothing is left.
#[test]
fn output_impedance_can_be_taken_back() {
    let mut plant = loaded(Some(10.0), None, None);
    let volts = |plant: &mut Plant, r_ohm: f64| {
        plant.apply(Input::GridImpedance { r_ohm, l_h: 0.0 });
        plant.advance_to(plant.now() + S);
        plant.reading(MeterPoint::DutGrid).volts
    };
    let before = volts(&mut plant, 0.0);
    assert!(volts(&mut plant, 1.0) < before - 15.0);
    assert!((volts(&mut plant, 0.0) - before).abs() < 1e-6);
    let x = W * plant.config().line.l_h;
    let stiff = volts(&mut plant, -1.0);
    assert!(
        (stiff - divided(230.0, (0.0, x), 10.0)).abs() < 0.02,
        "{stiff}"
    );
}

/// A winding of quality factor Q takes V² R/(R² + X²) and the reactive power V² X/(R² + X²).
#[rstest::rstest]
fn an_inductor_takes_its_loss(
    #[values(5.0, 30.0, 100.0)] q: f64,
    #[values(false, true)] waveform: bool,
) {
    let l_h = 40e-3;
    let (x, r) = (W * l_h, W * l_h / q);
    let mut plant = loaded(None, Some((l_h, r)), None);
    if waveform {
        // long enough for the dc part of the current to be gone
        plant.advance_to(5 * S);
        arm(&mut plant, &[Signal::GridVoltage], 10_000, 2.0);
        plant.advance_to(5 * S + S);
    } else {
        plant.advance_to(30 * S);
    }
    let at = plant.reading(MeterPoint::Source);
    let v = plant.reading(MeterPoint::DutGrid).volts;
    let z = r * r + x * x;
    assert!((at.watts / (v * v * r / z) - 1.0).abs() < 3e-3, "{at:?}");
    assert!((at.vars / (v * v * x / z) - 1.0).abs() < 1e-3, "{at:?}");
    assert!((at.vars / at.watts / q - 1.0).abs() < 3e-3, "{at:?}");
}

/// The island of a dead DUT rings as R ∥ (L + r) ∥ C does: with α = (1/RC + r/L)/2 and
/// ω² = (1 + r/R)/LC − α².
#[test]
fn a_lossy_tank_rings_and_fades_at_the_closed_form() {
    let (r, l, q, c) = (200.0, 40e-3, 25.0, 250e-6);
    let winding = W * l / q;
    let mut plant = loaded(Some(r), Some((l, winding)), Some(c));
    plant.advance_to(5 * S);
    plant.apply(Input::GridSwitch {
        closed: false,
        at_deg: None,
    });
    plant.advance_to(plant.now() + 30 * MS);
    arm(&mut plant, &[Signal::GridVoltage], 100_000, 0.2);
    plant.advance_to(plant.now() + 250 * MS);
    let capture = plant.take_capture().expect("complete");
    let v: Vec<f64> = capture.data[0].iter().map(|&v| f64::from(v)).collect();
    // zeros of the voltage, and what is left of its derivative's sign there
    let zeros: Vec<f64> = v
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[0] < 0.0 && pair[1] >= 0.0)
        .map(|(k, pair)| (k as f64 + pair[0] / (pair[0] - pair[1])) / 1e5)
        .collect();
    let alpha = 0.5 * (1.0 / (r * c) + winding / l);
    let w = ((1.0 + winding / r) / (l * c) - alpha * alpha).sqrt();
    let hz = (zeros.len() - 1) as f64 / (zeros[zeros.len() - 1] - zeros[0]);
    assert!(
        (hz / (w / std::f64::consts::TAU) - 1.0).abs() < 2e-4,
        "{hz}"
    );
    // one period later everything is smaller by exp(−α T)
    let period = std::f64::consts::TAU / w * 1e5;
    let later = |k: usize| {
        let at = k as f64 + period;
        let (whole, part) = (at as usize, at.fract());
        v[whole] * (1.0 - part) + v[whole + 1] * part
    };
    let (mut sum, mut square) = (0.0, 0.0);
    for (k, value) in v.iter().enumerate().take(10_000) {
        sum += later(k) * value;
        square += value * value;
    }
    let fade = sum / square;
    let closed_form = (-alpha * period / 1e5).exp();
    assert!(
        (fade / closed_form - 1.0).abs() < 1e-3,
        "{fade} {closed_form}"
    );
}

/// Losses of the inductor are load: an island settles where V²(1/R + r/(r² + X²)) is the DUT's power.
#[test]
fn the_island_voltage_bears_the_inductor_s_loss() {
    let mut config = quick();
    config.dut.protection.clear();
    config.dut.anti_islanding = AntiIslanding::Off;
    config.dut.backup = None;
    let p = 4000.0;
    let mut plant = feeding(config, p);
    plant.apply(Input::Dut(gridproof_plant::input::DutCommand::VoltVar(
        false,
    )));
    plant.apply(Input::IslandLoadSwitch { closed: true });
    let (r, l, q, c) = (13.5, 42e-3, 20.0, 240e-6);
    let winding = W * l / q;
    plant.apply(Input::IslandLoad {
        r_ohm: Some(r),
        l_h: Some(l),
        l_ohm: winding,
        c_f: Some(c),
    });
    plant.advance_to(plant.now() + 2 * S);
    plant.apply(Input::GridSwitch {
        closed: false,
        at_deg: None,
    });
    plant.advance_to(plant.now() + 5 * S);
    let at = plant.reading(MeterPoint::DutGrid);
    // reactive balance without a source: ωC = ωL/(r² + ω²L²)
    let w = ((l / c - winding * winding).sqrt()) / l;
    let z = winding * winding + (w * l).powi(2);
    let v = (p / (1.0 / r + winding / z)).sqrt();
    assert!(
        (at.hz - w / std::f64::consts::TAU).abs() < 5e-3,
        "{at:?} {w}"
    );
    assert!((at.volts / v - 1.0).abs() < 5e-4, "{at:?} {v}");
}

/// A curve with two humps: the tracker of the reference DUT stands on the higher one.
#[test]
fn a_shaded_curve_is_followed_between_its_points() {
    let mut plant = energised(quick());
    let points = vec![
        (0.0, 10.0),
        (150.0, 9.8),
        (170.0, 6.0),
        (340.0, 5.9),
        (380.0, 0.0),
    ];
    plant.apply(Input::PvPoints {
        input: 0,
        on: true,
        points: points.clone(),
    });
    plant.apply(Input::BatterySource {
        on: false,
        volts: 0.0,
        source_a: 0.0,
        sink_a: 0.0,
    });
    plant.advance_to(120 * S);
    let input = plant.state().pv_inputs[0];
    assert!((input.maximum_w - 340.0 * 5.9).abs() < 5.0, "{input:?}");
    assert!(
        (input.watts / input.maximum_w - 1.0).abs() < 1e-6,
        "{input:?}"
    );
    let at = plant.pv_reading(0);
    assert!(
        (at.volts - 340.0).abs() < 0.5 && (at.amps - 5.9).abs() < 0.02,
        "{at:?}"
    );
    // a curve that rises is none
    plant.apply(Input::PvPoints {
        input: 0,
        on: true,
        points: vec![(0.0, 1.0), (100.0, 2.0), (200.0, 0.0)],
    });
    plant.advance_to(121 * S);
    assert_eq!(plant.state().pv_inputs[0].maximum_w, 0.0);
}
