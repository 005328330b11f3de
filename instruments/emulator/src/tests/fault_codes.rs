//! Every code of a product's fault table that its emulated unit can truly have: caused by what the
//! code says, read over the product's own interface.

use gridproof_model::load::{self, parse_fault};
use gridproof_plant::input::Input;

use super::dut::{model, write};
use super::saj::{accepted, read};
use super::{AUX, SAJ, Talk, advance, codes, fixture, profile};
use crate::EmulatedBench;

/// What is on the DUT's battery port.
#[derive(Clone, Copy)]
enum Port {
    Simulator,
    Pack,
}

/// A bench with a DUT whose behaviour is overlaid with YAML, its grid and battery on.
fn bench(dut: &str, port: Port, overlay: &str) -> EmulatedBench {
    let name = match port {
        Port::Simulator => "embedded",
        Port::Pack => "embedded-d",
    };
    let text = fixture(&format!("benches/{name}.yaml"));
    let plan = load::parse_bench(name, &text).expect("a bench");
    let dut = profile(dut);
    let defect = format!(
        "defect: overlay\ntitle: overlay\nbehaviour: {overlay}\ncatches: {{{}: [none]}}\n",
        dut.dut
    );
    let over = load::parse_defect("overlay", &defect).expect("an overlay");
    let behaviour = dut.behaviour.overlaid_with(&over.behaviour);
    let bench = EmulatedBench::new(&plan, &dut, &behaviour, &codes(), 1).expect("a bench");
    grid(&bench, "VOLT:AC 230;:FREQ 50;:OUTP:REL ON;STAT ON");
    bench
}

/// A dc link whose ripple at power reaches its trip: P/(ωCV) is 75 V to either side at 3 kW. The
/// event that shows it is a step of the grid: without one the bench computes no ripple.
const SMALL_LINK: &str = "{dc_link: {capacitance: 130 uF, trip: 530 V}}";

/// Of the back-up port; no load of the bench goes so low.
const SHORT: Input = Input::BackupLoad { r_ohm: Some(0.2) };

fn grid(bench: &EmulatedBench, line: &str) {
    Talk::new(bench, "grid").set("SYST:ERR?", &[line]);
}

fn battery(bench: &EmulatedBench, volts: f64) {
    let volts = format!("VOLT {volts}");
    Talk::new(bench, "battery").set(
        "SYST:ERR?",
        &[
            "SYST:REM",
            &volts,
            "CURR:LIM 80",
            "CURR:LIM:NEG -60",
            "OUTP ON",
        ],
    );
}

/// The SAJ exchanges so many per cent of its rated power all day, > 0 discharges.
fn exchange(bench: &EmulatedBench, percent: i16) {
    let mut dut = Talk::new(bench, "dut");
    let (slot, mask) = if percent < 0 {
        (0x3606, 0x3604)
    } else {
        (0x361b, 0x3605)
    };
    let share = 0x7f00 | percent.unsigned_abs();
    for (address, value) in [
        (slot, 0),
        (slot + 1, 0x173b),
        (slot + 2, share),
        (mask, 1),
        (0x3371, 2),
    ] {
        accepted(&mut dut, address, value);
    }
}

fn backup_load(bench: &EmulatedBench, watts: u32) {
    let load = format!("PHASE1:RLOAD {watts}");
    Talk::new(bench, "backup-load").set("SYST:ERR?", &[&load, "PHASE1:RLOADE ON", "FUNC:SLOAD ON"]);
}

/// DRM0: the first relay of a bank.
fn drm0(bench: &EmulatedBench) {
    Talk::new(bench, "dred-a").bytes(&[0, 1, 0, 0, 0, 6, 1, 6, 1, 0x2e, 0, 1]);
}

