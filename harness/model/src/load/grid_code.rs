//! Does a grid code make sense?

use super::check::Checker;
use super::frequency_watt;
use super::outline::Cursor;
use crate::case::TripQuantity;
use crate::grid_code::{
    CommenceComplete, CurveCriterion, CurveLimits, DrmLimits, GridCode, OpenLoop, ReconnectLimits,
    Side, TripLimit,
};
use crate::quantity::{Hertz, Ratio, RatioPerSecond, Seconds, Volts, VoltsOrHertz};

/// Longest time a grid code may state.
pub(super) const HOUR: Seconds = Seconds(3_600.0);

pub(super) fn check(c: &mut Checker<'_>, root: Cursor<'_>, code: &GridCode) {
    c.name(root.key("grid_code"), "grid code", &code.grid_code);
    c.text(root.key("standard"), "`standard`", &code.standard);
    c.text(root.key("edition"), "`edition`", &code.edition);
    let nominal = root.key("nominal");
    c.within(
        nominal.key("voltage"),
        "`voltage`",
        code.nominal.voltage,
        (Volts(50.0), Volts(500.0)),
    );
    c.within(
        nominal.key("frequency"),
        "`frequency`",
        code.nominal.frequency,
        (Hertz(40.0), Hertz(70.0)),
    );
    if let Some(limits) = &code.anti_islanding {
        let at = root.key("anti_islanding");
        c.positive(
            at.key("run_on_max"),
            "`run_on_max`",
            limits.run_on_max,
            HOUR,
        );
        c.number(
            at.key("quality_factor"),
            "`quality_factor`",
            limits.quality_factor,
            (0.5, 5.0),
        );
    }
    for (name, limit) in &code.trips {
        c.name(root.key("trips").name(name), "protection element", name);
        trip(c, root.key("trips").key(name), limit, code);
    }
    for (name, limits) in &code.volt_var_characteristics {
        let at = root.key("volt_var_characteristics").key(name);
        curve(c, at, limits);
    }
    for (key, limits) in [("volt_var", &code.volt_var), ("volt_watt", &code.volt_watt)] {
        if let Some(limits) = limits {
            curve(c, root.key(key), limits);
        }
    }
    if code
        .volt_watt
        .as_ref()
        .is_some_and(|limits| !limits.reactive_capability.is_empty())
    {
        c.error(
            root.key("volt_watt").key("reactive_capability"),
            "`reactive_capability` belongs to `volt_var`",
            "move it there",
        );
    }
    if let Some(limits) = &code.frequency_watt {
        let nominal = code.nominal.frequency;
        frequency_watt::check(c, root.key("frequency_watt"), limits, nominal);
    }
    if let Some(limits) = &code.drm {
        drm(c, root.key("drm"), limits);
    }
    if let Some(limits) = &code.reconnect {
        reconnect(c, root.key("reconnect"), limits);
    }
    let empty = code.anti_islanding.is_none()
        && code.trips.is_empty()
        && code.volt_var.is_none()
        && code.volt_var_characteristics.is_empty()
        && code.volt_watt.is_none()
        && code.frequency_watt.is_none()
        && code.drm.is_none()
        && code.reconnect.is_none();
    if empty {
        let hint =
            "add anti_islanding, trips, volt_var, volt_watt, frequency_watt, drm or reconnect";
        c.error(root, "the grid code states no limits", hint);
    }
}

fn trip(c: &mut Checker<'_>, at: Cursor<'_>, limit: &TripLimit, code: &GridCode) {
    let (wanted, nominal) = match limit.quantity {
        TripQuantity::Voltage => ("voltage", VoltsOrHertz::Volts(code.nominal.voltage.0)),
        TripQuantity::Frequency => ("frequency", VoltsOrHertz::Hertz(code.nominal.frequency.0)),
    };
    if limit.threshold.quantity() != limit.quantity {
        c.error(
            at.key("threshold"),
            format!("`threshold` of {} is not a {wanted}", limit.threshold),
            format!("the element watches the {wanted}: write e.g. {nominal}"),
        );
    } else {
        let (threshold, nominal_value) = (limit.threshold.value(), nominal.value());
        let (wrong, word) = match limit.side {
            Side::Over => (threshold <= nominal_value, "above"),
            Side::Under => (threshold >= nominal_value, "below"),
        };
        if wrong || threshold <= 0.0 {
            c.error(
                at.key("threshold"),
                format!(
                    "`threshold` of {} is not {word} the nominal {nominal}",
                    limit.threshold
                ),
                "check the threshold and `side`",
            );
        }
    }
    c.positive(at.key("max"), "`max`", limit.max, HOUR);
    if let Some(delay) = limit.delay {
        c.positive(at.key("delay"), "`delay`", delay, HOUR);
        if delay.0 >= limit.max.0 {
            c.error(
                at.key("delay"),
                format!(
                    "`delay` of {delay} is not shorter than `max` of {}",
                    limit.max
                ),
                "the element may trip from `delay` until `max`",
            );
        }
    }
}

