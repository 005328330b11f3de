//! Modbus client over any link, with time-outs and one flat error.

use std::borrow::Cow;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::time::timeout;
use tokio_modbus::client::{Client, Context, rtu, tcp};
use tokio_modbus::{Error, Request, Response, Slave};

use super::tap::Tap;
use super::{Link, Pace};
use crate::clock::Clock;
use crate::error::{InstrumentError, InstrumentResult};

/// Framing on the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Modbus TCP (MBAP header).
    Tcp,
    /// Modbus RTU (address and CRC), also through transparent serial gateways.
    Rtu,
}

/// How long the line must be silent before a reply that was given up counts as lost.
const QUIET: Duration = Duration::from_millis(20);
/// Replies to earlier, abandoned requests that are skipped before giving up.
const STALE_REPLIES: usize = 2;

/// A Modbus client for one unit.
pub struct Modbus {
    name: String,
    context: Context,
    tap: Tap,
    limit: Duration,
    pace: Option<Pace>,
    /// A request was not answered: its reply may still come.
    owed: bool,
}

impl Modbus {
    /// Attach to `link`; sends nothing.
    pub fn new(name: String, link: Link, framing: Framing, unit: u8) -> Self {
        let tap = Tap::new(link);
        let context = match framing {
            Framing::Tcp => tcp::attach_slave(tap.clone(), Slave(unit)),
            Framing::Rtu => rtu::attach_slave(tap.clone(), Slave(unit)),
        };
        Modbus {
            name,
            context,
            tap,
            limit: Duration::from_secs(2),
            pace: None,
            owed: false,
        }
    }

    /// Keep at least `gap` of bench time between a reply and the next request.
    pub fn paced(mut self, clock: Rc<dyn Clock>, gap: Duration) -> Self {
        self.pace = Some(Pace::new(clock, gap));
        self
    }

    /// Name of the instrument in the bench file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Replace the time-out of one request.
    pub fn set_timeout(&mut self, limit: Duration) {
        self.limit = limit;
    }

    /// FC03, at most 125 registers.
    pub async fn read_holding(&mut self, address: u16, count: u16) -> InstrumentResult<Vec<u16>> {
        let request = Request::ReadHoldingRegisters(address, count);
        let answer = self.call(request.clone()).await?;
        if let Response::ReadHoldingRegisters(words) = &answer
            && words.len() == usize::from(count)
        {
            return Ok(words.clone());
        }
        Err(self.mismatch(&request, &answer))
    }

    /// FC04, at most 125 registers.
    pub async fn read_input(&mut self, address: u16, count: u16) -> InstrumentResult<Vec<u16>> {
        let request = Request::ReadInputRegisters(address, count);
        let answer = self.call(request.clone()).await?;
        if let Response::ReadInputRegisters(words) = &answer
            && words.len() == usize::from(count)
        {
            return Ok(words.clone());
        }
        Err(self.mismatch(&request, &answer))
    }

    /// FC01.
    pub async fn read_coils(&mut self, address: u16, count: u16) -> InstrumentResult<Vec<bool>> {
        let request = Request::ReadCoils(address, count);
        let answer = self.call(request.clone()).await?;
        // Coils come in whole bytes.
        if let Response::ReadCoils(coils) = &answer
            && coils.len() == usize::from(count).next_multiple_of(8)
        {
            return Ok(coils.iter().take(usize::from(count)).copied().collect());
        }
        Err(self.mismatch(&request, &answer))
    }

    /// FC15.
    pub async fn write_coils(&mut self, address: u16, coils: &[bool]) -> InstrumentResult<()> {
        let request = Request::WriteMultipleCoils(address, Cow::Borrowed(coils));
        let answer = self.call(request.clone()).await?;
        let count = coils.len();
        if matches!(&answer, Response::WriteMultipleCoils(a, n) if *a == address && usize::from(*n) == count)
        {
            return Ok(());
        }
        Err(self.mismatch(&request, &answer))
    }

    /// FC06.
    pub async fn write_register(&mut self, address: u16, word: u16) -> InstrumentResult<()> {
        let request = Request::WriteSingleRegister(address, word);
        let answer = self.call(request.clone()).await?;
        if answer == Response::WriteSingleRegister(address, word) {
            return Ok(());
        }
        Err(self.mismatch(&request, &answer))
    }

