//! What the blind analyses share: the frequency of an unknown wave, and where it first departs.

use super::{AnalyzeError, Channel64};
use crate::bent_wave::BentWave;
use crate::limit_crossing::first_departure;
use crate::sine_fit::SineFit;
use crate::transfer::{DEBOUNCE_S, HIDDEN_CYCLES};
use crate::zero_crossing::{median_cycle, rising_crossings};

/// Cycles the wave before an event is fitted on at most.
pub(super) const OLD_CYCLES: f64 = 10.0;
/// Least cycles before an event.
pub(super) const LEAST_CYCLES: f64 = 3.0;

/// Frequency of the wave at the beginning of a record, Hz, between 10 Hz and 1 kHz: the median
/// of its first periods.
pub(super) fn coarse_hz(channel: &Channel64<'_>, name: &'static str) -> Result<f64, AnalyzeError> {
    let none = AnalyzeError::NoWave { name };
    let look = channel.samples.len().min((1.5 * channel.rate_hz) as usize);
    let samples = &channel.samples[..look];
    let mut hz = 50.0;
    for _ in 0..2 {
        let crossings = rising_crossings(samples, channel.rate_hz / hz);
        let first = &crossings[..crossings.len().min(13)];
        let Some(cycle) = median_cycle(first) else {
            return Err(none);
        };
        hz = channel.rate_hz / cycle;
        if !(10.0..=1000.0).contains(&hz) {
            return Err(none);
        }
    }
    if channel.rate_hz < 20.0 * hz {
        return Err(AnalyzeError::TooSlow {
            name,
            rate_hz: channel.rate_hz,
            need_hz: 20.0 * hz,
            purpose: "20 samples in a cycle",
        });
    }
    Ok(hz)
}

/// Where a wave first departs from itself.
pub(super) struct Departure {
    /// First sample of the visible departure.
    pub(super) first: usize,
    /// Sample up to which the wave is undisturbed (half a cycle before).
    pub(super) undisturbed: usize,
    /// The wave before, fitted on up to ten cycles that end at `undisturbed`.
    pub(super) old: SineFit,
}

/// What a wave is taken to do until it departs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carried {
    /// Keeps its frequency.
    Straight,
    /// Goes on changing its frequency as it did in the last ten cycles.
    Bent,
}

/// Cycles that are predicted from the last ten where the frequency may change.
const BENT_CYCLES: f64 = 2.0;

/// Walks along the record, predicting the next five cycles from the last ten, until
/// the wave departs by more than `share` of its amplitude (and six standard deviations).
/// `Ok(None)`: it never does.
pub(super) fn departure(
    channel: &Channel64<'_>,
    name: &'static str,
    hz: f64,
    share: f64,
    carried: Carried,
) -> Result<Option<Departure>, AnalyzeError> {
    let (samples, rate) = (channel.samples, channel.rate_hz);
    let cycle = rate / hz;
    let debounce = ((DEBOUNCE_S * rate).round() as usize).max(1);
    let hidden = (HIDDEN_CYCLES * cycle) as usize;
    let mut end = (LEAST_CYCLES * cycle).ceil() as usize;
    if samples.len() < end + cycle as usize {
        return Err(AnalyzeError::TooShort {
            name,
            have_s: channel.duration_s(),
            need_s: (LEAST_CYCLES + 1.0) / hz,
            purpose: "three cycles before an event and one after",
        });
    }
    let fit_before = |end: usize, known: Option<f64>| {
        let from = end.saturating_sub((OLD_CYCLES * cycle) as usize);
        match known {
            // The frequency of four cycles ago, unless that turned out to be no good.
            Some(hz) => SineFit::near(&samples[from..end], from, rate, hz),
            None => SineFit::new(&samples[from..end], from, rate, hz),
        }
    };
    let mut known: Option<f64> = None;
    let none = AnalyzeError::NoWave { name };
    loop {
        let found = fit_before(end, known).or_else(|| fit_before(end, None));
        let Some(fit) = found else {
            return Err(none);
        };
        if known.is_none() && disturbed(&fit, &samples[..end]) {
            return Err(AnalyzeError::Disturbed { name });
        }
        known = Some(fit.hz);
        let limit = (share * fit.amplitude()).max(6.0 * fit.sigma);
        let to = (end + (5.0 * cycle) as usize).min(samples.len());
        let residual = fit.residual(&samples[end..to], end);
        let brief = limit + 3.0 * fit.sigma;
        if let Some(k) = first_departure(&residual, limit, brief, debounce, hidden) {
            let near = (BENT_CYCLES * cycle) as usize;
            if carried == Carried::Bent && k >= near {
                // Nearer to it a change of the frequency shows, if it is one.
                end += cycle as usize;
                continue;
            }
            let from = end.saturating_sub((OLD_CYCLES * cycle) as usize);
            let wave = match carried {
                Carried::Straight => None,
                Carried::Bent => {
                    let wave = BentWave::following(fit.clone(), &samples[from..end], from);
                    wave.is_bent().then_some(wave)
                }
            };
            let first = match wave {
                None => end + k,
                Some(wave) => {
                    let to = (end + near).min(samples.len());
                    let residual = wave.residual(&samples[end..to], end);
                    match first_departure(&residual, limit, brief, debounce, hidden) {
                        Some(k) => end + k,
                        None if to == samples.len() => return Ok(None),
                        None => {
                            end += cycle as usize;
                            continue;
                        }
                    }
                }
            };
            let undisturbed = first
                .saturating_sub((0.5 * cycle) as usize)
                .max(((LEAST_CYCLES - 0.5) * cycle) as usize)
                .min(first);
            let old = fit_before(undisturbed, None).unwrap_or(fit);
            return Ok(Some(Departure {
                first,
                undisturbed,
                old,
            }));
        }
        if to == samples.len() {
            return Ok(None);
        }
        end += (4.0 * cycle) as usize;
    }
}

/// Last part of a record in which an event would be too late to be told, cycles.
const LATE_CYCLES: f64 = 4.0;

/// Sample within the last cycles of a record from which on its wave of `cycle` samples departs by
/// more than `share` of its amplitude (and six standard deviations).
pub(super) fn departs_late(samples: &[f64], rate: f64, cycle: f64, share: f64) -> Option<usize> {
    let late = samples.len().checked_sub((LATE_CYCLES * cycle) as usize)?;
    let from = late.saturating_sub((OLD_CYCLES * cycle) as usize);
    let fit = SineFit::new(&samples[from..late], from, rate, rate / cycle)?;
    let limit = (share * fit.amplitude()).max(6.0 * fit.sigma);
    let residual = fit.residual(&samples[late..], late);
    let debounce = ((DEBOUNCE_S * rate).round() as usize).max(1);
    let hidden = (HIDDEN_CYCLES * cycle) as usize;
    let brief = limit + 3.0 * fit.sigma;
    first_departure(&residual, limit, brief, debounce, hidden).map(|k| late + k)
}

/// Residual of a wave, share of its amplitude, below which no event is hidden in it.
const CALM: f64 = 0.03;

/// Whether the wave fitted on `samples`, from the first of a record on, leaves a residual of their
/// own shape: an event lies in them. Noise differs as much from sample to sample as it is large.
pub(super) fn disturbed(fit: &SineFit, samples: &[f64]) -> bool {
    let residual = fit.residual(samples, 0);
    let size = crate::rms::rms(&residual);
    let steps: Vec<f64> = residual.windows(2).map(|w| w[1] - w[0]).collect();
    let noise = crate::rms::rms(&steps) / std::f64::consts::SQRT_2;
    size > CALM * fit.amplitude() && size > 2.0 * noise
}
