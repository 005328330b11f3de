//! Volt-var and volt-watt of AS/NZS 4777.2:2020, Australia A: single voltages of the stair, then
//! steps. Corridor ±4 % of rated apparent power, commencement ≤ 1 s, completion ≤ 10 s.

use gridproof_model::case::{CaseSpec, Curve, CurveKind, CurveSweepCase};
use gridproof_model::record::Reading;

use super::super::bench::{Noise, ratings};
use super::super::responses::{Step, volt_var, volt_watt};
use super::{ByRule, Evidence, Row, Same, check};

const TOLERANCE: f64 = 0.04;

/// The table's own curve: straight lines between the points of the standard.
fn asked(kind: CurveKind, volts: f64) -> f64 {
    let line = |(v0, y0): (f64, f64), (v1, y1): (f64, f64)| {
        y0 + (y1 - y0) * ((volts - v0) / (v1 - v0)).clamp(0.0, 1.0)
    };
    match kind {
        CurveKind::VoltVar if volts < 230.0 => line((207.0, 0.44), (220.0, 0.0)),
        CurveKind::VoltVar => line((240.0, 0.0), (258.0, -0.60)),
        CurveKind::VoltWatt => line((253.0, 1.0), (260.0, 0.2)),
    }
}

/// The curve as a case states it, without a tolerance in voltage.
fn stated(kind: CurveKind) -> Curve {
    let curve = match kind {
        CurveKind::VoltVar => volt_var(),
        CurveKind::VoltWatt => volt_watt(),
    };
    Curve {
        tolerance_v: 0.0,
        ..curve
    }
}

/// Uncertainty of the analyser on a flat part, by hand: ±(0.1 % of reading + 0.05 % of 9 kW), twice
/// that for reactive power, rectangular, k = 2.
fn analyser_u(kind: CurveKind, pu: f64) -> f64 {
    let bound = 0.001 * 3000.0 * pu.abs() + 4.5;
    let times = match kind {
        CurveKind::VoltVar => 2.0,
        CurveKind::VoltWatt => 1.0,
    };
    2.0 * times * bound / 3000.0 / 3_f64.sqrt()
}

/// Mean output at one voltage of a rising stair.
fn output(kind: CurveKind, dut: &str, volts: f64) -> f64 {
    let f = asked(kind, volts);
    // Half of U and nine tenths of it distinguish the three rules.
    let edge = |sign: f64| {
        let share = if volts == 230.0 { 0.5 } else { 0.9 };
        f + TOLERANCE + sign * share * analyser_u(kind, f + TOLERANCE)
    };
    match (dut, kind) {
        ("dead", _) => 0.0,
        // Its dead time is longer than a dwell: it still answers the voltage before.
        ("late", CurveKind::VoltVar) => asked(kind, volts - 2.0),
        ("late", CurveKind::VoltWatt) => asked(kind, volts - 1.0),
        ("offset", CurveKind::VoltVar) => f + 0.06,
        ("offset", CurveKind::VoltWatt) => f - 0.10,
        ("wrong slope", CurveKind::VoltVar) => 0.5 * f,
        ("wrong slope", CurveKind::VoltWatt) => 1.0 - 0.5 * (1.0 - f),
        ("wrong sign", CurveKind::VoltVar) => -f,
        ("wrong sign", CurveKind::VoltWatt) => 2.0 - f,
        ("borderline inside", _) => edge(-1.0),
        ("borderline outside", _) => edge(1.0),
        _ => f,
    }
}

fn stair(kind: CurveKind, dut: &str, volts: f64, seed: u64) -> Evidence {
    let mut random = Noise(seed);
    let mean = output(kind, dut, volts);
    let readings = (0..5_u8)
        .map(|k| {
            let noise = if dut == "noisy but good" {
                0.01 * (2.0 * random.uniform() - 1.0)
            } else {
                0.0
            };
            let power = 3000.0 * (mean + noise);
            let (watts, vars) = match kind {
                CurveKind::VoltVar => (1800.0, power),
                CurveKind::VoltWatt => (power, 0.0),
            };
            Reading {
                at_s: f64::from(k),
                label: "step".to_owned(),
                step: 0,
                stimulus: volts,
                window_s: 1.0,
                volts,
                amps: 10.0,
                watts,
                vars,
                hz: 50.0,
            }
        })
        .collect();
    Evidence {
        spec: CaseSpec::CurveSweep(CurveSweepCase {
            curve: stated(kind),
            voltages_v: vec![volts],
            dwell_s: 20.0,
            window_s: 5.0,
            power_w: 3000.0,
            told_response_s: None,
        }),
        ratings: ratings(),
        captures: Vec::new(),
        readings,
    }
}