fn curve(c: &mut Checker<'_>, at: Cursor<'_>, limits: &CurveLimits) {
    c.points(at.key("points"), &limits.points);
    for (index, (volts, _)) in limits.points.iter().enumerate() {
        let at = at.key("points").item(index).item(0);
        c.within(at, "voltage", *volts, (Volts(1.0), Volts(500.0)));
    }
    capability(
        c,
        at.key("reactive_capability"),
        &limits.reactive_capability,
    );
    let at = at.key("criterion");
    match &limits.criterion {
        CurveCriterion::CommenceComplete(times) => {
            commence_complete(c, at.key("commence-complete"), times);
        }
        CurveCriterion::OpenLoop(response) => open_loop(c, at.key("open-loop"), response),
    }
}

fn capability(c: &mut Checker<'_>, at: Cursor<'_>, points: &[(Ratio, Ratio)]) {
    for (index, (power, reactive)) in points.iter().enumerate() {
        let bounds = (Ratio(0.0), Ratio(1.0));
        let at = at.item(index);
        c.within(at.item(0), "active power", *power, bounds);
        c.within(at.item(1), "reactive power", *reactive, bounds);
        if index > 0 && power.0 <= points[index - 1].0.0 {
            c.error(
                at.item(0),
                format!(
                    "the point at {power} follows the point at {}",
                    points[index - 1].0
                ),
                "list the points by ascending active power, each once",
            );
        }
    }
}

fn commence_complete(c: &mut Checker<'_>, at: Cursor<'_>, times: &CommenceComplete) {
    c.within(
        at.key("tolerance"),
        "`tolerance`",
        times.tolerance,
        (Ratio(0.0), Ratio(0.5)),
    );
    c.within(
        at.key("voltage_tolerance"),
        "`voltage_tolerance`",
        times.voltage_tolerance,
        (Volts(0.0), Volts(50.0)),
    );
    latest(c, at, times.commence_max, times.complete_max);
}

/// Latest commencement and completion.
pub(super) fn latest(c: &mut Checker<'_>, at: Cursor<'_>, commence: Seconds, complete: Seconds) {
    for (key, time) in [("commence_max", commence), ("complete_max", complete)] {
        c.positive(at.key(key), &format!("`{key}`"), time, HOUR);
    }
    if commence.0 > complete.0 {
        c.error(
            at.key("commence_max"),
            format!("`commence_max` of {commence} is longer than `complete_max` of {complete}"),
            "a response commences before it completes",
        );
    }
}

fn open_loop(c: &mut Checker<'_>, at: Cursor<'_>, response: &OpenLoop) {
    c.within(
        at.key("response_time"),
        "`response_time`",
        response.response_time,
        (Seconds(0.1), HOUR),
    );
    for (key, accuracy) in [
        ("voltage_accuracy", response.voltage_accuracy),
        ("power_accuracy", response.power_accuracy),
    ] {
        let bounds = (Ratio(0.0), Ratio(0.2));
        c.within(at.key(key), &format!("`{key}`"), accuracy, bounds);
    }
    c.number(
        at.key("accuracy_multiple"),
        "`accuracy_multiple`",
        response.accuracy_multiple,
        (0.0, 5.0),
    );
}

fn drm(c: &mut Checker<'_>, at: Cursor<'_>, limits: &DrmLimits) {
    c.positive(
        at.key("response_max"),
        "`response_max`",
        limits.response_max,
        HOUR,
    );
    c.within(
        at.key("tolerance"),
        "`tolerance`",
        limits.tolerance,
        (Ratio(0.0), Ratio(0.5)),
    );
    c.not_empty(at.key("modes"), "`modes`", limits.modes.len());
    for (mode, level) in &limits.modes {
        let (name, at) = (mode.to_string(), at.key("modes"));
        c.number(at.name(&name), "mode", *mode, (0, 8));
        let at = at.key(&name);
        for (key, value) in [("min", level.min), ("max", level.max)] {
            if let Some(value) = value {
                c.within(
                    at.key(key),
                    &format!("`{key}`"),
                    value,
                    (Ratio(0.0), Ratio(1.5)),
                );
            }
        }
        match (level.min, level.max) {
            (None, None) => c.error(at, format!("mode {mode} states no level"), "add min or max"),
            (Some(min), Some(max)) if min.0 > max.0 => {
                c.error(
                    at.key("min"),
                    format!("`min` of {min} is above `max` of {max}"),
                    "swap them",
                );
            }
            (Some(_), Some(_)) | (Some(_), None) | (None, Some(_)) => {}
        }
    }
}

fn reconnect(c: &mut Checker<'_>, at: Cursor<'_>, limits: &ReconnectLimits) {
    c.positive(at.key("delay"), "`delay`", limits.delay, HOUR);
    c.span(
        at.key("voltage"),
        "`voltage`",
        limits.voltage,
        (Volts(1.0), Volts(500.0)),
    );
    c.span(
        at.key("frequency"),
        "`frequency`",
        limits.frequency,
        (Hertz(30.0), Hertz(80.0)),
    );
    let bounds = (RatioPerSecond(1e-6), RatioPerSecond(1e3));
    c.within(at.key("ramp"), "`ramp`", limits.ramp, bounds);
}
