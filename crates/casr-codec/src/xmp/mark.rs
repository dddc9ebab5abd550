//! The mark of an enlarged image: it records in the XMP that a program has computed its pixels.

use super::{Kind, Tag, edit, frame, local, places, prefixes, replaced, tags};

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const IPTC: &str = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/";
const MANAGEMENT: &str = "http://ns.adobe.com/xap/1.0/mm/";
const EVENT: &str = "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#";

/// "Modification or correction by algorithm without changing the core content of the media" (IPTC
/// NewsCodes, Digital Source Type).
const ENHANCED: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced";

/// Parts of the names of source types that already say that an algorithm was involved. They say
/// more than [`ENHANCED`] and are kept.
const ALGORITHMIC_SOURCES: [&str; 2] = ["lgorithmic", "ynthetic"];

/// Records in an image's XMP that a program has made it from another image: as IPTC's digital
/// source type and as an event in its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The program and its version.
    pub software: String,
    /// What was done, for people.
    pub parameters: String,
}

/// Adds a mark to a packet, or to a new one if there is none. Returns false if the packet cannot be
/// edited; it is not changed then.
pub(crate) fn add(packet: &mut Option<Vec<u8>>, mark: &Mark) -> bool {
    let Some(packet) = packet else {
        let text = format!(
            "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\
             <rdf:RDF xmlns:rdf=\"{RDF}\">{}{}</rdf:RDF></x:xmpmeta>\n<?xpacket end=\"w\"?>",
            source_type(),
            history(mark)
        );
        *packet = Some(text.into_bytes());
        return true;
    };
    let mut added = false;
    edit(packet, |text| {
        let (_, end) = frame(&tags(text))?;
        let mut edits = Vec::new();
        let types = places(text, IPTC, "DigitalSourceType");
        let telling = |value: &str| ALGORITHMIC_SOURCES.iter().any(|part| value.contains(part));
        if types.is_empty() {
            edits.push((end..end, source_type()));
        }
        for place in types
            .into_iter()
            .filter(|place| !telling(&text[place.clone()]))
        {
            edits.push((place, ENHANCED.to_owned()));
        }
        match end_of_history(text) {
            Some(at) => edits.push((at..at, event(mark))),
            None => edits.push((end..end, history(mark))),
        }
        added = true;
        Some(replaced(text, edits))
    });
    added
}

fn source_type() -> String {
    format!(
        "<rdf:Description rdf:about=\"\" xmlns:Iptc4xmpExt=\"{IPTC}\"><Iptc4xmpExt:DigitalSourceType>{ENHANCED}\
         </Iptc4xmpExt:DigitalSourceType></rdf:Description>"
    )
}

/// A history of one event.
fn history(mark: &Mark) -> String {
    format!(
        "<rdf:Description rdf:about=\"\" xmlns:xmpMM=\"{MANAGEMENT}\"><xmpMM:History><rdf:Seq>{}</rdf:Seq></xmpMM:History>\
         </rdf:Description>",
        event(mark)
    )
}

fn event(mark: &Mark) -> String {
    format!(
        "<rdf:li xmlns:stEvt=\"{EVENT}\" rdf:parseType=\"Resource\"><stEvt:action>resized</stEvt:action><stEvt:softwareAgent>{}\
         </stEvt:softwareAgent><stEvt:parameters>{}</stEvt:parameters></rdf:li>",
        escaped(&mark.software),
        escaped(&mark.parameters)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Where the list of events ends that the packet has, if it has one.
fn end_of_history(text: &str) -> Option<usize> {
    let tags = tags(text);
    let prefixes = prefixes(text, &tags, &[MANAGEMENT]);
    let is_history = |tag: &Tag<'_>| local(tag.name, &prefixes) == Some("History");
    let open = tags
        .iter()
        .position(|tag| tag.kind == Kind::Open && is_history(tag))?;
    let close = tags[open..]
        .iter()
        .position(|tag| tag.kind == Kind::Close && is_history(tag))?;
    let within = &tags[open..open + close];
    let list = within
        .iter()
        .rfind(|tag| tag.kind == Kind::Close && tag.name == "rdf:Seq")?;
    Some(list.range.start)
}
