//! The base matrix of IEC 62116.

use tempfile::TempDir;

use crate::bench::{gridproof, json};

/// Condition C: eleven points three times each, at an MPP voltage below 20 % of the AUX's 90–520 V.
#[test]
fn condition_c_repeats_every_point_at_its_dc_voltage() {
    let dir = TempDir::new().unwrap();
    let out = dir.path().join("run");
    let output = gridproof(&[
        "run",
        "iec-62116-2014",
        "--dut",
        "aux-asg-5sl-zh",
        "--only",
        "C",
        "--out",
        out.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(0));
    let results = json(&dir, "results.json");
    let cases = results["tests"][0]["cases"].as_array().unwrap();
    let labels: Vec<&str> = cases
        .iter()
        .map(|case| case["case"]["label"].as_str().unwrap())
        .collect();
    assert_eq!(
        labels[..4],
        [
            "ΔP 0 %, ΔQ 0 %, shot 1",
            "ΔP 0 %, ΔQ 0 %, shot 2",
            "ΔP 0 %, ΔQ 0 %, shot 3",
            "ΔP 0 %, ΔQ −5 %, shot 1",
        ]
    );
    assert_eq!(labels.len(), 33);
    let events = std::fs::read_to_string(out.join("events.ndjson")).unwrap();
    // 90 V + 18 % of 430 V.
    assert_eq!(events.matches("Vmp 167.4 V").count(), 33);
}
