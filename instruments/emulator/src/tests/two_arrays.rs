//! Two PV simulators at the two trackers of a DUT, and curves of partial shading from their disk.

use gridproof_model::bench::Bench;
use gridproof_model::load;

use super::dut::{model, read};
use super::{AUX, Talk, advance, codes, fixture, profile};
use crate::EmulatedBench;

/// A bench whose text is changed, with the AUX inverter, which has two trackers.
fn bench(file: &str, change: impl FnOnce(String) -> String) -> EmulatedBench {
    let text = change(fixture(&format!("benches/{file}.yaml")));
    let bench: Bench = load::parse_bench(file, &text).unwrap_or_else(|e| panic!("{e}"));
    let mut dut = profile(AUX);
    // at the maximum at any time, and soon there
    dut.behaviour.mppt = None;
    dut.behaviour.reconnect_delay = Some(gridproof_model::quantity::Seconds(5.0));
    dut.behaviour.ramp = Some(gridproof_model::quantity::RatioPerSecond(0.5));
    EmulatedBench::new(&bench, &dut, &dut.behaviour, &codes(), 1).expect("a bench")
}

fn cr(pv: &mut Talk, line: &str) -> String {
    let reply = String::from_utf8_lossy(&pv.bytes(format!("{line}\r").as_bytes())).into_owned();
    let error = String::from_utf8_lossy(&pv.bytes(b"SYST:ERR?\r")).into_owned();
    assert!(error.starts_with("0,"), "{line}: {error}");
    reply.trim().to_owned()
}

fn numbers(text: &str) -> Vec<f64> {
    text.split(',')
        .map(|n| n.parse().unwrap_or_else(|_| panic!("{text}")))
        .collect()
}

fn grid_on(bench: &EmulatedBench, line: &str) {
    Talk::new(bench, "grid").set("SYST:ERR?", &[line]);
}

/// Each channel has its own curve, sun and output; readings of both agree with the true state.
#[test]
fn two_channels_of_the_terrasas_feed_two_trackers() {
    let bench = bench("embedded", |text| text);
    let mut pv = Talk::new(&bench, "pv");
    assert_eq!(cr(&mut pv, "SYST:CHAN:COUN?"), "2");
    for line in [
        "CURVe:EN50530:MPPparms 1500, 350",
        "CURVe:EN50530:ADD",
        "CURVe:VIparms 300, 5;MPPparms 240, 4.5;ADD \"SMALL\"",
        "SOURce:CURVe \"EN 50530 CURVE\", (@1)",
        "SOURce:CURVe \"SMALL\", (@2)",
        "SOURce:IRRadiance 1000, (@1:2)",
        "SOURce:EXECute (@1,2)",
        "OUTPut:STATe ON, (@1,2)",
    ] {
        cr(&mut pv, line);
    }
    assert_eq!(cr(&mut pv, "OUTP? (@1,2)"), "ON,ON");
    assert_eq!(cr(&mut pv, "SOUR:CURV? (@2)"), "\"SMALL\"");
    grid_on(&bench, "VOLT:AC 230;:OUTP:REL ON;:OUTP ON");
    advance(&bench, 60.0);
    let agree = |pv: &mut Talk, about: [f64; 2]| {
        let state = bench.full_state();
        let watts = numbers(&cr(pv, "MEAS:POW? (@1,2)"));
        let volts = numbers(&cr(pv, "MEAS:VOLT? (@1,2)"));
        let amps = numbers(&cr(pv, "MEAS:CURR? (@1,2)"));
        for (input, wanted) in about.into_iter().enumerate() {
            let truth = &state.pv_inputs[input];
            assert!(
                (watts[input] - truth.w).abs() <= 1e-4 * truth.w.max(1.0),
                "{truth:?}"
            );
            assert!(
                (volts[input] - truth.v).abs() <= 1e-4 * truth.v.max(1.0),
                "{truth:?}"
            );
            assert!((volts[input] * amps[input] - watts[input]).abs() < 0.1);
            // the DUT's own reading, in steps of 0.01 A, 0.1 V and 1 W
            let module = model(160) + 10 + 20 * input as u16;
            let own = read(&mut Talk::new(&bench, "dut"), module, 12);
            assert_eq!(own[0], input as u16 + 1);
            assert!(
                (f64::from(own[9]) / 100.0 - amps[input]).abs() < 0.011,
                "{own:?}"
            );
            assert!(
                (f64::from(own[10]) / 10.0 - truth.v).abs() < 0.06,
                "{own:?}"
            );
            assert!((f64::from(own[11]) - truth.w).abs() < 0.6, "{own:?}");
            assert!(
                (truth.w - wanted).abs() < 0.01 * wanted.max(1.0),
                "{truth:?}"
            );
        }
    };
    agree(&mut pv, [1500.0, 1080.0]);
    // half the sun on the second alone; staged values wait
    cr(&mut pv, "SOUR:IRR 500, (@2)");
    advance(&bench, 10.0);
    agree(&mut pv, [1500.0, 1080.0]);
    cr(&mut pv, "SOUR:EXEC (@2)");
    advance(&bench, 10.0);
    let half = 540.0 * 0.9948; // the voltage at 500 W/m² over that at 1000
    agree(&mut pv, [1500.0, half]);
    // the second drops out, the first goes on
    cr(&mut pv, "OUTP OFF, (@2)");
    advance(&bench, 10.0);
    agree(&mut pv, [1500.0, 0.0]);
    let state = bench.full_state();
    assert!(state.pv_output_closed && !state.pv_inputs[1].output_closed);
    assert!(!bench.all_sources_off());
    cr(&mut pv, "OUTP OFF");
    advance(&bench, 0.1);
    assert!(!bench.true_state().pv_on);
}

