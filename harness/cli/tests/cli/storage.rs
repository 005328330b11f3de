//! Products with a battery of their own and nothing stated of it: what their maker's figures allow
//! runs, over a register file, and the rest says why not.

use crate::bench::{json, not_passed, quickstart};

/// Tests of the quickstart that need no more than the rated power.
const APPLICABLE: [&str; 11] = [
    "AI-A", "DRM0", "DRM5", "DRM6", "DRM7", "TRIP-OV1", "TRIP-OV2", "TRIP-UV1", "TRIP-UV2",
    "TRIP-OF1", "TRIP-UF1",
];

#[rstest::rstest]
#[case("saj-hs2-5k-s2")]
#[case("saj-as2-5k-s")]
fn a_unit_of_which_little_is_stated_passes_what_applies(#[case] dut: &str) {
    let (dir, output) = quickstart(&["--dut", dut]);
    let errors = String::from_utf8_lossy(&output.stderr);
    let results = json(&dir, "results.json");
    assert!(not_passed(&results).is_empty(), "{errors}");
    assert_eq!(output.status.code(), Some(0), "{errors}");
    let tests = results["tests"].as_array().unwrap();
    let of = |verdict: &str| -> Vec<&str> {
        tests
            .iter()
            .filter(|test| test["verdict"] == verdict)
            .map(|test| test["test"].as_str().unwrap())
            .collect()
    };
    assert_eq!(of("pass"), APPLICABLE, "{errors}");
    assert_eq!(of("not-applicable").len(), tests.len() - APPLICABLE.len());
    let volt_watt = tests.iter().find(|test| test["test"] == "VW").unwrap();
    let reason = volt_watt["reason"].as_str().unwrap();
    assert!(
        reason.contains("lacks `ratings.apparent_power`"),
        "{reason}"
    );
}
