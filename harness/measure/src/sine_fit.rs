//! Least-squares fit of a periodic wave (direct component, fundamental, low harmonics) with its
//! frequency refined by Gauss–Newton, and the wave's value at any other time.

use crate::math::{atan2, sin_cos};
use crate::zero_crossing::frequency;

/// Harmonics of a mains or inverter wave that are fitted with the fundamental.
pub const MAINS_HARMONICS: [u32; 7] = [1, 3, 5, 7, 9, 11, 13];
/// Fitted points per cycle: enough for order 13, few enough to be fast.
const POINTS_PER_CYCLE: f64 = 96.0;
/// Points that the scatter is taken from, if there are as many.
const SCATTER_POINTS: usize = 4000;
/// Most unknowns: direct component, two per harmonic, frequency.
const MAX: usize = 2 + 2 * MAINS_HARMONICS.len();

/// A fitted wave.
#[derive(Debug, Clone, PartialEq)]
pub struct SineFit {
    /// Frequency, Hz.
    pub hz: f64,
    /// Standard deviation of the residual, channel unit.
    pub sigma: f64,
    rate_hz: f64,
    /// Samples that were fitted.
    points: usize,
    /// Sample position the angles refer to.
    centre: f64,
    direct: f64,
    /// (order, cosine, sine) amplitudes.
    terms: Vec<(u32, f64, f64)>,
}

impl SineFit {
    /// Fits `samples`, the first of which is sample `first` of its record. Needs at least one
    /// and a half cycles near `nominal_hz` (±20 %); `None` without a periodic wave.
    pub fn new(samples: &[f64], first: usize, rate_hz: f64, nominal_hz: f64) -> Option<Self> {
        Self::with_points(samples, first, rate_hz, nominal_hz, POINTS_PER_CYCLE)
    }

    /// As [`SineFit::new`] with up to `per_cycle` fitted points in a cycle: more average more
    /// noise and take longer.
    pub fn with_points(
        samples: &[f64],
        first: usize,
        rate_hz: f64,
        nominal_hz: f64,
        per_cycle: f64,
    ) -> Option<Self> {
        let hz = frequency(samples, rate_hz, nominal_hz)
            .filter(|hz| (hz / nominal_hz - 1.0).abs() < 0.2)
            .unwrap_or(nominal_hz);
        Self::refined(samples, first, rate_hz, (hz, nominal_hz), per_cycle)
    }

    /// As [`SineFit::new`] of a wave whose frequency `hz` is known to some 2 % of a cycle in the
    /// whole of `samples`: no zero crossings are looked for.
    pub(crate) fn near(samples: &[f64], first: usize, rate_hz: f64, hz: f64) -> Option<Self> {
        Self::refined(samples, first, rate_hz, (hz, hz), POINTS_PER_CYCLE)
    }

    fn refined(
        samples: &[f64],
        first: usize,
        rate_hz: f64,
        (mut hz, nominal_hz): (f64, f64),
        per_cycle: f64,
    ) -> Option<Self> {
        if (samples.len() as f64) < 1.5 * rate_hz / hz {
            return None;
        }
        let orders: Vec<u32> = MAINS_HARMONICS
            .into_iter()
            .filter(|&h| f64::from(h) * hz * 2.5 < rate_hz)
            .collect();
        let centre = 0.5 * (samples.len() as f64 - 1.0);
        let stride = ((rate_hz / hz / per_cycle.max(POINTS_PER_CYCLE)) as usize).max(1);
        let mut known: Option<Terms> = None;
        // The first round knows no amplitudes yet; two corrections reach 1e-7 of the frequency.
        for _ in 0..3 {
            let grid = Grid {
                orders: &orders,
                centre,
                stride,
                hz,
                rate_hz,
            };
            let (terms, _, correction) = solve_linear(samples, &grid, known.as_ref())?;
            hz += correction.clamp(-0.02 * hz, 0.02 * hz);
            known = Some(terms);
            if (hz / nominal_hz - 1.0).abs() > 0.25 {
                return None;
            }
        }
        let grid = Grid {
            orders: &orders,
            centre,
            stride,
            hz,
            rate_hz,
        };
        let (terms, direct, _) = solve_linear(samples, &grid, None)?;
        let centre = first as f64 + centre;
        let mut fit = Self {
            hz,
            sigma: 0.0,
            rate_hz,
            points: samples.len().div_ceil(stride),
            centre,
            direct,
            terms,
        };
        // A few thousand points know the scatter to a few per cent.
        let stride = (samples.len() / SCATTER_POINTS).max(1);
        let turn = std::f64::consts::TAU * hz / rate_hz;
        let (mut sum, mut count) = (0.0, 0.0);
        for (k, x) in samples.iter().enumerate().step_by(stride) {
            let (s, c) = sin_cos(((first + k) as f64 - fit.centre) * turn);
            let e = x - fit.direct - harmonics(&fit.terms, s, c);
            sum += e * e;
            count += 1.0;
        }
        fit.sigma = (sum / count).sqrt();
        Some(fit)
    }

