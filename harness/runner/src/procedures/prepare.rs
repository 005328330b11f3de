//! Bringing the DUT to the state a test starts from: sources on, connected, at its power.

use gridproof_instruments::roles::{DutMode, PowerReading, PvCurve};
use gridproof_model::case::{Case, Ratings};
use gridproof_model::dut::{DutProfile, InterfaceProtocol, PvInput};

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

/// A register file may differ from the analyser by this fraction of rated power, of the voltage
/// and of the frequency: far more than any error of the unit, far less than a wrong address.
const AGREE: (f64, f64, f64) = (0.1, 0.1, 0.02);

/// A grid within this fraction of its set-point at the DUT's terminals counts as healthy: more than
/// any drop on the line, less than any trip.
const HEALTHY: f64 = 0.05;
/// Voltage at the grid simulator and at the DUT differ by less than this fraction: more than the
/// drop on the line and both accuracies.
const METERS_AGREE: f64 = 0.01;

/// `forbid` is tried at this power at least, fraction of rated; it must be gone within this time, s.
const FORBID_FROM: f64 = 0.1;
const FORBID_LIMIT_S: f64 = 5.0;

/// Sources on, loads off, connection permitted. The DUT starts its reconnection timer. The case is
/// the first of its test.
pub(crate) async fn energise(ctx: &mut Context<'_>, case: &Case) -> Result<(), Halt> {
    let ratings = &case.ratings;
    ctx.drm(&[]).await?;
    if ctx.rig.chamber.is_some() {
        let ambient = ctx.rig.bench.ambient.0;
        ctx.chamber(ambient).await?;
    }
    let profile = ctx.rig.profile.clone();
    if let Some(feed) = &case.pv {
        ctx.note(feed.to_string());
    }
    if let Some(pv) = &profile.pv {
        feed_pv(ctx, case, pv, pv.rated_voltage.0).await?;
    }
    // without a simulator the DUT has its own pack on the port, which nobody needs to switch on
    if let Some(battery) = profile
        .battery
        .as_ref()
        .filter(|_| ctx.rig.battery.is_some())
    {
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

/// The same curve at every PV input that the case feeds, which together cover rated power.
pub(super) async fn feed_pv(
    ctx: &mut Context<'_>,
    case: &Case,
    pv: &PvInput,
    vmp: f64,
) -> Result<(), Halt> {
    let inputs = case.pv.as_ref().map_or(&[1][..], |feed| &feed.fed);
    let share = ctx.rig.profile.ratings.power.0 / inputs.len() as f64;
    for &input in inputs {
        ctx.pv_on(input, pv_curve(pv, vmp, share)).await?;
    }
    Ok(())
}

/// A PV curve with its MPP at `vmp` that covers `power_w` with a surplus, inside the DUT's ratings.
fn pv_curve(pv: &PvInput, vmp: f64, power_w: f64) -> PvCurve {
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

/// Nominal grid, then the DUT at `watts` and settled. What the analyser says decides. A DUT under a
/// register file must also agree with the analyser, and once per test obey `forbid`.
pub(crate) async fn settle_at(
    ctx: &mut Context<'_>,
    ratings: &Ratings,
    watts: f64,
) -> Result<(), Halt> {
    let got = settle(ctx, ratings, watts).await?;
    match ctx.rig.profile.interface.protocol {
        InterfaceProtocol::RegisterFile => {}
        InterfaceProtocol::SunspecTcp | InterfaceProtocol::SajAs1Rtu => return Ok(()),
    }
    registers_agree(ctx, &got).await?;
    if ctx.rig.forbid_proven || got.watts.abs() < FORBID_FROM * ratings.rated_w {
        return Ok(());
    }
    forbid_stops(ctx, ratings).await?;
    ctx.rig.forbid_proven = true;
    settle(ctx, ratings, watts).await.map(|_settled| ())
}

async fn settle(
    ctx: &mut Context<'_>,
    ratings: &Ratings,
    watts: f64,
) -> Result<PowerReading, Halt> {
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
                meters_agree(ctx, ratings, &got).await?;
                ctx.dc_sources_are_on().await?;
                ctx.note(format!(
                    "settled at {:.0} W, {:.0} var, {:.2} V",
                    got.watts, got.vars, got.volts
                ));
                return Ok(got);
            }
        } else {
            inside_since = None;
        }
        if now > deadline {
            return Err(unsettled(ctx, ratings, watts, &got).await);
        }
        ctx.wait(1.0).await?;
    }
}

