//! Can every step of a register file be carried out, and does it do what its operation promises?

use super::check::Checker;
use super::outline::Cursor;
use super::register_file::known;
use crate::quantity::Seconds;
use crate::register_file::{Amount, Point, PointType, RegisterFile, Step, StepValue, Table, Unit};

/// Longest wait after a step.
const LONGEST_WAIT: Seconds = Seconds(60.0);

pub(super) fn check(c: &mut Checker<'_>, root: Cursor<'_>, file: &RegisterFile) {
    for (keys, steps) in file.operations() {
        let at = keys.iter().fold(root, |at, key| at.key(key));
        let name = keys.last().copied().unwrap_or_default();
        let sets_power = matches!(name, "feed" | "charge");
        if name != "initialise" {
            c.not_empty(at, &format!("`{name}`"), steps.len());
        }
        for (index, step) in steps.iter().enumerate() {
            check_step(c, at.item(index), file, step, sets_power);
        }
        if sets_power && !steps.is_empty() && !steps.iter().any(|step| step.value.is_power()) {
            c.error(
                at,
                format!("no step of `{name}` writes the power"),
                "one of the values must be watts, percent-of-power or percent-of-charge-power",
            );
        }
    }
}

fn check_step(
    c: &mut Checker<'_>,
    at: Cursor<'_>,
    file: &RegisterFile,
    step: &Step,
    sets_power: bool,
) {
    if let Some(wait) = step.wait {
        c.within(at.key("wait"), "`wait`", wait, (Seconds(0.0), LONGEST_WAIT));
    }
    if step.value.is_power() && !sets_power {
        c.error(
            at.key("value"),
            format!(
                "no power is asked for here, so `{}` has no value",
                step.value
            ),
            "write a constant; powers are for `feed` and `charge`",
        );
    }
    if step.sign.is_some() && !step.value.is_power() {
        c.error(
            at.key("sign"),
            "a constant carries its own sign",
            "leave `sign` out",
        );
    }
    let Some(point) = known(c, at.key("write"), file, &step.write) else {
        return;
    };
    if point.table == Table::Input || point.kind == PointType::String {
        c.error(
            at.key("write"),
            format!("`{}` cannot be written", step.write),
            "only numbers in holding registers can",
        );
        return;
    }
    value(c, at.key("value"), step, point);
}

fn value(c: &mut Checker<'_>, at: Cursor<'_>, step: &Step, point: &Point) {
    let (wanted, scale) = (step.value.unit(), point.step());
    if wanted != scale.unit {
        let hint = match (step.value, scale.unit) {
            (StepValue::Constant(_), Unit::None) => {
                "write the number the register is to hold".to_owned()
            }
            (StepValue::Constant(_), unit) => format!(
                "write the value in {}; one step of the point is {scale}",
                unit.word()
            ),
            (StepValue::Watts, _) => "give the point its step in W, e.g. scale: 1 W".to_owned(),
            (StepValue::PercentOfPower | StepValue::PercentOfChargePower, _) => {
                "give the point its step in %, e.g. scale: 0.1 %".to_owned()
            }
        };
        let message = format!(
            "`{}` counts in {}, and `{}` is in {}",
            step.write,
            scale.unit.word(),
            step.value,
            wanted.word()
        );
        c.error(at, message, hint);
        return;
    }
    if let StepValue::Constant(amount) = step.value {
        constant(c, at, step, point, amount);
    }
}

fn constant(c: &mut Checker<'_>, at: Cursor<'_>, step: &Step, point: &Point, amount: Amount) {
    let name = &step.write;
    let Some(steps) = point.steps(amount.value) else {
        let message = format!(
            "{amount} does not fit `{name}`, which is {}",
            point.kind.word()
        );
        c.error(
            at,
            message,
            "check the value, and the type and scale of the point",
        );
        return;
    };
    let exact = amount.value / point.step().value;
    if (steps - exact).abs() > 1e-6 * exact.abs().max(1.0) {
        c.error(
            at,
            format!(
                "{amount} is no whole number of steps of `{name}`, which are {} each",
                point.step()
            ),
            "write a value the register can hold",
        );
    }
}
