//! Wrong input of any kind is refused with its place and a hint, and nothing is energised.

use std::path::PathBuf;

use crate::bench::{gridproof, root};

fn wrong_files() -> Vec<PathBuf> {
    let folder = root().join("fixtures/wrong");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .flat_map(|kind| std::fs::read_dir(kind.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path())
        .filter(|file| {
            file.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    files.sort();
    files
}

#[test]
fn every_wrong_file_is_refused_by_check_with_its_place() {
    let files = wrong_files();
    assert!(files.len() >= 20, "{}", files.len());
    for file in files {
        let relative = file
            .strip_prefix(root())
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let output = gridproof(&["check", &relative]);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{relative}: {stderr}");
        let place = stderr
            .strip_prefix(&format!("{relative}:"))
            .unwrap_or_else(|| panic!("{relative}: {stderr}"));
        let mut parts = place.split(':');
        for what in ["line", "column"] {
            let number: Option<u32> = parts.next().and_then(|part| part.parse().ok());
            assert!(
                number.is_some_and(|number| number > 0),
                "{relative}: no {what} in {stderr}"
            );
        }
        assert_eq!(parts.next(), Some(" error"), "{stderr}");
        assert!(stderr.contains("hint: "), "{relative}: no hint in {stderr}");
    }
}

#[test]
fn a_wrong_plan_leaves_no_trace_of_a_run() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    for wrong in [
        &["run", "fixtures/wrong/plan/bare-number.yaml"][..],
        &[
            "run",
            "quickstart",
            "--dut",
            "fixtures/wrong/dut/unknown-key.yaml",
        ],
        &[
            "run",
            "quickstart",
            "--bench",
            "fixtures/wrong/bench/unknown-role.yaml",
        ],
        &[
            "run",
            "quickstart",
            "--defect",
            "fixtures/wrong/defect/unknown-key.yaml",
        ],
        &["run", "quickstart", "--only", "VW,XX"],
        &["run", "quickstart", "--dut-set", "backup.start=5"],
        &["run", "quikstart"],
        &["run", "no/such/plan.yaml"],
    ] {
        let mut args = wrong.to_vec();
        args.extend(["--out", out.to_str().unwrap()]);
        let output = gridproof(&args);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {stderr}");
        assert!(stderr.contains("error"), "{stderr}");
        assert!(!out.exists(), "{wrong:?} left {}", out.display());
    }
}

/// What is said of a file that is not there: the path that was tried, and what was probably meant.
#[test]
fn a_missing_file_is_named_with_its_path_and_what_may_be_meant() {
    let dir = tempfile::tempdir().unwrap();
    for file in [
        "sag test.yaml",
        "sag-tests.yaml",
        "capture.csv",
        "notes.txt",
    ] {
        std::fs::write(dir.path().join(file), "").unwrap();
    }
    let mut said = String::new();
    for args in [
        &["run", "sag-test.yaml"][..],
        &["run", "plans/sag-test.yaml"],
        &["run", "nothing-alike.yaml"],
        &["check", "test-plans/quickstart.yaml"],
        &["check", "quickstrat.yaml"],
        &["run", "quickstart", "--dut", "aux-asg.yaml"],
        &["run", "quickstart", "--dut", "."],
        &["emulate", "--bench", "embedded.yml"],
        &[
            "analyze",
            "frequency",
            "captur.csv",
            "--voltage",
            "u",
            "--fundamental",
            "50 Hz",
        ],
    ] {
        let output = crate::bench::command(args)
            .current_dir(dir.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let folder = dir.path().canonicalize().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        let error = error
            .replace(folder.to_str().unwrap(), "FOLDER")
            .replace(dir.path().to_str().unwrap(), "FOLDER");
        said.push_str(&format!("$ gridproof {}\n{error}\n", args.join(" ")));
    }
    insta::assert_snapshot!(said);
}
