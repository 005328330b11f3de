//! One share of a unit: a test on a DUT, or a part of it, from a cold bench to a safe one.

use std::panic::AssertUnwindSafe;
use std::path::Path;

use futures_util::FutureExt;
use gridproof_model::case::Case;
use gridproof_model::event::{Event, EventKind, Part};
use gridproof_model::record::{Acquisition, CaseData, InstrumentSpecs};
use gridproof_model::result::CaseResult;
use gridproof_model::verdict::Verdict;

use crate::campaign::{Campaign, Unit, UnitContent};
use crate::context::Context;
use crate::error::Halt;
use crate::open;
use crate::procedures;
use crate::rejudge::judge;
use crate::rig::Rig;
use crate::safe_state::make_safe;
use crate::share::Share;
use crate::stop::StopFlag;

/// What a share leaves behind besides its events and recordings.
#[derive(Debug)]
pub(crate) struct ShareOutcome {
    pub(crate) cases: Vec<CaseResult>,
    /// Bench time at the end, s.
    pub(crate) bench_s: f64,
    /// Every item of the safe state was proven.
    pub(crate) safe: bool,
}

/// What a worker needs to run any share.
pub(crate) struct Workplace<'a> {
    pub(crate) campaign: &'a Campaign,
    pub(crate) instruments: InstrumentSpecs,
    pub(crate) seed: u64,
    pub(crate) recordings: &'a Path,
    pub(crate) stop: StopFlag,
}

/// Run one share of a unit. Whatever happens inside, the bench is made safe before this returns.
pub(crate) async fn run_share(
    place: &Workplace<'_>,
    share: &Share,
    emit: &mut dyn FnMut(Event),
) -> ShareOutcome {
    let unit = &place.campaign.units[share.unit];
    let dut = place.campaign.duts[unit.dut].value.dut.clone();
    let mut send = |case: &str, at_s: f64, what: EventKind| {
        emit(Event {
            seq: 0,
            case: case.to_owned(),
            at_s,
            what,
        });
    };
    let cases = match &unit.content {
        UnitContent::NotApplicable(reason) => {
            send(
                "",
                0.0,
                EventKind::TestSkipped {
                    test: unit.test.clone(),
                    dut,
                    reason: reason.clone(),
                },
            );
            return ShareOutcome {
                cases: Vec::new(),
                bench_s: 0.0,
                safe: true,
            };
        }
        UnitContent::Cases(cases) => &cases[share.cases.clone()],
    };
    send(
        "",
        0.0,
        EventKind::TestStarted {
            test: unit.test.clone(),
            dut: dut.clone(),
            part: share.part,
            cases: cases.len(),
        },
    );
    let mut rig = match open::open(place.campaign, share, place.seed).await {
        Ok(rig) => rig,
        Err(problem) => {
            let results = abandon(
                place,
                cases,
                &Acquisition::BenchError(problem.to_string()),
                &mut send,
            );
            send(
                "",
                0.0,
                EventKind::TestEnded {
                    test: unit.test.clone(),
                    dut,
                    safe: true,
                },
            );
            return ShareOutcome {
                cases: results,
                bench_s: 0.0,
                safe: true,
            };
        }
    };
    let results = run_cases(place, unit, cases, &mut rig, &mut send).await;
    let (events, safe) = make_safe(&mut rig).await;
    let bench_s = rig.clock.now().as_secs_f64();
    for event in events {
        send("", bench_s, event);
    }
    send(
        "",
        bench_s,
        EventKind::TestEnded {
            test: unit.test.clone(),
            dut,
            safe,
        },
    );
    ShareOutcome {
        cases: results,
        bench_s,
        safe,
    }
}

type Send<'a> = dyn FnMut(&str, f64, EventKind) + 'a;

async fn run_cases(
    place: &Workplace<'_>,
    unit: &Unit,
    cases: &[Case],
    rig: &mut Rig,
    send: &mut Send<'_>,
) -> Vec<CaseResult> {
    let Some(first) = cases.first() else {
        return Vec::new();
    };
    let mut ctx = Context::new(rig, place.stop.clone(), place.recordings.to_owned(), send);
    let prepared = async {
        identify(&mut ctx).await?;
        procedures::energise(&mut ctx, first).await
    };
    let prepared = guarded(prepared).await;
    if let Err(halt) = prepared {
        let acquisition = acquisition(Err(halt));
        drop(ctx);
        return abandon(place, cases, &acquisition, send);
    }
    let mut results = Vec::new();
    let mut over: Option<Acquisition> = None;
    for case in cases {
        ctx.begin_case(&case.id);
        let ended = match &over {
            Some(_) => Acquisition::NotRun,
            None => {
                ctx.event(EventKind::CaseStarted {
                    label: case.label.clone(),
                });
                let outcome = guarded(procedures::acquire(&mut ctx, case)).await;
                let ends_unit = matches!(
                    outcome,
                    Err(Halt::DutNotReady(_) | Halt::Bench(_) | Halt::Aborted)
                );
                let ended = acquisition(outcome);
                if ends_unit {
                    over = Some(ended.clone());
                }
                ended
            }
        };
        ctx.event(EventKind::CaseEnded {
            acquisition: ended.clone(),
        });
        let data = CaseData {
            acquisition: ended,
            readings: std::mem::take(&mut ctx.readings),
            captures: std::mem::take(&mut ctx.captures),
            instruments: place.instruments,
        };
        let result = judge(case, &data, &ctx.stored);
        ctx.event(EventKind::Judged {
            verdict: result.verdict,
            reason: result.reason.clone(),
        });
        results.push(result);
    }
    if let Some(Acquisition::DutNotReady(_) | Acquisition::BenchError(_)) = &over {
        ctx.begin_case("");
        ctx.note(format!(
            "test {} was ended after the case that failed to start",
            unit.test
        ));
    }
    results
}

