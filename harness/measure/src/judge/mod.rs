//! The judge: a total, pure function of a case and its data.
//!
//! [`judge_case`] never panics, whatever the data. Missing or unusable data is an `error` or
//! `inconclusive`, never a pass; a DUT that could not be brought to the tested state fails.
//! One file per procedure; [`criterion`] holds the decision rule they share.

pub mod criterion;
pub mod open_loop;
mod support;

pub use support::{Support, tightest};

mod anti_islanding;
mod corridor;
mod curve_step;
mod curve_sweep;
mod derating;
mod drm;
mod evidence;
mod feeding;
mod frequency_return;
mod open_loop_step;
mod response;
mod sheet;
mod stepped;
mod text;
mod transfer;
mod transfer_conditions;
mod trip;

use gridproof_model::case::{Case, CaseSpec, Ratings};
use gridproof_model::record::{Acquisition, CaseData};
use gridproof_model::result::CaseResult;
use gridproof_model::verdict::Verdict;

use sheet::{Judged, Sheet, Stop};

/// Judges one case from its data alone.
///
/// `recordings` of the result is left empty: file names belong to the record, not to the
/// captures; the caller fills them in.
pub fn judge_case(case: &Case, data: &CaseData) -> CaseResult {
    let mut sheet = Sheet::new(case.decision);
    match &data.acquisition {
        Acquisition::Completed => {
            if let Err(stop) = judge_completed(case, data, &mut sheet) {
                sheet.stop("evidence", stop.verdict, stop.reason);
            }
        }
        Acquisition::DutNotReady(reason) => {
            sheet.stop(
                "brought to the tested state",
                Verdict::Fail,
                format!("the DUT was not ready: {reason}"),
            );
        }
        Acquisition::BenchError(reason) => {
            sheet.stop(
                "acquisition",
                Verdict::Error,
                format!("the bench failed: {reason}"),
            );
        }
        Acquisition::Aborted => {
            sheet.stop("acquisition", Verdict::Aborted, "stopped by the operator")
        }
        Acquisition::NotRun => sheet.stop("acquisition", Verdict::NotRun, "never started"),
    }
    sheet.finish(case)
}

fn judge_completed(case: &Case, data: &CaseData, sheet: &mut Sheet) -> Judged {
    check_ratings(&case.ratings)?;
    let ratings = &case.ratings;
    match &case.spec {
        CaseSpec::AntiIslanding(spec) => anti_islanding::judge(spec, ratings, data, sheet),
        CaseSpec::Transfer(spec) => transfer::judge(spec, ratings, data, sheet),
        CaseSpec::CurveSweep(spec) => curve_sweep::judge(spec, ratings, data, sheet),
        CaseSpec::CurveStep(spec) => curve_step::judge(spec, ratings, data, sheet),
        CaseSpec::OpenLoopStep(spec) => open_loop_step::judge(spec, ratings, data, sheet),
        CaseSpec::FrequencyReturn(spec) => frequency_return::judge(spec, ratings, data, sheet),
        CaseSpec::Drm(spec) => drm::judge(spec, ratings, data, sheet),
        CaseSpec::Trip(spec) => trip::judge(spec, ratings, data, sheet),
        CaseSpec::Derating(spec) => derating::judge(spec, ratings, data, sheet),
    }
}

/// Ratings every procedure divides by.
fn check_ratings(ratings: &Ratings) -> Judged {
    let usable = |x: f64| x.is_finite() && x > 0.0 && x < 1e9;
    let named = [
        ("nominal voltage", ratings.nominal_v),
        ("nominal frequency", ratings.nominal_hz),
        ("rated power", ratings.rated_w),
        ("rated apparent power", ratings.rated_va),
        ("rated current", ratings.rated_a),
    ];
    match named.into_iter().find(|(_, x)| !usable(*x)) {
        Some((name, x)) => Err(Stop::error(format!("the case has no usable {name} ({x})"))),
        None if ratings.nominal_hz < 1.0 || ratings.nominal_hz > 1000.0 => {
            Err(Stop::error(format!(
                "nominal frequency {} Hz cannot be judged",
                ratings.nominal_hz
            )))
        }
        None => Ok(()),
    }
}
