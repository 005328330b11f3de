//! Response curves: a stair of voltages or frequencies, and single steps for the response times
//! (AS/NZS 4777.2:2020 clauses 3.3.2.2, 3.3.2.3 and 4.5.3, IEEE 1547.1-2020 clause 4.2); after
//! frequency also the way back.

use gridproof_instruments::roles::{CaptureSetup, DutCapability, TriggerSetup, VoltVarCurve};
use gridproof_model::capture::ChannelKind;
use gridproof_model::case::{
    Case, CurveKind, CurveStepCase, CurveSweepCase, FrequencyReturnCase, OpenLoopStepCase, Ratings,
};

use super::prepare::settle_at;
use crate::context::Context;
use crate::error::Halt;

/// Analyser readings per averaging window.
const READINGS: u32 = 5;
/// Record before the step, s.
const BEFORE_S: f64 = 1.0;
/// Sampling rate for responses of seconds.
const RATE_HZ: f64 = 5_000.0;
/// Recorded of the voltage at each frequency, s, and how fast: fifty cycles by forty samples give
/// the frequency to less than the clock of a recorder is right to.
const FREQUENCY_S: f64 = 1.0;
const FREQUENCY_RATE_HZ: f64 = 2_000.0;
/// Readings on the way back, s apart.
const EVERY_S: f64 = 1.0;

/// What the grid is set to for a stimulus: V, Hz.
fn grid_at(kind: CurveKind, x: f64, ratings: &Ratings) -> (f64, f64) {
    match kind {
        CurveKind::VoltVar | CurveKind::VoltWatt => (x, ratings.nominal_hz),
        CurveKind::FrequencyWatt => (ratings.nominal_v, x),
    }
}

/// The voltage responses mask each other: where the DUT lets us, only the one under test is on
/// (AS/NZS 4777.2 appendix: run 1). Where it does not, both act and the record says so.
/// Frequency-watt is tested at nominal voltage, where both are at rest, and leaves them as they are.
async fn isolate(ctx: &mut Context<'_>, kind: CurveKind) -> Result<(), Halt> {
    let tested = match kind {
        CurveKind::VoltVar => (true, false),
        CurveKind::VoltWatt => (false, true),
        CurveKind::FrequencyWatt => return Ok(()),
    };
    let can = |capability| ctx.rig.dut.capabilities().contains(&capability);
    let (var, watt) = (can(DutCapability::VoltVar), can(DutCapability::VoltWatt));
    if !(var && watt) {
        ctx.note("the DUT's interface cannot switch the voltage responses; volt-var and volt-watt are both active");
        return Ok(());
    }
    ctx.dut_responses(tested.0, tested.1).await
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

/// Every stimulus of the stair for its dwell, and back to nominal.
async fn stair(ctx: &mut Context<'_>, case: &Case, spec: &CurveSweepCase) -> Result<(), Halt> {
    settle_at(ctx, &case.ratings, spec.power_w).await?;
    let kind = spec.curve.kind;
    for (index, &x) in (0u32..).zip(&spec.stimuli) {
        let (volts, hertz) = grid_at(kind, x, &case.ratings);
        ctx.grid_set(volts, hertz).await?;
        ctx.wait(spec.dwell_s - spec.window_s).await?;
        let place = ("step", index, x);
        match kind {
            CurveKind::VoltVar | CurveKind::VoltWatt => {
                ctx.record_readings(place.0, place.1, place.2, spec.window_s, READINGS)
                    .await?;
            }
            CurveKind::FrequencyWatt => at_frequency(ctx, place, spec.window_s).await?,
        }
    }
    ctx.grid_set(case.ratings.nominal_v, case.ratings.nominal_hz)
        .await
}

/// Readings of a window at one frequency, and the waveform that tells the frequency itself: the
/// recorder's clock knows it better than an analyser does.
async fn at_frequency(
    ctx: &mut Context<'_>,
    (label, index, hertz): (&str, u32, f64),
    window_s: f64,
) -> Result<(), Halt> {
    ctx.arm(&CaptureSetup {
        name: format!("frequency-{index:02}"),
        channels: vec![ChannelKind::GridVoltage],
        min_rate_hz: FREQUENCY_RATE_HZ,
        before_s: 0.0,
        after_s: FREQUENCY_S.min(window_s),
        trigger: TriggerSetup {
            channel: ChannelKind::GridVoltage,
            level: 0.0,
            rising: true,
        },
    })
    .await?;
    ctx.record_readings(label, index, hertz, window_s, READINGS)
        .await?;
    ctx.finish_capture(60.0).await
}

/// The far frequency for its dwell, then the way back, read once a second.
pub(super) async fn way_back(
    ctx: &mut Context<'_>,
    case: &Case,
    spec: &FrequencyReturnCase,
) -> Result<(), Halt> {
    settle_at(ctx, &case.ratings, spec.power_w).await?;
    let kind = spec.curve.kind;
    let (volts, hertz) = grid_at(kind, spec.far, &case.ratings);
    ctx.grid_set(volts, hertz).await?;
    ctx.wait(spec.dwell_s - spec.window_s).await?;
    at_frequency(ctx, ("far", 0, spec.far), spec.window_s).await?;
    let (volts, hertz) = grid_at(kind, spec.back, &case.ratings);
    ctx.grid_set(volts, hertz).await?;
    let count = (spec.observe_s / EVERY_S).ceil() as u32;
    ctx.record_readings("return", 0, spec.back, spec.observe_s, count)
        .await?;
    ctx.grid_set(case.ratings.nominal_v, case.ratings.nominal_hz)
        .await
}

/// One step, however its response is judged.
pub(super) struct Step {
    kind: CurveKind,
    power_w: f64,
    /// V or Hz.
    from: f64,
    to: f64,
    /// Time at the first stimulus, and recorded at the second, s.
    observe_s: f64,
}

impl From<&CurveStepCase> for Step {
    fn from(spec: &CurveStepCase) -> Self {
        Self {
            kind: spec.curve.kind,
            power_w: spec.power_w,
            from: spec.from,
            to: spec.to,
            observe_s: spec.observe_s,
        }
    }
}

impl From<&OpenLoopStepCase> for Step {
    fn from(spec: &OpenLoopStepCase) -> Self {
        Self {
            kind: spec.curve.kind,
            power_w: spec.power_w,
            from: spec.from,
            to: spec.to,
            observe_s: spec.observe_s,
        }
    }
}

pub(super) async fn step(ctx: &mut Context<'_>, case: &Case, spec: &Step) -> Result<(), Halt> {
    isolate(ctx, spec.kind).await?;
    settle_at(ctx, &case.ratings, spec.power_w).await?;
    let (volts, hertz) = grid_at(spec.kind, spec.from, &case.ratings);
    ctx.grid_set(volts, hertz).await?;
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
    let (volts, hertz) = grid_at(spec.kind, spec.to, &case.ratings);
    ctx.grid_step(volts, hertz, spec.observe_s).await?;
    ctx.wait(spec.observe_s).await?;
    ctx.finish_capture(60.0).await?;
    ctx.grid_set(case.ratings.nominal_v, case.ratings.nominal_hz)
        .await
}
