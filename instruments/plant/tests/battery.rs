//! The pack on the battery port, consumption at night, standby shutdown.
mod common;
use common::*;
use gridproof_plant::config::PlantConfig;
use gridproof_plant::input::{DutCommand, Input};
use gridproof_plant::signal::{DutState, MeterPoint, Signal};
use gridproof_plant::{Energy, Fault, Plant};

/// The quick bench with the pack at a state of charge.
fn with_pack(soc: f64, change: impl FnOnce(&mut PlantConfig)) -> Plant {
    let mut config = quick();
    config.dut.battery = config.dut.battery.map(|mut battery| {
        battery.soc = soc;
        battery
    });
    change(&mut config);
    let mut plant = Plant::new(config);
    plant.apply(Input::BatteryPack { closed: true });
    plant.apply(Input::GridOutput {
        closed: true,
        at_deg: None,
    });
    plant
}

fn command(plant: &mut Plant, watts: f64) {
    plant.apply(Input::Dut(DutCommand::ActivePower(Some(watts))));
}

fn later(plant: &mut Plant, s: u64) {
    plant.advance_to(plant.now() + s * S);
}

fn sun(on: bool) -> Input {
    Input::Pv {
        input: 0,
        on,
        voc: 450.0,
        isc: 6.0,
        vmp: 360.0,
        imp: 5.5,
    }
}

fn balanced(e: &Energy) {
    let through = e.throughput_j + e.ac_j.abs();
    assert!(
        e.residual_j().abs() <= 1e-6 * through,
        "{e:?} {}",
        e.residual_j()
    );
}

/// Charged and discharged to both ends over two days, with waveform stretches in between: nothing is
/// lost, and the pack's own limits end both ways without a protection.
#[test]
fn two_days_of_charge_and_discharge_are_in_balance() {
    let mut plant = with_pack(0.5, |_| {});
    plant.advance_to(10 * S);
    let before = plant.energy();
    for half_day in 0..4 {
        command(&mut plant, if half_day % 2 == 0 { -4000.0 } else { 4000.0 });
        for _ in 0..12 {
            later(&mut plant, 3599);
            arm(&mut plant, &[Signal::DutCurrent], 1_000, 0.4);
            later(&mut plant, 1);
            let state = plant.state();
            assert_eq!(state.dut, DutState::Grid);
            assert!(state.dc_link_v > 480.0, "{}", state.dc_link_v);
            assert!(plant.pack().expect("a pack").protections.is_empty());
        }
        let soc = plant.state().soc;
        assert!(
            if half_day % 2 == 0 {
                soc > 0.98
            } else {
                soc < 0.03
            },
            "{soc}"
        );
    }
    balanced(&plant.energy().since(&before));
}

/// The wait may be cut as one likes, also with the pack and a DUT that follows it.
#[test]
fn cutting_the_wait_does_not_move_a_bit() {
    let run = |chunk: u64| {
        let mut plant = with_pack(0.93, |_| {});
        command(&mut plant, -4000.0);
        let end = 2000 * S;
        while plant.now() < end {
            plant.advance_to((plant.now() + chunk).min(end));
        }
        (plant.energy(), plant.pack(), plant.state())
    };
    let whole = run(2000 * S);
    for chunk in [20 * MS, 333 * MS, 7 * S] {
        assert_eq!(whole, run(chunk));
    }
}

/// Without sun and with a pack that gives nothing the DUT draws its consumption from the grid: that
/// of the running bridge for a minute, then its standby.
#[test]
fn an_empty_hybrid_lives_on_the_grid_at_night() {
    let mut plant = with_pack(0.005, |_| {});
    command(&mut plant, 0.0);
    plant.advance_to(40 * S);
    let running = -plant.state().dut_w;
    // 0.4 % of 5 kW, and the damping of the filter on top of it
    assert!((20.0..21.0).contains(&running), "{running}");
    later(&mut plant, 100);
    let before = plant.energy();
    later(&mut plant, 3600);
    let night = plant.energy().since(&before);
    let taken = -night.ac_j / 3600.0;
    assert!((taken - 15.0).abs() < 0.02, "{taken}");
    assert!((night.loss_j / 3600.0 - 15.0).abs() < 0.02);
    assert!(night.battery_j.abs() < 1.0 && night.stored_j.abs() < 1e-3);
    balanced(&night);
    // in waveforms too
    arm(&mut plant, &[Signal::DutCurrent], 1_000, 2.0);
    let before = plant.energy();
    later(&mut plant, 2);
    let wave = plant.energy().since(&before);
    assert!((wave.ac_j / 2.0 + 15.0).abs() < 0.5, "{wave:?}");
    // and with power to exchange it is back at once
    command(&mut plant, -2000.0);
    later(&mut plant, 10);
    assert!((plant.state().dut_w + 2000.0).abs() < 10.0);
}

