//! The data that ships with gridproof, and how a name on the command line becomes a file.
//!
//! A name with a path separator or a `.yaml` ending is a file; anything else is looked up among
//! the shipped files, which are part of the program so that it runs from any folder.

use std::path::Path;

use gridproof_model::behaviour::Behaviour;
use gridproof_model::bench::Bench;
use gridproof_model::defect::Defect;
use gridproof_model::dut::DutProfile;
use gridproof_model::fault::FaultFile;
use gridproof_model::grid_code::GridCode;
use gridproof_model::load;
use gridproof_model::plan::Plan;
use gridproof_model::register_file::RegisterFile;
use gridproof_recordings::sha256_hex;

use crate::error::RunError;
use crate::missing;

/// What a file describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A plan.
    Plan,
    /// A DUT profile.
    Dut,
    /// A grid code.
    GridCode,
    /// A bench.
    Bench,
    /// A defect.
    Defect,
    /// A register file.
    Registers,
    /// A schedule of faults.
    Faults,
}

impl Kind {
    /// In messages.
    pub fn noun(self) -> &'static str {
        match self {
            Kind::Plan => "plan",
            Kind::Dut => "DUT",
            Kind::GridCode => "grid code",
            Kind::Bench => "bench",
            Kind::Defect => "defect",
            Kind::Registers => "register file",
            Kind::Faults => "fault file",
        }
    }

    /// Shipped files: (name, text).
    pub fn shipped(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Kind::Plan => PLANS,
            Kind::Dut => DUTS,
            Kind::GridCode => GRID_CODES,
            Kind::Bench => BENCHES,
            Kind::Defect => DEFECTS,
            Kind::Registers => REGISTERS,
            Kind::Faults => FAULTS,
        }
    }

    /// Names of the shipped files.
    fn names(self) -> Vec<&'static str> {
        self.shipped().iter().map(|(name, _)| *name).collect()
    }
}

