//! JSON Schema of the files people write, for completion in editors.

use schemars::schema_for;

use crate::bench::Bench;
use crate::defect::Defect;
use crate::dut::DutProfile;
use crate::fault::FaultFile;
use crate::grid_code::GridCode;
use crate::plan::Plan;
use crate::register_file::RegisterFile;

/// A kind of file that people write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SchemaKind {
    /// [`Plan`].
    Plan,
    /// [`Bench`].
    Bench,
    /// [`DutProfile`].
    Dut,
    /// [`GridCode`].
    GridCode,
    /// [`Defect`].
    Defect,
    /// [`RegisterFile`].
    Registers,
    /// [`FaultFile`].
    Faults,
}

impl SchemaKind {
    /// Every kind.
    pub const ALL: [SchemaKind; 7] = [
        SchemaKind::Plan,
        SchemaKind::Bench,
        SchemaKind::Dut,
        SchemaKind::GridCode,
        SchemaKind::Defect,
        SchemaKind::Registers,
        SchemaKind::Faults,
    ];

    /// The word of the command line.
    pub fn word(self) -> &'static str {
        match self {
            SchemaKind::Plan => "plan",
            SchemaKind::Bench => "bench",
            SchemaKind::Dut => "dut",
            SchemaKind::GridCode => "grid-code",
            SchemaKind::Defect => "defect",
            SchemaKind::Registers => "registers",
            SchemaKind::Faults => "faults",
        }
    }
}

impl std::str::FromStr for SchemaKind {
    type Err = String;
    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.word() == word)
            .ok_or_else(|| {
                let words: Vec<_> = Self::ALL.iter().map(|kind| kind.word()).collect();
                format!("no schema `{word}`; there are {}", words.join(", "))
            })
    }
}

/// The schema of a kind of file.
pub fn schema(kind: SchemaKind) -> serde_json::Value {
    match kind {
        SchemaKind::Plan => schema_for!(Plan),
        SchemaKind::Bench => schema_for!(Bench),
        SchemaKind::Dut => schema_for!(DutProfile),
        SchemaKind::GridCode => schema_for!(GridCode),
        SchemaKind::Defect => schema_for!(Defect),
        SchemaKind::Registers => schema_for!(RegisterFile),
        SchemaKind::Faults => schema_for!(FaultFile),
    }
    .to_value()
}
