//! Least-squares fit of a periodic wave (direct component, fundamental, odd harmonics up to order 13, all
//! up to order 40 where the samples show them) with its frequency refined by Gauss–Newton, and the wave's value at any other time.

use crate::math::{atan2, sin_cos};
use crate::orders::{Folded, Orders};
use crate::sine_step::{Grid, Terms, solve_linear};
use crate::zero_crossing::frequency;

/// The odd orders up to this one are always fitted with the fundamental.
const HIGHEST: u32 = 13;
/// Fitted points per cycle: enough for order 13, few enough to be fast; and in a period of the highest
/// order where there are higher ones.
const POINTS_PER_CYCLE: f64 = 96.0;
const POINTS_PER_PERIOD: f64 = 6.0;
/// Points that the scatter is taken from, if there are as many.
const SCATTER_POINTS: usize = 4000;
/// Most unknowns (direct component, two per harmonic, frequency) of odd orders up to 13, and of all up
/// to 40.
const USUAL: usize = 16;
const ALL: usize = 84;

/// A fitted wave.
#[derive(Debug, Clone, PartialEq)]
pub struct SineFit {
    /// Frequency, Hz.
    pub hz: f64,
    /// Standard deviation of the residual, channel unit.
    pub sigma: f64,
    rate_hz: f64,
    /// Samples that were fitted.
    points: usize,
    /// Sample position the angles refer to.
    centre: f64,
    direct: f64,
    orders: Orders,
    /// (order, cosine, sine) amplitudes.
    terms: Vec<(u32, f64, f64)>,
}

impl SineFit {
    /// Fits `samples`, the first of which is sample `first` of its record. Needs at least one
    /// and a half cycles near `nominal_hz` (±20 %); `None` without a periodic wave.
    pub fn new(samples: &[f64], first: usize, rate_hz: f64, nominal_hz: f64) -> Option<Self> {
        Self::with_points(samples, first, rate_hz, nominal_hz, POINTS_PER_CYCLE)
    }

    /// As [`SineFit::new`] with up to `per_cycle` fitted points in a cycle: more average more
    /// noise and take longer.
    pub fn with_points(
        samples: &[f64],
        first: usize,
        rate_hz: f64,
        nominal_hz: f64,
        per_cycle: f64,
    ) -> Option<Self> {
        let hz = frequency(samples, rate_hz, nominal_hz)
            .filter(|hz| (hz / nominal_hz - 1.0).abs() < 0.2)
            .unwrap_or(nominal_hz);
        Self::refined(samples, first, rate_hz, (hz, nominal_hz), per_cycle)
    }

    /// As [`SineFit::new`] of a wave whose frequency `hz` is known to some 2 % of a cycle in the
    /// whole of `samples`: no zero crossings are looked for.
    pub(crate) fn near(samples: &[f64], first: usize, rate_hz: f64, hz: f64) -> Option<Self> {
        Self::refined(samples, first, rate_hz, (hz, hz), POINTS_PER_CYCLE)
    }

    fn refined(
        samples: &[f64],
        first: usize,
        rate_hz: f64,
        (hz, nominal_hz): (f64, f64),
        per_cycle: f64,
    ) -> Option<Self> {
        if (samples.len() as f64) < 1.5 * rate_hz / hz {
            return None;
        }
        let usual = Orders::odd(HIGHEST, hz, rate_hz);
        let part = Part {
            samples,
            first,
            rate_hz,
            nominal_hz,
        };
        // The first round knows no amplitudes yet; two corrections reach 1e-7 of the frequency.
        let mut fit = part.fitted::<USUAL>(usual, hz, 3, per_cycle.max(POINTS_PER_CYCLE))?;
        let mut left = Folded::new();
        fit.sigma = fit.scatter(samples, first, |turns, e| left.add(turns, e));
        let more = left.more_than(usual, (fit.hz, rate_hz), fit.amplitude(), fit.sigma);
        let Some(more) = more else {
            return Some(fit);
        };
        let points = per_cycle.max(POINTS_PER_PERIOD * f64::from(more.highest()));
        let all = part.fitted::<ALL>(more, fit.hz, 2, points.max(POINTS_PER_CYCLE));
        let all = all.map(|all| Self {
            sigma: all.scatter(samples, first, |_, _| ()),
            ..all
        });
        Some(all.filter(|all| all.sigma < fit.sigma).unwrap_or(fit))
    }

