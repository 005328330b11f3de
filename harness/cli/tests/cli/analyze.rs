//! One capture outside any run: the figures of `analyze` and its mistakes.

use serde_json::Value;

use crate::bench::{figures, gridproof};

const CAPTURE: &str =
    "fixtures/records/format-1/recordings/aux-asg-5sl-zh_TRIP-61727-UV2_01_trip.parquet";

/// The blind analysis finds the trip that the judge, who knows the trigger, found in the record.
#[test]
fn trip_agrees_with_the_judged_record() {
    let text = std::fs::read_to_string(
        crate::bench::root().join("fixtures/records/format-1/results.json"),
    )
    .unwrap();
    let results: Value = serde_json::from_str(&text).unwrap();
    let criteria = results["tests"][0]["cases"][0]["criteria"]
        .as_array()
        .unwrap()
        .clone();
    let judged = criteria
        .iter()
        .find(|criterion| criterion["name"] == "disconnection time")
        .unwrap();
    let judged = judged["measured"]["value"].as_f64().unwrap();
    let found = figures(&[
        "trip",
        CAPTURE,
        "--voltage",
        "v_grid",
        "--current",
        "i_dut",
        "--rated-current",
        "21.7 A",
    ]);
    assert_eq!(found["event"], "voltage-step");
    let trip = found["trip_time_s"].as_f64().unwrap();
    assert!((trip - judged).abs() < 1e-3, "{trip} against {judged}");
    assert!(found["uncertainty_s"].as_f64().unwrap() < 1e-3);
}

#[test]
fn frequency_and_harmonics_before_the_event() {
    let found = figures(&[
        "frequency",
        CAPTURE,
        "--voltage",
        "v_grid",
        "--fundamental",
        "50 Hz",
        "--from",
        "0",
        "--to",
        "0.4 s",
    ]);
    assert!(
        (found["f_mean_hz"].as_f64().unwrap() - 50.0).abs() < 2e-3,
        "{found}"
    );
    let found = figures(&[
        "harmonics",
        CAPTURE,
        "--voltage",
        "v_grid",
        "--current",
        "i_dut",
        "--fundamental",
        "50 Hz",
    ]);
    assert!(found["orders"].as_array().unwrap().len() >= 40);
    for name in ["f1_hz", "v_rms", "i_rms", "thd_v", "thd_i", "dc_i"] {
        assert!(found[name].is_f64(), "{name}");
    }
}

#[test]
fn a_plot_is_an_svg_with_its_marks() {
    let output = gridproof(&[
        "analyze",
        "plot",
        CAPTURE,
        "--channels",
        "v_grid,i_dut",
        "--mark",
        "step=0.5",
    ]);
    let svg = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(svg.starts_with("<svg ") && svg.contains("step 0.500 s") && svg.contains("v_grid / V"));
}

#[test]
fn mistakes_say_where_and_what() {
    for (args, words) in [
        (
            [
                "trip",
                CAPTURE,
                "--voltage",
                "v_grd",
                "--current",
                "i_dut",
                "--rated-current",
                "21.7 A",
            ],
            "did you mean `v_grid`",
        ),
        (
            [
                "trip",
                "README.md",
                "--voltage",
                "a",
                "--current",
                "b",
                "--rated-current",
                "21.7 A",
            ],
            "README.md: line",
        ),
        (
            [
                "trip",
                CAPTURE,
                "--voltage",
                "v_grid",
                "--current",
                "i_dut",
                "--rated-current",
                "21.7",
            ],
            "no unit",
        ),
        (
            // six samples: what the analysis lacks is told with the file it lacks it in
            [
                "trip",
                "fixtures/captures/c1999_nrates0.cfg",
                "--voltage",
                "v",
                "--current",
                "i",
                "--rated-current",
                "21.7 A",
            ],
            "c1999_nrates0.cfg: ",
        ),
        (
            [
                "trip",
                "no-such.cfg",
                "--voltage",
                "a",
                "--current",
                "b",
                "--rated-current",
                "21.7 A",
            ],
            "no-such.cfg",
        ),
    ] {
        let mut all = vec!["analyze"];
        all.extend(args);
        let output = gridproof(&all);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(words), "{words}: {stderr}");
    }
}

/// What the importer converted or left as it was is told beside the figures.
#[test]
fn what_was_done_to_the_values_is_told() {
    let told = |capture: &str, more: &[&str]| {
        let mut all = vec!["analyze", "plot", capture, "--channels", "i"];
        all.extend(more);
        let output = gridproof(&all);
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8(output.stderr).unwrap()
    };
    let binary = "fixtures/captures/c1999_binary.cfg";
    assert!(told(binary, &[]).contains("multiplied by 5"));
    assert!(!told(binary, &["--side", "stored"]).contains("multiplied"));
    let skew = "fixtures/captures/c1999_skew.cfg";
    assert!(told(skew, &[]).contains("250 µs"));
    assert!(told(skew, &["--correct-skew"]).contains("corrected by third-order"));
}
