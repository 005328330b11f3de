//! Uncertainty budgets after the GUM (JCGM 100): standard uncertainties in quadrature, k = 2.

use gridproof_model::record::Accuracy;
use gridproof_model::result::{BudgetLine, Measurement};

/// Coverage factor of every stated U.
pub const COVERAGE: f64 = 2.0;

/// Half width of the rectangular bound that `accuracy` states at `reading`, in its unit.
pub fn bound(accuracy: &Accuracy, reading: f64) -> f64 {
    (reading * accuracy.of_reading).abs() + (accuracy.range * accuracy.of_range).abs()
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
        self.normal(source, half_width.abs() / 3.0_f64.sqrt())
    }

    /// Adds a contribution with standard uncertainty `u`. Zero contributions are left out.
    #[must_use]
    pub fn normal(mut self, source: &str, u: f64) -> Self {
        if u != 0.0 {
            self.lines.push(BudgetLine {
                source: source.to_owned(),
                u: u.abs(),
            });
        }
        self
    }

    /// Adds the resolution of an instant that lies somewhere between two samples `step` apart.
    #[must_use]
    pub fn sampling(self, source: &str, step: f64) -> Self {
        self.normal(source, step / 12.0_f64.sqrt())
    }

    /// Combined standard uncertainty.
    pub fn combined(&self) -> f64 {
        self.lines
            .iter()
            .map(|line| line.u * line.u)
            .sum::<f64>()
            .sqrt()
    }

    /// Expanded uncertainty U.
    pub fn expanded(&self) -> f64 {
        COVERAGE * self.combined()
    }

    /// The measurement with U = 2 × the combined standard uncertainty.
    pub fn measure(self, value: f64) -> Measurement {
        let u = self.expanded();
        Measurement {
            value,
            u,
            unit: self.unit.to_owned(),
            budget: self.lines,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quadrature() {
        let m = Budget::new("s")
            .rectangular("a", 3.0_f64.sqrt() * 3.0)
            .normal("b", 4.0)
            .normal("nothing", 0.0)
            .measure(1.0);
        assert!((m.u - 10.0).abs() < 1e-12);
        assert_eq!(m.budget.len(), 2);
        let accuracy = Accuracy {
            of_reading: 0.001,
            of_range: 0.002,
            range: 500.0,
        };
        assert!((bound(&accuracy, -230.0) - 1.23).abs() < 1e-12);
    }
}