/// Codes in the SAJ's fault words: display, master and slave message.
fn shown(bench: &EmulatedBench) -> Vec<u16> {
    let mut dut = Talk::new(bench, "dut");
    let mut shown = Vec::new();
    for (first, high) in [(1, 0x4007), (33, 0x400b), (65, 0x4005)] {
        let word = u32::from(read(&mut dut, high)) << 16 | u32::from(read(&mut dut, high + 1));
        shown.extend(
            (0..32)
                .filter(|bit| word >> bit & 1 == 1)
                .map(|bit| first + bit),
        );
    }
    assert_eq!(read(&mut dut, 0x400f), u16::from(!shown.is_empty()));
    assert_eq!(shown, bench.full_state().dut_fault_codes);
    shown
}

/// A SAJ on the simulator that feeds the grid.
fn feeding(overlay: &str) -> EmulatedBench {
    let bench = bench(SAJ, Port::Simulator, overlay);
    battery(&bench, 51.2);
    exchange(&bench, 60);
    advance(&bench, 500.0);
    assert!(bench.view().w > 1700.0, "{}", bench.view().w);
    assert_eq!(shown(&bench), [0_u16; 0], "healthy");
    bench
}

/// A SAJ with a pack that charges or discharges at most power.
fn with_pack(overlay: &str, percent: i16, seconds: f64) -> EmulatedBench {
    let bench = bench(SAJ, Port::Pack, overlay);
    advance(&bench, 61.0);
    exchange(&bench, percent);
    advance(&bench, seconds);
    bench
}

#[rstest::rstest]
#[case::over_voltage(25, "VOLT:AC 270", 3.0)]
#[case::under_voltage(26, "VOLT:AC 170", 13.0)]
#[case::over_frequency(27, "FREQ 53", 3.0)]
#[case::under_frequency(28, "FREQ 46", 4.0)]
#[case::loss(29, "OUTP:REL OFF", 3.0)]
#[case::ten_minutes(30, "VOLT:AC 257", 700.0)]
fn grid_faults(#[case] code: u16, #[case] event: &str, #[case] seconds: f64) {
    let bench = feeding("{sustained_over_voltage: {limit: 256 V}}");
    grid(&bench, event);
    advance(&bench, seconds);
    assert!(
        shown(&bench).contains(&code),
        "{:?} {:?}",
        shown(&bench),
        bench.true_state()
    );
    let others: Vec<u16> = shown(&bench)
        .into_iter()
        .filter(|other| *other != code)
        .collect();
    // a feed that loses its grid trips by the voltage that it drives up
    assert!(
        others.is_empty() || (code, others.as_slice()) == (29, &[25]),
        "{others:?}"
    );
    grid(&bench, "VOLT:AC 230;:FREQ 50;:OUTP:REL ON;STAT ON");
    advance(&bench, 700.0);
    assert_eq!(shown(&bench), [0_u16; 0], "gone with its cause");
}

#[rstest::rstest]
#[case::warning(3400, 5.0, &[29, 31])]
#[case::overload(3400, 20.0, &[21])]
fn back_up_faults(#[case] watts: u32, #[case] seconds: f64, #[case] expected: &[u16]) {
    let bench = feeding("{backup: {enabled: true}}");
    backup_load(&bench, 1000);
    advance(&bench, 1.0);
    grid(&bench, "OUTP:REL OFF");
    advance(&bench, 1.0);
    assert!(bench.true_state().backup_v > 200.0);
    backup_load(&bench, watts);
    advance(&bench, seconds);
    assert_eq!(shown(&bench), expected);
}

#[test]
fn a_short_circuit_at_the_back_up_port() {
    let bench = feeding("{backup: {enabled: true}}");
    grid(&bench, "OUTP:REL OFF");
    advance(&bench, 1.0);
    bench.apply(SHORT);
    advance(&bench, 2.0);
    assert_eq!(shown(&bench), [20]);
}

#[test]
fn a_dc_bus_beyond_its_trip() {
    let bench = feeding(SMALL_LINK);
    grid(&bench, "VOLT:AC 238");
    advance(&bench, 2.0);
    assert_eq!(shown(&bench), [15]);
}

