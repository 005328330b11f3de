//! Measurements, encodings and set-ups of the MDO4000.

use super::second_bench::bench as second;
use super::{Talk, advance};
use crate::EmulatedBench;
use crate::scpi::framing::Scanner;

const ERROR: &str = "ALLEV?";

/// A record of 100 ms of the mains on all channels.
fn recorded() -> (EmulatedBench, Talk) {
    let bench = second();
    Talk::new(&bench, "grid").set("SYST:ERR?", &["VOLT 230", "FREQ 50", "OUTP ON"]);
    advance(&bench, 1.0);
    let mut scope = Talk::new(&bench, "recorder");
    scope.say("HEADER OFF");
    for line in [
        "CH1:SCALE 100",
        "CH4:SCALE 100",
        "HOR:SCALE 0.01",
        "HOR:RECO 10000",
    ] {
        scope.say(line);
    }
    scope.say("ACQ:STOPA SEQ;STATE RUN");
    advance(&bench, 0.5);
    assert!(scope.say(ERROR).starts_with("0,"));
    (bench, scope)
}

fn number(reply: &str) -> f64 {
    reply.trim().parse().expect("a number")
}

#[test]
fn every_type_of_measurement_has_its_value_and_unit() {
    let (_bench, mut scope) = recorded();
    let peak = 230.0 * 2f64.sqrt();
    let edge = 0.02 * 2.0 * 0.8f64.asin() / std::f64::consts::TAU;
    let types = [
        ("FREQUENCY", 50.0, 0.05, "Hz"),
        ("PERIOD", 0.02, 1e-4, "s"),
        ("PK2PK", 2.0 * peak, 20.0, "V"),
        ("AMPLITUDE", 2.0 * peak, 20.0, "V"),
        ("HIGH", peak, 12.0, "V"),
        ("LOW", -peak, 12.0, "V"),
        ("RMS", 230.0, 8.0, "V"),
        ("CRMS", 230.0, 8.0, "V"),
        ("STDDEV", 230.0, 8.0, "V"),
        ("MEAN", 0.0, 8.0, "V"),
        ("RISE", edge, 2e-4, "s"),
        ("FALL", edge, 2e-4, "s"),
        ("PWIDTH", 0.01, 2e-4, "s"),
        ("NWIDTH", 0.01, 2e-4, "s"),
        ("PDUTY", 50.0, 1.0, "%"),
        ("NDUTY", 50.0, 1.0, "%"),
        ("POVERSHOOT", 0.0, 3.0, "%"),
    ];
    for (kind, expected, allowed, unit) in types {
        scope.say(&format!("MEASU:IMM:TYP {kind};SOU CH1"));
        scope.say(&format!("MEASU:MEAS7:TYP {kind};SOU1 CH1;STATE ON"));
        for query in ["MEASU:IMM:VAL?", "MEASU:MEAS7:VAL?"] {
            let value = number(&scope.say(query));
            assert!((value - expected).abs() <= allowed, "{kind}: {value}");
        }
        assert_eq!(scope.say("MEASU:IMM:UNI?"), format!("\"{unit}\"\n"));
        assert_eq!(scope.say("MEASU:MEAS7:UNI?"), format!("\"{unit}\"\n"));
    }
    // the source and the terminals swing together but for the drop on the line
    for (kind, allowed) in [("PHASE", 1.0), ("DELAY", 1e-4)] {
        scope.say(&format!("MEASU:IMM:TYP {kind};SOU CH1;SOU2 CH4"));
        let value = number(&scope.say("MEASU:IMM:VAL?"));
        assert!(value.abs() < allowed, "{kind}: {value}");
    }
    assert_eq!(scope.say("MEASU:MEAS9:TYP?"), "");
    assert!(scope.say(ERROR).starts_with("0,") || !scope.say("*ESR?").is_empty());
}

