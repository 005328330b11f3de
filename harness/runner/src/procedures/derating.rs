//! Power against ambient temperature in a chamber.

use gridproof_model::case::{Case, DeratingCase};

use super::prepare::settle_at;
use crate::context::Context;
use crate::error::Halt;

/// The chamber counts as arrived inside this band, K.
const ARRIVED_K: f64 = 0.5;
/// Longest time for a change of temperature, s.
const CHAMBER_LIMIT_S: f64 = 7_200.0;
/// Analyser readings per averaging window.
const READINGS: u32 = 5;

pub(super) async fn acquire(
    ctx: &mut Context<'_>,
    case: &Case,
    spec: &DeratingCase,
) -> Result<(), Halt> {
    settle_at(ctx, &case.ratings, case.ratings.rated_w).await?;
    for (index, &celsius) in (0u32..).zip(&spec.ambient_c) {
        ctx.chamber(celsius).await?;
        let deadline = ctx.now_s() + CHAMBER_LIMIT_S;
        while (ctx.chamber_temperature().await? - celsius).abs() > ARRIVED_K {
            if ctx.now_s() > deadline {
                return Err(Halt::Bench(format!(
                    "the chamber did not reach {celsius:.1} °C"
                )));
            }
            ctx.wait(30.0).await?;
        }
        ctx.wait(spec.soak_s - spec.window_s).await?;
        let measured = ctx.chamber_temperature().await?;
        ctx.record_readings("soak", index, measured, spec.window_s, READINGS)
            .await?;
    }
    Ok(())
}
