//! From the entries of a bench to what the judge must know of its instruments.

use thiserror::Error;

use super::accuracy::{Accuracy, AccuracyOf, AccuracyTable};
use super::{Bench, InstrumentEntry, Role};
use crate::quantity::RangeOf;
use crate::record::{self, InstrumentSpecs};

/// What a bench does not say but the judge needs.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SpecsError {
    /// No instrument has a role.
    #[error("the bench has no {0}; add an instrument with role {0}")]
    NoInstrument(&'static str),
    /// An instrument lacks an entry.
    #[error("instrument `{name}` states no {what}; the {role} needs it to state an uncertainty")]
    Missing {
        /// Instrument.
        name: String,
        /// Role.
        role: &'static str,
        /// What is missing: `accuracy.voltage`.
        what: &'static str,
    },
}

impl Bench {
    /// Accuracy of the first analyser, recorder and chamber. The recorder's range per kind is
    /// that of its first voltage and its first current channel.
    ///
    /// # Errors
    /// When an instrument or a part of its accuracy is missing.
    pub fn specs(&self) -> Result<InstrumentSpecs, SpecsError> {
        let analyser = Source::find(self, Role::PowerAnalyser)?;
        let recorder = Source::find(self, Role::Recorder)?;
        let chamber = Source::find(self, Role::Chamber)?;
        let ranges = analyser.need(analyser.entry.ranges.as_ref(), "ranges")?;
        let (volts_range, amps_range) = (ranges.voltage.0, ranges.current.0);
        let readings = analyser.table()?;
        let samples = recorder.table()?;
        let chamber_k = match &chamber.entry.accuracy {
            Some(Accuracy::Temperature(kelvins)) => kelvins.0,
            Some(Accuracy::Table(_)) | None => return Err(chamber.missing("accuracy in K")),
        };
        Ok(InstrumentSpecs {
            analyser_volts: analyser.of(readings.voltage, volts_range, "accuracy.voltage")?,
            analyser_amps: analyser.of(readings.current, amps_range, "accuracy.current")?,
            analyser_watts: analyser.of(
                readings.power,
                volts_range * amps_range,
                "accuracy.power",
            )?,
            analyser_hz: analyser.need(readings.frequency, "accuracy.frequency")?.0,
            recorder_volts: recorder.of(
                samples.voltage,
                recorder.channel_range("V", "voltage channel")?,
                "accuracy.voltage",
            )?,
            recorder_amps: recorder.of(
                samples.current,
                recorder.channel_range("A", "current channel")?,
                "accuracy.current",
            )?,
            recorder_clock: recorder.need(samples.clock, "accuracy.clock")?.0,
            recorder_skew_s: recorder.need(samples.skew, "accuracy.skew")?.0,
            contact_lag_s: recorder
                .need(samples.contact_lag, "accuracy.contact_lag")?
                .0,
            chamber_k,
        })
    }
}

struct Source<'a> {
    name: &'a str,
    entry: &'a InstrumentEntry,
}

impl<'a> Source<'a> {
    fn find(bench: &'a Bench, role: Role) -> Result<Self, SpecsError> {
        let found = bench.with_role(role).next();
        found
            .map(|(name, entry)| Source { name, entry })
            .ok_or(SpecsError::NoInstrument(role.word()))
    }

    fn missing(&self, what: &'static str) -> SpecsError {
        SpecsError::Missing {
            name: self.name.to_owned(),
            role: self.entry.role.word(),
            what,
        }
    }

    fn need<T>(&self, value: Option<T>, what: &'static str) -> Result<T, SpecsError> {
        value.ok_or_else(|| self.missing(what))
    }

    fn table(&self) -> Result<&'a AccuracyTable, SpecsError> {
        self.need(
            self.entry.accuracy.as_ref().and_then(Accuracy::table),
            "table of accuracies",
        )
    }

    fn of(
        &self,
        accuracy: Option<AccuracyOf>,
        range: f64,
        what: &'static str,
    ) -> Result<record::Accuracy, SpecsError> {
        let accuracy = self.need(accuracy, what)?;
        Ok(record::Accuracy {
            of_reading: accuracy.reading.0,
            of_range: accuracy.range.0,
            range,
        })
    }

    fn channel_range(&self, unit: &str, what: &'static str) -> Result<f64, SpecsError> {
        let first = self
            .entry
            .channels
            .values()
            .find(|channel| channel.signal.unit() == unit);
        self.need(first.map(|channel| channel.range).map(RangeOf::value), what)
    }
}
