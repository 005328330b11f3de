//! Small linear systems.

/// Solves `matrix · x = right` by Gaussian elimination with partial pivoting; `None` if singular
/// to 1e-12 of the largest diagonal element, or not finite.
pub(crate) fn solve<const N: usize>(
    mut matrix: [[f64; N]; N],
    mut right: [f64; N],
) -> Option<[f64; N]> {
    let scale = (0..N).map(|k| matrix[k][k].abs()).fold(0.0, f64::max);
    for c in 0..N {
        let pivot = (c..N).max_by(|&a, &b| matrix[a][c].abs().total_cmp(&matrix[b][c].abs()))?;
        let size = matrix[pivot][c].abs();
        if size.is_nan() || size <= 1e-12 * scale {
            return None;
        }
        matrix.swap(c, pivot);
        right.swap(c, pivot);
        let (lead, value) = (matrix[c], right[c]);
        for row in c + 1..N {
            let factor = matrix[row][c] / lead[c];
            for (x, l) in matrix[row].iter_mut().zip(lead).skip(c) {
                *x -= factor * l;
            }
            right[row] -= factor * value;
        }
    }
    let mut x = [0.0; N];
    for row in (0..N).rev() {
        let known: f64 = (row + 1..N).map(|k| matrix[row][k] * x[k]).sum();
        x[row] = (right[row] - known) / matrix[row][row];
    }
    x.iter().all(|v| v.is_finite()).then_some(x)
}

/// Least squares of y = Σ x[n]·row[n] over (row, y); `None` if the rows do not determine x.
pub(crate) fn least_squares<const N: usize>(
    rows: impl Iterator<Item = ([f64; N], f64)>,
) -> Option<[f64; N]> {
    let (mut matrix, mut right) = ([[0.0; N]; N], [0.0; N]);
    for (row, y) in rows {
        for a in 0..N {
            for b in 0..N {
                matrix[a][b] += row[a] * row[b];
            }
            right[a] += row[a] * y;
        }
    }
    solve(matrix, right)
}

/// A least-squares solution with what it leaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Regression<const N: usize> {
    /// Coefficients.
    pub(crate) x: [f64; N],
    /// Standard deviation of the residual: √(sum of squares/degrees of freedom).
    pub(crate) sigma: f64,
    /// Points less coefficients.
    pub(crate) freedom: usize,
    /// Diagonal of the inverse normal matrix: variance of a coefficient for a residual of 1.
    pub(crate) spread: [f64; N],
    /// The inverse normal matrix: covariances of the coefficients for a residual of 1.
    pub(crate) inverse: [[f64; N]; N],
}

impl<const N: usize> Regression<N> {
    /// Sum of the squares of the residuals.
    pub(crate) fn left(&self) -> f64 {
        self.sigma * self.sigma * self.freedom as f64
    }

    /// Standard uncertainty of coefficient `n` when the residuals are independent.
    pub(crate) fn u(&self, n: usize) -> f64 {
        self.sigma * self.spread[n].sqrt()
    }
}

/// As [`least_squares`] with the uncertainty of the coefficients; needs more rows than
/// coefficients.
pub(crate) fn regression<const N: usize>(
    rows: impl Iterator<Item = ([f64; N], f64)> + Clone,
) -> Option<Regression<N>> {
    let (mut matrix, mut right, mut count) = ([[0.0; N]; N], [0.0; N], 0_usize);
    for (row, y) in rows.clone() {
        for a in 0..N {
            for b in a..N {
                matrix[a][b] += row[a] * row[b];
            }
            right[a] += row[a] * y;
        }
        count += 1;
    }
    let upper = matrix;
    for (a, line) in matrix.iter_mut().enumerate() {
        for (x, source) in line.iter_mut().zip(&upper).take(a) {
            *x = source[a];
        }
    }
    let x = solve(matrix, right)?;
    let freedom = count.checked_sub(N).filter(|&f| f > 0)?;
    let squares: f64 = rows
        .map(|(row, y)| {
            let model: f64 = row.iter().zip(&x).map(|(a, b)| a * b).sum();
            (y - model).powi(2)
        })
        .sum();
    let mut spread = [0.0; N];
    let mut inverse = [[0.0; N]; N];
    for (n, (s, column)) in spread.iter_mut().zip(&mut inverse).enumerate() {
        let mut unit = [0.0; N];
        unit[n] = 1.0;
        *column = solve(matrix, unit)?;
        *s = column[n].max(0.0);
    }
    Some(Regression {
        x,
        sigma: (squares / freedom as f64).sqrt(),
        freedom,
        spread,
        inverse,
    })
}
