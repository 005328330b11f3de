//! What the whole harness does when something on the bench breaks: never a pass that is not
//! earned, and always a safe state, or the word that there is none.

use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;

use crate::bench::{command, events, gridproof, json};

/// A run of the volt-watt test with a schedule of one fault.
fn broken(fault: &str) -> (TempDir, Option<i32>) {
    let dir = TempDir::new().unwrap();
    let schedule = dir.path().join("faults.yaml");
    let text = format!("faults: one\ntitle: One fault\nschedule:\n  - {fault}\n");
    std::fs::write(&schedule, text).unwrap();
    let out = dir.path().join("run");
    let output = command(&[
        "run",
        "quickstart",
        "--dut",
        "saj-as1-3ks-5.1",
        "--only",
        "VW",
        "--faults",
        schedule.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ])
    .output()
    .unwrap();
    (dir, output.status.code())
}

/// Verdict of the test and the first reason given for it.
fn verdict(dir: &TempDir) -> (String, String) {
    let results = json(dir, "results.json");
    let test = &results["tests"][0];
    let reason = test["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| case["reason"].as_str().unwrap().to_owned())
        .find(|reason| !reason.is_empty());
    let verdict = test["verdict"].as_str().unwrap().to_owned();
    (verdict, reason.unwrap_or_default())
}

/// Items of the safe state that were not proven.
fn unproven(dir: &TempDir) -> Vec<String> {
    events(dir)
        .iter()
        .map(|event| &event["what"])
        .filter(|what| what["event"] == "safe-state-item" && what["proven"] == false)
        .map(|what| what["item"].as_str().unwrap().to_owned())
        .collect()
}

/// In the middle of the case something breaks: an error of the right kind, and a safe bench.
#[rstest]
#[case::lost(
    "{at: 80 s, instrument: analyser, fault: drop-reply, count: 1}",
    "no reply within"
)]
#[case::too_late(
    "{at: 80 s, instrument: analyser, fault: late-reply, delay: 5 s, count: 1}",
    "no reply within"
)]
#[case::cut(
    "{at: 80 s, instrument: analyser, fault: truncate-reply, count: 1}",
    "link to analyser broke"
)]
#[case::garbled(
    "{at: 80 s, instrument: analyser, fault: garbage-reply, count: 1}",
    "analyser answered"
)]
#[case::reset(
    "{at: 80 s, instrument: analyser, fault: reset-connection}",
    "link to analyser broke"
)]
#[case::reset_source(
    "{at: 80 s, instrument: grid, fault: reset-connection}",
    "link to grid broke"
)]
#[case::output_stuck_open("{instrument: grid, fault: stuck-open}", "a contactor does not close")]
#[case::source_trips("{at: 80 s, instrument: grid, fault: source-trip}", "has tripped")]
#[case::meter_off(
    "{at: 1 s, instrument: analyser, fault: meter-drift, quantity: voltage, step: 2 %}",
    "meters contradict each other"
)]
fn is_an_error_of_the_bench_and_ends_safely(#[case] fault: &str, #[case] words: &str) {
    let (dir, code) = broken(fault);
    let (verdict, reason) = verdict(&dir);
    assert_eq!(verdict, "error", "{fault}: {reason}");
    assert!(reason.contains(words), "{fault}: {reason}");
    assert_eq!(unproven(&dir), [""; 0], "{fault}");
    assert_eq!(code, Some(4), "{fault}");
}

#[test]
fn replies_that_are_late_but_in_time_change_nothing() {
    let (dir, code) =
        broken("{at: 80 s, instrument: analyser, fault: late-reply, delay: 500 ms, count: 5}");
    assert_eq!((verdict(&dir).0.as_str(), code), ("pass", Some(0)));
}

#[test]
fn a_welded_contactor_ends_as_left_energised() {
    let (dir, code) = broken("{instrument: grid, fault: stuck-closed}");
    assert_eq!(code, Some(6));
    assert_eq!(unproven(&dir), ["grid", "emulated bench"]);
    let header = json(&dir, "run.json");
    assert_eq!(header["faults"]["name"], "one");
    let copy = header["faults"]["copy"].as_str().unwrap();
    assert!(dir.path().join("run").join(copy).is_file(), "{copy}");
}

/// A unit that cannot be reached cannot be proven off, though every source is.
#[test]
fn a_silent_dut_is_not_proven_off() {
    let (dir, code) = broken("{at: 80 s, instrument: dut, fault: silence}");
    assert_eq!((verdict(&dir).0.as_str(), code), ("error", Some(6)));
    assert_eq!(unproven(&dir), ["dut"]);
}

#[test]
fn the_same_faults_give_the_same_record() {
    let fault = "{at: 80 s, instrument: analyser, fault: garbage-reply, count: 1}";
    let events = |(dir, _): (TempDir, Option<i32>)| {
        std::fs::read_to_string(dir.path().join("run/events.ndjson")).unwrap()
    };
    assert!(events(broken(fault)) == events(broken(fault)));
}

#[test]
fn a_schedule_for_another_bench_is_refused_with_its_place() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("faults.yaml");
    let text = "faults: one\ntitle: One fault\nschedule:\n  - {instrument: gird, fault: silence}\n";
    std::fs::write(&file, text).unwrap();
    let name = file.to_str().unwrap();
    for args in [
        &["run", "quickstart", "--faults", name][..],
        &["emulate", "--faults", name],
    ] {
        let output = gridproof(args);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains("faults.yaml:4:18: error: "), "{stderr}");
        assert!(stderr.contains("did you mean `grid`?"), "{stderr}");
    }
    let listed = gridproof(&["list", "faults", "--json"]);
    let names: Value = serde_json::from_slice(&listed.stdout).unwrap();
    for one in names.as_array().unwrap() {
        let checked = gridproof(&[
            "check",
            &format!("fixtures/faults/{}.yaml", one["name"].as_str().unwrap()),
        ]);
        assert_eq!(checked.status.code(), Some(0), "{one}");
    }
}
