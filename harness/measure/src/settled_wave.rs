//! The wave that a voltage comes back to, which the end of a transfer is measured against
//! (docs/models.md, section 11).
//!
//! A phase that slides into lock within some ten cycles of the return belongs to the return: the wave is
//! the one it is locked to, carried back. A frequency that goes on changing for longer is the wave's
//! own: the wave is the one right behind the return, with what its frequency does.

use crate::bent_wave::BentWave;
use crate::golden_section::golden_section;
use crate::linear::{Regression, regression};
use crate::phase_track::{TrackPoint, adaptive_track, track};
use crate::rms::rms;
use crate::sine_fit::SineFit;
use crate::transfer::{FIT_CYCLES, TransferRule, wrapped_degrees};
use crate::uncertainty::student;

/// Windows after the event that are compared, one cycle apart.
const CANDIDATES: usize = 40;
/// Cycles after the return within which a slide of the phase has to be over to be part of it, and the
/// share of it that may be left then.
const SLIDE_CYCLES: f64 = 10.0;
const LEFT: f64 = 0.1;
/// Cycles after the return that a slide is told from, the most there are first, and the fewest.
const HORIZONS: [f64; 4] = [30.0, 20.0, 14.0, 10.0];
const FEWEST: usize = 7;
/// Time constants of slides, cycles, and sections of the search between neighbours of as many.
const SLIDES: (f64, f64) = (0.4, 80.0);
const TRIED: i32 = 24;
const SECTIONS: usize = 16;
/// Phases farther off a steady wave than this move, and ones that are less far off a slide are of it, rad,
/// beside noise.
const MOVES: f64 = 0.002;
const SLIDES_BY: f64 = 0.003;
/// Largest turn from cycle to cycle and range of the amplitude of a wave that has returned.
const TURN: f64 = 1.0;
const RETURNED: (f64, f64) = (0.85, 1.5);

/// The wave after the event that begins at sample `first`; `noise` is that of the wave before, V.
pub(crate) fn settled_wave(
    volts: &[f64],
    first: usize,
    rate_hz: f64,
    rule: &TransferRule,
    noise: f64,
) -> Option<BentWave> {
    let steady = steadiest(volts, first, rate_hz, rule, noise)?;
    let moved = Phases::new(volts, first, &steady).and_then(|phases| phases.wave(volts, rate_hz));
    Some(moved.unwrap_or_else(|| BentWave::straight(steady.fit)))
}

/// Phases of cycles after the return against a wave, the first cycle left out.
struct Phases<'a> {
    steady: &'a Candidate,
    /// Cycles from the return on to the middle of a cycle, and how far its phase is ahead, rad.
    points: Vec<(f64, f64)>,
    /// Position of the return, samples.
    origin: f64,
    /// Standard deviation of a phase by noise, rad.
    noise: f64,
}

impl<'a> Phases<'a> {
    /// `None` where the phases do not move, or are too few.
    fn new(volts: &[f64], first: usize, steady: &'a Candidate) -> Option<Self> {
        let fit = &steady.fit;
        let cycle = fit.cycle();
        let (origin, last) = returned(volts, first, steady)?;
        let turn = std::f64::consts::TAU;
        let track = adaptive_track(volts, origin + cycle, last, cycle, 1.0);
        // Turns are those of a cosine; the middle of the steady wave is less than half of one off.
        let ahead = |p: &TrackPoint| turn * (p.turns + 0.25 - (p.at - first as f64) / cycle);
        let middle = (steady.from + steady.length / 2) as f64;
        let middle = track.get(track.partition_point(|p| p.at < middle))?;
        let begin = fit.angle_at(first as f64);
        let whole = turn * ((ahead(middle) - begin) / turn).round();
        let points: Vec<(f64, f64)> = (track.iter())
            .map(|p| ((p.at - origin) / cycle, ahead(p) - begin - whole))
            .collect();
        // Of few cycles the scatter alone may be small by chance.
        let white = fit.sigma / fit.amplitude() * (2.0 / cycle).sqrt();
        let noise = scatter(&points)?.max(white);
        let until = ((steady.from + steady.length) as f64 - origin) / cycle;
        let moves = (points.iter().take_while(|p| p.0 < until))
            .any(|(_, phase)| phase.abs() > MOVES + 4.0 * noise);
        moves.then_some(Self {
            steady,
            points,
            origin,
            noise,
        })
    }