#[test]
fn a_charged_hybrid_lives_on_its_battery_at_night() {
    let mut plant = with_pack(0.6, |_| {});
    command(&mut plant, 0.0);
    plant.advance_to(200 * S);
    let before = plant.energy();
    later(&mut plant, 3600);
    let night = plant.energy().since(&before);
    assert!((night.battery_j / 3600.0 - 15.0).abs() < 0.02, "{night:?}");
    assert!(night.ac_j.abs() / 3600.0 < 0.01, "{night:?}");
    // the sun ends the rest
    plant.apply(sun(true));
    plant.apply(Input::Dut(DutCommand::ActivePower(None)));
    later(&mut plant, 20);
    assert!(plant.state().dut_w > 1800.0, "{}", plant.state().dut_w);
    balanced(&plant.energy().since(&before));
}

/// On the battery alone: standby for its time, then nothing at all, until mains or sun return.
#[rstest::rstest]
fn standby_on_the_battery_alone_ends_in_a_shutdown(#[values(true, false)] by_grid: bool) {
    let mut plant = with_pack(0.6, |config| {
        config.dut.shutdown_s = Some(300.0);
        config.dut.backup = None;
    });
    plant.advance_to(10 * S);
    plant.apply(Input::GridOutput {
        closed: false,
        at_deg: None,
    });
    later(&mut plant, 20);
    let before = plant.energy();
    later(&mut plant, 200);
    let standby = plant.energy().since(&before);
    assert!(
        (standby.battery_j / 200.0 - 15.0).abs() < 1e-3,
        "{standby:?}"
    );
    assert_ne!(plant.state().dut, DutState::Off);
    later(&mut plant, 90);
    assert_eq!(plant.state().dut, DutState::Off);
    let (before, soc) = (plant.energy(), plant.state().soc);
    later(&mut plant, 36_000);
    let off = plant.energy().since(&before);
    assert_eq!((off.battery_j, off.loss_j), (0.0, 0.0));
    assert_eq!(plant.state().soc, soc);
    plant.apply(if by_grid {
        Input::GridOutput {
            closed: true,
            at_deg: None,
        }
    } else {
        sun(true)
    });
    later(&mut plant, 10);
    let state = plant.state();
    assert_eq!(state.dut == DutState::Grid, by_grid, "{state:?}");
    assert_ne!(state.dut, DutState::Off);
}

/// A pack that waits for its DUT does so for its hour and then switches itself off.
#[test]
fn a_shutdown_takes_the_pack_with_it() {
    let mut plant = with_pack(0.6, |config| {
        config.dut.shutdown_s = Some(300.0);
        config.dut.backup = None;
        if let Some(battery) = &mut config.dut.battery {
            battery.pack.off_silent_s = Some(3600.0);
        }
    });
    plant.apply(Input::GridOutput {
        closed: false,
        at_deg: None,
    });
    plant.advance_to(3890 * S);
    assert!(plant.pack().expect("a pack").awake);
    later(&mut plant, 20);
    assert!(!plant.pack().expect("a pack").awake);
    plant.apply(Input::GridOutput {
        closed: true,
        at_deg: None,
    });
    command(&mut plant, 2000.0);
    later(&mut plant, 30);
    let state = plant.state();
    assert!(
        (state.dut_w - 2000.0).abs() < 20.0,
        "{state:?} {:?}",
        plant.pack()
    );
}

