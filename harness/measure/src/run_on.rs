//! When a current ceases: the end of run-on (IEC 62116) and of a disconnection time.
//!
//! docs/models.md, section 11: the envelope √(i² + i²(t − T/4)) falls a quarter cycle after the
//! current does, so the last instant of the current itself is taken: the last sample whose
//! magnitude exceeds the threshold, after which the record stays below it for the hold time.
//! The two agree to the sample once the delay is removed. What they cannot see is a current that
//! is cut while it passes zero: hidden for at most asin(threshold/peak)/ω.
//!
//! The current of the DUT is looked at, so that a dead tank ringing at 43 Hz in the *voltage*
//! counts nothing; the DUT's own filter capacitor keeps carrying current until its relay opens
//! and counts until then.

use crate::current_end::{Ending, Scene, ending};
use crate::math::{RootSum, ln};
use crate::noise::Noise;
use crate::weak_current::{WeakRule, weak_end};

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
    /// Magnitude that counted as current: the threshold, or what noise left visible, A.
    pub limit: f64,
    /// Distance between the last instant above the threshold and where the envelope of a fade
    /// passes it, samples; 0 for a cut.
    pub ambiguity: f64,
    /// How long the fade goes on from there: to the end of a line, to the threshold as an RMS value
    /// of any other, samples; 0 for a cut.
    pub beyond: f64,
    /// Standard uncertainty of the model's end against noise, samples; 0 without a model.
    pub doubt: f64,
    /// A model of the whole fade says where it ended, not the last samples.
    pub modelled: bool,
    /// How fast the magnitude falls at the end, A per sample: by how much an error of the level
    /// moves the end.
    pub slope: f64,
    /// Magnitude at which it was cut, A; `None` where it faded or no model fits.
    pub cut_level: Option<f64>,
    /// Standard deviation of the noise of one sample, A.
    pub noise: f64,
    /// Magnitude that the resolution does not tell from nothing, A: half a step, 0 where noise
    /// lifts what is smaller over it.
    pub unresolved: f64,
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