macro_rules! shipped {
    ($folder:literal: $($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../../", $folder, "/", $name, ".yaml")))),+]
    };
}

const PLANS: &[(&str, &str)] = shipped!("test-plans": "frequency-watt-as4777", "iec-62116-2014", "ieee-1547.1-2020", "quickstart", "volt-var-matrix");
const DUTS: &[(&str, &str)] = shipped!("fixtures/duts": "aux-asg-5sl-zh", "reference-5kva", "reference-growatt-6k5", "saj-as1-3ks-5.1", "saj-as2-5k-s", "saj-hs2-5k-s2");
const GRID_CODES: &[(&str, &str)] = shipped!("fixtures/grid-codes": "as-nzs-4777.2-2020-a", "iec-61727-2004", "iec-62116-2014", "ieee-1547-2018-b");
const BENCHES: &[(&str, &str)] =
    shipped!("fixtures/benches": "embedded", "embedded-b", "embedded-c", "embedded-d");
const DEFECTS: &[(&str, &str)] = shipped!("fixtures/defects":
    "anti-islanding-off",
    "dead-dut",
    "drm5-ignored",
    "drm6-at-60-percent",
    "frequency-droop-8-percent",
    "frequency-watt-off",
    "frequency-watt-response-13s",
    "frequency-watt-retraces",
    "frequency-watt-zero-at-51hz",
    "no-derating",
    "overvoltage-trip-2.5s",
    "overvoltage-trip-too-early",
    "transfer-12ms",
    "transfer-late-at-one-point",
    "volt-var-response-15s",
    "volt-var-sign-inverted",
    "volt-watt-knee-3v-high",
);

const REGISTERS: &[(&str, &str)] =
    shipped!("fixtures/drivers": "aux-asg-sunspec-points", "saj-hs2");
const FAULTS: &[(&str, &str)] = shipped!("fixtures/faults":
    "deaf-grid-simulator",
    "drifting-instruments",
    "silent-meter",
    "welded-grid-output",
);

/// What a file describes, by the first of its top-level keys that names a kind; `None` when no key
/// does, so that it can be read as whatever the caller expected.
///
/// # Errors
/// As for the loaders.
pub fn kind_of(name: &str) -> Result<Option<Kind>, RunError> {
    let (_, text) = text(Kind::Plan, name)?;
    Ok(text.lines().find_map(|line| {
        let (key, _) = line.split_once(':')?;
        match key {
            "plan" => Some(Kind::Plan),
            "dut" => Some(Kind::Dut),
            "grid_code" => Some(Kind::GridCode),
            "bench" => Some(Kind::Bench),
            "defect" => Some(Kind::Defect),
            "registers" => Some(Kind::Registers),
            "faults" => Some(Kind::Faults),
            _ => None,
        }
    }))
}

/// A parsed file with where it came from.
#[derive(Debug, Clone)]
pub struct Loaded<T> {
    /// Path as given, or `shipped:NAME`.
    pub file: String,
    /// SHA-256 of the text, hex.
    pub sha256: String,
    /// The text.
    pub text: String,
    /// What it says.
    pub value: T,
}

/// A name that is a file and not something shipped.
pub(crate) fn is_path(name: &str) -> bool {
    name.contains(['/', '\\'])
        || name.starts_with('.')
        || name.ends_with(".yaml")
        || name.ends_with(".yml")
}

/// Find the text behind `name`.
fn text(kind: Kind, name: &str) -> Result<(String, String), RunError> {
    if is_path(name) || Path::new(name).is_file() {
        let bytes = std::fs::read(name).map_err(|source| RunError::Missing {
            path: name.into(),
            hint: missing::hint(name, &source, &kind.names()),
            source,
        })?;
        let text = String::from_utf8(bytes).map_err(|error| RunError::Record {
            path: name.into(),
            problem: format!(
                "not UTF-8 text (byte {}); save the file as UTF-8",
                error.utf8_error().valid_up_to()
            ),
        })?;
        return Ok((name.to_owned(), text));
    }
    match kind.shipped().iter().find(|(shipped, _)| *shipped == name) {
        Some((_, text)) => Ok((format!("shipped:{name}"), (*text).to_owned())),
        None => Err(RunError::Unknown {
            kind: kind.noun(),
            name: name.to_owned(),
            hint: unknown_hint(kind, name),
        }),
    }
}

fn unknown_hint(kind: Kind, name: &str) -> String {
    match missing::nearest(name, &kind.names()) {
        Some(shipped) => format!("\nhint: did you mean `{shipped}`?"),
        None => {
            format!(
                "\nhint: shipped are {}; a file needs its path, e.g. ./{name}.yaml",
                kind.names().join(", ")
            )
        }
    }
}

macro_rules! loader {
    ($(#[$doc:meta])* $function:ident, $kind:expr, $parse:path, $type:ty) => {
        $(#[$doc])*
        ///
        /// # Errors
        /// [`RunError::Unknown`], [`RunError::Missing`] or [`RunError::Input`].
        pub fn $function(name: &str) -> Result<Loaded<$type>, RunError> {
            let (file, text) = text($kind, name)?;
            let value = $parse(&file, &text).map_err(RunError::Input)?;
            Ok(Loaded { file, sha256: sha256_hex(text.as_bytes()), text, value })
        }
    };
}

loader!(
    /// Load a plan by path or shipped name.
    plan, Kind::Plan, load::parse_plan, Plan
);
loader!(
    /// Load a DUT profile by path or shipped name.
    dut, Kind::Dut, load::parse_dut, DutProfile
);
loader!(
    /// Load a grid code by path or shipped name.
    grid_code, Kind::GridCode, load::parse_grid_code, GridCode
);
loader!(
    /// Load a bench by path or shipped name.
    bench, Kind::Bench, load::parse_bench, Bench
);
loader!(
    /// Load a defect by path or shipped name.
    defect, Kind::Defect, load::parse_defect, Defect
);

loader!(
    /// Load a register file by path or shipped name.
    register_file, Kind::Registers, load::parse_register_file, RegisterFile
);

loader!(
    /// Load a schedule of faults by path or shipped name.
    faults, Kind::Faults, load::parse_faults, FaultFile
);

/// Load a schedule of faults and hold it against the bench it is to happen on.
///
/// # Errors
/// As [`faults`]; [`RunError::Input`] for what cannot happen on the bench.
pub fn faults_on(name: &str, bench: &Bench) -> Result<Loaded<FaultFile>, RunError> {
    let loaded = faults(name)?;
    load::check_faults_on(&loaded.file, &loaded.text, &loaded.value, bench)
        .map_err(RunError::Input)?;
    Ok(loaded)
}

/// One setting of the emulated DUT's behaviour, `backup.start=5 ms`.
///
/// # Errors
/// [`RunError::Input`] with the position inside the setting when key or value is wrong.
pub fn behaviour_setting(pair: &str) -> Result<Behaviour, RunError> {
    let wrong = |problem: &str| RunError::Record {
        path: "--dut-set".into(),
        problem: format!("`{pair}` {problem}; write e.g. --dut-set 'backup.start=5 ms'"),
    };
    let Some((key, value)) = pair.split_once('=') else {
        return Err(wrong("has no `=`"));
    };
    if key.is_empty()
        || key
            .split('.')
            .any(|part| part.is_empty() || part.contains(char::is_whitespace))
    {
        return Err(wrong("has an empty part in its key"));
    }
    if value.trim().is_empty() || value.contains(['\n', '\r']) {
        return Err(wrong("has no value on one line"));
    }
    let mut text =
        String::from("defect: dut-set\ntitle: setting of the command line\nbehaviour:\n");
    for (depth, part) in key.split('.').enumerate() {
        text.push_str(&format!("{}{part}:", "  ".repeat(depth + 1)));
        text.push_str(if depth == key.matches('.').count() {
            " "
        } else {
            "\n"
        });
    }
    text.push_str(&format!("{value}\ncatches: {{any: []}}\n"));
    let defect = load::parse_defect("--dut-set", &text).map_err(RunError::Input)?;
    Ok(defect.behaviour)
}

/// Name of the bench that is used without `--bench`.
pub const EMBEDDED_BENCH: &str = "embedded";

#[cfg(test)]
mod tests {
    use super::*;

    /// Every file in the folders is shipped, under its own name, and parses.
    #[rstest::rstest]
    #[case(Kind::Plan, "test-plans")]
    #[case(Kind::Dut, "fixtures/duts")]
    #[case(Kind::GridCode, "fixtures/grid-codes")]
    #[case(Kind::Bench, "fixtures/benches")]
    #[case(Kind::Defect, "fixtures/defects")]
    #[case(Kind::Registers, "fixtures/drivers")]
    #[case(Kind::Faults, "fixtures/faults")]
    fn folder_and_catalogue_agree(#[case] kind: Kind, #[case] folder: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .join(folder);
        let mut on_disk: Vec<String> = std::fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(".yaml").map(str::to_owned))
            .collect();
        on_disk.sort();
        let shipped: Vec<&str> = kind.shipped().iter().map(|(name, _)| *name).collect();
        assert_eq!(on_disk, shipped);
    }

    #[test]
    fn settings_of_the_command_line() {
        let behaviour = behaviour_setting("backup.start=5 ms").unwrap();
        let start = behaviour
            .backup
            .and_then(|backup| backup.start)
            .map(|seconds| seconds.0);
        assert_eq!(start, Some(0.005));
        for wrong in [
            "backup.start",
            "=5 ms",
            "backup..start=5 ms",
            "backup.start=",
            "backup.start=5",
            "backup.strat=5 ms",
        ] {
            assert!(behaviour_setting(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_misspelt_name_is_suggested() {
        let error = dut("saj-as1-3ks-5-1").unwrap_err().to_string();
        assert!(error.contains("did you mean `saj-as1-3ks-5.1`"), "{error}");
    }
}
