//! Parameters of a recorded trace, as oscilloscopes and recorders measure them by themselves.

/// First and last rising crossing of `level` and the cycles between them; a crossing counts after
/// the signal was `hysteresis` below it.
pub(crate) fn whole_cycles(volts: &[f64], level: f64, hysteresis: f64) -> Option<(f64, f64, f64)> {
    let mut low = false;
    let mut crossings: Vec<f64> = Vec::new();
    for (index, pair) in volts.windows(2).enumerate() {
        low |= pair[0] < level - hysteresis;
        if low && pair[1] >= level {
            let step = pair[1] - pair[0];
            let part = if step > 0.0 {
                (level - pair[0]) / step
            } else {
                1.0
            };
            crossings.push(index as f64 + part.clamp(0.0, 1.0));
            low = false;
        }
    }
    match (crossings.first(), crossings.last()) {
        (Some(&first), Some(&last)) if crossings.len() > 1 => {
            Some((first, last, (crossings.len() - 1) as f64))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cycles_are_counted_between_rising_crossings() {
        let volts: Vec<f64> = (0..1000)
            .map(|n| gridproof_plant::trig::sincos_turns(n as f64 / 200.0 + 0.1).0)
            .collect();
        let (first, last, cycles) = whole_cycles(&volts, 0.0, 0.2).expect("crossings");
        assert_eq!(cycles, 4.0);
        assert!(((last - first) / cycles - 200.0).abs() < 1e-6);
        assert!(whole_cycles(&[1.0; 50], 0.0, 0.1).is_none());
    }
}
