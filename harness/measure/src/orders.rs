//! Which orders of a periodic wave are there beside those that are always fitted.

use crate::math::sin_cos;

/// Orders that are looked for at most, and times the sample rate has to exceed the frequency of one.
const HIGHEST: u32 = 40;
const SAMPLED: f64 = 2.5;
/// Parts of a cycle that a residual is folded into.
const PARTS: usize = 128;
/// More whole turns than half of any part that is fitted.
const WHOLE: f64 = 1_048_576.0;
/// RMS of what a fit leaves that repeats from cycle to cycle, share of the fundamental's peak, from
/// which on it is looked at, in how many standard deviations of noise; and amplitude of an order that
/// is fitted.
const LEFT: f64 = 0.002;
const SURE: f64 = 5.0;
const FITTED: f64 = 0.001;

/// Orders 1 to `highest`: all of them or the odd ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Orders {
    highest: u32,
    parity: Parity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parity {
    Odd,
    All,
}

impl Orders {
    /// Odd orders up to `highest` that `rate_hz` shows of a wave of `hz`.
    pub(crate) fn odd(highest: u32, hz: f64, rate_hz: f64) -> Self {
        Self {
            highest: shown(hz, rate_hz).min(highest),
            parity: Parity::Odd,
        }
    }

    pub(crate) fn highest(self) -> u32 {
        self.highest
    }

    fn step(self) -> u32 {
        match self.parity {
            Parity::Odd => 2,
            Parity::All => 1,
        }
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = u32> {
        (1..=self.highest).step_by(self.step() as usize)
    }

    pub(crate) fn count(self) -> usize {
        self.iter().count()
    }

    /// Sine and cosine of the angle from one order to the next, of those of the fundamental's.
    #[inline]
    pub(crate) fn turn(self, s: f64, c: f64) -> (f64, f64) {
        match self.parity {
            Parity::Odd => (2.0 * s * c, c * c - s * s),
            Parity::All => (s, c),
        }
    }

    fn has(self, order: u32) -> bool {
        order <= self.highest && (order - 1).is_multiple_of(self.step())
    }
}

/// Highest order that a rate shows.
fn shown(hz: f64, rate_hz: f64) -> u32 {
    // The bound itself is not shown.
    ((rate_hz / (SAMPLED * hz)).ceil() - 1.0).clamp(1.0, f64::from(HIGHEST)) as u32
}

/// What a fit leaves, summed by the part of the cycle it lies in, of each half of the samples.
pub(crate) struct Folded {
    halves: [[(f64, u32); PARTS]; 2],
}

impl Folded {
    pub(crate) fn new() -> Self {
        Self {
            halves: [[(0.0, 0); PARTS]; 2],
        }
    }

    /// A residual at so many turns of the fundamental; negative ones are of the first half.
    #[inline]
    pub(crate) fn add(&mut self, turns: f64, residual: f64) {
        // Cut off towards zero what is positive is rounded down, for which there is no call.
        let part = ((turns + WHOLE) * PARTS as f64) as usize % PARTS;
        let (sum, count) = &mut self.halves[usize::from(turns >= 0.0)][part];
        *sum += residual;
        *count += 1;
    }

    /// The orders that the samples show of a wave of `hz` beside those `fitted`, if there are any that
    /// matter to one of peak `amplitude`; `sigma` is the standard deviation of the residual.
    pub(crate) fn more_than(
        &self,
        fitted: Orders,
        (hz, rate_hz): (f64, f64),
        amplitude: f64,
        sigma: f64,
    ) -> Option<Orders> {
        let [first, second] = &self.halves;
        let parts = first.iter().zip(second).enumerate();
        let means: Vec<(usize, f64, f64)> = parts
            .filter(|(_, (a, b))| a.1 > 0 && b.1 > 0)
            .map(|(part, (a, b))| (part, a.0 / f64::from(a.1), b.0 / f64::from(b.1)))
            .collect();
        let count = means.len() as f64;
        // Noise is not alike in both halves; the inverse of a mean bounds the mean of inverses well
        // enough where all parts have about as many.
        let alike = means.iter().map(|(_, a, b)| a * b).sum::<f64>() / count;
        let each: u32 = first.iter().chain(second).map(|(_, n)| n).sum();
        let by_noise = sigma * sigma / (0.5 * f64::from(each) / count) / count.sqrt();
        if alike.is_nan() || alike < (LEFT * amplitude).powi(2).max(SURE * by_noise) {
            return None;
        }
        let power = |order: u32| {
            let (mut x, mut y) = ((0.0, 0.0), (0.0, 0.0));
            for &(part, a, b) in &means {
                let turns = f64::from(order) * (part as f64 + 0.5) / PARTS as f64;
                let (s, c) = sin_cos(std::f64::consts::TAU * (turns - turns.floor()));
                x = (x.0 + a * c, x.1 + a * s);
                y = (y.0 + b * c, y.1 + b * s);
            }
            4.0 * (x.0 * y.0 + x.1 * y.1) / (count * count)
        };
        let least = (FITTED * amplitude)
            .powi(2)
            .max(SURE * 4.0 * by_noise / count.sqrt());
        let there = (2..=shown(hz, rate_hz)).filter(|&order| !fitted.has(order));
        let mut found = fitted;
        for order in there.filter(|&order| power(order) > least) {
            if order.is_multiple_of(2) {
                found.parity = Parity::All;
            }
            found.highest = found.highest.max(order);
        }
        (found != fitted).then_some(found)
    }
}
