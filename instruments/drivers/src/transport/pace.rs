//! Minimum distance between two messages, kept on the bench clock.

use std::rc::Rc;
use std::time::Duration;

use crate::clock::Clock;

/// Some instruments lose messages that follow too closely; this holds the next one back.
pub struct Pace {
    clock: Rc<dyn Clock>,
    gap: Duration,
    last: Option<Duration>,
}

impl Pace {
    /// At least `gap` of bench time between messages.
    pub fn new(clock: Rc<dyn Clock>, gap: Duration) -> Self {
        Pace {
            clock,
            gap,
            last: None,
        }
    }

    /// Wait until the next message may go out.
    pub async fn wait(&mut self) {
        let Some(last) = self.last else { return };
        let rest = (last + self.gap).saturating_sub(self.clock.now());
        if !rest.is_zero() {
            self.clock.sleep(rest).await;
        }
    }

    /// A message went out or a reply came in: the gap starts again.
    pub fn mark(&mut self) {
        self.last = Some(self.clock.now());
    }
}
