//! Missing samples: refused or counted, never silently used.

use super::error::{ImportError, ImportErrorKind as Kind};

/// Counts missing samples per channel read.
pub(crate) struct Gaps {
    allow: bool,
    counts: Vec<u64>,
}

impl Gaps {
    pub(crate) fn new(allow: bool, channels: usize) -> Self {
        Self {
            allow,
            counts: vec![0; channels],
        }
    }

    /// Missing samples per channel so far.
    pub(crate) fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// A sample of `channel` is missing; `refuse` makes the place of the error.
    pub(crate) fn hit(
        &mut self,
        channel: usize,
        refuse: impl FnOnce(Refusal) -> ImportError,
    ) -> Result<(), ImportError> {
        if self.allow {
            if let Some(count) = self.counts.get_mut(channel) {
                *count += 1;
            }
            Ok(())
        } else {
            Err(refuse(Refusal {
                kind: Kind::Missing,
                hint: "record again, leave the channel or the time out, or allow gaps to get NaN there",
            }))
        }
    }
}

/// Kind and hint of the error for a missing sample.
pub(crate) struct Refusal {
    pub(crate) kind: Kind,
    pub(crate) hint: &'static str,
}