#[rstest::rstest]
#[case::open(10, None)]
#[case::high(55, Some(58.6))]
#[case::low(56, Some(41.8))]
fn battery_port_faults(#[case] code: u16, #[case] volts: Option<f64>) {
    let bench = feeding("{standby_power: 10 W}");
    match volts {
        Some(volts) => battery(&bench, volts),
        None => Talk::new(&bench, "battery").set("SYST:ERR?", &["OUTP OFF"]),
    }
    // it takes nothing out of a battery that is too low, puts nothing into one that is too high
    exchange(&bench, if code == 55 { -60 } else { 60 });
    if code == 55 {
        accepted(&mut Talk::new(&bench, "dut"), 0x3605, 0);
    }
    advance(&bench, 5.0);
    assert_eq!(shown(&bench), [code]);
    assert!(bench.view().w.abs() < 40.0, "{}", bench.view().w);
    battery(&bench, 51.2);
    advance(&bench, 100.0);
    assert_eq!(shown(&bench), [0_u16; 0]);
}

#[rstest::rstest]
#[case::low_charge(54, "{pack: {state_of_charge: 4 %}}", 0, 5.0)]
#[case::cell_high(81, "{pack: {state_of_charge: 97 %, limits_ignored: true}}", -100, 600.0)]
#[case::cell_low(82, "{pack: {state_of_charge: 7 %, limits_ignored: true}}", 100, 800.0)]
#[case::charge_current(83, "{pack: {max_charge_current: 20 A, limits_ignored: true}}", -100, 400.0)]
#[case::discharge_current(
    85,
    "{pack: {max_discharge_current: 20 A, limits_ignored: true}}",
    100,
    400.0
)]
#[case::discharge_hot(
    86,
    "{pack: {discharge_temperature: {alarm: [0 °C, 20 °C], protect: [-5 °C, 24 °C]}}}",
    0,
    10.0
)]
#[case::charge_hot(
    87,
    "{pack: {charge_temperature: {alarm: [0 °C, 20 °C], protect: [-5 °C, 24 °C]}}}",
    0,
    10.0
)]
fn pack_faults(
    #[case] code: u16,
    #[case] overlay: &str,
    #[case] percent: i16,
    #[case] seconds: f64,
) {
    let bench = with_pack(overlay, percent, 0.0);
    let mut seen = Vec::new();
    for _ in 0..seconds as u32 {
        advance(&bench, 1.0);
        seen.extend(shown(&bench));
    }
    seen.sort_unstable();
    seen.dedup();
    // an empty pack is low besides
    seen.retain(|other| (code, *other) != (82, 54));
    assert_eq!(seen, [code]);
}

#[test]
fn a_pack_that_is_not_heard() {
    let bench = with_pack("{standby_power: 10 W}", 50, 10.0);
    let fault = "{instrument: bms, fault: silence, during: 60 s}";
    bench
        .inject(parse_fault("fault", fault).expect("a fault"))
        .expect("possible");
    advance(&bench, 20.0);
    assert_eq!(shown(&bench), [0_u16; 0]);
    advance(&bench, 20.0);
    assert_eq!(shown(&bench), [89]);
    advance(&bench, 30.0);
    assert_eq!(shown(&bench), [0_u16; 0]);
}

/// A pack that is asked for more than three times its permitted current opens before its over-current
/// has lasted.
#[test]
fn a_pack_near_a_short_circuit() {
    let overlay = "{ramp: 100 %/s, pack: {max_discharge_current: 15 A, limits_ignored: true}}";
    let bench = with_pack(overlay, 0, 30.0);
    assert_eq!(shown(&bench), [0_u16; 0]);
    exchange(&bench, 100);
    advance(&bench, 3.0);
    assert!(shown(&bench).contains(&8), "{:?}", shown(&bench));
}

