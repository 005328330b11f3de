//! Sensors in front of a recorder's channel (docs/models.md 10.1).

use gridproof_plant::trig;

use super::parameters::whole_cycles;
use crate::rng::Rng;

/// Kind of sensor, with what its data sheet states.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) enum SensorSpec {
    /// Shows what is there.
    #[default]
    Direct,
    /// Iron core.
    Transformer {
        /// Time constant of the magnetising branch, s.
        tau_s: f64,
        /// Towards this its output saturates; infinite is never.
        saturation: f64,
    },
    /// Zero-flux transducer, or shunt with amplifier.
    ZeroFlux {
        /// Offset, ± of the range, fraction.
        offset: f64,
    },
}

impl SensorSpec {
    /// Offset of this one, as a fraction of the range, fixed for the seed.
    pub(crate) fn offset(self, seed: u64, name: &str, channel: u8) -> f64 {
        match self {
            SensorSpec::ZeroFlux { offset } => {
                offset * Rng::new(seed, name, &format!("zero {channel}")).symmetric()
            }
            SensorSpec::Direct | SensorSpec::Transformer { .. } => 0.0,
        }
    }

    /// What its output is for a record of its input.
    pub(crate) fn pass(self, samples: &mut [f32], rate_hz: f64) {
        let SensorSpec::Transformer { tau_s, saturation } = self else {
            return;
        };
        if saturation.is_finite() {
            for sample in samples.iter_mut() {
                *sample = saturated(f64::from(*sample), saturation) as f32;
            }
        }
        let decay = trig::exp(-1.0 / (rate_hz * tau_s));
        let mut magnetising = before(samples, decay);
        let mut last = None;
        for sample in samples.iter_mut() {
            let x = f64::from(*sample);
            if let Some(last) = last.replace(x) {
                magnetising = magnetise(magnetising, 0.5 * (x + last), decay);
            }
            *sample = (x - magnetising) as f32;
        }
    }
}

/// One step of the magnetising current, m' = (x − m)/τ.
fn magnetise(m: f64, x: f64, decay: f64) -> f64 {
    m + (x - m) * (1.0 - decay)
}

/// s·tanh(x/s).
fn saturated(x: f64, s: f64) -> f64 {
    let e = trig::exp(-2.0 * (x / s).abs());
    (s * (1.0 - e) / (1.0 + e)).copysign(x)
}

/// Magnetising current before the record, as if its first cycles had lasted for ever.
fn before(samples: &[f32], decay: f64) -> f64 {
    let head: Vec<f64> = samples.iter().take(4_000).copied().map(f64::from).collect();
    let peak = head.iter().fold(0.0f64, |peak, x| peak.max(x.abs()));
    let whole = whole_cycles(&head, 0.0, 0.1 * peak).map(|(first, last, cycles)| {
        let period = (last - first) / cycles;
        // one cycle from the beginning of the record on
        period.round().max(1.0) as usize
    });
    // without a cycle what flows is taken for direct current, of which nothing is seen
    let Some(cycle) = whole.filter(|&n| n < head.len()) else {
        return head.iter().sum::<f64>() / head.len().max(1) as f64;
    };
    let mut m = 0.0;
    let mut last = head[0];
    for &x in &head[1..=cycle] {
        m = magnetise(m, 0.5 * (x + last), decay);
        last = x;
    }
    m / (1.0 - decay.powi(cycle as i32))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 10_000.0;

    /// 50 Hz of 30 A with a part of direct current, until it is cut after `cycles` cycles.
    fn current(dc: f64, cycles: f64, seconds: f64) -> Vec<f32> {
        (0..(seconds * RATE) as usize)
            .map(|k| {
                let turns = 50.0 * k as f64 / RATE + 0.1;
                if k as f64 / RATE * 50.0 < cycles {
                    (30.0 * trig::sincos_turns(turns - turns.floor()).0 + dc) as f32
                } else {
                    0.0
                }
            })
            .collect()
    }

    const TRANSFORMER: SensorSpec = SensorSpec::Transformer {
        tau_s: 0.5,
        saturation: f64::INFINITY,
    };

    #[test]
    fn a_transformer_is_blind_to_direct_current_and_leads() {
        let mut seen = current(4.0, 1e9, 1.0);
        TRANSFORMER.pass(&mut seen, RATE);
        let mean =
            |part: &[f32]| part.iter().map(|&x| f64::from(x)).sum::<f64>() / part.len() as f64;
        assert!(mean(&seen[..200]).abs() < 2e-3, "{}", mean(&seen[..200]));
        assert!(mean(&seen[9_800..]).abs() < 2e-3);
        // gain 1/√(1 + 1/(ωτ)²), lead atan(1/(ωτ))
        let (mut re, mut im) = (0.0, 0.0);
        for (k, &x) in seen.iter().enumerate() {
            let turns = 50.0 * k as f64 / RATE + 0.1;
            let (s, c) = trig::sincos_turns(turns - turns.floor());
            re += 2.0 * f64::from(x) * s / seen.len() as f64;
            im += 2.0 * f64::from(x) * c / seen.len() as f64;
        }
        let lead = 1.0 / (std::f64::consts::TAU * 50.0 * 0.5);
        assert!((im / re - lead).abs() < 1e-4, "{} for {lead}", im / re);
        assert!((re.hypot(im) - 30.0).abs() < 1e-2);
    }

    #[test]
    fn what_is_left_decays_with_the_time_constant() {
        // cut at the zero crossing, where the magnetising current is at its peak
        let mut seen = current(0.0, 19.9, 1.4);
        TRANSFORMER.pass(&mut seen, RATE);
        let at = |s: f64| f64::from(seen[(s * RATE) as usize]);
        let peak = 30.0 / (std::f64::consts::TAU * 50.0 * 0.5);
        assert!(
            (at(0.4).abs() - peak).abs() < 0.02 * peak,
            "{} for {peak}",
            at(0.4)
        );
        assert!((at(0.9) / at(0.4) - (-1.0f64).exp()).abs() < 1e-3);
    }

    #[test]
    fn saturation_is_a_hyperbolic_tangent() {
        assert!((saturated(1e-3, 200.0) - 1e-3).abs() < 1e-9);
        assert!((saturated(-200.0, 200.0) + 200.0 * 1.0f64.tanh()).abs() < 1e-9);
        assert!((saturated(1e5, 200.0) - 200.0).abs() < 1e-9);
    }

    #[test]
    fn a_zero_flux_transducer_has_its_offset_inside_its_specification() {
        let spec = SensorSpec::ZeroFlux { offset: 1e-4 };
        let offsets: Vec<f64> = (0..100).map(|seed| spec.offset(seed, "r", 2)).collect();
        assert!(offsets.iter().all(|o| o.abs() <= 1e-4));
        assert!(offsets.iter().any(|o| o.abs() > 7e-5));
        let mut same = current(4.0, 5.0, 0.2);
        spec.pass(&mut same, RATE);
        assert_eq!(same, current(4.0, 5.0, 0.2));
    }
}
