//! Where a program message ends, and its bytes as text.
//!
//! A definite-length block (`#` digit digits data, IEEE 488.2 7.7.6) may hold the terminator; an
//! indefinite one (`#0`) ends with the message, since a raw socket has no END.

/// Bytes before the first terminator that is not inside a block; `None` when more must come.
pub(crate) fn end_of_message(input: &[u8], carriage_return_ends: bool) -> Option<usize> {
    let mut scanner = Scanner::new(carriage_return_ends);
    scanner.scan(input)
}

/// Looks for the end of a message in pieces of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scanner {
    carriage_return_ends: bool,
    /// A message may be a PNG image.
    images: bool,
    place: Place,
}

/// Where in a message a byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Begin,
    Text,
    /// Inside a string with this quote.
    Quoted(u8),
    /// Behind a `#`.
    Hash,
    /// In the length of a block: digits to come, length so far.
    Length(u8, usize),
    /// In a block: bytes to come, at least one.
    Data(usize),
    /// In the length and type of a chunk of an image: bytes so far, the length, and whether the type is
    /// that of the last one up to here.
    Chunk(u8, usize, bool),
    /// In the rest of a chunk: bytes to come, and whether it is the last one.
    Body(usize, bool),
}

/// First byte of a PNG image, and the rest of its signature.
const IMAGE: u8 = 0x89;
const SIGNATURE_REST: usize = 7;
const LAST_CHUNK: [u8; 4] = *b"IEND";

impl Scanner {
    /// At the beginning of a message.
    pub(crate) fn new(carriage_return_ends: bool) -> Self {
        Self {
            carriage_return_ends,
            images: false,
            place: Place::Begin,
        }
    }

    /// Of responses, which end with LF.
    pub(crate) fn of_responses() -> Self {
        Self {
            images: true,
            ..Self::new(false)
        }
    }

    /// Index of the terminator in the next piece; `None` when the message goes on.
    pub(crate) fn scan(&mut self, piece: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(&byte) = piece.get(at) {
            self.place = match (self.place, byte) {
                (Place::Data(left), _) => {
                    let taken = left.min(piece.len() - at);
                    at += taken;
                    self.place = within(left - taken);
                    continue;
                }
                (Place::Body(left, last), _) => {
                    let taken = left.min(piece.len() - at);
                    at += taken;
                    self.place = match (left - taken, last) {
                        (0, true) => Place::Text,
                        (0, false) => Place::Chunk(0, 0, true),
                        (left, last) => Place::Body(left, last),
                    };
                    continue;
                }
                (Place::Begin, IMAGE) if self.images => Place::Body(SIGNATURE_REST, false),
                (Place::Chunk(at, length, last), _) => match at {
                    0..=3 => Place::Chunk(at + 1, length << 8 | usize::from(byte), last),
                    _ => {
                        let last = last && LAST_CHUNK[usize::from(at & 3)] == byte;
                        if at == 7 {
                            // with its check sum
                            Place::Body(length + 4, last)
                        } else {
                            Place::Chunk(at + 1, length, last)
                        }
                    }
                },
                (Place::Hash, b'1'..=b'9') => Place::Length(byte - b'0', 0),
                (Place::Length(digits, length), b'0'..=b'9') => {
                    let length = length * 10 + usize::from(byte - b'0');
                    if digits == 1 {
                        within(length)
                    } else {
                        Place::Length(digits - 1, length)
                    }
                }
                _ if byte == b'\n' || (self.carriage_return_ends && byte == b'\r') => {
                    self.place = Place::Begin;
                    return Some(at);
                }
                (Place::Quoted(quote), _) if byte == quote => Place::Text,
                (quoted @ Place::Quoted(_), _) => quoted,
                (_, b'"' | b'\'') => Place::Quoted(byte),
                (_, b'#') => Place::Hash,
                (_, _) => Place::Text,
            };
            at += 1;
        }
        None
    }
}

fn within(left: usize) -> Place {
    if left == 0 {
        Place::Text
    } else {
        Place::Data(left)
    }
}

/// What a `#` begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Block {
    /// A block of so many bytes, header included.
    Definite(usize),
    /// A non-decimal number, an indefinite block, or nothing that makes sense.
    Other,
}

/// Looks at `#…`; `None` when more bytes must come to tell.
fn block(input: &[u8]) -> Option<Block> {
    let digits = match input.get(1)? {
        digit @ b'1'..=b'9' => usize::from(digit - b'0'),
        _ => return Some(Block::Other),
    };
    let mut length = 0usize;
    for index in 0..digits {
        match input.get(2 + index)? {
            digit @ b'0'..=b'9' => length = length * 10 + usize::from(digit - b'0'),
            _ => return Some(Block::Other),
        }
    }
    Some(Block::Definite(2 + digits + length))
}

/// Length in characters of the definite-length block that `text` begins with.
pub(crate) fn block_length(text: &str) -> Option<usize> {
    match block(&text.as_bytes()[..text.len().min(11)]) {
        Some(Block::Definite(length)) => Some(length),
        Some(Block::Other) | None => None,
    }
}

/// A message as text: UTF-8, or byte by byte when it is none or may hold a block, so that the
/// lengths of blocks hold.
pub(crate) fn text(line: &[u8]) -> String {
    match std::str::from_utf8(line) {
        Ok(text) if !line.contains(&b'#') => text.to_owned(),
        Ok(_) | Err(_) => line.iter().map(|&byte| char::from(byte)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_may_hold_the_terminator() {
        assert_eq!(end_of_message(b"A 1\nB", false), Some(3));
        assert_eq!(end_of_message(b"A 1\rB", true), Some(3));
        assert_eq!(end_of_message(b"A 1\rB", false), None);
        assert_eq!(end_of_message(b"D #13a\nb\n", false), Some(8));
        assert_eq!(end_of_message(b"D #13a\nb", false), None);
        assert_eq!(end_of_message(b"D #2", false), None);
        assert_eq!(end_of_message(b"D #H1F\n", false), Some(6));
        assert_eq!(end_of_message(b"D #0ab\n", false), Some(6));
        // an unterminated string ends with its line
        assert_eq!(end_of_message(b"D \"#15\n", false), Some(6));
        assert_eq!(end_of_message(b"D #10\n", false), Some(5));
    }

    #[test]
    fn pieces_end_where_the_whole_does() {
        for message in [
            &b"A '\"#';D #213abc\ndef\nghi\n;B\nC"[..],
            b"##14a\n\"b\n",
            b"#3x\n",
        ] {
            let whole = end_of_message(message, false);
            assert!(whole.is_some());
            for cut in 0..message.len() {
                let mut scanner = Scanner::new(false);
                let end = match scanner.scan(&message[..cut]) {
                    Some(end) => Some(end),
                    None => scanner.scan(&message[cut..]).map(|end| cut + end),
                };
                assert_eq!(end, whole, "{message:?} cut at {cut}");
            }
        }
    }
}
