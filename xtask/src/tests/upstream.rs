//! Official documents, where there are some beside the checkout: they are not ours to keep.

use std::path::PathBuf;

use serde_json::Value;

use super::shuffled::Shuffle;
use super::{differences, generated, lowered, ours};
use crate::commands::Source;
use crate::{document, repository};

/// A document by its date, or a message and nothing.
fn official(date: &str) -> Option<Value> {
    let file = PathBuf::from(format!("../shared/upstream/openapi-{date}.yaml"));
    let file = repository().join(file);
    if !file.exists() {
        eprintln!("skipped: {} is not there", file.display());
        return None;
    }
    Some(document::load(&file).unwrap())
}

const DATES: [&str; 2] = ["2025-11-11", "2026-08-22"];

#[test]
fn an_official_document_gives_code_whole_or_as_a_slice_as_yaml_or_as_json() {
    for document in DATES.into_iter().filter_map(official) {
        let whole = generated(&document).unwrap();
        let slice = Source::of(document.clone()).selected().unwrap();
        let yaml = document::parse(&document::to_yaml(&slice).unwrap()).unwrap();
        let json = document::parse(&slice.to_string()).unwrap();
        for read in [yaml, json] {
            assert_eq!(read, slice);
            assert_eq!(generated(&read).unwrap(), whole);
        }
        let once = lowered(&document).unwrap();
        assert_eq!(lowered(&once).unwrap(), once);
        assert!(differences(&document, &slice).is_empty());
        assert!(slice.to_string().len() * 10 < document.to_string().len() * 4);
    }
}

#[test]
fn the_order_of_an_official_document_changes_nothing() {
    for document in DATES.into_iter().filter_map(official) {
        let shuffled = document::parse(&Shuffle(7).text(&document)).unwrap();
        assert_eq!(generated(&shuffled), generated(&document));
        assert_eq!(differences(&document, &shuffled), [""; 0]);
    }
}

/// What ours says of a request and theirs does not: that an expiry is in UTC, which they have in prose alone, and that a
/// limit is not negative.
const NARROWER: [&str; 3] = [
    r"breaking POST /keys body expires_at: pattern changed from none to (Z|\+00:00)$",
    "breaking POST /keys body limit: minimum changed from none to 0",
    "breaking PATCH /keys/{hash} body limit: minimum changed from none to 0",
];

/// What `spec diff` says from an official document to ours beyond that, without the place that it says it of.
fn since(date: &str) -> Option<Vec<String>> {
    let document = official(date)?;
    let mut lines = differences(&document, &ours());
    for narrower in NARROWER {
        assert!(lines.iter().any(|line| line == narrower), "{narrower}");
    }
    lines.retain(|line| !NARROWER.contains(&line.as_str()));
    Some(lines)
}

/// The additions that the service made from August to October 2026. Ours may have gained more by now.
#[test]
fn since_august_2026_there_are_additions_and_nothing_else() {
    let Some(lines) = since("2026-08-22") else {
        return;
    };
    let mut expected = vec![
        "compatible GET /keys query include_expired: added: boolean, optional".to_owned(),
        "compatible GET /keys 404: added".to_owned(),
        "compatible POST /keys body external: added: object, optional".to_owned(),
        "compatible PATCH /keys/{hash} body workspace_id: added: string (uuid), optional".to_owned(),
        "compatible PATCH /keys/{hash} 403: added".to_owned(),
        "compatible PATCH /keys/{hash} 409: added".to_owned(),
        "compatible GET /key 200 data.allowed_data_regions: added: array of string (europe, global, us), required".to_owned(),
        "compatible GET /key 200 data.budgets: added: array of object, required".to_owned(),
        "compatible GET /key 200 data.effective_budget: added: object or null, required".to_owned(),
        "compatible GET /key 200 data.free_model_daily_requests: added: object, required".to_owned(),
        "compatible GET /key 200 data.organization_id: added: string or null, required".to_owned(),
        "compatible GET /key 200 data.workspace_id: added: string or null, required".to_owned(),
    ];
    for place in [
        "GET /keys 200 data[]",
        "POST /keys 201 data",
        "GET /keys/{hash} 200 data",
        "PATCH /keys/{hash} 200 data",
    ] {
        expected.push(format!(
            "compatible {place}.external_user: added: string or null, required"
        ));
        expected.push(format!(
            "compatible {place}.last_used_at: added: string (date-time) or null, required"
        ));
    }
    for line in &expected {
        assert!(lines.contains(line), "{line}");
    }
    for line in &lines {
        assert!(
            line.starts_with("compatible ") && line.contains(": added"),
            "{line}"
        );
    }
}

#[test]
fn since_november_2025_an_offset_became_a_number_and_all_else_is_compatible() {
    let Some(lines) = since("2025-11-11") else {
        return;
    };
    let breaking: Vec<_> = lines
        .iter()
        .filter(|line| line.starts_with("breaking"))
        .collect();
    assert_eq!(
        breaking,
        ["breaking GET /keys query offset: type changed from string to integer"]
    );
    for line in [
        "compatible GET /keys query workspace_id: added: string (uuid), optional",
        "compatible GET /keys 400: added",
        "compatible POST /keys 403: added",
        "compatible POST /keys body creator_user_id: added: string or null, optional",
        "compatible POST /keys body workspace_id: added: string (uuid), optional",
        "compatible GET /keys/{hash} 200 data.creator_user_id: added: string or null, required",
        "compatible GET /keys/{hash} 200 data.workspace_id: added: string, required",
        "compatible GET /key 200 data.expires_at: added: string (date-time) or null, optional",
        "compatible GET /key 200 data.is_management_key: added: boolean, required",
        "compatible GET /key 200 data.is_provisioning_key: deprecation changed from not deprecated to deprecated",
        "compatible GET /key 200 data.rate_limit.requests: type changed from number to integer",
        "compatible DELETE /keys/{hash} 401 openrouter_metadata: added: object or null, optional",
    ] {
        assert!(lines.iter().any(|shown| shown == line), "{line}");
    }
    let flag = |line: &&String| line.contains("include_disabled");
    assert_eq!(
        lines.iter().find(flag),
        None,
        "a flag as a string is a flag"
    );
}
