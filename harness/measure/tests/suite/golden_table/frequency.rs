//! Frequency-watt of AS/NZS 4777.2:2020, Australia A, over-frequency of storage: the stair outwards,
//! the way back on which the level holds, the ramp after it, and steps.

use gridproof_model::case::{CaseSpec, CurveKind, FrequencyReturnCase, HeldReturn};
use gridproof_model::record::Reading;
use gridproof_model::verdict::{Mark, Verdict};

use super::super::bench::{Noise, ratings};
use super::curves::{asked, frequency_capture, stair, stair_of, stated, step};
use super::{ByRule, Evidence, Row, Same, check};

const KIND: CurveKind = CurveKind::FrequencyWatt;
/// 16.67 % in a minute, 1/s.
const RAMP: f64 = 0.1667 / 60.0;
const HOLD_S: f64 = 20.0;
/// The whole way from 51.5 Hz at the ramp, and 60 s.
const OBSERVE_S: f64 = 620.0;

/// Level of a DUT that has come to `hz`.
fn level(dut: &str, hz: f64) -> f64 {
    let f = asked(KIND, hz);
    match dut {
        "dead" => 0.0,
        "offset" => f - 0.10,
        "wrong slope" => 1.0 - 0.5 * (1.0 - f),
        "wrong sign" => 2.0 - f,
        _ => f,
    }
}

/// 50 Hz, 51.5 Hz and back to `hz`.
fn way_back(dut: &str, hz: f64, seed: u64) -> Evidence {
    let held = match dut {
        // Retraces its curve: it comes back before it may.
        "early" => level(dut, hz),
        _ => level(dut, 51.5),
    };
    let means = [
        (50.0, level(dut, 50.0)),
        (51.5, level(dut, 51.5)),
        (hz, held),
    ];
    let held = HeldReturn {
        until: 50.25,
        origin: "test".to_owned(),
        mark: Mark::K,
    };
    stair_of(KIND, dut, &means, Some(held), seed)
}

/// From 51.5 Hz to 50 Hz, read every second.
fn ramp(dut: &str, seed: u64) -> Evidence {
    let mut random = Noise(seed);
    let far = level(dut, 51.5);
    let begin = match dut {
        "early" => 0.0,
        "late" => HOLD_S + 90.0,
        _ => HOLD_S,
    };
    let to = level(dut, 50.0);
    let mut reading = |label: &str, at_s: f64, y: f64, hz: f64| {
        let noise = if dut == "noisy but good" {
            0.01 * (2.0 * random.uniform() - 1.0)
        } else {
            0.0
        };
        Reading {
            at_s,
            label: label.to_owned(),
            step: 0,
            stimulus: hz,
            window_s: 0.2,
            volts: 230.0,
            amps: 10.0,
            watts: 3000.0 * (y + noise),
            vars: 0.0,
            hz,
        }
    };
    let mut readings: Vec<Reading> = (0..5_u8)
        .map(|k| reading("far", 1.2 * f64::from(k), far, 51.5))
        .collect();
    for second in 0..620_u16 {
        let t = f64::from(second);
        let way = RAMP * (t - begin).max(0.0);
        let y = far + (to - far).signum() * way.min((to - far).abs());
        readings.push(reading("return", 10.2 + t, y, 50.0));
    }
    Evidence {
        spec: CaseSpec::FrequencyReturn(FrequencyReturnCase {
            curve: stated(KIND),
            far: 51.5,
            back: 50.0,
            dwell_s: 15.0,
            window_s: 5.0,
            power_w: 3000.0,
            hold_s: HOLD_S,
            ramp_pu_per_s: RAMP,
            observe_s: OBSERVE_S,
            origin: "test".to_owned(),
            mark: Mark::K,
        }),
        ratings: ratings(),
        captures: vec![frequency_capture(0, 51.5)],
        readings,
    }
}

#[test]
fn frequency_watt_table() {
    let stairs = [50.0, 50.25, 50.5, 50.75, 51.25, 51.95];
    let backs = [50.5, 50.3];
    let steps = [51.5, 50.5];
    let names = [
        "50 Hz",
        "50.25 Hz",
        "50.5 Hz",
        "50.75 Hz",
        "51.25 Hz",
        "51.95 Hz",
        "51.5 Hz back to 50.5 Hz",
        "51.5 Hz back to 50.3 Hz",
        "51.5 Hz back to 50 Hz",
        "50 Hz to 51.5 Hz",
        "50 Hz to 50.5 Hz",
    ];
    let rows = [
        Row(
            "perfect",
            "on the slope, first order, 1.2 s, held, ramp",
            Same("PPPPPPPPPPP"),
        ),
        // Nothing is right only where the slope goes through zero.
        Row("dead", "P = 0", Same("FFFPFFFFFFF")),
        Row(
            "late",
            "answers a dwell late; back 90 s late; steps after 1.3 s",
            Same("PPFFFF··FFF"),
        ),
        Row(
            "early",
            "comes back at once; moves 0.3 s before the step",
            Same("······FFFFF"),
        ),
        Row("offset", "10 % of S too low", Same("FFFFFFFFFFF")),
        Row("wrong slope", "half the change", Same("PPFFFFFFFFF")),
        Row(
            "wrong sign",
            "rises in place of falling",
            Same("PPFFFFFFFFF"),
        ),
        Row(
            "noisy but good",
            "±1 % of S on readings, 0.3 A on samples",
            Same("PPPPPPPPPPP"),
        ),
        Row(
            "borderline inside",
            "0.9 U inside, 0.5 U at 50 Hz",
            ByRule(["P····P···P·", "I····P···P·", "I····I···I·"]),
        ),
        Row(
            "borderline outside",
            "0.9 U outside, 0.5 U at 50 Hz",
            ByRule(["F····F···F·", "I····F···F·", "I····I···I·"]),
        ),
    ];
    check(
        "frequency-watt",
        &names,
        &rows,
        |dut, column, seed| match column {
            0..=5 => stair(KIND, dut, stairs[column], seed),
            6 | 7 => way_back(dut, backs[column - 6], seed),
            8 => ramp(dut, seed),
            _ => step(KIND, dut, steps[column - 9], seed),
        },
    );
}

