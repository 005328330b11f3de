//! What to say when a file that was named cannot be read: where it was looked for, and what was
//! probably meant.

use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

/// Likeness (Jaro–Winkler, 0 to 1) from which a name is worth mentioning.
const LIKE: f64 = 0.75;
/// Most files that are mentioned.
const MOST: usize = 3;

/// Hint for a file that could not be read, starting with a line break; empty where nothing can be
/// added to the words of the operating system. `shipped` are names that would have done in its place.
pub fn hint(name: &str, error: &Error, shipped: &[&str]) -> String {
    let path = Path::new(name);
    let kind = error.kind();
    let advice = if kind == ErrorKind::NotFound {
        not_found(path, shipped)
    } else if path.is_dir() {
        "this is a folder; name a file in it".to_owned()
    } else if kind == ErrorKind::PermissionDenied {
        "you may not read it; see its owner and mode".to_owned()
    } else {
        return String::new();
    };
    format!("\nhint: {advice}")
}

fn not_found(path: &Path, shipped: &[&str]) -> String {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    let stem = stem.unwrap_or_default();
    if let Some(name) = shipped.iter().find(|name| **name == stem) {
        return format!("`{name}` is shipped: write the name alone, without folder and ending");
    }
    let folder = folder(path);
    if !folder.is_dir() {
        return format!(
            "there is no folder {}{}",
            absolute(&folder).display(),
            or_shipped(stem, shipped)
        );
    }
    let near = near(path, &folder);
    if near.is_empty() {
        let whole = absolute(path);
        return format!(
            "looked for {}{}",
            whole.display(),
            or_shipped(stem, shipped)
        );
    }
    format!("did you mean {}?", near.join(" or "))
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Files in the folder that are called nearly the same, the likest first, as one would type them.
fn near(path: &Path, folder: &Path) -> Vec<String> {
    let Some(wanted) = path.file_name().and_then(|name| name.to_str()) else {
        return Vec::new();
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<(f64, String)> = entries
        .filter(|entry| entry.path().is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .map(|name| (likeness(wanted, &name), name))
        .filter(|(likeness, _)| *likeness >= LIKE)
        .collect();
    files.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    files.truncate(MOST);
    files
        .into_iter()
        .map(|(_, name)| path.with_file_name(name).display().to_string())
        .collect()
}

/// Of two file names: their stems count, so that the same ending does not make them alike, and none
/// where the endings differ in more than case and spelling.
fn likeness(wanted: &str, name: &str) -> f64 {
    let parts = |text: &str| {
        let text = text.to_lowercase();
        let (stem, ending) = text.rsplit_once('.').unwrap_or((&text, ""));
        (stem.to_owned(), ending.replace("yml", "yaml"))
    };
    let ((stem, ending), (other, its)) = (parts(wanted), parts(name));
    if ending == its || ending.is_empty() || stem == other {
        strsim::jaro_winkler(&stem, &other)
    } else {
        0.0
    }
}

/// The shipped name that is most like `name`, if any is.
pub(crate) fn nearest<'a>(name: &str, shipped: &[&'a str]) -> Option<&'a str> {
    let likeness = |shipped: &&'a str| (strsim::jaro_winkler(shipped, name), *shipped);
    let all = shipped.iter().map(likeness);
    let like = all.filter(|(likeness, _)| *likeness > LIKE);
    let best = like.max_by(|a, b| a.0.total_cmp(&b.0));
    best.map(|(_, name)| name)
}

fn or_shipped(stem: &str, shipped: &[&str]) -> String {
    match nearest(stem, shipped) {
        Some(name) => format!("; did you mean `{name}`, which is shipped?"),
        None if shipped.is_empty() => String::new(),
        None => format!("; shipped are {}", shipped.join(", ")),
    }
}
