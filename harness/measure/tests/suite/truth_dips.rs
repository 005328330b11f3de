//! Two dips of a voltage in one record: the one that the DUT answers is the event.

use gridproof_measure::analyze::{TripAnalysis, TripEvent};

use super::bench::Noise;
use super::tripping::tripped;

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
    let again = BEGINS + first.lasts + gap;
    let level = |t: f64| {
        if (BEGINS..BEGINS + first.lasts).contains(&t) {
            first.level
        } else if (again..again + second.lasts).contains(&t) {
            second.level
        } else {
            1.0
        }
    };
    let length = again + second.lasts.min(0.4) + 0.6;
    tripped(length, level, |t| turns + 50.0 * t, ends, random)
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

/// A load step that a healthy grid makes comes long before them: the record is looked through again from
/// there on.
#[test]
fn so_it_is_after_a_small_change() {
    let mut random = Noise(48);
    for case in 0..6 {
        let turns = random.uniform();
        let (first, lasts) = (1.2 + 0.2 * random.uniform(), 0.05 + 0.05 * random.uniform());
        let again = first + lasts + 0.15;
        let level = |t: f64| match t {
            _ if t < 0.3 => 1.0,
            _ if (first..first + lasts).contains(&t) => 0.5,
            _ if (again..again + 0.2).contains(&t) => 0.3,
            _ => 0.985,
        };
        let found = tripped(
            again + 0.9,
            level,
            |t| turns + 50.0 * t,
            again + 0.1,
            &mut random,
        );
        let error = found.t_event_s.unwrap() - again;
        assert!(error.abs() < 1e-3, "{case}: {error} s, {found:?}");
    }
}
