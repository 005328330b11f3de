//! A periodic wave whose frequency may go on changing: a fitted wave of one frequency, and by how
//! much the samples run ahead of it, a polynomial of the time.

use crate::linear::{Regression, regression};
use crate::noise::alike;
use crate::sine_fit::SineFit;

/// A change of the frequency counts if it is known to so many standard deviations.
const SURE: f64 = 4.0;
/// Coefficients of the polynomial at most.
const POWERS: usize = 4;
/// Fitted points per cycle of a wave that [`BentWave::following`] bends.
const FOLLOWED: f64 = 200.0;
/// Shortest part in which a frequency is taken to change, and one in which its change does,
/// cycles.
const TURNING: f64 = 2.5;
const TWISTING: f64 = 6.0;
/// Bend within the fitted part below which the wave is straight, rad: 0.2 % of its amplitude.
const STRAIGHT: f64 = 0.002;

/// How a wave differs from the one of a single frequency.
#[derive(Debug, Clone, PartialEq)]
struct Bend {
    /// Amplitude against that of the wave of one frequency.
    gain: f64,
    /// By how much it runs ahead, samples: by powers of the time in cycles from `centre`.
    ahead: [f64; POWERS],
    centre: f64,
    /// Unit of that time, samples.
    cycle: f64,
    /// Covariance of `ahead`.
    covariance: [[f64; POWERS]; POWERS],
}

impl Bend {
    fn ahead_at(&self, at: f64) -> f64 {
        let u = (at - self.centre) / self.cycle;
        let [a, b, c, d] = self.ahead;
        a + u * (b + u * (c + u * d))
    }

    /// Its change per sample.
    fn faster_at(&self, at: f64) -> f64 {
        let u = (at - self.centre) / self.cycle;
        let [_, b, c, d] = self.ahead;
        (b + u * (2.0 * c + u * 3.0 * d)) / self.cycle
    }

    /// Standard uncertainty of [`Self::ahead_at`], samples.
    fn u_at(&self, at: f64) -> f64 {
        let u = (at - self.centre) / self.cycle;
        let powers = [1.0, u, u * u, u * u * u];
        let sum: f64 = (powers.iter().zip(&self.covariance))
            .map(|(p, line)| p * powers.iter().zip(line).map(|(q, c)| q * c).sum::<f64>())
            .sum();
        sum.max(0.0).sqrt()
    }
}

/// A fitted wave whose frequency may go on changing.
#[derive(Debug, Clone, PartialEq)]
pub struct BentWave {
    fit: SineFit,
    bend: Option<Bend>,
    /// Standard deviation of what it leaves of the samples, channel unit.
    pub(crate) scatter: f64,
}

/// Samples that a bend is fitted to.
struct Part<'a> {
    samples: &'a [f64],
    /// Position of the first of them in its record.
    first: usize,
    cycle: f64,
    per_cycle: f64,
}

impl Part<'_> {
    fn stride(&self) -> usize {
        ((self.cycle / self.per_cycle) as usize).max(1)
    }
}

impl BentWave {
    /// A wave of one frequency.
    pub(crate) fn straight(fit: SineFit) -> Self {
        Self {
            scatter: fit.sigma,
            bend: None,
            fit,
        }
    }

    /// The wave of `samples`, the first of which is sample `first` of its record, of about one cycle
    /// in `cycle` samples; its frequency may change at a steady rate.
    pub(crate) fn turning(
        samples: &[f64],
        first: usize,
        cycle: f64,
        per_cycle: f64,
    ) -> Option<Self> {
        // Positions in cycles of one second each: the fit needs no other rate.
        let fit = SineFit::with_points(samples, first, cycle, 1.0, per_cycle)?;
        let part = Part {
            samples,
            first,
            cycle,
            per_cycle,
        };
        let wave = Self::straight(fit);
        Some(wave.shaped::<4>(&part, (cycle, 1.0)).unwrap_or(wave))
    }

    /// The wave that `fit` found in `samples`, with a change of its frequency, steady or not, where
    /// they show one that matters.
    pub(crate) fn following(fit: SineFit, samples: &[f64], first: usize) -> Self {
        let cycle = fit.cycle();
        let long = samples.len() as f64 / cycle;
        let wave = Self::straight(fit);
        let part = Part {
            samples,
            first,
            cycle,
            per_cycle: FOLLOWED,
        };
        let rate = (wave.fit.rate_hz(), wave.fit.hz);
        let real = |bent: Self| {
            let bent = bent.in_noise_of(&part);
            (bent.most_bent(0.5 * long) >= STRAIGHT && bent.is_sure()).then_some(bent)
        };
        let twisted = || wave.shaped::<5>(&part, rate).and_then(real);
        let turned = || wave.shaped::<4>(&part, rate).and_then(real);
        let twisted = (long >= TWISTING).then(twisted).flatten();
        twisted
            .or_else(|| (long >= TURNING).then(turned).flatten())
            .unwrap_or(wave)
    }

