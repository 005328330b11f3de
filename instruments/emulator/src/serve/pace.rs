//! The wall clock of a bench that is served in real time. Nothing else here reads it.

use std::time::{Duration, Instant};

/// Where bench time ought to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    started: Instant,
    origin: Duration,
    speed: f64,
}

impl Pace {
    /// From `origin` on, `speed` times the wall clock.
    #[expect(
        clippy::disallowed_methods,
        reason = "strangers' clients live by the wall clock, and the bench that serves them must"
    )]
    pub(crate) fn start(origin: Duration, speed: f64) -> Self {
        Self {
            started: Instant::now(),
            origin,
            speed,
        }
    }

    /// Bench time that goes with the present moment.
    pub(crate) fn target(&self) -> Duration {
        self.origin + self.started.elapsed().mul_f64(self.speed)
    }

    /// Jumps ahead.
    pub(crate) fn skip(&mut self, by: Duration) {
        self.origin += by;
    }

    /// Bench time that passes in `wall`, at least as long as `wall` itself.
    pub(crate) fn stretch(&self, wall: Duration) -> Duration {
        wall.mul_f64(self.speed.max(1.0))
    }
}
