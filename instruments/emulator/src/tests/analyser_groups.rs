//! What the WT3000 answers for whole groups of settings, and how its integration ends.

use super::{AUX, Talk, advance, bench_with};
use crate::EmulatedBench;

const ERROR: &str = ":STAT:ERR?";

fn analyser() -> (EmulatedBench, Talk) {
    let bench = bench_with(AUX, 1);
    let mut grid = Talk::new(&bench, "grid");
    grid.set("SYST:ERR?", &["VOLT:AC 230", "OUTP:REL ON", "OUTP:STAT ON"]);
    advance(&bench, 70.0);
    let meter = Talk::new(&bench, "analyser");
    (bench, meter)
}

fn says(meter: &mut Talk, line: &str) -> String {
    meter.say(line).trim_end().to_owned()
}

/// As the examples of IM WT3001E-17EN, chapter 6, have it.
#[test]
fn a_query_of_a_node_tells_every_element_and_setting_below() {
    let (_, mut meter) = analyser();
    meter.set(
        ERROR,
        &[
            ":INP:VOLT:RANG:ELEM2 600V;:INP:CURR:AUTO:ELEM3 ON",
            ":INP:SYNC:ELEM4 U4;:MEAS:FUNC20:STAT ON",
        ],
    );
    for (query, reply) in [
        (
            ":INP:VOLT:RANG?",
            ":INPUT:VOLTAGE:RANGE:ELEMENT1 300.00E+00;ELEMENT2 600.00E+00;\
             ELEMENT3 300.00E+00;ELEMENT4 300.00E+00",
        ),
        (
            ":INPUT:CURRENT:AUTO?",
            ":INPUT:CURRENT:AUTO:ELEMENT1 0;ELEMENT2 0;ELEMENT3 1;ELEMENT4 0",
        ),
        (
            ":SYNC?",
            ":SYNCHRONIZE:ELEMENT1 I1;ELEMENT2 I1;ELEMENT3 I1;ELEMENT4 U4",
        ),
        (
            ":INP:FILT?",
            ":INPUT:FILTER:LINE:ELEMENT1 OFF;ELEMENT2 OFF;ELEMENT3 OFF;ELEMENT4 OFF;\
             :INPUT:FILTER:FREQUENCY:ELEMENT1 0;ELEMENT2 0;ELEMENT3 0;ELEMENT4 0",
        ),
        (
            ":MEAS:AVER?",
            ":MEASURE:AVERAGING:STATE 0;TYPE EXPONENT;COUNT 8",
        ),
        (
            ":MEAS:DM?",
            ":MEASURE:DMEASURE:SIGMA OFF;SIGMB OFF;SIGMC OFF",
        ),
        (
            ":MEAS:FUNC20?",
            ":MEASURE:FUNCTION20:EXPRESSION \"\";STATE 1;UNIT \"V\"",
        ),
        (":CURS:BAR?", ":CURSOR:BAR:STATE 0;POSITION1 1;POSITION2 1"),
        (
            ":HARM:IEC?",
            ":HARMONICS:IEC:OBJECT ELEMENT1;UGROUPING OFF;IGROUPING OFF",
        ),
        (
            ":SYST:LANG?",
            ":SYSTEM:LANGUAGE:MENU ENGLISH;MESSAGE ENGLISH",
        ),
        // one setting stays one
        (
            ":INP:VOLT:RANG:ELEM2?",
            ":INPUT:VOLTAGE:RANGE:ELEMENT2 600.00E+00",
        ),
        (":RATE?", ":RATE 500.00E-03"),
        (":MEAS:FUNC20:STAT?", ":MEASURE:FUNCTION20:STATE 1"),
    ] {
        assert_eq!(says(&mut meter, query), reply, "{query}");
        assert_eq!(says(&mut meter, ERROR), "0,\"No error\"");
    }
    meter.set(ERROR, &[":COMM:HEAD OFF"]);
    assert_eq!(
        says(&mut meter, ":INP:VOLT:RANG?"),
        "300.00E+00;600.00E+00;300.00E+00;300.00E+00"
    );
    meter.set(ERROR, &[":NUM:NORM:NUM 2;ITEM1 U,1;ITEM2 P,2"]);
    assert_eq!(says(&mut meter, ":NUM:NORM?"), "2;U,1,TOTAL;P,2,TOTAL");
    let all = says(&mut meter, ":STAT?");
    assert_eq!(
        all.split(';').count(),
        19,
        "EESE, 16 filters, QEN, QMES: {all}"
    );
}

