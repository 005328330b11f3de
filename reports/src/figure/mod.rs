//! Figures per procedure. A figure shows what was measured and where the limit lies; it decides
//! nothing.

mod bars;
mod curve;
mod derating;
mod drm;
mod islanding;
mod response;
mod step;
mod transfer;
mod trip;
mod waveform;
mod way_back;

use gridproof_model::case::{CaseSpec, Limit};
use gridproof_model::result::{CaseResult, CriterionResult, TestResult};

use crate::plot::sheet::{Figure, PlotError};
use crate::source::CaptureSource;

/// How much a figure of a case may take on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// All lanes at full resolution.
    Full,
    /// Fewer points, for cases that are folded away.
    Compact,
}

impl Detail {
    /// Columns of a decimated waveform.
    fn columns(self) -> usize {
        match self {
            Detail::Full => 620,
            Detail::Compact => 240,
        }
    }
}

/// The figure of a case, or `None` if there is nothing to draw.
pub(crate) fn of_case(
    case: &CaseResult,
    id: &str,
    detail: Detail,
    source: &dyn CaptureSource,
) -> Result<Option<Figure>, PlotError> {
    match &case.case.spec {
        CaseSpec::AntiIslanding(spec) => islanding::waveform(case, spec, id, detail, source),
        CaseSpec::Transfer(spec) => transfer::waveform(case, spec, id, detail, source),
        CaseSpec::CurveSweep(spec) => curve::sweep(case, spec, id),
        CaseSpec::CurveStep(spec) => step::response(case, &step::Step::from(spec), id),
        CaseSpec::OpenLoopStep(spec) => step::response(case, &step::Step::from(spec), id),
        CaseSpec::FrequencyReturn(spec) => way_back::figure(case, spec, id),
        CaseSpec::Drm(spec) => drm::response(case, spec, id),
        CaseSpec::Trip(spec) => trip::waveform(case, spec, id, detail, source),
        CaseSpec::Derating(spec) => derating::curve(case, spec, id),
    }
}

/// The figure that shows all cases of a test at once, where the procedure has one.
pub(crate) fn overview(test: &TestResult, id: &str) -> Result<Option<Figure>, PlotError> {
    let Some(first) = test.cases.first() else {
        return Ok(None);
    };
    if test.cases.len() < 2 {
        return Ok(None);
    }
    match &first.case.spec {
        CaseSpec::AntiIslanding(_) => islanding::overview(test, id),
        CaseSpec::Transfer(_) => transfer::overview(test, id),
        CaseSpec::Trip(_) => trip::overview(test, id),
        CaseSpec::CurveSweep(_)
        | CaseSpec::CurveStep(_)
        | CaseSpec::OpenLoopStep(_)
        | CaseSpec::FrequencyReturn(_)
        | CaseSpec::Drm(_)
        | CaseSpec::Derating(_) => Ok(None),
    }
}

/// The criterion that judges `limit`, if it has a value.
fn main_criterion<'a>(case: &'a CaseResult, limit: &Limit) -> Option<&'a CriterionResult> {
    case.criteria
        .iter()
        .find(|criterion| criterion.measured.is_some() && criterion.limit == *limit)
}

/// `TEST, label`.
fn name(case: &CaseResult) -> String {
    if case.case.label.is_empty() {
        case.case.test.clone()
    } else {
        format!("{}, {}", case.case.test, case.case.label)
    }
}
