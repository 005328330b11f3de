//! An instrument that follows a script: it expects exact bytes and answers with given bytes.

use gridproof_instruments::transport::Link;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;

enum Step {
    Expect(Vec<u8>),
    Reply(Vec<u8>),
    Close,
}

/// The script. Terminator and error query as the family has them.
pub(crate) struct Script {
    steps: Vec<Step>,
    terminator: &'static str,
    error_query: &'static str,
    no_error: &'static str,
}

/// Running peer; `done` proves that everything was consumed and nothing more was sent.
pub(crate) struct Peer(JoinHandle<Result<(), String>>);

impl Script {
    pub(crate) fn new() -> Script {
        Script::with("\n", "SYSTem:ERRor?", "0,\"No Error\"")
    }

    pub(crate) fn with(
        terminator: &'static str,
        error_query: &'static str,
        no_error: &'static str,
    ) -> Script {
        Script {
            steps: Vec::new(),
            terminator,
            error_query,
            no_error,
        }
    }

    pub(crate) fn expect(mut self, bytes: impl AsRef<[u8]>) -> Script {
        self.steps.push(Step::Expect(bytes.as_ref().to_vec()));
        self
    }

    pub(crate) fn reply(mut self, bytes: impl AsRef<[u8]>) -> Script {
        self.steps.push(Step::Reply(bytes.as_ref().to_vec()));
        self
    }

    pub(crate) fn close(mut self) -> Script {
        self.steps.push(Step::Close);
        self
    }

    /// A message without a reply.
    pub(crate) fn hear(self, message: &str) -> Script {
        let line = format!("{message}{}", self.terminator);
        self.expect(line)
    }

    /// A query with its reply.
    pub(crate) fn ask(self, query: &str, answer: &str) -> Script {
        let line = format!("{answer}{}", self.terminator);
        self.hear(query).reply(line)
    }

    /// The error queue is empty.
    pub(crate) fn no_errors(self) -> Script {
        let (query, answer) = (self.error_query, self.no_error);
        self.ask(query, answer)
    }

    /// A setting that is accepted.
    pub(crate) fn accept(self, command: &str) -> Script {
        self.hear(command).no_errors()
    }

    pub(crate) fn accept_all(self, commands: &[&str]) -> Script {
        commands
            .iter()
            .fold(self, |script, command| script.accept(command))
    }

    /// A setting that is refused.
    pub(crate) fn refuse(self, command: &str, entry: &str) -> Script {
        let query = self.error_query;
        self.hear(command).ask(query, entry).no_errors()
    }

    /// Play the script at the other end of the link returned.
    pub(crate) fn play(self) -> (Link, Peer) {
        let (ours, theirs) = duplex(1 << 20);
        (Box::new(ours), Peer(tokio::spawn(play(self.steps, theirs))))
    }
}

impl Peer {
    /// To be called after the driver is dropped.
    pub(crate) async fn done(self) {
        if let Err(problem) = self.0.await.expect("the peer runs to its end") {
            panic!("{problem}");
        }
    }
}

async fn play(steps: Vec<Step>, mut stream: DuplexStream) -> Result<(), String> {
    for step in steps {
        match step {
            Step::Expect(bytes) => expect(&mut stream, &bytes).await?,
            Step::Reply(bytes) => {
                // A driver that gave up is found out by the next expectation.
                let _gone = stream.write_all(&bytes).await;
            }
            Step::Close => return Ok(()),
        }
    }
    let mut rest = Vec::new();
    let _count = stream.read_to_end(&mut rest).await;
    if rest.is_empty() {
        return Ok(());
    }
    Err(format!("sent beyond the script: `{}`", rest.escape_ascii()))
}

async fn expect(stream: &mut DuplexStream, bytes: &[u8]) -> Result<(), String> {
    let mut got = Vec::new();
    while got.len() < bytes.len() {
        let mut byte = [0];
        if stream.read(&mut byte).await.unwrap_or(0) == 0 {
            let (bytes, got) = (bytes.escape_ascii(), got.escape_ascii());
            return Err(format!("expected `{bytes}`, the driver left after `{got}`"));
        }
        got.extend(byte);
        if bytes.get(..got.len()) != Some(&got[..]) {
            let mut rest = [0; 64];
            let more =
                tokio::time::timeout(std::time::Duration::from_millis(5), stream.read(&mut rest));
            let count = more.await.map_or(0, |count| count.unwrap_or(0));
            got.extend(rest.iter().take(count));
            return Err(format!(
                "expected `{}`, got `{}`",
                bytes.escape_ascii(),
                got.escape_ascii()
            ));
        }
    }
    Ok(())
}
