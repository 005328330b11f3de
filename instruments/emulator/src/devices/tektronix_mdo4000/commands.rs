//! Command tables of the MDO4000/MSO4000/DPO4000 (programmer manual, chapter 2 by groups).

use super::events::EVENTS;
use super::fixed::{FIXED, IDLE};
use super::kept::KEPT;
use crate::devices::parameters::Parameter::{self, self as M};
use crate::scpi::pattern::Use::{self, Both, Query, Set};
use crate::scpi::setting::Kind::{Choice, Plain, Switch, Text};
use crate::scpi::setting::{Form, Kind, Row, number, patterns};

/// Settings with a name of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Scale,
    Position,
    Offset,
    Shown,
    TimeScale,
    TimePosition,
    RecordLength,
    DelayMode,
    DelayTime,
    AcquireMode,
    StopAfter,
    TriggerMode,
    TriggerSource,
    TriggerSlope,
    TriggerLevel,
    Encoding,
    Width,
    DataSource,
    DataStart,
    DataStop,
    MeasureKind,
    MeasureSource,
    MeasureTo,
    SlotKind,
    SlotSource,
    SlotTo,
    SlotState,
    /// `PNG`, `BMP` or `TIFf`.
    ImageFormat,
    /// White background.
    InkSaver,
    /// Waveform that the front panel controls.
    Selected,
    /// Positions of the cursors.
    HorizontalBars,
    VerticalBars,
    Coupling,
    Termination,
    Bandwidth,
    /// Envelopes, which may be endless.
    Envelopes,
    /// A threshold that is kept only.
    Level,
    Header,
    Verbose,
    /// Labels stand for their sequences.
    Aliases,
    /// The diagnostic test to run, which is kept only; without a number it stays.
    TestNumber,
    /// Kept only.
    Kept,
}

/// Commands that are not settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// A row of [`SETTINGS`]; suffixes choose the lane.
    Setting(u16),
    AcquireState,
    Acquisitions,
    MaxRate,
    SampleRate,
    TriggerState,
    Trigger,
    SetLevel,
    Busy,
    AutoSet,
    Front,
    Curve,
    Wave,
    Preamble(Preamble),
    PreambleAll,
    MeasureValue,
    MeasureUnits,
    SlotValue,
    SlotUnits,
    SlotCount,
    SlotDeviation,
    Learn,
    Save,
    Recall,
    Identity,
    Factory,
    Done,
    Unit,
    DataInit,
    Snapshot,
    /// The screen as an image.
    Screen,
    /// A file, for which there is no drive.
    Drive,
    /// A measurement of the last snapshot.
    Snapped(Parameter),
    /// Between two cursors.
    Delta(Key),
    AliasCatalog,
    AliasDefine,
    /// `*DDT`.
    OnTrigger,
    /// `*PUD`.
    UserData,
    AliasDelete,
    AliasClear,
    /// A row of [`FIXED`].
    Fixed(u16),
}

impl Key {
    /// Words that stand for numbers.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others know none")]
    pub(crate) fn words(self) -> &'static [(&'static str, f64)] {
        match self {
            Key::Level | Key::TriggerLevel => &[("TTL", 1.4), ("ECL", -1.3)],
            Key::Termination => &[("FIFty", 50.0), ("MEG", 1e6)],
            Key::Bandwidth => &[
                ("FULl", FULL_BANDWIDTH),
                ("TWEnty", 20e6),
                ("TWOfifty", 250e6),
                ("ONEfifty", 150e6),
            ],
            Key::Envelopes => &[("INFInite", 2e9)],
            _ => &[],
        }
    }
}

/// A field of the waveform preamble (WFMOutpre).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Preamble {
    Bytes,
    Bits,
    Encoding,
    Format,
    Order,
    Name,
    Points,
    PointFormat,
    PointOrder,
    XUnit,
    XIncrement,
    XZero,
    PointOffset,
    YUnit,
    YMultiplier,
    YOffset,
    YZero,
}

const V: Form = Form::Nr3(4);
/// Hz.
const FULL_BANDWIDTH: f64 = 1e9;

