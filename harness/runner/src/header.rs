//! `run.json`: what was run, with what, on what. Everything the judge needs besides the events
//! and recordings; the only place with a wall-clock time.

use std::path::Path;

use gridproof_model::case::Case;
use gridproof_model::record::InstrumentSpecs;
use serde::{Deserialize, Serialize};

use crate::campaign::{Campaign, UnitContent};
use crate::catalog::Loaded;
use crate::error::RunError;

/// Version of the run record: `run.json`, `events.ndjson`, `recordings/`.
pub const RECORD_FORMAT: u32 = 1;

/// An input file of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// Its own name for itself: plan, DUT, register file, grid code, bench or defect.
    pub name: String,
    /// Path as given, or `shipped:NAME`.
    pub file: String,
    /// SHA-256 of its text, hex.
    pub sha256: String,
    /// Copy under `inputs/`.
    pub copy: String,
}

/// A DUT of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutHeader {
    /// Its profile.
    pub profile: InputFile,
    /// Register file it was controlled by, if the profile names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registers: Option<InputFile>,
    /// Maker.
    pub maker: String,
    /// Model.
    pub model: String,
    /// Document its figures were taken from.
    pub source: String,
}

/// A test on a DUT as planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnitHeader {
    /// Identifier of the test.
    pub test: String,
    /// Title of the test.
    pub title: String,
    /// DUT profile.
    pub dut: String,
    /// Why it is not applicable, if so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub not_applicable: Option<String>,
    /// Cases with all their numbers.
    pub cases: Vec<Case>,
}

/// The header.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunHeader {
    /// [`RECORD_FORMAT`].
    pub format: u32,
    /// Program and version.
    pub software: String,
    /// Wall-clock time of the start, RFC 3339.
    pub started_at: String,
    /// Wall-clock time the run took, s; absent while it runs and after a crash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall_s: Option<f64>,
    /// Who ran it, if stated.
    pub operator: Option<String>,
    /// Seed of every random stream of the emulated bench.
    pub seed: u64,
    /// `emulated` or `real`.
    pub environment: String,
    /// Title of the plan.
    pub title: String,
    /// Plan file.
    pub plan: InputFile,
    /// Bench file.
    pub bench: InputFile,
    /// Title of the bench.
    pub bench_title: String,
    /// DUTs.
    pub duts: Vec<DutHeader>,
    /// Grid codes.
    pub grid_codes: Vec<InputFile>,
    /// Defect laid over the emulated DUT.
    pub defect: Option<InputFile>,
    /// Settings laid over the emulated DUT.
    pub dut_set: Vec<String>,
    /// Faults of the emulated bench.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults: Option<InputFile>,
    /// Accuracy of the instruments.
    pub instruments: InstrumentSpecs,
    /// Tests in order.
    pub units: Vec<UnitHeader>,
}

/// What the caller knows and the campaign does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circumstances {
    /// Program and version.
    pub software: String,
    /// RFC 3339.
    pub started_at: String,
    /// Operator, if stated.
    pub operator: Option<String>,
    /// Seed.
    pub seed: u64,
    /// Settings laid over the emulated DUT.
    pub dut_set: Vec<String>,
}

impl RunHeader {
    /// The header of a campaign.
    ///
    /// # Errors
    /// [`RunError::Bench`] when the bench file does not state the accuracy of its instruments.
    pub fn new(campaign: &Campaign, circumstances: Circumstances) -> Result<Self, RunError> {
        let bench = &campaign.bench.value;
        Ok(Self {
            format: RECORD_FORMAT,
            software: circumstances.software,
            started_at: circumstances.started_at,
            wall_s: None,
            operator: circumstances.operator,
            seed: circumstances.seed,
            environment: bench.environment.to_string(),
            title: campaign.plan.value.title.clone(),
            plan: input("plan", &campaign.plan, &campaign.plan.value.plan),
            bench: input("bench", &campaign.bench, &bench.bench),
            bench_title: bench.title.clone(),
            duts: campaign
                .duts
                .iter()
                .zip(&campaign.registers)
                .map(|(dut, registers)| DutHeader {
                    profile: input("dut", dut, &dut.value.dut),
                    registers: registers
                        .as_ref()
                        .map(|file| input("registers", file, &file.value.registers)),
                    maker: dut.value.maker.clone(),
                    model: dut.value.model.clone(),
                    source: dut.value.source.clone(),
                })
                .collect(),
            grid_codes: campaign
                .codes
                .iter()
                .map(|code| input("grid-code", code, &code.value.grid_code))
                .collect(),
            defect: campaign
                .defect
                .as_ref()
                .map(|defect| input("defect", defect, &defect.value.defect)),
            dut_set: circumstances.dut_set,
            faults: campaign
                .faults
                .as_ref()
                .map(|faults| input("faults", faults, &faults.value.faults)),
            instruments: bench
                .specs()
                .map_err(|problem| RunError::Bench(problem.to_string()))?,
            units: campaign
                .units
                .iter()
                .map(|unit| UnitHeader {
                    test: unit.test.clone(),
                    title: unit.title.clone(),
                    dut: campaign.duts[unit.dut].value.dut.clone(),
                    not_applicable: match &unit.content {
                        UnitContent::NotApplicable(reason) => Some(reason.clone()),
                        UnitContent::Cases(_) => None,
                    },
                    cases: unit.content.cases().to_vec(),
                })
                .collect(),
        })
    }

