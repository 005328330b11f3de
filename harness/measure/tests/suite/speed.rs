//! How fast the judge is; run with `--ignored --nocapture`.

use std::time::Instant;

use super::bench::judge;
use super::islands::{Island, island_spec};
use super::responses::{Drm, Step};
use super::transfers::{Shape, spec as transfer_spec};
use super::trips::Trip;

#[test]
#[allow(clippy::disallowed_methods, reason = "measures the wall clock")]
#[ignore = "measures time, proves nothing about correctness"]
fn a_campaign_of_captures() {
    let step = Step {
        rate: 20_000.0,
        ..Step::default()
    };
    let trip = Trip {
        observe: 13.0,
        ..Trip::default()
    };
    let work = [
        ("island", island_spec(2.0), Island::default().capture()),
        ("transfer", transfer_spec(0.01), Shape::default().capture()),
        ("step", step.spec(), step.capture()),
        ("drm", Drm::default().spec(), Drm::default().capture()),
        ("trip", trip.spec(Some(1.0), 2.0), trip.capture()),
    ];
    for (name, spec, capture) in work {
        let repeats = 20;
        let copies: Vec<_> = (0..repeats)
            .map(|_| (spec.clone(), capture.clone()))
            .collect();
        let begin = Instant::now();
        for (spec, capture) in copies {
            std::hint::black_box(judge(spec, vec![capture], Vec::new()));
        }
        let each = begin.elapsed().as_secs_f64() / f64::from(repeats);
        println!(
            "{name}: {} samples × {} channels: {:.2} ms",
            capture.len(),
            capture.channels.len(),
            each * 1e3
        );
    }
}