fn judged(evidence: Evidence) -> gridproof_model::result::CaseResult {
    super::super::bench::judge(evidence.spec, evidence.captures, evidence.readings)
}

/// Without a capture the analyser's frequency counts with its own accuracy: on a slope of 2 pu/Hz a
/// meter of 30 mHz cannot support ±4 %, and one of 1 mHz can.
#[test]
fn a_coarse_frequency_meter_decides_nothing() {
    for (accuracy, want) in [(0.0006, Verdict::Inconclusive), (2e-5, Verdict::Pass)] {
        let evidence = stair(KIND, "perfect", 50.5, 1);
        let mut data = super::super::bench::data(Vec::new(), evidence.readings);
        data.instruments.analyser_hz = accuracy;
        let case = super::super::bench::case(evidence.spec);
        let result = gridproof_measure::judge::judge_case(&case, &data);
        assert_eq!(result.verdict, want, "{accuracy}: {}", result.reason);
    }
}

/// From the edge of the dead band to nominal nothing is asked of a held way back: neither of a DUT that has
/// been released nor of one that has not.
#[test]
fn the_unconfirmed_hysteresis_decides_nothing() {
    for (hz, y) in [(50.25, 1.0), (50.2, -0.5), (50.2, 0.2), (50.2, 1.0)] {
        let mut evidence = way_back("perfect", hz, 1);
        for reading in evidence.readings.iter_mut().filter(|r| r.step == 2) {
            reading.watts = 3000.0 * y;
        }
        let result = judged(evidence);
        assert_eq!(
            result.verdict,
            Verdict::Pass,
            "{hz}: {y}: {}",
            result.reason
        );
        assert!(
            result
                .series
                .iter()
                .any(|s| s.name == "measured, nothing asked")
        );
    }
}

/// A way back that was not watched to its end, or with a hole in it, shows nothing.
#[test]
fn a_way_back_must_be_watched() {
    let mut short = ramp("perfect", 1);
    short.readings.truncate(500);
    assert_eq!(judged(short).verdict, Verdict::Inconclusive);
    let mut hole = ramp("perfect", 1);
    hole.readings.drain(25..60);
    assert_eq!(judged(hole).verdict, Verdict::Inconclusive);
    let mut none = ramp("perfect", 1);
    none.readings.truncate(5);
    assert_eq!(judged(none).verdict, Verdict::Error);
}

/// The swing of the power with the jump of the frequency is no return; power that has come back by
/// the next second is.
#[test]
fn the_first_second_belongs_to_the_jump() {
    for (until, want) in [(0.5, Verdict::Pass), (1.5, Verdict::Fail)] {
        let mut evidence = ramp("perfect", 1);
        let early = |r: &&mut Reading| r.label == "return" && r.at_s - 10.0 < until;
        for reading in evidence.readings.iter_mut().filter(early) {
            reading.watts += 300.0;
        }
        let result = judged(evidence);
        assert_eq!(result.verdict, want, "{until} s: {}", result.reason);
    }
}

/// A ramp twice as steep, and a source that did not apply the frequency.
#[test]
fn too_steep_a_ramp_fails_and_a_wrong_source_is_no_pass() {
    let mut steep = ramp("perfect", 1);
    for reading in steep.readings.iter_mut().filter(|r| r.label == "return") {
        let moved = (reading.at_s - 10.2 - HOLD_S).max(0.0) * 2.0 * RAMP;
        reading.watts = 3000.0 * (asked(KIND, 51.5) + moved).min(1.0);
    }
    let result = judged(steep);
    assert_eq!(result.verdict, Verdict::Fail);
    assert!(
        result.reason.contains("ahead of hold and ramp"),
        "{}",
        result.reason
    );
    let mut wrong = stair(KIND, "perfect", 50.5, 1);
    wrong.captures = vec![frequency_capture(0, 50.6)];
    assert!(judged(wrong).verdict > Verdict::Pass);
}
