//! Grid-support functions, demand response, derating, dc side.
mod common;
use common::*;
use gridproof_plant::Plant;
use gridproof_plant::input::{DutCommand, Input};
use gridproof_plant::signal::{DutState, MeterPoint};

/// Time from now until `reached`, s, looking every 20 ms.
fn time_until(plant: &mut Plant, limit_s: f64, reached: impl Fn(&Plant) -> bool) -> f64 {
    let start = plant.now();
    while (plant.now() - start) as f64 * 1e-9 < limit_s {
        plant.advance_to(plant.now() + 20 * MS);
        if reached(plant) {
            break;
        }
    }
    (plant.now() - start) as f64 * 1e-9
}

fn vars(plant: &Plant) -> f64 {
    plant.reading_cycle(MeterPoint::DutGrid).vars
}

fn watts(plant: &Plant) -> f64 {
    plant.reading_cycle(MeterPoint::DutGrid).watts
}

#[rstest::rstest]
fn volt_var_follows_curve_and_t90(#[values(249.0, 253.0)] v: f64) {
    // no line impedance: the curve is met at the set voltage
    let mut config = quick();
    config.line.r_ohm = 1e-3;
    config.line.l_h = 20e-6;
    let mut plant = feeding(config, 1000.0);
    plant.apply(grid(v, 50.0));
    let settled = -0.6 * (v - 240.0) / 18.0 * 5000.0;
    let t90 = time_until(&mut plant, 20.0, |p| vars(p) <= 0.9 * settled);
    let expected = 0.1 + 2.0 * std::f64::consts::LN_10;
    assert!((t90 - expected).abs() < 0.08, "{t90} {expected}");
    plant.advance_to(plant.now() + 30 * S);
    assert!(
        (vars(&plant) - settled).abs() < 15.0,
        "{} {settled}",
        vars(&plant)
    );
}

#[test]
fn dwell_and_waveform_give_the_same_response() {
    let run = |wave: bool| {
        let mut plant = feeding(quick(), 3000.0);
        if wave {
            arm(
                &mut plant,
                &[gridproof_plant::signal::Signal::DutCurrent],
                1_000,
                20.0,
            );
        }
        plant.apply(grid(234.0, 50.0));
        plant.advance_to(plant.now() + 2 * S);
        plant.apply(grid(238.0, 50.0));
        plant.advance_to(plant.now() + 2 * S);
        plant.apply(grid(242.0, 50.0));
        (0..30)
            .map(|_| {
                plant.advance_to(plant.now() + 200 * MS);
                vars(&plant)
            })
            .collect::<Vec<_>>()
    };
    for (k, (a, b)) in run(false).into_iter().zip(run(true)).enumerate() {
        assert!((a - b).abs() < 10.0, "{k} {a} {b}");
    }
}

#[test]
fn volt_watt_limits_power() {
    let mut plant = feeding(quick(), 5000.0);
    plant.apply(Input::Dut(DutCommand::VoltVar(false)));
    plant.apply(grid(255.0, 50.0));
    plant.advance_to(plant.now() + 60 * S);
    let r = plant.reading(MeterPoint::DutGrid);
    let expected = 5000.0 * (1.0 - 0.8 * (r.volts - 253.0) / 7.0);
    assert!((r.watts - expected).abs() < 20.0, "{r:?} {expected}");
}

#[rstest::rstest]
#[case(&[(1, 5)], 0.0)]
#[case(&[(2, 5)], 0.5)]
#[case(&[(3, 5)], 0.75)]
#[case(&[(3, 5), (2, 5)], 0.5)]
#[case(&[(4, 5)], 1.0)]
#[case(&[(2, 6)], 1.0)]
fn drm_bounds_generation(#[case] pins: &[(u8, u8)], #[case] expected: f64) {
    let mut plant = feeding(quick(), 4900.0);
    plant.apply(Input::DrmPins(pins.to_vec()));
    plant.advance_to(plant.now() + 10 * S);
    let w = watts(&plant);
    assert!((w - (expected * 5000.0).min(4900.0)).abs() < 20.0, "{w}");
    plant.apply(Input::DrmPins(Vec::new()));
    plant.advance_to(plant.now() + 10 * S);
    assert!((watts(&plant) - 4900.0).abs() < 20.0, "{}", watts(&plant));
}

