//! Trips, transfer to back-up and run-on.

use gridproof_model::case::{CaseSpec, Ratings, TripQuantity};

use super::super::bench::ratings;
use super::super::islands::{Island, island_spec};
use super::super::transfers::{Shape, spec as transfer_spec};
use super::super::trips::Trip;
use super::{ByRule, Evidence, Meaningless, Row, Same, check};

/// The 5 kW hybrid of the reference products.
fn five_kilowatts() -> Ratings {
    Ratings {
        rated_w: 5000.0,
        rated_va: 5500.0,
        rated_a: 5000.0 / 230.0,
        rated_charge_w: 6700.0,
        rated_backup_w: 5000.0,
        ..ratings()
    }
}

/// A protection element: quantity, value it is stepped to, earliest and latest trip, s.
type Element = (TripQuantity, f64, Option<f64>, f64);

/// AS/NZS 4777.2:2020 tables 4.1 and 4.2, Australia A, on the 3 kW unit.
const AS_NZS: [Element; 6] = [
    (TripQuantity::Voltage, 267.5, Some(1.0), 2.0),
    (TripQuantity::Voltage, 277.5, None, 0.2),
    (TripQuantity::Voltage, 177.5, Some(10.0), 11.0),
    (TripQuantity::Voltage, 67.5, Some(1.0), 2.0),
    (TripQuantity::Frequency, 46.9, Some(1.0), 2.0),
    (TripQuantity::Frequency, 52.1, None, 0.2),
];

/// IEC 61727:2004 clause 5.2, on the 5 kW unit.
const IEC_61727: [Element; 5] = [
    (TripQuantity::Voltage, 112.7, None, 0.1),
    (TripQuantity::Voltage, 193.2, None, 2.0),
    (TripQuantity::Voltage, 255.3, None, 2.0),
    (TripQuantity::Frequency, 48.9, None, 0.2),
    (TripQuantity::Frequency, 51.1, None, 0.2),
];

/// U of a disconnection time by hand: an edge of the voltage hides for asin(0.1)/2π of a cycle
/// (0.32 ms), that of the current for up to 0.1 ms: 0.3–0.35 ms. Half of it:
const HALF_U_S: f64 = 0.17e-3;

fn trip(element: Element, rated: Ratings, dut: &str, seed: u64) -> Evidence {
    let (quantity, to, min, max) = element;
    let good = Trip {
        quantity,
        to,
        reached: to,
        amps: 0.5 * rated.rated_w / 230.0,
        // Between the bounds, or well before the latest instant, while the voltage is not zero.
        cut: min.map_or(0.6 * max, |min| 0.5 * (min + max)) + 3.3e-3,
        angle: 40.0,
        rate: 10_000.0,
        observe: max + 1.0,
        seed,
        ..Trip::default()
    };
    let shape = match dut {
        "dead" => Trip { amps: 0.0, ..good },
        "late" => Trip {
            cut: max + 0.3,
            ..good
        },
        "early" => Trip {
            cut: 0.5 * min.unwrap_or(0.05),
            ..good
        },
        // A threshold beyond the test value, or an element that watches the other side: no trip.
        "offset" | "wrong sign" => Trip { cut: 1e9, ..good },
        "noisy but good" => Trip {
            sigma: 0.05,
            ..good
        },
        "borderline inside" => Trip {
            cut: max - HALF_U_S,
            rate: 50_000.0,
            ..good
        },
        "borderline outside" => Trip {
            cut: max + HALF_U_S,
            rate: 50_000.0,
            ..good
        },
        _ => good,
    };
    let mut spec = shape.spec(min, max);
    if let CaseSpec::Trip(case) = &mut spec {
        case.power_w = 0.5 * rated.rated_w;
    }
    Evidence {
        ratings: rated,
        ..Evidence::of(spec, shape.capture())
    }
}

const NO_CURVE: &str = "an element has a threshold and a time, no slope";