    /// The wave that moving phases tell; `None` where they tell none better than the steady one.
    fn wave(&self, volts: &[f64], rate_hz: f64) -> Option<BentWave> {
        let most = SLIDES_BY + 2.5 * self.noise;
        for horizon in HORIZONS {
            let count = self.points.iter().take_while(|p| p.0 < horizon).count();
            if count < FEWEST {
                break;
            }
            let points = &self.points[..count];
            let Some(slide) = Slide::of(points) else {
                continue;
            };
            if slide.line.sigma > most {
                continue;
            }
            if crate::math::exp(-SLIDE_CYCLES / slide.tau) > LEFT {
                return self.followed(volts, rate_hz);
            }
            return Some(self.locked(volts, rate_hz, points, &slide.line));
        }
        // However it gets there: the line that the phases follow ten cycles after the return.
        let late = self.points.partition_point(|p| p.0 < SLIDE_CYCLES);
        let late = &self.points[late..];
        let rows = late.iter().map(|&(x, phase)| ([1.0, x], phase));
        match regression::<2>(rows) {
            Some(line) if late.len() >= FEWEST && line.sigma <= most => {
                Some(self.locked(volts, rate_hz, late, &line))
            }
            _ => self.followed(volts, rate_hz),
        }
    }

    /// Sample position so many cycles after the return.
    fn position(&self, cycles: f64) -> f64 {
        self.origin + cycles * self.steady.fit.cycle()
    }

    /// The wave whose phase is the line of `line`, with amplitude and harmonics of the last of its cycles.
    fn locked<const N: usize>(
        &self,
        volts: &[f64],
        rate_hz: f64,
        points: &[(f64, f64)],
        line: &Regression<N>,
    ) -> BentWave {
        let steady = &self.steady.fit;
        let last = points.last().map_or(0.0, |p| p.0 + 0.5);
        let until = (self.position(last) as usize).min(volts.len());
        let from = until.saturating_sub(self.steady.length);
        let fit = SineFit::new(&volts[from..until], from, rate_hz, steady.hz)
            .unwrap_or_else(|| steady.clone());
        // Of the line against that wave, so many of its cycles after the return.
        let of = |cycles: f64| {
            let at = self.origin + cycles * fit.cycle();
            let x = (at - self.origin) / steady.cycle();
            let turned = steady.angle_at(at) - fit.angle_at(at) + line.x[0] + line.x[1] * x;
            wrapped_degrees(turned).to_radians()
        };
        let samples = fit.cycle() / std::f64::consts::TAU;
        let middle = last - 0.5 * FIT_CYCLES;
        let per_cycle = of(middle + 0.5) - of(middle - 0.5);
        let ahead = [of(middle) - per_cycle * middle, per_cycle].map(|rad| rad * samples);
        let scale = (line.sigma * student(line.freedom) * samples).powi(2);
        let covariance = [0, 1].map(|a| [0, 1].map(|b| scale * line.inverse[a][b]));
        BentWave::shifted(fit, self.origin, ahead, covariance)
    }

    /// The wave right behind the return, from its second cycle on.
    fn followed(&self, volts: &[f64], rate_hz: f64) -> Option<BentWave> {
        let cycle = self.steady.fit.cycle();
        let from = self.position(1.0) as usize;
        let until = (self.position(1.0 + FIT_CYCLES) as usize).min(volts.len());
        let samples = volts.get(from..until)?;
        if (samples.len() as f64) < 2.0 * cycle {
            return None;
        }
        let fit = SineFit::new(samples, from, rate_hz, self.steady.fit.hz)?;
        Some(BentWave::following(fit, samples, from))
    }
}

/// From where before a steady wave to where after it the voltage has its amplitude and turns as that
/// does, sample positions.
fn returned(volts: &[f64], first: usize, steady: &Candidate) -> Option<(f64, f64)> {
    let cycle = steady.fit.cycle();
    let end = (steady.from + steady.length) as f64;
    let longest = (HORIZONS[0] + CANDIDATES as f64) * cycle;
    let track = track(
        volts,
        first as f64,
        end.max(first as f64 + longest),
        cycle,
        1.0,
    );
    let peak = steady.fit.amplitude() * std::f64::consts::FRAC_1_SQRT_2;
    let whole = |p: &TrackPoint| p.rms > RETURNED.0 * peak && p.rms < RETURNED.1 * peak;
    let goes_on = |pair: &[TrackPoint]| {
        let turned = pair[1].turns - pair[0].turns - (pair[1].at - pair[0].at) / cycle;
        pair.iter().all(whole) && turned.abs() * std::f64::consts::TAU < TURN
    };
    let middle = (steady.from + steady.length / 2) as f64;
    let middle = track.partition_point(|p| p.at < middle);
    let (before, after) = (track.get(..=middle)?, &track[middle..]);
    let back = before.windows(2).rev().take_while(|w| goes_on(w)).count();
    let on = after.windows(2).take_while(|w| goes_on(w)).count();
    let origin = track[middle - back].at - 0.5 * cycle;
    let last = track[middle + on].at + 0.5 * cycle;
    Some((origin, last.min(origin + HORIZONS[0] * cycle)))
}

/// Standard deviation of phases from the middle one of their third differences, which a steady change
/// of the frequency does not enter; `None` of too few.
fn scatter(points: &[(f64, f64)]) -> Option<f64> {
    let mut bends: Vec<f64> = (points.windows(4))
        .map(|w| (w[3].1 - w[0].1 - 3.0 * (w[2].1 - w[1].1)).abs())
        .collect();
    bends.sort_by(f64::total_cmp);
    let middle = bends.get(bends.len() / 2)?;
    // The median of a normal deviation is 0.6745 of its standard deviation; 1² + 3² + 3² + 1² = 20.
    Some(middle / 0.6745 / 20.0_f64.sqrt())
}

