//! Blind analyses never panic, whatever the samples.

use gridproof_measure::analyze::{
    AnalyzeError, Channel64, Marks, RunOnChannels, frequency, harmonics, run_on, step_response,
    transfer, trip,
};
use proptest::prelude::*;

use super::bench::Noise;

fn samples(length: usize, style: u8, seed: u64) -> Vec<f64> {
    let mut noise = Noise(seed);
    (0..length)
        .map(|k| {
            let wave = 325.0 * (0.0628 * k as f64).sin();
            match style % 10 {
                0 => 0.0,
                1 => 1e11,
                2 => noise.uniform() - 0.5,
                3 => f64::from(u8::from(k > length / 2)),
                4 => wave,
                5 if k > length / 2 => 0.0,
                6 if k % 997 == 3 => f64::NAN,
                7 => wave * 1e-300,
                8 => wave * (1.0 - k as f64 / length as f64),
                9 if k == length / 2 => 1e11,
                _ => wave + noise.gauss(),
            }
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn never_panics(
        lengths in proptest::collection::vec(prop_oneof![0_usize..40, 40_usize..4000], 3),
        styles in proptest::collection::vec(0_u8..10, 3),
        rate in prop_oneof![Just(0.0), Just(f64::NAN), Just(1e-300), Just(1e300), Just(5000.0), Just(5000.0), 1.0..50_000.0_f64],
        rated in prop_oneof![Just(0.0), Just(f64::NAN), Just(21.7), Just(1e-9), Just(1e11)],
        fundamental in prop_oneof![Just(50.0), Just(60.0), Just(-1.0), Just(1e9), Just(1e-6)],
        times in proptest::collection::vec(-0.1..1.0_f64, 0..4),
        seed in any::<u64>(),
    ) {
        let data: Vec<Vec<f64>> = (0..3).map(|n| samples(lengths[n], styles[n], seed ^ n as u64)).collect();
        let channel = |n: usize| Channel64 { samples: &data[n], rate_hz: rate };
        let _ = transfer(&channel(0), Some(&channel(1)), rated);
        let _ = run_on(&RunOnChannels { current: channel(0), switch: Some(channel(1)), voltage: Some(channel(2)), grid_current: Some(channel(1)) }, rated);
        let _ = run_on(&RunOnChannels { current: channel(2), switch: None, voltage: Some(channel(0)), grid_current: None }, rated);
        if let Ok(found) = trip(&channel(0), &channel(1), rated)
            && let Some(at) = found.t_event_s
        {
            prop_assert!((0.0..data[0].len() as f64 / rate).contains(&at), "{}", at);
        }
        let _ = step_response(&channel(0), &Marks::Times(&times), Some(rated));
        let _ = step_response(&channel(0), &Marks::Channel(channel(1)), None);
        let _ = harmonics(&channel(0), &channel(1), fundamental);
        let _ = frequency(&channel(0), fundamental, times.first().copied(), times.get(1).copied());
    }
}

#[test]
fn errors_say_what_and_how_to_mend() {
    let mut data = samples(1000, 4, 1);
    data[77] = f64::NAN;
    let channel = Channel64 {
        samples: &data,
        rate_hz: 5000.0,
    };
    let error = frequency(&channel, 50.0, None, None).unwrap_err();
    assert!(matches!(error, AnalyzeError::NotANumber { index: 77, .. }));
    assert!(
        error.to_string().contains("sample 77 at 0.0154 s") && error.to_string().contains("remove")
    );
}
