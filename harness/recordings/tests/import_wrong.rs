//! Every malformed capture under `fixtures/captures/wrong` has its own clear error, kept as golden.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use gridproof_recordings::import::{ImportOptions, open};

/// Partners of a file that is opened itself.
const PARTNERS: [&str; 2] = ["dat", "wvf"];

#[test]
fn malformed_captures_name_file_place_and_remedy() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/captures/wrong");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
            let partner = extension.is_some_and(|e| PARTNERS.contains(&e.as_str()));
            !partner || path.file_stem().is_some_and(|stem| stem == "dat_alone")
        })
        .collect();
    paths.sort();
    assert!(paths.len() >= 40, "{} files", paths.len());
    let mut golden = String::new();
    for path in paths {
        let error = open(&path, &ImportOptions::default()).expect_err(&path.display().to_string());
        let text = error.to_string();
        assert!(text.starts_with(&folder.display().to_string()), "{text}");
        assert!(!error.what().is_empty() && !error.hint().is_empty());
        let short = text.replace(&format!("{}/", folder.display()), "");
        writeln!(golden, "{:?}: {short}", error.kind()).unwrap();
    }
    insta::assert_snapshot!(golden);
}
