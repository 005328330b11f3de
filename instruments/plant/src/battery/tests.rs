use super::*;
use crate::config::{Battery, Pack};

fn battery(pack: Pack, soc: f64) -> BatteryPort {
    let mut port = BatteryPort::new(
        Some(Battery {
            nominal_v: 51.2,
            capacity_ah: 100.0,
            soc,
            max_charge_a: 100.0,
            max_discharge_a: 100.0,
            range_v: (40.0, 60.0),
            built_in: false,
            pack,
        }),
        1.0,
        25.0,
    );
    port.wire_pack(true);
    port
}

fn pack() -> Pack {
    Pack::lithium_iron(51.2, 100.0, 60.0)
}

fn around(fed: bool) -> Around {
    Around {
        ambient_c: 25.0,
        fed,
        asleep: false,
    }
}

/// A second at the power that the port permits, at most `watts`.
fn second(port: &mut BatteryPort, watts: f64) {
    let (discharge, charge) = port.limits();
    port.draw(watts.clamp(-charge, discharge));
    port.repeat(49);
    port.count(&around(true));
}

#[test]
fn one_hour_at_half_capacity() {
    let mut port = battery(pack(), 0.8);
    port.set(true, 50.0, 100.0, 100.0);
    for _ in 0..3600 {
        second(&mut port, 2500.0);
    }
    assert!((port.soc() - 0.3).abs() < 1e-9, "{}", port.soc());
    assert_eq!(port.amps, 50.0);
    assert_eq!(port.limits(), (5000.0, 5000.0));
    assert!(
        port.pack().is_none(),
        "behind a set voltage there are no cells"
    );
    port.wire_pack(true);
    assert!((port.soc() - 0.8).abs() < 1e-3, "nor have they moved");
}

/// A pack that is part of the unit is there from the start, and no simulator takes its place.
#[test]
fn a_built_in_pack_stays() {
    let mut config = battery(pack(), 0.5).fitted.unwrap().config;
    config.built_in = true;
    let mut port = BatteryPort::new(Some(config), 1.0, 25.0);
    assert!(port.present() && !port.simulator_on());
    port.set(true, 30.0, 5.0, 5.0);
    assert!(port.pack().is_some() && port.volts() > 50.0);
}

/// At its ends the simulator's battery gives or takes nothing more.
#[test]
fn a_simulated_battery_ends_too() {
    for (soc, watts, expected) in [
        (0.01, 3000.0, (0.0, 5000.0)),
        (0.99, -3000.0, (5000.0, 0.0)),
    ] {
        let mut port = battery(pack(), soc);
        port.set(true, 50.0, 100.0, 100.0);
        for _ in 0..180 {
            second(&mut port, watts);
        }
        assert_eq!(port.limits(), expected);
    }
}

/// Power at the terminals is what was asked for, and the chemical energy is that and the heat.
#[test]
fn energy_of_the_pack_is_in_balance() {
    let simple = Pack {
        polarisation: [(0.0, 1.0); 2],
        hysteresis_v: 0.0,
        charge_spread: 0.0,
        capacity_spread: 0.0,
        ..pack()
    };
    let mut port = battery(simple, 0.7);
    let (mut out_j, mut heat_j, mut chemical_j) = (0.0, 0.0, 0.0);
    for _ in 0..1800 {
        port.draw(2000.0);
        assert!((port.volts() * port.amps - 2000.0).abs() < 1e-9);
        out_j += 2000.0;
        heat_j += port.source.1 * port.amps * port.amps;
        let before = port.source.0;
        port.repeat(49);
        let amps = port.amps;
        port.count(&around(true));
        chemical_j += 0.5 * (before + port.source.0) * amps;
    }
    let gone = chemical_j - out_j - heat_j;
    assert!(gone.abs() < 1e-5 * out_j, "{gone} of {out_j}");
}

/// ∫dz/i(z) with i = Imax (3.55 − U(z))/(0.1 + R Imax), the law of the limit with the drop of the
/// cell in it, is how long the taper to a twentieth of the capacity takes.
#[test]
fn the_taper_takes_its_time() {
    let simple = Pack {
        polarisation: [(0.0, 1.0); 2],
        hysteresis_v: 0.0,
        charge_spread: 0.0,
        capacity_spread: 0.0,
        weak_cell: 1.0,
        ..pack()
    };
    let mut port = battery(simple, 0.95);
    let (ohm, most) = (simple.cell_ohm, simple.charge_a);
    let current = |z: f64| {
        let law = most * (3.55 - cell::open_circuit_v(z)) / (0.10 + ohm * most);
        law.min(most)
    };
    let (mut z, mut expected_s) = (0.95, 0.0);
    while current(z) > 5.0 {
        let dz = 1e-6;
        expected_s += dz * 3600.0 * 100.0 / (CHARGE_EFFICIENCY * current(z + 0.5 * dz));
        z += dz;
    }
    let taken = (1..100_000)
        .find(|_| {
            second(&mut port, -1e6);
            port.limits().1 / port.volts() < 5.0
        })
        .expect("tapers");
    // the reported limit lags by 5 s and its follower by 1 s
    let away = f64::from(taken) - expected_s;
    assert!(away.abs() < 8.0, "{taken} s, {expected_s} s");
    assert!(expected_s > 200.0);
    let highest = port.pack().expect("the cells are there").highest_v;
    assert!(highest < 3.56, "{highest}");
}

