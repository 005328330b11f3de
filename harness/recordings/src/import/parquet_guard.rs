//! A look at a Parquet file's structure before the decoder believes it.
//!
//! The decoder sets memory aside by the numbers in footer and page headers. Here every number of
//! values, size and offset is held against the length of the file first. Both structures are in
//! Thrift's compact protocol: a field is a type and a number, integers are zigzag varints. The
//! decoder goes by a field's number alone, so one of another type than the format's would be read
//! differently there than here: it is refused.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::error::{ImportError, ImportErrorKind as Kind};
use super::input::{Folder, Input};

/// Deepest nesting that Parquet uses is below this.
const DEEPEST: usize = 12;
/// Largest footer read, bytes.
const LARGEST_FOOTER: u64 = 64 << 20;
/// Bytes read of a page header.
const PAGE_HEAD: u64 = 1 << 16;
/// Field number of a page's checksum in its header.
const PAGE_CHECKSUM: i64 = 4;
/// Field numbers from the footer's root to the metadata of a column chunk.
const CHUNK: [i64; 3] = [4, 1, 3];

/// Types of fields as they are stated: integers, texts, lists, structures; `ANY` is not looked at.
const I16: u8 = 4;
const I32: u8 = 5;
const I64: u8 = 6;
const TEXT: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;
const ANY: u8 = 0;

/// A structure by the field numbers that lead to it, and the types of its fields from 1 on.
type Types = (&'static [i64], &'static [u8]);

/// The structures of a footer (parquet.thrift: FileMetaData and what it holds).
const FOOTER_TYPES: [Types; 6] = [
    (&[], &[I32, LIST, I64, LIST, LIST, TEXT, LIST]),
    (
        &[2],
        &[I32, I32, I32, TEXT, I32, I32, I32, I32, I32, STRUCT],
    ),
    (&[4], &[LIST, I64, I64, LIST, I64, I64, I16]),
    (
        &[4, 1],
        &[TEXT, I64, STRUCT, I64, I32, I64, I32, STRUCT, TEXT],
    ),
    (
        &CHUNK,
        &[
            I32, LIST, LIST, I32, I64, I64, I64, LIST, I64, I64, I64, STRUCT, LIST, I64, I32,
            STRUCT,
        ],
    ),
    (&[5], &[TEXT, TEXT]),
];
/// The structures of a page header (parquet.thrift: PageHeader and what it holds).
const PAGE_TYPES: [Types; 4] = [
    (&[], &[I32, I32, I32, I32, STRUCT, STRUCT, STRUCT, STRUCT]),
    (&[5], &[I32, I32, I32, I32, STRUCT]),
    (&[7], &[I32, I32, ANY]),
    (&[8], &[I32, I32, I32, I32, I32, I32, ANY, STRUCT]),
];
/// Lists by the field numbers that lead to them, and the type of what they hold.
const LISTS: [(&[i64], u8); 5] = [
    (&[2], STRUCT),
    (&[4], STRUCT),
    (&[4, 1], STRUCT),
    (&[4, 1, 3, 2], I32),
    (&[4, 1, 3, 3], TEXT),
];

/// Largest number that a file of `length` bytes may state: columns of one value compress far.
pub(super) fn largest(length: u64) -> u64 {
    1_000_000 + length.saturating_mul(2000)
}

