//! When the steps were made, as a mark channel shows it.

use super::Channel64;

/// Times at which a mark channel changes, s. A pulse counts once, by its leading edge.
pub(super) fn edges(channel: &Channel64<'_>) -> Vec<f64> {
    let samples = channel.samples;
    let low = samples.iter().copied().fold(f64::INFINITY, f64::min);
    let high = samples.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let span = high - low;
    if span <= 0.0 {
        return Vec::new();
    }
    let binary = samples.iter().all(|x| (x - low).min(high - x) < 0.2 * span);
    let mut found: Vec<f64> = Vec::new();
    if binary {
        let middle = 0.5 * (low + high);
        for (k, w) in samples.windows(2).enumerate() {
            if w[0] < middle && w[1] >= middle {
                found.push((k as f64 + 0.5) / channel.rate_hz);
            }
        }
        return found;
    }
    // A staircase of set points: changes by more than 2 % of its span within two samples.
    let mut k = 0;
    while k + 1 < samples.len() {
        if (samples[k + 1] - samples[k]).abs() > 0.02 * span {
            found.push((k as f64 + 0.5) / channel.rate_hz);
            // The rest of the same edge.
            while k + 1 < samples.len() && (samples[k + 1] - samples[k]).abs() > 0.02 * span {
                k += 1;
            }
        }
        k += 1;
    }
    found
}
