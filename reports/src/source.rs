//! Where the plots get their waveforms from.

use gridproof_model::capture::Capture;

/// Access to the recordings of a run. A report asks only for what it plots, each file once, from
/// several threads.
pub trait CaptureSource: Sync {
    /// The capture in `file` (as in `CaseResult::recordings`), or `None` if it is not available;
    /// the report then says so in place of the plot.
    fn load(&self, file: &str) -> Option<Capture>;
}

/// No recordings at hand: reports without waveforms.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCaptures;

impl CaptureSource for NoCaptures {
    fn load(&self, _file: &str) -> Option<Capture> {
        None
    }
}

impl<F: Fn(&str) -> Option<Capture> + Sync> CaptureSource for F {
    fn load(&self, file: &str) -> Option<Capture> {
        self(file)
    }
}
