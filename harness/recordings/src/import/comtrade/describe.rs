//! Channels of a configuration as the importer describes them, and their final scaling.

use std::path::Path;

use super::super::capture::ImportedChannel;
use super::super::error::{ImportError, ImportErrorKind as Kind};
use super::super::options::{ImportOptions, Scaling};
use super::super::units;
use super::cfg::{Analog, Config, DataKind};

/// value = code × factor + offset; an impossible conversion is `Err` with the reason.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub(super) factor: f64,
    pub(super) offset: f64,
    /// The code 99999 of ASCII data means missing.
    pub(super) nines: bool,
    /// Factor of the instrument transformer that is in them.
    pub(super) side: f64,
    /// Why the values asked for cannot be had.
    pub(super) problem: Option<&'static str>,
}

/// All channels, analog first, and the scales of the analog ones.
pub(super) fn channels(
    config: &Config,
    options: &ImportOptions,
) -> (Vec<ImportedChannel>, Vec<Scale>) {
    let mut channels = Vec::with_capacity(config.analog.len() + config.digital.len());
    let mut scales = Vec::with_capacity(config.analog.len());
    for (index, analog) in config.analog.iter().enumerate() {
        let (side, problem) = side_factor(analog, options.scaling);
        let (prefix, unit) = match units::base(&analog.unit) {
            Some((factor, base)) if !options.keep_prefixes => (factor, base.to_owned()),
            _ => (1.0, analog.unit.clone()),
        };
        let scale = Scale {
            factor: analog.a * side * prefix,
            offset: analog.b * side * prefix,
            nines: super::cfg::Revision::R2013 != config.revision
                || analog.range.is_none_or(|(_, high)| high < 99_999.0),
            side,
            problem,
        };
        channels.push(ImportedChannel {
            name: analog.name.clone(),
            alias: format!("A{}", index + 1),
            unit,
            phase: analog.phase.clone(),
            circuit: analog.circuit.clone(),
            digital: false,
            skew_s: analog.skew_us * 1e-6,
            range: analog.range.map(|(low, high)| {
                let (low, high) = (
                    low * scale.factor + scale.offset,
                    high * scale.factor + scale.offset,
                );
                (low.min(high), low.max(high))
            }),
            resolution: (config.kind != DataKind::Float32).then_some(scale.factor.abs()),
            ratio: analog.ratio.map(|(primary, secondary)| primary / secondary),
            missing: 0,
            values: Vec::new(),
        });
        scales.push(scale);
    }
    for (index, digital) in config.digital.iter().enumerate() {
        channels.push(ImportedChannel {
            name: digital.name.clone(),
            alias: format!("D{}", index + 1),
            phase: digital.phase.clone(),
            circuit: digital.circuit.clone(),
            digital: true,
            ..ImportedChannel::default()
        });
    }
    (channels, scales)
}

/// Factor from the stored side to the side wanted.
fn side_factor(analog: &Analog, wanted: Scaling) -> (f64, Option<&'static str>) {
    let to_primary = match wanted {
        Scaling::AsStored => return (1.0, None),
        Scaling::PrimaryIfStated if analog.primary.is_none() || analog.ratio.is_none() => {
            return (1.0, None);
        }
        Scaling::PrimaryIfStated | Scaling::Primary => true,
        Scaling::Secondary => false,
    };
    match (analog.primary, analog.ratio) {
        (Some(stored), _) if stored == to_primary => (1.0, None),
        (Some(_), Some((primary, secondary))) if to_primary => (primary / secondary, None),
        (Some(_), Some((primary, secondary))) => (secondary / primary, None),
        (None, _) => (
            1.0,
            Some("the file does not say whether its values are primary or secondary"),
        ),
        (Some(_), None) => (
            1.0,
            Some("the file has no usable primary and secondary factors"),
        ),
    }
}

/// Channels that are read must have a usable scaling; what was converted is noted.
pub(super) fn check_picked(
    path: &Path,
    config: &mut Config,
    picks: &[usize],
    scales: &[Scale],
) -> Result<(), ImportError> {
    for &pick in picks {
        let (Some(scale), Some(analog)) = (scales.get(pick), config.analog.get(pick)) else {
            continue;
        };
        if let Some(problem) = scale.problem {
            return Err(ImportError::new(
                path,
                Kind::Options,
                problem,
                "ask for the values as stored, or complete fields 11 to 13 of the line",
            )
            .line(analog.line)
            .channel(&analog.name));
        }
        // The largest 32-bit code must stay a number.
        let largest = scale.factor.abs() * 2_f64.powi(31) + scale.offset.abs();
        if !largest.is_finite() {
            return Err(ImportError::new(
                path,
                Kind::Malformed,
                "factors a, b, primary and secondary together are beyond any number",
                "correct the line",
            )
            .line(analog.line)
            .channel(&analog.name));
        }
        if scale.side != 1.0 {
            config.notes.push(format!(
                "channel `{}`: the stored values were multiplied by {}, the ratio of its instrument transformer",
                analog.name, scale.side
            ));
        }
    }
    Ok(())
}

/// A note when the time stamps contradict the sampling rate by more than 1 %.
pub(super) fn stamp_note(
    stamps: Option<((u64, u32), (u64, u32))>,
    unit_s: f64,
    rate_hz: f64,
) -> Option<String> {
    let ((first, from), (last, to)) = stamps?;
    let span_s = f64::from(to.checked_sub(from)?) * unit_s;
    let steps = last.checked_sub(first).filter(|&steps| steps > 0)?;
    let expected_s = steps as f64 / rate_hz;
    ((span_s - expected_s).abs() > 0.01 * expected_s + 2.0 * unit_s).then(|| {
        format!(
            "time stamps span {span_s} s, the sampling rate of {rate_hz} Hz says {expected_s} s: the rate was used"
        )
    })
}
