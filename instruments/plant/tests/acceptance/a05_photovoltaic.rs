//! PV: the curve of the simulator passes its four points apart from the −1 term, and an array of
//! single-diode modules reaches the DUT. The residual of the diode equation (< 1e-9 A) is tested
//! next to the model.

use gridproof_plant::config::{PvArray, Tracking, reference_module};
use gridproof_plant::input::{DutCommand, Input};
use gridproof_plant::signal::MeterPoint;

use crate::common::*;

/// A DUT without battery takes what the PV source gives at its maximum.
fn taken(input: Input, tracking: Tracking) -> (f64, f64) {
    let mut config = quick();
    config.dut.battery = None;
    config.dut.tracking = tracking;
    let mut plant = energised(config);
    plant.apply(Input::Dut(DutCommand::ActivePower(None)));
    plant.apply(input);
    plant.advance_to(20 * S);
    let pv = plant.reading(MeterPoint::Pv);
    (pv.volts, pv.watts)
}

/// EN 50530: I(FFU·Voc) = FFI·Isc apart from the −1 term, which is I0.
#[rstest::rstest]
#[case(0.80, 0.90)]
#[case(0.72, 0.80)]
fn the_curve_passes_its_point(#[case] ffu: f64, #[case] ffi: f64) {
    let (voc, isc) = (450.0, 8.0);
    let input = Input::Pv {
        input: 0,
        on: true,
        voc,
        isc,
        vmp: ffu * voc,
        imp: ffi * isc,
    };
    let (volts, watts) = taken(input, Tracking::Global);
    let caq = (ffu - 1.0) / (1.0 - ffi).ln();
    let i0 = isc * (1.0 - ffi).powf(1.0 / (1.0 - ffu));
    let current = |v: f64| isc - i0 * ((v / (voc * caq)).exp() - 1.0);
    assert!((current(ffu * voc) - ffi * isc - i0).abs() < 1e-9);
    assert!(
        (watts - volts * current(volts)).abs() < 3e-4 * watts,
        "{volts} {watts}"
    );
    // the maximum of this curve lies beside the nominal point, never below its power
    assert!(watts >= ffu * voc * ffi * isc);
}

#[test]
fn a_shaded_array_costs_a_poor_tracker_its_power() {
    let array = |strings: Vec<Vec<f64>>| Input::PvArray {
        input: 0,
        on: true,
        array: PvArray {
            module: reference_module(),
            strings,
            celsius: 25.0,
        },
    };
    let full = taken(array(vec![vec![1000.0; 8]; 2]), Tracking::Global).1;
    assert!((16.0 * 225.0..16.0 * 255.0).contains(&full), "{full}");
    let mut shaded = vec![1000.0; 5];
    shaded.extend([250.0; 3]);
    let good = taken(array(vec![shaded.clone(); 2]), Tracking::Global);
    let poor = taken(array(vec![shaded; 2]), Tracking::FirstFromOpenCircuit);
    assert!(
        good.1 > 1.5 * poor.1 && good.0 < poor.0,
        "{good:?} {poor:?}"
    );
}
