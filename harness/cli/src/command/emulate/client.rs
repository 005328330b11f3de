//! Questions to the control port of a bench that is being served.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::args::Emulate;
use crate::failure::Failure;
use crate::output;

/// A server on this machine or the next answers a connection within this time.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);

/// `HOST:PORT`, `[IPv6]:PORT`, or a port of this machine.
pub(crate) fn resolve(text: &str) -> Result<SocketAddr, Failure> {
    let wanted = if text.parse::<u16>().is_ok() {
        format!("127.0.0.1:{text}")
    } else {
        text.to_owned()
    };
    wanted
        .to_socket_addrs()
        .ok()
        .and_then(|mut found| found.next())
        .ok_or_else(|| {
            Failure::usage(format!(
                "`{text}` is no address for --control\nhint: write e.g. 127.0.0.1:40000"
            ))
        })
}

/// Sends what was asked for in a useful order: move, look, end. Prints the replies.
pub(crate) fn ask(control: SocketAddr, args: &Emulate) -> Result<u8, Failure> {
    let broken = |error: std::io::Error| {
        Failure::infrastructure(format!(
            "no answer from the control port {control}: {error}\nhint: is `gridproof emulate` running there?"
        ))
    };
    let mut stream = TcpStream::connect_timeout(&control, CONNECT_LIMIT).map_err(broken)?;
    let mut replies = BufReader::new(stream.try_clone().map_err(broken)?);
    let commands = [
        args.advance.map(|by| format!("advance {} s", by.0)),
        args.state.then(|| "state".to_owned()),
        args.quit.then(|| "quit".to_owned()),
    ];
    for command in commands.into_iter().flatten() {
        stream
            .write_all(format!("{command}\n").as_bytes())
            .map_err(broken)?;
        let mut reply = String::new();
        if replies.read_line(&mut reply).map_err(broken)? == 0 {
            return Err(broken(std::io::ErrorKind::UnexpectedEof.into()));
        }
        let value: serde_json::Value = serde_json::from_str(&reply).map_err(|_| {
            Failure::infrastructure(format!("{control} is not the control port of a bench"))
        })?;
        if let Some(problem) = value.get("error").and_then(serde_json::Value::as_str) {
            return Err(Failure::usage(problem));
        }
        output::data(&reply);
    }
    Ok(0)
}
