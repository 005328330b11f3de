//! The instruments of the second bench, as public clients speak to them.

use gridproof_model::load;
use gridproof_plant::signal::MeterPoint;

use super::{AUX, Talk, advance, codes, fixture, profile};
use crate::EmulatedBench;

const ERROR: &str = "SYST:ERR?";

pub(super) fn bench() -> EmulatedBench {
    let bench = load::parse_bench("embedded-b", &fixture("benches/embedded-b.yaml")).expect("good");
    let dut = profile(AUX);
    EmulatedBench::new(&bench, &dut, &dut.behaviour, &codes(), 1).expect("a bench")
}

fn number(text: &str) -> f64 {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || "+-.E".contains(c)))
        .unwrap_or(text.len());
    text[..end].parse().unwrap_or_else(|_| panic!("{text}"))
}

fn fails(talk: &mut Talk, line: &str, code: i32) {
    assert_eq!(talk.say(line), "");
    let error = talk.say(ERROR);
    assert!(error.starts_with(&format!("{code},")), "{line}: {error}");
}

fn energise(grid: &mut Talk) {
    grid.set(
        ERROR,
        &[
            "*CLS",
            "inst:coup none;:inst:nsel 1;:phas 0.0",
            "inst:coup none;:inst:nsel 2;:phas 120.0",
            "inst:coup none;:inst:nsel 3;:phas 240.0",
            "inst:coup none;:inst:nsel 1;:func sin",
            "inst:coup all;:curr 30.00",
            "volt:rang 300",
            "freq 50.00",
            "inst:coup all;:volt:ac 230.0",
            "abort;:outp on",
        ],
    );
}

#[test]
fn the_ametek_follows_the_public_driver() {
    let bench = bench();
    let mut grid = Talk::new(&bench, "grid");
    assert!(grid.say("*IDN?").starts_with("AMETEK,MX30-3Pi,"));
    energise(&mut grid);
    assert_eq!(
        number(&grid.say("inst:coup none;:inst:nsel 2;:phas?")),
        120.0
    );
    assert_eq!(number(&grid.say("inst:nsel 1;:curr? max")), 66.67);
    fails(&mut grid, "volt:rang 150", -221);
    fails(&mut grid, "volt 301", -222);
    advance(&bench, 1.0);
    assert_eq!(grid.say("outp?"), "1\n");
    let truth = bench.reading(MeterPoint::Source);
    assert!((number(&grid.say("meas:volt:ac?")) - truth.volts).abs() < 0.4);
    assert!((truth.volts - 230.0).abs() < 1.0, "{truth:?}");
    assert!((number(&grid.say("meas:FREQ?")) - 50.0).abs() < 0.01);
    let block = grid.bytes(b"MEAS:ARR:VOLT?\n");
    assert_eq!(&block[..7], b"#516384");
    assert_eq!(block.len(), 7 + 16_384 + 1);
    let peak = block[7..7 + 16_384]
        .chunks_exact(4)
        .map(|b| f32::from_be_bytes([b[0], b[1], b[2], b[3]]))
        .fold(0.0, f32::max);
    assert!((peak - 325.3).abs() < 1.0, "{peak}");
    // the phases that are not wired stand at their voltage
    assert_eq!(number(&grid.say("inst:nsel 3;:meas:volt?")), 230.0);
}

