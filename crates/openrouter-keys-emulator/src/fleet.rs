//! Keys that exist from the start.

use chrono::{DateTime, TimeDelta, Utc};

use crate::credential::{self, Digest};
use crate::key::{Key, LimitReset, Usage};
use crate::usd::Usd;
use crate::workspace::WorkspaceId;

/// More keys than anyone has would only fill the memory.
pub(crate) const MOST: u32 = 1_000_000;

/// 2025-01-01T00:00:00Z. The year matters: `last_used_at` tells of uses since the end of 2025
/// only, so that these keys have spent money and yet were never used is no contradiction.
const FOUNDED: DateTime<Utc> = DateTime::from_timestamp(1_735_689_600, 0).expect("a date");

/// The seeded key of that number, which begins at 1: the same one in every run.
pub(crate) fn key(number: u32) -> Key {
    let name = format!("fleet-{number:05}");
    let plaintext = credential::plaintext(Digest::of(&name));
    let (limit, limit_reset) = match number % 5 {
        0 => (None, None),
        1 => (Some(Usd::whole(5)), Some(LimitReset::Daily)),
        2 => (Some(Usd::whole(20)), Some(LimitReset::Weekly)),
        3 => (Some(Usd::whole(50)), Some(LimitReset::Monthly)),
        _ => (Some(Usd::whole(100)), None),
    };
    Key {
        hash: Digest::of(&plaintext),
        partner: None,
        label: credential::label(&plaintext),
        name,
        disabled: false,
        limit,
        limit_reset,
        include_byok_in_limit: number.is_multiple_of(3),
        // Up to 120, so that some of the limits that never reset are overdrawn. None of it lies
        // in a window that is still open.
        usage: Usage {
            usage: Usd::whole(number % 13 * 10),
            ..Usage::NONE
        },
        workspace_id: WorkspaceId::DEFAULT,
        creator_user_id: None,
        external_user: None,
        created_at: FOUNDED + TimeDelta::seconds(i64::from(number)),
        updated_at: None,
        expires_at: None,
        last_used_at: None,
    }
}
