//! What can be asked of the control port, and how it is written.

use std::time::Duration;

use gridproof_model::fault::FaultEntry;
use gridproof_model::load::parse_fault;
use gridproof_model::quantity::Seconds;
use serde_json::{Value, json};

/// Longest time the bench is moved by one command, s.
const LONGEST: f64 = 1e6;

/// A command.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Command {
    /// The true state.
    State,
    /// Bench time and how it passes.
    Time,
    /// What is served where.
    Instruments,
    /// Move bench time.
    Advance(Duration),
    /// Schedule a fault.
    Fault(Box<FaultEntry>),
    /// Faults and where they are in their lives.
    Faults,
    /// All commands.
    Help,
    /// End the servers.
    Quit,
}

/// Why a command is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) message: String,
    pub(crate) hint: String,
}

impl Refusal {
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// As a reply.
    pub(crate) fn reply(&self) -> Value {
        json!({"error": self.message, "hint": self.hint})
    }
}

/// Names of the commands.
pub(crate) const NAMES: [&str; 8] = [
    "state",
    "time",
    "instruments",
    "advance",
    "fault",
    "faults",
    "help",
    "quit",
];

/// The reply to `help`.
pub(crate) fn help() -> Value {
    json!({
        "state": "the true physical state, keys with units",
        "time": "bench time, and whether it follows the wall clock",
        "instruments": "what is served where, as printed at the start",
        "advance 1.5 s": "move bench time; in real time, jump ahead",
        "fault {\"instrument\":\"grid\",\"fault\":\"drop-reply\",\"count\":3}":
            "schedule a fault as in a fault file; without `at` it begins now",
        "faults": "faults so far: ahead, on or over",
        "quit": "end the servers",
        "forms": "a line each, also {\"advance\":\"1.5 s\"} or --state; \
                  also HTTP: GET /state, POST /advance?by=1.5s, POST /fault with a JSON body",
    })
}

/// One line: `NAME`, `--NAME`, `NAME ARGUMENT` or a JSON object with one such key.
pub(crate) fn parse(line: &str) -> Result<Command, Refusal> {
    let line = line.trim();
    if line.starts_with('{') {
        return object(line);
    }
    let line = line.trim_start_matches("--");
    let (name, argument) = match line.split_once([' ', '\t', '=']) {
        Some((name, argument)) => (name, argument.trim()),
        None => (line, ""),
    };
    command(name, argument)
}

fn object(text: &str) -> Result<Command, Refusal> {
    let value: Value = serde_json::from_str(text).map_err(|error| {
        Refusal::new(
            format!("not JSON: {error}"),
            "write e.g. {\"advance\":\"1.5 s\"}",
        )
    })?;
    let Some(entries) = value.as_object() else {
        return Err(Refusal::new(
            "not a JSON object",
            "write e.g. {\"state\":true}",
        ));
    };
    let mut entries = entries.iter();
    let (Some((key, value)), None) = (entries.next(), entries.next()) else {
        return Err(Refusal::new(
            "a command is an object with one key",
            "write e.g. {\"advance\":\"1.5 s\"}",
        ));
    };
    match (key.as_str(), value) {
        ("command", Value::String(line)) if !line.trim_start().starts_with('{') => parse(line),
        (_, Value::String(text)) => command(key, text),
        (_, Value::Object(_)) => command(key, &value.to_string()),
        (_, Value::Bool(true) | Value::Null) => command(key, ""),
        (_, Value::Number(number)) => command(key, &number.to_string()),
        (_, Value::Bool(false) | Value::Array(_)) => Err(Refusal::new(
            format!("`{key}` has no such argument"),
            "write true, a text or an object",
        )),
    }
}

/// A command by its name and argument.
pub(crate) fn command(name: &str, argument: &str) -> Result<Command, Refusal> {
    let plain = |command| {
        if argument.is_empty() {
            Ok(command)
        } else {
            Err(Refusal::new(
                format!("`{name}` takes no argument"),
                format!("write {name} alone"),
            ))
        }
    };
    match name {
        "state" => plain(Command::State),
        "time" => plain(Command::Time),
        "instruments" => plain(Command::Instruments),
        "faults" => plain(Command::Faults),
        "help" | "?" => plain(Command::Help),
        "quit" => plain(Command::Quit),
        "advance" => span(argument).map(Command::Advance),
        "fault" if argument.is_empty() => Err(Refusal::new(
            "which fault is not said",
            "write e.g. fault {\"instrument\":\"grid\",\"fault\":\"drop-reply\"}",
        )),
        "fault" => match parse_fault("fault", argument) {
            Ok(entry) => Ok(Command::Fault(Box::new(entry))),
            Err(problems) => {
                let first = problems.iter().next();
                Err(Refusal::new(
                    first.map_or_else(|| "not a fault".to_owned(), |one| one.message.clone()),
                    first.and_then(|one| one.hint.clone()).unwrap_or_else(|| {
                        "write e.g. fault {\"instrument\":\"grid\",\"fault\":\"drop-reply\"}".into()
                    }),
                ))
            }
        },
        _ => Err(Refusal::new(
            format!("no command `{}`", name.chars().take(40).collect::<String>()),
            format!("commands: {}", NAMES.join(", ")),
        )),
    }
}

/// `1.5 s`, at most 10⁶ s.
fn span(text: &str) -> Result<Duration, Refusal> {
    let refuse = |problem: String| Refusal::new(problem, "write e.g. advance 1.5 s");
    let seconds: Seconds = text
        .trim_matches('"')
        .parse()
        .map_err(|error| refuse(format!("{error}")))?;
    if (0.0..=LONGEST).contains(&seconds.0) {
        Ok(Duration::from_secs_f64(seconds.0))
    } else {
        Err(refuse(format!(
            "{seconds} is not between 0 s and 1000000 s"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_command() {
        let advance = Command::Advance(Duration::from_millis(1500));
        for line in [
            "advance 1.5 s",
            "  advance 1.5s\r",
            "--advance=1500 ms",
            "{\"advance\":\"1.5 s\"}",
            "{\"command\":\"advance 1.5 s\"}",
        ] {
            assert_eq!(parse(line), Ok(advance.clone()), "{line}");
        }
        for line in ["state", "--state", "{\"state\":true}", "{\"state\":null}"] {
            assert_eq!(parse(line), Ok(Command::State), "{line}");
        }
        let fault = parse("fault {\"instrument\":\"grid\",\"fault\":\"drop-reply\",\"count\":3}");
        assert!(matches!(fault, Ok(Command::Fault(_))), "{fault:?}");
        let nested = parse("{\"fault\":{\"instrument\":\"grid\",\"fault\":\"silence\"}}");
        assert!(matches!(nested, Ok(Command::Fault(_))), "{nested:?}");
    }

    #[test]
    fn what_is_wrong_is_said_with_a_hint() {
        for (line, word) in [
            ("stat", "no command `stat`"),
            ("", "no command"),
            ("state now", "takes no argument"),
            ("advance", "number"),
            ("advance 5", "unit"),
            ("advance -1 s", "not between"),
            ("advance 1e9 s", "not between"),
            ("{", "not JSON"),
            ("{}", "one key"),
            ("{\"state\":[1]}", "no such argument"),
            ("fault {\"instrument\":\"grid\"}", "`fault` is missing"),
            ("fault", "fault"),
        ] {
            let refusal = parse(line).expect_err(line);
            assert!(refusal.message.contains(word), "{line}: {refusal:?}");
            assert!(!refusal.hint.is_empty(), "{line}");
        }
    }
}
