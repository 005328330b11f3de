//! At which level a protection acts: by a staircase of held levels, or by a slow ramp.
//!
//! Both know the level only within an interval (a stair, the ramp during the unknown part of the
//! delay) and through an instrument; the result is the middle of the interval with a budget of
//! both. The report of a laboratory often names the last stair instead: it is in the result too.

use crate::math::RootSum;
use gridproof_model::record::Accuracy;
use gridproof_model::result::Measurement;

use crate::uncertainty::{Budget, mean_of};

/// One held level of a staircase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stair {
    /// The level as measured while it was held, in its unit.
    pub level: f64,
    /// Standard uncertainty of that reading from its scatter.
    pub scatter_u: f64,
    /// How long it was held, or until the DUT acted, s.
    pub held_s: f64,
    /// Whether the DUT acted on it.
    pub acted: bool,
}

/// Why there is no threshold.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum ThresholdError {
    /// It never acted.
    #[error("it did not act up to {last}; go further, or the protection is off")]
    NeverActed {
        /// The last level.
        last: f64,
    },
    /// It acted on the first level, so the threshold may lie anywhere before.
    #[error("it acted on the first level {first}; begin further away from the limit")]
    AtOnce {
        /// That level.
        first: f64,
    },
    /// A level that it did not act on was not held for the delay of the protection.
    #[error(
        "level {level} was held for {held_s} s, less than the {need_s} s that the protection may take; hold it longer"
    )]
    HeldTooShort {
        /// The level.
        level: f64,
        /// How long, s.
        held_s: f64,
        /// The least, s.
        need_s: f64,
    },
    /// A number that is none, levels that turn back, or a range that is empty.
    #[error("{0}")]
    Malformed(&'static str),
}

/// A found threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// The threshold ± U.
    pub threshold: Measurement,
    /// The level it was seen to act at: the last stair, or the ramp when it acted.
    pub acted_at: f64,
}

/// Threshold by a staircase that goes one way. A stair counts as survived if it was held for at
/// least `need_s` (delay of the protection with its tolerance and the detection).
///
/// The threshold lies evenly anywhere between the last survived level and the one it acted on;
/// `accuracy` is that of the level's instrument, `unit` its unit.
///
/// # Errors
/// See [`ThresholdError`].
pub fn by_staircase(
    stairs: &[Stair],
    need_s: f64,
    accuracy: &Accuracy,
    unit: &'static str,
) -> Result<Threshold, ThresholdError> {
    let numbers = |s: &Stair| s.level.is_finite() && s.scatter_u >= 0.0 && s.held_s >= 0.0;
    if !stairs.iter().all(numbers) || need_s.is_nan() {
        return Err(ThresholdError::Malformed("a stair is not a number"));
    }
    let Some(end) = stairs.iter().position(|s| s.acted) else {
        let last = stairs.last().map_or(f64::NAN, |s| s.level);
        return Err(ThresholdError::NeverActed { last });
    };
    let acted = stairs[end];
    let Some(before) = end.checked_sub(1).map(|k| stairs[k]) else {
        return Err(ThresholdError::AtOnce { first: acted.level });
    };
    let direction = (acted.level - before.level).signum();
    let turned = stairs[..=end]
        .windows(2)
        .any(|s| (s[1].level - s[0].level) * direction <= 0.0);
    if turned || acted.level == before.level {
        return Err(ThresholdError::Malformed("the levels must go one way"));
    }
    if let Some(short) = stairs[..end].iter().find(|s| s.held_s < need_s) {
        return Err(ThresholdError::HeldTooShort {
            level: short.level,
            held_s: short.held_s,
            need_s,
        });
    }
    let value = 0.5 * (before.level + acted.level);
    let scatter = 0.5 * before.scatter_u.root_sum(acted.scatter_u);
    let threshold = Budget::new(unit)
        .rectangular("height of the stair", 0.5 * (acted.level - before.level))
        .instrument("level", accuracy, value, 1.0)
        .normal("scatter of the readings", scatter)
        .measure(value);
    Ok(Threshold {
        threshold,
        acted_at: acted.level,
    })
}

/// One run of a ramp up to the action.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RampRun {
    /// Slope of the level as fitted to its readings, unit per second, with its sign.
    pub per_s: f64,
    /// Level on the fitted line at the instant of action.
    pub level: f64,
    /// Standard uncertainty of that level from the scatter of the fit.
    pub level_u: f64,
    /// Half width of the interval in which the instant of action is known, s.
    pub instant_s: f64,
}

/// Between which bounds the DUT acts after its threshold is crossed, s: detection, timer and
/// switching.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ActionDelay {
    /// Least, s.
    pub least_s: f64,
    /// Most, s.
    pub most_s: f64,
}

