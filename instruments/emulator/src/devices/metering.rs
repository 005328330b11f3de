//! The built-in meters of sources: the plant's reading with gain and offset inside the instrument's
//! specification.

use gridproof_plant::signal::Reading;

use crate::rng::Rng;

/// ± of reading (fraction) and ± of full scale (in the unit).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Fraction of the reading.
    pub(crate) reading: f64,
    /// In the unit of the reading.
    pub(crate) offset: f64,
}

/// Limits of one model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MeterSpec {
    /// V.
    pub(crate) volts: Limits,
    /// A.
    pub(crate) amps: Limits,
    /// W and var.
    pub(crate) watts: Limits,
    /// Of frequency.
    pub(crate) hertz: f64,
}

#[derive(Debug, Clone, Copy)]
struct Error {
    gain: f64,
    offset: f64,
}

impl Error {
    /// Each part is at most 0.7 of what the specification grants, fixed for the seed.
    fn new(rng: &mut Rng, limits: Limits) -> Self {
        Self {
            gain: 1.0 + 0.7 * limits.reading * rng.symmetric(),
            offset: 0.7 * limits.offset * rng.symmetric(),
        }
    }

    fn of(self, value: f64) -> f64 {
        // a dead input is zeroed: offsets are calibrated away there
        if value == 0.0 {
            0.0
        } else {
            value * self.gain + self.offset
        }
    }
}

/// A meter with its errors.
#[derive(Debug)]
pub(crate) struct Meter {
    volts: Error,
    amps: Error,
    watts: Error,
    hertz: f64,
}

impl Meter {
    /// Of the instrument `name`.
    pub(crate) fn new(seed: u64, name: &str, spec: MeterSpec) -> Self {
        let mut rng = Rng::new(seed, name, "built-in meter");
        Self {
            volts: Error::new(&mut rng, spec.volts),
            amps: Error::new(&mut rng, spec.amps),
            watts: Error::new(&mut rng, spec.watts),
            hertz: 1.0 + 0.7 * spec.hertz * rng.symmetric(),
        }
    }

    /// What it shows of a true reading.
    pub(crate) fn shows(&self, truth: Reading) -> Reading {
        let (volts, amps) = (self.volts.of(truth.volts), self.amps.of(truth.amps));
        Reading {
            at_ns: truth.at_ns,
            volts,
            amps,
            // at dc, power is what the other two multiply to
            watts: if truth.hz > 0.0 {
                self.watts.of(truth.watts)
            } else {
                volts * amps
            },
            vars: self.watts.of(truth.vars),
            hz: truth.hz * self.hertz,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_stay_inside_the_specification() {
        let spec = MeterSpec {
            volts: Limits {
                reading: 0.001,
                offset: 0.3,
            },
            amps: Limits {
                reading: 0.002,
                offset: 0.1,
            },
            watts: Limits {
                reading: 0.003,
                offset: 30.0,
            },
            hertz: 1e-4,
        };
        let truth = Reading {
            at_ns: 0,
            volts: 230.0,
            amps: 10.0,
            watts: -2000.0,
            vars: 300.0,
            hz: 50.0,
        };
        let mut moved = 0;
        for seed in 0..50 {
            let shown = Meter::new(seed, "grid", spec).shows(truth);
            assert!((shown.volts - truth.volts).abs() <= 0.001 * 230.0 + 0.3);
            assert!((shown.amps - truth.amps).abs() <= 0.002 * 10.0 + 0.1);
            assert!((shown.watts - truth.watts).abs() <= 0.003 * 2000.0 + 30.0);
            assert!((shown.hz - 50.0).abs() <= 5e-3);
            moved += usize::from((shown.volts - truth.volts).abs() > 0.05);
        }
        assert!(moved > 10, "the errors are not nil");
    }
}
