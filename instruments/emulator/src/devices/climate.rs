//! The air of a chamber. Under control it follows its set point with a time constant of 60 s, at
//! most 3 K/min; otherwise it drifts to the room with 20 min. Both are stepped once per second.

use gridproof_plant::Nanos;
use gridproof_plant::input::Input;

use crate::field::{Field, SECOND};

/// e^(−1 s / 60 s).
const DECAY_ACTIVE: f64 = 0.983_471_453_821_617_4;
/// e^(−1 s / 1200 s).
const DECAY_IDLE: f64 = 0.999_167_013_772_049_1;
/// 3 K/min per step of 1 s.
const STEP_K: f64 = 0.05;
/// Closer than this counts as arrived.
const ARRIVED_K: f64 = 0.01;

/// The air.
#[derive(Debug)]
pub(crate) struct Climate {
    air_c: f64,
    room_c: f64,
    /// Set point under control.
    goal_c: Option<f64>,
    /// Fastest rise and fall per step, K.
    step_k: (f64, f64),
    next: Option<Nanos>,
}

impl Climate {
    /// At the temperature of the room.
    pub(crate) fn new(room_c: f64) -> Self {
        Self {
            air_c: room_c,
            room_c,
            goal_c: None,
            step_k: (STEP_K, STEP_K),
            next: None,
        }
    }

    /// Limits how fast the air rises and falls under control, K/min; 0 is as fast as it can.
    pub(crate) fn limit(&mut self, rise: f64, fall: f64) {
        let step = |k_per_min: f64| {
            if k_per_min > 0.0 {
                STEP_K.min(k_per_min / 60.0)
            } else {
                STEP_K
            }
        };
        self.step_k = (step(rise), step(fall));
    }

    /// Temperature of the air, °C.
    pub(crate) fn air_c(&self) -> f64 {
        self.air_c
    }

    /// Controls to a set point from now on, or drifts.
    pub(crate) fn control(&mut self, goal_c: Option<f64>, now: Nanos) {
        self.goal_c = goal_c;
        if self.next.is_none() && self.air_c != self.goal() {
            self.next = Some(now + SECOND);
        }
    }

    fn goal(&self) -> f64 {
        self.goal_c.unwrap_or(self.room_c)
    }

    /// Next step.
    pub(crate) fn next_event(&self) -> Option<Nanos> {
        self.next
    }

    /// Takes a step when it is due and tells the plant.
    pub(crate) fn on_time(&mut self, field: &mut Field) {
        let Some(due) = self.next.filter(|&due| due <= field.now()) else {
            return;
        };
        let goal = self.goal();
        let gap = goal - self.air_c;
        let step = if self.goal_c.is_some() {
            (gap * (1.0 - DECAY_ACTIVE)).clamp(-self.step_k.1, self.step_k.0)
        } else {
            gap * (1.0 - DECAY_IDLE)
        };
        self.air_c = if gap.abs() < ARRIVED_K {
            goal
        } else {
            self.air_c + step
        };
        self.next = Some(due + SECOND).filter(|_| self.air_c != goal);
        field.plant.apply(Input::Ambient {
            celsius: self.air_c,
        });
    }
}
