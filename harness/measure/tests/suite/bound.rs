//! The Cramér–Rao bound of an instant, by numeric derivatives of a signal that is known exactly.

/// A signal of some numbers, and the instant that they imply, s.
pub(crate) struct Known<'a> {
    /// The numbers: amplitude, phase, frequency, and what else is unknown to whoever looks.
    pub(crate) numbers: &'a [f64],
    /// Value at a time, s.
    pub(crate) signal: &'a dyn Fn(&[f64], f64) -> f64,
    /// The instant, s.
    pub(crate) instant: &'a dyn Fn(&[f64]) -> f64,
}

impl Known<'_> {
    /// Least standard deviation that an unbiased estimate of the instant can have, s: samples at
    /// `rate` from `from` to `to` seconds with white noise of `sigma`; numbers before `first` are
    /// taken as known.
    pub(crate) fn bound(&self, rate: f64, sigma: f64, (from, to): (f64, f64), first: usize) -> f64 {
        let count = self.numbers.len() - first;
        let moved = |n: usize, sign: f64| {
            let mut numbers = self.numbers.to_vec();
            let step = (numbers[first + n].abs() * 1e-5).max(1e-7);
            numbers[first + n] += sign * step;
            (numbers, step)
        };
        let beside: Vec<_> = (0..count)
            .map(|n| (moved(n, 1.0), moved(n, -1.0)))
            .collect();
        let slope = |n: usize, of: &dyn Fn(&[f64]) -> f64| {
            let ((up, step), (down, _)) = &beside[n];
            (of(up) - of(down)) / (2.0 * step)
        };
        // Fisher's matrix; a few thousand times per second show it as well as all samples.
        let coarse = rate.min(5000.0);
        let mut fisher = vec![vec![0.0; count + 1]; count];
        let times = ((from * coarse) as u32)..((to * coarse) as u32);
        for t in times.map(|k| (f64::from(k) + 0.37) / coarse) {
            let slopes: Vec<f64> = (0..count)
                .map(|n| slope(n, &|numbers| (self.signal)(numbers, t)))
                .collect();
            for (line, a) in fisher.iter_mut().zip(&slopes) {
                for (sum, b) in line.iter_mut().zip(&slopes) {
                    *sum += a * b * rate / coarse;
                }
            }
        }
        let gradient: Vec<f64> = (0..count).map(|n| slope(n, self.instant)).collect();
        let scale: Vec<f64> = (0..count)
            .map(|n| fisher[n][n].sqrt().max(1e-300))
            .collect();
        for (n, line) in fisher.iter_mut().enumerate() {
            for (x, s) in line.iter_mut().zip(&scale) {
                *x /= s * scale[n];
            }
            line[count] = gradient[n] / scale[n];
        }
        // Gauss–Jordan with pivots.
        for column in 0..count {
            let pivot = (column..count)
                .max_by(|&a, &b| fisher[a][column].abs().total_cmp(&fisher[b][column].abs()))
                .unwrap();
            fisher.swap(column, pivot);
            let lead = fisher[column].clone();
            for (row, line) in fisher.iter_mut().enumerate() {
                let factor = line[column] / lead[column];
                if row != column {
                    for (x, l) in line.iter_mut().zip(&lead) {
                        *x -= factor * l;
                    }
                }
            }
        }
        let variance: f64 = (0..count)
            .map(|n| fisher[n][count] / fisher[n][n] * gradient[n] / scale[n])
            .sum();
        sigma * variance.max(0.0).sqrt()
    }
}

/// Errors of many draws against their bounds and uncertainties.
#[derive(Default)]
pub(crate) struct Tally {
    draws: u32,
    squares: f64,
    bounds: f64,
    pub(crate) worst: f64,
    inside: u32,
}

impl Tally {
    /// One draw: error, bound and U, s.
    pub(crate) fn add(&mut self, error: f64, bound: f64, u: f64) {
        self.draws += 1;
        self.squares += error * error;
        self.bounds += bound * bound;
        self.worst = self.worst.max(error.abs());
        self.inside += u32::from(error.abs() <= u);
    }

    /// RMS of the errors over that of the bounds.
    pub(crate) fn ratio(&self) -> f64 {
        (self.squares / self.bounds).sqrt()
    }

    /// Share of the draws within U, %.
    pub(crate) fn covered(&self) -> f64 {
        100.0 * f64::from(self.inside) / f64::from(self.draws)
    }

    /// One line of a table.
    pub(crate) fn print(&self, name: &str) {
        println!(
            "| {name} | {} | {:.4} | {:.4} | {:.3} | {:.1} |",
            self.draws,
            (self.squares / f64::from(self.draws)).sqrt() * 1e3,
            (self.bounds / f64::from(self.draws)).sqrt() * 1e3,
            self.worst * 1e3,
            self.covered()
        );
    }
}

#[test]
fn bound_of_a_kink() {
    // A line that leaves a level that is known: √(4σ²/N)/slope, N samples on it.
    let signal = |p: &[f64], t: f64| p[1] * (t - p[0]).max(0.0);
    let known = Known {
        numbers: &[0.5, 2.0],
        signal: &signal,
        instant: &|p| p[0],
    };
    let found = known.bound(5000.0, 0.1, (0.0, 1.5), 0);
    let closed = 0.1 / 2.0 * (4.0_f64 / 5000.0).sqrt();
    assert!((found / closed - 1.0).abs() < 0.01, "{found} {closed}");
}
