//! Groups of spectral lines by IEC 61000-4-7, 5.5.1 and annex A: which line counts where, and how much.

use gridproof_measure::analyze::{Channel64, harmonics};

use super::bench::{SQRT2, TAU};

const RATE: f64 = 10_000.0;
const FIRST: f64 = 230.0;
const SECOND: f64 = 4.0;
const TONE: f64 = 3.0;

/// One tone on each 5 Hz line between the fundamental and its second order, without noise.
#[test]
fn each_line_between_two_orders_counts_where_the_standard_puts_it() {
    for line in 11..=19_u32 {
        let hz = 5.0 * f64::from(line);
        let wave: Vec<f64> = (0..10_000)
            .map(|k| {
                let t = TAU * f64::from(k) / RATE;
                SQRT2
                    * (FIRST * (50.0 * t + 0.3).sin()
                        + SECOND * (100.0 * t).sin()
                        + TONE * (hz * t + 1.0).sin())
            })
            .collect();
        let channel = Channel64 {
            samples: &wave,
            rate_hz: RATE,
        };
        let found = harmonics(&channel, &channel, 50.0).expect("a second of mains");
        let order = |n: u32| {
            let row = found.orders.iter().find(|row| row.order == n as usize);
            row.expect("a row for every order").clone()
        };
        let (first, second) = (order(1), order(2));
        // half of the line in the middle belongs to either group
        let in_group = |n: u32| match line.abs_diff(10 * n) {
            0..=4 => 1.0,
            5 => 0.5,
            _ => 0.0,
        };
        let in_subgroup = |n: u32| f64::from(u8::from(line.abs_diff(10 * n) <= 1));
        let centred = f64::from(u8::from((12..=18).contains(&line)));
        let with = |own: f64, share: f64| (own * own + share * TONE * TONE).sqrt();
        for (name, got, expected) in [
            ("group 1", first.v_group, with(FIRST, in_group(1))),
            ("group 2", second.v_group, with(SECOND, in_group(2))),
            ("subgroup 1", first.v_subgroup, with(FIRST, in_subgroup(1))),
            (
                "subgroup 2",
                second.v_subgroup,
                with(SECOND, in_subgroup(2)),
            ),
            (
                "centred subgroup",
                first.v_interharmonic,
                with(0.0, centred),
            ),
            ("interharmonic group", first.v_interharmonic_group, TONE),
            ("none beyond", second.v_interharmonic_group, 0.0),
        ] {
            // a tone beside the fundamental moves the window that is cut by it
            assert!(
                (got - expected).abs() < 0.05,
                "{hz} Hz, {name}: {got} {expected}"
            );
        }
    }
}
