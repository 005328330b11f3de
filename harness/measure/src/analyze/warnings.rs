//! What makes a capture doubtful though it can be analysed.

use super::Channel64;
use crate::sine_fit::SineFit;

/// So many times more samples at the last value than at the one before it than any wave has: a
/// sine has at most 2.4 times as many, where its crest just fills the step.
const CLIPPED_RATIO: usize = 6;
/// Fewest samples at the last value that are taken for clipping.
const CLIPPED_LEAST: usize = 12;

/// Says so if the channel stands at the end of its range: the extreme value occurs far more often
/// than the next one, as no wave's crest does.
pub(super) fn clipped(channel: &Channel64<'_>, name: &str) -> Option<String> {
    let at_end = |sign: f64| -> Option<f64> {
        let mut best = (f64::NEG_INFINITY, 0_usize);
        let mut next = (f64::NEG_INFINITY, 0_usize);
        for &x in channel.samples {
            let x = sign * x;
            if x < next.0 {
                continue;
            }
            if x > best.0 {
                next = best;
                best = (x, 1);
            } else if x.to_bits() == best.0.to_bits() {
                best.1 += 1;
            } else if x > next.0 {
                next = (x, 1);
            } else {
                next.1 += 1;
            }
        }
        let flat = best.1 >= CLIPPED_LEAST
            && next.0.is_finite()
            && best.1 > CLIPPED_RATIO * next.1
            // A channel that rests at its end, as a current after it ceased, is not clipped.
            && best.0 > 0.0
            && 4 * best.1 < channel.samples.len();
        flat.then_some(sign * best.0)
    };
    let ends: Vec<String> = [1.0, -1.0]
        .into_iter()
        .filter_map(at_end)
        .map(|level| format!("{level:.4}"))
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