#[test]
fn collective_switches_reach_their_members() {
    let (_, mut meter) = analyser();
    meter.set(
        ERROR,
        &[":COMM:HEAD OFF", ":DISP:WAVE:ALL OFF", ":STOR:NUM:ALL ON"],
    );
    assert_eq!(says(&mut meter, ":DISP:WAVE:U3?;I1?;SVAL?"), "0;0;1");
    assert_eq!(says(&mut meter, ":STOR:NUM:NORM:WQ?;SIGMB?"), "1;0");
    meter.set(
        ERROR,
        &[":DISP:NUM:VAL16:ITEM144 P,2;:DISP:NUM:VAL4:CURS 5"],
    );
    assert_eq!(says(&mut meter, ":DISP:NUM:VAL16:ITEM144?"), "P,2");
    assert_eq!(
        says(&mut meter, ":DISP:NUM:VAL4:PAGE?"),
        "1",
        "not the cursor"
    );
    meter.set(ERROR, &[":ACQ:HOLD ON"]);
    assert_eq!(says(&mut meter, ":ACQ:HOLD?"), "1");
}

#[test]
fn the_status_byte_tells_of_enabled_extended_events() {
    let (bench, mut meter) = analyser();
    meter.set(ERROR, &[":COMM:HEAD OFF", ":STAT:FILT1 FALL;EESE 1"]);
    meter.say(":STAT:EESR?");
    assert_eq!(says(&mut meter, "*STB?;:STAT:SPOL?"), "0;0");
    advance(&bench, 1.0);
    assert_eq!(says(&mut meter, "*STB?"), "8");
    assert_eq!(says(&mut meter, ":STAT:SPOL?"), "8");
    assert_eq!(says(&mut meter, ":STAT:EESR?"), "1");
    assert_eq!(says(&mut meter, "*STB?"), "0");
    meter.say(":STAT:QMES OFF;:NONSENSE 1");
    assert_eq!(says(&mut meter, ERROR), "113");
    assert_eq!(says(&mut meter, ERROR), "0");
}

const INTEGRATION: &[&str] = &[
    ":COMM:HEAD OFF",
    ":RATE 500MS",
    ":NUM:NORM:NUM 3;ITEM1 TIME,2;ITEM2 WH,2;ITEM3 P,2",
    ":STAT:FILT2 FALL;FILT3 RISE",
];

fn numbers(meter: &mut Talk) -> Vec<f64> {
    let reply = says(meter, ":NUM:NORM:VAL?");
    reply
        .split(',')
        .map(|x| x.parse().expect("a number"))
        .collect()
}

