//! The TerraSAS command table and what each command does.

use super::channel::Channel;
use super::curve::{Curve, Technology};
use super::{FORM_FACTOR, MOST_AMPS, MOST_VOLTS, PowerPoint, TerraSas};
use crate::devices::chroma_61845::within;
use crate::field::Field;
use crate::scpi::engine::Reply;
use crate::scpi::fault::{self, Fault};
use crate::scpi::format::nr3;
use crate::scpi::pattern::Use::{self, Both, Query, Set};
use crate::scpi::setting::limit;
use crate::scpi::{Call, Outcome, Params};

/// Commands of the TerraSAS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    ChannelCount,
    GroupCatalog,
    CurveCatalog,
    ProfileCatalog,
    CurveDelete,
    CurveVi,
    CurveMpp,
    CurveFormFactor,
    CurveBeta,
    CurveK,
    CurveAdd,
    CurveFile,
    EnType,
    EnMpp,
    EnAdd,
    SourceCurve,
    Irradiance,
    Temperature,
    Execute,
    Profile,
    ProfileFile,
    Output,
    Clear,
    OverVoltage,
    OverCurrent,
    Trigger,
    Abort,
    Volts,
    Amps,
    Watts,
    MppAccuracy,
}

use Command as C;

/// Patterns of every command.
pub(crate) const TABLE: &[(&str, Command, Use)] = &[
    ("SYSTem:CHANnel:COUNt", C::ChannelCount, Query),
    ("SYSTem:GROup:CATalog", C::GroupCatalog, Query),
    ("CURVe:CATalog", C::CurveCatalog, Query),
    ("PROFile:CATalog", C::ProfileCatalog, Query),
    ("CURVe:DELEte", C::CurveDelete, Set),
    ("CURVe:VIparms", C::CurveVi, Both),
    ("CURVe:MPPparms", C::CurveMpp, Both),
    ("CURVe:FORMfactor", C::CurveFormFactor, Both),
    ("CURVe:BETAparms", C::CurveBeta, Both),
    ("CURVe:KFactor", C::CurveK, Both),
    ("CURVe:ADD", C::CurveAdd, Set),
    ("CURVe:READFile", C::CurveFile, Set),
    ("CURVe:EN50530:SIMtype", C::EnType, Both),
    ("CURVe:EN50530:MPPparms", C::EnMpp, Both),
    ("CURVe:EN50530:ADD", C::EnAdd, Set),
    ("[SOURce:]CURVe", C::SourceCurve, Both),
    ("[SOURce:]IRRadiance[:LEVel]", C::Irradiance, Both),
    ("[SOURce:]TEMPerature[:LEVel]", C::Temperature, Both),
    ("[SOURce:]EXECute", C::Execute, Set),
    ("[SOURce:]PROFile", C::Profile, Both),
    ("PROFile:READFile", C::ProfileFile, Set),
    ("OUTPut:PROTection:CLEar", C::Clear, Set),
    ("OUTPut[:STATe]", C::Output, Both),
    ("[SOURce:]VOLTage:PROTection[:LEVel]", C::OverVoltage, Both),
    ("[SOURce:]CURRent:PROTection[:LEVel]", C::OverCurrent, Both),
    ("TRIGger", C::Trigger, Set),
    ("TRIGger:RESet", C::Trigger, Set),
    ("TRIGger:PAUse", C::Trigger, Set),
    ("ABORt", C::Abort, Set),
    ("SYSTem:LOCal|REMote", C::Abort, Set),
    ("MEASure[:SCALar]:VOLTage[:DC]", C::Volts, Query),
    ("MEASure[:SCALar]:CURRent[:DC]", C::Amps, Query),
    ("MEASure[:SCALar]:POWer[:DC]", C::Watts, Query),
    ("MEASure[:SCALar]:MPPaccuracy", C::MppAccuracy, Query),
];

impl TerraSas {
    pub(super) fn run(&mut self, command: Command, call: &Call<'_>, field: &mut Field) -> Outcome {
        let (params, list) = call.params.split_channels()?;
        let channels = self.chosen(list.as_deref())?;
        if call.query {
            self.answer(command, params, &channels, field)
        } else {
            self.act(command, params, &channels, field)
                .map(|()| Reply::None)
        }
    }

