//! The base matrix of IEC 62116, and every islanding method of a DUT through the whole bench.

use tempfile::TempDir;

use crate::bench::{gridproof, json};

/// Condition C: eleven points three times each, at an MPP voltage below 20 % of the AUX's 90–520 V.
#[test]
fn condition_c_repeats_every_point_at_its_dc_voltage() {
    let dir = TempDir::new().unwrap();
    let out = dir.path().join("run");
    let output = gridproof(&[
        "run",
        "iec-62116-2014",
        "--dut",
        "aux-asg-5sl-zh",
        "--only",
        "C",
        "--out",
        out.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(0));
    let results = json(&dir, "results.json");
    let cases = results["tests"][0]["cases"].as_array().unwrap();
    let labels: Vec<&str> = cases
        .iter()
        .map(|case| case["case"]["label"].as_str().unwrap())
        .collect();
    assert_eq!(
        labels[..4],
        [
            "ΔP 0 %, ΔQ 0 %, shot 1",
            "ΔP 0 %, ΔQ 0 %, shot 2",
            "ΔP 0 %, ΔQ 0 %, shot 3",
            "ΔP 0 %, ΔQ −5 %, shot 1",
        ]
    );
    assert_eq!(labels.len(), 33);
    let events = std::fs::read_to_string(out.join("events.ndjson")).unwrap();
    // 90 V + 18 % of 430 V.
    for input in [1, 2] {
        let at_it = events.lines().filter(|line| {
            line.contains("Vmp 167.4 V") && line.contains(&format!("input {input}: "))
        });
        assert_eq!(at_it.count(), 33);
    }
    // Four hours are divided between benches; each part ends with a safe bench of its own.
    let of_parts = |event: &str| {
        let lines = events.lines().filter(|line| line.contains(event));
        lines.count()
    };
    assert_eq!(of_parts("\"test-started\""), 5);
    assert_eq!(of_parts("\"safe\":true"), 5);
}

/// Exit code of one island of the SAJ, 3 kW, quality factor 1.
fn island(delta_q: &str, settings: &[&str]) -> Option<i32> {
    let dir = TempDir::new().unwrap();
    let plan = dir.path().join("island.yaml");
    std::fs::write(
        &plan,
        format!(
            "\
plan: island
title: One island
duts: [saj-as1-3ks-5.1]
decision: guard-u
tests:
  - id: AI
    title: Islanding
    cites: {{standard: IEC 62116, edition: '2014', clause: '6.1'}}
    grid_code: iec-62116-2014
    procedure:
      anti-islanding: {{power: 100 %Pn, delta_p: [0 %], delta_q: [{delta_q}]}}
"
        ),
    )
    .unwrap();
    let out = dir.path().join("run");
    let mut args = vec![
        "run",
        plan.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ];
    for setting in settings {
        args.extend(["--dut-set", setting]);
    }
    gridproof(&args).status.code()
}

/// Every active method ends a matched island where its theory says so, and one that is too weak for
/// the limits of 47 and 52 Hz is caught (docs/models.md 7.3).
#[rstest::rstest]
// a fixed lead: tuning the load takes it up, and the matched island stays at 50 Hz whatever the lead
#[case::drift(&["anti_islanding.method=active-frequency-drift", "anti_islanding.cf0=0.07"], 1)]
// K against 4Qf/π fr = 0.0255 1/Hz
#[case::frequency_shift(&["anti_islanding.method=sandia-frequency-shift", "anti_islanding.gain=0.08 1/Hz"], 0)]
#[case::weak_frequency_shift(&["anti_islanding.method=sandia-frequency-shift", "anti_islanding.gain=0.01 1/Hz"], 1)]
// slope π θm/2(fm − fg) against 2Qf/fr = 0.04 rad/Hz: 0.091, 0.027
#[case::slip_mode(&["anti_islanding.method=slip-mode-shift", "anti_islanding.max_angle=10 deg", "anti_islanding.max_angle_at=3 Hz"], 0)]
#[case::weak_slip_mode(&["anti_islanding.method=slip-mode-shift", "anti_islanding.max_angle=3 deg", "anti_islanding.max_angle_at=3 Hz"], 1)]
// Kv R against 1: 17.6 Ω over 2 Ω, over 40 Ω
#[case::voltage_shift(&["anti_islanding.method=sandia-voltage-shift", "anti_islanding.resistance=2 Ohm", "current_reference=constant-current"], 0)]
#[case::weak_voltage_shift(&["anti_islanding.method=sandia-voltage-shift", "anti_islanding.resistance=40 Ohm", "current_reference=constant-current"], 1)]
// Δf = fr ΔQ/2Qf P = 0.75 Hz at 3 %: inside the limits, but a slope that no grid has; at 0.3 % it is none
#[case::reactive_steps(&["anti_islanding.method=reactive-perturbation", "anti_islanding.step=3 %", "anti_islanding.rocof.change=0.2 Hz", "anti_islanding.rocof.within=200 ms"], 0)]
#[case::weak_reactive_steps(&["anti_islanding.method=reactive-perturbation", "anti_islanding.step=0.3 %", "anti_islanding.rocof.change=0.2 Hz", "anti_islanding.rocof.within=200 ms"], 1)]
#[case::reactive_steps_alone(&["anti_islanding.method=reactive-perturbation", "anti_islanding.step=3 %"], 1)]
// steps beyond the tolerance of the tuned load: the bench cannot say
#[case::wild_reactive_steps(&["anti_islanding.method=reactive-perturbation", "anti_islanding.step=10 %"], 3)]
#[case::off(&["anti_islanding.method=off"], 1)]
fn active_methods_end_a_matched_island(#[case] settings: &[&str], #[case] exit: i32) {
    assert_eq!(island("0 %", settings), Some(exit));
}

/// Active frequency drift ends an island whose load itself resonates at 50 Hz when the root of
/// atan(Qf (f/fr − fr/f)) = π cf/2 lies outside of 47 and 52 Hz: cf > 4.99 % at quality 1. Such a load
/// is the tuned one with tan(π cf/2) more inductive power. Without the method it never ends, and the
/// tuned load lies in the zone of any fixed lead.
#[rstest::rstest]
// tan 6.3° = 11.04 %: 52.84 Hz
#[case::outside("11.04 %", "7 %", 0)]
// tan 3.6° = 6.29 %: 51.60 Hz
#[case::inside("6.29 %", "4 %", 1)]
#[case::without("0 %", "0 %", 1)]
fn frequency_drift_has_a_zone(#[case] delta_q: &str, #[case] cf: &str, #[case] exit: i32) {
    let cf: f64 = cf.trim_end_matches(" %").parse().unwrap();
    let settings = [
        "anti_islanding.method=active-frequency-drift".to_owned(),
        format!("anti_islanding.cf0={}", cf / 100.0),
    ];
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    assert_eq!(island(delta_q, &settings), Some(exit));
}

/// Passive methods see what a matched island changes: the impedance at once, harmonics where the DUT
/// makes them. Slope and angle need an imbalance.
#[rstest::rstest]
#[case::impedance("0 %", &["anti_islanding.impedance.step=3 %", "anti_islanding.impedance.period=1 s", "anti_islanding.impedance.limit=1 Ohm"], 0)]
#[case::harmonics("0 %", &["anti_islanding.harmonics.limit=1 %", "output_quality.thd=5 %"], 0)]
#[case::matched_slope("0 %", &["anti_islanding.rocof.change=0.2 Hz", "anti_islanding.rocof.within=200 ms"], 1)]
#[case::slope("5 %", &["anti_islanding.rocof.change=0.2 Hz", "anti_islanding.rocof.within=200 ms"], 0)]
#[case::matched_angle("0 %", &["anti_islanding.phase_jump=2 deg"], 1)]
#[case::angle("5 %", &["anti_islanding.phase_jump=2 deg"], 0)]
#[case::none("5 %", &[], 1)]
fn passive_methods_see_what_an_island_changes(
    #[case] delta_q: &str,
    #[case] settings: &[&str],
    #[case] exit: i32,
) {
    let mut all = vec!["anti_islanding.method=off"];
    all.extend(settings);
    assert_eq!(island(delta_q, &all), Some(exit));
}
