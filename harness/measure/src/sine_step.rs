//! The linear step in the fit of a periodic wave: amplitudes of its orders at a frequency, and by how much
//! that is off.

use crate::math::sin_cos;
use crate::orders::Orders;

/// Sums that are taken at once; unknowns are multiples of it.
const LANES: usize = 4;

/// (order, cosine, sine) amplitudes.
pub(crate) type Terms = Vec<(u32, f64, f64)>;

/// Where and at what frequency a linear step is taken.
pub(crate) struct Grid {
    pub(crate) orders: Orders,
    pub(crate) centre: f64,
    pub(crate) stride: usize,
    pub(crate) hz: f64,
    pub(crate) rate_hz: f64,
}

/// One linear step: amplitudes, direct component, and the frequency correction (0 while no
/// amplitudes are known).
pub(crate) fn solve_linear<const N: usize>(
    samples: &[f64],
    grid: &Grid,
    known: Option<&Terms>,
) -> Option<(Terms, f64, f64)> {
    let &Grid {
        orders,
        centre,
        stride,
        hz,
        rate_hz,
    } = grid;
    let harmonics = orders.count();
    let count = 1 + 2 * harmonics + usize::from(known.is_some());
    let wide = count.next_multiple_of(LANES);
    if wide > N {
        return None;
    }
    let fundamental = known
        .and_then(|terms| terms.first())
        .map_or((0.0, 0.0), |t| (t.1, t.2));
    let turn = std::f64::consts::TAU * hz / rate_hz;
    let (mut matrix, mut right) = ([[0.0; N]; N], [0.0; N]);
    let mut row = [0.0; N];
    for (k, &x) in samples.iter().enumerate().step_by(stride) {
        let t = k as f64 - centre;
        let (s, c) = sin_cos(t * turn);
        let (sn, cn) = orders.turn(s, c);
        let (mut sh, mut ch) = (s, c);
        row[0] = 1.0;
        for n in 0..harmonics {
            row[1 + 2 * n] = ch;
            row[2 + 2 * n] = sh;
            (sh, ch) = (sh * cn + ch * sn, ch * cn - sh * sn);
        }
        if known.is_some() {
            // d/dω of the fundamental, time in cycles.
            row[count - 1] = (t * hz / rate_hz) * (fundamental.1 * c - fundamental.0 * s);
        }
        for (a, line) in matrix.iter_mut().enumerate().take(count) {
            let from = a / LANES * LANES;
            for (sum, y) in line[from..wide].iter_mut().zip(&row[from..wide]) {
                *sum += row[a] * y;
            }
        }
        for (sum, y) in right[..count].iter_mut().zip(&row[..count]) {
            *sum += x * y;
        }
    }
    let solution = solve(&mut matrix, &mut right, count)?;
    let terms = orders
        .iter()
        .enumerate()
        .map(|(n, h)| (h, solution[1 + 2 * n], solution[2 + 2 * n]))
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

/// Gaussian elimination with partial pivoting of a symmetric system of `count` unknowns given by its
/// upper triangle. `None` if singular.
fn solve<const N: usize>(
    matrix: &mut [[f64; N]; N],
    right: &mut [f64; N],
    count: usize,
) -> Option<[f64; N]> {
    for a in 1..count {
        let (above, below) = matrix.split_at_mut(a);
        for (x, source) in below[0].iter_mut().zip(above) {
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
        right.swap(column, pivot);
        let (lead, value) = (matrix[column], right[column]);
        for (line, y) in (matrix.iter_mut().zip(right.iter_mut()))
            .take(count)
            .skip(column + 1)
        {
            let factor = line[column] / lead[column];
            for (x, l) in line.iter_mut().zip(lead).take(count).skip(column) {
                *x -= factor * l;
            }
            *y -= factor * value;
        }
    }
    let mut solution = [0.0; N];
    for line in (0..count).rev() {
        let known: f64 = (line + 1..count)
            .map(|k| matrix[line][k] * solution[k])
            .sum();
        solution[line] = (right[line] - known) / matrix[line][line];
    }
    solution.iter().all(|x| x.is_finite()).then_some(solution)
}
