//! What the writable points ask of the DUT, and which values they take.

use gridproof_plant::config::Reconnect;

use super::curve::Which;
use super::droop;
use super::map::{At, CURVES, Map, OLD_POINTS, POINTS, Place, at};
use super::models::Kind;
use super::plate::{FACTOR_LEAST, Nameplate};
use crate::devices::setpoints::Setpoints;
use crate::modbus::Exception;

/// An enable point is on.
fn on(map: &Map, model: u16, name: &'static str) -> bool {
    map.raw(at(model, name)) == 1
}

fn value(map: &Map, model: u16, name: &'static str) -> f64 {
    map.get(at(model, name)).unwrap_or(0.0)
}

fn part(map: &Map, model: u16, name: &'static str) -> f64 {
    value(map, model, name) / 100.0
}

/// A mode that sets reactive power instead of volt-var is on.
pub(crate) fn fixes_reactive(map: &Map) -> bool {
    REACTIVE_MODES
        .iter()
        .any(|&(model, name)| on(map, model, name))
}

/// Enable points of the modes that exclude volt-var.
pub(crate) const REACTIVE_MODES: [(u16, &str); 6] = [
    (123, "OutPFSet_Ena"),
    (123, "VArPct_Ena"),
    (704, "PFWInjEna"),
    (704, "PFWAbsEna"),
    (704, "VarSetEna"),
    (712, "Ena"),
];

/// What the points ask for: the smaller of both limits, 704 before 123 and 124.
pub(crate) fn setpoints(map: &Map, plate: &Nameplate) -> Setpoints {
    let most = most_watts(map, plate) / plate.dut.rated_power_w;
    let limit = |model, enable, percent| {
        if on(map, model, enable) {
            part(map, model, percent)
        } else {
            1.0
        }
    };
    let old = limit(123, "WMaxLim_Ena", "WMaxLimPct");
    let new = limit(704, "WMaxLimPctEna", "WMaxLimPct");
    Setpoints {
        connect: on(map, 123, "Conn") && on(map, 703, "ES"),
        limit: most * old.min(new),
        active_w: active(map, plate),
        reactive: reactive(map, plate),
        factor: factor(map),
        absorbing_factor: factor_of(map, ["PFWAbsEna", "PFWAbs.PF", "PFWAbs.Ext"]),
        volt_var: responds(map, Which::VoltVar),
        volt_watt: responds(map, Which::VoltWatt),
        reconnect: reconnect(map, plate),
        droop: droop::droop(map, plate, 0).filter(|_| adopted(map, 711, "AdptCtlReq")),
        watt_var: droop::watt_var(map, plate, 0).filter(|_| adopted(map, 712, "AdptCrvReq")),
        ..Setpoints::of(&plate.dut)
    }
}

/// Enabled, and not asked to have no curve or no controls.
fn adopted(map: &Map, model: u16, request: &'static str) -> bool {
    on(map, model, "Ena") && map.raw(at(model, request)) != 0
}

/// Enabled, and a curve is selected.
fn responds(map: &Map, which: Which) -> bool {
    on(map, which.der(), "Ena") && map.raw(at(which.fixed(), "ActCrv")) != 0
}

/// Largest active power as set, W: within the settings of apparent power and current as well. What
/// the registers cannot hold exactly is as built until it is written.
fn most_watts(map: &Map, plate: &Nameplate) -> f64 {
    let dut = &plate.dut;
    let lowered = |read: f64, built: f64, step: f64, watts: f64| {
        if read < built - step {
            watts
        } else {
            f64::INFINITY
        }
    };
    let (va, amps) = (value(map, 121, "VAMax"), value(map, 702, "AMax"));
    value(map, 121, "WMax")
        .min(lowered(va, dut.rated_apparent_va, 1.0, va))
        .min(lowered(amps, dut.max_current_a, 0.1, amps * dut.nominal_v))
}

/// Largest reactive power as set, injected and absorbed, var.
pub(crate) fn var_most(map: &Map, plate: &Nameplate) -> (f64, f64) {
    let most = |name, other| {
        let set = map.get(at(702, name)).unwrap_or(other);
        if (set - other).abs() < 1.0 {
            other
        } else {
            set
        }
    };
    let built = plate.var_most();
    (most("VarMaxInj", built), most("VarMaxAbs", built))
}

