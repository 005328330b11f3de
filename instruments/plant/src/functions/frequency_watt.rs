//! Frequency-watt with hysteresis: a ceiling and a floor of power.

use crate::config::{FrequencySlope, FrequencyWatt, SlopeLaw};
use crate::dispatch::SLOW_S;
use crate::response::{Delay, Lag};
use crate::rest::Fingerprint;

/// What a branch does at present.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    /// Bounds nothing.
    Free,
    /// Beyond the dead band, or not far enough back: power when it was left, and the lowest bound
    /// since, pu; then the time inside the hysteresis, in slow steps.
    Active {
        start: f64,
        lowest: f64,
        inside: u32,
    },
    /// On the way back to the power when the dead band was left: the bound now, and that power, pu.
    Returning { bound: f64, start: f64 },
}

/// One direction, in pu of rated power. For under-frequency power is counted as charging, so that
/// both bound from above.
#[derive(Debug, Clone)]
struct Branch {
    slope: FrequencySlope,
    /// +1 acts above `start_hz`, −1 below.
    sign: f64,
    phase: Phase,
    /// Slow steps that a level is held inside the hysteresis.
    hold: u32,
    /// Return per slow step, pu.
    ramp: Option<f64>,
    delay: Delay,
    lag: Lag,
}

/// The bound while nothing is bounded, pu.
const FREE: f64 = 1.0;
/// Back as soon as this little is missing, pu.
const BACK: f64 = 1e-4;

impl Branch {
    fn new(slope: FrequencySlope, sign: f64, config: &FrequencyWatt) -> Self {
        Self {
            slope,
            sign,
            phase: Phase::Free,
            hold: (config.hold_s / SLOW_S).round() as u32,
            ramp: config.ramp_pu_per_s.map(|ramp| ramp * SLOW_S),
            delay: Delay::new(config.delay_s, SLOW_S, FREE),
            lag: Lag::new(config.tau_s, SLOW_S, FREE),
        }
    }

    /// The law `beyond` Hz outside the dead band, left at a power of `start` pu.
    fn law(&self, beyond: f64, start: f64, nominal_hz: f64) -> f64 {
        let room = |stop: f64| (self.sign * (stop - self.slope.start_hz)).max(1e-6);
        match self.slope.law {
            SlopeLaw::ZeroAt(stop) => (start * (1.0 - beyond / room(stop))).max(0.0),
            SlopeLaw::ReversedAt(stop, full) => {
                let (stop, full) = (room(stop), room(full));
                if beyond <= stop {
                    start.max(0.0) * (1.0 - beyond / stop)
                } else {
                    -((beyond - stop) / (full - stop).max(1e-6)).min(1.0)
                }
            }
            SlopeLaw::Droop(droop) => start - beyond / (nominal_hz * droop.max(1e-6)),
        }
    }

    /// Bound for a power `used` pu that flows now.
    #[inline]
    fn step(&mut self, hz: f64, nominal_hz: f64, used: f64) -> f64 {
        let beyond = self.sign * (hz - self.slope.start_hz);
        if self.resting(beyond) {
            return FREE;
        }
        self.respond(beyond, nominal_hz, used)
    }

    /// Inside the dead band, and nothing is left of an answer.
    #[inline]
    fn resting(&self, beyond: f64) -> bool {
        beyond <= 0.0
            && self.phase == Phase::Free
            && self.lag.y == FREE
            && self.delay.pending() == 0.0
    }

    /// A droop is a line that is followed both ways, and so is any slope without a hysteresis.
    fn holds(&self) -> bool {
        match self.slope.law {
            SlopeLaw::ZeroAt(_) | SlopeLaw::ReversedAt(..) => self.slope.hysteresis_hz > 0.0,
            SlopeLaw::Droop(_) => false,
        }
    }

