//! What cannot be rotated.

use crate::tests::world::{World, refuse, take};
use crate::{Error, ErrorKind, RotationStage};

/// Each of these is found out before anything is made.
#[tokio::test]
async fn what_cannot_be_rotated_is_refused() {
    let world = World::new().await;
    let provisioner = &world.provisioner;
    let error = provisioner.rotation("a", "1").resume(take).await;
    let error = error.expect_err("there is none");
    assert_eq!(error.kind(), ErrorKind::UnknownIntent);
    let made = provisioner.ensure("a", |key| key).await;
    let hash = made.expect("nothing goes wrong").key.hash;

    let error: Error = provisioner
        .rotation("a", "1")
        .remaining_only()
        .resume(take)
        .await
        .expect_err("it has no limit");
    assert_eq!(
        error.to_string(),
        "intent \"a\": the key has no limit, so nothing of it can remain: rotate it without `remaining_only`"
    );
    let disabled = world.client.update(&hash).disabled(true).send().await;
    disabled.expect("the emulator answers");
    let error = provisioner.rotation("a", "1").resume(take).await;
    let error = error.expect_err("it is disabled");
    assert_eq!(error.kind(), ErrorKind::Rotation);
    let enabled = world.client.update(&hash).disabled(false).send().await;
    enabled.expect("the emulator answers");

    let error = provisioner.rotation("a", "1").rollback().await;
    assert_eq!(
        error.expect_err("it has not begun").to_string(),
        "intent \"a\": there is no rotation of that name: is it spelt as it was for `resume`, which begins it?"
    );
    let error = provisioner.rotation("a", "1").resume(refuse).await;
    assert_eq!(error.expect_err("it is refused").kind(), ErrorKind::Sink);
    let error = provisioner.rotation("a", "2").resume(take).await;
    assert_eq!(
        error.expect_err("another is under way").to_string(),
        "intent \"a\": the rotation \"1\" is under way; resume it or roll it back first"
    );
    assert!(provisioner.release("a").await.is_err());
    assert_eq!(world.keys().await, 2);
    provisioner.remove("a").await.expect("nothing goes wrong");
    assert_eq!(world.keys().await, 0);
    let status = provisioner.rotation("a", "1").status().await;
    let status = status.expect("the ledger answers");
    assert_eq!(status.stage, RotationStage::Removed);
}