/// A share of the largest reactive power as set, injected or absorbed by its sign, var.
pub(crate) fn of_var_most(map: &Map, plate: &Nameplate, share: f64) -> f64 {
    let (injected, absorbed) = var_most(map, plate);
    share * if share < 0.0 { absorbed } else { injected }
}

fn active(map: &Map, plate: &Nameplate) -> Option<f64> {
    let charge = if plate.battery.is_some() {
        value(map, 702, "WChaRteMax")
    } else {
        f64::INFINITY
    };
    // with PV beside it the battery's share of what is fed in is not known here
    let discharge = if plate.battery.is_some() && plate.trackers == 0 {
        value(map, 702, "WDisChaRteMax")
    } else {
        f64::INFINITY
    };
    asked(map).map(|watts| watts.clamp(-charge, discharge))
}

/// Active power that is asked for, W.
fn asked(map: &Map) -> Option<f64> {
    if on(map, 704, "WSetEna") {
        return Some(if on(map, 704, "WSetMod") {
            value(map, 704, "WSet")
        } else {
            part(map, 704, "WSetPct") * value(map, 121, "WMax")
        });
    }
    // 124: bit 1 discharges at OutWRte, bit 0 charges at InWRte; both exchange the difference
    let mode = map.raw(at(124, "StorCtl_Mod")) & 3;
    let discharge = if mode & 2 != 0 {
        part(map, 124, "OutWRte") * value(map, 702, "WDisChaRteMax")
    } else {
        0.0
    };
    let charge = if mode & 1 != 0 {
        part(map, 124, "InWRte") * value(map, 124, "WChaMax")
    } else {
        0.0
    };
    (mode != 0).then_some(discharge - charge)
}

fn reactive(map: &Map, plate: &Nameplate) -> f64 {
    let volt_amps = plate.dut.rated_apparent_va;
    let watts = value(map, 121, "WMax");
    let of_vars = |share| of_var_most(map, plate, share);
    let asked = if on(map, 704, "VarSetEna") {
        let share = part(map, 704, "VarSetPct");
        match map.raw(at(704, "VarSetMod")) {
            0 => share * watts,
            3 => share * volt_amps,
            4 => value(map, 704, "VarSet"),
            _ => of_vars(share),
        }
    } else if on(map, 123, "VArPct_Ena") {
        match map.raw(at(123, "VArPct_Mod")) {
            1 => part(map, 123, "VArWMaxPct") * watts,
            2 => of_vars(part(map, 123, "VArMaxPct")),
            3 => of_vars(part(map, 123, "VArAvalPct")),
            _ => 0.0,
        }
    } else {
        return 0.0;
    };
    let (injected, absorbed) = var_most(map, plate);
    asked.clamp(-absorbed, injected) / volt_amps
}

/// > 0 over-excited.
fn factor(map: &Map) -> Option<f64> {
    factor_of(map, ["PFWInjEna", "PFWInj.PF", "PFWInj.Ext"])
        .or_else(|| on(map, 123, "OutPFSet_Ena").then(|| value(map, 123, "OutPFSet")))
}

