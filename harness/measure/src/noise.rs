//! Noise of a current that has ceased: how large it is and how long it stays alike, as behind an
//! anti-alias filter far below half the rate.

use crate::continued_wave::local_cycle;

/// By so much the power of noise exceeds what white noise of its second differences has before it
/// counts as band-limited: 5 standard deviations of that ratio in 0.2 s at 10 kS/s.
const EXCESS: f64 = 1.3;
/// Correlation that is summed at least.
const ALIKE: f64 = 0.1;

/// Noise of the samples of a record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Noise {
    /// Standard deviation of a sample.
    pub(crate) sigma: f64,
    /// Samples that count as one: the sum of their correlations, 1 for white noise.
    pub(crate) alike: f64,
}

impl Noise {
    /// Of the end of a record, where at most a weak current of about `cycle` samples goes on: of what
    /// changes from cycle to cycle, without what a sensor's direct value does in each. Above `most`
    /// it is no noise but a current that changes: then only as white as second differences see it.
    pub(crate) fn of(samples: &[f64], cycle: usize, most: f64) -> Self {
        let white = Self {
            sigma: white(samples),
            alike: 1.0,
        };
        let Some(last) = samples.len().checked_sub(1) else {
            return white;
        };
        let cycle = (local_cycle(samples, last, cycle).round() as usize).max(1);
        let Some(later) = samples.get(cycle..) else {
            return white;
        };
        let changes = samples.iter().zip(later);
        let mut changes: Vec<f64> = changes
            .map(|(a, b)| (b - a) * std::f64::consts::FRAC_1_SQRT_2)
            .collect();
        let mut powers: Vec<f64> = changes.chunks_exact_mut(cycle).map(straightened).collect();
        powers.sort_by(f64::total_cmp);
        let Some(&power) = powers.get(powers.len() / 2) else {
            return white;
        };
        let sigma = power.sqrt();
        if power <= EXCESS * white.sigma * white.sigma || sigma > most {
            return white;
        }
        changes.truncate(powers.len() * cycle);
        Self {
            sigma,
            alike: alike(&changes, cycle / 4),
        }
    }
}

/// Values that count as one: the sum of their correlations, looked at over `longest` at most.
pub(crate) fn alike(values: &[f64], longest: usize) -> f64 {
    let shares = (1..=longest).map(correlation(values));
    1.0 + 2.0 * shares.take_while(|&s| s > ALIKE).sum::<f64>()
}

/// Correlation of values with those so many places later; NaN of nothing but zeros.
pub(crate) fn correlation(values: &[f64]) -> impl Fn(usize) -> f64 {
    let all: f64 = values.iter().map(|x| x * x).sum();
    move |lag| {
        let pairs = values.iter().zip(&values[lag..]);
        pairs.map(|(a, b)| a * b).sum::<f64>() / all
    }
}

/// Takes a line from the samples; their power without it.
fn straightened(samples: &mut [f64]) -> f64 {
    let count = samples.len() as f64;
    let mean = samples.iter().sum::<f64>() / count;
    let middle = 0.5 * (count - 1.0);
    let (mut shared, mut square) = (0.0, f64::MIN_POSITIVE);
    for (k, x) in samples.iter().enumerate() {
        let t = k as f64 - middle;
        shared += t * x;
        square += t * t;
    }
    let slope = shared / square;
    let mut power = 0.0;
    for (k, x) in samples.iter_mut().enumerate() {
        *x -= mean + slope * (k as f64 - middle);
        power += *x * *x;
    }
    power / count
}

/// Standard deviation of white noise from second differences, which a slow wave hardly enters.
pub(crate) fn white(samples: &[f64]) -> f64 {
    let sum: f64 = samples
        .windows(3)
        .map(|w| {
            let d = w[0] - 2.0 * w[1] + w[2];
            d * d
        })
        .sum();
    let count = samples.len().saturating_sub(2).max(1);
    (sum / count as f64 / 6.0).sqrt()
}
