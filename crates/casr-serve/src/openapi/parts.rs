//! What descriptions are put together from: operations, parameters and their schemas.

use crate::{http::FIELD, settings::UploadSettings};
use serde_json::json;
use utoipa::openapi::{
    Content, ContentBuilder, Header, HttpMethod, ObjectBuilder, OneOfBuilder, Ref, RefOr, Required,
    ResponseBuilder, Schema, SecurityRequirement, Type,
    path::{Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn},
    request_body::RequestBodyBuilder,
};

const PLAIN: &str = "text/plain";

/// What an address does.
pub struct Described {
    method: HttpMethod,
    operation: OperationBuilder,
    /// By their statuses.
    responses: Vec<(u16, ResponseBuilder)>,
}

/// What an address answers to GET.
pub fn get(summary: &str) -> Described {
    Described::new(HttpMethod::Get, summary)
}

/// What an address answers to POST: it takes an image.
pub fn post(summary: &str, uploads: &UploadSettings) -> Described {
    let mut described = Described::new(HttpMethod::Post, summary);
    let UploadSettings {
        max_bytes,
        max_pixels,
        ..
    } = uploads;
    let about = format!(
        "An image of up to {max_bytes} bytes and {max_pixels} pixels: the bytes of the file as they are, whatever the content type says, or a form with one file"
    );
    let file = || ObjectBuilder::new().schema_type(Type::String);
    let binary = file().content_media_type("application/octet-stream");
    let form = ObjectBuilder::new().schema_type(Type::Object);
    let form = form.property(FIELD, binary).required(FIELD);
    let body = RequestBodyBuilder::new()
        .description(Some(about))
        .required(Some(Required::True))
        .content("application/octet-stream", Content::new(Some(file())))
        .content("multipart/form-data", Content::new(Some(form)));
    described.operation = described.operation.request_body(Some(body.build()));
    described
}

impl Described {
    fn new(method: HttpMethod, summary: &str) -> Self {
        Self {
            method,
            operation: OperationBuilder::new().summary(Some(summary)),
            responses: Vec::new(),
        }
    }

    pub fn parameter(mut self, parameter: Parameter) -> Self {
        self.operation = self.operation.parameter(parameter);
        self
    }

    /// An answer of any of some types.
    pub fn content(self, status: u16, about: &str, types: &[&str]) -> Self {
        let response = ResponseBuilder::new().description(about);
        let response = types.iter().fold(response, |response, content_type| {
            response.content(*content_type, Content::default())
        });
        self.answer(status, response)
    }

    /// An answer in JSON, by a schema of the components.
    pub fn schema(self, status: u16, about: &str, types: &[&str], schema: &str) -> Self {
        let schema = || RefOr::<Schema>::Ref(Ref::from_schema_name(schema));
        let response = ResponseBuilder::new().description(about);
        let response = types.iter().fold(response, |response, content_type| {
            let content = ContentBuilder::new().schema(Some(schema())).build();
            response.content(*content_type, content)
        });
        self.answer(status, response)
    }

    /// A header of an answer that was described before.
    pub fn header(mut self, status: u16, name: &str, about: &str) -> Self {
        for (own, response) in &mut self.responses {
            if *own == status {
                let mut header = Header::default();
                header.description = Some(about.to_owned());
                *response = std::mem::take(response).header(name, header);
            }
        }
        self
    }

    /// Errors, and that the client has the answer already.
    pub fn errors(self, statuses: &[u16]) -> Self {
        statuses.iter().fold(self, |described, &status| {
            let response = ResponseBuilder::new().description(meaning(status));
            let response = match status {
                304 => response,
                _ => response.content(PLAIN, Content::default()),
            };
            let described = described.answer(status, response);
            match status {
                503 => described.header(503, "Retry-After", "Seconds after which to try again"),
                _ => described,
            }
        })
    }

    fn answer(mut self, status: u16, response: ResponseBuilder) -> Self {
        self.responses.push((status, response));
        self
    }

    /// All of it; `token` is the name of the scheme by which clients show theirs, if they must.
    pub fn build(mut self, token: Option<&str>) -> (HttpMethod, Operation) {
        if let Some(token) = token {
            self = self.errors(&[401]);
            let none: [&str; 0] = [];
            self.operation = self
                .operation
                .security(SecurityRequirement::new(token, none));
        }
        let mut operation = self.operation;
        for (status, response) in self.responses {
            operation = operation.response(status.to_string(), response);
        }
        (self.method, operation.build())
    }
}

/// What an answer of that status means.
fn meaning(status: u16) -> &'static str {
    match status {
        304 => "The client has this version already",
        400 => "The request does not make sense, or goes beyond a limit",
        401 => "The token is missing or wrong",
        403 => "The image is too large, or it was sent by a page of another site",
        404 => "There is no such image or page",
        408 => "The image came too slowly",
        413 => "The image has too many bytes or pixels",
        415 => "This is no image that is read",
        422 => "The image is damaged",
        501 => "This makes sense, but the service does not do it",
        503 => "Too much is waiting, or it took too long",
        507 => "The image cannot be stored",
        _ => "The service failed, or the image's file is damaged",
    }
}

/// A parameter of a path.
pub fn path(name: &str, about: &str, schema: Schema) -> Parameter {
    parameter(name, about, schema, ParameterIn::Path, Required::True)
}

/// A parameter of a query, which may be left out.
pub fn query(name: &str, about: &str, schema: Schema) -> Parameter {
    parameter(name, about, schema, ParameterIn::Query, Required::False)
}

fn parameter(
    name: &str,
    about: &str,
    schema: Schema,
    place: ParameterIn,
    required: Required,
) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(Some(about))
        .schema(Some(schema))
        .build()
}

/// Any text.
pub fn text(example: &str) -> Schema {
    let text = ObjectBuilder::new().schema_type(Type::String);
    text.examples([json!(example)]).into()
}

/// Text of a form.
pub fn pattern(pattern: &str, example: &str) -> Schema {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let text = text.pattern(Some(pattern));
    text.examples([json!(example)]).into()
}

/// One of some words.
pub fn one_of<const COUNT: usize>(words: [&str; COUNT]) -> Schema {
    let text = ObjectBuilder::new().schema_type(Type::String);
    text.enum_values(Some(words)).into()
}

/// A whole number in a range.
pub fn integer(least: u32, most: u32) -> Schema {
    let integer = ObjectBuilder::new().schema_type(Type::Integer);
    integer.minimum(Some(least)).maximum(Some(most)).into()
}

/// A number in a range.
pub fn number(least: f64, most: f64) -> Schema {
    let number = ObjectBuilder::new().schema_type(Type::Number);
    number.minimum(Some(least)).maximum(Some(most)).into()
}

/// What one of some schemas takes.
pub fn union<const COUNT: usize>(schemas: [Schema; COUNT]) -> Schema {
    let union = OneOfBuilder::new();
    Schema::OneOf(schemas.into_iter().fold(union, OneOfBuilder::item).build())
}
