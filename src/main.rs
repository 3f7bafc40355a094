//! The program `bss`.

fn main() -> bss::cli::ExitStatus {
    bss::cli::main()
}
