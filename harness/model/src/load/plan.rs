//! Does a plan make sense by itself? What needs the grid code, DUT or bench is asked elsewhere.

use std::collections::BTreeMap;

use super::check::{Checker, PV_INPUTS};
use super::outline::Cursor;
use super::procedure;
use crate::plan::{Plan, PlanTest, Procedure};

pub(super) fn check(checker: &mut Checker<'_>, root: Cursor<'_>, plan: &Plan) {
    checker.name(root.key("plan"), "plan", &plan.plan);
    checker.text(root.key("title"), "the title", &plan.title);
    checker.not_empty(root.key("duts"), "`duts`", plan.duts.len());
    let duts = plan.duts.iter().map(|dut| dut.value.as_str());
    checker.unique_names(root.key("duts"), "DUT", duts);
    checker.not_empty(root.key("tests"), "`tests`", plan.tests.len());
    let mut first_line: BTreeMap<&str, u32> = BTreeMap::new();
    for (index, test) in plan.tests.iter().enumerate() {
        let at = root.key("tests").item(index);
        check_test(checker, at, test);
        let id = test.id.value.as_str();
        if let Some(line) = first_line.get(id) {
            checker.error(
                at.key("id"),
                format!("test `{id}` is already defined on line {line}"),
                "give every test its own id",
            );
        } else {
            first_line.insert(id, test.id.at.line);
        }
    }
}

fn check_test(checker: &mut Checker<'_>, at: Cursor<'_>, test: &PlanTest) {
    checker.name(at.key("id"), "test", &test.id.value);
    checker.text(at.key("title"), "the title", &test.title);
    checker.text(
        at.key("cites").key("standard"),
        "the standard",
        &test.cites.standard,
    );
    if let Some(input) = &test.pv_input {
        checker.number(at.key("pv_input"), "`pv_input`", input.value, PV_INPUTS);
    }
    match &test.grid_code {
        Some(code) => checker.name(at.key("grid_code"), "grid code", &code.value),
        None if needs_grid_code(&test.procedure) => checker.error(
            at.key("procedure"),
            format!(
                "`{}` takes its limits from a grid code and the test names none",
                test.procedure.name()
            ),
            "add e.g. grid_code: as-nzs-4777.2-2020-a",
        ),
        None => {}
    }
    let at = at.key("procedure").key(test.procedure.name());
    match &test.procedure {
        Procedure::AntiIslanding(params) => procedure::anti_islanding(checker, at, params),
        Procedure::Transfer(params) => procedure::transfer(checker, at, params),
        Procedure::VoltWatt(params) | Procedure::VoltVar(params) => {
            procedure::curve(checker, at, params);
        }
        Procedure::VoltVarMatrix(params) => procedure::volt_var_matrix(checker, at, params),
        Procedure::FrequencyWatt(params) => procedure::frequency_watt(checker, at, params),
        Procedure::Drm(params) => procedure::drm(checker, at, params),
        Procedure::Trip(params) => procedure::trip(checker, at, params),
        Procedure::Derating(params) => procedure::derating(checker, at, params),
    }
}

fn needs_grid_code(procedure: &Procedure) -> bool {
    match procedure {
        Procedure::Transfer(_) | Procedure::Derating(_) => false,
        Procedure::AntiIslanding(_)
        | Procedure::VoltWatt(_)
        | Procedure::VoltVar(_)
        | Procedure::VoltVarMatrix(_)
        | Procedure::FrequencyWatt(_)
        | Procedure::Drm(_)
        | Procedure::Trip(_) => true,
    }
}
