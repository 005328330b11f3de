//! Command tables of the MX/RS series (SCPI manual of the MX series, chapter 4; the same tree as
//! the RS, Lx, i-iX and Sequoia series).

use super::measure::Quantity;
use crate::scpi::pattern::Use::{self, Both, Query, Set};
use crate::scpi::setting::Kind::{Choice, Switch};
use crate::scpi::setting::{Form, Kind, Row, number};

/// Settings with a name of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Volts,
    VoltsTriggered,
    VoltRange,
    VoltHigh,
    VoltMode,
    VoltSlew,
    VoltSlewMode,
    Hertz,
    HertzTriggered,
    HertzMode,
    HertzSlew,
    HertzSlewMode,
    Phase,
    Current,
    CurrentTrips,
    CurrentDelay,
    Shape,
    ShapeMode,
    PulseWidth,
    PulsePeriod,
    PulseDuty,
    PulseCount,
    ListCount,
    ListStep,
    TriggerSource,
    SweepOffset,
    /// Clipping of `CSINusoid`, %.
    Clipping,
    /// V dc.
    Offset,
    /// `AC`, `DC` or `ACDC`.
    Mode,
    /// Of the programmed output impedance.
    Impedance,
    /// Ω.
    Resistance,
    /// H.
    Inductance,
    /// Kept per phase, without an effect on the one wired phase.
    PhaseKept,
    /// Kept only.
    Kept,
}

impl Key {
    /// Written to the selected phases only.
    pub(crate) fn per_phase(self) -> bool {
        matches!(
            self,
            Key::Volts
                | Key::VoltsTriggered
                | Key::VoltMode
                | Key::VoltSlew
                | Key::VoltSlewMode
                | Key::Phase
                | Key::Current
                | Key::Shape
                | Key::ShapeMode
                | Key::Clipping
                | Key::Offset
                | Key::Resistance
                | Key::Inductance
                | Key::PhaseKept
        )
    }
}

/// Commands that are not settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// A row of [`SETTINGS`].
    Setting(u16),
    Output,
    ProtectionClear,
    Couple,
    Select,
    SelectName,
    Abort,
    Initiate,
    /// 1 is the transient system, 3 the acquisition.
    InitiateSequence,
    /// `TRANsient`, or `ACQuire`.
    InitiateNamed,
    /// Conditions of the phases, which share the unit's register.
    PhaseSummary,
    InitiateContinuous,
    TriggerNow,
    TriggerState,
    List(List),
    ListPoints(List),
    Measure(Quantity),
    Array(Quantity),
    /// Amplitudes of the harmonics, the direct part first.
    HarmonicArray(Quantity),
    /// Their phases.
    PhaseArray(Quantity),
    Harmonic(Quantity),
    HarmonicPhase(Quantity),
    Distortion(Quantity),
    SweepInterval,
    Limit(Bound),
    TraceCatalog,
    TraceDefine,
    TraceData,
    TraceDelete,
    Remote,
}

/// What the unit can do at most (`LIMit`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    Volts,
    Amps,
    LeastHertz,
    MostHertz,
    Degrees,
}

impl Bound {
    /// V, A, Hz or degrees.
    pub(crate) fn value(self) -> f64 {
        match self {
            Bound::Volts => V.1,
            Bound::Amps => MOST_AMPS,
            Bound::LeastHertz => HZ.0,
            Bound::MostHertz => HZ.1,
            Bound::Degrees => 360.0,
        }
    }
}

/// An array of the transient list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    Dwell,
    Hertz,
    HertzSlew,
    Volts,
    VoltSlew,
    Offset,
    Phase,
    Current,
    Shape,
    Repeat,
    Trigger,
}

/// Volts of the high range, L-N.
pub(crate) const HIGH_RANGE: f64 = 300.0;
/// Volts of the low range.
pub(crate) const LOW_RANGE: f64 = 150.0;
/// A slew at or above this is a step (the default, `MAX`).
pub(crate) const FASTEST: f64 = 1e9;
/// What infinity may be written as (SCPI-99, volume 1, 7.2.1.4).
pub(crate) const INFINITE: f64 = 9.9e37;
/// Current per phase in the high range, A.
pub(crate) const MOST_AMPS: f64 = 66.67;

