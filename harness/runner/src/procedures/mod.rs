//! Procedures: the coded methods. Each takes the bench from "DUT running on a healthy grid" to a
//! recording and back; what the recording means is the judge's business.

mod anti_islanding;
mod curve;
mod derating;
mod drm;
mod prepare;
mod transfer;
mod trip;

use gridproof_model::case::{Case, CaseSpec};

pub(crate) use prepare::energise;

use crate::context::Context;
use crate::error::Halt;

/// Acquire one case. The bench has been energised for this test.
pub(crate) async fn acquire(ctx: &mut Context<'_>, case: &Case) -> Result<(), Halt> {
    match &case.spec {
        CaseSpec::AntiIslanding(spec) => anti_islanding::acquire(ctx, case, spec).await,
        CaseSpec::Transfer(spec) => transfer::acquire(ctx, case, spec).await,
        CaseSpec::CurveSweep(spec) => curve::sweep(ctx, case, spec).await,
        CaseSpec::CurveStep(spec) => curve::step(ctx, case, &curve::Step::from(spec)).await,
        CaseSpec::OpenLoopStep(spec) => curve::step(ctx, case, &curve::Step::from(spec)).await,
        CaseSpec::FrequencyReturn(spec) => curve::way_back(ctx, case, spec).await,
        CaseSpec::Drm(spec) => drm::acquire(ctx, case, spec).await,
        CaseSpec::Trip(spec) => trip::acquire(ctx, case, spec).await,
        CaseSpec::Derating(spec) => derating::acquire(ctx, case, spec).await,
    }
}
