//! Whether a record can be measured at all: samples that are no numbers, clipping, resolution.

/// A channel that ran into its range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clipping {
    /// The level it stays at, channel unit.
    pub level: f64,
    /// Samples at that level.
    pub samples: usize,
    /// The first of them.
    pub first: usize,
}

/// Smallest step between successive samples that differ: the resolution of a quantised channel.
/// 0 if all samples are equal.
pub fn resolution(samples: &[f64]) -> f64 {
    let least = samples
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .filter(|step| *step > 0.0)
        .fold(f64::INFINITY, f64::min);
    if least.is_finite() { least } else { 0.0 }
}

/// So many times more samples at the last value than at the one before it than any wave has: a
/// sine has at most 2.4 times as many, where its crest just fills the step.
const CLIPPED_RATIO: usize = 6;
/// Fewest samples at the last value that are taken for clipping.
const CLIPPED_LEAST: usize = 12;

/// Which ends of an alternating wave are cut, the upper one first: the extreme value occurs far
/// more often than the next one, as no wave's crest does, however short the cut part of the record
/// is.
///
/// A channel that rests at its end for half of the record, as a rectified or an ended current, is
/// not clipped. A cut of less than about 1 % of the amplitude is not told from a
/// whole wave at 10 bit.
pub fn clipping(samples: &[f64]) -> Vec<Clipping> {
    let mut ends = Ends::default();
    ends.push(samples);
    ends.clipping()
}

/// As [`clipping`] of a quantity that may settle at its extreme, as a power does: it is cut only
/// if the rest of it is never as still, by noise of two steps or more.
pub fn clipping_of_level(samples: &[f64]) -> Vec<Clipping> {
    let ends = flat_ends(samples);
    if ends.is_empty() {
        return Vec::new();
    }
    let cut = |x: &f64| ends.iter().any(|(_, end)| *x == end.level);
    let mut bends: Vec<f64> = samples
        .windows(3)
        .filter(|w| !w.iter().any(cut))
        .map(|w| (w[0] - 2.0 * w[1] + w[2]).abs())
        .collect();
    if bends.is_empty() {
        return Vec::new();
    }
    let middle = bends.len() / 2;
    let (_, median, _) = bends.select_nth_unstable_by(middle, f64::total_cmp);
    // The median of second differences of white noise is 0.6745 √6 σ.
    let noisy = *median >= 2.0 * 0.6745 * 6.0_f64.sqrt() * resolution(samples);
    let ends = ends.into_iter().map(|(_, end)| end);
    ends.filter(|_| noisy && *median > 0.0).collect()
}

/// One end of the values: how often the last one occurs and where, and the one before it.
#[derive(Debug, Clone, Copy)]
struct End {
    last: (f64, usize),
    next: (f64, usize),
    /// First sample at the last value, the latest one, and how many ran up to that in a row.
    first: usize,
    latest: usize,
    run: usize,
    /// Three in a row were at the last value.
    rests: bool,
}

impl End {
    const NONE: Self = Self {
        last: (f64::NEG_INFINITY, 0),
        next: (f64::NEG_INFINITY, 0),
        first: 0,
        latest: 0,
        run: 0,
        rests: false,
    };

    fn see(&mut self, x: f64, index: usize) {
        if x > self.last.0 {
            *self = Self {
                last: (x, 1),
                next: self.last,
                first: index,
                latest: index,
                run: 1,
                rests: false,
            };
        } else if x.to_bits() == self.last.0.to_bits() {
            self.last.1 += 1;
            self.run = if index == self.latest + 1 {
                self.run + 1
            } else {
                1
            };
            self.latest = index;
            self.rests |= self.run >= 3;
        } else if x > self.next.0 {
            self.next = (x, 1);
        } else if x.to_bits() == self.next.0.to_bits() {
            self.next.1 += 1;
        }
    }
}

/// Both ends of the values of a channel that is seen part by part.
#[derive(Debug, Clone)]
pub struct Ends {
    upper: End,
    lower: End,
    seen: usize,
}

impl Default for Ends {
    fn default() -> Self {
        Self {
            upper: End::NONE,
            lower: End::NONE,
            seen: 0,
        }
    }
}

impl Ends {
    /// Sees the next samples.
    pub fn push(&mut self, samples: &[f64]) {
        for (index, &x) in (self.seen..).zip(samples) {
            if x >= self.upper.next.0 {
                self.upper.see(x, index);
            }
            if -x >= self.lower.next.0 {
                self.lower.see(-x, index);
            }
        }
        self.seen += samples.len();
    }

