//! `analyze frequency`: mean frequency and its rate of change from the phase of the fundamental.

use serde::Serialize;

use super::warnings::clipped;
use super::wave::coarse_hz;
use super::{AnalyzeError, Channel64, positive};
use crate::frequency::{FrequencyMethod, REACH, estimate_distorted, series};
use crate::phase_track::{TrackPoint, adaptive_track, parabola};

/// Share of the strongest window's level below which a window carries no wave.
const GONE: f64 = 0.1;
/// Share of it below which a window makes the frequency doubtful.
const WEAK: f64 = 0.5;
/// Windows per cycle.
pub(super) const HOP: f64 = 0.5;

/// Frequency of a voltage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FrequencyAnalysis {
    /// Mean frequency over the interval, Hz.
    pub f_mean_hz: f64,
    /// Rate of change over the interval by least squares, Hz/s.
    pub rocof_hz_per_s: f64,
    /// U of the mean from the scatter of the phase, Hz. The sample clock adds its own.
    pub uncertainty_hz: f64,
    /// U of the rate of change, Hz/s; `None` where the frequency does not change steadily.
    pub rocof_uncertainty_hz_per_s: Option<f64>,
    /// How the phase was found.
    pub method: FrequencyMethod,
    /// (time of the centre s, frequency Hz), one per cycle; for the sine fit those of phasors.
    pub series: Vec<(f64, f64)>,
    /// What makes the figures doubtful: a clipped channel, a wave that fades, a record that ends
    /// before the interval does.
    pub warnings: Vec<String>,
    /// What limits the figures.
    pub note: Option<String>,
}

/// As [`frequency_by`] with the most exact method, the sine fit.
///
/// # Errors
/// Those of [`frequency_by`].
pub fn frequency(
    voltage: &Channel64<'_>,
    fundamental_hz: f64,
    from_s: Option<f64>,
    to_s: Option<f64>,
) -> Result<FrequencyAnalysis, AnalyzeError> {
    let method = FrequencyMethod::SineFit;
    frequency_by(voltage, fundamental_hz, from_s, to_s, method)
}

/// Frequency between `from_s` and `to_s` (s; the whole record without). `fundamental_hz` is the
/// nominal one (±45 %).
///
/// A frequency that is constant or changes steadily is that of [`crate::frequency`] by `method`.
/// Whether it does is seen from the phase of one-cycle windows; where that does not follow a
/// parabola the mean is the phase gained between the ends, whatever the method.
///
/// # Errors
/// Unusable samples or interval, fewer than three cycles (zero crossing and phasor: five and
/// a half), no wave near the fundamental.
pub fn frequency_by(
    voltage: &Channel64<'_>,
    fundamental_hz: f64,
    from_s: Option<f64>,
    to_s: Option<f64>,
    method: FrequencyMethod,
) -> Result<FrequencyAnalysis, AnalyzeError> {
    voltage.check("voltage")?;
    let nominal = positive("fundamental", fundamental_hz)?;
    let duration = voltage.duration_s();
    let (from, to) = (from_s.unwrap_or(0.0), to_s.unwrap_or(duration));
    if !(from >= 0.0 && from < to && from.is_finite() && to.is_finite()) {
        return Err(AnalyzeError::Parameter {
            name: "interval",
            value: to - from,
            must: "a from not before 0 and a to after it",
        });
    }
    let points = phase(voltage, nominal, from, to.min(duration))?;
    let rate = voltage.rate_hz;
    let seconds = |p: &TrackPoint| (p.at / rate, p.turns);
    let middle = 0.5 * (from + to.min(duration));
    let short = || AnalyzeError::TooShort {
        name: "voltage",
        have_s: to.min(duration) - from,
        need_s: 3.0 / nominal,
        purpose: "the frequency of three cycles",
    };
    let [c0, slope, curve] = parabola(points.iter().map(seconds), middle).ok_or_else(short)?;
    let residual = |p: &TrackPoint| {
        let x = p.at / rate - middle;
        p.turns - (c0 + slope * x + curve * x * x)
    };
    let scatter =
        (points.iter().map(|p| residual(p).powi(2)).sum::<f64>() / points.len() as f64).sqrt();
    let noise = phase_noise(&points);
    let span = (points[points.len() - 1].at - points[0].at) / rate;
    // Half of the windows overlap: count independent ones.
    let independent = (0.5 * points.len() as f64).max(2.0);
    let (mut f_mean, mut note) = (slope, None);
    if scatter > 4.0 * noise + 1e-4 {
        f_mean = end_to_end(&points, rate).unwrap_or(slope);
        note = Some(
            "the frequency does not change steadily: the mean is the phase gained between the ends"
                .to_owned(),
        );
    }
    let u = scatter.max(noise) * (12.0 / independent).sqrt() / span;
    let (first, last) = interval(voltage, from, to.min(duration));
    let part = &voltage.samples[first..last];
    let begin_s = first as f64 / rate;
    let series = match method {
        // Fits of single cycles cost a hundred times as much and say no more than the phase that
        // is already known.
        FrequencyMethod::SineFit => points
            .windows(3)
            .step_by(2)
            .map(|w| {
                let f = (w[2].turns - w[0].turns) / (w[2].at - w[0].at) * rate;
                (w[1].at / rate, f)
            })
            .collect(),
        FrequencyMethod::ZeroCrossing | FrequencyMethod::Phasor => {
            series(part, rate, nominal, method)
                .iter()
                .map(|p| (p.t_s + begin_s, p.hz))
                .collect()
        }
    };
    let (strongest, weakest) = extremes(&points);
    let weak = (weakest.rms < WEAK * strongest.rms).then(|| {
        format!(
            "the voltage falls to {:.0} % of its level at {:.4} s: the figures hold for the time with a steady wave only",
            100.0 * weakest.rms / strongest.rms,
            weakest.at / rate
        )
    });
    let beyond = (to > duration + 0.5 / rate).then(|| {
        format!("the record ends at {duration:.4} s, before the end of the interval at {to:.4} s: the figures are those up to there")
    });
    let mut found = FrequencyAnalysis {
        f_mean_hz: f_mean,
        rocof_hz_per_s: 2.0 * curve,
        uncertainty_hz: 2.0 * u,
        rocof_uncertainty_hz_per_s: None,
        method,
        series,
        warnings: [clipped(voltage, "voltage"), weak, beyond]
            .into_iter()
            .flatten()
            .collect(),
        note,
    };
    if found.note.is_none() {
        let steady = estimate_distorted(part, rate, nominal, method).ok_or_else(|| {
            AnalyzeError::TooShort {
                name: "voltage",
                have_s: part.len() as f64 / rate,
                need_s: 5.5 / nominal,
                purpose: "this method; the sine fit needs three cycles",
            }
        })?;
        found.f_mean_hz = steady.hz;
        found.uncertainty_hz = steady.frequency(0.0).u;
        found.rocof_hz_per_s = steady.rocof;
        found.rocof_uncertainty_hz_per_s = Some(steady.rate_of_change().u);
    }
    Ok(found)
}

