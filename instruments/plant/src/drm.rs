//! Demand-response modes from the shorted pins of the RJ45 (AS/NZS 4755.1 / 4777.2 port).
//!
//! Pins 1–4 carry the modes, pin 5 is the reference of the generation side, pin 6 the common.
//! A short n–6 asserts DRM n, n–5 asserts DRM n+4, 5–6 asserts DRM0. Shorts conduct: 1–5 and
//! 5–6 also connect 1 with 6.

use crate::config;
use crate::response::{Delay, Lag};
use crate::rest::Fingerprint;

/// Bit n set: DRM n is asserted.
pub(crate) fn asserted(pins: &[(u8, u8)]) -> u16 {
    let mut group: [u8; 9] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
    let valid = |p: u8| (1..=8).contains(&p);
    for &(a, b) in pins.iter().filter(|&&(a, b)| valid(a) && valid(b)) {
        let (keep, drop) = (group[usize::from(a)], group[usize::from(b)]);
        for g in &mut group {
            if *g == drop {
                *g = keep;
            }
        }
    }
    let joined = |a: usize, b: usize| group[a] == group[b];
    let mut modes = 0;
    if joined(5, 6) {
        modes |= 1;
    }
    for n in 1..=4 {
        if joined(n, 6) {
            modes |= 1 << n;
        }
        if joined(n, 5) {
            modes |= 1 << (n + 4);
        }
    }
    modes
}

/// One side (generation or consumption): the ceiling and how it moves.
#[derive(Debug, Clone)]
struct Ceiling {
    delay: Delay,
    lag: Lag,
    engaged: bool,
}

impl Ceiling {
    fn new(config: &config::Drm, dt: f64) -> Self {
        Self {
            delay: Delay::new(config.delay_s, dt, f64::INFINITY),
            lag: Lag::new(config.tau_s, dt, 1.0),
            engaged: false,
        }
    }

    fn fingerprint(&self, f: &mut Fingerprint) {
        f.add(self.delay.pending());
        f.add(self.lag.y);
        f.add(if self.engaged { 1.0 } else { 0.0 });
    }

    /// `used` is the power in pu that flows now; the answer begins there, not at 100 %.
    fn step(&mut self, target: f64, used: f64, release: f64) -> f64 {
        let target = self.delay.step(target);
        if !self.engaged {
            if target.is_infinite() {
                return f64::INFINITY;
            }
            self.engaged = true;
            self.lag.y = used.max(target).min(1.0);
        }
        let target = target.min(1.0);
        if target > self.lag.y {
            self.lag.y = (self.lag.y + release).min(target);
        } else {
            self.lag.step(target);
        }
        if self.lag.y >= 1.0 && target >= 1.0 {
            self.engaged = false;
            return f64::INFINITY;
        }
        self.lag.y
    }
}

/// The port with its reactions.
#[derive(Debug, Clone)]
pub(crate) struct DrmPort {
    config: config::Drm,
    modes: u16,
    shutdown: Delay,
    generation: Ceiling,
    consumption: Ceiling,
    /// Nothing is asked for, and nothing is left of what was.
    resting: bool,
}

/// What the port asks for at present, pu of rated power (infinite = no limit).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Demand {
    /// DRM0: disconnect.
    pub(crate) disconnect: bool,
    /// Ceiling of generation.
    pub(crate) generation: f64,
    /// Ceiling of consumption.
    pub(crate) consumption: f64,
}

impl DrmPort {
    /// Port stepped every `dt` s.
    pub(crate) fn new(config: &config::Drm, dt: f64) -> Self {
        Self {
            config: config.clone(),
            modes: 0,
            shutdown: Delay::new(config.delay_s, dt, 0.0),
            generation: Ceiling::new(config, dt),
            consumption: Ceiling::new(config, dt),
            resting: false,
        }
    }

    /// The whole set of shorted pins has changed.
    pub(crate) fn set_pins(&mut self, pins: &[(u8, u8)]) {
        self.modes = if self.config.enabled {
            asserted(pins)
        } else {
            0
        };
        self.resting = false;
    }

    /// Nothing is asked for, and nothing is left of what was.
    pub(crate) fn resting(&self) -> bool {
        self.resting
    }

    /// What moves.
    pub(crate) fn fingerprint(&self, f: &mut Fingerprint) {
        f.add(self.shutdown.pending());
        self.generation.fingerprint(f);
        self.consumption.fingerprint(f);
    }

    fn strictest(&self, modes: std::ops::RangeInclusive<usize>) -> f64 {
        if self.modes == 0 {
            return f64::INFINITY;
        }
        modes
            .filter(|&m| self.modes & (1 << m) != 0)
            .filter_map(|m| self.config.limits[m - 1])
            .fold(f64::INFINITY, f64::min)
    }

    /// One step; `used_pu` is the present power in pu of rated (> 0 generates), `release` the
    /// rise per step when a mode is lifted.
    #[inline]
    pub(crate) fn step(&mut self, used_pu: f64, release: f64) -> Demand {
        if self.resting {
            return Demand {
                disconnect: false,
                generation: f64::INFINITY,
                consumption: f64::INFINITY,
            };
        }
        self.respond(used_pu, release)
    }

    fn respond(&mut self, used_pu: f64, release: f64) -> Demand {
        let drm0 = self.config.drm0 && self.modes & 1 != 0;
        let (consume, generate) = (self.strictest(1..=4), self.strictest(5..=8));
        let demand = Demand {
            disconnect: self.shutdown.step(if drm0 { 1.0 } else { 0.0 }) > 0.5,
            generation: self.generation.step(generate, used_pu.max(0.0), release),
            consumption: self.consumption.step(consume, (-used_pu).max(0.0), release),
        };
        self.resting = self.modes == 0
            && self.shutdown.pending() == 0.0
            && [&self.generation, &self.consumption]
                .iter()
                .all(|side| !side.engaged && side.delay.pending() == 0.0);
        demand
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(&[], 0)]
    #[case(&[(5, 6)], 1)]
    #[case(&[(1, 6)], 1 << 1)]
    #[case(&[(6, 4)], 1 << 4)]
    #[case(&[(1, 5)], 1 << 5)]
    #[case(&[(4, 5), (2, 5)], (1 << 8) | (1 << 6))]
    #[case(&[(1, 5), (5, 6)], 1 | (1 << 1) | (1 << 5))]
    #[case(&[(1, 2), (2, 5)], (1 << 5) | (1 << 6))]
    #[case(&[(7, 8), (0, 9)], 0)]
    fn modes_from_pins(#[case] pins: &[(u8, u8)], #[case] modes: u16) {
        assert_eq!(asserted(pins), modes);
    }
}