    /// As [`clipping`] of all samples seen.
    pub fn clipping(&self) -> Vec<Clipping> {
        self.flat()
            .into_iter()
            .filter(|(sign, end)| sign * end.level > 0.0 && 2 * end.samples < self.seen)
            .map(|(_, end)| end)
            .collect()
    }

    /// Ends (+1 upper, −1 lower) at which the record stays, some samples of it in a row.
    fn flat(&self) -> Vec<(f64, Clipping)> {
        let flat = |sign: f64, end: &End| {
            let often = end.last.1 >= CLIPPED_LEAST
                && end.next.0.is_finite()
                && end.last.1 > CLIPPED_RATIO * end.next.1;
            (often && end.rests).then_some((
                sign,
                Clipping {
                    level: sign * end.last.0,
                    samples: end.last.1,
                    first: end.first,
                },
            ))
        };
        [flat(1.0, &self.upper), flat(-1.0, &self.lower)]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// As [`Ends::flat`] of a whole record.
fn flat_ends(samples: &[f64]) -> Vec<(f64, Clipping)> {
    let mut ends = Ends::default();
    ends.push(samples);
    ends.flat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantised(bits: i32, rate: f64, limit: f64, noise: f64) -> Vec<f64> {
        let q = 800.0 / 2_f64.powi(bits);
        let mut seed = 3_u64;
        (0..(rate * 0.5) as u32)
            .map(|k| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let n = noise * ((seed >> 11) as f64 / (1_u64 << 52) as f64 - 1.0);
                let x = 325.0 * (std::f64::consts::TAU * 50.13 * f64::from(k) / rate).sin() + n;
                (x.clamp(-400.0, limit) / q).round() * q
            })
            .collect()
    }

    #[test]
    fn a_cut_wave_is_found_and_a_whole_one_is_not() {
        for rate in [10_000.0, 1e6] {
            for bits in [10, 12, 16] {
                for noise in [0.0, 3.0] {
                    let whole = quantised(bits, rate, 400.0, noise);
                    assert_eq!(clipping(&whole), [], "{bits}");
                    for limit in [300.0, 315.0] {
                        let cut = quantised(bits, rate, limit, noise);
                        let found = clipping(&cut);
                        assert!(found.len() == 1, "{bits} {noise}: {found:?}");
                        assert!((found[0].level - limit).abs() < 1.0, "{found:?}");
                    }
                }
            }
        }
        assert_eq!(clipping(&[0.0; 100]), []);
        assert_eq!(clipping(&[]), []);
    }

    #[test]
    fn a_cut_swell_is_found_and_what_rests_is_not_cut() {
        let wave = |k: u32| 325.0 * (std::f64::consts::TAU * f64::from(k) / 200.0).sin();
        let swell: Vec<f64> = (0..20_000)
            .map(|k| {
                if (9000..9400).contains(&k) {
                    1.2 * wave(k)
                } else {
                    wave(k)
                }
            })
            .map(|x| x.clamp(-370.0, 1000.0).round())
            .collect();
        let found = clipping(&swell);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].level == -370.0 && (9100..9200).contains(&found[0].first));
        // A rectified and an ended current; a wave that repeats exactly.
        let rectified: Vec<f64> = (0..20_000).map(|k| wave(k).max(0.0)).collect();
        let ended: Vec<f64> = (0..20_000)
            .map(|k| if k < 1000 { wave(k).round() } else { 0.0 })
            .collect();
        let exact: Vec<f64> = (0..20_000).map(|k| wave(k % 200)).collect();
        for whole in [rectified, ended, exact] {
            assert_eq!(clipping(&whole), []);
        }
    }

    #[test]
    fn a_settled_level_is_not_cut_and_a_limited_one_is() {
        let mut seed = 7_u64;
        let mut level = |noise: f64, limit: f64| -> Vec<f64> {
            (0..3000)
                .map(|k| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let n = noise * ((seed >> 11) as f64 / (1_u64 << 52) as f64 - 1.0);
                    let rise = 1.0 - (-f64::from(k) / 300.0).exp();
                    (2000.0 * rise + n).min(limit).round()
                })
                .collect()
        };
        assert_eq!(clipping_of_level(&level(0.0, 1e9)), []);
        assert_eq!(clipping_of_level(&level(30.0, 1e9)), []);
        let found = clipping_of_level(&level(30.0, 1900.0));
        assert!(found.len() == 1 && found[0].level == 1900.0, "{found:?}");
    }
}
