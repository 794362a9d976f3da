use super::{Name, OptionItem};

/// `CREATE SERVER`.
#[derive(Debug)]
pub struct CreateServer {
    /// An existing server is a notice.
    pub if_not_exists: bool,
    /// The server.
    pub name: Name,
    /// TYPE; may be empty.
    pub server_type: Option<String>,
    /// VERSION; `VERSION NULL` is `None`.
    pub version: Option<String>,
    /// Its wrapper.
    pub wrapper: Name,
    /// In the form of CREATE.
    pub options: Vec<OptionItem>,
}

/// `ALTER SERVER` with VERSION, OPTIONS or both.
#[derive(Debug)]
pub struct AlterServer {
    /// The server.
    pub name: Name,
    /// `None` if there is no VERSION clause, `Some(None)` for `VERSION NULL`.
    pub version: Option<Option<String>>,
    /// In the form of ALTER; `None` if there is no OPTIONS clause.
    pub options: Option<Vec<OptionItem>>,
}
