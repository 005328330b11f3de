//! Just enough HTTP for curl and the libraries of scripting languages: one request, one JSON body,
//! then the connection ends.

use super::command::{self, Command, Refusal};

/// Longest head of a request, bytes.
pub(crate) const LONGEST_HEAD: usize = 16 * 1024;
/// Longest body, bytes.
pub(crate) const LONGEST_BODY: usize = 64 * 1024;

/// First line and what matters of the others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) length: usize,
    /// A web page asks: it has no business here.
    pub(crate) from_a_page: bool,
}

/// A line that begins a request over HTTP.
pub(crate) fn begins(line: &str) -> Option<Head> {
    let mut words = line.split_whitespace();
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let is_http = version.starts_with("HTTP/1.") && words.next().is_none();
    is_http.then(|| Head {
        method: method.to_owned(),
        target: target.to_owned(),
        ..Head::default()
    })
}

impl Head {
    /// Takes a header line.
    pub(crate) fn header(&mut self, line: &str) {
        let Some((name, value)) = line.split_once(':') else {
            return;
        };
        match name.trim().to_ascii_lowercase().as_str() {
            "content-length" => self.length = value.trim().parse().unwrap_or(usize::MAX),
            "origin" => self.from_a_page = true,
            _ => {}
        }
    }

    /// The command of the request, or the status to answer with and why.
    pub(crate) fn command(&self, body: &str) -> Result<Command, (u16, Refusal)> {
        if self.from_a_page {
            let why = Refusal::new("web pages are not served", "use curl or a script");
            return Err((403, why));
        }
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let name = path.trim_matches('/');
        if !command::NAMES.contains(&name) {
            let why = Refusal::new(
                format!("nothing at {path}"),
                format!("there are: /{}", command::NAMES.join(", /")),
            );
            return Err((404, why));
        }
        let changes = matches!(name, "advance" | "fault" | "quit");
        let wanted = if changes { "POST" } else { "GET" };
        if self.method != wanted {
            let why = Refusal::new(
                format!("{} does not go with {path}", self.method),
                format!("use {wanted}"),
            );
            return Err((405, why));
        }
        let body = body.trim();
        let asked = match (name, body.is_empty()) {
            ("advance", true) => command::command(name, &by(query)),
            ("advance", false) => command::command(name, &by_in(body)),
            ("fault", _) => command::command(name, body),
            (_, _) => command::command(name, ""),
        };
        asked.map_err(|refusal| (400, refusal))
    }
}

/// The value of `by` in a query.
fn by(query: &str) -> String {
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix("by="))
        .map_or_else(String::new, decoded)
}

/// The value of `by` or `advance` in a JSON body, or the body itself.
fn by_in(body: &str) -> String {
    match serde_json::from_str(body) {
        Ok(serde_json::Value::Object(entries)) => ["by", "advance"]
            .iter()
            .find_map(|key| entries.get(*key)?.as_str())
            .unwrap_or("")
            .to_owned(),
        Ok(serde_json::Value::String(text)) => text,
        Ok(_) | Err(_) => body.to_owned(),
    }
}

/// `%20` and `+` are blanks; bytes that are no UTF-8 are replaced.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                std::str::from_utf8(&digits)
                    .ok()
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok())
                    .unwrap_or(b'?')
            }
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The whole response.
pub(crate) fn response(status: u16, body: &serde_json::Value) -> Vec<u8> {
    let reason = match status {
        200 => "OK",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Content Too Large",
        _ => "Conflict",
    };
    let body = format!("{body}\n");
    format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn asked(line: &str, body: &str) -> Result<Command, u16> {
        let head = begins(line).expect("HTTP");
        head.command(body).map_err(|(status, _)| status)
    }

    #[test]
    fn requests() {
        let advance = Ok(Command::Advance(Duration::from_millis(1500)));
        assert_eq!(asked("GET /state HTTP/1.1", ""), Ok(Command::State));
        for target in [
            "/advance?by=1.5s",
            "/advance?by=1.5%20s",
            "/advance?x=1&by=1.5+s",
        ] {
            assert_eq!(
                asked(&format!("POST {target} HTTP/1.1"), ""),
                advance,
                "{target}"
            );
        }
        for body in [
            "{\"by\":\"1.5 s\"}",
            "{\"advance\":\"1.5 s\"}",
            "\"1.5 s\"",
            "1.5 s",
        ] {
            assert_eq!(asked("POST /advance HTTP/1.0", body), advance, "{body}");
        }
        assert_eq!(asked("GET /advance?by=1s HTTP/1.1", ""), Err(405));
        assert_eq!(asked("POST /advance HTTP/1.1", ""), Err(400));
        assert_eq!(asked("GET /nothing HTTP/1.1", ""), Err(404));
        assert_eq!(asked("GET /% HTTP/1.1", ""), Err(404));
        assert_eq!(asked("POST /advance?by=%f HTTP/1.1", ""), Err(400));
        assert_eq!(begins("state"), None);
        assert_eq!(begins("advance 1.5 s"), None);
    }

    #[test]
    fn pages_of_browsers_are_refused() {
        let mut head = begins("POST /quit HTTP/1.1").expect("HTTP");
        head.header("Host: 127.0.0.1");
        assert!(head.command("").is_ok());
        head.header("Origin: http://example.org");
        assert_eq!(head.command("").map_err(|(status, _)| status), Err(403));
    }
}
