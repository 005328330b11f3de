//! Every PV input that a bench feeds is set, measured, made safe and proven off.

use std::path::Path;

use gridproof_model::event::{Event, EventKind, RunOutcome};
use gridproof_runner::RunError;
use gridproof_runner::campaign::{Campaign, Request, UnitContent};
use gridproof_runner::header::Circumstances;
use gridproof_runner::run::{Finished, Options, run};
use gridproof_runner::stop::StopFlag;
use rstest::rstest;
use tempfile::TempDir;

const AUX: &str = "aux-asg-5sl-zh";

/// How the PV side of the bench is built.
#[derive(Debug, Clone, Copy)]
enum Simulators {
    /// A system with a channel for each of two inputs.
    TwoChannels,
    /// Two systems with one output each.
    Two,
    /// One, at input 1.
    One,
}

fn write(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, text).expect("written");
    path.to_str().expect("UTF-8").to_owned()
}

fn bench(dir: &Path, simulators: Simulators) -> String {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/benches/embedded.yaml"
    );
    let shipped = std::fs::read_to_string(path).expect("the embedded bench");
    let lines: Vec<&str> = shipped
        .lines()
        .filter(|line| !line.trim_start().starts_with("inputs: 2"))
        .collect();
    assert_eq!(lines.len() + 1, shipped.lines().count());
    let one = lines.join("\n");
    let text = match simulators {
        Simulators::TwoChannels => shipped,
        Simulators::One => one,
        Simulators::Two => {
            let entry = "  pv-2: {role: pv-source, model: terrasas, address: emulated}\n";
            one.replace("  recorder:\n", &format!("{entry}  recorder:\n"))
                .replace(
                    "  - {instrument: pv, within: 5 s}\n",
                    "  - {instrument: pv, within: 5 s}\n  - {instrument: pv-2, within: 5 s}\n",
                )
        }
    };
    write(dir, "bench.yaml", &text)
}

/// One balanced case; `more` is a line of the test.
fn plan(dir: &Path, more: &str) -> String {
    let text = format!(
        "plan: one\ntitle: One\nduts: [{AUX}]\ntests:\n  - id: AI\n    title: One island\n    \
         cites: {{standard: IEC 62116}}\n    grid_code: iec-62116-2014\n{more}    procedure:\n      \
         anti-islanding: {{power: 100 %Pn, delta_p: [0 %], delta_q: [0 %]}}\n"
    );
    write(dir, "plan.yaml", &text)
}

/// What a PV simulator is told by an event.
fn pv_told(what: &EventKind) -> Option<&str> {
    let EventKind::Stimulus { role, action } = what else {
        return None;
    };
    (role == "pv").then_some(action)
}

struct Ran {
    events: Vec<Event>,
    finished: Finished,
    _dir: TempDir,
}

impl Ran {
    /// What the PV simulators were told.
    fn told(&self) -> Vec<&str> {
        let what = self.events.iter().map(|event| &event.what);
        what.filter_map(pv_told).collect()
    }

    /// Safe-state items: name, proven, proof.
    fn items(&self) -> Vec<(&str, bool, &str)> {
        let what = self.events.iter().filter_map(|event| {
            let EventKind::SafeStateItem {
                item,
                proven,
                proof,
            } = &event.what
            else {
                return None;
            };
            Some((item.as_str(), *proven, proof.as_str()))
        });
        what.collect()
    }

    fn item(&self, name: &str) -> (bool, &str) {
        let items = self.items();
        let found = items.iter().find(|(item, ..)| *item == name);
        found
            .map(|&(_, proven, proof)| (proven, proof))
            .expect(name)
    }

    fn reason(&self) -> &str {
        &self.finished.results.tests[0].cases[0].reason
    }
}

/// A run; stopped by the operator at the first event that `stop_at` is true for.
fn ran(
    simulators: Simulators,
    more: &str,
    fault: Option<&str>,
    stop_at: impl Fn(&EventKind) -> bool,
) -> Ran {
    let dir = TempDir::new().expect("a folder");
    let faults = fault.map(|fault| {
        let text = format!("faults: one\ntitle: One fault\nschedule:\n  - {fault}\n");
        write(dir.path(), "faults.yaml", &text)
    });
    let request = Request {
        plan: plan(dir.path(), more),
        bench: Some(bench(dir.path(), simulators)),
        faults,
        ..Request::default()
    };
    let campaign = Campaign::load(&request).unwrap_or_else(|problem| panic!("{problem}"));
    let options = Options {
        out: dir.path().join("run"),
        jobs: 1,
        circumstances: Circumstances {
            software: "test".into(),
            started_at: "2026-01-01T00:00:00Z".into(),
            operator: None,
            seed: 1,
            dut_set: Vec::new(),
        },
    };
    let stop = StopFlag::default();
    let mut events = Vec::new();
    let finished = run(&campaign, &options, &stop, &mut |_, event| {
        if stop_at(&event.what) {
            stop.raise();
        }
        events.push(event.clone());
    });
    Ran {
        events,
        finished: finished.unwrap_or_else(|problem| panic!("{problem}")),
        _dir: dir,
    }
}

