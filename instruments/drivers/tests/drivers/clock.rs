//! A clock that counts what was slept instead of sleeping.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use gridproof_instruments::clock::Clock;

#[derive(Default)]
pub(crate) struct TestClock {
    now: Cell<Duration>,
    pub(crate) slept: RefCell<Vec<Duration>>,
}

impl TestClock {
    pub(crate) fn new() -> Rc<TestClock> {
        Rc::default()
    }

    pub(crate) fn total(&self) -> Duration {
        self.now.get()
    }
}

#[async_trait::async_trait(?Send)]
impl Clock for TestClock {
    fn now(&self) -> Duration {
        self.now.get()
    }

    async fn sleep(&self, span: Duration) {
        self.now.set(self.now.get() + span);
        self.slept.borrow_mut().push(span);
    }
}
