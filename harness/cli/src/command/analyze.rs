//! `gridproof analyze`: one capture, outside any run.

use gridproof_measure::analyze::{
    AnalyzeError, Channel64, EventAccuracy, HarmonicOptions, Marks, RunOnChannels,
    TransferCompanions, frequency_by, harmonics_with, run_on_with, step_response, transfer_beside,
    trip_with,
};
use gridproof_measure::frequency::FrequencyMethod;
use gridproof_recordings::import::{
    ImportError, ImportErrorKind, ImportOptions, ImportedCapture, Scaling, open,
};
use gridproof_reports::traces::{Trace, Traces, svg};
use gridproof_runner::missing;
use serde::Serialize;
use serde_json::Value;

use crate::args::{AnalyzeKind, CaptureFile, FrequencyBy, Side};
use crate::failure::Failure;
use crate::output;

pub(crate) fn analyze(kind: &AnalyzeKind) -> Result<u8, Failure> {
    match kind {
        AnalyzeKind::Transfer {
            capture,
            accuracy,
            voltage,
            nominal,
            reference,
            load_current,
            switch,
            grid_current,
            relay,
            inverter,
        } => {
            accuracy.check(&[Some(voltage)])?;
            let known = EventAccuracy {
                level: accuracy.level(voltage)?,
                ..EventAccuracy::default()
            };
            let beside = [
                reference,
                load_current,
                switch,
                grid_current,
                relay,
                inverter,
            ];
            let wanted = beside.iter().map(|name| name.as_ref());
            let file = Loaded::read(capture, wanted.chain([Some(voltage)]))?;
            let beside = TransferCompanions {
                reference: file.optional(reference.as_ref())?,
                load_current: file.optional(load_current.as_ref())?,
                switch: file.optional(switch.as_ref())?,
                grid_current: file.optional(grid_current.as_ref())?,
                relay: file.optional(relay.as_ref())?,
                inverter: file.optional(inverter.as_ref())?,
            };
            let voltage = file.channel(voltage)?;
            show(
                capture,
                transfer_beside(&voltage, &beside, nominal.0, &known),
            )
        }
        AnalyzeKind::RunOn {
            capture,
            accuracy,
            current,
            rated_current,
            switch,
            voltage,
            grid_current,
        } => {
            let wanted = [
                Some(current),
                switch.as_ref(),
                voltage.as_ref(),
                grid_current.as_ref(),
            ];
            accuracy.check(&wanted)?;
            let known = accuracy.event(&wanted[1..], current)?;
            let file = Loaded::read(capture, wanted)?;
            let channels = RunOnChannels {
                current: file.channel(current)?,
                switch: file.optional(switch.as_ref())?,
                voltage: file.optional(voltage.as_ref())?,
                grid_current: file.optional(grid_current.as_ref())?,
            };
            show(capture, run_on_with(&channels, rated_current.0, &known))
        }
        AnalyzeKind::Trip {
            capture,
            accuracy,
            voltage,
            current,
            rated_current,
        } => {
            accuracy.check(&[Some(voltage), Some(current)])?;
            let known = accuracy.event(&[Some(voltage)], current)?;
            let file = Loaded::read(capture, [Some(voltage), Some(current)])?;
            show(
                capture,
                trip_with(
                    &file.channel(voltage)?,
                    &file.channel(current)?,
                    rated_current.0,
                    &known,
                ),
            )
        }
        AnalyzeKind::StepResponse {
            capture,
            response,
            mark,
            at,
            rated,
        } => {
            let file = Loaded::read(capture, [Some(response), mark.as_ref()])?;
            let marks = match file.optional(mark.as_ref())? {
                Some(channel) => Marks::Channel(channel),
                None => Marks::Times(at),
            };
            let rated = rated.map(|rated| rated.0);
            show(
                capture,
                step_response(&file.channel(response)?, &marks, rated),
            )
        }
        AnalyzeKind::Harmonics {
            capture,
            accuracy,
            voltage,
            current,
            fundamental,
            rated_current,
        } => {
            accuracy.check(&[Some(voltage), Some(current)])?;
            let options = HarmonicOptions {
                rated_current_a: rated_current.map(|rated| rated.0),
                volts: accuracy.level(voltage)?,
                amps: accuracy.level(current)?,
            };
            let file = Loaded::read(capture, [Some(voltage), Some(current)])?;
            show(
                capture,
                harmonics_with(
                    &file.channel(voltage)?,
                    &file.channel(current)?,
                    fundamental.0,
                    &options,
                ),
            )
        }
        AnalyzeKind::Frequency {
            capture,
            voltage,
            fundamental,
            from,
            to,
            series,
            method,
        } => {
            let file = Loaded::read(capture, [Some(voltage)])?;
            let method = match method {
                FrequencyBy::ZeroCrossing => FrequencyMethod::ZeroCrossing,
                FrequencyBy::Phasor => FrequencyMethod::Phasor,
                FrequencyBy::SineFit => FrequencyMethod::SineFit,
            };
            let channel = file.channel(voltage)?;
            let mut found = frequency_by(&channel, fundamental.0, *from, *to, method);
            if let (Ok(found), false) = (&mut found, series) {
                found.series.clear();
            }
            show(capture, found)
        }
        AnalyzeKind::Plot {
            capture,
            channels,
            from,
            to,
            mark,
            out,
        } => {
            let text = plot(capture, channels, (*from, *to), mark)?;
            match out {
                None => output::data(&text),
                Some(path) => std::fs::write(path, text)
                    .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?,
            }
            Ok(0)
        }
    }
}

