//! Evaluation of IEEE 1547.1-2020 clause 4.2: open-loop response and steady state against a
//! curve, both widened by 1.5 times the minimum required accuracy (MRA).

/// Multiple of the MRA by which limits are widened.
pub const MRA_MULTIPLE: f64 = 1.5;

/// Minimum required accuracy of the quantities of one test (IEEE 1547-2018 table 3).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mra {
    /// Of the stimulus (V or Hz).
    pub x: f64,
    /// Of the response (W or var, or pu).
    pub y: f64,
}

/// MRA of a duration, s: 1 % of it in steady state (5–600 s), else two cycles.
pub fn mra_time(duration_s: f64, nominal_hz: f64) -> f64 {
    if duration_s >= 5.0 {
        0.01 * duration_s
    } else {
        2.0 / nominal_hz
    }
}

/// Limits of the settled response at the measured stimulus `x`: the curve over x ± 1.5 MRA
/// (its values at both ends, as the clause has it), widened by 1.5 MRA of y.
pub fn steady_state(curve: impl Fn(f64) -> f64, x: f64, mra: Mra) -> (f64, f64) {
    let (a, b) = (
        curve(x - MRA_MULTIPLE * mra.x),
        curve(x + MRA_MULTIPLE * mra.x),
    );
    let wide = MRA_MULTIPLE * mra.y;
    (a.min(b) - wide, a.max(b) + wide)
}

/// First-order response that reaches 90 % at `tr_s`, at time `t_s` after the step.
pub fn first_order(initial: f64, settled: f64, tr_s: f64, t_s: f64) -> f64 {
    settled + (initial - settled) * (-std::f64::consts::LN_10 * t_s.max(0.0) / tr_s).exp()
}

/// Limits of the response at `tr_s` after the step: the first-order response at
/// Tr ± 1.5 MRA_T, widened by 1.5 MRA of y.
pub fn at_response_time(
    (initial, settled): (f64, f64),
    tr_s: f64,
    nominal_hz: f64,
    mra: Mra,
) -> (f64, f64) {
    let shift = MRA_MULTIPLE * mra_time(tr_s, nominal_hz);
    let at = |t: f64| first_order(initial, settled, tr_s, t);
    let (a, b) = (at(tr_s - shift), at(tr_s + shift));
    let wide = MRA_MULTIPLE * mra.y;
    (a.min(b) - wide, a.max(b) + wide)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_a_volt_var_step() {
        let mra = Mra { x: 0.01, y: 0.05 };
        let curve = |v: f64| (-(v - 1.02) / 0.06 * 0.44).clamp(-0.44, 0.0);
        let (low, high) = steady_state(curve, 1.05, mra);
        assert!((low - (-0.045 / 0.06 * 0.44 - 0.075)).abs() < 1e-12);
        assert!((high - (-0.015 / 0.06 * 0.44 + 0.075)).abs() < 1e-12);
        assert!((first_order(0.0, 1.0, 5.0, 5.0) - 0.9).abs() < 1e-12);
        let (low, high) = at_response_time((0.0, -0.44), 5.0, 60.0, mra);
        // 90 % lies inside; no response, the wrong sign and twice as much do not.
        assert!(low < -0.396 && high > -0.396);
        for bad in [0.0, 0.4, -0.88] {
            assert!(bad < low || bad > high, "{bad}: {low} {high}");
        }
        assert!((mra_time(10.0, 60.0) - 0.1).abs() < 1e-12);
        assert!((mra_time(1.0, 60.0) - 2.0 / 60.0).abs() < 1e-12);
    }
}