/// Charged and discharged to the end through its limits the pack never needs a protection; with a
/// DUT that does not follow them the cells do.
#[rstest::rstest]
#[case::charge(-2800.0, Guard::CellOverVoltage)]
#[case::discharge(2800.0, Guard::CellUnderVoltage)]
fn limits_spare_the_protections(#[case] watts: f64, #[case] guard: Guard) {
    let run = |follow_s: Option<f64>| {
        let mut port = battery(Pack { follow_s, ..pack() }, 0.5);
        let mut seen = Vec::new();
        for _ in 0..8000 {
            second(&mut port, watts);
            seen.extend(port.pack().expect("cells").protections);
        }
        seen.dedup();
        (port, seen)
    };
    let (port, seen) = run(Some(1.0));
    assert_eq!(seen, []);
    let end = if watts < 0.0 {
        port.soc()
    } else {
        1.0 - port.soc()
    };
    assert!(end > 0.97, "{end}");
    let (port, seen) = run(None);
    assert_eq!(seen, [guard]);
    let (discharge, charge) = port.limits();
    let (stopped, open) = if watts < 0.0 {
        (charge, discharge)
    } else {
        (discharge, charge)
    };
    assert!(stopped == 0.0 && open > 0.0, "the way back stays open");
}

/// The extreme cells decide, not the mean.
#[test]
fn the_weakest_cell_ends_the_discharge() {
    let end = |pack: Pack| {
        let mut port = battery(pack, 0.4);
        for _ in 0..8000 {
            second(&mut port, 1e6);
        }
        port.soc()
    };
    let equal = end(Pack {
        charge_spread: 0.0,
        capacity_spread: 0.0,
        weak_cell: 1.0,
        ..pack()
    });
    let spread = end(pack());
    assert!(spread > equal + 0.008, "{spread} {equal}");
}

#[test]
fn silence_stops_the_use_and_then_the_pack() {
    let growatt = Pack {
        off_silent_s: Some(3600.0),
        timeout_s: 30.0,
        ..pack()
    };
    let mut port = battery(growatt, 0.5);
    second(&mut port, 1000.0);
    assert!(port.limits().0 > 3000.0);
    port.silence(true);
    let quiet = |port: &mut BatteryPort, s: u32, fed: bool| {
        for _ in 0..s {
            port.draw(0.0);
            port.count(&around(fed));
        }
    };
    quiet(&mut port, 29, false);
    assert!(port.limits().0 > 3000.0);
    quiet(&mut port, 1, false);
    assert_eq!(port.limits(), (0.0, 0.0));
    assert_eq!(port.faults(), [crate::Fault::BmsLost]);
    assert!(port.volts() > 50.0, "left alone, but there");
    quiet(&mut port, 3569, false);
    assert!(port.present());
    quiet(&mut port, 1, false);
    assert!(!port.present() && port.volts() == 0.0);
    // nobody wakes it in the dark, also not with the line mended
    port.silence(false);
    quiet(&mut port, 100, false);
    assert!(!port.present());
    quiet(&mut port, 9, true);
    assert!(!port.present());
    quiet(&mut port, 3, true);
    assert!(port.present() && port.limits().0 > 3000.0);
    assert_eq!(port.faults(), []);
}

/// The management system's own consumption empties a pack that is not used: level by level.
#[test]
fn an_empty_pack_switches_itself_off_and_can_be_charged_again() {
    let small = Pack {
        own_w: 20.0,
        off_v: Some(2.3),
        ..Pack::lithium_iron(51.2, 10.0, 10.0)
    };
    let mut port = battery(small, 0.05);
    let mut hours = 0;
    while port.present() {
        for _ in 0..3600 {
            port.count(&around(false));
        }
        hours += 1;
        assert!(hours < 10);
    }
    assert!(port.soc() < 0.05);
    for _ in 0..11 {
        port.count(&around(true));
    }
    let view = port.pack().expect("cells");
    assert!(port.present() && view.protections == [Guard::CellUnderVoltage]);
    assert!(!view.discharge_enabled && view.charge_enabled);
    for _ in 0..1800 {
        second(&mut port, -200.0);
    }
    assert_eq!(port.faults(), []);
    assert!(port.limits().0 > 0.0);
}

/// Three times the permitted current opens the pack in the same step, less does so by the second.
#[rstest::rstest]
#[case::discharge(1.0, Guard::DischargeShort)]
#[case::charge(-1.0, Guard::ChargeShort)]
fn a_short_circuit_opens_at_once(#[case] sign: f64, #[case] guard: Guard) {
    let mut port = battery(pack(), 0.5);
    let opened = |port: &BatteryPort| {
        let view = port.pack().unwrap();
        view.protections.contains(&guard)
    };
    port.draw(sign * 52.0 * 2.8 * 60.0);
    assert!(!opened(&port), "{} A are none", port.amps);
    port.draw(sign * 52.0 * 3.3 * 60.0);
    assert!(opened(&port), "{} A", port.amps);
    let (discharge, charge) = port.limits();
    assert_eq!(if sign > 0.0 { discharge } else { charge }, 0.0);
    assert!(port.faults().contains(&crate::Fault::BatteryShortCircuit));
    // closed again after half a minute without current
    port.draw(0.0);
    let seconds = (1..100)
        .find(|_| {
            port.count(&around(true));
            port.draw(0.0);
            !opened(&port)
        })
        .unwrap();
    assert!((30..=31).contains(&seconds), "{seconds}");
}
