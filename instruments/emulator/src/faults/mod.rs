//! Faults as they are played: which are ahead, on, or over, and what they do to replies.

pub(crate) mod inject;

use gridproof_model::fault::{FaultEntry, FaultKind};
use gridproof_plant::Nanos;
use serde::Serialize;

use crate::rng::Rng;

/// Where a fault is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultPhase {
    /// Not yet begun.
    Ahead,
    /// Now.
    On,
    /// Past.
    Over,
}

/// A scheduled fault, for a listing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FaultStatus {
    /// What was asked for.
    #[serde(flatten)]
    pub entry: FaultEntry,
    /// Where it is in its life.
    pub phase: FaultPhase,
    /// Replies it has spoilt.
    pub spoilt: u32,
}

struct Scheduled {
    entry: FaultEntry,
    begins: Nanos,
    /// `Nanos::MAX`: never.
    ends: Nanos,
    phase: FaultPhase,
    spoilt: u32,
}

/// A fault begins or ends now.
#[derive(Debug, PartialEq)]
pub(crate) enum Change {
    Begins(FaultEntry),
    Ends(FaultEntry),
}

/// What becomes of a reply.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// It goes out now, perhaps spoilt.
    Now(Vec<u8>),
    /// It goes out later.
    At(Nanos, Vec<u8>),
    /// It is lost.
    Never,
}

/// All faults of a bench.
pub(crate) struct Faults {
    scheduled: Vec<Scheduled>,
    garbage: Rng,
}

fn nanos(seconds: f64) -> Nanos {
    // negative and not-a-number become 0, too large the end of time
    (seconds * 1e9).round() as Nanos
}

impl Faults {
    /// None.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            scheduled: Vec::new(),
            garbage: Rng::new(seed, "faults", "garbage"),
        }
    }

    /// Schedules a fault; one whose time has passed begins with the next [`Faults::due`].
    pub(crate) fn add(&mut self, entry: FaultEntry, now: Nanos) {
        let begins = entry.at.map_or(now, |at| nanos(at.0)).max(now);
        let momentary = match entry.fault {
            FaultKind::SourceTrip => true,
            FaultKind::ResetConnection => entry.during.is_none(),
            FaultKind::DropReply
            | FaultKind::LateReply
            | FaultKind::TruncateReply
            | FaultKind::GarbageReply
            | FaultKind::Silence
            | FaultKind::StuckOpen
            | FaultKind::StuckClosed
            | FaultKind::MeterDrift
            | FaultKind::ClockSkew => false,
        };
        let ends = match entry.during {
            _ if momentary => begins,
            Some(during) => begins.saturating_add(nanos(during.0)),
            None => Nanos::MAX,
        };
        self.scheduled.push(Scheduled {
            entry,
            begins,
            ends,
            phase: FaultPhase::Ahead,
            spoilt: 0,
        });
    }

    /// When the next fault begins or ends.
    pub(crate) fn next_event(&self) -> Option<Nanos> {
        self.scheduled
            .iter()
            .filter_map(|fault| match fault.phase {
                FaultPhase::Ahead => Some(fault.begins),
                FaultPhase::On => Some(fault.ends).filter(|&ends| ends != Nanos::MAX),
                FaultPhase::Over => None,
            })
            .min()
    }

    /// What begins or ends up to `now`, in the order of the schedule.
    pub(crate) fn due(&mut self, now: Nanos) -> Vec<Change> {
        let mut changes = Vec::new();
        for fault in &mut self.scheduled {
            if fault.phase == FaultPhase::Ahead && fault.begins <= now {
                fault.phase = FaultPhase::On;
                changes.push(Change::Begins(fault.entry.clone()));
            }
            if fault.phase == FaultPhase::On && fault.ends <= now {
                fault.phase = FaultPhase::Over;
                changes.push(Change::Ends(fault.entry.clone()));
            }
        }
        changes
    }

    /// New connections to the instrument are reset at once.
    pub(crate) fn refuses(&self, instrument: &str) -> bool {
        self.on(instrument)
            .any(|fault| fault.entry.fault == FaultKind::ResetConnection)
    }

    fn on(&self, instrument: &str) -> impl Iterator<Item = &Scheduled> {
        self.scheduled.iter().filter(move |fault| {
            fault.phase == FaultPhase::On && fault.entry.instrument.value == instrument
        })
    }

    /// What becomes of a reply of an instrument: everything it sent in answer to what it had
    /// received at once counts as one reply. The first fault of the schedule that is on decides.
    pub(crate) fn deliver(&mut self, instrument: &str, now: Nanos, reply: Vec<u8>) -> Delivery {
        let fault = self.scheduled.iter_mut().find(|fault| {
            let kind = fault.entry.fault;
            fault.phase == FaultPhase::On
                && fault.entry.instrument.value == instrument
                && (kind.spoils_replies() || kind == FaultKind::Silence)
        });
        let Some(fault) = fault else {
            return Delivery::Now(reply);
        };
        fault.spoilt = fault.spoilt.saturating_add(1);
        if fault.entry.count.is_some_and(|count| fault.spoilt >= count) {
            fault.phase = FaultPhase::Over;
        }
        match fault.entry.fault {
            FaultKind::LateReply => {
                let delay = fault.entry.delay.map_or(0.0, |delay| delay.0);
                Delivery::At(now.saturating_add(nanos(delay)), reply)
            }
            FaultKind::TruncateReply => {
                let mut reply = reply;
                reply.truncate(reply.len() / 2);
                Delivery::Now(reply)
            }
            FaultKind::GarbageReply => Delivery::Now(garbled(reply, &mut self.garbage)),
            FaultKind::DropReply
            | FaultKind::Silence
            | FaultKind::ResetConnection
            | FaultKind::StuckOpen
            | FaultKind::StuckClosed
            | FaultKind::SourceTrip
            | FaultKind::MeterDrift
            | FaultKind::ClockSkew => Delivery::Never,
        }
    }

    /// Every fault with where it is in its life.
    pub(crate) fn list(&self) -> Vec<FaultStatus> {
        self.scheduled
            .iter()
            .map(|fault| FaultStatus {
                entry: fault.entry.clone(),
                phase: fault.phase,
                spoilt: fault.spoilt,
            })
            .collect()
    }
}

