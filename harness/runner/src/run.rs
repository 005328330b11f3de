//! A whole run: workers, each with an emulated bench of its own, and the one journal.

use std::path::{Path, PathBuf};
use std::sync::mpsc;

use gridproof_model::event::{Event, EventKind, RunOutcome};
use gridproof_model::result::{CaseResult, RunResults};
use gridproof_model::verdict::Verdict;

use crate::campaign::Campaign;
use crate::error::RunError;
use crate::header::{Circumstances, RunHeader};
use crate::journal::Journal;
use crate::rejudge::{run_results, test_result};
use crate::schedule::Schedule;
use crate::share::{Share, shares};
use crate::stop::StopFlag;
use crate::unit::{ShareOutcome, Workplace, aborted, not_run, run_share};

/// How to run a campaign.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folder of the record; created, must not hold a run already.
    pub out: PathBuf,
    /// Emulated benches at once, at least 1. A real bench is always used by one.
    pub jobs: usize,
    /// Version, time, operator, seed.
    pub circumstances: Circumstances,
}

/// A finished run.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Its header.
    pub header: RunHeader,
    /// Its results.
    pub results: RunResults,
    /// How it ended.
    pub outcome: RunOutcome,
    /// Bench time of all tests together, s.
    pub bench_s: f64,
}

enum Message {
    Event(usize, Event),
    Finished(usize, ShareOutcome),
}

/// Run a campaign and judge it; `results.json` is the caller's to write. Every event goes to `observer` as it happens; the journal gets
/// them in an order that does not depend on `jobs`.
///
/// # Errors
/// When the record cannot be written. Verdicts, aborts and energised outputs are no errors.
pub fn run(
    campaign: &Campaign,
    options: &Options,
    stop: &StopFlag,
    observer: &mut dyn FnMut(usize, &Event),
) -> Result<Finished, RunError> {
    let header = RunHeader::new(campaign, options.circumstances.clone())?;
    prepare_folder(&options.out)?;
    header.write(&options.out, campaign)?;
    let recordings = options.out.join("recordings");
    std::fs::create_dir_all(&recordings).map_err(RunError::file(&recordings))?;
    let mut journal = Journal::create(&options.out)?;
    journal.write(EventKind::RunStarted {
        cases: campaign.cases(),
    })?;

    let place = Workplace {
        campaign,
        instruments: header.instruments,
        seed: options.circumstances.seed,
        recordings: &recordings,
        stop: stop.clone(),
    };
    let shares = shares(campaign);
    let mut outcomes: Vec<Option<ShareOutcome>> = shares.iter().map(|_| None).collect();
    let jobs = workers(campaign, options.jobs, shares.len());
    let written = work(&place, &shares, jobs, &mut |message| match message {
        Message::Event(share, event) => {
            observer(share, &event);
            journal.share_event(share, event)
        }
        Message::Finished(share, outcome) => {
            outcomes[share] = Some(outcome);
            journal.share_finished(share)
        }
    });
    written?;
    journal.drain()?;

    let outcome = outcome(&outcomes, stop);
    journal.write(EventKind::RunEnded { outcome })?;
    journal.drain()?;
    let mut ran: Vec<(Vec<CaseResult>, f64)> = vec![(Vec::new(), 0.0); header.units.len()];
    for (share, done) in shares.iter().zip(outcomes) {
        let (cases, spent_s) = match done {
            Some(done) => (done.cases, done.bench_s),
            None => (not_run(&place, share), 0.0),
        };
        ran[share.unit].0.extend(cases);
        ran[share.unit].1 += spent_s;
    }
    let bench_s = ran.iter().map(|(_, spent_s)| spent_s).sum();
    let tests = header.units.iter().zip(ran);
    let tests = tests
        .map(|(unit, (cases, spent_s))| test_result(unit, cases, spent_s))
        .collect();
    let results = run_results(&header, tests);
    Ok(Finished {
        header,
        results,
        outcome,
        bench_s,
    })
}

/// Run all shares on `jobs` threads; `take` gets every message on the calling thread. When it
/// fails (the journal cannot be written), every worker is stopped safely.
fn work(
    place: &Workplace<'_>,
    shares: &[Share],
    jobs: usize,
    take: &mut dyn FnMut(Message) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let schedule = if jobs == 1 {
        Schedule::in_order(shares.len())
    } else {
        let costs: Vec<f64> = shares.iter().map(|share| share.expected_s).collect();
        Schedule::longest_first(&costs)
    };
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            let sender = sender.clone();
            let schedule = &schedule;
            scope.spawn(move || worker(place, shares, schedule, &sender));
        }
        drop(sender);
        let mut result = Ok(());
        for message in receiver {
            if result.is_ok() {
                result = take(message);
                if result.is_err() {
                    place.stop.raise();
                }
            }
        }
        result
    })
}

fn worker(
    place: &Workplace<'_>,
    shares: &[Share],
    schedule: &Schedule,
    sender: &mpsc::Sender<Message>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let Ok(runtime) = runtime else {
        return;
    };
    while let Some(number) = schedule.next() {
        if place.stop.is_raised() {
            return;
        }
        let local = tokio::task::LocalSet::new();
        let outcome = local.block_on(&runtime, async {
            let mut emit = |event: Event| {
                let _receiver_gone_means_stopping = sender.send(Message::Event(number, event));
            };
            run_share(place, &shares[number], &mut emit).await
        });
        let _receiver_gone_means_stopping = sender.send(Message::Finished(number, outcome));
    }
}

fn workers(campaign: &Campaign, jobs: usize, shares: usize) -> usize {
    match campaign.bench.value.environment {
        gridproof_model::bench::Environment::Emulated => jobs.clamp(1, shares.max(1)),
        gridproof_model::bench::Environment::Real => 1,
    }
}

fn outcome(outcomes: &[Option<ShareOutcome>], stop: &StopFlag) -> RunOutcome {
    let done = || outcomes.iter().flatten();
    if done().any(|share| !share.safe) {
        RunOutcome::LeftEnergised
    } else if stop.is_raised()
        || outcomes.iter().any(Option::is_none)
        || done().any(|share| aborted(&share.cases))
    {
        RunOutcome::Aborted
    } else {
        RunOutcome::Completed
    }
}

fn prepare_folder(out: &Path) -> Result<(), RunError> {
    if out.join("run.json").exists() {
        return Err(RunError::Record {
            path: out.to_owned(),
            problem: "already holds a run, and a record is never overwritten; choose another --out"
                .into(),
        });
    }
    std::fs::create_dir_all(out).map_err(RunError::file(out))
}

/// Public exit code of a finished run.
pub fn exit_code(finished: &Finished) -> u8 {
    match finished.outcome {
        RunOutcome::LeftEnergised => 6,
        RunOutcome::Aborted => 5,
        RunOutcome::Completed => verdict_exit_code(finished.results.verdict),
    }
}

/// Public exit code of a judged run that went to its end.
pub fn verdict_exit_code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Pass | Verdict::NotApplicable => 0,
        Verdict::Fail => 1,
        Verdict::Inconclusive | Verdict::NotRun => 3,
        Verdict::Error => 4,
        Verdict::Aborted => 5,
    }
}

/// Number of cases per verdict, in the order of severity.
pub fn count<'a>(cases: impl IntoIterator<Item = &'a CaseResult>) -> Vec<(Verdict, usize)> {
    let mut counts = std::collections::BTreeMap::new();
    for case in cases {
        *counts.entry(case.verdict).or_insert(0) += 1;
    }
    counts.into_iter().collect()
}
