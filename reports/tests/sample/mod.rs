//! A hand-built judged run with synthetic waveforms: every procedure, every verdict.

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "each test uses its part"
)]

mod identity;
mod parts;
mod procedures;
mod responses;
mod waves;

use gridproof_model::result::{RESULTS_FORMAT, RunResults, TestResult};
use gridproof_model::verdict::Verdict;

pub use identity::info;
pub use parts::{conclude, criterion, limit, test};
use procedures::{islanding, transfer, trips};
use responses::{derating, drm, step, sweep};
pub use waves::Waves;

/// One DUT, all procedures.
fn tests_of(dut: &str, faulty: bool) -> Vec<TestResult> {
    vec![
        test(dut, "ISLANDING", "Anti-islanding", islanding(dut, faulty)),
        test(
            dut,
            "TRANSFER",
            "Transfer to back-up",
            transfer(dut, faulty),
        ),
        test(
            dut,
            "TRIP",
            "Voltage and frequency protection",
            trips(dut, faulty),
        ),
        test(
            dut,
            "VOLT-VAR",
            "Volt-var response",
            vec![sweep(dut, faulty), step(dut, faulty)],
        ),
        test(
            dut,
            "DRM",
            "Demand response modes",
            vec![drm(dut, 0), drm(dut, 5)],
        ),
        test(
            dut,
            "DERATING",
            "Derating by temperature",
            vec![derating(dut)],
        ),
    ]
}

/// The run: two DUTs, verdicts of every kind.
pub fn results() -> RunResults {
    let mut tests = tests_of("saj-as1-3ks-5.1", false);
    tests.extend(tests_of("growatt-sph-5000 <b>&\"x\"", true));
    for (verdict, reason) in [
        (
            Verdict::NotApplicable,
            "the manual states no <demand-response> port",
        ),
        (Verdict::NotRun, "the run was stopped before this test"),
        (Verdict::Aborted, "stopped by the operator"),
        (
            Verdict::Error,
            "grid simulator: no reply to `MEAS:VOLT?` within 2 s",
        ),
    ] {
        let mut one = test(
            "saj-as1-3ks-5.1",
            &format!("EXTRA-{}", verdict.word()),
            "An extra test",
            vec![],
        );
        (one.verdict, one.reason) = (verdict, reason.to_owned());
        tests.push(one);
    }
    RunResults {
        format: RESULTS_FORMAT,
        plan: "quickstart".to_owned(),
        verdict: Verdict::worst(tests.iter().map(|t| t.verdict)),
        tests,
    }
}
