//! `gridproof run`: the main job.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use gridproof_model::event::RunOutcome;
use gridproof_reports::json;
use gridproof_runner::campaign::{Campaign, Request};
use gridproof_runner::header::Circumstances;
use gridproof_runner::run::{Finished, Options, exit_code, run as run_campaign};
use gridproof_runner::stop::StopFlag;
use gridproof_runner::stored::StoredRun;

use super::report::{Written, write_html, write_junit};
use crate::args::Run;
use crate::failure::Failure;
use crate::output;
use crate::progress::Progress;

/// Folder of runs when none is given.
const DEFAULT_FOLDER: &str = "gridproof-run";

pub(crate) fn run(args: Run) -> Result<u8, Failure> {
    let campaign = Campaign::load(&Request::from(&args.select))?;
    let out = match args.out {
        Some(out) => out,
        None => unused_folder(&campaign.plan.value.plan)?,
    };
    let options = Options {
        out: out.clone(),
        jobs: args.jobs.map_or_else(cores, usize::from),
        circumstances: Circumstances {
            software: concat!("gridproof ", env!("CARGO_PKG_VERSION")).to_owned(),
            started_at: jiff::Timestamp::now().to_string(),
            operator: args.operator,
            seed: args.seed,
            dut_set: args.select.dut_set.clone(),
        },
    };
    let stop = StopFlag::default();
    let raised = stop.clone();
    ctrlc::set_handler(move || {
        output::remark("stopping: every source is switched off and proven off first");
        raised.raise();
    })
    .map_err(|error| {
        Failure::infrastructure(format!(
            "cannot catch Ctrl-C, so nothing is energised: {error}"
        ))
    })?;

    let started = wall_now();
    let mut progress = Progress::new(campaign.cases());
    let mut finished = run_campaign(&campaign, &options, &stop, &mut |share, event| {
        progress.see(share, event)
    })?;
    progress.finish();
    let wall = started.elapsed();
    let written = write(&out, &mut finished, wall)?;
    if args.json {
        output::data(
            &json::render(&finished.results)
                .map_err(|error| Failure::infrastructure(error.to_string()))?,
        );
    } else {
        summary(&finished, wall, &written);
    }
    Ok(exit_code(&finished))
}

/// Results, manifest and reports, in this order: what is evidence comes first.
fn write(
    out: &std::path::Path,
    finished: &mut Finished,
    wall: Duration,
) -> Result<Written, Failure> {
    let text = json::render(&finished.results)
        .map_err(|error| Failure::infrastructure(error.to_string()))?;
    let path = out.join("results.json");
    std::fs::write(&path, text)
        .map_err(|error| Failure::infrastructure(format!("{}: {error}", path.display())))?;
    finished.header.finish(out, wall.as_secs_f64())?;
    let stored = StoredRun::open(out)?;
    stored.seal()?;
    write_junit(out, &finished.results)?;
    write_html(&stored, &finished.results)
}

fn summary(finished: &Finished, wall: Duration, written: &Written) {
    for line in gridproof_reports::summary::lines(&finished.results) {
        output::data(&format!("{}\n", line.text));
    }
    let wall_s = wall.as_secs_f64();
    output::data(&format!(
        "bench time {}, wall time {}, {:.0} times real time\n",
        output::span(finished.bench_s),
        output::span(wall_s),
        finished.bench_s / wall_s.max(1e-3)
    ));
    match finished.outcome {
        RunOutcome::Completed => {}
        RunOutcome::Aborted => output::data("aborted; every source is proven off\n"),
        RunOutcome::LeftEnergised => {
            output::data(
                "LEFT ENERGISED: at least one output could not be proven off; see events.ndjson\n",
            );
        }
    }
    output::data(&format!("report: {}\n", written.path.display()));
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the wall time of a run is shown to the user"
)]
fn wall_now() -> Instant {
    Instant::now()
}

/// `gridproof-run/<plan>-<number>` with the first number that is free.
fn unused_folder(plan: &str) -> Result<PathBuf, Failure> {
    (1..10_000)
        .map(|number| PathBuf::from(DEFAULT_FOLDER).join(format!("{plan}-{number}")))
        .find(|folder| !folder.exists())
        .ok_or_else(|| {
            Failure::usage(format!(
                "{DEFAULT_FOLDER} is full; give a folder with --out"
            ))
        })
}
