//! Frequency from positive-going zero crossings (docs/models.md, section 11): hysteresis arms a
//! crossing, a least-squares line over ±10 % of the amplitude places it between samples.

/// Positive-going zero crossings in sample positions. `cycle` is the expected cycle in samples;
/// the hysteresis is ±10 % of the peak of the record, so a flat record has none.
pub fn rising_crossings(samples: &[f64], cycle: f64) -> Vec<f64> {
    crossings(samples, cycle, |k| samples[k])
}

/// Negative-going zero crossings, otherwise as [`rising_crossings`].
pub fn falling_crossings(samples: &[f64], cycle: f64) -> Vec<f64> {
    crossings(samples, cycle, |k| -samples[k])
}

fn crossings(samples: &[f64], cycle: f64, value: impl Fn(usize) -> f64) -> Vec<f64> {
    let peak = samples.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    let mut found = Vec::new();
    if peak <= 0.0 || !cycle.is_finite() || cycle < 4.0 {
        return found;
    }
    let level = 0.1 * peak;
    // asin(0.1)/2π of a cycle to each side.
    let reach = ((cycle * 0.0159) as usize).max(1);
    let mut below: Option<usize> = None;
    for k in 0..samples.len() {
        let x = value(k);
        if x < -level {
            below = Some(k);
        } else if x > level
            && let Some(low) = below.take()
            && let Some(position) = place(samples.len(), &value, low, k, reach)
        {
            found.push(position);
        }
    }
    found
}

/// Zero of the line through the samples around the sign change between `low` and `high`.
fn place(
    len: usize,
    value: &impl Fn(usize) -> f64,
    low: usize,
    high: usize,
    reach: usize,
) -> Option<f64> {
    // Middle of the first and last sign change: unbiased when noise makes several.
    let first = (low..high).find(|&k| value(k + 1) >= 0.0)?;
    let last = (low..high).rev().find(|&k| value(k) < 0.0)?;
    let middle = usize::midpoint(first, last + 1);
    let between = || {
        let (a, b) = (value(last), value(last + 1));
        last as f64 + if b > a { -a / (b - a) } else { 0.5 }
    };
    if reach < 2 {
        return Some(between());
    }
    let from = middle.saturating_sub(reach);
    let to = (middle + reach + 1).min(len);
    let n = (to - from) as f64;
    let mean_t = 0.5 * (n - 1.0);
    let mean_x = (from..to).map(value).sum::<f64>() / n;
    let (mut sxt, mut stt) = (0.0, 0.0);
    for k in from..to {
        let dt = (k - from) as f64 - mean_t;
        sxt += dt * (value(k) - mean_x);
        stt += dt * dt;
    }
    let slope = sxt / stt;
    // High orders may turn the wave back just there, in every cycle.
    Some(if slope > 0.0 {
        from as f64 + mean_t - mean_x / slope
    } else {
        between()
    })
}

/// Middle one of some periods, the upper of two: one that harmonics or noise hide does not move it.
pub(crate) fn middle_period(mut periods: Vec<f64>) -> Option<f64> {
    periods.sort_by(f64::total_cmp);
    periods.get(periods.len() / 2).copied()
}

/// Middle one of the distances of crossings, samples.
pub(crate) fn median_cycle(crossings: &[f64]) -> Option<f64> {
    middle_period(crossings.windows(2).map(|c| c[1] - c[0]).collect())
}

/// Mean period in samples from a least-squares line through successive crossings (at least 2).
pub fn period(crossings: &[f64]) -> Option<f64> {
    line(crossings).map(|(_, slope)| slope)
}

/// Least-squares line through crossings against their number: (position of number 0, period).
pub fn line(crossings: &[f64]) -> Option<(f64, f64)> {
    if crossings.len() < 2 {
        return None;
    }
    let n = crossings.len() as f64;
    let mean_k = 0.5 * (n - 1.0);
    let mean_t = crossings.iter().sum::<f64>() / n;
    let (mut skt, mut skk) = (0.0, 0.0);
    for (k, &t) in crossings.iter().enumerate() {
        let dk = k as f64 - mean_k;
        skt += dk * (t - mean_t);
        skk += dk * dk;
    }
    let slope = skt / skk;
    (slope > 0.0).then_some((mean_t - slope * mean_k, slope))
}

/// Frequency of a slice in Hz, or `None` without two crossings.
pub fn frequency(samples: &[f64], rate_hz: f64, nominal_hz: f64) -> Option<f64> {
    period(&rising_crossings(samples, rate_hz / nominal_hz)).map(|cycle| rate_hz / cycle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_frequency_with_noise_and_harmonics() {
        let mut seed = 1_u64;
        for (hz, rate) in [(50.0, 100_000.0), (47.3, 5_000.0), (52.0, 20_000.0)] {
            let samples: Vec<f64> = (0..(rate * 0.3) as u32)
                .map(|k| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let noise = (seed >> 40) as f64 / (1_u64 << 24) as f64 - 0.5;
                    let t = std::f64::consts::TAU * hz * f64::from(k) / rate;
                    325.0 * t.sin() + 8.0 * (5.0 * t).sin() + 3.0 * noise
                })
                .collect();
            let found = frequency(&samples, rate, 50.0).unwrap_or(0.0);
            assert!((found - hz).abs() < 0.02, "{hz}: {found}");
        }
        assert!(frequency(&[0.0; 1000], 1000.0, 50.0).is_none());
    }

    /// Seven orders of 2 % each turn the wave back where it passes zero, if their phases fall together.
    #[test]
    fn a_wave_that_turns_back_at_its_zero_has_a_frequency() {
        let turn = std::f64::consts::TAU;
        for phase in 0..24 {
            let phase = turn * f64::from(phase) / 24.0;
            let wave = |t: f64| {
                let orders = [11.0, 13.0, 17.0, 19.0, 23.0, 25.0, 29.0];
                let orders = orders.map(|n| 0.02 * (n * turn * 50.3 * t + phase).sin());
                (turn * 50.3 * t).sin() + orders.iter().sum::<f64>()
            };
            let samples: Vec<f64> = (0..4000).map(|k| wave(f64::from(k) / 20_000.0)).collect();
            let found = frequency(&samples, 20_000.0, 50.0).expect("a wave");
            assert!((found - 50.3).abs() < 0.02, "{phase}: {found}");
        }
    }
}
