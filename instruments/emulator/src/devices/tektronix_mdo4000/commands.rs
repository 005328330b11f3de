//! Command tables of the MDO4000/MSO4000/DPO4000 (programmer manual, chapter 2 by groups).

use crate::scpi::pattern::Use::{self, Both, Query, Set};
use crate::scpi::setting::Kind::{Choice, Switch, Text};
use crate::scpi::setting::{Form, Kind, Row, number};

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
    Header,
    Verbose,
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
    Identity,
    Factory,
    Done,
    Unit,
    ChannelAll,
    HorizontalAll,
    TriggerAll,
    AcquireAll,
    DataAll,
    DataInit,
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

/// Analogue channels.
pub(crate) const CHANNELS: usize = 4;
/// Record lengths, points.
pub(crate) const LENGTHS: [f64; 6] = [1e3, 1e4, 1e5, 1e6, 5e6, 1e7];

const SOURCES: Kind = Choice(&["CH1", "CH2", "CH3", "CH4", "LINE", "AUX", "EXT"]);
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
    "PHAse",
    "DELay",
    "AREa",
    "CARea",
    "POVershoot",
    "NOVershoot",
    "BURst",
]);

/// Settings (Vertical, Horizontal, Trigger, Acquisition, Waveform Transfer, Measurement,
/// Miscellaneous).
pub(crate) const SETTINGS: &[Row<Key>] = &[
    (
        "CH<n>:SCAle CH<n>:VOLts",
        Key::Scale,
        number("V|A", (1e-3, 1e4), 0.1, V),
    ),
    (
        "CH<n>:POSition",
        Key::Position,
        number("DIV", (-8.0, 8.0), 0.0, V),
    ),
    (
        "CH<n>:OFFSet",
        Key::Offset,
        number("V|A", (-1e5, 1e5), 0.0, V),
    ),
    ("CH<n>:COUPling", Key::Kept, Choice(&["DC", "AC", "GND"])),
    (
        "CH<n>:BANdwidth",
        Key::Kept,
        Choice(&["FULl", "TWEnty", "TWOfifty", "ONEfifty"]),
    ),
    (
        "CH<n>:TERmination",
        Key::Kept,
        number("OHM", (50.0, 1e6), 1e6, V),
    ),
    ("CH<n>:IMPedance", Key::Kept, Choice(&["MEG", "FIFty"])),
    ("CH<n>:INVert", Key::Kept, Switch(false)),
    (
        "CH<n>:DESKew",
        Key::Kept,
        number("S", (-1e-7, 1e-7), 0.0, V),
    ),
    ("CH<n>:LABel", Key::Kept, Text("")),
    ("CH<n>:YUNits", Key::Kept, Text("V")),
    (
        "CH<n>:PRObe:GAIN",
        Key::Kept,
        number("", (1e-6, 1e4), 1.0, V),
    ),
    (
        "CH<n>:PROBEFunc:EXTAtten",
        Key::Kept,
        number("", (1e-6, 1e6), 1.0, V),
    ),
    ("CH<n>:PROBEFunc:EXTUnits", Key::Kept, Text("V")),
    ("CH<n>:AMPSVIAVOLTs:ENAble", Key::Kept, Switch(false)),
    (
        "CH<n>:AMPSVIAVOLTs:FACtor",
        Key::Kept,
        number("", (1e-6, 1e6), 10.0, V),
    ),
    ("SELect:CH<n>", Key::Shown, Switch(true)),
    ("SELect:CONTROl", Key::Kept, SOURCES),
    (
        "HORizontal[:MAIn]:SCAle HORizontal:MAIn:SECdiv",
        Key::TimeScale,
        number("S", (1e-9, 1e3), 4e-6, V),
    ),
    (
        "HORizontal[:MAIn]:POSition",
        Key::TimePosition,
        number("%|PCT", (0.0, 100.0), 50.0, V),
    ),
    (
        "HORizontal:RECOrdlength HORizontal:MODE:RECOrdlength",
        Key::RecordLength,
        number("", (1e3, 1e7), 1e4, Form::Nr1),
    ),
    (
        "HORizontal:MODE",
        Key::Kept,
        Choice(&["AUTO", "MANual", "CONStant"]),
    ),
    ("HORizontal[:MAIn]:UNIts", Key::Kept, Text("s")),
    (
        "HORizontal:DELay:MODe",
        Key::DelayMode,
        Choice(&["OFF|0", "ON|1"]),
    ),
    (
        "HORizontal:DELay:TIMe",
        Key::DelayTime,
        number("S", (-1e2, 1e3), 0.0, V),
    ),
    (
        "ACQuire:MODe",
        Key::AcquireMode,
        Choice(&["SAMple", "PEAKdetect", "HIRes", "AVErage", "ENVelope"]),
    ),
    (
        "ACQuire:NUMAVg",
        Key::Kept,
        number("", (2.0, 512.0), 16.0, Form::Nr1),
    ),
    (
        "ACQuire:NUMEnv",
        Key::Kept,
        number("", (1.0, 2e9), 16.0, Form::Nr1),
    ),
    (
        "ACQuire:STOPAfter",
        Key::StopAfter,
        Choice(&["RUNSTop", "SEQuence"]),
    ),
    (
        "TRIGger:A:MODe",
        Key::TriggerMode,
        Choice(&["AUTO", "NORMal"]),
    ),
    (
        "TRIGger:A:TYPe",
        Key::Kept,
        Choice(&["EDGe", "LOGIc", "PULSe", "BUS", "VIDeo"]),
    ),
    ("TRIGger:A:EDGE:SOUrce", Key::TriggerSource, SOURCES),
    (
        "TRIGger:A:EDGE:SLOpe",
        Key::TriggerSlope,
        Choice(&["RISe", "FALL", "EITher"]),
    ),
    (
        "TRIGger:A:EDGE:COUPling",
        Key::Kept,
        Choice(&["DC", "AC", "HFRej", "LFRej", "NOISErej"]),
    ),
    (
        "TRIGger:A:LEVel TRIGger:A:LEVel:CH<n>",
        Key::TriggerLevel,
        number("V|A", (-1e5, 1e5), 0.0, V),
    ),
    (
        "TRIGger:A:HOLDoff[:TIMe]",
        Key::Kept,
        number("S", (0.0, 10.0), 2e-8, V),
    ),
    ("TRIGger:B:STATE", Key::Kept, Switch(false)),
    (
        "DATa:ENCdg",
        Key::Encoding,
        Choice(&[
            "RIBinary|FAStest",
            "ASCIi",
            "RPBinary",
            "SRIbinary",
            "SRPbinary",
            "FPBinary",
            "SFPbinary",
        ]),
    ),
    (
        "DATa:WIDth WFMOutpre:BYT_Nr WFMPre:BYT_Nr",
        Key::Width,
        number("", (1.0, 2.0), 1.0, Form::Nr1),
    ),
    (
        "DATa:SOUrce",
        Key::DataSource,
        Choice(&["CH1", "CH2", "CH3", "CH4"]),
    ),
    (
        "DATa:STARt",
        Key::DataStart,
        number("", (1.0, 1e10), 1.0, Form::Nr1),
    ),
    (
        "DATa:STOP",
        Key::DataStop,
        number("", (1.0, 1e10), 1e4, Form::Nr1),
    ),
    (
        "DATa:COMPosition",
        Key::Kept,
        Choice(&["SINGULAR_YT|SINGular_yt", "COMPosite_yt"]),
    ),
    ("DATa:RESOlution", Key::Kept, Choice(&["FULL", "REDUced"])),
    ("MEASUrement:IMMed:TYPe", Key::MeasureKind, MEASURES),
    ("MEASUrement:IMMed:SOUrce<n>", Key::MeasureSource, SOURCES),
    (
        "MEASUrement:GATing",
        Key::Kept,
        Choice(&["OFF", "SCREen", "CURSor"]),
    ),
    (
        "MEASUrement:METHod",
        Key::Kept,
        Choice(&["AUTO", "HIStogram", "MINMax"]),
    ),
    ("HEADer HDR", Key::Header, Switch(true)),
    ("VERBose", Key::Verbose, Switch(true)),
    ("LOCk", Key::Kept, Choice(&["NONe", "ALL"])),
    (
        "DISplay:PERSistence",
        Key::Kept,
        number("S", (-1.0, 10.0), 0.0, V),
    ),
    (
        "DISplay:INTENSITy:WAVEform",
        Key::Kept,
        number("", (1.0, 100.0), 35.0, Form::Nr1),
    ),
    ("MESSage:SHOW", Key::Kept, Text("")),
    ("MESSage:STATE", Key::Kept, Switch(false)),
    ("DATE", Key::Kept, Text("2025-01-01")),
    ("TIME", Key::Kept, Text("00:00:00")),
    ("ZOOm:STATE ZOOm:MODe", Key::Kept, Switch(false)),
];

