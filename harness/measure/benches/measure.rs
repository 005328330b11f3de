//! Throughput of every algorithm over 10 M samples on one core:
//! `cargo bench -p gridproof-measure --bench measure`.

use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::ItemsCount;
use gridproof_measure::analyze::{
    Channel64, Marks, RunOnChannels, frequency, harmonics, run_on, step_response, transfer, trip,
};
use gridproof_measure::phase_track::track;
use gridproof_measure::rms::half_cycle_series;
use gridproof_measure::sliding::{WindowedSpectrum, sliding_crossings, sliding_rms};
use gridproof_measure::zero_crossing::rising_crossings;

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
            sliding_rms(part, 500, &mut rms);
            sliding_crossings(&volts[begin..begin + 10_000], 10.0, &mut crossings);
            sum += spectra(&mut fft, &volts[begin..begin + 10_000]);
            sum += rms[rms.len() - 1] + crossings.len() as f64;
        }
        sum
    });
}

#[divan::bench(sample_count = 12)]
fn urms_half_cycle_series(bencher: Bencher<'_, '_>) {
    let volts = &*VOLTS;
    bencher
        .counter(ItemsCount::new(COUNT))
        .bench_local(|| half_cycle_series(divan::black_box(volts), RATE / 50.02, 0.0));
}

#[divan::bench(sample_count = 12)]
fn zero_crossings_by_line(bencher: Bencher<'_, '_>) {
    let volts = &*VOLTS;
    bencher
        .counter(ItemsCount::new(COUNT))
        .bench_local(|| rising_crossings(divan::black_box(volts), 1000.0));
}

#[divan::bench(sample_count = 12)]
fn phasor_track(bencher: Bencher<'_, '_>) {
    let volts = &*VOLTS;
    bencher.counter(ItemsCount::new(COUNT)).bench_local(|| {
        track(
            divan::black_box(volts),
            0.0,
            COUNT as f64 - 1.0,
            RATE / 50.02,
            0.5,
        )
    });
}

#[divan::bench(sample_count = 12)]
fn analyze_frequency(bencher: Bencher<'_, '_>) {
    let volts = &*VOLTS;
    let channel = Channel64 {
        samples: volts,
        rate_hz: RATE,
    };
    bencher
        .counter(ItemsCount::new(COUNT))
        .bench_local(|| frequency(&channel, 50.0, None, None));
}

#[divan::bench(sample_count = 12)]
fn analyze_harmonics_two_channels(bencher: Bencher<'_, '_>) {
    let volts = &*VOLTS;
    let channel = Channel64 {
        samples: volts,
        rate_hz: RATE,
    };
    bencher
        .counter(ItemsCount::new(COUNT))
        .bench_local(|| harmonics(&channel, &channel, 50.0));
}

#[divan::bench(sample_count = 12)]
fn analyze_transfer_unbroken(bencher: Bencher<'_, '_>) {
    let volts = &*VOLTS;
    let channel = Channel64 {
        samples: volts,
        rate_hz: RATE,
    };
    bencher
        .counter(ItemsCount::new(COUNT))
        .bench_local(|| transfer(&channel, None, 230.0));
}

#[divan::bench(sample_count = 12)]
fn analyze_run_on(bencher: Bencher<'_, '_>) {
    let volts = &*VOLTS;
    let channel = Channel64 {
        samples: volts,
        rate_hz: RATE,
    };
    let channels = RunOnChannels {
        current: channel,
        switch: None,
        voltage: None,
        grid_current: None,
    };
    bencher
        .counter(ItemsCount::new(COUNT))
        .bench_local(|| run_on(&channels, 21.7));
}

#[divan::bench(sample_count = 12)]
fn analyze_trip(bencher: Bencher<'_, '_>) {
    let volts = &*VOLTS;
    let channel = Channel64 {
        samples: volts,
        rate_hz: RATE,
    };
    bencher
        .counter(ItemsCount::new(COUNT))
        .bench_local(|| trip(&channel, &channel, 21.7));
}

#[divan::bench(sample_count = 6)]
fn analyze_step_response(bencher: Bencher<'_, '_>) {
    let response: Vec<f64> = VOLTS
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
        .collect();
    let channel = Channel64 {
        samples: &response,
        rate_hz: RATE,
    };
    bencher
        .counter(ItemsCount::new(COUNT))
        .bench_local(|| step_response(&channel, &Marks::Times(&[40.0]), Some(5000.0)));
}
