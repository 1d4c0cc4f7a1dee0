//! A look over the bytes before they are parsed: that every message ends where it says, that messages do not
//! nest without end, and that parsing them cannot take many times their size in memory.

/// Deepest nesting of messages; a plain graph nests 5 deep, a subgraph in an attribute 3 more.
const MAX_DEPTH: usize = 64;

/// Most fields of a file. A field of two bytes can become a structure of some hundred.
const MAX_FIELDS: usize = 1 << 20;

/// Most bytes of packed variable-length integers, which grow eightfold: 128 MiB. Larger weights are stored
/// as they are (`raw_data`).
const MAX_VARINT_BYTES: usize = 1 << 27;

/// Messages that are looked into, as the parser does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Message {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    ValueInfo,
    Type,
    Sequence,
    TensorType,
    Shape,
    /// No messages inside.
    Flat,
}

/// What a field that carries its length holds.
enum Content {
    Message(Message),
    Varints,
    /// Numbers of so many bytes.
    Numbers(usize),
    Bytes,
}

/// Content of field `number` of a message, after `onnx.proto` (ONNX 1.17).
fn content(message: Message, number: u64) -> Content {
    use Message::{
        Attribute, Flat, Graph, Model, Node, Sequence, Shape, Tensor, TensorType, Type, ValueInfo,
    };
    Content::Message(match (message, number) {
        (Model, 7) | (Attribute, 6) => Graph,
        (Model, 8 | 14) | (Tensor, 13) | (Shape, 1) => Flat,
        (Graph, 1) => Node,
        (Graph, 5) | (Attribute, 5) => Tensor,
        (Graph, 11..=13) => ValueInfo,
        (Node, 5) => Attribute,
        (ValueInfo, 2) | (Sequence, 1) => Type,
        (Type, 1) => TensorType,
        (Type, 4) => Sequence,
        (TensorType, 2) => Shape,
        (Tensor, 5 | 7) => return Content::Varints,
        (Tensor, 4) => return Content::Numbers(4),
        (Tensor, 10) => return Content::Numbers(8),
        _ => return Content::Bytes,
    })
}

/// Where and how the bytes stop being a protobuf message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) offset: usize,
    pub(super) what: &'static str,
}

/// Whether `bytes` are a model as far as their structure goes.
pub(super) fn check(bytes: &[u8]) -> Result<(), Malformed> {
    let mut scan = Scan {
        bytes,
        at: 0,
        fields: 0,
        varint_bytes: 0,
    };
    scan.message(Message::Model, bytes.len(), 0)
}

struct Scan<'b> {
    bytes: &'b [u8],
    at: usize,
    fields: usize,
    varint_bytes: usize,
}

impl Scan<'_> {
    fn bad<T>(&self, what: &'static str) -> Result<T, Malformed> {
        Err(Malformed {
            offset: self.at,
            what,
        })
    }

    fn message(&mut self, message: Message, end: usize, depth: usize) -> Result<(), Malformed> {
        if depth > MAX_DEPTH {
            return self.bad("messages nest too deep");
        }
        while self.at < end {
            self.fields += 1;
            if self.fields > MAX_FIELDS {
                return self.bad("more than a million fields");
            }
            self.field(message, end, depth)?;
        }
        Ok(())
    }

    fn field(&mut self, message: Message, end: usize, depth: usize) -> Result<(), Malformed> {
        let tag = self.varint(end)?;
        match tag & 7 {
            0 => self.varint(end).map(|_| ()),
            1 => self.skip(8, end),
            5 => self.skip(4, end),
            2 => {
                let length = usize::try_from(self.varint(end)?).unwrap_or(usize::MAX);
                if length > end - self.at {
                    return self.bad("a field is longer than what is left of the file");
                }
                let end = self.at + length;
                match content(message, tag >> 3) {
                    Content::Message(inner) => self.message(inner, end, depth + 1),
                    Content::Varints => self.varints(end),
                    Content::Numbers(size) if !length.is_multiple_of(size) => {
                        self.bad("a list of numbers ends within a number")
                    }
                    Content::Numbers(_) | Content::Bytes => self.skip(length, end),
                }
            }
            _ => self.bad("no such type of field"),
        }
    }

    fn varints(&mut self, end: usize) -> Result<(), Malformed> {
        self.varint_bytes += end - self.at;
        if self.varint_bytes > MAX_VARINT_BYTES {
            return self.bad("more than 128 MiB of packed integers");
        }
        while self.at < end {
            self.varint(end)?;
        }
        Ok(())
    }

    fn varint(&mut self, end: usize) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            if self.at >= end {
                return self.bad("the file ends within a field");
            }
            let byte = self.bytes[self.at];
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        self.bad("an integer does not end")
    }

    fn skip(&mut self, length: usize, end: usize) -> Result<(), Malformed> {
        if length > end - self.at {
            return self.bad("the file ends within a field");
        }
        self.at += length;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(bytes: &[u8]) -> &'static str {
        check(bytes).expect_err("malformed").what
    }

    #[test]
    fn fields_end_where_they_say() {
        assert_eq!(check(&[]), Ok(()));
        // ir_version: 8; a graph with one node without fields.
        assert_eq!(check(&[0x08, 8, 0x3a, 2, 0x0a, 0]), Ok(()));
        assert_eq!(
            what(&[0x3a, 3, 0x0a, 0]),
            "a field is longer than what is left of the file"
        );
        // The node claims more than its graph has.
        assert_eq!(
            what(&[0x3a, 2, 0x0a, 1, 0]),
            "a field is longer than what is left of the file"
        );
        assert_eq!(what(&[0x08]), "the file ends within a field");
        assert_eq!(what(&[0x08; 1]), "the file ends within a field");
        assert_eq!(what(&[0xff; 11]), "an integer does not end");
        assert_eq!(what(&[0x0b]), "no such type of field");
        // float_data of 3 bytes in an initialiser; int64_data that ends within an integer.
        assert_eq!(
            what(&[0x3a, 7, 0x2a, 5, 0x22, 3, 0, 0, 0]),
            "a list of numbers ends within a number"
        );
        assert_eq!(
            what(&[0x3a, 5, 0x2a, 3, 0x3a, 1, 0x80]),
            "the file ends within a field"
        );
    }

    #[test]
    fn graphs_do_not_nest_without_end() {
        let mut bytes = Vec::new();
        for tag in [0x32u8, 0x2a, 0x0a].iter().cycle().take(90) {
            let length = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
            let mut outer = vec![*tag];
            match length {
                0..=0x7f => outer.push(length),
                _ => outer.extend([(length & 0x7f) | 0x80, length >> 7]),
            }
            outer.extend(&bytes);
            bytes = outer;
        }
        let length = bytes.len();
        let mut model = vec![0x3a, (length & 0x7f) as u8 | 0x80, (length >> 7) as u8];
        model.extend(bytes);
        assert_eq!(what(&model), "messages nest too deep");
    }
}