/// A step from 230 V.
fn step(kind: CurveKind, dut: &str, to_v: f64, seed: u64) -> Evidence {
    let good = Step {
        kind,
        to_v,
        y0: asked(kind, 230.0),
        y1: asked(kind, to_v),
        seed,
        ..Step::default()
    };
    // By hand at 262 V and 0.56 pu beside 8 A: current ±(0.1 % + 30 mA) is 3.5e-3 of 3 kVA,
    // voltage 0.45e-3, skew 0.3e-3; rectangular, k = 2.
    let u = 0.0041;
    let shape = match dut {
        "dead" => Step {
            y0: 0.0,
            y1: 0.0,
            ..good
        },
        "late" => Step { delay: 1.3, ..good },
        // On its way before it was asked.
        "early" => Step {
            delay: -0.3,
            ..good
        },
        "offset" => {
            let by = match kind {
                CurveKind::VoltVar => 0.06,
                CurveKind::VoltWatt => -0.10,
            };
            Step {
                y0: good.y0 + by,
                y1: good.y1 + by,
                ..good
            }
        }
        "wrong slope" => Step {
            y1: 0.5 * (good.y0 + good.y1),
            ..good
        },
        "wrong sign" => Step {
            y1: 2.0 * good.y0 - good.y1,
            ..good
        },
        "noisy but good" => Step { sigma: 0.3, ..good },
        "borderline inside" => Step {
            y1: good.y1 + TOLERANCE - 0.9 * u,
            tau: 0.5,
            ..good
        },
        "borderline outside" => Step {
            y1: good.y1 + TOLERANCE + 0.9 * u,
            tau: 0.5,
            ..good
        },
        _ => good,
    };
    let mut spec = shape.spec();
    if let CaseSpec::CurveStep(case) = &mut spec {
        case.curve = stated(kind);
    }
    Evidence::of(spec, shape.capture())
}

#[test]
fn volt_var_table() {
    let stairs = [
        200.0, 207.0, 213.0, 220.0, 230.0, 240.0, 249.0, 258.0, 262.0,
    ];
    let steps = [258.0, 207.0, 262.0];
    let names = [
        "200 V",
        "207 V",
        "213 V",
        "220 V",
        "230 V",
        "240 V",
        "249 V",
        "258 V",
        "262 V",
        "230 V to 258 V",
        "230 V to 207 V",
        "230 V to 262 V",
    ];
    let rows = [
        Row(
            "perfect",
            "on the curve, first order, 1.2 s",
            Same("PPPPPPPPPPPP"),
        ),
        // Nothing is right only where nothing is asked.
        Row("dead", "Q = 0", Same("FFFPPPFFFFFF")),
        Row(
            "late",
            "answers a dwell late; steps after 1.3 s",
            Same("PPFFPPFFPFFF"),
        ),
        Row(
            "early",
            "moves 0.3 s before the step; a stair is static",
            Same("·········FFF"),
        ),
        Row("offset", "6 % of S too high", Same("FFFFFFFFFFFF")),
        Row("wrong slope", "half the Q", Same("FFFPPPFFFFFF")),
        Row("wrong sign", "−Q", Same("FFFPPPFFFFFF")),
        Row(
            "noisy but good",
            "±1 % of S on readings, 0.3 A on samples",
            Same("PPPPPPPPPPPP"),
        ),
        Row(
            "borderline inside",
            "0.9 U inside, 0.5 U at 230 V",
            ByRule(["P···P···P··P", "P···I···P··P", "I···I···I··I"]),
        ),
        Row(
            "borderline outside",
            "0.9 U outside, 0.5 U at 230 V",
            ByRule(["F···F···F··F", "F···I···F··F", "I···I···I··I"]),
        ),
    ];
    check(
        "volt-var",
        &names,
        &rows,
        |dut, column, seed| match stairs.get(column) {
            Some(&volts) => stair(CurveKind::VoltVar, dut, volts, seed),
            None => step(CurveKind::VoltVar, dut, steps[column - stairs.len()], seed),
        },
    );
}

#[test]
fn volt_watt_table() {
    let stairs = [230.0, 253.0, 256.0, 258.0, 260.0, 264.0];
    let steps = [258.0, 262.0];
    let names = [
        "230 V",
        "253 V",
        "256 V",
        "258 V",
        "260 V",
        "264 V",
        "230 V to 258 V",
        "230 V to 262 V",
    ];
    let rows = [
        Row(
            "perfect",
            "on the curve, first order, 1.2 s",
            Same("PPPPPPPP"),
        ),
        Row("dead", "P = 0", Same("FFFFFFFF")),
        Row(
            "late",
            "answers a dwell late; steps after 1.3 s",
            Same("PPFFFPFF"),
        ),
        Row(
            "early",
            "moves 0.3 s before the step; a stair is static",
            Same("······FF"),
        ),
        Row(
            "offset",
            "10 % of S too low: beyond what 0.3 V may hide on the slope",
            Same("FFFFFFFF"),
        ),
        Row("wrong slope", "half the reduction", Same("PPFFFFFF")),
        Row("wrong sign", "rises in place of falling", Same("PPFFFFFF")),
        Row(
            "noisy but good",
            "±1 % of S on readings, 0.3 A on samples",
            Same("P····PPP"),
        ),
        Row(
            "borderline inside",
            "0.9 U inside, 0.5 U at 230 V",
            ByRule(["P····P··", "I····P··", "I····I··"]),
        ),
        Row(
            "borderline outside",
            "0.9 U outside, 0.5 U at 230 V",
            ByRule(["F····F··", "I····F··", "I····I··"]),
        ),
    ];
    check(
        "volt-watt",
        &names,
        &rows,
        |dut, column, seed| match stairs.get(column) {
            Some(&volts) => stair(CurveKind::VoltWatt, dut, volts, seed),
            None => step(CurveKind::VoltWatt, dut, steps[column - stairs.len()], seed),
        },
    );
}