    /// FC16, at most 123 registers.
    pub async fn write_registers(&mut self, address: u16, words: &[u16]) -> InstrumentResult<()> {
        let request = Request::WriteMultipleRegisters(address, Cow::Borrowed(words));
        let answer = self.call(request.clone()).await?;
        let count = words.len();
        if matches!(&answer, Response::WriteMultipleRegisters(a, n) if *a == address && usize::from(*n) == count)
        {
            return Ok(());
        }
        Err(self.mismatch(&request, &answer))
    }

    /// `answer` is no answer to `request`.
    pub fn nonsense(
        &self,
        request: impl Into<String>,
        answer: impl Into<String>,
        problem: &str,
    ) -> InstrumentError {
        InstrumentError::Nonsense {
            instrument: self.name.clone(),
            request: request.into(),
            reply: answer.into(),
            problem: problem.into(),
        }
    }

    /// The device, or its driver on its behalf, says no.
    pub fn refused(
        &self,
        request: impl Into<String>,
        answer: impl Into<String>,
    ) -> InstrumentError {
        InstrumentError::Refused {
            instrument: self.name.clone(),
            request: request.into(),
            reply: answer.into(),
        }
    }

    fn mismatch(&self, request: &Request<'_>, answer: &Response) -> InstrumentError {
        self.nonsense(
            describe(request),
            shortened(answer),
            "address or count differ from the request",
        )
    }

    async fn call(&mut self, request: Request<'_>) -> InstrumentResult<Response> {
        if let Some(pace) = &mut self.pace {
            pace.wait().await;
        }
        let before = self.tap.received();
        let outcome = timeout(
            self.limit,
            converse(&mut self.context, &self.tap, &mut self.owed, &request),
        )
        .await;
        if let Some(pace) = &mut self.pace {
            pace.mark();
        }
        match outcome {
            Ok(Ok(Ok(response))) => Ok(response),
            Ok(Ok(Err(code))) => Err(self.refused(
                describe(&request),
                format!("exception {}: {code}", u8::from(code)),
            )),
            Ok(Err(Error::Protocol(problem))) => {
                Err(self.nonsense(describe(&request), "", &problem.to_string()))
            }
            Ok(Err(Error::Transport(error))) if is_garbage(&error) => {
                Err(self.nonsense(describe(&request), "", &error.to_string()))
            }
            Ok(Err(Error::Transport(error))) => Err(self.broken(&request, transport_cause(&error))),
            Err(_late) => {
                let limit = self.limit;
                let cause = match self.tap.received() - before {
                    0 => format!("no reply within {limit:?}"),
                    count => format!("no complete reply within {limit:?}, {count} bytes came"),
                };
                Err(self.broken(&request, cause))
            }
        }
    }

    fn broken(&self, request: &Request<'_>, cause: String) -> InstrumentError {
        InstrumentError::Link {
            instrument: self.name.clone(),
            request: describe(request),
            cause,
        }
    }
}

/// One exchange. All our requests are absolute, so one that met a stale reply may be repeated.
async fn converse(
    context: &mut Context,
    tap: &Tap,
    owed: &mut bool,
    request: &Request<'_>,
) -> tokio_modbus::Result<Response> {
    if *owed {
        drain(tap.clone()).await?;
    }
    *owed = true;
    let mut repeats = 0;
    loop {
        match context.call(request.clone()).await {
            Err(Error::Protocol(_)) if repeats < STALE_REPLIES => repeats += 1,
            Ok(outcome) => {
                *owed = false;
                return Ok(outcome);
            }
            Err(error) => return Err(error),
        }
    }
}

async fn drain(mut tap: Tap) -> io::Result<()> {
    let mut late = [0; 256];
    while let Ok(count) = timeout(QUIET, tap.read(&mut late)).await {
        if count? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

fn is_garbage(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
    )
}

/// tokio-modbus reports the end of the stream as whatever the last system error was.
fn transport_cause(error: &io::Error) -> String {
    let closed = error.raw_os_error() == Some(0)
        || matches!(
            error.kind(),
            io::ErrorKind::WouldBlock | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof
        );
    if closed {
        "connection closed by the device".into()
    } else {
        error.to_string()
    }
}

fn describe(request: &Request<'_>) -> String {
    let text = format!("{request:?}");
    text.chars().take(120).collect()
}

fn shortened(response: &Response) -> String {
    format!("{response:?}").chars().take(120).collect()
}
