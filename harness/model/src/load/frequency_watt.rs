//! Do the frequency-watt limits of a grid code make sense?

use super::check::Checker;
use super::grid_code::{HOUR, latest};
use super::outline::Cursor;
use crate::grid_code::{
    FrequencyCriterion, FrequencySide, FrequencySlopeLimits, FrequencyWattLimits, Side,
    SlopeLimits, WayBack,
};
use crate::quantity::{Hertz, Ratio, RatioPerSecond, Seconds};

/// Largest tolerance, accuracy or hysteresis.
const HERTZ: (Hertz, Hertz) = (Hertz(0.0), Hertz(5.0));

pub(super) fn check(
    c: &mut Checker<'_>,
    at: Cursor<'_>,
    limits: &FrequencyWattLimits,
    nominal: Hertz,
) {
    if limits.over.is_none() && limits.under.is_none() {
        c.error(
            at,
            "frequency-watt states no side",
            "add `over`, `under`, or both",
        );
    }
    for (key, direction, limits) in [
        ("over", Side::Over, &limits.over),
        ("under", Side::Under, &limits.under),
    ] {
        if let Some(limits) = limits {
            side(c, at.key(key), (direction, nominal), limits);
        }
    }
    criterion(c, at.key("criterion"), &limits.criterion);
    if let Some(limits) = &limits.way_back {
        way_back(c, at.key("way_back"), limits);
    }
}

fn side(
    c: &mut Checker<'_>,
    at: Cursor<'_>,
    (direction, nominal): (Side, Hertz),
    limits: &FrequencySide,
) {
    outwards(
        c,
        at.key("start"),
        direction,
        ("`start`", limits.start),
        ("the nominal", nominal),
    );
    if limits.generation.is_none() && limits.storage.is_none() {
        c.error(
            at,
            "this side states no slope",
            "add `generation` for DUTs that only feed, `storage` for those that charge, too",
        );
    }
    for (key, found) in [
        ("generation", &limits.generation),
        ("storage", &limits.storage),
    ] {
        if let Some(found) = found {
            slope(
                c,
                at.key(key).key("slope"),
                (direction, limits.start),
                found,
            );
        }
    }
}

fn slope(
    c: &mut Checker<'_>,
    at: Cursor<'_>,
    (direction, start): (Side, Hertz),
    limits: &FrequencySlopeLimits,
) {
    match limits.slope {
        SlopeLimits::ZeroAt(zero) => {
            let at = at.key("zero-at");
            outwards(c, at, direction, ("`zero-at`", zero), ("`start`", start));
        }
        SlopeLimits::Reversal(through) => {
            let at = at.key("reversal");
            let zero = ("`zero_at`", through.zero_at);
            outwards(c, at.key("zero_at"), direction, zero, ("`start`", start));
            let full = ("`full_at`", through.full_at);
            outwards(c, at.key("full_at"), direction, full, zero);
        }
        SlopeLimits::Droop(droop) => {
            let bounds = (Ratio(0.001), Ratio(1.0));
            c.within(at.key("droop"), "`droop`", droop, bounds);
        }
    }
}

/// A frequency farther out than another: above it over-frequency, below it under-frequency.
fn outwards(
    c: &mut Checker<'_>,
    at: Cursor<'_>,
    direction: Side,
    (name, value): (&str, Hertz),
    (inner_name, inner): (&str, Hertz),
) {
    let (good, word) = match direction {
        Side::Over => (value.0 > inner.0, "above"),
        Side::Under => (value.0 < inner.0 && value.0 > 0.0, "below"),
    };
    if !good {
        c.error(
            at,
            format!("{name} of {value} is not {word} {inner_name} {inner}"),
            "power follows the frequency outwards from the dead band",
        );
    }
}

fn criterion(c: &mut Checker<'_>, at: Cursor<'_>, criterion: &FrequencyCriterion) {
    match criterion {
        FrequencyCriterion::CommenceComplete(times) => {
            let at = at.key("commence-complete");
            let half = (Ratio(0.0), Ratio(0.5));
            c.within(at.key("tolerance"), "`tolerance`", times.tolerance, half);
            c.within(
                at.key("frequency_tolerance"),
                "`frequency_tolerance`",
                times.frequency_tolerance,
                HERTZ,
            );
            latest(c, at, times.commence_max, times.complete_max);
        }
        FrequencyCriterion::OpenLoop(response) => {
            let at = at.key("open-loop");
            c.within(
                at.key("response_time"),
                "`response_time`",
                response.response_time,
                (Seconds(0.1), HOUR),
            );
            c.within(
                at.key("frequency_accuracy"),
                "`frequency_accuracy`",
                response.frequency_accuracy,
                HERTZ,
            );
            c.within(
                at.key("power_accuracy"),
                "`power_accuracy`",
                response.power_accuracy,
                (Ratio(0.0), Ratio(0.2)),
            );
            c.number(
                at.key("accuracy_multiple"),
                "`accuracy_multiple`",
                response.accuracy_multiple,
                (0.0, 5.0),
            );
        }
    }
}

fn way_back(c: &mut Checker<'_>, at: Cursor<'_>, limits: &WayBack) {
    c.within(
        at.key("hysteresis"),
        "`hysteresis`",
        limits.hysteresis,
        HERTZ,
    );
    c.within(at.key("hold"), "`hold`", limits.hold, (Seconds(0.0), HOUR));
    let bounds = (RatioPerSecond(1e-6), RatioPerSecond(1e3));
    c.within(at.key("ramp"), "`ramp`", limits.ramp, bounds);
}
