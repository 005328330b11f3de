//! Do the parameters of a procedure make sense?

use super::check::Checker;
use super::outline::Cursor;
use crate::plan::{
    AntiIslandingParams, CurveParams, DeratingParams, DrmParams, FrequencyWattParams,
    MAX_STAIR_STEPS, Stair, TransferParams, TripParams, VoltVarMatrixParams,
};
use crate::quantity::{Celsius, Degrees, Hertz, Quantity, Ratio, Seconds, Volts, VoltsOrHertz};

/// Longest time of one step.
const DAY: Seconds = Seconds(86_400.0);
/// Highest voltage a single-phase plan may ask for; the bench's envelope is usually lower.
const HIGHEST: Volts = Volts(500.0);
/// Frequencies a plan may ask for; the bench's envelope is usually narrower.
const FREQUENCIES: (Hertz, Hertz) = (Hertz(30.0), Hertz(90.0));

pub(super) fn anti_islanding(c: &mut Checker<'_>, at: Cursor<'_>, params: &AntiIslandingParams) {
    c.power(at.key("power"), "`power`", params.power, (0.01, 1.2));
    for (key, deltas) in [("delta_p", &params.delta_p), ("delta_q", &params.delta_q)] {
        c.not_empty(at.key(key), &format!("`{key}`"), deltas.len());
        for (index, delta) in deltas.iter().enumerate() {
            let at = at.key(key).item(index);
            c.within(at, &format!("`{key}`"), *delta, (Ratio(-0.5), Ratio(0.5)));
        }
    }
    if let Some(quality) = params.quality_factor {
        c.number(
            at.key("quality_factor"),
            "`quality_factor`",
            quality,
            (0.5, 5.0),
        );
    }
    if let Some(voltage) = params.dc_voltage {
        let range = (Ratio(0.0), Ratio(1.0));
        c.within(at.key("dc_voltage"), "`dc_voltage`", voltage, range);
    }
    repeats(c, at, params.repeats);
}

pub(super) fn transfer(c: &mut Checker<'_>, at: Cursor<'_>, params: &TransferParams) {
    c.not_empty(at.key("loads"), "`loads`", params.loads.len());
    for (index, load) in params.loads.iter().enumerate() {
        c.power(at.key("loads").item(index), "`loads`", *load, (0.0, 1.2));
    }
    c.not_empty(at.key("angles"), "`angles`", params.angles.len());
    for (index, angle) in params.angles.iter().enumerate() {
        let bounds = (Degrees(0.0), Degrees(360.0));
        c.within(at.key("angles").item(index), "`angles`", *angle, bounds);
    }
    repeats(c, at, params.repeats);
}

pub(super) fn curve(c: &mut Checker<'_>, at: Cursor<'_>, params: &CurveParams) {
    c.power(at.key("power"), "`power`", params.power, (0.0, 1.2));
    let voltages = at.key("voltages");
    for (key, value) in [("from", params.voltages.from), ("to", params.voltages.to)] {
        c.positive(voltages.key(key), &format!("`{key}`"), value, HIGHEST);
    }
    stair(c, voltages, &params.voltages, "voltages");
    window(c, at, ("dwell", params.dwell), params.window);
    for (index, (from, to)) in params.steps.iter().enumerate() {
        let at = at.key("steps").item(index);
        c.positive(at.item(0), "`steps`", *from, HIGHEST);
        c.positive(at.item(1), "`steps`", *to, HIGHEST);
        if from == to {
            c.error(
                at,
                format!("the step goes from {from} to {to}"),
                "write two different voltages",
            );
        }
    }
}

pub(super) fn volt_var_matrix(c: &mut Checker<'_>, at: Cursor<'_>, params: &VoltVarMatrixParams) {
    c.not_empty(
        at.key("characteristics"),
        "`characteristics`",
        params.characteristics.len(),
    );
    c.not_empty(at.key("powers"), "`powers`", params.powers.len());
    for (index, power) in params.powers.iter().enumerate() {
        c.power(
            at.key("powers").item(index),
            "`powers`",
            *power,
            (0.01, 1.2),
        );
    }
    c.not_empty(
        at.key("references"),
        "`references`",
        params.references.len(),
    );
    for (index, reference) in params.references.iter().enumerate() {
        c.within(
            at.key("references").item(index),
            "`references`",
            *reference,
            (Ratio(0.8), Ratio(1.2)),
        );
    }
    let (low, high) = params.range;
    for (index, volts) in [low, high].into_iter().enumerate() {
        c.within(
            at.key("range").item(index),
            "`range`",
            volts,
            (Volts(1.0), HIGHEST),
        );
    }
    if low.0 >= high.0 {
        c.error(
            at.key("range"),
            format!("`range` from {low} to {high} is empty"),
            "write the lower voltage first",
        );
    }
}

