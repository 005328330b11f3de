//! Words of the measured functions (IM WT3001E-17EN, function selection list; IM WT5000-17EN).

use super::functions::{Function, Mean, Side};

use Function as F;

/// A word as the manual prints it, what it measures, what an item must name besides: an element, and
/// a harmonic order.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) text: &'static str,
    pub(super) function: Function,
    pub(super) element: bool,
    pub(super) order: bool,
}

const fn ordered(text: &'static str, function: Function) -> Word {
    Word {
        text,
        function,
        element: true,
        order: true,
    }
}

const fn plain(text: &'static str, function: Function) -> Word {
    Word {
        text,
        function,
        element: true,
        order: false,
    }
}

const fn whole(text: &'static str, function: Function) -> Word {
    Word {
        text,
        function,
        element: false,
        order: false,
    }
}

/// All words.
#[rustfmt::skip]
pub(super) const WORDS: &[Word] = &[
    ordered("U", F::Mode(Side::U)),
    ordered("I", F::Mode(Side::I)),
    ordered("P", F::P),
    ordered("S", F::S),
    ordered("Q", F::Q),
    ordered("LAMBda", F::Lambda),
    ordered("PHI", F::Phi),
    plain("FU", F::Hertz),
    plain("FI", F::Hertz),
    plain("FREQuency", F::Hertz),
    plain("URMS", F::Mean(Side::U, Mean::Rms)),
    plain("UMN", F::Mean(Side::U, Mean::Calibrated)),
    plain("UDC", F::Mean(Side::U, Mean::Direct)),
    plain("URMN", F::Mean(Side::U, Mean::Rectified)),
    plain("UAC", F::Mean(Side::U, Mean::Alternating)),
    plain("IRMS", F::Mean(Side::I, Mean::Rms)),
    plain("IMN", F::Mean(Side::I, Mean::Calibrated)),
    plain("IDC", F::Mean(Side::I, Mean::Direct)),
    plain("IRMN", F::Mean(Side::I, Mean::Rectified)),
    plain("IAC", F::Mean(Side::I, Mean::Alternating)),
    plain("UPPeak", F::Peak(Side::U)),
    plain("UMPeak", F::Trough(Side::U)),
    plain("IPPeak", F::Peak(Side::I)),
    plain("IMPeak", F::Trough(Side::I)),
    plain("CFU", F::Crest(Side::U)),
    plain("CFI", F::Crest(Side::I)),
    plain("PPPeak", F::PowerPeak),
    plain("PMPeak", F::PowerTrough),
    plain("PC", F::Corrected),
    plain("TIME", F::Time),
    plain("ITIMe", F::Time),
    plain("WH", F::Wh),
    plain("WP", F::Wh),
    plain("WHP", F::WhPlus),
    plain("WPP", F::WhPlus),
    plain("WHM", F::WhMinus),
    plain("WPM", F::WhMinus),
    plain("AH", F::Ah),
    plain("AHP", F::AhPlus),
    plain("AHM", F::AhMinus),
    plain("WS", F::Ws),
    plain("WQ", F::Wq),
    whole("ETA1", F::Eta(0)),
    whole("ETA2", F::Eta(1)),
    whole("ETA3", F::Eta(2)),
    whole("ETA4", F::Eta(3)),
    ordered("PHIU", F::PhaseOf(Side::U)),
    ordered("PHII", F::PhaseOf(Side::I)),
    ordered("Z", F::Impedance),
    ordered("RS", F::SeriesR),
    ordered("XS", F::SeriesX),
    ordered("RP", F::ParallelR),
    ordered("XP", F::ParallelX),
    ordered("UHDF", F::Share(Side::U)),
    ordered("IHDF", F::Share(Side::I)),
    ordered("PHDF", F::PowerShare),
    plain("UTHD", F::Thd(Side::U)),
    plain("ITHD", F::Thd(Side::I)),
    plain("PTHD", F::PowerThd),
    plain("HVF", F::HarmonicFactor(Side::U)),
    plain("HCF", F::HarmonicFactor(Side::I)),
    plain("KFACtor", F::KFactor),
    plain("UTHF", F::Unavailable),
    plain("ITHF", F::Unavailable),
    plain("UTIF", F::Unavailable),
    plain("ITIF", F::Unavailable),
    plain("PHI_U1U2", F::Between(Side::U, 1, Side::U)),
    plain("PHI_U1U3", F::Between(Side::U, 2, Side::U)),
    plain("PHI_U1I1", F::Between(Side::U, 0, Side::I)),
    plain("PHI_U1I2", F::Between(Side::U, 1, Side::I)),
    plain("PHI_U1I3", F::Between(Side::U, 2, Side::I)),
    plain("EAU", F::Unavailable),
    plain("EAI", F::Unavailable),
    whole("DELTA1", F::Unavailable),
    whole("DELTA2", F::Unavailable),
    whole("DELTA3", F::Unavailable),
    whole("DELTA4", F::Unavailable),
    whole("F1", F::Unavailable),
    whole("F2", F::Unavailable),
    whole("F3", F::Unavailable),
    whole("F4", F::Unavailable),
    whole("F5", F::Unavailable),
    whole("F6", F::Unavailable),
    whole("F7", F::Unavailable),
    whole("F8", F::Unavailable),
    whole("F9", F::Unavailable),
    whole("F10", F::Unavailable),
    whole("F11", F::Unavailable),
    whole("F12", F::Unavailable),
    whole("F13", F::Unavailable),
    whole("F14", F::Unavailable),
    whole("F15", F::Unavailable),
    whole("F16", F::Unavailable),
    whole("F17", F::Unavailable),
    whole("F18", F::Unavailable),
    whole("F19", F::Unavailable),
    whole("F20", F::Unavailable),
    whole("SPEed", F::Unavailable),
    whole("TORQue", F::Unavailable),
    whole("SYNCsp", F::Unavailable),
    whole("SLIP", F::Unavailable),
    whole("PM", F::Unavailable),
];
