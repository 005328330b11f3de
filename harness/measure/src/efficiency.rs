//! Weighted conversion and MPPT efficiency, and the irradiance sequences of the dynamic one.

use gridproof_model::record::Accuracy;
use gridproof_model::result::Measurement;

use crate::uncertainty::Budget;

/// (level as a share of rated power, weight) of the European efficiency.
pub const EUROPEAN: [(f64, f64); 6] = [
    (0.05, 0.03),
    (0.10, 0.06),
    (0.20, 0.13),
    (0.30, 0.10),
    (0.50, 0.48),
    (1.00, 0.20),
];

/// (level as a share of rated power, weight) of the CEC efficiency.
pub const CEC: [(f64, f64); 6] = [
    (0.10, 0.04),
    (0.20, 0.05),
    (0.30, 0.12),
    (0.50, 0.21),
    (0.75, 0.53),
    (1.00, 0.05),
];

/// Weighted efficiency from measured (level, efficiency) points. Each level of the weighting
/// needs a point within 0.02 of it; `None` if one is missing or not a number.
pub fn weighted(weights: &[(f64, f64)], points: &[(f64, f64)]) -> Option<f64> {
    weights.iter().try_fold(0.0, |sum, &(level, weight)| {
        let near = nearest(points, level, |p| p.0).filter(|p| p.1.is_finite())?;
        Some(sum + weight * near.1)
    })
}

/// What two meters read at one level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EfficiencyPoint {
    /// Level as a share of rated power.
    pub level: f64,
    /// Power out, W.
    pub output_w: f64,
    /// Power in, W.
    pub input_w: f64,
    /// Standard uncertainty of the efficiency at this level by its own scatter.
    pub scatter: f64,
}

/// Weighted efficiency with its budget. The errors of the two meters are the same at every level:
/// they do not average out over the levels, as the scatter of each does. `None` as for [`weighted`],
/// or where no power goes in.
pub fn weighted_measured(
    weights: &[(f64, f64)],
    points: &[EfficiencyPoint],
    output: &Accuracy,
    input: &Accuracy,
) -> Option<Measurement> {
    // What 1 W more out or in at every level makes of the result, the result, and the scatter.
    let (mut by_output, mut by_input, mut value, mut scatter) = (0.0, 0.0, 0.0, 0.0);
    for &(level, weight) in weights {
        let p = nearest(points, level, |p| p.level)?;
        let efficiency = p.output_w / p.input_w;
        if p.input_w.is_nan() || p.input_w <= 0.0 || !efficiency.is_finite() {
            return None;
        }
        value += weight * efficiency;
        by_output += weight / p.input_w;
        by_input += weight * efficiency / p.input_w;
        scatter += (weight * p.scatter).powi(2);
    }
    Some(
        Budget::new("")
            .rectangular("power out, of reading", value * output.of_reading)
            .rectangular("power in, of reading", value * input.of_reading)
            .rectangular(
                "power out, of range",
                by_output * output.of_range * output.range,
            )
            .rectangular(
                "power in, of range",
                by_input * input.of_range * input.range,
            )
            .normal("scatter of the levels", scatter.sqrt())
            .measure(value),
    )
}

/// The point within 0.02 of a level that is nearest to it.
fn nearest<P>(points: &[P], level: f64, of: impl Fn(&P) -> f64) -> Option<&P> {
    let away = |p: &P| (of(p) - level).abs();
    points
        .iter()
        .filter(|p| away(p) <= 0.02)
        .min_by(|a, b| away(a).total_cmp(&away(b)))
}

/// MPPT efficiency (EN 50530): energy drawn over energy available, both as (V, A, W available)
/// at even intervals. `None` without samples or without available energy.
pub fn mppt(samples: &[(f64, f64, f64)]) -> Option<f64> {
    let (mut drawn, mut available) = (0.0, 0.0);
    for (volts, amps, maximum) in samples {
        drawn += volts * amps;
        available += maximum;
    }
    let share = drawn / available;
    (available > 0.0 && share.is_finite()).then_some(share)
}

