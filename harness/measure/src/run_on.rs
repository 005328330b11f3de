//! When a current ceases: the end of run-on (IEC 62116) and of a disconnection time.
//!
//! physics.md, section 11: the envelope √(i² + i²(t − T/4)) falls a quarter cycle after the
//! current does, so the last instant of the current itself is taken: the last sample whose
//! magnitude exceeds the threshold, after which the record stays below it for the hold time.
//! The two agree to the sample once the delay is removed. What they cannot see is a current that
//! is cut while it passes zero: hidden for at most asin(threshold/peak)/ω.
//!
//! The current of the DUT is looked at, so that a dead tank ringing at 43 Hz in the *voltage*
//! counts nothing; the DUT's own filter capacitor keeps carrying current until its relay opens
//! and counts until then.

use crate::trace::Trace;

/// What becomes of a current.
#[derive(Debug, Clone, PartialEq)]
pub enum Cessation {
    /// It never exceeded the threshold in the part looked at.
    NeverPresent,
    /// It ceased and stayed away.
    Ceased(Ceased),
    /// It still flows at the end of the record, or stopped less than the hold time before.
    StillFlowing {
        /// Last sample position above the threshold.
        last: f64,
        /// Stopped, but too late in the record to know that it stays away.
        stopped_late: bool,
    },
    /// The part looked at is shorter than the hold time.
    TooShort,
}

/// A current that ceased.
#[derive(Debug, Clone, PartialEq)]
pub struct Ceased {
    /// Sample position between the last sample above the threshold and the next.
    pub at: f64,
    /// Samples averaged against noise (1 = none).
    pub averaged: usize,
    /// How often it had stayed away for the hold time before and come back.
    pub restarts: u32,
    /// Where it first stayed away for the hold time (= `at` without restarts), sample position.
    pub first: f64,
    /// Standard deviation of the noise of one sample, A.
    pub noise: f64,
    /// Largest magnitude in the half cycle before it ceased, A: what was cut.
    pub peak: f64,
}

/// What counts as current.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CeaseRule {
    /// Magnitude that counts as current, A (instantaneous).
    pub threshold: f64,
    /// Time it must stay below, s.
    pub hold_s: f64,
    /// Largest direct error of the clamp, A: a smaller mean of the tail is taken for it.
    pub clamp_offset: f64,
    /// Half a nominal cycle, s.
    pub half_cycle_s: f64,
    /// Longest average against noise, s.
    pub longest_average_s: f64,
}

/// Finds where the current of `trace` ceases after sample `from`.
pub fn cessation(trace: &Trace<'_>, from: usize, rule: &CeaseRule) -> Cessation {
    let codes = trace.codes();
    let hold = trace.samples(rule.hold_s);
    if codes.len() < 8 || codes.len().saturating_sub(from) < hold || hold < 8 {
        return Cessation::TooShort;
    }
    let scale = trace.scale().abs();
    if scale <= 0.0 {
        return Cessation::NeverPresent;
    }
    let tail = &codes[codes.len() - hold..];
    let mean_code = tail.iter().map(|&c| i64::from(c)).sum::<i64>() as f64 / hold as f64;
    let mean = mean_code * trace.scale() + trace.offset();
    let zero_code = if mean.abs() <= rule.clamp_offset + scale {
        mean_code
    } else {
        -trace.offset() / trace.scale()
    };
    let noise_code = noise(tail);
    let threshold_code = rule.threshold / scale;
    let longest = trace.samples(rule.longest_average_s);
    // 5.5 σ: one false sample in 2.6e7.
    let needed = (5.5 * noise_code / threshold_code)
        .powi(2)
        .ceil()
        .clamp(1.0, 1e6) as usize;
    let averaged = needed.min(longest).clamp(1, hold / 4 + 1);

    let limit = threshold_code * averaged as f64;
    let zero = zero_code * averaged as f64;
    let mut sum: i64 = 0;
    let mut last: Option<usize> = None;
    let mut earliest_seen = 0;
    let mut restarts = 0;
    let mut first = None;
    // Backwards: `k` is the last sample of the averaged group, the group reaches back.
    for k in (from..codes.len()).rev() {
        sum += i64::from(codes[k]);
        if k + averaged < codes.len() {
            sum -= i64::from(codes[k + averaged]);
        } else if k + averaged > codes.len() {
            continue;
        }
        if (sum as f64 - zero).abs() > limit {
            // The group is k..k+averaged; its centre stands for it.
            match last {
                None => last = Some(k),
                Some(_) if earliest_seen - k > hold => {
                    restarts += 1;
                    first = Some(k);
                }
                Some(_) => {}
            }
            earliest_seen = k;
        }
    }
    let Some(last) = last else {
        return Cessation::NeverPresent;
    };
    let centre = last as f64 + 0.5 * (averaged as f64 - 1.0);
    let quiet = codes.len() - 1 - (last + averaged - 1);
    if quiet < hold {
        return Cessation::StillFlowing {
            last: centre,
            stopped_late: quiet > hold / 4,
        };
    }
    let reach = trace.samples(rule.half_cycle_s);
    let peak = codes[last.saturating_sub(reach)..(last + averaged).min(codes.len())]
        .iter()
        .map(|&code| (f64::from(code) - zero_code).abs() * scale)
        .fold(0.0, f64::max);
    let middle = 0.5 * averaged as f64;
    Cessation::Ceased(Ceased {
        first: first.unwrap_or(last) as f64 + middle,
        peak,
        at: centre + 0.5,
        averaged,
        restarts,
        noise: noise_code * scale,
    })
}

/// Standard deviation of white noise in codes from second differences, which a slow wave hardly
/// enters.
fn noise(codes: &[i16]) -> f64 {
    let sum: i64 = codes
        .windows(3)
        .map(|w| {
            let d = i64::from(w[0]) - 2 * i64::from(w[1]) + i64::from(w[2]);
            d * d
        })
        .sum();
    let count = codes.len().saturating_sub(2).max(1);
    (sum as f64 / count as f64 / 6.0).sqrt()
}

/// Time a cut near a zero of the current may stay hidden, s: asin(threshold/peak)/ω.
pub fn hidden_s(threshold: f64, peak: f64, hz: f64) -> f64 {
    if peak.is_nan() || peak <= threshold || hz <= 0.0 {
        return 0.25 / hz.max(1.0);
    }
    crate::math::asin(threshold / peak) / (std::f64::consts::TAU * hz)
}
