//! The Lawicel ASCII protocol of a serial CAN adapter: one letter per command, CR ends it; the
//! answer is CR for done and BEL for refused.

const DONE: u8 = b'\r';
const REFUSED: u8 = 0x07;
/// Longest command: an extended frame of eight bytes.
const LONGEST: usize = 1 + 8 + 1 + 16;

/// A classic CAN frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) id: u32,
    /// 29-bit identifier.
    pub(crate) extended: bool,
    /// Asks for data instead of carrying it; then only the length counts.
    pub(crate) remote: bool,
    length: u8,
    bytes: [u8; 8],
}

impl Frame {
    /// A data frame with an 11-bit identifier; bytes beyond the eighth are dropped.
    pub(crate) fn standard(id: u32, data: &[u8]) -> Self {
        Self::data_frame(id & 0x7ff, false, data)
    }

    /// A data frame; bytes beyond the eighth are dropped.
    pub(crate) fn data_frame(id: u32, extended: bool, data: &[u8]) -> Self {
        let mut bytes = [0; 8];
        let length = data.len().min(8);
        bytes[..length].copy_from_slice(&data[..length]);
        Self {
            id,
            extended,
            remote: false,
            length: length as u8,
            bytes,
        }
    }

    /// The payload.
    pub(crate) fn data(&self) -> &[u8] {
        let length = if self.remote { 0 } else { self.length };
        &self.bytes[..usize::from(length)]
    }

    /// From a command line without its CR.
    pub(crate) fn parse(line: &[u8]) -> Option<Self> {
        let (extended, remote) = match line.first()? {
            b't' => (false, false),
            b'T' => (true, false),
            b'r' => (false, true),
            b'R' => (true, true),
            _ => return None,
        };
        let digits = if extended { 8 } else { 3 };
        let id = hex(line.get(1..=digits)?)?;
        let most = if extended { 0x1fff_ffff } else { 0x7ff };
        let length = hex(line.get(digits + 1..digits + 2)?)? as u8;
        let rest = line.get(digits + 2..)?;
        let expected = if remote { 0 } else { 2 * usize::from(length) };
        if id > most || length > 8 || rest.len() != expected {
            return None;
        }
        let mut bytes = [0; 8];
        for (byte, pair) in bytes.iter_mut().zip(rest.chunks_exact(2)) {
            *byte = hex(pair)? as u8;
        }
        Some(Self {
            id,
            extended,
            remote,
            length,
            bytes,
        })
    }

    /// As a line with its CR.
    pub(crate) fn text(&self) -> String {
        let letter = match (self.extended, self.remote) {
            (false, false) => 't',
            (true, false) => 'T',
            (false, true) => 'r',
            (true, true) => 'R',
        };
        let id = if self.extended {
            format!("{:08X}", self.id)
        } else {
            format!("{:03X}", self.id)
        };
        let data: String = self
            .data()
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        format!("{letter}{id}{}{data}\r", self.length)
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok()?;
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(text, 16).ok()
}

/// State of the CAN channel behind an adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Channel {
    #[default]
    Closed,
    Open,
    ListenOnly,
}

/// One adapter.
#[derive(Debug, Default)]
pub(crate) struct Adapter {
    /// Its number on the bus; `None` before its first command.
    pub(crate) number: Option<u64>,
    /// Number of the last frame on the bus that it has dealt with.
    pub(crate) heard: u64,
    channel: Channel,
    stamps: bool,
}

impl Adapter {
    /// On the bus from frame `heard` on, channel closed.
    pub(crate) fn new(number: u64, heard: u64) -> Self {
        Self {
            number: Some(number),
            heard,
            ..Self::default()
        }
    }

    /// The channel is open.
    pub(crate) fn open(&self) -> bool {
        self.channel != Channel::Closed
    }

    /// A frame of another node.
    pub(crate) fn hear(&self, frame: &Frame, output: &mut Vec<u8>) {
        if self.open() {
            let mut text = frame.text();
            if self.stamps {
                // milliseconds of a minute; this adapter's clock stands still
                text.insert_str(text.len() - 1, "0000");
            }
            output.extend_from_slice(text.as_bytes());
        }
    }

