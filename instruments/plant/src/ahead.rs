//! What the signals will look like: instruments that analyse waveforms need samples while the bench
//! itself runs in phasors.

use crate::capture::CaptureError;
use crate::plant::Plant;
use crate::signal::{Capture, CaptureSpec, Signal, Trigger};

impl Plant {
    /// The true signals from now on: `samples` at `rate_hz`, the first of them now, if nothing happens
    /// in between but what is scheduled. A copy of the plant runs ahead; this one stays where it is,
    /// and so does an armed capture.
    ///
    /// # Errors
    /// As [`Plant::arm`].
    pub fn ahead(
        &mut self,
        signals: Vec<Signal>,
        rate_hz: u32,
        samples: usize,
    ) -> Result<Capture, CaptureError> {
        // the samples of an armed capture may be many: they are not copied
        let armed = self.capture.take();
        let mut copy = self.clone();
        self.capture = armed;
        copy.arm(CaptureSpec {
            signals,
            rate_hz,
            samples,
            pre_samples: 0,
            trigger: Trigger::Immediate,
            low_pass: Vec::new(),
        })?;
        let period = 1_000_000_000 / u64::from(rate_hz);
        let end = copy.now() + samples as u64 * period;
        copy.advance_to(end);
        Ok(copy.take_capture().unwrap_or(Capture {
            signals: Vec::new(),
            rate_hz,
            start_ns: self.now(),
            trigger_index: 0,
            data: Vec::new(),
        }))
    }
}
