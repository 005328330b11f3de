//! One file per command.

mod analyze;
mod capture;
mod check;
mod emulate;
mod explain;
mod judge;
mod list;
mod report;
mod run;
mod schema;

use gridproof_runner::campaign::Request;

use crate::args::{Command, Select};
use crate::failure::Failure;

/// Carry out a command; the exit code is its result.
pub(crate) fn dispatch(command: Command) -> Result<u8, Failure> {
    match command {
        Command::Run(args) => run::run(args),
        Command::Check(args) => check::check(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Judge(args) => judge::judge(&args),
        Command::Emulate(args) => emulate::emulate(&args),
        Command::Analyze(args) => analyze::analyze(&args.kind),
        Command::Report(args) => report::report(&args),
        Command::List(args) => list::list(&args),
        Command::Schema(args) => schema::schema(&args),
    }
}

impl From<&Select> for Request {
    fn from(select: &Select) -> Self {
        Request {
            plan: select.plan.clone(),
            bench: select.bench.clone(),
            dut: select.dut.clone(),
            only: select.only.clone(),
            defect: select.defect.clone(),
            dut_set: select.dut_set.clone(),
            faults: select.faults.clone(),
        }
    }
}
