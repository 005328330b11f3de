//! The SCPI engine against arbitrary bytes.

use proptest::prelude::*;

use super::{SAJ, Talk, advance, bench_with, second_bench};

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

/// Headers of a model, with a parameter that may fit or not.
fn line() -> impl Strategy<Value = String> {
    let header = prop::sample::select(vec![
        "VOLT",
        "CURR",
        "FREQ",
        "OUTP",
        "LIST:DWEL",
        "SAS:VOC",
        "CH1:SCA",
        "CURVE",
        "SYST:LOCK",
        "TRIG",
        "*ESE",
        "*SAV",
        "*RCL",
        "STAT:QUES:ENAB",
        "NUM:NORM:ITEM3",
        "INP:SYNC:ELEM2",
        "WAV:SEND",
        "MEAS:ARR:VOLT",
        "INST:NSEL",
        "PULS:WIDT",
        "DAT:STAR",
        "FUNC",
        "XYZZY",
        "MUCHTOOLONGMNEMONIC:X",
        "VOLT:PROT",
        "OUTP:MODE",
        "PHASE1:RLOAD",
        "CONF:OUTP",
    ]);
    let param = prop::sample::select(vec![
        "",
        "?",
        " 1",
        " 1e9",
        " -5",
        " MAX",
        " MIN;*OPC?",
        " ON",
        " OFF",
        " \"x\"",
        " #13abc",
        " (@1)",
        " 5 V",
        " 5 KHZ",
        " 1,2,3",
        " #HFF",
        " NONSENSE",
        "? MAX",
        " 1e400",
    ]);
    (header, param).prop_map(|(header, param)| format!("{header}{param}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_refusal_is_queued_with_a_code_of_the_standard(lines in prop::collection::vec(line(), 1..30)) {
        let bench = second_bench::bench();
        for name in ["grid", "pv", "battery", "analyser", "recorder", "island-load"] {
            let mut talk = Talk::new(&bench, name);
            let queries = match name {
                "analyser" => "STAT:ERR?",
                "recorder" => "EVM?",
                _ => "SYST:ERR?",
            };
            talk.say(":COMM:HEAD OFF;:HEAD OFF");
            talk.say("*CLS");
            for line in &lines {
                talk.say(line);
                advance(&bench, 0.001);
                let events: u16 = talk.say("*ESR?").trim().parse().unwrap_or(0);
                let error = talk.say(queries);
                let code: i32 = error.split(',').next().and_then(|code| code.parse().ok()).unwrap_or(i32::MAX);
                let code = if matches!(name, "analyser" | "recorder") { -code } else { code };
                let bit = match code {
                    0 => 0,
                    -199..=-100 => 1 << 5,
                    -299..=-200 => 1 << 4,
                    -499..=-300 | -2244 => 1 << 3,
                    _ => return Err(TestCaseError::fail(format!("{name}: {line}: {error}"))),
                };
                prop_assert_eq!(events & 0b11_1000, bit, "{}: {}: {}", name, line, error);
                talk.say("*CLS");
            }
        }
    }

    #[test]
    fn the_second_bench_survives_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let bench = second_bench::bench();
        for name in ["grid", "pv", "battery", "analyser", "recorder", "chamber"] {
            Talk::new(&bench, name).bytes(&bytes);
        }
    }

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
    assert_eq!(grid.say("VOLTA 5;VOLT:AC 999;*OPC;*STB?"), "96\n");
    assert_eq!(grid.say("*ESR?;*STB?"), "49;80\n");
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
    let long = vec![b'A'; 70_000];
    assert_eq!(grid.bytes(&long), b"");
    assert_eq!(grid.bytes(&long), b"");
    assert_eq!(grid.bytes(b"\n*OPC?\n"), b"1\n");
    assert_eq!(grid.say("SYST:ERR?"), "-363,\"Input buffer overrun\"\n");
    assert_eq!(grid.say("SYST:ERR?"), "0,\"No Error\"\n");
}
