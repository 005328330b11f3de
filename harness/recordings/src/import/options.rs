//! What to read of a capture, and how.

/// File format of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// COMTRADE of any revision, file pair or `.cff`.
    Comtrade,
    /// Text with separated columns.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// Yokogawa `.hdr` with `.wvf`, or `.wdf`.
    Yokogawa,
}

/// Which side of the instrument transformers the values of a COMTRADE file are wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scaling {
    /// As the file stores them (field PS, C37.111-2013 7.4.4).
    #[default]
    AsStored,
    /// Primary values where the file says that its values are secondary and how to convert them,
    /// else as stored.
    PrimaryIfStated,
    /// Primary values.
    Primary,
    /// Secondary values.
    Secondary,
}

/// Decimal mark of a CSV file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decimal {
    /// `1.5`
    Point,
    /// `1,5`
    Comma,
}

/// What to read of a capture, and how. The default reads everything and assumes nothing.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// Channels to read, in this order, by name or by position (`A1`, `D2` in COMTRADE, `#3`
    /// elsewhere); `None` reads all. Only these are held in memory.
    pub channels: Option<Vec<String>>,
    /// First instant to read, s from the first sample of the file, at least 0.
    pub from_s: Option<f64>,
    /// Last instant to read, s from the first sample of the file.
    pub to_s: Option<f64>,
    /// Primary or secondary values (COMTRADE).
    pub scaling: Scaling,
    /// Shift channels with a stated skew onto the common sampling instants (COMTRADE, [`open`]
    /// only): third-order interpolation, exact for constants and ramps.
    ///
    /// [`open`]: crate::import::open
    pub correct_skew: bool,
    /// Segment of constant rate (COMTRADE with several rates) or history block (WVF) to read,
    /// from 1.
    pub segment: Option<usize>,
    /// Deliver missing samples as NaN and count them, instead of refusing the file.
    pub allow_gaps: bool,
    /// Read a file whose length contradicts its header as far as both agree, with a note.
    pub accept_wrong_length: bool,
    /// Sampling rate of a CSV or Parquet file without a time column, Hz.
    pub rate_hz: Option<f64>,
    /// Decimal mark of a CSV file, where the file leaves it open.
    pub decimal: Option<Decimal>,
    /// Separator of a CSV file: `,`, `;`, tab or space.
    pub separator: Option<char>,
    /// Keep prefixed units (kV, mA) as stored; otherwise values come in V, A, W, var, VA.
    pub keep_prefixes: bool,
    /// Read as this format, whatever the file looks like.
    pub format: Option<Format>,
}