#[test]
fn trip_table_of_as_nzs_4777() {
    let names = ["OV1", "OV2", "UV1", "UV2", "UF1", "OF1"];
    let rows = [
        Row(
            "perfect",
            "trips in the middle of its window",
            Same("PPPPPP"),
        ),
        Row("dead", "feeds nothing", Same("FFFFFF")),
        Row("late", "0.3 s after the latest instant", Same("FFFFFF")),
        // Without a withstand time nothing is too early.
        Row(
            "early",
            "at half the withstand time, else at 25 ms",
            Same("FPFFFP"),
        ),
        Row(
            "offset",
            "threshold beyond the test value: rides through",
            Same("FFFFFF"),
        ),
        Row("wrong slope", "", Meaningless(NO_CURVE)),
        Row(
            "wrong sign",
            "watches the other side: rides through",
            Same("FFFFFF"),
        ),
        Row("noisy but good", "0.05 A of noise", Same("PPPPPP")),
        Row(
            "borderline inside",
            "half of U before the latest instant",
            ByRule(["PP·PP·", "II·II·", "II·II·"]),
        ),
        Row(
            "borderline outside",
            "half of U after the latest instant",
            ByRule(["FF·FF·", "II·II·", "II·II·"]),
        ),
    ];
    check(
        "trips, AS/NZS 4777.2",
        &names,
        &rows,
        |dut, column, seed| trip(AS_NZS[column], ratings(), dut, seed),
    );
}

#[test]
fn trip_table_of_iec_61727() {
    let names = ["UV2", "UV1", "OV1", "UF1", "OF1"];
    let rows = [
        Row("perfect", "trips at 60 % of its time", Same("PPPPP")),
        Row("dead", "feeds nothing", Same("FFFFF")),
        Row("late", "0.3 s after the latest instant", Same("FFFFF")),
        Row(
            "early",
            "at 25 ms: no withstand time is stated",
            Same("PPPPP"),
        ),
        Row(
            "offset",
            "threshold beyond the test value: rides through",
            Same("FFFFF"),
        ),
        Row("wrong slope", "", Meaningless(NO_CURVE)),
        Row(
            "wrong sign",
            "watches the other side: rides through",
            Same("FFFFF"),
        ),
        Row("noisy but good", "0.05 A of noise", Same("PPPPP")),
        Row(
            "borderline inside",
            "half of U before the latest instant",
            ByRule(["PPP··", "III··", "III··"]),
        ),
        Row(
            "borderline outside",
            "half of U after the latest instant",
            ByRule(["FFF··", "III··", "III··"]),
        ),
    ];
    check("trips, IEC 61727", &names, &rows, |dut, column, seed| {
        trip(IEC_61727[column], five_kilowatts(), dut, seed)
    });
}

const ANGLES: [f64; 8] = [0.0, 45.0, 90.0, 135.0, 180.0, 225.0, 270.0, 315.0];

/// A transfer that takes exactly `total` by the definition of M2: the gap is found on the truth.
fn lasting(shape: Shape, total: f64) -> Shape {
    let mut shape = Shape {
        gap: total,
        ..shape
    };
    for _ in 0..4 {
        let (start, end) = shape.truth().unwrap();
        shape.gap += total - (end - start);
    }
    shape
}

