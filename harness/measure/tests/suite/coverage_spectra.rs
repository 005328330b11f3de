//! Spectra: U of single orders, groups, interharmonics and TDD, interharmonics beside an order, and
//! windows summed up part by part. Seeds that nothing was tuned on.

use gridproof_measure::analyze::{
    Channel64, HarmonicAnalysis, HarmonicOptions, HarmonicSum, HarmonicWindows, harmonics_of,
    harmonics_with,
};
use gridproof_model::record::Accuracy;

use super::bench::{Noise, SQRT2, TAU};

const RATE: f64 = 10_000.0;

/// A current and voltage of the same shape: (frequency against the fundamental, amplitude against
/// its, phase in turns), the fundamental among them.
fn record(
    random: &mut Noise,
    lines: &[(f64, f64, f64)],
    (hz, rms, gain): (f64, f64, f64),
    seconds: f64,
    db: f64,
) -> Vec<f64> {
    let sigma = rms * 10_f64.powf(-db / 20.0);
    let step = 8.0 * rms / 16_384.0;
    (0..(seconds * RATE) as usize)
        .map(|k| {
            let a = hz * k as f64 / RATE;
            let shape: f64 = lines
                .iter()
                .map(|l| l.1 * (TAU * (l.0 * a + l.2)).sin())
                .sum();
            let x = SQRT2 * rms * shape * (1.0 + gain) + sigma * random.gauss();
            (x / step).round() * step
        })
        .collect()
}

fn analyse(samples: &[f64], options: &HarmonicOptions) -> HarmonicAnalysis {
    let channel = Channel64 {
        samples,
        rate_hz: RATE,
    };
    harmonics_with(&channel, &channel, 50.0, options).unwrap()
}

