// Runs a fuzz target without libFuzzer, with inputs that repeat from a seed:
//
//   NAME_fuzz [--text] …                  modules are the .wasm files of DIR, or its .wat files
//   NAME_fuzz --prefixes DIR              each prefix of each module of DIR
//   NAME_fuzz --mutations N --seed S DIR  N mutations of the modules of DIR: single bytes, blocks
//                                         overwritten, inserted, removed, copied between modules
//   NAME_fuzz FILE…                       each file once, as libFuzzer does
//
// A crash, a hang (the caller's timeout) or a sanitizer's report is the failure. With
// SLUICE_FUZZ_TRACE set each input is announced before it runs.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<uint8_t>;

Bytes read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

std::vector<Bytes> read_modules(const fs::path& folder, const char* extension) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == extension) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());  // directory order is not the same everywhere
  std::vector<Bytes> modules;
  for (const fs::path& file : files) modules.push_back(read_file(file));
  return modules;
}

unsigned long g_inputs = 0;

void run_input(const Bytes& input) {
  static const bool trace = std::getenv("SLUICE_FUZZ_TRACE") != nullptr;
  if (trace) {
    std::printf("input %lu, %zu bytes\n", g_inputs, input.size());
    std::fflush(stdout);
  }
  // An exact copy on the heap lets AddressSanitizer see a read past the end.
  Bytes copy(input.begin(), input.end());
  copy.shrink_to_fit();
  LLVMFuzzerTestOneInput(copy.data(), copy.size());
  ++g_inputs;
}

class Mutator {
 public:
  Mutator(const std::vector<Bytes>& modules, uint32_t seed) : modules_(modules), random_(seed) {}

  Bytes next() {
    Bytes bytes = modules_[below(modules_.size())];
    size_t edits = 1 + below(3);
    while (edits-- > 0 && !bytes.empty()) edit(bytes);
    return bytes;
  }

 private:
  size_t below(size_t bound) { return random_() % bound; }
  uint8_t byte() {
    // Bytes that mean something in the format are worth more than uniform noise.
    static constexpr uint8_t kInteresting[] = {0x00, 0x01, 0x0b, 0x40, 0x60, 0x6f, 0x70, 0x7c,
                                               0x7e, 0x7f, 0x80, 0xff, 0xfb, 0xfc, 0xfd, 0xfe,
                                               '(',  ')',  '"',  '$',  ';',  '@',  '\\', ' '};
    return below(2) == 0 ? kInteresting[below(sizeof kInteresting)]
                         : static_cast<uint8_t>(random_());
  }
  void edit(Bytes& bytes) {
    using Diff = Bytes::difference_type;
    size_t at = below(bytes.size());
    size_t count = 1 + below(std::min<size_t>(16, bytes.size() - at));
    auto first = bytes.begin() + static_cast<Diff>(at);
    switch (below(6)) {
    case 0:
    case 1: *first = byte(); break;
    case 2: *first = static_cast<uint8_t>(*first ^ (1u << below(8))); break;
    case 3:
      for (size_t i = 0; i < count; ++i) bytes[at + i] = byte();
      break;
    case 4: bytes.erase(first, first + static_cast<Diff>(count)); break;
    default: {
      const Bytes& other = modules_[below(modules_.size())];
      if (other.empty()) break;
      size_t from = below(other.size());
      size_t take = std::min(count, other.size() - from);
      bytes.insert(first, other.begin() + static_cast<Diff>(from),
                   other.begin() + static_cast<Diff>(from + take));
    }
    }
  }

  const std::vector<Bytes>& modules_;
  std::minstd_rand random_;
};

}  // namespace

int main(int argc, char** argv) {
  unsigned long mutations = 0;
  uint32_t seed = 1;
  bool prefixes = false;
  const char* extension = ".wasm";
  for (int i = 1; i < argc; ++i) {
    std::string arg = argv[i];
    if (arg == "--mutations" && i + 1 < argc) {
      mutations = std::stoul(argv[++i]);
    } else if (arg == "--seed" && i + 1 < argc) {
      seed = static_cast<uint32_t>(std::stoul(argv[++i]));
    } else if (arg == "--text") {
      extension = ".wat";
    } else if (arg == "--prefixes") {
      prefixes = true;
    } else if (fs::is_directory(arg)) {
      std::vector<Bytes> modules = read_modules(arg, extension);
      if (modules.empty()) continue;
      for (const Bytes& module : modules) {
        run_input(module);
        for (size_t n = 0; prefixes && n < module.size(); ++n) {
          run_input(Bytes(module.begin(), module.begin() + static_cast<Bytes::difference_type>(n)));
        }
      }
      Mutator mutator(modules, seed);
      for (unsigned long n = 0; n < mutations; ++n) run_input(mutator.next());
    } else {
      run_input(read_file(arg));
    }
  }
  std::printf("%lu inputs\n", g_inputs);
  return g_inputs > 0 ? 0 : 2;
}
