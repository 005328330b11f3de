//! Waveforms of grid simulators as harmonics.

use gridproof_plant::input::{GridHarmonic, GridWave};
use gridproof_plant::trig;

/// Highest order that library waveforms are made of: beyond it the amplifier's band ends.
const HIGHEST: u16 = 49;
/// Points of a cycle for the harmonics of a clipped sine.
const POINTS: u32 = 4_000;

/// A wave whose RMS value is the set-point, from the amplitudes of its odd harmonics (1, 3, 5 …).
fn normalised(amplitudes: &[f64]) -> GridWave {
    let rms = amplitudes.iter().map(|a| a * a).sum::<f64>().sqrt();
    let harmonics = (3..).step_by(2).zip(&amplitudes[1..]);
    GridWave {
        fundamental: amplitudes[0] / rms,
        dc_v: 0.0,
        harmonics: harmonics
            .filter(|(_, a)| a.abs() > 1e-6 * rms)
            .map(|(order, a)| GridHarmonic {
                order,
                ratio: a / rms,
                deg: 0.0,
            })
            .collect(),
    }
}

/// A square wave.
pub(crate) fn square() -> GridWave {
    let odd: Vec<f64> = (1..=HIGHEST)
        .step_by(2)
        .map(|h| 1.0 / f64::from(h))
        .collect();
    normalised(&odd)
}

/// A sine clipped so that its THD (relative to the fundamental, percent) is as stated, at most that of
/// a square wave; a sine for 0.
pub(crate) fn clipped_sine(thd_percent: f64) -> GridWave {
    if thd_percent <= 0.0 {
        return GridWave::default();
    }
    let thd = |level: f64| {
        let all = clipped(level);
        all[1..].iter().map(|a| a * a).sum::<f64>().sqrt() / all[0]
    };
    // the lower the level, the higher the THD
    let (mut low, mut high) = (1e-3, 1.0);
    for _ in 0..30 {
        let middle = 0.5 * (low + high);
        if thd(middle) > 0.01 * thd_percent {
            low = middle;
        } else {
            high = middle;
        }
    }
    normalised(&clipped(high))
}

/// Amplitudes of the odd harmonics of a sine clipped at a level.
fn clipped(level: f64) -> Vec<f64> {
    let quarter = POINTS / 4;
    (1..=HIGHEST)
        .step_by(2)
        .map(|order| {
            let term = |k: u32| {
                let turns = (f64::from(k) + 0.5) / f64::from(POINTS);
                let angle = f64::from(order) * turns;
                let x = trig::sincos_turns(turns).0.min(level);
                x * trig::sincos_turns(angle - trig::floor(angle)).0
            };
            4.0 * (0..quarter).map(term).sum::<f64>() / f64::from(quarter)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thd(wave: &GridWave) -> f64 {
        let squares = wave
            .harmonics
            .iter()
            .map(|h| h.ratio * h.ratio)
            .sum::<f64>();
        squares.sqrt() / wave.fundamental
    }

    #[test]
    fn waves_have_the_rms_value_and_the_distortion_that_are_stated() {
        for wanted in [2.0, 10.0, 30.0] {
            let wave = clipped_sine(wanted);
            assert!((thd(&wave) - 0.01 * wanted).abs() < 1e-6, "{}", thd(&wave));
            let squares = wave
                .harmonics
                .iter()
                .map(|h| h.ratio * h.ratio)
                .sum::<f64>();
            assert!((squares + wave.fundamental * wave.fundamental - 1.0).abs() < 1e-9);
        }
        // √(π²/8 − 1) = 48.3 % of all orders, of those to 49 a little less
        assert!((thd(&square()) - 0.472).abs() < 2e-3, "{}", thd(&square()));
        assert_eq!(clipped_sine(0.0), GridWave::default());
        // the third harmonic of a flattened crest: 1 % of THD is nearly all third and fifth
        assert_eq!(clipped_sine(5.0).harmonics[0].order, 3);
    }
}