    fn respond(&mut self, beyond: f64, nominal_hz: f64, used: f64) -> f64 {
        let holds = self.holds();
        self.phase = match self.phase {
            Phase::Free | Phase::Returning { .. } if beyond > 0.0 => {
                // the answer begins at the power that flows, not at what is possible
                self.lag.y = self.lag.y.min(used);
                self.delay.fill(used);
                Phase::Active {
                    start: used,
                    lowest: self.law(beyond, used, nominal_hz),
                    inside: 0,
                }
            }
            Phase::Free => Phase::Free,
            Phase::Active { start, lowest, .. } if beyond > 0.0 => {
                let target = self.law(beyond, start, nominal_hz);
                Phase::Active {
                    start,
                    lowest: if holds { lowest.min(target) } else { target },
                    inside: 0,
                }
            }
            Phase::Active {
                start,
                lowest,
                inside,
            } => {
                let far_enough = beyond <= -self.slope.hysteresis_hz;
                if far_enough && inside >= self.hold {
                    self.back(lowest, start)
                } else {
                    Phase::Active {
                        start,
                        lowest,
                        inside: if far_enough { inside + 1 } else { 0 },
                    }
                }
            }
            Phase::Returning { start, .. } if self.lag.y >= start - BACK => {
                self.lag.y = FREE;
                self.delay.fill(FREE);
                Phase::Free
            }
            Phase::Returning { bound, start } => self.back(bound, start),
        };
        let target = match self.phase {
            Phase::Free => FREE,
            Phase::Active { lowest, .. } => lowest,
            Phase::Returning { bound, .. } => bound,
        };
        let target = self.delay.step(target);
        self.lag.step(target)
    }

    /// One slow step of the way back from `bound` to `start`.
    fn back(&self, bound: f64, start: f64) -> Phase {
        Phase::Returning {
            bound: self.ramp.map_or(start, |ramp| (bound + ramp).min(start)),
            start,
        }
    }

    fn fingerprint(&self, f: &mut Fingerprint) {
        let (bound, inside) = match self.phase {
            Phase::Free => (FREE, 0),
            Phase::Active { lowest, inside, .. } => (lowest, inside),
            Phase::Returning { bound, .. } => (bound, 0),
        };
        f.add(bound);
        f.add(f64::from(inside));
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

/// Ceilings, pu of rated power; one below zero demands power in the opposite direction.
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
                .map_or(FREE, |branch| branch.step(hz, nominal, used))
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
            hold_s: 0.0,
            ramp_pu_per_s: None,
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
        let p = settle(&mut response, 50.5, p).generation;
        assert!(
            (p - (0.9 - 0.25 / 2.5)).abs() < 1e-9,
            "back up the line: {p}"
        );
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
    fn storage_goes_through_zero_and_comes_back_after_its_hold_at_its_ramp() {
        let mut config = config(SlopeLaw::ReversedAt(50.75, 52.0));
        config.hold_s = 20.0;
        config.ramp_pu_per_s = Some(0.01);
        config.tau_s = 0.0;
        let mut response = FrequencyResponse::new(Some(config), 50.0);
        let at = |r: &mut FrequencyResponse, hz| settle(r, hz, 0.8).generation;
        assert!((at(&mut response, 50.5) - 0.4).abs() < 1e-9);
        assert!(at(&mut response, 50.75).abs() < 1e-9);
        assert!((at(&mut response, 51.5) + 0.6).abs() < 1e-9);
        assert!((at(&mut response, 53.0) + 1.0).abs() < 1e-9);
        let mut seconds = |n: u32| {
            (0..n * 50)
                .map(|_| response.step(Some(50.0), 0.0).generation)
                .last()
                .expect("some")
        };
        assert!((seconds(19) + 1.0).abs() < 1e-9, "held");
        assert!((seconds(31) + 0.7).abs() < 1e-3, "30 s of the ramp");
        assert!(
            (seconds(152) - FREE).abs() < 1e-9,
            "back at 0.8 after 180 s"
        );
    }

    #[test]
    fn without_hysteresis_the_slope_is_retraced() {
        let mut config = config(SlopeLaw::Droop(0.05));
        config.over.hysteresis_hz = 0.0;
        let mut response = FrequencyResponse::new(Some(config), 50.0);
        let mut at = |hz| settle(&mut response, hz, 0.9).generation;
        assert!((at(51.25) - 0.5).abs() < 1e-9);
        assert!((at(50.5) - 0.8).abs() < 1e-9);
        assert!((at(50.2) - FREE).abs() < 1e-9);
    }

    #[test]
    fn under_frequency_turns_charging_into_feeding() {
        let mut config = config(SlopeLaw::ZeroAt(52.0));
        config.under = Some(FrequencySlope {
            start_hz: 49.75,
            law: SlopeLaw::ReversedAt(49.0, 48.0),
            hysteresis_hz: 0.1,
        });
        let mut response = FrequencyResponse::new(Some(config), 50.0);
        let mut at = |hz| settle(&mut response, hz, -0.6).charging;
        assert!((at(49.375) - 0.3).abs() < 1e-9);
        assert!((at(48.25) + 0.75).abs() < 1e-9);
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
