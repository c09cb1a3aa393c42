//! Comments of a contract as rustdoc: nothing in them becomes a doctest, a broken link or a stray tag.

/// Makes rustdoc of comment lines.
///
/// Indented and Rust-looking code blocks become plain text blocks, brackets that are no links and
/// angle brackets that are no tags are escaped, bare addresses become links. Doing it twice
/// changes nothing.
pub(crate) fn clean(lines: &[String]) -> Vec<String> {
    let mut cleaner = Cleaner::default();
    for line in lines {
        cleaner.line(&line.replace('\t', "    "));
    }
    cleaner.finish()
}

#[derive(Default)]
struct Cleaner {
    out: Vec<String>,
    block: Block,
    /// Whether the last line was empty, or there was none.
    after_gap: bool,
    /// The lists that are open, the outermost first.
    lists: Vec<List>,
}

/// A list: where the author put its marks, where they are put, and where the text behind them is.
#[derive(Clone, Copy)]
struct List {
    written: usize,
    indent: usize,
    text: usize,
}

/// What the current line stands in.
#[derive(Default, PartialEq)]
enum Block {
    #[default]
    Text,
    /// A fenced block of the author's, written at one depth and put at another.
    Fence {
        fence: String,
        written: usize,
        indent: usize,
    },
    /// An indented block, now fenced.
    Indented,
}

impl Cleaner {
    fn line(&mut self, line: &str) {
        let trimmed = line.trim();
        let depth = line.len() - line.trim_start_matches(' ').len();
        match &self.block {
            Block::Fence {
                fence,
                written,
                indent,
            } => {
                let ends = trimmed.starts_with(fence.as_str());
                let kept = &line[depth.min(*written)..];
                let kept = format!("{}{kept}", " ".repeat(*indent));
                self.out.push(kept.trim_end().to_owned());
                if ends {
                    self.block = Block::Text;
                }
            }
            Block::Indented if trimmed.is_empty() => self.out.push(String::new()),
            Block::Indented if depth > 4 => self.out.push(format!(" {}", &line[5..])),
            Block::Indented => {
                self.close_indented();
                self.text(line, trimmed, depth);
            }
            Block::Text => self.text(line, trimmed, depth),
        }
    }

    fn text(&mut self, line: &str, trimmed: &str, indent: usize) {
        let gap = self.after_gap || self.out.is_empty();
        self.after_gap = trimmed.is_empty();
        if trimmed.is_empty() {
            self.out.push(String::new());
        } else if let Some(fence) = fence(trimmed) {
            let written = indent;
            let indent = self.lists.last().map_or(1, |list| list.text);
            self.out
                .push(format!("{}{}", " ".repeat(indent), opened(trimmed, &fence)));
            self.block = Block::Fence {
                fence,
                written,
                indent,
            };
        } else if indent > 4 && gap && self.lists.is_empty() {
            self.out.push(" ```text".to_owned());
            self.out.push(format!(" {}", &line[5..]));
            self.block = Block::Indented;
        } else if let Some((mark, text)) = item(trimmed) {
            let width = trimmed.len() - text.len();
            // Five spaces behind a mark would make code of the text.
            let (spaces, width) = match width - mark.len() {
                spaces @ 1..=4 => (spaces, width),
                _ => (1, mark.len() + 1),
            };
            let indent = self.item(indent, width);
            self.put(indent, &format!("{mark}{}{text}", " ".repeat(spaces)));
        } else {
            if gap {
                self.lists.retain(|list| list.written < indent);
            }
            // Text of a list item stands right below its first line: deeper it would be code.
            let indent = self.lists.last().map_or(1, |list| list.text);
            self.put(indent, trimmed);
        }
    }

    fn put(&mut self, indent: usize, text: &str) {
        let indent = " ".repeat(indent);
        self.out.push(format!("{indent}{}", escape(text)));
    }