/// The management system falls silent behind a battery simulator: it is the DUT that stops.
#[test]
fn a_simulated_battery_needs_its_messages_too() {
    let mut plant = feeding(quick(), -2000.0);
    assert!(plant.pack().is_none());
    plant.apply(Input::BmsSilence(true));
    later(&mut plant, 28);
    assert!(plant.state().dut_w < -1900.0);
    later(&mut plant, 5);
    assert!(plant.state().dut_w.abs() < 30.0, "{}", plant.state().dut_w);
    assert_eq!(plant.state().faults, [Fault::BmsLost]);
    plant.apply(Input::BmsSilence(false));
    later(&mut plant, 10);
    assert!(plant.state().dut_w < -1900.0);
    assert!(plant.state().faults.is_empty());
}

/// What lets the DUT connect after its observation time closes the relay in truth, not in its state
/// alone: DRM0 released, or a pack that wakes.
#[test]
fn a_late_permission_closes_the_relay() {
    let mut plant = feeding(quick(), 2000.0);
    plant.apply(Input::DrmPins(vec![(5, 6)]));
    later(&mut plant, 100);
    assert!(!plant.state().dut_relay);
    plant.apply(Input::DrmPins(Vec::new()));
    later(&mut plant, 10);
    assert!(
        (plant.state().dut_w - 2000.0).abs() < 20.0,
        "{:?}",
        plant.state()
    );
}

/// A unit whose relay is open and whose sources give nothing lives on the grid in front of the relay:
/// `standby_w` at nominal voltage, as a resistance. Meters and balance show it in both rates; with a
/// source the grid gives nothing.
#[test]
fn an_open_relay_does_not_keep_the_standby_from_the_grid() {
    let mut plant = with_pack(0.005, |config| config.dut.reconnect_s = 1e6);
    plant.advance_to(20 * S);
    assert!(!plant.state().dut_relay);
    let (r, x) = (
        plant.config().line.r_ohm,
        plant.config().line.l_h * 314.159_265,
    );
    let own = 230.0 * 230.0 / 15.0;
    // a resistance behind the line
    let amps = 230.0 / ((own + r).powi(2) + x * x).sqrt();
    let watts = amps * amps * own;
    let measured = |plant: &Plant| {
        let grid = plant.reading(MeterPoint::DutGrid);
        let source = plant.reading(MeterPoint::Source);
        (grid.watts, source.watts, grid.amps)
    };
    let (dut_w, source_w, dut_a) = measured(&plant);
    assert!((dut_w + watts).abs() < 1e-4, "{dut_w} {watts}");
    // the dividers of the bench take a few hundredths
    assert!(
        (source_w - watts - r * amps * amps).abs() < 0.1,
        "{source_w}"
    );
    assert!((dut_a - amps).abs() < 1e-6, "{dut_a} {amps}");
    for wave in [false, true] {
        if wave {
            arm(&mut plant, &[Signal::DutCurrent], 1_000, 2.0);
        }
        let before = plant.energy();
        later(&mut plant, 2);
        let moved = plant.energy().since(&before);
        assert!((moved.ac_j + 2.0 * watts).abs() < 0.02, "{wave} {moved:?}");
        assert!(
            (moved.loss_j - 2.0 * watts).abs() < 0.02,
            "{wave} {moved:?}"
        );
        balanced(&moved);
        assert!((measured(&plant).0 + watts).abs() < 0.01, "{wave}");
    }
    // seven tenths of the voltage, half of the power
    plant.apply(Input::GridSetpoint {
        v_rms: 161.0,
        hz: 50.0,
        slew_v_per_s: f64::INFINITY,
        slew_hz_per_s: f64::INFINITY,
    });
    later(&mut plant, 5);
    assert!((measured(&plant).0 + watts * 0.49).abs() < 1e-3);
    // the sun carries it
    plant.apply(sun(true));
    later(&mut plant, 5);
    assert_eq!(measured(&plant).0, 0.0);
    let before = plant.energy();
    later(&mut plant, 10);
    let moved = plant.energy().since(&before);
    assert!(
        (moved.pv_j - 150.0).abs() < 0.1 && moved.ac_j == 0.0,
        "{moved:?}"
    );
}
