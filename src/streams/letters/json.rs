//! JSON laid out for reading, its tokens as they are: no digit of a number changes.

/// Lays valid JSON out over lines, two spaces a level, and puts `mark` behind the line of the
/// outermost member named `field`. Returns the text and whether the mark was set.
pub fn laid_out(text: &str, field: &str, mark: &str) -> (String, bool) {
    let mut out = Layout { text: String::with_capacity(text.len() * 2), depth: 0 };
    let mut best: Option<(usize, usize)> = None;
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        let length = token(rest);
        let (token, after) = rest.split_at(length);
        let after = after.trim_start();
        match first {
            '{' | '[' => {
                let close = if first == '{' { '}' } else { ']' };
                out.text.push(first);
                if let Some(after) = after.strip_prefix(close) {
                    out.text.push(close);
                    rest = after.trim_start();
                    continue;
                }
                out.depth += 1;
                out.line();
            }
            '}' | ']' => {
                out.depth = out.depth.saturating_sub(1);
                out.line();
                out.text.push(first);
            }
            ',' => {
                out.text.push(',');
                out.line();
            }
            ':' => out.text.push_str(": "),
            _ => {
                let member = first == '"' && after.starts_with(':');
                if member
                    && !field.is_empty()
                    && serde_json::from_str::<String>(token).is_ok_and(|name| name == field)
                    && best.is_none_or(|(depth, _)| out.depth < depth)
                {
                    best = Some((out.depth, out.text.len()));
                }
                out.text.push_str(token);
            }
        }
        rest = after;
    }
    let Some((_, at)) = best else { return (out.text, false) };
    let end = out.text[at..].find('\n').map_or(out.text.len(), |n| at + n);
    out.text.insert_str(end, mark);
    (out.text, true)
}

struct Layout {
    text: String,
    depth: usize,
}

impl Layout {
    fn line(&mut self) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n("  ", self.depth));
    }
}

/// The length of the first token of `text`.
fn token(text: &str) -> usize {
    match text.as_bytes()[0] {
        b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
        b'"' => {
            let mut escaped = false;
            for (at, byte) in text.bytes().enumerate().skip(1) {
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' => escaped = true,
                    b'"' => return at + 1,
                    _ => {}
                }
            }
            text.len()
        }
        _ => text.find(['{', '}', '[', ']', ',', ':', ' ', '\n', '\t', '\r']).unwrap_or(text.len()),
    }
}
