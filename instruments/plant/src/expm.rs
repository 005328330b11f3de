//! Matrix exponential and first-order-hold discretisation of the network's state space.
#![allow(
    clippy::needless_range_loop,
    reason = "matrix formulas read better with indices"
)]

/// States of the network.
pub(crate) const N: usize = 6;
/// Inputs: bridge voltage, source voltage.
const M: usize = 2;
/// Augmented order of the first-order hold.
const K: usize = N + 2 * M;

type Square<const S: usize> = [[f64; S]; S];

fn multiply<const S: usize>(a: &Square<S>, b: &Square<S>) -> Square<S> {
    let mut out = [[0.0; S]; S];
    for i in 0..S {
        for k in 0..S {
            let f = a[i][k];
            if f != 0.0 {
                for j in 0..S {
                    out[i][j] += f * b[k][j];
                }
            }
        }
    }
    out
}

/// Solves D X = P by Gaussian elimination with partial pivoting.
fn solve<const S: usize>(mut d: Square<S>, mut p: Square<S>) -> Square<S> {
    for col in 0..S {
        let pivot = (col..S)
            .max_by(|&a, &b| d[a][col].abs().total_cmp(&d[b][col].abs()))
            .unwrap_or(col);
        d.swap(col, pivot);
        p.swap(col, pivot);
        let inv = 1.0 / d[col][col];
        for row in 0..S {
            if row == col {
                continue;
            }
            let f = d[row][col] * inv;
            if f == 0.0 {
                continue;
            }
            for j in 0..S {
                d[row][j] -= f * d[col][j];
                p[row][j] -= f * p[col][j];
            }
        }
    }
    for row in 0..S {
        for j in 0..S {
            p[row][j] /= d[row][row];
        }
    }
    p
}

/// exp(A) by scaling and squaring with the diagonal \[6/6\] Padé approximant
/// (Golub and Van Loan, Matrix Computations, algorithm 11.3.1).
pub(crate) fn expm<const S: usize>(a: &Square<S>) -> Square<S> {
    let norm = a
        .iter()
        .map(|row| row.iter().map(|v| v.abs()).sum::<f64>())
        .fold(0.0, f64::max);
    let mut squarings = 0;
    let mut scale = 1.0;
    while norm * scale > 0.5 {
        scale *= 0.5;
        squarings += 1;
    }
    let scaled = a.map(|row| row.map(|v| v * scale));
    let mut power = scaled;
    let mut c = 0.5;
    let (mut numerator, mut denominator) = ([[0.0; S]; S], [[0.0; S]; S]);
    for i in 0..S {
        numerator[i][i] = 1.0;
        denominator[i][i] = 1.0;
    }
    for k in 1..=6 {
        if k > 1 {
            c *= (7 - k) as f64 / (k * (13 - k)) as f64;
            power = multiply(&scaled, &power);
        }
        let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
        for i in 0..S {
            for j in 0..S {
                numerator[i][j] += c * power[i][j];
                denominator[i][j] += sign * c * power[i][j];
            }
        }
    }
    let mut result = solve(denominator, numerator);
    for _ in 0..squarings {
        result = multiply(&result, &result);
    }
    result
}

/// One step x⁺ = A x + b v + g0 e₀ + g1 e₁: bridge voltage v held, source voltage e linear.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Discrete {
    /// State transition, stored by columns so that the step vectorises.
    pub(crate) columns: [[f64; N]; N],
    /// Bridge voltage.
    pub(crate) bridge: [f64; N],
    /// Source voltage at the start of the step.
    pub(crate) source0: [f64; N],
    /// Source voltage at the end of the step.
    pub(crate) source1: [f64; N],
}

/// Discretises ẋ = A x + B u over `h` seconds from exp of [[A h, B h, 0], [0, 0, I], [0, 0, 0]].
pub(crate) fn first_order_hold(a: &Square<N>, b: &[[f64; M]; N], h: f64) -> Discrete {
    let mut block = [[0.0; K]; K];
    for i in 0..N {
        for j in 0..N {
            block[i][j] = a[i][j] * h;
        }
        for j in 0..M {
            block[i][N + j] = b[i][j] * h;
        }
    }
    for j in 0..M {
        block[N + j][N + M + j] = 1.0;
    }
    let e = expm(&block);
    let mut out = Discrete {
        columns: [[0.0; N]; N],
        bridge: [0.0; N],
        source0: [0.0; N],
        source1: [0.0; N],
    };
    for i in 0..N {
        for j in 0..N {
            out.columns[j][i] = e[i][j];
        }
        out.bridge[i] = e[i][N];
        out.source0[i] = e[i][N + 1] - e[i][N + M + 1];
        out.source1[i] = e[i][N + M + 1];
    }
    out
}

impl Discrete {
    /// Advances the state by one step.
    #[inline]
    pub(crate) fn step(&self, x: &[f64; N], v: f64, e0: f64, e1: f64) -> [f64; N] {
        let mut out = [0.0; N];
        for i in 0..N {
            out[i] = self.bridge[i] * v + self.source0[i] * e0 + self.source1[i] * e1;
        }
        for (column, xj) in self.columns.iter().zip(x) {
            for i in 0..N {
                out[i] += column[i] * xj;
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn scalar_exponential(x in -30.0..5.0f64) {
            let e = expm(&[[x]])[0][0];
            prop_assert!(((e - x.exp()) / x.exp()).abs() < 1e-13 * (1.0 + x.abs()), "{e} {}", x.exp());
        }

        #[test]
        fn rotation_and_decay(w in 0.0..3.0f64, a in 0.0..3.0f64) {
            let e = expm(&[[-a, -w], [w, -a]]);
            let (s, c) = w.sin_cos();
            let d = (-a).exp();
            prop_assert!((e[0][0] - d * c).abs() < 1e-14 && (e[1][0] - d * s).abs() < 1e-14);
        }
    }

    #[test]
    fn stiff_mode_dies_and_slow_mode_survives() {
        let e = expm(&[[-5e4, 0.0], [5e4, -0.01]]);
        assert!(e[0][0].abs() < 1e-12);
        assert!((e[1][1] - (-0.01f64).exp()).abs() < 1e-10);
    }

    #[test]
    fn hold_is_exact_for_a_ramp() {
        // ẋ = e with e linear from 1 to 3 over 2 s gives 4
        let mut b = [[0.0; M]; N];
        b[0][1] = 1.0;
        let d = first_order_hold(&[[0.0; N]; N], &b, 2.0);
        assert!((d.step(&[0.0; N], 0.0, 1.0, 3.0)[0] - 4.0).abs() < 1e-14);
    }
}