/// Replies are plain decimals (`<NR2>`).
const N: Form = Form::Nr2(4);
const MODES: Kind = Choice(&["FIXed", "STEP", "PULSe", "LIST", "SENSe"]);
const V: (f64, f64) = (0.0, HIGH_RANGE);
const HZ: (f64, f64) = (16.0, 819.0);
const SLEW: (f64, f64) = (1e-3, INFINITE);
/// Names of waveforms are looked up in the catalogue: any name is taken.
const SHAPES: Kind = Kind::Text("SINE");

/// Settings (4.5–4.17: SOURce; 4.4: OUTPut; 4.10: PULSe; 4.18: TRIGger; 4.3: SENSe; 4.21 ff.).
#[rustfmt::skip]
pub(crate) const SETTINGS: &[Row<Key>] = &[
    ("[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude][:AC]", Key::Volts, number("V", V, 0.0, N)),
    ("[SOURce:]VOLTage[:LEVel]:TRIGgered[:AMPLitude]", Key::VoltsTriggered, number("V", V, 0.0, N)),
    ("[SOURce:]VOLTage:RANGe[:LEVel]", Key::VoltRange, number("V", V, HIGH_RANGE, N)),
    ("[SOURce:]VOLTage:HIGH", Key::VoltHigh, number("V", (0.0, 425.0), 425.0, N)),
    ("[SOURce:]VOLTage:LOW", Key::Kept, number("V", (-425.0, 0.0), -425.0, N)),
    ("[SOURce:]VOLTage:MODE", Key::VoltMode, MODES),
    ("[SOURce:]VOLTage:SLEW[:IMMediate]", Key::VoltSlew, number("V/S", SLEW, FASTEST, N)),
    ("[SOURce:]VOLTage:SLEW:MODE", Key::VoltSlewMode, MODES),
    ("[SOURce:]VOLTage:SLEW:TRIGgered", Key::PhaseKept, number("V/S", SLEW, FASTEST, N)),
    ("[SOURce:]VOLTage:OFFSet[:IMMediate]", Key::Offset, number("V", (-425.0, 425.0), 0.0, N)),
    ("[SOURce:]VOLTage:OFFSet:SLEW[:IMMediate]", Key::PhaseKept, number("V/S", SLEW, FASTEST, N)),
    ("[SOURce:]VOLTage:OFFSet:SLEW:MODE", Key::PhaseKept, MODES),
    ("[SOURce:]VOLTage:OFFSet:MODE", Key::PhaseKept, MODES),
    ("[SOURce:]VOLTage:OFFSet:TRIGgered", Key::PhaseKept, number("V", (-425.0, 425.0), 0.0, N)),
    ("[SOURce:]VOLTage:ALC[:STATe]", Key::Kept, Choice(&["ON|1", "OFF|0", "REGulate"])),
    ("[SOURce:]VOLTage:SENSe[:SOURce]", Key::Kept, Choice(&["INTernal", "EXTernal"])),
    ("[SOURce:]MODE", Key::Mode, Choice(&["AC", "DC", "ACDC"])),
    ("[SOURce:]FREQuency[:CW|FIXed][:IMMediate]", Key::Hertz, number("HZ", HZ, 60.0, N)),
    ("[SOURce:]FREQuency:TRIGgered", Key::HertzTriggered, number("HZ", HZ, 60.0, N)),
    ("[SOURce:]FREQuency:MODE", Key::HertzMode, MODES),
    ("[SOURce:]FREQuency:SLEW[:IMMediate]", Key::HertzSlew, number("HZ/S", SLEW, FASTEST, N)),
    ("[SOURce:]FREQuency:SLEW:MODE", Key::HertzSlewMode, MODES),
    ("[SOURce:]FREQuency:SLEW:TRIGgered", Key::Kept, number("HZ/S", SLEW, FASTEST, N)),
    ("[SOURce:]FREQuency:LIMit", Key::Kept, number("HZ", HZ, 819.0, N)),
    ("[SOURce:]PHASe[:ADJust][:IMMediate]", Key::Phase, number("DEG", (-360.0, 360.0), 0.0, N)),
    ("[SOURce:]PHASe:MODE", Key::PhaseKept, MODES),
    ("[SOURce:]PHASe:TRIGgered", Key::PhaseKept, number("DEG", (-360.0, 360.0), 0.0, N)),
    ("[SOURce:]CURRent[:LEVel][:IMMediate][:AMPLitude]", Key::Current, number("A", (0.0, MOST_AMPS), MOST_AMPS, N)),
    ("[SOURce:]CURRent:TRIGgered", Key::PhaseKept, number("A", (0.0, MOST_AMPS), MOST_AMPS, N)),
    ("[SOURce:]CURRent:MODE", Key::PhaseKept, MODES),
    ("[SOURce:]CURRent:PROTection:STATe", Key::CurrentTrips, Switch(true)),
    ("[SOURce:]CURRent:PROTection:DELay OUTPut:PROTection:DELay", Key::CurrentDelay, number("S", (0.1, 5.0), 0.1, N)),
    ("[SOURce:]FUNCtion[:SHAPe][:IMMediate]", Key::Shape, SHAPES),
    ("[SOURce:]FUNCtion:MODE", Key::ShapeMode, MODES),
    ("[SOURce:]FUNCtion:TRIGgered", Key::PhaseKept, SHAPES),
    ("[SOURce:]FUNCtion[:SHAPe]:CSINusoid", Key::Clipping, number("PCT|%", (0.0, 43.0), 0.0, N)),
    ("[SOURce:]PULSe:WIDTh", Key::PulseWidth, number("S", (1e-4, 1e6), 0.01, N)),
    ("[SOURce:]PULSe:PERiod", Key::PulsePeriod, number("S", (1e-4, 1e6), 1.0, N)),
    ("[SOURce:]PULSe:DCYCle", Key::PulseDuty, number("PCT|%", (0.0, 100.0), 1.0, N)),
    ("[SOURce:]PULSe:COUNt", Key::PulseCount, number("", (1.0, 2e8), 1.0, Form::Nr1)),
    ("[SOURce:]PULSe:HOLD", Key::Kept, Choice(&["WIDTh", "DCYCle"])),
    ("[SOURce:]LIST:COUNt", Key::ListCount, number("", (1.0, 2e8), 1.0, Form::Nr1)),
    ("[SOURce:]LIST:STEP", Key::ListStep, Choice(&["AUTO", "ONCE"])),
    ("TRIGger[:TRANsient|SEQuence1]:SOURce", Key::TriggerSource, Choice(&["IMMediate", "BUS", "TTLTrg", "EXTernal"])),
    ("TRIGger:ACQuire|SEQuence3:SOURce", Key::Kept, Choice(&["BUS", "IMMediate", "TTLTrg", "PHASe"])),
    ("TRIGger:SYNChronize:SOURce", Key::Kept, Choice(&["IMMediate", "PHASe"])),
    ("TRIGger:SYNChronize:PHASe", Key::Kept, number("DEG", (-360.0, 360.0), 0.0, N)),
    ("TRIGger:DELay", Key::Kept, number("S", (0.0, 1e3), 0.0, N)),
    ("SENSe:SWEep:OFFSet[:POINts]", Key::SweepOffset, number("", (-4096.0, 2e9), 0.0, Form::Nr1)),
    ("OUTPut:TTLTrg[:STATe]", Key::Kept, Switch(false)),
    ("OUTPut:TTLTrg:MODE", Key::Kept, Choice(&["TRIG", "FSTRobe", "PULSe"])),
    ("OUTPut:TTLTrg:SOURce", Key::Kept, Choice(&["BOT", "EOT", "LIST"])),
    ("OUTPut:RI[:LEVel]", Key::Kept, Choice(&["HIGH", "LOW"])),
    ("OUTPut:RI:MODE", Key::Kept, Choice(&["OFF", "LATChing", "LIVE"])),
    ("OUTPut:DFI[:STATe]", Key::Kept, Switch(false)),
    ("OUTPut:DFI:SOURce", Key::Kept, Choice(&["QUEStionable", "OPERation", "ESB", "RQS", "OFF"])),
    ("OUTPut:COUPling", Key::Kept, Choice(&["AC", "DC", "ACDC"])),
    ("OUTPut:PON:STATe", Key::Kept, Choice(&["RST", "RCL0"])),
    ("SENSe:WINDow[:TYPE]", Key::Kept, Choice(&["KBESsel", "RECTangular"])),
    ("DISPlay:MODE", Key::Kept, Choice(&["NORMal", "TEXT"])),
    ("SYSTem:CONFigure", Key::Kept, Choice(&["NORMal", "IEC"])),
    ("PONSetup:NVOLt", Key::Kept, number("V", V, 0.0, N)),
    ("OUTPut:IMPedance[:STATe]", Key::Impedance, Switch(false)),
    ("OUTPut:IMPedance:REAL", Key::Resistance, number("OHM", (-1.0, 1.0), 0.0, N)),
    ("OUTPut:IMPedance:REACtive", Key::Inductance, number("H", (-0.001, 0.001), 0.0, N)),
    ("REGenerate:STATe", Key::Kept, Switch(false)),
    ("REGenerate:UNDer[:VOLTage]", Key::Kept, number("V", V, 0.0, N)),
    ("REGenerate:OVER[:VOLTage]", Key::Kept, number("V", V, HIGH_RANGE, N)),
    ("REGenerate:DEViate:FREQuency", Key::Kept, number("HZ", (0.0, 5.0), 0.0, N)),
    ("REGenerate:DELay:FREQuency", Key::Kept, number("S", (0.25, 10.0), 0.25, N)),
    ("PONSetup:VOLTage", Key::Kept, number("V", V, 0.0, N)),
    ("PONSetup:FREQuency", Key::Kept, number("HZ", HZ, 60.0, N)),
    ("PONSetup:CURRent", Key::Kept, number("A", (0.0, MOST_AMPS), MOST_AMPS, N)),
    ("PONSetup:VRANge|RANGe", Key::Kept, number("V", V, LOW_RANGE, N)),
    ("PONSetup:PHASe", Key::Kept, number("DEG", (-360.0, 360.0), 0.0, N)),
    ("PONSetup:WAVeform|FSHape|SHAPe", Key::Kept, SHAPES),
    ("PONSetup:NFREquency", Key::Kept, number("HZ", HZ, 60.0, N)),
    ("PONSetup:VSENse", Key::Kept, Choice(&["INTernal", "EXTernal"])),
    ("PONSetup:ILIMit", Key::Kept, number("A", (0.0, MOST_AMPS), MOST_AMPS, N)),
    ("PONSetup:OMODe", Key::Kept, Choice(&["AC", "DC", "ACDC"])),
    ("PONSetup:KEYLock", Key::Kept, Switch(false)),
    ("SYSTem:LANGuage", Key::Kept, Choice(&["SCPI", "APE"])),
    ("SYSTem:KLOCk", Key::Kept, Switch(false)),
    ("TRIGger:COUNt", Key::Kept, number("", (1.0, 2e8), 1.0, Form::Nr1)),
    ("TRIGger:PHASe", Key::Kept, number("DEG", (-360.0, 360.0), 0.0, N)),
    ("SENSe:THDMode", Key::Kept, Choice(&["FUNDamental", "RMS"])),
    ("SENSe:CURRent:ACDC:RANGe[:UPPer]", Key::Kept, number("A", (0.0, MOST_AMPS * 4.0), MOST_AMPS * 4.0, N)),
    ("STATus:QUEStionable:INSTrument:ENABle", Key::Kept, number("", (0.0, 32_767.0), 0.0, Form::Nr1)),
    ("STATus:QUEStionable:INSTrument:ISUMmary<n>:ENABle", Key::PhaseKept, number("", (0.0, 32_767.0), 0.0, Form::Nr1)),
    ("PONSetup:OUTPut[:STATe]", Key::Kept, Switch(false)),
    ("PONSetup:CLIMit", Key::Kept, Choice(&["CV", "CC"])),
    ("PONSetup:CLOCk", Key::Kept, Choice(&["STANdalone", "MASTer", "AUXiliary"])),
    ("PONSetup:ALC|VALC[:STATe]", Key::Kept, Switch(true)),
    ("PONSetup:RELay", Key::Kept, Switch(true)),
    ("PONSetup:HOLD", Key::Kept, number("S", (0.0, 1.0), 0.0, N)),
    ("SYSTem:CONFigure:NOUTputs", Key::Kept, number("", (1.0, 3.0), 3.0, Form::Nr1)),
    ("DISPlay[:STATe]", Key::Kept, Switch(true)),
];