    fn act(
        &mut self,
        command: Command,
        params: Params<'_>,
        channels: &[usize],
        field: &mut Field,
    ) -> Result<(), Fault> {
        let pair = |units: [&str; 2], least: [f64; 2], most: [f64; 2]| -> Result<_, Fault> {
            params.at_most(2)?;
            Ok((
                within(params.number(0, units[0])?, least[0], most[0])?,
                within(params.number(1, units[1])?, least[1], most[1])?,
            ))
        };
        match command {
            C::CurveDelete => {
                let name = params.string(0)?;
                let at = self
                    .pool
                    .iter()
                    .position(|curve| curve.name == name)
                    .ok_or(fault::ILLEGAL_VALUE)?;
                if self.in_use(name) {
                    return Err(fault::SETTINGS_CONFLICT);
                }
                self.pool.remove(at);
            }
            C::CurveVi => {
                (self.builder.voc, self.builder.isc) =
                    pair(["V", "A"], [0.0; 2], [MOST_VOLTS, MOST_AMPS])?;
            }
            C::CurveMpp => {
                let (vmp, imp) = pair(["V", "A"], [0.0; 2], [MOST_VOLTS, MOST_AMPS])?;
                self.builder.power_point = PowerPoint::At(vmp, imp);
            }
            C::CurveFormFactor => {
                self.builder.power_point = PowerPoint::FormFactor(level(command, params)?);
            }
            C::CurveBeta => {
                (self.builder.beta_v, self.builder.beta_p) = pair(["", ""], [-1.99; 2], [1.99; 2])?
            }
            C::CurveK => {
                (self.builder.k_volts, self.builder.k_irradiance) =
                    pair(["V", ""], [0.0, 100.0], [MOST_VOLTS, 800.0])?;
            }
            C::CurveAdd => {
                params.at_most(1)?;
                let name = params.string(0)?;
                if self.pool.iter().any(|curve| curve.name == name) {
                    return Err(fault::SETTINGS_CONFLICT);
                }
                let curve = Curve::by_points(name, self.builder.points(), self.builder.beta_v)?;
                self.file(curve);
            }
            C::CurveFile => {
                params.at_most(1)?;
                let name = params.string(0)?;
                let curve = self.disk.iter().find(|curve| curve.name == name);
                let curve = curve.cloned().ok_or(fault::FILE_NOT_FOUND)?;
                if self.in_use(name) {
                    return Err(fault::SETTINGS_CONFLICT);
                }
                self.file(curve);
            }
            C::ProfileFile => {
                params.string(0)?;
                return Err(fault::FILE_NOT_FOUND);
            }
            C::EnType => {
                self.builder.technology = [Technology::CrystallineSilicon, Technology::ThinFilm]
                    [params.choice(0, &["CSI", "TF"])?];
                if params.len() > 1 {
                    self.builder.dynamic = params.choice(1, &["STAtic", "DYNamic"])? == 1;
                }
                params.at_most(2)?;
            }
            C::EnMpp => {
                (self.builder.pmp, self.builder.vmp_en) =
                    pair(["W", "V"], [0.0; 2], [MOST_VOLTS * MOST_AMPS, MOST_VOLTS])?;
            }
            C::EnAdd => {
                params.none()?;
                let curve = Curve::en50530(
                    self.builder.technology,
                    self.builder.pmp,
                    self.builder.vmp_en,
                )?;
                self.file(curve);
            }
            C::SourceCurve => {
                params.at_most(1)?;
                let name = params.string(0)?;
                // a blank name is the first curve of the pool
                let curve = self
                    .pool
                    .iter()
                    .find(|curve| name.is_empty() || curve.name == name)
                    .ok_or(fault::ILLEGAL_VALUE)?;
                for &place in channels {
                    self.channels[place].staged.curve = curve.clone();
                }
            }
            C::Irradiance => {
                let value = level(command, params)?.round();
                self.each(channels, |channel| channel.staged.irradiance = value);
            }
            C::Temperature => {
                let value = level(command, params)?;
                self.each(channels, |channel| channel.staged.celsius = value);
            }
            C::Execute => {
                params.none()?;
                self.each(channels, |channel| channel.execute(field));
            }
            C::Profile => return Err(fault::ILLEGAL_VALUE),
            C::Output => {
                let on = params.only_boolean()?;
                let latched = |&place: &usize| self.channels[place].tripped() != 0;
                if on && channels.iter().any(latched) {
                    return Err(fault::PROTECTION);
                }
                self.each(channels, |channel| channel.switch(on, field));
            }
            C::OverVoltage => {
                let value = level(command, params)?;
                self.each(channels, |channel| channel.over_voltage = value);
            }
            C::OverCurrent => {
                let value = level(command, params)?;
                self.each(channels, |channel| channel.over_current = value);
            }
            // no profile can be loaded, so there is never one to start, pause or stop
            C::Trigger | C::Abort => params.none()?,
            C::Clear => {
                params.none()?;
                self.each(channels, Channel::clear);
            }
            C::ChannelCount
            | C::GroupCatalog
            | C::CurveCatalog
            | C::ProfileCatalog
            | C::Volts
            | C::Amps
            | C::Watts
            | C::MppAccuracy => return Err(fault::UNDEFINED_HEADER),
        }
        Ok(())
    }

