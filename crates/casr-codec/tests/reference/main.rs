//! Files made and read by the reference programs of each format, against this crate's reading and writing of them:
//! libjpeg-turbo's, libtiff's, Netpbm's and libwebp's programs, pngcheck and ExifTool. `.ci/run` installs them; a test
//! whose programs are missing says so and passes, but fails where `CASR_REQUIRE_TOOLS` is set.

#[path = "../common/mod.rs"]
mod common;
mod jpeg;
mod programs;