/// A phase that slides towards a line, e^(−t/τ) of it being left.
struct Slide {
    /// τ, cycles.
    tau: f64,
    /// Phase and turn per cycle of the line at the return, size of the slide, change of it with τ.
    line: Regression<4>,
}

impl Slide {
    fn of(points: &[(f64, f64)]) -> Option<Self> {
        let left = |tau: f64, x: f64| crate::math::exp(-x / tau);
        let fitted = |tau: f64| {
            let rows = points
                .iter()
                .map(move |&(x, phase)| ([1.0, x, left(tau, x)], phase));
            regression::<3>(rows)
        };
        let logs = (crate::math::ln(SLIDES.0), crate::math::ln(SLIDES.1));
        let place = |k: i32| logs.0 + (logs.1 - logs.0) * f64::from(k) / f64::from(TRIED);
        let cost = |log: f64| fitted(crate::math::exp(log)).map(|r| r.sigma);
        let (_, best) = (0..=TRIED)
            .filter_map(|k| Some((cost(place(k))?, k)))
            .min_by(|a, b| a.0.total_cmp(&b.0))?;
        let range = (place((best - 1).max(0)), place((best + 1).min(TRIED)));
        let tau = crate::math::exp(golden_section(range, SECTIONS, cost)?);
        let size = fitted(tau)?.x[2];
        let rows = points.iter().map(|&(x, phase)| {
            let left = left(tau, x);
            ([1.0, x, left, size * left * x / tau], phase)
        });
        let line = regression::<4>(rows)?;
        Some(Self { tau, line })
    }
}

/// One window of the wave after the event.
struct Candidate {
    from: usize,
    length: usize,
    fit: SineFit,
    /// Difference of the RMS of its two halves, V.
    drift: f64,
}

/// The wave after the event: the earliest eight cycles, from one after the departure on, that a
/// steady wave explains as well as any later ones do. If the same wave goes on, a window six
/// cycles later is taken: what was still settling has died out there.
fn steadiest(
    volts: &[f64],
    first: usize,
    rate_hz: f64,
    rule: &TransferRule,
    noise: f64,
) -> Option<Candidate> {
    let cycle = rate_hz / rule.nominal_hz;
    let peak = rule.nominal_v * std::f64::consts::SQRT_2;
    let available = volts.len().saturating_sub(first);
    // In a short record a shorter window leaves room for candidates after a gap of two cycles.
    let within = |cycles: f64| available.saturating_sub((cycles * cycle) as usize);
    let shortest = within(1.0).min((3.0 * cycle) as usize);
    let length = ((FIT_CYCLES * cycle) as usize).min(within(3.0).max(shortest));
    if (length as f64) < 2.0 * cycle {
        return None;
    }
    let last = volts.len() - length;
    let starts = (1..=CANDIDATES)
        .map(|n| first + (n as f64 * cycle) as usize)
        .take_while(|&from| from < last)
        .chain([last]);
    let found: Vec<Candidate> = starts
        .filter_map(|from| {
            let window = &volts[from..from + length];
            // Cheap refusals before a fit: a dead start or a dead end.
            let end = (cycle as usize).min(length);
            let alive = |part: &[f64]| rms(part) > 0.5 * rule.nominal_v;
            if !alive(&window[..end]) || !alive(&window[length - end..]) {
                return None;
            }
            let fit = SineFit::new(window, from, rate_hz, rule.nominal_hz)?;
            let whole = ((0.5 * length as f64 / cycle).floor() * cycle) as usize;
            let drift = (rms(&window[..whole]) - rms(&window[length - whole..])).abs();
            Some(Candidate {
                from,
                length,
                fit,
                drift,
            })
        })
        .collect();
    let best = found
        .iter()
        .map(|c| c.fit.sigma)
        .fold(f64::INFINITY, f64::min);
    let steady = |c: &Candidate| {
        c.fit.sigma <= 1.25 * best.max(0.5 * noise) + 0.003 * peak
            && c.drift <= 0.006 * rule.nominal_v + 0.2 * best
    };
    let Some(chosen) = found.iter().position(steady) else {
        let least = found
            .into_iter()
            .min_by(|a, b| a.fit.sigma.total_cmp(&b.fit.sigma))?;
        return (least.fit.sigma < 0.1 * peak).then_some(least);
    };
    let early = &found[chosen];
    let later = found.iter().position(|c| {
        let turned = c.fit.angle_at(first as f64) - early.fit.angle_at(first as f64);
        c.from as f64 >= early.from as f64 + 5.9 * cycle
            && steady(c)
            && wrapped_degrees(turned).abs() < 0.6
            && (c.fit.amplitude() / early.fit.amplitude() - 1.0).abs() < 0.015
    });
    found.into_iter().nth(later.unwrap_or(chosen))
}
