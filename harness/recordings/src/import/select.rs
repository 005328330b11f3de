//! Channels by name and samples by time.

use std::path::Path;

use super::capture::ImportedChannel;
use super::error::{ImportError, ImportErrorKind as Kind, shorten};
use super::options::ImportOptions;

/// Most names listed in a message.
const LISTED: usize = 20;

/// Index of the channel called `name`: exact, then letter case ignored, then by position.
/// The error is what is wrong and how to mend it.
pub(crate) fn find(channels: &[ImportedChannel], name: &str) -> Result<usize, (String, String)> {
    let matching = |good: &dyn Fn(&ImportedChannel) -> bool| -> Vec<usize> {
        (0..channels.len())
            .filter(|&index| good(&channels[index]))
            .collect()
    };
    let name = name.trim();
    let lower = name.to_lowercase();
    let exact = matching(&|channel| channel.name == name);
    let found = if exact.is_empty() {
        matching(&|channel| channel.name.to_lowercase() == lower)
    } else {
        exact
    };
    match found.as_slice() {
        [one] => return Ok(*one),
        [] => {}
        several => {
            let positions: Vec<&str> = several
                .iter()
                .map(|&index| channels[index].alias.as_str())
                .collect();
            return Err((
                format!("{} channels are called `{}`", several.len(), shorten(name)),
                format!("ask by position: {}", positions.join(", ")),
            ));
        }
    }
    if let [one] = matching(&|channel| channel.alias.to_lowercase() == lower).as_slice() {
        return Ok(*one);
    }
    let mut list: Vec<String> = channels
        .iter()
        .take(LISTED)
        .map(|channel| format!("{} ({})", shorten(&channel.name), channel.alias))
        .collect();
    if channels.len() > LISTED {
        list.push(format!("and {} more", channels.len() - LISTED));
    }
    let nearest = channels
        .iter()
        .take(10_000)
        .map(|channel| {
            (
                strsim::jaro_winkler(&channel.name.to_lowercase(), &lower),
                channel,
            )
        })
        .filter(|(likeness, _)| *likeness > 0.65)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = match nearest {
        Some((_, channel)) => format!(
            "did you mean `{}`? channels: {}",
            shorten(&channel.name),
            list.join(", ")
        ),
        None => format!("channels: {}", list.join(", ")),
    };
    Err((format!("there is no channel `{}`", shorten(name)), hint))
}

/// Indices of the channels to read, in the order asked for.
pub(crate) fn wanted(
    path: &Path,
    channels: &[ImportedChannel],
    options: &ImportOptions,
) -> Result<Vec<usize>, ImportError> {
    let Some(names) = &options.channels else {
        return Ok((0..channels.len()).collect());
    };
    let mut picked = Vec::with_capacity(names.len());
    for name in names {
        let index = find(channels, name)
            .map_err(|(what, hint)| ImportError::new(path, Kind::Channel, what, hint))?;
        if picked.contains(&index) {
            return Err(ImportError::new(
                path,
                Kind::Channel,
                format!("channel `{}` is asked for twice", shorten(name)),
                "name each channel once",
            ));
        }
        picked.push(index);
    }
    Ok(picked)
}

/// First sample and number of samples between `from_s` and `to_s`, both included.
pub(crate) fn window(
    path: &Path,
    options: &ImportOptions,
    rate_hz: f64,
    start_s: f64,
    samples: u64,
) -> Result<(u64, u64), ImportError> {
    let wrong = |what: String, hint: &str| ImportError::new(path, Kind::Options, what, hint);
    for (name, value) in [("from", options.from_s), ("to", options.to_s)] {
        if value.is_some_and(|value| !value.is_finite()) {
            return Err(wrong(
                format!("`{name}` is not a finite time"),
                "give seconds from the first sample",
            ));
        }
    }
    let end_s = start_s + samples.saturating_sub(1) as f64 / rate_hz;
    let half = 1e-6 / rate_hz;
    let from = options.from_s.unwrap_or(start_s);
    let to = options.to_s.unwrap_or(end_s);
    if options.from_s.is_none() && options.to_s.is_none() {
        return Ok((0, samples));
    }
    if from > to || from < start_s - half || from > end_s + half {
        return Err(wrong(
            format!("the time from {from} s to {to} s is not inside the record"),
            &format!("ask for a part of {start_s} s to {end_s} s"),
        ));
    }
    let first = ((from - start_s) * rate_hz - 1e-6).ceil().max(0.0) as u64;
    let last = ((to - start_s) * rate_hz + 1e-6).floor().max(0.0) as u64;
    let end = last.saturating_add(1).min(samples);
    if first >= end {
        return Err(wrong(
            format!("no sample lies between {from} s and {to} s"),
            &format!("samples are {} s apart", 1.0 / rate_hz),
        ));
    }
    Ok((first, end - first))
}
