//! Associations by the hundred, and the types there are.

use serde_json::json;

use crate::associations::{company, contact};
use crate::client::Client;

#[tokio::test]
async fn batches_create_read_and_remove() {
    let client = Client::start().await;
    let (ada, bob) = (
        contact(&client, "ada@example.com").await,
        contact(&client, "bob@example.com").await,
    );
    let example = company(&client, "Example").await;
    for base in [
        "/crm/v4/associations",
        "/crm/associations/2026-03",
        "/crm/associations/2026-09",
    ] {
        let path = |rest: &str| format!("{base}/contacts/companies/{rest}");
        let input = |from: &str, type_id: u32| {
            let types = json!([{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]);
            json!({"from": {"id": from}, "to": {"id": example}, "types": types})
        };
        let created = client
            .post(
                &path("batch/create"),
                json!({"inputs": [input(&ada, 1), input("424242", 279)]}),
            )
            .await;
        let json = created.json();
        assert_eq!(
            (created.status, &json["numErrors"]),
            (207, &json!(1)),
            "{}",
            created.text
        );
        assert_eq!(json["results"][0]["labels"], json!(["Primary"]));
        let wrong = client
            .post(&path("batch/create"), json!({"inputs": [input(&ada, 280)]}))
            .await;
        assert_eq!(wrong.status, 400);

        let body = json!({"inputs": [{"from": {"id": bob}, "to": {"id": example}}]});
        let defaults = client.post(&path("batch/associate/default"), body).await;
        assert_eq!(
            (defaults.status, defaults.json()["results"].as_array().unwrap().len()),
            (200, 2)
        );

        let body = json!({"inputs": [{"id": ada}, {"id": bob}, {"id": "424242"}]});
        let read = client.post(&path("batch/read"), body.clone()).await;
        let json = read.json();
        assert_eq!((read.status, &json["numErrors"]), (207, &json!(1)));
        assert_eq!(json["results"][0]["from"]["id"], ada);
        let types = json!([
            {"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"},
            {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": null},
        ]);
        assert_eq!(
            json["results"][0]["to"],
            json!([{"toObjectId": example, "associationTypes": types}])
        );
        assert_eq!(
            json["errors"][0]["subCategory"],
            "crm.associations.NO_ASSOCIATIONS_FOUND"
        );

        let unlabel = client
            .post(&path("batch/labels/archive"), json!({"inputs": [input(&ada, 1)]}))
            .await;
        assert_eq!(unlabel.status, 204);
        let read = client.post(&path("batch/read"), body).await.json();
        let types = json!([{"category": "HUBSPOT_DEFINED", "typeId": 279, "label": null}]);
        assert_eq!(read["results"][0]["to"][0]["associationTypes"], types);

        let body = json!({"inputs": [
            {"from": {"id": ada}, "to": [{"id": example}]}, {"from": {"id": bob}, "to": [{"id": example}]},
        ]});
        assert_eq!(client.post(&path("batch/archive"), body).await.status, 204);
        let read = client.post(&path("batch/read"), json!({"inputs": [{"id": ada}]})).await;
        assert_eq!((read.status, &read.json()["results"]), (207, &json!([])));
    }
}

#[tokio::test]
async fn the_types_between_two_kinds_are_listed() {
    let client = Client::start().await;
    for base in ["/crm/v4/associations", "/crm/associations/2026-03"] {
        let answer = client.get(&format!("{base}/notes/contacts/labels")).await;
        let expected = json!({"results": [{"category": "HUBSPOT_DEFINED", "typeId": 202, "label": null}]});
        assert_eq!((answer.status, answer.json()), (200, expected));
        let answer = client.get(&format!("{base}/0-1/company/labels")).await.json();
        assert_eq!(answer["results"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn v3_batches_name_the_type_of_each_pair() {
    let client = Client::start().await;
    let ada = contact(&client, "ada@example.com").await;
    let example = company(&client, "Example").await;
    let path = |rest: &str| format!("/crm/v3/associations/contacts/companies/{rest}");
    let pair = |from: &str| json!({"from": {"id": from}, "to": {"id": example}, "type": "contact_to_company"});
    let created = client
        .post(&path("batch/create"), json!({"inputs": [pair(&ada), pair("424242")]}))
        .await;
    let json = created.json();
    assert_eq!(
        (created.status, &json["results"]),
        (207, &json!([pair(&ada)])),
        "{}",
        created.text
    );
    let read = client.post(&path("batch/read"), json!({"inputs": [{"id": ada}]})).await;
    let to = json!([
        {"id": example, "type": "contact_to_company"}, {"id": example, "type": "contact_to_company_unlabeled"},
    ]);
    let expected = json!([{"from": {"id": ada}, "to": to}]);
    assert_eq!((read.status, &read.json()["results"]), (200, &expected));
    let removed = client
        .post(&path("batch/archive"), json!({"inputs": [pair(&ada)]}))
        .await;
    assert_eq!(removed.status, 204);
    let read = client.post(&path("batch/read"), json!({"inputs": [{"id": ada}]})).await;
    let left = json!([{"id": example, "type": "contact_to_company_unlabeled"}]);
    assert_eq!(read.json()["results"][0]["to"], left);
    let mut wrong = pair(&ada);
    wrong["type"] = json!("company_to_contact");
    assert_eq!(
        client
            .post(&path("batch/create"), json!({"inputs": [wrong]}))
            .await
            .status,
        400
    );
    let types = client.get(&path("types")).await.json();
    assert_eq!(types["results"][1], json!({"id": "1", "name": "contact_to_company"}));
}
