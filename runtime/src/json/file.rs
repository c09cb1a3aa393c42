//! Reads a file as text, but no more of it than could be read as JSON.

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
};

use super::LONGEST;

/// What a file holds.
///
/// # Errors
/// What the system says, or that it is too long or no UTF-8.
pub(crate) fn text_of(path: &Path) -> io::Result<String> {
    let most = LONGEST as u64 + 1;
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(most).read_to_end(&mut bytes)?;
    let wrong = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    // Told before its letters are looked at: the last one may be cut.
    if bytes.len() > LONGEST {
        return Err(wrong(format!("it has more than {LONGEST} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| wrong("it is no UTF-8".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_be_as_long_as_a_text_and_no_longer() {
        let name = format!("couplet-longest-{}.json", std::process::id());
        let path = std::env::temp_dir().join(name);
        let told = |bytes: usize, letter: &[u8]| {
            fs::write(&path, letter.repeat(bytes)).unwrap();
            let read = text_of(&path).map(|text| text.len());
            read.map_err(|error| error.to_string())
        };
        assert_eq!(told(LONGEST, b" "), Ok(LONGEST));
        let longer = "it has more than 4194304 bytes".to_owned();
        assert_eq!(told(LONGEST + 1, b" "), Err(longer));
        assert_eq!(told(1, b"\xff"), Err("it is no UTF-8".to_owned()));
        fs::remove_file(&path).unwrap();
    }
}
