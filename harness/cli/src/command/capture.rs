//! A capture of any size in a bounded memory: what is more than that is read in means of groups of
//! samples, and the part in which something happened then once more, sample by sample.

use gridproof_measure::analyze::{AnalyzeError, Channel64};
use gridproof_measure::quality::Ends;
use gridproof_recordings::import::{Block, ImportOptions, ImportedCapture, Scaling, blocks, open};
use serde::Serialize;
use serde_json::Value;

use crate::args::{CaptureFile, Side};
use crate::failure::Failure;
use crate::output;

/// Samples per channel read at a time.
pub(super) const BLOCK: usize = 1 << 16;
/// Least rate at which an event is looked for: its shortest departure lasts 0.2 ms.
const EVENT_RATE_HZ: f64 = 5_000.0;
/// Least and most that is read before the first and after the last instant of an event, s.
const CONTEXT_S: (f64, f64) = (0.5, 1.0);
/// How far an instant may move between the record in groups and the part sample by sample, s.
const AGREE_S: f64 = 0.02;

/// What becomes of a group of samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reduction {
    /// Their mean.
    Means,
    /// Two values: the smallest and the largest, in the order in which they came.
    Extremes,
}

/// Instants by name, s from the first sample of the file.
type Instants = Vec<(String, f64)>;

/// From and to, s from the first sample of the file; the ends of the file without.
pub(super) type Span = (Option<f64>, Option<f64>);

/// The wanted channels of a capture, samples or groups of them.
pub(super) struct Loaded {
    capture: ImportedCapture,
    /// Samples in a group; 1 for every sample.
    group: usize,
    /// Rate of the values, Hz, and the instant of the first, s from the first sample of the file.
    rate_hz: f64,
    first_s: f64,
    /// Last sample, s from the first sample of the file.
    last_s: f64,
    /// Ends of all samples per channel, where they were grouped.
    ends: Vec<Ends>,
}

impl Loaded {
    /// Reads the channels `names` (all without) of a part of a file, at most
    /// `file.most_samples` values of them.
    pub(super) fn read(
        file: &CaptureFile,
        names: Option<Vec<String>>,
        (from_s, to_s): Span,
        reduction: Reduction,
    ) -> Result<Self, Failure> {
        let options = ImportOptions {
            channels: names,
            from_s,
            to_s,
            ..options(file)
        };
        let streamed = ImportOptions {
            correct_skew: false,
            ..options.clone()
        };
        let mut source = blocks(&file.file, &streamed, BLOCK)?;
        let (samples, channels) = {
            let description = source.description();
            (description.samples, description.channels.len() as u64)
        };
        let group = (samples * channels).div_ceil(file.most_samples).max(1) as usize;
        if options.correct_skew {
            if group > 1 {
                return Err(Failure::usage(format!(
                    "{}: --correct-skew takes the whole capture in memory, which is more than {} samples; choose a part with --from and --to, or raise --most-samples",
                    file.file.display(),
                    file.most_samples
                )));
            }
            let capture = open(&file.file, &options)?;
            remarks(&capture);
            return Ok(Self::of(capture, 1, Reduction::Means, samples, Vec::new()));
        }
        let (group, most) = match reduction {
            Reduction::Means => (group, samples / group as u64),
            // Two values of each group.
            Reduction::Extremes if group > 1 => (2 * group, samples / group as u64),
            Reduction::Extremes => (1, samples),
        };
        let mut values: Vec<Vec<f64>> = (0..channels)
            .map(|_| Vec::with_capacity(most.min(file.most_samples) as usize))
            .collect();
        let mut ends = vec![Ends::default(); values.len()];
        let mut rest: Vec<Vec<f64>> = vec![Vec::new(); values.len()];
        let mut block = Block::default();
        while source.read_into(&mut block)? {
            for (channel, part) in block.values.iter().enumerate() {
                if group == 1 {
                    values[channel].extend_from_slice(part);
                    continue;
                }
                ends[channel].push(part);
                let waiting = &mut rest[channel];
                waiting.extend_from_slice(part);
                let whole = waiting.len() / group * group;
                for samples in waiting[..whole].chunks_exact(group) {
                    reduce(samples, reduction, &mut values[channel]);
                }
                waiting.drain(..whole);
            }
        }
        let mut capture = source.description().clone();
        for (channel, values) in capture.channels.iter_mut().zip(values) {
            channel.values = values;
        }
        remarks(&capture);
        Ok(Self::of(capture, group, reduction, samples, ends))
    }

