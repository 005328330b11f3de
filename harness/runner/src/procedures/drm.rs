//! Demand response by shorted pins (AS/NZS 4777.2:2020 clause 3.2).

use gridproof_instruments::roles::{CaptureSetup, TriggerSetup};
use gridproof_model::capture::ChannelKind;
use gridproof_model::case::{Case, DrmCase, Flow};

use super::prepare::settle_at;
use crate::context::Context;
use crate::error::Halt;

/// Record before the contact, s.
const BEFORE_S: f64 = 1.0;
/// Sampling rate for responses of seconds.
const RATE_HZ: f64 = 5_000.0;

pub(super) async fn acquire(
    ctx: &mut Context<'_>,
    case: &Case,
    spec: &DrmCase,
) -> Result<(), Halt> {
    let watts = match spec.flow {
        Flow::Generate => case.ratings.rated_w,
        Flow::Consume => -case.ratings.rated_charge_w,
    };
    settle_at(ctx, &case.ratings, watts).await?;
    ctx.arm(&CaptureSetup {
        name: "drm".into(),
        channels: vec![
            ChannelKind::GridVoltage,
            ChannelKind::DutCurrent,
            ChannelKind::DrmContact,
            ChannelKind::DutRelay,
        ],
        min_rate_hz: RATE_HZ,
        before_s: BEFORE_S,
        after_s: spec.hold_s,
        trigger: TriggerSetup {
            channel: ChannelKind::DrmContact,
            level: 0.5,
            rising: true,
        },
    })
    .await?;
    ctx.drm(&[spec.mode]).await?;
    ctx.wait(spec.hold_s).await?;
    ctx.finish_capture(60.0).await?;
    ctx.drm(&[]).await
}
