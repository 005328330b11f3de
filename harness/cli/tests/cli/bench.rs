//! Running the program in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// Root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// `gridproof` with these arguments, from the root of the repository.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("gridproof"));
    command.args(args).current_dir(root());
    command
}

/// Run to the end.
pub(crate) fn gridproof(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

/// A run of the quickstart plan with extra arguments: its folder and output.
pub(crate) fn quickstart(extra: &[&str]) -> (TempDir, Output) {
    run("test-plans/quickstart.yaml", extra)
}

/// A run of a plan with extra arguments: its folder and output.
pub(crate) fn run(plan: &str, extra: &[&str]) -> (TempDir, Output) {
    let dir = TempDir::new().unwrap();
    let out = dir.path().join("run");
    let mut args = vec!["run", plan, "--out", out.to_str().unwrap()];
    args.extend(extra);
    let output = gridproof(&args);
    (dir, output)
}

/// A JSON file of a run.
pub(crate) fn json(dir: &TempDir, name: &str) -> Value {
    let text = std::fs::read_to_string(dir.path().join("run").join(name)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Tests that are neither passed nor not applicable, as (DUT, test, verdict).
pub(crate) fn not_passed(results: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    results["tests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|test| {
            (
                text(&test["dut"]),
                text(&test["test"]),
                text(&test["verdict"]),
            )
        })
        .filter(|(_, _, verdict)| verdict != "pass" && verdict != "not-applicable")
        .collect()
}

/// Lines of the journal.
pub(crate) fn events(dir: &TempDir) -> Vec<Value> {
    let text = std::fs::read_to_string(dir.path().join("run/events.ndjson")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What `gridproof analyze … --json` prints.
pub(crate) fn figures(args: &[&str]) -> Value {
    let mut all = vec!["analyze"];
    all.extend(args);
    all.push("--json");
    let output = gridproof(&all);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}
