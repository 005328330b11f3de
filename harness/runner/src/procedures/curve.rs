//! Voltage response curves: a stair of voltages, and single steps for the response times
//! (AS/NZS 4777.2:2020 clauses 3.3.2.2 and 3.3.2.3, IEEE 1547.1-2020 clause 4.2).

use gridproof_instruments::roles::{CaptureSetup, DutCapability, TriggerSetup, VoltVarCurve};
use gridproof_model::capture::ChannelKind;
use gridproof_model::case::{Case, CurveKind, CurveStepCase, CurveSweepCase, OpenLoopStepCase};

use super::prepare::settle_at;
use crate::context::Context;
use crate::error::Halt;

/// Analyser readings per averaging window.
const READINGS: u32 = 5;
/// Record before the step, s.
const BEFORE_S: f64 = 1.0;
/// Sampling rate for responses of seconds.
const RATE_HZ: f64 = 5_000.0;

/// The two responses mask each other: where the DUT lets us, only the one under test is on
/// (AS/NZS 4777.2 appendix: run 1). Where it does not, both act and the record says so.
async fn isolate(ctx: &mut Context<'_>, kind: CurveKind) -> Result<(), Halt> {
    let can = |capability| ctx.rig.dut.capabilities().contains(&capability);
    let (var, watt) = (can(DutCapability::VoltVar), can(DutCapability::VoltWatt));
    if !(var && watt) {
        ctx.note("the DUT's interface cannot switch the voltage responses; volt-var and volt-watt are both active");
        return Ok(());
    }
    ctx.dut_responses(kind == CurveKind::VoltVar, kind == CurveKind::VoltWatt)
        .await
}

pub(super) async fn sweep(
    ctx: &mut Context<'_>,
    case: &Case,
    spec: &CurveSweepCase,
) -> Result<(), Halt> {
    isolate(ctx, spec.curve.kind).await?;
    let Some(response_s) = spec.told_response_s else {
        return stair(ctx, case, spec).await;
    };
    let before = ctx.dut_volt_var_curve().await?;
    let told = VoltVarCurve {
        points: spec
            .curve
            .points
            .iter()
            .map(|&(volts, level)| (volts / case.ratings.nominal_v, level))
            .collect(),
        response_s,
    };
    ctx.set_dut_volt_var_curve(&told).await?;
    let outcome = stair(ctx, case, spec).await;
    // The next test finds the DUT as it was, also after a stair that failed.
    let restored = ctx.set_dut_volt_var_curve(&before).await;
    outcome.and(restored)
}

/// Every voltage of the sweep for its dwell, and back to nominal.
async fn stair(ctx: &mut Context<'_>, case: &Case, spec: &CurveSweepCase) -> Result<(), Halt> {
    settle_at(ctx, &case.ratings, spec.power_w).await?;
    for (index, &volts) in (0u32..).zip(&spec.voltages_v) {
        ctx.grid_set(volts, case.ratings.nominal_hz).await?;
        ctx.wait(spec.dwell_s - spec.window_s).await?;
        ctx.record_readings("step", index, volts, spec.window_s, READINGS)
            .await?;
    }
    ctx.grid_set(case.ratings.nominal_v, case.ratings.nominal_hz)
        .await
}

/// One voltage step, however its response is judged.
pub(super) struct Step {
    kind: CurveKind,
    power_w: f64,
    from_v: f64,
    to_v: f64,
    /// Time at the first voltage, and recorded at the second, s.
    observe_s: f64,
}

impl From<&CurveStepCase> for Step {
    fn from(spec: &CurveStepCase) -> Self {
        Self {
            kind: spec.curve.kind,
            power_w: spec.power_w,
            from_v: spec.from_v,
            to_v: spec.to_v,
            observe_s: spec.observe_s,
        }
    }
}

impl From<&OpenLoopStepCase> for Step {
    fn from(spec: &OpenLoopStepCase) -> Self {
        Self {
            kind: spec.curve.kind,
            power_w: spec.power_w,
            from_v: spec.from_v,
            to_v: spec.to_v,
            observe_s: spec.observe_s,
        }
    }
}

pub(super) async fn step(ctx: &mut Context<'_>, case: &Case, spec: &Step) -> Result<(), Halt> {
    isolate(ctx, spec.kind).await?;
    settle_at(ctx, &case.ratings, spec.power_w).await?;
    ctx.grid_set(spec.from_v, case.ratings.nominal_hz).await?;
    ctx.wait(spec.observe_s).await?;
    ctx.arm(&CaptureSetup {
        name: "step".into(),
        channels: vec![
            ChannelKind::GridVoltage,
            ChannelKind::DutCurrent,
            ChannelKind::SourceTrigger,
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
    ctx.grid_step(spec.to_v, case.ratings.nominal_hz, spec.observe_s)
        .await?;
    ctx.wait(spec.observe_s).await?;
    ctx.finish_capture(60.0).await?;
    ctx.grid_set(case.ratings.nominal_v, case.ratings.nominal_hz)
        .await
}