#[test]
fn the_curve_is_the_same_in_every_encoding() {
    let (_bench, mut scope) = recorded();
    scope.say("DAT:SOU CH1;START 100;STOP 4099");
    let volts = |scope: &mut Talk| -> Vec<f64> {
        let of = |scope: &mut Talk, field: &str| number(&scope.say(&format!("WFMO:{field}?")));
        let (mult, off, zero) = (of(scope, "YMU"), of(scope, "YOF"), of(scope, "YZE"));
        let ascii = scope.say("WFMO:ENC?").starts_with("ASC");
        let (unsigned, swapped) = (
            scope.say("WFMO:BN_F?") == "RP\n",
            scope.say("WFMO:BYT_O?") == "LSB\n",
        );
        let width = of(scope, "BYT_N") as usize;
        let bytes = scope.bytes(b"CURVE?\n");
        let raw: Vec<f64> = if ascii {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            text.trim().split(',').map(number).collect()
        } else {
            let digits = usize::from(bytes[1] - b'0');
            let data = &bytes[2 + digits..bytes.len() - 1];
            assert_eq!(data.len(), 4000 * width);
            let word = |chunk: &[u8]| {
                let mut value = 0u32;
                for k in 0..width {
                    let byte = if swapped {
                        chunk[width - 1 - k]
                    } else {
                        chunk[k]
                    };
                    value = value << 8 | u32::from(byte);
                }
                let top = 1u32 << (8 * width - 1);
                let value = f64::from(value);
                if !unsigned && value >= f64::from(top) {
                    value - 2.0 * f64::from(top)
                } else {
                    value
                }
            };
            data.chunks(width).map(word).collect()
        };
        raw.iter().map(|raw| (raw - off) * mult + zero).collect()
    };
    let mut all: Vec<Vec<f64>> = Vec::new();
    for width in 1..=2 {
        for encoding in ["RIB", "RPB", "SRI", "SRP", "ASCI"] {
            scope.say(&format!("DAT:ENC {encoding};WID {width}"));
            all.push(volts(&mut scope));
        }
        // the same by the properties of the preamble
        scope.say("WFMO:ENC BIN;BN_F RP;BYT_O LSB");
        assert_eq!(scope.say("DAT:ENC?").trim(), "SRP");
        all.push(volts(&mut scope));
    }
    for other in &all[1..] {
        assert_eq!(other.len(), all[0].len());
        for (a, b) in all[0].iter().zip(other) {
            assert!((a - b).abs() <= 100.0 / 25.0, "{a} {b}");
        }
    }
    assert!(all[0].iter().copied().fold(0.0, f64::max) > 300.0);
}

#[test]
fn a_set_up_that_was_learnt_can_be_sent_back() {
    let (_bench, mut scope) = recorded();
    scope.say("CH2:SCALE 5;POSITION 1.5");
    scope.say("MEASU:MEAS3:TYP RMS");
    scope.say("SAVE:SETUP 4");
    let learnt = scope.say("*LRN?");
    assert_eq!(learnt, scope.say("SET?"));
    scope.say("CH2:SCALE 2;POSITION 0;:HOR:SCALE 1");
    scope.say("MEASU:MEAS3:TYP MEAN");
    scope.say("*CLS");
    assert_eq!(scope.say(learnt.trim()), "");
    assert!(
        scope.say(ERROR).starts_with("0,"),
        "what was learnt is taken"
    );
    assert_eq!(scope.say("*LRN?"), learnt);
    scope.say("CH2:SCALE 2");
    scope.say("RECALL:SETUP 4");
    assert_eq!(number(&scope.say("CH2:SCALE?")), 5.0);
    assert_eq!(scope.say("MEASU:MEAS3:TYP?"), "RMS\n");
    scope.say("RECALL:SETUP FACTORY");
    assert!(number(&scope.say("HOR:SCALE?")) != 0.01);
}

