//! Channels sampled one after the other, moved onto common instants.

use super::capture::ImportedCapture;

/// Shifts every analog channel by its skew with a third-order polynomial through the four
/// nearest samples; the first and last samples are extrapolated from the same polynomial.
pub(crate) fn correct(capture: &mut ImportedCapture) {
    for channel in &mut capture.channels {
        if channel.digital || channel.skew_s == 0.0 {
            continue;
        }
        if channel.values.len() < 4 {
            capture.notes.push(format!(
                "channel `{}`: skew not corrected, fewer than 4 samples",
                channel.name
            ));
            continue;
        }
        let shift = channel.skew_s * capture.rate_hz;
        let old = std::mem::take(&mut channel.values);
        let top = old.len() - 4;
        channel.values = (0..old.len())
            .map(|index| {
                let position = index as f64 - shift;
                let base = ((position.floor() - 1.0).max(0.0) as usize).min(top);
                lagrange(&old[base..base + 4], position - base as f64)
            })
            .collect();
        capture.notes.push(format!(
            "channel `{}`: skew of {:.3} µs corrected by third-order interpolation",
            channel.name,
            channel.skew_s * 1e6
        ));
        channel.skew_s = 0.0;
    }
}

/// The cubic through four values at 0, 1, 2, 3, at `x`.
fn lagrange(values: &[f64], x: f64) -> f64 {
    let (a, b, c, d) = (x, x - 1.0, x - 2.0, x - 3.0);
    -values[0] * b * c * d / 6.0 + values[1] * a * c * d / 2.0 - values[2] * a * b * d / 2.0
        + values[3] * a * b * c / 6.0
}
