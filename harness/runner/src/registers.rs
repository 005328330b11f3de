//! The register file a DUT profile names, and whether it can do what the plan asks on this bench.

use std::path::Path;

use gridproof_model::bench::{Address, Bench, Environment, Model};
use gridproof_model::case::{CaseSpec, Flow};
use gridproof_model::diagnostic::{Diagnostic, Diagnostics};
use gridproof_model::dut::{DutProfile, InterfaceProtocol};
use gridproof_model::located::{Located, Position};
use gridproof_model::register_file::{ModbusProtocol, RegisterFile, StepValue};

use crate::campaign::Campaign;
use crate::catalog::{self, Loaded};
use crate::error::RunError;

/// The register file of each DUT, in their order; `None` where the profile names none.
pub(crate) fn load(
    duts: &[Loaded<DutProfile>],
    bench: &Bench,
) -> Result<Vec<Option<Loaded<RegisterFile>>>, RunError> {
    let mut files: Vec<Option<Loaded<RegisterFile>>> = Vec::new();
    for dut in duts {
        let interface = &dut.value.interface;
        let file = match (interface.protocol, &interface.file) {
            (InterfaceProtocol::RegisterFile, Some(name)) => Some(of_dut(dut, name, bench)?),
            (InterfaceProtocol::RegisterFile, None)
            | (InterfaceProtocol::SunspecTcp | InterfaceProtocol::SajAs1Rtu, _) => None,
        };
        if let Some(file) = &file {
            one_name_one_text(&files, file)?;
        }
        files.push(file);
    }
    Ok(files)
}

fn of_dut(
    dut: &Loaded<DutProfile>,
    name: &Located<String>,
    bench: &Bench,
) -> Result<Loaded<RegisterFile>, RunError> {
    let at_profile = |message: String, hint: &str| {
        Diagnostic::error(&dut.file, &dut.text, name.at, message)
            .marking(&dut.text, name.value.chars().count())
            .with_hint(hint)
    };
    let file = catalog::register_file(&beside(dut, &name.value)).map_err(|error| match error {
        RunError::Unknown { kind, name, hint } => RunError::Input(
            at_profile(
                format!("no {kind} named `{name}`"),
                hint.trim_start().trim_start_matches("hint: "),
            )
            .into(),
        ),
        RunError::Missing { path, source, hint } => RunError::Input(
            at_profile(
                format!("{}: {source}", path.display()),
                &format!(
                    "a path counts from the folder of this profile; {}",
                    hint.trim_start().trim_start_matches("hint: ")
                ),
            )
            .into(),
        ),
        other @ (RunError::Input(_)
        | RunError::File { .. }
        | RunError::Record { .. }
        | RunError::Recording(_)
        | RunError::Bench(_)
        | RunError::Instrument(_)) => other,
    })?;
    let by_charge_power = file
        .value
        .operations()
        .into_iter()
        .flat_map(|(_, steps)| steps)
        .any(|step| step.value == StepValue::PercentOfChargePower);
    if by_charge_power && dut.value.ratings.charge_power.is_none() {
        let message = format!(
            "register file `{}` writes {}, and this profile states no `charge_power`",
            file.value.registers,
            StepValue::PercentOfChargePower
        );
        let hint = "add `charge_power` to `ratings`";
        return Err(RunError::Input(at_profile(message, hint).into()));
    }
    framing(&file, bench)?;
    Ok(file)
}

/// A path counts from the folder of the profile, so that the two files travel together.
fn beside(dut: &Loaded<DutProfile>, name: &str) -> String {
    let folder = Path::new(&dut.file).parent();
    match folder {
        Some(folder) if catalog::is_path(name) && !dut.file.starts_with("shipped:") => {
            folder.join(name).to_string_lossy().into_owned()
        }
        Some(_) | None => name.to_owned(),
    }
}

/// The framing must be that of the link the bench has for the DUT.
fn framing(file: &Loaded<RegisterFile>, bench: &Bench) -> Result<(), RunError> {
    let protocol = &file.value.protocol;
    let serial = bench.instruments.values().any(|entry| {
        entry.model == Model::FromProfile && matches!(entry.address, Address::Serial { .. })
    });
    let (message, hint) = match (bench.environment, protocol.value) {
        (Environment::Emulated, ModbusProtocol::ModbusRtu) => (
            "the emulated DUT of a register file answers over Modbus TCP only",
            "a file for modbus-rtu needs a real bench; `check` it alone with `gridproof check FILE`",
        ),
        (Environment::Real, ModbusProtocol::ModbusTcp) if serial => (
            "the bench file gives the DUT a serial line",
            "write protocol: modbus-rtu, or a tcp:// address in the bench file",
        ),
        (Environment::Emulated | Environment::Real, ModbusProtocol::ModbusTcp)
        | (Environment::Real, ModbusProtocol::ModbusRtu) => return Ok(()),
    };
    let problem = Diagnostic::error(&file.file, &file.text, protocol.at, message).with_hint(hint);
    Err(RunError::Input(problem.into()))
}

/// Two different texts under one name would overwrite each other in the record.
fn one_name_one_text(
    files: &[Option<Loaded<RegisterFile>>],
    file: &Loaded<RegisterFile>,
) -> Result<(), RunError> {
    let name = &file.value.registers;
    let twin = files
        .iter()
        .flatten()
        .find(|other| other.value.registers == *name && other.sha256 != file.sha256);
    let Some(twin) = twin else { return Ok(()) };
    let message = format!(
        "{} is called `{name}` too and says something else",
        twin.file
    );
    let at = Position { line: 1, column: 1 };
    let problem = Diagnostic::error(&file.file, &file.text, at, message)
        .with_hint("give one of them another name");
    Err(RunError::Input(problem.into()))
}

/// A test that charges from the grid needs an interface that can be told to.
pub(crate) fn support(campaign: &Campaign) -> Result<(), RunError> {
    let plan = &campaign.plan;
    let mut problems = Diagnostics::default();
    for unit in &campaign.units {
        let Some(file) = &campaign.registers[unit.dut] else {
            continue;
        };
        let charges = unit.content.cases().iter().find(|case| match &case.spec {
            CaseSpec::Drm(spec) => spec.flow == Flow::Consume,
            CaseSpec::CurveSweep(spec) => spec.power_w < 0.0,
            CaseSpec::CurveStep(spec) => spec.power_w < 0.0,
            CaseSpec::OpenLoopStep(spec) => spec.power_w < 0.0,
            CaseSpec::FrequencyReturn(spec) => spec.power_w < 0.0,
            CaseSpec::AntiIslanding(_)
            | CaseSpec::Transfer(_)
            | CaseSpec::Trip(_)
            | CaseSpec::Derating(_) => false,
        });
        if let (Some(case), None) = (charges, &file.value.set_active_power.charge) {
            let at = Position {
                line: case.line.line,
                column: case.line.column,
            };
            let message = format!(
                "{} charges from the grid, and register file `{}` has no `charge`",
                unit.test, file.value.registers
            );
            let problem = Diagnostic::error(&plan.file, &plan.text, at, message).with_hint(
                "add `charge` to its `set_active_power`, or leave the test out with --only",
            );
            problems.push(problem);
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(RunError::Input(problems))
    }
}