    /// With a covariance of noise that is alike from point to point as that of the part is.
    fn in_noise_of(mut self, part: &Part<'_>) -> Self {
        let left: Vec<f64> = (part.samples.iter().enumerate().step_by(part.stride()))
            .map(|(k, x)| x - self.direct() - self.at((part.first + k) as f64).0)
            .collect();
        let alike = alike(&left, part.per_cycle as usize / 4);
        if let Some(bend) = &mut self.bend {
            for c in bend.covariance.iter_mut().flatten() {
                *c *= alike;
            }
        }
        self
    }

    /// Whether noise does not explain the highest power of its bend.
    fn is_sure(&self) -> bool {
        self.bend.as_ref().is_some_and(|bend| {
            let highest = (0..POWERS).rev().find(|&n| bend.ahead[n] != 0.0);
            highest
                .is_some_and(|n| bend.ahead[n].abs() > SURE * bend.covariance[n][n].max(0.0).sqrt())
        })
    }

    /// The wave that runs ahead of `fit` by `ahead` samples at position `centre` and by so many more
    /// with each cycle.
    pub(crate) fn shifted(
        fit: SineFit,
        centre: f64,
        ahead: [f64; 2],
        covariance: [[f64; 2]; 2],
    ) -> Self {
        let mut bend = Bend {
            gain: 1.0,
            ahead: [ahead[0], ahead[1], 0.0, 0.0],
            centre,
            cycle: fit.cycle(),
            covariance: [[0.0; POWERS]; POWERS],
        };
        for (line, source) in bend.covariance.iter_mut().zip(covariance) {
            line[..2].copy_from_slice(&source);
        }
        Self {
            scatter: fit.sigma,
            bend: Some(bend),
            fit,
        }
    }

    /// Bent as the part shows it, with harmonics that are those of the wave and not what a fixed
    /// frequency leaves of it: fitted anew to the samples as they were if the frequency of this wave
    /// had stayed. `rate` is that of the fit and its nominal frequency.
    fn shaped<const N: usize>(&self, part: &Part<'_>, rate: (f64, f64)) -> Option<Self> {
        let bent = self.bent::<N>(part)?;
        let straight = part.samples.iter().enumerate().map(|(k, x)| {
            let at = (part.first + k) as f64;
            x - bent.at(at).0 + self.at(at).0
        });
        let straight: Vec<f64> = straight.collect();
        let fit = SineFit::with_points(&straight, part.first, rate.0, rate.1, part.per_cycle);
        let Some(fit) = fit else {
            return Some(bent);
        };
        let again = Self { fit, ..bent };
        Some(again.bent::<N>(part).unwrap_or(again))
    }

    /// With the change of the frequency that the samples show, N − 2 powers of the time; `None` if
    /// noise may explain the highest.
    fn bent<const N: usize>(&self, part: &Part<'_>) -> Option<Self> {
        let mut bend = self.bend.clone().unwrap_or(Bend {
            gain: 1.0,
            ahead: [0.0; POWERS],
            centre: (part.first as f64) + 0.5 * part.samples.len() as f64,
            cycle: part.cycle,
            covariance: [[0.0; POWERS]; POWERS],
        });
        let mut found = self.clone();
        let mut sure = false;
        for _ in 0..2 {
            let rows = part.samples.iter().enumerate().step_by(part.stride());
            let rows = rows.map(|(k, x)| {
                let at = (part.first + k) as f64;
                let (value, turned) = found.at(at);
                let u = (at - bend.centre) / bend.cycle;
                let mut row = [value; N];
                let mut power = turned * std::f64::consts::TAU / bend.cycle;
                for term in &mut row[1..] {
                    *term = power;
                    power *= u;
                }
                (row, x - found.direct() - value)
            });
            let step: Regression<N> = regression(rows)?;
            sure = (bend.ahead[N - 2] + step.x[N - 1]).abs() > SURE * step.u(N - 1);
            bend.gain *= 1.0 + step.x[0];
            for (n, sum) in bend.ahead.iter_mut().take(N - 1).enumerate() {
                *sum += step.x[n + 1];
                for (m, c) in bend.covariance[n].iter_mut().take(N - 1).enumerate() {
                    *c = step.sigma * step.sigma * step.inverse[n + 1][m + 1];
                }
            }
            found.scatter = step.sigma;
            found.bend = Some(bend.clone());
        }
        sure.then_some(found)
    }

    /// Largest angle by which the change of the frequency bends the wave within `side` cycles of
    /// the middle of its part, rad.
    fn most_bent(&self, side: f64) -> f64 {
        let Some(bend) = &self.bend else {
            return 0.0;
        };
        let [_, _, c, d] = bend.ahead.map(f64::abs);
        side * side * (c + side * d) * std::f64::consts::TAU / bend.cycle
    }