fn never(_: &EventKind) -> bool {
    false
}

/// Half of 1.1 times 5 kW at either input, first at rated voltage, then at the voltage of condition A.
#[rstest]
#[case(Simulators::TwoChannels)]
#[case(Simulators::Two)]
fn both_inputs_get_the_same_curve_and_half_the_power(#[case] simulators: Simulators) {
    let ran = ran(simulators, "", None, never);
    assert_eq!(
        ran.finished.outcome,
        RunOutcome::Completed,
        "{simulators:?}"
    );
    assert_eq!(ran.reason(), "");
    let told = ran.told();
    assert_eq!(told.len(), 4, "{told:?}");
    // 2750 W / 360 V = 7.64 A, over 0.9 = 8.49 A
    let rated = "Voc 450.0 V, Isc 8.49 A, Vmp 360.0 V, Imp 7.64 A, on";
    assert_eq!(told[0], format!("input 1: {rated}"));
    assert_eq!(told[1], format!("input 2: {rated}"));
    let second = |text: &str| text.strip_prefix("input 2: ").map(str::to_owned);
    assert_eq!(
        told[2].strip_prefix("input 1: ").map(str::to_owned),
        second(told[3])
    );
    let case = &ran.finished.results.tests[0].cases[0].case;
    let feed = case.pv.as_ref().expect("stated");
    assert_eq!(feed.to_string(), "PV inputs 1 and 2 of 2 fed");
}

#[rstest]
#[case(Simulators::TwoChannels)]
#[case(Simulators::Two)]
fn after_an_abort_both_are_off_and_proven(#[case] simulators: Simulators) {
    let both_on =
        |what: &EventKind| pv_told(what).is_some_and(|action| action.starts_with("input 2"));
    let ran = ran(simulators, "", None, both_on);
    assert_eq!(ran.finished.outcome, RunOutcome::Aborted);
    // The stop comes at any time after both are on.
    assert!(ran.told().len() >= 2, "{:?}", ran.told());
    assert!(ran.items().iter().all(|(_, proven, _)| *proven));
    match simulators {
        Simulators::TwoChannels => {
            let (_, proof) = ran.item("pv");
            for channel in ["channel 1: output state 0", "channel 2: output state 0"] {
                assert!(proof.contains(channel), "{proof}");
            }
        }
        Simulators::Two => {
            for name in ["pv", "pv-2"] {
                let (_, proof) = ran.item(name);
                assert!(proof.starts_with("output state 0"), "{proof}");
            }
        }
        Simulators::One => unreachable!("not among the cases"),
    }
    let (_, truth) = ran.item("emulated bench");
    assert!(truth.contains("PV off"), "{truth}");
}

/// One output that does not open is found, whichever it is, and the other is off all the same.
#[rstest]
#[case("pv", "pv-2")]
#[case("pv-2", "pv")]
fn one_welded_output_is_left_energised(#[case] welded: &str, #[case] other: &str) {
    let fault = format!("{{at: 80 s, instrument: {welded}, fault: stuck-closed}}");
    let ran = ran(Simulators::Two, "", Some(&fault), never);
    assert_eq!(ran.finished.outcome, RunOutcome::LeftEnergised);
    let (proven, proof) = ran.item(welded);
    assert!(!proven, "{proof}");
    let (proven, proof) = ran.item(other);
    assert!(proven, "{proof}");
    assert!(!ran.item("emulated bench").0);
}

/// A source that is not there is an error of the bench which says at which input.
#[rstest]
#[case("{instrument: pv-2, fault: stuck-open}")]
#[case("{at: 80 s, instrument: pv-2, fault: source-trip}")]
fn a_second_simulator_that_gives_nothing_is_an_error_of_the_bench(#[case] fault: &str) {
    let ran = ran(Simulators::Two, "", Some(fault), never);
    let words = "the PV simulator at PV input 2 is set to";
    assert!(ran.reason().contains(words), "{}", ran.reason());
    assert!(ran.items().iter().all(|(_, proven, _)| *proven));
}

