//! Programs and timers of the P300, against the air that the DUT stands in.

use super::{SAJ, Talk, advance, bench_with};
use crate::EmulatedBench;

struct Chamber {
    bench: EmulatedBench,
    talk: Talk,
}

impl Chamber {
    fn new() -> Self {
        let bench = bench_with(SAJ, 1);
        let talk = Talk::new(&bench, "chamber");
        Self { bench, talk }
    }

    fn line(&mut self, text: &str) -> String {
        let reply = self.talk.bytes(format!("{text}\r\n").as_bytes());
        let reply = String::from_utf8_lossy(&reply).into_owned();
        reply.strip_suffix("\r\n").expect("a line").to_owned()
    }

    fn set(&mut self, lines: &[&str]) {
        for line in lines {
            assert_eq!(self.line(line), format!("OK:{line}"));
        }
    }

    fn air_c(&self) -> f64 {
        self.bench.true_state().ambient_c
    }

    fn minutes(&mut self, minutes: f64) {
        advance(&self.bench, 60.0 * minutes);
    }
}

#[test]
fn a_program_is_written_and_read_as_espec_s_own_library_does() {
    let mut chamber = Chamber::new();
    chamber.set(&[
        "PRGM DATA WRITE, PGM3, EDIT START",
        "PRGM DATA WRITE, PGM3, STEP1,TIME0:30,PAUSE OFF,REF9,GRANTY OFF,TEMP35.0,TRAMPON,HUMIOFF",
        "PRGM DATA WRITE, PGM3, STEP2,TIME1:05,PAUSE ON,REF1,GRANTY ON,TEMP-10.0,TRAMPOFF,RELAY ON1.4",
        "PRGM DATA WRITE,PGM3,COUNT,A(1.2.3),B(1.1.2)",
        "PRGM DATA WRITE, PGM3, NAME,Soak one",
        "PRGM DATA WRITE, PGM3, END,RUN,PTN4",
        "PRGM DATA WRITE, PGM3, HTEMP,90.0",
        "PRGM DATA WRITE, PGM3, LTEMP,-30.0",
        "PRGM DATA WRITE, PGM3, PRE MODE, TEMP,SV",
        "PRGM DATA WRITE, PGM3, PRE TSV,20.0",
    ]);
    assert_eq!(chamber.line("PRGM USE?,RAM"), "0", "not yet stored");
    chamber.set(&["PRGM DATA WRITE, PGM3, EDIT END"]);
    for (query, reply) in [
        ("PRGM USE?,RAM", "1,3"),
        ("PRGM USE?,RAM:3", "Soak one,25.01/01"),
        (
            "PRGM DATA?,RAM:3",
            "2,<Soak one>,COUNT,A(1.2.3),B(1.1.2),END(RUN:4)",
        ),
        ("PRGM DATA?,RAM:3,DETAIL", "90.0,-30.0,TEMPSV,20.0"),
        (
            "PRGM DATA?,RAM:3,STEP1",
            "1,TEMP35.0,TEMP RAMP ON,TIME0:30,GRANTY OFF,REF9,PAUSE OFF",
        ),
        (
            "PRGM DATA?,RAM:3,STEP2",
            "2,TEMP-10.0,TEMP RAMP OFF,TIME1:05,GRANTY ON,REF1,RELAY ON1.4,PAUSE ON",
        ),
        ("PRGM DATA?,RAM:3,STEP3", "NA:DATA NOT READY"),
        ("PRGM DATA?,RAM:4", "NA:DATA NOT READY"),
        ("PRGM MON?", "NA:CONT NOT READY-2"),
        ("PRGM,RUN,RAM:4,STEP1", "NA:DATA NOT READY"),
        ("PRGM DATA WRITE,PGM3,NAME,X", "NA:PRGM WRITE ERR-2"),
        ("PRGM DATA WRITE,PGM3,EDIT END", "NA:PRGM WRITE ERR-3"),
        ("PRGM DATA WRITE,PGM41,EDIT START", "NA:PRGM WRITE ERR-1"),
        (
            "PRGM DATA WRITE,PGM:5,OVER WRITE START",
            "NA:DATA NOT READY",
        ),
    ] {
        assert_eq!(chamber.line(query), reply, "{query}");
    }
    // over what is there, and what must not be
    chamber.set(&["PRGM DATA WRITE,PGM3,OVER WRITE START"]);
    for (query, reply) in [
        ("PRGM DATA WRITE,PGM3,EDIT START", "NA:PRGM WRITE ERR-5"),
        ("PRGM DATA WRITE,PGM4,NAME,X", "NA:PRGM WRITE ERR-7"),
        ("PRGM DATA WRITE,PGM3,STEP4,TEMP20.0", "NA:PRGM WRITE ERR-8"),
        (
            "PRGM DATA WRITE,PGM3,STEP1,TEMP300.0",
            "NA:DATA OUT OF RANGE",
        ),
        ("PRGM DATA WRITE,PGM3,STEP1,HUMI50", "NA:INVALID REQ"),
    ] {
        assert_eq!(chamber.line(query), reply, "{query}");
    }
    chamber.set(&["PRGM DATA WRITE,PGM3,COUNT,(1.9.2)"]);
    assert_eq!(
        chamber.line("PRGM DATA WRITE,PGM3,OVER WRITE END"),
        "NA:PRGM WRITE ERR-9"
    );
    chamber.set(&["PRGM DATA WRITE,PGM3,OVER WRITE CANCEL", "PRGM ERASE,RAM:3"]);
    assert_eq!(chamber.line("PRGM USE?,RAM"), "0");
}