    /// Whether its frequency changes.
    pub(crate) fn is_bent(&self) -> bool {
        self.most_bent(1.0) > 0.0
    }

    /// Direct component, channel unit.
    pub(crate) fn direct(&self) -> f64 {
        self.fit.direct()
    }

    /// Peak of the fundamental, channel unit.
    pub(crate) fn amplitude(&self) -> f64 {
        self.bend.as_ref().map_or(1.0, |b| b.gain) * self.fit.amplitude()
    }

    /// Number of samples that the fit looked at.
    pub(crate) fn points(&self) -> usize {
        self.fit.points()
    }

    /// Frequency at a sample position, Hz.
    pub(crate) fn hz_at(&self, at: f64) -> f64 {
        let faster = self.bend.as_ref().map_or(0.0, |b| b.faster_at(at));
        self.fit.hz * (1.0 + faster)
    }

    /// Angle of the fundamental as a sine at sample position `at`, rad in (−π, π].
    pub(crate) fn angle_at(&self, at: f64) -> f64 {
        let ahead = self.bend.as_ref().map_or(0.0, |b| b.ahead_at(at));
        self.fit.angle_at(at + ahead)
    }

    /// Standard uncertainty of the wave at its steepest near a sample position, from that of its
    /// bend, channel unit; 0 of a straight wave.
    pub(crate) fn u_at(&self, at: f64) -> f64 {
        let Some(bend) = &self.bend else {
            return 0.0;
        };
        self.amplitude() * bend.u_at(at) * std::f64::consts::TAU / self.fit.cycle()
    }

    /// The wave without its direct component at a sample position, and its change per radian.
    pub(crate) fn at(&self, at: f64) -> (f64, f64) {
        let (gain, ahead) = match &self.bend {
            Some(bend) => (bend.gain, bend.ahead_at(at)),
            None => (1.0, 0.0),
        };
        let (value, per_turn) = self.fit.alternating_at(at + ahead);
        (gain * value, gain * per_turn / std::f64::consts::TAU)
    }

    /// Calls `see(k, wave)` for each sample position k in `from..from + count`.
    pub(crate) fn each(&self, from: usize, count: usize, mut see: impl FnMut(usize, f64)) {
        if self.bend.is_none() {
            return self.fit.each(from, count, see);
        }
        for k in from..from + count {
            see(k, self.direct() + self.at(k as f64).0);
        }
    }

    /// `samples[k] − wave` for a record of which `samples` begins at sample `first`.
    pub(crate) fn residual(&self, samples: &[f64], first: usize) -> Vec<f64> {
        let mut out = Vec::with_capacity(samples.len());
        self.each(first, samples.len(), |k, value| {
            out.push(samples[k - first] - value);
        });
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wave in noise that a filter has made alike from sample to sample; its frequency changes by so
    /// many hertz in a second.
    fn followed(rate: f64, seed: u64) -> BentWave {
        let mut seed = seed;
        let mut uniform = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 11) as f64 / (1_u64 << 53) as f64
        };
        let mut noise = 0.0;
        let samples: Vec<f64> = (0..3200)
            .map(|k| {
                let white = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
                noise = 0.9 * noise + 0.19_f64.sqrt() * 2.3 * white;
                let t = (f64::from(k) - 1600.0) / 20_000.0;
                325.0 * (std::f64::consts::TAU * (50.0 + 0.5 * rate * t) * t).sin() + noise
            })
            .collect();
        let fit = SineFit::new(&samples, 0, 20_000.0, 50.0).expect("a wave");
        BentWave::following(fit, &samples, 0)
    }

    #[test]
    fn a_frequency_changes_where_noise_does_not_explain_it() {
        let bent = |rate: f64| {
            (1..=100)
                .filter(|&seed| followed(rate, seed).is_bent())
                .count()
        };
        assert!(bent(0.0) <= 2, "{} of 100", bent(0.0));
        assert_eq!(bent(3.0), 100);
        let mut squares = 0.0;
        for seed in 1..=100 {
            let wave = followed(3.0, seed);
            for (at, hz) in [(1600.0, 50.0), (3200.0, 50.24)] {
                assert!(
                    (wave.hz_at(at) - hz).abs() < 0.12,
                    "{seed}: {}",
                    wave.hz_at(at)
                );
            }
            // The wave at its steepest, 20 ms after the part, in standard uncertainties.
            let angle = wave.angle_at(3600.0) - std::f64::consts::TAU * 0.5 * 3.0 * 0.01;
            let off = 325.0 * angle.sin();
            squares += (off / wave.u_at(3600.0)).powi(2);
        }
        let ratio = (squares / 100.0_f64).sqrt();
        assert!(ratio > 0.8 && ratio < 1.3, "{ratio}");
    }
}