/// Two modules in three of a string in half the sun: two maxima, of which the perfect tracker takes the
/// higher, as the curve of the file has it.
#[test]
fn a_partly_shaded_string_comes_from_the_disk() {
    let curves = "curves: {half shaded: [[0 V, 9 A], [120 V, 8.8 A], [130 V, 4.6 A], \
                  [380 V, 4.4 A], [420 V, 0 A]]}";
    let bench = bench("embedded", |text| {
        text.replace(
            "    channel: 1\n",
            &format!("    channel: 1\n    {curves}\n"),
        )
    });
    let mut pv = Talk::new(&bench, "pv");
    for line in [
        "CURVe:READFile \"half shaded\"",
        "SOURce:CURVe \"half shaded\"",
        "SOURce:EXECute",
        "OUTPut:STATe ON",
    ] {
        cr(&mut pv, line);
    }
    assert!(cr(&mut pv, "CURV:CAT?").contains("\"half shaded\""));
    grid_on(&bench, "VOLT:AC 230;:OUTP:REL ON;:OUTP ON");
    advance(&bench, 60.0);
    let state = bench.full_state();
    assert!((state.pv_voc_v - 420.0).abs() < 1e-9 && (state.pv_isc_a - 9.0).abs() < 1e-9);
    for input in &state.pv_inputs {
        assert!((input.maximum_w - 380.0 * 4.4).abs() < 2.0, "{input:?}");
        assert!((input.w - input.maximum_w).abs() < 1.0, "{input:?}");
    }
    let watts = numbers(&cr(&mut pv, "MEAS:POW? (@1,2)"));
    assert!((watts[0] - state.pv_inputs[0].w).abs() < 0.1, "{watts:?}");
    let accuracy = numbers(&cr(&mut pv, "MEAS:MPP? (@1,2)"));
    assert!(
        accuracy.iter().all(|a| (a - 100.0).abs() < 0.3),
        "{accuracy:?}"
    );
    // half the sun: half the current
    cr(&mut pv, "SOUR:IRR 500");
    cr(&mut pv, "SOUR:EXEC");
    advance(&bench, 10.0);
    let half = bench.full_state().pv_inputs[0].w;
    assert!((half / (190.0 * 4.4) - 0.9948).abs() < 5e-3, "{half}");
    assert_eq!(
        String::from_utf8_lossy(&pv.bytes(b"CURV:READF \"none\";:SYST:ERR?\r")),
        "-256,\"File name not found\"\r"
    );
}

/// Two entries in the bench file are two simulators, each at its own input.
#[test]
fn two_solar_array_simulators_stand_at_two_inputs() {
    let bench = bench("embedded-b", |text| {
        let second =
            "  pv-2:\n    role: pv-source\n    model: chroma-62000h\n    address: emulated\n";
        text.replace(
            "  battery:\n    role",
            &format!("{second}  battery:\n    role"),
        )
        .replace(
            "  - {instrument: battery, within: 5 s}\n",
            "  - {instrument: pv-2, within: 5 s}\n  - {instrument: battery, within: 5 s}\n",
        )
    });
    let error = "SYST:ERR?";
    let mut arrays = [Talk::new(&bench, "pv"), Talk::new(&bench, "pv-2")];
    for (pv, power) in arrays.iter_mut().zip([1800.0, 900.0]) {
        let curve = format!("OUTP:MODE EN50530;:SAS:PMP {power};VMP 360;IRR 1000;TECH CSI");
        pv.set(error, &[&curve, "CONF:OUTP ON"]);
    }
    grid_on(&bench, "VOLT:RANG 300;:VOLT 230;:FREQ 50;:OUTP ON");
    advance(&bench, 60.0);
    let state = bench.full_state();
    for ((pv, power), truth) in arrays.iter_mut().zip([1800.0, 900.0]).zip(&state.pv_inputs) {
        assert!((truth.w / power - 1.0).abs() < 0.01, "{truth:?}");
        let shown: f64 = pv.say("FETC:POW?").trim().parse().expect("a number");
        assert!(
            (shown - truth.w).abs() < 0.0015 * truth.w + 15.0,
            "{shown} {truth:?}"
        );
        let volts: f64 = pv.say("MEAS:VOLT?").trim().parse().expect("a number");
        assert!(
            (volts - truth.v).abs() < 0.0005 * truth.v + 0.5,
            "{volts} {truth:?}"
        );
    }
    // the second trips alone, and a welded relay of the second is its own
    let trip = load::parse_fault("fault", "{instrument: pv-2, fault: source-trip}").expect("good");
    bench.inject(trip).expect("possible");
    advance(&bench, 1.0);
    let state = bench.full_state();
    let closed: Vec<bool> = state.pv_inputs.iter().map(|i| i.output_closed).collect();
    assert_eq!(closed, [true, false]);
    arrays[1].set(error, &["*CLS;:OUTP:PROT:CLE;:CONF:OUTP ON"]);
    advance(&bench, 1.0);
    let weld = load::parse_fault("fault", "{instrument: pv-2, fault: stuck-closed}").expect("good");
    bench.inject(weld).expect("possible");
    for pv in &mut arrays {
        pv.set(error, &["CONF:OUTP OFF"]);
    }
    advance(&bench, 1.0);
    let state = bench.full_state();
    let closed: Vec<bool> = state.pv_inputs.iter().map(|i| i.output_closed).collect();
    assert_eq!(closed, [false, true]);
    assert!(!bench.all_sources_off());
}
