//! Uncertainty budgets after the GUM (JCGM 100): standard uncertainties in quadrature, times the
//! factor that covers 95.45 %.

use gridproof_model::record::Accuracy;
use gridproof_model::result::{BudgetLine, Distribution, Measurement};

use crate::coverage_factor::coverage_factor;

/// Half width of the rectangular bound that `accuracy` states at `reading`, in its unit.
pub fn bound(accuracy: &Accuracy, reading: f64) -> f64 {
    (reading * accuracy.of_reading).abs() + (accuracy.range * accuracy.of_range).abs()
}

/// What a standard deviation from `freedom` degrees of freedom is multiplied with so that twice it
/// covers 95.45 % of Student's distribution as it does of the normal one (JCGM 100, table G.2).
/// Infinite for none: one observation has no scatter.
pub fn student(freedom: usize) -> f64 {
    const TABLE: [f64; 10] = [13.97, 4.53, 3.31, 2.87, 2.65, 2.52, 2.43, 2.37, 2.32, 2.28];
    match freedom {
        0 => f64::INFINITY,
        1..=10 => TABLE[freedom - 1] / 2.0,
        // First terms of the expansion in 1/ν: within 0.1 % of the table from 10 on.
        _ => {
            let v = 1.0 / freedom as f64;
            1.0 + v * (1.25 + v * 1.54)
        }
    }
}

/// Mean of observations, and its standard uncertainty from their scatter, widened by [`student`].
/// `None` of fewer than two or where one is not a number.
pub fn mean_of(observations: &[f64]) -> Option<(f64, f64)> {
    let n = observations.len();
    if n < 2 {
        return None;
    }
    let mean = observations.iter().sum::<f64>() / n as f64;
    let squares: f64 = observations.iter().map(|x| (x - mean).powi(2)).sum();
    let u = (squares / ((n - 1) * n) as f64).sqrt() * student(n - 1);
    (mean.is_finite() && u.is_finite()).then_some((mean, u))
}

/// A budget in the making.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    unit: &'static str,
    lines: Vec<BudgetLine>,
}

impl Budget {
    /// An empty budget of a quantity in `unit`.
    pub fn new(unit: &'static str) -> Self {
        Self {
            unit,
            lines: Vec::new(),
        }
    }

    /// Adds a contribution known only by its bounds ±`half_width` (u = a/√3).
    #[must_use]
    pub fn rectangular(self, source: &str, half_width: f64) -> Self {
        self.line(
            source,
            Distribution::Rectangular,
            half_width / 3.0_f64.sqrt(),
        )
    }

    /// Adds a contribution with standard uncertainty `u`. Zero contributions are left out.
    #[must_use]
    pub fn normal(self, source: &str, u: f64) -> Self {
        self.line(source, Distribution::Normal, u)
    }

    fn line(mut self, source: &str, distribution: Distribution, u: f64) -> Self {
        if u != 0.0 {
            self.lines.push(BudgetLine {
                source: source.to_owned(),
                distribution,
                u: u.abs(),
            });
        }
        self
    }

    /// Adds what `accuracy` states at `reading` as two independent bounds: a gain error that is a
    /// share of the reading and an error that is a share of the range, times `sensitivity`
    /// (unit of the result per unit of the reading).
    #[must_use]
    pub fn instrument(
        self,
        source: &str,
        accuracy: &Accuracy,
        reading: f64,
        sensitivity: f64,
    ) -> Self {
        let gain = reading * accuracy.of_reading * sensitivity;
        let range = accuracy.range * accuracy.of_range * sensitivity;
        self.rectangular(&format!("{source}, of reading"), gain)
            .rectangular(&format!("{source}, of range"), range)
    }

    /// Adds what is either the value or `apart` from it, which nothing decides: alone, U is all of it.
    #[must_use]
    pub fn either(self, source: &str, apart: f64) -> Self {
        self.normal(source, 0.5 * apart)
    }

    /// Adds the resolution of an instant that lies somewhere between two samples `step` apart.
    #[must_use]
    pub fn sampling(self, source: &str, step: f64) -> Self {
        self.rectangular(source, 0.5 * step)
    }

    /// Combined standard uncertainty.
    pub fn combined(&self) -> f64 {
        // A sum of nothing would be −0.
        let square = self.lines.iter().fold(0.0, |s, line| s + line.u * line.u);
        square.sqrt()
    }

    /// Expanded uncertainty U: what covers 95.45 %.
    pub fn expanded(&self) -> f64 {
        coverage_factor(&self.lines) * self.combined()
    }

    /// The measurement with its expanded uncertainty U.
    pub fn measure(self, value: f64) -> Measurement {
        let k = coverage_factor(&self.lines);
        Measurement {
            value,
            u: k * self.combined(),
            k,
            unit: self.unit.to_owned(),
            budget: self.lines,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_observations_widen() {
        // Two-sided 95.45 % points of Student's t.
        for (freedom, t) in [(1, 13.97), (5, 2.65), (12, 2.23), (20, 2.13), (50, 2.05)] {
            assert!((2.0 * student(freedom) / t - 1.0).abs() < 4e-3, "{freedom}");
        }
        assert!(mean_of(&[1.0]).is_none() && mean_of(&[1.0, f64::NAN]).is_none());
        let (mean, u) = mean_of(&[1.0, 2.0, 3.0]).expect("three");
        assert!((mean - 2.0).abs() < 1e-12 && (u - 4.53 / 2.0 / 3.0_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn quadrature() {
        let m = Budget::new("s")
            .rectangular("a", 3.0_f64.sqrt() * 3.0)
            .normal("b", 4.0)
            .normal("nothing", 0.0)
            .measure(1.0);
        assert!((m.u - 5.0 * m.k).abs() < 1e-12 && m.k > 1.9 && m.k < 2.0);
        assert_eq!(m.budget.len(), 2);
        let accuracy = Accuracy {
            of_reading: 0.001,
            of_range: 0.002,
            range: 500.0,
        };
        assert!((bound(&accuracy, -230.0) - 1.23).abs() < 1e-12);
    }
}