/// Anything in the unit of the setting.
pub(super) const NUMBER: Kind = number("", (-1e37, 1e37), 0.0, V);
pub(super) const INTEGER: Kind = number("", (0.0, 1e9), 1.0, Form::Nr1);
/// A threshold.
pub(super) const LEVEL: Kind = number("V|A", (-1e5, 1e5), 0.0, V);
pub(super) const SWITCH: Kind = Switch(false);
pub(super) const TEXT: Kind = Text("");
pub(super) const CHANNEL: Kind = Choice(&["CH1", "CH2", "CH3", "CH4"]);
/// Waveforms; those behind the channels are empty here.
pub(super) const TRACES: Kind = Choice(&[
    "CH1",
    "CH2",
    "CH3",
    "CH4",
    "MATH1|MATH",
    "REF1|R1",
    "REF2|R2",
    "REF3|R3",
    "REF4|R4",
    "HIStogram",
    "AUTO",
]);

/// Measurements that stand on the display.
pub(crate) const SLOTS: usize = 8;
/// Analogue channels.
pub(crate) const CHANNELS: usize = 4;
/// Record lengths, points.
pub(crate) const LENGTHS: [f64; 6] = [1e3, 1e4, 1e5, 1e6, 5e6, 1e7];

pub(super) const SOURCES: Kind = Choice(&["CH1", "CH2", "CH3", "CH4", "LINE", "AUX", "EXT"]);
/// Types of measurement. Those behind [`PARAMETERS`] compare two sources.
const MEASURES: Kind = Choice(&[
    "FREQuency",
    "PERIod",
    "MEAN",
    "PK2Pk",
    "RMS",
    "MAXimum",
    "MINImum",
    "AMPlitude",
    "HIGH",
    "LOW",
    "CRMs",
    "CMEan",
    "RISe",
    "FALL",
    "PWIdth",
    "NWIdth",
    "PDUty",
    "NDUty",
    "AREa",
    "CARea",
    "POVershoot",
    "NOVershoot",
    "BURst",
    "STDdev",
    "PEDGECount",
    "NEDGECount",
    "PPULSECount",
    "NPULSECount",
    "PHAse",
    "DELay",
    // of the histogram, which is off
    "HITS",
    "MEDian",
    "PEAKHits",
    "SIGMA1",
    "SIGMA2",
    "SIGMA3",
    "WAVEFORMS",
]);

/// What the types measure, in their order.
pub(crate) const PARAMETERS: [M; 28] = [
    M::Hertz,
    M::Period,
    M::Mean,
    M::PeakToPeak,
    M::Rms,
    M::Most,
    M::Least,
    M::Amplitude,
    M::High,
    M::Low,
    M::CycleRms,
    M::CycleMean,
    M::Rise,
    M::Fall,
    M::PositiveWidth,
    M::NegativeWidth,
    M::PositiveDuty,
    M::NegativeDuty,
    M::Area,
    M::CycleArea,
    M::Overshoot,
    M::Undershoot,
    M::Burst,
    M::Deviation,
    M::Pulses,
    M::Falls,
    M::PositivePulses,
    M::NegativePulses,
];

/// All settings.
pub(crate) const SETTINGS: &[Row<Key>] = &joined::<{ OWN.len() + EVENTS.len() + KEPT.len() }>();

const fn joined<const ROWS: usize>() -> [Row<Key>; ROWS] {
    let mut all = [OWN[0]; ROWS];
    let tables = [OWN, EVENTS, KEPT];
    let (mut table, mut at) = (0, 0);
    while table < tables.len() {
        let mut row = 0;
        while row < tables[table].len() {
            all[at] = tables[table][row];
            row += 1;
            at += 1;
        }
        table += 1;
    }
    all
}

/// Every command; below a node its settings come first.
pub(crate) fn all() -> Vec<(&'static str, Command, Use)> {
    let mut all = TABLE.to_vec();
    all.extend(patterns(SETTINGS, C::Setting));
    all.extend(IDLE.iter().map(|pattern| (*pattern, C::Done, Set)));
    let fixed = FIXED.iter().zip(0..);
    all.extend(fixed.map(|((pattern, _), row)| (*pattern, C::Fixed(row), Both)));
    all
}

