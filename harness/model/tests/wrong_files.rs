//! Every file in `fixtures/wrong` is refused, with exactly the message that was reviewed.

use std::path::PathBuf;

use gridproof_model::diagnostic::Diagnostics;
use gridproof_model::load;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/wrong")
}

fn refusal(kind: &str, name: &str, text: &str) -> Option<Diagnostics> {
    match kind {
        "plan" => load::parse_plan(name, text).err(),
        "dut" => load::parse_dut(name, text).err(),
        "grid-code" => load::parse_grid_code(name, text).err(),
        "bench" => load::parse_bench(name, text).err(),
        "defect" => load::parse_defect(name, text).err(),
        "registers" => load::parse_register_file(name, text).err(),
        "faults" => load::parse_faults(name, text).err(),
        other => panic!("fixtures/wrong/{other}: no such kind of file"),
    }
}

#[test]
fn wrong_files_are_refused_with_their_message() {
    let mut count = 0;
    for kind in [
        "bench",
        "defect",
        "dut",
        "faults",
        "grid-code",
        "plan",
        "registers",
    ] {
        let mut files: Vec<_> = std::fs::read_dir(folder().join(kind))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        for path in files {
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let name = format!("{kind}/{stem}.yaml");
            let text = std::fs::read_to_string(&path).unwrap();
            let Some(problems) = refusal(kind, &name, &text) else {
                panic!("{name} was accepted");
            };
            assert!(!problems.is_empty(), "{name}: refused without a reason");
            for problem in &problems {
                assert!(problem.line >= 1 && problem.column >= 1, "{name}: no place");
            }
            insta::with_settings!({
                snapshot_path => "snapshots/wrong",
                prepend_module_to_snapshot => false,
                omit_expression => true,
            }, {
                insta::assert_snapshot!(format!("{kind}-{stem}"), problems.to_string());
            });
            count += 1;
        }
    }
    assert!(count >= 24, "only {count} wrong files");
}
