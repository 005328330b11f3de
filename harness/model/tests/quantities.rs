//! Written quantities: exact values, round trips, and messages.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fmt::{Debug, Display};
use std::str::FromStr;

use gridproof_model::quantity::{
    AmpHours, Amps, Celsius, Degrees, Farads, Henries, Hertz, Kelvins, Ohms, PerHertz, PowerLevel,
    Quantity, RangeOf, Ratio, RatioPerKelvin, RatioPerSecond, Seconds, VoltAmps, Volts,
    VoltsOrHertz, Watts,
};
use proptest::prelude::*;
use rstest::rstest;

#[rstest]
#[case("10 ms", 0.010)]
#[case("0.3 ms", 0.0003)]
#[case("1us", 1e-6)]
#[case("1.1 µs", 1.1e-6)]
#[case("7 ns", 7e-9)]
#[case("45 min", 2700.0)]
#[case("2 h", 7200.0)]
#[case(" 5.5 ms ", 0.0055)]
#[case("1e-3 s", 0.001)]
#[case("\u{2212}5 s", -5.0)]
fn times_are_exact(#[case] text: &str, #[case] seconds: f64) {
    assert_eq!(
        text.parse::<Seconds>().unwrap().0.to_bits(),
        seconds.to_bits()
    );
}

#[rstest]
#[case("5 %", 0.05)]
#[case("16.67 %", 0.1667)]
#[case("0.95 pu", 0.95)]
#[case("50 ppm", 0.00005)]
fn ratios_are_exact(#[case] text: &str, #[case] ratio: f64) {
    assert_eq!(text.parse::<Ratio>().unwrap().0.to_bits(), ratio.to_bits());
}

#[test]
fn other_units_of_the_reference_files() {
    assert_eq!("3.3 uF".parse::<Farads>().unwrap().0, 3.3e-6);
    assert_eq!("1.5 mH".parse::<Henries>().unwrap().0, 1.5e-3);
    assert_eq!("20 mΩ".parse::<Ohms>().unwrap().0, 0.02);
    assert_eq!(
        "16.67 %/min".parse::<RatioPerSecond>().unwrap().0,
        0.1667 / 60.0
    );
    assert_eq!("5 %/K".parse::<RatioPerKelvin>().unwrap().0, 0.05);
    assert_eq!("0.08 1/Hz".parse::<PerHertz>().unwrap().0, 0.08);
    assert_eq!("-20 degC".parse::<Celsius>().unwrap().0, -20.0);
    assert_eq!("90°".parse::<Degrees>().unwrap().0, 90.0);
    assert_eq!("6 kVA".parse::<VoltAmps>().unwrap().0, 6000.0);
    assert_eq!(
        "50 %Pn".parse::<PowerLevel>().unwrap().resolve(3000.0),
        1500.0
    );
    assert_eq!(
        "3 kW".parse::<PowerLevel>().unwrap(),
        PowerLevel::Watts(3000.0)
    );
    assert_eq!(
        "0.1 Hz".parse::<VoltsOrHertz>().unwrap(),
        VoltsOrHertz::Hertz(0.1)
    );
    assert_eq!(
        "2.5 V".parse::<VoltsOrHertz>().unwrap(),
        VoltsOrHertz::Volts(2.5)
    );
    assert_eq!("10".parse::<RangeOf>().unwrap(), RangeOf::Plain(10.0));
}

#[rstest]
#[case(0.01, "10 ms")]
#[case(0.0, "0 s")]
#[case(60.0, "60 s")]
#[case(300.0, "5 min")]
#[case(86_400.0, "24 h")]
#[case(-0.0003, "-300 us")]
#[case(1e-12, "0.001 ns")]
fn times_print_naturally(#[case] seconds: f64, #[case] text: &str) {
    assert_eq!(Seconds(seconds).to_string(), text);
}

fn refusal<T: FromStr>(text: &str) -> String
where
    T::Err: Display,
{
    text.parse::<T>()
        .err()
        .map_or_else(|| panic!("{text} was accepted"), |error| error.to_string())
}

