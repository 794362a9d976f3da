//! Files as other programs write them.
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Int32Array, Int64Array,
    RecordBatch, StringArray, StructArray, TimestampMicrosecondArray, TimestampNanosecondArray,
    UInt64Array,
};
use arrow_schema::{DataType, Field};
use parquet::arrow::ArrowWriter;

/// A folder that every server may read.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        Self(folder)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn parquet(&self, name: &str, batch: &RecordBatch) {
        fs::write(self.place(name), parquet(batch)).unwrap();
    }

    pub fn gzip(&self, name: &str, text: &str) {
        let file = File::create(self.place(name)).unwrap();
        let mut file = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        file.write_all(text.as_bytes()).unwrap();
        file.finish().unwrap();
    }

    pub fn zstd(&self, name: &str, text: &str) {
        fs::write(self.place(name), zstd::encode_all(text.as_bytes(), 1).unwrap()).unwrap();
    }

    fn place(&self, name: &str) -> std::path::PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }
}

/// A Parquet file's bytes.
pub fn parquet(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

/// A column `n`.
pub fn numbers(numbers: &[i64]) -> RecordBatch {
    let n: ArrayRef = Arc::new(Int64Array::from(numbers.to_vec()));
    RecordBatch::try_from_iter([("n", n)]).unwrap()
}

/// A row with a value of each kind, and one of nulls.
pub fn kinds() -> RecordBatch {
    let price =
        Decimal128Array::from(vec![Some(150), None]).with_precision_and_scale(8, 2).unwrap();
    let at = TimestampMicrosecondArray::from(vec![Some(1_704_164_645_000_006), None]);
    let mut tags = ListBuilder::new(StringBuilder::new());
    tags.append_value([Some("a"), Some("b")]);
    tags.append_null();
    let nested = StructArray::new(
        vec![Field::new("x", DataType::Int32, true), Field::new("y", DataType::Utf8, true)].into(),
        vec![Arc::new(Int32Array::from(vec![1, 1])), Arc::new(StringArray::from(vec!["z", "z"]))],
        Some(vec![true, false].into()),
    );
    let columns: [(&str, ArrayRef); 11] = [
        ("id", Arc::new(Int64Array::from(vec![1, 2]))),
        ("title", Arc::new(StringArray::from(vec![Some("one"), None]))),
        ("price", Arc::new(price)),
        ("at", Arc::new(at.with_timezone("UTC"))),
        ("tags", Arc::new(tags.finish())),
        ("big", Arc::new(UInt64Array::from(vec![Some(u64::MAX), None]))),
        ("fine", Arc::new(TimestampNanosecondArray::from(vec![Some(1_001), None]))),
        ("nested", Arc::new(nested)),
        ("day", Arc::new(Date32Array::from(vec![Some(19_782), None]))),
        ("raw", Arc::new(BinaryArray::from(vec![Some(&[1, 255][..]), None]))),
        ("flag", Arc::new(BooleanArray::from(vec![Some(true), None]))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}