/// Settings (Vertical, Horizontal, Trigger, Acquisition, Waveform Transfer, Measurement,
/// Miscellaneous).
#[rustfmt::skip]
const OWN: &[Row<Key>] = &[
    ("CH<n>:SCAle CH<n>:VOLts", Key::Scale, number("V|A", (1e-3, 1e4), 0.1, V)),
    ("CH<n>:POSition", Key::Position, number("DIV", (-8.0, 8.0), 0.0, V)),
    ("CH<n>:OFFSet", Key::Offset, number("V|A", (-1e5, 1e5), 0.0, V)),
    ("CH<n>:COUPling", Key::Coupling, Choice(&["DC", "AC", "DCREJect", "GND"])),
    ("CH<n>:BANdwidth", Key::Bandwidth, number("HZ", (1.0, FULL_BANDWIDTH), FULL_BANDWIDTH, V)),
    ("CH<n>:TERmination CH<n>:IMPedance", Key::Termination, number("OHM", (50.0, 1e6), 1e6, V)),
    ("CH<n>:INVert", Key::Kept, Switch(false)),
    ("CH<n>:DESKew", Key::Kept, number("S", (-1e-7, 1e-7), 0.0, V)),
    ("CH<n>:LABel", Key::Kept, Text("")),
    ("CH<n>:YUNits", Key::Kept, Text("V")),
    ("CH<n>:PRObe:GAIN", Key::Kept, number("", (1e-6, 1e4), 1.0, V)),
    ("CH<n>:PROBEFunc:EXTAtten", Key::Kept, number("", (1e-6, 1e6), 1.0, V)),
    ("CH<n>:PROBEFunc:EXTUnits", Key::Kept, Text("V")),
    ("CH<n>:AMPSVIAVOLTs:ENAble", Key::Kept, Switch(false)),
    ("CH<n>:AMPSVIAVOLTs:FACtor", Key::Kept, number("", (1e-6, 1e6), 10.0, V)),
    ("SELect:CH<n>", Key::Shown, Switch(true)),
    ("SELect:CONTROl", Key::Selected, TRACES),
    ("HORizontal[:MAIn]:SCAle HORizontal:MAIn:SECdiv", Key::TimeScale, number("S", (1e-9, 1e3), 4e-6, V)),
    ("HORizontal[:MAIn]:POSition", Key::TimePosition, number("%|PCT", (0.0, 100.0), 50.0, V)),
    ("HORizontal:RECOrdlength HORizontal:MODE:RECOrdlength", Key::RecordLength, number("", (1e3, 1e7), 1e4, Form::Nr1)),
    ("HORizontal:MODE", Key::Kept, Choice(&["AUTO", "MANual", "CONStant"])),
    ("HORizontal[:MAIn]:UNIts", Key::Kept, Text("s")),
    ("HORizontal:DELay:MODe", Key::DelayMode, Choice(&["OFF|0", "ON|1"])),
    ("HORizontal:DELay:TIMe", Key::DelayTime, number("S", (-1e2, 1e3), 0.0, V)),
    ("ACQuire:MODe", Key::AcquireMode, Choice(&["SAMple", "PEAKdetect", "HIRes", "AVErage", "ENVelope"])),
    ("ACQuire:NUMAVg", Key::Kept, number("", (2.0, 512.0), 16.0, Form::Nr1)),
    ("ACQuire:NUMEnv", Key::Envelopes, number("", (1.0, 2e9), 16.0, Form::Nr1)),
    ("ACQuire:STOPAfter", Key::StopAfter, Choice(&["RUNSTop", "SEQuence"])),
    ("TRIGger:A:MODe", Key::TriggerMode, Choice(&["AUTO", "NORMal"])),
    ("TRIGger:A:TYPe", Key::Kept, Choice(&["EDGe", "LOGIc", "PULSe", "BUS", "VIDeo"])),
    ("TRIGger:A:EDGE:SOUrce", Key::TriggerSource, SOURCES),
    ("TRIGger:A:EDGE:SLOpe", Key::TriggerSlope, Choice(&["RISe", "FALL", "EITher"])),
    ("TRIGger:A:EDGE:COUPling", Key::Kept, Choice(&["DC", "AC", "HFRej", "LFRej", "NOISErej"])),
    ("TRIGger:A:LEVel TRIGger:A:LEVel:CH<n>", Key::TriggerLevel, number("V|A", (-1e5, 1e5), 0.0, V)),
    ("TRIGger:A:HOLDoff[:TIMe]", Key::Kept, number("S", (0.0, 10.0), 2e-8, V)),
    ("TRIGger:B:STATE", Key::Kept, Switch(false)),
    ("DATa:ENCdg", Key::Encoding, Choice(&["RIBinary|FAStest", "ASCIi", "RPBinary", "SRIbinary", "SRPbinary", "FPBinary", "SFPbinary"])),
    ("DATa:WIDth WFMOutpre:BYT_Nr WFMPre:BYT_Nr", Key::Width, number("", (1.0, 2.0), 1.0, Form::Nr1)),
    ("DATa:SOUrce", Key::DataSource, TRACES),
    ("DATa:STARt", Key::DataStart, number("", (1.0, 1e10), 1.0, Form::Nr1)),
    ("DATa:STOP", Key::DataStop, number("", (1.0, 1e10), 1e4, Form::Nr1)),
    ("DATa:COMPosition", Key::Kept, Choice(&["SINGULAR_YT|SINGular_yt", "COMPosite_yt"])),
    ("DATa:RESOlution", Key::Kept, Choice(&["FULL", "REDUced"])),
    ("MEASUrement:IMMed:TYPe", Key::MeasureKind, MEASURES),
    ("MEASUrement:IMMed:SOUrce|SOUrce1", Key::MeasureSource, TRACES),
    ("MEASUrement:IMMed:SOUrce2", Key::MeasureTo, TRACES),
    ("MEASUrement:MEAS<n>:TYPe", Key::SlotKind, MEASURES),
    ("MEASUrement:MEAS<n>:SOUrce|SOUrce1", Key::SlotSource, TRACES),
    ("MEASUrement:MEAS<n>:SOUrce2", Key::SlotTo, TRACES),
    ("MEASUrement:MEAS<n>:STATE", Key::SlotState, Switch(false)),
    ("MEASUrement:STATIstics:MODe", Key::Kept, Choice(&["ALL|ON", "OFF"])),
    ("MEASUrement:REFLevel:METHod", Key::Kept, Choice(&["PERCent", "ABSolute"])),
    ("MEASUrement:INDICators:STATE", Key::Kept, Choice(&["OFF", "MEAS1", "MEAS2", "MEAS3", "MEAS4", "MEAS5", "MEAS6", "MEAS7", "MEAS8"])),
    ("TRIGger:A:LOWerthreshold:CH<n>", Key::Level, LEVEL),
    ("TRIGger:A:UPPerthreshold:CH<n>", Key::Level, LEVEL),
    ("TRIGger:A:PULse:CLAss", Key::Kept, Choice(&["WIDth", "RUNt", "TRANsition", "TIMEOut"])),
    ("TRIGger:B:MODe|BY", Key::Kept, Choice(&["TIMe", "EVENTS"])),
    ("DISplay:GRAticule", Key::Kept, Choice(&["FULl", "FRAme", "CROSSHair", "GRId", "SOLid"])),
    ("DISplay:STYle:DOTsonly", Key::Kept, Switch(false)),
    ("CURSor:FUNCtion", Key::Kept, Choice(&["OFF", "SCREEN", "WAVEform"])),
    ("CURSor:MODe", Key::Kept, Choice(&["INDependent", "TRACk"])),
    ("SAVe:ASSIgn:TYPe", Key::Kept, Choice(&["SETUp", "IMAGe", "WAVEform"])),
    ("SAVe:WAVEform:FILEFormat", Key::Kept, Choice(&["INTERNal", "SPREADSheet"])),
    ("SAVe:IMAGe:FILEFormat", Key::ImageFormat, Choice(&["PNG", "BMP", "TIFf"])),
    ("SAVe:IMAGe:INKSaver HARDCopy:INKSaver", Key::InkSaver, Switch(false)),
    ("LANGuage", Key::Kept, Choice(&["ENGLish", "FRENch", "GERMan", "ITALian", "SPANish", "PORTUguese", "JAPAnese", "KOREan", "RUSSian", "SIMPlifiedchinese", "TRADitionalchinese"])),
    ("MEASUrement:GATing", Key::Kept, Choice(&["OFF", "SCREen", "CURSor"])),
    ("MEASUrement:METHod", Key::Kept, Choice(&["AUTO", "HIStogram", "MINMax"])),
    ("HEADer HDR", Key::Header, Switch(true)),
    ("VERBose", Key::Verbose, Switch(true)),
    ("LOCk", Key::Kept, Choice(&["NONe", "ALL"])),
    ("DISplay:PERSistence", Key::Kept, Plain("OFF")),
    ("DISplay:INTENSITy:WAVEform", Key::Kept, number("", (1.0, 100.0), 35.0, Form::Nr1)),
    ("MESSage:SHOW", Key::Kept, Text("")),
    ("MESSage:STATE", Key::Kept, Switch(false)),
    ("DATE", Key::Kept, Text("2025-01-01")),
    ("TIMe", Key::Kept, Text("00:00:00")),
    ("ZOOm:STATE ZOOm:MODe", Key::Kept, Switch(false)),
];

