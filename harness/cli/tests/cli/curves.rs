//! The plans of IEEE 1547.1 on the reference DUT: curves with their default settings, and the matrix
//! of curves that the DUT is told.

use tempfile::TempDir;

use crate::bench::{gridproof, json, root};

/// Exit code and what the run says, without what differs from machine to machine.
fn run(args: &[&str]) -> (TempDir, String) {
    let dir = TempDir::new().unwrap();
    let out = dir.path().join("run");
    let mut all = vec!["run"];
    all.extend_from_slice(args);
    all.extend(["--out", out.to_str().unwrap()]);
    let output = gridproof(&all);
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("report:") && !line.starts_with("bench time"))
        .map(str::trim_end)
        .collect();
    lines.sort_unstable();
    let code = output.status.code().unwrap();
    (dir, format!("exit code {code}\n{}\n", lines.join("\n")))
}

fn explained(plan: &str) -> String {
    let output = gridproof(&["explain", plan]);
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn ieee_1547_1() {
    insta::assert_snapshot!(
        "explain_ieee-1547.1-2020",
        explained("test-plans/ieee-1547.1-2020.yaml")
    );
    let (_dir, said) = run(&["ieee-1547.1-2020"]);
    insta::assert_snapshot!("run_ieee-1547.1-2020", said);
}

#[test]
fn volt_var_matrix() {
    insta::assert_snapshot!(
        "explain_volt-var-matrix",
        explained("test-plans/volt-var-matrix.yaml")
    );
    let (dir, said) = run(&["volt-var-matrix"]);
    insta::assert_snapshot!("run_volt-var-matrix", said);
    // 3 characteristics × 3 powers × 3 references, 12 to 24 voltages each.
    let results = json(&dir, "results.json");
    let cases = results["tests"][0]["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 27);
    for case in cases {
        let measured = &case["series"][0]["points"];
        assert!(
            (12..=24).contains(&measured.as_array().unwrap().len()),
            "{measured}"
        );
    }
}

/// The journal says what the DUT was told: the curve of each case, and after it the one it had.
#[test]
fn the_dut_has_its_own_curve_back_after_each_case() {
    let (dir, _) = run(&["volt-var-matrix"]);
    let events = std::fs::read_to_string(dir.path().join("run/events.ndjson")).unwrap();
    let told: Vec<String> = events
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter_map(|event| Some(event["what"]["action"].as_str()?.to_owned()))
        .filter(|action| action.starts_with("volt-var curve"))
        .collect();
    assert_eq!(told.len(), 2 * 27);
    let own = &told[1];
    for (case, pair) in told.chunks(2).enumerate() {
        assert_eq!(&pair[1], own, "case {case}");
    }
    // Characteristic 2 at a reference of 95 %: V1 0.88 − 0.05, response 1 s.
    let second = "volt-var curve 0.8300 pu +0.4400, 0.9900 pu +0.2200, 1.0200 pu +0.2200, 1.0500 pu -0.4400, response time 1 s";
    assert!(told.iter().any(|action| action == second), "{told:#?}");
    assert!(own.contains("response time 5 s"), "{own}");
}

/// A response of 500 s would be nowhere near its curve within the 20 s of a voltage: the DUT must have
/// taken the response times it is told.
#[test]
fn the_response_time_is_told_with_the_curve() {
    let (_dir, said) = run(&["volt-var-matrix", "--dut-set", "volt_var.tau=500 s"]);
    assert!(said.starts_with("exit code 0\n"), "{said}");
    let (_dir, said) = run(&[
        "ieee-1547.1-2020",
        "--only",
        "VV",
        "--dut-set",
        "volt_var.tau=500 s",
    ]);
    assert!(said.starts_with("exit code 1\n"), "{said}");
}

#[test]
fn a_wrong_sign_fails_whatever_curve_it_is_told() {
    let (dir, said) = run(&["volt-var-matrix", "--defect", "volt-var-sign-inverted"]);
    assert!(said.starts_with("exit code 1\n"), "{said}");
    let results = json(&dir, "results.json");
    let cases = results["tests"][0]["cases"].as_array().unwrap();
    assert!(cases.iter().all(|case| case["verdict"] == "fail"), "{said}");
}

#[test]
fn a_dut_that_takes_no_curve_is_refused_before_anything_runs() {
    let dir = TempDir::new().unwrap();
    let profile =
        std::fs::read_to_string(root().join("fixtures/duts/saj-as1-3ks-5.1.yaml")).unwrap();
    let stated = "grid_codes: [as-nzs-4777.2-2020-a, ";
    assert!(profile.contains(stated));
    let profile = profile.replacen(stated, "grid_codes: [ieee-1547-2018-b, ", 1);
    let dut = dir.path().join("dut.yaml");
    std::fs::write(&dut, profile).unwrap();
    let output = gridproof(&[
        "check",
        "test-plans/volt-var-matrix.yaml",
        "--dut",
        dut.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(
        "volt_var_matrix_refused",
        String::from_utf8(output.stderr).unwrap()
    );
}
