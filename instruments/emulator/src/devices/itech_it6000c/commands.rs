//! The IT6000C command table and the settings it only keeps.

use super::{MOST_AMPS, MOST_VOLTS, MOST_WATTS};
use crate::scpi::pattern::Use::{self, Both, Query, Set};

/// Commands of the IT6000C.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Remote,
    Local,
    Version,
    Priority,
    RunMode,
    Volts,
    Amps,
    SourceLimit,
    SinkLimit,
    VoltHigh,
    VoltLow,
    PowerSource,
    PowerSink,
    /// A number that is only kept, by index.
    Kept(u8),
    ProtectionClear,
    Output,
    MeasureVolts,
    MeasureAmps,
    MeasureWatts,
    Zero,
}

use Command as C;

/// (default, least, most) of the numbers that are only kept.
pub(super) const KEPT: [(f64, f64, f64); 20] = [
    (0.1, 0.0, 1e4),
    (0.1, 0.0, 1e4),
    (0.1, 0.0, 1e4),
    (0.1, 0.0, 1e4),
    (MOST_VOLTS, 0.0, MOST_VOLTS * 1.1),
    (0.0, 0.0, 1.0),
    (0.0, 0.0, 10.0),
    (MOST_AMPS, 0.0, MOST_AMPS * 1.1),
    (0.0, 0.0, 1.0),
    (0.0, 0.0, 10.0),
    (MOST_WATTS, 0.0, MOST_WATTS * 1.1),
    (0.0, 0.0, 1.0),
    (0.0, 0.0, 10.0),
    (0.0, 0.0, MOST_VOLTS),
    (0.0, 0.0, 1.0),
    (0.0, 0.0, MOST_AMPS),
    (0.0, 0.0, 60.0),
    (0.0, 0.0, 60.0),
    (0.0, 0.0, 1.0),
    (30.0, 1.0, 3600.0),
];

/// Patterns of every command.
pub(super) const TABLE: &[(&str, Command, Use)] = &[
    ("SYSTem:REMote", C::Remote, Set),
    ("SYSTem:RWLock", C::Remote, Set),
    ("SYSTem:RWL", C::Remote, Set),
    ("SYSTem:LOCal", C::Local, Set),
    ("SYSTem:VERSion", C::Version, Query),
    ("[SOURce:]FUNCtion", C::Priority, Both),
    ("[SOURce:]FUNCtion:MODE", C::RunMode, Both),
    (
        "[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude]",
        C::Volts,
        Both,
    ),
    (
        "[SOURce:]CURRent[:LEVel][:IMMediate][:AMPLitude]",
        C::Amps,
        Both,
    ),
    ("[SOURce:]CURRent:LIMit[:POSitive]", C::SourceLimit, Both),
    ("[SOURce:]CURRent:LIMit:NEGative", C::SinkLimit, Both),
    ("[SOURce:]VOLTage:LIMit[:POSitive]", C::VoltHigh, Both),
    ("[SOURce:]VOLTage:LIMit:NEGative", C::VoltLow, Both),
    ("[SOURce:]POWer:LIMit[:POSitive]", C::PowerSource, Both),
    ("[SOURce:]POWer:LIMit:NEGative", C::PowerSink, Both),
    ("[SOURce:]VOLTage:SLEW[:POSitive]", C::Kept(0), Both),
    ("[SOURce:]VOLTage:SLEW:NEGative", C::Kept(1), Both),
    ("[SOURce:]CURRent:SLEW[:POSitive]", C::Kept(2), Both),
    ("[SOURce:]CURRent:SLEW:NEGative", C::Kept(3), Both),
    ("[SOURce:]VOLTage:PROTection[:LEVel]", C::Kept(4), Both),
    ("[SOURce:]VOLTage:PROTection:STATe", C::Kept(5), Both),
    ("[SOURce:]VOLTage:PROTection:DELay", C::Kept(6), Both),
    ("[SOURce:]CURRent:PROTection[:LEVel]", C::Kept(7), Both),
    ("[SOURce:]CURRent:PROTection:STATe", C::Kept(8), Both),
    ("[SOURce:]CURRent:PROTection:DELay", C::Kept(9), Both),
    ("[SOURce:]POWer:PROTection[:LEVel]", C::Kept(10), Both),
    ("[SOURce:]POWer:PROTection:STATe", C::Kept(11), Both),
    ("[SOURce:]POWer:PROTection:DELay", C::Kept(12), Both),
    (
        "[SOURce:]VOLTage:UNDer:PROTection[:LEVel]",
        C::Kept(13),
        Both,
    ),
    ("[SOURce:]VOLTage:UNDer:PROTection:STATe", C::Kept(14), Both),
    (
        "[SOURce:]CURRent:UNDer:PROTection[:LEVel]",
        C::Kept(15),
        Both,
    ),
    ("OUTPut:DELay:RISE", C::Kept(16), Both),
    ("OUTPut:DELay:FALL", C::Kept(17), Both),
    ("OUTPut:PROTection:WDOG:STATe", C::Kept(18), Both),
    ("OUTPut:PROTection:WDOG:DELay", C::Kept(19), Both),
    ("OUTPut:PROTection:CLEar", C::ProtectionClear, Set),
    ("OUTPut[:STATe]", C::Output, Both),
    (
        "MEASure|FETCh[:SCALar]:VOLTage[:DC]",
        C::MeasureVolts,
        Query,
    ),
    ("MEASure|FETCh[:SCALar]:CURRent[:DC]", C::MeasureAmps, Query),
    ("MEASure|FETCh[:SCALar]:POWer[:DC]", C::MeasureWatts, Query),
    ("STATus:QUEStionable:CONDition", C::Zero, Query),
    ("STATus:OPERation:CONDition", C::Zero, Query),
    ("SINK:RESistance:STATe", C::Zero, Query),
    ("SYSTem:VOLTage:RZERo", C::Zero, Query),
];
