//! A bench with two PV simulators, from the bench file to the report.

use tempfile::TempDir;

use crate::bench::{events, gridproof, json, root};

/// The embedded bench with two PV simulators of one output each, or with one of them.
fn bench(dir: &TempDir, simulators: usize) -> String {
    let shipped = root().join("fixtures/benches/embedded.yaml");
    let shipped = std::fs::read_to_string(shipped).unwrap();
    let lines = shipped
        .lines()
        .filter(|line| !line.trim_start().starts_with("inputs: 2"));
    let mut text = lines.collect::<Vec<_>>().join("\n");
    assert_ne!(text.lines().count(), shipped.lines().count());
    if simulators == 2 {
        let entry = "  pv-b: {role: pv-source, model: terrasas, address: emulated}\n";
        text = text
            .replace("  recorder:\n", &format!("{entry}  recorder:\n"))
            .replace(
                "  - {instrument: battery, ",
                "  - {instrument: pv-b, within: 5 s}\n  - {instrument: battery, ",
            );
    }
    let path = dir.path().join("bench.yaml");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn stimuli(dir: &TempDir) -> Vec<String> {
    events(dir)
        .iter()
        .map(|event| &event["what"])
        .filter(|what| what["event"] == "stimulus" && what["role"] == "pv")
        .map(|what| what["action"].as_str().unwrap().to_owned())
        .collect()
}

/// Islands of condition A, in a run of its own, and its report.
fn islands(simulators: usize) -> (TempDir, String) {
    let dir = TempDir::new().unwrap();
    let bench = bench(&dir, simulators);
    let out = dir.path().join("run");
    let out = out.to_str().unwrap();
    let run = [
        "run",
        "quickstart",
        "--dut",
        "aux-asg-5sl-zh",
        "--only",
        "AI-A",
        "--bench",
        &bench,
        "--out",
        out,
    ];
    let output = gridproof(&run);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    let output = gridproof(&["judge", out]);
    assert_eq!(output.status.code(), Some(0));
    let page = std::fs::read_to_string(dir.path().join("run/report/index.html")).unwrap();
    (dir, page)
}

#[test]
fn two_simulators_feed_both_inputs_and_both_go_off() {
    let (dir, page) = islands(2);
    let told = stimuli(&dir);
    for input in [1, 2] {
        let place = format!("input {input}: ");
        // 5500 W / 360 V over two inputs
        let rated = format!("{place}Voc 450.0 V, Isc 8.49 A, Vmp 360.0 V, Imp 7.64 A, on");
        assert!(told.contains(&rated), "{told:?}");
        let of_it = told.iter().filter(|text| text.starts_with(&place));
        assert_eq!(2 * of_it.count(), told.len());
    }
    let off: Vec<String> = events(&dir)
        .iter()
        .map(|event| &event["what"])
        .filter(|what| what["event"] == "safe-state-item" && what["proven"] == true)
        .map(|what| what["item"].as_str().unwrap().to_owned())
        .collect();
    for name in ["pv", "pv-b"] {
        assert!(off.iter().any(|item| item == name), "{off:?}");
    }
    let results = json(&dir, "results.json");
    let feed = &results["tests"][0]["cases"][0]["case"]["pv"];
    assert_eq!(feed["fed"], serde_json::json!([1, 2]));
    assert!(page.contains("PV inputs 1 and 2 of 2 fed"));
}

#[test]
fn the_report_says_that_an_input_was_open() {
    let (dir, page) = islands(1);
    assert!(
        stimuli(&dir)
            .iter()
            .all(|text| text.starts_with("input 1: "))
    );
    assert!(page.contains("PV input 1 of 2 fed, the other open"));
}
