//! Frequency-watt with hysteresis: ceilings of generation and of charging.

use crate::config::{FrequencySlope, FrequencyWatt, SlopeLaw};
use crate::dispatch::SLOW_S;
use crate::response::{Delay, Lag};
use crate::rest::Fingerprint;

/// One direction.
#[derive(Debug, Clone)]
struct Branch {
    slope: FrequencySlope,
    /// +1 acts above `start_hz`, −1 below.
    sign: f64,
    /// Power at the moment the dead band was left, pu, and the lowest ceiling since.
    held: Option<(f64, f64)>,
    delay: Delay,
    lag: Lag,
}

impl Branch {
    fn new(slope: FrequencySlope, sign: f64, config: &FrequencyWatt) -> Self {
        Self {
            slope,
            sign,
            held: None,
            delay: Delay::new(config.delay_s, SLOW_S, 1.0),
            lag: Lag::new(config.tau_s, SLOW_S, 1.0),
        }
    }

    /// Ceiling in pu of rated power for a power `used` pu that flows now.
    #[inline]
    fn step(&mut self, hz: f64, nominal_hz: f64, used: f64) -> f64 {
        let beyond = self.sign * (hz - self.slope.start_hz);
        if self.resting(beyond) {
            return 1.0;
        }
        self.respond(beyond, nominal_hz, used)
    }

    /// Inside the dead band, and nothing is left of an answer.
    #[inline]
    fn resting(&self, beyond: f64) -> bool {
        beyond <= 0.0 && self.held.is_none() && self.lag.y == 1.0 && self.delay.pending() == 0.0
    }

    fn respond(&mut self, beyond: f64, nominal_hz: f64, used: f64) -> f64 {
        if beyond > 0.0 {
            let (p0, lowest) = self.held.unwrap_or((used, used));
            let target = match self.slope.law {
                SlopeLaw::ZeroAt(stop) => {
                    let room = self.sign * (stop - self.slope.start_hz);
                    p0 * (1.0 - beyond / room.max(1e-6))
                }
                SlopeLaw::Droop(droop) => p0 - beyond / (nominal_hz * droop.max(1e-6)),
            };
            if self.held.is_none() {
                // the answer begins at the power that flows, not at 100 %
                self.lag.y = self.lag.y.min(used.max(0.0));
            }
            self.held = Some((p0, lowest.min(target.max(0.0))));
        } else if beyond <= -self.slope.hysteresis_hz {
            self.held = None;
        }
        let target = self.delay.step(self.held.map_or(1.0, |(_, lowest)| lowest));
        self.lag.step(target)
    }

    fn fingerprint(&self, f: &mut Fingerprint) {
        f.add(self.held.map_or(-1.0, |held| held.1));
        f.add(self.delay.pending());
        f.add(self.lag.y);
    }
}

/// Both directions.
#[derive(Debug, Clone)]
pub(crate) struct FrequencyResponse {
    nominal_hz: f64,
    over: Option<Branch>,
    under: Option<Branch>,
    /// Active.
    pub(crate) enabled: bool,
}

/// Ceilings, pu of rated power.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ceilings {
    pub(crate) generation: f64,
    pub(crate) charging: f64,
}

impl FrequencyResponse {
    /// At rest inside the dead band.
    pub(crate) fn new(config: Option<FrequencyWatt>, nominal_hz: f64) -> Self {
        Self {
            nominal_hz,
            over: config.map(|c| Branch::new(c.over, 1.0, &c)),
            under: config.and_then(|c| c.under.map(|under| Branch::new(under, -1.0, &c))),
            enabled: config.is_some_and(|c| c.enabled),
        }
    }

    /// One slow step; `used_pu` is the present power in pu of rated (> 0 generates).
    #[inline]
    pub(crate) fn step(&mut self, hz: Option<f64>, used_pu: f64) -> Ceilings {
        let nominal = self.nominal_hz;
        let hz = hz.filter(|_| self.enabled).unwrap_or(nominal);
        let step = |branch: &mut Option<Branch>, used: f64| {
            branch
                .as_mut()
                .map_or(1.0, |branch| branch.step(hz, nominal, used))
        };
        Ceilings {
            generation: step(&mut self.over, used_pu),
            charging: step(&mut self.under, -used_pu),
        }
    }

    /// Both ceilings stay at one while the frequency stays.
    pub(crate) fn resting(&self, hz: f64) -> bool {
        let hz = if self.enabled { hz } else { self.nominal_hz };
        [&self.over, &self.under]
            .into_iter()
            .flatten()
            .all(|branch| branch.resting(branch.sign * (hz - branch.slope.start_hz)))
    }

    /// What moves.
    pub(crate) fn fingerprint(&self, f: &mut Fingerprint) {
        for branch in [&self.over, &self.under].into_iter().flatten() {
            branch.fingerprint(f);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(law: SlopeLaw) -> FrequencyWatt {
        FrequencyWatt {
            enabled: true,
            over: FrequencySlope {
                start_hz: 50.25,
                law,
                hysteresis_hz: 0.1,
            },
            under: Some(FrequencySlope {
                start_hz: 49.75,
                law: SlopeLaw::ZeroAt(49.0),
                hysteresis_hz: 0.1,
            }),
            delay_s: 0.0,
            tau_s: 0.1,
        }
    }

    fn settle(response: &mut FrequencyResponse, hz: f64, used: f64) -> Ceilings {
        for _ in 0..200 {
            response.step(Some(hz), used);
        }
        response.step(Some(hz), used)
    }

    #[test]
    fn generation_falls_to_zero_and_stays_low_within_the_hysteresis() {
        let mut response = FrequencyResponse::new(Some(config(SlopeLaw::ZeroAt(52.0))), 50.0);
        let at = |r: &mut FrequencyResponse, hz| settle(r, hz, 0.8).generation;
        assert!((at(&mut response, 50.2) - 1.0).abs() < 1e-9);
        let expected = 0.8 * (52.0 - 51.0) / 1.75;
        assert!((at(&mut response, 51.0) - expected).abs() < 1e-9);
        assert!((at(&mut response, 50.3) - expected).abs() < 1e-9, "held");
        assert!((at(&mut response, 50.16) - expected).abs() < 1e-9, "held");
        assert!((at(&mut response, 50.14) - 1.0).abs() < 1e-9, "released");
        assert!(at(&mut response, 52.5) < 1e-9);
    }

    #[test]
    fn droop_of_1547() {
        let mut response = FrequencyResponse::new(Some(config(SlopeLaw::Droop(0.05))), 50.0);
        let p = settle(&mut response, 50.75, 0.9).generation;
        assert!((p - (0.9 - 0.5 / 2.5)).abs() < 1e-9, "{p}");
    }

    #[test]
    fn charging_is_mirrored() {
        let mut response = FrequencyResponse::new(Some(config(SlopeLaw::ZeroAt(52.0))), 50.0);
        let c = settle(&mut response, 49.375, -0.6);
        assert!(
            (c.charging - 0.3).abs() < 1e-9 && c.generation > 0.999,
            "{c:?}"
        );
    }

    #[test]
    fn t90_of_the_way_down() {
        let mut response = FrequencyResponse::new(Some(config(SlopeLaw::ZeroAt(52.0))), 50.0);
        let steps = (1..100)
            .find(|_| response.step(Some(52.0), 0.8).generation <= 0.08)
            .expect("falls");
        let expected = 0.1 * std::f64::consts::LN_10 / SLOW_S;
        assert!((f64::from(steps) - expected).abs() <= 1.0, "{steps}");
    }
}
