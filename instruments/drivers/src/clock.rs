//! Time as a value. Real benches run on the wall clock, emulated ones on virtual time that
//! advances only while somebody sleeps on it.

use std::time::Duration;

/// Bench time.
#[async_trait::async_trait(?Send)]
pub trait Clock {
    /// Time since the bench was started.
    fn now(&self) -> Duration;

    /// Let `span` of bench time pass. On an emulated bench this is what moves the physics.
    async fn sleep(&self, span: Duration);
}
