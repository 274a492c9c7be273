//! A whole listing out of pages, although keys come and go while it is read.
//!
//! `scan` decides, without any I/O, which offset to ask for and which rows of an answer are new; `window` is what it
//! remembers of the rows so far, and `row` what it has to know of each. `ahead` decides, without any I/O either, which
//! pages are asked for before they are due. `pages` does the asking, each request on a `task` of its own, and `stream`
//! hands the keys out one by one.

mod ahead;
mod pages;
mod row;
mod scan;
mod stream;
mod task;
#[cfg(test)]
mod tests;
mod window;

pub use pages::PageStream;
pub use stream::KeyStream;
