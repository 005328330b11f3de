//! Does a schedule of faults make sense, by itself and on a bench?

use super::check::Checker;
use super::outline::Cursor;
use crate::bench::Bench;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::fault::{FaultEntry, FaultFile, FaultKind};
use crate::quantity::{Ratio, RatioPerSecond, Seconds};

/// Longest time in a schedule.
const LONGEST: Seconds = Seconds(1e6);
/// Most replies that are spoilt by one entry.
const MOST_REPLIES: u32 = 1_000_000;

pub(super) fn check(c: &mut Checker<'_>, root: Cursor<'_>, file: &FaultFile) {
    c.name(root.key("faults"), "fault file", &file.faults);
    c.text(root.key("title"), "the title", &file.title);
    let schedule = root.key("schedule");
    c.not_empty(schedule, "`schedule`", file.schedule.len());
    for (index, entry) in file.schedule.iter().enumerate() {
        check_entry(c, schedule.item(index), entry);
    }
}

pub(super) fn check_entry(c: &mut Checker<'_>, at: Cursor<'_>, entry: &FaultEntry) {
    c.name(at.key("instrument"), "instrument", &entry.instrument.value);
    if let Some(time) = entry.at {
        c.within(at.key("at"), "`at`", time, (Seconds(0.0), LONGEST));
    }
    for (key, time) in [("during", entry.during), ("delay", entry.delay)] {
        if let Some(time) = time {
            c.positive(at.key(key), &format!("`{key}`"), time, LONGEST);
        }
    }
    if let Some(count) = entry.count {
        c.number(at.key("count"), "`count`", count, (1, MOST_REPLIES));
    }
    if let Some(step) = entry.step {
        c.within(at.key("step"), "`step`", step, (Ratio(-0.9), Ratio(10.0)));
    }
    if let Some(drift) = entry.drift {
        let most = RatioPerSecond(1.0);
        c.within(
            at.key("drift"),
            "`drift`",
            drift,
            (RatioPerSecond(-1.0), most),
        );
    }
    if let Some(skew) = entry.skew {
        c.within(at.key("skew"), "`skew`", skew, (Ratio(-0.01), Ratio(0.01)));
    }
    keys(c, at, entry);
}

/// Keys that a kind of fault needs, and keys that mean nothing for it.
fn keys(c: &mut Checker<'_>, at: Cursor<'_>, entry: &FaultEntry) {
    use FaultKind as K;
    let kind = entry.fault;
    let sticks = matches!(kind, K::StuckOpen | K::StuckClosed);
    let drifts = kind == K::MeterDrift;
    let present = [
        (
            "during",
            entry.during.is_some(),
            kind != K::SourceTrip,
            None,
        ),
        ("count", entry.count.is_some(), kind.spoils_replies(), None),
        (
            "delay",
            entry.delay.is_some(),
            kind == K::LateReply,
            Some("delay: 2 s"),
        ),
        ("contact", entry.contact.is_some(), sticks, None),
        ("relay", entry.relay.is_some(), sticks, None),
        (
            "quantity",
            entry.quantity.is_some(),
            drifts,
            Some("quantity: voltage"),
        ),
        ("step", entry.step.is_some(), drifts, None),
        ("drift", entry.drift.is_some(), drifts, None),
        (
            "skew",
            entry.skew.is_some(),
            kind == K::ClockSkew,
            Some("skew: 0.01 %"),
        ),
    ];
    for (key, present, allowed, example) in present {
        if present && !allowed {
            c.error(
                at.name(key),
                format!("`{key}` means nothing for {kind}"),
                "leave it out",
            );
        } else if let (false, true, Some(example)) = (present, allowed, example) {
            c.error(
                at,
                format!("{kind} needs `{key}`"),
                format!("add e.g. {example}"),
            );
        }
    }
    if drifts && entry.step.is_none() && entry.drift.is_none() {
        c.error(
            at,
            format!("{kind} needs `step`, `drift` or both"),
            "add e.g. step: 1 % or drift: 0.01 %/s",
        );
    }
    if entry.contact.is_some() && entry.relay.is_some() {
        c.error(
            at.name("relay"),
            "a contact and a relay stick in one entry",
            "write two entries",
        );
    }
}

/// Holds a schedule against the bench it is to happen on. `file_name` and `text` are those the
/// schedule was read from.
///
/// # Errors
/// With every entry that cannot happen there, by line and column.
pub fn check_faults_on(
    file_name: &str,
    text: &str,
    file: &FaultFile,
    bench: &Bench,
) -> Result<(), Diagnostics> {
    let problems: Diagnostics = file
        .schedule
        .iter()
        .filter_map(|entry| {
            let problem = entry.problem_on(bench)?;
            let place = entry.instrument.at;
            let width = entry.instrument.value.chars().count();
            Some(
                Diagnostic::error(file_name, text, place, problem.message)
                    .marking(text, width)
                    .with_hint(problem.hint),
            )
        })
        .collect();
    if problems.has_errors() {
        Err(problems)
    } else {
        Ok(())
    }
}
