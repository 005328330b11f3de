//! Events: the only way out of the runner. Terminal, journal and reports are equal consumers.
//!
//! Times are bench time: virtual on the emulated bench. The journal writes one event a line,
//! each with the SHA-256 of the line before it.

use serde::{Deserialize, Serialize};

use crate::capture::ChannelKind;
use crate::record::{Acquisition, Reading};
use crate::verdict::Verdict;

/// One event with its place in the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Position in the journal, from 0, without gaps.
    pub seq: u64,
    /// Case the event belongs to; empty for the run itself.
    pub case: String,
    /// Bench time since the bench of this test was started, s.
    pub at_s: f64,
    /// What happened.
    pub what: EventKind,
}

/// A share of a long test, which an emulated bench runs from cold to safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// From 1.
    pub number: usize,
    /// How many shares the test has, at least 2.
    pub of: usize,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum EventKind {
    /// The run begins; its header is `run.json`.
    RunStarted {
        /// Number of cases planned.
        cases: usize,
    },
    /// A test, or a part of a long one, begins on a fresh bench.
    TestStarted {
        /// Test.
        test: String,
        /// DUT.
        dut: String,
        /// The part; absent when it is the whole test.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        part: Option<Part>,
        /// Cases planned.
        cases: usize,
    },
    /// A test will not be run, with the reason.
    TestSkipped {
        /// Test.
        test: String,
        /// DUT.
        dut: String,
        /// Why it is not applicable.
        reason: String,
    },
    /// An instrument answered its identification.
    Identified {
        /// Role in the bench.
        role: String,
        /// Its reply.
        identity: String,
    },
    /// A case begins.
    CaseStarted {
        /// Its label.
        label: String,
    },
    /// An instrument or the DUT was told something.
    Stimulus {
        /// Role.
        role: String,
        /// Sentence with values and units.
        action: String,
    },
    /// The envelope refused a command; nothing was sent.
    Refused {
        /// Role.
        role: String,
        /// What and why.
        reason: String,
    },
    /// A reading was taken.
    Read {
        /// The reading.
        reading: Reading,
    },
    /// A capture was stored.
    Captured {
        /// The file and its scaling.
        capture: StoredCapture,
    },
    /// A remark worth keeping: settled, did not settle, tuned load.
    Note {
        /// Sentence.
        text: String,
    },
    /// A case's acquisition ended.
    CaseEnded {
        /// How.
        acquisition: Acquisition,
    },
    /// One item of the safe-state sequence, with its proof.
    SafeStateItem {
        /// Item: `dut`, `grid`, `pv`…
        item: String,
        /// Off and proven.
        proven: bool,
        /// The reading that proves it, or what failed.
        proof: String,
    },
    /// A test, or a part of one, ended and the bench is in safe state (or not).
    TestEnded {
        /// Test.
        test: String,
        /// DUT.
        dut: String,
        /// Every item of the safe state was proven.
        safe: bool,
    },
    /// Preliminary verdict of a case, for progress only; the record is judged again at the end.
    Judged {
        /// Verdict.
        verdict: Verdict,
        /// Sentence.
        reason: String,
    },
    /// The run ended.
    RunEnded {
        /// How.
        outcome: RunOutcome,
    },
}

/// How a run ended. Ordered by urgency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunOutcome {
    /// Everything planned was carried out.
    Completed,
    /// The operator stopped it; the bench is safe.
    Aborted,
    /// At least one output could not be proven off.
    LeftEnergised,
}

/// A capture on disk: one Parquet file with one column of raw codes per channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredCapture {
    /// Name inside its case.
    pub name: String,
    /// File name under `recordings/`.
    pub file: String,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// Samples per second.
    pub rate_hz: f64,
    /// Bench time of sample 0, s.
    pub start_s: f64,
    /// Index of the trigger sample.
    pub trigger_index: usize,
    /// Samples per channel.
    pub samples: usize,
    /// Channels in column order.
    pub channels: Vec<StoredChannel>,
}

/// Scaling of one column: value = code × scale + offset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredChannel {
    /// What it is connected to; the column is named [`ChannelKind::name`].
    pub kind: ChannelKind,
    /// Unit per code.
    pub scale: f64,
    /// Value at code 0.
    pub offset: f64,
    /// Clip code of the converter.
    pub clip_code: i16,
}
