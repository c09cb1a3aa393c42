//! The protoc plugin: a request on standard input, the files on standard output.
//!
//! `protoc --couplet_out=src/generated` and `buf generate` run the program `protoc-gen-couplet`,
//! whose output is that of the build plugin. Parameters are separated by commas:
//!
//! | parameter | as in the build plugin |
//! | --- | --- |
//! | `bytes=PATH` | [`Builder::bytes`] |
//! | `extern_path=PROTO=RUST` | [`Builder::extern_path`] |
//! | `type_attribute=PATH=ATTRIBUTE` | [`Builder::type_attribute`]; a comma in it is written `\,` |
//! | `field_attribute=PATH=ATTRIBUTE` | [`Builder::field_attribute`]; the same |
//! | `tonic_stubs` | [`Builder::tonic_stubs`] |
//! | `include=FOLDER` | where the contract's sources are, to show their lines with mistakes |

use std::path::PathBuf;

use prost::Message;
use prost_reflect::DescriptorPool;

use super::builder::{Builder, rendered};
use super::places::Columns;
use super::sources::Sources;
use super::{Front, generate};
use crate::finding::Severity;

/// What protoc asks. Its own type has the descriptors decoded, and has lost their options with that.
#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(string, repeated, tag = "1")]
    files_to_generate: Vec<String>,
    #[prost(string, optional, tag = "2")]
    parameter: Option<String>,
    #[prost(bytes = "vec", repeated, tag = "15")]
    files: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct Response {
    #[prost(string, optional, tag = "1")]
    error: Option<String>,
    #[prost(uint64, optional, tag = "2")]
    supported_features: Option<u64>,
    #[prost(message, repeated, tag = "15")]
    files: Vec<File>,
}

#[derive(Clone, PartialEq, Message)]
struct File {
    #[prost(string, optional, tag = "1")]
    name: Option<String>,
    #[prost(string, optional, tag = "15")]
    content: Option<String>,
}

/// `FEATURE_PROTO3_OPTIONAL`
const OPTIONAL_FIELDS: u64 = 1;

/// What a run of the plugin came to.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The bytes for protoc. They say what is wrong where something is.
    pub bytes: Vec<u8>,
    /// What is doubtful in the contract, for standard error.
    pub warnings: Vec<String>,
}

/// Answers the bytes of a `CodeGeneratorRequest` with those of a `CodeGeneratorResponse`.
pub fn answer(request: &[u8]) -> Answer {
    let mut warnings = Vec::new();
    let response = match files(request, &mut warnings) {
        Ok(files) => Response {
            error: None,
            files,
            supported_features: Some(OPTIONAL_FIELDS),
        },
        Err(error) => Response {
            error: Some(error),
            files: Vec::new(),
            supported_features: Some(OPTIONAL_FIELDS),
        },
    };
    let bytes = response.encode_to_vec();
    Answer { bytes, warnings }
}

fn files(request: &[u8], warnings: &mut Vec<String>) -> Result<Vec<File>, String> {
    let request = Request::decode(request);
    let request = request.map_err(|error| format!("not a request of protoc: {error}"))?;
    let mut pool = DescriptorPool::new();
    for file in &request.files {
        let added = pool.decode_file_descriptor_proto(file.as_slice());
        added.map_err(|error| format!("{error:?}"))?;
    }
    let (builder, includes) = parameters(request.parameter.as_deref().unwrap_or_default())?;
    let mut front = Front::new(Sources::new(&includes), Columns::Tabbed);
    front.roots = request.files_to_generate;
    let generated = generate(&mut front, &pool, builder.into_settings(None));
    *warnings = rendered(&front, Severity::Warning);
    let Some(files) = generated else {
        return Err(rendered(&front, Severity::Error).join("\n\n"));
    };
    let files = files.files.into_iter().map(|(name, content)| File {
        name: Some(name),
        content: Some(content),
    });
    Ok(files.collect())
}

/// The settings that the parameters are for, and where the sources are.
fn parameters(text: &str) -> Result<(Builder, Vec<PathBuf>), String> {
    let mut builder = Builder::new();
    let mut includes = Vec::new();
    for parameter in separated(text) {
        let (name, value) = parameter.split_once('=').unwrap_or((&parameter, ""));
        let value = value.to_owned();
        let pair = || {
            let (path, value) = value
                .split_once('=')
                .ok_or_else(|| format!("parameter `{parameter}` is not `{name}=PATH=VALUE`"))?;
            Ok::<_, String>((path.to_owned(), value.to_owned()))
        };
        builder = match name {
            "" => builder,
            "bytes" => builder.bytes(&[&value]),
            "tonic_stubs" => builder.tonic_stubs(value != "false"),
            "extern_path" => {
                let (proto, rust) = pair()?;
                builder.extern_path(proto, rust)
            }
            "type_attribute" => {
                let (path, attribute) = pair()?;
                builder.type_attribute(path, attribute)
            }
            "field_attribute" => {
                let (path, attribute) = pair()?;
                builder.field_attribute(path, attribute)
            }
            "include" => {
                includes.push(PathBuf::from(value));
                builder
            }
            unknown => {
                return Err(format!(
                    "unknown parameter `{unknown}`; known: bytes, extern_path, field_attribute, include, tonic_stubs, type_attribute"
                ));
            }
        };
    }
    Ok((builder, includes))
}

/// The text between commas; `\,` is a comma within.
fn separated(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for next in text.chars() {
        match (next, parts.last_mut()) {
            (',', _) if !escaped => parts.push(String::new()),
            ('\\', _) if !escaped => {
                escaped = true;
                continue;
            }
            (next, Some(part)) => {
                if escaped && next != ',' {
                    part.push('\\');
                }
                part.push(next);
            }
            (_, None) => {}
        }
        escaped = false;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::{parameters, separated};

    #[test]
    fn commas_separate_unless_they_are_escaped() {
        let parts = separated(r"bytes=.,type_attribute=.=#[derive(A\, B)]");
        assert_eq!(parts, ["bytes=.", "type_attribute=.=#[derive(A, B)]"]);
    }

    #[test]
    fn unknown_parameters_are_named() {
        let error = parameters("bytes=.,byte=.").expect_err("a mistake");
        assert!(
            error.starts_with("unknown parameter `byte`; known: bytes,"),
            "{error}"
        );
    }
}
