//! A DUT under a register file written by its user: the same verdicts, and a wrong address is found.

use serde_json::Value;
use tempfile::TempDir;

use crate::bench::{gridproof, json, root};

const TESTS: &str = "AI-A,UPS-T01,TRIP-61727-OV1";

/// The shipped AUX profile under `file`, and the shipped register file with one text replaced.
fn lab(file: &str, found: &str, replaced: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let profile = read("fixtures/duts/aux-asg-5sl-zh.yaml");
    let (before, rest) = profile.split_once("interface:\n").unwrap();
    let (_, behaviour) = rest.split_once("\n\n").unwrap();
    let interface = format!("interface:\n  protocol: register-file\n  unit: 1\n  file: {file}\n\n");
    let profile = format!("{before}{interface}{behaviour}");
    std::fs::write(dir.path().join("dut.yaml"), profile).unwrap();
    let registers = read("fixtures/drivers/aux-asg-sunspec-points.yaml");
    assert!(registers.contains(found), "{found}");
    std::fs::write(
        dir.path().join("registers.yaml"),
        registers.replacen(found, replaced, 1),
    )
    .unwrap();
    dir
}

fn run(dir: &TempDir, tests: &str) -> (Option<i32>, String) {
    let [dut, out] = ["dut.yaml", "run"].map(|name| dir.path().join(name));
    let output = gridproof(&[
        "run",
        "quickstart",
        "--dut",
        dut.to_str().unwrap(),
        "--only",
        tests,
        "--out",
        out.to_str().unwrap(),
    ]);
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

fn verdicts(dir: &TempDir) -> Vec<String> {
    json(dir, "results.json")["tests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|test| test["verdict"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn passes_and_is_part_of_the_record() {
    for file in ["aux-asg-sunspec-points", "./registers.yaml"] {
        let dir = lab(file, "registers:", "registers:");
        let (code, text) = run(&dir, TESTS);
        assert_eq!(code, Some(0), "{text}");
        assert_eq!(verdicts(&dir), ["pass", "pass", "pass"]);
        let header = json(&dir, "run.json");
        let input = &header["duts"][0]["registers"];
        assert_eq!(input["name"], "aux-asg-sunspec-points");
        let copy = input["copy"].as_str().unwrap();
        assert_eq!(copy, "inputs/registers-aux-asg-sunspec-points.yaml");
        assert!(dir.path().join("run").join(copy).is_file());
        let manifest = json(&dir, "manifest.json");
        let sealed = manifest["files"]
            .as_array()
            .unwrap()
            .iter()
            .find(|file| file["path"] == *copy)
            .map(|file| &file["sha256"]);
        assert_eq!(sealed, Some(&input["sha256"]));
        let again = gridproof(&["judge", dir.path().join("run").to_str().unwrap()]);
        assert_eq!(again.status.code(), Some(0));
    }
}

#[test]
fn a_wrong_register_address_never_passes() {
    for (found, wrong) in [
        // the next register, one of another model, and one that the unit does not have
        ("St: {address: 40108", "St: {address: 40109"),
        ("W: {address: 40084", "W: {address: 40085"),
        ("PhVphA: {address: 40080", "PhVphA: {address: 40081"),
        ("Hz: {address: 40086", "Hz: {address: 40087"),
        ("WSet: {address: 40304", "WSet: {address: 40310"),
        ("WSetEna: {address: 40302", "WSetEna: {address: 40301"),
        ("WSet: {address: 40304", "WSet: {address: 50304"),
        ("Conn: {address: 40232", "Conn: {address: 40230"),
        ("scale: 0.1 V", "scale: 1 V"),
        (
            "watts: {point: W, sign: injected}",
            "watts: {point: W, sign: drawn}",
        ),
    ] {
        let dir = lab("./registers.yaml", found, wrong);
        let (code, text) = run(&dir, "TRIP-61727-OV1");
        assert!(matches!(code, Some(1 | 4 | 6)), "{wrong}: {code:?}\n{text}");
        for verdict in verdicts(&dir) {
            assert!(
                ["fail", "error"].contains(&verdict.as_str()),
                "{wrong}: {text}"
            );
        }
    }
}

#[test]
fn a_wrong_register_file_is_found_before_the_run() {
    for (file, found, wrong, says) in [
        (
            "./registers.yaml",
            "volts: PhVphA",
            "volts: PhVpA",
            "did you mean `PhVphA`",
        ),
        (
            "./registers.yaml",
            "modbus-tcp",
            "modbus-rtu",
            "needs a real bench",
        ),
        (
            "./nowhere.yaml",
            "registers:",
            "registers:",
            "counts from the folder of this profile",
        ),
        (
            "aux-asg-sunspec-point",
            "registers:",
            "registers:",
            "did you mean",
        ),
    ] {
        let dir = lab(file, found, wrong);
        let dut = dir.path().join("dut.yaml");
        let args = ["check", "quickstart", "--dut", dut.to_str().unwrap()];
        let output = gridproof(&args);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(
            stderr.contains(says) && stderr.contains("error: "),
            "{stderr}"
        );
        let (code, _) = run(&dir, TESTS);
        assert_eq!((code, dir.path().join("run").exists()), (Some(2), false));
    }
}

#[test]
fn every_test_of_the_plan_gives_the_verdict_of_the_built_in_driver() {
    let dir = lab("./registers.yaml", "registers:", "registers:");
    let out = dir.path().join("built-in");
    let output = gridproof(&[
        "run",
        "quickstart",
        "--dut",
        "aux-asg-5sl-zh",
        "--out",
        out.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(0));
    let text = std::fs::read_to_string(out.join("results.json")).unwrap();
    let built_in: Value = serde_json::from_str(&text).unwrap();
    let built_in: Vec<&str> = built_in["tests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|test| test["verdict"].as_str().unwrap())
        .collect();
    let ids = json_ids(&text);
    let (code, said) = run(&dir, &ids.join(","));
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(verdicts(&dir), built_in);
}

fn json_ids(results: &str) -> Vec<String> {
    let results: Value = serde_json::from_str(results).unwrap();
    let tests = results["tests"].as_array().unwrap().iter();
    tests
        .map(|test| test["test"].as_str().unwrap().to_owned())
        .collect()
}
