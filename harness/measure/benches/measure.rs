//! Throughput of every algorithm over 10 M samples on one core:
//! `cargo bench -p gridproof-measure --bench measure`.

#![allow(clippy::disallowed_methods, reason = "signals to be measured")]

use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::ItemsCount;
use gridproof_measure::analyze::{
    Channel64, Marks, RunOnChannels, frequency, harmonics, run_on, step_response, transfer, trip,
};
use gridproof_measure::curve_fit::fit_curve;
use gridproof_measure::flicker::pst;
use gridproof_measure::frequency::{FrequencyMethod, estimate, series};
use gridproof_measure::phase_track::track;
use gridproof_measure::phasor::fundamental;
use gridproof_measure::power::cycle_series;
use gridproof_measure::power_quantities::{PowerChannels, power_quantities};
use gridproof_measure::quality::clipping;
use gridproof_measure::rms::half_cycle_series;
use gridproof_measure::sine_fit::SineFit;
use gridproof_measure::sliding::{WindowedSpectrum, sliding_crossings, sliding_rms};
use gridproof_measure::steady_state::{SteadyCriteria, settling};
use gridproof_measure::urms_half::urms_half;
use gridproof_measure::zero_crossing::rising_crossings;
use gridproof_model::record::Accuracy;

const COUNT: usize = 10_000_000;
const RATE: f64 = 50_000.0;

/// Ten million samples of a 50 Hz voltage with noise.
static VOLTS: LazyLock<Vec<f64>> = LazyLock::new(|| wave(COUNT, RATE));

fn wave(count: usize, rate: f64) -> Vec<f64> {
    let mut seed = 1_u64;
    (0..count)
        .map(|k| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let noise = (seed >> 11) as f64 / (1_u64 << 53) as f64 - 0.5;
            let t = std::f64::consts::TAU * 50.02 * k as f64 / rate;
            325.0 * t.sin() + 5.0 * (5.0 * t).sin() + noise
        })
        .collect()
}

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 12)]
fn sliding_half_cycle_rms(bencher: Bencher<'_, '_>) {
    let volts = &*VOLTS;
    let mut out = Vec::new();
    bencher
        .counter(ItemsCount::new(COUNT))
        .bench_local(|| sliding_rms(divan::black_box(volts), 500, &mut out));
}

#[divan::bench(sample_count = 12)]
fn zero_crossings(bencher: Bencher<'_, '_>) {
    let volts = &*VOLTS;
    let mut out = Vec::new();
    bencher
        .counter(ItemsCount::new(COUNT))
        .bench_local(|| sliding_crossings(divan::black_box(volts), 10.0, &mut out));
}

#[divan::bench(sample_count = 12)]
fn fft_10_000(bencher: Bencher<'_, '_>) {
    let volts = &*VOLTS;
    let mut fft = WindowedSpectrum::new(10_000);
    bencher
        .counter(ItemsCount::new(COUNT))
        .bench_local(|| spectra(&mut fft, divan::black_box(volts)));
}

fn spectra(fft: &mut WindowedSpectrum, volts: &[f64]) -> f64 {
    let mut sum = 0.0;
    fft.each(volts, |_, lines| sum += lines[10].norm_sqr());
    sum
}

/// The three together, window by window, as a file is streamed.
#[divan::bench(sample_count = 12)]
fn rms_crossings_and_fft(bencher: Bencher<'_, '_>) {
    let volts = &*VOLTS;
    let mut fft = WindowedSpectrum::new(10_000);
    let (mut rms, mut crossings) = (Vec::new(), Vec::new());
    bencher.counter(ItemsCount::new(COUNT)).bench_local(|| {
        let mut sum = 0.0;
        for begin in (0..COUNT).step_by(10_000) {
            // The last 499 samples of the window before are needed again for the RMS.
            let part = &divan::black_box(volts)[begin.saturating_sub(499)..begin + 10_000];
            // The lightest first: it fetches the window from memory, in order.
            sliding_crossings(&volts[begin..begin + 10_000], 10.0, &mut crossings);
            sliding_rms(part, 500, &mut rms);
            sum += spectra(&mut fft, &volts[begin..begin + 10_000]);
            sum += rms[rms.len() - 1] + crossings.len() as f64;
        }
        sum
    });
}

fn channel(samples: &[f64]) -> Channel64<'_> {
    Channel64 {
        samples,
        rate_hz: RATE,
    }
}

