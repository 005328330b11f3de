//! Frequency and its rate of change (ROCOF) by one of three methods, each with the uncertainty
//! that its own residuals show.
//!
//! All three fit the phase φ(t) = c0 + c1·t + c2·t² (turns, t from the middle of the record): the
//! frequency in the middle is c1, which is also the mean while the change is steady, and the ROCOF
//! is 2·c2. They differ in what they take for the phase and so in what disturbs them:
//!
//! | method | phase from | disturbed by |
//! |---|---|---|
//! | zero crossing | instants of upward crossings | noise: uses a few samples of each cycle |
//! | phasor | Fourier integral of one cycle after another | interharmonics; half the noise suits it |
//! | sine fit | all samples at once, with the harmonics to 40 | sub- and interharmonics |
//!
//! The stated uncertainty is that of the residuals. The sample clock adds its own: a relative
//! error of the clock is one of the frequency; [`FrequencyEstimate::frequency`] takes its bound.

use gridproof_model::result::Measurement;

use crate::linear::{Regression, regression};
use crate::math::{atan2, sin_cos};
use crate::noise::correlation;
use crate::phase_track::{adaptive_track, parabola};
use crate::sine_fit::SineFit;
use crate::uncertainty::{Budget, student};
use crate::zero_crossing::{median_cycle, rising_crossings};

/// How far a wave may be from its nominal frequency, relative: 27.5 to 72.5 Hz at 50 Hz.
pub(crate) const REACH: f64 = 0.45;
/// Points that show how the noise is coloured, at most.
const MOST_RESIDUALS: usize = 40_000;
/// Cycles up to which harmonics to order 40 are fitted.
const FEW_CYCLES: f64 = 30.0;

/// A frequency, if it is within [`REACH`] of the nominal one.
fn near(hz: Option<f64>, nominal_hz: f64) -> Option<f64> {
    hz.filter(|hz| (hz / nominal_hz - 1.0).abs() <= REACH)
}

/// How the phase is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FrequencyMethod {
    /// Upward zero crossings, each placed by a line through ±10 % of the amplitude.
    ZeroCrossing,
    /// Phasors of adjoining windows of one cycle.
    Phasor,
    /// Least squares over all samples: fundamental with its harmonics and a frequency that changes
    /// linearly. The most exact of the three in white noise.
    SineFit,
}

/// Frequency in the middle of a record and its rate of change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrequencyEstimate {
    /// Frequency in the middle, Hz.
    pub hz: f64,
    /// Standard uncertainty of it from the residuals, Hz.
    pub hz_u: f64,
    /// Rate of change, Hz/s.
    pub rocof: f64,
    /// Standard uncertainty of it from the residuals, Hz/s.
    pub rocof_u: f64,
    /// The middle, s from the first sample.
    pub at_s: f64,
}

impl FrequencyEstimate {
    /// Frequency ± U of a recorder whose clock is right within ±`clock` (relative).
    pub fn frequency(&self, clock: f64) -> Measurement {
        Budget::new("Hz")
            .normal("residuals of the fit", self.hz_u)
            .rectangular("sample clock", self.hz * clock)
            .measure(self.hz)
    }

    /// ROCOF ± U; a steady error of the clock is negligible in it.
    pub fn rate_of_change(&self) -> Measurement {
        Budget::new("Hz/s")
            .normal("residuals of the fit", self.rocof_u)
            .measure(self.rocof)
    }
}

/// Frequency of a short stretch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrequencyPoint {
    /// Middle of the stretch, s from the first sample.
    pub t_s: f64,
    /// Mean frequency over it, Hz.
    pub hz: f64,
    /// Standard uncertainty from the residuals, Hz; of the whole record where a stretch has none.
    pub hz_u: f64,
}

/// Estimates over all of `samples`, `nominal_hz` ± 20 %. `None` with fewer than five cycles
/// (sine fit: three), fewer than 20 samples in a cycle, or without a wave.
pub fn estimate(
    samples: &[f64],
    rate_hz: f64,
    nominal_hz: f64,
    method: FrequencyMethod,
) -> Option<FrequencyEstimate> {
    if !(nominal_hz > 0.0 && rate_hz >= 20.0 * nominal_hz && rate_hz.is_finite()) {
        return None;
    }
    let middle = 0.5 * (samples.len() as f64 - 1.0) / rate_hz;
    match method {
        FrequencyMethod::ZeroCrossing => {
            from_phases(&crossing_phases(samples, rate_hz, nominal_hz), middle)
        }
        FrequencyMethod::Phasor => {
            from_phases(&phasor_phases(samples, rate_hz, nominal_hz), middle)
        }
        FrequencyMethod::SineFit => {
            let hz = near(coarse(samples, rate_hz, nominal_hz), nominal_hz)?;
            // 2.5 samples in a cycle of an order tell it apart. What is not fitted moves the
            // frequency by a share that falls with the square of the length.
            let highest = rate_hz / (2.5 * hz);
            if highest >= 13.0 {
                chirp::<29>(samples, rate_hz, hz)
            } else {
                chirp::<17>(samples, rate_hz, hz)
            }
        }
    }
}

