//! Currents that fade (along a line, an exponential or half a cosine) and are cut by a relay before
//! they have faded away: they end with the cut.

use super::bench::{Noise, SQRT2, TAU};
use super::truth_ends::{PEAK, analysed};
use super::truth_transfers::sampled;

#[derive(Debug, Clone, Copy)]
enum Fall {
    Line,
    Exponential,
    Cosine,
}

#[derive(Debug)]
struct Draw {
    fall: Fall,
    /// Peak of the steady current, A.
    amps: f64,
    hz: f64,
    turns: f64,
    /// When the relay opens, s.
    cut: f64,
    /// How long it has faded then, s, and to which share of the steady current.
    length: f64,
    share: f64,
}

impl Draw {
    fn new(case: usize, random: &mut Noise) -> Self {
        let spread = |(a, b): (f64, f64), x: f64| a * (b / a).powf(x);
        Self {
            fall: [Fall::Line, Fall::Exponential, Fall::Cosine][case % 3],
            amps: PEAK * spread((0.3, 1.0), random.uniform()),
            hz: [50.0, 60.0][case / 3 % 2],
            turns: random.uniform(),
            cut: 0.9 + 0.02 * random.uniform(),
            length: spread((0.02, 0.4), random.uniform()),
            share: spread((0.1, 0.5), random.uniform()),
        }
    }

    fn at(&self, t: f64) -> f64 {
        let x = ((t - self.cut) / self.length + 1.0).max(0.0);
        let envelope = match self.fall {
            _ if t >= self.cut => 0.0,
            Fall::Line => 1.0 - (1.0 - self.share) * x,
            Fall::Exponential => self.share.powf(x),
            Fall::Cosine => self.share + (1.0 - self.share) * 0.5 * (1.0 + (0.5 * TAU * x).cos()),
        };
        self.amps * envelope * (TAU * (self.hz * t + self.turns)).sin()
    }

    /// Last instant before the cut at which the current exceeds `limit`, s.
    fn seen(&self, limit: f64) -> f64 {
        let steps = (1..4000).map(|k| self.cut - f64::from(k) * 5e-6);
        let mut seen = steps.filter(|&t| self.at(t).abs() > limit);
        seen.next().unwrap()
    }
}

#[test]
fn a_fade_ends_where_it_is_cut() {
    let mut random = Noise(404);
    for (noise, bits) in [(0.0, 16), (1e-4, 16), (1e-3, 14), (0.01, 12)] {
        let (mut worst, mut inside, cases) = (0.0_f64, 0, 36);
        for case in 0..cases {
            let draw = Draw::new(case, &mut random);
            let rate = [10_000.0, 20_000.0, 50_000.0][case / 6 % 3];
            let sigma = noise * draw.amps / SQRT2;
            let amps = sampled(rate, 1.4, sigma, bits, 40.0, &mut random, |t| draw.at(t));
            let found = analysed(&amps, rate);
            let u = found.uncertainty_s.unwrap();
            // Beside a zero of the current 1 % of rated, or what noise leaves visible, passes before
            // the cut.
            let limit = (0.01 * PEAK).max(6.0 * sigma);
            let hidden = draw.cut - draw.seen(limit) - 1.0 / rate;
            let error = found.t_cease_s.unwrap() - draw.cut;
            assert!(
                error < 0.5e-3 && error > -hidden.max(0.0) - 0.5e-3,
                "{noise} {case}: {error} {draw:?} {found:?}"
            );
            assert!(u < 3e-3, "{noise} {case}: {draw:?} {found:?}");
            worst = worst.max(error.abs());
            inside += usize::from(error.abs() <= u);
        }
        println!("noise {noise}: worst {worst} s, {inside} of {cases} inside U");
        assert!(inside * 100 >= cases * 93, "{noise}: {inside} of {cases}");
    }
}