#[test]
fn messages() {
    insta::assert_snapshot!([
        refusal::<Seconds>("10"),
        refusal::<Seconds>("10 mS"),
        refusal::<Seconds>("10 V"),
        refusal::<Seconds>("10 parsec"),
        refusal::<Seconds>(""),
        refusal::<Seconds>("soon"),
        refusal::<Seconds>("NaN s"),
        refusal::<Seconds>("-inf s"),
        refusal::<Seconds>("1e309 s"),
        refusal::<Seconds>("1e-400 s"),
        refusal::<Seconds>("1e99999999999 s"),
        refusal::<Seconds>("1,5 s"),
        refusal::<Volts>("0.23 kv"),
        refusal::<Celsius>("25 C"),
        refusal::<PowerLevel>("50 %"),
        refusal::<Ratio>("5 %Pn"),
        refusal::<VoltsOrHertz>("2.5"),
        refusal::<VoltsOrHertz>("2.5 s"),
    ].join("\n"), @r#"
    a bare number has no unit; write e.g. "10 ms"
    `mS` is not a unit of time; did you mean `ms`? units allowed: s, ns, us, ms, min, h
    `V` is a unit of voltage, not of time; units allowed: s, ns, us, ms, min, h
    `parsec` is not a unit of time; units allowed: s, ns, us, ms, min, h
    "" is not a time; write a number and a unit, e.g. "10 ms"
    "soon" is not a time; write a number and a unit, e.g. "10 ms"
    "NaN s" is not a finite time; write a number and a unit, e.g. "10 ms"
    "-inf s" is not a finite time; write a number and a unit, e.g. "10 ms"
    "1e309 s" is too large or too small for a number; check the exponent
    "1e-400 s" is too large or too small for a number; check the exponent
    "1e99999999999 s" is too large or too small for a number; check the exponent
    "1,5 s" has a comma in its number; write decimals with a point and no separators
    `kv` is not a unit of voltage; did you mean `kV`? units allowed: V, uV, mV, kV
    `C` is not a unit of temperature; did you mean `°C`? units allowed: °C
    `%` is a unit of ratio, not of power level; did you mean `%Pn`? units allowed: %Pn, W, mW, kW, MW
    `%Pn` is not a unit of ratio; did you mean `%`? units allowed: %, pu, ppm
    a bare number has no unit; write e.g. "2.5 V" or "0.1 Hz"
    `s` is a unit of time, not of voltage or frequency; units allowed: V, mV, kV, Hz, mHz, kHz
    "#);
}

fn comes_back<T: FromStr + Display + PartialEq + Debug>(value: T) -> Result<(), TestCaseError>
where
    T::Err: Debug,
{
    let text = value.to_string();
    let again: T = text
        .parse()
        .map_err(|error| TestCaseError::fail(format!("{text}: {error:?}")))?;
    prop_assert_eq!(again, value, "{}", text);
    Ok(())
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>().prop_filter("in range of every unit", |x| {
            x.is_finite() && (*x == 0.0 || (x.abs() > 1e-280 && x.abs() < 1e280))
        }),
        (-100_000_i32..100_000, -9_i32..4)
            .prop_map(|(digits, power)| format!("{digits}e{power}").parse().unwrap()),
    ]
}

proptest! {
    #[test]
    fn every_quantity_reads_back_what_it_prints(x in number()) {
        comes_back(Volts(x))?;
        comes_back(Amps(x))?;
        comes_back(Watts(x))?;
        comes_back(VoltAmps(x))?;
        comes_back(Hertz(x))?;
        comes_back(Seconds(x))?;
        comes_back(Degrees(x))?;
        comes_back(Celsius(x))?;
        comes_back(Ohms(x))?;
        comes_back(Henries(x))?;
        comes_back(Farads(x))?;
        comes_back(Ratio(x))?;
        comes_back(PerHertz(x))?;
        comes_back(RatioPerSecond(x))?;
        comes_back(RatioPerKelvin(x))?;
        comes_back(Kelvins(x))?;
        comes_back(AmpHours(x))?;
        comes_back(PowerLevel::Watts(x))?;
        comes_back(PowerLevel::OfRated(x))?;
        comes_back(VoltsOrHertz::Volts(x))?;
        comes_back(VoltsOrHertz::Hertz(x))?;
        comes_back(RangeOf::Volts(x))?;
        comes_back(RangeOf::Amps(x))?;
        comes_back(RangeOf::Plain(x))?;
    }

    #[test]
    fn milliseconds_equal_the_literal(digits in 0_u32..1_000_000, places in 0_usize..6) {
        let number = format!("{:.places$}", f64::from(digits) / 10_f64.powi(i32::try_from(places).unwrap()));
        let literal: f64 = format!("{number}e-3").parse().unwrap();
        let parsed: Seconds = format!("{number} ms").parse().unwrap();
        prop_assert_eq!(parsed.si().to_bits(), literal.to_bits());
    }

    #[test]
    fn no_text_makes_a_quantity_panic(text in "\\PC*") {
        let _ = text.parse::<Seconds>();
        let _ = text.parse::<PowerLevel>();
        let _ = text.parse::<RangeOf>();
    }

    #[test]
    fn nothing_that_looks_like_a_quantity_panics(text in "[-+ ]?[0-9.,eE+-]{0,12} ?[a-zA-Z%°Ωµ/.]{0,5}") {
        let _ = text.parse::<Seconds>();
        let _ = text.parse::<VoltsOrHertz>();
        let _ = text.parse::<RatioPerSecond>();
        let _ = text.parse::<RangeOf>();
    }
}
