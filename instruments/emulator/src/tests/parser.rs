//! The SCPI engine against arbitrary bytes.

use proptest::prelude::*;

use super::{SAJ, Talk, bench_with};

const LINES: &[&str] = &[
    "*IDN?",
    "VOLT:AC 230;AC?",
    "SOUR:VOLT:AC 10;:FREQ 50;FREQ?",
    "isnt:edit",
    "SYST:ERR?",
    "OUTP?;*ESR?;:SYST:ERR?",
    "VOLT:AC",
    ":VOLT::AC 5",
    "LIST:DWEL 1,2,3;DWEL?",
    "*ESE 255;*ESE?",
    "MEAS:VOLT:ACDC?",
    "",
    ";;",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let bench = bench_with(SAJ, 1);
        for name in ["grid", "pv", "battery", "island-load", "analyser", "recorder", "chamber", "dred-a", "dut"] {
            Talk::new(&bench, name).bytes(&bytes);
        }
    }

    #[test]
    fn scpi_like_text_is_survived(text in "[A-Za-z:*?;, \\n\"'(@)0-9.+#-]{0,200}") {
        let bench = bench_with(SAJ, 1);
        for name in ["grid", "pv", "battery", "island-load", "analyser", "recorder", "chamber"] {
            Talk::new(&bench, name).bytes(text.as_bytes());
        }
    }

    #[test]
    fn splitting_the_stream_changes_nothing(
        picks in proptest::collection::vec(0..LINES.len(), 1..12),
        cuts in proptest::collection::vec(0usize..200, 0..20),
    ) {
        let stream: Vec<u8> =
            picks.iter().flat_map(|&pick| format!("{}\n", LINES[pick]).into_bytes()).collect();
        let whole = Talk::new(&bench_with(SAJ, 1), "grid").bytes(&stream);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % (stream.len() + 1)).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let mut talk = Talk::new(&bench_with(SAJ, 1), "grid");
        let pieces: Vec<u8> =
            cuts.windows(2).flat_map(|pair| talk.bytes(&stream[pair[0]..pair[1]])).collect();
        prop_assert_eq!(whole, pieces);
    }
}

#[test]
fn the_error_queue_overflows_with_350() {
    let bench = bench_with(SAJ, 1);
    let mut grid = Talk::new(&bench, "grid");
    for _ in 0..40 {
        grid.say("NONSENSE");
    }
    assert_eq!(grid.say("SYST:ERR:COUN?"), "16\n");
    for _ in 0..15 {
        assert!(grid.say("SYST:ERR:NEXT?").starts_with("-113,"));
    }
    assert_eq!(grid.say("SYST:ERR?"), "-350,\"Queue overflow\"\n");
    assert_eq!(grid.say("SYST:ERR?"), "0,\"No Error\"\n");
}

#[test]
fn the_status_model() {
    let bench = bench_with(SAJ, 1);
    let mut grid = Talk::new(&bench, "grid");
    assert_eq!(grid.say("*ESR?"), "128\n");
    assert_eq!(grid.say("*ESR?"), "0\n");
    assert_eq!(grid.say("*ESE 32;*SRE 255;*SRE?"), "191\n");
    assert_eq!(grid.say("VOLTA 5;VOLT:AC 999;*OPC;*STB?"), "100\n");
    assert_eq!(grid.say("*ESR?;*STB?"), "49;84\n");
    assert_eq!(grid.say("*CLS;*STB?;*OPC?;*TST?"), "0;1;0\n");
    assert_eq!(
        grid.say("*ESE 256;:SYST:ERR?"),
        "-222,\"Data out of range\"\n"
    );
    assert_eq!(grid.say("*XYZ;:SYST:ERR?"), "-113,\"Undefined header\"\n");
}

#[test]
fn a_message_that_is_too_long_is_dropped() {
    let bench = bench_with(SAJ, 1);
    let mut grid = Talk::new(&bench, "grid");
    let long = vec![b'A'; 20_000];
    assert_eq!(grid.bytes(&long), b"");
    assert_eq!(grid.bytes(&long), b"");
    assert_eq!(grid.bytes(b"\n*OPC?\n"), b"1\n");
    assert_eq!(grid.say("SYST:ERR?"), "-363,\"Input buffer overrun\"\n");
    assert_eq!(grid.say("SYST:ERR?"), "0,\"No Error\"\n");
}
