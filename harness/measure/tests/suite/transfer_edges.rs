//! Transfers where the first or last sample decides: near zeros of the wave, on steep slopes in
//! noise, after an island that held for a while, and voltages that are not what was said.

use gridproof_measure::analyze::{AnalyzeError, Channel64, Class, TransferAnalysis, transfer};

use super::bench::{Noise, SQRT2, TAU};
use super::truth_transfers::sampled;

const PEAK: f64 = SQRT2 * 230.0;
/// Start of every event here, s.
const AT: f64 = 0.2;

/// A wave of 50 Hz with its phase in rad at `AT`.
fn wave(phase: f64, t: f64) -> f64 {
    PEAK * (TAU * 50.0 * (t - AT) + phase).sin()
}

fn analysed(rate: f64, sigma: f64, seed: u64, at: impl Fn(f64) -> f64) -> TransferAnalysis {
    let samples = sampled(rate, 0.6, sigma, 14, 600.0, &mut Noise(seed), at);
    let channel = Channel64 {
        samples: &samples,
        rate_hz: rate,
    };
    transfer(&channel, None, 230.0).unwrap()
}

/// Samples between a figure and the truth.
fn off(found: Option<f64>, truth: f64, rate: f64) -> f64 {
    ((found.unwrap() - truth) * rate).abs()
}

/// The island is inside 10 % of the new wave for a cycle and a half before it breaks down.
#[test]
fn an_island_that_held_is_not_the_end() {
    for (held, gap) in [(0.03, 0.02), (0.06, 0.005), (0.15, 0.012)] {
        let end = AT + held + gap;
        let found = analysed(20_000.0, 0.0, 1, |t| {
            let size = match t {
                _ if t < AT => 1.0,
                _ if t < AT + held => 1.16,
                _ if t < end => 0.0,
                _ => 1.08,
            };
            size * wave(1.0, t)
        });
        assert!(off(found.t_end_s, end, 20_000.0) < 1.5, "{held}: {found:?}");
        assert!((found.gap_s.unwrap() - gap).abs() < 1e-3, "{found:?}");
    }
}

/// A drift of the new wave beyond 10 % is no second break.
#[test]
fn a_wave_that_pulls_in_slowly_ends_at_its_gap() {
    let found = analysed(20_000.0, 0.0, 1, |t| {
        let since = (t - AT - 0.005).max(0.0);
        // 15° away once more around 80 ms after the gap
        let bump = 0.26 * (-((since - 0.08) / 0.02).powi(2)).exp();
        if t < AT {
            wave(1.0, t)
        } else if since == 0.0 {
            0.0
        } else {
            wave(1.0 + bump, t)
        }
    });
    assert!(
        off(found.t_end_s, AT + 0.005, 20_000.0) < 1.5,
        "{:?}",
        found.t_end_s
    );
}

/// Of a gap before a zero only one sample shows before the zero hides it.
#[test]
fn one_sample_before_a_zero_counts() {
    let rate = 25_600.0;
    for seed in 1..20 {
        // 34 V and falling when the gap begins
        let begins = analysed(rate, 0.5, seed, |t| {
            let inside = (AT..AT + 0.012).contains(&t);
            if inside {
                0.0
            } else {
                wave(std::f64::consts::PI - 0.105, t)
            }
        });
        assert!(off(begins.t_start_s, AT, rate) < 1.5, "{seed}: {begins:?}");
        // 39 V and rising when it ends
        let end = AT + 0.012;
        let ends = analysed(rate, 0.5, seed, |t| {
            if (AT..end).contains(&t) {
                0.0
            } else {
                wave(0.12 - TAU * 50.0 * 0.012, t)
            }
        });
        assert!(off(ends.t_end_s, end, rate) < 1.5, "{seed}: {ends:?}");
    }
}

/// A voltage that collapses within microseconds, at 40 dB and 1 MS/s: a line through 0.2 ms of
/// it would meet the limit long before the voltage does.
#[test]
fn a_collapse_in_noise_is_not_early() {
    let tau = 30e-6;
    let truth = AT - tau * (1.0 - 0.1 / 0.9_f64).ln();
    for seed in 1..10 {
        let found = analysed(1e6, 2.3, seed, |t| {
            let since = t - AT;
            let old = wave(1.12, t);
            if !(0.0..=0.006).contains(&since) {
                old
            } else {
                wave(1.12, AT) * (-since / tau).exp()
            }
        });
        let late = (found.t_start_s.unwrap() - truth) * 1e6;
        assert!(late.abs() < 3.0, "{seed}: {late} µs");
    }
}

