//! What the program says, word for word.

use crate::bench::gridproof;

fn shown(args: &[&str]) -> String {
    let output = gridproof(args);
    let part = |name: &str, bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).unwrap();
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        format!("--- {name}\n{}\n", lines.join("\n"))
    };
    format!(
        "exit code {}\n{}{}",
        output.status.code().unwrap(),
        part("stdout", output.stdout),
        part("stderr", output.stderr)
    )
}

#[test]
fn help() {
    insta::assert_snapshot!(shown(&["--help"]));
    insta::assert_snapshot!("help_run", shown(&["run", "--help"]));
    insta::assert_snapshot!("help_emulate", shown(&["emulate", "--help"]));
}

#[test]
fn check_and_explain() {
    insta::assert_snapshot!(
        "check",
        shown(&[
            "check",
            "test-plans/quickstart.yaml",
            "--only",
            "VV,UPS-T01,TRIP-OV1"
        ])
    );
    insta::assert_snapshot!(
        "explain",
        shown(&[
            "explain",
            "quickstart",
            "--only",
            "AI-A,VW,DRM6,TRIP-UV1,DERATE"
        ])
    );
}

#[test]
fn lists() {
    for what in [
        "plans",
        "procedures",
        "duts",
        "grid-codes",
        "benches",
        "defects",
        "registers",
        "faults",
    ] {
        insta::assert_snapshot!(format!("list_{what}"), shown(&["list", what]));
    }
}

#[test]
fn mistakes() {
    insta::assert_snapshot!(
        "unknown_test",
        shown(&["check", "quickstart", "--only", "VX"])
    );
    insta::assert_snapshot!(
        "unknown_dut",
        shown(&["check", "quickstart", "--dut", "saj-as1-3ks"])
    );
    insta::assert_snapshot!(
        "wrong_setting",
        shown(&["check", "quickstart", "--dut-set", "backup.strat=5 ms"])
    );
    insta::assert_snapshot!("no_record", shown(&["judge", "fixtures"]));
}

#[test]
fn schemas_are_json() {
    for of in ["plan", "bench", "dut", "grid-code", "defect", "faults"] {
        let output = gridproof(&["schema", of]);
        let schema: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(schema["properties"].is_object(), "{of}");
    }
}
