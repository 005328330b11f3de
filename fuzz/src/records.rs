//! Stored records, judged again from a folder of which one file is any bytes.

use std::path::{Path, PathBuf};

use gridproof_model::result::RunResults;
use gridproof_recordings::sha256_hex;
use gridproof_runner::rejudge::rejudge;
use gridproof_runner::stored::StoredRun;
use serde_json::Value;

/// The shipped record.
pub(crate) fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/records/format-1")
}

/// A copy of the shipped record of this process, for one target.
struct Folder(PathBuf);

impl Folder {
    fn new(target: &str) -> Self {
        // memory where there is such a place: each input is a file
        let shared = Path::new("/dev/shm");
        let base = if shared.is_dir() {
            shared.to_owned()
        } else {
            std::env::temp_dir()
        };
        let folder = base.join(format!("gridproof-fuzz-{target}-{}", std::process::id()));
        for part in ["", "inputs", "recordings"] {
            let from = shipped().join(part);
            std::fs::create_dir_all(folder.join(part)).expect("a folder");
            for entry in std::fs::read_dir(from).expect("the shipped record") {
                let path = entry.expect("an entry").path();
                if let (true, Some(name)) = (path.is_file(), path.file_name()) {
                    std::fs::copy(&path, folder.join(part).join(name)).expect("a copy");
                }
            }
        }
        Self(folder)
    }

    /// Judges the record with `data` as its file `name`.
    fn judge(&self, name: &str, data: &[u8]) {
        std::fs::write(self.0.join(name), data).expect("a file");
        match rejudge(&self.0) {
            Ok(results) => {
                serde_json::to_string(&results).expect("results can be written");
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
        if let Ok(run) = StoredRun::open(&self.0) {
            let _files = run.files();
            let _none = run.capture("no-such-file.parquet");
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left = std::fs::remove_dir_all(&self.0);
    }
}

/// Header.
pub fn run_json(data: &[u8]) {
    thread_local! {
        static FOLDER: Folder = Folder::new("run_json");
    }
    FOLDER.with(|folder| folder.judge("run.json", data));
}

/// Journal, as it is and with its chain of hashes made right again.
pub fn events_ndjson(data: &[u8]) {
    thread_local! {
        static FOLDER: Folder = Folder::new("events_ndjson");
    }
    FOLDER.with(|folder| {
        folder.judge("events.ndjson", data);
        folder.judge("events.ndjson", &chained(data));
    });
}

/// The same events with right numbers and hashes.
fn chained(data: &[u8]) -> Vec<u8> {
    let (mut out, mut prev) = (Vec::new(), String::new());
    let text = String::from_utf8_lossy(data);
    for (number, line) in text.lines().enumerate() {
        let line = match serde_json::from_str(line) {
            Ok(Value::Object(mut entries)) => {
                entries.insert("prev".into(), prev.into());
                entries.insert("seq".into(), number.into());
                Value::Object(entries).to_string()
            }
            Ok(_) | Err(_) => line.to_owned(),
        };
        prev = sha256_hex(line.as_bytes());
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
    }
    out
}

/// Results, as a report reads them.
pub fn results_json(data: &[u8]) {
    if let Ok(results) = serde_json::from_slice::<RunResults>(data) {
        serde_json::to_string(&results).expect("results can be written");
    }
}