    /// Standard deviation of what it leaves of the samples, from some thousands of them, which know it
    /// to a few per cent; `see` is told where in turns from the middle and how much.
    fn scatter(&self, samples: &[f64], first: usize, mut see: impl FnMut(f64, f64)) -> f64 {
        let stride = (samples.len() / SCATTER_POINTS).max(1);
        let per_sample = self.hz / self.rate_hz;
        let (mut sum, mut count) = (0.0, 0.0);
        for (k, x) in samples.iter().enumerate().step_by(stride) {
            let turns = ((first + k) as f64 - self.centre) * per_sample;
            let (s, c) = sin_cos(turns * std::f64::consts::TAU);
            let e = x - self.direct - self.harmonics(s, c);
            see(turns, e);
            sum += e * e;
            count += 1.0;
        }
        (sum / count).sqrt()
    }

    /// Sum of all orders from sine and cosine of the fundamental's angle.
    fn harmonics(&self, s: f64, c: f64) -> f64 {
        let (sn, cn) = self.orders.turn(s, c);
        let (mut sh, mut ch) = (s, c);
        let mut sum = 0.0;
        for &(_, a, b) in &self.terms {
            sum += a * ch + b * sh;
            (sh, ch) = (sh * cn + ch * sn, ch * cn - sh * sn);
        }
        sum
    }

    /// Number of samples that the fit looked at.
    pub(crate) fn points(&self) -> usize {
        self.points
    }

    /// Length of a cycle, samples.
    pub(crate) fn cycle(&self) -> f64 {
        self.rate_hz / self.hz
    }

    /// Sample rate, Hz.
    pub(crate) fn rate_hz(&self) -> f64 {
        self.rate_hz
    }

    /// Direct component, channel unit.
    pub(crate) fn direct(&self) -> f64 {
        self.direct
    }

    /// Peak of the fundamental, channel unit.
    pub fn amplitude(&self) -> f64 {
        self.terms
            .first()
            .map_or(0.0, |(_, c, s)| (c * c + s * s).sqrt())
    }

    /// Angle of the fundamental as a sine at sample position `at`, rad in (−π, π].
    pub fn angle_at(&self, at: f64) -> f64 {
        let Some(&(_, c, s)) = self.terms.first() else {
            return 0.0;
        };
        let turn = std::f64::consts::TAU * self.hz * (at - self.centre) / self.rate_hz;
        let (sin, cos) = sin_cos(turn + atan2(c, s));
        atan2(sin, cos)
    }

    /// The wave without its direct component at any sample position, and its change per turn of the
    /// fundamental.
    pub(crate) fn alternating_at(&self, at: f64) -> (f64, f64) {
        let (s, c) = sin_cos((at - self.centre) * std::f64::consts::TAU * self.hz / self.rate_hz);
        let (sn, cn) = self.orders.turn(s, c);
        let (mut sh, mut ch) = (s, c);
        let (mut value, mut slope) = (0.0, 0.0);
        for &(order, a, b) in &self.terms {
            value += a * ch + b * sh;
            slope += f64::from(order) * (b * ch - a * sh);
            (sh, ch) = (sh * cn + ch * sn, ch * cn - sh * sn);
        }
        (value, std::f64::consts::TAU * slope)
    }

    /// Calls `see(k, wave)` for each sample position k in `from..from + count`.
    pub fn each(&self, from: usize, count: usize, mut see: impl FnMut(usize, f64)) {
        let turn = std::f64::consts::TAU * self.hz / self.rate_hz;
        let (rs, rc) = sin_cos(turn);
        let (mut s, mut c) = (0.0, 1.0);
        for n in 0..count {
            let k = from + n;
            if n % 256 == 0 {
                (s, c) = sin_cos((k as f64 - self.centre) * turn);
            }
            see(k, self.direct + self.harmonics(s, c));
            (s, c) = (s * rc + c * rs, c * rc - s * rs);
        }
    }

    /// `samples[k] − wave` for a record of which `samples` begins at sample `first`.
    pub fn residual(&self, samples: &[f64], first: usize) -> Vec<f64> {
        let mut out = Vec::with_capacity(samples.len());
        self.each(first, samples.len(), |k, value| {
            out.push(samples[k - first] - value)
        });
        out
    }
}

