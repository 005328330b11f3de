//! The reference files load, keep their values through JSON, and say what the standards say.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fmt::Debug;

use gridproof_model::bench::{Address, Role};
use gridproof_model::capture::ChannelKind;
use gridproof_model::diagnostic::Diagnostics;
use gridproof_model::load;
use gridproof_model::plan::{Plan, Procedure};
use gridproof_model::quantity::{PowerLevel, Seconds};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn texts(folder: &str) -> Vec<(String, String)> {
    let folder = format!("{}/../../{folder}", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|path| {
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (stem, std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// Loads every file of a folder and sends it through JSON and back.
fn all<T: DeserializeOwned + Serialize + Debug>(
    folder: &str,
    parse: fn(&str, &str) -> Result<T, Diagnostics>,
    name: fn(&T) -> &str,
) -> Vec<T> {
    let files = texts(folder);
    assert!(!files.is_empty(), "{folder} is empty");
    files
        .iter()
        .map(|(stem, text)| {
            let first = parse(stem, text).unwrap_or_else(|problems| panic!("{problems}"));
            assert_eq!(name(&first), stem, "the file has the name of what it holds");
            let json = serde_json::to_string(&first).unwrap();
            let again: T = serde_json::from_str(&json).unwrap();
            assert_eq!(serde_json::to_string(&again).unwrap(), json);
            let once_more = parse(stem, &json).unwrap_or_else(|problems| panic!("{problems}"));
            assert_eq!(
                serde_json::to_string(&once_more).unwrap(),
                json,
                "JSON is YAML"
            );
            first
        })
        .collect()
}

fn quickstart() -> Plan {
    all("test-plans", load::parse_plan, |plan| &plan.plan)
        .into_iter()
        .find(|plan| plan.plan == "quickstart")
        .unwrap()
}

#[test]
fn quickstart_keeps_its_lines_and_values() {
    let plan = quickstart();
    assert_eq!(plan.tests.len(), 25);
    let transfer = &plan.tests[1];
    assert_eq!(
        (
            transfer.id.value.as_str(),
            transfer.id.at.line,
            transfer.id.at.column
        ),
        ("UPS-T01", 18, 9)
    );
    let Procedure::Transfer(params) = &transfer.procedure else {
        panic!("not a transfer")
    };
    assert_eq!(params.loads[1], PowerLevel::OfRated(0.25));
    assert_eq!(params.angles.len(), 8);
    let Procedure::VoltWatt(params) = &plan.tests[2].procedure else {
        panic!("not volt-watt")
    };
    let volts = params.voltages.expand();
    assert_eq!(
        (volts.len(), volts[0], volts[19], volts[38]),
        (39, 245.0, 264.0, 245.0)
    );
    assert_eq!(params.dwell, Seconds(20.0));
}

#[test]
fn dut_profiles_give_their_ratings() {
    let duts = all("fixtures/duts", load::parse_dut, |dut| &dut.dut);
    let aux = duts
        .iter()
        .find(|dut| dut.maker == "AUX")
        .unwrap()
        .case_ratings();
    assert!((aux.rated_a - 21.74).abs() < 0.01);
    assert_eq!(
        (aux.rated_w, aux.rated_va, aux.rated_charge_w),
        (5000.0, 5500.0, 6700.0)
    );
    let saj = duts
        .iter()
        .find(|dut| dut.maker == "SAJ")
        .unwrap()
        .case_ratings();
    assert!((saj.rated_a - 13.04).abs() < 0.01);
    assert_eq!(
        (saj.nominal_v, saj.nominal_hz, saj.rated_backup_w),
        (230.0, 50.0, 3000.0)
    );
}

#[test]
fn grid_codes_load() {
    let codes = all("fixtures/grid-codes", load::parse_grid_code, |code| {
        &code.grid_code
    });
    assert!(
        codes
            .iter()
            .any(|code| code.standard_edition() == "AS/NZS 4777.2:2020")
    );
}

#[test]
fn the_embedded_bench_gives_the_specs_of_its_instruments() {
    let benches = all("fixtures/benches", load::parse_bench, |bench| &bench.bench);
    let bench = benches
        .iter()
        .find(|bench| bench.bench == "embedded")
        .unwrap();
    assert!(
        bench
            .instruments
            .values()
            .all(|entry| entry.address == Address::Emulated)
    );
    assert_eq!(bench.with_role(Role::RlcLoad).count(), 2);
    let specs = bench.specs().unwrap();
    let ranges = bench.instruments["analyser"].ranges.clone().unwrap();
    assert_eq!(
        specs.analyser_watts.range,
        ranges.voltage.0 * ranges.current.0
    );
    assert_eq!(specs.analyser_watts.of_reading, 0.0002);
    let channels = &bench.instruments["recorder"].channels;
    assert_eq!(
        (channels[&1].signal, channels[&2].signal),
        (ChannelKind::GridVoltage, ChannelKind::DutCurrent)
    );
    assert_eq!(specs.recorder_volts.range, channels[&1].range.value());
    assert_eq!(specs.recorder_amps.range, channels[&2].range.value());
    assert_eq!(
        (specs.recorder_skew_s, specs.contact_lag_s, specs.chamber_k),
        (1e-6, 0.2e-3, 0.5)
    );
    let mut poorer = bench.clone();
    poorer.instruments.remove("chamber");
    assert_eq!(
        poorer.specs().unwrap_err().to_string(),
        "the bench has no chamber; add an instrument with role chamber"
    );
}

#[test]
fn defects_load_and_name_tests_and_duts_that_exist() {
    let plans = all("test-plans", load::parse_plan, |plan| &plan.plan);
    let defects = all("fixtures/defects", load::parse_defect, |defect| {
        &defect.defect
    });
    assert!(defects.len() >= 12);
    for defect in &defects {
        let plan = plans
            .iter()
            .find(|plan| plan.plan == defect.plan)
            .unwrap_or_else(|| panic!("{}: no plan {}", defect.defect, defect.plan));
        let tests: BTreeSet<_> = plan
            .tests
            .iter()
            .map(|test| test.id.value.as_str())
            .collect();
        let duts: BTreeSet<_> = plan.duts.iter().map(|dut| dut.value.as_str()).collect();
        assert_eq!(
            defect
                .catches
                .keys()
                .map(String::as_str)
                .collect::<BTreeSet<_>>(),
            duts
        );
        for test in defect.catches.values().flatten() {
            assert!(
                tests.contains(test.as_str()),
                "{}: no test {test}",
                defect.defect
            );
        }
        assert!(
            defect.catches.values().any(|tests| !tests.is_empty()),
            "{}",
            defect.defect
        );
    }
}

#[test]
fn register_files_load_and_keep_their_steps() {
    let files = all("fixtures/drivers", load::parse_register_file, |file| {
        &file.registers
    });
    let aux = &files[0];
    let power = &aux.points["WSet"];
    assert_eq!((power.address, power.registers()), (40_304, 2));
    assert_eq!(power.steps(2_500.0), Some(2_500.0));
    assert_eq!(power.steps(3e9), None, "beyond i32");
    let limit = &aux.points["InWRte"];
    assert_eq!(limit.steps(-0.000_04), Some(0.0));
    assert_eq!(limit.steps(-0.02), None, "unsigned");
}

#[test]
fn the_example_of_the_page_on_register_files_is_well_formed() {
    let page = include_str!("../../../docs/register-files.md");
    let start = page.find("registers: my-inverter").unwrap();
    let end = start + page[start..].find("```").unwrap();
    let file = load::parse_register_file("docs", &page[start..end])
        .unwrap_or_else(|problems| panic!("{problems}"));
    assert!(file.set_active_power.charge.is_none());
    assert_eq!(file.gap, Some(Seconds(0.05)));
}
