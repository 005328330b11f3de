//! Where a program message ends, and its bytes as text.
//!
//! A definite-length block (`#` digit digits data, IEEE 488.2 7.7.6) may hold the terminator; an
//! indefinite one (`#0`) ends with the message, since a raw socket has no END.

/// Bytes before the first terminator that is not inside a block; `None` when more must come.
pub(crate) fn end_of_message(input: &[u8], carriage_return_ends: bool) -> Option<usize> {
    let ends = |byte: u8| byte == b'\n' || (carriage_return_ends && byte == b'\r');
    let mut quote: Option<u8> = None;
    let mut at = 0;
    while let Some(&byte) = input.get(at) {
        if ends(byte) {
            return Some(at);
        }
        match quote {
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None if byte == b'"' || byte == b'\'' => quote = Some(byte),
            None if byte == b'#' => {
                if let Block::Definite(length) = block(&input[at..])? {
                    at += length;
                    continue;
                }
            }
            None => {}
        }
        at += 1;
    }
    None
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
    }
}
