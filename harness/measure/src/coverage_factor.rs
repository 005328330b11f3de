//! The coverage factor of a budget: by how much its combined standard uncertainty is multiplied to
//! cover 95.45 %. It is 2 for a normal distribution. Where one bound or two outweigh all else, 2 would
//! cover everything (EA-4/02 M:2022, 5; JCGM 101, 5.3): the two widest bounds are taken as the
//! rectangles that they are, what is left as normal.

use gridproof_model::result::{BudgetLine, Distribution, NORMAL_COVERAGE};

use crate::math::{exp, normal_cdf};

/// Share that ±2 standard deviations of a normal distribution hold.
pub(crate) const COVERED: f64 = 0.954_499_736_103_641_6;

/// Where Newton's method starts: below the factor of one rectangle alone, √3 × [`COVERED`] = 1.6532, and
/// the least there is, 1.6525 of one with a little noise.
const BELOW: f64 = 1.65;
/// Share of the combined standard uncertainty below which the shape of a bound no longer shows: the
/// factor is within 1e-5 of 2.
const SHOWS: f64 = 0.1;
/// A second rectangle of this share of the first stands for none: it adds 1e-6 to the variance.
const NONE: f64 = 1e-3;
/// Newton's steps: convergence is quadratic from below, as the distribution function is concave there.
const STEPS: usize = 8;

/// The factor k, 1.653 to 2, by which the root of the sum of squares of `lines` covers 95.45 %.
pub(crate) fn coverage_factor(lines: &[BudgetLine]) -> f64 {
    let combined = lines.iter().fold(0.0, |sum, line| sum + line.u * line.u);
    let (mut widest, mut second) = (0.0_f64, 0.0_f64);
    for line in lines {
        match line.distribution {
            Distribution::Normal => {}
            Distribution::Rectangular if line.u > widest => {
                (widest, second) = (line.u, widest);
            }
            Distribution::Rectangular => second = second.max(line.u),
        }
    }
    let total = combined.sqrt();
    if !total.is_finite() || widest <= SHOWS * total {
        return NORMAL_COVERAGE;
    }
    let half = 3.0_f64.sqrt() / total;
    let sum = Sum {
        a: half * widest,
        b: half * second.max(NONE * widest),
        sigma: (1.0 - (widest / total).powi(2) - (second / total).powi(2))
            .max(0.0)
            .sqrt(),
    };
    let mut k = BELOW;
    for _ in 0..STEPS {
        let (below, density) = sum.at(k);
        k += (0.5 + 0.5 * COVERED - below) / density;
    }
    k
}

/// The sum of two rectangular distributions, anywhere within ±a and ±b, and a normal one.
struct Sum {
    a: f64,
    b: f64,
    sigma: f64,
}

impl Sum {
    /// Distribution function and density at `x`.
    fn at(&self, x: f64) -> (f64, f64) {
        let (a, b) = (self.a, self.b);
        let corners = [
            (x + a + b, 1.0),
            (x + a - b, -1.0),
            (x - a + b, -1.0),
            (x - a - b, 1.0),
        ];
        let (twice, once) = corners.iter().fold((0.0, 0.0), |sum, &(at, sign)| {
            let (twice, once) = self.integrals(at);
            (sum.0 + sign * twice, sum.1 + sign * once)
        });
        (twice / (4.0 * a * b), once / (4.0 * a * b))
    }

    /// The second and the first integral of the normal part's distribution function, from −∞ to `x`.
    fn integrals(&self, x: f64) -> (f64, f64) {
        let s = self.sigma;
        if s == 0.0 {
            let above = x.max(0.0);
            return (0.5 * above * above, above);
        }
        let z = x / s;
        let below = normal_cdf(z);
        let density = exp(-0.5 * z * z) / std::f64::consts::TAU.sqrt();
        (
            0.5 * ((x * x + s * s) * below + x * s * density),
            x * below + s * density,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn lines(rectangular: &[f64], normal: f64) -> Vec<BudgetLine> {
        let line = |u: f64, distribution| BudgetLine {
            source: String::new(),
            distribution,
            u,
        };
        let bounds = rectangular
            .iter()
            .map(|u| line(*u, Distribution::Rectangular));
        bounds.chain([line(normal, Distribution::Normal)]).collect()
    }

    /// Closed forms: one rectangle, two alike (a triangle), nothing but a normal one.
    #[test]
    fn closed_forms() {
        let one = coverage_factor(&lines(&[3.0], 0.0));
        assert!((one - 3.0_f64.sqrt() * COVERED).abs() < 1e-5, "{one}");
        let triangle = coverage_factor(&lines(&[0.2, 0.2], 0.0));
        let closed = 6.0_f64.sqrt() * (1.0 - (1.0 - COVERED).sqrt());
        assert!((triangle - closed).abs() < 1e-9, "{triangle} {closed}");
        assert_eq!(coverage_factor(&lines(&[], 1.0)), 2.0);
        assert_eq!(coverage_factor(&lines(&[0.01], 1.0)), 2.0);
        assert_eq!(coverage_factor(&[]), 2.0);
        assert_eq!(coverage_factor(&lines(&[f64::INFINITY], 1.0)), 2.0);
    }

    /// Against the quadrature of the convolution, which knows nothing of its integrals.
    #[rstest]
    #[case(&[1.0], 0.1)]
    #[case(&[1.0], 0.3)]
    #[case(&[1.0], 1.0)]
    #[case(&[0.3, 1.0], 0.2)]
    #[case(&[1.0, 0.9], 0.4)]
    #[case(&[0.5, 0.4], 1.0)]
    fn covers(#[case] rectangular: &[f64], #[case] normal: f64) {
        let k = coverage_factor(&lines(rectangular, normal));
        let squares: f64 = rectangular.iter().map(|u| u * u).sum();
        let limit = k * (squares + normal * normal).sqrt();
        let places =
            |u: f64| (0..2000).map(move |n| u * 3.0_f64.sqrt() * ((n as f64 + 0.5) / 1000.0 - 1.0));
        let first: Vec<f64> = places(rectangular[0]).collect();
        let second: Vec<f64> = rectangular
            .get(1)
            .map_or(vec![0.0], |u| places(*u).collect());
        let mut inside = 0.0;
        for a in &first {
            for b in &second {
                let z = |x: f64| normal_cdf((x - a - b) / normal);
                inside += z(limit) - z(-limit);
            }
        }
        let share = inside / (first.len() * second.len()) as f64;
        assert!((share - COVERED).abs() < 2e-6, "{share}");
    }
}