/// Threshold by one or more runs of a ramp in one direction: the level at the action, less what
/// the ramp moved during the middle of the delay. With several runs the scatter among them takes
/// the place of the scatter within them.
///
/// # Errors
/// [`ThresholdError::Malformed`] without runs, with a number that is none or an empty delay.
pub fn by_ramp(
    runs: &[RampRun],
    delay: &ActionDelay,
    accuracy: &Accuracy,
    unit: &'static str,
) -> Result<Threshold, ThresholdError> {
    let numbers = |r: &RampRun| {
        r.per_s.is_finite() && r.level.is_finite() && r.level_u >= 0.0 && r.instant_s >= 0.0
    };
    if runs.is_empty() || !runs.iter().all(numbers) {
        return Err(ThresholdError::Malformed(
            "a run of the ramp is not a number",
        ));
    }
    if !(delay.least_s >= 0.0 && delay.least_s <= delay.most_s && delay.most_s.is_finite()) {
        return Err(ThresholdError::Malformed(
            "the delay's least exceeds its most",
        ));
    }
    let n = runs.len() as f64;
    let middle = 0.5 * (delay.least_s + delay.most_s);
    let corrected: Vec<f64> = runs.iter().map(|r| r.level - r.per_s * middle).collect();
    let within = runs
        .iter()
        .map(|r| r.level_u * r.level_u)
        .sum::<f64>()
        .sqrt()
        / n;
    let (value, scatter) = mean_of(&corrected).unwrap_or((corrected[0], within));
    let rate = runs.iter().map(|r| r.per_s).sum::<f64>() / n;
    let instant = runs
        .iter()
        .map(|r| (r.instant_s * r.per_s).powi(2))
        .sum::<f64>()
        .sqrt()
        / n;
    let threshold = Budget::new(unit)
        .rectangular(
            "ramp during the delay",
            0.5 * rate * (delay.most_s - delay.least_s),
        )
        // Scatter of several runs already holds what the instant contributes.
        .rectangular(
            "instant of action",
            if runs.len() > 1 { 0.0 } else { instant },
        )
        .instrument("level", accuracy, value, 1.0)
        .normal("scatter", scatter)
        .measure(value);
    Ok(Threshold {
        threshold,
        acted_at: runs.iter().map(|r| r.level).sum::<f64>() / n,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage_factor::COVERED;

    const EXACT: Accuracy = Accuracy {
        of_reading: 0.0,
        of_range: 0.0,
        range: 300.0,
    };

    fn stairs(levels: &[f64], acts_at: f64, held_s: f64) -> Vec<Stair> {
        levels
            .iter()
            .map(|&level| Stair {
                level,
                scatter_u: 0.0,
                held_s,
                acted: level >= acts_at,
            })
            .collect()
    }

    #[test]
    fn a_staircase_brackets_its_threshold() {
        let levels: Vec<f64> = (0..20).map(|k| 260.0 + 0.5 * f64::from(k)).collect();
        let found = by_staircase(&stairs(&levels, 264.8, 2.0), 1.1, &EXACT, "V").expect("acts");
        assert!((found.threshold.value - 264.75).abs() < 1e-9 && found.acted_at == 265.0);
        assert!((found.threshold.u - COVERED * 0.25).abs() < 1e-9);
        let down: Vec<f64> = levels.iter().rev().map(|v| v - 80.0).collect();
        let mut falling = stairs(&down, 1e9, 2.0);
        for s in &mut falling {
            s.acted = s.level <= 181.2;
        }
        let found = by_staircase(&falling, 1.1, &EXACT, "V").expect("acts");
        assert!((found.threshold.value - 181.25).abs() < 1e-9);
    }

    #[test]
    fn what_brackets_nothing_is_said() {
        let levels = [250.0, 251.0, 252.0];
        let of =
            |acts: f64, held: f64| by_staircase(&stairs(&levels, acts, held), 1.0, &EXACT, "V");
        assert_eq!(
            of(300.0, 2.0),
            Err(ThresholdError::NeverActed { last: 252.0 })
        );
        assert_eq!(of(1.0, 2.0), Err(ThresholdError::AtOnce { first: 250.0 }));
        assert!(matches!(
            of(252.0, 0.5),
            Err(ThresholdError::HeldTooShort { .. })
        ));
        let back = stairs(&[250.0, 252.0, 251.0, 253.0], 252.5, 2.0);
        assert!(matches!(
            by_staircase(&back, 1.0, &EXACT, "V"),
            Err(ThresholdError::Malformed(_))
        ));
    }

    #[test]
    fn a_ramp_is_corrected_for_the_delay() {
        let run = |per_s: f64, level: f64| RampRun {
            per_s,
            level,
            level_u: 0.0,
            instant_s: 0.0,
        };
        let delay = ActionDelay {
            least_s: 1.0,
            most_s: 1.2,
        };
        // Crossed 265 V 1.1 s before: 2 V/s ramp read 267.2 V.
        let found = by_ramp(&[run(2.0, 267.2)], &delay, &EXACT, "V").expect("a run");
        assert!((found.threshold.value - 265.0).abs() < 1e-9);
        assert!((found.threshold.u - COVERED * 0.2).abs() < 1e-9);
        let falling = by_ramp(&[run(-2.0, 177.8)], &delay, &EXACT, "V").expect("a run");
        assert!((falling.threshold.value - 180.0).abs() < 1e-9);
        assert!(by_ramp(&[], &delay, &EXACT, "V").is_err());
    }
}
