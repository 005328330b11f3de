//! Faults inside the instruments of the second bench, and the PSB's two protocols.

use gridproof_model::load::parse_fault;
use gridproof_plant::signal::MeterPoint;

use super::second_bench::bench;
use super::{Talk, advance};
use crate::EmulatedBench;

fn inject(bench: &EmulatedBench, text: &str) {
    let fault = parse_fault("fault", text).expect("a fault");
    bench.inject(fault).expect("possible");
}

fn number(text: &str) -> f64 {
    text.trim().parse().unwrap_or_else(|_| panic!("{text}"))
}

/// Puts 230 V, 50 Hz on the grid.
fn energise(bench: &EmulatedBench) {
    let mut grid = Talk::new(bench, "grid");
    grid.set("SYST:ERR?", &["FREQ 50", "VOLT 230", "OUTP ON"]);
    advance(bench, 1.0);
}

#[test]
fn every_source_trips_and_stays_open_until_it_is_cleared() {
    let bench = bench();
    energise(&bench);
    let pv = ["SOUR:VOLT 300", "SOUR:CURR 5", "CONF:OUTP ON"];
    Talk::new(&bench, "pv").set("SYST:ERR?", &pv);
    let battery = ["SYST:LOCK ON", "VOLT 350", "CURR 20", "OUTP ON"];
    Talk::new(&bench, "battery").set("SYST:ERR?", &battery);
    advance(&bench, 0.5);
    let on = || {
        let state = bench.true_state();
        [state.grid_output, state.pv_on, state.battery_on]
    };
    assert_eq!(on(), [true; 3]);
    let cases = [
        ("grid", "OUTP ON", "OUTP:PROT:CLE", 2),
        ("pv", "CONF:OUTP ON", "OUTP:PROT:CLE", 1),
        // with the bit of remote control
        ("battery", "OUTP ON", "SYST:ALAR:CLE", 2 | 1 << 9),
    ];
    for (index, (name, close, clear, condition)) in cases.into_iter().enumerate() {
        inject(
            &bench,
            &format!("{{instrument: {name}, fault: source-trip}}"),
        );
        advance(&bench, 0.1);
        assert!(!on()[index], "{name}");
        let mut source = Talk::new(&bench, name);
        assert!(source.say("SYST:ERR?").starts_with("-240,"), "{name}");
        assert_eq!(source.say("STAT:QUES:COND?"), format!("{condition}\n"));
        assert_eq!(source.say(close), "");
        assert!(source.say("SYST:ERR?").starts_with("-240,"), "{name}");
        source.set("SYST:ERR?", &[clear, close]);
        advance(&bench, 0.5);
        assert!(on()[index], "{name} again");
    }
}

#[test]
fn the_wt5000_drifts() {
    let bench = bench();
    energise(&bench);
    let mut meter = Talk::new(&bench, "analyser");
    meter.say(":COMM:HEAD OFF;:RATE 200MS;:NUM:NORM:NUMB 1;ITEM1 URMS,2");
    inject(
        &bench,
        "{during: 5 s, instrument: analyser, fault: meter-drift, quantity: voltage, step: 2 %}",
    );
    let mut ratio = || {
        advance(&bench, 1.0);
        number(&meter.say(":NUM:NORM:VAL?")) / bench.reading(MeterPoint::Source).volts
    };
    let drifted = ratio();
    assert!((drifted - 1.02).abs() < 6e-4, "{drifted}");
    advance(&bench, 5.0);
    let mended = ratio();
    assert!((mended - 1.0).abs() < 6e-4, "{mended}");
}

