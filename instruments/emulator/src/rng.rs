//! Reproducible random numbers: one SplitMix64 stream per (seed, instrument, purpose).

/// A stream of random numbers (SplitMix64: Steele, Lea, Flood 2014).
#[derive(Debug, Clone)]
pub(crate) struct Rng {
    state: u64,
}

impl Rng {
    /// The stream of `purpose` of `instrument` in the run with `seed`. A new purpose or a new
    /// instrument never shifts the numbers of another.
    pub(crate) fn new(seed: u64, instrument: &str, purpose: &str) -> Self {
        // FNV-1a over the names; only needs to keep streams apart.
        let mut hash = 0xcbf2_9ce4_8422_2325u64;
        for byte in instrument.bytes().chain([0]).chain(purpose.bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        let mut rng = Self { state: seed ^ hash };
        rng.next();
        rng
    }

    /// 64 random bits.
    pub(crate) fn next(&mut self) -> u64 {
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

    /// Uniform in (-1, 1).
    pub(crate) fn symmetric(&mut self) -> f64 {
        2.0 * self.uniform() - 1.0
    }

    /// Nearly normal with unit variance, bounded by ±3.5: the sum of the four 16-bit words of one
    /// draw. Cheap enough for millions of samples and free of libm.
    pub(crate) fn noise(&mut self) -> f64 {
        const UNIT: f64 = 1.732_050_807_568_877_2 / 65_536.0;
        let bits = self.next();
        let sum =
            (bits & 0xffff) + ((bits >> 16) & 0xffff) + ((bits >> 32) & 0xffff) + (bits >> 48);
        (sum as f64 - 131_070.0) * UNIT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_apart_and_repeat() {
        let first = |seed, name, purpose| Rng::new(seed, name, purpose).next();
        assert_eq!(first(1, "grid", "a"), first(1, "grid", "a"));
        assert_ne!(first(1, "grid", "a"), first(2, "grid", "a"));
        assert_ne!(first(1, "grid", "a"), first(1, "grid", "b"));
        assert_ne!(first(1, "grid", "a"), first(1, "grida", ""));
    }

    #[test]
    fn noise_has_mean_zero_and_unit_variance() {
        let mut rng = Rng::new(3, "recorder", "noise");
        let draws: Vec<f64> = (0..50_000).map(|_| rng.noise()).collect();
        let mean = draws.iter().sum::<f64>() / 50_000.0;
        let var = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 50_000.0;
        assert!(
            mean.abs() < 0.02 && (var - 1.0).abs() < 0.02,
            "{mean} {var}"
        );
        assert!(draws.iter().all(|x| x.abs() <= 3.5));
    }
}