    fn of(
        capture: ImportedCapture,
        group: usize,
        reduction: Reduction,
        samples: u64,
        ends: Vec<Ends>,
    ) -> Self {
        // Values of a group, and the sample position of the first of them.
        let (per_group, lead) = match (reduction, group) {
            (_, 1) => (1.0, 0.0),
            (Reduction::Means, _) => (1.0, 0.5 * (group as f64 - 1.0)),
            (Reduction::Extremes, _) => (2.0, 0.25 * group as f64),
        };
        Self {
            group,
            rate_hz: capture.rate_hz * per_group / group as f64,
            first_s: capture.offset_s + lead / capture.rate_hz,
            last_s: capture.offset_s + samples.saturating_sub(1) as f64 / capture.rate_hz,
            capture,
            ends,
        }
    }

    pub(super) fn channel(&self, name: &str) -> Result<Channel64<'_>, Failure> {
        let channel = self.capture.channel(name)?;
        Ok(Channel64 {
            samples: &channel.values,
            rate_hz: self.rate_hz,
        })
    }

    pub(super) fn optional(&self, name: Option<&String>) -> Result<Option<Channel64<'_>>, Failure> {
        name.map(|name| self.channel(name)).transpose()
    }

    /// What was read, without regard to groups.
    pub(super) fn capture(&self) -> &ImportedCapture {
        &self.capture
    }

    /// Every sample is there.
    pub(super) fn is_whole(&self) -> bool {
        self.group == 1
    }

    /// Rate of the values, Hz.
    pub(super) fn rate_hz(&self) -> f64 {
        self.rate_hz
    }

    /// Instant of the first value, s from the first sample of the file.
    pub(super) fn first_s(&self) -> f64 {
        self.first_s
    }

    /// Instant of the last sample read, s from the first sample of the file.
    pub(super) fn last_s(&self) -> f64 {
        self.last_s
    }

    /// Refuses values that are too far apart.
    pub(super) fn at_least(
        &self,
        file: &CaptureFile,
        rate_hz: f64,
        what: &str,
    ) -> Result<(), Failure> {
        if self.is_whole() || self.rate_hz >= rate_hz {
            return Ok(());
        }
        Err(Failure::usage(format!(
            "{}: {} s of {} S/s are more than --most-samples {} can show at {rate_hz} S/s, which {what} takes; choose a part with --from and --to, or raise --most-samples",
            file.file.display(),
            self.last_s - self.capture.offset_s,
            self.capture.rate_hz,
            file.most_samples
        )))
    }

    /// Says which channels are clipped anywhere; nothing of channels whose samples are all there.
    pub(super) fn clipped(&self) -> Vec<String> {
        let told = |(ends, channel): (&Ends, &gridproof_recordings::import::ImportedChannel)| {
            let levels: Vec<String> = ends
                .clipping()
                .iter()
                .map(|end| {
                    let at = self.capture.offset_s + end.first as f64 / self.capture.rate_hz;
                    format!(
                        "{:.4} ({} samples from {at:.4} s on)",
                        end.level, end.samples
                    )
                })
                .collect();
            (!levels.is_empty()).then(|| {
                format!(
                    "channel `{}` is clipped at {}: what lies beyond is not recorded; choose a larger range",
                    channel.name,
                    levels.join(" and ")
                )
            })
        };
        self.ends
            .iter()
            .zip(&self.capture.channels)
            .filter_map(told)
            .collect()
    }

    /// Says that the figures come from groups; nothing where they come from every sample.
    pub(super) fn coarse(&self) -> Option<String> {
        (!self.is_whole()).then(|| {
            format!(
                "read in means of {} samples ({:.3} ms), as all do not fit into --most-samples: U is that of the means; --from and --to choose a part",
                self.group,
                1e3 * self.group as f64 / self.capture.rate_hz
            )
        })
    }
}

fn reduce(samples: &[f64], reduction: Reduction, values: &mut Vec<f64>) {
    match reduction {
        Reduction::Means => values.push(samples.iter().sum::<f64>() / samples.len() as f64),
        Reduction::Extremes => {
            let (mut low, mut high) = (0, 0);
            for (k, &x) in samples.iter().enumerate() {
                if x < samples[low] {
                    low = k;
                }
                if x > samples[high] {
                    high = k;
                }
            }
            values.push(samples[low.min(high)]);
            values.push(samples[low.max(high)]);
        }
    }
}

/// What the importer assumed, converted or could not make agree.
fn remarks(capture: &ImportedCapture) {
    for note in &capture.notes {
        output::remark(&format!("note: {note}"));
    }
    for channel in capture.channels.iter().filter(|c| c.skew_s != 0.0) {
        output::remark(&format!(
            "note: channel `{}`: sampled {} µs after the instants of the file, not corrected; --correct-skew does",
            channel.name,
            channel.skew_s * 1e6
        ));
    }
}

