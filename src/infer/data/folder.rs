//! A folder of PNG and JPEG files, with a CSV file that gives the class of each: columns `file` and `label`, others
//! are of no concern here.

use std::collections::HashSet;
use std::io::Cursor;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use image::{DynamicImage, ImageReader, Limits};

use super::error::ImageError;
use super::picture::{Picture, Pictures};
use crate::source::{ByteFile, SourceFile, SpanChecker, nearest};

/// Longer image files are refused.
const MAX_IMAGE_BYTES: u64 = 64 << 20;
/// Wider or higher images are refused, whatever their file says.
const MAX_IMAGE_SIDE: u32 = 16_384;
/// Images that take more bytes than this while they are decoded are refused.
const MAX_DECODED_BYTES: u64 = 256 << 20;

/// The images that a label file names, in its order.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    rows: Vec<Row>,
    labels: SourceFile,
}

/// A line of the label file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Name of the image file, relative to the folder.
    pub file: String,
    /// Its class.
    pub label: u32,
    /// Its bytes in the label file.
    pub range: Range<usize>,
}

impl Folder {
    /// The images of `folder` that `labels` names.
    ///
    /// # Errors
    /// As [`rows`].
    pub fn open(folder: PathBuf, labels: SourceFile) -> Result<Folder, ImageError> {
        Ok(Folder {
            path: folder,
            rows: rows(&labels)?,
            labels,
        })
    }

    fn failed(&self, index: usize, what: String) -> ImageError {
        let mut checker = SpanChecker::new(&self.labels);
        checker.report(self.rows[index].range.clone(), what, "named here", "");
        checker.into_diagnostics().into()
    }
}

impl Pictures for Folder {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn read(&self, index: usize) -> Result<(Picture, u32), ImageError> {
        let row = &self.rows[index];
        let path = self.path.join(&row.file);
        let picture = ByteFile::on_disk(path.clone())
            .and_then(|file| file.read_all(MAX_IMAGE_BYTES))
            .map_err(|error| self.failed(index, error.to_string()))?;
        let picture = decode(&picture)
            .map_err(|what| self.failed(index, format!("{}: {what}", path.display())))?;
        Ok((picture, row.label))
    }

    fn label(&self, index: usize) -> Result<u32, ImageError> {
        Ok(self.rows[index].label)
    }

    fn error(&self, index: usize, what: String) -> ImageError {
        self.failed(index, format!("{}: {what}", self.rows[index].file))
    }
}

/// A PNG or JPEG image; transparency is dropped, and 16 bits become 8.
fn decode(bytes: &[u8]) -> Result<Picture, String> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_IMAGE_SIDE);
    limits.max_image_height = Some(MAX_IMAGE_SIDE);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| error.to_string())?;
    if reader.format().is_none() {
        return Err("neither PNG nor JPEG".to_owned());
    }
    reader.limits(limits);
    let picture = reader.decode().map_err(|error| error.to_string())?;
    Ok(match picture {
        DynamicImage::ImageLuma8(grey) => Picture::Grey(grey),
        DynamicImage::ImageLumaA8(_) | DynamicImage::ImageLuma16(_) => {
            Picture::Grey(picture.to_luma8())
        }
        DynamicImage::ImageLumaA16(_) => Picture::Grey(picture.to_luma8()),
        other => Picture::Rgb(other.to_rgb8()),
    })
}

/// The rows of a label file.
///
/// # Errors
/// No column `file` or `label`, no rows, rows of another number of columns than the header, labels that are no
/// numbers, file names that lead out of the folder or stand there twice; all of them at once, each at its line.
pub fn rows(labels: &SourceFile) -> Result<Vec<Row>, ImageError> {
    let mut checker = SpanChecker::new(labels);
    let rows = read_rows(labels.text(), &mut checker);
    Ok(checker.finish(rows)?)
}

fn read_rows(text: &str, checker: &mut SpanChecker<'_>) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut records = reader.records();
    let Some(Ok(header)) = records.next() else {
        checker.report(0..text.len(), "no header", "expected `file,label`", "");
        return Vec::new();
    };
    let head = line_at(text, &header);
    let mut column = |name: &str| {
        let found = header.iter().position(|title| title == name);
        if found.is_none() {
            let help = nearest(name, header.iter()).map_or(String::new(), |title| {
                format!("there is a column `{title}`")
            });
            let message = format!("there is no column `{name}`");
            checker.report(head.clone(), message, "expected `file` and `label`", help);
        }
        found
    };
    let (Some(file_column), Some(label_column)) = (column("file"), column("label")) else {
        return Vec::new();
    };
    let mut rows: Vec<Row> = Vec::new();
    let mut names = HashSet::new();
    for record in records {
        // The text is UTF-8 and rows may have any length, so nothing else can fail.
        let Ok(record) = record else { break };
        let range = line_at(text, &record);
        let row = if record.len() == header.len() {
            read_row(&record[file_column], &record[label_column], &mut names)
        } else {
            Err((
                format!("{} columns", record.len()),
                format!("expected {}, as the header has", header.len()),
            ))
        };
        match row {
            Ok((file, label)) => rows.push(Row { file, label, range }),
            Err((message, expected)) => checker.report(range, message, expected, ""),
        }
    }
    if rows.is_empty() && checker.is_clean() {
        checker.report(
            head,
            "no images",
            "expected a line for each image below",
            "",
        );
    }
    rows
}

/// File and label of a row; or what is wrong with them, and what was expected. `names` are the files of the rows before.
fn read_row(
    file: &str,
    label: &str,
    names: &mut HashSet<String>,
) -> Result<(String, u32), (String, String)> {
    let wrong = |message, expected: &str| Err((message, expected.to_owned()));
    let Ok(label) = label.parse() else {
        let message = format!("`{label}` is no label");
        return wrong(message, "expected the number of a class");
    };
    let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if file.is_empty() || !Path::new(file).components().all(inside) {
        let message = format!("`{file}` is no file of the folder");
        return wrong(message, "expected a path below the folder");
    }
    if !names.insert(file.to_owned()) {
        let message = format!("`{file}` stands here a second time");
        return wrong(message, "expected each file once");
    }
    Ok((file.to_owned(), label))
}

/// The bytes of a record, without the line break.
fn line_at(text: &str, record: &csv::StringRecord) -> Range<usize> {
    let position = record.position().map_or(0, |position| position.byte());
    let mut start = text.floor_char_boundary(position as usize);
    // A record is said to begin at the line break before it where lines are empty.
    start += text[start..].len() - text[start..].trim_start().len();
    let length = text[start..].find(['\n', '\r']);
    start..length.map_or(text.len(), |length| start + length)
}
