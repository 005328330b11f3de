//! What single samples do not show: weak current in noise, clipped and late channels.

use gridproof_measure::analyze::{Channel64, RunOnChannels, run_on, transfer};

use super::bench::{Noise, SQRT2, TAU};
use super::truth_transfers::sampled;

const RATED: f64 = 21.7;

/// Run-on of a current that is cut 0.1 s after the switch opens and leaves a filter capacitor's
/// current of `peak` amperes until `relay`, in noise of 40 dB below rated.
fn with_tail(peak: f64, relay: f64, rate: f64, random: &mut Noise) -> f64 {
    let (open, phase) = (0.3, random.uniform());
    let cut = open + 0.1;
    let amps = sampled(rate, 1.4, 0.01 * RATED, 12, 40.0, random, |t| {
        let wave = (TAU * (50.0 * t + phase)).sin();
        if t < cut {
            SQRT2 * RATED * wave
        } else if t < relay {
            peak * (TAU * (50.0 * t + phase + 0.25)).sin()
        } else {
            0.0
        }
    });
    let contact = sampled(rate, 1.4, 0.02, 10, 10.0, random, |t| {
        if t < open { 5.0 } else { 0.1 }
    });
    let channel = |samples| Channel64 {
        samples,
        rate_hz: rate,
    };
    let found = run_on(
        &RunOnChannels {
            current: channel(&amps),
            switch: Some(channel(&contact)),
            voltage: None,
            grid_current: None,
        },
        RATED,
    )
    .unwrap();
    found.t_cease_s.unwrap()
}

#[test]
fn filter_current_flows_until_the_relay_opens() {
    let mut random = Noise(240);
    for rate in [20_000.0, 100_000.0] {
        let mut sum = 0.0;
        for case in 0..12 {
            let relay = 0.46 + 0.03 * f64::from(case) + 0.02 * random.uniform();
            // 0.24 A RMS is 1.1 % of rated; noise has a sigma of 0.22 A.
            let end = with_tail(0.24 * SQRT2 * 1.05, relay, rate, &mut random);
            // Cut near its zero it hides in noise for a part of a half cycle.
            assert!((end - relay).abs() < 5e-3, "{rate} {relay}: {end}");
            sum += (end - relay).abs();
            // 0.7 % of rated is no current.
            let end = with_tail(0.007 * RATED * SQRT2, relay, rate, &mut random);
            assert!((end - 0.4).abs() < 1e-3, "{rate}: {end}");
        }
        assert!(sum / 12.0 < 1e-3, "{rate}: {}", sum / 12.0);
    }
}

#[test]
fn clipped_and_late_channels_are_reported() {
    let mut random = Noise(5);
    let rate = 20_000.0;
    let skew = 40e-6;
    let volts = |t: f64| {
        if (0.3..0.308).contains(&t) {
            0.0
        } else {
            SQRT2 * 230.0 * (TAU * 50.0 * t).sin()
        }
    };
    let samples = sampled(rate, 0.7, 0.5, 12, 600.0, &mut random, volts);
    let grid = sampled(rate, 0.7, 0.5, 12, 600.0, &mut random, |t| {
        if t < 0.2995 {
            SQRT2 * 230.0 * (TAU * 50.0 * (t + skew)).sin()
        } else {
            0.0
        }
    });
    let channel = |samples| Channel64 {
        samples,
        rate_hz: rate,
    };
    let found = transfer(&channel(&samples), Some(&channel(&grid)), 230.0).unwrap();
    assert!((found.skew_s.unwrap() - skew).abs() < 3e-6, "{found:?}");
    assert!(found.warnings.len() == 1 && found.warnings[0].contains("late"));
    let clipped: Vec<f64> = samples.iter().map(|x| x.clamp(-310.0, 310.0)).collect();
    let found = transfer(&channel(&clipped), None, 230.0).unwrap();
    assert!(
        found.warnings.len() == 1 && found.warnings[0].contains("clipped at 310"),
        "{:?}",
        found.warnings
    );
    let found = transfer(&channel(&samples), None, 230.0).unwrap();
    assert!(found.warnings.is_empty(), "{:?}", found.warnings);
}

#[test]
fn too_short_is_an_error() {
    let mut random = Noise(5);
    // Less than three cycles before the loss and one after it.
    let samples = sampled(20_000.0, 0.07, 0.5, 12, 600.0, &mut random, |t| {
        if t < 0.06 {
            325.0 * (TAU * 50.0 * t).sin()
        } else {
            0.0
        }
    });
    let error = transfer(
        &Channel64 {
            samples: &samples,
            rate_hz: 20_000.0,
        },
        None,
        230.0,
    )
    .unwrap_err();
    assert!(error.to_string().contains("record longer"), "{error}");
}
