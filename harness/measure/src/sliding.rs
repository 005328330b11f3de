//! Running quantities over whole records at memory speed: half-cycle RMS, zero crossings and
//! windowed spectra. For gigabytes, where the exact windows of [`rms`](crate::rms) are not needed.

use realfft::{RealFftPlanner, RealToComplex};
use rustfft::num_complex::Complex64;
use std::sync::Arc;

/// Samples after which a running sum begins anew, so that rounding cannot grow.
const RESTART: usize = 4096;

/// RMS over every window of `window` samples: `out[k]` belongs to `samples[k..k + window]`.
/// `out` is cleared and filled with `samples.len() − window + 1` values (none if there are fewer
/// samples or `window` is 0).
///
/// The sum of squares runs along and is taken anew every 4096 samples: its error stays below 1e-12 of
/// the largest window.
pub fn sliding_rms(samples: &[f64], window: usize, out: &mut Vec<f64>) {
    out.clear();
    if window == 0 || samples.len() < window {
        return;
    }
    let count = samples.len() - window + 1;
    out.resize(count, 0.0);
    let scale = 1.0 / window as f64;
    // Eight consecutive windows differ from the first by the prefix sums of eight differences,
    // which do not wait for each other.
    for (block, results) in out.chunks_mut(RESTART).enumerate() {
        let first = block * RESTART;
        let mut sum: f64 = sum_of_squares(&samples[first..first + window]);
        let n = results.len();
        let enter = &samples[first + window..first + window + n - 1];
        let leave = &samples[first..first + n - 1];
        results[0] = sum;
        let (groups, rest) = results[1..].as_chunks_mut::<8>();
        let (new, new_rest) = enter.as_chunks::<8>();
        let (old, old_rest) = leave.as_chunks::<8>();
        for ((group, new), old) in groups.iter_mut().zip(new).zip(old) {
            let mut d = [0.0; 8];
            for k in 0..8 {
                d[k] = new[k] * new[k] - old[k] * old[k];
            }
            // Prefix sums in three steps.
            for shift in [1, 2, 4] {
                let before = d;
                for k in shift..8 {
                    d[k] = before[k] + before[k - shift];
                }
            }
            for k in 0..8 {
                group[k] = sum + d[k];
            }
            sum += d[7];
        }
        for ((result, new), old) in rest.iter_mut().zip(new_rest).zip(old_rest) {
            sum += new * new - old * old;
            *result = sum;
        }
        for result in results {
            *result = (result.max(0.0) * scale).sqrt();
        }
    }
}

fn sum_of_squares(samples: &[f64]) -> f64 {
    let (groups, rest) = samples.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for group in groups {
        for k in 0..8 {
            sums[k] += group[k] * group[k];
        }
    }
    sums.iter().sum::<f64>() + rest.iter().map(|x| x * x).sum::<f64>()
}

/// Positive-going passages of zero by linear interpolation, sample positions, each armed by a
/// sample below −`hysteresis` (in the channel's unit, not negative).
pub fn sliding_crossings(samples: &[f64], hysteresis: f64, out: &mut Vec<f64>) {
    out.clear();
    let Some(&start) = samples.first() else {
        return;
    };
    let mut armed = start < -hysteresis;
    let mut last = start;
    // Blocks without a change of sign are passed at once.
    for (block, part) in samples.chunks(64).enumerate() {
        let positive = part.iter().filter(|&&x| x >= 0.0).count();
        if positive == part.len() && last >= 0.0 {
            last = part[part.len() - 1];
            continue;
        }
        if positive == 0 && last < 0.0 {
            armed = armed || part.iter().any(|&x| x < -hysteresis);
            last = part[part.len() - 1];
            continue;
        }
        for (k, &x) in part.iter().enumerate() {
            if armed && last < 0.0 && x >= 0.0 {
                let at = (block * 64 + k) as f64;
                out.push(at - 1.0 + last / (last - x));
                armed = false;
            }
            armed = armed || x < -hysteresis;
            last = x;
        }
    }
}

/// Spectra of consecutive windows of equal length, with reused buffers.
pub struct WindowedSpectrum {
    transform: Arc<dyn RealToComplex<f64>>,
    input: Vec<f64>,
    output: Vec<Complex64>,
    scratch: Vec<Complex64>,
}

impl std::fmt::Debug for WindowedSpectrum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WindowedSpectrum")
            .field("window", &self.input.len())
            .finish_non_exhaustive()
    }
}

impl WindowedSpectrum {
    /// Windows of `window` samples (at least 2, else 2).
    pub fn new(window: usize) -> Self {
        let transform = RealFftPlanner::new().plan_fft_forward(window.max(2));
        Self {
            input: transform.make_input_vec(),
            output: transform.make_output_vec(),
            scratch: transform.make_scratch_vec(),
            transform,
        }
    }

    /// Calls `see(index of the window, lines 0…window/2)` for each whole window; lines are not
    /// normalised.
    pub fn each(&mut self, samples: &[f64], mut see: impl FnMut(usize, &[Complex64])) {
        for (index, window) in samples.chunks_exact(self.input.len()).enumerate() {
            self.input.copy_from_slice(window);
            let done = self.transform.process_with_scratch(
                &mut self.input,
                &mut self.output,
                &mut self.scratch,
            );
            // Lengths match by construction.
            if done.is_ok() {
                see(index, &self.output);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_as_the_plain_formulas() {
        let mut seed = 9_u64;
        let samples: Vec<f64> = (0..10_000)
            .map(|k| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                325.0 * (f64::from(k) * 0.0314).sin() + (seed >> 44) as f64 / 1e5
            })
            .collect();
        let mut out = Vec::new();
        for window in [1, 7, 100, 9_999, 10_000] {
            sliding_rms(&samples, window, &mut out);
            assert_eq!(out.len(), samples.len() - window + 1);
            for (k, value) in out.iter().enumerate().step_by(37) {
                let plain = crate::rms::rms(&samples[k..k + window]);
                assert!(
                    (value - plain).abs() < 1e-7,
                    "{window} {k}: {value} {plain}"
                );
            }
        }
        sliding_rms(&samples, 0, &mut out);
        assert!(out.is_empty());
        sliding_rms(&samples, 10_001, &mut out);
        assert!(out.is_empty());
        sliding_crossings(&samples, 20.0, &mut out);
        assert_eq!(out.len(), 49);
        sliding_crossings(&[], 1.0, &mut out);
        assert!(out.is_empty());
        let mut seen = 0;
        WindowedSpectrum::new(1000).each(&samples, |k, lines| {
            seen += 1;
            assert!(k < 10 && lines.len() == 501);
        });
        assert_eq!(seen, 10);
    }
}
