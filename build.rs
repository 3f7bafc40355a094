//! Compiles the migrations in again when one is added, and takes from the Kafka client what
//! `src/backends/kafka/hints.c` tells about.

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script its folder in no other way"
)]
fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=src/backends/kafka/hints.c");
    cc::Build::new()
        .file("src/backends/kafka/hints.c")
        .cargo_metadata(false)
        .compile("bss_kafka_hints");
    let folder = std::env::var("OUT_DIR").unwrap_or_default();
    println!("cargo:rustc-link-search=native={folder}");
    println!("cargo:rustc-link-lib=static:+whole-archive=bss_kafka_hints");
    println!("cargo:rustc-link-arg=-Wl,--wrap=rd_kafka_metadata_update_op");
}