/// Every byte replaced, apart from the line end of a text: it still arrives as a reply.
fn garbled(mut reply: Vec<u8>, rng: &mut Rng) -> Vec<u8> {
    let text = reply
        .last()
        .is_some_and(|&last| last == b'\n' || last == b'\r');
    let body = reply
        .iter()
        .rposition(|&byte| !text || (byte != b'\n' && byte != b'\r'))
        .map_or(0, |last| last + 1);
    for byte in &mut reply[..body] {
        let noise = (rng.next() >> 32) as u8;
        *byte = if text { b'!' + noise % 15 } else { noise };
    }
    reply
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridproof_model::load::parse_fault;

    fn faults(texts: &[&str]) -> Faults {
        let mut faults = Faults::new(1);
        for text in texts {
            faults.add(parse_fault("fault", text).expect("a fault"), 0);
        }
        faults
    }

    fn ok() -> Vec<u8> {
        b"0,\"No Error\"\n".to_vec()
    }

    #[test]
    fn counted_faults_end_with_their_last_reply() {
        let mut faults = faults(&["{at: 1 s, instrument: grid, fault: drop-reply, count: 2}"]);
        assert_eq!(faults.next_event(), Some(1_000_000_000));
        assert_eq!(faults.deliver("grid", 0, ok()), Delivery::Now(ok()));
        assert_eq!(faults.due(1_000_000_000).len(), 1);
        assert_eq!(faults.deliver("pv", 0, ok()), Delivery::Now(ok()));
        for _ in 0..2 {
            assert_eq!(faults.deliver("grid", 0, ok()), Delivery::Never);
        }
        assert_eq!(faults.deliver("grid", 0, ok()), Delivery::Now(ok()));
        assert_eq!(faults.next_event(), None);
        assert_eq!(faults.list()[0].phase, FaultPhase::Over);
    }

    #[test]
    fn timed_faults_end_with_their_time() {
        let mut faults =
            faults(&["{at: 1 s, during: 500 ms, instrument: grid, fault: late-reply, delay: 2 s}"]);
        faults.due(1_000_000_000);
        assert_eq!(
            faults.deliver("grid", 1_200_000_000, ok()),
            Delivery::At(3_200_000_000, ok())
        );
        assert_eq!(faults.next_event(), Some(1_500_000_000));
        let changes = faults.due(1_500_000_000);
        assert!(matches!(changes[..], [Change::Ends(_)]), "{changes:?}");
        assert_eq!(
            faults.deliver("grid", 1_600_000_000, ok()),
            Delivery::Now(ok())
        );
    }

    #[test]
    fn spoilt_replies() {
        let mut cut = faults(&["{instrument: grid, fault: truncate-reply}"]);
        cut.due(0);
        assert_eq!(
            cut.deliver("grid", 0, ok()),
            Delivery::Now(b"0,\"No ".to_vec())
        );
        let mut noisy = faults(&["{instrument: grid, fault: garbage-reply}"]);
        noisy.due(0);
        let Delivery::Now(text) = noisy.deliver("grid", 0, ok()) else {
            panic!("a reply");
        };
        assert_eq!((text.len(), text.last()), (ok().len(), Some(&b'\n')));
        assert!(!text.starts_with(b"0,"), "{text:?}");
        let modbus = vec![0, 1, 0, 0, 0, 3, 1, 3, 2];
        assert_ne!(
            noisy.deliver("grid", 0, modbus.clone()),
            Delivery::Now(modbus)
        );
    }

    #[test]
    fn a_reset_refuses_only_while_it_lasts() {
        let mut once = faults(&["{instrument: pv, fault: reset-connection}"]);
        assert_eq!(once.due(0).len(), 2);
        assert!(!once.refuses("pv"));
        let mut longer = faults(&["{instrument: pv, fault: reset-connection, during: 1 s}"]);
        assert_eq!(longer.due(0).len(), 1);
        assert!(longer.refuses("pv") && !longer.refuses("grid"));
        longer.due(1_000_000_000);
        assert!(!longer.refuses("pv"));
    }
}
