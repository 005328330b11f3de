//! Numbers in notes.

/// A value with four significant digits and its unit; seconds below 1 s in milliseconds.
pub(super) fn value(value: f64, unit: &str) -> String {
    let (value, unit) = if unit == "s" && value.abs() < 1.0 {
        (value * 1e3, "ms")
    } else {
        (value, unit)
    };
    let magnitude = value.abs();
    let digits = match magnitude {
        m if m >= 1000.0 => 0,
        m if m >= 100.0 => 1,
        m if m >= 10.0 => 2,
        m if m >= 1.0 => 3,
        _ => 4,
    };
    format!("{value:.digits$} {unit}")
}
