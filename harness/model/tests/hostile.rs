//! Whatever is fed to the loader, it answers with a value or a diagnostic, and soon.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::{Duration, Instant};

use gridproof_model::load::{
    LARGEST_FILE, parse_bench, parse_defect, parse_dut, parse_faults, parse_grid_code, parse_plan,
    parse_register_file,
};
use proptest::prelude::*;
use rstest::rstest;

const QUICKSTART: &str = include_str!("../../../test-plans/quickstart.yaml");
const EMBEDDED: &str = include_str!("../../../fixtures/benches/embedded.yaml");

#[expect(
    clippy::disallowed_methods,
    reason = "a hang is measured on the wall clock"
)]
fn feed(text: &str) {
    let started = Instant::now();
    for problems in [
        parse_plan("x", text).err(),
        parse_dut("x", text).err(),
        parse_grid_code("x", text).err(),
        parse_bench("x", text).err(),
        parse_defect("x", text).err(),
        parse_register_file("x", text).err(),
        parse_faults("x", text).err(),
    ]
    .into_iter()
    .flatten()
    {
        assert!(!problems.is_empty());
        assert!(
            problems
                .iter()
                .all(|problem| problem.line >= 1 && problem.column >= 1)
        );
        let shown = problems.to_string();
        assert!(!shown.contains('\0') && !shown.contains('\u{1b}'));
    }
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "took {:?}",
        started.elapsed()
    );
}

fn refused(text: &str) -> String {
    feed(text);
    parse_plan("x", text).unwrap_err().to_string()
}

#[test]
fn deep_nesting() {
    assert!(refused(&format!("plan: {}", "[".repeat(100_000))).contains("too deeply nested"));
    assert!(refused(&"a: {".repeat(10_000)).contains("too deeply nested"));
    let block: String = (0..2_000)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    assert!(refused(&block[..block.len().min(LARGEST_FILE)]).contains("error"));
}

#[test]
fn alias_bombs() {
    let mut bomb = String::from("plan: &a0 [x, x]\n");
    for level in 1..40 {
        bomb += &format!("k{level}: &a{level} [*a{0}, *a{0}, *a{0}]\n", level - 1);
    }
    refused(&bomb);
    let merge: String = (1..40).fold("m0: &m0 {a: 1}\n".to_owned(), |text, level| {
        text + &format!(
            "m{level}: &m{level} {{<<: [*m{0}, *m{0}], b{level}: 1}}\n",
            level - 1
        )
    });
    refused(&merge);
    refused("a: &a [*a]");
}

#[test]
fn size() {
    assert!(refused(&"#".repeat(LARGEST_FILE + 1)).contains("bytes"));
    refused(&"x".repeat(LARGEST_FILE));
    refused(&"- a\n".repeat(LARGEST_FILE / 4));
    refused(&format!("plan: {}\n", "9".repeat(LARGEST_FILE / 2)));
    refused(&"a: b\n".repeat(LARGEST_FILE / 5));
    refused(&"[".repeat(LARGEST_FILE));
    refused(&"&a ".repeat(LARGEST_FILE / 3));
    refused(&"? ".repeat(LARGEST_FILE / 2));
    refused(&"\t".repeat(LARGEST_FILE));
    refused(&"!!x ".repeat(LARGEST_FILE / 4));
}

#[test]
fn thousands_of_problems() {
    let test =
        "- {id: X, title: '', cites: {standard: ''}, procedure: {drm: {mode: 9, hold: 0 s}}}\n";
    let plan = format!(
        "plan: x\ntitle: t\nduts: [a]\ntests:\n{}",
        test.repeat(2_500)
    );
    let shown = refused(&plan);
    assert!(
        shown.ends_with("problems are not shown"),
        "{}",
        &shown[shown.len() - 300..]
    );
    let trips: String = (0..12_000)
        .map(|element| format!("E{element}: {{}}, "))
        .collect();
    feed(&format!(
        "defect: x\ntitle: t\nbehaviour: {{trips: {{{trips}}}}}\ncatches: {{a: []}}\n"
    ));
}

#[rstest]
#[case("\0\u{1}\u{7f}ELF")]
#[case("plan: a\u{1b}[31mred")]
#[case("\u{feff}")]
#[case("\u{feff}\u{feff}plan: x")]
#[case("\u{2028}\u{2029}\u{85}")]
#[case("%YAML 9.9\n---\nplan: x")]
#[case("--- !!binary |\n  R0lGODlhDAAMAIQAAP")]
#[case("plan: !!python/object:os.system ls")]
#[case("? [a, b]\n: c")]
#[case("null: null")]
#[case("~")]
#[case("plan: |\n  text\n   more\n\t x")]
#[case("tests: [{id: a, procedure: {drm: {mode: 99999999999999999999999999999999999999999999}}}]")]
#[case("\r\r\r\n\n\r")]
fn odd_texts(#[case] text: &str) {
    assert!(refused(text).contains("error"));
}

#[test]
fn byte_order_mark_and_line_ends_are_fine() {
    let plan = parse_plan("x", QUICKSTART).unwrap();
    let windows = QUICKSTART.replace('\n', "\r\n");
    assert_eq!(parse_plan("x", &windows).unwrap(), plan);
    assert_eq!(
        parse_plan("x", &format!("\u{feff}{QUICKSTART}")).unwrap(),
        plan
    );
}

#[test]
fn anchors_and_merge_keys_are_fine() {
    let text = "
plan: merged
title: Two trips that share their parameters
duts: [a]
tests:
  - id: ONE
    title: one
    cites: &cites {standard: IEC 61727}
    grid_code: b
    procedure:
      trip: &trip {element: OV1, beyond: 2.3 V, power: 50 %Pn}
  - id: TWO
    title: two
    cites: *cites
    grid_code: b
    procedure:
      trip: {<<: *trip, element: UV1}
";
    let plan = parse_plan("x", text).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(plan.tests[1].cites.standard, "IEC 61727");
}

fn mutated(text: &'static str) -> impl Strategy<Value = String> {
    let count = text.chars().count();
    (
        0..count,
        0..12_usize,
        "\\PC{0,4}|[\\[\\]{}:,&*!|>#\t\n -]{0,6}",
    )
        .prop_map(|(at, cut, insert)| {
            let head = text.chars().take(at);
            let tail = text.chars().skip(at + cut);
            head.chain(insert.chars()).chain(tail).collect()
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn arbitrary_texts(text in any::<String>()) {
        feed(&text);
    }

    #[test]
    fn texts_that_look_like_yaml(text in "([a-z]{1,5}: ?|- |[\\[\\]{},&*!|>'\"#]|[0-9]{1,3} ?[a-zA-Z%]{0,3}|\n {0,6}|\t){0,40}") {
        feed(&text);
    }

    #[test]
    fn mutated_plans(text in mutated(QUICKSTART)) {
        let _ = parse_plan("x", &text).map_err(|problems| problems.to_string());
    }

    #[test]
    fn mutated_benches(text in mutated(EMBEDDED)) {
        let _ = parse_bench("x", &text).map_err(|problems| problems.to_string());
    }
}
