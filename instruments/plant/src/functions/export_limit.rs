//! Soft and hard limit of the export, seen by the meter between the source and the PCC.

use crate::config::ExportLimit;
use crate::dispatch::SLOW_S;
use crate::response::Lag;
use crate::rest::Fingerprint;

/// The control.
#[derive(Debug, Clone)]
pub(crate) struct ExportControl {
    /// Soft limit, W.
    pub(crate) soft_w: Option<f64>,
    hard_w: Option<f64>,
    hard_s: f64,
    /// What the site consumes besides the DUT, W.
    load: Lag,
    beyond_s: f64,
}

impl ExportControl {
    /// No site load known yet.
    pub(crate) fn new(config: Option<ExportLimit>) -> Self {
        Self {
            soft_w: config.and_then(|c| c.soft_w),
            hard_w: config.and_then(|c| c.hard_w),
            hard_s: config.map_or(0.0, |c| c.hard_s),
            load: Lag::new(config.map_or(0.2, |c| c.tau_s), SLOW_S, 0.0),
            beyond_s: 0.0,
        }
    }

    /// One slow step with the metered import `site_w` (> 0 from the source) and the DUT's own
    /// output; the ceiling of its output, W.
    #[inline]
    pub(crate) fn step(&mut self, site_w: f64, dut_w: f64) -> f64 {
        if self.absent() {
            return f64::INFINITY;
        }
        let load = self.load.step(site_w + dut_w);
        self.beyond_s = if self.hard_w.is_some_and(|limit| -site_w > limit) {
            self.beyond_s + SLOW_S
        } else {
            0.0
        };
        self.soft_w.map_or(f64::INFINITY, |soft| soft + load)
    }

    /// There is no limit.
    pub(crate) fn absent(&self) -> bool {
        self.soft_w.is_none() && self.hard_w.is_none()
    }

    /// The hard limit has been exceeded for its time.
    pub(crate) fn must_disconnect(&self) -> bool {
        self.beyond_s > 0.0 && self.beyond_s >= self.hard_s - 1e-9
    }

    /// What moves.
    pub(crate) fn fingerprint(&self, f: &mut Fingerprint) {
        f.add(self.load.y * 1e-4);
        f.add(self.beyond_s);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(hard_w: Option<f64>) -> ExportControl {
        ExportControl::new(Some(ExportLimit {
            soft_w: Some(500.0),
            hard_w,
            hard_s: 1.0,
            tau_s: 0.2,
        }))
    }

    #[test]
    fn the_ceiling_is_the_limit_plus_the_load() {
        let mut export = control(None);
        let mut p = 4000.0;
        for _ in 0..200 {
            // a load of 1200 W beside the DUT
            p = export.step(1200.0 - p, p).min(4000.0);
        }
        assert!((p - 1700.0).abs() < 1e-4, "{p}");
    }

    #[test]
    fn the_hard_limit_needs_its_time() {
        let mut export = control(Some(1000.0));
        let steps = (1..200).find(|_| {
            export.step(-1100.0, 2000.0);
            export.must_disconnect()
        });
        assert_eq!(steps, Some(50));
        export.step(-900.0, 2000.0);
        assert!(!export.must_disconnect());
    }
}
