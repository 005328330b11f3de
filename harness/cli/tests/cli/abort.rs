//! Ctrl-C in the middle of a run.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::bench::{command, events, gridproof, json};

/// Look again this often whether the run is under way.
const GLANCE: Duration = Duration::from_millis(5);

#[test]
fn ends_with_every_source_off_and_says_aborted() {
    let dir = TempDir::new().unwrap();
    let out = dir.path().join("run");
    let mut child = command(&[
        "run",
        "quickstart",
        "--jobs",
        "2",
        "--out",
        out.to_str().unwrap(),
    ])
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    let journal = out.join("events.ndjson");
    while !std::fs::read_to_string(&journal).is_ok_and(|text| text.contains("\"captured\"")) {
        assert!(
            child.try_wait().unwrap().is_none(),
            "the run ended before it could be stopped"
        );
        glance();
    }
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(5), "{stdout}");
    assert!(stdout.contains("aborted"), "{stdout}");

    let events = events(&dir);
    let last = &events.last().unwrap()["what"];
    assert_eq!(
        (&last["event"], &last["outcome"]),
        (&Value::from("run-ended"), &Value::from("aborted"))
    );
    let started = events
        .iter()
        .filter(|event| event["what"]["event"] == "test-started")
        .count();
    let truth: Vec<&Value> = events
        .iter()
        .map(|event| &event["what"])
        .filter(|what| what["event"] == "safe-state-item" && what["item"] == "emulated bench")
        .collect();
    assert_eq!(
        truth.len(),
        started,
        "every bench that was started was asked"
    );
    for item in truth {
        assert_eq!(item["proven"], true, "{item}");
        let proof = item["proof"].as_str().unwrap();
        assert!(
            proof.contains("grid output off, PV off, battery off"),
            "{proof}"
        );
    }
    let verdicts: Vec<String> = json(&dir, "results.json")["tests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|test| test["verdict"].as_str().unwrap().to_owned())
        .collect();
    assert!(
        verdicts.contains(&"aborted".to_owned()) && verdicts.contains(&"not-run".to_owned()),
        "{verdicts:?}"
    );

    let judged = gridproof(&["judge", out.to_str().unwrap(), "--json"]);
    assert!(judged.stdout == std::fs::read(out.join("results.json")).unwrap());
    assert!(out.join("report/index.html").is_file());
}

#[expect(
    clippy::disallowed_methods,
    reason = "another process runs on the wall clock"
)]
fn glance() {
    std::thread::sleep(GLANCE);
}