/// Checks footer and page headers of `path`.
pub(super) fn check(folder: &Folder, path: &Path) -> Result<(), ImportError> {
    let (mut input, length) = folder.open(path)?;
    let wrong = |byte: u64, what: &str| {
        ImportError::new(
            path,
            Kind::Malformed,
            format!("not a readable Parquet file: {what}"),
            "copy the file again; if it is whole, write it again with another Parquet library",
        )
        .byte(byte)
    };
    let mut tail = [0; 8];
    if length < 12 {
        return Err(wrong(0, "it is too short"));
    }
    read(&mut input, path, length - 8, &mut tail)?;
    let [a, b, c, d, mark @ ..] = tail;
    if &mark != b"PAR1" {
        return Err(wrong(
            length - 4,
            "it does not end with PAR1: truncated, or encrypted",
        ));
    }
    let footer_length = u64::from(u32::from_le_bytes([a, b, c, d]));
    if footer_length > (length - 12).min(LARGEST_FOOTER) {
        return Err(wrong(length - 8, "the footer is larger than the file"));
    }
    let start = length - 8 - footer_length;
    let mut footer = vec![0; footer_length as usize];
    read(&mut input, path, start, &mut footer)?;
    let mut chunks: Vec<Chunk> = Vec::new();
    let mut walk = Walk::new(&footer, Rule::footer(length));
    walk.fields(&mut Vec::new(), &mut |fields, value| {
        if fields.len() == 4 && fields[..3] == CHUNK {
            if fields[3] == 1 {
                chunks.push(Chunk::default());
            }
            if let Some(chunk) = chunks.last_mut() {
                match fields[3] {
                    7 => chunk.bytes = value,
                    9 => chunk.data = value,
                    11 => chunk.dictionary = Some(value),
                    _ => {}
                }
            }
        }
    })
    .map_err(|(at, what)| wrong(start + at as u64, what))?;
    for chunk in chunks {
        pages(&mut input, path, length, &chunk, &wrong)?;
    }
    Ok(())
}

/// Where the pages of a column chunk are.
#[derive(Default)]
struct Chunk {
    bytes: i64,
    data: i64,
    dictionary: Option<i64>,
}

fn pages(
    input: &mut Input,
    path: &Path,
    length: u64,
    chunk: &Chunk,
    wrong: &impl Fn(u64, &str) -> ImportError,
) -> Result<(), ImportError> {
    let first = match chunk.dictionary {
        // A column without values has a dictionary and states 0 for its data.
        Some(dictionary) if dictionary > 0 && chunk.data == 0 => dictionary,
        Some(dictionary) if dictionary > 0 => dictionary.min(chunk.data),
        _ => chunk.data,
    };
    let (Ok(mut at), Ok(bytes)) = (u64::try_from(first), u64::try_from(chunk.bytes)) else {
        return Err(wrong(0, "a column lies before the start of the file"));
    };
    let end = at.saturating_add(bytes);
    if end > length {
        return Err(wrong(
            at.min(length),
            "a column goes on after the end of the file",
        ));
    }
    let mut buffer = Vec::new();
    while at < end {
        buffer.resize(PAGE_HEAD.min(end - at) as usize, 0);
        read(input, path, at, &mut buffer)?;
        let mut walk = Walk::new(&buffer, Rule::page(length));
        let mut body = 0;
        walk.fields(&mut Vec::new(), &mut |fields, value| {
            if fields == [3] {
                body = value;
            }
        })
        .map_err(|(offset, what)| wrong(at + offset as u64, what))?;
        let body = u64::try_from(body).map_err(|_| wrong(at, "a page has a negative size"))?;
        at = at.saturating_add(walk.at as u64).saturating_add(body);
    }
    if at > end {
        return Err(wrong(end, "a page is larger than its column"));
    }
    Ok(())
}

fn read(input: &mut Input, path: &Path, at: u64, buffer: &mut [u8]) -> Result<(), ImportError> {
    input
        .seek(SeekFrom::Start(at))
        .and_then(|_| input.read_exact(buffer))
        .map_err(|error| ImportError::io(path, &error))
}

/// Which integers a structure may state.
#[derive(Clone, Copy)]
struct Rule {
    least: i64,
    largest: u64,
    /// A field of the root that may be anything.
    free: Option<i64>,
    types: &'static [Types],
}

impl Rule {
    /// A footer writes -1 for what is not known.
    fn footer(length: u64) -> Self {
        Self {
            least: -1,
            largest: largest(length),
            free: None,
            types: &FOOTER_TYPES,
        }
    }

