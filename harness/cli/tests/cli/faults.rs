//! What the whole harness does when something on the bench breaks: never a pass that is not
//! earned, and always a safe state, or the word that there is none.

use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;

use crate::bench::{command, events, gridproof, json};

const AUX: &str = "aux-asg-5sl-zh";
const SAJ: &str = "saj-as1-3ks-5.1";

/// A run of the volt-watt test with a schedule of one fault.
fn broken(fault: &str) -> (TempDir, Option<i32>) {
    broken_in("VW", "saj-as1-3ks-5.1", fault)
}

/// A run of one test of the quickstart with a schedule of one fault.
fn broken_in(test: &str, dut: &str, fault: &str) -> (TempDir, Option<i32>) {
    let dir = TempDir::new().unwrap();
    let schedule = dir.path().join("faults.yaml");
    let text = format!("faults: one\ntitle: One fault\nschedule:\n  - {fault}\n");
    std::fs::write(&schedule, text).unwrap();
    let out = dir.path().join("run");
    let output = command(&[
        "run",
        "quickstart",
        "--dut",
        dut,
        "--only",
        test,
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

/// What would put a fault of the bench on the DUT, or let a test pass that was never made, is an
/// error of the bench too: contacts that stick, sources that are not there, clocks that are wrong,
/// links that break while a case runs.
#[rstest]
#[case::s1_closed(
    "AI-A",
    AUX,
    "{instrument: island-load, fault: stuck-closed, contact: s1}",
    "did not finish"
)]
#[case::s1_open(
    "AI-A",
    AUX,
    "{instrument: island-load, fault: stuck-open, contact: s1}",
    "a contactor does not close"
)]
#[case::no_pv(
    "AI-A",
    AUX,
    "{instrument: pv, fault: stuck-open}",
    "the PV simulator at PV input 1 is set to"
)]
#[case::pv_trips(
    "AI-A",
    AUX,
    "{at: 80 s, instrument: pv, fault: source-trip}",
    "the PV simulator at PV input 1 is set to"
)]
#[case::battery_trips(
    "DRM5",
    SAJ,
    "{at: 80 s, instrument: battery, fault: source-trip}",
    "its output is open or has tripped"
)]
#[case::drm_relay_open(
    "DRM5",
    SAJ,
    "{instrument: dred-a, fault: stuck-open, relay: 5}",
    "did not finish"
)]
#[case::clock_fast(
    "TRIP-OV1",
    SAJ,
    "{instrument: recorder, fault: clock-skew, skew: 0.05 %}",
    "the clocks contradict each other"
)]
#[case::clock_slow(
    "VW",
    SAJ,
    "{instrument: recorder, fault: clock-skew, skew: -0.05 %}",
    "the clocks contradict each other"
)]
#[case::no_recorder(
    "DRM5",
    SAJ,
    "{at: 80 s, instrument: recorder, fault: reset-connection}",
    "link to recorder broke"
)]
#[case::no_relays(
    "DRM5",
    SAJ,
    "{at: 80 s, instrument: dred-a, fault: reset-connection}",
    "link to dred-a broke"
)]
#[case::no_battery(
    "DRM5",
    SAJ,
    "{at: 80 s, instrument: battery, fault: reset-connection}",
    "link to battery broke"
)]
fn never_becomes_a_word_about_the_dut(
    #[case] test: &str,
    #[case] dut: &str,
    #[case] fault: &str,
    #[case] words: &str,
) {
    let (dir, code) = broken_in(test, dut, fault);
    let (verdict, reason) = verdict(&dir);
    assert_eq!(verdict, "error", "{fault}: {reason}");
    assert!(reason.contains(words), "{fault}: {reason}");
    assert_eq!(unproven(&dir), [""; 0], "{fault}");
    assert_eq!(code, Some(4), "{fault}");
}

/// A contact of the DUT that sticks is the DUT's own: a relay that does not open fails the test,
/// and what it still feeds is left energised.
#[test]
fn a_welded_relay_of_the_dut_fails_and_is_left_energised() {
    let (dir, code) = broken_in("TRIP-OV1", SAJ, "{instrument: dut, fault: stuck-closed}");
    let (verdict, reason) = verdict(&dir);
    assert_eq!((verdict.as_str(), code), ("fail", Some(6)), "{reason}");
    assert!(reason.contains("never ceased"), "{reason}");
    assert_eq!(unproven(&dir), ["grid"]);
}

#[test]
fn a_relay_of_the_dut_that_does_not_close_fails() {
    let (dir, code) = broken_in("TRIP-OV1", SAJ, "{instrument: dut, fault: stuck-open}");
    let (verdict, reason) = verdict(&dir);
    assert_eq!((verdict.as_str(), code), ("fail", Some(1)), "{reason}");
    assert!(reason.contains("did not settle"), "{reason}");
}

/// An island whose load is not there cannot be judged.
#[test]
fn an_island_without_its_load_is_no_pass() {
    let fault = "{instrument: island-load, fault: stuck-open, contact: load}";
    let (dir, code) = broken_in("AI-A", AUX, fault);
    assert_eq!((verdict(&dir).0.as_str(), code), ("inconclusive", Some(3)));
}

/// Verdicts that were earned stay, but an instrument with an output that falls silent for ever is
/// not proven off.
#[rstest]
#[case("recorder", "error")]
#[case("battery", "error")]
#[case("dred-a", "error")]
#[case("island-load", "pass")]
fn a_silent_instrument_is_left_energised(#[case] name: &str, #[case] word: &str) {
    let fault = format!("{{at: 80 s, instrument: {name}, fault: silence}}");
    let (dir, code) = broken_in("DRM5", SAJ, &fault);
    assert_eq!((verdict(&dir).0.as_str(), code), (word, Some(6)), "{name}");
    assert_eq!(unproven(&dir), [name]);
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

/// A meter is heard by the DUT alone: a run that commands all power itself goes on without it, and its
/// record says what was broken. The bench has to have one.
#[test]
fn a_silent_meter_is_no_matter_of_a_run_that_needs_none() {
    let dir = TempDir::new().unwrap();
    let out = dir.path().join("run");
    let mut args = vec!["run", "quickstart", "--dut", SAJ, "--only", "DRM5"];
    args.extend(["--faults", "silent-meter", "--out", out.to_str().unwrap()]);
    let output = command(&args).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("has no instrument `meter`"), "{stderr}");
    args.extend(["--bench", "fixtures/benches/embedded-c.yaml"]);
    let output = command(&args).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert_eq!(verdict(&dir).0, "pass");
    assert_eq!(json(&dir, "run.json")["faults"]["name"], "silent-meter");
}