#[rstest]
#[case(Simulators::TwoChannels)]
#[case(Simulators::Two)]
fn a_named_input_gets_all_the_power(#[case] simulators: Simulators) {
    let ran = ran(simulators, "    pv_input: 2\n", None, never);
    assert_eq!(ran.finished.outcome, RunOutcome::Completed);
    assert_eq!(ran.reason(), "");
    let told = ran.told();
    // 5500 W / 360 V = 15.28 A
    assert_eq!(
        told[0],
        "input 2: Voc 450.0 V, Isc 16.98 A, Vmp 360.0 V, Imp 15.28 A, on"
    );
    assert!(told.iter().all(|text| text.starts_with("input 2: ")));
    let case = &ran.finished.results.tests[0].cases[0].case;
    let feed = case.pv.as_ref().expect("stated").to_string();
    assert_eq!(feed, "PV input 2 of 2 fed, the other open");
    assert!(ran.items().iter().all(|(_, proven, _)| *proven));
}

/// A bench with one simulator will do for a DUT with two inputs, and the record says so.
#[test]
fn one_simulator_feeds_one_of_two_inputs() {
    let ran = ran(Simulators::One, "", None, never);
    assert_eq!(ran.finished.outcome, RunOutcome::Completed);
    let told = ran.told();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|text| text.starts_with("input 1: ")));
    let open = "PV input 1 of 2 fed, the other open";
    let note = EventKind::Note { text: open.into() };
    let noted = ran.events.iter().any(|event| event.what == note);
    assert!(noted);
    let case = &ran.finished.results.tests[0].cases[0].case;
    assert_eq!(case.pv.as_ref().expect("stated").to_string(), open);
}

fn request(dir: &Path, simulators: Simulators, dut: Option<String>, input: u8) -> Request {
    Request {
        plan: plan(dir, &format!("    pv_input: {input}\n")),
        bench: Some(bench(dir, simulators)),
        dut,
        ..Request::default()
    }
}

#[test]
fn an_input_without_a_simulator_is_a_mistake_with_its_place() {
    let dir = TempDir::new().expect("a folder");
    let problem = Campaign::load(&request(dir.path(), Simulators::One, None, 2));
    let Err(RunError::Input(problems)) = problem else {
        panic!("{problem:?}");
    };
    let text = problems.to_string();
    assert!(
        text.contains("bench `embedded` has no PV simulator at PV input 2"),
        "{text}"
    );
    assert!(text.contains("plan.yaml:9:15"), "{text}");
    assert!(
        text.contains("hint: it feeds 1; add a `pv-source`"),
        "{text}"
    );
}

/// The DUT's inputs come first: what it does not have needs no simulator.
#[test]
fn an_input_that_the_dut_lacks_makes_the_test_not_applicable() {
    let dir = TempDir::new().expect("a folder");
    for simulators in [Simulators::One, Simulators::Two] {
        let request = request(dir.path(), simulators, None, 3);
        let campaign = Campaign::load(&request).unwrap_or_else(|problem| panic!("{problem}"));
        let UnitContent::NotApplicable(reason) = &campaign.units[0].content else {
            panic!("{:?}", campaign.units[0]);
        };
        assert_eq!(
            reason,
            "the test feeds PV input 3, and the profile of the AUX ASG-5SL-ZH has 2"
        );
    }
}

/// A DUT with one input says nothing of inputs, on whichever bench.
#[rstest]
#[case(Simulators::TwoChannels)]
#[case(Simulators::Two)]
#[case(Simulators::One)]
fn a_dut_with_one_input_has_no_feed_to_tell(#[case] simulators: Simulators) {
    let dir = TempDir::new().expect("a folder");
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/duts/aux-asg-5sl-zh.yaml"
    );
    let text = std::fs::read_to_string(path).expect("a profile");
    let one = text.replace("  inputs: 2  ", "  inputs: 1  ");
    assert_ne!(text, one);
    let dut = write(dir.path(), "aux-asg-5sl-zh.yaml", &one);
    let request = request(dir.path(), simulators, Some(dut), 1);
    let campaign = Campaign::load(&request).unwrap_or_else(|problem| panic!("{problem}"));
    let UnitContent::Cases(cases) = &campaign.units[0].content else {
        panic!("{:?}", campaign.units[0]);
    };
    assert_eq!(cases[0].pv, None);
}
