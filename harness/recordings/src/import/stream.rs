//! Reading block by block, and the whole read made of it.

use std::path::Path;
use std::sync::Arc;

use super::capture::ImportedCapture;
use super::error::{ImportError, ImportErrorKind as Kind};
use super::input::Folder;
use super::options::{Format, ImportOptions};
use super::{comtrade, csv, detect, parquet, skew, yokogawa};

/// Samples per channel that [`open`] reads at a time.
const OPEN_BLOCK: usize = 1 << 16;

/// Samples of a format, one after the other.
pub(crate) trait Source: Send {
    /// Appends up to `most` samples to each of `values` and says how many; 0 only at the end.
    fn read(&mut self, most: usize, values: &mut [Vec<f64>]) -> Result<usize, ImportError>;
    /// Missing samples per channel so far.
    fn missing(&self) -> &[u64];
    /// What was noticed while reading.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A format's answer to being opened: the description without values, and the samples.
pub(crate) struct Opened {
    pub(crate) description: ImportedCapture,
    pub(crate) source: Box<dyn Source>,
    /// Samples per channel that the size of the file makes possible: memory set aside at once.
    pub(crate) possible: u64,
}

/// Consecutive samples of all channels.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Block {
    /// Index of the first sample among those read, from 0.
    pub first: u64,
    /// Samples per channel, in the order of [`Blocks::description`].
    pub values: Vec<Vec<f64>>,
}

impl Block {
    /// Samples per channel.
    pub fn len(&self) -> usize {
        self.values.first().map_or(0, Vec::len)
    }

    /// No samples at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Blocks of a capture of any size. Memory: one block and some buffers (for Parquet: one row
/// group of the channels asked for).
pub struct Blocks {
    description: ImportedCapture,
    source: Box<dyn Source>,
    possible: u64,
    block: usize,
    next: u64,
    ended: bool,
}

impl Blocks {
    /// Everything but the values, which are empty.
    pub fn description(&self) -> &ImportedCapture {
        &self.description
    }

    /// Reads the next block into `block`, whose memory is used again. `false` at the end.
    ///
    /// # Errors
    /// As [`open`], for the part of the file that the block covers. Nothing follows an error.
    pub fn read_into(&mut self, block: &mut Block) -> Result<bool, ImportError> {
        block
            .values
            .resize(self.description.channels.len(), Vec::new());
        block.values.iter_mut().for_each(Vec::clear);
        block.first = self.next;
        if self.ended {
            return Ok(false);
        }
        while block.len() < self.block {
            let most = self.block - block.len();
            match self.source.read(most, &mut block.values) {
                Ok(0) => {
                    self.finish();
                    break;
                }
                Ok(_) => {}
                Err(error) => {
                    self.ended = true;
                    return Err(error);
                }
            }
        }
        self.next += block.len() as u64;
        Ok(!block.is_empty())
    }

