//! Names of this machine's files, and a store of those that were named.
use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt};
use medley_fdw::{Dialer, Error, FileColumn, Report, Result, SqlState};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult,
};

/// A file that a name leads to.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub path: PathBuf,
    /// Where the part of its path begins that the name did not spell out.
    fixed: Option<PathBuf>,
}

impl Found {
    /// The last part of its path.
    pub fn name(&self) -> String {
        self.path.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// What its path says of the columns: of a file that was spelt out, nothing.
    pub fn partitions(&self, columns: &[FileColumn]) -> Vec<Option<Option<String>>> {
        let rest = self.fixed.as_ref().and_then(|it| self.path.strip_prefix(it).ok());
        let rest = rest.map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
        columns.iter().map(|column| partition(&rest, &column.name)).collect()
    }
}

/// The value of a column by the part `column=value` of a path: Hive's way to write it.
pub(crate) fn partition(path: &str, column: &str) -> Option<Option<String>> {
    let folders = path.rsplit_once('/').map(|(folders, _)| folders)?;
    let pairs = folders.split('/').filter_map(|part| part.split_once('='));
    let (_, value) = pairs.into_iter().find(|(name, _)| *name == column)?;
    Some((value != "__HIVE_DEFAULT_PARTITION__").then(|| unescaped(value)))
}

/// What stands after `%` is a byte in hexadecimal.
fn unescaped(value: &str) -> String {
    let bytes = value.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = value.get(at + 1..at + 3).and_then(|it| u8::from_str_radix(it, 16).ok());
        match (bytes[at], code) {
            (b'%', Some(byte)) => {
                plain.push(byte);
                at += 3;
            }
            (byte, _) => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(plain).unwrap_or_else(|_| value.to_owned())
}

/// The files that a name leads to, in order of their paths. A file of that very name comes first;
/// a folder is meant where `/` is at its end, or folders may be read at all.
pub(crate) fn find(name: &str, reads_folders: bool) -> Result<Vec<Found>> {
    let path = PathBuf::from(name);
    let is_folder = path.is_dir() && (reads_folders || name.ends_with('/'));
    let files = if is_folder {
        let mut files = Vec::new();
        walk(&path, &mut files).map_err(|error| cannot_open(&path, &error))?;
        files
    } else if name.contains(['*', '?', '[']) && !path.exists() {
        matching(name)?
    } else {
        return Ok(vec![Found { path, fixed: None }]);
    };
    if files.is_empty() {
        return Err(cannot_open(&path, &io::ErrorKind::NotFound.into()));
    }
    let fixed = if is_folder { path } else { fixed_part(name) };
    let mut found: Vec<_> =
        files.into_iter().map(|path| Found { path, fixed: Some(fixed.clone()) }).collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// The folders of a pattern that are spelt out.
pub(crate) fn fixed_part(pattern: &str) -> PathBuf {
    let parts = FilePath::new(pattern).components();
    let plain = |part: &std::path::Component<'_>| {
        !part.as_os_str().to_string_lossy().contains(['*', '?', '['])
    };
    parts.take_while(plain).collect()
}

/// All files of a folder and of those in it, but for those whose names say that they are none of
/// the data.
fn walk(folder: &FilePath, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_string_lossy().starts_with(['.', '_']) {
            continue;
        }
        match entry.path().is_dir() {
            true => walk(&entry.path(), files)?,
            false => files.push(entry.path()),
        }
    }
    Ok(())
}

fn matching(pattern: &str) -> Result<Vec<PathBuf>> {
    let invalid = |error: glob::PatternError| {
        let message = format!("invalid pattern of file names \"{pattern}\"");
        let report = Report::error(SqlState::INVALID_PARAMETER_VALUE, message);
        Error::refused(report.with_detail(error.msg))
    };
    let options = glob::MatchOptions {
        require_literal_separator: true,
        require_literal_leading_dot: true,
        ..glob::MatchOptions::new()
    };
    let paths = glob::glob_with(pattern, options).map_err(invalid)?;
    Ok(paths.filter_map(|path| path.ok()).filter(|path| path.is_file()).collect())
}

/// Opens a file, with PostgreSQL's words where that cannot be.
pub(crate) fn open(dialer: &dyn Dialer, path: &FilePath) -> Result<File> {
    dialer.open(path).map_err(|error| cannot_open(path, &error))
}

pub(crate) fn cannot_open(path: &FilePath, error: &io::Error) -> Error {
    let path = path.display();
    let state = match error.kind() {
        io::ErrorKind::NotFound => SqlState::UNDEFINED_FILE,
        io::ErrorKind::PermissionDenied => SqlState::INSUFFICIENT_PRIVILEGE,
        io::ErrorKind::NotADirectory => SqlState::WRONG_OBJECT_TYPE,
        io::ErrorKind::IsADirectory => {
            let message = format!("\"{path}\" is a directory");
            return Error::refused(Report::error(SqlState::WRONG_OBJECT_TYPE, message));
        }
        _ => SqlState::IO_ERROR,
    };
    let why = match error.kind() {
        io::ErrorKind::NotFound => "No such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "Permission denied".to_owned(),
        io::ErrorKind::NotADirectory => "Not a directory".to_owned(),
        kind => kind.to_string(),
    };
    let message = format!("could not open file \"{path}\" for reading: {why}");
    let report = Report::error(state, message);
    Error::refused(match state {
        SqlState::UNDEFINED_FILE | SqlState::INSUFFICIENT_PRIVILEGE => report.with_hint(
            "COPY FROM instructs the PostgreSQL server process to read a file. You may want a \
             client-side facility such as psql's \\copy.",
        ),
        _ => report,
    })
}

/// The files that were named, and no other; each is opened anew by the dialer.
pub(crate) struct LocalStore {
    dialer: Arc<dyn Dialer>,
    files: HashMap<Path, (PathBuf, ObjectMeta)>,
}

impl LocalStore {
    pub fn new(dialer: Arc<dyn Dialer>) -> Self {
        Self { dialer, files: HashMap::new() }
    }

