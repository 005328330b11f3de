//! A command that is approached over a time instead of at once (`RmpTms`).

use gridproof_plant::Nanos;

use crate::field::{MILLISECOND, SECOND};

/// Period of the steps of a ramp.
const STEP: Nanos = 200 * MILLISECOND;

/// A value on its way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Glide {
    from: f64,
    to: f64,
    start: Nanos,
    end: Nanos,
    next: Option<Nanos>,
}

impl Glide {
    /// At rest.
    pub(crate) fn at(value: f64) -> Self {
        Self {
            from: value,
            to: value,
            start: 0,
            end: 0,
            next: None,
        }
    }

    /// Value at a time.
    fn value(&self, now: Nanos) -> f64 {
        if now >= self.end {
            return self.to;
        }
        let done = (now - self.start) as f64 / (self.end - self.start) as f64;
        self.from + done * (self.to - self.from)
    }

    /// Sets out for another value; true when that is a new one.
    pub(crate) fn head_for(&mut self, to: f64, seconds: f64, now: Nanos) -> bool {
        if to == self.to {
            return false;
        }
        let length = (seconds.max(0.0) * SECOND as f64) as Nanos;
        *self = Self {
            from: self.value(now),
            to,
            start: now,
            end: now + length,
            next: Some(now),
        };
        true
    }

    /// When it next moves.
    pub(crate) fn next(&self) -> Option<Nanos> {
        self.next
    }

    /// The value to send now, if it moves now.
    pub(crate) fn step(&mut self, now: Nanos) -> Option<f64> {
        if self.next.is_none_or(|due| due > now) {
            return None;
        }
        self.next = (now < self.end).then(|| (now + STEP).min(self.end));
        Some(self.value(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_arrives_on_time() {
        let mut glide = Glide::at(1.0);
        assert!(!glide.head_for(1.0, 5.0, 0));
        assert!(glide.head_for(0.5, 1.0, SECOND));
        let mut seen = Vec::new();
        while let Some(due) = glide.next() {
            seen.push((due, glide.step(due).expect("a step")));
        }
        assert_eq!(seen.len(), 6);
        assert_eq!(seen[0], (SECOND, 1.0));
        assert!((seen[3].1 - 0.7).abs() < 1e-12);
        assert_eq!(seen[5], (2 * SECOND, 0.5));
        assert!(glide.head_for(0.8, 0.0, 3 * SECOND));
        assert_eq!(glide.step(3 * SECOND), Some(0.8));
        assert_eq!(glide.next(), None);
    }
}
