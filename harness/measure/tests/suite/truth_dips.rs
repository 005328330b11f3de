//! Two dips of a voltage in one record: the one that the DUT answers is the event.

use gridproof_measure::analyze::{Channel64, TripAnalysis, TripEvent, trip};

use super::bench::{Noise, SQRT2, TAU};
use super::truth_transfers::sampled;

const RATE: f64 = 10_000.0;
const BEGINS: f64 = 0.5;

/// A dip to a level for so many seconds.
#[derive(Debug, Clone, Copy)]
struct Dip {
    level: f64,
    lasts: f64,
}

/// Two dips, the first after [`BEGINS`] s and the second `gap` s after its end; a current ends at `ends` s.
fn analysed([first, second]: [Dip; 2], gap: f64, ends: f64, random: &mut Noise) -> TripAnalysis {
    let turns = random.uniform();
    let angle = |t: f64| TAU * (turns + 50.0 * t);
    let again = BEGINS + first.lasts + gap;
    let volts = sampled(
        RATE,
        again + second.lasts.min(0.4) + 0.6,
        0.23,
        16,
        600.0,
        random,
        |t| {
            let level = if (BEGINS..BEGINS + first.lasts).contains(&t) {
                first.level
            } else if (again..again + second.lasts).contains(&t) {
                second.level
            } else {
                1.0
            };
            let x = angle(t);
            SQRT2
                * 230.0
                * level
                * (x.sin() + 0.02 * (3.0 * x).sin() + 0.01 * (5.0 * x + 1.0).sin())
        },
    );
    let amps: Vec<f64> = (0..volts.len())
        .map(|k| k as f64 / RATE)
        .map(|t| f64::from(u8::from(t < ends)) * 15.0 * angle(t).sin())
        .collect();
    let channel = |samples| Channel64 {
        samples,
        rate_hz: RATE,
    };
    trip(&channel(&volts), &channel(&amps), 21.7).unwrap()
}

#[test]
fn the_last_dip_before_the_current_ends_is_the_event() {
    let mut random = Noise(47);
    for case in 0..60 {
        let dips = [0, 1].map(|_| Dip {
            level: 0.8 * random.uniform(),
            lasts: 0.02 + 0.16 * random.uniform(),
        });
        let [first, mut second] = dips;
        // One in three lasts to the end of the record.
        if case % 3 == 0 {
            second.lasts = 9.0;
        }
        let gap = 0.03 + 0.17 * random.uniform();
        let again = BEGINS + first.lasts + gap;
        let (begins, level, ends) = match case / 3 % 3 {
            // In the first, in the second, never.
            0 => (BEGINS, first.level, BEGINS + first.lasts * 0.8),
            1 => (again, second.level, again + 0.1),
            _ => (BEGINS, first.level, 9.0),
        };
        let found = analysed([first, second], gap, ends, &mut random);
        let error = found.t_event_s.unwrap() - begins;
        let told =
            format!("{case}: {first:?}, {second:?} {gap} s later, {ends}: {error} s, {found:?}");
        assert_eq!(found.event, TripEvent::VoltageStep, "{told}");
        assert!(error.abs() < 1e-3, "{told}");
        assert!(
            (found.v_after.unwrap() - 230.0 * level).abs() < 4.0,
            "{told}"
        );
    }
}
