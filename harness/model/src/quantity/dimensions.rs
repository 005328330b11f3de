//! The dimensions with their units, and the words people write in place of a unit.

use super::unit::{Dimension, Unit};

const fn decimal(symbol: &'static str, aliases: &'static [&'static str], exponent: i32) -> Unit {
    Unit {
        symbol,
        aliases,
        exponent,
        times: 1.0,
        per: 1.0,
    }
}

macro_rules! dimension {
    ($name:ident, $word:literal, $example:literal, [$($unit:expr),* $(,)?], [$($mistaken:expr),* $(,)?]) => {
        pub(super) const $name: Dimension = Dimension {
            name: $word,
            example: $example,
            units: &[$($unit),*],
            mistaken: &[$($mistaken),*],
        };
    };
}

dimension!(
    VOLTAGE,
    "voltage",
    "230 V",
    [
        decimal("V", &[], 0),
        decimal("uV", &["µV", "μV"], -6),
        decimal("mV", &[], -3),
        decimal("kV", &[], 3)
    ],
    [("volt", "V"), ("volts", "V")]
);
dimension!(
    CURRENT,
    "current",
    "16 A",
    [
        decimal("A", &[], 0),
        decimal("uA", &["µA", "μA"], -6),
        decimal("mA", &[], -3),
        decimal("kA", &[], 3)
    ],
    [("amp", "A"), ("amps", "A"), ("ampere", "A")]
);
dimension!(
    POWER,
    "power",
    "5 kW",
    [
        decimal("W", &[], 0),
        decimal("mW", &[], -3),
        decimal("kW", &[], 3),
        decimal("MW", &[], 6)
    ],
    [("watt", "W"), ("watts", "W"), ("va", "W"), ("kva", "kW")]
);
dimension!(
    APPARENT_POWER,
    "apparent power",
    "5 kVA",
    [
        decimal("VA", &[], 0),
        decimal("kVA", &[], 3),
        decimal("MVA", &[], 6)
    ],
    [("w", "VA"), ("kw", "kVA")]
);
dimension!(
    FREQUENCY,
    "frequency",
    "50 Hz",
    [
        decimal("Hz", &[], 0),
        decimal("mHz", &[], -3),
        decimal("kHz", &[], 3),
        decimal("MHz", &[], 6)
    ],
    [("hertz", "Hz")]
);
dimension!(
    TIME,
    "time",
    "10 ms",
    [
        decimal("s", &[], 0),
        decimal("ns", &[], -9),
        decimal("us", &["µs", "μs"], -6),
        decimal("ms", &[], -3),
        Unit {
            symbol: "min",
            aliases: &[],
            exponent: 0,
            times: 60.0,
            per: 1.0
        },
        Unit {
            symbol: "h",
            aliases: &[],
            exponent: 0,
            times: 3600.0,
            per: 1.0
        },
    ],
    [
        ("sec", "s"),
        ("secs", "s"),
        ("second", "s"),
        ("seconds", "s"),
        ("msec", "ms"),
        ("usec", "us"),
        ("m", "min"),
        ("mins", "min"),
        ("minute", "min"),
        ("minutes", "min"),
        ("hr", "h"),
        ("hour", "h"),
        ("hours", "h"),
    ]
);
dimension!(
    ANGLE,
    "angle",
    "90 deg",
    [decimal("deg", &["°"], 0)],
    [("degree", "deg"), ("degrees", "deg"), ("°c", "deg")]
);
dimension!(
    TEMPERATURE,
    "temperature",
    "25 °C",
    [decimal("°C", &["degC", "℃"], 0)],
    [("c", "°C"), ("celsius", "°C"), ("deg", "°C"), ("°", "°C")]
);
dimension!(
    RESISTANCE,
    "resistance",
    "0.15 Ohm",
    [
        decimal("Ohm", &["Ω", "Ω", "ohm"], 0),
        decimal("uOhm", &["µΩ", "μΩ", "uΩ"], -6),
        decimal("mOhm", &["mΩ", "mΩ"], -3),
        decimal("kOhm", &["kΩ", "kΩ"], 3),
    ],
    [("ohms", "Ohm"), ("r", "Ohm")]
);
dimension!(
    INDUCTANCE,
    "inductance",
    "1.5 mH",
    [
        decimal("H", &[], 0),
        decimal("nH", &[], -9),
        decimal("uH", &["µH", "μH"], -6),
        decimal("mH", &[], -3)
    ],
    [("henry", "H")]
);
dimension!(
    CAPACITANCE,
    "capacitance",
    "3.3 uF",
    [
        decimal("F", &[], 0),
        decimal("pF", &[], -12),
        decimal("nF", &[], -9),
        decimal("uF", &["µF", "μF"], -6),
        decimal("mF", &[], -3),
    ],
    [("farad", "F")]
);
dimension!(
    RATIO,
    "ratio",
    "5 %",
    [
        decimal("%", &[], -2),
        decimal("pu", &[], 0),
        decimal("ppm", &[], -6)
    ],
    [("percent", "%"), ("pct", "%"), ("p.u.", "pu"), ("%pn", "%")]
);
dimension!(
    PER_HERTZ,
    "gain over frequency",
    "0.08 1/Hz",
    [decimal("1/Hz", &["/Hz"], 0), decimal("%/Hz", &[], -2)],
    []
);
dimension!(
    RATIO_PER_SECOND,
    "ramp",
    "16.67 %/min",
    [
        decimal("%/s", &[], -2),
        decimal("pu/s", &[], 0),
        Unit {
            symbol: "%/min",
            aliases: &[],
            exponent: -2,
            times: 1.0,
            per: 60.0
        },
    ],
    [
        ("%/m", "%/min"),
        ("%", "%/s"),
        ("%pn/min", "%/min"),
        ("%/sec", "%/s")
    ]
);
dimension!(
    RATIO_PER_KELVIN,
    "slope over temperature",
    "5 %/K",
    [decimal("%/K", &["%/°C"], -2), decimal("pu/K", &[], 0)],
    [("%/c", "%/K"), ("%", "%/K")]
);
dimension!(
    TEMPERATURE_DIFFERENCE,
    "temperature difference",
    "0.5 K",
    [decimal("K", &[], 0), decimal("mK", &[], -3)],
    [("°c", "K"), ("degc", "K"), ("c", "K")]
);
dimension!(
    CHARGE,
    "charge",
    "100 Ah",
    [
        decimal("Ah", &[], 0),
        decimal("mAh", &[], -3),
        decimal("kAh", &[], 3)
    ],
    [("a", "Ah")]
);
dimension!(
    POWER_LEVEL,
    "power level",
    "50 %Pn",
    [
        decimal("%Pn", &["% Pn"], -2),
        decimal("W", &[], 0),
        decimal("mW", &[], -3),
        decimal("kW", &[], 3),
        decimal("MW", &[], 6),
    ],
    [
        ("%", "%Pn"),
        ("%pr", "%Pn"),
        ("%prated", "%Pn"),
        ("pu", "%Pn"),
        ("watt", "W")
    ]
);
dimension!(
    VOLTAGE_OR_FREQUENCY,
    "voltage or frequency",
    "2.5 V\" or \"0.1 Hz",
    [
        decimal("V", &[], 0),
        decimal("mV", &[], -3),
        decimal("kV", &[], 3),
        decimal("Hz", &[], 0),
        decimal("mHz", &[], -3),
        decimal("kHz", &[], 3),
    ],
    [("volt", "V"), ("volts", "V"), ("hertz", "Hz")]
);
dimension!(
    VOLTAGE_OR_CURRENT,
    "range in V or A",
    "1000 V\" or \"100 A",
    [
        decimal("V", &[], 0),
        decimal("mV", &[], -3),
        decimal("kV", &[], 3),
        decimal("A", &[], 0),
        decimal("mA", &[], -3),
        decimal("kA", &[], 3),
    ],
    []
);

/// The dimensions with units of their own, searched to say what a wrong unit belongs to.
pub(super) const ALL: &[&Dimension] = &[
    &VOLTAGE,
    &CURRENT,
    &POWER,
    &APPARENT_POWER,
    &FREQUENCY,
    &TIME,
    &ANGLE,
    &TEMPERATURE,
    &RESISTANCE,
    &INDUCTANCE,
    &CAPACITANCE,
    &RATIO,
    &PER_HERTZ,
    &RATIO_PER_SECOND,
    &RATIO_PER_KELVIN,
    &TEMPERATURE_DIFFERENCE,
    &CHARGE,
];