    /// Adds a file, which is open.
    pub fn add(&mut self, path: &FilePath, file: &File) -> Result<ObjectMeta> {
        let metadata = file.metadata().map_err(|error| cannot_open(path, &error))?;
        let location =
            Path::from_iter(path.to_string_lossy().split('/').filter(|it| !it.is_empty()));
        let modified = metadata.modified().unwrap_or(std::time::UNIX_EPOCH);
        let meta = ObjectMeta {
            location: location.clone(),
            last_modified: modified.into(),
            size: metadata.len(),
            e_tag: None,
            version: None,
        };
        self.files.insert(location, (path.to_owned(), meta.clone()));
        Ok(meta)
    }
}

impl fmt::Debug for LocalStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalStore").finish_non_exhaustive()
    }
}

impl fmt::Display for LocalStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this machine's files")
    }
}

type Stored<T> = object_store::Result<T>;

fn none_such(operation: &str) -> object_store::Error {
    object_store::Error::NotImplemented {
        operation: operation.to_owned(),
        implementer: "LocalStore".to_owned(),
    }
}

#[async_trait]
impl ObjectStore for LocalStore {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> Stored<GetResult> {
        let gone = || object_store::Error::NotFound {
            path: location.to_string(),
            source: "the file was not named".into(),
        };
        let (path, meta) = self.files.get(location).ok_or_else(gone)?;
        let file = self.dialer.open(path).map_err(|source| object_store::Error::Generic {
            store: "LocalStore",
            source: Box::new(source),
        })?;
        options.check_preconditions(meta)?;
        let range = match &options.range {
            Some(range) => range.as_range(meta.size).map_err(|source| {
                object_store::Error::Generic { store: "LocalStore", source: Box::new(source) }
            })?,
            None => 0..meta.size,
        };
        Ok(GetResult {
            payload: GetResultPayload::File(file, path.clone()),
            meta: meta.clone(),
            range,
            attributes: object_store::Attributes::default(),
        })
    }

    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Stored<PutResult> {
        Err(none_such("put"))
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> Stored<Box<dyn MultipartUpload>> {
        Err(none_such("put"))
    }

    fn delete_stream(
        &self,
        _: BoxStream<'static, Stored<Path>>,
    ) -> BoxStream<'static, Stored<Path>> {
        stream::once(async { Err(none_such("delete")) }).boxed()
    }

    fn list(&self, _: Option<&Path>) -> BoxStream<'static, Stored<ObjectMeta>> {
        let metas: Vec<_> = self.files.values().map(|(_, meta)| Ok(meta.clone())).collect();
        stream::iter(metas).boxed()
    }

    async fn list_with_delimiter(&self, _: Option<&Path>) -> Stored<ListResult> {
        Err(none_such("list"))
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Stored<()> {
        Err(none_such("copy"))
    }
}