/// The distances of a stair; the range of its ends is the caller's.
fn stair<Q: Quantity + PartialEq>(
    c: &mut Checker<'_>,
    at: Cursor<'_>,
    stair: &Stair<Q>,
    values: &str,
) {
    if stair.from == stair.to {
        c.error(
            at.key("to"),
            format!("the stair goes from {} to {}", stair.from, stair.to),
            format!("write two different {values}"),
        );
    }
    if stair.step.si() <= 0.0 {
        c.error(
            at.key("step"),
            format!("`step` of {} is not positive", stair.step),
            "write its magnitude; the direction follows from `from` and `to`",
        );
    } else if (stair.to.si() - stair.from.si()).abs() / stair.step.si() > MAX_STAIR_STEPS {
        c.error(
            at.key("step"),
            format!("`step` of {} makes too many {values}", stair.step),
            format!("at most {MAX_STAIR_STEPS} are allowed"),
        );
    }
}

pub(super) fn frequency_watt(c: &mut Checker<'_>, at: Cursor<'_>, params: &FrequencyWattParams) {
    c.not_empty(at.key("powers"), "`powers`", params.powers.len());
    for (index, power) in params.powers.iter().enumerate() {
        let at = at.key("powers").item(index);
        c.power(at, "`powers`", *power, (-1.2, 1.2));
    }
    let frequencies = at.key("frequencies");
    for (key, value) in [
        ("from", params.frequencies.from),
        ("to", params.frequencies.to),
    ] {
        c.within(
            frequencies.key(key),
            &format!("`{key}`"),
            value,
            FREQUENCIES,
        );
    }
    stair(c, frequencies, &params.frequencies, "frequencies");
    window(c, at, ("dwell", params.dwell), params.window);
    for (index, (from, to)) in params.steps.iter().enumerate() {
        let at = at.key("steps").item(index);
        c.within(at.item(0), "`steps`", *from, FREQUENCIES);
        c.within(at.item(1), "`steps`", *to, FREQUENCIES);
        if from == to {
            c.error(
                at,
                format!("the step goes from {from} to {to}"),
                "write two different frequencies",
            );
        }
    }
}

fn window(c: &mut Checker<'_>, at: Cursor<'_>, (key, whole): (&str, Seconds), window: Seconds) {
    c.positive(at.key(key), &format!("`{key}`"), whole, DAY);
    c.positive(at.key("window"), "`window`", window, DAY);
    if window.0 > whole.0 && whole.0 > 0.0 {
        c.error(
            at.key("window"),
            format!("`window` of {window} is longer than `{key}` of {whole}"),
            format!("the mean is taken at the end of each {key}: write at most {whole}"),
        );
    }
}

pub(super) fn drm(c: &mut Checker<'_>, at: Cursor<'_>, params: &DrmParams) {
    c.number(at.key("mode"), "`mode`", params.mode, (0, 8));
    c.positive(at.key("hold"), "`hold`", params.hold, DAY);
}

pub(super) fn trip(c: &mut Checker<'_>, at: Cursor<'_>, params: &TripParams) {
    c.name(
        at.key("element"),
        "protection element",
        &params.element.value,
    );
    match params.beyond {
        VoltsOrHertz::Volts(value) => {
            c.positive(at.key("beyond"), "`beyond`", Volts(value), Volts(100.0));
        }
        VoltsOrHertz::Hertz(value) => {
            c.positive(at.key("beyond"), "`beyond`", Hertz(value), Hertz(5.0));
        }
    }
    c.power(at.key("power"), "`power`", params.power, (0.01, 1.2));
    repeats(c, at, params.repeats);
}

pub(super) fn derating(c: &mut Checker<'_>, at: Cursor<'_>, params: &DeratingParams) {
    c.not_empty(at.key("ambient"), "`ambient`", params.ambient.len());
    for (index, ambient) in params.ambient.iter().enumerate() {
        let bounds = (Celsius(-60.0), Celsius(100.0));
        c.within(at.key("ambient").item(index), "`ambient`", *ambient, bounds);
    }
    c.power(at.key("full"), "`full`", params.full, (0.01, 1.0));
    c.power(
        at.key("reduction"),
        "`reduction`",
        params.reduction,
        (0.001, 1.0),
    );
    window(c, at, ("soak", params.soak), params.window);
}

fn repeats(c: &mut Checker<'_>, at: Cursor<'_>, repeats: Option<u32>) {
    if let Some(repeats) = repeats {
        c.number(at.key("repeats"), "`repeats`", repeats, (1, 100));
    }
}