use Command as C;
use Preamble as P;

/// Everything else.
pub(crate) const TABLE: &[(&str, Command, Use)] = &[
    ("ACQuire:STATE", C::AcquireState, Both),
    ("ACQuire:NUMACq", C::Acquisitions, Query),
    ("ACQuire:MAXSamplerate", C::MaxRate, Query),
    ("ACQuire", C::AcquireAll, Query),
    ("HORizontal[:MAIn|MODE]:SAMPLERate", C::SampleRate, Both),
    ("HORizontal", C::HorizontalAll, Query),
    ("HORizontal:ACQLENGTH", C::HorizontalAll, Query),
    ("CH<n>", C::ChannelAll, Query),
    ("CH<n>:PRObe:UNIts", C::Unit, Query),
    ("TRIGger:STATE", C::TriggerState, Query),
    ("TRIGger", C::Trigger, Set),
    ("TRIGger[:A]", C::TriggerAll, Query),
    ("TRIGger:A", C::SetLevel, Set),
    ("BUSY", C::Busy, Query),
    ("AUTOSet", C::AutoSet, Set),
    ("FPAnel:PRESS", C::Front, Set),
    ("CURVe", C::Curve, Query),
    ("WAVFrm", C::Wave, Query),
    ("DATa", C::DataAll, Query),
    ("DATa", C::DataInit, Set),
    ("WFMOutpre|WFMPre", C::PreambleAll, Query),
    ("WFMOutpre|WFMPre:BIT_Nr", C::Preamble(P::Bits), Query),
    ("WFMOutpre|WFMPre:ENCdg", C::Preamble(P::Encoding), Query),
    ("WFMOutpre|WFMPre:BN_Fmt", C::Preamble(P::Format), Query),
    ("WFMOutpre|WFMPre:BYT_Or", C::Preamble(P::Order), Query),
    ("WFMOutpre|WFMPre:WFId", C::Preamble(P::Name), Query),
    ("WFMOutpre|WFMPre:NR_Pt", C::Preamble(P::Points), Query),
    (
        "WFMOutpre|WFMPre:PT_Fmt",
        C::Preamble(P::PointFormat),
        Query,
    ),
    (
        "WFMOutpre|WFMPre:PT_ORder",
        C::Preamble(P::PointOrder),
        Query,
    ),
    ("WFMOutpre|WFMPre:XUNit", C::Preamble(P::XUnit), Query),
    ("WFMOutpre|WFMPre:XINcr", C::Preamble(P::XIncrement), Query),
    ("WFMOutpre|WFMPre:XZEro", C::Preamble(P::XZero), Query),
    (
        "WFMOutpre|WFMPre:PT_Off",
        C::Preamble(P::PointOffset),
        Query,
    ),
    ("WFMOutpre|WFMPre:YUNit", C::Preamble(P::YUnit), Query),
    ("WFMOutpre|WFMPre:YMUlt", C::Preamble(P::YMultiplier), Query),
    ("WFMOutpre|WFMPre:YOFf", C::Preamble(P::YOffset), Query),
    ("WFMOutpre|WFMPre:YZEro", C::Preamble(P::YZero), Query),
    ("MEASUrement:IMMed:VALue", C::MeasureValue, Query),
    ("MEASUrement:IMMed:UNIts", C::MeasureUnits, Query),
    ("ID", C::Identity, Query),
    ("FACtory", C::Factory, Set),
    ("CLEARMenu", C::Done, Set),
    ("UNLock", C::Done, Set),
];