/// A mains of 200 V with 20 V of direct voltage.
#[test]
fn the_coupling_of_an_input_decides_what_is_recorded() {
    let bench = second();
    let mains = [
        "MODE ACDC",
        "VOLT 200",
        "VOLT:OFFS 20",
        "FREQ 50",
        "OUTP ON",
    ];
    Talk::new(&bench, "grid").set("SYST:ERR?", &mains);
    advance(&bench, 1.0);
    let mut scope = Talk::new(&bench, "recorder");
    scope.say("HEADER OFF;:CH1:SCALE 100;:HOR:SCALE 0.01;RECO 10000");
    assert_eq!(scope.say("MEASU:SNAPS:MEAN?"), "9.910000E+37\n", "none yet");
    let both = 200f64.hypot(20.0);
    for (coupling, mean, rms) in [("DC", 20.0, both), ("AC", 0.0, 200.0), ("GND", 0.0, 0.0)] {
        scope.say(&format!("CH1:COUPLING {coupling}"));
        scope.say("ACQ:STOPA SEQ;STATE RUN");
        advance(&bench, 0.5);
        scope.say("SELECT:CONTROL CH1;:MEASUREMENT:SNAPSHOT");
        let read = ["MEAN", "RMS"].map(|of| number(&scope.say(&format!("MEASU:SNAPS:{of}?"))));
        assert!((read[0] - mean).abs() < 3.0, "{coupling}: mean {}", read[0]);
        assert!((read[1] - rms).abs() < 6.0, "{coupling}: RMS {}", read[1]);
        assert!(scope.say(ERROR).starts_with("0,"));
    }
}

#[test]
fn words_stand_for_numbers_and_nodes_for_what_is_below() {
    let (_bench, mut scope) = recorded();
    for (line, reply) in [
        ("CH2:BANDWIDTH TWENTY;BANDWIDTH?", "2.0000E+07\n"),
        ("CH2:TERMINATION FIFTY;TERMINATION?", "5.0000E+01\n"),
        ("TRIG:A:LEV:CH1 TTL;:TRIG:A:LEV?", "1.4000E+00\n"),
        ("TRIG:B:LEV:CH2 ECL;:TRIG:B:LEV:CH2?", "-1.3000E+00\n"),
        ("CURS:HBA:POSITION1 -5;POSITION2 7.5;DELT?", "1.2500E+01\n"),
        ("CURS:VBA:DELT?", "0.0000E+00\n"),
        ("CONFIGURATION:ANALOG:NUMCHANNELS?", "4\n"),
        ("MATHVAR:VAR2 3;:MATHVAR?", "0.0000E+00;3.0000E+00\n"),
    ] {
        assert_eq!(scope.say(line), reply, "{line}");
    }
    scope.say("HEADER ON");
    assert!(
        scope
            .say("CH1?")
            .starts_with(":CH1:SCALE 1.0000E+02;POSITION ")
    );
    scope.say("CH1:SCALE TTL;:MATHVAR:VAR3 1;:SAVE:IMAGE 'E:/screen.png'");
    scope.say("CONFIGURATIONS 1");
    assert_eq!(
        scope.say(ERROR),
        ":ALLEV 104,\"Data type error\",114,\"Header suffix out of range\",252,\"Missing media\",113,\"Undefined header\"\n"
    );
}

#[test]
fn the_screen_is_sent_with_its_traces() {
    let (bench, mut scope) = recorded();
    scope.say("CH1:POSITION 1;:ACQ:STATE RUN");
    advance(&bench, 0.5);
    scope.say("SELECT:CH2 OFF;CH3 OFF;CH4 OFF");
    let mut image = Vec::new();
    for (format, begin) in [("PNG", "\u{89}PNG"), ("BMP", "BM"), ("TIFF", "II*")] {
        scope.say(&format!("SAVE:IMAGE:FILEFORMAT {format}"));
        image = scope.bytes(b"HARDCOPY START\n");
        let begin: Vec<u8> = begin.chars().map(|c| c as u8).collect();
        assert_eq!(image[..begin.len()], begin, "{format}");
        // as a client with messages sees it: one response, whose end is its last byte
        let mut scanner = Scanner::of_responses();
        let half = image.len() / 2;
        assert_eq!(scanner.scan(&image[..half]), None, "{format}");
        assert_eq!(scanner.scan(&image[half..]), Some(image.len() - half - 1));
        assert!(scope.say(ERROR).starts_with("0,"));
    }
    // of the TIFF the rows that show a colour, from its only strip on
    let pixels = &image[152..152 + 3 * 1024 * 768];
    let rows = |colour: [u8; 3]| -> Vec<usize> {
        let shows = |row: &[u8]| row.chunks(3).any(|pixel| pixel == colour);
        let rows = pixels.chunks(3 * 1024).enumerate();
        rows.filter(|(_, row)| shows(row)).map(|(y, _)| y).collect()
    };
    let trace = rows([255, 215, 0]);
    // 325 V are 3.25 divisions of 64 pixels, about one above the middle
    let reach = 64.0 * 2.3 * 2f64.sqrt();
    let ends = [trace[0], trace[trace.len() - 1]].map(|y| y as f64 - (64.0 + 320.0 - 64.0));
    assert!(
        (ends[0] + reach).abs() < 8.0 && (ends[1] - reach).abs() < 8.0,
        "{ends:?}"
    );
    assert!(rows([0, 180, 60]).is_empty(), "channel 4 is off");
    scope.say("SELECT:CH4 ON");
    image = scope.bytes(b"HARDCOPY START\n");
    assert!(image[152..].chunks(3).any(|pixel| pixel == [0, 180, 60]));
}

