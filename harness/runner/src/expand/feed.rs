//! Which PV inputs of a DUT a test feeds.

use gridproof_model::bench::Bench;
use gridproof_model::case::PvFeed;
use gridproof_model::dut::DutProfile;
use gridproof_model::plan::PlanTest;

use super::Problem;

/// What a test runs from on the PV side.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Feed {
    /// These inputs; `None` on a DUT that has one at most.
    From(Option<PvFeed>),
    /// Why the test does not apply to this DUT.
    NotApplicable(String),
}

/// The input that the test names, or else all that the DUT has and the bench can feed. A bench with
/// fewer PV simulators than the DUT has inputs is common and will do: the record says what was open.
pub(crate) fn feed(test: &PlanTest, bench: &Bench, dut: &DutProfile) -> Result<Feed, Problem> {
    let of = dut.pv_inputs();
    let simulators = bench.pv_wiring().last().map_or(0, |(_, inputs)| inputs.end);
    let fed = match &test.pv_input {
        None => (1..=of).take(simulators).collect(),
        Some(input) if input.value > of => {
            return Ok(Feed::NotApplicable(format!(
                "the test feeds PV input {input}, and the profile of the {} {} has {}",
                dut.maker,
                dut.model,
                match of {
                    0 => "none".to_owned(),
                    1 => "one".to_owned(),
                    more => more.to_string(),
                }
            )));
        }
        Some(input) if usize::from(input.value) > simulators => {
            return Err(Problem {
                at: input.at,
                message: format!(
                    "bench `{}` has no PV simulator at PV input {input}",
                    bench.bench
                ),
                hint: Some(format!(
                    "it feeds {simulators}; add a `pv-source` to it, state `inputs` of one with \
                     several channels, or leave `pv_input` out"
                )),
            });
        }
        Some(input) => vec![input.value],
    };
    Ok(Feed::From((of > 1).then_some(PvFeed { fed, of })))
}
