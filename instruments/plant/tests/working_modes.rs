//! Energy priorities of the working modes, for any load, sun and state of charge.
mod common;
use common::*;
use gridproof_plant::Plant;
use gridproof_plant::input::{DutCommand, Input, TimeWindow, WorkingMode};
use gridproof_plant::signal::MeterPoint;
use proptest::prelude::*;

/// What a site does in the steady state, W.
#[derive(Debug)]
struct Flows {
    /// From the grid (< 0: into it), as the meter has it.
    grid: f64,
    /// Out of the battery.
    battery: f64,
    /// Out of the PV.
    pv: f64,
    /// At the grid port.
    dut: f64,
    /// Largest discharge and charge now.
    reach: (f64, f64),
}

/// Tolerance, W: loss of the line, damping of the filter, a pack that changes from second to second.
const NEAR: f64 = 15.0;

/// A site with a load and as much sun, in a mode.
fn site(mode: WorkingMode, load_w: f64, pv_w: f64, soc: f64) -> Plant {
    let mut config = quick();
    config.dut.volt_var.enabled = false;
    config.dut.volt_watt.enabled = false;
    config.dut.mode = mode;
    if let Some(battery) = &mut config.dut.battery {
        battery.soc = soc;
        battery.pack.charge_a = 60.0;
        battery.pack.discharge_a = 60.0;
    }
    let mut plant = Plant::new(config);
    plant.apply(Input::BatteryPack { closed: true });
    plant.apply(Input::Pv {
        input: 0,
        on: pv_w > 1.0,
        voc: 450.0,
        isc: pv_w / 360.0 * 1.1,
        vmp: 360.0,
        imp: pv_w / 360.0,
    });
    plant.apply(Input::GridOutput {
        closed: true,
        at_deg: None,
    });
    plant.apply(Input::IslandLoad {
        l_ohm: 0.0,
        r_ohm: (load_w > 1.0).then(|| 230.0 * 230.0 / load_w),
        l_h: None,
        c_f: None,
    });
    plant.apply(Input::IslandLoadSwitch { closed: true });
    plant
}

fn flows(plant: &Plant) -> Flows {
    let (state, pack) = (plant.state(), plant.pack().expect("a pack"));
    Flows {
        grid: plant.reading_cycle(MeterPoint::Source).watts,
        battery: state.battery_w,
        pv: state.pv_w,
        dut: state.dut_w,
        reach: (pack.discharge_a * pack.volts, pack.charge_a * pack.volts),
    }
}

