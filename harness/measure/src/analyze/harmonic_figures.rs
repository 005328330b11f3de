//! What the aggregated squares of the spectral lines say: orders, groups and sums with their budgets.

use gridproof_model::record::Accuracy;
use gridproof_model::result::Measurement;
use rustfft::num_complex::Complex64;

use super::harmonic_tones::{apart, leak};
use super::harmonics::OrderUncertainty;
use crate::uncertainty::Budget;

/// Aggregated squares of one channel.
pub(super) struct Spectrum {
    pub(super) squares: Vec<f64>,
    /// Components rotated to the voltage's zero crossing and added.
    pub(super) turned: Vec<Complex64>,
    /// Of each order the same, window by window, of the first [`super::harmonic_tones::MOST`].
    pub(super) phasors: Vec<Vec<Complex64>>,
    pub(super) mean: f64,
    pub(super) rms: f64,
}

/// A value in the channel's unit, RMS, with its standard uncertainty from noise and from what is not
/// told apart.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Figure {
    pub(super) value: f64,
    pub(super) u: f64,
}

impl Figure {
    /// The root of a square known to ± `u`. A root of hardly more than noise may as well be 0.
    fn root(square: f64, u: f64) -> Self {
        let value = square.max(0.0).sqrt();
        let upper = (square.max(0.0) + 2.0 * u).sqrt();
        let expanded = if square > 2.0 * u {
            0.5 * (upper - (square - 2.0 * u).sqrt())
        } else {
            (upper - value).max(value)
        };
        Self {
            value,
            u: 0.5 * expanded,
        }
    }
}

/// Figures of one order of one channel, RMS.
pub(super) struct Order {
    pub(super) component: Figure,
    pub(super) group: Figure,
    pub(super) subgroup: Figure,
    pub(super) interharmonic: Figure,
    pub(super) interharmonic_group: Figure,
    pub(super) phase_deg: f64,
}

impl Order {
    /// U of all figures of a channel in `unit`, whose gain is right within `of_reading`.
    /// Direct errors of the channel are in no order.
    pub(super) fn uncertainty(
        &self,
        unit: &'static str,
        first: f64,
        accuracy: Option<&Accuracy>,
    ) -> OrderUncertainty {
        let budget = |figure: &Figure| {
            let gain = accuracy.map_or(0.0, |a| a.of_reading * figure.value);
            Budget::new(unit)
                .normal("noise and interharmonics beside the order", figure.u)
                .rectangular("instrument, of reading", gain)
                .rectangular(
                    "ends of the window",
                    (2e-4 * figure.value).min(1e-5 * first) + 1e-6 * first,
                )
        };
        let rms = budget(&self.component).measure(self.component.value);
        OrderUncertainty {
            rms: rms.u,
            group: budget(&self.group).expanded(),
            subgroup: budget(&self.subgroup).expanded(),
            interharmonic: budget(&self.interharmonic).expanded(),
            interharmonic_group: budget(&self.interharmonic_group).expanded(),
            budget: rms.budget,
        }
    }
}

/// Square of an order less its noise.
struct Own {
    square: f64,
    /// Variance of it from noise.
    variance: f64,
    /// Bound of what an interharmonic beside it may add.
    doubt: f64,
}

impl Own {
    /// Standard uncertainty of the square. An interharmonic beside it adds as the cosine of any angle
    /// does, more often near its bound than not.
    fn u(&self) -> f64 {
        (self.variance + 0.5 * self.doubt * self.doubt).sqrt()
    }
}

impl Spectrum {
    fn at(&self, line: usize) -> f64 {
        self.squares.get(line).copied().unwrap_or(0.0)
    }

    /// Mean square of the noise in a line near line `line`: the median of the lines between the
    /// neighbouring orders. A mean of `windows` squares of noise has its median at 1 − 1/3m of
    /// its mean.
    fn noise(&self, line: usize, cycles: usize, windows: usize) -> f64 {
        let near = |k: usize| (k as i64 - line as i64).unsigned_abs() as usize;
        let mut between: Vec<f64> = (line.saturating_sub(cycles - 2)..line + cycles - 1)
            .filter(|&k| near(k) >= 2 && k > 1)
            .filter_map(|k| self.squares.get(k).copied())
            .collect();
        between.sort_by(f64::total_cmp);
        let median = between.get(between.len() / 2).copied().unwrap_or(0.0);
        median / (1.0 - 1.0 / (3.0 * windows as f64))
    }

    /// The square of order `n` less its noise, and less an interharmonic beside it where the record
    /// tells the two apart.
    ///
    /// A mean of m squares |c + n|² with noise of mean square η has the variance (2c²η + η²)/m;
    /// the estimate of η from about 16 lines, half of which neighbouring orders share, adds
    /// 0.26 η²/m.
    fn own(&self, n: usize, cycles: usize, windows: usize) -> Own {
        let line = n * cycles;
        let noise = self.noise(line, cycles, windows);
        let m = windows as f64;
        let phasors = self.phasors.get(n).map_or(&[][..], Vec::as_slice);
        if n > 1
            && let Some(found) = apart(phasors, noise)
        {
            let square = found.square - noise * found.noise;
            return Own {
                square,
                variance: (2.0 * square.max(0.0) + noise * found.noise) * noise * found.noise,
                doubt: 0.0,
            };
        }
        let square = self.at(line) - noise;
        let doubt = if n > 1 {
            let leak = leak((self.at(line - 1), self.at(line + 1)), noise, windows);
            leak.rms * (2.0 * square.max(0.0).sqrt() * leak.together + leak.rms)
        } else {
            0.0
        };
        Own {
            square,
            variance: (2.0 * square.max(0.0) * noise + 1.26 * noise * noise) / m,
            doubt,
        }
    }

