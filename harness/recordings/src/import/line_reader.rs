//! Lines of a large text file, one at a time, ended by CRLF, LF or CR.

use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;

use super::error::{ImportError, ImportErrorKind as Kind};
use super::input::Input;

/// Longest line accepted, bytes.
const LONGEST: usize = 1 << 20;

/// Reads lines and counts them; holds one line in memory.
pub(crate) struct LineReader {
    path: PathBuf,
    input: std::io::Take<BufReader<Input>>,
    number: u64,
    line: Vec<u8>,
    after_cr: bool,
    offset: u64,
}

impl LineReader {
    /// Lines of `input` from `offset`, at most `length` bytes; the first has number `number + 1`.
    pub(crate) fn new(
        path: PathBuf,
        mut input: Input,
        offset: u64,
        length: u64,
        number: u64,
    ) -> Result<Self, ImportError> {
        input
            .seek(SeekFrom::Start(offset))
            .map_err(|error| ImportError::io(&path, &error))?;
        Ok(Self {
            path,
            input: BufReader::with_capacity(1 << 16, input).take(length),
            number,
            line: Vec::new(),
            after_cr: false,
            offset,
        })
    }

    /// Number of the line last read, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Offset in the file of what follows the end of the line last read. Between CR and LF of a
    /// CRLF this is the LF: see [`LineReader::offset_after_end`].
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Offset of the first byte after the line last read, a CRLF counted whole.
    pub(crate) fn offset_after_end(&mut self) -> Result<u64, ImportError> {
        if self.after_cr {
            let buffer = self
                .input
                .fill_buf()
                .map_err(|error| ImportError::io(&self.path, &error))?;
            if buffer.first() == Some(&b'\n') {
                return Ok(self.offset + 1);
            }
        }
        Ok(self.offset)
    }

    /// The next line without its end, `None` at the end of the file.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, ImportError> {
        self.line.clear();
        let mut any = false;
        loop {
            let buffer = self
                .input
                .fill_buf()
                .map_err(|error| ImportError::io(&self.path, &error))?;
            if buffer.is_empty() {
                break;
            }
            let buffer_start = usize::from(self.after_cr && buffer[0] == b'\n');
            self.after_cr = false;
            if buffer_start == 1 {
                self.input.consume(1);
                self.offset += 1;
                continue;
            }
            any = true;
            match buffer
                .iter()
                .position(|&byte| byte == b'\n' || byte == b'\r')
            {
                Some(end) => {
                    self.line.extend_from_slice(&buffer[..end]);
                    self.after_cr = buffer[end] == b'\r';
                    self.input.consume(end + 1);
                    self.offset += end as u64 + 1;
                    self.number += 1;
                    return self.checked();
                }
                None => {
                    let length = buffer.len();
                    self.line.extend_from_slice(buffer);
                    self.input.consume(length);
                    self.offset += length as u64;
                    if self.line.len() > LONGEST {
                        self.number += 1;
                        return self.checked();
                    }
                }
            }
        }
        if !any {
            return Ok(None);
        }
        self.number += 1;
        self.checked()
    }

    fn checked(&self) -> Result<Option<&[u8]>, ImportError> {
        if self.line.len() > LONGEST {
            return Err(ImportError::new(
                &self.path,
                Kind::TooLarge,
                format!("the line is longer than {LONGEST} bytes"),
                "this is no text capture; check the file and its line ends",
            )
            .line(self.number));
        }
        Ok(Some(&self.line))
    }
}