/// How a file is to be read, whatever of it.
pub(super) fn options(file: &CaptureFile) -> ImportOptions {
    ImportOptions {
        rate_hz: file.rate.map(|rate| rate.0),
        segment: file.segment,
        correct_skew: file.correct_skew,
        scaling: match file.side {
            Side::Primary => Scaling::PrimaryIfStated,
            Side::Secondary => Scaling::Secondary,
            Side::Stored => Scaling::AsStored,
        },
        ..ImportOptions::default()
    }
}

/// Each name once.
pub(super) fn once<'a>(names: impl IntoIterator<Item = Option<&'a String>>) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().flatten().cloned().collect();
    names.sort();
    names.dedup();
    names
}

/// What was analysed, with the file it is in if that could not be.
pub(super) fn told<T>(file: &CaptureFile, found: Result<T, AnalyzeError>) -> Result<T, Failure> {
    found.map_err(|error| Failure::usage(format!("{}: {error}", file.file.display())))
}

/// Figures of an event, wherever in the capture it is: of all samples if they fit into memory, else
/// the whole record in groups says where to look, and the figures are those of the part from
/// [`CONTEXT_S`] before the first instant found to as long after the last. A record of which groups
/// would be too coarse is looked through part by part.
pub(super) fn event<R: Serialize>(
    file: &CaptureFile,
    names: &[String],
    analyse: impl Fn(&Loaded) -> Result<R, Failure>,
) -> Result<Value, Failure> {
    let look = |span| event_within(file, names, span, &analyse);
    let Some(mut parts) = parts(file, names)? else {
        return look((file.from, file.to))?.map(|(figures, _)| figures);
    };
    let last = parts.pop();
    for part in parts {
        // Of an event in the second half the next part shows more, if it has enough before it. What
        // cannot be analysed, as a part in which the DUT is off, shows none.
        let first = look((Some(part.from_s), Some(part.to_s)))?;
        if let Ok((figures, Some(at))) = first
            && at < part.middle_s + CONTEXT_S.1
        {
            return ended(file, part.to_s, figures);
        }
    }
    let rest = last.map_or((file.from, file.to), |part| (Some(part.from_s), file.to));
    look(rest)?.map(|(figures, _)| figures)
}

/// Figures with the first instant in them, s from the first sample of the file, or why the samples
/// cannot be analysed.
type Looked = Result<(Value, Option<f64>), Failure>;

/// Instants at which an event ends.
const ENDS: [&str; 3] = ["t_interrupt_s", "t_cease_s", "t_end_s"];

/// `figures` of a part up to `end_s`, refused if what began in it does not end in it: it may end later.
fn ended(file: &CaptureFile, end_s: f64, figures: Value) -> Result<Value, Failure> {
    match ENDS
        .iter()
        .find(|end| figures.get(**end) == Some(&Value::Null))
    {
        None => Ok(figures),
        Some(end) => Err(Failure::usage(format!(
            "{}: an event begins, but there is no {end} until {end_s} s, and no longer part can be held at {EVENT_RATE_HZ} S/s; choose a part with --from and --to, or raise --most-samples",
            file.file.display()
        ))),
    }
}

/// A part of a record, s from the first sample of the file.
struct Part {
    from_s: f64,
    middle_s: f64,
    to_s: f64,
}

/// The parts, each from the middle of the one before, in which a record that is too long for
/// [`EVENT_RATE_HZ`] shows an event; `None` of one that is not.
fn parts(file: &CaptureFile, names: &[String]) -> Result<Option<Vec<Part>>, Failure> {
    let options = ImportOptions {
        channels: Some(names.to_vec()),
        from_s: file.from,
        to_s: file.to,
        correct_skew: false,
        ..options(file)
    };
    let source = blocks(&file.file, &options, BLOCK)?;
    let description = source.description();
    let rate_hz = description.rate_hz;
    let group = (rate_hz / EVENT_RATE_HZ).floor().max(1.0);
    let channels = description.channels.len().max(1) as u64;
    // The end of a part is read too.
    let held_s = ((file.most_samples / channels) as f64 * group - 2.0) / rate_hz;
    let (begin, whole_s) = (description.offset_s, description.samples as f64 / rate_hz);
    if whole_s <= held_s || held_s < 2.0 * CONTEXT_S.1 || file.correct_skew {
        return Ok(None);
    }
    let half = 0.5 * held_s;
    let count = (whole_s / half).ceil() as usize - 1;
    let part = |n: usize| {
        let from_s = begin + n as f64 * half;
        Part {
            from_s,
            middle_s: from_s + half,
            to_s: from_s + held_s,
        }
    };
    Ok(Some((0..count).map(part).collect()))
}