#[test]
fn transfer_table() {
    let names = ["0°", "45°", "90°", "135°", "180°", "225°", "270°", "315°"];
    let rows = [
        Row("perfect", "6 ms", Same("PPPPPPPP")),
        Row("dead", "the port stays without voltage", Same("FFFFFFFF")),
        Row("late", "13 ms", Same("FFFFFFFF")),
        Row(
            "early",
            "no gap at all: nothing is too early",
            Same("PPPPPPPP"),
        ),
        Row("offset", "comes back at 80 % of nominal", Same("FFFFFFFF")),
        Row(
            "wrong slope",
            "comes back with a time constant of 15 ms",
            Same("FFFFFFFF"),
        ),
        // The metric counts deviation from the wave after; nothing limits the jump of its phase.
        Row(
            "wrong sign",
            "comes back in antiphase after 6 ms",
            Same("PPPPPPPP"),
        ),
        Row("noisy but good", "1 V of noise, 8 ms", Same("PPPPPPPP")),
        // At 100 kS/s both show as 10.00 ms, which the simple rule takes; U is 8 µs, two edges
        // between samples of 10 µs. Where the wave crosses zero the truth jumps over the limit.
        Row(
            "borderline inside",
            "2 µs before 10 ms",
            ByRule(["·P·P·P·P", "·I·I·I·I", "·I·I·I·I"]),
        ),
        Row(
            "borderline outside",
            "2 µs after 10 ms",
            ByRule(["·P·P·P·P", "·I·I·I·I", "·I·I·I·I"]),
        ),
    ];
    check("transfer", &names, &rows, |dut, column, seed| {
        let good = Shape {
            angle: ANGLES[column],
            seed,
            ..Shape::default()
        };
        let shape = match dut {
            "dead" => Shape { gap: 9.0, ..good },
            "late" => Shape { gap: 13e-3, ..good },
            "early" => Shape { gap: 0.0, ..good },
            "offset" => Shape { after: 0.8, ..good },
            "wrong slope" => Shape {
                overshoot: -1.0,
                ..good
            },
            "wrong sign" => Shape {
                jump: 180.0,
                ..good
            },
            "noisy but good" => Shape {
                sigma: 1.0,
                gap: 8e-3,
                ..good
            },
            "borderline inside" => lasting(good, 10e-3 - 2e-6),
            "borderline outside" => lasting(good, 10e-3 + 2e-6),
            _ => good,
        };
        Evidence::of(transfer_spec(0.010), shape.capture())
    });
}

#[test]
fn run_on_table() {
    // Imbalance of the load: the source takes or gives the difference through S1 before.
    let imbalances = [(0.0, 0.0), (0.05, 0.0), (-0.05, 0.0)];
    let names = [
        "3 kW balanced",
        "3 kW, ΔP +5 %",
        "3 kW, ΔP −5 %",
        "5 kW balanced",
    ];
    let rows = [
        Row("perfect", "stops after 0.123 s", Same("PPPP")),
        Row("dead", "feeds nothing", Same("FFFF")),
        Row("late", "stops after 2.3 s", Same("FFFF")),
        Row("early", "had stopped 0.2 s before", Same("FFFF")),
        Row("offset", "feeds 8 % less than the condition", Same("FFFF")),
        Row("wrong slope", "ramps down until 2.2 s", Same("FFFF")),
        Row(
            "wrong sign",
            "draws the power of the condition",
            Same("FFFF"),
        ),
        Row("noisy but good", "0.1 A of noise", Same("PPPP")),
        Row(
            "borderline inside",
            "0.1 ms before 2 s",
            ByRule(["PPPP", "IIII", "IIII"]),
        ),
        Row(
            "borderline outside",
            "0.1 ms after 2 s",
            ByRule(["FFFF", "IIII", "IIII"]),
        ),
    ];
    check("run-on", &names, &rows, |dut, column, seed| {
        let rated = if column == 3 {
            five_kilowatts()
        } else {
            ratings()
        };
        let (delta_p, delta_q) = imbalances.get(column).copied().unwrap_or((0.0, 0.0));
        let amps = rated.rated_w / 230.0;
        let good = Island {
            amps,
            source: delta_p * amps,
            seed,
            ..Island::default()
        };
        let shape = match dut {
            "dead" => Island { amps: 0.0, ..good },
            "late" => Island { cut: 2.3, ..good },
            "early" => Island { cut: -0.2, ..good },
            "offset" => Island {
                amps: 0.92 * amps,
                ..good
            },
            "wrong slope" => Island {
                cut: 2.2,
                ramp: 2.0,
                ..good
            },
            "wrong sign" => Island {
                power_factor_angle: 180.0,
                ..good
            },
            "noisy but good" => Island { sigma: 0.1, ..good },
            "borderline inside" => Island {
                cut: 1.9999,
                ..good
            },
            "borderline outside" => Island {
                cut: 2.0001,
                ..good
            },
            _ => good,
        };
        let mut spec = island_spec(2.0);
        if let CaseSpec::AntiIslanding(case) = &mut spec {
            case.power_w = rated.rated_w;
            case.delta_p = delta_p;
            case.delta_q = delta_q;
        }
        Evidence {
            ratings: rated,
            ..Evidence::of(spec, shape.capture())
        }
    });
}
