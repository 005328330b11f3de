//! From a test of a plan to its cases on one DUT: levels resolved, limits looked up, capabilities
//! matched. A figure that a profile or a grid code lacks makes the test not applicable, with the
//! reason; it is never guessed.

mod curve;
mod feed;
mod frequency_watt;
mod island;
mod thermal;
mod trip;
mod volt_var_matrix;

use gridproof_model::case::CaseSpec;
use gridproof_model::dut::DutProfile;
use gridproof_model::grid_code::GridCode;
use gridproof_model::located::Position;
use gridproof_model::plan::{PlanTest, Procedure};

pub(crate) use feed::{Feed, feed};

/// What became of a test on a DUT.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expansion {
    /// Labels and specifications in the order of execution.
    Cases(Vec<(String, CaseSpec)>),
    /// Why the test does not apply to this DUT.
    NotApplicable(String),
}

/// A mistake in the plan that only shows once it meets its grid code.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Problem {
    pub(crate) at: Position,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// The grid code a test needs; a test without one is a mistake.
struct Coded<'a> {
    test: &'a PlanTest,
    dut: &'a DutProfile,
    code: &'a GridCode,
}

/// Expand one test on one DUT.
pub(crate) fn expand(
    test: &PlanTest,
    dut: &DutProfile,
    code: Option<&GridCode>,
) -> Result<Expansion, Problem> {
    if let Some(code) = code
        && !dut.grid_codes.contains(&code.grid_code)
    {
        return Ok(Expansion::NotApplicable(format!(
            "the documents of the {} {} do not state {}",
            dut.maker,
            dut.model,
            code_name(code)
        )));
    }
    let of_apparent_power = match &test.procedure {
        Procedure::VoltWatt(_)
        | Procedure::VoltVar(_)
        | Procedure::VoltVarMatrix(_)
        | Procedure::FrequencyWatt(_) => true,
        Procedure::AntiIslanding(_)
        | Procedure::Transfer(_)
        | Procedure::Drm(_)
        | Procedure::Trip(_)
        | Procedure::Derating(_) => false,
    };
    if of_apparent_power && dut.ratings.apparent_power.is_none() {
        return Ok(Expansion::NotApplicable(format!(
            "the profile of the {} {} lacks `ratings.apparent_power`, of which the curve is a share",
            dut.maker, dut.model
        )));
    }
    let coded = || match code {
        Some(code) => Ok(Coded { test, dut, code }),
        None => Err(Problem {
            at: test.id.at,
            message: format!(
                "test `{}` takes its limits from a grid code, but names none",
                test.id
            ),
            hint: Some("add e.g. `grid_code: as-nzs-4777.2-2020-a` to the test".into()),
        }),
    };
    match &test.procedure {
        Procedure::AntiIslanding(params) => island::anti_islanding(&coded()?, params),
        Procedure::Transfer(params) => Ok(island::transfer(dut, params)),
        Procedure::VoltWatt(params) => curve::expand(
            &coded()?,
            gridproof_model::case::CurveKind::VoltWatt,
            params,
        ),
        Procedure::VoltVar(params) => {
            curve::expand(&coded()?, gridproof_model::case::CurveKind::VoltVar, params)
        }
        Procedure::VoltVarMatrix(params) => volt_var_matrix::expand(&coded()?, params),
        Procedure::FrequencyWatt(params) => frequency_watt::expand(&coded()?, params),
        Procedure::Drm(params) => trip::drm(&coded()?, params),
        Procedure::Trip(params) => trip::trip(&coded()?, params),
        Procedure::Derating(params) => Ok(thermal::derating(dut, params)),
    }
}

fn code_name(code: &GridCode) -> String {
    match &code.region {
        Some(region) => format!("{} {region}", code.standard_edition()),
        None => code.standard_edition(),
    }
}

impl Coded<'_> {
    /// `grid code X, clause Y`.
    fn origin(&self, what: &str, clause: &str) -> String {
        format!("grid code {}, {what}, clause {clause}", self.code.grid_code)
    }

    fn lacks(&self, what: &str) -> Problem {
        let at = self
            .test
            .grid_code
            .as_ref()
            .map_or(self.test.id.at, |code| code.at);
        Problem {
            at,
            message: format!("grid code `{}` has no {what}", self.code.grid_code),
            hint: Some(format!(
                "name a grid code that has {what}, or add it to this one"
            )),
        }
    }
}

/// Numbers for labels: no trailing zeros, at most three decimals, a real minus sign.
pub(crate) fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".into()
    } else {
        text.replace('-', "−")
    }
}

/// As [`number`] with an explicit plus sign.
pub(crate) fn signed(value: f64) -> String {
    let text = number(value);
    if value > 0.0 {
        format!("+{text}")
    } else {
        text
    }
}
