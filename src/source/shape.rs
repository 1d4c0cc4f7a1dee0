//! What a text lacks of its schema: fields that are missing, and values that stand without the name of their field.
//!
//! The parser stops at the first of these; here they are all found. Only a text with such an error is looked at, and
//! what does not have the shape of the schema in another way is passed over: the parser has its say about that.

use schemars::Schema;
use serde_json::Value as Json;

use super::diagnostics::Located;
use super::locate::{Document, Entry, Value};
use super::ron_error::{of, quote};

/// Every field that `text` lacks and every value without a name where `schema` has named fields, in the order of the
/// text.
pub(super) fn lacking(text: &str, schema: &Schema) -> Vec<Located> {
    let schema = schema.as_value();
    let mut walk = Walk {
        text,
        document: Document::new(text),
        definitions: schema.get("$defs"),
        found: Vec::new(),
    };
    if let Some(root) = walk.document.root() {
        walk.value(root, schema);
    }
    walk.found
}

struct Walk<'a> {
    text: &'a str,
    document: Document<'a>,
    definitions: Option<&'a Json>,
    found: Vec<Located>,
}

impl<'a> Walk<'a> {
    fn value(&mut self, value: Value, schema: &'a Json) {
        let schema = self.resolved(schema);
        let value = self.document.unwrapped(value);
        if let Some(variants) = schema.get("oneOf").and_then(Json::as_array) {
            self.variant(value, variants);
        } else if schema.get("properties").is_some() {
            self.fields(value, None, schema);
        } else if let Some(items) = schema.get("items") {
            let entries: Vec<Entry<'_>> = self.document.entries(value).collect();
            for entry in entries {
                self.value(entry.value, items);
            }
        }
    }

    /// What a schema refers to; of an optional value that value's.
    fn resolved(&self, mut schema: &'a Json) -> &'a Json {
        loop {
            let definition = schema.get("$ref").and_then(Json::as_str);
            let definition = definition.and_then(|path| path.strip_prefix("#/$defs/"));
            let inner = match definition {
                Some(name) => self.definitions.and_then(|all| all.get(name)),
                None => schema.get("anyOf").and_then(|choices| choices.get(0)),
            };
            match inner {
                Some(inner) => schema = inner,
                None => return schema,
            }
        }
    }

    /// A variant of an enum: its fields, or the one value in it.
    fn variant(&mut self, value: Value, variants: &'a [Json]) {
        let Some(name) = self.document.name(value) else {
            return;
        };
        let Some(inner) = variants
            .iter()
            .find_map(|variant| variant.get("properties")?.get(name))
        else {
            return;
        };
        if inner.get("properties").is_some() {
            self.fields(value, Some(name), inner);
        } else if let Some(only) = self.document.only_element(value) {
            self.value(only, inner);
        }
    }

    /// The fields of a struct, or of the variant `name`.
    fn fields(&mut self, value: Value, name: Option<&str>, schema: &'a Json) {
        if !self.document.is_struct(value) {
            return;
        }
        let entries: Vec<Entry<'_>> = self.document.entries(value).collect();
        let required = schema.get("required").and_then(Json::as_array);
        let missing: Vec<&str> = required
            .into_iter()
            .flatten()
            .filter_map(Json::as_str)
            .filter(|&field| entries.iter().all(|entry| entry.key != Some(field)))
            .collect();
        if entries.iter().any(|entry| entry.key.is_none()) {
            self.report_unnamed(&entries, name, &missing);
        } else if !missing.is_empty() {
            self.report_missing(value, name, &missing);
        }
        for entry in &entries {
            let field = entry.key.and_then(|key| schema.get("properties")?.get(key));
            if let Some(field) = field {
                self.value(entry.value, field);
            }
        }
    }

    fn report_missing(&mut self, value: Value, name: Option<&str>, missing: &[&str]) {
        let names: Vec<String> = missing.iter().map(|field| format!("`{field}`")).collect();
        let message = match names.as_slice() {
            [name_of_one] => format!("field {name_of_one}{} is missing", of(name)),
            _ => format!("fields {}{} are missing", names.join(", "), of(name)),
        };
        let wanted: Vec<String> = missing
            .iter()
            .map(|field| format!("`{field}: ..`"))
            .collect();
        self.found.push(Located::at(
            self.document.range(value),
            message,
            format!("expected {} in here", wanted.join(", ")),
        ));
    }

    /// Values without names, of which there may be as many as fields are missing: then it is clear which is which.
    fn report_unnamed(&mut self, entries: &[Entry<'_>], name: Option<&str>, missing: &[&str]) {
        let unnamed: Vec<&Entry<'_>> = entries.iter().filter(|e| e.key.is_none()).collect();
        let (Some(first), Some(last)) = (unnamed.first(), unnamed.last()) else {
            return;
        };
        let wanted: Vec<String> = match missing.len() == unnamed.len() {
            true => missing
                .iter()
                .zip(&unnamed)
                .map(|(field, entry)| {
                    format!("{field}: {}", quote(&self.text[entry.range.clone()]))
                })
                .collect(),
            false => missing.iter().map(|field| format!("{field}: ..")).collect(),
        };
        let message = match unnamed.len() {
            1 => format!("a value{} without the name of its field", of(name)),
            _ => format!("values{} without the names of their fields", of(name)),
        };
        let expected = match wanted.is_empty() {
            true => "expected `name: value`".to_owned(),
            false => format!("expected `{}`", wanted.join(", ")),
        };
        let range = first.range.start..last.range.end;
        self.found.push(Located::at(range, message, expected));
    }
}
