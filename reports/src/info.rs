//! What a report states besides the results: who tested what, with which means, by which method
//! (ISO/IEC 17025, 7.8.2). Fields that the run does not know are `None` and printed as not stated.

use gridproof_model::event::RunOutcome;
use serde::{Deserialize, Serialize};

/// Identification of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// Unique identifier, repeated on every printed page.
    pub report_id: String,
    /// The plan: the method.
    pub plan: PlanInfo,
    /// Items under test, in the order of the results.
    pub duts: Vec<DutInfo>,
    /// Grid codes whose limits were used.
    pub grid_codes: Vec<DataInfo>,
    /// Bench and its instruments.
    pub bench: BenchInfo,
    /// Name, version and commit of the software.
    pub software: String,
    /// Seed of the run.
    pub seed: u64,
    /// Who ran the tests.
    pub operator: Option<String>,
    /// Laboratory and its address.
    pub laboratory: Option<String>,
    /// Customer.
    pub customer: Option<String>,
    /// Ambient conditions.
    pub conditions: Option<String>,
    /// Who authorises the report.
    pub authorised_by: Option<String>,
    /// Start of the run, UTC, as text.
    pub started_at: String,
    /// Time that passed on the bench, s (virtual on an emulated bench).
    pub bench_s: f64,
    /// Time that passed on the wall, s.
    pub wall_s: f64,
    /// How the run ended.
    pub outcome: RunOutcome,
    /// Deviations from the method and abnormal events.
    pub deviations: Vec<String>,
    /// Folder of the run, as the commands in the report name it.
    pub run_dir: String,
    /// Files of the run with their hashes; recordings as `recordings/NAME`.
    pub files: Vec<FileHash>,
}

/// The plan a run carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanInfo {
    /// Name.
    pub name: String,
    /// Title.
    pub title: String,
    /// File.
    pub file: String,
    /// SHA-256 of the file, hex.
    pub sha256: String,
}

/// A versioned data file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataInfo {
    /// Identifier.
    pub id: String,
    /// Title.
    pub title: String,
    /// SHA-256 of the file, hex; empty if it is embedded in the software.
    pub sha256: String,
}

/// An item under test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutInfo {
    /// Identifier of its profile, as in the results.
    pub id: String,
    /// Manufacturer.
    pub manufacturer: String,
    /// Model.
    pub model: String,
    /// Manual the profile was taken from.
    pub manual: String,
    /// Serial number, firmware, condition on receipt.
    pub specimen: Option<String>,
    /// SHA-256 of the profile, hex; empty if it is embedded in the software.
    pub sha256: String,
}

/// Whether instruments are real.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BenchKind {
    /// Instruments and DUT are programs: simulation evidence, no traceability to SI units.
    Emulated,
    /// Instruments and DUT are hardware.
    Real,
}

/// The bench.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BenchInfo {
    /// Name.
    pub name: String,
    /// Real or not.
    pub kind: BenchKind,
    /// Instruments in the order of their roles.
    pub instruments: Vec<InstrumentInfo>,
}

/// One instrument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstrumentInfo {
    /// Role.
    pub role: String,
    /// Its reply to the identification query.
    pub identity: String,
    /// Accuracy, one line per quantity.
    pub accuracy: Vec<String>,
    /// Calibration certificate and due date.
    pub calibration: Option<String>,
}

/// A file of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileHash {
    /// Path inside the run folder.
    pub path: String,
    /// SHA-256, hex.
    pub sha256: String,
}