/// A capture of which only the wanted channels are in memory.
struct Loaded(ImportedCapture);

impl Loaded {
    fn read<'a>(
        file: &CaptureFile,
        channels: impl IntoIterator<Item = Option<&'a String>>,
    ) -> Result<Self, Failure> {
        let mut names: Vec<String> = channels.into_iter().flatten().cloned().collect();
        names.sort();
        names.dedup();
        let options = ImportOptions {
            channels: Some(names),
            ..options(file)
        };
        let capture = open(&file.file, &options)?;
        remarks(&capture);
        Ok(Self(capture))
    }

    fn channel(&self, name: &str) -> Result<Channel64<'_>, Failure> {
        let channel = self.0.channel(name)?;
        Ok(Channel64 {
            samples: &channel.values,
            rate_hz: self.0.rate_hz,
        })
    }

    fn optional(&self, name: Option<&String>) -> Result<Option<Channel64<'_>>, Failure> {
        name.map(|name| self.channel(name)).transpose()
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

fn options(file: &CaptureFile) -> ImportOptions {
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

fn plot(
    file: &CaptureFile,
    channels: &[String],
    (from_s, to_s): (Option<f64>, Option<f64>),
    marks: &[String],
) -> Result<String, Failure> {
    let channels = (!channels.is_empty()).then(|| channels.to_vec());
    let capture = open(
        &file.file,
        &ImportOptions {
            channels,
            from_s,
            to_s,
            ..options(file)
        },
    )?;
    remarks(&capture);
    let traces: Vec<Trace<'_>> = capture
        .channels
        .iter()
        .map(|channel| Trace {
            name: &channel.name,
            unit: &channel.unit,
            values: &channel.values,
        })
        .collect();
    let instants = marks
        .iter()
        .map(|mark| instant(mark))
        .collect::<Result<Vec<_>, _>>()?;
    let title = file.file.display().to_string();
    let figure = Traces {
        title: &title,
        rate_hz: capture.rate_hz,
        start_s: capture.offset_s,
        channels: &traces,
        instants: &instants,
    };
    svg(&figure).map_err(|error| Failure::usage(error.to_string()))
}

fn instant(mark: &str) -> Result<(String, f64), Failure> {
    mark.split_once('=')
        .and_then(|(name, time)| {
            Some((
                name.to_owned(),
                time.trim()
                    .parse::<f64>()
                    .ok()
                    .filter(|time| time.is_finite())?,
            ))
        })
        .ok_or_else(|| {
            Failure::usage(format!(
                "`{mark}` is no mark; write e.g. --mark opens=0.5, seconds from the first sample"
            ))
        })
}

/// As JSON, or one figure a line; what could not be analysed with the file it is in.
fn show(file: &CaptureFile, figures: Result<impl Serialize, AnalyzeError>) -> Result<u8, Failure> {
    let figures =
        figures.map_err(|error| Failure::usage(format!("{}: {error}", file.file.display())))?;
    let value = serde_json::to_value(figures)
        .map_err(|error| Failure::infrastructure(error.to_string()))?;
    if file.json {
        output::data(&format!("{value:#}\n"));
        return Ok(0);
    }
    let mut text = String::new();
    if let Value::Object(fields) = &value {
        for (name, value) in fields {
            lines(&mut text, name, value);
        }
    }
    output::data(&text);
    Ok(0)
}

fn lines(text: &mut String, name: &str, value: &Value) {
    match value {
        Value::Array(rows) => {
            for (index, row) in rows.iter().enumerate() {
                text.push_str(&format!("{name}[{index}]  {row}\n"));
            }
        }
        Value::String(words) => text.push_str(&format!("{name:<20} {words}\n")),
        Value::Null => text.push_str(&format!("{name:<20} –\n")),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            text.push_str(&format!("{name:<20} {value}\n"))
        }
    }
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        let mut message = error.to_string();
        if error.kind() == ImportErrorKind::NotFound {
            let name = error.path().to_string_lossy();
            let why = std::io::Error::from(std::io::ErrorKind::NotFound);
            message.push_str(&missing::hint(&name, &why, &[]));
        }
        Failure::usage(message)
    }
}
