//! The points that follow the DUT, brought up to date when a client reads their model. A dead DUT
//! answers zeros.

use gridproof_plant::DutView;
use gridproof_plant::config::Health;
use gridproof_plant::signal::{DutState, PvInputState};

use super::map::{Map, at};
use super::plate::Nameplate;
use crate::field::Field;

/// J per Wh.
const JOULES: f64 = 3600.0;

/// The DUT at one instant, as every model wants it.
struct Now<'a> {
    plate: &'a Nameplate,
    view: DutView,
    dead: bool,
    connected: bool,
    va: f64,
    /// Power factor with the sign of the active power.
    factor: f64,
    seconds: u64,
    /// Delivered and taken at the ac terminals since power-on, Wh.
    energy_wh: (f64, f64),
    /// PV inputs in order; looked at only where a client reads them.
    inputs: Vec<PvInputState>,
}

/// Brings the models up to date.
pub(crate) fn refresh(map: &mut Map, models: &[u16], plate: &Nameplate, field: &Field) {
    if !models
        .iter()
        .any(|id| UPDATES.iter().any(|update| update.0 == *id))
    {
        return;
    }
    let view = field.plant.dut_view();
    let va = view.volts * view.amps;
    let energy = field.plant.energy();
    let now = Now {
        energy_wh: (energy.ac_out_j / JOULES, energy.ac_in_j / JOULES),
        plate,
        dead: plate.dut.health == Health::Dead,
        connected: view.state == DutState::Grid,
        va,
        factor: if va > 1.0 {
            (view.w / va).clamp(-1.0, 1.0)
        } else {
            0.0
        },
        seconds: field.now() / 1_000_000_000,
        view,
        inputs: if models.contains(&160) {
            field.plant.state().pv_inputs
        } else {
            Vec::new()
        },
    };
    for (_, update) in UPDATES.iter().filter(|update| models.contains(&update.0)) {
        update(map, &now);
    }
}

type Update = fn(&mut Map, &Now<'_>);

const UPDATES: &[(u16, Update)] = &[
    (101, inverter),
    (122, status),
    (124, storage),
    (160, trackers),
    (701, measurement),
    (703, entering),
    (713, capacity),
];

impl Now<'_> {
    /// Codes of 101 and 160.
    fn state(&self) -> u64 {
        match self.view.state {
            _ if self.dead => 1,
            DutState::Standby | DutState::Drm0 | DutState::Off => 8,
            DutState::Waiting => 3,
            DutState::Grid if self.view.power_limit_pu < 1.0 => 5,
            DutState::Grid | DutState::Backup => 4,
            DutState::Tripped => 7,
        }
    }

    /// Event bits, the same in 101 and 701.
    fn events(&self) -> u64 {
        if self.view.state != DutState::Tripped {
            return 0;
        }
        let trip = self.view.last_trip.as_deref();
        match trip.map(|name| name.get(..2).unwrap_or(name)) {
            Some("OV") => 1 << 10,
            Some("UV") => 1 << 11,
            Some("OF") => 1 << 8,
            Some("UF") => 1 << 9,
            Some(_) => 1 << 4,
            None => 0,
        }
    }
}

