//! What one bench runs from cold to safe: a test on a DUT, or a share of a long one.

use std::ops::Range;

use gridproof_model::bench::Environment;
use gridproof_model::case::CaseSpec;
use gridproof_model::event::Part;

use crate::campaign::{Campaign, Unit, expected_s};

/// A longer test is shared between emulated benches, s of bench time.
const LONGEST_S: f64 = 3600.0;

/// Cases of one unit that run on one bench.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Share {
    /// Index into [`Campaign::units`].
    pub(crate) unit: usize,
    /// Which part of the test; `None` is all of it.
    pub(crate) part: Option<Part>,
    /// Which of the unit's cases.
    pub(crate) cases: Range<usize>,
    /// Expected bench time, s.
    pub(crate) expected_s: f64,
}

/// The shares of a campaign in the order of the journal. They depend on the campaign alone, never on
/// how many benches there are. A real bench runs whole tests; so does one with faults, which are
/// scheduled in the time of a test.
pub(crate) fn shares(campaign: &Campaign) -> Vec<Share> {
    let whole = campaign.bench.value.environment == Environment::Real || campaign.faults.is_some();
    let units = campaign.units.iter().enumerate();
    units
        .flat_map(|(index, unit)| shares_of(index, unit, whole))
        .collect()
}

fn shares_of(index: usize, unit: &Unit, whole: bool) -> Vec<Share> {
    let cases = unit.content.cases();
    let total: f64 = cases.iter().map(expected_s).sum();
    let split = !whole && cases.iter().all(|case| starts_afresh(&case.spec));
    let of = if split {
        ((total / LONGEST_S).ceil() as usize).clamp(1, cases.len().max(1))
    } else {
        1
    };
    (0..of)
        .map(|part| {
            let range = part * cases.len() / of..(part + 1) * cases.len() / of;
            Share {
                unit: index,
                part: (of > 1).then_some(Part {
                    number: part + 1,
                    of,
                }),
                expected_s: cases[range.clone()].iter().map(expected_s).sum(),
                cases: range,
            }
        })
        .collect()
}

/// Does the case begin with a DUT that has just connected, whatever ran before it? Only such cases
/// mean the same in another share.
fn starts_afresh(spec: &CaseSpec) -> bool {
    match spec {
        CaseSpec::AntiIslanding(_) | CaseSpec::Trip(_) => true,
        CaseSpec::Transfer(_)
        | CaseSpec::CurveSweep(_)
        | CaseSpec::CurveStep(_)
        | CaseSpec::OpenLoopStep(_)
        | CaseSpec::FrequencyReturn(_)
        | CaseSpec::Drm(_)
        | CaseSpec::Derating(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::Request;

    fn campaign(plan: &str, dut: &str, faults: Option<&str>) -> Campaign {
        Campaign::load(&Request {
            plan: plan.to_owned(),
            dut: Some(dut.to_owned()),
            faults: faults.map(str::to_owned),
            ..Request::default()
        })
        .unwrap()
    }

    #[test]
    fn long_island_tests_are_shared_and_every_case_runs_once_in_order() {
        let campaign = campaign("iec-62116-2014", "aux-asg-5sl-zh", None);
        let shares = shares(&campaign);
        for (index, unit) in campaign.units.iter().enumerate() {
            let of_unit: Vec<&Share> = shares.iter().filter(|share| share.unit == index).collect();
            assert!(of_unit.len() > 2, "{}", unit.test);
            let ran: Vec<usize> = of_unit
                .iter()
                .flat_map(|share| share.cases.clone())
                .collect();
            let all: Vec<usize> = (0..unit.content.cases().len()).collect();
            assert_eq!(ran, all);
            for (number, share) in of_unit.iter().enumerate() {
                let part = Part {
                    number: number + 1,
                    of: of_unit.len(),
                };
                assert_eq!(share.part, Some(part));
                assert!(share.expected_s <= LONGEST_S, "{}", share.expected_s);
            }
        }
        assert!(shares.is_sorted_by_key(|share| share.unit));
    }

    #[test]
    fn tests_whose_cases_follow_from_each_other_stay_whole() {
        let campaign = campaign("volt-var-matrix", "reference-5kva", None);
        for (share, unit) in shares(&campaign).iter().zip(&campaign.units) {
            assert!(share.expected_s > LONGEST_S);
            assert_eq!(share.part, None);
            assert_eq!(share.cases, 0..unit.content.cases().len());
        }
    }

    #[test]
    fn a_bench_with_faults_and_a_real_one_run_whole_tests() {
        let faulty = campaign(
            "iec-62116-2014",
            "aux-asg-5sl-zh",
            Some("drifting-instruments"),
        );
        let mut real = campaign("iec-62116-2014", "aux-asg-5sl-zh", None);
        real.bench.value.environment = Environment::Real;
        for campaign in [faulty, real] {
            let shares = shares(&campaign);
            assert_eq!(shares.len(), campaign.units.len());
            assert!(shares.iter().all(|share| share.part.is_none()));
        }
    }
}
