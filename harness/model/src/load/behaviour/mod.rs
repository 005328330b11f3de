//! Does a behaviour, and the defect that carries one, make sense?

mod battery;
mod functions;

use super::check::{Checker, PV_INPUTS};
use super::outline::Cursor;
use crate::behaviour::{Backup, Behaviour, CurveResponse, Filter};
use crate::defect::Defect;
use crate::quantity::{
    Celsius, Degrees, Farads, Henries, Ohms, Quantity, Ratio, RatioPerKelvin, RatioPerSecond,
    Seconds, Volts, Watts,
};

/// Longest delay or time constant.
const DAY: Seconds = Seconds(86_400.0);

pub(super) fn check_defect(c: &mut Checker<'_>, root: Cursor<'_>, defect: &Defect) {
    c.name(root.key("defect"), "defect", &defect.defect);
    c.text(root.key("title"), "the title", &defect.title);
    c.name(root.key("plan"), "plan", &defect.plan);
    check(c, root.key("behaviour"), &defect.behaviour);
    if defect.behaviour == Behaviour::default() {
        c.error(
            root.key("behaviour"),
            "the behaviour changes nothing",
            "write e.g. {health: dead}",
        );
    }
    let catches = root.key("catches");
    c.not_empty(catches, "`catches`", defect.catches.len());
    for (dut, tests) in &defect.catches {
        c.name(catches.name(dut), "DUT", dut);
        c.unique_names(catches.key(dut), "test", tests.iter().map(String::as_str));
    }
}

/// Bounds on optional fields.
struct Fields<'c, 'a, 'n> {
    c: &'c mut Checker<'a>,
    at: Cursor<'n>,
}

impl Fields<'_, '_, '_> {
    fn within<Q: Quantity>(&mut self, key: &str, value: Option<Q>, bounds: (Q, Q)) {
        if let Some(value) = value {
            self.c
                .within(self.at.key(key), &format!("`{key}`"), value, bounds);
        }
    }

    fn times(&mut self, fields: &[(&str, Option<Seconds>)]) {
        for (key, value) in fields {
            self.within(key, *value, (Seconds(0.0), DAY));
        }
    }
}

pub(super) fn check(c: &mut Checker<'_>, at: Cursor<'_>, behaviour: &Behaviour) {
    if let Some(code) = &behaviour.grid_code {
        c.name(at.key("grid_code"), "grid code", code);
    }
    let mut fields = Fields { c, at };
    fields.within(
        "voltage_gain_error",
        behaviour.voltage_gain_error,
        (Ratio(-0.5), Ratio(0.5)),
    );
    fields.within(
        "standby_power",
        behaviour.standby_power,
        (Watts(0.0), Watts(10_000.0)),
    );
    fields.within(
        "ramp",
        behaviour.ramp,
        (RatioPerSecond(1e-6), RatioPerSecond(1e3)),
    );
    fields.times(&[
        ("standby_shutdown", behaviour.standby_shutdown),
        ("setpoint_tau", behaviour.setpoint_tau),
        ("reconnect_delay", behaviour.reconnect_delay),
        ("trip_margin", behaviour.trip_margin),
        ("relay_open", behaviour.relay_open),
    ]);
    if let Some(value) = &behaviour.filter {
        filter(fields.c, at.key("filter"), value);
    }
    if let Some(value) = &behaviour.anti_islanding {
        functions::anti_islanding(fields.c, at.key("anti_islanding"), value);
    }
    for (key, value) in [
        ("volt_var", &behaviour.volt_var),
        ("volt_watt", &behaviour.volt_watt),
        ("charging_volt_watt", &behaviour.charging_volt_watt),
    ] {
        if let Some(value) = value {
            response(fields.c, at.key(key), value);
        }
    }
    if let Some(value) = &behaviour.backup {
        backup(fields.c, at.key("backup"), value);
    }
    if let Some(value) = &behaviour.pack {
        battery::pack(fields.c, at.key("pack"), value);
    }
    for (index, window) in behaviour.time_windows.iter().flatten().enumerate() {
        battery::window(fields.c, at.key("time_windows").item(index), window);
    }
    if let Some(range) = behaviour.running_temperature {
        let bounds = (Celsius(-60.0), Celsius(150.0));
        let what = "`running_temperature`";
        fields
            .c
            .span(at.key("running_temperature"), what, range, bounds);
    }
    if let Some(limit) = &behaviour.dc_limit {
        let mut fields = Fields {
            c: &mut *fields.c,
            at: at.key("dc_limit"),
        };
        fields.within("limit", limit.limit, (Ratio(1e-4), Ratio(0.2)));
        fields.times(&[("delay", limit.delay)]);
    }
    functions::functions(fields.c, at, behaviour);
    modes(fields.c, at, behaviour);
}