/// A factor of 704: its enable point, magnitude and excitation.
fn factor_of(map: &Map, [enable, magnitude, excitation]: [&'static str; 3]) -> Option<f64> {
    let magnitude = on(map, 704, enable).then(|| value(map, 704, magnitude))?;
    let under = map.raw(at(704, excitation)) == 1;
    Some(if under { -magnitude } else { magnitude })
}

fn reconnect(map: &Map, plate: &Nameplate) -> Reconnect {
    let dut = &plate.dut;
    let volts = |name| part(map, 703, name) * dut.nominal_v;
    let own = dut.reconnect();
    // what the registers cannot hold exactly stays as built until it is written
    let near = |read: f64, built: f64, step: f64| {
        if (read - built).abs() <= 0.5 * step + 1e-9 {
            built
        } else {
            read
        }
    };
    let step_v = 1e-4 * dut.nominal_v;
    let ramp_s = value(map, 703, "ESRmpTms");
    let built_s = if own.ramp_pu_per_s > 0.0 {
        1.0 / own.ramp_pu_per_s
    } else {
        0.0
    };
    Reconnect {
        delay_s: near(value(map, 703, "ESDlyTms"), own.delay_s, 1.0),
        volts: (
            near(volts("ESVLo"), own.volts.0, step_v),
            near(volts("ESVHi"), own.volts.1, step_v),
        ),
        hz: (
            near(value(map, 703, "ESHzLo"), own.hz.0, 0.01),
            near(value(map, 703, "ESHzHi"), own.hz.1, 0.01),
        ),
        ramp_pu_per_s: if (ramp_s - built_s).abs() <= 0.5 {
            own.ramp_pu_per_s
        } else if ramp_s > 0.0 {
            1.0 / ramp_s
        } else {
            0.0
        },
    }
}

/// Exception 3 for values that a point does not take.
pub(crate) fn check(map: &Map, plate: &Nameplate, written: &[Place]) -> Result<(), Exception> {
    if written.iter().all(|place| takes(map, plate, place)) {
        Ok(())
    } else {
        Err(Exception::Value)
    }
}

fn takes(map: &Map, plate: &Nameplate, place: &Place) -> bool {
    let At { model, name, .. } = place.at;
    let raw = map.raw(place.at);
    if raw == place.kind.absent() {
        // nothing was written
        return true;
    }
    if let Kind::Enum(codes) = place.kind {
        // islanding detection cannot be switched off, nor the protection
        let fixed = matches!((model, name), (704, "AntiIslEna") | (707..=710, "Ena"));
        return raw < 16 && codes >> raw & 1 == 1 && (!fixed || raw == 1);
    }
    let value = map.get(place.at).unwrap_or(0.0);
    let percent = value.abs() <= 100.0 + 1e-9;
    let rating = |most: f64| value > 0.0 && value <= most;
    match (model, name) {
        (1, "DA") => (1..=247).contains(&raw),
        (121 | 702, "WMax") => rating(plate.dut.rated_power_w),
        (121 | 702, "VAMax") => rating(plate.dut.rated_apparent_va),
        (124, "WChaMax") | (702, "WChaRteMax") => rating(plate.dut.rated_charge_w),
        (702, "WDisChaRteMax") => rating(plate.dut.rated_power_w),
        (702, "AMax") => rating(plate.dut.max_current_a + 0.05),
        (702, "VarMaxInj" | "VarMaxAbs") | (121, "VArMaxQ1") => {
            (0.0..=plate.var_most() + 0.5).contains(&value)
        }
        (121, "VArMaxQ4") => (0.0..=plate.var_most() + 0.5).contains(&-value),
        (123 | 704, "WMaxLimPct")
        | (704, "WMaxLimPctRvrt" | "WSetPct" | "WSetPctRvrt" | "VarSetPct" | "VarSetPctRvrt")
        | (123, "VArWMaxPct" | "VArMaxPct" | "VArAvalPct")
        | (124, "OutWRte" | "InWRte" | "MinRsvPct" | "WChaGra" | "WDisChaGra") => percent,
        (123, "OutPFSet")
        | (704, "PFWInj.PF" | "PFWInjRvrt.PF" | "PFWAbs.PF" | "PFWAbsRvrt.PF") => {
            (FACTOR_LEAST - 1e-9..=1.0 + 1e-9).contains(&value.abs())
        }
        (124, "StorCtl_Mod") => raw <= 3,
        (126 | 132, "ActCrv") => raw <= u64::from(CURVES),
        (126 | 132, "ModEna") => raw <= 1,
        (126 | 132, "curve.ActPt") => (1..=u64::from(OLD_POINTS)).contains(&raw),
        (705 | 706, "AdptCrvReq" | "RvrtCrv") | (707..=710, "AdptCrvReq") => {
            (1..=u64::from(CURVES)).contains(&raw)
        }
        // of these two 0 is none
        (711, "AdptCtlReq" | "RvrtCtl") | (712, "AdptCrvReq" | "RvrtCrv") => {
            raw <= u64::from(CURVES)
        }
        (705..=712, point) if point.ends_with("ActPt") => raw <= u64::from(POINTS),
        (703, "ESVHi" | "ESVLo") => map.get(at(703, "ESVLo")) < map.get(at(703, "ESVHi")),
        (703, "ESHzHi" | "ESHzLo") => map.get(at(703, "ESHzLo")) < map.get(at(703, "ESHzHi")),
        _ => true,
    }
}