/// How often each quantity was inside ±U.
#[derive(Default)]
struct Tally(Vec<(&'static str, u32, u32)>);

impl Tally {
    fn see(&mut self, name: &'static str, value: f64, u: f64, truth: f64) {
        let at = self.0.iter().position(|row| row.0 == name);
        let at = at.unwrap_or_else(|| {
            self.0.push((name, 0, 0));
            self.0.len() - 1
        });
        self.0[at].1 += u32::from((value - truth).abs() <= u);
        self.0[at].2 += 1;
    }

    fn check(&self, of: &str, least: f64, most: f64) {
        let mut outside = Vec::new();
        for (name, hits, all) in &self.0 {
            let covered = 100.0 * f64::from(*hits) / f64::from(*all);
            println!("{of}, {name}: {covered:.1} % of {all} inside U");
            if !(least..=most).contains(&covered) {
                outside.push(format!("{name} {covered:.1} %"));
            }
        }
        assert!(outside.is_empty(), "{of}: {outside:?}");
    }
}

#[test]
fn orders_groups_interharmonics_and_tdd() {
    for (seed, seconds, draws) in [(20_261, 0.215, 1500), (77_003, 1.05, 500)] {
        let mut random = Noise(seed);
        let mut tally = Tally::default();
        let accuracy = Accuracy {
            of_reading: 0.0005,
            of_range: 0.0,
            range: 30.0,
        };
        let options = HarmonicOptions {
            rated_current_a: Some(20.0),
            amps: Some(accuracy),
            ..HarmonicOptions::default()
        };
        for _ in 0..draws {
            let hz = 48.0 + 4.0 * random.uniform();
            let mut amplitude = |low: f64, high: f64| low + (high - low) * random.uniform();
            let (a3, a5, a11) = (
                amplitude(0.01, 0.05),
                amplitude(0.01, 0.04),
                amplitude(0.005, 0.02),
            );
            // Interharmonics on the lines: 7 lines above order 5, 2 above order 3.
            let (b57, b32) = (amplitude(0.01, 0.02), amplitude(0.01, 0.02));
            let gain = 0.0005 * (2.0 * random.uniform() - 1.0);
            let lines: Vec<(f64, f64, f64)> = [
                (1.0, 1.0),
                (3.0, a3),
                (5.0, a5),
                (11.0, a11),
                (5.7, b57),
                (3.2, b32),
            ]
            .map(|(f, a)| (f, a, random.uniform()))
            .to_vec();
            let amps = record(&mut random, &lines, (hz, 10.0, gain), seconds, 40.0);
            let found = analyse(&amps, &options);
            // What noise adds to a line; its standard deviation is 0.1 A.
            let span = (10.0 * RATE / hz).floor();
            let eta = 2.0 * 0.01 / span;
            let rms = |squares: f64, lines: f64| (100.0 * squares + lines * eta).sqrt();
            let order = |n: usize| &found.orders[n - 1];
            let (o3, o5, o11) = (order(3), order(5), order(11));
            tally.see("order 3", o3.i_rms, o3.i_u.rms, 10.0 * a3);
            tally.see("order 5", o5.i_rms, o5.i_u.rms, 10.0 * a5);
            tally.see("order 11", o11.i_rms, o11.i_u.rms, 10.0 * a11);
            let truth = rms(a3 * a3 + b32 * b32, 10.0 - 0.5);
            tally.see("group 3", o3.i_group, o3.i_u.group, truth);
            let truth = rms(a11 * a11, 3.0);
            tally.see("subgroup 11", o11.i_subgroup, o11.i_u.subgroup, truth);
            let truth = rms(b57 * b57, 7.0);
            tally.see(
                "interharmonic subgroup 5",
                o5.i_interharmonic,
                o5.i_u.interharmonic,
                truth,
            );
            let truth = rms(b57 * b57, 9.0);
            tally.see(
                "interharmonic group 5",
                o5.i_interharmonic_group,
                o5.i_u.interharmonic_group,
                truth,
            );
            let tdd = found.uncertainty.tdd_i.as_ref().unwrap();
            let truth = 0.5 * (a3 * a3 + a5 * a5 + a11 * a11).sqrt();
            tally.see("TDD", tdd.value, tdd.u, truth);
            assert_eq!(Some(tdd.value), found.tdd_i);
        }
        tally.check(&format!("{seconds} s at 40 dB"), 93.0, 97.5);
    }
}

/// An order that is not there is 0 within U.
#[test]
fn orders_of_nothing_but_noise() {
    let mut random = Noise(4_411);
    let mut tally = Tally::default();
    for _ in 0..300 {
        let hz = 49.0 + 2.0 * random.uniform();
        let lines = [(1.0, 1.0, random.uniform())];
        let amps = record(&mut random, &lines, (hz, 10.0, 0.0), 0.45, 40.0);
        let found = analyse(&amps, &HarmonicOptions::default());
        for n in [2, 9, 31] {
            let order = &found.orders[n - 1];
            tally.see("order", order.i_rms, order.i_u.rms, 0.0);
            assert!(order.i_u.rms < 0.03, "{order:?}");
        }
    }
    tally.check("no harmonics", 97.0, 100.0);
}

/// 0.5 to 2 Hz beside an order: not to be told in a window of 0.2 s, told in seconds.
#[test]
fn interharmonics_beside_an_order() {
    // Quiet ones leave what an interharmonic may be, noisy ones what noise adds to what is told.
    for (seconds, db, near) in [
        (0.25, 60.0, f64::INFINITY),
        (0.65, 60.0, f64::INFINITY),
        (1.25, 60.0, 0.5),
        (1.85, 60.0, 0.05),
        (3.05, 60.0, 0.05),
        (10.0, 60.0, 0.05),
        (3.05, 36.0, 0.05),
    ] {
        let mut random = Noise(9_090 + (10.0 * seconds) as u64);
        let mut tally = Tally::default();
        let mut worst = 0.0_f64;
        for _ in 0..120 {
            let hz = 49.0 + 2.0 * random.uniform();
            let (a5, a7, b) = (0.04, 0.02, 0.003 + 0.01 * random.uniform());
            let away =
                (0.5 + 1.5 * random.uniform()) * if random.uniform() < 0.5 { 1.0 } else { -1.0 };
            let lines = [(1.0, 1.0), (5.0, a5), (7.0, a7), (5.0 + away / hz, b)]
                .map(|(f, a)| (f, a, random.uniform()));
            let amps = record(&mut random, &lines, (hz, 10.0, 0.0), seconds, db);
            let found = analyse(&amps, &HarmonicOptions::default());
            let thd = f64::hypot(a5, a7);
            worst = worst.max(100.0 * (found.thd_i - thd).abs());
            tally.see("THD", found.thd_i, found.uncertainty.thd_i.u, thd);
            let order = &found.orders[4];
            tally.see("order 5", order.i_rms, order.i_u.rms, 10.0 * a5);
        }
        println!("{seconds} s: THD within {worst:.4} pp");
        assert!(worst < near, "{seconds} s: {worst} pp");
        tally.check(&format!("{seconds} s, {db} dB"), 93.0, 100.0);
    }
}

/// A harmonic that swings is not taken for one with an interharmonic: its mean square counts.
#[test]
fn a_harmonic_that_swings_keeps_its_power() {
    let mut random = Noise(31);
    // 4 % that swings by ±30 % at 0.8 Hz: an interharmonic either side.
    let lines = [
        (1.0, 1.0, 0.2),
        (5.0, 0.04, 0.1),
        (5.016, 0.006, 0.35),
        (4.984, 0.006, 0.85),
    ];
    let amps = record(&mut random, &lines, (50.0, 10.0, 0.0), 10.0, 60.0);
    let found = analyse(&amps, &HarmonicOptions::default());
    let power: f64 = lines[1..].iter().map(|l| l.1 * l.1).sum::<f64>().sqrt();
    assert!(
        (found.thd_i - power).abs() < 2e-4,
        "{} {power}",
        found.thd_i
    );
    assert!(found.thd_i - 0.04 > 5e-4);
}

#[test]
fn windows_summed_up_part_by_part() {
    let mut random = Noise(12);
    let lines = [(1.0, 1.0, 0.2), (5.0, 0.04, 0.1), (49.0, 0.01, 0.1)];
    let amps = record(&mut random, &lines, (49.7, 10.0, 0.0), 3.0, 50.0);
    let whole = analyse(&amps, &HarmonicOptions::default());
    let channel = Channel64 {
        samples: &amps,
        rate_hz: RATE,
    };
    let windows =
        HarmonicWindows::new(&channel, 0.0, (amps.len() - 1) as f64 / RATE, 50.0).unwrap();
    for part in [1, 997, 2012, 70_000] {
        let sum = |name| {
            let mut sum = HarmonicSum::new(&windows, name, RATE).unwrap();
            amps.chunks(part).for_each(|part| sum.push(part).unwrap());
            sum
        };
        let found = harmonics_of(
            &windows,
            sum("voltage"),
            sum("current"),
            &HarmonicOptions::default(),
        )
        .unwrap();
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(
            found.windows == whole.windows
                && near(found.thd_i, whole.thd_i)
                && near(found.i_rms, whole.i_rms)
                && near(found.dc_v, whole.dc_v),
            "parts of {part}"
        );
        for (a, b) in found.orders.iter().zip(&whole.orders) {
            assert!(
                near(a.v_group, b.v_group) && near(a.i_interharmonic, b.i_interharmonic),
                "parts of {part}: {a:?} {b:?}"
            );
        }
    }
    // The windows of means of seven samples are those of all of them.
    let means: Vec<f64> = amps
        .chunks_exact(7)
        .map(|c| c.iter().sum::<f64>() / 7.0)
        .collect();
    let channel = Channel64 {
        samples: &means,
        rate_hz: RATE / 7.0,
    };
    let windows =
        HarmonicWindows::new(&channel, 3.0 / RATE, (amps.len() - 1) as f64 / RATE, 50.0).unwrap();
    let sum = |name| {
        let mut sum = HarmonicSum::new(&windows, name, RATE).unwrap();
        sum.push(&amps).unwrap();
        sum
    };
    let found = harmonics_of(
        &windows,
        sum("voltage"),
        sum("current"),
        &HarmonicOptions::default(),
    )
    .unwrap();
    assert_eq!(found.windows, whole.windows);
    assert!(
        (found.f1_hz - whole.f1_hz).abs() < 1e-4,
        "{} {}",
        found.f1_hz,
        whole.f1_hz
    );
    assert!(
        (found.thd_i - whole.thd_i).abs() < 2e-6,
        "{} {}",
        found.thd_i,
        whole.thd_i
    );
    // Against the same zero of the voltage, not one that lies half a group off.
    for n in [1, 5] {
        let (a, b) = (
            found.orders[n - 1].i_phase_deg,
            whole.orders[n - 1].i_phase_deg,
        );
        assert!((a - b).abs() < 0.05, "{n}: {a} {b}");
    }
    // Too few samples for the last window.
    let mut short = HarmonicSum::new(&windows, "current", RATE).unwrap();
    short.push(&amps[..20_000]).unwrap();
    let error = harmonics_of(&windows, sum("voltage"), short, &HarmonicOptions::default());
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("current: 2.0000 s recorded")
    );
}
