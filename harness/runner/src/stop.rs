//! The operator's wish to stop, shared between the signal handler and every worker.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Cloneable flag; once raised it stays raised.
#[derive(Debug, Clone, Default)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// Ask every worker to stop: the running case is abandoned, the bench made safe.
    pub fn raise(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Has anybody asked?
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
