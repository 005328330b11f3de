//! TerraSAS and IT6000C.

use super::{AUX, Talk, advance, bench_with};

/// A TerraSAS line, CR both ways.
fn cr(pv: &mut Talk, line: &str) -> String {
    String::from_utf8_lossy(&pv.bytes(format!("{line}\r").as_bytes())).into_owned()
}

fn ok(pv: &mut Talk, line: &str) {
    assert_eq!(cr(pv, line), "", "{line}");
    assert_eq!(cr(pv, "SYSTem:ERRor?"), "0,\"No error\"\r", "{line}");
}

fn fails(pv: &mut Talk, line: &str, code: i32) {
    assert_eq!(cr(pv, line), "", "{line}");
    let error = cr(pv, "SYSTem:ERRor?");
    assert!(error.starts_with(&format!("{code},")), "{line}: {error}");
}

/// As its manual prints it: three numbers, not a string.
#[test]
fn the_itech_has_a_date_and_a_time() {
    let bench = bench_with(AUX, 1);
    let mut battery = Talk::new(&bench, "battery");
    let lines = ["SYST:REM", "SYST:DATE 2024,5,1", "SYST:TIME 12,30,0"];
    battery.set("SYST:ERR?", &lines);
    assert_eq!(battery.say("SYST:DATE?;TIME?"), "2024,5,1;12,30,0\n");
}

#[test]
fn nothing_is_active_before_execute() {
    let bench = bench_with(AUX, 1);
    let mut pv = Talk::new(&bench, "pv");
    assert_eq!(
        cr(&mut pv, "*IDN?"),
        "AMETEK,TerraSAS ETS600X25,TS0001,2.10\r"
    );
    assert_eq!(cr(&mut pv, "SYSTem:CHANnel:COUNt?"), "2\r");
    fails(&mut pv, "CURVe:DELEte \"SVP CURVE\"", -224);
    ok(&mut pv, "CURVe:VIparms 450, 15");
    ok(&mut pv, "CURVe:MPPparms 360, 14");
    ok(&mut pv, "CURVe:ADD \"SVP CURVE\"");
    ok(&mut pv, "SOURce:CURVe \"SVP CURVE\", (@1)");
    ok(&mut pv, "SOURce:IRRadiance 1000, (@1)");
    assert_eq!(cr(&mut pv, "SOURce:CURVe? (@1)"), "\"EN 50530 CURVE\"\r");
    ok(&mut pv, "SOURce:EXECute (@1)");
    assert_eq!(cr(&mut pv, "SOURce:CURVe? (@1)"), "\"SVP CURVE\"\r");
    fails(&mut pv, "CURVe:DELEte \"SVP CURVE\"", -221);
    ok(&mut pv, "OUTPut:STATe ON, (@1)");
    assert_eq!(cr(&mut pv, "OUTPut:STATe? (@1)"), "ON\r");
    assert!(bench.all_sources_off(), "20 ms latency");
    advance(&bench, 0.02);
    assert!(!bench.all_sources_off());
    advance(&bench, 1.0);
    let volts: f64 = cr(&mut pv, "MEASure:SCALar:VOLTage:DC? (@1)")
        .trim()
        .parse()
        .expect("a number");
    assert!((volts - 450.0).abs() < 5.0, "open circuit: {volts}");
    ok(&mut pv, "OUTPut:STATe OFF");
    advance(&bench, 0.02);
    assert!(bench.all_sources_off());
    fails(&mut pv, "SOURce:IRRadiance 500, (@3)", -222);
    fails(&mut pv, "CURVe:ADD \"SVP CURVE\"", -221);
    ok(&mut pv, "CURVe:MPPparms 460, 14");
    fails(&mut pv, "CURVe:ADD \"bad\"", -221);
    assert_eq!(
        cr(&mut pv, "CURVe:CATalog?"),
        "\"EN 50530 CURVE\",\"SVP CURVE\"\r"
    );
}

#[test]
fn the_en50530_engine_files_its_curve() {
    let bench = bench_with(AUX, 1);
    let mut pv = Talk::new(&bench, "pv");
    ok(&mut pv, "CURVe:EN50530:SIMtype CSI,STA");
    ok(&mut pv, "CURVe:EN50530:MPPparms 3600,360");
    ok(&mut pv, "CURVe:EN50530:ADD");
    ok(&mut pv, "SOURce:CURVe \"EN 50530 CURVE\", (@1)");
    ok(&mut pv, "SOURce:EXECute (@1)");
    ok(&mut pv, "OUTPut:STATe ON, (@1)");
    advance(&bench, 1.0);
    let volts: f64 = cr(&mut pv, "MEAS:VOLT? (@1)")
        .trim()
        .parse()
        .expect("a number");
    assert!((volts - 450.0 * 0.9992).abs() < 1.0, "{volts}");
}

#[test]
fn the_battery_simulator_minds_its_priority() {
    let bench = bench_with(AUX, 1);
    let mut battery = Talk::new(&bench, "battery");
    let error = "SYST:ERR?";
    assert_eq!(
        battery.say("*IDN?"),
        "ITECH Electronics,IT6054C-800-225,806022010001,000.006.101,640.R,132.R\n"
    );
    assert_eq!(battery.say("VOLT 350"), "");
    assert_eq!(battery.say(error), "-201,\"Invalid while in local\"\n");
    battery.set(
        error,
        &[
            "SYST:REM",
            "*CLS",
            "OUTP OFF",
            "OUTP:PROT:CLE",
            "FUNC:MODE FIXED",
            "FUNC VOLT",
        ],
    );
    assert_eq!(battery.say("FUNC?;:FUNC:MODE?"), "VOLTage;FIXed\n");
    battery.set(
        error,
        &[
            "CURR:LIM 30",
            "CURR:LIM:NEG -30",
            "POW:LIM 10000",
            "POW:LIM:NEG -10000",
        ],
    );
    battery.set(
        error,
        &[
            "OUTP:PROT:WDOG:DEL 30",
            "OUTP:PROT:WDOG:STAT ON",
            "VOLT 350",
            "OUTP ON",
        ],
    );
    for (line, code) in [
        ("VOLT:LIM 400", -221),
        ("CURR:LIM:NEG 5", -222),
        ("VOLT 801", -222),
    ] {
        assert_eq!(battery.say(line), "");
        assert!(
            battery.say(error).starts_with(&format!("{code},")),
            "{line}"
        );
    }
    advance(&bench, 0.5);
    assert!(bench.true_state().battery_on);
    let volts: f64 = battery.say("MEAS:VOLT?").trim().parse().expect("a number");
    assert!((volts - 350.0).abs() < 30.0, "{volts}");
    battery.set(error, &["FUNC CURR", "CURR -5", "VOLT:LIM 400"]);
    assert_eq!(battery.say("CURR:LIM 5"), "");
    assert!(battery.say(error).starts_with("-221,"));
    // other modes and the battery test are held, and leave the output alone
    battery.set(
        error,
        &[
            "BATT:MODE DISC",
            "BATT:DISC:VOLT 300;CURR -10",
            "BATT:SHUT:CAP 20;TIME 3600",
            "FUNC:MODE BATT",
        ],
    );
    assert_eq!(
        battery.say("FUNC:MODE?;:BATT:MODE?;:BATT:DISC:CURR?"),
        "BATTery;DISCharge;-1.00000E+01\n"
    );
    battery.set(error, &["OUTP OFF"]);
    assert_eq!(battery.say("OUTP?"), "0\n");
    advance(&bench, 0.05);
    assert!(bench.all_sources_off());
}
