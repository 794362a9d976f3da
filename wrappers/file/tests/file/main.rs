//! What can be shown of files without a server.
mod manual;
