//! Protections of sources that look at the metered output: beyond a limit for a delay, trip.

use gridproof_plant::Nanos;

use crate::field::MILLISECOND;

/// How often protections look: once per metering window of the plant.
pub(crate) const PERIOD: Nanos = 200 * MILLISECOND;

/// A protection with its delay.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    next: Option<Nanos>,
    over_since: Option<Nanos>,
}

impl Watch {
    /// Looks from now on.
    pub(crate) fn arm(&mut self, now: Nanos) {
        self.next = Some((now / PERIOD + 1) * PERIOD);
        self.over_since = None;
    }

    /// Looks no more.
    pub(crate) fn disarm(&mut self) {
        *self = Self::default();
    }

    /// When it looks next.
    pub(crate) fn next(&self) -> Option<Nanos> {
        self.next
    }

    /// Whether it is time to look; sets the next time.
    pub(crate) fn due(&mut self, now: Nanos) -> bool {
        match self.next {
            Some(next) if next <= now => {
                self.next = Some((now / PERIOD + 1) * PERIOD);
                true
            }
            Some(_) | None => false,
        }
    }

    /// What it sees now: true when it has been beyond its limit for `delay_s`. The first look at
    /// an excess already covers one window.
    pub(crate) fn trips(&mut self, now: Nanos, beyond: bool, delay_s: f64) -> bool {
        if !beyond {
            self.over_since = None;
            return false;
        }
        let since = *self
            .over_since
            .get_or_insert_with(|| now.saturating_sub(PERIOD));
        (now - since) as f64 * 1e-9 >= delay_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trips_after_its_delay_and_forgets_a_dip() {
        let mut watch = Watch::default();
        watch.arm(0);
        assert_eq!(watch.next(), Some(PERIOD));
        let mut look = |n: u64, beyond| {
            assert!(watch.due(n * PERIOD));
            watch.trips(n * PERIOD, beyond, 0.5)
        };
        assert!(!look(1, true));
        assert!(!look(2, true));
        assert!(!look(3, false));
        assert!(!look(4, true));
        assert!(!look(5, true));
        assert!(look(6, true));
    }
}
