//! Spectral lines at exact multiples of a frequency over a window of any real length.
//!
//! A window of 10 cycles is hardly ever a whole number of samples. Instead of resampling, the
//! Fourier integral over the window `[from, from + span]` (sample positions) is taken with
//! trapezoid weights whose ends lie between samples, and evaluated at the multiples of 1/span by
//! a chirp-z transform (Bluestein). The error is that of the two fractional ends: below 1e-6 of
//! the fundamental and 2e-4 of a harmonic with four samples a period.

use rustfft::num_complex::Complex64;
use rustfft::{Fft, FftPlanner};
use std::sync::Arc;

use crate::math::sin_cos;
use crate::window::trapezoid;

/// A prepared transform: windows of `span` samples, lines 0…`count` − 1.
pub struct LineSpectrum {
    span: f64,
    count: usize,
    length: usize,
    forward: Arc<dyn Fft<f64>>,
    inverse: Arc<dyn Fft<f64>>,
    chirp: Vec<Complex64>,
    kernel: Vec<Complex64>,
    buffer: Vec<Complex64>,
    scratch: Vec<Complex64>,
}

impl std::fmt::Debug for LineSpectrum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LineSpectrum")
            .field("span", &self.span)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

impl LineSpectrum {
    /// Prepares lines at k/span cycles per sample, k < `count`. `None` unless 4 ≤ span ≤ 1e8 and
    /// the lines lie below half the sample rate.
    pub fn new(span: f64, count: usize) -> Option<Self> {
        if !(4.0..=1e8).contains(&span) || count == 0 || count as f64 > 0.5 * span + 1.0 {
            return None;
        }
        let points = span.ceil() as usize + 2;
        let length = (points + count).next_power_of_two();
        let mut planner = FftPlanner::new();
        let (forward, inverse) = (
            planner.plan_fft_forward(length),
            planner.plan_fft_inverse(length),
        );
        let chirp: Vec<Complex64> = (0..points.max(count))
            .map(|n| {
                let turns = n as f64 * (n as f64 / span) * 0.5;
                let (s, c) = sin_cos((turns - turns.floor()) * std::f64::consts::TAU);
                Complex64::new(c, -s)
            })
            .collect();
        let mut kernel = vec![Complex64::default(); length];
        for (n, w) in chirp.iter().enumerate() {
            if n < count {
                kernel[n] = w.conj();
            }
            if n > 0 && n < points {
                kernel[length - n] = w.conj();
            }
        }
        let scratch = forward
            .get_inplace_scratch_len()
            .max(inverse.get_inplace_scratch_len());
        let mut scratch = vec![Complex64::default(); scratch];
        forward.process_with_scratch(&mut kernel, &mut scratch);
        Some(Self {
            span,
            count,
            length,
            forward,
            inverse,
            chirp,
            kernel,
            buffer: vec![Complex64::default(); length],
            scratch,
        })
    }

    /// RMS phasors of all lines over the window that begins at sample position `from`; angles
    /// against a cosine at `from`. Line 0 is the mean. `None` if the window is not inside.
    pub fn lines(&mut self, samples: &[f64], from: f64) -> Option<Vec<Complex64>> {
        let first = from.floor().max(0.0) as usize;
        self.buffer.fill(Complex64::default());
        let (buffer, chirp) = (&mut self.buffer, &self.chirp);
        trapezoid(samples.len(), from, from + self.span, |k, w| {
            // A window begins between samples `first` and `first` + 1 at the latest.
            if let Some(cell) = k.checked_sub(first).and_then(|n| buffer.get_mut(n)) {
                *cell += chirp[(k - first).min(chirp.len() - 1)] * (w * samples[k]);
            }
        })?;
        self.forward
            .process_with_scratch(&mut self.buffer, &mut self.scratch);
        for (x, k) in self.buffer.iter_mut().zip(&self.kernel) {
            *x *= k;
        }
        self.inverse
            .process_with_scratch(&mut self.buffer, &mut self.scratch);
        let norm = std::f64::consts::SQRT_2 / (self.span * self.length as f64);
        let lead = (from - first as f64) / self.span;
        Some(
            (0..self.count)
                .map(|k| {
                    let turns = k as f64 * lead;
                    let (s, c) = sin_cos((turns - turns.floor()) * std::f64::consts::TAU);
                    let scale = if k == 0 {
                        std::f64::consts::FRAC_1_SQRT_2
                    } else {
                        1.0
                    };
                    self.buffer[k] * self.chirp[k] * Complex64::new(c, s) * (norm * scale)
                })
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_between_samples() {
        let (rate, hz) = (10_000.0, 50.37);
        let wave: Vec<f64> = (0..4000)
            .map(|k| {
                let t = std::f64::consts::TAU * hz * f64::from(k) / rate;
                3.0 + 325.0 * (t + 0.4).cos() + 10.0 * (7.0 * t).sin() + 2.0 * (49.0 * t).cos()
            })
            .collect();
        let mut spectrum = LineSpectrum::new(10.0 * rate / hz, 510).expect("a transform");
        let lines = spectrum.lines(&wave, 137.31).expect("inside");
        let angle = std::f64::consts::TAU * hz * 137.31 / rate + 0.4;
        let root = 2.0_f64.sqrt();
        assert!((lines[0].re - 3.0).abs() < 1e-3);
        assert!((lines[10].norm() * root - 325.0).abs() < 1e-3);
        let (s, c) = (lines[10].arg() - angle).sin_cos();
        assert!(s.abs() < 1e-5 && c > 0.0);
        assert!((lines[70].norm() * root - 10.0).abs() < 1e-3);
        assert!((lines[490].norm() * root - 2.0).abs() < 2e-3);
        assert!(lines[30].norm() < 1e-3 && lines[495].norm() < 2e-3);
        assert!(spectrum.lines(&wave, 2100.0).is_none());
        assert!(LineSpectrum::new(f64::NAN, 5).is_none());
    }
}
