//! Numbers as a report prints them: rounded by their uncertainty, with a unit that fits.

use gridproof_model::case::{Case, CaseSpec, Limit};
use gridproof_model::result::{CriterionResult, Measurement};

/// A unit for display and the factor towards it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unit {
    pub(crate) symbol: String,
    pub(crate) factor: f64,
}

impl Unit {
    /// The unit for values of up to `magnitude` in `symbol`: seconds below one become milliseconds,
    /// large powers kilo.
    pub(crate) fn fitting(symbol: &str, magnitude: f64) -> Unit {
        let (symbol, factor) = match symbol {
            "s" if magnitude.abs() < 1.0 => ("ms", 1e3),
            "W" if magnitude.abs() >= 1e4 => ("kW", 1e-3),
            "var" if magnitude.abs() >= 1e4 => ("kvar", 1e-3),
            other => (other, 1.0),
        };
        Unit {
            symbol: symbol.to_owned(),
            factor,
        }
    }

    /// ` s`, ` %`, or nothing for pure numbers.
    pub(crate) fn suffix(&self) -> String {
        if self.symbol.is_empty() {
            String::new()
        } else {
            format!("\u{a0}{}", self.symbol)
        }
    }
}

/// Unit of a criterion of `case`, by the greatest of its numbers.
pub(crate) fn unit_of(case: &Case, criterion: &CriterionResult) -> Unit {
    let measured = criterion.measured.as_ref();
    let symbol = measured.map_or_else(
        || unit_by_limit(&case.spec, &criterion.limit),
        |measured| measured.unit.as_str(),
    );
    let numbers = [
        measured.map(|measured| measured.value),
        criterion.limit.min,
        criterion.limit.max,
    ];
    let greatest = numbers
        .into_iter()
        .flatten()
        .filter(|number| number.is_finite())
        .map(f64::abs)
        .fold(0.0, f64::max);
    Unit::fitting(symbol, greatest)
}

/// Unit of a limit when nothing was measured: the times of every procedure are in seconds.
fn unit_by_limit(spec: &CaseSpec, limit: &Limit) -> &'static str {
    if is_time_limit(spec, limit) { "s" } else { "" }
}

/// Is `limit` the time the case is about, and not a condition of its validity?
pub(crate) fn is_time_limit(spec: &CaseSpec, limit: &Limit) -> bool {
    match spec {
        CaseSpec::AntiIslanding(case) => *limit == case.run_on,
        CaseSpec::Transfer(case) => *limit == case.transfer,
        CaseSpec::CurveStep(case) => *limit == case.commence || *limit == case.complete,
        CaseSpec::Drm(case) => *limit == case.response,
        CaseSpec::Trip(case) => *limit == case.disconnect,
        CaseSpec::CurveSweep(_)
        | CaseSpec::OpenLoopStep(_)
        | CaseSpec::FrequencyReturn(_)
        | CaseSpec::Derating(_) => false,
    }
}

/// Decimals that show two significant digits of `u`; four significant digits of `value` without U.
pub(crate) fn decimals(value: f64, u: f64) -> usize {
    let (reference, digits) = if u > 0.0 { (u, 1) } else { (value.abs(), 3) };
    if !reference.is_finite() || reference <= 0.0 {
        return 0;
    }
    let mut bound = 1.0;
    let mut wanted = digits;
    while reference < bound * 0.999_999 && wanted < 6 {
        bound /= 10.0;
        wanted += 1;
    }
    bound = 10.0;
    while reference >= bound && wanted > 0 {
        bound *= 10.0;
        wanted -= 1;
    }
    wanted
}

/// `value` with `decimals`, a true minus sign and no negative zero.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let text = format!("{:.*}", decimals, value.abs());
    let zero = text.bytes().all(|byte| byte == b'0' || byte == b'.');
    if value < 0.0 && !zero {
        format!("−{text}")
    } else {
        text
    }
}

