//! The control port: the true state, bench time and faults, for many clients at once.
//!
//! A line is a command, a line of JSON its reply. What begins like a request over HTTP is answered
//! as one. A client that sends nonsense is told so; one whose line never ends is cut off.

mod command;
mod http;
mod state;

use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use self::command::{Command, Refusal};
use crate::bench::EmulatedBench;
use crate::serve::Banner;

pub use state::State;

/// Longest line, bytes.
const LONGEST_LINE: usize = 64 * 1024;
/// Most bench time between two turns of the clients while time is moved.
const STRIDE: Duration = Duration::from_millis(500);
/// Wait after a connection that could not be accepted.
const RESPITE: Duration = Duration::from_millis(20);
/// Turns of the sockets before a command is carried out: a connection is accepted, its first piece is read,
/// and what waited for that to be acknowledged is read.
const TURNS: usize = 4;
/// Wall time between two looks whether a bench in real time has arrived.
const GLANCE: Duration = Duration::from_millis(1);

/// What the control port works on.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) bench: EmulatedBench,
    pub(crate) banner: Rc<Banner>,
    pub(crate) quit: Rc<Notify>,
}

/// Serves every client.
pub(crate) async fn serve(desk: Desk, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let desk = desk.clone();
                tokio::task::spawn_local(async move {
                    // a client that is gone needs no answer
                    let _gone = converse(&desk, stream).await;
                });
            }
            Err(_) => tokio::time::sleep(RESPITE).await,
        }
    }
}

async fn converse(desk: &Desk, mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (reader, mut writer) = stream.split();
    let mut reader = BufReader::new(reader);
    while let Some(line) = line(&mut reader, LONGEST_LINE).await? {
        let Line::Whole(line) = line else {
            let refusal = Refusal::new("the line is too long", "a command is one short line");
            let reply = format!("{}\n", refusal.reply());
            return writer.write_all(reply.as_bytes()).await;
        };
        if let Some(head) = http::begins(&line) {
            let response = request(desk, head, &mut reader).await?;
            writer.write_all(&response).await?;
            return writer.shutdown().await;
        }
        if line.trim().is_empty() {
            continue;
        }
        let reply = match command::parse(&line) {
            Ok(command) => carry_out(desk, command).await,
            Err(refusal) => Err(refusal),
        };
        let reply = reply.unwrap_or_else(|refusal| refusal.reply());
        writer.write_all(format!("{reply}\n").as_bytes()).await?;
    }
    Ok(())
}

enum Line {
    Whole(String),
    TooLong,
}

/// A line without its end; `None` at the end of the stream.
async fn line(
    reader: &mut (impl AsyncBufRead + Unpin),
    most: usize,
) -> std::io::Result<Option<Line>> {
    let mut bytes = Vec::new();
    let limit = most as u64 + 1;
    let read = reader.take(limit).read_until(b'\n', &mut bytes).await?;
    if read == 0 {
        return Ok(None);
    }
    if bytes.last() != Some(&b'\n') && bytes.len() > most {
        return Ok(Some(Line::TooLong));
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(Some(Line::Whole(
        text.trim_end_matches(['\r', '\n']).to_owned(),
    )))
}

async fn request(
    desk: &Desk,
    mut head: http::Head,
    reader: &mut (impl AsyncBufRead + Unpin),
) -> std::io::Result<Vec<u8>> {
    let too_large = || {
        let refusal = Refusal::new("the request is too large", "a command is short");
        http::response(413, &refusal.reply())
    };
    let mut left = http::LONGEST_HEAD;
    loop {
        match line(reader, left).await? {
            None => break,
            Some(Line::TooLong) => return Ok(too_large()),
            Some(Line::Whole(text)) if text.is_empty() => break,
            Some(Line::Whole(text)) => {
                left = left.saturating_sub(text.len() + 1);
                head.header(&text);
            }
        }
    }
    if head.length > http::LONGEST_BODY {
        return Ok(too_large());
    }
    let mut body = vec![0; head.length];
    reader.read_exact(&mut body).await?;
    let asked = head.command(&String::from_utf8_lossy(&body));
    Ok(match asked {
        Ok(command) => match carry_out(desk, command).await {
            Ok(reply) => http::response(200, &reply),
            Err(refusal) => http::response(409, &refusal.reply()),
        },
        Err((status, refusal)) => http::response(status, &refusal.reply()),
    })
}

fn value<T: serde::Serialize>(what: &T) -> Result<Value, Refusal> {
    serde_json::to_value(what)
        .map_err(|error| Refusal::new(error.to_string(), "this is a defect of gridproof"))
}

async fn carry_out(desk: &Desk, command: Command) -> Result<Value, Refusal> {
    // a client that sends settings, which nothing answers, and then moves time means it in that order
    for _ in 0..TURNS {
        tokio::task::yield_now().await;
    }
    match command {
        Command::State => value(&desk.bench.full_state()),
        Command::Time => Ok(time(desk)),
        Command::Instruments => value(&*desk.banner),
        Command::Help => Ok(command::help()),
        Command::Faults => value(&desk.bench.faults()).map(|faults| json!({"faults": faults})),
        Command::Fault(entry) => {
            desk.bench.inject(*entry).map_err(|error| {
                let text = error.to_string();
                let (message, hint) = text.split_once("\nhint: ").unwrap_or((&text, "see faults"));
                Refusal::new(message, hint)
            })?;
            Ok(json!({"scheduled": desk.bench.faults().len(), "time_s": seconds(desk)}))
        }
        Command::Advance(by) => {
            advance(&desk.bench, by).await;
            Ok(time(desk))
        }
        Command::Quit => {
            desk.quit.notify_one();
            Ok(json!({"quit": true}))
        }
    }
}

fn seconds(desk: &Desk) -> f64 {
    desk.bench.now().as_secs_f64()
}

fn time(desk: &Desk) -> Value {
    json!({"time_s": seconds(desk), "time": desk.banner.time})
}

/// Moves time in strides, so that other clients are served in between.
async fn advance(bench: &EmulatedBench, by: Duration) {
    let target = bench.now() + by;
    if bench.skip(by) {
        while bench.now() < target {
            tokio::time::sleep(GLANCE).await;
        }
        return;
    }
    while bench.now() < target {
        bench.advance_to(target.min(bench.now() + STRIDE));
        tokio::task::yield_now().await;
    }
}
