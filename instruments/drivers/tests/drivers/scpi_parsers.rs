//! Reply parsers: examples from the facts, and no input makes them panic.

use gridproof_instruments::transport::reply::{
    boolean, error_code, number, numbers, payload, shorten, take_block, take_line,
};
use proptest::prelude::*;
use rstest::rstest;

#[rstest]
#[case("230.1", 230.1)]
#[case(" +1.5E+02 ", 150.0)]
#[case("104.75E+00", 104.75)]
#[case("30.00A", 30.0)]
#[case("30.00\u{0}", 30.0)]
#[case(":VOLTAGE:LEVEL 12", 12.0)]
#[case("-0.5E-3", -0.0005)]
fn numbers_of_all_kinds(#[case] text: &str, #[case] value: f64) {
    assert_eq!(number(text), Ok(value));
}

#[rstest]
#[case("NAN", "no valid value")]
#[case("9.91E+37", "no valid value")]
#[case("INF", "over range")]
#[case("-9.9E37", "over range")]
#[case("", "not a number")]
#[case("infinity", "not a number")]
#[case("1e999", "not a number")]
#[case("12 apples", "not a number")]
fn no_numbers(#[case] text: &str, #[case] problem: &str) {
    assert!(
        number(text).expect_err("no number").contains(problem),
        "{:?}",
        number(text)
    );
}

#[rstest]
#[case("0,\"No Error\"", Some(0))]
#[case("+0,\"No error\"", Some(0))]
#[case("-222,\"Data out of range\"", Some(-222))]
#[case(":STATUS:ERROR 113,\"Undefined header\"", Some(113))]
#[case("0", Some(0))]
#[case("No Error", None)]
#[case("-", None)]
#[case("", None)]
fn error_codes(#[case] text: &str, #[case] code: Option<i64>) {
    assert_eq!(error_code(text), code);
}

#[rstest]
#[case("ON", Ok(true))]
#[case("off", Ok(false))]
#[case("1", Ok(true))]
#[case("0", Ok(false))]
fn states(#[case] text: &str, #[case] state: Result<bool, String>) {
    assert_eq!(boolean(text), state);
}

#[test]
fn headers_are_skipped() {
    assert_eq!(payload(":NUMERIC:NORMAL:VALUE 1.0,2.0\r"), "1.0,2.0");
    assert_eq!(payload(":BROKEN"), "");
    let mut inbox = b"\n:WAVEFORM:SEND #13abc\n".to_vec();
    assert_eq!(take_block(&mut inbox, 10), Ok(Some(b"abc".to_vec())));
    assert_eq!(inbox, b"\n");
}

#[rstest]
#[case(b"#0abc\n", "indefinite")]
#[case(b"#x", "no digit count")]
#[case(b"#2x1", "not decimal")]
#[case(b"abc", "begins with")]
#[case(b"#9999999999", "at most")]
fn broken_blocks(#[case] bytes: &[u8], #[case] problem: &str) {
    let result = take_block(&mut bytes.to_vec(), 100);
    assert!(
        result.clone().expect_err("broken").contains(problem),
        "{result:?}"
    );
}

proptest! {
    #[test]
    fn parsers_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in ".{0,80}") {
        let (mut lines, mut blocks) = (bytes.clone(), bytes);
        while take_line(&mut lines).is_some() {}
        while let Ok(Some(_)) = take_block(&mut blocks, 100) {}
        let _ignored = (number(&text), numbers(&text), boolean(&text), error_code(&text));
        prop_assert!(shorten(&text).chars().count() <= 120 * 10 + 1);
    }

    #[test]
    fn numbers_survive_the_wire(value in -1e30..1e30_f64) {
        prop_assert_eq!(number(&format!("{value:E}")), Ok(value));
        prop_assert_eq!(number(&format!("{value}")), Ok(value));
    }

    #[test]
    fn blocks_survive_any_split(payload in proptest::collection::vec(any::<u8>(), 0..300), cut in 0_usize..310) {
        let count = payload.len().to_string();
        let mut wire = format!("#{}{count}", count.len()).into_bytes();
        wire.extend(&payload);
        let mut inbox = wire.get(..cut.min(wire.len())).expect("in range").to_vec();
        let early = take_block(&mut inbox, 300).expect("a good block");
        if cut < wire.len() {
            prop_assert_eq!(early, None);
            inbox.extend(wire.get(cut..).expect("in range"));
            prop_assert_eq!(take_block(&mut inbox, 300), Ok(Some(payload)));
        } else {
            prop_assert_eq!(early, Some(payload));
        }
    }

    #[test]
    fn lines_survive_any_split(text in "[ -~]{1,40}", cut in 0_usize..42) {
        let wire = format!("{text}\r\n").into_bytes();
        let cut = cut.min(wire.len());
        let mut inbox = wire.get(..cut).expect("in range").to_vec();
        let early = take_line(&mut inbox);
        inbox.extend(wire.get(cut..).expect("in range"));
        prop_assert_eq!(early.or_else(|| take_line(&mut inbox)), Some(text.into_bytes()));
        prop_assert_eq!(take_line(&mut inbox), None);
    }
}
