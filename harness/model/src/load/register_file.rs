//! Does a register file make sense, and can everything in it be read and written?

use std::collections::BTreeMap;

use super::check::Checker;
use super::outline::Cursor;
use super::register_steps;
use super::words::choices;
use crate::quantity::{Seconds, Watts};
use crate::register_file::{MOST_REGISTERS, Mode, Point, PointType, RegisterFile, Table, Unit};

/// Most silence a product may need.
const LONGEST_GAP: Seconds = Seconds(5.0);
/// Registers of a table.
const TABLE: u32 = 0x1_0000;

pub(super) fn check(c: &mut Checker<'_>, root: Cursor<'_>, file: &RegisterFile) {
    c.name(root.key("registers"), "register file", &file.registers);
    c.text(root.key("title"), "the title", &file.title);
    c.text(root.key("source"), "`source`", &file.source);
    c.number(
        root.key("max_read"),
        "`max_read`",
        file.max_read,
        (1, MOST_REGISTERS),
    );
    if let Some(gap) = file.gap {
        c.within(root.key("gap"), "`gap`", gap, (Seconds(0.0), LONGEST_GAP));
    }
    let at = root.key("points");
    if file.points.is_empty() {
        c.error(
            at,
            "the file names no points",
            "add points, e.g. points: {on_off: {address: 0x3337, type: u16}}",
        );
    }
    for (name, point) in &file.points {
        c.name(at.name(name), "point", name);
        check_point(c, at.key(name), point, file.max_read);
    }
    overlaps(c, at, file);
    identify(c, root.key("identify"), file);
    status(c, root.key("status"), file);
    register_steps::check(c, root, file);
    if let Some(safe) = &file.safe {
        let at = root.key("safe");
        c.positive(at.key("power"), "`power`", safe.power, Watts(1_000.0));
        c.positive(at.key("within"), "`within`", safe.within, Seconds(60.0));
        if let Some(off) = &safe.disconnected {
            let at = at.key("disconnected");
            c.not_empty(at.key("codes"), "`codes`", off.codes.len());
            if let Some(point) = code_point(c, at.key("point"), file, &off.point) {
                codes_fit(c, at.key("codes"), &off.point, point, &off.codes);
            }
        }
    }
}

fn check_point(c: &mut Checker<'_>, at: Cursor<'_>, point: &Point, max_read: u16) {
    if point.address >= TABLE {
        c.error(
            at.key("address"),
            format!("`address` of {} is out of range", point.address),
            "allowed: 0 to 65535, as it goes over the wire; register \"40001\" of some manuals is holding register 0",
        );
    } else if point.address + u32::from(point.registers()) > TABLE {
        c.error(
            at.key("address"),
            format!(
                "{} registers from {} go beyond 65535",
                point.registers(),
                point.address
            ),
            "check the address and the type",
        );
    }
    let two = match point.kind {
        PointType::U32 | PointType::I32 | PointType::F32 => true,
        PointType::U16 | PointType::I16 | PointType::String => false,
    };
    let kind = point.kind.word();
    if point.words.is_some() && !two {
        c.error(
            at.key("words"),
            format!("`{kind}` has no order of words"),
            "leave `words` out; it is for u32, i32 and f32",
        );
    }
    match (point.kind == PointType::String, point.length) {
        (true, Some(length)) => {
            c.number(at.key("length"), "`length`", length, (1, max_read));
        }
        (true, None) => c.error(
            at,
            "a string needs its `length` in registers",
            "add e.g. length: 16",
        ),
        (false, Some(_)) => c.error(
            at.key("length"),
            format!("`{kind}` has a fixed length"),
            "leave `length` out; it is for strings",
        ),
        (false, None) => {}
    }
    if let Some(scale) = point.scale {
        if point.kind == PointType::String {
            c.error(
                at.key("scale"),
                "a string has no scale",
                "leave `scale` out",
            );
        } else if !(scale.value.is_finite() && scale.value != 0.0) {
            c.error(
                at.key("scale"),
                format!("`scale` of {scale} is out of range"),
                "write what one step is worth, e.g. scale: 0.1 V",
            );
        }
    }
}