/// Times `work` over the ten million samples.
fn over_all<T>(bencher: Bencher<'_, '_>, work: impl Fn(&[f64]) -> T) {
    let volts = &*VOLTS;
    bencher
        .counter(ItemsCount::new(COUNT))
        .bench_local(|| work(divan::black_box(volts)));
}

#[divan::bench(sample_count = 12)]
fn urms_half_synchronised(bencher: Bencher<'_, '_>) {
    over_all(bencher, |volts| urms_half(volts, RATE / 50.0));
}

#[divan::bench(sample_count = 12)]
fn rms_fixed_cycle_every_half(bencher: Bencher<'_, '_>) {
    over_all(bencher, |volts| half_cycle_series(volts, RATE / 50.02, 0.0));
}

#[divan::bench(sample_count = 12)]
fn zero_crossings_by_line(bencher: Bencher<'_, '_>) {
    over_all(bencher, |volts| rising_crossings(volts, 1000.0));
}

#[divan::bench(sample_count = 12)]
fn phasor_one_window(bencher: Bencher<'_, '_>) {
    over_all(bencher, |volts| {
        fundamental([volts], 0.0, 10_000, RATE / 50.02)
    });
}

#[divan::bench(sample_count = 12)]
fn phasor_track(bencher: Bencher<'_, '_>) {
    over_all(bencher, |volts| {
        track(volts, 0.0, COUNT as f64 - 1.0, RATE / 50.02, 0.5)
    });
}

#[divan::bench(sample_count = 6, args = [FrequencyMethod::ZeroCrossing, FrequencyMethod::Phasor, FrequencyMethod::SineFit])]
fn frequency_and_rocof(bencher: Bencher<'_, '_>, method: FrequencyMethod) {
    over_all(bencher, |volts| estimate(volts, RATE, 50.0, method));
}

#[divan::bench(sample_count = 6, args = [FrequencyMethod::ZeroCrossing, FrequencyMethod::Phasor, FrequencyMethod::SineFit])]
fn frequency_series(bencher: Bencher<'_, '_>, method: FrequencyMethod) {
    over_all(bencher, |volts| series(volts, RATE, 50.0, method));
}

/// Fits of ten cycles, one after another.
#[divan::bench(sample_count = 6)]
fn sine_fit_of_ten_cycles(bencher: Bencher<'_, '_>) {
    over_all(bencher, |volts| {
        let fits = volts.chunks(10_000).enumerate();
        fits.filter_map(|(n, part)| SineFit::new(part, 10_000 * n, RATE, 50.0))
            .map(|fit| fit.hz)
            .sum::<f64>()
    });
}

#[divan::bench(sample_count = 6)]
fn power_of_cycles(bencher: Bencher<'_, '_>) {
    over_all(bencher, |volts| cycle_series(volts, volts, 1000.0, 0.0));
}

#[divan::bench(sample_count = 6)]
fn power_total_and_fundamental(bencher: Bencher<'_, '_>) {
    let accuracy = Accuracy {
        of_reading: 0.001,
        of_range: 0.0005,
        range: 500.0,
    };
    let channels = PowerChannels {
        rate_hz: RATE,
        nominal_hz: 50.0,
        skew_s: 3e-6,
        skew_bound_s: 1e-6,
        volts: accuracy,
        amps: accuracy,
    };
    over_all(bencher, |volts| power_quantities(volts, volts, &channels));
}

#[divan::bench(sample_count = 6)]
fn flicker_pst(bencher: Bencher<'_, '_>) {
    over_all(bencher, |volts| pst(volts, RATE));
}

#[divan::bench(sample_count = 12)]
fn clipping_and_resolution(bencher: Bencher<'_, '_>) {
    over_all(bencher, clipping);
}

#[divan::bench(sample_count = 6)]
fn analyze_frequency(bencher: Bencher<'_, '_>) {
    over_all(bencher, |volts| {
        frequency(&channel(volts), 50.0, None, None)
    });
}

#[divan::bench(sample_count = 6)]
fn analyze_harmonics_two_channels(bencher: Bencher<'_, '_>) {
    over_all(bencher, |volts| {
        harmonics(&channel(volts), &channel(volts), 50.0)
    });
}

/// The wave with a gap of 8 ms in the middle of the record, and a turned phase after it.
static TRANSFERRED: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let (open, close) = (COUNT / 2, COUNT / 2 + 400);
    let turned = 137;
    (0..COUNT)
        .map(|k| match k {
            _ if k < open => VOLTS[k],
            _ if k < close => 0.01 * VOLTS[k],
            _ => VOLTS[k - turned],
        })
        .collect()
});