    /// Opens or goes on with a list whose mark is written at `written`; says where the mark is put.
    fn item(&mut self, written: usize, width: usize) -> usize {
        self.lists.retain(|list| list.written <= written);
        let sibling = self.lists.pop_if(|list| written <= list.written + 1);
        let indent = match (sibling, self.lists.last()) {
            (Some(sibling), _) => sibling.indent,
            (None, Some(outer)) => outer.text,
            (None, None) => 1,
        };
        let text = indent + width;
        self.lists.push(List {
            written,
            indent,
            text,
        });
        indent
    }

    fn close_indented(&mut self) {
        let text = self.out.iter().rposition(|line| !line.is_empty());
        self.out
            .insert(text.map_or(0, |last| last + 1), " ```".to_owned());
        self.block = Block::Text;
    }

    fn finish(mut self) -> Vec<String> {
        match std::mem::take(&mut self.block) {
            Block::Text => {}
            Block::Fence { fence, indent, .. } => {
                self.out.push(format!("{}{fence}", " ".repeat(indent)));
            }
            Block::Indented => self.close_indented(),
        }
        while self.out.last().is_some_and(String::is_empty) {
            self.out.pop();
        }
        self.out
    }
}

/// The fence that this line opens.
fn fence(trimmed: &str) -> Option<String> {
    let first = trimmed
        .chars()
        .next()
        .filter(|first| matches!(first, '`' | '~'))?;
    let length = trimmed.chars().take_while(|next| *next == first).count();
    let rest = &trimmed[length..];
    (length >= 3 && !rest.contains('`')).then(|| trimmed[..length].to_owned())
}

/// The line that opens a fenced block, of a language that rustdoc does not run.
fn opened(trimmed: &str, fence: &str) -> String {
    let language = trimmed[fence.len()..].trim();
    let plain = language
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+'));
    let runs = [
        "",
        "rust",
        "ignore",
        "no_run",
        "should_panic",
        "compile_fail",
    ]
    .contains(&language)
        || language.starts_with("edition");
    match plain && !runs {
        true => format!("{fence}{language}"),
        false => format!("{fence}text"),
    }
}

/// The mark and the text of a line that begins a list item.
fn item(trimmed: &str) -> Option<(&str, &str)> {
    let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
    let marks: &[char] = match digits {
        0 => &['-', '*', '+'],
        1..=9 => &['.', ')'],
        _ => return None,
    };
    let rest = trimmed[digits..].strip_prefix(marks)?;
    let mark = &trimmed[..trimmed.len() - rest.len()];
    rest.starts_with(' ').then(|| (mark, rest.trim_start()))
}

/// One line of text, outside of code blocks.
fn escape(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(next) = rest.chars().next() {
        let length = if let Some(length) = verbatim(rest) {
            out.push_str(&rest[..length]);
            length
        } else if let Some((text, length)) = reference(rest) {
            out.push_str(&format!("`{text}`"));
            length
        } else if let Some(length) = address(rest) {
            out.push_str(&format!("<{}>", &rest[..length]));
            length
        } else {
            if matches!(next, '<' | '[' | ']') {
                out.push('\\');
            }
            out.push(next);
            next.len_utf8()
        };
        rest = &rest[length..];
    }
    out
}

/// The length of what stands at the front and means what it should: an escape, a code span, a link.
fn verbatim(rest: &str) -> Option<usize> {
    match rest.as_bytes()[0] {
        b'\\' => rest.chars().nth(1).map(|escaped| 1 + escaped.len_utf8()),
        b'`' => {
            let ticks = rest.bytes().take_while(|byte| *byte == b'`').count();
            let end = rest[ticks..].find(&rest[..ticks]);
            Some(end.map_or(ticks, |end| end + 2 * ticks))
        }
        b'<' if address(&rest[1..]).is_some() => rest.find('>').map(|end| end + 1),
        b'[' => {
            let (_, after) = bracketed(rest)?;
            let target = rest[after..].strip_prefix('(')?;
            address(target.trim_start_matches('<'))?;
            target.find(')').map(|end| after + end + 2)
        }
        _ => None,
    }
}