/// First sample in an interval and the first after it.
fn interval(voltage: &Channel64<'_>, from_s: f64, to_s: f64) -> (usize, usize) {
    let (rate, len) = (voltage.rate_hz, voltage.samples.len());
    let first = ((from_s * rate).ceil() as usize).min(len);
    (
        first,
        ((to_s * rate).floor() as usize + 1).clamp(first, len),
    )
}

/// Strongest and first weakest window of a phase that has some.
fn extremes(points: &[TrackPoint]) -> (TrackPoint, TrackPoint) {
    points[1..]
        .iter()
        .fold((points[0], points[0]), |(high, low), &p| {
            let high = if p.rms > high.rms { p } else { high };
            (high, if p.rms < low.rms { p } else { low })
        })
}

/// Phase of the fundamental between two times, at least five windows of it.
pub(super) fn phase(
    voltage: &Channel64<'_>,
    nominal_hz: f64,
    from_s: f64,
    to_s: f64,
) -> Result<Vec<TrackPoint>, AnalyzeError> {
    let rate = voltage.rate_hz;
    let (first, last) = interval(voltage, from_s, to_s);
    let part = Channel64 {
        samples: &voltage.samples[first..last],
        rate_hz: rate,
    };
    if part.duration_s() < 3.0 / nominal_hz - 1.5 / rate {
        return Err(AnalyzeError::TooShort {
            name: "voltage",
            have_s: part.duration_s(),
            need_s: 3.0 / nominal_hz,
            purpose: "the frequency of three cycles",
        });
    }
    if rate < 20.0 * nominal_hz {
        return Err(AnalyzeError::TooSlow {
            name: "voltage",
            rate_hz: rate,
            need_hz: 20.0 * nominal_hz,
            purpose: "20 samples in a cycle",
        });
    }
    let hz = coarse_hz(&part, "voltage")?;
    if (hz / nominal_hz - 1.0).abs() > REACH {
        return Err(AnalyzeError::Parameter {
            name: "fundamental",
            value: nominal_hz,
            must: "within 45 % of the frequency of the wave",
        });
    }
    let points = adaptive_track(
        voltage.samples,
        first as f64,
        last as f64 - 1.0,
        rate / hz,
        HOP,
    );
    if points.len() < 4 {
        return Err(AnalyzeError::NoWave { name: "voltage" });
    }
    let (strongest, weakest) = extremes(&points);
    if weakest.rms < GONE * strongest.rms {
        return Err(AnalyzeError::Gone {
            name: "voltage",
            at_s: weakest.at / rate,
        });
    }
    Ok(points)
}

/// Standard deviation of the phase of independent windows, turns, from third differences.
fn phase_noise(points: &[TrackPoint]) -> f64 {
    let sum: f64 = points
        .windows(7)
        .map(|w| (w[6].turns - 3.0 * w[4].turns + 3.0 * w[2].turns - w[0].turns).powi(2))
        .sum();
    let count = points.len().saturating_sub(6).max(1);
    (sum / count as f64 / 20.0).sqrt()
}

/// Mean frequency from the phases at both ends, each by a parabola through ten windows.
fn end_to_end(points: &[TrackPoint], rate: f64) -> Option<f64> {
    let side = points.len().min(10);
    let at = |part: &[TrackPoint], x: f64| {
        parabola(part.iter().map(|p| (p.at / rate, p.turns)), x).map(|c| c[0])
    };
    let (first, last) = (points.first()?.at / rate, points.last()?.at / rate);
    let gained = at(&points[points.len() - side..], last)? - at(&points[..side], first)?;
    Some(gained / (last - first))
}
