//! `gridproof check`: everything that can be known before anything is energised.

use gridproof_runner::campaign::{Campaign, Request, UnitContent, expected_s};
use gridproof_runner::catalog::{self, Kind};

use crate::args::Select;
use crate::failure::Failure;
use crate::output;

pub(crate) fn check(args: &Select) -> Result<u8, Failure> {
    let file = &args.plan;
    let name = match catalog::kind_of(file)? {
        None | Some(Kind::Plan) => return check_plan(args),
        Some(Kind::Dut) => catalog::dut(file)?.value.dut,
        Some(Kind::GridCode) => catalog::grid_code(file)?.value.grid_code,
        Some(Kind::Bench) => catalog::bench(file)?.value.bench,
        Some(Kind::Defect) => catalog::defect(file)?.value.defect,
        Some(Kind::Registers) => catalog::register_file(file)?.value.registers,
        Some(Kind::Faults) => catalog::faults(file)?.value.faults,
    };
    output::data(&format!("{file}: `{name}` is well formed\n"));
    Ok(0)
}

fn check_plan(args: &Select) -> Result<u8, Failure> {
    let campaign = Campaign::load(&Request::from(args))?;
    let mut runnable = 0;
    let mut expected = 0.0;
    for unit in &campaign.units {
        match &unit.content {
            UnitContent::Cases(cases) => {
                runnable += 1;
                expected += cases.iter().map(expected_s).sum::<f64>();
            }
            UnitContent::NotApplicable(reason) => {
                output::remark(&format!(
                    "not applicable: {} on {}: {reason}",
                    unit.test, campaign.duts[unit.dut].value.dut
                ));
            }
        }
    }
    output::data(&format!(
        "{}: {} with {} on {}, about {} on a bench\n",
        campaign.plan.file,
        output::count(runnable, "test"),
        output::count(campaign.cases(), "case"),
        output::count(campaign.duts.len(), "DUT"),
        output::span(expected)
    ));
    Ok(0)
}