    /// Number of samples that the fit looked at.
    pub(crate) fn points(&self) -> usize {
        self.points
    }

    /// Length of a cycle, samples.
    pub(crate) fn cycle(&self) -> f64 {
        self.rate_hz / self.hz
    }

    /// Sample rate, Hz.
    pub(crate) fn rate_hz(&self) -> f64 {
        self.rate_hz
    }

    /// Direct component, channel unit.
    pub(crate) fn direct(&self) -> f64 {
        self.direct
    }

    /// Peak of the fundamental, channel unit.
    pub fn amplitude(&self) -> f64 {
        self.terms
            .first()
            .map_or(0.0, |(_, c, s)| (c * c + s * s).sqrt())
    }

    /// Angle of the fundamental as a sine at sample position `at`, rad in (−π, π].
    pub fn angle_at(&self, at: f64) -> f64 {
        let Some(&(_, c, s)) = self.terms.first() else {
            return 0.0;
        };
        let turn = std::f64::consts::TAU * self.hz * (at - self.centre) / self.rate_hz;
        let (sin, cos) = sin_cos(turn + atan2(c, s));
        atan2(sin, cos)
    }

    /// The wave without its direct component at any sample position, and its change per turn of the
    /// fundamental.
    pub(crate) fn alternating_at(&self, at: f64) -> (f64, f64) {
        let (s, c) = sin_cos((at - self.centre) * std::f64::consts::TAU * self.hz / self.rate_hz);
        let (s2, c2) = (2.0 * s * c, c * c - s * s);
        let (mut sh, mut ch) = (s, c);
        let (mut value, mut slope) = (0.0, 0.0);
        for &(order, a, b) in &self.terms {
            value += a * ch + b * sh;
            slope += f64::from(order) * (b * ch - a * sh);
            (sh, ch) = (sh * c2 + ch * s2, ch * c2 - sh * s2);
        }
        (value, std::f64::consts::TAU * slope)
    }

    /// Calls `see(k, wave)` for each sample position k in `from..from + count`.
    pub fn each(&self, from: usize, count: usize, mut see: impl FnMut(usize, f64)) {
        let turn = std::f64::consts::TAU * self.hz / self.rate_hz;
        let (rs, rc) = sin_cos(turn);
        let (mut s, mut c) = (0.0, 1.0);
        for n in 0..count {
            let k = from + n;
            if n % 256 == 0 {
                (s, c) = sin_cos((k as f64 - self.centre) * turn);
            }
            see(k, self.direct + harmonics(&self.terms, s, c));
            (s, c) = (s * rc + c * rs, c * rc - s * rs);
        }
    }

    /// `samples[k] − wave` for a record of which `samples` begins at sample `first`.
    pub fn residual(&self, samples: &[f64], first: usize) -> Vec<f64> {
        let mut out = Vec::with_capacity(samples.len());
        self.each(first, samples.len(), |k, value| {
            out.push(samples[k - first] - value)
        });
        out
    }
}

/// Sum of odd harmonics from sine and cosine of the fundamental angle.
fn harmonics(terms: &[(u32, f64, f64)], s: f64, c: f64) -> f64 {
    let (s2, c2) = (2.0 * s * c, c * c - s * s);
    let (mut sh, mut ch) = (s, c);
    let mut sum = 0.0;
    for &(_, a, b) in terms {
        sum += a * ch + b * sh;
        (sh, ch) = (sh * c2 + ch * s2, ch * c2 - sh * s2);
    }
    sum
}

/// (order, cosine, sine) amplitudes.
type Terms = Vec<(u32, f64, f64)>;

/// Where and at what frequency a linear step is taken.
struct Grid<'a> {
    orders: &'a [u32],
    centre: f64,
    stride: usize,
    hz: f64,
    rate_hz: f64,
}

