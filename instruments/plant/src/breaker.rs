//! A switch in an ac circuit: contact and current are two things.

use crate::Nanos;

/// An arc is out at the latest after this time, ns (a half cycle at 47 Hz).
const ARC_NS: u64 = 10_700_000;
/// A current below this is no arc, A.
const ARC_A: f64 = 0.05;

/// Contact and arc.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Breaker {
    /// Contact (and its auxiliary contact) closed.
    pub(crate) contact: bool,
    /// Current can flow.
    pub(crate) conducting: bool,
    force_at: Nanos,
}

impl Breaker {
    /// A breaker in a position.
    pub(crate) const fn new(closed: bool) -> Self {
        Self {
            contact: closed,
            conducting: closed,
            force_at: Nanos::MAX,
        }
    }

    /// Closes at once.
    pub(crate) fn close(&mut self) {
        *self = Self::new(true);
    }

    /// Interrupts at once (semiconductor switch).
    pub(crate) fn cut(&mut self) {
        *self = Self::new(false);
    }

    /// Opens the contact; the current ends at its next zero.
    pub(crate) fn open(&mut self, t: Nanos) {
        if self.contact {
            self.contact = false;
            self.force_at = t + ARC_NS;
        }
    }

    /// An arc is burning.
    #[inline]
    pub(crate) fn arcing(&self) -> bool {
        self.conducting && !self.contact
    }

    /// Looks at the current over a step; true when the arc goes out.
    #[inline]
    pub(crate) fn extinguish(&mut self, t: Nanos, before: f64, after: f64) -> bool {
        if self.arcing() && (after.abs() < ARC_A || before * after <= 0.0 || t >= self.force_at) {
            self.conducting = false;
            return true;
        }
        false
    }
}
