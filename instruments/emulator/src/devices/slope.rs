//! A level of a dc source that follows its set-point at a limited rate.

use gridproof_plant::Nanos;

use crate::field::{MILLISECOND, SECOND};

/// How often a level on its way is sent: the plant takes dc sources as they are every 20 ms.
const STEP: Nanos = 20 * MILLISECOND;

/// A level and where it is going.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Slope {
    from: f64,
    to: f64,
    start: Nanos,
    end: Nanos,
}

impl Slope {
    /// Sets out for `to`, which it reaches after `seconds`; it goes on if it is on the way there.
    pub(crate) fn head_for(&mut self, to: f64, seconds: f64, now: Nanos) {
        if to == self.to {
            return;
        }
        *self = Self {
            from: self.value(now),
            to,
            start: now,
            end: now + (seconds.max(0.0) * SECOND as f64) as Nanos,
        };
    }

    /// The same at a rate per second; not finite or not positive is at once.
    pub(crate) fn head_for_at(&mut self, to: f64, per_s: f64, now: Nanos) {
        let seconds = (to - self.value(now)).abs() / per_s;
        self.head_for(to, if per_s > 0.0 { seconds } else { 0.0 }, now);
    }

    /// Stands at a level at once.
    pub(crate) fn rest(&mut self, at: f64) {
        *self = Self {
            from: at,
            to: at,
            start: 0,
            end: 0,
        };
    }

    /// The level now.
    pub(crate) fn value(&self, now: Nanos) -> f64 {
        if now >= self.end {
            return self.to;
        }
        let done = now.saturating_sub(self.start) as f64 / (self.end - self.start) as f64;
        self.from + done * (self.to - self.from)
    }

    /// When it is to be sent again after `now`, while it moves.
    pub(crate) fn next(&self, now: Nanos) -> Option<Nanos> {
        (now < self.end).then(|| (now + STEP).min(self.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_straight_to_its_end_and_turns_where_it_is() {
        let mut slope = Slope::default();
        slope.head_for_at(100.0, 50.0, SECOND);
        assert_eq!(slope.value(2 * SECOND), 50.0);
        assert_eq!(slope.next(2 * SECOND), Some(2 * SECOND + STEP));
        assert_eq!(slope.next(3 * SECOND - 1), Some(3 * SECOND));
        slope.head_for_at(0.0, 50.0, 2 * SECOND);
        assert_eq!(slope.value(2 * SECOND + SECOND / 2), 25.0);
        assert_eq!(
            (slope.value(3 * SECOND), slope.next(3 * SECOND)),
            (0.0, None)
        );
        slope.head_for_at(7.0, f64::INFINITY, 4 * SECOND);
        assert_eq!(
            (slope.value(4 * SECOND), slope.next(4 * SECOND)),
            (7.0, None)
        );
        slope.rest(3.0);
        assert_eq!(slope.value(0), 3.0);
    }
}
