//! XMP: sizes, extensions, and what announces things that are not carried over.

mod common;

use casr_codec::{Format, Loss, Metadata, ResolutionChange};
use common::carry::{carried, jpeg_with, kept, picture};
use common::{FORMATS, read_bytes};

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
