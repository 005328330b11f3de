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

/// One cycle by its points, scaled so that its RMS value is the set-point; a direct component is left
/// out, as are orders above 50. The wave is turned so that its fundamental rises through zero at 0°.
/// `None` for points that hold no alternating voltage.
pub(crate) fn sampled(points: &[f64]) -> Option<GridWave> {
    let count = points.len() as f64;
    let component = |order: u16| {
        let mut sum = (0.0, 0.0);
        for (k, value) in points.iter().enumerate() {
            let turns = f64::from(order) * k as f64 / count;
            let (sine, cosine) = trig::sincos_turns(turns - trig::floor(turns));
            sum = (sum.0 + value * sine, sum.1 + value * cosine);
        }
        let size = 2.0 / count * (sum.0 * sum.0 + sum.1 * sum.1).sqrt();
        (size, trig::atan2_turns(sum.1, sum.0))
    };
    let all: Vec<(u16, (f64, f64))> = (1..=50).map(|order| (order, component(order))).collect();
    let rms = all.iter().map(|(_, (a, _))| a * a).sum::<f64>().sqrt();
    let largest = points.iter().fold(0.0, |most: f64, p| most.max(p.abs()));
    if rms <= 1e-6 * largest || !rms.is_finite() {
        return None;
    }
    let (first, turned) = all[0].1;
    Some(GridWave {
        fundamental: first / rms,
        dc_v: 0.0,
        harmonics: all[1..]
            .iter()
            .filter(|(_, (a, _))| *a > 1e-6 * rms)
            .map(|&(order, (a, turns))| {
                let turns = turns - f64::from(order) * turned;
                GridHarmonic {
                    order,
                    ratio: a / rms,
                    deg: 360.0 * (turns - trig::floor(turns)),
                }
            })
            .collect(),
    })
}

/// RMS of an order over the set-point.
pub(crate) fn ratio(wave: &GridWave, order: i64) -> f64 {
    if order == 1 {
        return wave.fundamental;
    }
    let harmonic = wave.harmonics.iter().find(|h| i64::from(h.order) == order);
    harmonic.map_or(0.0, |harmonic| harmonic.ratio)
}

/// THD relative to the fundamental, a fraction.
pub(crate) fn distortion(wave: &GridWave) -> f64 {
    let squares: f64 = wave.harmonics.iter().map(|h| h.ratio * h.ratio).sum();
    squares.sqrt() / wave.fundamental
}

#[cfg(test)]
mod tests {
    use super::*;

    use super::distortion as thd;

    /// sin(θ + 30°) + 0.2 sin(3θ + 60°), with a direct part that goes away: turned by −30° the third
    /// stands at 60° − 3 · 30°.
    #[test]
    fn points_give_their_fourier_series() {
        let points: Vec<f64> = (0..1024)
            .map(|k| {
                let turns = f64::from(k) / 1024.0;
                let tone = |order: f64, deg: f64| {
                    (std::f64::consts::TAU * (order * turns + deg / 360.0)).sin()
                };
                7.0 * (0.5 + tone(1.0, 30.0) + 0.2 * tone(3.0, 60.0))
            })
            .collect();
        let wave = sampled(&points).expect("a wave");
        assert!((thd(&wave) - 0.2).abs() < 1e-9, "{wave:?}");
        assert!((wave.fundamental - 1.04_f64.sqrt().recip()).abs() < 1e-9);
        assert_eq!((wave.harmonics.len(), wave.harmonics[0].order), (1, 3));
        assert!((wave.harmonics[0].deg - 330.0).abs() < 1e-6, "{wave:?}");
        assert!((ratio(&wave, 3) / ratio(&wave, 1) - 0.2).abs() < 1e-9);
        assert_eq!(sampled(&[3.0; 1024]), None);
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
