//! Internal resistance of a dc source.

/// Voltage at the terminals of a source of `open_v` behind `ohm` that gives `watts` (< 0: takes):
/// the upper root of v = open_v − ohm·watts/v. Beyond the largest power it can give,
/// open_v²/(4·ohm), half its open-circuit voltage is left.
pub(crate) fn terminal_v(open_v: f64, ohm: f64, watts: f64) -> f64 {
    let square = open_v * open_v - 4.0 * ohm * watts;
    0.5 * (open_v + square.max(0.0).sqrt())
}

#[cfg(test)]
mod tests {
    use super::terminal_v;

    #[test]
    fn the_drop_is_ohms_times_amperes() {
        for watts in [-2000.0, 0.0, 100.0, 1300.0] {
            let volts = terminal_v(52.0, 0.5, watts);
            assert!(
                (volts - (52.0 - 0.5 * watts / volts)).abs() < 1e-9,
                "{watts}"
            );
        }
        assert_eq!(terminal_v(52.0, 0.0, 5000.0), 52.0);
        assert_eq!(terminal_v(52.0, 0.5, 2000.0), 26.0);
    }
}
