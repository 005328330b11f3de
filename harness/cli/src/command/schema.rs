//! `gridproof schema`.

use gridproof_model::schema::{SchemaKind, schema as schema_of};

use crate::args::{Schema, SchemaOf};
use crate::failure::Failure;
use crate::output;

pub(crate) fn schema(args: &Schema) -> Result<u8, Failure> {
    let kind = match args.of {
        SchemaOf::Plan => SchemaKind::Plan,
        SchemaOf::Bench => SchemaKind::Bench,
        SchemaOf::Dut => SchemaKind::Dut,
        SchemaOf::GridCode => SchemaKind::GridCode,
        SchemaOf::Defect => SchemaKind::Defect,
        SchemaOf::Registers => SchemaKind::Registers,
        SchemaOf::Faults => SchemaKind::Faults,
    };
    output::data(&format!("{:#}\n", schema_of(kind)));
    Ok(0)
}
