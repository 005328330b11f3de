//! A second round of commands from manuals and public drivers, one a line: every one is taken, with a
//! header in both forms also in its short form, a query answers, and where a line ends in `=`, the query
//! of the same header tells what was set.

use super::second_bench::bench as second;
use super::{AUX, Talk, bench_with};

/// Number of a reply with its unit, or of a parameter.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && !matches!(c, '+' | '-' | '.' | 'e' | 'E'))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.trim();
    (unit
        .chars()
        .all(|c| c.is_ascii_alphabetic() || c == '/' || c == '2'))
    .then(|| number.parse().ok())
    .flatten()
}

/// `ON` and `OFF` as numbers.
fn switch(text: &str) -> &str {
    match text {
        "ON" => "1",
        "OFF" => "0",
        other => other,
    }
}

/// Whether a reply tells what was set: the same numbers, or the same word in its short or long
/// form.
fn tells(reply: &str, set: &str) -> bool {
    let clean = |text: &str| text.trim().trim_matches(['"', '\'']).to_ascii_uppercase();
    let (reply, set) = (clean(reply), clean(set));
    let (told, wanted): (Vec<&str>, Vec<&str>) =
        (reply.split(',').collect(), set.split(',').collect());
    let pairs = || told.iter().zip(&wanted);
    let equal = |(told, wanted): (&&str, &&str)| {
        let (told, wanted) = (switch(told.trim()), switch(wanted.trim()));
        match (number(told), number(wanted)) {
            (Some(told), Some(wanted)) => (told - wanted).abs() <= 1e-3 * wanted.abs().max(1.0),
            (_, _) => !told.is_empty() && (told.starts_with(wanted) || wanted.starts_with(told)),
        }
    };
    told.len() == wanted.len() && pairs().all(equal)
}

/// The short form of a header that stands in both: the capitals of its nodes.
fn short(header: &str) -> Option<String> {
    let capitals = |node: &str| node.chars().filter(|c| !c.is_ascii_lowercase()).collect();
    let nodes: Vec<String> = header.split(':').map(capitals).collect();
    let both = nodes.iter().all(|node: &String| node.len() > 1);
    (both && header.contains(|c: char| c.is_ascii_lowercase())).then(|| nodes.join(":"))
}

/// What of a list is not as it should be; `limits` are asked for and set by name as well.
fn round(mut talk: Talk, (error, limits): (&str, bool), end: &str, list: &str) -> Vec<String> {
    let mut say = |line: &str| {
        let reply = talk.bytes(format!("{line}{end}").as_bytes());
        String::from_utf8_lossy(&reply).into_owned()
    };
    say("*CLS");
    let mut lost: Vec<String> = Vec::new();
    let mut taken = |line: &str, lost: &mut Vec<String>| {
        let reply = say(line);
        let answer = say(error);
        // an analyser may have been told to leave the text out
        let good = answer.starts_with("0,") || answer == "0\n";
        if line.contains('?') == reply.is_empty() || !good {
            lost.push(format!("{line}: {reply:?} {answer}"));
        }
        reply
    };
    for line in list.lines() {
        let (line, read_back) = match line.strip_suffix(" =") {
            Some(line) => (line, true),
            None => (line, false),
        };
        let (header, parameter) = match line.split_once(' ') {
            Some((header, parameter)) => (header, format!(" {parameter}")),
            None => (line, String::new()),
        };
        taken(line, &mut lost);
        if let Some(short) = short(header) {
            taken(&format!("{short}{parameter}"), &mut lost);
        }
        if read_back {
            let (set, channels) = match parameter.split_once("(@") {
                Some((set, channels)) => {
                    (set.trim_end_matches([' ', ',']), format!(" (@{channels}"))
                }
                None => (parameter.as_str(), String::new()),
            };
            let reply = taken(&format!("{header}?{channels}"), &mut lost);
            // of every element where the header names none
            if !reply.split(';').all(|one| tells(one, set)) {
                lost.push(format!("{line}: {reply}"));
            }
            // limits of what is set now are no limits of their own
            let level = reply.contains('.') && !header.to_ascii_uppercase().contains(":LIM");
            if limits && level && number(&reply).is_some() {
                for word in ["MIN", "MAX", "DEF"] {
                    let named = match channels.trim() {
                        "" => word.to_owned(),
                        channels => format!("{word},{channels}"),
                    };
                    let limit = taken(&format!("{header}? {named}"), &mut lost);
                    taken(&format!("{header} {named}"), &mut lost);
                    let reply = taken(&format!("{header}?{channels}"), &mut lost);
                    if !tells(&reply, &limit) {
                        lost.push(format!("{header} {word}: {limit} {reply}"));
                    }
                    taken(line, &mut lost);
                }
            }
        }
    }
    lost
}

