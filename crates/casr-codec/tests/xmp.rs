//! XMP: sizes, extensions, and what announces things that are not carried over.
#![cfg(feature = "formats")]

mod common;

use casr_codec::{Format, Header, Loss, Mark, Metadata, Options, ResolutionChange, Writer};
use common::carry::{carried, jpeg_with, kept, picture};
use common::{FORMATS, folder, read_bytes, read_default};

#[test]
fn the_xmp_tells_the_new_size() {
    let packet = r#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
        <rdf:Description xmlns:t="http://ns.adobe.com/tiff/1.0/" t:ImageWidth="4" t:XResolution='300/1' t:Make="ImageWidth='4'">
        <t:ImageLength>2</t:ImageLength><exif:PixelXDimension xmlns:exif="http://ns.adobe.com/exif/1.0/">4</exif:PixelXDimension>
        </rdf:Description></rdf:RDF></x:xmpmeta>"#;
    let expected = packet
        .replace(r#"t:ImageWidth="4""#, r#"t:ImageWidth="12""#)
        .replace("<t:ImageLength>2", "<t:ImageLength>6")
        .replace(r#"1.0/">4<"#, r#"1.0/">12<"#);
    let picture = picture(Metadata {
        xmp: Some(packet.into()),
        ..Metadata::default()
    });
    for format in FORMATS {
        let (read, losses) = carried(&picture, format, ResolutionChange::Keep);
        assert_eq!(
            String::from_utf8(read.metadata.xmp.unwrap()).unwrap(),
            expected,
            "{format}"
        );
        assert_eq!(losses, []);
        let (read, _) = carried(&picture, format, ResolutionChange::Scale);
        let scaled = String::from_utf8(read.metadata.xmp.unwrap()).unwrap();
        assert_eq!(scaled, expected.replace("300/1", "900000/1000"), "{format}");
    }
}

#[test]
fn a_long_xmp_packet_goes_into_a_jpegs_extension_and_comes_back() {
    let packet = |history: &str| {
        format!(
            "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\
             <rdf:Description xmlns:a=\"urn:a\" a:history=\"{history}\"/></rdf:RDF></x:xmpmeta>"
        )
    };
    let long = packet(&"step, ".repeat(40_000));
    let metadata = Metadata {
        xmp: Some(long.clone().into_bytes()),
        ..Metadata::default()
    };
    let (jpeg, losses) = kept(metadata, Format::Jpeg);
    assert_eq!(losses, []);
    let read = String::from_utf8(jpeg.xmp.clone().unwrap()).unwrap();
    assert!(read.contains(&"step, ".repeat(40_000)) && !read.contains("HasExtendedXMP"));
    // And on into a format that has no extensions, and into the next JPEG.
    assert_eq!(kept(jpeg.clone(), Format::Png).0.xmp, jpeg.xmp);
    let again = String::from_utf8(kept(jpeg, Format::Jpeg).0.xmp.unwrap()).unwrap();
    assert!(again.contains(&"step, ".repeat(40_000)));
    // A part that is missing is remarked, and the note of it taken out.
    let stub = packet("short").replace("a:history", "xmlns:n=\"http://ns.adobe.com/xmp/note/\" n:HasExtendedXMP=\"0123456789ABCDEF0123456789ABCDEF\" a:history");
    let segment = [b"http://ns.adobe.com/xap/1.0/\0", stub.as_bytes()].concat();
    let read = read_bytes(&jpeg_with(&[(0xe1, &segment)])).unwrap();
    assert_eq!(read.losses, [Loss::ExtendedXmp]);
    assert_eq!(
        String::from_utf8(read.metadata.xmp.unwrap()).unwrap(),
        packet("short")
    );
}

#[test]
fn a_gain_map_goes_with_what_announces_it() {
    let announced = r#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:dc="urn:dc" dc:kept="yes" xmlns:Container="http://ns.google.com/photos/1.0/container/" xmlns:Item="http://ns.google.com/photos/1.0/container/item/" xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"><Container:Directory><rdf:Seq><rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="Primary"/></rdf:li><rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="GainMap" Item:Length="99"/></rdf:li></rdf:Seq></Container:Directory></rdf:Description></rdf:RDF></x:xmpmeta>"#;
    let segment = [b"http://ns.adobe.com/xap/1.0/\0", announced.as_bytes()].concat();
    let picture = read_bytes(&jpeg_with(&[(0xe1, &segment), (0xe2, b"MPF\0II*\0")])).unwrap();
    assert_eq!(picture.losses, [Loss::GainMap]);
    assert_eq!(
        String::from_utf8(picture.metadata.xmp.unwrap()).unwrap(),
        r#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:dc="urn:dc" dc:kept="yes"></rdf:Description></rdf:RDF></x:xmpmeta>"#
    );
    // Announced by ISO 21496-1 only, and by the second image only.
    let iso = read_bytes(&jpeg_with(&[(
        0xe2,
        b"urn:iso:std:iso:ts:21496:-1\0\0\0\0\0",
    )]))
    .unwrap();
    assert_eq!(iso.losses, [Loss::GainMap]);
    let apple = [
        jpeg_with(&[]),
        b"\xff\xd8 urn:com:apple:photo:2020:aux:hdrgainmap".to_vec(),
    ]
    .concat();
    assert_eq!(read_bytes(&apple).unwrap().losses, [Loss::GainMap]);
    // Previews of other kinds are no loss.
    assert_eq!(
        read_bytes(&jpeg_with(&[(0xe2, b"MPF\0II*\0")]))
            .unwrap()
            .losses,
        []
    );
}

#[test]
fn other_views_in_the_file_are_remarked() {
    for (kind, losses) in [(0x02_0002u32, &[Loss::LaterFrames][..]), (0x01_0001, &[])] {
        let entry = |kind: u32| [&kind.to_le_bytes()[..], &[0; 12]].concat();
        let list = [
            &b"MPF\0II*\0\x08\0\0\0\x01\0\x02\xb0\x07\0\x20\0\0\0\x1a\0\0\0\0\0\0\0"[..],
            &entry(0x2003_0000),
            &entry(kind),
        ]
        .concat();
        assert_eq!(
            read_bytes(&jpeg_with(&[(0xe2, &list)])).unwrap().losses,
            losses,
            "{kind:x}"
        );
    }
}

#[test]
fn a_motion_photos_video_is_remarked() {
    let packet = r#"<rdf:RDF xmlns:rdf="urn:rdf"><rdf:Description xmlns:G="http://ns.google.com/photos/1.0/camera/" G:MotionPhoto="1"/></rdf:RDF>"#;
    let segment = [b"http://ns.adobe.com/xap/1.0/\0", packet.as_bytes()].concat();
    let picture = read_bytes(&jpeg_with(&[(0xe1, &segment)])).unwrap();
    assert_eq!(picture.losses, [Loss::MotionPhoto]);
    assert!(
        !String::from_utf8(picture.metadata.xmp.unwrap())
            .unwrap()
            .contains("Motion")
    );
}

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const ENHANCED: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced";

/// A picture's XMP once it was enlarged and marked.
fn marked(xmp: Option<&str>, format: Format) -> (String, Vec<Loss>) {
    let picture = picture(Metadata {
        xmp: xmp.map(Into::into),
        ..Metadata::default()
    });
    let mut header = Header::of(&picture, 12, 6, format);
    header.mark = Some(Mark {
        software: "a program <1.0>".into(),
        parameters: "3 & more".into(),
    });
    let folder = folder();
    let path = folder.path().join("marked");
    let mut writer = Writer::create(&path, format, header, Options::default()).unwrap();
    let losses = writer.losses().to_vec();
    writer.write_rows(&[0.4; 12 * 6 * 3]).unwrap();
    writer.finish().unwrap();
    let xmp = read_default(&path)
        .unwrap()
        .metadata
        .xmp
        .unwrap_or_default();
    (String::from_utf8(xmp).unwrap(), losses)
}

#[test]
fn an_enlargement_is_marked_in_every_format() {
    let event = "<stEvt:action>resized</stEvt:action><stEvt:softwareAgent>a program &lt;1.0&gt;</stEvt:softwareAgent>\
                 <stEvt:parameters>3 &amp; more</stEvt:parameters>";
    for format in FORMATS {
        let (xmp, losses) = marked(None, format);
        assert_eq!(losses, []);
        let told =
            format!("<Iptc4xmpExt:DigitalSourceType>{ENHANCED}</Iptc4xmpExt:DigitalSourceType>");
        assert!(
            xmp.contains(&told) && xmp.contains(event),
            "{format}: {xmp}"
        );
    }
}

#[test]
fn a_mark_goes_into_the_packet_that_is_there() {
    let kind = "http://cv.iptc.org/newscodes/digitalsourcetype/";
    let packet = |source: &str, history: &str| {
        format!(
            "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"{RDF}\" xmlns:dc=\"urn:dc\"><rdf:Description \
             xmlns:e=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\" xmlns:m=\"http://ns.adobe.com/xap/1.0/mm/\" \
             e:DigitalSourceType=\"{source}\" dc:title=\"Asters\">{history}</rdf:Description></rdf:RDF></x:xmpmeta>"
        )
    };
    let history = "<m:History><rdf:Seq><rdf:li>first</rdf:li></rdf:Seq></m:History>";
    let camera = packet(&format!("{kind}digitalCapture"), history);
    let (xmp, losses) = marked(Some(&camera), Format::Png);
    assert_eq!(losses, []);
    // One type, one list, and the last event is ours.
    assert!(
        xmp.contains(&format!("e:DigitalSourceType=\"{ENHANCED}\"")),
        "{xmp}"
    );
    assert!(
        !xmp.contains("digitalCapture") && xmp.contains("dc:title=\"Asters\""),
        "{xmp}"
    );
    assert_eq!(xmp.matches("<rdf:Seq>").count(), 1, "{xmp}");
    assert!(
        xmp.contains("<rdf:li>first</rdf:li><rdf:li xmlns:stEvt="),
        "{xmp}"
    );
    // Marked twice: both steps are listed, and the type once.
    let (again, _) = marked(Some(&xmp), Format::Png);
    assert_eq!(again.matches("resized").count(), 2, "{again}");
    assert_eq!(again.matches(ENHANCED).count(), 1, "{again}");
    // What was made by a machine altogether stays so.
    let made = packet(&format!("{kind}trainedAlgorithmicMedia"), "");
    let (xmp, _) = marked(Some(&made), Format::Png);
    assert!(
        xmp.contains("trainedAlgorithmicMedia") && !xmp.contains(ENHANCED),
        "{xmp}"
    );
    assert!(xmp.contains("resized"), "{xmp}");
}

#[test]
fn a_packet_that_cannot_be_marked_stays_and_is_remarked() {
    let (xmp, losses) = marked(Some("no packet at all"), Format::Png);
    assert_eq!(
        (xmp.as_str(), &losses[..]),
        ("no packet at all", &[Loss::Mark][..])
    );
}
