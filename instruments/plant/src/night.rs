//! Nothing to convert: the bridge's electronics rest, the rest of the unit stays on.

/// The unit rests after so long without anything to do, s.
const AFTER_S: f64 = 60.0;

/// Does a connected unit rest?
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Night {
    idle_s: f64,
}

impl Night {
    /// A second with nothing to do, or with something.
    pub(crate) fn second(&mut self, idle: bool) {
        self.idle_s = if idle {
            (self.idle_s + 1.0).min(AFTER_S)
        } else {
            0.0
        };
    }

    /// It takes its standby consumption, not that of a running bridge.
    pub(crate) fn resting(&self) -> bool {
        self.idle_s >= AFTER_S
    }
}