#[test]
fn the_timer_ends_integration() {
    let (bench, mut meter) = analyser();
    meter.set(ERROR, INTEGRATION);
    meter.set(ERROR, &[":INTEG:MODE NORM;TIM 0,0,10", ":INTEG:STAR"]);
    meter.say(":STAT:EESR?");
    assert_eq!(says(&mut meter, ":INTEG:STAT?;:STAT:COND?"), "START;6");
    advance(&bench, 9.0);
    assert_eq!(says(&mut meter, ":INTEG:STAT?"), "START");
    let on_the_way = numbers(&mut meter);
    assert!((8.0..=9.0).contains(&on_the_way[0]), "{on_the_way:?}");
    advance(&bench, 20.0);
    assert_eq!(says(&mut meter, ":INTEG:STAT?;:STAT:COND?"), "TIMEUP;0");
    let end = numbers(&mut meter);
    assert_eq!(end[0], 10.0, "the time of the timer, not that of now");
    let mean = end[1] / 10.0 * 3600.0;
    assert!((mean - end[2]).abs() < 0.02 * end[2].abs() + 2.0, "{end:?}");
    assert_eq!(
        says(&mut meter, ":STAT:EESR?"),
        "2",
        "integration has fallen"
    );
    meter.say(":INTEG:STAR");
    assert_eq!(says(&mut meter, ERROR), "221,\"Settings conflict\"");
    meter.set(ERROR, &[":INTEG:RES"]);
    assert_eq!(says(&mut meter, ":INTEG:STAT?"), "RESET");
    assert_eq!(numbers(&mut meter)[..2], [0.0, 0.0]);
    // a timer that is set below what has been integrated ends it there
    meter.set(ERROR, &[":INTEG:TIM 0,1,0", ":INTEG:STAR"]);
    advance(&bench, 20.0);
    let before = numbers(&mut meter);
    meter.set(ERROR, &[":INTEG:TIM 0,0,5"]);
    advance(&bench, 2.0);
    assert_eq!(says(&mut meter, ":INTEG:STAT?"), "TIMEUP");
    let after = numbers(&mut meter);
    assert!(after[0] >= before[0] && after[1].abs() >= before[1].abs());
    for wrong in [
        "TIM -1,0,0",
        "TIM 0,60,0",
        "TIM 0,0,NAN",
        "TIM 10001,0,0",
        "RTIM:STAR 99999999999999,1,1,0,0,0",
        "RTIM:END 2026,13,1,0,0,0",
    ] {
        meter.say(&format!(":INTEG:{wrong}"));
        let error = says(&mut meter, ERROR);
        assert_eq!(error, "222,\"Data out of range\"", "{wrong}");
    }
    meter.set(ERROR, &[":INTEG:RES"]);
    // a timer that is no multiple of the interval
    meter.set(ERROR, &[":RATE 5S;:INTEG:TIM 0,0,7", ":INTEG:STAR"]);
    advance(&bench, 30.0);
    assert_eq!(numbers(&mut meter)[0], 7.0);
}

#[test]
fn continuous_integration_starts_anew_and_without_a_timer_none_ends() {
    let (bench, mut meter) = analyser();
    meter.set(ERROR, INTEGRATION);
    meter.set(ERROR, &[":INTEG:MODE CONT;TIM 0,0,10", ":INTEG:STAR"]);
    advance(&bench, 24.0);
    assert_eq!(says(&mut meter, ":INTEG:STAT?"), "START");
    let third = numbers(&mut meter);
    assert!((3.0..=4.0).contains(&third[0]), "{third:?}");
    assert!(third[1].abs() <= third[2].abs() * 5.0 / 3600.0, "{third:?}");
    meter.set(
        ERROR,
        &[
            ":INTEG:STOP",
            ":INTEG:RES",
            ":INTEG:MODE NORM;TIM 0,0,0",
            ":INTEG:STAR",
        ],
    );
    advance(&bench, 40.0);
    assert_eq!(says(&mut meter, ":INTEG:STAT?;:STAT:COND?"), "START;2");
    assert!(numbers(&mut meter)[0] >= 39.0);
}

#[test]
fn real_time_integration_waits_for_its_start_and_ends_by_the_clock() {
    let (bench, mut meter) = analyser();
    meter.set(ERROR, INTEGRATION);
    meter.set(
        ERROR,
        &[
            ":SYST:DATE \"26/02/28\";TIME \"23:59:50\"",
            ":INTEG:MODE RNOR;RTIM:STAR 2026,3,1,0,0,0;END 2026,3,1,0,0,20",
            ":INTEG:STAR",
        ],
    );
    advance(&bench, 8.0);
    assert_eq!(says(&mut meter, ":INTEG:STAT?"), "READY");
    advance(&bench, 4.0);
    assert_eq!(says(&mut meter, ":INTEG:STAT?"), "START");
    assert_eq!(says(&mut meter, ":SYST:DATE?"), "\"26/03/01\"");
    advance(&bench, 60.0);
    assert_eq!(says(&mut meter, ":INTEG:STAT?"), "TIMEUP");
    let time = numbers(&mut meter)[0];
    assert!((19.0..=20.0).contains(&time), "{time}");
}
