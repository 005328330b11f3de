//! The golden judge table: eight functions × ten DUTs whose behaviour is known → the verdict of
//! every step, by every decision rule.
//!
//! The expectations are written by hand from the standards' limits; the evidence comes from the
//! closed formulas of the neighbouring modules, which share nothing with the judge or the plant.
//! One letter per step: `P` pass, `F` fail, `I` inconclusive, `E` error, `·` the behaviour has no
//! meaning in this step.

mod curves;
mod events;
mod frequency;
mod modes;
mod open_loop;

use gridproof_measure::judge::judge_case;
use gridproof_model::capture::Capture;
use gridproof_model::case::{Case, CaseSpec, Ratings};
use gridproof_model::record::{Accuracy, InstrumentSpecs, Reading};
use gridproof_model::verdict::{DecisionRule, Verdict};

use super::bench::{case, data, specs};

/// The DUTs, in the order every table lists them.
const DUTS: [&str; 10] = [
    "perfect",
    "dead",
    "late",
    "early",
    "offset",
    "wrong slope",
    "wrong sign",
    "noisy but good",
    "borderline inside",
    "borderline outside",
];

const RULES: [DecisionRule; 3] = [
    DecisionRule::Simple,
    DecisionRule::Guard083U,
    DecisionRule::GuardU,
];

/// Draws of noise for the DUT that has some.
const SEEDS: [u64; 5] = [1, 22, 333, 4444, 55555];

/// Verdicts of one DUT.
enum Expect {
    /// A letter per step, whatever the rule.
    Same(&'static str),
    /// By the rules simple, 0.83 U and U.
    ByRule([&'static str; 3]),
    /// Why there is no such DUT for this function.
    Meaningless(&'static str),
}

use Expect::{ByRule, Meaningless, Same};

/// One row: which DUT, what it does here, what it must get.
struct Row(&'static str, &'static str, Expect);

/// What one step left behind.
struct Evidence {
    spec: CaseSpec,
    ratings: Ratings,
    captures: Vec<Capture>,
    readings: Vec<Reading>,
}

impl Evidence {
    fn of(spec: CaseSpec, capture: Capture) -> Self {
        Self {
            spec,
            ratings: super::bench::ratings(),
            captures: vec![capture],
            readings: Vec::new(),
        }
    }
}

/// Instruments of the class a laboratory calibrates in place.
fn instruments() -> InstrumentSpecs {
    InstrumentSpecs {
        recorder_volts: Accuracy {
            of_reading: 0.0002,
            of_range: 0.0001,
            range: 800.0,
        },
        recorder_amps: Accuracy {
            of_reading: 0.001,
            of_range: 0.0005,
            range: 60.0,
        },
        ..specs()
    }
}

fn letter(verdict: Verdict) -> char {
    match verdict {
        Verdict::Pass => 'P',
        Verdict::Fail => 'F',
        Verdict::Inconclusive => 'I',
        Verdict::Error => 'E',
        Verdict::NotApplicable => 'N',
        Verdict::NotRun | Verdict::Aborted => '?',
    }
}

/// Judges every cell of a table and lists all that differ.
fn check(
    function: &str,
    steps: &[&str],
    rows: &[Row],
    evidence: impl Fn(&str, usize, u64) -> Evidence,
) {
    let names: Vec<&str> = rows.iter().map(|row| row.0).collect();
    assert_eq!(names, DUTS, "{function}: every DUT has its row");
    let mut wrong = Vec::new();
    let mut judged = 0;
    for Row(dut, does, expect) in rows {
        let expected = match expect {
            Same(letters) => [*letters; 3],
            ByRule(letters) => *letters,
            Meaningless(why) => {
                assert!(!why.is_empty());
                continue;
            }
        };
        for letters in expected {
            assert_eq!(letters.chars().count(), steps.len(), "{function}, {dut}");
        }
        let seeds = if *dut == "noisy but good" {
            &SEEDS[..]
        } else {
            &SEEDS[..1]
        };
        for (column, step) in steps.iter().enumerate() {
            let wanted = expected.map(|letters| letters.chars().nth(column).unwrap());
            if wanted[0] == '·' {
                continue;
            }
            for &seed in seeds {
                let Evidence {
                    spec,
                    ratings,
                    captures,
                    readings,
                } = evidence(dut, column, seed);
                let mut data = data(captures, readings);
                data.instruments = instruments();
                for (rule, wanted) in RULES.into_iter().zip(wanted) {
                    let case = Case {
                        decision: rule,
                        ratings,
                        ..case(spec.clone())
                    };
                    let result = judge_case(&case, &data);
                    judged += 1;
                    let got = letter(result.verdict);
                    assert_eq!(result.reason.is_empty(), result.verdict == Verdict::Pass);
                    if got != wanted {
                        wrong.push(format!(
                            "{dut} ({does}), {step}, {rule:?}, seed {seed}: {got}, expected {wanted}: {}",
                            result.reason
                        ));
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{function}: {} of {judged} verdicts differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    println!("{function}: {judged} verdicts as expected");
}
