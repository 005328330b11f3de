//! Parameters of a recorded trace, as oscilloscopes and recorders measure them by themselves.

/// What is measured of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parameter {
    PeakToPeak,
    Most,
    Least,
    /// High less low.
    Amplitude,
    /// The upper level, where the trace stays at one; else the maximum.
    High,
    Low,
    Mean,
    Rms,
    /// Standard deviation.
    Deviation,
    /// Mean and RMS of whole cycles.
    CycleMean,
    CycleRms,
    Hertz,
    Period,
    /// Of the first edge, from 10 to 90 % of the amplitude, s.
    Rise,
    Fall,
    /// Of the first pulse at half the amplitude, s.
    PositiveWidth,
    NegativeWidth,
    /// %.
    PositiveDuty,
    NegativeDuty,
    /// Beyond high and low, % of the amplitude.
    Overshoot,
    Undershoot,
    /// Integral over the trace, and over whole cycles.
    Area,
    CycleArea,
    /// From the first edge to the last, s.
    Burst,
    /// Number of rising edges.
    Pulses,
    /// Number of falling edges.
    Falls,
    /// Numbers of whole pulses above and below the middle.
    PositivePulses,
    NegativePulses,
}

/// A level is one when so much of the trace lies within a hundredth of its height. A sine's crest has 6 %.
const STAYS: f64 = 0.1;
const BINS: usize = 100;

/// A trace in its unit.
#[derive(Debug)]
pub(crate) struct Trace {
    values: Vec<f64>,
    interval_s: f64,
    most: f64,
    least: f64,
    high: f64,
    low: f64,
}

impl Trace {
    /// Of samples so many seconds apart.
    pub(crate) fn new(values: Vec<f64>, interval_s: f64) -> Self {
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let (low, high) = levels(&values, least, most);
        Self {
            values,
            interval_s,
            most,
            least,
            high,
            low,
        }
    }

    fn middle(&self) -> f64 {
        0.5 * (self.high + self.low)
    }

    fn amplitude(&self) -> f64 {
        self.high - self.low
    }

    /// Crossings of a level in samples, and whether they rise.
    fn edges(&self, level: f64) -> Vec<(f64, bool)> {
        edges(&self.values, level, 0.1 * self.amplitude())
    }

    /// Samples of whole cycles, first, last and how many cycles they are.
    fn cycles(&self) -> Option<(f64, f64, f64)> {
        whole_cycles(&self.values, self.middle(), 0.1 * self.amplitude())
    }

    fn period(&self) -> Option<f64> {
        self.cycles()
            .map(|(first, last, n)| (last - first) * self.interval_s / n)
    }

    /// Time from one level to the other on the first edge of its kind.
    fn edge_time(&self, rising: bool) -> Option<f64> {
        let part = |part: f64| self.low + part * self.amplitude();
        let (from, to) = if rising {
            (part(0.1), part(0.9))
        } else {
            (part(0.9), part(0.1))
        };
        // a narrow hysteresis: both levels lie near an end of the swing
        let fine = 0.02 * self.amplitude();
        let ends: Vec<f64> = of_kind(&edges(&self.values, to, fine), rising).collect();
        let begins: Vec<f64> = of_kind(&edges(&self.values, from, fine), rising).collect();
        ends.iter().find_map(|&end| {
            let begin = begins.iter().rev().find(|&&begin| begin <= end)?;
            Some((end - begin) * self.interval_s)
        })
    }

    /// Time from the first edge of a kind to the one that follows.
    fn width(&self, rising: bool) -> Option<f64> {
        let edges = self.edges(self.middle());
        let at = edges.iter().position(|edge| edge.1 == rising)?;
        Some((edges.get(at + 1)?.0 - edges[at].0) * self.interval_s)
    }

    /// Number of edges of a kind that another one follows.
    fn pulses(&self, rising: bool) -> f64 {
        let edges = self.edges(self.middle());
        let last = edges.len().saturating_sub(1);
        of_kind(&edges[..last], rising).count() as f64
    }

    /// Time of the first rising edge, s.
    pub(crate) fn first_rise(&self) -> Option<f64> {
        let edges = self.edges(self.middle());
        of_kind(&edges, true).next().map(|at| at * self.interval_s)
    }

    /// Values of whole cycles; all without any.
    fn cycle(&self) -> &[f64] {
        match self.cycles() {
            Some((first, last, _)) => &self.values[first.round() as usize..last.round() as usize],
            None => &self.values,
        }
    }

