//! The life of a key: make it, look at it, change it, use it, remove it.
//!
//! `cargo run --example lifecycle` talks to an emulator in this process. With `-- --live` it talks to OpenRouter
//! itself (or wherever `OPENROUTER_BASE_URL` points), with the key in `OPENROUTER_MANAGEMENT_KEY`, and removes what it
//! made even if something fails. Only ending the program by force leaves the key behind.

use std::io::{self, Write};
use std::process::ExitCode;

use openrouter_keys::{Client, Created, Error, Key, KeyHash, LimitReset};
use openrouter_keys_emulator::Emulator;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const NAME: &str = "Customer 42";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => against_emulator(&mut io::stdout()).await,
        ["--live"] => against_service(&mut io::stdout()).await,
        _ => {
            eprintln!("usage: cargo run --example lifecycle [-- --live]");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lifecycle: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The main job against an emulator that lives as long as this function.
///
/// # Errors
/// Whatever went wrong.
pub async fn against_emulator(out: &mut impl Write) -> Result<()> {
    let emulator = Emulator::start().await?;
    writeln!(
        out,
        "Talking to an emulator in this process; nothing leaves this machine.\n"
    )?;
    let client = Client::builder()
        .base_url(emulator.base_url())
        .management_key(emulator.management_key())
        .build()?;
    lifecycle(&client, out).await?;
    emulator.stop().await;
    Ok(())
}

async fn against_service(out: &mut impl Write) -> Result<()> {
    // An ordinary key, which `from_env` would take from elsewhere, could not do any of this.
    if std::env::var_os("OPENROUTER_MANAGEMENT_KEY").is_none_or(|key| key.is_empty()) {
        return Err("--live needs a management key in OPENROUTER_MANAGEMENT_KEY".into());
    }
    let client = Client::from_env()?;
    writeln!(out, "Live: {client:?}\n")?;
    lifecycle(&client, out).await
}

/// Makes a key, and removes it whatever happens in between.
async fn lifecycle(client: &Client, out: &mut impl Write) -> Result<()> {
    let create = client
        .create(NAME)
        .limit(50) // USD
        .limit_reset(LimitReset::Monthly);
    let created = match create.send().await {
        Ok(created) => created,
        Err(error) => return Err(clean_up_after(client, error).await.into()),
    };
    let hash = created.key.hash.clone();

    let used = use_key(client, created, out).await;
    let deleted = client.delete(&hash).send().await;

    used?;
    deleted.map_err(|error| format!("key {hash} was not removed; remove it by hand: {error}"))?;
    let gone = client.get(&hash).send().await;
    if !gone.is_err_and(|error| error.is_not_found()) {
        return Err(format!("key {hash} is still there after its removal").into());
    }
    writeln!(out, "deleted        {}", short(&hash))?;
    Ok(())
}

/// What to say of a create that failed. If it made a key all the same, that is removed, or at least named.
async fn clean_up_after(client: &Client, error: Error) -> String {
    let said = error.to_string();
    let maybe_applied = error.maybe_applied();
    let lost = error.hash().cloned();
    let salvaged = error.into_salvaged().and_then(|salvaged| salvaged.hash);
    match salvaged.or(lost) {
        Some(hash) => match client.delete(&hash).send().await {
            Ok(()) => format!("{said}; the key is removed again"),
            Err(error) => format!("{said}; key {hash} was not removed, remove it by hand: {error}"),
        },
        None if maybe_applied => {
            format!("{said}; look for a key named \"{NAME}\" and remove it by hand")
        }
        None => said,
    }
}

async fn use_key(client: &Client, created: Created, out: &mut impl Write) -> Result<()> {
    // `created.secret` is the only copy of the plaintext: this is the place to store it. It does not print.
    let hash = created.key.hash.clone();
    writeln!(out, "created        {}", describe(&created.key))?;
    writeln!(
        out,
        "  plaintext    {:?}, labelled {}",
        created.secret, created.key.label
    )?;

    let page = client.list().send().await?;
    let listed = page.keys.iter().any(|key| key.hash == hash);
    writeln!(out, "listed         {listed}")?;

    let key = client.get(&hash).send().await?;
    writeln!(out, "looked at      {}", describe(&key))?;

    let update = client.update(&hash).name("Customer 42 (trial)").limit(5.5);
    writeln!(out, "renamed        {}", describe(&update.send().await?))?;

    // The name and the limit are not mentioned, so they stay as they are.
    let key = client.update(&hash).disabled(true).send().await?;
    writeln!(out, "disabled       {}", describe(&key))?;

    let key = client
        .update(&hash)
        .disabled(false)
        .unlimited()
        .never_resets()
        .send()
        .await?;
    writeln!(out, "limit cleared  {}", describe(&key))?;

    let theirs = client.with_key(created.secret).current().send().await?;
    let kind = match theirs.is_management_key {
        Some(true) => "a management key",
        _ => "an ordinary key",
    };
    writeln!(
        out,
        "as itself      {kind}, {} USD spent",
        theirs.usage.total
    )?;
    Ok(())
}

fn describe(key: &Key) -> String {
    let limit = match (key.limit, &key.limit_reset) {
        (None, _) => "no limit".to_owned(),
        (Some(usd), None) => format!("{usd} USD"),
        (Some(usd), Some(reset)) => format!("{usd} USD {reset}"),
    };
    let state = if key.disabled { "disabled" } else { "enabled" };
    format!("{} \"{}\", {limit}, {state}", short(&key.hash), key.name)
}

/// Enough of a hash to recognize it.
fn short(hash: &KeyHash) -> String {
    hash.as_str().chars().take(8).collect()
}
