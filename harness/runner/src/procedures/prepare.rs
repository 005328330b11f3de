//! Bringing the DUT to the state a test starts from: sources on, connected, at its power.

use gridproof_instruments::roles::PvCurve;
use gridproof_model::case::Ratings;
use gridproof_model::dut::{DutProfile, PvInput};

use crate::context::Context;
use crate::error::Halt;

/// Longest time a healthy DUT may take to connect and ramp to power, s: 60 s of observation,
/// 6 min of ramp (AS/NZS 4777.2 clauses 4.7 and 3.3.4), and as much again for slow units.
const READY_LIMIT_S: f64 = 900.0;
/// Power counts as settled inside this band around the target, fraction of rated
/// (AS/NZS 4777.2 appendix A: within ±2 %).
const SETTLE_BAND: f64 = 0.02;
/// For this long, s.
const SETTLE_S: f64 = 5.0;
/// Fill factors of a crystalline array (EN 50530): Vmp/Voc and Imp/Isc.
const FILL: (f64, f64) = (0.8, 0.9);
/// The array offers this much more than the DUT can deliver.
const PV_SURPLUS: f64 = 1.1;

/// Sources on, loads off, connection permitted. The DUT starts its reconnection timer.
pub(crate) async fn energise(ctx: &mut Context<'_>, ratings: &Ratings) -> Result<(), Halt> {
    ctx.drm(&[]).await?;
    if ctx.rig.chamber.is_some() {
        let ambient = ctx.rig.bench.ambient.0;
        ctx.chamber(ambient).await?;
    }
    let profile = ctx.rig.profile.clone();
    if let Some(pv) = &profile.pv {
        let curve = pv_curve(pv, pv.rated_voltage.0, profile.ratings.power.0);
        ctx.pv_on(curve).await?;
    }
    if let Some(battery) = &profile.battery {
        ctx.battery_on(
            battery.nominal_voltage.0,
            battery.max_discharge_current.0,
            battery.max_charge_current.0,
        )
        .await?;
    }
    if ctx.rig.backup_load.is_some() {
        ctx.backup_load(0.0).await?;
    }
    ctx.load_switch(false).await?;
    ctx.grid_switch(true).await?;
    ctx.grid_set(ratings.nominal_v, ratings.nominal_hz).await?;
    ctx.grid_on().await?;
    ctx.dut_connect().await
}

/// A PV curve with its MPP at `vmp` that covers `power_w` with a surplus, inside the DUT's ratings.
pub(crate) fn pv_curve(pv: &PvInput, vmp: f64, power_w: f64) -> PvCurve {
    let imp = (PV_SURPLUS * power_w / vmp).min(pv.max_current.0);
    PvCurve {
        voc: (vmp / FILL.0).min(pv.max_voltage.0),
        isc: (imp / FILL.1).min(pv.max_short_circuit_current.0),
        vmp,
        imp,
    }
}

/// MPP voltage at this fraction of the DUT's MPPT range (IEC 62116 table of dc conditions).
pub(crate) fn mppt_voltage(profile: &DutProfile, fraction: f64) -> Option<f64> {
    let (low, high) = profile.pv.as_ref()?.mppt_voltage;
    Some(low.0 + fraction * (high.0 - low.0))
}

/// Nominal grid, then the DUT at `watts` and settled. What the analyser says decides.
pub(crate) async fn settle_at(
    ctx: &mut Context<'_>,
    ratings: &Ratings,
    watts: f64,
) -> Result<(), Halt> {
    ctx.grid_set(ratings.nominal_v, ratings.nominal_hz).await?;
    ctx.dut_power(watts).await?;
    let band = SETTLE_BAND * ratings.rated_w;
    let deadline = ctx.now_s() + READY_LIMIT_S;
    let mut inside_since: Option<f64> = None;
    loop {
        let got = ctx.power().await?;
        let now = ctx.now_s();
        if (got.watts - watts).abs() <= band {
            let since = *inside_since.get_or_insert(now);
            if now - since >= SETTLE_S {
                ctx.note(format!(
                    "settled at {:.0} W, {:.0} var, {:.2} V",
                    got.watts, got.vars, got.volts
                ));
                return Ok(());
            }
        } else {
            inside_since = None;
        }
        if now > deadline {
            return Err(Halt::DutNotReady(format!(
                "the DUT did not settle at {watts:.0} W within {READY_LIMIT_S:.0} s on a healthy grid; last reading {:.0} W",
                got.watts
            )));
        }
        ctx.wait(1.0).await?;
    }
}
