//! A harmonic beside an interharmonic that one window cannot tell from it.
//!
//! Lines of a window of 10 cycles are 5 Hz apart (IEC 61000-4-7): what lies nearer to an order adds
//! to its line. Against the fundamental's phase a harmonic's phasor stands still from window to
//! window while that of an interharmonic turns by δ of a turn, δ its distance in lines.

use rustfft::num_complex::Complex64;

use crate::math::sin_cos;

/// Fewest windows in which a turning phasor is looked for, and the most that are kept.
const LEAST: usize = 5;
pub(super) const MOST: usize = 512;
/// Nearest interharmonic that the lines beside an order tell of, lines: 0.5 Hz.
const NEAREST: f64 = 0.1;

/// A harmonic told from an interharmonic beside it.
pub(super) struct Apart {
    /// Square of the harmonic, RMS, noise included.
    pub(super) square: f64,
    /// Mean square of the noise in it for a mean square of 1 in a single window.
    pub(super) noise: f64,
}

fn turn(angle: f64) -> Complex64 {
    let (s, c) = sin_cos((angle - angle.floor()) * std::f64::consts::TAU);
    Complex64::new(c, s)
}

/// Standing and turning part of `phasors`, one a window, when the turning one moves by `delta`
/// turns a window: (standing part, share of it in the other, power left).
fn split(phasors: &[Complex64], power: f64, delta: f64) -> (Complex64, f64, f64) {
    let n = phasors.len() as f64;
    let (mut still, mut turned, mut shared) = (
        Complex64::default(),
        Complex64::default(),
        Complex64::default(),
    );
    for (k, z) in phasors.iter().enumerate() {
        let w = turn(delta * k as f64);
        still += z;
        turned += z * w.conj();
        shared += w;
    }
    (still, turned, shared) = (still / n, turned / n, shared / n);
    let rest = (1.0 - shared.norm_sqr()).max(1e-9);
    let c = (still - shared * turned) / rest;
    let b = (turned - shared.conj() * still) / rest;
    let left = power - (c.conj() * still + b.conj() * turned).re;
    (c, shared.norm_sqr(), left)
}

/// The harmonic in `phasors` of an order, if all that changes from window to window beyond noise
/// of mean square `noise` is one interharmonic that turns at least once in the record.
pub(super) fn apart(phasors: &[Complex64], noise: f64) -> Option<Apart> {
    let m = phasors.len();
    let n = m as f64;
    if m < LEAST {
        return None;
    }
    let power = phasors.iter().map(Complex64::norm_sqr).sum::<f64>() / n;
    let still = (phasors.iter().sum::<Complex64>() / n).norm_sqr();
    let excess = power - still - noise * (1.0 - 1.0 / n);
    if excess < 6.0 * noise / n.sqrt() || excess < 1e-6 * power {
        return None;
    }
    let left = |delta: f64| split(phasors, power, delta).2;
    let steps = 4 * m;
    let (mut best, mut least) = (0.0, f64::INFINITY);
    for k in 8..=steps {
        for delta in [k as f64, -(k as f64)].map(|k| 0.5 * k / steps as f64) {
            let left = left(delta);
            if left < least {
                (best, least) = (delta, left);
            }
        }
    }
    let mut width = 0.5 / steps as f64;
    for _ in 0..30 {
        width *= 0.7;
        for delta in [best - width, best + width] {
            let left = left(delta);
            if left < least {
                (best, least) = (delta, left);
            }
        }
    }
    let (c, shared, left) = split(phasors, power, best);
    if (best.abs() * n) < 0.9 || left - noise * (1.0 - 2.0 / n) > 0.2 * excess {
        return None;
    }
    Some(Apart {
        square: c.norm_sqr(),
        noise: 1.0 / (n * (1.0 - shared).max(1e-3).powi(2)),
    })
}

/// An interharmonic that may be in the line of an order.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Leak {
    /// Most of it, RMS.
    pub(super) rms: f64,
    /// How much of its product with the order is left on the mean of all windows at most: it turns
    /// by δ of a turn in each, and |Σ exp 2πiδk| ≤ 1/sin πδ.
    pub(super) together: f64,
}

/// Most that an interharmonic may add to the line of an order by the squares of the lines
/// `beside` it in windows without a taper: both show it by 1/(1 − δ) and 1/(1 + δ) of what it leaves
/// in the order's own. 0 where noise explains one of them.
pub(super) fn leak(beside: (f64, f64), noise: f64, windows: usize) -> Leak {
    let clear = noise * (1.0 + 5.0 / (windows as f64).sqrt());
    let (low, high) = (beside.0.min(beside.1), beside.0.max(beside.1));
    if low <= clear {
        return Leak::default();
    }
    let (low, high) = ((low - noise).sqrt(), (high - noise).sqrt());
    let delta = ((high - low) / (high + low)).max(NEAREST);
    let turned = sin_cos(std::f64::consts::PI * delta).0;
    Leak {
        rms: high * (1.0 - delta) / delta,
        together: (1.0 / (windows as f64 * turned)).min(1.0),
    }
}
