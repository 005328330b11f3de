//! The two clocks: virtual time of the emulated bench and the wall clock of a real one.

use std::rc::Rc;
use std::time::{Duration, Instant};

use gridproof_emulator::EmulatedBench;
use gridproof_instruments::clock::Clock;

/// Bench time that moves only while somebody sleeps on it, and then at once.
pub struct VirtualClock {
    bench: Rc<EmulatedBench>,
}

impl VirtualClock {
    /// The clock of this emulated bench.
    pub fn new(bench: Rc<EmulatedBench>) -> Self {
        Self { bench }
    }
}

#[async_trait::async_trait(?Send)]
impl Clock for VirtualClock {
    fn now(&self) -> Duration {
        self.bench.now()
    }

    async fn sleep(&self, span: Duration) {
        self.bench.advance_to(self.bench.now() + span);
    }
}

/// The wall clock, for real benches.
pub struct WallClock {
    started: Instant,
}

impl WallClock {
    /// Bench time starts now.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where a real bench reads the wall clock"
    )]
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

#[async_trait::async_trait(?Send)]
impl Clock for WallClock {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    async fn sleep(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}
