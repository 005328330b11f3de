//! Prefixed units to the unit that the rest of gridproof calculates in.

/// Base units whose prefixes are resolved.
const BASES: [&str; 9] = ["V", "A", "W", "VA", "var", "VAr", "Var", "VAR", "Hz"];
/// Further units that a header may carry.
const OTHERS: [&str; 36] = [
    "s", "ms", "us", "µs", "μs", "ns", "sec", "min", "h", "%", "pu", "deg", "°", "rad", "°C",
    "degC", "K", "C", "Ohm", "ohm", "Ω", "F", "H", "Wh", "kWh", "Nm", "rpm", "Pa", "bar", "1", "-",
    "dB", "Hz/s", "m", "lx", "V/V",
];

/// Factor and base unit of `unit`: `kV` gives 1000 and `V`. `None` when there is no prefix.
pub(crate) fn base(unit: &str) -> Option<(f64, &'static str)> {
    let prefix = unit.chars().next()?;
    let factor = match prefix {
        'k' | 'K' => 1e3,
        'M' => 1e6,
        'G' => 1e9,
        'm' => 1e-3,
        'u' | 'µ' | 'μ' => 1e-6,
        'n' => 1e-9,
        _ => return None,
    };
    let rest = &unit[prefix.len_utf8()..];
    BASES
        .into_iter()
        .find(|base| *base == rest)
        .map(|base| (factor, base))
}

/// Seconds per `unit` of time.
pub(crate) fn seconds(unit: &str) -> Option<f64> {
    Some(match unit.trim() {
        "s" | "S" | "sec" | "Sec" | "secs" | "second" | "seconds" | "Sekunden" => 1.0,
        "ms" | "msec" | "millisecond" | "milliseconds" => 1e-3,
        "us" | "µs" | "μs" | "usec" | "microsecond" | "microseconds" => 1e-6,
        "ns" | "nsec" => 1e-9,
        "min" => 60.0,
        _ => return None,
    })
}

/// `text` is the name of a unit.
pub(crate) fn known(text: &str) -> bool {
    BASES.contains(&text) || OTHERS.contains(&text) || base(text).is_some()
}