    fn each(&mut self, channels: &[usize], mut act: impl FnMut(&mut Channel)) {
        for &place in channels {
            act(&mut self.channels[place]);
        }
    }

    fn answer(
        &self,
        command: Command,
        params: Params<'_>,
        channels: &[usize],
        field: &Field,
    ) -> Outcome {
        if let Some((_, [least, most, default])) = range(command)
            && params.len() == 1
        {
            let bound = limit(params.text(0)?, least, most, default);
            return Ok(Reply::Text(nr3(bound.ok_or(fault::ILLEGAL_VALUE)?, 4)));
        }
        params.none()?;
        let each = |answer: &dyn Fn(&Channel) -> String| {
            let channels = channels.iter().map(|&place| &self.channels[place]);
            channels.map(answer).collect::<Vec<_>>().join(",")
        };
        let pair = |a: f64, b: f64| format!("{a},{b}");
        Ok(Reply::Text(match command {
            C::ChannelCount => {
                let last = self.channels.last();
                last.map_or(0, |channel| channel.number).to_string()
            }
            C::GroupCatalog | C::ProfileCatalog => "\"\"".to_owned(),
            C::CurveCatalog => self
                .pool
                .iter()
                .map(|curve| format!("\"{}\"", curve.name))
                .collect::<Vec<_>>()
                .join(","),
            C::CurveVi => pair(self.builder.voc, self.builder.isc),
            C::CurveMpp => {
                let points = self.builder.points();
                pair(points.vmp, points.imp)
            }
            C::CurveFormFactor => format!("{:.4}", self.builder.form_factor()),
            C::CurveBeta => pair(self.builder.beta_v, self.builder.beta_p),
            C::CurveK => pair(self.builder.k_volts, self.builder.k_irradiance),
            C::EnType => {
                let technology = match self.builder.technology {
                    Technology::CrystallineSilicon => "CSI",
                    Technology::ThinFilm => "TF",
                };
                let kind = if self.builder.dynamic { "DYN" } else { "STA" };
                format!("{technology},{kind}")
            }
            C::EnMpp => pair(self.builder.pmp, self.builder.vmp_en),
            C::SourceCurve => each(&|c| format!("\"{}\"", c.active.curve.name)),
            C::Irradiance => each(&|c| format!("{:.0}", c.active.irradiance)),
            C::Temperature => each(&|c| format!("{:.1}", c.active.celsius)),
            C::Profile => each(&|_| "\"\"".to_owned()),
            C::Output => each(&|c| if c.output { "ON" } else { "OFF" }.to_owned()),
            C::OverVoltage => each(&|c| nr3(c.over_voltage, 4)),
            C::OverCurrent => each(&|c| nr3(c.over_current, 4)),
            C::Volts => each(&|c| nr3(c.reading(field).volts, 5)),
            C::Amps => each(&|c| nr3(c.reading(field).amps, 5)),
            C::Watts => each(&|c| nr3(c.reading(field).watts, 5)),
            C::MppAccuracy => each(&|c| format!("{:.2}", c.mpp_accuracy(field))),
            C::CurveDelete
            | C::CurveAdd
            | C::CurveFile
            | C::EnAdd
            | C::Execute
            | C::ProfileFile
            | C::Clear
            | C::Trigger
            | C::Abort => return Err(fault::UNDEFINED_HEADER),
        }))
    }
}

/// Levels with their unit and their least, most and value after `*RST`, which `MIN`, `MAX` and `DEF` stand for.
#[rustfmt::skip]
const LEVELS: [(Command, &str, [f64; 3]); 5] = [
    (C::CurveFormFactor, "", [0.3, 0.98, FORM_FACTOR]),
    (C::Irradiance, "", [0.0, 1500.0, 1000.0]),
    (C::Temperature, "C|CEL", [-100.0, 100.0, 25.0]),
    (C::OverVoltage, "V", [0.0, MOST_VOLTS * 1.1, MOST_VOLTS]),
    (C::OverCurrent, "A", [0.0, MOST_AMPS * 1.1, MOST_AMPS]),
];

/// Unit, and least, most and default value of a level.
fn range(command: Command) -> Option<(&'static str, [f64; 3])> {
    let level = LEVELS.iter().find(|level| level.0 == command);
    level.map(|level| (level.1, level.2))
}

/// The level that is to be set.
fn level(command: Command, params: Params<'_>) -> Result<f64, Fault> {
    params.at_most(1)?;
    let (unit, [least, most, default]) = range(command).ok_or(fault::UNDEFINED_HEADER)?;
    match limit(params.text(0)?, least, most, default) {
        Some(value) => Ok(value),
        None => within(params.number(0, unit)?, least, most),
    }
}