/// As [`estimate`], the sine fit of fewer than 30 cycles with harmonics to order 40, where the rate
/// shows them: it takes ten times as long.
pub fn estimate_distorted(
    samples: &[f64],
    rate_hz: f64,
    nominal_hz: f64,
    method: FrequencyMethod,
) -> Option<FrequencyEstimate> {
    let hz = near(coarse(samples, rate_hz, nominal_hz), nominal_hz)?;
    let cycles = samples.len() as f64 * hz / rate_hz;
    if method == FrequencyMethod::SineFit && rate_hz >= 100.0 * hz && cycles < FEW_CYCLES {
        chirp::<83>(samples, rate_hz, hz)
    } else {
        estimate(samples, rate_hz, nominal_hz, method)
    }
}

/// Frequency over time: of each cycle (zero crossing, phasor), or of two cycles every cycle (sine
/// fit). Empty where [`estimate`] finds nothing.
pub fn series(
    samples: &[f64],
    rate_hz: f64,
    nominal_hz: f64,
    method: FrequencyMethod,
) -> Vec<FrequencyPoint> {
    if !(nominal_hz > 0.0 && rate_hz >= 20.0 * nominal_hz && rate_hz.is_finite()) {
        return Vec::new();
    }
    let phases = match method {
        FrequencyMethod::ZeroCrossing => crossing_phases(samples, rate_hz, nominal_hz),
        FrequencyMethod::Phasor => phasor_phases(samples, rate_hz, nominal_hz),
        FrequencyMethod::SineFit => return fitted_series(samples, rate_hz, nominal_hz),
    };
    let noise = phase_noise(&phases);
    phases
        .windows(2)
        .map(|p| {
            let span = p[1].0 - p[0].0;
            FrequencyPoint {
                t_s: 0.5 * (p[0].0 + p[1].0),
                hz: (p[1].1 - p[0].1) / span,
                hz_u: std::f64::consts::SQRT_2 * noise / span,
            }
        })
        .collect()
}

/// Standard deviation of single phases, turns, from third differences: a steady change of the
/// frequency does not count.
fn phase_noise(phases: &[(f64, f64)]) -> f64 {
    let thirds = phases
        .windows(4)
        .map(|p| (p[3].1 - 3.0 * p[2].1 + 3.0 * p[1].1 - p[0].1).powi(2));
    let count = phases.len().saturating_sub(3).max(1);
    (thirds.sum::<f64>() / count as f64 / 20.0).sqrt()
}

/// Frequency by upward crossings to some tenths of a per cent.
fn coarse(samples: &[f64], rate_hz: f64, nominal_hz: f64) -> Option<f64> {
    median_cycle(&rising_crossings(samples, rate_hz / nominal_hz)).map(|cycle| rate_hz / cycle)
}

/// (s, turns) of the upward crossings.
fn crossing_phases(samples: &[f64], rate_hz: f64, nominal_hz: f64) -> Vec<(f64, f64)> {
    let crossings = rising_crossings(samples, rate_hz / nominal_hz);
    let Some(cycle) = median_cycle(&crossings) else {
        return Vec::new();
    };
    if near(Some(rate_hz / cycle), nominal_hz).is_none() {
        return Vec::new();
    }
    let mut turns = 0.0;
    let mut last = crossings[0];
    crossings
        .iter()
        .map(|&at| {
            // A crossing that was not found leaves out its turn.
            turns += ((at - last) / cycle).round();
            last = at;
            (at / rate_hz, turns)
        })
        .collect()
}

/// (s, turns) of adjoining one-cycle windows.
fn phasor_phases(samples: &[f64], rate_hz: f64, nominal_hz: f64) -> Vec<(f64, f64)> {
    let Some(hz) = near(coarse(samples, rate_hz, nominal_hz), nominal_hz) else {
        return Vec::new();
    };
    adaptive_track(samples, 0.0, samples.len() as f64 - 1.0, rate_hz / hz, 1.0)
        .iter()
        .map(|p| (p.at / rate_hz, p.turns))
        .collect()
}

