//! Services that answer JSON, as `docs/guide/json-services.md` shows them.
use medley_testkit::Service;

use crate::{builder, guide};

const GUIDE: &str = "../../docs/guide/json-services.md";

const ALICE: &str = "alices-token";
const BOB: &str = "bobs-token";

const FIRST: &str = r#"{"film": 1, "details": {"title": "Metropolis"}, "sold": 7, "price": 12.50}"#;
const SECOND: &str = r#"{"film": 2, "details": {"title": "Ran"}, "sold": 9, "price": 11.00}"#;
const THIRD: &str = r#"{"film": 3, "details": {"title": "Yi Yi"}, "sold": null, "price": 9}"#;

#[test]
fn the_guide_is_true() {
    let service = Service::start().unwrap();
    let page = |rows: &[&str], next: &str| {
        format!(r#"{{"data": [{}], "links": {{"next": {next}}}}}"#, rows.join(", "))
    };
    let next = format!("\"{}/v1/sales?page=2\"", service.url());
    service.answer(ALICE, "/v1/sales", &page(&[FIRST, SECOND], &next));
    service.answer(ALICE, "/v1/sales?page=2", &page(&[THIRD], "null"));
    // It answers more than it was asked for.
    service.answer(ALICE, "/v1/sales?film=2", &page(&[SECOND, THIRD], "null"));
    service.answer(BOB, "/v1/sales", &page(&[FIRST], "null"));
    let medley = builder().start().unwrap();
    guide::check(&medley, GUIDE, 6, |typed| typed.replace("http://127.0.0.1:8080", &service.url()));
    let asked = [
        "alices-token /v1/sales",
        "alices-token /v1/sales?page=2",
        "bobs-token /v1/sales",
        "alices-token /v1/sales?film=2",
        "alices-token /v1/sales",
        "guessed /v1/sales",
    ];
    assert_eq!(service.take_asked(), asked);
}