/// Finds where the current `amps` (A, sampled at `rate_hz`) ceases after sample `from`.
pub fn cessation(amps: &[f64], rate_hz: f64, from: usize, rule: &CeaseRule) -> Cessation {
    let samples = |seconds: f64| ((seconds * rate_hz).round() as usize).max(1);
    let hold = samples(rule.hold_s);
    if amps.len() < 8 || amps.len().saturating_sub(from) < hold || hold < 8 {
        return Cessation::TooShort;
    }
    if rule.threshold.is_nan() || rule.threshold <= 0.0 {
        return Cessation::NeverPresent;
    }
    let tail = &amps[amps.len() - hold..];
    let mean = tail.iter().sum::<f64>() / hold as f64;
    let zero = if mean.abs() <= rule.clamp_offset {
        mean
    } else {
        0.0
    };
    // A coarse resolution may lift what is below the threshold over it as noise does.
    let half_cycle = samples(rule.half_cycle_s);
    let found = Noise::of(tail, 2 * half_cycle, rule.threshold);
    let (sigma, step) = (found.sigma, crate::quality::resolution(amps));
    let noise = sigma.max(step / 12.0_f64.sqrt());
    let unresolved = if sigma < 0.5 * step { 0.5 * step } else { 0.0 };
    // 5.5 σ: one false sample in 2.6e7; 6 σ in long records: one in 5e8.
    let sure = if amps.len() > 1_000_000 { 6.0 } else { 5.5 } * noise;
    // Samples that are alike count as one: a shorter average of them is of no use.
    let longest = samples(rule.longest_average_s);
    let averaged = if sure <= rule.threshold || longest as f64 <= found.alike {
        1
    } else {
        let needed = (sure / rule.threshold).powi(2) * found.alike;
        let needed = needed.ceil().clamp(1.0, 1e6) as usize;
        needed.min(longest).clamp(1, hold / 4 + 1)
    };
    // What even the longest average cannot tell from noise does not count as current, nor what
    // noise may have lifted over the threshold (3 σ). Weaker current that goes on is looked for
    // afterwards in the power of whole cycles.
    let root = (averaged as f64 / found.alike).max(1.0).sqrt();
    let limit = (rule.threshold + 3.0 * noise / root).max(sure / root);
    let weak = WeakRule {
        half_cycle,
        threshold: rule.threshold,
        noise,
        alike: found.alike,
    };
    // Weak current goes on between two groups that show any.
    let bridged = |edge: usize, next: usize| {
        weak_end(&amps[..next], edge + averaged, &weak).is_some_and(|end| next < end + hold)
    };
    let mut last: Option<usize> = None;
    let mut earliest_seen = 0;
    let mut restarts = 0;
    let mut first = None;
    let mut group = Group::new(amps, averaged, zero);
    // Backwards: `k` is the first sample of the averaged group k..k + averaged.
    // A single noisy sample is no current: one of the two before must exceed the limit too, and
    // the group before a group much of it.
    let mut waiting: Option<usize> = None;
    for k in (from..=amps.len() - averaged).rev() {
        let mean = group.mean(k);
        if mean.abs() > limit {
            let confirmed = if averaged == 1 {
                waiting.is_some_and(|w| w - k <= 2)
            } else {
                let before = &amps[k.saturating_sub(averaged)..k];
                let sum = before.iter().map(|x| x - zero).sum::<f64>();
                sum * mean.signum() > 0.6 * limit * averaged as f64
            };
            let edge = waiting.replace(k).filter(|w| w - k <= 2).unwrap_or(k);
            if !confirmed {
                continue;
            }
            match last {
                None => last = Some(edge),
                Some(_) if earliest_seen - k > hold && !bridged(edge, earliest_seen) => {
                    restarts += 1;
                    first = Some(edge);
                }
                Some(_) => {}
            }
            earliest_seen = k;
        }
    }
    let Some(mut last) = last else {
        return Cessation::NeverPresent;
    };
    let quiet = amps.len() - 1 - (last + averaged - 1);
    if quiet < hold {
        return Cessation::StillFlowing {
            last: last as f64 + 0.5 * (averaged as f64 - 1.0),
            stopped_late: quiet > hold / 4,
        };
    }
    last = without_sensor_tail(amps, from, last, half_cycle, (rule.threshold, sure));
    // If what is seen last is weak itself, its cycle is looked at with what follows.
    let after = last + averaged;
    let cycle_before = after.saturating_sub(2 * half_cycle).max(from);
    let level = std::f64::consts::SQRT_2 * crate::rms::rms(&amps[cycle_before..after]);
    let begin = if level < 1.5 * rule.threshold.root_sum(std::f64::consts::SQRT_2 * noise) {
        cycle_before
    } else {
        after
    };
    if let Some(weak) = weak_end(amps, begin, &weak) {
        last = last.max(weak.min(amps.len() - averaged));
    }
    if amps.len() - (last + averaged) < hold {
        return Cessation::StillFlowing {
            last: last as f64,
            stopped_late: amps.len() - (last + averaged) > hold / 4,
        };
    }
    let reach = last.saturating_sub(half_cycle);
    let peak = amps[reach..(last + averaged).min(amps.len())]
        .iter()
        .map(|x| (x - zero).abs())
        .fold(0.0, f64::max);
    // How much of the last group still carries current: as much as lifts its mean to the limit.
    let local = amps[last.saturating_sub(averaged)..=last]
        .iter()
        .map(|x| (x - zero).abs())
        .fold(limit, f64::max);
    let part =
        |k: usize| k as f64 - 0.5 + (averaged as f64 * limit / local).clamp(1.0, averaged as f64);
    let scene = Scene {
        half_cycle,
        threshold: rule.threshold,
        noise,
        alike: found.alike,
        from,
    };
    // Of a wave that is cut, the fastest it can be.
    let fastest = std::f64::consts::PI / half_cycle as f64 * peak.max(limit);
    let fitted = ending(amps, last, &scene);
    let (modelled, beyond) = match fitted {
        Some(Ending::Ramp { envelope, end, .. }) => (true, end - envelope),
        Some(Ending::Cut { .. }) | None => (false, 0.0),
    };
    let (at, ambiguity, doubt, cut_level, slope) = match fitted {
        Some(Ending::Cut { at, doubt, level }) => (at, 0.0, doubt, Some(level), fastest),
        // By the envelope (docs/models.md, section 11); the last instant above the threshold lies
        // before it, the end of a ramp after it.
        Some(Ending::Ramp {
            last,
            envelope,
            doubt,
            slope,
            ..
        }) => (envelope, envelope - last, doubt, None, slope),
        // Neither: noise may hide what is left below the limit. It is taken to fade on as fast as
        // the current did over its last half cycle, and to last half a cycle at most.
        None if limit > 1.05 * rule.threshold => {
            let fade = ln(peak / limit).max(f64::MIN_POSITIVE);
            let hidden = (ln(limit / rule.threshold) / fade).min(0.5);
            (part(last), hidden * half_cycle as f64, 0.0, None, fastest)
        }
        None => (part(last), 0.0, 0.0, None, fastest),
    };
    Cessation::Ceased(Ceased {
        first: first.map_or(at, part),
        peak,
        at,
        averaged,
        restarts,
        noise,
        unresolved,
        limit,
        ambiguity,
        doubt,
        modelled,
        beyond,
        slope,
        cut_level,
    })
}

