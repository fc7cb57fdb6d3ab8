// One table; the first row that fits counts.
#include "runtime/cli/foreign.h"

#include <algorithm>
#include <string_view>

namespace sluice::cli {

namespace {

using std::string_view_literals::operator""sv;

struct ForeignRow {
  std::string_view begin;  // what stands at `offset`
  size_t offset;
  const char* what;
  const char* advice;
};

constexpr const char* kNative = "a program for wasm32 is wanted (clang --target=wasm32-wasip1)";
constexpr const char* kUnpack = "unpack it first";

// clang-format off
constexpr ForeignRow kForeign[] = {
  {"\0asm\x0d\0\1\0"sv, 0, "a component, not a core module",
   "build for wasm32-wasip1 instead of wasip2, or take the core module out of it (wasm-tools component unbundle)"},
  {"\x7f" "ELF"sv, 0, "an ELF file, that is native code", kNative},
  {"MZ"sv, 0, "a Windows program (PE)", kNative},
  {"\xce\xfa\xed\xfe"sv, 0, "a Mach-O file, that is native code", kNative},
  {"\xcf\xfa\xed\xfe"sv, 0, "a Mach-O file, that is native code", kNative},
  {"\xfe\xed\xfa\xce"sv, 0, "a Mach-O file, that is native code", kNative},
  {"\xfe\xed\xfa\xcf"sv, 0, "a Mach-O file, that is native code", kNative},
  {"\xca\xfe\xba\xbe"sv, 0, "a Mach-O file of several architectures, or a Java class", kNative},
  {"BC\xc0\xde"sv, 0, "LLVM bitcode", "compile and link it (clang --target=wasm32-wasip1 FILE)"},
  {"\xde\xc0\x17\x0b"sv, 0, "LLVM bitcode", "compile and link it (clang --target=wasm32-wasip1 FILE)"},
  {"!<arch>\n"sv, 0, "an archive of object files", "link it into a program (clang, wasm-ld)"},
  {"!<thin>\n"sv, 0, "an archive of object files", "link it into a program (clang, wasm-ld)"},
  {"\x1f\x8b"sv, 0, "a gzip file", "unpack it first (gunzip)"},
  {"PK\3\4"sv, 0, "a zip file", "unpack it first (unzip)"},
  {"\x28\xb5\x2f\xfd"sv, 0, "a zstd file", "unpack it first (unzstd)"},
  {"\xfd" "7zXZ\0"sv, 0, "an xz file", "unpack it first (unxz)"},
  {"BZh"sv, 0, "a bzip2 file", "unpack it first (bunzip2)"},
  {"7z\xbc\xaf\x27\x1c"sv, 0, "a 7z file", kUnpack},
  {"ustar"sv, 257, "a tar file", "unpack it first (tar -xf)"},
  {"\xef\xbb\xbf"sv, 0, "text behind a byte order mark", "save it as UTF-8 without one"},
  {"\xff\xfe"sv, 0, "text in UTF-16", "save it as UTF-8"},
  {"\xfe\xff"sv, 0, "text in UTF-16", "save it as UTF-8"},
  {"#!"sv, 0, "a script", "a module is wanted"},
  {"<!"sv, 0, "an HTML page", "a download that went wrong looks like this"},
  {"<html"sv, 0, "an HTML page", "a download that went wrong looks like this"},
  {"%PDF"sv, 0, "a PDF file", "a module is wanted"},
  {"version https://git-lfs"sv, 0, "a pointer of Git LFS", "fetch the file itself (git lfs pull)"},
};
// clang-format on

}  // namespace

std::string name_foreign(std::span<const uint8_t> head) {
  const std::string_view bytes(reinterpret_cast<const char*>(head.data()), head.size());
  for (const ForeignRow& row : kForeign) {
    if (bytes.size() < row.offset || !bytes.substr(row.offset).starts_with(row.begin)) continue;
    return std::string("this is ") + row.what + ": " + row.advice;
  }
  return {};
}

}  // namespace sluice::cli
