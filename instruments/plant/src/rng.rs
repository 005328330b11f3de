//! Reproducible random numbers: one SplitMix64 stream per (seed, purpose).

use crate::trig;

/// What a stream is for; a new purpose never shifts the numbers of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Purpose {
    /// Scatter of the grid relay's opening time.
    Relay = 1,
}

/// A stream of random numbers (SplitMix64: Steele, Lea, Flood 2014).
#[derive(Debug, Clone)]
pub(crate) struct Rng {
    state: u64,
}

impl Rng {
    /// The stream of `purpose` in the run with `seed`.
    pub(crate) fn new(seed: u64, purpose: Purpose) -> Self {
        let mut rng = Self {
            state: seed ^ (purpose as u64).wrapping_mul(0xd134_2543_de82_ef95),
        };
        // one draw decorrelates neighbouring seeds
        rng.next();
        rng
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in (0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Standard normal (Box–Muller with our own ln, sin).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * trig::ln(self.uniform())).sqrt();
        radius * trig::sincos_turns(self.uniform()).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_has_mean_zero_and_unit_variance() {
        let mut rng = Rng::new(7, Purpose::Relay);
        let n = 20_000;
        let draws: Vec<f64> = (0..n).map(|_| rng.normal()).collect();
        let mean = draws.iter().sum::<f64>() / f64::from(n);
        let var = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / f64::from(n);
        assert!(
            mean.abs() < 0.03 && (var - 1.0).abs() < 0.03,
            "{mean} {var}"
        );
    }
}