/// Parabola through independent phases.
fn from_phases(phases: &[(f64, f64)], middle: f64) -> Option<FrequencyEstimate> {
    let scale = phases
        .iter()
        .map(|p| (p.0 - middle).abs())
        .fold(0.0, f64::max);
    if phases.len() < 5 || scale <= 0.0 {
        return None;
    }
    let fit: Regression<3> = regression(phases.iter().map(|&(t, turns)| {
        let x = (t - middle) / scale;
        ([1.0, x, x * x], turns)
    }))?;
    let widen = student(fit.freedom);
    Some(FrequencyEstimate {
        hz: fit.x[1] / scale,
        hz_u: fit.u(1) * widen / scale,
        rocof: 2.0 * fit.x[2] / (scale * scale),
        rocof_u: 2.0 * fit.u(2) * widen / (scale * scale),
        at_s: middle,
    })
}

/// Least squares of a periodic wave of about `found` Hz whose frequency changes linearly, by
/// Gauss–Newton. `N` is 3 (mean, frequency, its change) and two for each order from 1.
fn chirp<const N: usize>(samples: &[f64], rate_hz: f64, found: f64) -> Option<FrequencyEstimate> {
    let orders = (N - 3) / 2;
    let middle = 0.5 * (samples.len() as f64 - 1.0);
    let track = adaptive_track(
        samples,
        0.0,
        samples.len() as f64 - 1.0,
        rate_hz / found,
        0.5,
    );
    let [c0, c1, c2] = parabola(track.iter().map(|p| (p.at, p.turns)), middle)?;
    let level = track.iter().map(|p| p.rms).sum::<f64>() / track.len() as f64;
    // Positions in half lengths of the record, so that the columns are of like size.
    let half = middle.max(1.0);
    let (mut phase, mut slope, mut curve) = (c0, c1 * half, c2 * half * half);
    let mut amplitude = level * std::f64::consts::SQRT_2;
    // Groups of samples are averaged: it keeps the noise's information, and is fast. Long records
    // need fewer points in a cycle.
    let cycle = rate_hz / found;
    let per_cycle = if samples.len() as f64 > 1000.0 * cycle {
        64.0
    } else {
        160.0
    };
    let group = ((cycle / per_cycle) as usize).max(1);
    let mut last = None;
    let mut residual = Vec::new();
    for _ in 0..3 {
        let rows = samples.chunks_exact(group).enumerate().map(|(n, part)| {
            let at = n as f64 * group as f64 + 0.5 * (group as f64 - 1.0);
            let x = (at - middle) / half;
            let turns = phase + x * (slope + x * curve);
            let (s, c) = sin_cos((turns - turns.floor()) * std::f64::consts::TAU);
            let (mut sh, mut ch) = (s, c);
            let mut row = [0.0; N];
            row[0] = 1.0;
            for k in 0..orders {
                row[1 + 2 * k] = ch;
                row[2 + 2 * k] = sh;
                (sh, ch) = (sh * c + ch * s, ch * c - sh * s);
            }
            let lever = -std::f64::consts::TAU * amplitude * s;
            row[N - 2] = lever * x;
            row[N - 1] = lever * x * x;
            (row, part.iter().sum::<f64>() / group as f64)
        });
        let fit: Regression<N> = regression(rows.clone())?;
        let model = |row: &[f64; N]| row.iter().zip(fit.x).map(|(r, x)| r * x).sum::<f64>();
        residual.clear();
        residual.extend(rows.take(MOST_RESIDUALS).map(|(row, y)| y - model(&row)));
        let (a, b) = (fit.x[1], fit.x[2]);
        phase -= atan2(b, a) / std::f64::consts::TAU;
        amplitude = (a * a + b * b).sqrt();
        slope += fit.x[N - 2];
        curve += fit.x[N - 1];
        last = Some(fit);
    }
    let fit = last?;
    let hz = slope / half * rate_hz;
    if (hz / found - 1.0).abs() > 0.05 || amplitude <= 0.0 {
        return None;
    }
    let (density, freedom) = colour(&residual, cycle / group as f64);
    let widen = density.sqrt() * student(fit.freedom.min(freedom));
    let per_s = rate_hz / half;
    Some(FrequencyEstimate {
        hz,
        hz_u: fit.u(N - 2) * per_s * widen,
        rocof: 2.0 * curve * per_s * per_s,
        rocof_u: 2.0 * fit.u(N - 1) * per_s * per_s * widen,
        at_s: middle / rate_hz,
    })
}