    /// The root of the sum of some lines, noise included, each with its weight.
    fn band(
        &self,
        lines: impl Iterator<Item = (usize, f64)>,
        noise: f64,
        windows: usize,
    ) -> Figure {
        let (mut square, mut variance) = (0.0, 0.0);
        for (line, weight) in lines {
            let own = (self.at(line) - noise).max(0.0);
            square += weight * self.at(line);
            variance += weight * weight * (2.0 * own * noise + noise * noise) / windows as f64;
        }
        Figure::root(square, variance.sqrt())
    }

    pub(super) fn order(&self, n: usize, cycles: usize, windows: usize) -> Order {
        let line = n * cycles;
        let half = cycles / 2;
        let noise = self.noise(line, cycles, windows);
        let own = self.own(n, cycles, windows);
        let sum = |lines: std::ops::RangeInclusive<usize>| {
            self.band(lines.map(|k| (k, 1.0)), noise, windows)
        };
        let edge = |k: usize| if k.abs_diff(line) == half { 0.5 } else { 1.0 };
        let group = (line - half..=line + half).map(|k| (k, edge(k)));
        let turned = self.turned.get(n).copied().unwrap_or_default();
        // As a sine: a quarter turn ahead of the cosine.
        let angle = crate::math::atan2(turned.im, turned.re).to_degrees() + 90.0;
        Order {
            component: Figure::root(own.square, own.u()),
            group: self.band(group, noise, windows),
            subgroup: sum(line - 1..=line + 1),
            interharmonic: sum(line + 2..=line + cycles - 2),
            interharmonic_group: sum(line + 1..=line + cycles - 1),
            phase_deg: if angle > 180.0 { angle - 360.0 } else { angle },
        }
    }

    /// Sum of the squares of orders 2…`highest` less their noise, and what noise and interharmonics
    /// leave uncertain.
    pub(super) fn distortion(&self, highest: usize, cycles: usize, windows: usize) -> Distortion {
        let (mut square, mut variance) = (0.0, 0.0);
        for n in 2..=highest {
            let own = self.own(n, cycles, windows);
            square += own.square;
            variance += own.u().powi(2);
        }
        Distortion {
            square: square.max(0.0),
            square_u: variance.sqrt(),
            low_noise: self.noise(0, cycles, windows) / windows as f64,
            noise: self.noise(cycles, cycles, windows) / windows as f64,
        }
    }

    pub(super) fn budgets(
        &self,
        unit: &'static str,
        first: f64,
        distortion: &Distortion,
        accuracy: Option<&Accuracy>,
    ) -> Budgets {
        let instrument = |budget: Budget, reading: f64| match accuracy {
            Some(a) => budget.instrument("instrument", a, reading, 1.0),
            None => budget,
        };
        let thd = if first > 0.0 {
            distortion.square.sqrt() / first
        } else {
            0.0
        };
        let noise = if first > 0.0 {
            distortion.root_u() / first
        } else {
            0.0
        };
        Budgets {
            rms: instrument(Budget::new(unit), self.rms)
                .normal("noise", (0.5 * distortion.noise).sqrt())
                .rectangular("ends of the window", 1e-5 * first)
                .measure(self.rms),
            thd: Budget::new("")
                .normal("noise and interharmonics beside an order", noise)
                .rectangular("ends of the window", 2e-4 * thd)
                .measure(thd),
            dc: instrument(Budget::new(unit), self.mean)
                .normal("noise", (0.5 * distortion.low_noise).sqrt())
                .rectangular("ends of the window", 1e-6 * first)
                .measure(self.mean),
        }
    }
}

/// Harmonics as one figure.
pub(super) struct Distortion {
    /// Sum of the squares.
    pub(super) square: f64,
    /// Its standard uncertainty from noise.
    pub(super) square_u: f64,
    /// Mean square of the noise in a line near 0, of all windows together.
    pub(super) low_noise: f64,
    /// The same near the fundamental.
    pub(super) noise: f64,
}

impl Distortion {
    /// Standard uncertainty of the root of the sum: half of what two of those of the square add to
    /// it, so that a distortion near zero keeps a finite one.
    fn root_u(&self) -> f64 {
        0.5 * ((self.square + 2.0 * self.square_u).sqrt() - self.square.sqrt())
    }

    /// The distortion, RMS, as a share of `rated`.
    pub(super) fn demand(&self, rated: f64, accuracy: Option<&Accuracy>) -> Measurement {
        let share = self.square.sqrt() / rated;
        Budget::new("")
            .normal(
                "noise and interharmonics beside an order",
                self.root_u() / rated,
            )
            .rectangular(
                "instrument, of reading",
                accuracy.map_or(0.0, |a| a.of_reading * share),
            )
            .rectangular("ends of the window", 2e-4 * share)
            .measure(share)
    }
}

/// Main figures of one channel.
pub(super) struct Budgets {
    pub(super) rms: Measurement,
    pub(super) thd: Measurement,
    pub(super) dc: Measurement,
}