    /// Carries out the complete commands of `input`; frames for the bus go to `sent`.
    pub(crate) fn take(
        &mut self,
        input: &mut Vec<u8>,
        output: &mut Vec<u8>,
        sent: &mut Vec<Frame>,
    ) {
        while let Some(end) = input
            .iter()
            .position(|&byte| byte == b'\r' || byte == b'\n')
        {
            let line: Vec<u8> = input.drain(..=end).collect();
            let line = &line[..end];
            // an empty line is how clients flush; it is done
            if line.is_empty() {
                output.push(DONE);
                continue;
            }
            match self.command(line, sent) {
                Some(reply) => {
                    output.extend_from_slice(reply.as_bytes());
                    output.push(DONE);
                }
                None => output.push(REFUSED),
            }
        }
        if input.len() > LONGEST {
            input.clear();
            output.push(REFUSED);
        }
    }

    fn command(&mut self, line: &[u8], sent: &mut Vec<Frame>) -> Option<&'static str> {
        let (letter, rest) = line.split_first()?;
        let closed = self.channel == Channel::Closed;
        match (letter, rest) {
            (b'O', []) if closed => self.channel = Channel::Open,
            (b'L', []) if closed => self.channel = Channel::ListenOnly,
            // closing twice is how clients begin
            (b'C', []) => self.channel = Channel::Closed,
            (b'S', [b'0'..=b'8']) if closed => {}
            (b's', registers) if closed && matches!(registers.len(), 4 | 6) => {
                hex(registers)?;
            }
            (b'M' | b'm', mask) if closed && mask.len() == 8 => {
                hex(mask)?;
            }
            (b'Z', [stamps @ (b'0' | b'1')]) if closed => self.stamps = *stamps == b'1',
            (b'X' | b'W', [b'0'..=b'2']) => {}
            (b'V', []) => return Some("V1013"),
            (b'N', []) => return Some("NEMU1"),
            (b'F', []) if !closed => return Some("F00"),
            (b't' | b'T' | b'r' | b'R', _) if self.channel == Channel::Open => {
                sent.push(Frame::parse(line)?);
                return Some(if letter.is_ascii_uppercase() {
                    "Z"
                } else {
                    "z"
                });
            }
            _ => return None,
        }
        Some("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn frames_are_written_and_read() {
        let frame = Frame::standard(0x356, &[0x6c, 0x14, 4, 0, 0xdc, 0]);
        assert_eq!(frame.text(), "t35666C140400DC00\r");
        assert_eq!(Frame::parse(b"t35666C140400DC00"), Some(frame));
        assert_eq!(Frame::parse(b"t35666C140400DC0"), None);
        assert_eq!(Frame::parse(b"t8000"), None);
        assert_eq!(Frame::parse(b"t1009"), None);
        let remote = Frame::parse(b"R1FFFFFFF3").expect("a remote frame");
        assert!(remote.remote && remote.extended && remote.data().is_empty());
        assert_eq!(remote.text(), "R1FFFFFFF3\r");
    }

    #[test]
    fn a_closed_channel_neither_sends_nor_hears() {
        let mut adapter = Adapter::new(1, 0);
        let mut say = |text: &str| {
            let (mut output, mut sent) = (Vec::new(), Vec::new());
            adapter.take(&mut text.as_bytes().to_vec(), &mut output, &mut sent);
            (String::from_utf8_lossy(&output).into_owned(), sent.len())
        };
        assert_eq!(say("t3050\r"), ("\u{7}".into(), 0));
        assert_eq!(say("S6\rO\r"), ("\r\r".into(), 0));
        assert_eq!(say("S6\r"), ("\u{7}".into(), 0), "not while open");
        assert_eq!(say("t3050\rF\r"), ("z\rF00\r".into(), 1));
        assert_eq!(say("C\rL\rt3050\r"), ("\r\r\u{7}".into(), 0));
    }

    proptest! {
        #[test]
        fn whatever_comes_is_answered(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let mut adapter = Adapter::new(1, 0);
            let (mut input, mut output, mut sent) = (bytes.clone(), Vec::new(), Vec::new());
            adapter.take(&mut input, &mut output, &mut sent);
            let commands = bytes.iter().filter(|byte| matches!(byte, b'\r' | b'\n')).count();
            let answers = output.iter().filter(|byte| matches!(byte, b'\r' | 7)).count();
            prop_assert!(answers == commands || answers == commands + 1);
            prop_assert!(input.len() <= LONGEST);
        }
    }
}
