//! Compiles the migrations in again when one is added, and takes from the Kafka client what
//! `hints.c` and `vanished.c` in `src/backends/kafka` tell about.

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script its folder in no other way"
)]
fn main() {
    println!("cargo:rerun-if-changed=migrations");
    let mut mends = cc::Build::new();
    for name in ["hints", "vanished"] {
        let file = format!("src/backends/kafka/{name}.c");
        println!("cargo:rerun-if-changed={file}");
        mends.file(file);
    }
    mends.cargo_metadata(false).compile("bss_kafka_mends");
    let folder = std::env::var("OUT_DIR").unwrap_or_default();
    println!("cargo:rustc-link-search=native={folder}");
    println!("cargo:rustc-link-lib=static:+whole-archive=bss_kafka_mends");
    for function in ["rd_kafka_metadata_update_op", "rd_kafka_rebootstrap_tmr_stop"] {
        println!("cargo:rustc-link-arg=-Wl,--wrap={function}");
    }
}