    /// Write `run.json` and the copies of the inputs.
    pub(crate) fn write(&self, dir: &Path, campaign: &Campaign) -> Result<(), RunError> {
        let inputs = dir.join("inputs");
        std::fs::create_dir_all(&inputs).map_err(RunError::file(&inputs))?;
        let mut copies = vec![
            (&self.plan.copy, &campaign.plan.text),
            (&self.bench.copy, &campaign.bench.text),
        ];
        copies.extend(
            self.duts
                .iter()
                .map(|dut| &dut.profile.copy)
                .zip(campaign.duts.iter().map(|dut| &dut.text)),
        );
        copies.extend(
            self.duts
                .iter()
                .zip(&campaign.registers)
                .filter_map(|(dut, file)| {
                    Some((&dut.registers.as_ref()?.copy, &file.as_ref()?.text))
                }),
        );
        copies.extend(
            self.grid_codes
                .iter()
                .map(|code| &code.copy)
                .zip(campaign.codes.iter().map(|code| &code.text)),
        );
        copies.extend(
            self.defect
                .iter()
                .map(|defect| &defect.copy)
                .zip(campaign.defect.iter().map(|file| &file.text)),
        );
        copies.extend(
            self.faults
                .iter()
                .map(|faults| &faults.copy)
                .zip(campaign.faults.iter().map(|file| &file.text)),
        );
        for (name, text) in copies {
            let path = dir.join(name);
            std::fs::write(&path, text).map_err(RunError::file(&path))?;
        }
        write_json(&dir.join("run.json"), self)
    }

    /// Note how long the run took.
    ///
    /// # Errors
    /// When `run.json` cannot be replaced.
    pub fn finish(&mut self, dir: &Path, wall_s: f64) -> Result<(), RunError> {
        self.wall_s = Some(wall_s);
        let unfinished = dir.join("run.json.new");
        write_json(&unfinished, self)?;
        std::fs::rename(&unfinished, dir.join("run.json")).map_err(RunError::file(dir))
    }

    /// Read `run.json`.
    ///
    /// # Errors
    /// When it is missing, unreadable, or written by a newer gridproof.
    pub fn read(dir: &Path) -> Result<Self, RunError> {
        let path = dir.join("run.json");
        if !path.exists() {
            return Err(RunError::Record {
                path: dir.to_owned(),
                problem: "no run.json: this is not the folder of a gridproof run; give the folder that `run --out` wrote".into(),
            });
        }
        let text = std::fs::read_to_string(&path).map_err(RunError::file(&path))?;
        let record = |problem: String| RunError::Record {
            path: path.clone(),
            problem,
        };
        let value: serde_json::Value =
            serde_json::from_str(&text).map_err(|error| record(error.to_string()))?;
        match value.get("format").and_then(serde_json::Value::as_u64) {
            Some(format) if format > u64::from(RECORD_FORMAT) => {
                return Err(record(format!(
                    "record format {format} is newer than this gridproof, which reads up to {RECORD_FORMAT}; use a newer gridproof"
                )));
            }
            Some(_) => {}
            None => {
                return Err(record(
                    "no `format`: this is not the header of a gridproof run".into(),
                ));
            }
        }
        serde_json::from_value(value).map_err(|error| record(error.to_string()))
    }
}

fn input<T>(kind: &str, loaded: &Loaded<T>, name: &str) -> InputFile {
    InputFile {
        name: name.to_owned(),
        file: loaded.file.clone(),
        sha256: loaded.sha256.clone(),
        copy: format!("inputs/{kind}-{name}.yaml"),
    }
}

/// Pretty JSON with a line break at the end.
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), RunError> {
    let mut text = serde_json::to_string_pretty(value).map_err(|error| RunError::Record {
        path: path.to_owned(),
        problem: error.to_string(),
    })?;
    text.push('\n');
    std::fs::write(path, text).map_err(RunError::file(path))
}
