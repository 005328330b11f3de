//! The HTML report: complete, escaped, self-contained, the same every time.

mod sample;

use std::collections::BTreeSet;
use std::sync::Mutex;

use gridproof_model::capture::Capture;
use gridproof_model::event::RunOutcome;
use gridproof_model::result::RunResults;
use gridproof_model::verdict::Verdict;
use gridproof_reports::info::BenchKind;
use gridproof_reports::{CaptureSource, NoCaptures, ReportError, html};
use rstest::rstest;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn render(results: &RunResults, source: &dyn CaptureSource) -> Result<String, ReportError> {
    html::render(results, &sample::info(results), source)
}

/// Every `id` and every link to one.
fn attributes<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    page.split(attribute)
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

#[rstest]
fn every_test_and_case_has_its_place_and_every_link_a_target() -> Outcome {
    let results = sample::results();
    let page = render(&results, &sample::Waves)?;
    let ids = attributes(&page, " id=\"");
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "ids must be unique");
    for link in attributes(&page, "href=\"#") {
        assert!(unique.contains(link), "no target for {link}");
    }
    assert_eq!(
        page.matches("<section class=\"test\"").count(),
        results.tests.len()
    );
    let cases: usize = results.tests.iter().map(|test| test.cases.len()).sum();
    let shown = page.matches("<article class=\"case\"").count()
        + page.matches("<details class=\"case\"").count();
    assert_eq!(shown, cases);
    Ok(())
}

#[rstest]
fn every_verdict_is_a_word() -> Outcome {
    let page = render(&sample::results(), &NoCaptures)?;
    let all = [
        Verdict::NotApplicable,
        Verdict::Pass,
        Verdict::Inconclusive,
        Verdict::NotRun,
        Verdict::Aborted,
        Verdict::Error,
        Verdict::Fail,
    ];
    for verdict in all {
        assert!(page.contains(&format!("\">{verdict}</span>")), "{verdict}");
    }
    assert!(
        page.contains("grid simulator: no reply to"),
        "reasons are shown"
    );
    Ok(())
}

#[rstest]
fn names_from_outside_cannot_become_markup() -> Outcome {
    let results = sample::results();
    let mut info = sample::info(&results);
    info.report_id = "x\"}</style><script>alert(1)</script>".to_owned();
    info.plan.title = "<script>alert(2)</script>".to_owned();
    let page = html::render(&results, &info, &sample::Waves)?;
    assert!(!page.contains("<script"), "no script, not even ours");
    assert!(!page.contains("SPH 5000 <b>") && page.contains("SPH 5000 &lt;b&gt;"));
    assert!(!page.contains("growatt-sph-5000 <b>"));
    assert_eq!(page.matches("</style>").count(), 1);
    Ok(())
}

#[rstest]
fn the_page_needs_nothing_from_outside() -> Outcome {
    let page = render(&sample::results(), &sample::Waves)?;
    for outside in ["<link", "<img", "<iframe", "src=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert_eq!(
        page.matches("http").count(),
        page.matches("http://www.w3.org/2000/svg").count()
    );
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
    Ok(())
}

#[rstest]
fn tables_name_their_columns_and_rows() -> Outcome {
    let page = render(&sample::results(), &NoCaptures)?;
    assert_eq!(
        page.matches("<th").count() - page.matches("<thead").count(),
        page.matches(" scope=\"").count()
    );
    Ok(())
}

#[rstest]
fn each_plot_is_well_formed_and_has_a_name() -> Outcome {
    let page = render(&sample::results(), &sample::Waves)?;
    let plots: Vec<&str> = page
        .split("<svg ")
        .skip(1)
        .filter_map(|rest| rest.split_once("</svg>").map(|(svg, _)| svg))
        .collect();
    // On each of two DUTs a figure for every one of 52 cases, and three overviews.
    assert_eq!(plots.len(), 110);
    for svg in plots {
        well_formed(&format!("<svg {svg}</svg>"));
        assert!(svg.contains("role=\"img\"") && svg.contains("<title ") && svg.contains("<desc "));
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }
    Ok(())
}

/// Checks nesting, quoting and escaping of `xml`.
fn well_formed(xml: &str) {
    let mut open = Vec::new();
    let mut rest = xml;
    while let Some(start) = rest.find('<') {
        assert!(!rest[..start].contains('>'), "bare > in text");
        let end = start + rest[start..].find('>').expect("tag is closed");
        let tag = &rest[start + 1..end];
        assert!(!tag.contains('<'), "{tag}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "nesting");
        } else {
            assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
            if !tag.ends_with('/') {
                open.push(tag.split(' ').next().expect("tag has a name"));
            }
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "{open:?}");
}

#[rstest]
fn equal_inputs_give_equal_bytes() -> Outcome {
    let results = sample::results();
    assert_eq!(
        render(&results, &sample::Waves)?,
        render(&results, &sample::Waves)?
    );
    Ok(())
}

#[rstest]
fn each_recording_is_loaded_at_most_once() -> Outcome {
    let results = sample::results();
    let loaded = Mutex::new(Vec::new());
    let source = |file: &str| -> Option<Capture> {
        loaded.lock().expect("no panic").push(file.to_owned());
        sample::Waves.load(file)
    };
    render(&results, &source)?;
    let plotted: usize = results
        .tests
        .iter()
        .flat_map(|test| &test.cases)
        .map(|case| case.recordings.len())
        .sum();
    assert_eq!(loaded.into_inner()?.len(), plotted);
    Ok(())
}

#[rstest]
fn missing_recordings_leave_the_tables() -> Outcome {
    let page = render(&sample::results(), &NoCaptures)?;
    assert!(page.contains("12.30\u{a0}ms ± 0.30\u{a0}ms"));
    assert!(page.contains("The recording of this case is not available"));
    Ok(())
}

#[rstest]
#[case(
    BenchKind::Emulated,
    RunOutcome::Completed,
    "Simulation evidence.",
    "completed; every output proven off"
)]
#[case(
    BenchKind::Real,
    RunOutcome::Aborted,
    "Real bench.",
    "ABORTED by the operator"
)]
#[case(
    BenchKind::Real,
    RunOutcome::LeftEnergised,
    "Real bench.",
    "LEFT ENERGISED"
)]
fn bench_and_outcome_are_stated(
    #[case] kind: BenchKind,
    #[case] outcome: RunOutcome,
    #[case] bench: &str,
    #[case] says: &str,
) -> Outcome {
    let results = sample::results();
    let mut info = sample::info(&results);
    (info.bench.kind, info.outcome) = (kind, outcome);
    let page = html::render(&results, &info, &NoCaptures)?;
    assert!(page.contains(bench) && page.contains(says));
    assert_eq!(
        page.contains("class=\"notice bad\""),
        outcome != RunOutcome::Completed
    );
    Ok(())
}

#[rstest]
fn odd_numbers_are_drawn_without_panic() -> Outcome {
    let mut results = sample::results();
    for case in results.tests.iter_mut().flat_map(|test| &mut test.cases) {
        for (index, value) in [f64::NAN, f64::INFINITY, -1.0, 0.0].into_iter().enumerate() {
            if let Some(instant) = case.instants.get_mut(index) {
                instant.t_s = value;
            }
            if let Some(point) = case
                .series
                .first_mut()
                .and_then(|series| series.points.get_mut(index))
            {
                *point = (value, value);
            }
        }
        case.criteria
            .iter_mut()
            .filter_map(|one| one.measured.as_mut())
            .for_each(|one| one.value = f64::NAN);
    }
    let page = render(&results, &sample::Waves)?;
    assert!(!page.contains("NaN"));
    Ok(())
}
