//! Integrals over windows that begin and end between samples.

/// Weights of a trapezoid integral of the linear interpolant over `[from, to]` (sample positions):
/// calls `add(index, weight)`; weights sum to `to − from`. `None` if the window is not inside the
/// `len` samples or not positive.
///
/// Over whole periods the trapezoid rule converges faster than any power of the step; only the
/// two fractional ends leave an error, below 1e-5 of the amplitude from 100 samples a cycle on.
pub(crate) fn trapezoid(
    len: usize,
    from: f64,
    to: f64,
    mut add: impl FnMut(usize, f64),
) -> Option<()> {
    if len < 2 || from.is_nan() || to.is_nan() || from < 0.0 || to <= from || to > (len - 1) as f64
    {
        return None;
    }
    let (first, last) = (from.ceil() as usize, to.floor() as usize);
    if first > last {
        // Both ends between the same two samples.
        let base = last;
        let middle = 0.5 * (from + to) - base as f64;
        add(base, (to - from) * (1.0 - middle));
        add(base + 1, (to - from) * middle);
        return Some(());
    }
    let lead = first as f64 - from;
    let trail = to - last as f64;
    if lead > 0.0 {
        add(first - 1, 0.5 * lead * lead);
    }
    let lead_weight = lead * (1.0 - 0.5 * lead);
    let trail_weight = trail * (1.0 - 0.5 * trail);
    if first == last {
        add(first, lead_weight + trail_weight);
    } else {
        add(first, lead_weight + 0.5);
        for index in first + 1..last {
            add(index, 1.0);
        }
        add(last, 0.5 + trail_weight);
    }
    if trail > 0.0 {
        add(last + 1, 0.5 * trail * trail);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_integrate_a_line_exactly() {
        for (from, to) in [
            (0.0, 9.0),
            (0.25, 0.75),
            (1.5, 7.25),
            (2.0, 2.5),
            (1.75, 2.25),
        ] {
            let (mut sum, mut moment) = (0.0, 0.0);
            trapezoid(10, from, to, |k, w| {
                sum += w;
                moment += w * k as f64;
            });
            assert!((sum - (to - from)).abs() < 1e-12, "{from} {to}: {sum}");
            assert!(
                (moment - 0.5 * (to * to - from * from)).abs() < 1e-12,
                "{from} {to}"
            );
        }
        assert!(trapezoid(10, -0.1, 3.0, |_, _| ()).is_none());
        assert!(trapezoid(10, 3.0, 9.1, |_, _| ()).is_none());
        assert!(trapezoid(0, 0.0, 0.0, |_, _| ()).is_none());
    }
}