    /// Nothing is unknown in a page header; its checksum has all bits.
    fn page(length: u64) -> Self {
        Self {
            least: 0,
            largest: largest(length),
            free: Some(PAGE_CHECKSUM),
            types: &PAGE_TYPES,
        }
    }

    /// Whether field `id` of the structure at `path` may be of type `kind`.
    fn expects(self, path: &[i64], id: i64, kind: u8) -> bool {
        let known = self.types.iter().find(|(at, _)| *at == path);
        let index = usize::try_from(id - 1).ok();
        let wanted = known.and_then(|(_, types)| types.get(index?).copied());
        wanted.is_none_or(|wanted| wanted == ANY || wanted == kind)
    }

    fn allows(self, path: &[i64], value: i64) -> bool {
        let free = self.free.is_some_and(|field| path == [field]);
        free || (value >= self.least && value.unsigned_abs() <= self.largest)
    }
}

/// Where something is wrong, and what.
type Fault = (usize, &'static str);
/// Takes the field numbers from the root and the value of each integer.
type Visit<'v> = dyn FnMut(&[i64], i64) + 'v;

/// Walks one structure.
struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    rule: Rule,
}

impl<'a> Walk<'a> {
    fn new(bytes: &'a [u8], rule: Rule) -> Self {
        Self { bytes, at: 0, rule }
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        let byte = self.bytes.get(self.at).copied();
        self.at += 1;
        byte.ok_or((self.bytes.len(), "a header is cut off"))
    }

    fn varint(&mut self) -> Result<u64, Fault> {
        let start = self.at;
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err((start, "an integer has too many bytes"))
    }

    fn zigzag(&mut self) -> Result<i64, Fault> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// A length of bytes or of a list, which the rest must be able to hold.
    fn length(&mut self, length: u64) -> Result<usize, Fault> {
        let left = self.bytes.len().saturating_sub(self.at);
        match usize::try_from(length) {
            Ok(length) if length <= left => Ok(length),
            _ => Err((self.at, "a list or text is longer than its header")),
        }
    }

    /// The fields of a structure up to its end.
    fn fields(&mut self, path: &mut Vec<i64>, visit: &mut Visit<'_>) -> Result<(), Fault> {
        if path.len() > DEEPEST {
            return Err((self.at, "structures are nested too deeply"));
        }
        let mut id = 0_i64;
        loop {
            let head = self.byte()?;
            let kind = head & 0x0f;
            if kind == 0 {
                return Ok(());
            }
            id = match head >> 4 {
                0 => self.zigzag()?,
                delta => id.saturating_add(i64::from(delta)),
            };
            if !self.rule.expects(path, id, kind) {
                return Err((self.at, "a field is not of its type"));
            }
            path.push(id);
            // Booleans are in the type itself.
            if kind > 2 {
                self.value(kind, path, visit)?;
            }
            path.pop();
        }
    }

    fn value(&mut self, kind: u8, path: &mut Vec<i64>, visit: &mut Visit<'_>) -> Result<(), Fault> {
        let start = self.at;
        match kind {
            1..=3 => {
                self.byte()?;
            }
            4..=6 => {
                let value = self.zigzag()?;
                if !self.rule.allows(path, value) {
                    return Err((
                        start,
                        "a number is beyond anything the length of the file allows",
                    ));
                }
                visit(path, value);
            }
            7 => {
                self.length(8)?;
                self.at += 8;
            }
            8 => {
                let length = self.varint()?;
                self.at += self.length(length)?;
            }
            9 | 10 => {
                let head = self.byte()?;
                let count = match head >> 4 {
                    15 => self.varint()?,
                    count => u64::from(count),
                };
                let held = LISTS.iter().find(|(at, _)| at == path);
                if count > 0 && held.is_some_and(|(_, held)| *held != head & 0x0f) {
                    return Err((start, "a list does not hold what it should"));
                }
                for _ in 0..self.length(count)? {
                    self.value(head & 0x0f, path, visit)?;
                }
            }
            12 => self.fields(path, visit)?,
            _ => return Err((start, "a field is of no known type")),
        }
        Ok(())
    }
}
