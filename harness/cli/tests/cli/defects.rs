//! Known-bad DUTs fail, and only where they should.

use std::collections::BTreeMap;

use gridproof_runner::catalog;

use crate::bench::{json, not_passed, run};

#[rstest::rstest]
fn is_caught_by_exactly_its_tests(
    #[values(
        "anti-islanding-off",
        "dead-dut",
        "drm5-ignored",
        "drm6-at-60-percent",
        "frequency-droop-8-percent",
        "frequency-watt-off",
        "frequency-watt-response-13s",
        "frequency-watt-retraces",
        "frequency-watt-zero-at-51hz",
        "no-derating",
        "overvoltage-trip-2.5s",
        "overvoltage-trip-too-early",
        "transfer-12ms",
        "transfer-late-at-one-point",
        "volt-var-response-15s",
        "volt-var-sign-inverted",
        "volt-watt-knee-3v-high"
    )]
    defect: &str,
) {
    let stated = catalog::defect(defect).unwrap().value;
    let (dir, output) = run(&stated.plan, &["--defect", defect]);
    assert_eq!(output.status.code(), Some(1));
    let mut caught: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (dut, test, verdict) in not_passed(&json(&dir, "results.json")) {
        caught.entry(dut).or_default().push(if verdict == "fail" {
            test
        } else {
            format!("{test}: {verdict}")
        });
    }
    let mut expected = stated.catches;
    expected.retain(|_, tests| !tests.is_empty());
    for tests in caught.values_mut().chain(expected.values_mut()) {
        tests.sort();
    }
    assert_eq!(caught, expected);
}

/// A new file in the folder must be added to the list above.
#[test]
fn the_list_is_complete() {
    let source = include_str!("defects.rs");
    for (name, _) in catalog::Kind::Defect.shipped() {
        assert!(source.contains(&format!("\"{name}\"")), "{name}");
    }
}
