//! The event of a trip test as the waveform shows it: when the source departed from its wave,
//! how long it took to reach the new value, and what it reached.
//!
//! The trigger of the source says when it was *told*; these functions say when it *acted*.

use crate::rms::half_cycle_series;
use crate::sine_fit::SineFit;
use crate::zero_crossing::{line, rising_crossings};

/// What the source did.
#[derive(Debug, Clone, PartialEq)]
pub struct Stimulus {
    /// First departure from the old wave, sample position.
    pub departure: f64,
    /// Time between 10 % and 90 % of the change beyond what the one-cycle window itself takes, s.
    /// 0 for a step.
    pub slew_s: f64,
    /// Crossing of the given threshold by the one-cycle value, sample position (ramps only).
    pub crossing: Option<f64>,
    /// Half width of the uncertainty of the departure, samples.
    pub doubt: f64,
}

/// Cycles of the old wave that are fitted.
const FIT_CYCLES: f64 = 8.0;

/// Looks for a change of the RMS from `old` to `new` (V) after sample `until`, before which the
/// wave is undisturbed; `threshold` (V) lies between. `volts` begins at sample 0 of the record.
/// `None` if the wave never departs or there are fewer than three cycles before.
pub fn voltage_change(
    volts: &[f64],
    rate_hz: f64,
    nominal_hz: f64,
    until: usize,
    change: (f64, f64, f64),
) -> Option<Stimulus> {
    let (old, new, threshold) = change;
    let cycle = rate_hz / nominal_hz;
    let until = until.min(volts.len());
    let from = until.saturating_sub((FIT_CYCLES * cycle) as usize);
    if ((until - from) as f64) < 3.0 * cycle {
        return None;
    }
    let fit = SineFit::new(&volts[from..until], from, rate_hz, nominal_hz)?;
    let step = std::f64::consts::SQRT_2 * (new - old).abs();
    let limit = (0.1 * step).max(6.0 * fit.sigma);
    let search = &volts[until..];
    let residual = fit.residual(search, until);
    let debounce = ((0.3e-3 * rate_hz) as usize).max(2);
    let k = residual.iter().enumerate().position(|(k, e)| {
        e.abs() > limit
            && residual.get(k..k + debounce).is_some_and(|group| {
                10 * group.iter().filter(|e| e.abs() > limit).count() >= 6 * debounce
            })
    })?;
    let departure = (until + k) as f64 - 0.5;
    let series = half_cycle_series(
        volts,
        cycle,
        departure - (departure / cycle).floor() * cycle,
    );
    let (slew_s, crossing) = ramp(
        &series,
        (old, new, threshold),
        departure,
        0.5 * cycle,
        rate_hz,
    );
    // A change that begins at a zero of the voltage shows late.
    let hidden = crate::math::asin((limit / step).min(1.0)) / std::f64::consts::TAU * cycle;
    Some(Stimulus {
        departure,
        slew_s,
        crossing,
        doubt: hidden.max(0.5),
    })
}

/// Looks for a change of the frequency from `old` to `new` (Hz), as [`voltage_change`] does for
/// the RMS: the departure is where the lines through the zero crossings before and after meet.
pub fn frequency_change(
    volts: &[f64],
    rate_hz: f64,
    nominal_hz: f64,
    until: usize,
    change: (f64, f64, f64),
) -> Option<Stimulus> {
    let (old, new, threshold) = change;
    let crossings = rising_crossings(volts, rate_hz / nominal_hz);
    let split = crossings.partition_point(|&c| c < until as f64);
    let before = &crossings[split.saturating_sub(FIT_CYCLES as usize)..split];
    let (origin, period) = line(before)?;
    // First crossing more than a tenth of the expected change of period late or early.
    let expected = rate_hz / new - rate_hz / old;
    let slip = |index: usize| {
        let count = (index - (split - before.len())) as f64;
        crossings[index] - (origin + period * count)
    };
    let changed =
        (split..crossings.len()).find(|&k| slip(k) * expected.signum() > 0.1 * expected.abs())?;
    let series: Vec<(f64, f64)> = crossings
        .windows(2)
        .map(|pair| (0.5 * (pair[0] + pair[1]), rate_hz / (pair[1] - pair[0])))
        .collect();
    let at = crossings[changed];
    let (slew_s, crossing) = ramp(&series, (old, new, threshold), at - period, period, rate_hz);
    // The first whole period of the new frequency on: five of them.
    let after = &crossings[(changed + 1).min(crossings.len())..(changed + 7).min(crossings.len())];
    let departure = match line(after) {
        Some((start, slope)) if slew_s <= 0.0 && (slope - period).abs() > 0.1 * expected.abs() => {
            // origin + period·n = start + slope·(n − m), m the number of `after`'s first crossing
            let m = (changed + 1 - (split - before.len())) as f64;
            let n = (start - slope * m - origin) / (period - slope);
            (origin + period * n).max(until as f64).min(at + period)
        }
        _ => at - 0.5 * period,
    };
    Some(Stimulus {
        departure,
        slew_s,
        crossing,
        doubt: 0.05 * period,
    })
}

/// Slew and threshold crossing in a series of one-cycle values.
fn ramp(
    series: &[(f64, f64)],
    (old, new, threshold): (f64, f64, f64),
    departure: f64,
    spacing: f64,
    rate_hz: f64,
) -> (f64, Option<f64>) {
    let share = |value: f64| (value - old) / (new - old);
    let near: Vec<_> = series
        .iter()
        .filter(|p| p.0 >= departure - 2.0 * spacing)
        .collect();
    // Values between until 90 % is reached for the first time.
    let reached = near.iter().position(|p| share(p.1) >= 0.9).unwrap_or(0);
    let between = near[..reached].iter().filter(|p| share(p.1) > 0.1).count();
    let slew = ((between as f64 - 2.0) * spacing / rate_hz).max(0.0);
    let limit = share(threshold);
    let crossing = near
        .windows(2)
        .find(|w| share(w[0].1) < limit && share(w[1].1) >= limit)
        .map(|w| {
            let (a, b) = (share(w[0].1), share(w[1].1));
            w[0].0 + (w[1].0 - w[0].0) * (limit - a) / (b - a)
        });
    (slew, crossing)
}
