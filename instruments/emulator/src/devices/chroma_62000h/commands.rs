//! Command tables of the 62000H-S (operation manual, chapters 6 and 7).

use crate::scpi::pattern::Use::{self, Both, Query, Set};
use crate::scpi::setting::Kind::{Choice, Switch};
use crate::scpi::setting::{Form, Row, number};

/// Settings with a name of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Volts,
    Amps,
    VoltHigh,
    VoltLow,
    AmpHigh,
    AmpLow,
    OverVolts,
    OverAmps,
    OverWatts,
    Mode,
    Voc,
    Isc,
    Vmp,
    Imp,
    EnPower,
    Technology,
    EnIrradiance,
    Power,
    SandiaVolts,
    SandiaIrradiance,
    ReferenceIrradiance,
    Temperature,
    ReferenceTemperature,
    Beta,
    FillFactor,
    /// Kept only.
    Kept,
    VoltSlew,
    AmpSlew,
    AmpAtOnce,
}

/// Commands that are not settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// A row of [`SETTINGS`].
    Setting(u16),
    Output,
    Trigger,
    Model,
    ProtectionClear,
    Volts,
    Amps,
    Watts,
    Status,
    Local,
    /// Sequences a program may hold.
    MostSequences,
}

/// 62150H-1000S: 1000 V, 15 A, 15 kW.
pub(crate) const MOST_VOLTS: f64 = 1000.0;
/// A.
pub(crate) const MOST_AMPS: f64 = 15.0;
/// W.
pub(crate) const MOST_WATTS: f64 = 15_000.0;

const N: Form = Form::Nr3(6);
const V: (f64, f64) = (0.0, MOST_VOLTS);
const A: (f64, f64) = (0.0, MOST_AMPS);
const W: (f64, f64) = (0.0, MOST_WATTS * 1.05);
const G: (f64, f64) = (0.0, 1500.0);
const T: (f64, f64) = (-100.0, 100.0);

/// Words of `OUTPut:MODE`.
pub(crate) const MODES: &[&str] = &[
    "CVCC", "SAS", "EN50530", "SANDIA", "TABLE", "PROGRAM", "SEQUENCE",
];

