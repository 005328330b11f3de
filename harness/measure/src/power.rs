//! Cycle-wise active and reactive power of the fundamental from sampled voltage and current.

use crate::phasor::fundamental;
use crate::zero_crossing::rising_crossings;

/// Fundamental quantities of one cycle. P, Q > 0 have the direction of the current.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CyclePower {
    /// Centre of the one-cycle window, sample position.
    pub at: f64,
    /// Fundamental voltage, V RMS.
    pub volts: f64,
    /// Fundamental current, A RMS.
    pub amps: f64,
    /// Active power, W.
    pub watts: f64,
    /// Reactive power V·I·sin(φv − φi), var.
    pub vars: f64,
}

/// Length of the cycle around each instant of a record, from its voltage.
#[derive(Debug, Clone, PartialEq)]
pub struct CycleTrack {
    crossings: Vec<f64>,
    nominal: f64,
}

impl CycleTrack {
    /// Tracks `volts`; `nominal` is the nominal cycle in samples and holds where the voltage has
    /// no crossings or a period beyond 0.5–2 nominal.
    pub fn new(volts: &[f64], nominal: f64) -> Self {
        Self {
            crossings: rising_crossings(volts, nominal),
            nominal,
        }
    }

    /// Cycle in samples at sample position `at`: mean over up to five cycles to each side, but
    /// not across `event`, at which the frequency may have changed.
    pub fn cycle(&self, at: f64, event: f64) -> f64 {
        let after = self.crossings.partition_point(|&c| c < event);
        let (first, end) = if at < event {
            (0, after)
        } else {
            (after, self.crossings.len())
        };
        let next = self.crossings.partition_point(|&c| c <= at);
        let from = next.saturating_sub(6).max(first);
        let to = (next + 5).min(end.saturating_sub(1));
        if to <= from {
            return self.nominal;
        }
        let cycle = (self.crossings[to] - self.crossings[from]) / (to - from) as f64;
        if cycle > 0.5 * self.nominal && cycle < 2.0 * self.nominal {
            cycle
        } else {
            self.nominal
        }
    }
}

/// Power of one-cycle windows every half cycle, windows starting at `align` plus or minus whole
/// half cycles, so that one begins exactly at an event at `align` (sample position). The frequency
/// may change there.
pub fn cycle_series(volts: &[f64], amps: &[f64], nominal: f64, align: f64) -> Vec<CyclePower> {
    let mut points = Vec::new();
    if nominal.is_nan() || nominal < 4.0 || !align.is_finite() {
        return points;
    }
    let track = CycleTrack::new(volts, nominal);
    let half = 0.5 * track.cycle(align - 1.0, align);
    let align = align.clamp(0.0, volts.len() as f64);
    let mut start = align - (align / half).floor() * half;
    loop {
        let cycle = track.cycle(start + 0.5 * nominal, align);
        let Some([v, i]) = fundamental([volts, amps], start, 1, cycle) else {
            break;
        };
        let s = v.times_conjugate(i);
        points.push(CyclePower {
            at: start + 0.5 * cycle,
            volts: v.abs(),
            amps: i.abs(),
            watts: s.re,
            vars: s.im,
        });
        let next = start + 0.5 * cycle;
        // What the cycles before the event differ in length does not add up to an offset at it.
        start = if (next - align).abs() < 0.1 * cycle {
            align
        } else {
            next
        };
    }
    points
}

/// Mean fundamental power over the last up to `cycles` whole cycles before position `end`;
/// `None` if not even one fits.
pub fn mean_before(
    volts: &[f64],
    amps: &[f64],
    cycle: f64,
    end: f64,
    cycles: u32,
) -> Option<CyclePower> {
    let end = end.min(volts.len().min(amps.len()) as f64 - 1.0);
    let fit = ((end / cycle).floor().max(0.0) as u32).min(cycles);
    let from = end - f64::from(fit) * cycle;
    let [v, i] = fundamental([volts, amps], from.max(0.0), fit, cycle)?;
    let s = v.times_conjugate(i);
    Some(CyclePower {
        at: 0.5 * (from + end),
        volts: v.abs(),
        amps: i.abs(),
        watts: s.re,
        vars: s.im,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 50 Hz until sample 5000, then 51.5 Hz without a jump of the angle; P 1000 W throughout.
    #[test]
    fn a_step_of_the_frequency_does_not_smear_the_power() {
        let angle = |k: f64| {
            let turns = if k < 5_000.0 {
                50.0 * k / 5_000.0
            } else {
                50.0 + 51.5 * (k - 5_000.0) / 5_000.0
            };
            (std::f64::consts::TAU * (turns + 0.07)).sin()
        };
        let wave = |peak: f64| {
            (0..10_000)
                .map(|k| peak * angle(f64::from(k)))
                .collect::<Vec<_>>()
        };
        let points = cycle_series(&wave(325.0), &wave(2000.0 / 325.0), 100.0, 5_000.0);
        for p in points.iter().filter(|p| (p.at - 5_000.0).abs() > 60.0) {
            assert!((p.watts - 1000.0).abs() < 1.0, "{p:?}");
        }
        // One window begins at the event, and none of the others is off by more than what mixes.
        assert!(
            points
                .iter()
                .any(|p| (p.at - 5_000.0 - 0.5 * 5_000.0 / 51.5).abs() < 0.01)
        );
        assert!(points.iter().all(|p| (p.watts - 1000.0).abs() < 30.0));
    }
}
