//! The TerraSAS command table and what each command does.

use gridproof_plant::signal::{MeterPoint, Reading};

use super::curve::{Curve, Points, Technology};
use super::{MOST_AMPS, MOST_VOLTS, TerraSas};
use crate::devices::chroma_61845::within;
use crate::field::Field;
use crate::scpi::engine::Reply;
use crate::scpi::fault::{self, Fault};
use crate::scpi::format::nr3;
use crate::scpi::pattern::Use::{self, Both, Query, Set};
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
        let (params, channels) = call.params.split_channels()?;
        self.check_channels(channels.as_deref())?;
        if call.query {
            self.answer(command, params, field)
        } else {
            self.act(command, params, field).map(|()| Reply::None)
        }
    }

    fn act(
        &mut self,
        command: Command,
        params: Params<'_>,
        field: &mut Field,
    ) -> Result<(), Fault> {
        let pair = |least: [f64; 2], most: [f64; 2]| -> Result<(f64, f64), Fault> {
            params.at_most(2)?;
            Ok((
                within(params.number(0, "")?, least[0], most[0])?,
                within(params.number(1, "")?, least[1], most[1])?,
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
                (self.builder.voc, self.builder.isc) = pair([0.0; 2], [MOST_VOLTS, MOST_AMPS])?
            }
            C::CurveMpp => {
                (self.builder.vmp, self.builder.imp) = pair([0.0; 2], [MOST_VOLTS, MOST_AMPS])?
            }
            C::CurveFormFactor => {
                // Vmp/Voc = Imp/Isc = √FF, the symmetric split
                let side = within(params.only_number("")?, 0.3, 0.98)?.sqrt();
                self.builder.vmp = self.builder.voc * side;
                self.builder.imp = self.builder.isc * side;
            }
            C::CurveBeta => {
                (self.builder.beta_v, self.builder.beta_p) = pair([-1.99; 2], [1.99; 2])?
            }
            C::CurveK => {
                (self.builder.k_volts, self.builder.k_irradiance) =
                    pair([0.0, 100.0], [MOST_VOLTS, 800.0])?;
            }
            C::CurveAdd => {
                params.at_most(1)?;
                let name = params.string(0)?;
                if self.pool.iter().any(|curve| curve.name == name) {
                    return Err(fault::SETTINGS_CONFLICT);
                }
                let b = &self.builder;
                let points = Points {
                    voc: b.voc,
                    isc: b.isc,
                    vmp: b.vmp,
                    imp: b.imp,
                };
                let curve = Curve::by_points(name, points, b.beta_v)?;
                self.file(curve);
            }
            C::CurveFile | C::ProfileFile => {
                params.string(0)?;
                return Err(Fault {
                    code: -256,
                    text: "File name not found",
                });
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
                    pair([0.0; 2], [MOST_VOLTS * MOST_AMPS, MOST_VOLTS])?;
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
                let curve = self
                    .pool
                    .iter()
                    .find(|curve| curve.name == name)
                    .ok_or(fault::ILLEGAL_VALUE)?;
                self.staged.curve = curve.clone();
            }
            C::Irradiance => {
                self.staged.irradiance = within(params.only_number("")?, 0.0, 1500.0)?.round()
            }
            C::Temperature => self.staged.celsius = within(params.only_number("")?, -100.0, 100.0)?,
            C::Execute => {
                params.none()?;
                self.execute_staged(field);
            }
            C::Profile => return Err(fault::ILLEGAL_VALUE),
            C::Output => {
                let on = params.only_boolean()?;
                if on && self.tripped != 0 {
                    return Err(fault::PROTECTION);
                }
                self.switch(on, field);
            }
            C::OverVoltage => {
                self.over_voltage = within(params.only_number("")?, 0.0, MOST_VOLTS * 1.1)?
            }
            C::OverCurrent => {
                self.over_current = within(params.only_number("")?, 0.0, MOST_AMPS * 1.1)?
            }
            // no profile can be loaded, so there is never one to start, pause or stop
            C::Trigger | C::Abort => params.none()?,
            C::Clear => {
                params.none()?;
                self.tripped = 0;
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

    fn answer(&self, command: Command, params: Params<'_>, field: &Field) -> Outcome {
        params.none()?;
        let reading = || field.plant.reading(MeterPoint::Pv);
        let pair = |a: f64, b: f64| format!("{a},{b}");
        Ok(Reply::Text(match command {
            C::ChannelCount => self.channel.to_string(),
            C::GroupCatalog | C::ProfileCatalog => "\"\"".to_owned(),
            C::CurveCatalog => self
                .pool
                .iter()
                .map(|curve| format!("\"{}\"", curve.name))
                .collect::<Vec<_>>()
                .join(","),
            C::CurveVi => pair(self.builder.voc, self.builder.isc),
            C::CurveMpp => pair(self.builder.vmp, self.builder.imp),
            C::CurveFormFactor => {
                let b = &self.builder;
                format!("{:.4}", b.vmp * b.imp / (b.voc * b.isc).max(1e-9))
            }
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
            C::SourceCurve => format!("\"{}\"", self.active.curve.name),
            C::Irradiance => format!("{:.0}", self.active.irradiance),
            C::Temperature => format!("{:.1}", self.active.celsius),
            C::Profile => "\"\"".to_owned(),
            C::Output => if self.output { "ON" } else { "OFF" }.to_owned(),
            C::OverVoltage => nr3(self.over_voltage, 4),
            C::OverCurrent => nr3(self.over_current, 4),
            C::Volts => nr3(reading().volts, 5),
            C::Amps => nr3(reading().amps, 5),
            C::Watts => nr3(reading().watts, 5),
            C::MppAccuracy => format!("{:.2}", self.mpp_accuracy(reading())),
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

    /// Percent of the curve's maximum power over the last metering window.
    fn mpp_accuracy(&self, reading: Reading) -> f64 {
        let most = self.active_points().power();
        if self.output && most > 0.0 {
            100.0 * reading.watts / most
        } else {
            0.0
        }
    }
}
