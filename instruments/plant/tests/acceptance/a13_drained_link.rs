//! A back-up load beyond what the sources carry drains the dc link: the unit stops when the link
//! reaches its under-voltage trip, after the energy between the two voltages has gone.

use gridproof_plant::Fault;
use gridproof_plant::config::DcLink;
use gridproof_plant::input::Input;
use gridproof_plant::signal::{DutState, MeterPoint};

use crate::common::*;

const SOURCE_W: f64 = 51.2 * 50.0;

fn loss(p: f64) -> f64 {
    let x = p / 5000.0;
    5000.0 * (0.004 + 0.008 * x + 0.012 * x * x)
}

/// Largest ac power from the source.
fn carried() -> f64 {
    let (mut lo, mut hi) = (0.0, SOURCE_W);
    for _ in 0..60 {
        let p = 0.5 * (lo + hi);
        if p + loss(p) < SOURCE_W {
            lo = p;
        } else {
            hi = p;
        }
    }
    lo
}

/// How a back-up ended.
#[derive(Debug, PartialEq)]
struct End {
    seconds: f64,
    /// Load while the voltage stood, W.
    load_w: f64,
    trip: String,
    faults: Vec<Fault>,
}

/// A load of `share` of what is carried.
fn run(share: f64, most_s: u64) -> Option<End> {
    let mut plant = energised(quick());
    plant.apply(array(false));
    plant.apply(battery(true, 50.0));
    plant.advance_to(10 * S);
    plant.apply(Input::GridOutput {
        closed: false,
        at_deg: None,
    });
    plant.advance_to(15 * S);
    assert_eq!(plant.state().dut, DutState::Backup, "{:?}", plant.state());
    plant.apply(Input::BackupLoad {
        r_ohm: Some(230.0 * 230.0 / (share * carried())),
    });
    let begin = plant.now();
    let mut load_w = 0.0;
    while plant.state().dut == DutState::Backup {
        if plant.now() > begin + most_s * S {
            return None;
        }
        plant.advance_to(plant.now() + MS);
        if plant.now() == begin + 60 * MS {
            load_w = plant.reading_cycle(MeterPoint::Backup).watts;
        }
    }
    let state = plant.state();
    Some(End {
        seconds: (plant.now() - begin) as f64 * 1e-9,
        load_w,
        trip: state.last_trip.expect("tripped"),
        faults: state.faults,
    })
}

/// The 100 Hz ripple of the link takes its amplitude, P/2ω, off what can go.
#[rstest::rstest]
fn the_energy_of_the_link_decides(#[values(1.03, 1.06, 1.1, 1.15, 1.4)] share: f64) {
    let link = DcLink::for_grid(230.0);
    let end = run(share, 30).expect("the link is drained");
    let missing = end.load_w + loss(end.load_w) - SOURCE_W;
    let swing = end.load_w / (2.0 * 100.0 * std::f64::consts::PI);
    let energy = 0.5 * link.farads * (link.volts.powi(2) - link.low_v.powi(2)) - swing;
    let expected = energy / missing;
    assert_eq!(end.trip, "dc-bus-low");
    assert!(end.faults.contains(&Fault::BusUnderVoltage), "{end:?}");
    assert!(
        (end.seconds - expected).abs() < 0.02 + 0.04 * expected,
        "{end:?} {expected}"
    );
}

#[test]
fn a_load_that_is_carried_runs_on() {
    assert_eq!(run(0.97, 60), None);
}