/// 30 min from 20 to 35 °C, then 20 °C until it is there and 10 min more; twice, then constant.
const CYCLE: &[&str] = &[
    "TEMP,S15.0",
    "PRGM DATA WRITE,PGM:1,EDIT START",
    "PRGM DATA WRITE,PGM:1,STEP1,TEMP35.0,TRAMPON,TIME00:30,",
    "PRGM DATA WRITE,PGM:1,STEP2,TEMP20.0,TRAMPOFF,GRANTY ON,TIME0:10",
    "PRGM DATA WRITE,PGM:1,COUNT,(1.2.2)",
    "PRGM DATA WRITE,PGM:1,PRE MODE,TEMP,SV",
    "PRGM DATA WRITE,PGM:1,PRE TSV,20.0",
    "PRGM DATA WRITE,PGM:1,END,CONSTANT",
    "PRGM DATA WRITE,PGM:1,EDIT END",
];

#[test]
fn a_program_moves_the_air_repeats_and_ends() {
    let mut chamber = Chamber::new();
    chamber.set(CYCLE);
    chamber.set(&["PRGM,RUN,RAM:1,STEP1"]);
    assert_eq!(chamber.line("MODE?"), "RUN");
    assert_eq!(chamber.line("PRGM MON?"), "1,20.0,0:30,2,0");
    assert_eq!(chamber.line("PRGM SET?"), "RAM:1,,END(CONSTANT)");
    chamber.minutes(20.0);
    assert_eq!(chamber.line("PRGM MON?"), "1,30.0,0:10,2,0");
    assert!((chamber.air_c() - 30.0).abs() < 0.05, "{}", chamber.air_c());
    chamber.minutes(12.5);
    // guaranty: nothing is counted while the air is still far off
    assert_eq!(chamber.line("PRGM MON?"), "2,20.0,0:10,2,0");
    assert!(chamber.air_c() > 25.0);
    chamber.minutes(6.0);
    assert!((chamber.air_c() - 20.0).abs() < 0.5, "{}", chamber.air_c());
    chamber.minutes(8.5);
    assert_eq!(&chamber.line("PRGM MON?")[..2], "1,");
    assert!(
        chamber.line("PRGM MON?").ends_with(",1,0"),
        "the last cycle"
    );
    chamber.minutes(50.0);
    assert_eq!(chamber.line("MON?").split(',').nth(2), Some("CONSTANT"));
    chamber.minutes(30.0);
    assert!((chamber.air_c() - 15.0).abs() < 0.05, "{}", chamber.air_c());
}

#[test]
fn a_program_pauses_goes_on_advances_and_is_ended() {
    let mut chamber = Chamber::new();
    chamber.set(CYCLE);
    chamber.set(&["MODE,RUN 1"]);
    chamber.minutes(10.0);
    chamber.set(&["PRGM,PAUSE"]);
    assert_eq!(chamber.line("MODE?,DETAIL"), "RUN PAUSE");
    chamber.minutes(60.0);
    assert_eq!(chamber.line("PRGM MON?"), "1,25.0,0:20,2,0");
    assert!((chamber.air_c() - 25.0).abs() < 0.05, "{}", chamber.air_c());
    chamber.set(&["PRGM,CONTINUE"]);
    chamber.minutes(2.0);
    assert_eq!(chamber.line("PRGM MON?"), "1,26.0,0:18,2,0");
    chamber.set(&["PRGM,ADVANCE"]);
    assert_eq!(chamber.line("PRGM MON?"), "2,20.0,0:10,2,0");
    assert_eq!(
        chamber.line("PRGM DATA WRITE,PGM1,EDIT START"),
        "NA:PRGM WRITE ERR-10"
    );
    chamber.set(&["PRGM,END,HOLD"]);
    assert_eq!(
        chamber.line("MON?,DETAIL").split(',').nth(2),
        Some("RUN END HOLD")
    );
    chamber.minutes(60.0);
    assert!((chamber.air_c() - 20.0).abs() < 0.05, "{}", chamber.air_c());
    chamber.set(&["PRGM,END,STANDBY"]);
    assert_eq!(chamber.line("MODE?"), "STANDBY");
    for command in ["PAUSE", "CONTINUE", "ADVANCE", "END,HOLD"] {
        assert_eq!(
            chamber.line(&format!("PRGM,{command}")),
            "NA:CONT NOT READY-2"
        );
    }
}