#[rstest::rstest]
#[case(&[(1, 6)], 0.0)]
#[case(&[(2, 6)], 0.5)]
#[case(&[(3, 6)], 0.75)]
#[case(&[(2, 5)], 0.9)]
fn drm_bounds_consumption(#[case] pins: &[(u8, u8)], #[case] expected: f64) {
    let mut plant = feeding(quick(), -4500.0);
    plant.apply(Input::DrmPins(pins.to_vec()));
    plant.advance_to(plant.now() + 10 * S);
    let w = watts(&plant);
    assert!((w + expected * 5000.0).abs() < 20.0, "{w}");
}

#[test]
fn drm0_disconnects_and_reconnects() {
    let mut plant = feeding(quick(), 3000.0);
    plant.apply(Input::DrmPins(vec![(5, 6)]));
    plant.advance_to(plant.now() + S);
    assert_eq!(plant.state().dut, DutState::Drm0);
    assert!(!plant.state().dut_relay);
    plant.apply(Input::DrmPins(Vec::new()));
    plant.advance_to(plant.now() + 5 * S);
    assert_eq!(plant.state().dut, DutState::Grid);
}

#[test]
fn derating_follows_the_ambient() {
    let mut plant = feeding(quick(), 5000.0);
    plant.apply(Input::Ambient { celsius: 55.0 });
    plant.advance_to(plant.now() + 3600 * S);
    assert!((watts(&plant) - 3750.0).abs() < 10.0, "{}", watts(&plant));
}

#[test]
fn dc_side_balances() {
    let mut plant = feeding(quick(), 3000.0);
    let pv = plant.reading(MeterPoint::Pv);
    let battery = plant.reading(MeterPoint::Battery);
    let x: f64 = 0.6;
    let loss = 5000.0 * (0.004 + 0.008 * x + 0.012 * x * x);
    assert!(
        (pv.watts + battery.watts - 3000.0 - loss).abs() < 1e-3,
        "{pv:?} {battery:?}"
    );
    assert!(pv.volts > 360.0 && pv.volts < 450.0);
    plant.apply(array(false));
    let soc = plant.state().soc;
    plant.advance_to(plant.now() + 3600 * S);
    let moved = soc - plant.state().soc;
    let expected = (3000.0 + loss) / 51.2 / 200.0;
    assert!((moved / expected - 1.0).abs() < 1e-3, "{moved} {expected}");
}

#[test]
fn pv_bounds_power() {
    let mut config = quick();
    config.dut.battery = None;
    let mut plant = feeding(config, 5000.0);
    plant.apply(Input::Pv {
        input: 0,
        on: true,
        voc: 450.0,
        isc: 6.0,
        vmp: 360.0,
        imp: 5.4,
    });
    plant.advance_to(plant.now() + 2 * S);
    let w = watts(&plant);
    assert!(w > 1850.0 && w < 1944.0, "{w}");
}

#[test]
fn power_limit_and_set_point_commands() {
    let mut plant = feeding(quick(), 4000.0);
    plant.apply(Input::Dut(DutCommand::PowerLimit(0.5)));
    let t = time_until(&mut plant, 5.0, |p| watts(p) < 2500.0 + 0.1 * 1500.0);
    assert!((t - 0.2 * std::f64::consts::LN_10).abs() < 0.06, "{t}");
    plant.apply(Input::Dut(DutCommand::Connect(false)));
    plant.advance_to(plant.now() + S);
    assert!(!plant.state().dut_relay);
}

/// Off nominal the plant must come to rest too, or long dwells would cost waveform time.
#[test]
fn off_nominal_frequency_settles() {
    let mut plant = feeding(quick(), 3000.0);
    plant.apply(grid(230.0, 49.5));
    plant.advance_to(plant.now() + 10 * S);
    let a = plant.reading(MeterPoint::DutGrid);
    plant.advance_to(plant.now() + 3600 * S);
    let b = plant.reading(MeterPoint::DutGrid);
    assert!(
        (a.watts - b.watts).abs() < 5.0 && (b.hz - 49.5).abs() < 1e-6,
        "{a:?} {b:?}"
    );
}
