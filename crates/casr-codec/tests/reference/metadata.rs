//! Metadata: what ExifTool has put into a file is found by it in the enlargement, or was said to be
//! left out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use casr_codec::{Colour, Depth, Format, Header, Loss, Options, Writer};

use super::common::{FORMATS, header, read_default, samples, write};
use super::programs::{folder, installed, output, run, text, words};

const PROGRAMS: [&str; 1] = ["exiftool"];

/// What is put into a file, as far as its format takes it.
const TAGS: [&str; 58] = [
    "-IFD0:Make=Maker",
    "-IFD0:Model=Model 7",
    "-IFD0:Artist=Zoë",
    "-IFD0:Copyright=all of it",
    "-IFD0:ImageDescription=Asters by the wall",
    "-IFD0:Software=Raw 3.1",
    "-IFD0:ModifyDate=2024:05:06 07:08:09",
    "-IFD0:HostComputer=Desk",
    "-IFD0:DocumentName=Ledger",
    "-IFD0:PageName=Page 12",
    "-IFD0:Rating=4",
    "-IFD0:XPTitle=Title",
    "-IFD0:XPKeywords=one;two",
    "-IFD0:ProcessingSoftware=Lab 2",
    "-IFD0:WhitePoint=0.3127 0.329",
    "-IFD0:PrimaryChromaticities=0.64 0.33 0.3 0.6 0.15 0.06",
    "-IFD0:YCbCrPositioning#=1",
    "-IFD0:XResolution=240",
    "-IFD0:YResolution=240",
    "-IFD0:ResolutionUnit#=2",
    "-IFD0:PageNumber=3 9",
    "-IFD0:CameraLabel=Left",
    "-IFD0:UniqueCameraModel=Seven",
    "-ExifIFD:DateTimeOriginal=2024:05:06 07:08:09",
    "-ExifIFD:OffsetTime=+02:00",
    "-ExifIFD:SubSecTime=25",
    "-ExifIFD:ExposureTime=1/250",
    "-ExifIFD:FNumber=5.6",
    "-ExifIFD:ISO=200",
    "-ExifIFD:LensModel=50 mm",
    "-ExifIFD:UserComment=shot from the hip",
    "-ExifIFD:ExifImageWidth=64",
    "-ExifIFD:ExifImageHeight=48",
    "-ExifIFD:BodySerialNumber=123",
    "-ExifIFD:ColorSpace#=1",
    "-ExifIFD:SceneType#=1",
    "-InteropIFD:InteropIndex=R98",
    "-GPS:GPSLatitude=47.37",
    "-GPS:GPSLatitudeRef=N",
    "-GPS:GPSLongitude=8.54",
    "-GPS:GPSLongitudeRef=E",
    "-GPS:GPSAltitude=408",
    "-GPS:GPSImgDirection=270",
    "-XMP-dc:Title=Asters",
    "-XMP-dc:Creator=Zoë",
    "-XMP-dc:Subject=one",
    "-XMP-xmp:Rating=4",
    "-XMP-photoshop:City=Zürich",
    "-XMP-tiff:ImageWidth=64",
    "-XMP-exif:ExifImageWidth=64",
    "-XMP-iptcCore:CreatorWorkEmail=a@example.org",
    "-XMP-xmpMM:DocumentID=uuid:7",
    "-IPTC:Caption-Abstract=Asters",
    "-IPTC:By-line=Zoe",
    "-IPTC:Keywords=one",
    "-Photoshop:URL=http://example.org",
    "-Comment=hello",
    "-PNG:Author=Zoe",
];

type Tags = BTreeMap<(String, String), BTreeSet<String>>;

/// The tags of a file: group, name and values.
fn tags(path: &Path) -> Tags {
    let mut tags = Tags::new();
    let lines = output(
        "exiftool",
        &["-G1", "-a", "-n", "-s", "-t", text(path)],
        b"",
    );
    for line in words(&lines).lines() {
        let fields: Vec<&str> = line.splitn(3, '\t').collect();
        let [group, name, value] = fields[..] else {
            panic!("{line}")
        };
        tags.entry((group.to_owned(), name.to_owned()))
            .or_default()
            .insert(value.to_owned());
    }
    tags
}

/// A small file with all tags that its format takes.
fn source(folder: &Path, format: Format) -> PathBuf {
    let path = folder.join(format!("source.{}", format.extension()));
    let header = header(64, 48, Colour::Rgb, Depth::Eight, false);
    write(&path, format, &header, &samples(&header)).unwrap();
    let arguments = [
        &["-q", "-q", "-m", "-overwrite_original"],
        &TAGS[..],
        &[text(&path)],
    ]
    .concat();
    output("exiftool", &arguments, b"");
    path
}

/// Groups about the file and its pixels, or computed from other tags.
const OF_THE_FILE: [&str; 9] = [
    "ExifTool",
    "System",
    "File",
    "Composite",
    "JFIF",
    "PNG-pHYs",
    "RIFF",
    "VP8L",
    "PNG",
];
/// Tags of the main directory about how pixels are stored; where chroma is sampled has no meaning
/// for RGB.
const OF_STORAGE: [&str; 13] = [
    "ImageWidth",
    "ImageHeight",
    "BitsPerSample",
    "Compression",
    "PhotometricInterpretation",
    "StripOffsets",
    "SamplesPerPixel",
    "RowsPerStrip",
    "StripByteCounts",
    "PlanarConfiguration",
    "Predictor",
    "Orientation",
    "YCbCrPositioning",
];
/// What programs have added to a PNG, beside what [`OF_THE_FILE`] covers.
const PNG_TEXTS: [&str; 2] = ["Author", "Comment"];