/// Why the DUT did not settle. A bench that does not give it a healthy grid and dc, or meters that
/// contradict each other, say nothing about the DUT.
async fn unsettled(
    ctx: &mut Context<'_>,
    ratings: &Ratings,
    watts: f64,
    got: &PowerReading,
) -> Halt {
    let nominal = ratings.nominal_v;
    if (got.volts - nominal).abs() > HEALTHY * nominal {
        return Halt::Bench(format!(
            "the grid simulator is set to {nominal:.1} V, the analyser reads {:.1} V at the DUT: an output is open or has tripped, or a contactor does not close",
            got.volts
        ));
    }
    let bench = match ctx.dc_sources_are_on().await {
        Ok(()) => meters_agree(ctx, ratings, got).await,
        off => off,
    };
    match bench {
        Err(halt) => halt,
        Ok(()) => Halt::DutNotReady(format!(
            "the DUT did not settle at {watts:.0} W within {READY_LIMIT_S:.0} s on a healthy grid; last reading {:.0} W",
            got.watts
        )),
    }
}

/// The grid simulator and the analyser must read the same voltage: a meter that has drifted would
/// put its error on the DUT.
async fn meters_agree(
    ctx: &mut Context<'_>,
    ratings: &Ratings,
    got: &PowerReading,
) -> Result<(), Halt> {
    let source = ctx.rig.grid.measure().await?;
    if (source.volts - got.volts).abs() <= METERS_AGREE * ratings.nominal_v {
        return Ok(());
    }
    Err(Halt::Bench(format!(
        "the meters contradict each other: grid simulator {:.2} V, analyser {:.2} V; one of them needs calibration",
        source.volts, got.volts
    )))
}

/// A register file is the lab's own work: what it says of the DUT must agree with the analyser, or
/// the safe state would be proven by the wrong register.
async fn registers_agree(ctx: &mut Context<'_>, got: &PowerReading) -> Result<(), Halt> {
    let told = ctx.rig.dut.status().await?;
    let (power, voltage, frequency) = AGREE;
    let near = |told: f64, got: f64, band: f64| (told - got).abs() <= band;
    let agree = told.mode == DutMode::Grid
        && near(
            told.watts,
            got.watts,
            power * ctx.rig.profile.ratings.power.0,
        )
        && near(told.volts, got.volts, voltage * got.volts)
        && near(told.hertz, got.hertz, frequency * got.hertz);
    if agree {
        return Ok(());
    }
    Err(Halt::Bench(format!(
        "the DUT's registers say {:?}, {:.0} W, {:.1} V, {:.2} Hz, the analyser {:.0} W, {:.1} V, {:.2} Hz; check `status` of the register file",
        told.mode, told.watts, told.volts, told.hertz, got.watts, got.volts, got.hertz
    )))
}

/// A `forbid` that goes to the wrong register may be taken and read back like the right one. Only
/// power that stops shows that it works.
async fn forbid_stops(ctx: &mut Context<'_>, ratings: &Ratings) -> Result<(), Halt> {
    ctx.dut_disconnect().await?;
    let deadline = ctx.now_s() + FORBID_LIMIT_S;
    loop {
        let got = ctx.power().await?;
        if got.watts.abs() <= SETTLE_BAND * ratings.rated_w {
            return ctx.dut_connect().await;
        }
        if ctx.now_s() > deadline {
            return Err(Halt::Bench(format!(
                "`forbid` of the register file does not stop the DUT: {:.0} W after {FORBID_LIMIT_S:.0} s; check `connect`",
                got.watts
            )));
        }
        ctx.wait(0.5).await?;
    }
}
