//! Texts, one after the other.
use arrow_array::{ArrayRef, StringArray};
use arrow_buffer::{Buffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer};

/// Collects texts: each value is one, so that what `bytes` holds is UTF-8 throughout.
pub(super) struct Texts {
    bytes: Vec<u8>,
    /// Where each value begins, and the next one.
    offsets: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl Texts {
    /// With room for so many values of so many bytes in all.
    pub(super) fn with_capacity(values: usize, bytes: usize) -> Self {
        let mut offsets = Vec::with_capacity(values + 1);
        offsets.push(0);
        let bytes = Vec::with_capacity(bytes);
        Self { bytes, offsets, nulls: NullBufferBuilder::new(values) }
    }

    pub(super) fn append_value(&mut self, text: impl AsRef<str>) {
        self.push(Some(text.as_ref().as_bytes()));
    }

    pub(super) fn append_null(&mut self) {
        self.push(None);
    }

    /// Appends values that are text without a zero byte, of ASCII alone where that is asked, and
    /// says how many bytes they have; nothing is appended if one is something else.
    pub(super) fn append_all<'a>(
        &mut self,
        values: impl Iterator<Item = Option<&'a [u8]>> + Clone,
        of_ascii: bool,
    ) -> Option<usize> {
        let (first, start) = (self.offsets.len() - 1, self.bytes.len());
        for value in values.clone() {
            self.bytes.extend_from_slice(value.unwrap_or_default());
            self.offsets.push(self.bytes.len() as i32);
        }
        match values.clone().all(|value| value.is_some()) {
            true => self.nulls.append_n_non_nulls(self.offsets.len() - 1 - first),
            false => values.for_each(|value| self.nulls.append(value.is_some())),
        }
        let added = &self.bytes[start..];
        // Without a branch, and so many bytes at once.
        let is_plain = added.iter().fold(true, |plain, byte| plain & (1..=0x7f).contains(byte));
        if is_plain || !of_ascii && self.offsets[first..].windows(2).all(|it| self.is_text(it)) {
            return Some(added.len());
        }
        self.bytes.truncate(start);
        self.offsets.truncate(first + 1);
        self.nulls.truncate(first);
        None
    }

    fn is_text(&self, ends: &[i32]) -> bool {
        let bytes = &self.bytes[ends[0] as usize..ends[1] as usize];
        std::str::from_utf8(bytes).is_ok() && !bytes.contains(&0)
    }

    fn push(&mut self, value: Option<&[u8]>) {
        self.bytes.extend_from_slice(value.unwrap_or_default());
        self.offsets.push(self.bytes.len() as i32);
        self.nulls.append(value.is_some());
    }

    /// The array of all values; it is empty afterwards.
    pub(super) fn finish(&mut self) -> ArrayRef {
        let Self { bytes, offsets, mut nulls } = std::mem::replace(self, Self::with_capacity(0, 0));
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        let texts = StringArray::try_new(offsets, Buffer::from_vec(bytes), nulls.finish());
        std::sync::Arc::new(texts.expect("only texts are appended"))
    }
}
