//! One test on one DUT: its cases, tables and figures.

use gridproof_model::result::{CaseResult, CriterionResult, Distribution, TestResult};
use gridproof_model::verdict::{Mark, Verdict};
use serde::Serialize;

use crate::error::ReportError;
use crate::figure::{Detail, of_case, overview};
use crate::info::RunInfo;
use crate::number::{self, Unit};
use crate::plot::sheet::Figure;
use crate::source::CaptureSource;
use crate::view::identity::rule_name;
use crate::view::{Word, anchor};

/// Tests with more cases than this show all in one table and only the worst case in full.
const MANY: usize = 4;
/// Fewest cases that are worth a thread.
const FEWEST: usize = 4;

/// A test.
#[derive(Debug, Serialize)]
pub(crate) struct Test {
    anchor: String,
    test: String,
    title: String,
    cites: String,
    line: String,
    /// Which PV inputs are fed, where the DUT has several.
    pv: Option<String>,
    verdict: Word,
    reason: String,
    duration: String,
    many: bool,
    overview: Option<FigureView>,
    cases: Vec<Case>,
}

/// A case.
#[derive(Debug, Serialize)]
struct Case {
    anchor: String,
    id: String,
    label: String,
    cites: String,
    line: String,
    verdict: Word,
    reason: String,
    /// Shown unfolded.
    open: bool,
    worst: bool,
    /// Number of criteria in the table of all cases.
    key_criteria: usize,
    criteria: Vec<Criterion>,
    informative: Vec<(String, String)>,
    figure: Option<FigureView>,
    recordings: Vec<Recording>,
}

#[derive(Debug, Serialize)]
struct Criterion {
    name: String,
    /// In the table of all cases: what the case is about, and whatever did not pass.
    key: bool,
    measured: Option<String>,
    limit: String,
    origin: String,
    mark: &'static str,
    margin: String,
    rule: &'static str,
    verdict: Word,
    note: String,
    budget: Vec<Line>,
    /// Coverage factor.
    k: String,
    u: String,
}

/// A line of a budget.
#[derive(Debug, Serialize)]
struct Line {
    source: String,
    distribution: &'static str,
    u: String,
}

#[derive(Debug, Serialize)]
struct Recording {
    file: String,
    sha256: String,
}

#[derive(Debug, Serialize)]
struct FigureView {
    svg: String,
    caption: String,
}

impl From<Figure> for FigureView {
    fn from(figure: Figure) -> FigureView {
        FigureView {
            svg: figure.svg,
            caption: figure.caption,
        }
    }
}

/// The view of `test`.
pub(crate) fn view(
    test: &TestResult,
    info: &RunInfo,
    source: &dyn CaptureSource,
) -> Result<Test, ReportError> {
    let many = test.cases.len() > MANY;
    let worst = worst(&test.cases);
    let id = anchor(&[&test.dut, &test.test]);
    let over = overview(test, &format!("{id}-all"));
    let over = over.map_err(|error| plot_error(&id, &error.to_string()))?;
    let mut cases = in_parallel(&test.cases, |index, case| {
        let first = Some(index) == worst;
        case_view(case, !many || first, many && first, info, source)
    })?;
    // The worst case leads, so that it is not lost among its folded siblings.
    if let (true, Some(index)) = (many, worst) {
        let first = cases.remove(index);
        cases.insert(0, first);
    }
    let head = test.cases.first().map(|case| &case.case);
    Ok(Test {
        anchor: id,
        test: test.test.clone(),
        title: test.title.clone(),
        cites: head.map(|case| case.cites.to_string()).unwrap_or_default(),
        line: head
            .map(|case| format!("{}:{}", case.line.file, case.line.line))
            .unwrap_or_default(),
        pv: head.and_then(|case| case.pv.as_ref().map(ToString::to_string)),
        verdict: test.verdict.into(),
        reason: test.reason.clone(),
        duration: number::duration(test.bench_s),
        many,
        overview: over.map(FigureView::from),
        cases,
    })
}