/// Of the unit's own temperature, felt after five minutes.
#[rstest::rstest]
#[case(2, 60.0)]
#[case(3, -20.0)]
fn temperatures_of_the_unit(#[case] code: u16, #[case] celsius: f64) {
    let bench = feeding("{standby_power: 10 W}");
    bench.apply(Input::Ambient { celsius });
    advance(&bench, 60.0);
    assert_eq!(shown(&bench), [0_u16; 0]);
    advance(&bench, 1200.0);
    assert_eq!(shown(&bench), [code]);
    assert!(bench.view().w.abs() < 40.0);
}

#[test]
fn a_meter_that_is_not_heard() {
    let bench = bench(SAJ, Port::Simulator, "{working_mode: self-consumption}");
    battery(&bench, 51.2);
    advance(&bench, 70.0);
    bench.apply(Input::MeterSilence(true));
    advance(&bench, 4.0);
    assert_eq!(shown(&bench), [0_u16; 0]);
    advance(&bench, 2.0);
    assert_eq!(shown(&bench), [91]);
    bench.apply(Input::MeterSilence(false));
    advance(&bench, 2.0);
    assert_eq!(shown(&bench), [0_u16; 0]);
}

#[test]
fn direct_current_at_the_grid_port() {
    let overlay = "{output_quality: {dc_injection: 0.6 %}}";
    let bench = bench(SAJ, Port::Simulator, overlay);
    battery(&bench, 51.2);
    exchange(&bench, 60);
    advance(&bench, 64.0);
    assert_eq!(shown(&bench), [4]);
}

#[test]
fn drm0_is_shown() {
    let bench = feeding("{standby_power: 10 W}");
    drm0(&bench);
    advance(&bench, 2.0);
    assert_eq!(shown(&bench), [92]);
}

/// The AUX names its faults by other codes, on its panel.
#[rstest::rstest]
#[case(101)]
#[case(1001)]
#[case(1201)]
#[case(1301)]
#[case(1504)]
#[case(1508)]
#[case(1601)]
#[case(1801)]
#[case(1802)]
#[case(3401)]
fn the_aux_has_its_own_codes(#[case] code: u16) {
    let overlay = match code {
        101 => SMALL_LINK,
        1601 => "{output_quality: {dc_injection: 1.2 %}}",
        _ => "{backup: {enabled: true}}",
    };
    let bench = bench(AUX, Port::Simulator, overlay);
    battery(&bench, if code == 1001 { 485.0 } else { 350.0 });
    let mut dut = Talk::new(&bench, "dut");
    for (offset, values) in [(23, [1, 0, 5000].as_slice()), (22, &[1])] {
        assert_eq!(write(&mut dut, model(704) + offset, values)[0], 16);
    }
    advance(&bench, 150.0);
    match code {
        101 => {
            grid(&bench, "VOLT:AC 238");
            advance(&bench, 2.0);
        }
        1201 | 1301 => {
            grid(&bench, "OUTP:REL OFF");
            advance(&bench, 1.0);
            if code == 1201 {
                backup_load(&bench, 5500);
            } else {
                bench.apply(SHORT);
            }
            advance(&bench, 20.0);
        }
        1504 | 1508 => {
            let celsius = if code == 1504 { 66.0 } else { -36.0 };
            bench.apply(Input::Ambient { celsius });
            advance(&bench, 2.0);
        }
        1801 | 1802 => {
            bench.apply(Input::Pv {
                input: usize::from(code - 1801),
                on: true,
                voc: 560.0,
                isc: 10.0,
                vmp: 450.0,
                imp: 9.0,
            });
            advance(&bench, 2.0);
        }
        3401 => {
            drm0(&bench);
            advance(&bench, 2.0);
        }
        _ => {}
    }
    let codes = bench.full_state().dut_fault_codes;
    assert_eq!(codes, [code], "{:?}", bench.true_state());
}
