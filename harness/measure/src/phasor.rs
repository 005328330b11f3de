//! Phasor of the fundamental by a discrete Fourier integral over whole cycles.

use crate::math::{atan2, sin_cos};
use crate::window::trapezoid;

/// RMS phasor: magnitude in the channel's unit, angle against a cosine at sample position 0.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Phasor {
    /// Real part.
    pub re: f64,
    /// Imaginary part.
    pub im: f64,
}

impl Phasor {
    /// Magnitude (RMS).
    pub fn abs(self) -> f64 {
        (self.re * self.re + self.im * self.im).sqrt()
    }

    /// Angle, rad, in (−π, π].
    pub fn angle(self) -> f64 {
        atan2(self.im, self.re)
    }

    /// V·I*: active power (re) and reactive power (im) when `self` is the voltage.
    pub fn times_conjugate(self, other: Phasor) -> Phasor {
        Phasor {
            re: self.re * other.re + self.im * other.im,
            im: self.im * other.re - self.re * other.im,
        }
    }
}

/// Phasors of several channels over the same window `[from, from + cycles × cycle]` (sample
/// positions, `cycle` in samples). `None` if the window is not inside every channel.
pub fn fundamental<const N: usize>(
    channels: [&[f64]; N],
    from: f64,
    cycles: u32,
    cycle: f64,
) -> Option<[Phasor; N]> {
    let len = channels.iter().map(|c| c.len()).min()?;
    if cycles == 0 || !cycle.is_finite() || cycle < 4.0 {
        return None;
    }
    let step = std::f64::consts::TAU / cycle;
    let span = cycle * f64::from(cycles);
    let mut sums = [Phasor::default(); N];
    let (rot_s, rot_c) = sin_cos(step);
    // Rotating pointer, set anew every 512 samples so that rounding cannot grow.
    let (mut s, mut c, mut next) = (0.0, 1.0, usize::MAX);
    trapezoid(len, from, from + span, |k, w| {
        if k != next || k % 512 == 0 {
            // Whole turns are removed before the sine: the argument stays small.
            let turns = k as f64 / cycle;
            (s, c) = sin_cos((turns - turns.floor()) * std::f64::consts::TAU);
        }
        for (sum, channel) in sums.iter_mut().zip(channels) {
            let x = w * channel[k];
            sum.re += x * c;
            sum.im -= x * s;
        }
        (s, c) = (s * rot_c + c * rot_s, c * rot_c - s * rot_s);
        next = k + 1;
    })?;
    let norm = std::f64::consts::SQRT_2 / span;
    Some(sums.map(|sum| Phasor {
        re: sum.re * norm,
        im: sum.im * norm,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_of_a_lagging_current() {
        let (rate, hz) = (5_000.0, 50.3);
        let wave = |amplitude: f64, lag: f64| -> Vec<f64> {
            (0..1000)
                .map(|k| {
                    let t = std::f64::consts::TAU * hz * f64::from(k) / rate;
                    amplitude * (t - lag).sin() + 0.02 * amplitude * (5.0 * t).sin() + 0.1
                })
                .collect()
        };
        let (v, i) = (wave(325.0, 0.0), wave(10.0, 0.5));
        let [pv, pi] = fundamental([&v, &i], 12.7, 3, rate / hz).unwrap_or_default();
        let power = pv.times_conjugate(pi);
        assert!((power.re - 1625.0 * 0.5_f64.cos()).abs() < 0.1, "{power:?}");
        assert!((power.im - 1625.0 * 0.5_f64.sin()).abs() < 0.1, "{power:?}");
        assert!(fundamental([&v, &i], 990.0, 1, rate / hz).is_none());
    }
}