/// [`mppt`] with its budget: the errors of the meters and of the power that the PV simulator makes
/// available (±`maximum`, a share of it) are the same in every sample. `None` as for [`mppt`].
pub fn mppt_measured(
    samples: &[(f64, f64, f64)],
    volts: &Accuracy,
    amps: &Accuracy,
    maximum: f64,
) -> Option<Measurement> {
    let value = mppt(samples)?;
    let available: f64 = samples.iter().map(|s| s.2).sum();
    // What 1 V or 1 A more in every sample makes of it.
    let by_volts = samples.iter().map(|s| s.1).sum::<f64>() / available;
    let by_amps = samples.iter().map(|s| s.0).sum::<f64>() / available;
    Some(
        Budget::new("")
            .rectangular("voltage, of reading", value * volts.of_reading)
            .rectangular("voltage, of range", by_volts * volts.of_range * volts.range)
            .rectangular("current, of reading", value * amps.of_reading)
            .rectangular("current, of range", by_amps * amps.of_range * amps.range)
            .rectangular("power of the PV simulator", value * maximum)
            .measure(value),
    )
}

/// Time at the lower irradiance before each block of a dynamic sequence, s: not measured.
pub const SETTLING_S: f64 = 300.0;

/// Ramps up and down between two irradiances (EN 50530 annex B).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IrradianceBlock {
    /// Lower irradiance, W/m².
    pub low: f64,
    /// Upper irradiance, W/m².
    pub high: f64,
    /// Slope, W/m²/s.
    pub slope: f64,
    /// Repeats of up and down.
    pub repeats: u32,
    /// Time at each end of a ramp, s.
    pub dwell_s: f64,
}

impl IrradianceBlock {
    /// One ramp, s.
    pub fn ramp_s(&self) -> f64 {
        (self.high - self.low) / self.slope
    }

    /// The whole block with the settling before it, s.
    pub fn duration_s(&self) -> f64 {
        SETTLING_S + f64::from(self.repeats) * self.cycle_s()
    }

    /// Irradiance `t` seconds after the block began, W/m²: up, dwell, down, dwell.
    pub fn irradiance(&self, t: f64) -> f64 {
        let since = t - SETTLING_S;
        if since <= 0.0 || since >= f64::from(self.repeats) * self.cycle_s() {
            return self.low;
        }
        let t = since % self.cycle_s();
        let down = t - self.ramp_s() - self.dwell_s;
        let away = if down <= 0.0 { t } else { self.ramp_s() - down };
        (self.low + self.slope * away).clamp(self.low, self.high)
    }

    fn cycle_s(&self) -> f64 {
        2.0 * (self.ramp_s() + self.dwell_s)
    }
}

const fn block(low: f64, high: f64, repeats: u32, slope: f64) -> IrradianceBlock {
    IrradianceBlock {
        low,
        high,
        slope,
        repeats,
        dwell_s: 10.0,
    }
}

/// From 10 % to 50 % of 1000 W/m², EN 50530 annex B. The repeats are from secondary sources; the
/// durations of the blocks agree with them.
pub const LOW_SEQUENCE: [IrradianceBlock; 11] = [
    block(100.0, 500.0, 2, 0.5),
    block(100.0, 500.0, 2, 1.0),
    block(100.0, 500.0, 3, 2.0),
    block(100.0, 500.0, 4, 3.0),
    block(100.0, 500.0, 6, 5.0),
    block(100.0, 500.0, 8, 7.0),
    block(100.0, 500.0, 10, 10.0),
    block(100.0, 500.0, 10, 14.0),
    block(100.0, 500.0, 10, 20.0),
    block(100.0, 500.0, 10, 30.0),
    block(100.0, 500.0, 10, 50.0),
];

