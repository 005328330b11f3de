//! Loss of grid with the back-up port loaded (IEC 62040-3, high-impedance failure at a chosen
//! point on wave).

use gridproof_instruments::roles::{CaptureSetup, TriggerSetup};
use gridproof_model::capture::ChannelKind;
use gridproof_model::case::{Case, TransferCase};

use super::prepare::settle_at;
use crate::context::Context;
use crate::error::Halt;

/// Power by which the DUT shows that it is connected, pu of rated.
const PROBE_PU: f64 = 0.2;
/// Time for the change to the load, s.
const SETTLE_S: f64 = 5.0;
/// Record before the loss of grid, s: ten cycles for the fit of the wave.
const BEFORE_S: f64 = 0.2;
/// Record after it, s.
const AFTER_S: f64 = 0.4;
/// Sampling rate preferred for switch times.
const RATE_HZ: f64 = 100_000.0;

pub(super) async fn acquire(
    ctx: &mut Context<'_>,
    case: &Case,
    spec: &TransferCase,
) -> Result<(), Halt> {
    // Power at the grid port proves the connection; what the DUT says of itself would not.
    settle_at(ctx, &case.ratings, PROBE_PU * case.ratings.rated_w).await?;
    ctx.dut_power(0.0).await?;
    ctx.backup_load(spec.load_w).await?;
    ctx.wait(SETTLE_S).await?;
    ctx.arm(&CaptureSetup {
        name: "transfer".into(),
        channels: vec![
            ChannelKind::BackupVoltage,
            ChannelKind::BackupCurrent,
            ChannelKind::GridVoltage,
            ChannelKind::SourceTrigger,
        ],
        min_rate_hz: RATE_HZ,
        before_s: BEFORE_S,
        after_s: AFTER_S,
        trigger: TriggerSetup {
            channel: ChannelKind::SourceTrigger,
            level: 0.5,
            rising: true,
        },
    })
    .await?;
    ctx.grid_cut(spec.angle_deg).await?;
    ctx.wait(AFTER_S).await?;
    ctx.finish_capture(5.0).await?;
    ctx.backup_load(0.0).await?;
    ctx.grid_on().await
}
