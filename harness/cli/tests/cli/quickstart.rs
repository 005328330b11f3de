//! The main job: a healthy DUT passes, leaves a complete record, and the record says the same
//! whenever and however it is judged.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::bench::{events, gridproof, json, not_passed, quickstart};

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                std::fs::read(entry.path()).unwrap(),
            )
        })
        .collect()
}

#[test]
fn passes_on_both_duts_and_is_the_same_for_any_number_of_jobs() {
    let (one, output) = quickstart(&["--seed", "7", "--jobs", "1"]);
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stdout}");
    let results = json(&one, "results.json");
    assert_eq!(not_passed(&results), []);
    for dut in ["aux-asg-5sl-zh", "saj-as1-3ks-5.1"] {
        let passed = results["tests"].as_array().unwrap().iter();
        let passed = passed
            .filter(|test| test["dut"] == dut && test["verdict"] == "pass")
            .count();
        assert!(passed >= 7, "{dut}: {passed}");
    }
    let run = one.path().join("run");
    for file in [
        "report/index.html",
        "junit.xml",
        "events.ndjson",
        "run.json",
        "manifest.json",
    ] {
        assert!(run.join(file).is_file(), "{file}");
    }
    assert!(
        stdout.contains("bench time") && stdout.contains("wall time"),
        "{stdout}"
    );
    assert!(
        stdout.contains(run.join("report/index.html").to_str().unwrap()),
        "{stdout}"
    );

    let (two, output) = quickstart(&["--seed", "7", "--jobs", "2"]);
    assert_eq!(output.status.code(), Some(0));
    let again = two.path().join("run");
    for file in ["results.json", "events.ndjson", "junit.xml"] {
        assert!(
            std::fs::read(run.join(file)).unwrap() == std::fs::read(again.join(file)).unwrap(),
            "{file} differs"
        );
    }
    let recordings = files(&run.join("recordings"));
    assert!(recordings.len() > 70);
    assert!(
        recordings == files(&again.join("recordings")),
        "recordings differ"
    );
}

#[test]
fn every_bench_is_proven_safe_after_every_test() {
    let (dir, _) = quickstart(&["--only", "AI-A,TRIP-OV1,UPS-T01"]);
    let events = events(&dir);
    let items: Vec<&Value> = events
        .iter()
        .map(|event| &event["what"])
        .filter(|what| what["event"] == "safe-state-item")
        .collect();
    let truth: Vec<&&Value> = items
        .iter()
        .filter(|item| item["item"] == "emulated bench")
        .collect();
    assert_eq!(
        truth.len(),
        6,
        "both parts of AI-A on both, TRIP-OV1 on one, UPS-T01 on one"
    );
    for item in items {
        assert_eq!(item["proven"], true, "{item}");
    }
}

#[test]
fn judged_again_from_the_record_alone_it_gives_the_same_bytes() {
    let (dir, _) = quickstart(&["--only", "VV,TRIP-OV1,DRM0"]);
    let run = dir.path().join("run");
    let again = gridproof(&["judge", run.to_str().unwrap(), "--json"]);
    assert_eq!(again.status.code(), Some(0));
    assert!(again.stdout == std::fs::read(run.join("results.json")).unwrap());

    let mut recordings = std::fs::read_dir(run.join("recordings")).unwrap();
    let victim = recordings.next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&victim).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&victim, bytes).unwrap();
    let damaged = gridproof(&["judge", run.to_str().unwrap()]);
    let stderr = String::from_utf8(damaged.stderr).unwrap();
    assert_eq!(damaged.status.code(), Some(4), "{stderr}");
    assert!(
        stderr.contains(victim.file_name().unwrap().to_str().unwrap()),
        "{stderr}"
    );
}

#[test]
fn a_record_is_never_overwritten() {
    let (dir, _) = quickstart(&["--only", "DRM0"]);
    let run = dir.path().join("run");
    let before = files(&run);
    let again = gridproof(&[
        "run",
        "quickstart",
        "--only",
        "DRM0",
        "--out",
        run.to_str().unwrap(),
    ]);
    assert_eq!(again.status.code(), Some(2));
    assert!(
        String::from_utf8(again.stderr)
            .unwrap()
            .contains("choose another --out")
    );
    assert!(before == files(&run));
}