fn put_all(map: &mut Map, model: u16, values: &[(&'static str, f64)]) {
    for &(name, value) in values {
        map.put(at(model, name), value);
    }
}

fn set_all(map: &mut Map, model: u16, values: &[(&'static str, u64)]) {
    for &(name, raw) in values {
        map.set(at(model, name), raw);
    }
}

fn inverter(map: &mut Map, now: &Now<'_>) {
    let v = &now.view;
    put_all(
        map,
        101,
        &[
            ("A", v.amps),
            ("AphA", v.amps),
            ("PhVphA", v.volts),
            ("W", v.w),
            ("WH", now.energy_wh.0),
            ("Hz", v.hz),
            ("VA", now.va),
            ("VAr", v.var),
            ("PF", 100.0 * now.factor),
            ("DCA", v.pv_a.abs()),
            ("DCV", v.pv_v),
            ("DCW", v.pv_w + v.battery_w),
            ("TmpCab", v.temperature_c),
            ("TmpSnk", v.temperature_c),
        ],
    );
    set_all(
        map,
        101,
        &[("St", now.state()), ("Evt1", now.events()), ("Evt2", 0)],
    );
}

fn status(map: &mut Map, now: &Now<'_>) {
    let v = &now.view;
    let on = u64::from(now.connected);
    let stores = now.plate.battery.is_some();
    let reads = |model, name| map.raw(at(model, name)) == 1;
    let fixed_w = reads(704, "WSetEna") || map.raw(at(124, "StorCtl_Mod")) & 3 != 0;
    let fixed_var = reads(704, "VarSetEna") || reads(123, "VArPct_Ena");
    let fixed_factor =
        reads(704, "PFWInjEna") || reads(704, "PFWAbsEna") || reads(123, "OutPFSet_Ena");
    let active = u64::from(fixed_w)
        | u64::from(fixed_var) << 1
        | u64::from(fixed_factor) << 2
        | u64::from(v.volt_var_enabled) << 3
        | u64::from(v.volt_watt_enabled) << 10;
    set_all(
        map,
        122,
        &[
            ("PVConn", if v.pv_v > 0.0 { 0b111 } else { 0 }),
            ("StorConn", if stores { 0b11 | on << 2 } else { 0 }),
            ("ECPConn", on),
            ("StActCtl", active),
            ("Tms", now.seconds),
        ],
    );
}

fn storage(map: &mut Map, now: &Now<'_>) {
    let v = &now.view;
    let (capacity, _) = now.plate.battery.unwrap_or_default();
    put_all(
        map,
        124,
        &[
            ("ChaState", 100.0 * v.soc),
            ("StorAval", capacity * v.soc),
            ("InBatV", v.battery_v),
        ],
    );
    let state = match v.battery_w {
        _ if now.dead => 1,
        w if w > 1.0 => 3,
        w if w < -1.0 => 4,
        _ if v.soc >= 1.0 => 5,
        _ if v.soc <= 0.0 => 2,
        _ => 6,
    };
    map.set(at(124, "ChaSt"), state);
}

fn trackers(map: &mut Map, now: &Now<'_>) {
    let v = &now.view;
    map.set(at(160, "Evt"), 0);
    for (n, input) in (0..now.plate.trackers).zip(&now.inputs) {
        let amps = if input.volts > 0.0 {
            input.watts / input.volts
        } else {
            0.0
        };
        for (name, value) in [
            ("module.DCA", amps),
            ("module.DCV", input.volts),
            ("module.DCW", input.watts),
            ("module.Tmp", v.temperature_c),
        ] {
            map.put(at(160, name).of(n), value);
        }
        let idle = input.volts <= 0.0 && !now.dead;
        for (name, raw) in [
            ("module.Tms", now.seconds),
            ("module.DCSt", if idle { 2 } else { now.state() }),
            ("module.DCEvt", 0),
        ] {
            map.set(at(160, name).of(n), raw);
        }
    }
}

fn measurement(map: &mut Map, now: &Now<'_>) {
    let v = &now.view;
    put_all(
        map,
        701,
        &[
            ("W", v.w),
            ("WL1", v.w),
            ("VA", now.va),
            ("VAL1", now.va),
            ("Var", v.var),
            ("VarL1", v.var),
            ("PF", now.factor),
            ("PFL1", now.factor),
            ("A", v.amps),
            ("AL1", v.amps),
            ("LNV", v.volts),
            ("VL1", v.volts),
            ("Hz", v.hz),
            ("TotWhInj", now.energy_wh.0),
            ("TotWhInjL1", now.energy_wh.0),
            ("TotWhAbs", now.energy_wh.1),
            ("TotWhAbsL1", now.energy_wh.1),
            ("TmpCab", v.temperature_c),
            ("TmpSnk", v.temperature_c),
        ],
    );
    let state = match v.state {
        _ if now.dead => 0,
        DutState::Standby | DutState::Drm0 | DutState::Off => 7,
        DutState::Waiting => 2,
        DutState::Grid if v.power_limit_pu < 1.0 => 4,
        DutState::Grid | DutState::Backup => 3,
        DutState::Tripped => 6,
    };
    let forming = v.state == DutState::Backup && !now.dead;
    set_all(
        map,
        701,
        &[
            ("St", u64::from(!now.dead)),
            ("InvSt", state),
            ("ConnSt", u64::from(now.connected)),
            ("Alrm", now.events()),
            (
                "DERMode",
                u64::from(now.connected) | u64::from(forming) << 1,
            ),
        ],
    );
}

fn entering(map: &mut Map, now: &Now<'_>) {
    let waits = now.view.state == DutState::Waiting;
    let remaining = if waits {
        now.view.seconds_to_reconnect.ceil()
    } else {
        0.0
    };
    map.put(at(703, "ESDlyRemTms"), remaining);
}

fn capacity(map: &mut Map, now: &Now<'_>) {
    put_all(
        map,
        713,
        &[
            ("WHAvail", now.plate.energy_wh() * now.view.soc),
            ("SoC", 100.0 * now.view.soc),
        ],
    );
}
