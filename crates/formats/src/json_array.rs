//! The elements of a JSON array, found without reading all of it.

/// Bytes at the start that stand between two elements.
pub(crate) fn between(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == b',').count()
}

/// The length of the element that `bytes` begin with; nothing where its end is not among them.
pub(crate) fn element(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_u32, false, false);
    for (at, byte) in bytes.iter().enumerate() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return Some(at),
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            b',' if depth == 0 => return Some(at),
            byte if depth == 0 && byte.is_ascii_whitespace() => return Some(at),
            _ => {}
        }
    }
    None
}

/// The elements in `bytes`, the start of an array, as far as they are whole.
pub(crate) fn elements(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let blank = bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let mut rest = bytes.get(blank + 1..).unwrap_or_default();
    std::iter::from_fn(move || {
        rest = &rest[between(rest)..];
        if rest.first() == Some(&b']') {
            return None;
        }
        let (first, others) = rest.split_at(element(rest)?);
        rest = others;
        Some(first)
    })
}
