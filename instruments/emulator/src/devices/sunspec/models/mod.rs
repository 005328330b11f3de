//! The points of the SunSpec models, in the order and with the names of the information models.

mod basic;
mod curves;
mod der;
mod der_curves;

/// Type of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Unsigned.
    U16,
    /// Signed.
    I16,
    /// Unsigned, two registers.
    U32,
    /// Signed, two registers.
    I32,
    /// Unsigned, four registers.
    U64,
    /// Counter, two registers; 0 where there is none.
    Acc32,
    /// Counter, four registers; 0 where there is none.
    Acc64,
    /// Code; bit n is set when n is one of them.
    Enum(u16),
    /// Bits.
    Bits16,
    /// Bits, two registers.
    Bits32,
    /// Scale factor: a power of ten.
    Sf,
    /// Text of so many registers.
    Text(u16),
    /// Nothing.
    Pad,
}

impl Kind {
    /// Registers it takes.
    pub(crate) fn length(self) -> u16 {
        match self {
            Self::U16 | Self::I16 | Self::Enum(_) | Self::Bits16 | Self::Sf | Self::Pad => 1,
            Self::U32 | Self::I32 | Self::Acc32 | Self::Bits32 => 2,
            Self::U64 | Self::Acc64 => 4,
            Self::Text(length) => length,
        }
    }

    /// Raw value that says "not implemented".
    pub(crate) fn absent(self) -> u64 {
        match self {
            Self::U16 | Self::Enum(_) | Self::Bits16 => 0xffff,
            Self::I16 | Self::Sf | Self::Pad => 0x8000,
            Self::U32 | Self::Bits32 => 0xffff_ffff,
            Self::I32 => 0x8000_0000,
            Self::U64 => u64::MAX,
            Self::Acc32 | Self::Acc64 | Self::Text(_) => 0,
        }
    }
}

/// A point of a model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    /// Name, with the names of the groups it is in before it.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// May be written.
    pub(crate) writable: bool,
    /// Its scale factor.
    pub(crate) scale: Option<&'static str>,
}

/// How often a group repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    /// Once.
    One,
    /// Per curve (or set of controls).
    Curves,
    /// Per point of a curve.
    Points,
    /// Per MPP tracker.
    Modules,
}

/// A point or a group of them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Item {
    /// One point.
    Point(Point),
    /// Several, repeated.
    Group(Count, &'static [Item]),
}

const fn item(name: &'static str, kind: Kind, writable: bool, scale: Option<&'static str>) -> Item {
    Item::Point(Point {
        name,
        kind,
        writable,
        scale,
    })
}

/// Read only.
const fn r(name: &'static str, kind: Kind) -> Item {
    item(name, kind, false, None)
}

/// Read only, scaled.
const fn rs(name: &'static str, kind: Kind, scale: &'static str) -> Item {
    item(name, kind, false, Some(scale))
}

/// Writable.
const fn w(name: &'static str, kind: Kind) -> Item {
    item(name, kind, true, None)
}

/// Writable, scaled.
const fn ws(name: &'static str, kind: Kind, scale: &'static str) -> Item {
    item(name, kind, true, Some(scale))
}

const fn group(count: Count, items: &'static [Item]) -> Item {
    Item::Group(count, items)
}

/// The models in the order of the map. Those of a DUT without battery or without PV are left out.
///
/// 704 stands before the later additions so that a point once published keeps its address.
pub(crate) fn models(battery: bool, pv: bool) -> Vec<(u16, &'static [Item])> {
    let all: [(u16, &'static [Item], bool); 23] = [
        (1, basic::M1, true),
        (101, basic::M101, true),
        (120, basic::M120, true),
        (121, basic::M121, true),
        (122, basic::M122, true),
        (123, basic::M123, true),
        (124, basic::M124, battery),
        (704, der::M704, true),
        (126, curves::M126, true),
        (132, curves::M132, true),
        (160, curves::M160, pv),
        (701, der::M701, true),
        (702, der::M702, true),
        (703, der::M703, true),
        (705, der_curves::M705, true),
        (706, der_curves::M706, true),
        (707, der_curves::M707, true),
        (708, der_curves::M707, true),
        (709, der_curves::M709, true),
        (710, der_curves::M709, true),
        (711, der_curves::M711, true),
        (712, der_curves::M712, true),
        (713, der::M713, battery),
    ];
    let present = all.into_iter().filter(|model| model.2);
    present.map(|(id, items, _)| (id, items)).collect()
}
