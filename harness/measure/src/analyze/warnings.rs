//! What makes a capture doubtful though it can be analysed.

use super::Channel64;
use crate::quality::{Clipping, clipping, clipping_of_level};
use crate::sine_fit::SineFit;

/// Says so if the channel's wave stands at an end of its range.
pub(super) fn clipped(channel: &Channel64<'_>, name: &str) -> Option<String> {
    told(&clipping(channel.samples), channel.rate_hz, name)
}

/// As [`clipped`] of a quantity that may settle at its extreme.
pub(super) fn level_clipped(channel: &Channel64<'_>, name: &str) -> Option<String> {
    told(&clipping_of_level(channel.samples), channel.rate_hz, name)
}

/// Says at which ends, found in samples of that rate.
pub(super) fn told(found: &[Clipping], rate_hz: f64, name: &str) -> Option<String> {
    let ends: Vec<String> = found
        .iter()
        .map(|end| {
            format!(
                "{:.4} ({} samples from {:.4} s on)",
                end.level,
                end.samples,
                end.first as f64 / rate_hz
            )
        })
        .collect();
    (!ends.is_empty()).then(|| {
        format!(
            "{name} is clipped at {}: what lies beyond is not recorded; choose a larger range",
            ends.join(" and ")
        )
    })
}

/// How much later `channel` shows the wave that `reference` shows too, s: from the phases of both
/// over the cycles before `until_s`. `None` without a common wave, or if they differ by more than
/// an eighth of a cycle: then it is another wave, not a late channel.
pub(super) fn skew_s(
    channel: &Channel64<'_>,
    reference: &Channel64<'_>,
    until_s: f64,
    hz: f64,
) -> Option<f64> {
    let fit = |of: &Channel64<'_>| {
        let end = ((until_s * of.rate_hz) as usize).min(of.samples.len());
        let from = end.saturating_sub((8.0 * of.rate_hz / hz) as usize);
        SineFit::new(&of.samples[from..end], from, of.rate_hz, hz)
    };
    let (a, b) = (fit(channel)?, fit(reference)?);
    let at = until_s - 4.0 / hz;
    let angle = b.angle_at(at * reference.rate_hz) - a.angle_at(at * channel.rate_hz);
    let degrees = crate::transfer::wrapped_degrees(angle);
    ((a.hz / b.hz - 1.0).abs() < 1e-3 && degrees.abs() < 45.0).then(|| degrees / 360.0 / a.hz)
}

/// Says so if a skew is larger than the samples explain.
pub(super) fn skewed(skew_s: f64, rate_hz: f64) -> Option<String> {
    (skew_s.abs() > 0.5 / rate_hz).then(|| {
        format!(
            "the voltage shows the wave of the reference {:.1} µs {} before the event: instants of the two channels differ by that much",
            1e6 * skew_s.abs(),
            if skew_s > 0.0 { "late" } else { "early" }
        )
    })
}
