//! `gridproof judge`: the verdicts again, from the record alone.

use gridproof_reports::{json, summary};
use gridproof_runner::rejudge::rejudge;
use gridproof_runner::run::verdict_exit_code;

use crate::args::Judge;
use crate::failure::Failure;
use crate::output;

pub(crate) fn judge(args: &Judge) -> Result<u8, Failure> {
    let results = rejudge(&args.run)?;
    let text =
        json::render(&results).map_err(|error| Failure::infrastructure(error.to_string()))?;
    if args.json {
        output::data(&text);
    } else {
        for line in summary::lines(&results) {
            output::data(&format!("{}\n", line.text));
        }
    }
    let path = args.run.join("results.json");
    match std::fs::read_to_string(&path) {
        Ok(stored) if stored == text => {
            output::remark("the stored results are the same, byte for byte");
            Ok(verdict_exit_code(results.verdict))
        }
        Ok(_) => Err(Failure::infrastructure(format!(
            "{}: the stored results differ from what the record gives; they were changed, or judged by another version",
            path.display()
        ))),
        Err(error) => Err(Failure::infrastructure(format!(
            "{}: {error}",
            path.display()
        ))),
    }
}