    fn finish(&mut self) {
        self.ended = true;
        self.description.notes.extend(self.source.notes());
        for (channel, &missing) in self
            .description
            .channels
            .iter_mut()
            .zip(self.source.missing())
        {
            channel.missing = missing;
            if missing > 0 {
                self.description.notes.push(format!(
                    "channel `{}`: {missing} missing samples are NaN",
                    channel.name
                ));
            }
        }
    }
}

impl Iterator for Blocks {
    type Item = Result<Block, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut block = Block::default();
        match self.read_into(&mut block) {
            Ok(true) => Some(Ok(block)),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

/// Opens `path` for reading in blocks of `samples` samples per channel (the last may be shorter).
///
/// Headers are checked at once, data as they are read; where sampling instants are stored as
/// time stamps, the file is read twice. After the last block the description also has what was
/// noticed on the way.
///
/// # Errors
/// [`ImportError`]; also when `samples` is 0 or skew is to be corrected, which needs [`open`].
pub fn blocks(path: &Path, options: &ImportOptions, samples: usize) -> Result<Blocks, ImportError> {
    blocks_of(&Folder::Disk, path, options, samples)
}

/// As [`blocks`], of files in memory: names with their bytes, the first one is opened.
///
/// # Errors
/// As [`blocks`].
pub fn blocks_of_bytes(
    files: &[(&str, &[u8])],
    options: &ImportOptions,
    samples: usize,
) -> Result<Blocks, ImportError> {
    let (folder, path) = memory(files);
    blocks_of(&folder, Path::new(&path), options, samples)
}

/// Reads the capture `path` (for COMTRADE the `.cfg`, `.dat` or `.cff`, for WVF the `.hdr` or
/// `.wvf`; partner files are found in any letter case).
///
/// # Errors
/// [`ImportError`]: the file is missing, of unknown format, breaks its format, contradicts itself,
/// lacks samples, is not uniformly sampled, or does not have what `options` ask for.
pub fn open(path: &Path, options: &ImportOptions) -> Result<ImportedCapture, ImportError> {
    open_of(&Folder::Disk, path, options)
}

/// As [`open`], of files in memory: names with their bytes, the first one is opened.
///
/// # Errors
/// As [`open`].
pub fn open_bytes(
    files: &[(&str, &[u8])],
    options: &ImportOptions,
) -> Result<ImportedCapture, ImportError> {
    let (folder, path) = memory(files);
    open_of(&folder, Path::new(&path), options)
}

fn memory(files: &[(&str, &[u8])]) -> (Folder, String) {
    let path = files.first().map_or("", |(name, _)| *name).to_owned();
    let files = files
        .iter()
        .map(|(name, bytes)| ((*name).to_owned(), Arc::from(*bytes)))
        .collect();
    (Folder::Memory(Arc::new(files)), path)
}

fn blocks_of(
    folder: &Folder,
    path: &Path,
    options: &ImportOptions,
    samples: usize,
) -> Result<Blocks, ImportError> {
    let refuse = |what: &str, hint: &str| Err(ImportError::new(path, Kind::Options, what, hint));
    if samples == 0 {
        return refuse(
            "blocks of 0 samples were asked for",
            "ask for at least 1 sample",
        );
    }
    if options.correct_skew {
        return refuse(
            "skew cannot be corrected block by block",
            "read the capture whole, or use the skew of each channel",
        );
    }
    start(folder, path, options, samples)
}

fn start(
    folder: &Folder,
    path: &Path,
    options: &ImportOptions,
    block: usize,
) -> Result<Blocks, ImportError> {
    let format = match options.format {
        Some(format) => format,
        None => detect::detect(folder, path)?,
    };
    let opened = match format {
        Format::Comtrade => comtrade::open(folder, path, options)?,
        Format::Csv => csv::open(folder, path, options)?,
        Format::Parquet => parquet::open(folder, path, options)?,
        Format::Yokogawa => yokogawa::open(folder, path, options)?,
    };
    Ok(Blocks {
        description: opened.description,
        source: opened.source,
        possible: opened.possible,
        block,
        next: 0,
        ended: false,
    })
}

fn open_of(
    folder: &Folder,
    path: &Path,
    options: &ImportOptions,
) -> Result<ImportedCapture, ImportError> {
    let mut blocks = start(folder, path, options, OPEN_BLOCK)?;
    let expected = usize::try_from(blocks.description.samples.min(blocks.possible)).unwrap_or(0);
    let mut values: Vec<Vec<f64>> = vec![Vec::new(); blocks.description.channels.len()];
    for channel in &mut values {
        channel.try_reserve_exact(expected).map_err(|_| {
            ImportError::new(
                path,
                Kind::TooLarge,
                format!("{expected} samples per channel do not fit into memory"),
                "ask for fewer channels or a shorter time, or read in blocks",
            )
        })?;
    }
    while !blocks.ended {
        match blocks.source.read(OPEN_BLOCK, &mut values)? {
            0 => blocks.finish(),
            _ => continue,
        }
    }
    let mut capture = blocks.description;
    capture.samples = values.first().map_or(0, Vec::len) as u64;
    for (channel, values) in capture.channels.iter_mut().zip(values) {
        channel.values = values;
    }
    if options.correct_skew {
        skew::correct(&mut capture);
    }
    Ok(capture)
}