#[test]
fn an_ametek_list_ramps_holds_and_aborts() {
    let bench = bench();
    let mut grid = Talk::new(&bench, "grid");
    energise(&mut grid);
    advance(&bench, 0.5);
    grid.set(
        ERROR,
        &[
            "trig:tran:sour imm",
            "list:step auto",
            "abort;:inst:coup none;:list:coun 1;:freq:mode list;:freq:slew:mode list",
            ":inst:nsel 1;:volt:mode list;:volt:slew:mode list;:func:mode list",
            "inst:coup all",
            ":list:dwel 1,1",
            ":list:freq 50,50",
            ":list:freq:slew MAX",
            ":inst:nsel 1;:list:volt 200,210",
            ":list:volt:slew 60,1e9",
            ":list:func SINE,SINE",
            ":list:rep 0,0",
            "trig:sync:sour imm",
            ":init",
        ],
    );
    assert_eq!(grid.say("TRIG:STAT?"), "BUSY\n");
    assert_eq!(grid.say("STAT:OPER:COND?"), "8\n");
    let set = |bench: &EmulatedBench| bench.true_state().grid_set_v;
    advance(&bench, 0.25);
    assert!((set(&bench) - 215.0).abs() < 0.5, "{}", set(&bench));
    advance(&bench, 0.5);
    assert!((set(&bench) - 200.0).abs() < 1e-6);
    advance(&bench, 2.0);
    assert!((set(&bench) - 210.0).abs() < 1e-6, "the last level holds");
    assert_eq!(grid.say("TRIG:STAT?"), "IDLE\n");
    grid.set(ERROR, &["abort"]);
    advance(&bench, 0.1);
    assert!((set(&bench) - 230.0).abs() < 1e-6, "{}", set(&bench));
    grid.set(ERROR, &["list:volt 1,2,3"]);
    fails(&mut grid, "init", -226);
    // a pulse from the bus
    grid.set(
        ERROR,
        &[
            "volt:mode puls;:freq:mode fix;:volt:trig 180;:puls:widt 0.2;per 1;:trig:sour bus",
            "init",
        ],
    );
    assert_eq!(grid.say("*OPC?;*STB?"), "1;16\n", "armed, not running");
    grid.set(ERROR, &["*TRG"]);
    advance(&bench, 0.1);
    assert!((set(&bench) - 180.0).abs() < 1e-6);
    assert_eq!(grid.say("*OPC?"), "", "waits for the end");
    advance(&bench, 0.2);
    assert!((set(&bench) - 230.0).abs() < 1e-6);
    fails(&mut Talk::new(&bench, "grid"), "*TRG", -211);
}

#[test]
fn an_over_current_opens_the_ametek_until_cleared() {
    let bench = bench();
    let mut grid = Talk::new(&bench, "grid");
    let mut load = Talk::new(&bench, "island-load");
    energise(&mut grid);
    load.say("PHASE1:RLOAD 3000;RLOADE ON;:FUNC:SLOAD ON");
    advance(&bench, 1.0);
    assert!(bench.true_state().grid_output);
    grid.set(ERROR, &["STAT:QUES:ENAB 2;*SRE 8", "curr 5"]);
    advance(&bench, 1.0);
    assert!(!bench.true_state().grid_output);
    assert_eq!(grid.say("OUTP?;STAT:QUES?;QUES?"), "0;2;0\n");
    fails(&mut grid, "outp on", -240);
    grid.set(ERROR, &["curr 30", "outp:prot:cle", "outp on"]);
    advance(&bench, 1.0);
    assert!(bench.true_state().grid_output);
}

#[test]
fn the_62000h_latches_its_curve_with_a_trigger() {
    let bench = bench();
    let mut pv = Talk::new(&bench, "pv");
    assert!(pv.say("*IDN?\r").starts_with("CHROMA,62150H-1000S,"));
    pv.set(
        ERROR,
        &[
            "CONF:REM ON",
            "OUTPut:MODE SAS",
            "SAS:VOC 450.0\r",
            "SAS:ISC 10\r",
            "SAS:VMP 360\r",
            "SAS:IMP 9\r",
            "SOUR:VOLT:LIMIT:HIGH 500.0",
            "CONF:OUTP ON",
        ],
    );
    assert_eq!(pv.say("SAS:VOC?"), "4.500000E+02\n");
    assert_eq!(
        pv.say("OUTP:MODE?;:SAS:MODEL?;:CONF:OUTP?"),
        "SAS;DEFAULT;ON\n"
    );
    advance(&bench, 1.0);
    assert!((number(&pv.say("FETC:VOLT?")) - 450.0).abs() < 3.0);
    assert_eq!(pv.say("FETC:STAT?"), "0,ON,CV\n");
    pv.set(ERROR, &["SAS:VOC 400;VMP 320"]);
    advance(&bench, 1.0);
    assert!(
        (bench.reading(MeterPoint::Pv).volts - 450.0).abs() < 3.0,
        "not before TRIG"
    );
    pv.set(ERROR, &["TRIG"]);
    advance(&bench, 1.0);
    assert!((bench.reading(MeterPoint::Pv).volts - 400.0).abs() < 3.0);
    pv.set(ERROR, &["SAS:VMP 401"]);
    fails(&mut pv, "TRIG", -221);
    advance(&bench, 1.0);
    assert!(
        (bench.reading(MeterPoint::Pv).volts - 400.0).abs() < 3.0,
        "the old curve stays"
    );
    // EN 50530 at half the irradiance, and the plain supply
    pv.set(
        ERROR,
        &["SAS:PMP 3000;VMP 300;TECH CSI;IRR 500;:OUTP:MODE EN50530"],
    );
    advance(&bench, 1.0);
    assert!((bench.reading(MeterPoint::Pv).volts - 375.0 * 0.994).abs() < 3.0);
    pv.set(ERROR, &["SOUR:VOLT 200;CURR 5;:OUTP:MODE CVCC"]);
    advance(&bench, 1.0);
    assert!((number(&pv.say("FETC:VOLT?")) - 200.0).abs() < 3.0);
    pv.set(ERROR, &["CONF:OUTP OFF"]);
    advance(&bench, 0.1);
    assert!(!bench.true_state().pv_on);
}