/// Running mean of a group of samples that moves backwards; summed anew now and then so that
/// rounding cannot grow.
struct Group<'a> {
    samples: &'a [f64],
    count: usize,
    zero: f64,
    sum: f64,
    at: usize,
}

impl<'a> Group<'a> {
    fn new(samples: &'a [f64], count: usize, zero: f64) -> Self {
        Self {
            samples,
            count,
            zero,
            sum: 0.0,
            at: usize::MAX,
        }
    }

    fn mean(&mut self, k: usize) -> f64 {
        if self.count == 1 {
            return self.samples[k] - self.zero;
        }
        if self.at == k + 1 && !k.is_multiple_of(256) {
            self.sum += self.samples[k] - self.samples[k + self.count];
        } else {
            self.sum = self.samples[k..k + self.count].iter().sum();
        }
        self.at = k;
        self.sum / self.count as f64 - self.zero
    }
}

/// A current transformer lets a direct value decay after an interruption (0.2–1 s): no
/// alternating current keeps its sign for more than half a cycle. The last sample before such a
/// tail, if `last` lies in one; else `last`.
fn without_sensor_tail(
    amps: &[f64],
    from: usize,
    last: usize,
    half_cycle: usize,
    (threshold, sure): (f64, f64),
) -> usize {
    let sign = amps[last].signum();
    // Noise may touch zero: the sign of a mean over a twentieth of a cycle decides.
    let width = (half_cycle / 10).max(1);
    let mut start = last;
    while start >= from + width {
        let group = &amps[start - width..start];
        let mean = group.iter().sum::<f64>() / width as f64 * sign;
        if mean <= 0.3 * threshold || mean > 6.0 * threshold {
            break;
        }
        start -= width;
    }
    if last - start < half_cycle + half_cycle / 5 {
        return last;
    }
    let settled = &amps[start..start + half_cycle / 2];
    let level = settled.iter().sum::<f64>() / settled.len().max(1) as f64;
    let begin = start.saturating_sub(2 * width).max(from);
    (begin..start + half_cycle / 2)
        .rev()
        .find(|&k| (amps[k] - level).abs() > sure.max(2.0 * threshold))
        .unwrap_or(start)
}

/// Time a cut near a zero of the current may stay hidden, s: asin(threshold/peak)/ω.
pub fn hidden_s(threshold: f64, peak: f64, hz: f64) -> f64 {
    if peak.is_nan() || peak <= threshold || hz <= 0.0 {
        return 0.25 / hz.max(1.0);
    }
    crate::math::asin(threshold / peak) / (std::f64::consts::TAU * hz)
}
