//! Evaluation of IEEE 1547.1-2020 clause 4.2: an open-loop response of first order against what
//! its curve asks for, both widened by a multiple of the minimum required accuracy (MRA).

use crate::math::exp;

/// MRA of a duration, s: 1 % of it in steady state (5–600 s), else two cycles
/// (IEEE 1547-2018 table 3).
pub fn mra_time(duration_s: f64, nominal_hz: f64) -> f64 {
    if duration_s >= 5.0 {
        0.01 * duration_s
    } else {
        2.0 / nominal_hz
    }
}

/// First-order response that reaches 90 % at `response_s`, at time `t_s` after the step.
pub fn first_order(initial: f64, settled: f64, response_s: f64, t_s: f64) -> f64 {
    settled + (initial - settled) * exp(-std::f64::consts::LN_10 * t_s.max(0.0) / response_s)
}

/// Limits of the response at the response time: first order from `initial` to anything within
/// `settled` (from, to), at response time ± `tolerance_s`, widened by `tolerance_y`.
pub fn at_response_time(
    initial: f64,
    settled: (f64, f64),
    (response_s, tolerance_s): (f64, f64),
    tolerance_y: f64,
) -> (f64, f64) {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for settled in [settled.0, settled.1] {
        for t in [response_s - tolerance_s, response_s + tolerance_s] {
            let y = first_order(initial, settled, response_s, t);
            low = low.min(y);
            high = high.max(y);
        }
    }
    (low - tolerance_y, high + tolerance_y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_at_the_response_time() {
        assert!((first_order(0.0, 1.0, 5.0, 5.0) - 0.9).abs() < 1e-12);
        // 0.44 in 5 s, time to 1 %, Q to 5 % of S, both times 1.5.
        let (low, high) = at_response_time(0.0, (-0.44, -0.44), (5.0, 0.075), 0.075);
        // At 5 s ∓ 75 ms 10 % × 10^±0.015 of the change is left.
        assert!((low - (-0.44 * (1.0 - 0.1 * 10_f64.powf(-0.015)) - 0.075)).abs() < 1e-12);
        assert!((high - (-0.44 * (1.0 - 0.1 * 10_f64.powf(0.015)) + 0.075)).abs() < 1e-12);
        // 90 % lies inside; no response, the wrong sign and twice as much do not.
        assert!(low < -0.396 && high > -0.396);
        for bad in [0.0, 0.4, -0.88] {
            assert!(bad < low || bad > high, "{bad}: {low} {high}");
        }
        // What the curve may ask for widens it.
        let wide = at_response_time(0.0, (-0.46, -0.42), (5.0, 0.075), 0.075);
        assert!(wide.0 < low && wide.1 > high);
    }

    #[test]
    fn accuracy_of_time() {
        assert!((mra_time(10.0, 60.0) - 0.1).abs() < 1e-12);
        assert!((mra_time(1.0, 60.0) - 2.0 / 60.0).abs() < 1e-12);
    }
}
