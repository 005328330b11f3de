//! `gridproof list`: what ships with the program.

use gridproof_model::plan::Procedure;
use gridproof_runner::RunError;
use gridproof_runner::catalog::{self, Kind};

use crate::args::{List, Listed};
use crate::failure::Failure;
use crate::output;

pub(crate) fn list(args: &List) -> Result<u8, Failure> {
    let entries = match args.what {
        Listed::Plans => named(Kind::Plan, |name| Ok(catalog::plan(name)?.value.title))?,
        Listed::Procedures => Procedure::NAMES
            .iter()
            .map(|name| ((*name).to_owned(), String::new()))
            .collect(),
        Listed::Duts => named(Kind::Dut, |name| {
            let dut = catalog::dut(name)?.value;
            Ok(format!("{} {}", dut.maker, dut.model))
        })?,
        Listed::GridCodes => named(Kind::GridCode, |name| {
            let code = catalog::grid_code(name)?.value;
            Ok([code.standard_edition(), code.region.unwrap_or_default()]
                .join(" ")
                .trim()
                .to_owned())
        })?,
        Listed::Benches => named(Kind::Bench, |name| Ok(catalog::bench(name)?.value.title))?,
        Listed::Defects => named(Kind::Defect, |name| Ok(catalog::defect(name)?.value.title))?,
        Listed::Registers => named(Kind::Registers, |name| {
            Ok(catalog::register_file(name)?.value.title)
        })?,
        Listed::Faults => named(Kind::Faults, |name| Ok(catalog::faults(name)?.value.title))?,
    };
    if args.json {
        let names: Vec<serde_json::Value> = entries
            .iter()
            .map(|(name, title)| serde_json::json!({"name": name, "title": title}))
            .collect();
        output::data(&format!("{:#}\n", serde_json::Value::Array(names)));
    } else {
        let width = entries
            .iter()
            .map(|(name, _)| name.chars().count())
            .max()
            .unwrap_or(0);
        for (name, title) in entries {
            output::data(format!("{name:<width$}  {title}").trim_end());
            output::data("\n");
        }
    }
    Ok(0)
}

fn named(
    kind: Kind,
    title: impl Fn(&str) -> Result<String, RunError>,
) -> Result<Vec<(String, String)>, RunError> {
    kind.shipped()
        .iter()
        .map(|(name, _)| Ok(((*name).to_owned(), title(name)?)))
        .collect()
}