/// PV goes first, and is held back only where nobody can take it.
fn sun_first(f: &Flows, pv_w: f64) {
    let rated = f.dut > 5000.0 - NEAR;
    if f.battery > 25.0 + NEAR || !rated {
        assert!(f.pv > pv_w - NEAR, "the sun goes first: {f:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Load, then battery, then grid; the battery before the grid serves the load.
    #[test]
    fn self_consumption_keeps_its_order(
        load_w in 0.0..6500.0_f64,
        pv_w in prop_oneof![Just(0.0), 200.0..6000.0_f64],
        soc in prop_oneof![0.004..0.06_f64, 0.1..0.9_f64, 0.95..0.995_f64],
    ) {
        let mut plant = site(WorkingMode::SelfConsumption, load_w, pv_w, soc);
        plant.advance_to(60 * S);
        let f = flows(&plant);
        sun_first(&f, pv_w);
        if f.grid > NEAR {
            let spent = f.battery > f.reach.0 - NEAR || f.dut > 5000.0 - NEAR;
            prop_assert!(spent, "bought with a battery that could give: {f:?}");
        }
        if f.grid < -NEAR {
            prop_assert!(f.battery < -f.reach.1 + NEAR, "sold before the battery had it: {f:?}");
        }
        if f.battery < -NEAR {
            // a bridge at its rating leaves sun for the battery while the load still buys
            let rated = f.dut > 5000.0 - NEAR;
            prop_assert!(rated || f.grid < NEAR, "charged from the grid: {f:?}");
        }
        let used = f.pv + f.battery - f.dut;
        prop_assert!((0.0..250.0).contains(&used), "{f:?} {used}");
    }

    /// The battery is charged from sun and grid, and never serves the load.
    #[test]
    fn back_up_keeps_the_battery(
        load_w in 0.0..6500.0_f64,
        pv_w in prop_oneof![Just(0.0), 200.0..6000.0_f64],
        soc in 0.1..0.94_f64,
        retain in 0.2..0.9_f64,
        charge_w in 500.0..2500.0_f64,
    ) {
        let mode = WorkingMode::Backup { retain, charge_w };
        let mut plant = site(mode, load_w, pv_w, soc);
        plant.advance_to(20 * S);
        let f = flows(&plant);
        sun_first(&f, pv_w);
        prop_assert!(f.battery < 25.0 + NEAR, "served the load: {f:?}");
        if soc < retain - 0.01 {
            prop_assert!((f.battery + charge_w).abs() < 60.0 , "not charged: {f:?}");
        }
        if soc > retain + 0.01 {
            prop_assert!(f.battery > -NEAR - if pv_w > 4900.0 { pv_w - 4900.0 } else { 0.0 }, "charged: {f:?}");
        }
        // and at a blackout it is there
        plant.apply(Input::BackupLoad { r_ohm: Some(53.0) });
        plant.apply(Input::Pv { input: 0, on: false, voc: 1.0, isc: 1.0, vmp: 1.0, imp: 1.0 });
        plant.apply(Input::GridOutput { closed: false, at_deg: None });
        plant.advance_to(25 * S);
        let state = plant.state();
        prop_assert!(state.backup_v > 220.0 && state.battery_w > 950.0, "{state:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Load and grid before the battery: it takes only what the rating of the grid port leaves.
    #[test]
    fn grid_first_charges_with_what_is_left(
        load_w in 0.0..6500.0_f64,
        pv_w in prop_oneof![Just(0.0), 200.0..7500.0_f64],
        soc in 0.1..0.9_f64,
    ) {
        let mut plant = site(WorkingMode::GridFirst, load_w, pv_w, soc);
        plant.advance_to(60 * S);
        let f = flows(&plant);
        prop_assert!(f.battery < 25.0 + NEAR, "the battery serves nobody: {f:?}");
        if f.battery < -NEAR {
            prop_assert!(f.dut > 5000.0 - NEAR, "charged before the grid had it: {f:?}");
        }
        let room = f.battery > -f.reach.1 + NEAR;
        prop_assert!(!room || f.pv > pv_w - NEAR, "sun is lost: {f:?}");
    }
}

/// Charging at night, grid before battery by day, the battery in the evening: by the unit's own
/// clock, for two days, on working days only.
#[test]
fn windows_of_the_week_follow_its_own_clock() {
    let window = |from, to, mode| TimeWindow {
        from,
        to,
        weekdays: 0b001_1111,
        mode,
    };
    let mut plant = site(WorkingMode::SelfConsumption, 150.0, 0.0, 0.5);
    // 20 h before Monday 00:00
    plant.apply(Input::Dut(DutCommand::Clock {
        at_power_on_s: 4 * 3600 - 86_400,
    }));
    plant.apply(Input::Dut(DutCommand::Windows(vec![
        window(0, 4 * 60 - 1, WorkingMode::Exchange { watts: -500.0 }),
        window(4 * 60, 18 * 60 - 1, WorkingMode::GridFirst),
    ])));
    let hour = 3600 * S;
    let at = |plant: &mut Plant, hours: u64| {
        plant.advance_to((hours * 3600 + 60) * S);
        plant.state().dut_w
    };
    assert!(
        (at(&mut plant, 12) - 150.0).abs() < 20.0,
        "Sunday, no window"
    );
    assert!((at(&mut plant, 20) + 500.0).abs() < 20.0, "Monday 00:01");
    plant.advance_to(24 * hour - S);
    assert!((plant.state().dut_w + 500.0).abs() < 20.0, "03:59:59");
    assert!(
        at(&mut plant, 24).abs() < 60.0,
        "no sun, so nothing at 04:01"
    );
    assert!((at(&mut plant, 38) - 150.0).abs() < 20.0, "18:01");
    assert!((at(&mut plant, 44) + 500.0).abs() < 20.0, "Tuesday 00:01");
    // a command goes first, and its end gives the window its right back
    plant.apply(Input::Dut(DutCommand::ActivePower(Some(700.0))));
    assert!((at(&mut plant, 45) - 700.0).abs() < 20.0);
    plant.apply(Input::Dut(DutCommand::ActivePower(None)));
    assert!((at(&mut plant, 46) + 500.0).abs() < 20.0);
}

/// The battery follows a load that moves, within the time constant of a set-point.
#[test]
fn self_consumption_follows_the_load() {
    let mut plant = site(WorkingMode::SelfConsumption, 1000.0, 0.0, 0.6);
    plant.advance_to(30 * S);
    for load_w in [2500.0, 400.0, 3000.0] {
        plant.apply(Input::IslandLoad {
            l_ohm: 0.0,
            r_ohm: Some(230.0 * 230.0 / load_w),
            l_h: None,
            c_f: None,
        });
        plant.advance_to(plant.now() + 2 * S);
        let f = flows(&plant);
        assert!(
            f.grid.abs() < NEAR && (f.dut - load_w).abs() < 40.0,
            "{f:?}"
        );
    }
    // surplus of another generator on the site is taken; here as a command that ends
    plant.apply(Input::Dut(DutCommand::ActivePower(Some(-1000.0))));
    plant.advance_to(plant.now() + 5 * S);
    assert!(flows(&plant).grid > 3900.0);
    plant.apply(Input::Dut(DutCommand::ActivePower(None)));
    plant.advance_to(plant.now() + 5 * S);
    assert!(flows(&plant).grid.abs() < NEAR);
}

/// A kept battery is topped up when two per cent are missing, not at every crumb.
#[test]
fn back_up_tops_up_with_hysteresis() {
    let mode = WorkingMode::Backup {
        retain: 0.5,
        charge_w: 2000.0,
    };
    let mut plant = site(mode, 0.0, 0.0, 0.497);
    plant.advance_to(20 * S);
    assert!(flows(&plant).battery < -1900.0);
    plant.advance_to(120 * S);
    let (f, soc) = (flows(&plant), plant.state().soc);
    assert!(f.battery.abs() < 30.0 && soc > 0.4999, "{f:?} {soc}");
    // at night it lives on the battery, down to the top-up
    let mut soc = plant.state().soc;
    while plant.state().battery_w > -100.0 {
        soc = plant.state().soc;
        plant.advance_to(plant.now() + 60 * S);
    }
    assert!((soc - 0.48).abs() < 0.002, "{soc}");
}
