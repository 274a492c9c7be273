//! Listings of all keys, while keys come and go between the pages.

use openrouter_keys::ErrorKind;

use super::{Case, case};
use crate::support::Scripted;
use crate::support::listing::{
    Outcome, check, delete, exactly, hash, offsets, once, page, service, take, text,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("59", "an insert between pages", expected(made_meanwhile())),
        case(
            "60",
            "a delete between pages",
            expected(deleted_meanwhile()),
        ),
        case("61", "the anchors deleted", expected(anchors_deleted())),
        case(
            "62",
            "mutations on every page",
            expected(everything_changes()),
        ),
    ]
}

async fn expected(outcome: impl Future<Output = Outcome>) {
    outcome.await.unwrap();
}

/// An insert between pages: no key comes twice.
async fn made_meanwhile() -> Outcome {
    let (_emulator, client, hashes) = service(250).await?;
    let mut stream = client.list().stream();
    let mut came = take(&mut stream, 100).await?;
    for number in 0..5 {
        let create = client.create(format!("made meanwhile {number}"));
        let _ = create.send().await.map_err(text)?;
    }
    came.extend(take(&mut stream, 98).await?);
    let _ = client.create("made later").send().await.map_err(text)?;
    came.extend(take(&mut stream, usize::MAX).await?);
    once(&came)?;
    came.retain(|hash| hashes.contains(hash));
    exactly(&came, &hashes)
}

/// A delete between pages: no key is missed.
async fn deleted_meanwhile() -> Outcome {
    let (_emulator, client, hashes) = service(250).await?;
    let mut stream = client.list().stream();
    let mut came = take(&mut stream, 100).await?;
    delete(&client, &came[..30]).await?;
    came.extend(take(&mut stream, usize::MAX).await?);
    exactly(&came, &hashes)
}

/// The keys that connect one page with the next are deleted: it steps back and goes on.
async fn anchors_deleted() -> Outcome {
    let (_emulator, client, hashes) = service(350).await?;
    let mut stream = client.list().stream();
    let mut came = Vec::new();
    for page in [100, 98] {
        came.extend(take(&mut stream, page).await?);
        delete(&client, &came[came.len() - 2..]).await?;
    }
    came.extend(take(&mut stream, usize::MAX).await?);
    exactly(&came, &hashes)?;

    // The same in slow motion: offset 98 shows none of the first page, and 96 does.
    let left: Vec<_> = (0..98).chain(100..150).collect();
    let server = Scripted::start([
        page(0..100),
        page(left[98..].iter().copied()),
        page(left[96..].iter().copied()),
        page(148..148),
    ])
    .await;
    let mut stream = crate::support::client(&server).list().stream();
    let came = take(&mut stream, usize::MAX).await?;
    exactly(&came, &(0..150).map(hash).collect::<Vec<_>>())?;
    let asked = offsets(&server);
    check(asked == [None, Some(98), Some(96), Some(146)], || {
        format!("{asked:?}")
    })
}

/// Keys come and go with every page: it ends with an error that says so, after few requests.
async fn everything_changes() -> Outcome {
    for concurrency in [1, 8] {
        let calm = [page(0..100), page(98..198), page(196..296)];
        let storm = (1..100).map(|number| page(1000 * number..1000 * number + 100));
        let server = Scripted::start(calm.into_iter().chain(storm)).await;
        let list = crate::support::client(&server).list();
        let mut stream = list.concurrency(concurrency).stream();
        let came = take(&mut stream, 296).await?;
        exactly(&came, &(0..296).map(hash).collect::<Vec<_>>())?;

        let Some(Err(error)) = stream.next().await else {
            return Err("there is no error".to_owned());
        };
        check(
            error.kind() == ErrorKind::Listing && error.is_retryable(),
            || format!("{error:?}"),
        )?;
        check(error.to_string().contains("try again later"), || {
            text(&error)
        })?;
        check(stream.next().await.is_none(), || "it goes on".to_owned())?;
        let mut asked = offsets(&server);
        // One page was under way beside it.
        asked.retain(|offset| *offset != Some(392) || concurrency == 1);
        let expected = [0, 98, 196, 294, 292, 288, 280, 264, 232, 168]
            .map(|offset| (offset > 0).then_some(offset));
        check(asked == expected, || format!("{asked:?}"))?;
    }
    Ok(())
}
