//! XMP packets (ISO 16684-1): changes the few values that depend on the orientation and size of the
//! pixels, and removes those about parts of a file that are not kept. A packet is edited as text,
//! so that everything else stays byte for byte; one that is not UTF-8 is left alone.

pub(crate) mod mark;

use std::ops::Range;

const TIFF: &str = "http://ns.adobe.com/tiff/1.0/";
const EXIF: &str = "http://ns.adobe.com/exif/1.0/";
const NOTE: &str = "http://ns.adobe.com/xmp/note/";
/// What announces a gain map, and what lists the images and videos of a file.
const GAIN_MAPS: [&str; 4] = [
    "http://ns.adobe.com/hdr-gain-map/1.0/",
    "http://ns.apple.com/HDRGainMap/1.0/",
    "http://ns.google.com/photos/1.0/container/",
    "http://ns.google.com/photos/1.0/container/item/",
];
/// What announces a video after the photograph in the same file.
const MOTION: [&str; 3] = [
    "http://ns.google.com/photos/1.0/camera/",
    "http://ns.google.com/photos/1.0/container/",
    "http://ns.google.com/photos/1.0/container/item/",
];

/// How many prefixes of the same namespaces are recognised; a packet has one for each.
const MAX_PREFIXES: usize = 16;

/// An attribute: its name, the range of its value, and its own range with the space before it.
struct Attribute<'a> {
    name: &'a str,
    value: Range<usize>,
    whole: Range<usize>,
}

#[derive(PartialEq)]
enum Kind {
    Open,
    Close,
    Empty,
}

struct Tag<'a> {
    name: &'a str,
    kind: Kind,
    range: Range<usize>,
    attributes: Vec<Attribute<'a>>,
}

/// The tags of a packet, as far as it is well-formed.
fn tags(packet: &str) -> Vec<Tag<'_>> {
    let bytes = packet.as_bytes();
    let (mut tags, mut at) = (Vec::new(), 0);
    while let Some(start) = packet[at..].find('<').map(|offset| at + offset) {
        let rest = &packet[start..];
        let skipped = [
            ("<!--", "-->"),
            ("<?", "?>"),
            ("<![CDATA[", "]]>"),
            ("<!", ">"),
        ]
        .into_iter()
        .find(|(begin, _)| rest.starts_with(begin));
        if let Some((begin, end)) = skipped {
            match rest[begin.len()..].find(end) {
                Some(offset) => at = start + begin.len() + offset + end.len(),
                None => break,
            }
            continue;
        }
        let Some(tag) = tag(packet, bytes, start) else {
            break;
        };
        at = tag.range.end;
        tags.push(tag);
    }
    tags
}

fn tag<'a>(packet: &'a str, bytes: &[u8], start: usize) -> Option<Tag<'a>> {
    let closing = *bytes.get(start + 1)? == b'/';
    let name_at = start + 1 + usize::from(closing);
    let word = |from: usize| {
        let ends =
            |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/' | b'=' | b'<');
        let length = bytes.get(from..)?.iter().position(ends)?;
        Some(from + length)
    };
    let blank = |from: usize| {
        from + bytes[from..]
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count()
    };
    let name_end = word(name_at)?;
    let mut attributes = Vec::new();
    let mut at = name_end;
    loop {
        let before = at;
        at = blank(at);
        match *bytes.get(at)? {
            b'>' => {
                let kind = if closing { Kind::Close } else { Kind::Open };
                return Some(Tag {
                    name: &packet[name_at..name_end],
                    kind,
                    range: start..at + 1,
                    attributes,
                });
            }
            b'/' if bytes.get(at + 1) == Some(&b'>') => {
                return Some(Tag {
                    name: &packet[name_at..name_end],
                    kind: Kind::Empty,
                    range: start..at + 2,
                    attributes,
                });
            }
            _ => {}
        }
        let end = word(at)?;
        let equals = blank(end);
        if end == at || *bytes.get(equals)? != b'=' {
            return None;
        }
        let quote_at = blank(equals + 1);
        let quote = *bytes.get(quote_at)?;
        if !matches!(quote, b'"' | b'\'') {
            return None;
        }
        let length = bytes[quote_at + 1..]
            .iter()
            .position(|&byte| byte == quote)?;
        let value = quote_at + 1..quote_at + 1 + length;
        attributes.push(Attribute {
            name: &packet[at..end],
            whole: before..value.end + 1,
            value,
        });
        at = attributes.last()?.whole.end;
    }
}