/// Figures of the first event within `span`.
fn event_within<R: Serialize>(
    file: &CaptureFile,
    names: &[String],
    mut span: Span,
    analyse: impl Fn(&Loaded) -> Result<R, Failure>,
) -> Result<Looked, Failure> {
    let mut before: Option<(Instants, Vec<String>)> = None;
    loop {
        let loaded = Loaded::read(file, Some(names.to_vec()), span, Reduction::Means)?;
        loaded.at_least(file, EVENT_RATE_HZ, "an event")?;
        let mut figures = match analyse(&loaded) {
            Ok(figures) => value(figures)?,
            Err(failure) => return Ok(Err(failure)),
        };
        shift(&mut figures, loaded.first_s());
        let seen = instants(&figures);
        if let Some(part) = narrower(file, &loaded, &seen) {
            span = part;
            before.get_or_insert((seen, loaded.clipped()));
            continue;
        }
        let mut warnings = Vec::new();
        if span != (file.from, file.to) {
            warnings.push(format!(
                    "read from {:.4} s to {:.4} s of a longer record: times in other warnings and in the note count from there",
                    loaded.first_s(), loaded.last_s()
                ));
        }
        if let Some((rough, _)) = &before {
            warnings.extend(moved(rough, &seen));
        }
        warnings.extend(loaded.coarse());
        warn(&mut figures, warnings);
        let clipped = before.map_or_else(|| loaded.clipped(), |(_, clipped)| clipped);
        warn_clipped(&mut figures, clipped);
        let first = seen.iter().map(|(_, at)| *at).reduce(f64::min);
        return Ok(Ok((figures, first)));
    }
}

/// The part around some instants, if it is less than half of what was read in groups.
fn narrower(file: &CaptureFile, loaded: &Loaded, seen: &[(String, f64)]) -> Option<Span> {
    let least = seen.iter().map(|(_, at)| *at).reduce(f64::min)?;
    let most = seen.iter().map(|(_, at)| *at).reduce(f64::max)?;
    let whole = (loaded.capture.offset_s, loaded.last_s());
    let held = file.most_samples / loaded.capture.channels.len().max(1) as u64;
    let room_s = held.saturating_sub(2) as f64 / loaded.capture.rate_hz - (most - least);
    let context_s = (0.5 * room_s).clamp(CONTEXT_S.0, CONTEXT_S.1);
    let part = (
        (least - context_s).max(whole.0),
        (most + context_s).min(whole.1),
    );
    let narrow = !loaded.is_whole() && part.1 - part.0 < 0.5 * (whole.1 - whole.0);
    narrow.then_some((Some(part.0), Some(part.1)))
}

/// Instants of the whole record that its part does not show, or elsewhere.
fn moved(rough: &[(String, f64)], exact: &[(String, f64)]) -> Vec<String> {
    rough
        .iter()
        .filter(|(name, at)| {
            !exact.iter().any(|(other, found)| other == name && (found - at).abs() < AGREE_S)
        })
        .map(|(name, at)| {
            format!("{name} is {at:.4} s in the whole record read in groups, not so in this part: choose a part with --from and --to")
        })
        .collect()
}

/// Figures as JSON.
pub(super) fn value(figures: impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(figures).map_err(|error| Failure::infrastructure(error.to_string()))
}

/// Whether a field is an instant of the record (`gridproof_measure::analyze`).
fn is_instant(name: &str) -> bool {
    name.starts_with("t_") && name.ends_with("_s")
}

/// Moves every instant from the axis of what was read to that of the file.
pub(super) fn shift(figures: &mut Value, by_s: f64) {
    match figures {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field.as_f64() {
                    Some(at) if is_instant(name) && by_s != 0.0 => *field = Value::from(at + by_s),
                    Some(_) | None => shift(field, by_s),
                }
            }
        }
        Value::Array(rows) => rows.iter_mut().for_each(|row| shift(row, by_s)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Instants on the top level of some figures.
fn instants(figures: &Value) -> Instants {
    let Value::Object(fields) = figures else {
        return Vec::new();
    };
    fields
        .iter()
        .filter(|(name, _)| is_instant(name))
        .filter_map(|(name, field)| Some((name.clone(), field.as_f64()?)))
        .collect()
}

/// Adds warnings to those that the figures have.
pub(super) fn warn(figures: &mut Value, more: Vec<String>) {
    if let Some(Value::Array(warnings)) = figures.get_mut("warnings") {
        warnings.extend(more.into_iter().map(Value::from));
    }
}

/// Adds the channels clipped anywhere in the record unless the figures tell of their own.
pub(super) fn warn_clipped(figures: &mut Value, clipped: Vec<String>) {
    let told = figures["warnings"].as_array().is_some_and(|warnings| {
        let text = |w: &Value| w.as_str().is_some_and(|w| w.contains(" is clipped at "));
        warnings.iter().any(text)
    });
    if !told {
        warn(figures, clipped);
    }
}
