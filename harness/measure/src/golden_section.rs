//! Golden-section search.

/// Where between `low` and `high` `cost` is least, if it has one minimum there: the middle of what
/// `sections` sections leave, each 0.618 of the one before. `None` where `cost` has no value.
pub(crate) fn golden_section(
    (mut low, mut high): (f64, f64),
    sections: usize,
    cost: impl Fn(f64) -> Option<f64>,
) -> Option<f64> {
    let golden = 0.5 * (5.0_f64.sqrt() - 1.0);
    // One of the two inner places is one of the next section's too.
    let (mut at_lower, mut at_upper) = (None, None);
    for _ in 0..sections {
        let inner = (high - low) * golden;
        let (lower, upper) = (high - inner, low + inner);
        let below = at_lower.or_else(|| cost(lower))?;
        let above = at_upper.or_else(|| cost(upper))?;
        if below < above {
            high = upper;
            (at_lower, at_upper) = (None, Some(below));
        } else {
            low = lower;
            (at_lower, at_upper) = (Some(above), None);
        }
    }
    Some(0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_is_found() {
        for least in [-0.9, -0.1, 0.0, 0.4, 1.9] {
            let found = golden_section((-1.0, 2.0), 24, |x| Some((x - least).powi(2)));
            assert!((found.expect("a cost") - least).abs() < 3.0 * 0.619_f64.powi(24));
        }
        assert_eq!(golden_section((0.0, 1.0), 3, |_| None), None);
    }
}