#[test]
fn the_scope_drifts_and_its_clock_skews() {
    let bench = bench();
    energise(&bench);
    let mut scope = Talk::new(&bench, "recorder");
    for line in [
        "HEADer OFF",
        "CH1:SCAle 100.0;POSition 0",
        "HORizontal:RECOrdlength 10000;:HORizontal:SCAle 0.1",
        "TRIGger:A:EDGE:SOUrce CH1;SLOpe RISe",
        "TRIGger:A:LEVel 0;MODe NORMal",
        "ACQuire:MODe HIRes;STOPAfter SEQuence",
        "DATa:SOUrce CH1;ENCdg RIBinary;WIDth 2;STARt 1;STOP 10000",
    ] {
        assert_eq!(scope.say(line), "");
    }
    // RMS, and the frequency between the first and last rising crossings of 1 s
    let mut record = || {
        scope.say("ACQuire:STATE RUN");
        advance(&bench, 2.5);
        let scale = number(&scope.say("WFMOutpre:YMUlt?"));
        let bytes = scope.bytes(b"CURVe?\n");
        let volts: Vec<f64> = bytes[7..20_007]
            .chunks_exact(2)
            .map(|b| f64::from(i16::from_be_bytes([b[0], b[1]])) * scale)
            .collect();
        let rising: Vec<f64> = (1..volts.len())
            .filter(|&k| volts[k - 1] < 0.0 && volts[k] >= 0.0)
            .map(|k| k as f64 - volts[k] / (volts[k] - volts[k - 1]))
            .collect();
        let span_s = (rising[rising.len() - 1] - rising[0]) * 1e-4;
        let rms = (volts.iter().map(|v| v * v).sum::<f64>() / 1e4).sqrt();
        (rms, (rising.len() - 1) as f64 / span_s)
    };
    let (rms, hertz) = record();
    assert!((hertz - 50.0).abs() < 0.01, "{hertz}");
    inject(
        &bench,
        "{instrument: recorder, fault: meter-drift, quantity: voltage, step: 10 %}",
    );
    inject(
        &bench,
        "{instrument: recorder, fault: clock-skew, skew: 1 %}",
    );
    let (high, slow) = record();
    assert!((high / rms - 1.1).abs() < 0.005, "{high} {rms}");
    assert!((slow - 50.0 / 1.01).abs() < 0.01, "{slow}");
}

#[test]
fn both_protocols_reach_one_psb() {
    let bench = bench();
    let mut scpi = Talk::new(&bench, "battery");
    let mut modbus = Talk::new(&bench, "battery");
    // transaction 10: its number holds the line feed that ends a line of SCPI
    let mut pdu = |body: &[u8]| {
        let mut frame = vec![0, 10, 0, 0, 0, body.len() as u8 + 1, 0];
        frame.extend(body);
        let reply = modbus.bytes(&frame);
        assert_eq!(reply[..4], [0, 10, 0, 0]);
        reply[7..].to_vec()
    };
    scpi.set("SYST:ERR?", &["SYST:LOCK ON", "VOLT 375", "SINK:CURR 30"]);
    assert_eq!(pdu(&[1, 1, 0x92, 0, 1]), [1, 1, 1], "in remote control");
    assert_eq!(pdu(&[3, 1, 0xf3, 0, 2])[2..], [0x66, 0x66, 0x66, 0x66]);
    // UIR, and a resistance of half the largest
    assert_eq!(pdu(&[6, 1, 0xf7, 0x66, 0x66]), [0x86, 4], "in UIP");
    assert_eq!(pdu(&[5, 1, 0x99, 0xff, 0])[0], 5);
    assert_eq!(pdu(&[6, 1, 0xf7, 0x66, 0x66])[0], 6);
    assert_eq!(
        scpi.say("SYST:CONF:MODE?;:RES?;:SINK:RES?"),
        "UIR;225.00 Ohm;0.50 Ohm\n"
    );
    // a limit set here holds there
    scpi.set("SYST:ERR?", &["VOLT:LIM:HIGH 400"]);
    assert_eq!(pdu(&[6, 1, 0xf4, 0x88, 0x88]), [0x86, 3], "500 V");
    assert_eq!(pdu(&[5, 1, 0x95, 0xff, 0])[0], 5);
    advance(&bench, 0.1);
    assert!(bench.true_state().battery_on);
    assert_eq!(scpi.say("OUTP?"), "ON\n");
    // an alarm of one is an alarm of both, and either acknowledges it
    inject(&bench, "{instrument: battery, fault: source-trip}");
    assert_eq!(pdu(&[1, 1, 0x9b, 0, 1]), [1, 1, 1]);
    assert_eq!(scpi.say("SYST:ALAR:COUN:OCUR?"), "1\n");
    assert_eq!(pdu(&[5, 1, 0x9b, 0xff, 0])[0], 5);
    scpi.set(
        "SYST:ERR?",
        &["*CLS", "OUTP ON", "OUTP OFF", "SYST:LOCK OFF"],
    );
    assert_eq!(pdu(&[5, 1, 0x95, 0xff, 0]), [0x85, 7], "released");
}
