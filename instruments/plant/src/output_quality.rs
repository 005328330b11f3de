//! What the output current holds besides its fundamental: harmonics and direct current
//! (docs/models.md 4.5). Added to the reference; the resonators at these orders make it exact.

use crate::config::OutputQuality;

/// Share of the distortion at the third and the fifth harmonic; the squares add up to one.
const THIRD: f64 = 0.8;
const FIFTH: f64 = 0.6;

/// The disturbance of the reference.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Disturbance {
    /// Distortion at large currents, squared.
    thd_square: f64,
    /// Square of the RMS that stays at small currents, A².
    floor_square: f64,
    /// Direct current, A.
    dc_a: f64,
}

impl Disturbance {
    /// For a rated RMS current.
    pub(crate) fn new(config: &OutputQuality, rated_a: f64) -> Self {
        let floor = config.floor_pu * rated_a;
        Self {
            thd_square: config.thd * config.thd,
            floor_square: floor * floor,
            dc_a: config.dc_pu * rated_a,
        }
    }

    /// There are harmonics at all.
    #[inline]
    pub(crate) fn distorts(&self) -> bool {
        self.thd_square > 0.0 || self.floor_square > 0.0
    }

    /// RMS of all harmonics together beside a fundamental of `rms` A.
    #[inline]
    pub(crate) fn harmonic_rms(&self, rms: f64) -> f64 {
        (self.thd_square * rms * rms + self.floor_square).sqrt()
    }

    /// Direct current, A.
    #[inline]
    pub(crate) fn dc(&self) -> f64 {
        self.dc_a
    }

    /// Instantaneous harmonics, A, at the angle with sine `s` and cosine `c` of the voltage.
    #[inline]
    pub(crate) fn at(&self, rms: f64, s: f64, c: f64) -> f64 {
        let size = self.harmonic_rms(rms);
        // sin 3θ and sin 5θ by the addition theorem
        let (s2, c2) = (2.0 * s * c, c * c - s * s);
        let (s3, c3) = (s2 * c + c2 * s, c2 * c - s2 * s);
        let s5 = s3 * c2 + c3 * s2;
        std::f64::consts::SQRT_2 * size * (THIRD * s3 + FIFTH * s5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rms_is_what_it_says() {
        let d = Disturbance::new(
            &OutputQuality {
                thd: 0.015,
                floor_pu: 0.004,
                dc_pu: 0.0,
            },
            20.0,
        );
        let n = 1000;
        let square: f64 = (0..n)
            .map(|k| {
                let (s, c) = crate::trig::sincos_turns(f64::from(k) / f64::from(n));
                d.at(10.0, s, c).powi(2)
            })
            .sum();
        let rms = (square / f64::from(n)).sqrt();
        let expected = (0.15_f64.powi(2) + 0.08_f64.powi(2)).sqrt();
        assert!((rms - expected).abs() < 1e-9, "{rms} {expected}");
    }
}