fn modes(c: &mut Checker<'_>, at: Cursor<'_>, behaviour: &Behaviour) {
    if let Some(drm) = &behaviour.drm {
        let at = at.key("drm");
        Fields { c, at }.times(&[("delay", drm.delay), ("tau", drm.tau)]);
        for (index, mode) in drm.ignore.iter().flatten().enumerate() {
            c.number(at.key("ignore").item(index), "mode", *mode, (0, 8));
        }
        for (mode, level) in drm.limits.iter().flatten() {
            let limits = at.key("limits");
            c.number(limits.name(mode.to_string()), "mode", *mode, (0, 8));
            c.within(
                limits.key(mode.to_string()),
                "level",
                *level,
                (Ratio(0.0), Ratio(1.5)),
            );
        }
    }
    for (element, trip) in behaviour.trips.iter().flatten() {
        let at = at.key("trips");
        c.name(at.name(element), "protection element", element);
        let at = at.key(element);
        Fields { c, at }.times(&[("delay", trip.delay)]);
        if let Some(threshold) = trip.threshold.filter(|threshold| threshold.value() <= 0.0) {
            let message = format!("`threshold` of {threshold} is not positive");
            c.error(
                at.key("threshold"),
                message,
                "write the threshold itself, not a shift",
            );
        }
    }
    if let Some(derating) = &behaviour.derating {
        let mut fields = Fields {
            c,
            at: at.key("derating"),
        };
        fields.within(
            "slope",
            derating.slope,
            (RatioPerKelvin(0.0), RatioPerKelvin(1.0)),
        );
        fields.within("floor", derating.floor, (Ratio(0.0), Ratio(1.0)));
        fields.times(&[("tau", derating.tau)]);
    }
}

fn filter(c: &mut Checker<'_>, at: Cursor<'_>, filter: &Filter) {
    let mut fields = Fields { c, at };
    for (key, value) in [("l1", filter.l1), ("l2", filter.l2)] {
        fields.within(key, value, (Henries(1e-6), Henries(1.0)));
    }
    for (key, value) in [("r1", filter.r1), ("rd", filter.rd), ("r2", filter.r2)] {
        fields.within(key, value, (Ohms(0.0), Ohms(1_000.0)));
    }
    fields.within("cf", filter.cf, (Farads(1e-9), Farads(1e-2)));
}

fn response(c: &mut Checker<'_>, at: Cursor<'_>, response: &CurveResponse) {
    let mut fields = Fields { c, at };
    fields.times(&[("delay", response.delay), ("tau", response.tau)]);
    fields.within(
        "knee_shift",
        response.knee_shift,
        (Volts(-100.0), Volts(100.0)),
    );
    if let Some(points) = &response.points {
        c.points(at.key("points"), points);
    }
}

fn backup(c: &mut Checker<'_>, at: Cursor<'_>, backup: &Backup) {
    let mut fields = Fields { c, at };
    fields.within(
        "detect_deviation",
        backup.detect_deviation,
        (Ratio(0.001), Ratio(1.0)),
    );
    fields.times(&[
        ("detect_time", backup.detect_time),
        ("relay", backup.relay),
        ("relay_scatter", backup.relay_scatter),
        ("start", backup.start),
        ("ramp", backup.ramp),
        ("overload_time", backup.overload_time),
        ("short_circuit_time", backup.short_circuit_time),
    ]);
    fields.within("overload", backup.overload, (Ratio(1.0), Ratio(5.0)));
    if let Some(late) = &backup.late {
        let mut fields = Fields {
            c: fields.c,
            at: at.key("late"),
        };
        fields.within("from", late.from, (Degrees(0.0), Degrees(360.0)));
        fields.within("to", late.to, (Degrees(0.0), Degrees(360.0)));
        fields.times(&[("extra", late.extra)]);
    }
}