/// The loss that covers a tag.
fn loss_of(from: Format, group: &str, name: &str) -> Option<Loss> {
    match group {
        "PNG" => Some(Loss::Texts),
        // ExifTool puts them into texts of a PNG.
        "IPTC" | "Photoshop" if from == Format::Png => Some(Loss::Texts),
        "IPTC" | "Photoshop" => Some(Loss::Photoshop),
        "File" if name == "Comment" => Some(Loss::Comments),
        _ => None,
    }
}

/// A tag's values in the enlargement: sizes are twice as large, and comments find a place of their
/// own.
fn expected(
    group: &str,
    name: &str,
    values: &BTreeSet<String>,
    to: Format,
) -> (String, BTreeSet<String>) {
    let doubled = |value: &String| (2 * value.parse::<usize>().unwrap()).to_string();
    let size = matches!(
        name,
        "ExifImageWidth" | "ExifImageHeight" | "ImageWidth" | "ImageHeight"
    );
    let values = if size {
        values.iter().map(doubled).collect()
    } else {
        values.clone()
    };
    let group = match (name, to) {
        ("Comment", Format::Png) => "PNG",
        ("Comment", _) => "File",
        _ => group,
    };
    (group.to_owned(), values)
}

#[test]
fn tags_are_carried_over_or_said_to_be_lost() {
    if !installed(&PROGRAMS) {
        return;
    }
    let folder = folder();
    let (mut kept, mut lost) = (0, 0);
    for from in FORMATS {
        let source = source(folder.path(), from);
        let before = tags(&source);
        for to in FORMATS {
            let (result, losses) = enlarged(&source, to);
            let after = tags(&result);
            for ((group, name), values) in &before {
                let described =
                    name == "Comment" || (group == "PNG" && PNG_TEXTS.contains(&&name[..]));
                let stored = group == "IFD0" && OF_STORAGE.contains(&&name[..]);
                if stored || (OF_THE_FILE.contains(&&group[..]) && !described) {
                    continue;
                }
                let (place, values) = expected(group, name, values, to);
                if after.get(&(place, name.clone())) == Some(&values) {
                    kept += 1;
                    continue;
                }
                let told = loss_of(from, group, name).is_some_and(|loss| losses.contains(&loss));
                assert!(
                    told,
                    "{from} to {to}: {group}:{name} {values:?}, {losses:?}"
                );
                lost += 1;
            }
        }
    }
    println!("{kept} tags carried over, {lost} said to be lost");
    assert!(kept > 500, "{kept} tags");
}

/// What ExifTool's validation finds of any TIFF with photographs' tags, or of what is made of a
/// TIFF's.
const OF_THE_FORMAT: [&str; 5] = [
    // EXIF does not allow some tags in a TIFF, and requires others that few programs write.
    "is not allowed in TIFF",
    "Missing required",
    // Deflate is younger than its list of codings.
    "Invalid value for IFD0 tag 0x0103 Compression",
    // IPTC as bytes, as many programs write it, and once more among Photoshop's resources, as
    // Photoshop does.
    "Non-standard format (undef) for IFD0 0x83bb IPTC-NAA",
    "Non-standard IPTC at TIFF-IFD0-Photoshop-IPTC",
];

#[test]
fn validation_finds_nothing_new() {
    if !installed(&PROGRAMS) {
        return;
    }
    let folder = folder();
    let warnings = |path: &Path| -> BTreeSet<String> {
        let options = [
            "-validate",
            "-warning",
            "-error",
            "-a",
            "-s",
            "-s",
            "-s",
            text(path),
        ];
        let said = words(&run("exiftool", &options, b"").stdout);
        // The first line counts them.
        said.lines().skip(1).map(str::to_owned).collect()
    };
    for from in FORMATS {
        let source = source(folder.path(), from);
        let before = warnings(&source);
        for to in FORMATS {
            let (result, _) = enlarged(&source, to);
            for warning in warnings(&result).difference(&before) {
                let known = OF_THE_FORMAT.iter().any(|known| warning.contains(known));
                assert!(known, "{from} to {to}: {warning}");
            }
        }
    }
}

/// A file enlarged twice, and what was lost on the way.
fn enlarged(source: &Path, format: Format) -> (PathBuf, Vec<Loss>) {
    let picture = read_default(source).unwrap();
    let path = source.with_extension(format!("to.{}", format.extension()));
    let header = Header::of(&picture, 2 * picture.width, 2 * picture.height, format);
    let samples = vec![0.5; header.width * header.height * header.channels()];
    let options = Options {
        overwrite: true,
        ..Options::default()
    };
    let mut writer = Writer::create(&path, format, header, options).unwrap();
    let losses = [&picture.losses, writer.losses()].concat();
    writer.write_rows(&samples).unwrap();
    writer.finish().unwrap();
    (path, losses)
}
