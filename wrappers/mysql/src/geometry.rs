//! Geometries, which come as the number of their reference system and well-known binary, as
//! well-known text.
use crate::protocol::Body;

/// Deeper collections are not read.
const DEPTH: usize = 32;

/// As well-known text; `None` if it is none.
pub(crate) fn text(bytes: &[u8]) -> Option<String> {
    let mut body = Body(bytes);
    body.u32()?;
    let mut text = String::new();
    Geometry { body, text: &mut text }.tagged(DEPTH)?;
    Some(text)
}

struct Geometry<'a, 't> {
    body: Body<'a>,
    text: &'t mut String,
}

impl Geometry<'_, '_> {
    /// One with its name.
    fn tagged(&mut self, depth: usize) -> Option<()> {
        let kind = self.header()?;
        let name = NAMES.get(usize::try_from(kind).ok()?.checked_sub(1)?)?;
        self.text.push_str(name);
        self.content(kind, depth)
    }

    /// The kind; only what is written from the least significant byte is kept by servers.
    fn header(&mut self) -> Option<u32> {
        match self.body.u8()? {
            1 => self.body.u32(),
            _ => None,
        }
    }

    fn content(&mut self, kind: u32, depth: usize) -> Option<()> {
        match kind {
            1 => self.within(Self::point),
            2 => self.list(Self::point),
            3 => self.list(|it| it.list(Self::point)),
            4 => self.list(|it| (it.header()? == 1).then(|| it.point())?),
            5 => self.list(|it| (it.header()? == 2).then(|| it.list(Self::point))?),
            6 => self.list(|it| (it.header()? == 3).then(|| it.list(|it| it.list(Self::point)))?),
            7 => {
                let depth = depth.checked_sub(1)?;
                self.list(|it| it.tagged(depth))
            }
            _ => None,
        }
    }

    fn within(&mut self, inner: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        self.text.push('(');
        inner(self)?;
        self.text.push(')');
        Some(())
    }

    fn list(&mut self, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        let count = self.body.u32()?;
        if count == 0 {
            self.text.push_str(" EMPTY");
            return Some(());
        }
        self.within(|it| {
            for index in 0..count {
                if index > 0 {
                    it.text.push(',');
                }
                item(it)?;
            }
            Some(())
        })
    }

    fn point(&mut self) -> Option<()> {
        let (x, y) = (self.number()?, self.number()?);
        self.text.push_str(&format!("{x} {y}"));
        Some(())
    }

    fn number(&mut self) -> Option<f64> {
        self.body.array().map(f64::from_le_bytes)
    }
}

const NAMES: [&str; 7] = [
    "POINT",
    "LINESTRING",
    "POLYGON",
    "MULTIPOINT",
    "MULTILINESTRING",
    "MULTIPOLYGON",
    "GEOMETRYCOLLECTION",
];
