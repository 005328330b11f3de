//! A stored run as reports need it: header, identities, outcome, captures, hashes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gridproof_model::capture::Capture;
use gridproof_model::event::{EventKind, RunOutcome, StoredCapture};
use gridproof_recordings::sha256_hex;
use serde::{Deserialize, Serialize};

use crate::error::RunError;
use crate::header::{RunHeader, write_json};
use crate::journal;

/// Version of `manifest.json`.
const MANIFEST_FORMAT: u32 = 1;

/// A file of a run with its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HashedFile {
    /// Path inside the run's folder.
    pub path: String,
    /// SHA-256, hex.
    pub sha256: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Manifest {
    format: u32,
    files: Vec<HashedFile>,
}

/// What a record says besides its verdicts.
#[derive(Debug, Clone)]
pub struct StoredRun {
    /// Folder.
    pub dir: PathBuf,
    /// Header.
    pub header: RunHeader,
    /// Replies to identification by role, from the first test that asked.
    pub identities: Vec<(String, String)>,
    /// How it ended; `None` when the journal breaks off.
    pub outcome: Option<RunOutcome>,
    /// Bench time of all tests together, s.
    pub bench_s: f64,
    captures: BTreeMap<String, StoredCapture>,
}

impl StoredRun {
    /// Read header and journal.
    ///
    /// # Errors
    /// When either is missing or damaged.
    pub fn open(dir: &Path) -> Result<Self, RunError> {
        let header = RunHeader::read(dir)?;
        let mut run = Self {
            dir: dir.to_owned(),
            header,
            identities: Vec::new(),
            outcome: None,
            bench_s: 0.0,
            captures: BTreeMap::new(),
        };
        for event in journal::read(dir)? {
            match event.what {
                EventKind::Identified { role, identity } => {
                    if !run.identities.contains(&(role.clone(), identity.clone())) {
                        run.identities.push((role, identity));
                    }
                }
                EventKind::Captured { capture } => {
                    run.captures.insert(capture.file.clone(), capture);
                }
                EventKind::TestEnded { .. } => run.bench_s += event.at_s,
                EventKind::RunEnded { outcome } => run.outcome = Some(outcome),
                EventKind::RunStarted { .. }
                | EventKind::TestStarted { .. }
                | EventKind::TestSkipped { .. }
                | EventKind::CaseStarted { .. }
                | EventKind::Stimulus { .. }
                | EventKind::Refused { .. }
                | EventKind::Read { .. }
                | EventKind::Note { .. }
                | EventKind::CaseEnded { .. }
                | EventKind::SafeStateItem { .. }
                | EventKind::Judged { .. } => {}
            }
        }
        Ok(run)
    }

    /// A capture of the run by its file name under `recordings/`; `None` when the journal does not
    /// know it or the file is not what the journal says.
    pub fn capture(&self, file: &str) -> Option<Capture> {
        let stored = self.captures.get(file)?;
        gridproof_recordings::read_capture(&self.dir.join("recordings"), stored).ok()
    }

    /// Every file of evidence with its hash: recordings as the journal states them, the others as
    /// they are now.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn files(&self) -> Result<Vec<HashedFile>, RunError> {
        let mut files = Vec::new();
        let mut paths = vec![
            "run.json".to_owned(),
            "events.ndjson".to_owned(),
            "results.json".to_owned(),
        ];
        let inputs = std::iter::once(&self.header.plan)
            .chain(std::iter::once(&self.header.bench))
            .chain(self.header.duts.iter().map(|dut| &dut.profile))
            .chain(
                self.header
                    .duts
                    .iter()
                    .filter_map(|dut| dut.registers.as_ref()),
            )
            .chain(&self.header.grid_codes)
            .chain(&self.header.defect);
        for input in inputs {
            // Two DUTs may share a register file.
            if !paths.contains(&input.copy) {
                paths.push(input.copy.clone());
            }
        }
        for path in paths {
            let full = self.dir.join(&path);
            let bytes = std::fs::read(&full).map_err(RunError::file(&full))?;
            files.push(HashedFile {
                path,
                sha256: sha256_hex(&bytes),
            });
        }
        files.extend(self.captures.values().map(|capture| HashedFile {
            path: format!("recordings/{}", capture.file),
            sha256: capture.sha256.clone(),
        }));
        Ok(files)
    }

    /// Write `manifest.json` over every file of evidence.
    ///
    /// # Errors
    /// When a file cannot be read or the manifest not be written.
    pub fn seal(&self) -> Result<(), RunError> {
        let manifest = Manifest {
            format: MANIFEST_FORMAT,
            files: self.files()?,
        };
        write_json(&self.dir.join("manifest.json"), &manifest)
    }
}