#[test]
fn a_remote_program_ramps_and_holds() {
    let mut chamber = Chamber::new();
    chamber.set(&["RUN PRGM, TEMP25.0 TIME0:30 GOTEMP40.0 RELAYON,2,5"]);
    assert_eq!(
        chamber.line("RUN PRGM?"),
        "TEMP25.0 GOTEMP40.0 TIME0:30 REF9 RELAYON,2,5"
    );
    assert_eq!(chamber.line("RELAY?"), "2,2,5");
    chamber.minutes(10.0);
    assert_eq!(chamber.line("RUN PRGM MON?"), "1,30.0,0:20,1");
    assert_eq!(chamber.line("PRGM MON?"), "NA:CONT NOT READY-2");
    assert_eq!(chamber.line("MODE?,DETAIL"), "RMT RUN");
    assert!((chamber.air_c() - 30.0).abs() < 0.05, "{}", chamber.air_c());
    chamber.minutes(60.0);
    assert_eq!(chamber.line("MODE?,DETAIL"), "RMT RUN END HOLD");
    assert!((chamber.air_c() - 40.0).abs() < 0.05, "{}", chamber.air_c());
    assert_eq!(
        chamber.line("RUN PRGM,TEMP20.0 TIME1:00 HUMI50"),
        "NA:INVALID REQ"
    );
    assert_eq!(chamber.line("RUN PRGM,TIME1:00"), "NA:PARA ERR");
}

#[test]
fn timers_start_and_stop_the_chamber() {
    let mut chamber = Chamber::new();
    // 1 January 2025 was a Wednesday
    chamber.set(&[
        "TEMP,S30.0",
        "TIME,23:50:00",
        "TIMER WRITE,NO0,0:20,STANDBY",
        "TIMER WRITE,NO1,MODE2,MON/THU,0:05,CONSTANT",
        "TIMER WRITE,NO2,MODE1,25.1/2,6:00,OFF",
    ]);
    for (query, reply) in [
        ("TIMER USE?", "3,0,1,2"),
        ("TIMER ON?", "0"),
        ("TIMER LIST?,0", "0,STANDBY,0:20"),
        ("TIMER LIST?,1", "1,MODE2,MON/THU,0:05,CONSTANT"),
        ("TIMER LIST?,2", "2,MODE1,25.1/2,6:00,OFF"),
    ] {
        assert_eq!(chamber.line(query), reply, "{query}");
    }
    chamber.minutes(1.0);
    assert_eq!(chamber.line("MODE?"), "STANDBY", "none is on");
    chamber.set(&["TIMER,ON,1", "TIMER,ON,2"]);
    assert_eq!(chamber.line("TIMER ON?"), "2,1,2");
    chamber.minutes(13.9);
    assert_eq!(chamber.line("MODE?"), "STANDBY");
    chamber.minutes(0.2);
    assert_eq!(chamber.line("MODE?"), "CONSTANT");
    chamber.set(&["TIMER,ON,0"]);
    chamber.minutes(19.9);
    assert!((chamber.air_c() - 30.0).abs() < 0.05, "{}", chamber.air_c());
    assert_eq!(chamber.line("MODE?"), "CONSTANT");
    chamber.minutes(0.2);
    assert_eq!(chamber.line("MODE?"), "STANDBY");
    assert_eq!(
        chamber.line("TIMER ON?"),
        "2,1,2",
        "the quick timer is spent"
    );
    chamber.minutes(5.0 * 60.0 + 35.0);
    assert_eq!(chamber.line("MODE?"), "OFF");
    chamber.set(&["TIMER ERASE,NO1"]);
    assert_eq!(chamber.line("TIMER LIST?,1"), "NA:DATA NOT READY");
    assert_eq!(chamber.line("TIMER,ON,1"), "NA:DATA NOT READY");
    assert_eq!(
        chamber.line("TIMER WRITE,NO2,MODE3,6:00,CONSTANT"),
        "NA:PARA ERR"
    );
}

#[test]
fn the_network_settings_are_kept() {
    let mut chamber = Chamber::new();
    chamber.set(&["IPSET,192.168.0.5,255.255.255.0,192.168.0.1"]);
    assert_eq!(
        chamber.line("IPSET?"),
        "192.168.0.5,255.255.255.0,192.168.0.1"
    );
    assert_eq!(chamber.line("IPSET,192.168.0.5"), "NA:PARA ERR");
}
