//! One protection element by a step beyond its limit (AS/NZS 4777.2:2020 clause 4.4,
//! IEC 61727:2004 clause 5.2).

use gridproof_instruments::roles::{CaptureSetup, TriggerSetup};
use gridproof_model::capture::ChannelKind;
use gridproof_model::case::{Case, TripCase, TripQuantity};

use super::prepare::settle_at;
use crate::context::Context;
use crate::error::Halt;

/// Record before the step, s.
const BEFORE_S: f64 = 0.5;
/// Sampling rate: 0.1 ms, a five-hundredth of the shortest limit.
const RATE_HZ: f64 = 10_000.0;

pub(super) async fn acquire(
    ctx: &mut Context<'_>,
    case: &Case,
    spec: &TripCase,
) -> Result<(), Halt> {
    settle_at(ctx, &case.ratings, spec.power_w).await?;
    let at = |value: f64| match spec.quantity {
        TripQuantity::Voltage => (value, case.ratings.nominal_hz),
        TripQuantity::Frequency => (case.ratings.nominal_v, value),
    };
    let (volts, hertz) = at(spec.from);
    ctx.grid_set(volts, hertz).await?;
    ctx.wait(1.0).await?;
    ctx.arm(&CaptureSetup {
        name: "trip".into(),
        channels: vec![
            ChannelKind::GridVoltage,
            ChannelKind::DutCurrent,
            ChannelKind::SourceTrigger,
            ChannelKind::DutRelay,
        ],
        min_rate_hz: RATE_HZ,
        before_s: BEFORE_S,
        after_s: spec.observe_s,
        trigger: TriggerSetup {
            channel: ChannelKind::SourceTrigger,
            level: 0.5,
            rising: true,
        },
    })
    .await?;
    let (volts, hertz) = at(spec.to);
    ctx.grid_step(volts, hertz, spec.observe_s).await?;
    ctx.wait(spec.observe_s).await?;
    ctx.finish_capture(60.0).await?;
    ctx.grid_set(case.ratings.nominal_v, case.ratings.nominal_hz)
        .await
}