/// A panic in a procedure is an infrastructure error like any other: the bench is made safe.
async fn guarded(work: impl Future<Output = Result<(), Halt>>) -> Result<(), Halt> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(result) => result,
        Err(panic) => {
            let text = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("unknown cause");
            Err(Halt::Bench(format!("gridproof itself failed: {text}")))
        }
    }
}

fn acquisition(outcome: Result<(), Halt>) -> Acquisition {
    match outcome {
        Ok(()) => Acquisition::Completed,
        Err(Halt::DutNotReady(reason)) => Acquisition::DutNotReady(reason),
        Err(Halt::Bench(reason) | Halt::Refused(reason)) => Acquisition::BenchError(reason),
        Err(Halt::Aborted) => Acquisition::Aborted,
    }
}

/// The first case ends with `why`, the others are not run.
fn abandon(
    place: &Workplace<'_>,
    cases: &[Case],
    why: &Acquisition,
    send: &mut Send<'_>,
) -> Vec<CaseResult> {
    cases
        .iter()
        .enumerate()
        .map(|(index, case)| {
            let acquisition = if index == 0 {
                why.clone()
            } else {
                Acquisition::NotRun
            };
            send(
                &case.id,
                0.0,
                EventKind::CaseEnded {
                    acquisition: acquisition.clone(),
                },
            );
            let data = CaseData {
                acquisition,
                readings: Vec::new(),
                captures: Vec::new(),
                instruments: place.instruments,
            };
            let result = judge(case, &data, &[]);
            send(
                &case.id,
                0.0,
                EventKind::Judged {
                    verdict: result.verdict,
                    reason: result.reason.clone(),
                },
            );
            result
        })
        .collect()
}

async fn identify(ctx: &mut Context<'_>) -> Result<(), Halt> {
    for name in ctx.rig.instrument_names() {
        let Some(instrument) = ctx.rig.by_name(&name) else {
            continue;
        };
        let identity = instrument.identify().await?;
        instrument.initialise().await?;
        ctx.event(EventKind::Identified {
            role: name,
            identity,
        });
    }
    Ok(())
}

/// Cases of a share that was never started.
pub(crate) fn not_run(place: &Workplace<'_>, share: &Share) -> Vec<CaseResult> {
    let mut silent = |_: &str, _: f64, _: EventKind| {};
    abandon(
        place,
        &place.campaign.units[share.unit].content.cases()[share.cases.clone()],
        &Acquisition::NotRun,
        &mut silent,
    )
}

/// Seed of a share: depends on the run's seed and on what the share is, not on when it runs.
pub(crate) fn share_seed(seed: u64, dut: &str, test: &str, part: Option<Part>) -> u64 {
    let name = match part {
        Some(part) => format!("{dut}/{test}/{}", part.number),
        None => format!("{dut}/{test}"),
    };
    // FNV-1a over the name, mixed with the seed by one round of SplitMix64.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in name.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    let mut mixed = seed ^ hash;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Is any verdict of these cases an abort?
pub(crate) fn aborted(cases: &[CaseResult]) -> bool {
    cases.iter().any(|case| case.verdict == Verdict::Aborted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_in_a_procedure_ends_the_case_and_nothing_else() {
        let outcome = guarded(async { panic!("index out of bounds") }).await;
        let Err(Halt::Bench(text)) = outcome else {
            panic!("{outcome:?}");
        };
        assert!(text.contains("gridproof itself failed: index out of bounds"));
        assert_eq!(guarded(async { Ok(()) }).await, Ok(()));
        assert_eq!(
            guarded(async { Err(Halt::Aborted) }).await,
            Err(Halt::Aborted)
        );
    }

    #[test]
    fn seeds_depend_on_what_a_share_is() {
        let part = |number| Some(Part { number, of: 3 });
        let seed = share_seed(1, "dut", "VW", None);
        assert_eq!(seed, share_seed(1, "dut", "VW", None));
        assert_ne!(seed, share_seed(2, "dut", "VW", None));
        assert_ne!(seed, share_seed(1, "dut", "VV", None));
        assert_ne!(seed, share_seed(1, "other", "VW", None));
        assert_ne!(seed, share_seed(1, "dut", "VW", part(1)));
        assert_ne!(
            share_seed(1, "dut", "VW", part(1)),
            share_seed(1, "dut", "VW", part(2))
        );
    }
}
