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