/// The prefixes that stand for namespaces.
fn prefixes(packet: &str, tags: &[Tag<'_>], namespaces: &[&str]) -> Vec<String> {
    let attributes = tags.iter().flat_map(|tag| &tag.attributes);
    let bound =
        attributes.filter(|attribute| namespaces.contains(&&packet[attribute.value.clone()]));
    let mut prefixes: Vec<String> = bound
        .filter_map(|attribute| attribute.name.strip_prefix("xmlns:"))
        .map(str::to_owned)
        .take(MAX_PREFIXES)
        .collect();
    // Some programs do not declare the usual prefixes.
    for (namespace, prefix) in [(TIFF, "tiff"), (EXIF, "exif")] {
        if prefixes.is_empty() && namespaces == [namespace] {
            prefixes.push(prefix.to_owned());
        }
    }
    prefixes
}

/// A name's part after the colon, if its prefix is one of these.
fn local<'a>(name: &'a str, prefixes: &[String]) -> Option<&'a str> {
    let (prefix, local) = name.split_once(':')?;
    prefixes.iter().any(|one| one == prefix).then_some(local)
}

/// Where the values of properties lie, as attributes and as elements that hold nothing but text.
fn places(packet: &str, namespace: &str, property: &str) -> Vec<Range<usize>> {
    let tags = tags(packet);
    let prefixes = prefixes(packet, &tags, &[namespace]);
    let mut places = Vec::new();
    for (index, tag) in tags.iter().enumerate() {
        for attribute in &tag.attributes {
            if local(attribute.name, &prefixes) == Some(property) {
                places.push(attribute.value.clone());
            }
        }
        if tag.kind == Kind::Open
            && local(tag.name, &prefixes) == Some(property)
            && let Some(next) = tags.get(index + 1)
            && next.kind == Kind::Close
        {
            places.push(tag.range.end..next.range.start);
        }
    }
    places
}

fn replaced(packet: &str, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.sort_by_key(|(range, _)| range.start);
    let (mut result, mut at) = (String::with_capacity(packet.len()), 0);
    for (range, text) in edits {
        // An edit inside of an earlier one has nothing left to change.
        if range.start >= at {
            result.push_str(&packet[at..range.start]);
            result.push_str(&text);
            at = range.end;
        }
    }
    result.push_str(&packet[at..]);
    result
}

/// Applies a change to a packet, if it is UTF-8.
fn edit(packet: &mut Vec<u8>, change: impl FnOnce(&str) -> Option<String>) {
    if let Some(changed) = str::from_utf8(packet).ok().and_then(change) {
        *packet = changed.into_bytes();
    }
}

/// Sets the orientation to upright.
pub(crate) fn set_upright(packet: &mut Vec<u8>) {
    edit(packet, |text| {
        let places = places(text, TIFF, "Orientation");
        let edits = places.into_iter().map(|place| (place, "1".to_owned()));
        Some(replaced(text, edits.collect()))
    });
}

/// Sets the image's size where the packet has one.
pub(crate) fn set_size(packet: &mut Vec<u8>, width: usize, height: usize) {
    edit(packet, |text| {
        let mut edits = Vec::new();
        for (namespace, property, size) in [
            (TIFF, "ImageWidth", width),
            (TIFF, "ImageLength", height),
            (EXIF, "PixelXDimension", width),
            (EXIF, "PixelYDimension", height),
        ] {
            let places = places(text, namespace, property);
            edits.extend(places.into_iter().map(|place| (place, size.to_string())));
        }
        (!edits.is_empty()).then(|| replaced(text, edits))
    });
}

/// Multiplies the resolution of a packet.
pub(crate) fn scale_resolution(packet: &mut Vec<u8>, (across, down): (f64, f64)) {
    edit(packet, |text| {
        let mut edits = Vec::new();
        for (property, factor) in [("XResolution", across), ("YResolution", down)] {
            for place in places(text, TIFF, property) {
                let (number, parts) = text[place.clone()]
                    .split_once('/')
                    .unwrap_or((&text[place.clone()], "1"));
                let value =
                    number.trim().parse::<f64>().ok()? / parts.trim().parse::<f64>().ok()?;
                if value.is_finite() {
                    edits.push((place, format!("{}/1000", (value * factor * 1000.0).round())));
                }
            }
        }
        (!edits.is_empty()).then(|| replaced(text, edits))
    });
}

/// Takes out what announces a gain map.
pub(crate) fn without_gain_map(packet: &mut Vec<u8>) {
    without(packet, &GAIN_MAPS);
}

/// Takes out what announces a video after the photograph in the same file.
pub(crate) fn without_motion(packet: &mut Vec<u8>) {
    without(packet, &MOTION);
}

