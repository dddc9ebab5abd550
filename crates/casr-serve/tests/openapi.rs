//! The description of the service: what `schemathesis.py` does not look at.

mod support;

use casr_serve::UploadSettings;
use support::{Service, folder};

#[test]
fn every_address_is_described_and_those_that_are_off_are_not() {
    let images = folder();
    let addresses = |service: &Service| -> Vec<String> {
        let answer = service.get("/openapi.json");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let description = answer.json();
        assert_eq!(description["servers"][0]["url"], "http://images.test");
        let paths = description["paths"].as_object().unwrap();
        paths.keys().cloned().collect()
    };
    let mut expected = vec![
        "/",
        "/api/images",
        "/dzi/{identifier}.dzi",
        "/dzi/{identifier}_files/{level}/{column}_{row}.{format}",
        "/health",
        "/iiif/{identifier}",
        "/iiif/{identifier}/info.json",
        "/iiif/{identifier}/{region}/{size}/{rotation}/{quality}.{format}",
        "/metrics",
        "/openapi.json",
        "/viewer/{file}",
    ];
    let off = Service::of(images.path(), |_| ());
    let mut found = addresses(&off);
    found.sort();
    assert_eq!(found, expected);
    let on = Service::of(images.path(), |settings| {
        settings.uploads = Some(UploadSettings::default());
    });
    let mut found = addresses(&on);
    found.sort();
    expected.extend(["/images", "/upscale"]);
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn references_lead_somewhere() {
    let images = folder();
    let service = Service::of(images.path(), |settings| {
        settings.uploads = Some(UploadSettings::default());
    });
    let text = service.get("/openapi.json").text();
    let description: serde_json::Value = serde_json::from_str(&text).unwrap();
    let references: Vec<&str> = (text.split("\"$ref\":\"#").skip(1))
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert!(references.len() >= 5, "{references:?}");
    for reference in references {
        assert!(description.pointer(reference).is_some(), "{reference}");
    }
}

#[test]
fn limits_are_those_of_the_service() {
    let images = folder();
    let service = Service::of(images.path(), |settings| {
        settings.max_factor = 8.0;
        settings.uploads = Some(UploadSettings {
            max_bytes: 12_345,
            ..UploadSettings::default()
        });
    });
    let description = service.get("/openapi.json").json();
    let upscale = &description["paths"]["/upscale"]["post"];
    let parameters = upscale["parameters"].as_array().unwrap();
    let factor = parameters.iter().find(|it| it["name"] == "factor").unwrap();
    assert_eq!(factor["schema"]["maximum"].as_f64(), Some(8.0));
    let about = upscale["requestBody"]["description"].as_str().unwrap();
    assert!(about.contains("12345 bytes"), "{about}");
    // Errors are sentences, here as in the answers.
    for status in ["400", "413", "415", "422"] {
        assert!(upscale["responses"][status]["content"]["text/plain"].is_object());
    }
}
