//! Defects: a known-bad behaviour with a name and the tests that must catch it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::behaviour::Behaviour;

/// A known-bad behaviour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Defect {
    /// Identifier, also the stem of its file.
    pub defect: String,
    /// One line.
    pub title: String,
    /// Plan whose tests are meant.
    #[serde(default = "quickstart")]
    pub plan: String,
    /// Laid over the behaviour of the DUT profile.
    pub behaviour: Behaviour,
    /// Per DUT, the tests that must fail; no others may.
    pub catches: BTreeMap<String, Vec<String>>,
}

fn quickstart() -> String {
    "quickstart".to_owned()
}
