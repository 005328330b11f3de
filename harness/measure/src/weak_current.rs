//! An alternating current just above the threshold, which noise hides from every single sample but
//! not from the power of a cycle: the current of a filter capacitor until its relay opens.

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WeakRule {
    /// Half a nominal cycle, samples.
    pub(crate) half_cycle: usize,
    /// Peak that counts as current, A.
    pub(crate) threshold: f64,
    /// Standard deviation of the noise of one sample, A.
    pub(crate) noise: f64,
    /// Samples whose noise is so alike that they count as one.
    pub(crate) alike: f64,
}

/// Windows per cycle.
const PER_CYCLE: usize = 16;
/// Longest average of the power, cycles.
const AVERAGE_CYCLES: usize = 10;

/// Last sample, to a quarter cycle, at which a current above the threshold still flows after sample
/// `from`, from which on single samples show none; `None` if it does not go on for a cycle.
///
/// The power of one-cycle windows (without their mean: a sensor's direct tail is no current)
/// shows where any current ends; whether that current counts is decided by the power of
/// as many cycles before as were alike.
pub(crate) fn weak_end(amps: &[f64], from: usize, rule: &WeakRule) -> Option<usize> {
    let hop = (2 * rule.half_cycle) / PER_CYCLE;
    if hop == 0 {
        return None;
    }
    let blocks: Vec<(f64, f64)> = amps
        .get(from..)?
        .chunks_exact(hop)
        .map(|block| {
            let sum = block.iter().sum::<f64>();
            (sum, block.iter().map(|x| x * x).sum::<f64>())
        })
        .collect();
    let count = (PER_CYCLE * hop) as f64;
    let quiet = rule.noise * rule.noise;
    let powers: Vec<f64> = blocks
        .windows(PER_CYCLE)
        .map(|w| {
            let (sum, square) = w.iter().fold((0.0, 0.0), |s, b| (s.0 + b.0, s.1 + b.1));
            square / count - (sum / count).powi(2) - quiet
        })
        .collect();
    // The power of a cycle of noise scatters by σ²√(2/N).
    let independent = count / rule.alike;
    let scatter = quiet * (2.0 / independent).sqrt();
    let least = 0.5 * rule.threshold * rule.threshold;
    let present = (4.5 * scatter).max(0.3 * least);
    // Two windows an eighth of a cycle apart, against a burst of noise.
    let end = (2..powers.len())
        .rev()
        .find(|&k| powers[k] > present && powers[k - 2] > present)?;
    // Its own power, where the window is wholly inside.
    let inside = end.saturating_sub(PER_CYCLE * 3 / 4);
    let level = powers[inside];
    let alike = |k: &usize| {
        let doubt = 3.0 * (scatter + 2.0 * rule.noise * (level.max(0.0) / independent).sqrt());
        (powers[*k] - level).abs() < 0.25 * level + doubt
    };
    let steps: Vec<usize> = (0..=inside)
        .rev()
        .step_by(PER_CYCLE)
        .take(AVERAGE_CYCLES)
        .take_while(alike)
        .collect();
    let mean = steps.iter().map(|&k| powers[k]).sum::<f64>() / steps.len().max(1) as f64;
    // Where the window is half out of it.
    let half = |level: f64| {
        (inside..=end)
            .rev()
            .find(|&k| powers[k] > 0.5 * level)
            .unwrap_or(inside)
    };
    if mean > least {
        return Some(from + (half(mean) + PER_CYCLE / 2) * hop);
    }
    // It faded below the threshold before: the last cycle that was above it.
    let faded = (0..=inside)
        .rev()
        .find(|&k| powers[k] > least + 2.5 * scatter)?;
    let strong = faded + 1 < inside && powers[faded.saturating_sub(2)] > least + 2.5 * scatter;
    strong.then(|| from + (faded + PER_CYCLE / 2) * hop)
}