/// Shortest text of a round number such as a limit: at most six decimals, no trailing zeros.
pub(crate) fn plain(value: f64) -> String {
    let text = fixed(value, 6);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// `8.42 ms ± 0.15 ms`.
pub(crate) fn with_u(measured: &Measurement, unit: &Unit) -> String {
    let (value, u) = (measured.value * unit.factor, measured.u * unit.factor);
    let places = decimals(value, u);
    let suffix = unit.suffix();
    format!(
        "{}{suffix} ± {}{suffix}",
        fixed(value, places),
        fixed(u, places)
    )
}

/// `≤ 2 s`, `≥ 0.2 s`, `1 s … 2 s`.
pub(crate) fn limit(limit: &Limit, unit: &Unit) -> String {
    let suffix = unit.suffix();
    let show = |value: f64| format!("{}{suffix}", plain(value * unit.factor));
    match (limit.min, limit.max) {
        (None, None) => "none".to_owned(),
        (Some(min), None) => format!("≥\u{a0}{}", show(min)),
        (None, Some(max)) => format!("≤\u{a0}{}", show(max)),
        (Some(min), Some(max)) => format!("{} … {}", show(min), show(max)),
    }
}

/// `+0.30 s`, `−0.31 s`: the margin rounded like its measurement.
pub(crate) fn margin(criterion: &CriterionResult, unit: &Unit) -> String {
    let (Some(margin), Some(measured)) = (criterion.margin, criterion.measured.as_ref()) else {
        return "–".to_owned();
    };
    let places = decimals(measured.value * unit.factor, measured.u * unit.factor);
    let text = fixed(margin * unit.factor, places);
    let sign = if text.starts_with(['−', '–']) {
        ""
    } else {
        "+"
    };
    format!("{sign}{text}{}", unit.suffix())
}

/// `1 h 12 min`, `3 min 20 s`, `12.3 s`.
pub(crate) fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "–".to_owned();
    }
    if seconds < 60.0 {
        return format!("{seconds:.1}\u{a0}s");
    }
    let whole = seconds.round() as u64;
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 {
        format!("{hours}\u{a0}h {minutes}\u{a0}min")
    } else {
        format!("{minutes}\u{a0}min {rest}\u{a0}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridproof_model::verdict::Mark;
    use rstest::rstest;

    #[rstest]
    #[case(8.4234, 0.154, "s", "8.42\u{a0}s ± 0.15\u{a0}s")]
    #[case(0.008_423_4, 0.000_154, "s", "8.42\u{a0}ms ± 0.15\u{a0}ms")]
    #[case(-1234.5, 23.0, "var", "−1234\u{a0}var ± 23\u{a0}var")]
    #[case(5012.0, 120.0, "W", "5012\u{a0}W ± 120\u{a0}W")]
    #[case(0.5, 0.0, "pu", "0.5000\u{a0}pu ± 0.0000\u{a0}pu")]
    #[case(-0.0001, 0.1, "pu", "0.00\u{a0}pu ± 0.10\u{a0}pu")]
    fn measurements(#[case] value: f64, #[case] u: f64, #[case] unit: &str, #[case] text: &str) {
        let measured = Measurement {
            value,
            u,
            k: 2.0,
            unit: unit.to_owned(),
            budget: vec![],
        };
        assert_eq!(with_u(&measured, &Unit::fitting(unit, value)), text);
    }

    #[rstest]
    #[case(None, Some(2.0), "≤\u{a0}2\u{a0}s")]
    #[case(Some(0.2), None, "≥\u{a0}0.2\u{a0}s")]
    #[case(Some(1.0), Some(2.5), "1\u{a0}s … 2.5\u{a0}s")]
    #[case(None, None, "none")]
    fn limits(#[case] min: Option<f64>, #[case] max: Option<f64>, #[case] text: &str) {
        let value = Limit {
            min,
            max,
            origin: String::new(),
            mark: Mark::S,
        };
        assert_eq!(limit(&value, &Unit::fitting("s", 2.0)), text);
    }

    #[rstest]
    #[case(12.34, "12.3\u{a0}s")]
    #[case(200.0, "3\u{a0}min 20\u{a0}s")]
    #[case(4320.0, "1\u{a0}h 12\u{a0}min")]
    fn durations(#[case] seconds: f64, #[case] text: &str) {
        assert_eq!(duration(seconds), text);
    }
}