/// Samples that a wave is fitted to.
struct Part<'a> {
    samples: &'a [f64],
    /// Position of the first of them in its record.
    first: usize,
    rate_hz: f64,
    nominal_hz: f64,
}

impl Part<'_> {
    /// The wave of `orders` after so many corrections of its frequency from `hz` on, the first of which
    /// is none; N unknowns at most. Its scatter is not known yet.
    fn fitted<const N: usize>(
        &self,
        orders: Orders,
        mut hz: f64,
        rounds: usize,
        per_cycle: f64,
    ) -> Option<SineFit> {
        let centre = 0.5 * (self.samples.len() as f64 - 1.0);
        let stride = ((self.rate_hz / hz / per_cycle) as usize).max(1);
        let grid = |hz: f64| Grid {
            orders,
            centre,
            stride,
            hz,
            rate_hz: self.rate_hz,
        };
        let mut known: Option<Terms> = None;
        for _ in 0..rounds {
            let (terms, _, correction) =
                solve_linear::<N>(self.samples, &grid(hz), known.as_ref())?;
            hz += correction.clamp(-0.02 * hz, 0.02 * hz);
            known = Some(terms);
            if (hz / self.nominal_hz - 1.0).abs() > 0.25 {
                return None;
            }
        }
        let (terms, direct, _) = solve_linear::<N>(self.samples, &grid(hz), None)?;
        Some(SineFit {
            hz,
            sigma: 0.0,
            rate_hz: self.rate_hz,
            points: self.samples.len().div_ceil(stride),
            centre: self.first as f64 + centre,
            direct,
            orders,
            terms,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extrapolates_a_distorted_wave() {
        let (rate, hz) = (100_000.0, 50.07);
        let wave = |k: usize| {
            let t = std::f64::consts::TAU * hz * k as f64 / rate + 0.7;
            2.0 + 325.0 * t.sin() + 10.0 * (5.0 * t + 1.0).sin() + 4.0 * (13.0 * t).cos()
        };
        let samples: Vec<f64> = (3000..19_000).map(wave).collect();
        let fit = SineFit::new(&samples, 3000, rate, 50.0).expect("a wave");
        assert!((fit.hz - hz).abs() < 1e-6, "{}", fit.hz);
        assert!((fit.amplitude() - 325.0).abs() < 1e-3);
        fit.each(25_000, 4000, |k, value| {
            assert!((value - wave(k)).abs() < 0.05, "{k}")
        });
        let angle = std::f64::consts::TAU * hz * 20_000.0 / rate + 0.7;
        let (s, c) = fit.angle_at(20_000.0).sin_cos();
        assert!((s - angle.sin()).abs() < 1e-4 && (c - angle.cos()).abs() < 1e-4);
        assert!(SineFit::new(&samples[..2000], 0, rate, 50.0).is_none());
    }

    /// Orders that a wave has are fitted, whichever they are; noise adds none.
    #[test]
    fn orders_that_are_there_are_fitted() {
        let mut seed = 1_u64;
        let mut noise = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 40) as f64 / (1_u64 << 24) as f64 - 0.5
        };
        let (rate, hz) = (20_000.0, 49.93);
        for (orders, sigma) in [
            (&[17.0, 39.0][..], 0.5),
            (&[2.0, 24.0][..], 5.0),
            (&[], 8.0),
        ] {
            let wave = |k: usize| {
                let t = std::f64::consts::TAU * hz * k as f64 / rate + 0.4;
                let high: f64 = orders.iter().map(|n| (n * t + n).sin()).sum();
                325.0 * t.sin() + 6.0 * (7.0 * t).sin() + 8.0 * high
            };
            let width = sigma * 12.0_f64.sqrt();
            let samples: Vec<f64> = (0..3300).map(|k| wave(k) + width * noise()).collect();
            let fit = SineFit::new(&samples, 0, rate, 50.0).expect("a wave");
            let usual = Orders::odd(HIGHEST, hz, rate);
            assert_eq!(fit.orders == usual, orders.is_empty(), "{orders:?}");
            assert!(
                (fit.sigma / sigma - 1.0).abs() < 0.06,
                "{orders:?}: {}",
                fit.sigma
            );
            fit.each(3300, 400, |k, value| {
                let off = value - wave(k);
                assert!(off.abs() < 0.4 + 0.6 * sigma, "{orders:?} {k}: {off}");
            });
        }
    }
}
