//! What the example prints, so that a person reviews it.

#[allow(
    dead_code,
    unreachable_pub,
    reason = "the example's own main is not called from here"
)]
#[path = "../../crates/openrouter-keys/examples/lifecycle.rs"]
mod example;

#[tokio::test]
async fn what_the_example_prints() {
    let mut out = Vec::new();
    example::against_emulator(&mut out).await.unwrap();
    let text = String::from_utf8(out).unwrap();

    // No plaintext, whole or in half: only the label, which the service itself shortens.
    for (start, _) in text.match_indices("sk-or-v1-") {
        let rest = &text[start + "sk-or-v1-".len()..];
        let run = rest
            .find(|c: char| !c.is_ascii_hexdigit())
            .unwrap_or(rest.len());
        assert!(run <= 4, "a plaintext in: {text}");
    }
    insta::with_settings!({ filters => [
        (r"sk-or-v1-[0-9a-f]{3}\.\.\.[0-9a-f]{4}", "[label]"),
        (r"\b[0-9a-f]{8}\b", "[hash]"),
    ] }, {
        insta::assert_snapshot!(text);
    });
}