/// By how much the noise near the fundamental, which alone moves its phase, exceeds white noise of
/// the same power, at least 1: the spectral density of `residual` there by its correlations over up to
/// two cycles (Blackman and Tukey, with the triangular window of Bartlett) where that is more than it
/// scatters itself; and its degrees of freedom.
fn colour(residual: &[f64], cycle: f64) -> (f64, usize) {
    let count = residual.len();
    let lags = ((2.0 * cycle) as usize).min(count / 8);
    if lags == 0 {
        return (1.0, usize::MAX);
    }
    let share = correlation(residual);
    let density = |lag: usize| {
        let taper = 1.0 - lag as f64 / lags as f64;
        2.0 * taper * share(lag) * sin_cos(std::f64::consts::TAU * lag as f64 / cycle).1
    };
    let sum = 1.0 + (1..lags).map(density).sum::<f64>();
    // Relative variance of that estimate where the noise is white: 2 over its degrees of freedom, of
    // which the fit has taken amplitude, phase, frequency and its change.
    let all = 3.0 * count as f64 / lags as f64;
    let freedom = all - 4.0;
    let sum = sum * all / freedom;
    if sum > 1.0 + (2.0 / freedom).sqrt() {
        (sum, freedom as usize)
    } else {
        (1.0, usize::MAX)
    }
}

/// Fits of two cycles every cycle.
fn fitted_series(samples: &[f64], rate_hz: f64, nominal_hz: f64) -> Vec<FrequencyPoint> {
    let Some(hz) = coarse(samples, rate_hz, nominal_hz) else {
        return Vec::new();
    };
    let cycle = rate_hz / hz;
    let width = (2.0 * cycle).ceil() as usize + 1;
    let mut found = Vec::new();
    let mut begin = 0.0_f64;
    while let Some(part) = samples.get(begin as usize..begin as usize + width) {
        if let Some(fit) = SineFit::new(part, begin as usize, rate_hz, hz) {
            let span = width as f64 / rate_hz;
            let points = fit.points() as f64;
            // Least variance of the frequency of a sine in white noise.
            let bound = 6.0_f64.sqrt() / std::f64::consts::PI * fit.sigma
                / (fit.amplitude() * span * points.sqrt());
            found.push(FrequencyPoint {
                t_s: (begin.floor() + 0.5 * (width as f64 - 1.0)) / rate_hz,
                hz: fit.hz,
                hz_u: bound,
            });
        }
        begin += cycle;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use FrequencyMethod::{Phasor, SineFit as Fit, ZeroCrossing};

    fn wave(hz: f64, rocof: f64, rate: f64, seconds: f64) -> Vec<f64> {
        (0..(rate * seconds) as u32)
            .map(|k| {
                let t = f64::from(k) / rate;
                let a = std::f64::consts::TAU * (0.13 + hz * t + 0.5 * rocof * t * t);
                325.0 * (a.sin() + 0.04 * (5.0 * a).sin() + 0.02 * (3.0 * a + 1.0).cos()) + 6.0
            })
            .collect()
    }

    #[test]
    fn three_methods_one_truth() {
        for (hz, rocof, rate) in [
            (50.0, 0.0, 10_000.0),
            (47.2, 0.0, 5_000.0),
            (52.1, 2.0, 20_000.0),
            (49.0, -4.0, 1e6),
            (50.4, 1.0, 1_200.0),
        ] {
            let samples = wave(hz, rocof, rate, 0.4);
            for method in [ZeroCrossing, Phasor, Fit] {
                let found = estimate(&samples, rate, 50.0, method).expect("a wave");
                let truth = hz + rocof * found.at_s;
                // Without noise the rest is the interpolation between few samples.
                let near = if rate < 2_000.0 { 5e-3 } else { 5e-4 };
                assert!(
                    (found.hz - truth).abs() < near,
                    "{method:?} {found:?} {truth}"
                );
                assert!(
                    (found.rocof - rocof).abs() < 100.0 * near,
                    "{method:?} {found:?}"
                );
                let points = series(&samples, rate, 50.0, method);
                assert!(points.len() >= 15, "{method:?}: {}", points.len());
                for p in points {
                    let truth = hz + rocof * p.t_s;
                    assert!(
                        (p.hz - truth).abs() < 20.0 * near,
                        "{method:?} {p:?} {truth}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_carries_no_frequency_gives_none() {
        for method in [ZeroCrossing, Phasor, Fit] {
            assert!(estimate(&[0.0; 5000], 10_000.0, 50.0, method).is_none());
            assert!(estimate(&wave(50.0, 0.0, 10_000.0, 0.03), 10_000.0, 50.0, method).is_none());
            assert!(estimate(&wave(80.0, 0.0, 10_000.0, 0.4), 10_000.0, 50.0, method).is_none());
            assert!(estimate(&wave(50.0, 0.0, 800.0, 0.4), 800.0, 50.0, method).is_none());
            assert!(series(&[1.0; 3], f64::NAN, 50.0, method).is_empty());
        }
    }
}
