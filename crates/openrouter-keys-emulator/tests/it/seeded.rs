//! Random tests that are the same in every run.

use proptest::string::{RegexGeneratorStrategy, string_regex};
use proptest::test_runner::{Config, RngAlgorithm, RngSeed, TestRunner, contextualize_config};

/// Runs so many cases from one seed. `PROPTEST_CASES` and `PROPTEST_RNG_SEED` ask for others; what
/// fails is printed in its smallest form.
pub(crate) fn runner(name: &str, cases: u32) -> TestRunner {
    let config = contextualize_config(Config {
        cases,
        rng_seed: RngSeed::Fixed(6),
        // The other ones take most of the time of a debug build.
        rng_algorithm: RngAlgorithm::XorShift,
        // A case that failed becomes a test of its own, with a name.
        failure_persistence: None,
        ..Config::default()
    });
    println!(
        "{name}: {} cases from seed {}",
        config.cases, config.rng_seed
    );
    TestRunner::new(config)
}

/// Whether somebody asks for another number of cases, or for another seed.
pub(crate) fn is_asked_for() -> bool {
    ["PROPTEST_CASES", "PROPTEST_RNG_SEED"]
        .iter()
        .any(|name| std::env::var_os(name).is_some())
}

/// Texts that the regular expression describes. A bare `&str` means the same, and is parsed again for
/// each text.
pub(crate) fn texts(regex: &str) -> RegexGeneratorStrategy<String> {
    string_regex(regex).expect("a regular expression")
}
