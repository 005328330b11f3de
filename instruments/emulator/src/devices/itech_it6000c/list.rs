//! LIST mode of the IT6000C: steps that are ramped to and held, repeated.

use gridproof_plant::Nanos;

use crate::field::SECOND;

/// Most steps of a list.
pub(super) const MOST_STEPS: usize = 200;

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Step {
    /// V, in voltage priority.
    pub(super) volts: f64,
    /// A, in current priority.
    pub(super) amps: f64,
    /// Time of the ramp from the step before, s.
    pub(super) slope_s: f64,
    /// Time at the level, s.
    pub(super) width_s: f64,
}

impl Step {
    fn level(&self, current: bool) -> f64 {
        if current { self.amps } else { self.volts }
    }

    fn seconds(&self) -> f64 {
        self.slope_s + self.width_s
    }
}

/// A list and whether it runs.
#[derive(Debug)]
pub(super) struct List {
    pub(super) steps: Vec<Step>,
    /// Passes, at least one.
    pub(super) repeat: u32,
    /// The last level stays at the end, else the fixed set-point returns.
    pub(super) stays: bool,
    /// When it was triggered and the level it then left.
    started: Option<(Nanos, f64)>,
}

impl List {
    /// Empty.
    pub(super) fn new() -> Self {
        Self {
            steps: vec![Step::default()],
            repeat: 1,
            stays: false,
            started: None,
        }
    }

    /// It runs or holds its last level.
    pub(super) fn running(&self) -> bool {
        self.started.is_some()
    }

    /// Starts from a level.
    pub(super) fn start(&mut self, now: Nanos, from: f64) {
        self.started = Some((now, from));
    }

    /// Ends at once.
    pub(super) fn stop(&mut self) {
        self.started = None;
    }

    /// The level now; ends the list when its time is over and its last level does not stay.
    pub(super) fn level(&mut self, now: Nanos, current: bool) -> Option<f64> {
        let (at, from) = self.started?;
        let last = self.steps.last()?.level(current);
        let pass: f64 = self.steps.iter().map(Step::seconds).sum();
        let mut left = (now - at) as f64 / SECOND as f64;
        if left >= pass * f64::from(self.repeat) {
            if self.stays {
                return Some(last);
            }
            self.started = None;
            return None;
        }
        let passes = (left / pass).floor();
        left -= passes * pass;
        let mut before = if passes > 0.0 { last } else { from };
        for step in &self.steps {
            let level = step.level(current);
            if left < step.slope_s {
                return Some(before + (level - before) * left / step.slope_s);
            }
            if left < step.seconds() {
                return Some(level);
            }
            left -= step.seconds();
            before = level;
        }
        Some(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ramps_holds_repeats_and_ends() {
        let mut list = List::new();
        let step = |volts, slope_s, width_s| Step {
            volts,
            amps: 0.0,
            slope_s,
            width_s,
        };
        list.steps = vec![step(50.0, 1.0, 1.0), step(60.0, 0.0, 2.0)];
        list.repeat = 2;
        list.start(10 * SECOND, 40.0);
        let mut at = |tenths: u64| list.level(10 * SECOND + tenths * SECOND / 10, false);
        assert_eq!(at(5), Some(45.0));
        assert_eq!(at(15), Some(50.0));
        assert_eq!(at(39), Some(60.0));
        assert_eq!(
            at(45),
            Some(55.0),
            "the second pass comes from the last level"
        );
        assert_eq!(at(79), Some(60.0));
        assert_eq!(at(80), None);
        assert!(!list.running());
        list.stays = true;
        list.start(0, 0.0);
        assert_eq!(list.level(100 * SECOND, false), Some(60.0));
        assert!(list.running());
    }
}
