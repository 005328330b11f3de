//! Sampling instants must increase in equal steps; what a stamp cannot resolve is forgiven.

/// Part of a step by which an instant may miss its place.
const JITTER: f64 = 0.01;

/// Why the instants are not uniform.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fault {
    /// Not after the one before.
    NotIncreasing { before: f64, now: f64 },
    /// The step is not the first step.
    Step { step: f64, first: f64 },
    /// Off the grid of the mean step.
    Drift { off: f64, step: f64 },
}

impl Fault {
    /// What is wrong, in words; times in s.
    pub(crate) fn what(&self) -> String {
        match self {
            Fault::NotIncreasing { before, now } => {
                format!("time does not increase: {now} s after {before} s")
            }
            Fault::Step { step, first } => format!(
                "the step to this sample is {step:.9} s, the first step is {first:.9} s: more than 1 % apart"
            ),
            Fault::Drift { off, step } => format!(
                "time is {off:.3e} s off equal steps of {step:.9} s: more than 1 % of a step"
            ),
        }
    }
}

/// First pass: finds the mean step and sudden jumps.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scan {
    first: Option<f64>,
    last: f64,
    first_step: Option<f64>,
    quantum: f64,
    samples: u64,
}

impl Scan {
    /// The next instant, s, written with resolution `quantum`, s.
    pub(crate) fn push(&mut self, time: f64, quantum: f64) -> Result<(), Fault> {
        self.quantum = self.quantum.max(quantum);
        if self.first.is_none() {
            self.first = Some(time);
        } else {
            let step = time - self.last;
            // nor does a step so small that it has no rate
            if step.is_nan() || step <= 0.0 || step.recip().is_infinite() {
                return Err(Fault::NotIncreasing {
                    before: self.last,
                    now: time,
                });
            }
            let first = *self.first_step.get_or_insert(step);
            if (step - first).abs() > JITTER * first.max(step) + 2.0 * self.quantum + rounding(time)
            {
                return Err(Fault::Step { step, first });
            }
        }
        self.last = time;
        self.samples += 1;
        Ok(())
    }

    /// Number of instants.
    pub(crate) fn samples(&self) -> u64 {
        self.samples
    }

    /// The grid through the first and the last instant, if there are two.
    pub(crate) fn grid(&self) -> Option<Grid> {
        let first = self.first?;
        let steps = self.samples.checked_sub(1).filter(|&steps| steps > 0)?;
        let step = (self.last - first) / steps as f64;
        (step.is_finite() && step > 0.0).then_some(Grid {
            first,
            step,
            quantum: self.quantum,
        })
    }
}

/// Second pass: every instant against the mean step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grid {
    pub(crate) first: f64,
    pub(crate) step: f64,
    quantum: f64,
}

impl Grid {
    /// Sampling rate, Hz, rounded to what the stamps can tell when that gives a plain number.
    pub(crate) fn rate_hz(&self, samples: u64) -> f64 {
        let rate = 1.0 / self.step;
        let span = self.step * samples.saturating_sub(1) as f64;
        let doubt = rate * (self.quantum + rounding(self.first + span)) / span;
        for digits in [0, 1, 2, 3] {
            let scale = 10_f64.powi(digits);
            let plain = (rate * scale).round() / scale;
            if plain > 0.0 && (plain - rate).abs() <= doubt.max(rate * 1e-12) {
                return plain;
            }
        }
        rate
    }

    /// Sample `index` was taken at `time`.
    pub(crate) fn check(&self, index: u64, time: f64) -> Result<(), Fault> {
        let off = time - (self.first + self.step * index as f64);
        if off.abs() <= JITTER * self.step + 1.01 * self.quantum + rounding(time) {
            Ok(())
        } else {
            Err(Fault::Drift {
                off,
                step: self.step,
            })
        }
    }

    /// Resolution of the stamps as part of a step.
    pub(crate) fn coarseness(&self) -> f64 {
        self.quantum / self.step
    }
}

/// Rounding of a decimal text to a float, with room.
fn rounding(time: f64) -> f64 {
    4.0 * f64::EPSILON * time.abs()
}

#[cfg(test)]
mod tests {
    use super::{Fault, Scan};

    #[test]
    fn a_step_without_a_rate_is_none() {
        let mut scan = Scan::default();
        scan.push(0.0, 0.0).unwrap();
        let tiny = scan.push(1e-309, 0.0);
        assert!(matches!(tiny, Err(Fault::NotIncreasing { .. })), "{tiny:?}");
    }

    #[test]
    fn a_jump_is_found_where_it_is_and_quantised_stamps_pass() {
        let mut scan = Scan::default();
        for index in 0..10 {
            scan.push(f64::from(index) * 1e-4, 1e-6).unwrap();
        }
        assert!(matches!(scan.push(11e-4, 1e-6), Err(Fault::Step { .. })));
        assert!(matches!(
            scan.push(9e-4, 1e-6),
            Err(Fault::NotIncreasing { .. })
        ));
        let mut scan = Scan::default();
        for index in 0..48_001 {
            scan.push((f64::from(index) / 48e3 * 1e6).round() * 1e-6, 1e-6)
                .unwrap();
        }
        let grid = scan.grid().unwrap();
        assert!((grid.rate_hz(48_001) - 48e3).abs() < 1e-9);
        grid.check(24_000, 0.5).unwrap();
    }
}
