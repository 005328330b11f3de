//! Root-mean-square values, by the windows of IEC 61000-4-30.

use crate::window::trapezoid;

/// RMS of all samples; 0 of none.
pub fn rms(samples: &[f64]) -> f64 {
    if samples.is_empty() {
        return 0.0;
    }
    (samples.iter().map(|x| x * x).sum::<f64>() / samples.len() as f64).sqrt()
}

/// RMS over the window `[from, to]` in sample positions; `None` if it is not inside the record.
pub fn rms_window(samples: &[f64], from: f64, to: f64) -> Option<f64> {
    let mut sum = 0.0;
    trapezoid(samples.len(), from, to, |k, w| {
        sum += w * samples[k] * samples[k]
    })?;
    Some((sum / (to - from)).max(0.0).sqrt())
}

/// One-cycle RMS refreshed each half cycle (IEC 61000-4-30, Urms(½)): (centre of the window in
/// sample positions, RMS). `cycle` is the length of a cycle in samples; windows begin at `from`.
pub fn half_cycle_series(samples: &[f64], cycle: f64, from: f64) -> Vec<(f64, f64)> {
    let mut points = Vec::new();
    if cycle.is_nan() || cycle < 2.0 {
        return points;
    }
    let mut start = from.max(0.0);
    while let Some(value) = rms_window(samples, start, start + cycle) {
        points.push((start + 0.5 * cycle, value));
        start += 0.5 * cycle;
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn off_nominal_sine_has_no_ripple() {
        let rate = 10_000.0;
        for hz in [47.0, 49.5, 50.0, 52.0] {
            let samples: Vec<f64> = (0..4000)
                .map(|k| 325.0 * (2.0 * std::f64::consts::PI * hz * f64::from(k) / rate).sin())
                .collect();
            for (_, value) in half_cycle_series(&samples, rate / hz, 3.3) {
                assert!(
                    (value / (325.0 / 2.0_f64.sqrt()) - 1.0).abs() < 1e-5,
                    "{hz} Hz: {value}"
                );
            }
        }
        assert!(half_cycle_series(&[1.0, 2.0], 200.0, 0.0).is_empty());
        assert_eq!(rms(&[]), 0.0);
    }
}