#[test]
fn buttons_do_what_their_commands_do() {
    let (_bench, mut scope) = recorded();
    assert_eq!(scope.say("ACQ:STATE?"), "0\n");
    scope.say("FPANEL:PRESS RUNSTOP");
    assert_eq!(scope.say("ACQ:STATE?"), "1\n");
    scope.say("HOR:SCALE 0.02;:FPANEL:PRESS AUTOSET");
    assert_eq!(number(&scope.say("HOR:SCALE?")), 0.01);
    scope.say("FPANEL:PRESS MENUOFF;PRESS DEFAULTSETUP");
    assert_eq!(number(&scope.say("HOR:SCALE?")), 4e-6);
    assert!(scope.say(ERROR).starts_with("0,"));
    scope.say("FPANEL:PRESS NOTHING");
    assert!(scope.say(ERROR).starts_with("224,"));
}

#[test]
fn a_trigger_command_stands_for_what_was_defined() {
    let bench = second();
    let mut scope = Talk::new(&bench, "recorder");
    scope.say("HEADER OFF");
    for (line, reply) in [
        ("*DDT?", "#10\n"),
        ("*DDT \"CH1:SCALE 20;POSITION -1\";*OPC?", "1\n"),
        (
            "CH1:SCALE 50;POSITION 0;*TRG;SCALE?;:CH1:POSITION?",
            "2.0000E+01;-1.0000E+00\n",
        ),
        ("*DDT?", "#224CH1:SCALE 20;POSITION -1\n"),
        (
            "*DDT #220:MESSAGE:SHOW \"a; b\";*TRG;:MESSAGE:SHOW?",
            "\"a; b\"\n",
        ),
        // not by itself, not longer than 80 characters, and gone with an empty one
        ("*DDT \"*TRG\";*TRG;EVENT?", "276\n"),
        ("*DDT \"\";*TRG;EVENT?;*DDT?", "0;#10\n"),
        ("*PUD?", "#10\n"),
        ("*PUD \"bay 4\";*RST;:HEADER OFF;*PUD?", "#15bay 4\n"),
        ("*PUD #13ABC;*PUD?;EVENT?", "#13ABC;0\n"),
        ("*PUD", ""),
        ("EVENT?", "109\n"),
        ("TRIG:A:LOGI:INP:CLOC:SOU NONE;SOU?", "NONE\n"),
        (
            "SEARCH:SEARCH1:TRIG:A:LOGI:INP:CLOC:SOU REF;SOU?;SOU NONE;SOU?",
            "REF1;NON\n",
        ),
    ] {
        assert_eq!(scope.say(line), reply, "{line}");
    }
    for (command, longest) in [("*DDT", 80), ("*PUD", 100)] {
        scope.say(&format!("{command} \"{}\"", " ".repeat(longest)));
        assert_eq!(scope.say("EVENT?"), "0\n");
        scope.say(&format!("{command} \"{}\"", " ".repeat(longest + 1)));
        assert_eq!(scope.say("EVENT?"), "222\n");
    }
}