#[test]
fn the_psb_wants_its_lock_and_answers_with_units() {
    let bench = bench();
    let mut battery = Talk::new(&bench, "battery");
    fails(&mut battery, "VOLT 350", -221);
    battery.set(
        ERROR,
        &[
            "SYST:LOCK ON",
            "SYSTem:ALARm:COUNt:OVOLtage:CLEar",
            "VOLT 350.000",
            "CURR 30",
            "SINK:CURR 30",
        ],
    );
    assert_eq!(battery.say("SYST:LOCK:OWN?"), "REMOTE\n");
    assert_eq!(battery.say("VOLT?;SOUR:CURR?"), "350.00 V;30.00 A\n");
    assert_eq!(battery.say("SYST:NOM:VOLT?"), "750.00 V\n");
    assert_eq!(battery.say("SYST:CONF:MODE?"), "UIP\n");
    fails(&mut battery, "SINK:RES 5", -221);
    battery.set(ERROR, &["FUNC:PHOT:STAN:MPPV 300"]);
    assert_eq!(battery.say("FUNC:PHOT:MPP:VOLT?"), "300.00 V\n");
    battery.set(ERROR, &["OUTP ON"]);
    advance(&bench, 0.5);
    assert!(bench.true_state().battery_on);
    assert_eq!(battery.say("OUTP?"), "ON\n");
    let array = battery.say("MEAS:ARR?");
    let parts: Vec<f64> = array.split(", ").map(number).collect();
    let truth = bench.reading(MeterPoint::Battery);
    assert!((parts[0] - truth.volts).abs() < 0.8, "{array}");
    assert!((parts[1] - truth.amps).abs() < 0.13, "{array}");
    battery.set(ERROR, &["VOLT:PROT 300"]);
    advance(&bench, 0.5);
    assert!(!bench.true_state().battery_on);
    assert_eq!(battery.say("STAT:QUES:COND?"), "513\n");
    assert_eq!(battery.say("SYST:ALARM:COUNT:OVOLTAGE?"), "1\n");
    fails(&mut battery, "OUTP ON", -240);
    battery.set(ERROR, &["VOLT:PROT 700", "SYST:ALAR:CLE", "OUTP ON"]);
}