#[test]
fn what_was_set_is_read_back() {
    let mut lost: Vec<String> = Vec::new();
    let limits = ["grid", "battery", "pv"];
    let bench = bench_with(AUX, 1);
    let lists = [
        (
            "grid",
            "SYST:ERR?",
            "\n",
            include_str!("read_back/chroma_61845.txt"),
        ),
        (
            "battery",
            "SYST:ERR?",
            "\n",
            include_str!("read_back/itech_it6000c.txt"),
        ),
        (
            "pv",
            "SYST:ERR?",
            "\r",
            include_str!("read_back/terrasas.txt"),
        ),
        (
            "analyser",
            ":STAT:ERR?",
            "\n",
            include_str!("read_back/yokogawa_wt3000.txt"),
        ),
        (
            "recorder",
            ":STAT:ERR?",
            "\n",
            include_str!("read_back/yokogawa_dl850.txt"),
        ),
    ];
    for (name, error, end, list) in lists {
        lost.extend(round(
            Talk::new(&bench, name),
            (error, limits.contains(&name)),
            end,
            list,
        ));
    }
    let bench = second();
    let lists = [
        ("grid", include_str!("read_back/ametek_mx.txt")),
        ("pv", include_str!("read_back/chroma_62000h.txt")),
        ("battery", include_str!("read_back/ea_psb.txt")),
    ];
    for (name, list) in lists {
        lost.extend(round(
            Talk::new(&bench, name),
            ("SYST:ERR?", true),
            "\n",
            list,
        ));
    }
    let scope = include_str!("read_back/tektronix_mdo4000.txt");
    lost.extend(round(
        Talk::new(&bench, "recorder"),
        ("ALLEV?", false),
        "\n",
        scope,
    ));
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

#[test]
fn a_reply_tells_what_was_set_or_not() {
    for (reply, set) in [
        ("230.0\n", "230"),
        ("10.00 A\n", "10"),
        ("1\n", "ON"),
        ("VOLTAGE", "volt"),
        ("\"LAB 1\"", "\"LAB 1\""),
        ("1.0,2.0", "1,2"),
    ] {
        assert!(tells(reply, set), "{reply} {set}");
    }
    for (reply, set) in [
        ("230.0", "231"),
        ("0", "ON"),
        ("AC", "DC"),
        ("1.0", "1,2"),
        ("", "5"),
    ] {
        assert!(!tells(reply, set), "{reply} {set}");
    }
}

/// Limits are asked for and set by name, as on the real unit.
#[test]
fn levels_of_the_61845_have_names_for_their_limits() {
    let bench = bench_with(AUX, 1);
    let mut grid = Talk::new(&bench, "grid");
    for (line, reply) in [
        (
            "VOLT:RANG HIGH;:VOLT:LIM:AC 280;:VOLT:AC MAX;:VOLT:AC?",
            "280.0\n",
        ),
        ("VOLT:AC 100;:VOLT:AC? MAX", "280.0\n"),
        ("VOLT:AC? MIN", "0.0\n"),
        ("FREQ? MAX", "100.00\n"),
        ("CURR:LIM MIN;:CURR:LIM? MAX", "200.00\n"),
        ("OUTP:SLEW:FREQ? DEF", "1600.000\n"),
    ] {
        assert_eq!(grid.say(line), reply, "{line}");
    }
    assert_eq!(
        grid.say("VOLT:AC? NONSENSE;:SYST:ERR?"),
        "-224,\"Illegal parameter value\"\n"
    );
}

#[test]
fn the_mx_tells_its_limits_apart_and_acquires_without_a_transient() {
    let bench = second();
    let mut grid = Talk::new(&bench, "grid");
    for (line, reply) in [
        ("LIM:VOLT?", "300.0000\n"),
        ("LIM:CURR?", "66.6700\n"),
        ("LIM:FREQ?;:LIM:FREQ:LOW?", "819.0000;16.0000\n"),
        ("VOLT 100;:VOLT:MODE STEP;:VOLT:TRIG 200;:TRIG:SOUR IMM", ""),
        ("OUTP ON;:INIT:SEQ3;:INIT:NAME ACQ;:VOLT?", "100.0000\n"),
        ("INIT:SEQ1;:VOLT?;:SYST:ERR?", "200.0000;0,\"No error\"\n"),
    ] {
        assert_eq!(grid.say(line), reply, "{line}");
    }
}

/// Levels of a PV simulator are set by name between their limits; what a curve is made of comes in any
/// order, with units or without.
#[test]
fn pv_simulators_take_every_form_of_a_level() {
    let bench = second();
    let mut chroma = Talk::new(&bench, "pv");
    for (line, reply) in [
        ("SOUR:VOLT:LIM:HIGH 500;LOW 100", ""),
        ("SOUR:VOLT? MAX;VOLT? MIN", "5.000000E+02;1.000000E+02\n"),
        ("SOUR:VOLT MAX;VOLT?", "5.000000E+02\n"),
        ("SOUR:VOLT MIN;VOLT?", "1.000000E+02\n"),
        (
            "SOUR:CURR:LIM:HIGH 4 A;:SOUR:CURR MAXIMUM;CURR?",
            "4.000000E+00\n",
        ),
        ("SYST:ERR?", "0,\"No Error\"\n"),
        ("SOUR:VOLT 501;:SYST:ERR?", "-222,\"Data out of range\"\n"),
    ] {
        assert_eq!(chroma.say(line), reply, "{line}");
    }
    let bench = bench_with(AUX, 1);
    let mut terra = Talk::new(&bench, "pv");
    for (line, reply) in [
        ("CURV:FORM 0.64;FORM?;VI 500V,10 A;MPP?", "0.6400;400,8\r"),
        (
            "CURV:ADD \"FF\";:SOUR:CURV \"FF\";EXEC;:SYST:ERR?",
            "0,\"No error\"\r",
        ),
        ("CURV:MPP 420V,9A;FORM?", "0.7560\r"),
        ("CURV:FORM DEF;FORM?", "0.7200\r"),
        ("SOUR:VOLT:PROT 550V,(@1);PROT? (@1)", "5.5000E+02\r"),
        ("SOUR:CURR:PROT 20 A;PROT? (@1)", "2.0000E+01\r"),
        ("SOUR:TEMP 30 CEL;EXEC;TEMP? (@1)", "30.0\r"),
        ("CURV:EN50530:MPP 4KW,360V;MPP?", "4000,360\r"),
        ("SYST:ERR?", "0,\"No error\"\r"),
    ] {
        assert_eq!(
            terra.bytes(format!("{line}\r").as_bytes()),
            reply.as_bytes(),
            "{line}"
        );
    }
}

/// The adjustment limits of the PSB enclose the set value, and so do the words for theirs.
#[test]
fn limits_of_the_psb_have_limits_of_their_own() {
    let bench = second();
    let mut psb = Talk::new(&bench, "battery");
    for (line, reply) in [
        ("SYST:LOCK ON;:VOLT 400;:VOLT:LIM:LOW? MAX", "400.00 V\n"),
        ("VOLT:LIM:HIGH? MIN;HIGH? MAX", "400.00 V;765.00 V\n"),
        (
            "VOLT:LIM:HIGH MIN;LOW MAX;LOW?;HIGH?",
            "400.00 V;400.00 V\n",
        ),
        ("VOLT:LIM:HIGH MAX;LOW MIN;:VOLT MAX;:VOLT?", "765.00 V\n"),
        ("SYST:ERR?", "0,\"No error\"\n"),
        (
            "VOLT:LIM:HIGH 400;:SYST:ERR?",
            "-222,\"Data out of range\"\n",
        ),
    ] {
        assert_eq!(psb.say(line), reply, "{line}");
    }
}
