//! Perturb and observe (docs/models.md 2): every period the voltage moves by a small step; if the
//! power fell, the next step goes the other way. Powers are means over two cycles of the grid.
//!
//! Plain, it takes what an irradiance ramp adds for the merit of its own step and walks away from
//! the maximum. With the slope check the power is looked at in the middle of the period as well: what
//! the second half adds without a step is the ramp's, and is taken off (Sera et al., "dP-P&O", 2006).

use super::PvCurve;
use crate::config::{PerturbObserve, Tracking};
use crate::dispatch::SLOW_S;

/// Below this share of what the operating point gives, the DUT limits the power: the voltage is
/// above the tracker's, and the tracker waits.
const LIMITED: f64 = 0.98;

/// The tracker of one PV input.
#[derive(Debug, Clone)]
pub(crate) struct Tracker {
    config: PerturbObserve,
    tracking: Tracking,
    /// Slow steps per period, even.
    period: u32,
    /// Slow steps until it starts after the source has come.
    waiting: u32,
    running: bool,
    /// Slow steps into the period.
    at: u32,
    up: bool,
    /// Its voltage, V.
    volts: f64,
    /// Power of the slow step before, W.
    last_w: f64,
    /// Mean before the step of the period, and in the middle of the period, W.
    before_w: Option<f64>,
    middle_w: f64,
}

impl Tracker {
    /// Waiting for a source.
    pub(crate) fn new(config: PerturbObserve, tracking: Tracking) -> Self {
        let steps = |s: f64| (s / SLOW_S + 0.5) as u32;
        let half = steps(0.5 * config.period_s).max(2);
        Self {
            waiting: steps(config.start_s),
            config,
            tracking,
            period: 2 * half,
            running: false,
            at: 0,
            up: false,
            volts: 0.0,
            last_w: 0.0,
            before_w: None,
            middle_w: 0.0,
        }
    }

    /// Voltage it asks for, V; `None` while it does not run.
    pub(crate) fn volts(&self) -> Option<f64> {
        self.running.then_some(self.volts)
    }

    /// Something that differs between two slow steps of a tracker that is about to move.
    pub(crate) fn counting(&self) -> f64 {
        f64::from(self.at + self.waiting)
    }

    /// One slow step in which the DUT took `taken_w`; true when the voltage has moved.
    pub(crate) fn step(&mut self, curve: &PvCurve, taken_w: f64) -> bool {
        if !curve.live() {
            let moved = self.running;
            *self = Self::new(self.config, self.tracking);
            return moved;
        }
        if self.waiting > 0 {
            self.waiting -= 1;
            return false;
        }
        let step_v = self.config.step_pu * curve.voc();
        if !self.running {
            self.running = true;
            self.volts = match self.tracking {
                // it has swept the curve once
                Tracking::Global => curve.mpp_v(),
                Tracking::FirstFromOpenCircuit => curve.voc() - step_v,
            };
            return true;
        }
        if self.volts > curve.voc() {
            self.volts = curve.voc();
            return true;
        }
        let power = curve.watts(self.volts);
        let mean = 0.5 * (power + std::mem::replace(&mut self.last_w, power));
        if taken_w < LIMITED * power {
            self.at = 0;
            self.before_w = None;
            return false;
        }
        self.at += 1;
        if 2 * self.at == self.period {
            self.middle_w = mean;
        }
        if self.at < self.period {
            return false;
        }
        self.at = 0;
        let gain = self.before_w.map(|before| {
            if self.config.slope_check {
                2.0 * self.middle_w - before - mean
            } else {
                mean - before
            }
        });
        self.up = match gain {
            // nothing flows above the open circuit
            _ if power <= 0.0 => false,
            Some(gain) if gain < 0.0 => !self.up,
            Some(_) | None => self.up,
        };
        self.before_w = Some(mean);
        self.volts += if self.up { step_v } else { -step_v };
        self.volts = self
            .volts
            .clamp(step_v, curve.voc().max(self.volts - step_v));
        true
    }
}