#[test]
fn the_scope_downloads_what_is_there() {
    let bench = bench();
    energise(&mut Talk::new(&bench, "grid"));
    advance(&bench, 0.5);
    let mut scope = Talk::new(&bench, "recorder");
    assert_eq!(
        scope.say("ACQuire:STOPAfter?"),
        ":ACQUIRE:STOPAFTER RUNST\n"
    );
    for line in [
        "HEADer OFF",
        "SELect:CH1 ON",
        "CH1:SCAle 100.0",
        "CH1:POSition 0",
        "HORizontal:RECOrdlength 10000",
        "HORizontal:SCAle 0.01",
        "TRIGger:A:EDGE:SOUrce CH1",
        "TRIGger:A:LEVel 0",
        "TRIGger:A:EDGE:SLOpe RISe",
        "TRIGger:A:MODe NORMal",
        "ACQuire:STOPAfter SEQuence",
        "ACQuire:STATE RUN",
    ] {
        assert_eq!(scope.say(line), "");
    }
    assert_eq!(
        scope.say("*ESR?;:EVMsg?"),
        "128;0,\"No events to report - queue empty\"\n"
    );
    assert_eq!(scope.say("BUSY?"), "1\n");
    advance(&bench, 0.3);
    assert_eq!(
        scope.say("ACQuire:STATE?;:TRIGger:STATE?;*OPC?"),
        "0;SAVE;1\n"
    );
    scope.say("DATa:SOUrce CH1;ENCdg RIBinary;WIDth 2;STARt 1;STOP 10000");
    let value = |scope: &mut Talk, line: &str| number(&scope.say(line));
    assert_eq!(value(&mut scope, "WFMOutpre:NR_Pt?"), 10_000.0);
    assert!((value(&mut scope, "WFMOutpre:XINcr?") - 1e-5).abs() < 1e-12);
    let scale = value(&mut scope, "WFMOutpre:YMUlt?");
    let zero = value(&mut scope, "WFMOutpre:XZEro?");
    let bytes = scope.bytes(b"CURVe?\n");
    assert_eq!(&bytes[..7], b"#520000");
    let volts: Vec<f64> = bytes[7..20_007]
        .chunks_exact(2)
        .map(|b| f64::from(i16::from_be_bytes([b[0], b[1]])) * scale)
        .collect();
    let rms = (volts.iter().map(|v| v * v).sum::<f64>() / 1e4).sqrt();
    assert!((rms - bench.true_state().pcc_v).abs() < 6.0, "{rms}");
    // the trigger is a rising zero crossing at t = 0
    let at = (-zero / 1e-5).round() as usize;
    assert!(
        volts[at - 50] < -30.0 && volts[at + 50] > 30.0,
        "{} {}",
        volts[at - 50],
        volts[at + 50]
    );
    scope.say("MEASUrement:IMMed:TYPe FREQuency;SOUrce1 CH1");
    assert!((value(&mut scope, "MEASUrement:IMMed:VALue?") - 50.0).abs() < 0.2);
    scope.say("WIDTH:NONSENSE");
    assert_eq!(scope.say("EVMsg?"), "113,\"Undefined header\"\n");
}

#[test]
fn the_weiss_chamber_moves_the_air() {
    let bench = bench();
    let mut chamber = Talk::new(&bench, "chamber");
    let mut ask = |fields: &[&str]| {
        let line = fields.join("\u{b6}");
        let mut bytes: Vec<u8> = line.chars().map(|c| c as u8).collect();
        bytes.push(b'\r');
        let reply = chamber.bytes(&bytes);
        reply.iter().map(|&b| char::from(b)).collect::<String>()
    };
    assert_eq!(ask(&["99997", "1", "1"]), "1\u{b6}LabEvent T/210/70/5\r\n");
    assert_eq!(ask(&["10012", "1", "1"]), "1\u{b6}1\r\n");
    assert_eq!(ask(&["11001", "1", "1", "40.0"]), "1\r\n");
    assert_eq!(ask(&["11002", "1", "1"]), "1\u{b6}40.0\r\n");
    assert_eq!(ask(&["11004", "1", "1"]), "1\u{b6}25.00\r\n");
    assert_eq!(ask(&["14001", "1", "1", "1"]), "1\r\n");
    assert_eq!(ask(&["10012", "1", "1"]), "1\u{b6}3\r\n");
    assert_eq!(ask(&["11001", "1", "1", "400"]), "-6\r\n");
    assert_eq!(ask(&["12345", "1"]), "-5\r\n");
    advance(&bench, 120.0);
    let state = bench.true_state().ambient_c;
    assert!((state - 31.0).abs() < 0.2, "3 K/min: {state}");
    assert_eq!(ask(&["11004", "1", "1"]), format!("1\u{b6}{state:.2}\r\n"));
    // 0.5 K/min down, as public clients warm and cool their boxes
    assert_eq!(ask(&["11072", "1", "1", "0.5"]), "1\r\n");
    assert_eq!(ask(&["11070", "1", "1"]), "1\u{b6}0.5\r\n");
    assert_eq!(ask(&["11066", "1", "1"]), "1\u{b6}0.0\r\n");
    assert_eq!(ask(&["11068", "1", "1", "-1"]), "-6\r\n");
    assert_eq!(ask(&["11001", "1", "1", "0"]), "1\r\n");
    advance(&bench, 240.0);
    let slow = bench.true_state().ambient_c;
    assert!((state - slow - 2.0).abs() < 0.02, "0.5 K/min: {slow}");
    // up is not limited
    assert_eq!(ask(&["11001", "1", "1", "100"]), "1\r\n");
    advance(&bench, 60.0);
    let fast = bench.true_state().ambient_c;
    assert!((fast - slow - 3.0).abs() < 0.1, "3 K/min: {fast}");
    for (command, reply) in [
        ("17002", "1\u{b6}0\r\n"),
        ("19204", "1\u{b6}0\r\n"),
        ("19210", "1\u{b6}0\r\n"),
        ("19015", "1\r\n"),
        ("17012", "1\r\n"),
        ("19031", "-8\r\n"),
        ("12002", "-6\r\n"),
    ] {
        assert_eq!(ask(&[command, "1"]), reply, "{command}");
    }
    assert_eq!(ask(&["11017", "1", "1"]), "1\u{b6}180.0\r\n");
}

