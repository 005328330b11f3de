//! `--accuracy CH="0.1 % + 0.05 % of 500 V + 2 us"`: what the data sheet of a channel states.

use std::str::FromStr;

use gridproof_measure::analyze::EventAccuracy;
use gridproof_model::quantity::{Amps, Ratio, Seconds, Volts};
use gridproof_model::record::Accuracy;

use crate::failure::Failure;

/// Accuracy of a named channel.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ChannelAccuracy {
    channel: String,
    /// Of the level; `None` if only a time is stated.
    level: Option<Accuracy>,
    /// Bound of the time error, s.
    time_s: Option<f64>,
}

impl FromStr for ChannelAccuracy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (channel, terms) = text.split_once('=').ok_or_else(|| {
            format!("`{text}` names no channel; write e.g. I_EUT=\"0.1 % + 0.05 % of 50 A\"")
        })?;
        let mut found = Self {
            channel: channel.trim().to_owned(),
            level: None,
            time_s: None,
        };
        for (index, term) in terms.split('+').enumerate() {
            found
                .add(term.trim())
                .map_err(|why| format!("term {} `{}`: {why}", index + 1, term.trim()))?;
        }
        Ok(found)
    }
}

impl ChannelAccuracy {
    fn add(&mut self, term: &str) -> Result<(), String> {
        const TERMS: &str = "write a share of the reading (`0.1 %`), a share of the range (`0.05 % of 500 V`) or a time (`2 us`)";
        if let Ok(time) = term.parse::<Seconds>() {
            if self.time_s.is_some() || time.0 < 0.0 {
                return Err("one time that is not negative is enough".to_owned());
            }
            self.time_s = Some(time.0);
            return Ok(());
        }
        let (share, range) = match term.split_once(" of ") {
            Some((share, range)) => (share, Some(range.trim())),
            None => (term, None),
        };
        let share = share
            .trim()
            .parse::<Ratio>()
            .map_err(|error| format!("{error}; {TERMS}"))?
            .0;
        if !(0.0..1.0).contains(&share) {
            return Err("an accuracy lies between 0 % and 100 %".to_owned());
        }
        let level = self.level.get_or_insert(Accuracy {
            of_reading: 0.0,
            of_range: 0.0,
            range: 0.0,
        });
        match range {
            None if level.of_reading == 0.0 => level.of_reading = share,
            Some(range) if level.of_range == 0.0 => {
                let volts = range.parse::<Volts>().map(|volts| volts.0);
                let amps = || range.parse::<Amps>().map(|amps| amps.0);
                level.range = volts
                    .or_else(|_| amps())
                    .ok()
                    .filter(|range| *range > 0.0)
                    .ok_or_else(|| {
                        format!("`{range}` is no range; write volts or amperes, e.g. `500 V`")
                    })?;
                level.of_range = share;
            }
            None | Some(_) => return Err("it is stated twice; write it once".to_owned()),
        }
        Ok(())
    }
}

/// All that was stated.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Accuracies {
    /// Accuracy of a channel, of reading + of range + in time, for the uncertainty budget, e.g.
    /// I_EUT="0.1 % + 0.05 % of 50 A + 2 us"; once for each channel.
    #[arg(long = "accuracy", value_name = "CH=ACCURACY")]
    stated: Vec<ChannelAccuracy>,
}

impl Accuracies {
    /// Refuses channels that are not measured here, and channels stated twice.
    pub(crate) fn check(&self, used: &[Option<&String>]) -> Result<(), Failure> {
        for (index, stated) in self.stated.iter().enumerate() {
            let name = &stated.channel;
            if !used.iter().flatten().any(|used| *used == name) {
                let used: Vec<&str> = used.iter().flatten().map(|name| name.as_str()).collect();
                return Err(Failure::usage(format!(
                    "--accuracy {name}=…: the channel is not measured here; measured: {}",
                    used.join(", ")
                )));
            }
            if self.stated[..index]
                .iter()
                .any(|other| other.channel == *name)
            {
                return Err(Failure::usage(format!(
                    "--accuracy {name}=…: stated twice; write all terms at once, joined by `+`"
                )));
            }
        }
        Ok(())
    }

    fn of(&self, channel: &str) -> Option<&ChannelAccuracy> {
        self.stated.iter().find(|stated| stated.channel == channel)
    }

    /// Level of a channel whose time does not matter.
    pub(crate) fn level(&self, channel: &str) -> Result<Option<Accuracy>, Failure> {
        let Some(stated) = self.of(channel) else {
            return Ok(None);
        };
        match stated.time_s {
            None => Ok(stated.level),
            Some(_) => Err(Failure::usage(format!(
                "--accuracy {channel}=…: a time error of this channel is in none of the figures; leave it out"
            ))),
        }
    }

    /// Of an event whose `end` shows by its level and whose start shows in any of `starts`.
    pub(crate) fn event(
        &self,
        starts: &[Option<&String>],
        end: &str,
    ) -> Result<EventAccuracy, Failure> {
        let mut start_s = 0.0_f64;
        for name in starts.iter().flatten() {
            let Some(stated) = self.of(name) else {
                continue;
            };
            if stated.level.is_some() {
                return Err(Failure::usage(format!(
                    "--accuracy {name}=…: only the time of this channel matters here; write e.g. {name}=\"2 us\""
                )));
            }
            start_s = start_s.max(stated.time_s.unwrap_or(0.0));
        }
        let end = self.of(end);
        Ok(EventAccuracy {
            level: end.and_then(|stated| stated.level),
            start_s,
            end_s: end.and_then(|stated| stated.time_s).unwrap_or(0.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms() {
        let found: ChannelAccuracy = "I_EUT=0.1 % + 0.05 % of 50 A + 2 us"
            .parse()
            .expect("terms");
        let level = found.level.expect("a level");
        assert_eq!(
            (found.channel.as_str(), found.time_s),
            ("I_EUT", Some(2e-6))
        );
        assert!((level.of_reading - 0.001).abs() < 1e-12);
        assert!((level.of_range - 0.0005).abs() < 1e-12 && level.range == 50.0);
        let time: ChannelAccuracy = "S=10 us".parse().expect("a time");
        assert_eq!((time.level, time.time_s), (None, Some(1e-5)));
        for (wrong, place) in [
            ("0.1 %", "names no channel"),
            ("V=0.1 % + 5 x", "term 2 `5 x`"),
            ("V=0.1", "term 1 `0.1`"),
            ("V=-1 %", "between 0 % and 100 %"),
            ("V=0.1 % of 5 Hz", "is no range"),
            ("V=0.1 % + 0.2 %", "term 2 `0.2 %`: it is stated twice"),
        ] {
            let error = wrong.parse::<ChannelAccuracy>().expect_err(wrong);
            assert!(error.contains(place), "{wrong}: {error}");
        }
    }
}