/// Two points in the same register are a slip of an address more often than not.
fn overlaps(c: &mut Checker<'_>, at: Cursor<'_>, file: &RegisterFile) {
    let mut tables: BTreeMap<Table, Vec<(u32, u32, &str)>> = BTreeMap::new();
    for (name, point) in &file.points {
        let end = point.address.saturating_add(u32::from(point.registers()));
        tables
            .entry(point.table)
            .or_default()
            .push((point.address, end, name));
    }
    for points in tables.values_mut() {
        points.sort_unstable();
        let mut furthest: Option<(u32, &str)> = None;
        for &(start, end, name) in points.iter() {
            if let Some((taken, other)) = furthest
                && start < taken
            {
                c.error(
                    at.key(name).key("address"),
                    format!(
                        "`{name}` at {start} overlaps `{other}`, which ends at {}",
                        taken - 1
                    ),
                    "check both addresses and types; a register belongs to one point",
                );
            }
            if furthest.is_none_or(|(taken, _)| end > taken) {
                furthest = Some((end, name));
            }
        }
    }
}

/// The point of that name; a name that is not there is reported at its own place.
pub(super) fn known<'f>(
    c: &mut Checker<'_>,
    at: Cursor<'_>,
    file: &'f RegisterFile,
    name: &str,
) -> Option<&'f Point> {
    let point = file.points.get(name);
    // That there are none at all is said once.
    if point.is_none() && !file.points.is_empty() {
        let names: Vec<&str> = file.points.keys().map(String::as_str).collect();
        let shown: String = name.chars().take(64).collect();
        c.error(
            at,
            format!("there is no point `{shown}`"),
            choices(name, &names, "points"),
        );
    }
    point
}

fn identify(c: &mut Checker<'_>, at: Cursor<'_>, file: &RegisterFile) {
    c.not_empty(at, "`identify`", file.identify.len());
    for (index, name) in file.identify.iter().enumerate() {
        known(c, at.item(index), file, name);
    }
}

fn status(c: &mut Checker<'_>, at: Cursor<'_>, file: &RegisterFile) {
    let status = &file.status;
    for (place, name, unit, example) in [
        (
            at.key("watts").key("point"),
            &status.watts.point,
            Unit::Watts,
            "1 W",
        ),
        (at.key("volts"), &status.volts, Unit::Volts, "0.1 V"),
        (at.key("hertz"), &status.hertz, Unit::Hertz, "0.01 Hz"),
    ] {
        let Some(point) = known(c, place, file, name) else {
            continue;
        };
        let counts = point.step().unit;
        if point.kind == PointType::String || counts != unit {
            c.error(
                place,
                format!(
                    "`{name}` counts in {}, and {} is read from it",
                    counts.word(),
                    unit.word()
                ),
                format!("give the point its step, e.g. scale: {example}"),
            );
        }
    }
    mode(c, at.key("mode"), file, &status.mode);
}

fn mode(c: &mut Checker<'_>, at: Cursor<'_>, file: &RegisterFile, mode: &Mode) {
    c.not_empty(at.key("standby"), "`standby`", mode.standby.len());
    c.not_empty(at.key("grid"), "`grid`", mode.grid.len());
    let Some(point) = code_point(c, at.key("point"), file, &mode.point) else {
        return;
    };
    let mut seen = BTreeMap::new();
    for (key, codes) in [
        ("standby", &mode.standby),
        ("waiting", &mode.waiting),
        ("grid", &mode.grid),
        ("backup", &mode.backup),
        ("fault", &mode.fault),
    ] {
        codes_fit(c, at.key(key), &mode.point, point, codes);
        for (index, code) in codes.iter().enumerate() {
            if let Some(other) = seen.insert(*code, key) {
                c.error(
                    at.key(key).item(index),
                    format!("code {code} is listed under `{other}` already"),
                    "a code means one state",
                );
            }
        }
    }
}

/// A point that can hold a code.
fn code_point<'f>(
    c: &mut Checker<'_>,
    at: Cursor<'_>,
    file: &'f RegisterFile,
    name: &str,
) -> Option<&'f Point> {
    let point = known(c, at, file, name)?;
    let whole = match point.kind {
        PointType::U16 | PointType::I16 | PointType::U32 | PointType::I32 => true,
        PointType::F32 | PointType::String => false,
    };
    if whole && point.scale.is_none() {
        return Some(point);
    }
    c.error(
        at,
        format!("`{name}` is no code"),
        "a code is read from a point of type u16, i16, u32 or i32 without `scale`",
    );
    None
}

fn codes_fit(c: &mut Checker<'_>, at: Cursor<'_>, name: &str, point: &Point, codes: &[i64]) {
    for (index, code) in codes.iter().enumerate() {
        if point.steps(*code as f64).is_none() {
            c.error(
                at.item(index),
                format!(
                    "{code} does not fit `{name}`, which is {}",
                    point.kind.word()
                ),
                "check the code and the type of the point",
            );
        }
    }
}
