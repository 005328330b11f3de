//! The transient system of the MX (SCPI manual, chapter 6): arming, triggering, LIST and PULSe.

use gridproof_plant::Nanos;
use gridproof_plant::input::GridSegment;

use super::commands::{Key, List};
use super::program::{Level, step};
use super::{AmetekMx, Running};
use crate::field::Field;
use crate::scpi::fault::{self, Fault};

/// Words of the transient modes.
pub(super) const FIXED: usize = 0;
const STEP: usize = 1;
const PULSE: usize = 2;
const LIST: usize = 3;

impl AmetekMx {
    /// `INITiate`: arms, and runs at once with an immediate trigger.
    pub(super) fn initiate(&mut self, field: &mut Field) -> Result<(), Fault> {
        if self.running.is_some() {
            return Err(fault::INIT_IGNORED);
        }
        let modes = [self.mode(Key::VoltMode), self.mode(Key::HertzMode)];
        if modes.contains(&LIST) {
            self.lists.check()?;
        }
        self.armed = true;
        if self.settings.word(Key::TriggerSource) == 0 {
            self.fire(field)?;
        }
        Ok(())
    }

    /// The trigger: runs what is armed.
    pub(super) fn fire(&mut self, field: &mut Field) -> Result<(), Fault> {
        if !std::mem::take(&mut self.armed) {
            return Err(fault::TRIGGER_IGNORED);
        }
        self.armed = self.continuous;
        let (volt_mode, hertz_mode) = (self.mode(Key::VoltMode), self.mode(Key::HertzMode));
        if volt_mode == STEP {
            let volts = self.settings.number(Key::VoltsTriggered);
            self.settings.put_at(Key::Volts, 0, volts);
        }
        if hertz_mode == STEP {
            let hertz = self.settings.number(Key::HertzTriggered);
            self.settings.put(Key::Hertz, hertz);
        }
        let modes = [volt_mode, hertz_mode];
        let (pass, count) = if modes.contains(&LIST) {
            (self.list_pass(), self.settings.number(Key::ListCount))
        } else if modes.contains(&PULSE) {
            (self.pulse_pass(), self.settings.number(Key::PulseCount))
        } else {
            self.send(field);
            return Ok(());
        };
        let length: Nanos = pass.iter().map(|segment| segment.dwell_ns).sum();
        self.amplifier.program(&pass, field);
        self.running = Some(Running {
            pass,
            ends: field.now() + length,
            left: count as u64 - 1,
        });
        Ok(())
    }

    /// One pass of the list; a point is executed once more for each of its repeats (4.9).
    fn list_pass(&self) -> Vec<GridSegment> {
        let (fixed, slews) = (self.immediate(), self.slews());
        let listed = |key: Key| self.mode(key) == LIST;
        let value = |active: bool, list: List, point: usize, fixed: f64| {
            if active {
                self.lists.at(list, point).unwrap_or(fixed)
            } else {
                fixed
            }
        };
        let mut segments = Vec::new();
        let mut level = fixed;
        for point in 0..self.lists.points() {
            let to = Level {
                volts: value(listed(Key::VoltMode), List::Volts, point, fixed.volts),
                hertz: value(listed(Key::HertzMode), List::Hertz, point, fixed.hertz),
            };
            let slew = (
                value(listed(Key::VoltSlewMode), List::VoltSlew, point, slews.0),
                value(listed(Key::HertzSlewMode), List::HertzSlew, point, slews.1),
            );
            let dwell = self.lists.at(List::Dwell, point).unwrap_or(0.0);
            for _ in 0..=(self.lists.at(List::Repeat, point).unwrap_or(0.0) as u64) {
                level = step(level, to, slew, dwell, &mut segments);
            }
        }
        segments
    }

    /// One period of the pulse train: the triggered level for the width, then the immediate one.
    fn pulse_pass(&self) -> Vec<GridSegment> {
        let (base, slews) = (self.immediate(), self.slews());
        let pulse = Level {
            volts: if self.mode(Key::VoltMode) == PULSE {
                self.settings.number(Key::VoltsTriggered)
            } else {
                base.volts
            },
            hertz: if self.mode(Key::HertzMode) == PULSE {
                self.settings.number(Key::HertzTriggered)
            } else {
                base.hertz
            },
        };
        let width = self.settings.number(Key::PulseWidth);
        let rest = (self.settings.number(Key::PulsePeriod) - width).max(0.001);
        let mut segments = Vec::new();
        let reached = step(base, pulse, slews, width, &mut segments);
        step(reached, base, slews, rest, &mut segments);
        segments
    }

    /// `ABORt`: back to the immediate levels.
    pub(super) fn abort(&mut self, field: &mut Field) {
        self.armed = false;
        if self.running.take().is_some() {
            self.amplifier.stop(field);
            self.holding = true;
        }
        if std::mem::take(&mut self.holding) {
            self.send(field);
        }
    }
}