#[test]
fn a_voltage_far_from_its_nominal_is_told() {
    // secondary volts, taken for primary: a sag that no limit of 23 V sees
    let low = analysed(20_000.0, 0.0, 1, |t| {
        wave(1.0, t) / 230.0 * if t < AT { 1.0 } else { 0.4 }
    });
    assert_eq!((low.t_start_s, low.transfer_time_s), (None, None));
    assert_eq!(low.class, Class::None);
    assert!(low.note.unwrap().contains("1.0 V RMS"));
    let high = analysed(20_000.0, 0.0, 1, |t| {
        if (AT..AT + 0.005).contains(&t) {
            0.0
        } else {
            1.5 * wave(1.0, t)
        }
    });
    assert!(
        high.warnings.iter().any(|w| w.contains("150 %")),
        "{high:?}"
    );
}

/// An event in the cycles that the wave before it is learnt from is refused, not overlooked.
#[test]
fn an_event_at_the_beginning_is_told() {
    let told = |outcome: Result<(), AnalyzeError>| {
        outcome.is_err_and(|e| e.to_string().contains("earlier"))
    };
    for (from, to) in [(0.0, 0.01), (0.01, 0.013), (0.03, 0.05), (0.02, 9.0)] {
        for sigma in [0.0, 2.3, 10.0] {
            let samples = sampled(20_000.0, 0.6, sigma, 14, 600.0, &mut Noise(5), |t| {
                let sag = (from..to).contains(&t);
                wave(1.0, t) * if sag { 0.3 } else { 1.0 }
            });
            let channel = Channel64 {
                samples: &samples,
                rate_hz: 20_000.0,
            };
            assert!(
                told(transfer(&channel, None, 230.0).map(|_| ())),
                "{from} {sigma}"
            );
        }
    }
    // noise alone, however large, is none; nor are harmonics
    for (sigma, fifth) in [(10.0, 0.0), (30.0, 0.0), (2.3, 0.08)] {
        let samples = sampled(20_000.0, 0.6, sigma, 14, 600.0, &mut Noise(6), |t| {
            wave(1.0, t) + fifth * PEAK * (5.0 * TAU * 50.0 * t).sin()
        });
        let channel = Channel64 {
            samples: &samples,
            rate_hz: 20_000.0,
        };
        assert!(transfer(&channel, None, 230.0).is_ok(), "{sigma} {fifth}");
    }
}

/// A voltage that sinks so slowly that it never breaks is no transfer of class 1.
#[test]
fn a_slow_sag_has_no_class() {
    let found = analysed(20_000.0, 0.0, 1, |t| (1.0 - 0.3 * t / 0.6) * wave(1.0, t));
    assert_eq!((found.class, found.transfer_time_s), (Class::None, None));
    assert!(found.note.unwrap().contains("never breaks"));
}

/// A record that ends soon after the loss tells when it began, and no end.
#[test]
fn a_record_that_ends_early_has_no_end() {
    let rate = 20_000.0;
    for left in [0.002, 0.008, 0.015, 0.03, 0.05, 0.065] {
        for back in [f64::INFINITY, 0.6 * left] {
            for (sigma, phase) in [(0.0, 1.0), (2.3, 2.5), (0.5, 4.4)] {
                let all = sampled(rate, AT + left, sigma, 14, 600.0, &mut Noise(8), |t| {
                    let gone = (AT..AT + back).contains(&t);
                    if gone { 0.0 } else { wave(phase, t) }
                });
                let channel = Channel64 {
                    samples: &all,
                    rate_hz: rate,
                };
                let found = transfer(&channel, None, 230.0).unwrap();
                assert!(
                    off(found.t_start_s, AT, rate) < 1.5,
                    "{left} {back}: {found:?}"
                );
                assert_eq!((found.t_end_s, found.transfer_time_s), (None, None));
                assert_eq!(found.class, Class::None);
                let note = found.note.unwrap();
                match back.is_finite() {
                    false => assert!(note.contains("not return"), "{left}: {note}"),
                    // Of the last cycle more than half is there.
                    true if left > 0.025 => assert!(note.contains("too soon"), "{left}: {note}"),
                    true => {}
                }
            }
        }
    }
}
