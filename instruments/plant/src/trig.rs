//! Own elementary functions, so that results are the same bits on every libc and compiler.
//!
//! Polynomials are those of fdlibm (Sun Microsystems, freely distributable): errors below 1 ulp
//! in exact evaluation, a few 1e-16 here. Angles of oscillators are kept in turns, which makes
//! the reduction exact. No fused multiply-add is used anywhere.

use std::f64::consts::{FRAC_1_PI, LOG2_E, TAU};

/// Largest whole number that is not above `x`, for |x| < 2⁶³. Baseline x86-64 has no instruction
/// for it, and this is several times as fast as the call.
#[inline]
#[must_use]
pub fn floor(x: f64) -> f64 {
    let toward_zero = x as i64 as f64;
    if toward_zero > x {
        toward_zero - 1.0
    } else {
        toward_zero
    }
}

/// Added and taken away again it leaves the nearest whole number, a tie the even one, for |x| < 2⁵¹: the
/// sum has no bits for a fraction. The whole number is in its low bits.
const WHOLE: f64 = 6_755_399_441_055_744.0;

/// Nearest whole number, a tie away from zero, for |x| < 2⁵¹: without a call, which baseline x86-64 needs
/// for `f64::round`.
#[inline]
#[must_use]
pub fn round(x: f64) -> f64 {
    let nearest = (x + WHOLE) - WHOLE;
    let up = if x > 0.0 && x - nearest == 0.5 {
        1.0
    } else {
        0.0
    };
    let down = if x < 0.0 && x - nearest == -0.5 {
        1.0
    } else {
        0.0
    };
    nearest + up - down
}

/// A whole number of at most 16 bits as such.
#[inline]
#[must_use]
pub fn whole_i16(x: f64) -> i16 {
    (x + WHOLE).to_bits() as i16
}

/// Quarter turn nearest to an angle, modulo 4, and what is beyond it in radians.
#[inline]
fn quarters(turns: f64) -> (u64, f64) {
    let sum = turns * 4.0 + WHOLE;
    // both products are exact, and so is their difference
    let beyond = turns - (sum - WHOLE) * 0.25;
    (sum.to_bits() & 3, beyond * TAU)
}

/// Sine and cosine of an angle given in turns (1.0 = 360°), |turns| < 2⁴⁹.
#[inline]
#[must_use]
pub fn sincos_turns(turns: f64) -> (f64, f64) {
    let (quarter, y) = quarters(turns);
    let (s, c) = (sine_kernel(y), cosine_kernel(y));
    match quarter {
        0 => (s, c),
        1 => (c, -s),
        2 => (-s, -c),
        _ => (-c, s),
    }
}

