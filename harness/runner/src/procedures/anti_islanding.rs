//! Unintentional islanding with a tuned parallel RLC load (IEC 62116:2014 clause 6.1).

use gridproof_instruments::roles::{CaptureSetup, RlcPower, TriggerSetup};
use gridproof_model::capture::ChannelKind;
use gridproof_model::case::{AntiIslandingCase, Case};

use super::prepare::{feed_pv, mppt_voltage, settle_at};
use crate::context::Context;
use crate::error::Halt;

/// Passes of measuring the DUT and tuning the load to it.
const TUNING_PASSES: u32 = 2;
/// Record before the opening, s.
const BEFORE_S: f64 = 0.5;
/// Record after the longest permitted run-on, s.
const BEYOND_S: f64 = 1.0;
/// Smallest sampling rate (project default, IEC 62116 asks for 10 kS/s).
const RATE_HZ: f64 = 50_000.0;

pub(super) async fn acquire(
    ctx: &mut Context<'_>,
    case: &Case,
    spec: &AntiIslandingCase,
) -> Result<(), Halt> {
    let profile = ctx.rig.profile.clone();
    if let (Some(pv), Some(vmp)) = (&profile.pv, mppt_voltage(&profile, spec.dc_voltage)) {
        feed_pv(ctx, case, pv, vmp).await?;
    }
    ctx.load_switch(false).await?;
    settle_at(ctx, &case.ratings, spec.power_w).await?;
    for pass in 0..TUNING_PASSES {
        tune(ctx, spec).await?;
        if pass == 0 {
            ctx.load_switch(true).await?;
        }
        // The inrush of C may look like a fault to the DUT: it gets the time to come back.
        settle_at(ctx, &case.ratings, spec.power_w).await?;
    }
    let limit = spec.run_on.max.unwrap_or(0.0);
    ctx.arm(&CaptureSetup {
        name: "island".into(),
        channels: vec![
            ChannelKind::GridVoltage,
            ChannelKind::DutCurrent,
            ChannelKind::SourceCurrent,
            ChannelKind::SwitchContact,
        ],
        min_rate_hz: RATE_HZ,
        before_s: BEFORE_S,
        after_s: limit + BEYOND_S,
        trigger: TriggerSetup {
            channel: ChannelKind::SwitchContact,
            level: 0.5,
            rising: false,
        },
    })
    .await?;
    ctx.grid_switch(false).await?;
    ctx.wait(limit + BEYOND_S).await?;
    ctx.finish_capture(10.0).await?;
    ctx.load_switch(false).await?;
    ctx.grid_switch(true).await
}

/// Set the load to the measured DUT with the imbalance of the case. The bank's values are meant at
/// its reference voltage, so the measured power is referred to it; the DUT's own reactive power
/// (its filter capacitor) counts as part of the load (IEC 62116 clause 6.1 step c).
async fn tune(ctx: &mut Context<'_>, spec: &AntiIslandingCase) -> Result<(), Halt> {
    let dut = ctx.power().await?;
    let (ref_v, ref_hz) = ctx.rig.island_load.reference();
    let scale = (ref_v / dut.volts).powi(2);
    let power = dut.watts * scale;
    let inductive = spec.quality_factor * power * dut.hertz / ref_hz;
    let capacitive = (spec.quality_factor * power - dut.vars * scale) * ref_hz / dut.hertz;
    ctx.island_load(RlcPower {
        r_watts: power * (1.0 + spec.delta_p),
        l_vars: inductive + spec.delta_q * power,
        c_vars: capacitive.max(0.0),
    })
    .await?;
    ctx.note(format!(
        "load tuned to {:.1} W, {:.1} var at {:.3} V, {:.3} Hz",
        dut.watts, dut.vars, dut.volts, dut.hertz
    ));
    Ok(())
}