/// What `make` makes of each case, in their order: loading and drawing the waveforms of many of them
/// takes every processor.
fn in_parallel(
    cases: &[CaseResult],
    make: impl Fn(usize, &CaseResult) -> Result<Case, ReportError> + Sync,
) -> Result<Vec<Case>, ReportError> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let share = cases.len().div_ceil(workers).max(FEWEST);
    let make = &make;
    std::thread::scope(|scope| {
        let workers: Vec<_> = cases
            .chunks(share)
            .enumerate()
            .map(|(chunk, part)| {
                scope.spawn(move || -> Result<Vec<Case>, ReportError> {
                    let first = chunk * share;
                    let numbered = part.iter().enumerate();
                    numbered.map(|(k, case)| make(first + k, case)).collect()
                })
            })
            .collect();
        let mut all = Vec::with_capacity(cases.len());
        for worker in workers {
            match worker.join() {
                Ok(part) => all.extend(part?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(all)
    })
}

fn case_view(
    case: &CaseResult,
    open: bool,
    worst: bool,
    info: &RunInfo,
    source: &dyn CaptureSource,
) -> Result<Case, ReportError> {
    let anchor = anchor(&[&case.case.id]);
    let detail = if open { Detail::Full } else { Detail::Compact };
    let figure = of_case(case, &anchor, detail, source);
    let figure = figure.map_err(|error| plot_error(&case.case.id, &error.to_string()))?;
    let hash = |file: &str| {
        let path = format!("recordings/{file}");
        let found = info
            .files
            .iter()
            .find(|known| known.path == path || known.path == file);
        found.map(|known| known.sha256.clone()).unwrap_or_default()
    };
    let criteria: Vec<Criterion> = case
        .criteria
        .iter()
        .map(|criterion| criterion_view(case, criterion))
        .collect();
    Ok(Case {
        id: case.case.id.clone(),
        label: if case.case.label.is_empty() {
            case.case.id.clone()
        } else {
            case.case.label.clone()
        },
        cites: case.case.cites.to_string(),
        line: format!("{}:{}", case.case.line.file, case.case.line.line),
        verdict: case.verdict.into(),
        reason: case.reason.clone(),
        open,
        worst,
        key_criteria: criteria.iter().filter(|criterion| criterion.key).count(),
        criteria,
        informative: case
            .informative
            .iter()
            .map(|(name, value)| {
                (
                    name.clone(),
                    number::with_u(value, &Unit::fitting(&value.unit, value.value)),
                )
            })
            .collect(),
        figure: figure.map(FigureView::from),
        recordings: case
            .recordings
            .iter()
            .map(|file| Recording {
                file: file.clone(),
                sha256: hash(file),
            })
            .collect(),
        anchor,
    })
}

fn criterion_view(case: &CaseResult, criterion: &CriterionResult) -> Criterion {
    let unit = number::unit_of(&case.case, criterion);
    let measured = criterion.measured.as_ref();
    let scaled = |value: f64| {
        let value = value * unit.factor;
        format!(
            "{}{}",
            number::fixed(value, number::decimals(value, value.abs())),
            unit.suffix()
        )
    };
    Criterion {
        name: criterion.name.clone(),
        key: number::is_time_limit(&case.case.spec, &criterion.limit)
            || criterion.verdict != Verdict::Pass,
        measured: measured.map(|measured| number::with_u(measured, &unit)),
        limit: number::limit(&criterion.limit, &unit),
        origin: criterion.limit.origin.clone(),
        mark: mark(criterion.limit.mark),
        margin: number::margin(criterion, &unit),
        rule: rule_name(criterion.decision),
        verdict: criterion.verdict.into(),
        note: criterion.note.clone(),
        budget: measured
            .map(|measured| {
                measured
                    .budget
                    .iter()
                    .map(|line| Line {
                        source: line.source.clone(),
                        distribution: match line.distribution {
                            Distribution::Normal => "normal",
                            Distribution::Rectangular => "rectangular",
                        },
                        u: scaled(line.u),
                    })
                    .collect()
            })
            .unwrap_or_default(),
        k: measured
            .map(|measured| number::fixed(measured.k, 2))
            .unwrap_or_default(),
        u: measured
            .map(|measured| scaled(measured.u))
            .unwrap_or_default(),
    }
}

/// How well a limit is founded, in words.
fn mark(mark: Mark) -> &'static str {
    match mark {
        Mark::S => "named public source",
        Mark::Verified => "numerically checked",
        Mark::K => "known to practitioners",
        Mark::Unconfirmed => "unconfirmed, informs only",
    }
}

/// The case with the worst verdict; among equals the one with the least room beyond its guard
/// band relative to its limit, in what the case is about: conditions of validity have margins that mean nothing.
fn worst(cases: &[CaseResult]) -> Option<usize> {
    let room = |case: &CaseResult| {
        let of = |criterion: &CriterionResult| {
            let scale = [criterion.limit.max, criterion.limit.min]
                .into_iter()
                .flatten()
                .map(f64::abs);
            let scale = scale.fold(0.0, f64::max);
            let guard = criterion.measured.as_ref().map_or(0.0, |measured| {
                measured.u * criterion.decision.guard_factor()
            });
            let room = criterion.margin? - guard;
            Some(if scale > 0.0 { room / scale } else { room })
        };
        case.criteria
            .iter()
            .filter(|criterion| number::is_time_limit(&case.case.spec, &criterion.limit))
            .filter_map(of)
            .fold(f64::INFINITY, f64::min)
    };
    let order = |&a: &usize, &b: &usize| {
        cases[b]
            .verdict
            .cmp(&cases[a].verdict)
            .then(room(&cases[a]).total_cmp(&room(&cases[b])))
    };
    (0..cases.len()).min_by(order)
}

fn plot_error(figure: &str, reason: &str) -> ReportError {
    ReportError::Plot {
        figure: figure.to_owned(),
        reason: reason.to_owned(),
    }
}