/// From 30 % to 100 % of 1000 W/m²; see [`LOW_SEQUENCE`].
pub const HIGH_SEQUENCE: [IrradianceBlock; 6] = [
    block(300.0, 1000.0, 10, 10.0),
    block(300.0, 1000.0, 10, 14.0),
    block(300.0, 1000.0, 10, 20.0),
    block(300.0, 1000.0, 10, 30.0),
    block(300.0, 1000.0, 10, 50.0),
    block(300.0, 1000.0, 10, 100.0),
];

/// Dynamic MPPT efficiency of a sequence: the energy of all blocks over what was available in them,
/// without their settling. Each block as (V, A, W available) at even intervals of `step_s`, the same
/// in all. `None` where a block is shorter than its sequence says, or nothing was available.
pub fn mppt_dynamic(
    sequence: &[IrradianceBlock],
    blocks: &[&[(f64, f64, f64)]],
    step_s: f64,
) -> Option<f64> {
    if sequence.len() != blocks.len() || step_s.is_nan() || step_s <= 0.0 {
        return None;
    }
    let mut measured = Vec::new();
    for (block, samples) in sequence.iter().zip(blocks) {
        let from = (SETTLING_S / step_s).ceil() as usize;
        let end = (block.duration_s() / step_s).round() as usize;
        measured.extend_from_slice(samples.get(from..end)?);
    }
    mppt(&measured)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_sum_to_one() {
        for weights in [EUROPEAN, CEC] {
            let points: Vec<_> = weights.iter().map(|w| (w.0 + 0.01, 0.97)).collect();
            assert!((weighted(&weights, &points).unwrap_or(0.0) - 0.97).abs() < 1e-12);
            assert!(weighted(&weights, &points[1..]).is_none());
        }
        assert_eq!(mppt(&[(100.0, 1.98, 200.0)]), Some(0.99));
        assert_eq!(mppt(&[]), None);
    }

    #[test]
    fn sequences_last_as_long_as_the_standard_says() {
        let total = |blocks: &[IrradianceBlock]| blocks.iter().map(|b| b.duration_s()).sum::<f64>();
        // The standard rounds each ramp to a second.
        assert!((total(&LOW_SEQUENCE) - 15_939.0).abs() < 25.0);
        assert!((total(&HIGH_SEQUENCE) - 6_987.0).abs() < 15.0);
        let block = LOW_SEQUENCE[0];
        assert_eq!(block.duration_s(), 3540.0);
        for (t, irradiance) in [
            (0.0, 100.0),
            (300.0, 100.0),
            (700.0, 300.0),
            (1105.0, 500.0),
            (1510.0, 300.0),
            (1915.0, 100.0),
            (2320.0, 300.0),
            (3540.0, 100.0),
        ] {
            assert!((block.irradiance(t) - irradiance).abs() < 1e-9, "{t}");
        }
    }

    #[test]
    fn a_tracker_that_stands_still_while_the_sun_climbs() {
        // It draws what was there before the ramps: what it loses is known in closed form.
        let block = IrradianceBlock {
            low: 100.0,
            high: 500.0,
            slope: 10.0,
            repeats: 2,
            dwell_s: 10.0,
        };
        let samples: Vec<_> = (0..block.duration_s() as usize)
            .map(|k| (100.0, 1.0, block.irradiance(k as f64)))
            .collect();
        let found = mppt_dynamic(&[block], &[&samples], 1.0).unwrap_or(0.0);
        // Of each 100 s: 40 s up and 40 s down at 300 on average, 10 s at 500, 10 s at 100.
        let available = (80.0 * 300.0 + 10.0 * 500.0 + 10.0 * 100.0) / 100.0;
        assert!((found - 100.0 / available).abs() < 1e-6, "{found}");
        assert!(mppt_dynamic(&[block], &[&samples[1..]], 1.0).is_none());
        assert!(mppt_dynamic(&[], &[&samples], 1.0).is_none());
    }
}