use Command as C;
use Preamble as P;

/// Everything else.
#[rustfmt::skip]
pub(crate) const TABLE: &[(&str, Command, Use)] = &[
    ("ACQuire:STATE", C::AcquireState, Both),
    ("ACQuire:NUMACq", C::Acquisitions, Query),
    ("ACQuire:MAXSamplerate", C::MaxRate, Query),
    ("HORizontal[:MAIn|MODE]:SAMPLERate", C::SampleRate, Both),
    ("CH<n>:PRObe:UNIts", C::Unit, Query),
    ("TRIGger:STATE", C::TriggerState, Query),
    ("TRIGger", C::Trigger, Set),
    ("TRIGger:A", C::SetLevel, Set),
    ("BUSY", C::Busy, Query),
    ("AUTOSet", C::AutoSet, Set),
    ("FPAnel:PRESS", C::Front, Set),
    ("CURVe", C::Curve, Query),
    ("WAVFrm", C::Wave, Query),
    ("DATa", C::DataInit, Set),
    ("WFMOutpre|WFMPre", C::PreambleAll, Query),
    ("WFMOutpre|WFMPre:BIT_Nr", C::Preamble(P::Bits), Both),
    ("WFMOutpre|WFMPre:ENCdg", C::Preamble(P::Encoding), Both),
    ("WFMOutpre|WFMPre:BN_Fmt", C::Preamble(P::Format), Both),
    ("WFMOutpre|WFMPre:BYT_Or", C::Preamble(P::Order), Both),
    ("WFMOutpre|WFMPre:WFId", C::Preamble(P::Name), Query),
    ("WFMOutpre|WFMPre:NR_Pt", C::Preamble(P::Points), Query),
    ("WFMOutpre|WFMPre:PT_Fmt", C::Preamble(P::PointFormat), Query),
    ("WFMOutpre|WFMPre:PT_ORder", C::Preamble(P::PointOrder), Query),
    ("WFMOutpre|WFMPre:XUNit", C::Preamble(P::XUnit), Query),
    ("WFMOutpre|WFMPre:XINcr", C::Preamble(P::XIncrement), Query),
    ("WFMOutpre|WFMPre:XZEro", C::Preamble(P::XZero), Query),
    ("WFMOutpre|WFMPre:PT_Off", C::Preamble(P::PointOffset), Query),
    ("WFMOutpre|WFMPre:YUNit", C::Preamble(P::YUnit), Query),
    ("WFMOutpre|WFMPre:YMUlt", C::Preamble(P::YMultiplier), Query),
    ("WFMOutpre|WFMPre:YOFf", C::Preamble(P::YOffset), Query),
    ("WFMOutpre|WFMPre:YZEro", C::Preamble(P::YZero), Query),
    ("MEASUrement:IMMed:VALue", C::MeasureValue, Query),
    ("MEASUrement:IMMed:UNIts", C::MeasureUnits, Query),
    ("MEASUrement:MEAS<n>:VALue|MEAN|MAXimum|MINImum", C::SlotValue, Query),
    ("MEASUrement:MEAS<n>:UNIts", C::SlotUnits, Query),
    ("MEASUrement:MEAS<n>:COUNt", C::SlotCount, Query),
    ("MEASUrement:MEAS<n>:STDdev", C::SlotDeviation, Query),
    ("MEASUrement:STATIstics", C::Done, Set),
    ("MEASUrement:SNAPShot", C::Snapshot, Set),
    ("MEASUrement:SNAPShot:FREQuency", C::Snapped(M::Hertz), Both),
    ("MEASUrement:SNAPShot:PERIod", C::Snapped(M::Period), Both),
    ("MEASUrement:SNAPShot:MEAN", C::Snapped(M::Mean), Both),
    ("MEASUrement:SNAPShot:PK2Pk", C::Snapped(M::PeakToPeak), Both),
    ("MEASUrement:SNAPShot:RMS", C::Snapped(M::Rms), Both),
    ("MEASUrement:SNAPShot:MAXimum", C::Snapped(M::Most), Both),
    ("MEASUrement:SNAPShot:MINImum", C::Snapped(M::Least), Both),
    ("MEASUrement:SNAPShot:AMPlitude", C::Snapped(M::Amplitude), Both),
    ("MEASUrement:SNAPShot:HIGH", C::Snapped(M::High), Both),
    ("MEASUrement:SNAPShot:LOW", C::Snapped(M::Low), Both),
    ("MEASUrement:SNAPShot:CRMs", C::Snapped(M::CycleRms), Both),
    ("MEASUrement:SNAPShot:CMEan", C::Snapped(M::CycleMean), Both),
    ("MEASUrement:SNAPShot:RISe", C::Snapped(M::Rise), Both),
    ("MEASUrement:SNAPShot:FALL", C::Snapped(M::Fall), Both),
    ("MEASUrement:SNAPShot:PWIdth", C::Snapped(M::PositiveWidth), Both),
    ("MEASUrement:SNAPShot:NWIdth", C::Snapped(M::NegativeWidth), Both),
    ("MEASUrement:SNAPShot:PDUty", C::Snapped(M::PositiveDuty), Both),
    ("MEASUrement:SNAPShot:NDUty", C::Snapped(M::NegativeDuty), Both),
    ("MEASUrement:SNAPShot:AREa", C::Snapped(M::Area), Both),
    ("MEASUrement:SNAPShot:CARea", C::Snapped(M::CycleArea), Both),
    ("MEASUrement:SNAPShot:POVershoot", C::Snapped(M::Overshoot), Both),
    ("MEASUrement:SNAPShot:NOVershoot", C::Snapped(M::Undershoot), Both),
    ("MEASUrement:SNAPShot:BURst", C::Snapped(M::Burst), Both),
    ("MEASUrement:SNAPShot:STDdev", C::Snapped(M::Deviation), Both),
    ("MEASUrement:SNAPShot:PEDGECount", C::Snapped(M::Pulses), Both),
    ("MEASUrement:SNAPShot:NEDGECount", C::Snapped(M::Falls), Both),
    ("MEASUrement:SNAPShot:PPULSECount", C::Snapped(M::PositivePulses), Both),
    ("MEASUrement:SNAPShot:NPULSECount", C::Snapped(M::NegativePulses), Both),
    ("CURSor:HBArs:DELTa", C::Delta(Key::HorizontalBars), Query),
    ("CURSor:VBArs:DELTa", C::Delta(Key::VerticalBars), Query),
    ("SET", C::Learn, Query),
    ("*LRN", C::Learn, Query),
    ("*DDT", C::OnTrigger, Both),
    ("*PUD", C::UserData, Both),
    ("ALIas:CATalog", C::AliasCatalog, Query),
    ("ALIas:DEFine", C::AliasDefine, Both),
    ("ALIas:DELEte[:NAMe]", C::AliasDelete, Set),
    ("ALIas:DELEte:ALL", C::AliasClear, Set),
    ("HARDCopy", C::Screen, Set),
    ("SAVe:SETUp", C::Save, Set),
    ("SAVe:IMAGe|WAVEform", C::Drive, Set),
    ("RECAll:WAVEform|MASK", C::Drive, Set),
    ("RECAll:SETUp:DEMO<n>", C::Factory, Set),
    ("FILESystem:COPy|CWD|DELEte|FORMat|MKDir|READFile|REName|RMDir|WRITEFile", C::Drive, Set),
    ("FILESystem:MOUNT|UNMOUNT:DRIve", C::Drive, Set),
    ("RECAll:SETUp", C::Recall, Set),
    ("ID", C::Identity, Query),
    ("FACtory", C::Factory, Set),
    ("CLEARMenu", C::Done, Set),
    ("UNLock", C::Done, Set),
];