    /// A parameter; `None` when the trace has none.
    pub(crate) fn measure(&self, what: Parameter) -> Option<f64> {
        use Parameter as P;
        if self.values.is_empty() {
            return None;
        }
        let duty = |rising| Some(100.0 * self.width(rising)? / self.period()?);
        let beyond = |by: f64| (self.amplitude() > 0.0).then(|| 100.0 * by / self.amplitude());
        match what {
            P::PeakToPeak => Some(self.most - self.least),
            P::Most => Some(self.most),
            P::Least => Some(self.least),
            P::Amplitude => Some(self.amplitude()),
            P::High => Some(self.high),
            P::Low => Some(self.low),
            P::Mean => Some(mean(&self.values)),
            P::Rms => Some(rms(&self.values)),
            P::Deviation => {
                let (mean, rms) = (mean(&self.values), rms(&self.values));
                Some((rms * rms - mean * mean).max(0.0).sqrt())
            }
            P::CycleMean => Some(mean(self.cycle())),
            P::CycleRms => Some(rms(self.cycle())),
            P::Hertz => self.period().map(|period| 1.0 / period),
            P::Period => self.period(),
            P::Rise => self.edge_time(true),
            P::Fall => self.edge_time(false),
            P::PositiveWidth => self.width(true),
            P::NegativeWidth => self.width(false),
            P::PositiveDuty => duty(true),
            P::NegativeDuty => duty(false),
            P::Overshoot => beyond(self.most - self.high),
            P::Undershoot => beyond(self.low - self.least),
            P::Area => Some(self.values.iter().sum::<f64>() * self.interval_s),
            P::CycleArea => Some(self.cycle().iter().sum::<f64>() * self.interval_s),
            P::Burst => {
                let edges = self.edges(self.middle());
                Some((edges.last()?.0 - edges.first()?.0) * self.interval_s)
            }
            P::Pulses => Some(of_kind(&self.edges(self.middle()), true).count() as f64),
            P::Falls => Some(of_kind(&self.edges(self.middle()), false).count() as f64),
            P::PositivePulses => Some(self.pulses(true)),
            P::NegativePulses => Some(self.pulses(false)),
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn rms(values: &[f64]) -> f64 {
    (values.iter().map(|v| v * v).sum::<f64>() / values.len().max(1) as f64).sqrt()
}

fn of_kind(edges: &[(f64, bool)], rising: bool) -> impl Iterator<Item = f64> {
    let kind = edges.iter().filter(move |edge| edge.1 == rising);
    kind.map(|edge| edge.0)
}

/// Low and high level: where most of the lower and of the upper half lies.
fn levels(values: &[f64], least: f64, most: f64) -> (f64, f64) {
    let width = (most - least) / BINS as f64;
    if width <= 0.0 {
        return (least, most);
    }
    let mut bins = [(0usize, 0.0f64); BINS];
    for &value in values {
        let bin = (((value - least) / width) as usize).min(BINS - 1);
        bins[bin].0 += 1;
        bins[bin].1 += value;
    }
    let level = |half: &[(usize, f64)], extreme: f64| {
        let fullest = half.iter().max_by_key(|bin| bin.0);
        match fullest {
            Some(&(count, sum)) if count as f64 >= STAYS * values.len() as f64 => {
                sum / count as f64
            }
            Some(_) | None => extreme,
        }
    };
    (
        level(&bins[..BINS / 2], least),
        level(&bins[BINS / 2..], most),
    )
}

/// Crossings of `level` in samples and whether they rise; one counts after the signal was `hysteresis`
/// on its other side.
fn edges(values: &[f64], level: f64, hysteresis: f64) -> Vec<(f64, bool)> {
    let mut edges = Vec::new();
    let (mut low, mut high) = (false, false);
    for (index, pair) in values.windows(2).enumerate() {
        low |= pair[0] < level - hysteresis;
        high |= pair[0] > level + hysteresis;
        let step = pair[1] - pair[0];
        let part = || {
            let part = if step == 0.0 {
                1.0
            } else {
                (level - pair[0]) / step
            };
            index as f64 + part.clamp(0.0, 1.0)
        };
        if low && pair[1] >= level {
            edges.push((part(), true));
            (low, high) = (false, false);
        } else if high && pair[1] <= level {
            edges.push((part(), false));
            (low, high) = (false, false);
        }
    }
    edges
}

/// First and last rising crossing of `level` and the cycles between them; a crossing counts after
/// the signal was `hysteresis` below it.
pub(crate) fn whole_cycles(volts: &[f64], level: f64, hysteresis: f64) -> Option<(f64, f64, f64)> {
    let all = edges(volts, level, hysteresis);
    let rising: Vec<f64> = of_kind(&all, true).collect();
    match (rising.first(), rising.last()) {
        (Some(&first), Some(&last)) if rising.len() > 1 => {
            Some((first, last, (rising.len() - 1) as f64))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Parameter as P;

    fn sine() -> Vec<f64> {
        (0..1000)
            .map(|n| gridproof_plant::trig::sincos_turns(n as f64 / 200.0 + 0.1).0)
            .collect()
    }

    #[test]
    fn cycles_are_counted_between_rising_crossings() {
        let volts = sine();
        let (first, last, cycles) = whole_cycles(&volts, 0.0, 0.2).expect("crossings");
        assert_eq!(cycles, 4.0);
        assert!(((last - first) / cycles - 200.0).abs() < 1e-6);
        assert!(whole_cycles(&[1.0; 50], 0.0, 0.1).is_none());
    }

    #[test]
    fn a_sine_has_no_levels_and_rises_as_a_sine() {
        let trace = Trace::new(sine(), 1e-4);
        let of = |what| trace.measure(what).expect("a value");
        assert!((of(P::High) - 1.0).abs() < 1e-3 && (of(P::Low) + 1.0).abs() < 1e-3);
        assert!((of(P::Hertz) - 50.0).abs() < 1e-6);
        // from −0.8 to 0.8 of the peak: 2 asin(0.8) of 2π
        let part = 2.0 * 0.8f64.asin() / std::f64::consts::TAU;
        assert!((of(P::Rise) - 0.02 * part).abs() < 2e-6, "{}", of(P::Rise));
        assert!((of(P::Fall) - 0.02 * part).abs() < 2e-6, "{}", of(P::Fall));
        assert!((of(P::PositiveDuty) - 50.0).abs() < 0.1);
        assert!((of(P::CycleRms) - 0.5f64.sqrt()).abs() < 1e-3);
        assert!(of(P::Overshoot).abs() < 1e-9);
    }

    #[test]
    fn a_pulse_with_ringing_has_levels_widths_and_overshoot() {
        // 1 V for 300 of 1000 samples, ramps of ten samples, an overshoot of 0.1 V
        let pulse = |k: usize| match k % 1000 {
            0..=99 => 0.0,
            k @ 100..=109 => 0.1 * (k - 99) as f64,
            110..=112 => 1.1,
            113..=399 => 1.0,
            k @ 400..=409 => 0.1 * (409 - k) as f64,
            _ => 0.0,
        };
        let trace = Trace::new((0..3000).map(pulse).collect(), 1e-3);
        let of = |what| trace.measure(what).expect("a value");
        assert!((of(P::High) - 1.0).abs() < 1e-9 && of(P::Low).abs() < 1e-9);
        assert!(
            (of(P::Overshoot) - 10.0).abs() < 1e-6,
            "{}",
            of(P::Overshoot)
        );
        assert!((of(P::Rise) - 8e-3).abs() < 1e-6, "{}", of(P::Rise));
        assert!((of(P::Fall) - 8e-3).abs() < 1e-6, "{}", of(P::Fall));
        assert!(
            (of(P::PositiveWidth) - 0.3).abs() < 1.1e-3,
            "{}",
            of(P::PositiveWidth)
        );
        assert!((of(P::NegativeDuty) - 70.0).abs() < 0.2);
        assert!((of(P::Pulses) - 3.0).abs() < 1e-9);
        assert!((of(P::Falls) - 3.0).abs() < 1e-9);
        // the last one falls for good: two lie between pulses
        assert!((of(P::PositivePulses) - 3.0).abs() < 1e-9);
        assert!((of(P::NegativePulses) - 2.0).abs() < 1e-9);
        assert!((of(P::Period) - 1.0).abs() < 1e-9);
        assert!((of(P::Burst) - 2.3).abs() < 1.1e-3, "{}", of(P::Burst));
    }

    #[test]
    fn a_dead_trace_has_neither_edges_nor_a_period() {
        let trace = Trace::new(vec![2.0; 100], 1e-3);
        assert_eq!(trace.measure(P::Rise), None);
        assert_eq!(trace.measure(P::Period), None);
        assert_eq!(trace.measure(P::Mean), Some(2.0));
        assert_eq!(Trace::new(Vec::new(), 1.0).measure(P::Most), None);
    }
}
