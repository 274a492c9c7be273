//! A whole listing out of pages, although keys come and go while it is read.
//!
//! `scan` decides, without any I/O, which offset to ask for and which rows of an answer are new; `window` is what it
//! remembers of the rows so far; `stream` is what callers hold, and does the asking.

mod scan;
mod stream;
mod window;

pub use stream::KeyStream;
