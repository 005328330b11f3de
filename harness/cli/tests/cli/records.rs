//! Stored records: every format ever written can be read, newer ones are refused.

use std::path::Path;

use gridproof_model::verdict::Verdict;
use gridproof_runner::rejudge::rejudge;

use crate::bench::{gridproof, root};

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn format_1_is_read_and_judged() {
    let results = rejudge(&root().join("fixtures/records/format-1")).unwrap();
    assert_eq!(results.verdict, Verdict::Pass);
    assert_eq!(results.tests.len(), 1);
    assert_eq!(results.tests[0].cases.len(), 2);
}

#[test]
fn a_newer_format_is_refused_with_a_way_out() {
    let dir = tempfile::tempdir().unwrap();
    copy(&root().join("fixtures/records/format-1"), dir.path());
    let header = dir.path().join("run.json");
    let text = std::fs::read_to_string(&header).unwrap();
    std::fs::write(&header, text.replace("\"format\": 1,", "\"format\": 2,")).unwrap();
    let output = gridproof(&["judge", dir.path().to_str().unwrap()]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("use a newer gridproof"), "{stderr}");
}

#[test]
fn a_removed_event_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    copy(&root().join("fixtures/records/format-1"), dir.path());
    let journal = dir.path().join("events.ndjson");
    let text = std::fs::read_to_string(&journal).unwrap();
    let kept: Vec<&str> = text
        .lines()
        .enumerate()
        .filter(|(index, _)| *index != 20)
        .map(|(_, line)| line)
        .collect();
    std::fs::write(&journal, kept.join("\n")).unwrap();
    let output = gridproof(&["judge", dir.path().to_str().unwrap()]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(
        stderr.contains("events.ndjson") && stderr.contains("line 21"),
        "{stderr}"
    );
}
