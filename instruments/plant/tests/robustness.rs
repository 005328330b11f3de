//! Other products and other lines: the controllers scale with filter and rating.
mod common;
use common::*;
use gridproof_plant::config::{Filter, Line, PlantConfig};
use gridproof_plant::input::Input;
use gridproof_plant::signal::{DutState, MeterPoint, Signal};

fn small() -> PlantConfig {
    let mut config = quick();
    let dut = &mut config.dut;
    dut.rated_power_w = 3000.0;
    dut.rated_apparent_va = 3000.0;
    dut.max_current_a = 13.7;
    dut.rated_charge_w = 2500.0;
    dut.filter = Filter {
        l1_h: 2.4e-3,
        r1_ohm: 0.09,
        cf_f: 2.2e-6,
        rd_ohm: 8.0,
        l2_h: 0.7e-3,
        r2_ohm: 0.04,
    };
    config
}

#[rstest::rstest]
fn stable_on_any_line(
    #[values((0.01, 10e-6), (0.15, 0.2e-3), (0.4, 0.8e-3), (0.8, 1.5e-3))] line: (f64, f64),
    #[values(true, false)] reference: bool,
    #[values(50_000, 100_000)] rate: u32,
) {
    let mut config = if reference { quick() } else { small() };
    config.line = Line {
        r_ohm: line.0,
        l_h: line.1,
    };
    let watts = 0.8 * config.dut.rated_power_w;
    let mut plant = feeding(config, watts);
    let dwell = plant.reading(MeterPoint::DutGrid);
    let c = capture(
        &mut plant,
        &[Signal::DutCurrent, Signal::GridVoltage],
        rate,
        1.0,
    );
    let wave = plant.reading(MeterPoint::DutGrid);
    assert!(
        (wave.watts - dwell.watts).abs() < 1e-3 * watts
            && (wave.vars - dwell.vars).abs() < 1e-3 * watts,
        "{wave:?} {dwell:?}"
    );
    let cycle = (rate / 50) as usize;
    // periodic: the last cycle equals the one ten cycles before
    let i = &c.data[0];
    let n = i.len();
    for k in n - cycle..n {
        assert!(
            (i[k] - i[k - 10 * cycle]).abs() < 0.05,
            "{k} {} {}",
            i[k],
            i[k - 10 * cycle]
        );
    }
    plant.apply(grid(200.0, 50.0));
    plant.advance_to(plant.now() + 500 * MS);
    plant.apply(grid(230.0, 50.0));
    plant.advance_to(plant.now() + 500 * MS);
    assert_eq!(plant.state().dut, DutState::Grid, "{:?}", plant.state());
}

#[rstest::rstest]
fn small_unit_forms_a_clean_backup(#[values(0.0, 0.5, 1.0)] load: f64) {
    let mut plant = feeding(small(), 0.0);
    plant.apply(Input::BackupLoad {
        r_ohm: (load > 0.0).then(|| 230.0 * 230.0 / (3000.0 * load)),
    });
    plant.advance_to(12 * S);
    arm(&mut plant, &[Signal::BackupVoltage], 50_000, 1.0);
    plant.apply(Input::GridOutput {
        closed: false,
        at_deg: None,
    });
    plant.advance_to(14 * S);
    assert_eq!(plant.state().dut, DutState::Backup);
    let v = plant.take_capture().expect("done").data.remove(0);
    let tail = &v[40_000..];
    let peak = tail.iter().fold(0.0_f32, |m, x| m.max(x.abs()));
    assert!((rms(tail) / 230.0 - 1.0).abs() < 5e-3, "{}", rms(tail));
    assert!(
        (f64::from(peak) / rms(tail) - std::f64::consts::SQRT_2).abs() < 0.01,
        "{peak}"
    );
}
