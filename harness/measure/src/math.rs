//! Functions from IEEE basic operations only, so that a re-computed verdict does not depend on the
//! platform's mathematics library; `clippy.toml` of the crate refuses that one's. Sine, cosine and arc
//! tangent: kernels of fdlibm (Sun, 1993).
#![allow(clippy::excessive_precision, reason = "coefficients as published")]

/// ln 2 in two parts, the first so short that whole multiples of it are exact.
const LN_2_HEAD: f64 = 6.931_471_803_691_238_164_90e-1;
const LN_2_TAIL: f64 = 1.908_214_929_270_587_700_02e-10;
/// Up to here eˣ and its reciprocal are normal numbers.
const NORMAL: f64 = 700.0;

/// Adding and taking it away rounds to the nearest whole number, |x| < 2⁵¹, without a call.
const ROUNDS: f64 = 6_755_399_441_055_744.0;

fn nearest(x: f64) -> f64 {
    (x + ROUNDS) - ROUNDS
}

/// eˣ, relative error below 5e-16. Fits ask for it at every sample: the Taylor series of what is left
/// of x beside whole multiples of ln 2 is short enough to stand where it is called.
#[inline]
pub(crate) fn exp(x: f64) -> f64 {
    if x.is_nan() || x.abs() >= NORMAL {
        return libm::exp(x);
    }
    let n = nearest(x * std::f64::consts::LOG2_E);
    let r = (x - n * LN_2_HEAD) - n * LN_2_TAIL;
    let c = &INVERSE_FACTORIALS;
    let (r2, pair) = (r * r, |k: usize| c[k] + c[k + 1] * r);
    let r4 = r2 * r2;
    let four = |k: usize| pair(k) + pair(k + 2) * r2;
    let high = four(8) + pair(12) * r4;
    // The largest terms last, so that their rounding alone is left.
    let tail = pair(2) + (pair(4) + pair(6) * r2) * r2 + high * (r4 * r2);
    let sum = 1.0 + (r + tail * r2);
    sum * f64::from_bits(((n as i64 + 1023) as u64) << 52)
}

/// 1/k!.
const INVERSE_FACTORIALS: [f64; 14] = {
    let mut inverse = [1.0; 14];
    let mut k = 1;
    while k < 14 {
        inverse[k] = inverse[k - 1] / k as f64;
        k += 1;
    }
    inverse
};

/// Natural logarithm.
pub(crate) fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// Share of the standard normal distribution below `x`.
pub(crate) fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

/// Cube root.
pub(crate) fn cbrt(x: f64) -> f64 {
    libm::cbrt(x)
}

/// Joins what adds by its squares.
pub(crate) trait RootSum {
    /// √(x² + y²).
    fn root_sum(self, other: Self) -> Self;
}

impl RootSum for f64 {
    fn root_sum(self, other: Self) -> Self {
        libm::hypot(self, other)
    }
}

const FRAC_2_PI: f64 = std::f64::consts::FRAC_2_PI;
/// First 33 bits of π/2, and the rest.
const PIO2_HEAD: f64 = 1.570_796_326_734_125_614_17;
const PIO2_TAIL: f64 = 6.077_100_506_506_192_249_32e-11;

fn kernel_sin(x: f64) -> f64 {
    let z = x * x;
    let r = 8.333_333_333_322_489_461_24e-3
        + z * (-1.984_126_982_985_794_931_34e-4
            + z * (2.755_731_370_707_006_767_89e-6
                + z * (-2.505_076_025_340_686_341_95e-8 + z * 1.589_690_995_211_550_102_21e-10)));
    x + z * x * (-1.666_666_666_666_663_243_48e-1 + z * r)
}

fn kernel_cos(x: f64) -> f64 {
    let z = x * x;
    let r = 4.166_666_666_666_660_190_37e-2
        + z * (-1.388_888_888_887_410_957_49e-3
            + z * (2.480_158_728_947_672_941_78e-5
                + z * (-2.755_731_435_139_066_330_35e-7
                    + z * (2.087_572_321_298_174_827_90e-9
                        - z * 1.135_964_755_778_819_482_65e-11))));
    1.0 - 0.5 * z + z * z * r
}

/// (sin x, cos x), absolute error below 1e-14 for |x| < 1e5; (0, 1) for anything not finite.
pub(crate) fn sin_cos(x: f64) -> (f64, f64) {
    if !x.is_finite() {
        return (0.0, 1.0);
    }
    let n = nearest(x * FRAC_2_PI);
    let r = (x - n * PIO2_HEAD) - n * PIO2_TAIL;
    let (s, c) = (kernel_sin(r), kernel_cos(r));
    match n as i64 & 3 {
        0 => (s, c),
        1 => (c, -s),
        2 => (-s, -c),
        _ => (-c, s),
    }
}

/// Arc tangent for |x| ≤ 1 by halving the argument twice, then the Taylor series.
fn atan_unit(x: f64) -> f64 {
    let half = x / (1.0 + (1.0 + x * x).sqrt());
    let quarter = half / (1.0 + (1.0 + half * half).sqrt());
    let z = quarter * quarter;
    let mut sum = 0.0;
    for k in (0..14_u32).rev() {
        let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
        sum = sum * z + sign / f64::from(2 * k + 1);
    }
    4.0 * quarter * sum
}

/// Angle of the point (x, y) in (−π, π]; 0 at the origin.
pub(crate) fn atan2(y: f64, x: f64) -> f64 {
    use std::f64::consts::{FRAC_PI_2, PI};
    if y == 0.0 && x == 0.0 {
        return 0.0;
    }
    if x.abs() >= y.abs() {
        let a = atan_unit(y / x);
        match (x >= 0.0, y >= 0.0) {
            (true, _) => a,
            (false, true) => a + PI,
            (false, false) => a - PI,
        }
    } else {
        let a = FRAC_PI_2 - atan_unit((x / y).abs()) * if x * y >= 0.0 { 1.0 } else { -1.0 };
        if y >= 0.0 { a } else { a - PI }
    }
}

/// Arc sine; the argument is clamped to [−1, 1].
pub(crate) fn asin(x: f64) -> f64 {
    let x = x.clamp(-1.0, 1.0);
    atan2(x, (1.0 - x * x).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_platform() {
        for k in -20_000..20_000 {
            let x = f64::from(k) * 0.173;
            let (s, c) = sin_cos(x);
            assert!(
                (s - x.sin()).abs() < 1e-12 && (c - x.cos()).abs() < 1e-12,
                "x = {x}"
            );
            let (y, x) = (f64::from(k % 211) - 105.0, f64::from(k % 97) - 48.0);
            let a = atan2(y, x);
            assert!((a - y.atan2(x)).abs() < 1e-14, "{y} {x}: {a}");
        }
        assert!((asin(0.1) - 0.1_f64.asin()).abs() < 1e-15);
    }

    #[test]
    fn exponential_agrees_with_the_platform() {
        for k in -140_000..140_000 {
            let x = f64::from(k) * 0.004_999_7;
            assert!((exp(x) / x.exp() - 1.0).abs() < 5e-16, "x = {x}");
        }
        assert_eq!([exp(0.0), exp(-0.0)], [1.0, 1.0]);
        assert_eq!([exp(-1e4), exp(f64::NEG_INFINITY)], [0.0, 0.0]);
        assert_eq!([exp(1e4), exp(f64::INFINITY)], [f64::INFINITY; 2]);
        assert!(exp(f64::NAN).is_nan() && exp(-705.0) > 0.0);
    }
}