/// One linear step: amplitudes, direct component, and the frequency correction (0 while no
/// amplitudes are known).
fn solve_linear(
    samples: &[f64],
    grid: &Grid<'_>,
    known: Option<&Terms>,
) -> Option<(Terms, f64, f64)> {
    let &Grid {
        orders,
        centre,
        stride,
        hz,
        rate_hz,
    } = grid;
    let count = 1 + 2 * orders.len() + usize::from(known.is_some());
    let fundamental = known
        .and_then(|terms| terms.first())
        .map_or((0.0, 0.0), |t| (t.1, t.2));
    let turn = std::f64::consts::TAU * hz / rate_hz;
    let mut matrix = [[0.0; MAX + 1]; MAX];
    let mut row = [0.0; MAX];
    for (k, &x) in samples.iter().enumerate().step_by(stride) {
        let t = k as f64 - centre;
        let (s, c) = sin_cos(t * turn);
        let (s2, c2) = (2.0 * s * c, c * c - s * s);
        let (mut sh, mut ch) = (s, c);
        row[0] = 1.0;
        for n in 0..orders.len() {
            row[1 + 2 * n] = ch;
            row[2 + 2 * n] = sh;
            (sh, ch) = (sh * c2 + ch * s2, ch * c2 - sh * s2);
        }
        if known.is_some() {
            // d/dω of the fundamental, time in cycles.
            row[count - 1] = (t * hz / rate_hz) * (fundamental.1 * c - fundamental.0 * s);
        }
        for (a, line) in matrix.iter_mut().enumerate().take(count) {
            for (sum, y) in line[a..count].iter_mut().zip(&row[a..count]) {
                *sum += row[a] * y;
            }
            line[MAX] += row[a] * x;
        }
    }
    let solution = solve(&mut matrix, count)?;
    let terms = orders
        .iter()
        .enumerate()
        .map(|(n, &h)| (h, solution[1 + 2 * n], solution[2 + 2 * n]))
        .collect();
    let correction = if known.is_some() {
        solution[count - 1] * hz / std::f64::consts::TAU
    } else {
        0.0
    };
    correction
        .is_finite()
        .then_some((terms, solution[0], correction))
}

/// Gaussian elimination with partial pivoting of a symmetric system given by its upper triangle,
/// right-hand side in column [`MAX`]. `None` if singular.
fn solve(matrix: &mut [[f64; MAX + 1]; MAX], count: usize) -> Option<[f64; MAX]> {
    let upper = *matrix;
    for (a, line) in matrix.iter_mut().enumerate().take(count) {
        for (x, source) in line.iter_mut().zip(&upper).take(a) {
            *x = source[a];
        }
    }
    let scale = (0..count).map(|k| matrix[k][k].abs()).fold(0.0, f64::max);
    for column in 0..count {
        let pivot = (column..count)
            .max_by(|&a, &b| matrix[a][column].abs().total_cmp(&matrix[b][column].abs()))?;
        if matrix[pivot][column].abs().partial_cmp(&(1e-12 * scale))
            != Some(std::cmp::Ordering::Greater)
        {
            return None;
        }
        matrix.swap(column, pivot);
        let lead = matrix[column];
        for line in matrix.iter_mut().take(count).skip(column + 1) {
            let factor = line[column] / lead[column];
            for (x, l) in line.iter_mut().zip(lead).skip(column) {
                *x -= factor * l;
            }
        }
    }
    let mut solution = [0.0; MAX];
    for line in (0..count).rev() {
        let known: f64 = (line + 1..count)
            .map(|k| matrix[line][k] * solution[k])
            .sum();
        solution[line] = (matrix[line][MAX] - known) / matrix[line][line];
    }
    solution.iter().all(|x| x.is_finite()).then_some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extrapolates_a_distorted_wave() {
        let (rate, hz) = (100_000.0, 50.07);
        let wave = |k: usize| {
            let t = std::f64::consts::TAU * hz * k as f64 / rate + 0.7;
            2.0 + 325.0 * t.sin() + 10.0 * (5.0 * t + 1.0).sin() + 4.0 * (13.0 * t).cos()
        };
        let samples: Vec<f64> = (3000..19_000).map(wave).collect();
        let fit = SineFit::new(&samples, 3000, rate, 50.0).expect("a wave");
        assert!((fit.hz - hz).abs() < 1e-6, "{}", fit.hz);
        assert!((fit.amplitude() - 325.0).abs() < 1e-3);
        fit.each(25_000, 4000, |k, value| {
            assert!((value - wave(k)).abs() < 0.05, "{k}")
        });
        let angle = std::f64::consts::TAU * hz * 20_000.0 / rate + 0.7;
        let (s, c) = fit.angle_at(20_000.0).sin_cos();
        assert!((s - angle.sin()).abs() < 1e-4 && (c - angle.cos()).abs() < 1e-4);
        assert!(SineFit::new(&samples[..2000], 0, rate, 50.0).is_none());
    }
}