/// Sine of an angle given in turns: the first of [`sincos_turns`], for half of its work.
#[inline]
#[must_use]
pub fn sin_turns(turns: f64) -> f64 {
    let (quarter, y) = quarters(turns);
    let magnitude = if quarter & 1 == 0 {
        sine_kernel(y)
    } else {
        cosine_kernel(y)
    };
    if quarter & 2 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

/// Sine and cosine of an angle in radians, for moderate arguments (|x| < 1e6).
#[inline]
#[must_use]
pub fn sincos(x: f64) -> (f64, f64) {
    if x.abs() <= std::f64::consts::FRAC_PI_4 {
        return (sine_kernel(x), cosine_kernel(x));
    }
    sincos_turns(x * (0.5 * FRAC_1_PI))
}

/// Sine on |y| ≤ π/4.
#[inline]
fn sine_kernel(y: f64) -> f64 {
    let z = y * y;
    y + y
        * z
        * (-1.666_666_666_666_663_2e-1
            + z * (8.333_333_333_322_49e-3
                + z * (-1.984_126_982_985_795e-4
                    + z * (2.755_731_370_707_006_8e-6
                        + z * (-2.505_076_025_340_686_3e-8 + z * 1.589_690_995_211_55e-10)))))
}

/// Cosine on |y| ≤ π/4.
#[inline]
fn cosine_kernel(y: f64) -> f64 {
    let z = y * y;
    let tail = z
        * z
        * (4.166_666_666_666_66e-2
            + z * (-1.388_888_888_887_411e-3
                + z * (2.480_158_728_947_673e-5
                    + z * (-2.755_731_435_139_066_3e-7
                        + z * (2.087_572_321_298_175e-9 - z * 1.135_964_755_778_819_5e-11)))));
    1.0 - (0.5 * z - tail)
}

/// Exponential function; 0 below −745, infinite above 709.
#[must_use]
pub fn exp(x: f64) -> f64 {
    if x < -745.0 {
        return 0.0;
    }
    if x > 709.0 {
        return f64::INFINITY;
    }
    let k = floor(x * LOG2_E + 0.5);
    // ln 2 in two parts keeps the reduced argument exact
    let hi = x - k * 6.931_471_803_691_238e-1;
    let lo = k * 1.908_214_929_270_587_7e-10;
    let r = hi - lo;
    let t = r * r;
    let c = r - t
        * (1.666_666_666_666_660_2e-1
            + t * (-2.777_777_777_701_559_3e-3
                + t * (6.613_756_321_437_934e-5
                    + t * (-1.653_390_220_546_525_2e-6 + t * 4.138_136_797_057_238_5e-8))));
    let y = 1.0 - ((lo - (r * c) / (2.0 - c)) - hi);
    scale(y, k as i64)
}

/// y·2^k, in two factors so that subnormal results stay reachable.
fn scale(y: f64, k: i64) -> f64 {
    let half = k / 2;
    let two_to = |n: i64| f64::from_bits(((n + 1023) as u64) << 52);
    y * two_to(half) * two_to(k - half)
}

/// Natural logarithm of a positive, normal number; NaN for x ≤ 0.
#[must_use]
pub fn ln(x: f64) -> f64 {
    if x <= 0.0 || x.is_nan() {
        return f64::NAN;
    }
    let bits = x.to_bits();
    let mut k = ((bits >> 52) as i64) - 1023;
    let mut m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    if m > std::f64::consts::SQRT_2 {
        m *= 0.5;
        k += 1;
    }
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let r = z
        * (6.666_666_666_666_735e-1
            + z * (3.999_999_999_940_942e-1
                + z * (2.857_142_874_366_239e-1
                    + z * (2.222_219_843_214_978_4e-1
                        + z * (1.818_357_216_161_805e-1
                            + z * (1.531_383_769_920_937_3e-1
                                + z * 1.479_819_860_511_658_6e-1))))));
    let half = 0.5 * f * f;
    let k = k as f64;
    k * 6.931_471_803_691_238e-1 - ((half - (s * (half + r) + k * 1.908_214_929_270_587_7e-10)) - f)
}

/// Angle of the point (x, y) in turns, in (−0.5, 0.5]; 0 at the origin.
#[must_use]
pub fn atan2_turns(y: f64, x: f64) -> f64 {
    let (ax, ay) = (x.abs(), y.abs());
    if ax == 0.0 && ay == 0.0 {
        return 0.0;
    }
    // first octant, then around 22.5° so that the series sees |u| ≤ tan(π/8)
    let swap = ay > ax;
    let q = if swap { ax / ay } else { ay / ax };
    let shift = q > 0.414_213_562_373_095;
    let u = if shift { (q - 1.0) / (q + 1.0) } else { q };
    let mut a = atan_kernel(u) / TAU + if shift { 0.125 } else { 0.0 };
    if swap {
        a = 0.25 - a;
    }
    if x < 0.0 {
        a = 0.5 - a;
    }
    if y < 0.0 { -a } else { a }
}

/// Arc tangent for |u| < 7/16.
fn atan_kernel(u: f64) -> f64 {
    const A: [f64; 11] = [
        3.333_333_333_333_293e-1,
        -1.999_999_999_987_648_3e-1,
        1.428_571_427_250_346_6e-1,
        -1.111_111_040_546_235_6e-1,
        9.090_887_133_436_507e-2,
        -7.691_876_205_044_83e-2,
        6.661_073_137_387_531e-2,
        -5.833_570_133_790_573_5e-2,
        4.976_877_994_615_932e-2,
        -3.653_157_274_421_691_6e-2,
        1.628_582_011_536_578_2e-2,
    ];
    let z = u * u;
    let sum = A.iter().rev().fold(0.0, |acc, a| acc * z + a);
    u - u * z * sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sine_and_cosine_agree_with_std(x in -1000.0..1000.0f64) {
            let (s, c) = sincos_turns(x);
            let r = (x - (x + 0.5).floor()) * TAU;
            prop_assert!((s - r.sin()).abs() < 1e-15 && (c - r.cos()).abs() < 1e-15);
        }

        #[test]
        fn floor_agrees_with_std(x in -1e9..1e9f64) {
            prop_assert_eq!(floor(x), x.floor());
            prop_assert_eq!(floor(x.floor()), x.floor());
        }

        #[test]
        fn the_sine_alone_is_that_of_both(x in -1e6..1e6f64) {
            prop_assert_eq!(sin_turns(x), sincos_turns(x).0);
            let eighth = (x * 8.0).floor() / 8.0;
            prop_assert_eq!(sin_turns(eighth), sincos_turns(eighth).0);
        }

        #[test]
        fn round_agrees_with_std(x in -1e9..1e9f64, near in -2000..2000i32) {
            prop_assert_eq!(round(x), x.round());
            // ties, and what is next to them
            let tie = f64::from(near) + 0.5;
            for x in [tie, tie.next_up(), tie.next_down(), f64::from(near)] {
                prop_assert_eq!(round(x), x.round(), "{}", x);
            }
        }

        #[test]
        fn whole_numbers_are_themselves(n in i16::MIN..=i16::MAX) {
            prop_assert_eq!(whole_i16(f64::from(n)), n);
        }

        #[test]
        fn exp_and_ln_agree_with_std(x in -700.0..700.0f64) {
            let e = exp(x);
            prop_assert!(((e - x.exp()) / x.exp()).abs() < 1e-15);
            prop_assert!((ln(e) - x).abs() < 1e-15 * (1.0 + x.abs()) * 2.0);
        }

        #[test]
        fn angle_is_recovered(t in -0.499..0.499f64, r in 1e-3..1e3f64) {
            let (s, c) = sincos_turns(t);
            prop_assert!((atan2_turns(r * s, r * c) - t).abs() < 2e-16);
        }
    }

    #[test]
    fn exact_points() {
        assert_eq!(sincos_turns(0.25), (1.0, -0.0));
        assert_eq!(sincos_turns(0.0), (0.0, 1.0));
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(ln(1.0), 0.0);
        assert_eq!(exp(-800.0), 0.0);
    }
}