use Command as C;
use Quantity as Q;

/// Everything else (4.2: INSTrument, MEASure, OUTPut; 4.9: LIST; 4.17: TRACe; 4.18: TRIGger).
#[rustfmt::skip]
pub(crate) const TABLE: &[(&str, Command, Use)] = &[
    ("OUTPut:PROTection:CLEar", C::ProtectionClear, Set),
    ("OUTPut[:STATe]", C::Output, Both),
    ("INSTrument:COUPle", C::Couple, Both),
    ("INSTrument:NSELect", C::Select, Both),
    ("INSTrument[:SELect]", C::SelectName, Both),
    ("ABORt", C::Abort, Set),
    ("INITiate[:IMMediate][:TRANsient]", C::Initiate, Set),
    ("INITiate[:IMMediate]:SEQuence<n>", C::InitiateSequence, Set),
    ("INITiate[:IMMediate]:ACQuire", C::Remote, Set),
    ("INITiate[:IMMediate]:NAME", C::InitiateNamed, Set),
    ("STATus:QUEStionable:INSTrument[:EVENt]", C::PhaseSummary, Query),
    ("STATus:QUEStionable:INSTrument:ISUMmary<n>[:EVENt]", C::PhaseSummary, Query),
    ("STATus:QUEStionable:INSTrument:ISUMmary<n>:CONDition", C::PhaseSummary, Query),
    ("INITiate:CONTinuous:SEQuence<n>", C::InitiateContinuous, Both),
    ("INITiate:CONTinuous", C::InitiateContinuous, Both),
    ("TRIGger[:TRANsient|SEQuence1][:IMMediate]", C::TriggerNow, Set),
    ("TRIGger:ACQuire|SEQuence3[:IMMediate]", C::Remote, Set),
    ("TRIGger:STATe", C::TriggerState, Query),
    ("[SOURce:]LIST:DWELl", C::List(List::Dwell), Both),
    ("[SOURce:]LIST:DWELl:POINts", C::ListPoints(List::Dwell), Query),
    ("[SOURce:]LIST:FREQuency[:LEVel]", C::List(List::Hertz), Both),
    ("[SOURce:]LIST:FREQuency:POINts", C::ListPoints(List::Hertz), Query),
    ("[SOURce:]LIST:FREQuency:SLEW", C::List(List::HertzSlew), Both),
    ("[SOURce:]LIST:FREQuency:SLEW:POINts", C::ListPoints(List::HertzSlew), Query),
    ("[SOURce:]LIST:VOLTage[:LEVel]", C::List(List::Volts), Both),
    ("[SOURce:]LIST:VOLTage:POINts", C::ListPoints(List::Volts), Query),
    ("[SOURce:]LIST:VOLTage:SLEW", C::List(List::VoltSlew), Both),
    ("[SOURce:]LIST:VOLTage:SLEW:POINts", C::ListPoints(List::VoltSlew), Query),
    ("[SOURce:]LIST:VOLTage:OFFSet", C::List(List::Offset), Both),
    ("[SOURce:]LIST:VOLTage:OFFSet:POINts", C::ListPoints(List::Offset), Query),
    ("[SOURce:]LIST:PHASe", C::List(List::Phase), Both),
    ("[SOURce:]LIST:PHASe:POINts", C::ListPoints(List::Phase), Query),
    ("[SOURce:]LIST:CURRent", C::List(List::Current), Both),
    ("[SOURce:]LIST:CURRent:POINts", C::ListPoints(List::Current), Query),
    ("[SOURce:]LIST:FUNCtion[:SHAPe]", C::List(List::Shape), Both),
    ("[SOURce:]LIST:FUNCtion[:SHAPe]:POINts", C::ListPoints(List::Shape), Query),
    ("[SOURce:]LIST:REPeat[:COUNt]", C::List(List::Repeat), Both),
    ("[SOURce:]LIST:REPeat:POINts", C::ListPoints(List::Repeat), Query),
    ("[SOURce:]LIST:TTLTrg", C::List(List::Trigger), Both),
    ("[SOURce:]LIST:TTLTrg:POINts", C::ListPoints(List::Trigger), Query),
    ("MEASure|FETCh[:SCALar]:VOLTage[:ACDC]", C::Measure(Q::Volts), Query),
    ("MEASure|FETCh[:SCALar]:VOLTage:AC", C::Measure(Q::Volts), Query),
    ("MEASure|FETCh[:SCALar]:VOLTage:DC", C::Measure(Q::OffsetVolts), Query),
    ("MEASure|FETCh[:SCALar]:VOLTage:HARMonic[:AMPLitude]", C::Harmonic(Q::Volts), Query),
    ("MEASure|FETCh[:SCALar]:VOLTage:HARMonic:PHASe", C::HarmonicPhase(Q::Volts), Query),
    ("MEASure|FETCh[:SCALar]:VOLTage:HARMonic:THD", C::Distortion(Q::Volts), Query),
    ("MEASure|FETCh[:SCALar]:CURRent[:ACDC]", C::Measure(Q::Amps), Query),
    ("MEASure|FETCh[:SCALar]:CURRent:AC", C::Measure(Q::Amps), Query),
    ("MEASure|FETCh[:SCALar]:CURRent:DC", C::Measure(Q::Zero), Query),
    ("MEASure|FETCh[:SCALar]:CURRent:AMPLitude:MAXimum", C::Measure(Q::PeakAmps), Query),
    ("MEASure|FETCh[:SCALar]:CURRent:AMPLitude:RESet", C::Remote, Set),
    ("MEASure|FETCh[:SCALar]:CURRent:CREStfactor", C::Measure(Q::Crest), Query),
    ("MEASure|FETCh[:SCALar]:CURRent:HARMonic[:AMPLitude]", C::Harmonic(Q::Amps), Query),
    ("MEASure|FETCh[:SCALar]:CURRent:HARMonic:PHASe", C::HarmonicPhase(Q::Amps), Query),
    ("MEASure|FETCh[:SCALar]:CURRent:HARMonic:THD", C::Distortion(Q::Amps), Query),
    ("MEASure|FETCh[:SCALar]:FREQuency", C::Measure(Q::Hertz), Query),
    ("MEASure|FETCh[:SCALar]:PHASe", C::Measure(Q::PhaseAngle), Query),
    ("MEASure|FETCh[:SCALar]:POWer[:AC][:REAL]", C::Measure(Q::Watts), Query),
    ("MEASure|FETCh[:SCALar]:POWer[:AC]:APParent", C::Measure(Q::VoltAmps), Query),
    ("MEASure|FETCh[:SCALar]:POWer[:AC]:REACtive", C::Measure(Q::Vars), Query),
    ("MEASure|FETCh[:SCALar]:POWer[:AC]:PFACtor", C::Measure(Q::PowerFactor), Query),
    ("MEASure|FETCh[:SCALar]:POWer[:AC]:TOTal", C::Measure(Q::Total), Query),
    ("MEASure|FETCh[:SCALar]:POWer:DC", C::Measure(Q::Zero), Query),
    ("MEASure|FETCh:ARRay:VOLTage[:DC]", C::Array(Q::Volts), Query),
    ("MEASure|FETCh:ARRay:CURRent[:DC]", C::Array(Q::Amps), Query),
    ("MEASure|FETCh:ARRay:VOLTage:HARMonic[:AMPLitude]", C::HarmonicArray(Q::Volts), Query),
    ("MEASure|FETCh:ARRay:CURRent:HARMonic[:AMPLitude]", C::HarmonicArray(Q::Amps), Query),
    ("MEASure|FETCh:ARRay:VOLTage:HARMonic:PHASe", C::PhaseArray(Q::Volts), Query),
    ("MEASure|FETCh:ARRay:CURRent:HARMonic:PHASe", C::PhaseArray(Q::Amps), Query),
    ("SENSe:SWEep:TINTerval", C::SweepInterval, Query),
    ("LIMit:VOLTage", C::Limit(Bound::Volts), Query),
    ("LIMit:CURRent", C::Limit(Bound::Amps), Query),
    ("LIMit:FREQuency[:HIGH]", C::Limit(Bound::MostHertz), Query),
    ("LIMit:FREQuency:LOW", C::Limit(Bound::LeastHertz), Query),
    ("LIMit:PHASe", C::Limit(Bound::Degrees), Query),
    ("TRACe:CATalog", C::TraceCatalog, Query),
    ("TRACe:DEFine", C::TraceDefine, Set),
    ("TRACe[:DATA]", C::TraceData, Set),
    ("TRACe:DELete[:NAME]", C::TraceDelete, Set),
    ("TRACe:DELete:ALL", C::TraceDelete, Set),
    ("SYSTem:REMote", C::Remote, Set),
    ("SYSTem:LOCal", C::Remote, Set),
    ("SYSTem:RWLock", C::Remote, Set),
];