/// The wave until `seconds`, then its noise only.
fn ceased(seconds: f64) -> Vec<f64> {
    let end = (seconds * RATE) as usize;
    let part = VOLTS.iter().enumerate();
    part.map(|(k, v)| if k < end { 0.1 * v } else { 1e-5 * v })
        .collect()
}

#[divan::bench(sample_count = 6)]
fn analyze_transfer(bencher: Bencher<'_, '_>) {
    let volts = &*TRANSFERRED;
    let found = transfer(&channel(volts), None, 230.0).map(|f| f.transfer_time_s.is_some());
    assert_eq!(found, Ok(true), "a transfer is there to be found");
    bencher
        .counter(ItemsCount::new(COUNT))
        .bench_local(|| transfer(&channel(divan::black_box(volts)), None, 230.0));
}

#[divan::bench(sample_count = 6)]
fn analyze_run_on(bencher: Bencher<'_, '_>) {
    let current = ceased(100.4);
    let contact: Vec<f64> = (0..COUNT)
        .map(|k| f64::from(u8::from((k as f64) < 100.0 * RATE)))
        .collect();
    let channels = RunOnChannels {
        current: channel(&current),
        switch: Some(channel(&contact)),
        voltage: None,
        grid_current: None,
    };
    let found = run_on(&channels, 21.7).map(|f| f.run_on_s.is_some());
    assert_eq!(found, Ok(true), "a run-on is there to be found");
    bencher
        .counter(ItemsCount::new(COUNT))
        .bench_local(|| run_on(divan::black_box(&channels), 21.7));
}

#[divan::bench(sample_count = 6)]
fn analyze_trip(bencher: Bencher<'_, '_>) {
    let step = (100.0 * RATE) as usize;
    let volts: Vec<f64> = VOLTS
        .iter()
        .enumerate()
        .map(|(k, v)| if k < step { *v } else { 1.2 * v })
        .collect();
    let current = ceased(101.0);
    let found = trip(&channel(&volts), &channel(&current), 21.7).map(|f| f.trip_time_s.is_some());
    assert_eq!(found, Ok(true), "a trip is there to be found");
    bencher
        .counter(ItemsCount::new(COUNT))
        .bench_local(|| trip(&channel(divan::black_box(&volts)), &channel(&current), 21.7));
}

fn response() -> Vec<f64> {
    VOLTS
        .iter()
        .enumerate()
        .map(|(k, noise)| {
            let t = k as f64 / RATE - 40.0;
            0.01 * noise
                + if t > 0.0 {
                    1000.0 * (1.0 - (-t / 3.0).exp())
                } else {
                    0.0
                }
        })
        .collect()
}

#[divan::bench(sample_count = 6)]
fn analyze_step_response(bencher: Bencher<'_, '_>) {
    let response = response();
    bencher.counter(ItemsCount::new(COUNT)).bench_local(|| {
        step_response(
            &channel(divan::black_box(&response)),
            &Marks::Times(&[40.0]),
            Some(5000.0),
        )
    });
}

/// Ten million points of which no window settles.
#[divan::bench(sample_count = 6)]
fn steady_state_never(bencher: Bencher<'_, '_>) {
    let points: Vec<(f64, f64)> = response()
        .into_iter()
        .enumerate()
        .map(|(k, y)| (k as f64 / RATE, y))
        .collect();
    let criteria = SteadyCriteria {
        window_s: 5.0,
        drift: 1e-6,
        range: 1e-6,
    };
    bencher
        .counter(ItemsCount::new(COUNT))
        .bench_local(|| settling(divan::black_box(&points), &criteria));
}

/// A characteristic of a hundred thousand points with four knees: more than any sweep has.
#[divan::bench(sample_count = 6)]
fn curve_fit_of_four_knees(bencher: Bencher<'_, '_>) {
    const POINTS: usize = 100_000;
    let points: Vec<(f64, f64)> = (0..POINTS)
        .map(|k| {
            let v = 200.0 + 65.0 * k as f64 / POINTS as f64;
            let part = |from: f64| (v - from).max(0.0);
            let q =
                44.0 - 3.385 * (part(207.0) - part(220.0)) - 3.333 * (part(240.0) - part(258.0));
            (v, q + 0.001 * VOLTS[k])
        })
        .collect();
    let guesses = [206.5, 220.6, 239.3, 258.8];
    bencher
        .counter(ItemsCount::new(POINTS))
        .bench_local(|| fit_curve(divan::black_box(&points), &guesses, 2.0));
}
