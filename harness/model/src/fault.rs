//! Faults of instruments and contacts as data: what breaks on the emulated bench, and when.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bench::{Bench, Role};
use crate::located::Located;
use crate::quantity::{Ratio, RatioPerSecond, Seconds};

/// A schedule of faults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultFile {
    /// Identifier, also the stem of its file.
    pub faults: String,
    /// One line.
    pub title: String,
    /// What happens, in any order.
    pub schedule: Vec<FaultEntry>,
}

/// One fault of one instrument.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultEntry {
    /// Bench time at which it begins; at once without it. In a run every test begins with a cold
    /// bench at 0 s, so the schedule plays in every test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Seconds>,
    /// How long it lasts; without it (and without `count`) to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub during: Option<Seconds>,
    /// Name of the instrument in the bench file.
    pub instrument: Located<String>,
    /// What breaks.
    pub fault: FaultKind,
    /// Replies it spoils before it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// How late replies are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Seconds>,
    /// Which contact of an RLC load sticks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<LoadContact>,
    /// Which relay of a bank sticks, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relay: Option<u8>,
    /// What drifts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<MeterQuantity>,
    /// Change of gain at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Ratio>,
    /// Change of gain over time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<RatioPerSecond>,
    /// Error of a clock: positive runs fast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skew: Option<Ratio>,
}

/// What breaks.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// Replies are lost.
    DropReply,
    /// Replies come late.
    LateReply,
    /// Replies end half-way.
    TruncateReply,
    /// Replies are garbled, their length kept.
    GarbageReply,
    /// Open connections are reset; new ones too as long as it lasts.
    ResetConnection,
    /// Nothing comes from the instrument, neither replies nor what it sends by itself.
    Silence,
    /// A contact no longer closes.
    StuckOpen,
    /// A contact no longer opens.
    StuckClosed,
    /// The source's own protection opens its output.
    SourceTrip,
    /// The gain of a meter moves.
    MeterDrift,
    /// The sample clock of a recorder is off.
    ClockSkew,
}

impl FaultKind {
    /// Every kind.
    pub const ALL: [FaultKind; 11] = [
        FaultKind::DropReply,
        FaultKind::LateReply,
        FaultKind::TruncateReply,
        FaultKind::GarbageReply,
        FaultKind::ResetConnection,
        FaultKind::Silence,
        FaultKind::StuckOpen,
        FaultKind::StuckClosed,
        FaultKind::SourceTrip,
        FaultKind::MeterDrift,
        FaultKind::ClockSkew,
    ];

    /// The word used in fault files.
    pub fn word(self) -> &'static str {
        match self {
            FaultKind::DropReply => "drop-reply",
            FaultKind::LateReply => "late-reply",
            FaultKind::TruncateReply => "truncate-reply",
            FaultKind::GarbageReply => "garbage-reply",
            FaultKind::ResetConnection => "reset-connection",
            FaultKind::Silence => "silence",
            FaultKind::StuckOpen => "stuck-open",
            FaultKind::StuckClosed => "stuck-closed",
            FaultKind::SourceTrip => "source-trip",
            FaultKind::MeterDrift => "meter-drift",
            FaultKind::ClockSkew => "clock-skew",
        }
    }

    /// Spoils single replies, and so can be counted.
    pub fn spoils_replies(self) -> bool {
        match self {
            FaultKind::DropReply
            | FaultKind::LateReply
            | FaultKind::TruncateReply
            | FaultKind::GarbageReply => true,
            FaultKind::ResetConnection
            | FaultKind::Silence
            | FaultKind::StuckOpen
            | FaultKind::StuckClosed
            | FaultKind::SourceTrip
            | FaultKind::MeterDrift
            | FaultKind::ClockSkew => false,
        }
    }

    /// Roles it can happen to; empty for any.
    pub fn roles(self) -> &'static [Role] {
        match self {
            FaultKind::DropReply
            | FaultKind::LateReply
            | FaultKind::TruncateReply
            | FaultKind::GarbageReply
            | FaultKind::ResetConnection
            | FaultKind::Silence => &[],
            FaultKind::StuckOpen | FaultKind::StuckClosed => &[
                Role::GridSource,
                Role::PvSource,
                Role::BatterySource,
                Role::RlcLoad,
                Role::RelayBank,
                Role::Dut,
            ],
            FaultKind::SourceTrip => &[Role::GridSource, Role::PvSource, Role::BatterySource],
            FaultKind::MeterDrift => &[Role::PowerAnalyser, Role::Recorder],
            FaultKind::ClockSkew => &[Role::Recorder],
        }
    }
}

impl std::fmt::Display for FaultKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}

/// A contact of an RLC load.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum LoadContact {
    /// S1, between the grid simulator and the DUT.
    S1,
    /// The contactor of the load itself.
    Load,
}

/// What a meter measures.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum MeterQuantity {
    /// Voltage, and power with it.
    Voltage,
    /// Current, and power with it.
    Current,
    /// Power alone.
    Power,
}

/// Why a fault cannot happen on a bench.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultProblem {
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub hint: String,
}

impl FaultEntry {
    /// What keeps the fault from happening on `bench`, if anything.
    pub fn problem_on(&self, bench: &Bench) -> Option<FaultProblem> {
        let name = self.instrument.value.as_str();
        let Some(entry) = bench.instruments.get(name) else {
            let names: Vec<&str> = bench.instruments.keys().map(String::as_str).collect();
            return Some(FaultProblem {
                message: format!("the bench `{}` has no instrument `{name}`", bench.bench),
                hint: crate::load::choices(name, &names, "instruments"),
            });
        };
        let problem = |message: String, hint: &str| {
            Some(FaultProblem {
                message,
                hint: hint.to_owned(),
            })
        };
        let (kind, role) = (self.fault, entry.role);
        if !kind.roles().is_empty() && !kind.roles().contains(&role) {
            let roles: Vec<&str> = kind.roles().iter().map(|role| role.word()).collect();
            return problem(
                format!("{kind} cannot happen to `{name}`, a {role}"),
                &format!("it can happen to: {}", roles.join(", ")),
            );
        }
        let sticks = matches!(kind, FaultKind::StuckOpen | FaultKind::StuckClosed);
        match (sticks, role) {
            (true, Role::RlcLoad) if self.contact.is_none() => problem(
                format!("which contact of `{name}` sticks is not said"),
                "add contact: s1 or contact: load",
            ),
            (true, Role::RelayBank) => match self.relay {
                Some(relay)
                    if bench
                        .drm_wiring
                        .iter()
                        .any(|wire| wire.bank == name && wire.relay == relay) =>
                {
                    None
                }
                Some(relay) => problem(
                    format!("relay {relay} of `{name}` is wired to nothing"),
                    "name a relay of the bench's drm_wiring",
                ),
                None => problem(
                    format!("which relay of `{name}` sticks is not said"),
                    "add e.g. relay: 0",
                ),
            },
            _ => None,
        }
    }
}
