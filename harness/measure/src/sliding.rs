//! Running quantities over whole records at memory speed: half-cycle RMS, zero crossings and
//! windowed spectra. For gigabytes, where the exact windows of [`rms`](crate::rms) are not needed.

use realfft::{RealFftPlanner, RealToComplex};
use rustfft::num_complex::Complex64;
use std::sync::Arc;

/// Windows after which a running sum begins anew (more for longer windows), so that rounding
/// cannot grow.
const RESTART: usize = 4096;
/// Rows of windows whose running sums advance side by side: their additions do not wait for each
/// other, and a row of four fills a vector register.
const ROWS: usize = 4;
/// Consecutive windows of a row that are taken at once.
const TILE: usize = 8;

/// RMS over every window of `window` samples: `out[k]` belongs to `samples[k..k + window]`.
/// `out` is filled with `samples.len() − window + 1` values (none if there are fewer samples or
/// `window` is 0).
///
/// The sum of squares runs along and is taken anew every 4096 windows (or every `window` windows,
/// if that is more): its error stays below 1e-12 of the largest window. A sample that is not a
/// number makes its own windows and those up to the next new sum not a number.
///
/// The same code is compiled for wider vectors too and the widest that the processor has is
/// chosen; no operation is fused or reordered by that, so the result is the same to the bit.
pub fn sliding_rms(samples: &[f64], window: usize, out: &mut Vec<f64>) {
    if window == 0 || samples.len() < window {
        out.clear();
        return;
    }
    out.resize(samples.len() - window + 1, 0.0);
    pulp::Arch::new().dispatch(SlidingPass {
        samples,
        window,
        out,
    });
}

/// The work of [`sliding_rms`] for the processor at hand.
struct SlidingPass<'a> {
    samples: &'a [f64],
    window: usize,
    out: &'a mut [f64],
}

impl pulp::NullaryFnOnce for SlidingPass<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let block = ROWS * RESTART.max(self.window);
        for (k, results) in self.out.chunks_mut(block).enumerate() {
            sliding_block(&self.samples[k * block..], self.window, results);
        }
    }
}

/// RMS of the windows that begin at the first `results.len()` samples.
#[inline(always)]
fn sliding_block(samples: &[f64], window: usize, results: &mut [f64]) {
    let scale = 1.0 / window as f64;
    // The comparison, unlike `max`, lets through what is not a number.
    let root = |sum: f64| (if sum < 0.0 { 0.0 } else { sum } * scale).sqrt();
    // The last window has no successor: it is left to the loop at the end.
    let row = (results.len().max(1) - 1) / (ROWS * TILE) * TILE;
    let mut sums: [f64; ROWS] =
        std::array::from_fn(|r| sum_of_squares(&samples[r * row..r * row + window]));
    let (whole, rest) = results.split_at_mut(ROWS * row);
    let (old, new) = (samples, &samples[window..]);
    let mut rows = whole.chunks_exact_mut(row.max(1));
    let rows: [&mut [[f64; TILE]]; ROWS] =
        std::array::from_fn(|_| rows.next().unwrap_or_default().as_chunks_mut().0);
    let new_rows: [&[[f64; TILE]]; ROWS] =
        std::array::from_fn(|r| new[r * row..(r + 1) * row].as_chunks().0);
    let old_rows: [&[[f64; TILE]]; ROWS] =
        std::array::from_fn(|r| old[r * row..(r + 1) * row].as_chunks().0);
    for t in 0..row / TILE {
        let mut columns = [[0.0; ROWS]; TILE];
        for r in 0..ROWS {
            for k in 0..TILE {
                let (enter, leave) = (new_rows[r][t][k], old_rows[r][t][k]);
                columns[k][r] = enter * enter - leave * leave;
            }
        }
        for column in &mut columns {
            for r in 0..ROWS {
                let step = column[r];
                column[r] = root(sums[r]);
                sums[r] += step;
            }
        }
        for r in 0..ROWS {
            for k in 0..TILE {
                rows[r][t][k] = columns[k][r];
            }
        }
    }
    // Without whole rows all four are the sum of the first window.
    let mut sum = sums[ROWS - 1];
    let done = ROWS * row;
    for (k, result) in rest.iter_mut().enumerate() {
        *result = root(sum);
        if let Some(enter) = new.get(done + k) {
            sum += enter * enter - old[done + k] * old[done + k];
        }
    }
}

#[inline(always)]
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
/// sample below −`hysteresis` (in the channel's unit, not negative). Compiled for wider vectors
/// as [`sliding_rms`] is.
pub fn sliding_crossings(samples: &[f64], hysteresis: f64, out: &mut Vec<f64>) {
    out.clear();
    pulp::Arch::new().dispatch(CrossingsPass {
        samples,
        hysteresis,
        out,
    });
}

/// The work of [`sliding_crossings`] for the processor at hand.
struct CrossingsPass<'a> {
    samples: &'a [f64],
    hysteresis: f64,
    out: &'a mut Vec<f64>,
}

impl pulp::NullaryFnOnce for CrossingsPass<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self {
            samples,
            hysteresis,
            out,
        } = self;
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
    fn wider_vectors_change_no_bit() {
        let samples: Vec<f64> = (0..40_000)
            .map(|k| 325.0 * (f64::from(k) * 0.0314).sin() + f64::from(k % 97) * 0.013)
            .collect();
        let (mut wide, mut plain) = (Vec::new(), vec![0.0; 39_501]);
        sliding_rms(&samples, 500, &mut wide);
        pulp::NullaryFnOnce::call(SlidingPass {
            samples: &samples,
            window: 500,
            out: &mut plain,
        });
        assert_eq!(wide, plain);
    }

    /// Without the crate's features for wider vectors the passes would quietly run on narrow ones.
    #[cfg(target_arch = "x86_64")]
    #[test]
    fn wide_vectors_are_used_where_the_processor_has_them() {
        let wide = std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma");
        assert_eq!(!matches!(pulp::Arch::new(), pulp::Arch::Scalar), wide);
    }

    #[test]
    fn a_sample_that_is_no_number_does_not_read_as_zero() {
        let mut samples = vec![1.0; 20_000];
        samples[700] = f64::NAN;
        let mut out = Vec::new();
        sliding_rms(&samples, 100, &mut out);
        assert!(out[..=600].iter().all(|x| *x == 1.0));
        assert!(out[601..=700].iter().all(|x| x.is_nan()));
        assert!(out[701 + 4096..].iter().all(|x| *x == 1.0));
    }

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
        for count in 1..140 {
            sliding_rms(&samples[..count + 20], 21, &mut out);
            assert_eq!(out.len(), count);
            for (k, value) in out.iter().enumerate() {
                let plain = crate::rms::rms(&samples[k..k + 21]);
                assert!((value - plain).abs() < 1e-7, "{count} {k}");
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
