//! A bench with the DUT's own battery pack, and benches that lack what a DUT runs from.

use crate::bench::{gridproof, json, not_passed, quickstart, root};

#[test]
fn a_storage_unit_with_its_own_pack_passes() {
    let (dir, output) = quickstart(&["--bench", "embedded-d", "--dut", "reference-growatt-6k5"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    let results = json(&dir, "results.json");
    assert!(not_passed(&results).is_empty(), "{errors}");
    let passed = results["tests"].as_array().unwrap();
    let passed = passed.iter().filter(|test| test["verdict"] == "pass");
    assert_eq!(passed.count(), 9, "{errors}");
}

/// An empty pack is no DUT's fault that goes unseen: nothing passes.
#[test]
fn an_empty_pack_passes_nothing() {
    let (dir, output) = quickstart(&[
        "--bench",
        "embedded-d",
        "--dut",
        "reference-growatt-6k5",
        "--only",
        "AI-A,VW",
        "--dut-set",
        "pack.state_of_charge=1 %",
    ]);
    assert_eq!(output.status.code(), Some(1));
    let results = json(&dir, "results.json");
    assert_eq!(not_passed(&results).len(), 2, "{results}");
}

/// The DUT leaves a battery alone whose management system it does not hear, and the judge sees it.
#[test]
fn a_silent_management_system_is_no_pass() {
    let dir = tempfile::TempDir::new().unwrap();
    let faults = dir.path().join("faults.yaml");
    let text = "faults: silent\ntitle: The management system says nothing\nschedule:\n  \
                - {at: 30 s, during: 40000 s, instrument: bms, fault: silence}\n";
    std::fs::write(&faults, text).unwrap();
    let (run, output) = quickstart(&[
        "--bench",
        "embedded-d",
        "--dut",
        "reference-growatt-6k5",
        "--only",
        "AI-A,VW",
        "--faults",
        faults.to_str().unwrap(),
    ]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert_eq!(not_passed(&json(&run, "results.json")).len(), 2, "{errors}");
}

/// Without the role of a source the campaign is refused before anything is energised.
#[rstest::rstest]
#[case("bms", "a battery, and the bench neither")]
#[case("pv", "a PV input, and the bench no `pv-source`")]
fn a_bench_without_a_source_is_refused(#[case] instrument: &str, #[case] expected: &str) {
    let text = std::fs::read_to_string(root().join("fixtures/benches/embedded-d.yaml")).unwrap();
    let entry = format!("  {instrument}:\n");
    let from = text.find(&entry).unwrap();
    let rest = &text[from + entry.len()..];
    let mut length = 0;
    for line in rest.split_inclusive('\n') {
        if !line.starts_with("    ") {
            break;
        }
        length += line.len();
    }
    let cut = format!("{}{}", &text[..from], &rest[length..]);
    let safe = format!("  - {{instrument: {instrument}, within: 5 s}}\n");
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("bench.yaml");
    std::fs::write(&path, cut.replace(&safe, "")).unwrap();
    let output = gridproof(&[
        "check",
        "quickstart",
        "--bench",
        path.to_str().unwrap(),
        "--dut",
        "aux-asg-5sl-zh",
    ]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains(expected), "{errors}");
}

/// A second source of a role would never be told to go off: the campaign is refused, `emulate` serves it.
#[test]
fn a_second_source_of_a_role_is_refused() {
    let text = std::fs::read_to_string(root().join("fixtures/benches/embedded.yaml")).unwrap();
    let entry = "  battery-2: {role: battery-source, model: itech-it6000c, address: emulated}\n";
    let text = text
        .replace(
            "  recorder:\n    role",
            &format!("{entry}  recorder:\n    role"),
        )
        .replace(
            "safe_state:\n",
            "safe_state:\n  - {instrument: battery-2, within: 5 s}\n",
        );
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("bench.yaml");
    std::fs::write(&path, text).unwrap();
    let args = ["check", "quickstart", "--bench", path.to_str().unwrap()];
    let output = gridproof(&args);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(
        errors.contains("one battery-source, and the bench has battery and battery-2"),
        "{errors}"
    );
}
