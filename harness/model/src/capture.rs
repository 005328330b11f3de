//! Sampled channels in memory, as a recorder delivered them.

use serde::{Deserialize, Serialize};

/// What a channel of a recorder is connected to. Currents of the DUT are positive when injected.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ChannelKind {
    /// Voltage at the grid terminals of the DUT, V.
    GridVoltage,
    /// Current out of the DUT's grid port, A.
    DutCurrent,
    /// Current through the grid switch S1 from the source, A.
    SourceCurrent,
    /// Voltage at the output of the grid simulator, V.
    SourceVoltage,
    /// Auxiliary contact of S1: 1 closed, 0 open.
    SwitchContact,
    /// Trigger output of the grid simulator: a pulse from each commanded change.
    SourceTrigger,
    /// Voltage at the back-up port, V.
    BackupVoltage,
    /// Current into the back-up load, A.
    BackupCurrent,
    /// Telltale of the DRM port: 1 while a mode is asserted.
    DrmContact,
    /// Telltale of the DUT's grid relay: 1 closed, 0 open.
    DutRelay,
}

impl ChannelKind {
    /// Name of the channel in files and on plots.
    pub fn name(self) -> &'static str {
        match self {
            ChannelKind::GridVoltage => "v_grid",
            ChannelKind::DutCurrent => "i_dut",
            ChannelKind::SourceCurrent => "i_source",
            ChannelKind::SourceVoltage => "v_source",
            ChannelKind::SwitchContact => "s1_contact",
            ChannelKind::SourceTrigger => "source_trigger",
            ChannelKind::BackupVoltage => "v_backup",
            ChannelKind::BackupCurrent => "i_backup",
            ChannelKind::DrmContact => "drm_contact",
            ChannelKind::DutRelay => "dut_relay",
        }
    }

    /// Unit of the channel: `V`, `A`, or empty for contacts.
    pub fn unit(self) -> &'static str {
        match self {
            ChannelKind::GridVoltage | ChannelKind::SourceVoltage | ChannelKind::BackupVoltage => {
                "V"
            }
            ChannelKind::DutCurrent | ChannelKind::SourceCurrent | ChannelKind::BackupCurrent => {
                "A"
            }
            ChannelKind::SwitchContact
            | ChannelKind::SourceTrigger
            | ChannelKind::DrmContact
            | ChannelKind::DutRelay => "",
        }
    }
}

/// One channel of a capture: raw converter codes and their scaling, value = code × scale + offset.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    /// What it is connected to.
    pub kind: ChannelKind,
    /// Raw codes as the recorder sent them.
    pub codes: Vec<i16>,
    /// Unit per code.
    pub scale: f64,
    /// Value at code 0.
    pub offset: f64,
    /// Magnitude of the largest code before the converter clips.
    pub clip_code: i16,
}

impl Channel {
    /// All samples in the channel's unit.
    pub fn values(&self) -> Vec<f64> {
        self.codes
            .iter()
            .map(|&code| f64::from(code) * self.scale + self.offset)
            .collect()
    }

    /// Number of samples at or beyond the clip code.
    pub fn clipped(&self) -> usize {
        self.codes
            .iter()
            .filter(|&&code| code.unsigned_abs() >= self.clip_code.unsigned_abs())
            .count()
    }
}

/// One capture: simultaneously sampled channels of equal length.
#[derive(Debug, Clone, PartialEq)]
pub struct Capture {
    /// Name inside its case, also the stem of its file.
    pub name: String,
    /// Samples per second.
    pub rate_hz: f64,
    /// Bench time of sample 0, s.
    pub start_s: f64,
    /// Index of the trigger sample.
    pub trigger_index: usize,
    /// Channels, all of the same length.
    pub channels: Vec<Channel>,
}

impl Capture {
    /// The channel connected to `kind`, if it was recorded.
    pub fn channel(&self, kind: ChannelKind) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.kind == kind)
    }

    /// Samples per channel (0 without channels).
    pub fn len(&self) -> usize {
        self.channels
            .first()
            .map_or(0, |channel| channel.codes.len())
    }

    /// No samples at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
