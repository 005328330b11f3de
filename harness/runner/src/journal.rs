//! The journal: one event a line, each line carrying the SHA-256 of the line before it.
//!
//! Tests run on several emulated benches at once must still give one reproducible journal: the
//! events of the oldest unfinished share are written as they come, those of later ones wait.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use gridproof_model::event::{Event, EventKind};
use gridproof_recordings::sha256_hex;
use serde::{Deserialize, Serialize};

use crate::error::RunError;

/// A line of `events.ndjson`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    /// SHA-256 of the previous line without its line break, hex; empty on the first.
    pub(crate) prev: String,
    /// The event.
    #[serde(flatten)]
    pub(crate) event: Event,
}

/// Writer of the journal.
pub(crate) struct Journal {
    path: PathBuf,
    out: BufWriter<File>,
    seq: u64,
    prev: String,
    /// Share whose events are written as they come.
    head: usize,
    waiting: BTreeMap<usize, Vec<Event>>,
    finished: Vec<usize>,
}

impl Journal {
    /// Create `events.ndjson` in `dir`.
    pub(crate) fn create(dir: &Path) -> Result<Self, RunError> {
        let path = dir.join("events.ndjson");
        let out = BufWriter::new(File::create(&path).map_err(RunError::file(&path))?);
        Ok(Self {
            path,
            out,
            seq: 0,
            prev: String::new(),
            head: 0,
            waiting: BTreeMap::new(),
            finished: Vec::new(),
        })
    }

    /// Write an event of the run itself.
    pub(crate) fn write(&mut self, what: EventKind) -> Result<(), RunError> {
        self.line(Event {
            seq: 0,
            case: String::new(),
            at_s: 0.0,
            what,
        })
    }

    /// Take an event of share number `share`.
    pub(crate) fn share_event(&mut self, share: usize, event: Event) -> Result<(), RunError> {
        if share == self.head {
            return self.line(event);
        }
        self.waiting.entry(share).or_default().push(event);
        Ok(())
    }

    /// Share number `share` has no more events. Those of the next follow as far as they came.
    pub(crate) fn share_finished(&mut self, share: usize) -> Result<(), RunError> {
        self.finished.push(share);
        while self.finished.contains(&self.head) {
            self.head += 1;
            for event in self.waiting.remove(&self.head).unwrap_or_default() {
                self.line(event)?;
            }
        }
        Ok(())
    }

    /// Write what waits whatever its order: the run was stopped.
    pub(crate) fn drain(&mut self) -> Result<(), RunError> {
        for event in std::mem::take(&mut self.waiting).into_values().flatten() {
            self.line(event)?;
        }
        Ok(())
    }

    fn line(&mut self, mut event: Event) -> Result<(), RunError> {
        event.seq = self.seq;
        let text = serde_json::to_string(&Line {
            prev: std::mem::take(&mut self.prev),
            event,
        })
        .map_err(|error| RunError::Record {
            path: self.path.clone(),
            problem: error.to_string(),
        })?;
        writeln!(self.out, "{text}").map_err(RunError::file(&self.path))?;
        self.prev = sha256_hex(text.as_bytes());
        self.seq += 1;
        self.flush()
    }

    /// After every line: what is in the journal survives a crash of the program.
    fn flush(&mut self) -> Result<(), RunError> {
        self.out.flush().map_err(RunError::file(&self.path))
    }
}

/// Read a journal back; the chain of hashes and numbers must hold.
pub(crate) fn read(dir: &Path) -> Result<Vec<Event>, RunError> {
    let path = dir.join("events.ndjson");
    let text = std::fs::read_to_string(&path).map_err(RunError::file(&path))?;
    let mut prev = String::new();
    let mut events = Vec::new();
    for (index, raw) in text.lines().enumerate() {
        let broken = |problem: String| RunError::Record {
            path: path.clone(),
            problem: format!("line {}: {problem}", index + 1),
        };
        let line: Line = serde_json::from_str(raw).map_err(|error| broken(error.to_string()))?;
        if line.prev != prev {
            return Err(broken(
                "the chain of hashes is broken: a line before this one was changed or removed"
                    .into(),
            ));
        }
        if line.event.seq != index as u64 {
            return Err(broken(format!(
                "event number {} where {index} was expected",
                line.event.seq
            )));
        }
        prev = sha256_hex(raw.as_bytes());
        events.push(line.event);
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use gridproof_model::event::RunOutcome;

    use super::*;

    fn note(text: &str) -> Event {
        Event {
            seq: 0,
            case: "c".into(),
            at_s: 1.5,
            what: EventKind::Note { text: text.into() },
        }
    }

    fn texts(dir: &Path) -> Vec<String> {
        read(dir)
            .unwrap()
            .into_iter()
            .filter_map(|event| {
                if let EventKind::Note { text } = event.what {
                    Some(text)
                } else {
                    None
                }
            })
            .collect()
    }

    #[test]
    fn order_does_not_depend_on_arrival() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(dir.path()).unwrap();
        journal.share_event(1, note("b1")).unwrap();
        journal.share_event(0, note("a1")).unwrap();
        journal.share_finished(2).unwrap();
        journal.share_event(1, note("b2")).unwrap();
        journal.share_finished(0).unwrap();
        journal.share_event(1, note("b3")).unwrap();
        journal.share_finished(1).unwrap();
        journal
            .write(EventKind::RunEnded {
                outcome: RunOutcome::Completed,
            })
            .unwrap();
        journal.drain().unwrap();
        assert_eq!(texts(dir.path()), ["a1", "b1", "b2", "b3"]);
    }

    #[test]
    fn a_changed_line_breaks_the_chain() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(dir.path()).unwrap();
        for text in ["one", "two", "three"] {
            journal.share_event(0, note(text)).unwrap();
        }
        journal.drain().unwrap();
        let path = dir.path().join("events.ndjson");
        let changed = std::fs::read_to_string(&path)
            .unwrap()
            .replace("two", "TWO");
        std::fs::write(&path, changed).unwrap();
        let error = read(dir.path()).unwrap_err().to_string();
        assert!(
            error.contains("line 3") && error.contains("chain"),
            "{error}"
        );
    }
}