#[test]
fn an_alias_stands_for_its_sequence() {
    let bench = second();
    let mut scope = Talk::new(&bench, "recorder");
    scope.say("HEADER OFF");
    for (line, reply) in [
        ("ALIAS:CATALOG?", "\"\"\n"),
        (
            "alias:define \"ZOOM\",\":CH1:SCALE 20;POSITION -1;:CH1:SCALE?;POSITION?\"",
            "",
        ),
        ("ALI:DEF \"Name_2\",#217:MESSAGE:SHOW \"a\"", ""),
        ("ALIAS:CATALOG?", "\"ZOOM\",\"Name_2\"\n"),
        (
            "ALIAS:DEFINE? \"zoom\"",
            "\"ZOOM\",#247:CH1:SCALE 20;POSITION -1;:CH1:SCALE?;POSITION?\n",
        ),
        // off: a wrong header
        ("ZOOM", ""),
        ("EVENT?", "102\n"),
        ("ALIAS:STATE ON", ""),
        ("HEADER OFF;zoom;*OPC?", "2.0000E+01;-1.0000E+00;1\n"),
        ("NAME_2;:MESSAGE:SHOW?", "\"a\"\n"),
        ("ALIAS?", "1\n"),
        // a label once, of its own, and short
        ("ALIAS:DEFINE \"ZOOM\",\"*CLS\"", ""),
        ("EVENT?", "277\n"),
        ("ALIAS:DEFINE \"2ND\",\"*CLS\"", ""),
        ("EVENT?", "273\n"),
        ("ALIAS:DEFINE \"LONGERTHANTWELVE\",\"*CLS\"", ""),
        ("EVENT?", "273\n"),
        // commands only, so that no alias runs for ever
        ("ALIAS:DEFINE \"LOOP\",\"LOOP;*OPC?\"", ""),
        ("LOOP", "1\n"),
        ("EVENT?", "276\n"),
        (
            "ALIAS:DELETE:NAME \"ZOOM\";:ALIAS:CATALOG?",
            "\"Name_2\",\"LOOP\"\n",
        ),
        ("ALIAS:DEFINE? \"ZOOM\"", ""),
        ("EVENT?", "278\n"),
        ("ALIAS:DELETE:ALL;:ALIAS:CATALOG?", "\"\"\n"),
        ("EVENT?", "0\n"),
    ] {
        assert_eq!(scope.say(line), reply, "{line}");
    }
    let long = "x".repeat(257);
    scope.say(&format!("ALIAS:DEFINE \"LONG\",\"{long}\""));
    assert_eq!(scope.say("EVENT?"), "275\n");
}

#[test]
fn the_number_of_a_diagnostic_test_is_kept() {
    let bench = second();
    let mut scope = Talk::new(&bench, "recorder");
    for (line, reply) in [
        (
            "DIAG:INDIVIDUAL:TESTNUMBER?",
            ":DIAG:INDIVIDUAL:TESTNUMBER 1\n",
        ),
        ("DIA:INDI:TEST 7;:HEADER OFF;:DIAG:INDI:TEST?", "7\n"),
        // the maker's package sends it without a number
        ("DIAG:INDIVIDUAL:TESTNUMBER;TESTNUMBER?", "7\n"),
    ] {
        assert_eq!(scope.say(line), reply, "{line}");
    }
    assert!(scope.say(ERROR).starts_with("0,"));
}

/// Between its short and its long form a header or a word may end anywhere; public drivers do so.
#[test]
fn headers_and_words_are_abbreviated() {
    let bench = second();
    let mut scope = Talk::new(&bench, "recorder");
    scope.say("HEADER OFF");
    for (line, reply) in [
        ("CH1:COUPL AC;COUPLI?", "AC\n"),
        ("HORI:RECOR 10000;:HOR:RECORDL?", "10000\n"),
        ("DAT:ENCD RIBIN;ENC?", "RIB\n"),
        ("ACQUI:STOPAF SEQU;STOPA?", "SEQ\n"),
        ("TRIGG:A:EDGE:SOUR CH2;SOU?", "CH2\n"),
        (
            "TRIGG FORCE;:ALLE?",
            "0,\"No events to report - queue empty\"\n",
        ),
        // not less than the short form, nor anything else
        ("CH1:COU?", ""),
        ("EVENT?", "113\n"),
        ("HORIZ:RECOX?", ""),
        ("EVENT?", "113\n"),
        ("CH1:COUPL D", ""),
        ("EVENT?", "224\n"),
        ("CH1:COUP?", "AC\n"),
    ] {
        assert_eq!(scope.say(line), reply, "{line}");
    }
    // the other makers take the two forms only
    let mut grid = Talk::new(&bench, "grid");
    assert_eq!(
        grid.say("VOLTA 100;:SYST:ERR?"),
        "-113,\"Undefined header\"\n"
    );
}