/// The driver of hvl_ccb asks several things at once, each from the root and without a colon.
#[test]
fn the_psb_takes_every_part_of_a_message_from_the_root() {
    let bench = bench();
    let mut psb = Talk::new(&bench, "battery");
    psb.set(ERROR, &["SYSTem:LOCK ON"]);
    psb.set(
        ERROR,
        &["SOURce:VOLTage 400.000000;SOURce:CURRent 10.000000"],
    );
    for (line, reply) in [
        ("SOURce:VOLTage?;SOURce:CURRent?", "400.00 V;10.00 A\n"),
        (
            "MEASure:VOLTage?;MEASure:CURRent?;SOURce:CURRent?",
            "0.00 V;0.00 A;10.00 A\n",
        ),
        (
            "SOURce:VOLTage:LIMit:LOW?;SOURce:CURRent:LIMit:LOW?",
            "0.00 V;0.00 A\n",
        ),
        // on from the path as well, which goes first
        (
            "SOURce:VOLTage?;CURRent?;:SOURce:CURRent?",
            "400.00 V;10.00 A;10.00 A\n",
        ),
        (
            "SYSTem:LOCK:OWNer?;OUTPut?;SYSTem:ERRor?",
            "REMOTE;OFF;0,\"No error\"\n",
        ),
    ] {
        assert_eq!(psb.say(line), reply, "{line}");
    }
    fails(&mut psb, "SOURce:VOLTage 1;NONSENSE:CURRent 2", -113);
    // others hold to the path
    let mut grid = Talk::new(&bench, "grid");
    grid.set(ERROR, &["FREQ 50"]);
    assert_eq!(
        grid.say("SOURce:FREQuency?;SOURce:FREQuency?")
            .matches(';')
            .count(),
        0
    );
    assert!(grid.say(ERROR).starts_with("-113,"));
}

#[test]
fn the_wt5000_reads_what_is_there() {
    let bench = bench();
    energise(&mut Talk::new(&bench, "grid"));
    let mut meter = Talk::new(&bench, "analyser");
    meter.say(":COMM:HEAD OFF;:RATE 200MS;:INP:SYNC:ELEM1 U1;:INP:FILT:LINE:ELEM2 1.0KHZ");
    assert_eq!(meter.say(":INP:SYNC:ELEM1?;:INP:CFAC?"), "U1;3\n");
    meter.say(
        ":NUM:FORM ASC;:NUM:NORM:NUMB 4;ITEM1 URMS,2;ITEM2 FU,2;ITEM3 UAC,2,TOTal;ITEM4 U,2,3",
    );
    advance(&bench, 1.0);
    let values = meter.say(":NUM:NORM:VAL?");
    let volts: Vec<&str> = values.trim().split(',').collect();
    assert!(
        (number(volts[0]) - bench.reading(MeterPoint::Source).volts).abs() < 0.1,
        "{values}"
    );
    assert!(
        (number(volts[1]) - 50.0).abs() < 0.05 && number(volts[3]) < 0.01,
        "{values}"
    );
    assert_eq!(meter.say(":STAT:ERR?"), "0,\"No error\"\n");
}