/// Takes all properties of these namespaces out.
fn without(packet: &mut Vec<u8>, namespaces: &[&str]) {
    edit(packet, |text| {
        let tags = tags(text);
        let prefixes = prefixes(text, &tags, namespaces);
        let mut edits = Vec::new();
        let mut index = 0;
        while let Some(tag) = tags.get(index) {
            index += 1;
            if local(tag.name, &prefixes).is_some() {
                let end = match tag.kind {
                    Kind::Open => {
                        let mut depth = 1;
                        let close = tags[index..].iter().position(|other| {
                            depth += i32::from(other.kind == Kind::Open)
                                - i32::from(other.kind == Kind::Close);
                            depth == 0
                        })?;
                        index += close + 1;
                        tags[index - 1].range.end
                    }
                    Kind::Empty | Kind::Close => tag.range.end,
                };
                edits.push((tag.range.start..end, String::new()));
                continue;
            }
            for attribute in &tag.attributes {
                let declares = attribute
                    .name
                    .strip_prefix("xmlns:")
                    .is_some_and(|prefix| prefixes.iter().any(|one| one == prefix));
                if declares || local(attribute.name, &prefixes).is_some() {
                    edits.push((attribute.whole.clone(), String::new()));
                }
            }
        }
        (!edits.is_empty()).then(|| replaced(text, edits))
    });
}

/// Whether a packet has a property of this name in any namespace of those that announce videos.
pub(crate) fn announces_motion(packet: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(packet) else {
        return false;
    };
    ["MotionPhoto", "MicroVideo"].iter().any(|property| {
        places(text, MOTION[0], property)
            .iter()
            .any(|place| text[place.clone()].trim() != "0")
    })
}

/// The name of the packet's extension, which a JPEG holds in segments of its own (XMP part 3,
/// 1.1.3.1).
pub(crate) fn extension_name(packet: &[u8]) -> Option<String> {
    let text = str::from_utf8(packet).ok()?;
    let place = places(text, NOTE, "HasExtendedXMP").into_iter().next()?;
    Some(text[place].to_owned())
}

/// Takes out the note that there is an extension.
pub(crate) fn without_extension_name(packet: &mut Vec<u8>) {
    without(packet, &[NOTE]);
}

/// Takes out what announces anything else in a JPEG than its one image and this packet, whatever
/// file it comes from: an extension, a video, a gain map.
pub(crate) fn without_companions(packet: &mut Vec<u8>) {
    if extension_name(packet).is_some() {
        without_extension_name(packet);
    }
    if announces_motion(packet) {
        without_motion(packet);
    }
    without_gain_map(packet);
}

/// The tag before a packet's descriptions, and the offset at which they end.
fn frame<'a>(tags: &'a [Tag<'_>]) -> Option<(&'a Tag<'a>, usize)> {
    let frames = |kind: Kind| move |tag: &&Tag<'_>| tag.name == "rdf:RDF" && tag.kind == kind;
    let open = tags.iter().find(frames(Kind::Open))?;
    let close = tags.iter().rev().find(frames(Kind::Close))?;
    (open.range.end <= close.range.start).then_some((open, close.range.start))
}

/// The range of a packet's descriptions, if they could be moved into another packet.
fn descriptions(text: &str) -> Option<Range<usize>> {
    let tags = tags(text);
    let (open, end) = frame(&tags)?;
    // Descriptions that use a prefix from around them could not be moved.
    let own = |attribute: &Attribute<'_>| {
        attribute.name == "xmlns:rdf" || !attribute.name.starts_with("xmlns")
    };
    (open.attributes.iter().all(own)).then_some(open.range.end..end)
}

/// The packet with its extension's descriptions among its own; `None` if they cannot be put
/// together.
pub(crate) fn with_extension(packet: &[u8], extension: &[u8]) -> Option<Vec<u8>> {
    let (text, extension) = (
        str::from_utf8(packet).ok()?,
        str::from_utf8(extension).ok()?,
    );
    let (own, more) = (descriptions(text)?, descriptions(extension)?);
    let joined = [&text[..own.end], &extension[more], &text[own.end..]].concat();
    let mut joined = joined.into_bytes();
    without_extension_name(&mut joined);
    Some(joined)
}

/// For a packet that is too long for one segment of a JPEG: a short one that names it as its
/// extension, and that name. `None` if the packet is not one that could be read again.
pub(crate) fn stub(packet: &[u8]) -> Option<(Vec<u8>, String)> {
    descriptions(str::from_utf8(packet).ok()?)?;
    let name = format!("{:X}", md5::compute(packet));
    let stub = format!(
        "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\
         <rdf:Description rdf:about=\"\" xmlns:xmpNote=\"{NOTE}\" xmpNote:HasExtendedXMP=\"{name}\"/></rdf:RDF></x:xmpmeta>"
    );
    Some((stub.into_bytes(), name))
}