/// `[text][reference]`, which other generators' comments use for links that rustdoc cannot follow.
fn reference(rest: &str) -> Option<(&str, usize)> {
    let (text, after) = bracketed(rest)?;
    let (_, end) = bracketed(&rest[after..])?;
    let plain = !text.is_empty() && !text.contains('`');
    plain.then_some((text, after + end))
}

/// The text in brackets at the front, and where it ends.
fn bracketed(rest: &str) -> Option<(&str, usize)> {
    let inner = rest.strip_prefix('[')?;
    let end = inner.find([']', '['])?;
    inner[end..]
        .starts_with(']')
        .then(|| (&inner[..end], end + 2))
}

/// The length of the address at the front.
fn address(rest: &str) -> Option<usize> {
    let scheme = ["https://", "http://"]
        .iter()
        .find(|scheme| rest.starts_with(**scheme))?;
    let stops = |c: char| c.is_whitespace() || matches!(c, ')' | '<' | '>' | ']' | '`' | '"');
    let end = rest.find(stops).unwrap_or(rest.len());
    let end = rest[..end].trim_end_matches(['.', ',', ';', ':']).len();
    (end > scheme.len()).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::clean;

    fn cleaned(text: &str) -> String {
        let lines: Vec<_> = text.lines().map(str::to_owned).collect();
        let once = clean(&lines);
        assert_eq!(clean(&once), once, "cleaning twice changes nothing");
        once.join("\n")
    }

    #[test]
    fn plain_text_stays() {
        assert_eq!(
            cleaned(" Gets one.\n\n See `a[0]` too.\n"),
            " Gets one.\n\n See `a[0]` too."
        );
    }

    #[test]
    fn indented_code_is_no_doctest() {
        let text = " For example:\n\n     let x = [1];\n\n     x\n\n Then this.";
        let expected = " For example:\n\n ```text\n let x = [1];\n\n x\n ```\n\n Then this.";
        assert_eq!(cleaned(text), expected);
    }

    #[test]
    fn fenced_code_is_no_doctest_and_always_ends() {
        assert_eq!(cleaned(" ```\n a\n ```"), " ```text\n a\n ```");
        assert_eq!(cleaned(" ```rust\n a"), " ```text\n a\n ```");
        assert_eq!(cleaned(" ```json\n [1]\n ```"), " ```json\n [1]\n ```");
    }

    #[test]
    fn lists_keep_their_paragraphs() {
        let text = " - one\n two\n\n       three\n\n four";
        assert_eq!(cleaned(text), " - one\n   two\n\n   three\n\n four");
    }

    #[test]
    fn fenced_code_of_a_list_stands_below_its_text() {
        let text = " - one\n\n         ```\n         a\n           b\n         ```";
        assert_eq!(cleaned(text), " - one\n\n   ```text\n   a\n     b\n   ```");
    }

    #[test]
    fn lists_nest_as_they_are_written() {
        let text = "  1) one\n     more\n  2) two\n    *  three\n  four\n\n five";
        let expected = " 1) one\n    more\n 2) two\n    *  three\n       four\n\n five";
        assert_eq!(cleaned(text), expected);
    }

    #[test]
    fn brackets_that_are_no_links_and_tags_that_are_none_are_text() {
        assert_eq!(
            cleaned(" an array [1, 2] of <T>"),
            " an array \\[1, 2\\] of \\<T>"
        );
        assert_eq!(cleaned(" see [Topic][google.v1.Topic]."), " see `Topic`.");
        assert_eq!(
            cleaned(" [text](http://a.b/c) stays"),
            " [text](http://a.b/c) stays"
        );
        assert_eq!(
            cleaned(" [text](Other) does not"),
            " \\[text\\](Other) does not"
        );
    }

    #[test]
    fn addresses_become_links() {
        assert_eq!(cleaned(" at http://a.b/c."), " at <http://a.b/c>.");
        assert_eq!(cleaned(" at <http://a.b/c>"), " at <http://a.b/c>");
    }
}