/// Settings (SOURce, CONFigure, OUTPut, SAS).
#[rustfmt::skip]
pub(crate) const SETTINGS: &[Row<Key>] = &[
    ("[SOURce:]VOLTage[:LEVel][:IMMediate]", Key::Volts, number("V", V, 0.0, N)),
    ("[SOURce:]VOLTage:LIMit:HIGH", Key::VoltHigh, number("V", V, MOST_VOLTS, N)),
    ("[SOURce:]VOLTage:LIMit:LOW", Key::VoltLow, number("V", V, 0.0, N)),
    ("[SOURce:]VOLTage:PROTection|PROTect:HIGH", Key::OverVolts, number("V", (0.0, 1100.0), 1100.0, N)),
    ("[SOURce:]VOLTage:SLEW", Key::VoltSlew, number("V/MS", (0.001, 20.0), 10.0, N)),
    ("[SOURce:]CURRent[:LEVel][:IMMediate]", Key::Amps, number("A", A, 0.0, N)),
    ("[SOURce:]CURRent:LIMit:HIGH", Key::AmpHigh, number("A", A, MOST_AMPS, N)),
    ("[SOURce:]CURRent:LIMit:LOW", Key::AmpLow, number("A", A, 0.0, N)),
    ("[SOURce:]CURRent:PROTection|PROTect:HIGH", Key::OverAmps, number("A", (0.0, 15.75), 15.75, N)),
    ("[SOURce:]CURRent:SLEW", Key::AmpSlew, number("A/MS", (0.001, 1.0), 1.0, N)),
    ("[SOURce:]CURRent:SLEWINF", Key::AmpAtOnce, Choice(&["DISABLE", "ENABLE"])),
    ("[SOURce:]POWer:PROTection|PROTect:HIGH", Key::OverWatts, number("W", W, MOST_WATTS * 1.05, N)),
    ("[SOURce:]DCON:RISE", Key::Kept, number("V", V, 0.0, N)),
    ("[SOURce:]DCON:FALL", Key::Kept, number("V", V, 0.0, N)),
    ("OUTPut:MODE", Key::Mode, Choice(MODES)),
    ("SAS:VOC", Key::Voc, number("V", V, 600.0, N)),
    ("SAS:ISC", Key::Isc, number("A", A, 10.0, N)),
    ("SAS:VMPp SAS:EN50530:VMPp", Key::Vmp, number("V", V, 480.0, N)),
    ("SAS:IMPp", Key::Imp, number("A", A, 9.0, N)),
    ("SAS:PMPp SAS:EN50530:PMPp", Key::EnPower, number("W", W, 4000.0, N)),
    ("SAS:TECH SAS:EN50530:TECH", Key::Technology, Choice(&["CSI", "TF|THIN"])),
    ("SAS:IRR SAS:EN50530:IRR", Key::EnIrradiance, number("", G, 1000.0, N)),
    ("SAS:SANDIA:PMP", Key::Power, number("W", W, 4000.0, N)),
    ("SAS:SANDIA:VMP", Key::SandiaVolts, number("V", V, 400.0, N)),
    ("SAS:SANDIA:IRR", Key::SandiaIrradiance, number("", G, 1000.0, N)),
    ("SAS:SANDIA:IRRREF", Key::ReferenceIrradiance, number("", (100.0, 1500.0), 1000.0, N)),
    ("SAS:SANDIA:TMP", Key::Temperature, number("", T, 25.0, N)),
    ("SAS:SANDIA:TMPREF", Key::ReferenceTemperature, number("", T, 25.0, N)),
    ("SAS:SANDIA:BETA", Key::Beta, number("", (-2.0, 2.0), -0.4, N)),
    ("SAS:SANDIA:FF", Key::FillFactor, number("", (0.3, 0.95), 0.72, N)),
    ("CONFigure:REMote", Key::Kept, Switch(false)),
    ("PROGram:SELected", Key::Kept, number("", (1.0, 10.0), 1.0, Form::Nr1)),
    ("PROGram:LINK", Key::Kept, number("", (0.0, 10.0), 0.0, Form::Nr1)),
    ("PROGram:COUNt", Key::Kept, number("", (1.0, 15_000.0), 1.0, Form::Nr1)),
    ("PROGram:MODE|TYPE", Key::Kept, Choice(&["LIST", "STEP"])),
    ("PROGram:ADD", Key::Kept, number("", (0.0, 100.0), 0.0, Form::Nr1)),
    ("PROGram:RUN", Key::Kept, Switch(false)),
    ("PROGram:STEP:STARt:VOLTage|VOLT", Key::Kept, number("V", V, 0.0, N)),
    ("PROGram:STEP:END:VOLTage|VOLT", Key::Kept, number("V", V, 0.0, N)),
    ("PROGram:STEP:TIME", Key::Kept, number("S", (0.0, 15_000.0), 0.0, N)),
    ("PROGram:SEQuence:SELected", Key::Kept, number("", (1.0, 100.0), 1.0, Form::Nr1)),
    ("PROGram:SEQuence:TYPE", Key::Kept, Choice(&["AUTO", "MANUAL", "TRIGGER", "SKIP"])),
    ("PROGram:SEQuence:VOLTage", Key::Kept, number("V", V, 0.0, N)),
    ("PROGram:SEQuence:VOLTage:SLEW PROGram:SEQuence:VSLEW", Key::Kept, number("V/MS", (0.001, 100.0), 1.0, N)),
    ("PROGram:SEQuence:CURRent", Key::Kept, number("A", A, 0.0, N)),
    ("PROGram:SEQuence:CURRent:SLEW PROGram:SEQuence:CSLEW", Key::Kept, number("A/MS", (0.001, 10.0), 1.0, N)),
    ("PROGram:SEQuence:TTL", Key::Kept, number("", (0.0, 255.0), 0.0, Form::Nr1)),
    ("PROGram:SEQuence:TIME", Key::Kept, number("S", (0.0, 15_000.0), 0.0, N)),
    ("CONFigure:BEEPer", Key::Kept, Switch(true)),
    ("CONFigure:BRIGHTness|BRIghtness", Key::Kept, Choice(&["HIGH", "LOW", "DIMMED"])),
    ("CONFigure:FAN", Key::Kept, Choice(&["AUTO", "FULL"])),
    ("CONFigure:RESUME", Key::Kept, Choice(&["DEFAULT", "LAST_STATE", "USER_DEFINITION"])),
    ("CONFigure:MSTSLV:ID", Key::Kept, Choice(&["MASTER|0", "SLAVE1|1", "SLAVE2|2", "SLAVE3|3", "SLAVE4|4", "SLAVE5|5"])),
    ("CONFigure:FOLDback", Key::Kept, Choice(&["DISABLE", "CVTOCC", "CCTOCV"])),
    ("CONFigure:FOLDT", Key::Kept, number("S", (0.01, 600.0), 1.0, N)),
    ("CONFigure:APGmode", Key::Kept, Choice(&["NONE", "V", "I", "VI"])),
    ("CONFigure:TTLport", Key::Kept, number("", (0.0, 255.0), 0.0, Form::Nr1)),
    ("CONFigure:MEASure:SPeed", Key::Kept, number("", (1.0, 240.0), 30.0, Form::Nr1)),
    ("CONFigure:AVG:TIMES", Key::Kept, Choice(&["1", "2", "4", "8"])),
    ("CONFigure:AVG:METHod", Key::Kept, Choice(&["FIX", "MOV"])),
    ("CONFigure:MSTSLV", Key::Kept, Switch(false)),
    ("CONFigure:MSTSLV:PARSER", Key::Kept, Choice(&["PARALLEL", "SERIES"])),
    ("CONFigure:MSTSLV:NUMSLV", Key::Kept, number("", (0.0, 10.0), 1.0, Form::Nr1)),
];

use Command as C;

/// Everything else (FETCh, MEASure, OUTPut, TRIGger).
#[rustfmt::skip]
pub(crate) const TABLE: &[(&str, Command, Use)] = &[
    ("CONFigure:OUTPut", C::Output, Both),
    ("OUTPut[:STATe]", C::Output, Both),
    ("OUTPut:STATus", C::Output, Query),
    ("OUTPut:PROTection:CLEar", C::ProtectionClear, Set),
    ("TRIGger", C::Trigger, Set),
    ("SAS:MODEL", C::Model, Both),
    ("MEASure|FETCh[:SCALar]:VOLTage", C::Volts, Query),
    ("MEASure|FETCh[:SCALar]:CURRent", C::Amps, Query),
    ("MEASure|FETCh[:SCALar]:POWer", C::Watts, Query),
    ("FETCh:STATus", C::Status, Query),
    ("SYSTem:LOCal", C::Local, Set),
    ("CONFigure:SAVE", C::Local, Set),
    ("PROGram:SAV|SAVE", C::Local, Set),
    ("PROGram:CLEar|CLEAR", C::Local, Set),
    ("PROGram:MAX", C::MostSequences, Query),
    ("SYSTem:REMote", C::Local, Set),
];
