//! The examples in the READMEs compile.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../crates/openrouter-keys-emulator/README.md")]
struct EmulatorReadme;

#[cfg(doctest)]
#[doc = include_str!("../../crates/openrouter-keys-provision/README.md")]
struct ProvisionReadme;
