//! Frequency-watt of AS/NZS 4777.2 on the emulated bench.

use tempfile::TempDir;

use crate::bench::{gridproof, json, root, run};

const PLAN: &str = "test-plans/frequency-watt-as4777.yaml";

#[test]
fn passes_on_a_healthy_dut_whatever_the_seed() {
    let explained = gridproof(&["explain", PLAN]);
    insta::assert_snapshot!(
        "explain_frequency-watt-as4777",
        String::from_utf8(explained.stdout).unwrap()
    );
    for seed in ["1", "2", "3"] {
        let (dir, output) = run(PLAN, &["--seed", seed]);
        assert_eq!(output.status.code(), Some(0), "seed {seed}");
        let page = std::fs::read_to_string(dir.path().join("run/report/index.html")).unwrap();
        for title in [
            "Response curve: FW-OF",
            "Way back: FW-OF",
            "Step response: FW-UF",
        ] {
            assert!(page.contains(title), "{title}");
        }
    }
}

/// What the recorder's clock knows of the frequency is what the judge took: the analyser's 30 mHz on a
/// slope of 2 pu/Hz would leave U above the corridor.
#[test]
fn the_frequency_is_known_to_the_recorder() {
    let (dir, _) = run(PLAN, &["--only", "FW-OF"]);
    let results = json(&dir, "results.json");
    let cases = results["tests"][0]["cases"].as_array().unwrap();
    let criteria = cases[0]["criteria"].as_array().unwrap();
    let applied = criteria
        .iter()
        .find(|criterion| criterion["name"] == "frequencies applied")
        .unwrap();
    assert!(
        applied["measured"]["u"].as_f64().unwrap() < 0.005,
        "{applied}"
    );
}

/// A bench that knows the frequency no better than its analyser is refused before anything runs.
#[test]
fn a_bench_that_cannot_tell_the_frequency_is_refused() {
    let dir = TempDir::new().unwrap();
    let bench = std::fs::read_to_string(root().join("fixtures/benches/embedded.yaml")).unwrap();
    assert!(bench.contains("clock: 0.005 %"));
    let bench = bench.replacen("clock: 0.005 %", "clock: 0.1 %", 1);
    let file = dir.path().join("bench.yaml");
    std::fs::write(&file, bench).unwrap();
    let check = |plan| gridproof(&["check", plan, "--bench", file.to_str().unwrap()]);
    let output = check(PLAN);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(
        "frequency_watt_unsupported",
        String::from_utf8(output.stderr).unwrap()
    );
    // A droop of 5 % and ±7.5 % of power ask less of it.
    let output = check("test-plans/ieee-1547.1-2020.yaml");
    assert_eq!(output.status.code(), Some(0));
}
